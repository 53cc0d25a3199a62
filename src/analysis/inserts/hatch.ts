import type { Span } from '../../engine/finding.ts';
import type { Program } from '../../engine/program.ts';
import { readDirectives } from '../../engine/suppressions.ts';
import type { Ts } from '../../syntax/ts.ts';
import { namedFunctionAround } from './functions.ts';

/** The functions whose author vouches for their inserts: `// ws-gate: idempotent-by-design -- reason`. */
export class IdempotentFunctions {
  readonly #program: Program;
  readonly #files = new Map<string, ReadonlyMap<Ts.Node, readonly Span[]>>();

  constructor(program: Program) {
    this.#program = program;
  }

  /** The comments in the function that a node is part of: the innermost one with a name. */
  covering(node: Ts.Node): readonly Span[] {
    return this.#in(node.getSourceFile().fileName).get(namedFunctionAround(node)) ?? [];
  }

  #in(file: string): ReadonlyMap<Ts.Node, readonly Span[]> {
    let functions = this.#files.get(file);
    if (!functions) {
      functions = this.#read(file);
      this.#files.set(file, functions);
    }
    return functions;
  }

  #read(file: string): ReadonlyMap<Ts.Node, readonly Span[]> {
    const functions = new Map<Ts.Node, readonly Span[]>();
    const tree = this.#program.text(file)?.includes('ws-gate') ? this.#program.tree(file) : undefined;
    if (!tree) return functions;
    const { hatches } = readDirectives({ file, text: tree.text, comments: tree.comments });
    for (const { name, reason, at } of hatches) {
      if (name !== 'idempotent-by-design' || reason === '') continue;
      const owner = namedFunctionAround(tree.nodeAt(at.start, at.end));
      functions.set(owner, [...(functions.get(owner) ?? []), at]);
    }
    return functions;
  }
}

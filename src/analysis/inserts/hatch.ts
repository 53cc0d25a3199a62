import type { Program } from '../../engine/program.ts';
import { readDirectives } from '../../engine/suppressions.ts';
import type { Ts } from '../../syntax/ts.ts';
import { namedFunctionAround } from './functions.ts';

/** The functions whose author vouches for their inserts: `// ws-gate: idempotent-by-design -- reason`. */
export class IdempotentFunctions {
  readonly #program: Program;
  readonly #files = new Map<string, ReadonlySet<Ts.Node>>();

  constructor(program: Program) {
    this.#program = program;
  }

  /** Whether the comment stands in the function that a node is part of: the innermost one with a name. */
  covers(node: Ts.Node): boolean {
    return this.#in(node.getSourceFile().fileName).has(namedFunctionAround(node));
  }

  #in(file: string): ReadonlySet<Ts.Node> {
    let functions = this.#files.get(file);
    if (!functions) {
      functions = this.#read(file);
      this.#files.set(file, functions);
    }
    return functions;
  }

  #read(file: string): ReadonlySet<Ts.Node> {
    const functions = new Set<Ts.Node>();
    const tree = this.#program.text(file)?.includes('ws-gate') ? this.#program.tree(file) : undefined;
    if (!tree) return functions;
    const { hatches } = readDirectives({ file, text: tree.text, comments: tree.comments });
    for (const { name, reason, at } of hatches) {
      if (name !== 'idempotent-by-design' || reason === '') continue;
      functions.add(namedFunctionAround(tree.nodeAt(at.start, at.end)));
    }
    return functions;
  }
}

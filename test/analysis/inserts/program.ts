import { Code } from '../../../src/analysis/code.ts';
import { Heritage } from '../../../src/analysis/dispatch/heritage.ts';
import { CallGraph } from '../../../src/analysis/inserts/invocations.ts';
import type { Program } from '../../../src/engine/program.ts';
import { SourceTree } from '../../../src/syntax/tree.ts';
import { type Ts, ts } from '../../../src/syntax/ts.ts';

/** One file in memory, without a compiler: what scoping alone can tell. */
export function oneFile(text: string): {
  readonly source: Ts.SourceFile;
  readonly code: Code;
  readonly graph: CallGraph;
} {
  const file = '/project/a.ts';
  const tree = new SourceTree(file, text);
  const filesWith = (words: Iterable<string>): string[] =>
    [...words].some((word) => text.includes(word)) ? [file] : [];
  const treeOf = (wanted: string): SourceTree | undefined => (wanted === file ? tree : undefined);
  const program: Program = {
    cwd: '/project',
    files: [file],
    text: () => text,
    filesWith,
    filesNaming: filesWith,
    tree: treeOf,
    treeIf: treeOf,
    oracle: {
      kind: 'reference',
      queries: 0,
      symbols: (_file, positions) => positions.map(() => undefined),
      types: (_file, positions) => positions.map(() => undefined),
      expressionTypes: (_file, stretches) => stretches.map(() => undefined),
      member: () => 'unknown',
    },
    relative: () => 'a.ts',
  };
  const code = new Code(program);
  return { source: tree.source, code, graph: new CallGraph(code, new Heritage(code)) };
}

/** The calls of a function by its name, in order. */
function callsOf(source: Ts.SourceFile, name: string): readonly Ts.CallExpression[] {
  const found: Ts.CallExpression[] = [];
  const visit = (node: Ts.Node): void => {
    if (ts.isCallExpression(node) && node.expression.getText() === name) found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** The one call of a function by its name. */
export function callOf(source: Ts.SourceFile, name: string): Ts.CallExpression {
  const [call, ...others] = callsOf(source, name);
  if (!call || others.length > 0) throw new Error(`${name} is called ${others.length + 1} times or never`);
  return call;
}

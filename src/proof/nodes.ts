import { type Ts, ts } from '../syntax/ts.ts';

/** A piece of a text, and what takes its place. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export function insert(at: number, text: string): TextEdit {
  return { start: at, end: at, text };
}

/** The text after the edits, which must not overlap. Those at one place come in the order in which they are given. */
export function applied(text: string, edits: readonly TextEdit[]): string {
  let result = '';
  let done = 0;
  for (const { start, end, text: by } of [...edits].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (start < done) throw new Error(`two edits overlap at ${start}`);
    result += text.slice(done, start) + by;
    done = end;
  }
  return result + text.slice(done);
}

export function parse(text: string, file = 'main.ts'): Ts.SourceFile {
  return ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true);
}

/** All nodes below one, outermost first. */
export function nodesIn(root: Ts.Node): readonly Ts.Node[] {
  const all: Ts.Node[] = [];
  const visit = (node: Ts.Node): void => {
    all.push(node);
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(root, visit);
  return all;
}

/** Whether code says `this`, `super`, `arguments` or `new.target`, and so depends on the function that it is in. */
export function dependsOnFunction(node: Ts.Node): boolean {
  return [node, ...nodesIn(node)].some(
    (one) =>
      one.kind === ts.SyntaxKind.ThisKeyword ||
      one.kind === ts.SyntaxKind.SuperKeyword ||
      ts.isMetaProperty(one) ||
      (ts.isIdentifier(one) && one.text === 'arguments'),
  );
}

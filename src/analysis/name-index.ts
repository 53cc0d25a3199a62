import { type Ts, ts } from '../syntax/ts.ts';
import { memberName, type NameNode } from './code.ts';

const indexes = new WeakMap<Ts.SourceFile, ReadonlyMap<string, readonly NameNode[]>>();

/** The names in a file, by their text: identifiers, private names, and the strings of `a["b"]`. In order. */
export function namesIn(source: Ts.SourceFile): ReadonlyMap<string, readonly NameNode[]> {
  const known = indexes.get(source);
  if (known) return known;
  const index = new Map<string, NameNode[]>();
  const visit = (node: Ts.Node): void => {
    const isName =
      ts.isIdentifier(node) ||
      ts.isPrivateIdentifier(node) ||
      (ts.isStringLiteralLike(node) && memberName(node.parent) === node);
    if (isName) {
      const names = index.get(node.text);
      if (names) names.push(node);
      else index.set(node.text, [node]);
    }
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(source, visit);
  indexes.set(source, index);
  return index;
}

import { type Ts, ts } from '../../syntax/ts.ts';
import type { Code, NameNode } from '../code.ts';
import { wholeWord } from './words.ts';

/** The names and strings of a file that are spelt like one of these words, in order. */
export function leavesSpelt(code: Code, file: string, words: ReadonlySet<string>): readonly NameNode[] {
  if (words.size === 0) return [];
  const text = code.program.text(file) ?? '';
  const pattern = new RegExp([...words].map(wholeWord).join('|'), 'gu');
  const leaves: NameNode[] = [];
  for (const { index, 0: word } of text.matchAll(pattern)) {
    const node = code.program.tree(file)?.nodeAt(index, index + word.length);
    if (node && isLeaf(node) && node.text === word) leaves.push(node);
  }
  return leaves;
}

function isLeaf(node: Ts.Node): node is NameNode {
  return ts.isIdentifier(node) || ts.isPrivateIdentifier(node) || ts.isStringLiteralLike(node);
}

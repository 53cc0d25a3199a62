import { type Ts, ts } from '../../syntax/ts.ts';
import type { Code, NameNode } from '../code.ts';
import { type Candidate, candidateAt, type Wanted } from './candidates.ts';
import type { Heritage } from './heritage.ts';
import { Resolver } from './resolver.ts';
import { spellings } from './spellings.ts';
import { outermost } from './usage.ts';
import { wholeWord } from './words.ts';

/** A place where a method or function is called, or taken as a value. */
export interface Reference extends Pick<Candidate, 'node' | 'usage' | 'receiver'> {
  /** The name of the member or function, as it is spelt here. */
  readonly name: string;
  /** What it stands for; undefined where the compiler cannot tell, as behind `any`. */
  readonly declarations: readonly Ts.Node[] | undefined;
}

/**
 * The places where something of a wanted name is referred to, file by file. Candidates are found by their spelling;
 * what they stand for is asked in one batch per file.
 */
export function findReferences(code: Code, heritage: Heritage, wanted: Wanted): readonly Reference[] {
  const resolver = new Resolver(code, heritage);
  const words = wordsByFile(code, wanted);
  return [...words.keys()].sort().flatMap((file) => {
    const leaves = leavesSpelt(code, file, words.get(file) ?? new Set());
    const candidates = leaves.map((leaf) => candidateAt(leaf, wanted)).filter((one) => one !== undefined);
    return resolver
      .resolve(file, candidates)
      .filter(({ candidate, name }) => candidate.lookup !== 'key' || wanted.members.has(name))
      .map(({ candidate: { node, usage, receiver }, name, declarations }) => {
        return { node, usage, receiver, name, declarations };
      });
  });
}

/** The words to look for in each file: the names themselves, and what stands for them. */
function wordsByFile(code: Code, { members, functions }: Wanted): ReadonlyMap<string, ReadonlySet<string>> {
  const { program } = code;
  const words = new Map<string, Set<string>>();
  const learn = (file: string, spelt: Iterable<string>): void => {
    words.set(file, new Set([...(words.get(file) ?? []), ...spelt]));
  };
  for (const member of members) {
    for (const file of program.filesWith([member])) learn(file, [member]);
  }
  const aliased = [...functions, ...constantsHolding(code, members)];
  for (const name of aliased) for (const [file, spelt] of spellings(program, name)) learn(file, spelt);
  return words;
}

/** The names of the constants whose value is one of these strings. */
function constantsHolding(code: Code, values: ReadonlySet<string>): ReadonlySet<string> {
  const constants = new Set<string>();
  for (const file of code.program.filesWith([...values])) {
    for (const leaf of leavesSpelt(code, file, values)) {
      const holder = ts.isStringLiteralLike(leaf) ? outermost(leaf).parent : leaf;
      if (ts.isVariableDeclaration(holder) && ts.isIdentifier(holder.name)) constants.add(holder.name.text);
    }
  }
  return constants;
}

/** The names and strings of a file that are spelt like one of these words, in order. */
function leavesSpelt(code: Code, file: string, words: ReadonlySet<string>): readonly NameNode[] {
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

import type { Ts } from '../../syntax/ts.ts';
import type { Code } from '../code.ts';
import { importersOf } from '../importers.ts';
import { type Candidate, candidateAt, type Wanted } from './candidates.ts';
import { keyedReferences } from './keys.ts';
import { leavesSpelt } from './leaves.ts';
import { Resolver } from './resolver.ts';
import { spellings, spellingsOfDefault } from './spellings.ts';

/** A place where a method or function is called, or taken as a value. */
export interface Reference extends Pick<Candidate, 'node' | 'usage' | 'receiver'> {
  /** The name of the member or function, as it is spelt here. */
  readonly name: string;
  /** What it stands for; undefined where the compiler cannot tell, as behind `any`. */
  readonly declarations: readonly Ts.Node[] | undefined;
}

/**
 * The places where something of a wanted name is referred to, file by file. Candidates are found by their spelling, or
 * by the type of a key; what they stand for is asked in one batch per file.
 */
export function findReferences(code: Code, wanted: Wanted): readonly Reference[] {
  const resolver = new Resolver(code);
  const words = wordsByFile(code, wanted);
  const keyed = keyedFiles(code, wanted);
  return code.program.files.flatMap((file) => {
    const leaves = leavesSpelt(code, file, words.get(file) ?? new Set());
    const candidates = leaves.map((leaf) => candidateAt(leaf, wanted)).filter((one) => one !== undefined);
    const spelt = resolver
      .resolve(file, candidates)
      .map(({ candidate: { node, usage, receiver }, name, declarations }) => {
        return { node, usage, receiver, name, declarations };
      });
    return keyed.has(file) ? [...spelt, ...keyedReferences(code, resolver, file, wanted)] : spelt;
  });
}

/** The files where a computed key may mean a member: they can know its type, or what has it is of any type. */
function keyedFiles(code: Code, { members, declaring }: Wanted): ReadonlySet<string> {
  const quoted = [...members].flatMap((name) => [`'${name}'`, `"${name}"`, `\`${name}\``]);
  return new Set([...importersOf(code, declaring), ...code.program.filesWith(quoted)]);
}

/** The words to look for in each file: the names themselves, and what modules call a function instead. */
function wordsByFile(
  code: Code,
  { members, functions, declaring }: Wanted,
): ReadonlyMap<string, ReadonlySet<string>> {
  const { program } = code;
  const words = new Map<string, Set<string>>();
  const learn = (file: string, spelt: Iterable<string>): void => {
    words.set(file, new Set([...(words.get(file) ?? []), ...spelt]));
  };
  for (const member of members) {
    for (const file of program.filesNaming([member])) learn(file, [member]);
  }
  for (const name of functions) {
    const spelt = name === 'default' ? spellingsOfDefault(program, declaring) : spellings(program, name);
    for (const [file, some] of spelt) learn(file, some);
  }
  return words;
}

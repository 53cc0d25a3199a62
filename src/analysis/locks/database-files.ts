import type { Program } from '../../engine/program.ts';
import { filesWithChains } from './chain-texts.ts';

/** SQL that takes or gives back a lock which the database keeps. */
export const LOCK_TEXT =
  /\bpg_(?:try_)?advisory_\w*lock|\bfrom\b[^;]*?\bfor\s+(?:no\s+key\s+update|update|share|key\s+share)\b/i;

/** The part of a text behind which such SQL may end: `… FOR UPDATE` after a condition that is filled in. */
export const LOCK_END =
  /\bfor\s+(?:no\s+key\s+update|update|share|key\s+share)(?:\s+(?:of\s+\w+|nowait|skip\s+locked))*\s*;?\s*$/i;

/** Words without which a file has none of it. */
const WORDS: readonly string[] = ['_advisory_', 'for update', 'for no key', 'for share', 'for key share'];

type Texts = Pick<Program, 'filesWith' | 'text'>;

const filesByProgram = new WeakMap<Texts, readonly string[]>();

/** The files that speak of locks of a database. */
export function filesWithDatabaseLocks(program: Texts): readonly string[] {
  let known = filesByProgram.get(program);
  if (!known) {
    known = program.filesWith(WORDS, true).filter((file) => LOCK_TEXT.test(program.text(file) ?? ''));
    filesByProgram.set(program, known);
  }
  return known;
}

/** The files that may have to do with locks though they have none of the words for them. */
export function filesWithoutLockWords(program: Texts): readonly string[] {
  return [...filesWithChains(program), ...filesWithDatabaseLocks(program)];
}

import type { Program } from '../../engine/program.ts';
import { filesWithChains } from './chain-texts.ts';

/** SQL that takes or gives back a lock which the database keeps. */
export const LOCK_TEXT =
  /\bpg_(?:try_)?advisory_\w*lock|\bfrom\b[^;]{0,4000}?\bfor\s+(?:no\s+key\s+update|update|share|key\s+share)\b/i;

/** The part of a text behind which such SQL may end: `… FOR UPDATE` after a condition that is filled in. */
export const LOCK_END =
  /\bfor\s+(?:no\s+key\s+update|update|share|key\s+share)(?:\s+(?:of\s+\w+|nowait|skip\s+locked))*\s*;?\s*$/i;

/** Words without which a file has none of it. */
const WORDS: readonly string[] = [
  '_advisory_',
  'for update',
  'for no key',
  'for share',
  'for key share',
  '.forUpdate(',
  '.forNoKeyUpdate(',
  '.forShare(',
  '.forKeyShare(',
  ".for('",
  '.for("',
  'setLock(',
  'lock: true',
  'pessimistic_',
  '.LOCK.',
];

/** Methods of query builders that lock rows. */
export const LOCK_LINK =
  /\.(?:for(?:NoKey)?Update|for(?:Key)?Share)\s*\(|\.for\(\s*['"](?:no key update|update|share|key share)['"]|\.setLock\(\s*['"](?:pessimistic|for)_/;

type Texts = Pick<Program, 'filesWith' | 'text'>;

const filesByProgram = new WeakMap<Texts, readonly string[]>();

/** The files that speak of locks of a database. */
export function filesWithDatabaseLocks(program: Texts): readonly string[] {
  let known = filesByProgram.get(program);
  if (!known) {
    known = program.filesWith(WORDS, true).filter((file) => speaksOfLocks(program.text(file) ?? ''));
    filesByProgram.set(program, known);
  }
  return known;
}

/** Whether a text has an option of a query by which an object-relational mapper locks rows. */
export function hasLockOption(text: string): boolean {
  if (/\block\s*:\s*(?:\{\s*mode\s*:\s*['"]pessimistic_|[\w.]+\.LOCK\b)/.test(text)) return true;
  return /\block\s*:\s*true\b/.test(text) && /\btransaction\b/.test(text);
}

function speaksOfLocks(text: string): boolean {
  return LOCK_TEXT.test(text) || LOCK_LINK.test(text) || hasLockOption(text);
}

/** The files that may have to do with locks though they have none of the words for them. */
export function filesWithoutLockWords(program: Texts): readonly string[] {
  return [...filesWithChains(program), ...filesWithDatabaseLocks(program)];
}

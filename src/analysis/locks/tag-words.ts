/** The annotations that speak of locks. */
export const LOCK_TAGS = [
  'guardedBy',
  'requiresLock',
  'excludesLock',
  'acquires',
  'releases',
  'lockless',
] as const;

export type LockTagKind = (typeof LOCK_TAGS)[number];

/** What makes a file worth reading for its annotations. */
export const TAG_WORDS: readonly string[] = LOCK_TAGS.map((tag) => `@${tag}`);

/**
 * What stands behind INSERT in a file that holds the beginning of one: a blank, a comment, an escape, or the end of
 * the literal. The last one is for a verb that is filled in.
 */
export const INSERT_WORDS: readonly string[] = [
  ...[...' \t\n\r\\/\'"`$'].map((after) => `insert${after}`),
  '} into ',
];

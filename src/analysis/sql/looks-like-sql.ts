import { skipBlank } from './lexer-blank.ts';
import { GENERIC } from './lexical-rules.ts';

/**
 * Whether a text may hold an SQL statement: it starts with SELECT, or a statement's verb is followed
 * somewhere by a word that belongs to it. One pass, and it errs towards yes: prose such as "insert the card
 * into the slot" passes. What it refuses holds no INSERT that the model would find.
 */
export function looksLikeSql(text: string): boolean {
  if (/select\b/iy.test(text.slice(skipBlank(text, 0, GENERIC).end).replace(/^\(+/, ''))) return true;
  const awaited = new Set<string>();
  for (const [word] of text.matchAll(/[a-z]+/gi)) {
    const upper = word.toUpperCase();
    if (awaited.has(upper)) return true;
    for (const next of FOLLOWERS.get(upper) ?? []) awaited.add(next);
  }
  return false;
}

const FOLLOWERS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    INSERT: 'INTO IGNORE VALUES VALUE SELECT SET DEFAULT TABLE',
    REPLACE: 'INTO VALUES VALUE SELECT SET TABLE FUNCTION VIEW PROCEDURE',
    UPSERT: 'INTO',
    MERGE: 'INTO USING',
    SELECT: 'FROM WHERE INTO UNION LIMIT',
    UPDATE: 'SET',
    DELETE: 'FROM',
    COPY: 'FROM TO',
    LOAD: 'DATA XML',
    WITH: 'AS RECURSIVE',
    DO: 'BEGIN LANGUAGE',
    CREATE: 'TABLE INDEX UNIQUE VIEW FUNCTION PROCEDURE TRIGGER SCHEMA TYPE EXTENSION SEQUENCE DATABASE',
    ALTER: 'TABLE TYPE INDEX SEQUENCE SCHEMA',
    DROP: 'TABLE INDEX VIEW FUNCTION TRIGGER SCHEMA TYPE',
    TRUNCATE: 'TABLE',
    EXPLAIN: 'SELECT INSERT UPDATE DELETE ANALYZE',
    PREPARE: 'AS FROM',
  }).map(([verb, words]) => [verb, words.split(' ')]),
);

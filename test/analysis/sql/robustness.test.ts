import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { any, model, value } from './model.ts';

const words = `INSERT INTO OR IGNORE REPLACE w app.w VALUES (1) (a) ( ) , SELECT 1 FROM x WHERE NOT EXISTS (SELECT
  FROM w) ON CONFLICT DO NOTHING DUPLICATE KEY UPDATE SET a = ? $1 :a @b %s ; WITH y AS UNION MERGE USING WHEN
  MATCHED THEN COPY STDIN EXPLAIN ANALYZE DELETE CREATE FUNCTION BEGIN END CASE ' " \` [ ] $$ -- /* */ # \\ é 😀`;
const piece = fc.oneof(fc.constantFrom(...words.split(/\s+/)), fc.constantFrom(any, value), fc.string());

describe('any text', () => {
  it('is answered, with offsets inside the text and in order', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const parts = pieces.flatMap((it) => [it, ' ']);
        const length = parts.reduce((sum, it) => sum + (typeof it === 'string' ? it.length : 0), 0);
        const offsets = model.statements(parts).statements.map((statement) => statement.offset);
        expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
        expect(offsets.every((offset) => offset >= 0 && offset <= length)).toBe(true);
      }),
      { numRuns: 500, seed: 20_260_103 },
    );
  });
});

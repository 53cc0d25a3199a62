import { describe, expect, it } from 'vitest';
import { looksLikeSql } from '../../../src/analysis/sql/index.ts';

describe('looksLikeSql', () => {
  it.each<[string, boolean]>([
    ['INSERT INTO workspaces VALUES (1)', true],
    ['  -- note\n insert\n into w values (1)', true],
    ['INSERT w VALUES (1)', true],
    ['INSERT IGNORE w SET a = 1', true],
    ['REPLACE w SET a = 1', true],
    ['UPSERT INTO w VALUES (1)', true],
    ['MERGE INTO w USING s ON true', true],
    ['BEGIN; INSERT INTO w VALUES (1); COMMIT', true],
    ['WITH x AS (SELECT 1) SELECT * FROM x', true],
    ['SELECT 1', true],
    ['/* c */ (select 1)', true],
    ['UPDATE w SET a = 1', true],
    ['DELETE FROM w', true],
    ['COPY w FROM STDIN', true],
    ["LOAD DATA INFILE 'x' INTO TABLE w", true],
    ['DO $$ BEGIN NULL; END $$', true],
    ['CREATE TABLE w (id int)', true],
    ['', false],
    ['workspaces', false],
    ['inserted into', false],
    ['please select an option', false],
    ['update available', false],
    ['delete this file', false],
    ['into the wild, insert coin', false],
    ['/api/workspaces/:id/insert', false],
    ['replace all', false],
  ])('%s: %s', (text, expected) => {
    expect(looksLikeSql(text)).toBe(expected);
  });
});

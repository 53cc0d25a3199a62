import { describe, expect, it } from 'vitest';
import type { SqlStatement } from '../../../src/analysis/sql/index.ts';
import { insert, model, other, read } from './model.ts';

const schemaTable = { schema: 'My Schema', name: 'Work Spaces' };

describe('kind, table and rows', () => {
  it.each<[string, SqlStatement[]]>([
    ['INSERT INTO workspaces (id) VALUES ($1)', [insert('workspaces')]],
    ['insert into workspaces values (1)', [insert('workspaces')]],
    ['InSeRt\n\tInTo\r\nWorkSpaces(id)VALUES(1)', [insert('workspaces')]],
    ['INSERT INTO public.workspaces (id) VALUES ($1)', [insert('public.workspaces')]],
    ['INSERT INTO db.public.workspaces (id) VALUES ($1)', [insert('public.workspaces')]],
    ['INSERT INTO "Workspaces" (id) VALUES ($1)', [insert('Workspaces')]],
    ['INSERT INTO "My Schema"."Work Spaces" VALUES (1)', [insert(schemaTable)]],
    ['INSERT INTO "a""b" VALUES (1)', [insert('a"b')]],
    ['INSERT INTO workspaces AS w (id) VALUES (1)', [insert('workspaces')]],
    ['INSERT INTO workspaces (id) VALUES (1), (2), (3)', [insert('workspaces', 'none', 'multi')]],
    ["INSERT INTO workspaces VALUES ('a' -- b\n 'c', E'd'\n'\\'; e')", [insert('workspaces')]],
    ['INSERT INTO workspaces DEFAULT VALUES', [insert('workspaces')]],
    ['INSERT INTO workspaces (VALUES (1))', [insert('workspaces')]],
    ['INSERT INTO workspaces VALUES (1) RETURNING id', [insert('workspaces')]],
    ['INSERT INTO workspaces OVERRIDING SYSTEM VALUE VALUES (1)', [insert('workspaces')]],
    ['INSERT INTO w SELECT * FROM staging', [insert('w', 'none', 'select', { tables: ['staging'] })]],
    ['INSERT INTO w SELECT $1, $2', [insert('w', 'none', 'single')]],
    ['INSERT INTO w TABLE staging', [insert('w', 'none', 'select', { tables: ['staging'] })]],
    ['INSERT INTO w SELECT * FROM unnest($1::int[], $2::text[])', [insert('w', 'none', 'select')]],
    [
      'INSERT INTO w (SELECT a FROM x UNION SELECT a FROM app.y)',
      [insert('w', 'none', 'select', { tables: ['x', 'app.y'] })],
    ],
    [
      'INSERT INTO w VALUES ((SELECT max(id) FROM ids))',
      [insert('w', 'none', 'single', { tables: ['ids'] })],
    ],
    [
      'INSERT INTO w VALUES (1) RETURNING (SELECT x FROM y)',
      [insert('w', 'none', 'single', { tables: ['y'] })],
    ],
    ['COPY workspaces FROM STDIN', [insert('workspaces', 'none', 'unknown')]],
    ["COPY public.workspaces (id, name) FROM 'x.csv' CSV", [insert('public.workspaces', 'none', 'unknown')]],
    ['COPY workspaces TO STDOUT', [other('select', { tables: ['workspaces'] })]],
    [
      'SELECT * FROM a JOIN b USING (id), (SELECT 1 FROM c) AS d',
      [other('select', { tables: ['a', 'b', 'c'] })],
    ],
    ['SELECT 1 FROM a WHERE EXISTS (SELECT 1 FROM a)', [other('select', { tables: ['a'] })]],
    ['SELECT * FROM workspaces w FOR UPDATE OF w', [other('select', { tables: ['workspaces'] })]],
    ['SELECT x INTO scratch FROM y', [other('select', { tables: ['y'] })]],
    ['VALUES (1), (2)', [other('select')]],
    ['UPDATE workspaces SET a = b.a FROM b', [other('update', { table: 'workspaces', tables: ['b'] })]],
    ['DELETE FROM public.w USING x WHERE true', [other('delete', { table: 'public.w', tables: ['x'] })]],
    ['CREATE TABLE workspaces (id int)', [other('other')]],
    ['CREATE TABLE w AS SELECT * FROM x', [other('other')]],
    ['TRUNCATE workspaces', [other('other')]],
    ['', []],
    ['  -- nothing\n /* here */ ;; ', []],
  ])('%s', (sql, expected) => {
    expect(read(sql)).toEqual(expected);
  });
});

describe('what only looks like an insert', () => {
  it.each<[string, SqlStatement[]]>([
    ["SELECT 'INSERT INTO workspaces VALUES (1)'", [other('select')]],
    ["SELECT 'it''s; INSERT INTO workspaces VALUES (1)'", [other('select')]],
    ["SELECT E'it\\'s; INSERT INTO workspaces VALUES (1)'", [other('select')]],
    ['SELECT $$; INSERT INTO workspaces VALUES (1)$$', [other('select')]],
    ['SELECT $tag$ $$; INSERT INTO workspaces VALUES (1)$tag$', [other('select')]],
    ['SELECT 1 AS "; INSERT INTO workspaces VALUES (1)"', [other('select')]],
    ['SELECT 1 -- ; INSERT INTO workspaces VALUES (1)', [other('select')]],
    ['SELECT 1 /* ; /* nested */ INSERT INTO workspaces VALUES (1) */', [other('select')]],
    ['SELECT "insert", "into" FROM workspaces', [other('select', { tables: ['workspaces'] })]],
    ['EXPLAIN INSERT INTO workspaces VALUES (1)', [other('other')]],
    ['EXPLAIN (ANALYZE off, VERBOSE) INSERT INTO workspaces VALUES (1)', [other('other')]],
    ['EXPLAIN (ANALYZE 0) INSERT INTO workspaces VALUES (1)', [other('other')]],
    ['CREATE RULE r AS ON INSERT TO a DO ALSO INSERT INTO b VALUES (1)', [other('other')]],
    ['CREATE RULE r AS ON INSERT TO a DO ALSO (INSERT INTO b VALUES (1); SELECT 1)', [other('other')]],
    ['CREATE FUNCTION f() RETURNS void AS $$ INSERT INTO a VALUES (1); $$ LANGUAGE sql', [other('other')]],
    [
      'CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC INSERT INTO a VALUES (1); SELECT 1; END',
      [other('other')],
    ],
    ['GRANT INSERT ON workspaces TO app', [other('other')]],
    ['DELETE FROM workspaces', [other('delete', { table: 'workspaces' })]],
  ])('%s', (sql, expected) => {
    expect(read(sql)).toEqual(expected);
  });
});

describe('several statements in one text', () => {
  it.each<[string, SqlStatement[]]>([
    [
      'BEGIN; INSERT INTO a VALUES (1);\nINSERT INTO b VALUES (2) ON CONFLICT DO NOTHING; COMMIT;',
      [
        other('other'),
        insert('a', 'none', 'single', { offset: 7 }),
        insert('b', 'on-conflict', 'single', { offset: 33 }),
        other('other', { offset: 82 }),
      ],
    ],
    [
      "SELECT ';'; INSERT INTO a VALUES ('x;y')",
      [other('select'), insert('a', 'none', 'single', { offset: 12 })],
    ],
    [
      'SELECT \'é😀\'; INSERT INTO "é😀" SELECT * FROM "ü"',
      [other('select'), insert('é😀', 'none', 'select', { offset: 14, tables: ['ü'] })],
    ],
    [
      'CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; END; INSERT INTO u VALUES (1)',
      [other('other'), insert('u', 'none', 'single', { offset: 97 })],
    ],
    [
      'CREATE TRIGGER t AFTER INSERT ON a BEGIN INSERT INTO b VALUES (1); END; INSERT INTO c VALUES (1)',
      [other('other', { parsed: false }), insert('c', 'none', 'single', { offset: 72 })],
    ],
    [
      'INSERT INTO a VALUES (1); nonsense here; INSERT INTO b VALUES (1)',
      [insert('a'), other('unparsed', { offset: 26 }), insert('b', 'none', 'single', { offset: 41 })],
    ],
  ])('%s', (sql, expected) => {
    expect(read(sql)).toEqual(expected);
  });

  it('says for the whole text whether a grammar accepted every statement', () => {
    expect(model.statements(['SELECT 1; SELECT 2']).parsed).toBe(true);
    expect(model.statements(['SELECT 1; nonsense here']).parsed).toBe(false);
  });
});

describe('statements inside statements', () => {
  it.each<[string, SqlStatement[]]>([
    [
      'WITH x AS (INSERT INTO a VALUES (1) RETURNING *) SELECT * FROM x JOIN c USING (id)',
      [other('select', { tables: ['c'] }), insert('a', 'none', 'single', { offset: 11 })],
    ],
    [
      'WITH x AS (INSERT INTO a VALUES (1) RETURNING *) INSERT INTO b SELECT * FROM x ON CONFLICT DO NOTHING',
      [insert('a', 'none', 'single', { offset: 11 }), insert('b', 'on-conflict', 'select', { offset: 49 })],
    ],
    [
      'WITH x AS (INSERT INTO a VALUES (1) ON CONFLICT DO NOTHING RETURNING *) INSERT INTO b SELECT * FROM x',
      [insert('a', 'on-conflict', 'single', { offset: 11 }), insert('b', 'none', 'select', { offset: 72 })],
    ],
    [
      'WITH d AS (DELETE FROM a RETURNING *) INSERT INTO archive SELECT * FROM d',
      [other('delete', { table: 'a', offset: 11 }), insert('archive', 'none', 'select', { offset: 38 })],
    ],
    [
      'WITH workspaces AS (SELECT * FROM workspaces) SELECT * FROM workspaces',
      [other('select', { tables: ['workspaces'] })],
    ],
    [
      'WITH RECURSIVE tree AS (SELECT 1 FROM a UNION ALL SELECT 1 FROM tree) SELECT * FROM tree',
      [other('select', { tables: ['a'] })],
    ],
    ['PREPARE p AS INSERT INTO a VALUES ($1)', [insert('a', 'none', 'single', { offset: 13 })]],
    ['EXPLAIN ANALYZE INSERT INTO a VALUES (1)', [insert('a', 'none', 'single', { offset: 16 })]],
    ['EXPLAIN (ANALYZE, BUFFERS) INSERT INTO a VALUES (1)', [insert('a', 'none', 'single', { offset: 27 })]],
    ['EXPLAIN (ANALYZE true) SELECT * FROM a', [other('select', { tables: ['a'] })]],
    ['DECLARE c CURSOR FOR SELECT * FROM a', [other('select', { tables: ['a'] })]],
    [
      'COPY (WITH i AS (INSERT INTO a VALUES (1) RETURNING *) SELECT * FROM i) TO STDOUT',
      [other('select'), insert('a', 'none', 'single', { offset: 17 })],
    ],
  ])('%s', (sql, expected) => {
    expect(read(sql)).toEqual(expected);
  });
});

describe('DO blocks', () => {
  it.each<[string, SqlStatement[]]>([
    [
      'SELECT 1; DO $$ BEGIN INSERT INTO a VALUES (1); END $$',
      [other('select'), other('other', { offset: 10 }), insert('a', 'none', 'single', { offset: 10 })],
    ],
    [
      'DO $$ BEGIN IF true THEN INSERT INTO a VALUES (1) ON CONFLICT DO NOTHING; END IF; END $$',
      [other('other'), insert('a', 'on-conflict')],
    ],
    [
      'DO $$ DECLARE r record; BEGIN FOR r IN SELECT * FROM x LOOP INSERT INTO a VALUES (r.id); END LOOP; END $$',
      [other('other'), insert('a'), other('select', { tables: ['x'] })],
    ],
    ["DO $$ BEGIN EXECUTE 'INSERT INTO a VALUES (1)'; END $$", [other('other'), insert('a')]],
    [
      "DO $$ BEGIN EXECUTE format('INSERT INTO %I VALUES (%L) ON CONFLICT DO NOTHING', t, v); END $$",
      [other('other'), insert('unknown', 'on-conflict')],
    ],
    ["DO $$ BEGIN EXECUTE 'INSERT INTO ' || t; END $$", [other('other'), other('unparsed')]],
    ['DO $$ BEGIN PERFORM 1; END $$', [other('other'), other('select')]],
    ["DO LANGUAGE plpgsql 'BEGIN INSERT INTO a VALUES (1); END'", [other('other'), insert('a')]],
    ['DO LANGUAGE plpython3u $$ plpy.run() $$', [other('other'), other('unparsed')]],
    [
      'DO LANGUAGE mine $$ begin something; INSERT INTO a VALUES (1) $$',
      [other('other'), insert('a', 'unknown', 'single', { parsed: false })],
    ],
  ])('%s', (sql, expected) => {
    expect(read(sql)).toEqual(expected);
  });
});

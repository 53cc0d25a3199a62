import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type {
  Hole,
  InsertGuard,
  InsertRows,
  SqlStatement,
  TableName,
} from '../../../src/analysis/sql/index.ts';
import { model } from './model.ts';

/**
 * One abstract INSERT, written down at random: dialect, quoting, case, white space, comments that contain
 * SQL, values that contain SQL, statements around it. The analysis depends on the abstract INSERT alone.
 */
describe('an insert means the same however it is written', () => {
  it('keeps table, guard, rows and offset', () => {
    fc.assert(
      fc.property(written, ({ pieces, expected }) => {
        const parts = pieces.map((piece) => (piece === HOLE ? hole : piece));
        const literal = pieces.filter((piece) => piece !== HOLE).join('');
        const inserts = model.statements(parts).statements.filter((statement) => statement.kind === 'insert');
        const offset = literal.search(MARKED_VERB);
        expect(inserts.map(strip)).toEqual([{ kind: 'insert', ...expected, offset, parsed: true }]);
      }),
      { numRuns: 600, seed: 20_260_102 },
    );
  });
});

const hole: Hole = { hole: true, kind: 'value' };
const HOLE = '\u0000hole';
/** The verb of the insert itself: comments and strings never start a line with it. */
const MARKED_VERB = /^(?:insert|replace)\b/im;

function strip({ tables: _, ...statement }: SqlStatement) {
  return statement;
}

type Dialect = 'postgres' | 'mysql' | 'sqlite';

interface Abstract {
  readonly dialect: Dialect;
  readonly table: TableName;
  readonly guard: InsertGuard;
  readonly rows: InsertRows;
}

const GUARDS: Readonly<Record<Dialect, readonly InsertGuard[]>> = {
  postgres: ['none', 'on-conflict', 'not-exists'],
  mysql: ['none', 'or-ignore', 'or-replace', 'on-duplicate-key', 'not-exists'],
  sqlite: ['none', 'or-ignore', 'or-replace', 'on-conflict', 'not-exists'],
};

const name = fc.constantFrom('workspaces', 'ws_2', 'pending_uploads', 'x');
const oddName = fc.constantFrom('Work Spaces', 'insert into', 'ON CONFLICT', 'é', 'a;b');

const abstract: fc.Arbitrary<Abstract> = fc
  .constantFrom<Dialect>('postgres', 'mysql', 'sqlite')
  .chain((dialect) =>
    fc.record({
      dialect: fc.constant(dialect),
      table: fc.oneof(
        fc.record({ name: fc.oneof(name, oddName) }),
        fc.record({ schema: fc.oneof(name, oddName), name: fc.oneof(name, oddName) }),
      ),
      guard: fc.constantFrom(...GUARDS[dialect]),
      rows: fc.constantFrom<InsertRows>('single', 'multi', 'select'),
    }),
  )
  .map((it) => (it.guard === 'not-exists' ? { ...it, rows: 'select' as const } : it));

/** A token to write: a keyword in any case, a name in any quoting, or text as it stands. */
type Item =
  | { readonly keyword: string }
  | { readonly name: string }
  | { readonly text: string }
  | { readonly value: true };

const words = (text: string): Item[] => text.split(' ').map((keyword) => ({ keyword }));
const text = (raw: string): Item => ({ text: raw });

function tableItems({ schema, name: table }: TableName): Item[] {
  return schema === undefined ? [{ name: table }] : [{ name: schema }, text('.'), { name: table }];
}

function row(): Item[] {
  return [text('('), { value: true }, text(','), { value: true }, text(')')];
}

function items({ dialect, table, guard, rows }: Abstract): Item[] {
  const orWord = dialect === 'sqlite' ? 'insert or ' : 'insert ';
  const heads: Partial<Record<InsertGuard, string>> = {
    'or-ignore': `${orWord}ignore into`,
    'or-replace': dialect === 'sqlite' ? 'insert or replace into' : 'replace into',
  };
  const absent = [
    ...words('where not exists'),
    text('('),
    ...words('select'),
    text('1'),
    ...words('from'),
    ...tableItems(table),
    text(')'),
  ];
  const bodies: Record<'single' | 'multi' | 'select', Item[]> = {
    single: [...words('values'), ...row()],
    multi: [...words('values'), ...row(), text(','), ...row()],
    select: [
      ...words('select'),
      { value: true },
      text(','),
      text('b'),
      ...words('from'),
      { name: 'staging' },
    ],
  };
  const tails: Partial<Record<InsertGuard, Item[]>> = {
    'on-conflict': words('on conflict do nothing'),
    'on-duplicate-key': [...words('on duplicate key update'), text('a'), text('='), text('1')],
    'not-exists': absent,
  };
  return [
    ...words(heads[guard] ?? 'insert into'),
    ...tableItems(table),
    ...[text('('), text('a'), text(','), text('b'), text(')')],
    ...bodies[rows === 'unknown' ? 'single' : rows],
    ...(tails[guard] ?? []),
  ];
}

const GAPS: readonly string[] = [
  ' ',
  '\n ',
  '\t',
  ' \r\n ',
  '/* ; insert into other values (1) on conflict do nothing */',
  ' -- where not exists (select 1 from workspaces) on conflict\n ',
];

const VALUES: Readonly<Record<Dialect, readonly string[]>> = {
  postgres: ['$1', 'NULL', "'it''s; INSERT INTO x VALUES (1)'", '$q$ON CONFLICT DO NOTHING$q$', HOLE],
  mysql: ['?', '42', "'it\\'s; ON DUPLICATE KEY UPDATE'", '"ON DUPLICATE KEY UPDATE"', HOLE],
  sqlite: ['?', ':a', '@b', '$c', "'INSERT OR IGNORE'", HOLE],
};

const QUOTES: Readonly<Record<Dialect, readonly (readonly [string, string])[]>> = {
  postgres: [['"', '"']],
  mysql: [['`', '`']],
  sqlite: [
    ['"', '"'],
    ['`', '`'],
    ['[', ']'],
  ],
};

function anyCase(word: string): fc.Arbitrary<string> {
  return fc
    .array(fc.boolean(), { minLength: word.length, maxLength: word.length })
    .map((upper) =>
      [...word].map((char, i) => (upper[i] ? char.toUpperCase() : char.toLowerCase())).join(''),
    );
}

function writtenItem(item: Item, dialect: Dialect): fc.Arbitrary<string> {
  if ('keyword' in item) return anyCase(item.keyword);
  if ('text' in item) return fc.constant(item.text);
  if ('value' in item) return fc.constantFrom(...VALUES[dialect]);
  const quoted = fc.constantFrom(...QUOTES[dialect]).map(([open, close]) => `${open}${item.name}${close}`);
  return /^[a-z_][a-z0-9_]*$/.test(item.name) ? fc.oneof(anyCase(item.name), quoted) : quoted;
}

const written = abstract.chain((it) => {
  const gaps = it.dialect === 'mysql' ? [...GAPS, " # don't; ON DUPLICATE KEY\n "] : GAPS;
  const around = fc.constantFrom(...gaps);
  const list = items(it);
  return fc
    .record({
      texts: fc.tuple(...list.map((item) => writtenItem(item, it.dialect))),
      gaps: fc.tuple(...list.map(() => around)),
      before: fc.constantFrom('', 'SELECT 1;\n', "SELECT 'ON CONFLICT DO NOTHING';\n", '-- a note\n'),
      after: fc.constantFrom(
        '',
        ';',
        ' ; SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM workspaces)',
        ' -- the end',
      ),
    })
    .map(({ texts, gaps: between, before, after }) => ({
      expected: { table: it.table, guard: it.guard, rows: it.rows },
      pieces: [
        before,
        ...texts.flatMap((written, i) => (i === 0 ? [written] : [between[i] ?? ' ', written])),
        after,
      ],
    }));
});

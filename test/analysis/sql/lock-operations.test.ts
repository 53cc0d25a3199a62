import { describe, expect, it } from 'vitest';
import { type LockOperation, lockOperations } from '../../../src/analysis/sql/lock-operations.ts';

function advisory(text: string): readonly Extract<LockOperation, { kind: 'advisory' }>[] {
  return lockOperations(text).flatMap((one) => (one.kind === 'advisory' ? [one] : []));
}

function rows(text: string): readonly Extract<LockOperation, { kind: 'rows' }>[] {
  return lockOperations(text).flatMap((one) => (one.kind === 'rows' ? [one] : []));
}

describe('advisory locks', () => {
  it.each([
    ['select pg_advisory_lock(1)', { isShared: false, ofTransaction: false, tries: false }],
    ['SELECT PG_ADVISORY_LOCK_SHARED(1)', { isShared: true, ofTransaction: false, tries: false }],
    ['select pg_advisory_xact_lock(1)', { isShared: false, ofTransaction: true, tries: false }],
    ['select pg_advisory_xact_lock_shared(1)', { isShared: true, ofTransaction: true, tries: false }],
    ['select pg_try_advisory_lock(1)', { isShared: false, ofTransaction: false, tries: true }],
    ['select pg_try_advisory_xact_lock_shared(1)', { isShared: true, ofTransaction: true, tries: true }],
    ['select pg_catalog.pg_advisory_lock(1)', { isShared: false, ofTransaction: false, tries: false }],
  ])('%s', (text, expected) => {
    expect(advisory(text)).toMatchObject([expected]);
  });

  it.each([
    ['pg_advisory_lock(42)', [{ parts: ['42'], isText: false }]],
    ['pg_advisory_lock(-42)', [{ parts: ['-42'], isText: false }]],
    ['pg_advisory_lock(($1)::bigint)', [{ parts: [{ placeholder: '$1' }], isText: false }]],
    ['pg_advisory_lock(cast($2 as int8))', [{ parts: [{ placeholder: '$2' }], isText: false }]],
    [
      "pg_advisory_lock(7, hashtext('orders'))",
      [
        { parts: ['7'], isText: false },
        { parts: ['orders'], isText: true },
      ],
    ],
    ["pg_advisory_lock(hashtextextended('it''s', 0))", [{ parts: ["it's"], isText: true }]],
    [
      "pg_advisory_lock(hashtext('order:' || $1))",
      [{ parts: ['order:', { placeholder: '$1' }], isText: true }],
    ],
    ['pg_advisory_lock(hashtext(:key))', [{ parts: [{ placeholder: ':key' }], isText: true }]],
  ])('reads the key of %s', (call, key) => {
    expect(advisory(`select ${call}`)).toMatchObject([{ key }]);
  });

  it('numbers placeholders that have no number of their own', () => {
    expect(advisory('select pg_advisory_lock(?, ?)')).toMatchObject([
      { key: [{ parts: [{ placeholder: '?1' }] }, { parts: [{ placeholder: '?2' }] }] },
    ]);
  });

  it('knows no key that is computed from rows', () => {
    expect(advisory('select pg_advisory_lock(id) from jobs')).toMatchObject([{ key: undefined }]);
    expect(advisory('select pg_advisory_lock(id + 1) from jobs')).toMatchObject([{ key: undefined }]);
  });

  it('knows the column that tells whether the lock was granted', () => {
    expect(advisory('select pg_try_advisory_lock(1) as ok').map(({ column }) => column)).toEqual(['ok']);
    expect(advisory('select pg_try_advisory_lock(1) granted').map(({ column }) => column)).toEqual([
      'granted',
    ]);
    expect(advisory('select pg_try_advisory_lock(1) from t').map(({ column }) => column)).toEqual([
      'pg_try_advisory_lock',
    ]);
  });

  it('gives back one lock, or all', () => {
    expect(lockOperations('select pg_advisory_unlock(1)')).toMatchObject([
      { kind: 'unlock', isShared: false },
    ]);
    expect(lockOperations('select pg_advisory_unlock_shared(1)')).toMatchObject([
      { kind: 'unlock', isShared: true },
    ]);
    expect(lockOperations('select pg_advisory_unlock_all()')).toMatchObject([{ kind: 'unlock-all' }]);
  });

  it('does nothing where the function is only defined, quoted or commented on', () => {
    expect(lockOperations('create function f() returns void as $$ select pg_advisory_lock(1) $$')).toEqual(
      [],
    );
    expect(lockOperations("select 'pg_advisory_lock(1)'")).toEqual([]);
    expect(lockOperations('select 1 -- pg_advisory_lock(1)')).toEqual([]);
  });
});

describe('transactions', () => {
  it.each([
    ['BEGIN', ['begin']],
    ['start transaction isolation level serializable', ['begin']],
    ['COMMIT', ['end']],
    ['end', ['end']],
    ['rollback', ['end']],
    ['ROLLBACK TO SAVEPOINT a', []],
    ['commit prepared $1', []],
    ['begin; select pg_advisory_xact_lock(1); commit', ['begin', 'advisory', 'end']],
  ])('%s', (text, kinds) => {
    expect(lockOperations(text).map(({ kind }) => kind)).toEqual(kinds);
  });
});

describe('rows', () => {
  it.each([
    ['select * from a where id = $1 for update', { table: 'a', isShared: false, tries: false }],
    ['select * from public.a where id = $1 for no key update', { table: 'a', isShared: false }],
    ['select * from a where id = $1 for share', { table: 'a', isShared: true }],
    ['select * from "A" where id = $1 for key share nowait', { table: 'A', isShared: true, tries: true }],
    ['select * from a where id = $1 for update skip locked', { table: 'a', tries: true }],
    ['update b set n = 1 where id in (select id from a for update)', { table: 'a' }],
    ['with x as (select id from a limit 1 for update) select * from x', { table: 'a' }],
    ['select * from a join b on a.id = b.id where a.id = 1 for update of b', { table: 'b' }],
    ['select * from a as x, b y where x.id = 1 for update of y', { table: 'b' }],
  ])('%s', (text, expected) => {
    expect(rows(text)).toMatchObject([expected]);
  });

  it('locks the rows of every table that is joined', () => {
    expect(
      rows('select * from a join b using (id) where id = 1 for update').map(({ table }) => table),
    ).toEqual(['a', 'b']);
  });

  it.each([
    'select id from a for update',
    'select id from a where id = any($1) for update',
    'select id from a where id in ($1, $2) for update',
    'select id from a where id in (select a_id from b) for update',
    'select id from a where age > 3 for update',
    'select id from a where tenant = $1 and id in ($2, $3) for update',
    'select id from a where id = $1 or id = $2 for update',
    'select id from a where (id = $1 or id = $2) and age >= 3 for update',
    'select id from a where tenant = $1 and id not in ($2) for update',
  ])('may find several in an order of its own: %s', (text) => {
    expect(rows(text).map(({ isUnordered }) => isUnordered)).toEqual([true]);
  });

  it.each([
    'select id from a order by id for update',
    'select id from a where id = any($1) order by id for update',
    'select id from a where id = $1 for update',
    'select id from a where id in ($1) for update',
    'select id from a where (id = $1) for update',
    'select id from a where id = $1 and (gone is null or gone < now()) for update',
    'select id from a where ((tenant = $1) and (id = $2)) for update',
    'select id from a where id = (select a_id from b where id = any($1) limit 1) for update',
    'select id from a where id = $1 and version < $2 for update',
    'select id from a where age > 3 limit 1 for update',
  ])('finds one, or several in order: %s', (text) => {
    expect(rows(text).map(({ isUnordered }) => isUnordered)).toEqual([false]);
  });

  it('is no lock where FOR stands for something else', () => {
    expect(lockOperations('select substring(name for 3) from a')).toEqual([]);
    expect(lockOperations('create policy p on a for update using (true)')).toEqual([]);
    expect(lockOperations('create trigger t before insert on a for each row execute function f()')).toEqual(
      [],
    );
  });
});

import { describe, expect, test } from 'vitest';
import { Code } from '../../../src/analysis/code.ts';
import { type OwnedLocks, ownedLocks } from '../../../src/analysis/locks/owned-locks.ts';
import type { LockEdge } from '../../../src/analysis/locks/record.ts';
import type { Program } from '../../../src/engine/program.ts';
import { ts } from '../../../src/syntax/ts.ts';
import { acquisitionOf, edgeOf, heldOf, lockClass, nodesIn, parse } from './parts.ts';

const source = parse('class Db { users = new Table(); teams = new Table(); }');
const [users, teams] = nodesIn(source, ts.isPropertyDeclaration);
const table = lockClass('Table.mu');
const log = lockClass('Log.mu');
const code = new Code({ relative: (file: string) => file } as Program);

const nested = between(users, teams, 'fixed');

function between(
  outer: LockEdge['owners'][number],
  inner: LockEdge['owners'][number],
  instances: LockEdge['instances'],
): LockEdge {
  return edgeOf(
    heldOf('1', { cls: table, path: undefined }),
    acquisitionOf({ cls: table, path: undefined }),
    {
      instances,
      owners: [outer, inner],
    },
  );
}

function told(
  edges: readonly LockEdge[],
  spokenOf: readonly string[] = [],
  classes = [table, log],
): OwnedLocks {
  const fields = [users, teams].filter((field) => field !== undefined);
  return ownedLocks(edges, new Map([[table, new Set(fields)]]), classes, spokenOf, code);
}

function namesIn({ edges }: OwnedLocks): readonly string[] {
  return edges.map(({ outer, inner }) => `${outer.lock.cls.name} > ${inner.lock.cls.name}`);
}

describe('locks of one class are told apart by owner', () => {
  test('where one is taken under another of the same owner', () => {
    const found = told([nested]);
    expect(namesIn(found)).toEqual(['Db.users > Db.teams']);
    expect(found.byClass.get(table)?.map(({ name }) => name)).toEqual(['Db.users', 'Db.teams']);
  });

  test('where the config names one of them', () => {
    expect(namesIn(told([between(users, users, 'same')], ['Db.users']))).toEqual(['Db.users > Db.users']);
    expect(told([], ['teams']).byClass.get(table)?.length).toBe(2);
  });

  test('and go by their own names, too, where their objects have several', () => {
    const io = lockClass('Table.io');
    expect(namesIn(told([nested], [], [table, io]))).toEqual(['Db.users.mu > Db.teams.mu']);
  });
});

describe('they are one', () => {
  test('where none is taken under another', () => {
    expect(told([]).byClass.size).toBe(0);
    expect(namesIn(told([between(users, users, 'different')]))).toEqual(['Table.mu > Table.mu']);
  });

  test('where it is not always known whose it is', () => {
    expect(namesIn(told([nested, between(users, undefined, 'different')]))).toEqual([
      'Table.mu > Table.mu',
      'Table.mu > Table.mu',
    ]);
  });

  test('where the config speaks of all of them by one name', () => {
    expect(namesIn(told([nested], ['Table.mu']))).toEqual(['Table.mu > Table.mu']);
    expect(namesIn(told([nested], ['mu']))).toEqual(['Table.mu > Table.mu']);
  });
});

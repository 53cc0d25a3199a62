import { describe, expect, test } from 'vitest';
import { namesOfParts, OwnParts } from '../../../src/analysis/locks/own-parts.ts';
import { instanceOf, type Path } from '../../../src/analysis/locks/values.ts';
import { ts } from '../../../src/syntax/ts.ts';
import { nodesIn, parse } from './parts.ts';

describe('two objects that one owner has made', () => {
  test.each([
    ['this.users!1', 'this.teams!2', ['users!1', 'teams!2']],
    ['this.users!1.log!3', 'this.teams!2.log!3', ['users!1.log!3', 'teams!2.log!3']],
    ['p0[v1.id].users!1', 'p0[v1.id].teams!2', ['users!1', 'teams!2']],
  ] as const)('%s and %s are told apart by name', (a, b, names) => {
    expect(namesOfParts(a, b)).toEqual(names);
  });

  test.each([
    ['of another owner', 'p0.users!1', 'p1.teams!2'],
    ['under another key', 'this.all["a"].users!1', 'this.all["b"].teams!2'],
    ['handed in', 'this.users', 'this.teams!2'],
    ['got from a part', 'this.users!1', 'this.teams!2.other'],
    ['kept under a key', 'this.users!1', 'this.teams!2["a"]'],
    ['the same', 'this.users!1', 'this.users!1'],
    ['a part of the other', 'this.users!1', 'this.users!1.log!3'],
  ])('not if one is %s', (_, a, b) => {
    expect(namesOfParts(a, b)).toBeUndefined();
  });
});

describe('what a field holds', () => {
  const source = parse(`class Table {}
class Database {
  users = new Table();
  teams = new Table();
  static shared = new Table();
  swap() { this.teams = new Table(); }
}`);
  const [table] = nodesIn(source, ts.isClassDeclaration);
  const [users, teams, shared] = nodesIn(source, ts.isPropertyDeclaration);
  const parts = new OwnParts(() => []);
  const placed = (field: typeof users, made: Path): Path | undefined =>
    field && table && parts.placed(field, instanceOf(table, true, made), 'this.x');

  test('belongs to its owner if the owner makes it and keeps it', () => {
    const path = placed(users, 'n7');
    expect(path).toMatch(/^this\.x!\d+$/);
    expect(parts.fieldOf(path)).toBe(users);
    expect(parts.fieldOf(`${path}.y`)).toBeUndefined();
  });

  test('does not if it comes from elsewhere, is changed later, or belongs to the class', () => {
    expect([placed(users, 'p0'), placed(teams, 'n7'), placed(shared, 'n7')]).toEqual([
      'this.x',
      'this.x',
      'this.x',
    ]);
  });
});

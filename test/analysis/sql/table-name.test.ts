import { describe, expect, it } from 'vitest';
import { type TableRef, tableMatches, tableMayMatch } from '../../../src/analysis/sql/index.ts';

const unqualified = { name: 'workspaces' };
const inPublic = { schema: 'public', name: 'workspaces' };
const inApp = { schema: 'app', name: 'workspaces' };
const somewhere = { name: 'workspaces', schemaUnknown: true } as const;

describe('tableMatches', () => {
  it.each<[string, TableRef, boolean]>([
    ['workspaces', unqualified, true],
    ['workspaces', inPublic, true],
    ['workspaces', inApp, true],
    ['workspaces', somewhere, true],
    ['workspaces', { name: 'workspaces_old' }, false],
    ['workspaces', { name: 'old_workspaces' }, false],
    ['workspaces', { schema: 'workspaces', name: 'x' }, false],
    ['workspaces', 'unknown', false],
    ['public.workspaces', unqualified, true],
    ['public.workspaces', inPublic, true],
    ['public.workspaces', inApp, false],
    ['public.workspaces', somewhere, true],
    ['public.workspaces', 'unknown', false],
    ['app.workspaces', unqualified, false],
    ['app.workspaces', inApp, true],
    ['app.workspaces', inPublic, false],
    ['app.workspaces', somewhere, true],
    ['*', unqualified, true],
    ['*', inApp, true],
    ['*', 'unknown', true],
    ['app.*', inApp, true],
    ['app.*', unqualified, false],
    ['public.*', unqualified, true],
    ['app.*', 'unknown', false],
    ['User', { name: 'user' }, true],
    ['User', { name: 'User' }, true],
    ['user', { name: 'User' }, false],
    ['"User"', { name: 'User' }, true],
    ['"User"', { name: 'user' }, false],
    ['App."User"', { schema: 'app', name: 'User' }, true],
    ['"a.b"', { name: 'a.b' }, true],
    ['"a""b"', { name: 'a"b' }, true],
  ])('%s, %o: %s', (pattern, table, expected) => {
    expect(tableMatches(pattern, table)).toBe(expected);
  });
});

describe('tableMayMatch', () => {
  const unknown = 'unknown' as const;
  it.each<[string, Parameters<typeof tableMayMatch>[1], boolean]>([
    ['workspaces', { table: unqualified }, true],
    ['workspaces', { table: { name: 'x' } }, false],
    ['workspaces', {}, false],
    ['workspaces', { table: unknown }, true],
    ['*', { table: unknown, tableLike: ['audit_', ''] }, true],
    ['workspaces', { table: unknown, tableLike: ['audit_', ''] }, false],
    ['workspaces', { table: unknown, tableLike: ['work', ''] }, true],
    ['workspaces', { table: unknown, tableLike: ['', 'spaces'] }, true],
    ['workspaces', { table: unknown, tableLike: ['', 'spaces_old'] }, false],
    ['workspaces', { table: unknown, tableLike: ['w', 'ksp', 's'] }, true],
    ['workspaces', { table: unknown, tableLike: ['w', 'xyz', 's'] }, false],
    ['aba', { table: unknown, tableLike: ['ab', 'ba'] }, false],
    ['Workspaces', { table: unknown, tableLike: ['work', ''] }, true],
  ])('%s, %o: %s', (pattern, statement, expected) => {
    expect(tableMayMatch(pattern, statement)).toBe(expected);
  });
});

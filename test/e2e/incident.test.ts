import { describe, expect, it } from 'vitest';
import { ws } from '../support/cli.ts';
import { tempDir } from '../support/temp-dir.ts';

/** How an import makes sure of a workspace, in the module between the walk and the statement. */
const ENSURE = {
  blindly: `export async function ensure(db: Db, place: Place): Promise<string> {
  return await insertWorkspace(db, place);
}
`,
  'after a lookup': `export async function ensure(db: Db, place: Place): Promise<string> {
  const existing = await lookupExistingChild(db, place);
  if (existing !== undefined) return existing;
  return await insertWorkspace(db, place);
}
`,
  'with the lookup after the insert': `export async function ensure(db: Db, place: Place): Promise<string> {
  const id = await insertWorkspace(db, place);
  const existing = await lookupExistingChild(db, place);
  if (existing !== undefined) return existing;
  return id;
}
`,
  'with a lookup that decides nothing': `export async function ensure(db: Db, place: Place): Promise<string> {
  await lookupExistingChild(db, place);
  return await insertWorkspace(db, place);
}
`,
};

const PLAIN = 'INSERT INTO workspaces (parent_id, name) VALUES ($1, $2) RETURNING id';
const ON_CONFLICT = PLAIN.replace('RETURNING', 'ON CONFLICT (parent_id, name) DO NOTHING RETURNING');

/** The server of the incident, as far as an import goes: the walk, what makes sure of one workspace, the statements. */
function server(ensure: keyof typeof ENSURE, insert = PLAIN): Record<string, string> {
  return {
    'package.json': '{ "name": "server", "type": "module" }',
    'tsconfig.json': JSON.stringify({
      compilerOptions: {
        target: 'esnext',
        module: 'nodenext',
        strict: true,
        noEmit: true,
        allowImportingTsExtensions: true,
      },
      include: ['src'],
    }),
    'ws-gate.config.mjs': `export default {
  rules: { 'insert-in-loop': ['error', { tables: ['workspaces'], preflight: ['lookupExistingChild'] }] },
};
`,
    'src/import-tree.ts': `import { ensure } from './ensure.ts';
import type { Db } from './rows.ts';

export interface Template {
  name: string;
  children: Template[];
}

export async function importTree(db: Db, template: Template, parentId: string | null): Promise<void> {
  const id = await ensure(db, { parentId, name: template.name });
  await importChildren(db, template, id);
}

async function importChildren(db: Db, { children }: Template, id: string): Promise<void> {
  for (const child of children) await importTree(db, child, id);
}
`,
    'src/ensure.ts': `import { type Db, insertWorkspace, lookupExistingChild, type Place } from './rows.ts';

${ENSURE[ensure]}`,
    'src/rows.ts': `export interface Db {
  query(text: string, values: unknown[]): Promise<{ rows: { id: string }[] }>;
}

export interface Place {
  parentId: string | null;
  name: string;
}

export async function lookupExistingChild(db: Db, { parentId, name }: Place): Promise<string | undefined> {
  const text = 'SELECT id FROM workspaces WHERE parent_id IS NOT DISTINCT FROM $1 AND name = $2';
  const { rows } = await db.query(text, [parentId, name]);
  return rows[0]?.id;
}

export async function insertWorkspace(db: Db, { parentId, name }: Place): Promise<string> {
  const { rows } = await db.query('${insert}', [parentId, name]);
  return rows[0]?.id ?? '';
}
`,
  };
}

/** What is said, at the place of the statement that is run once per workspace of the tree. */
function found(loop: string): string {
  return `src/rows.ts:17:26: error insert-in-loop/insertInLoop: inserts into workspaces once per iteration of ${loop}\n`;
}

const FOUND = found('the loop at src/import-tree.ts:15');

function check(files: Record<string, string>): [code: number | null, stdout: string] {
  const { code, stdout } = ws(tempDir(files), ['check', '--format', 'compact', '--rule', 'insert-in-loop']);
  return [code, stdout];
}

describe('the import that filled the disk: a tree is walked by recursion, and two files away a row is inserted', () => {
  it('is red while the insert is blind', () => {
    expect(check(server('blindly'))).toEqual([1, FOUND]);
  });

  it('is green when what is there is looked for first, and only what is missing is inserted', () => {
    expect(check(server('after a lookup'))).toEqual([0, '']);
  });

  it('is green when the statement skips what is there', () => {
    expect(check(server('blindly', ON_CONFLICT))).toEqual([0, '']);
  });

  it.each(['with the lookup after the insert', 'with a lookup that decides nothing'] as const)(
    'is red again %s',
    (ensure) => {
      expect(check(server(ensure))).toEqual([1, FOUND]);
    },
  );

  it('tells the way from the statement to the recursion', () => {
    const { stdout } = ws(tempDir(server('blindly')), [
      'check',
      '--format',
      'json',
      '--rule',
      'insert-in-loop',
    ]);
    const steps = JSON.parse(stdout).findings[0].trace;
    expect(steps.map(({ file, line }: { file: string; line: number }) => `${file}:${line}`)).toEqual([
      'src/import-tree.ts:15',
      'src/import-tree.ts:15',
      'src/import-tree.ts:10',
      'src/ensure.ts:4',
      'src/rows.ts:17',
    ]);
  });

  it('is red where even the children are walked by recursion, without a loop', () => {
    const files = server('blindly');
    const walk = '  for (const child of children) await importTree(db, child, id);\n';
    const recursion = `  const [first, ...rest] = children;
  if (first === undefined) return;
  await importTree(db, first, id);
  await importChildren(db, { name: '', children: rest }, id);
`;
    const source = files['src/import-tree.ts'] ?? '';
    expect(source.split(walk)).toHaveLength(2);
    expect(check({ ...files, 'src/import-tree.ts': source.replace(walk, recursion) })).toEqual([
      1,
      found('the recursion of importTree'),
    ]);
  });
});

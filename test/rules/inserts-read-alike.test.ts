import { expect, test } from 'vitest';
import { check } from '../../src/engine/check.ts';
import { tempDir } from '../support/temp-dir.ts';

/** One INSERT, as different people write it, with a clause after it: each is a call of `db`, with `name` at hand. */
const SPELLINGS: Readonly<Record<string, (clause: string) => string>> = {
  template: (clause) => `db.query(\`INSERT INTO \${TABLE} (name) VALUES ($1)${clause}\`, [name])`,
  concatenation: (clause) => `db.query('INSERT INTO ' + TABLE + ' (name) VALUES ($1)' + '${clause}', [name])`,
  join: (clause) => `db.query(['INSERT INTO', TABLE, '(name) VALUES ($1)', '${clause}'].join(' '), [name])`,
  lineBreaks: (clause) =>
    `db.query(\`\n  INSERT\n  INTO\n    workspaces\n  (name)\n  VALUES ($1)${clause}\n\`, [name])`,
  lowerCase: (clause) =>
    `db.query('insert into workspaces (name) values ($1)${clause.toLowerCase()}', [name])`,
  comments: (clause) =>
    `db.query(\`INSERT /* one */ INTO -- a row\n workspaces (name) /* ; */ VALUES ($1)${clause}\`, [name])`,
  schema: (clause) => `db.query('INSERT INTO public.workspaces (name) VALUES ($1)${clause}', [name])`,
  quoted: (clause) => `db.query('INSERT INTO "public"."workspaces" ("name") VALUES ($1)${clause}', [name])`,
  otherFile: (clause) => `db.query(\`\${INSERT}${clause}\`, [name])`,
  tagged: (clause) => `db.sql\`INSERT INTO workspaces (name) VALUES (\${name})${clause}\``,
  builder: (clause) => `db.knex('workspaces').insert({ name })${clause && ".onConflict('name').ignore()"}`,
};

const FILES = {
  'src/db.ts': `import type { Knex } from 'knex';
export interface Db {
  query(text: string, values: unknown[]): Promise<void>;
  sql(texts: TemplateStringsArray, ...values: unknown[]): Promise<void>;
  knex: Knex;
}
`,
  'src/texts.ts': `export const TABLE = 'workspaces';
export const INSERT = 'INSERT INTO workspaces (name) VALUES ($1)';
`,
  'node_modules/knex/package.json': '{"name": "knex", "version": "3.1.0", "types": "index.d.ts"}',
  'node_modules/knex/index.d.ts': `export interface Query extends Promise<unknown> {
  insert(rows: object): Query;
  onConflict(columns: string): Query;
  ignore(): Query;
}
export interface Knex {
  (table: string): Query;
}
`,
};

/** The functions in which the rule reports an insert into the table. */
async function reported(body: (insert: string) => string, clause: string): Promise<readonly string[]> {
  const functions = Object.entries(SPELLINGS).map(([spelling, insert]) => {
    return `export async function ${spelling}(db: Db, names: string[]): Promise<void> {
  ${body(`await ${insert(clause)};`)}
}
`;
  });
  const app = `import type { Db } from './db.ts';
import { INSERT, TABLE } from './texts.ts';
${functions.join('')}`;
  const { report } = await check({
    cwd: tempDir({ ...FILES, 'src/app.ts': app }),
    inlineConfig: {
      include: ['src/**/*.ts'],
      rules: { 'insert-in-loop': ['error', { tables: ['workspaces'] }] },
    },
    rules: ['insert-in-loop'],
  });
  return report.findings.map(({ symbol, message }) => {
    return /^inserts into (?:public\.)?workspaces once/.test(message) ? (symbol ?? '') : message;
  });
}

const inLoop = (insert: string): string => `for (const name of names) {\n${insert}\n}`;

test('one INSERT is found in a loop, in whatever way it is written', async () => {
  expect(await reported(inLoop, '')).toEqual(Object.keys(SPELLINGS));
});

test('and what makes it safe to repeat is found in each of them', async () => {
  expect(await reported(inLoop, ' ON CONFLICT DO NOTHING')).toEqual([]);
});

test('and none of them is reported outside of a loop', async () => {
  expect(await reported((insert) => `const name = names.join();\n${insert}`, '')).toEqual([]);
});

import { randomUUID } from 'node:crypto';
import { describe, onTestFinished } from 'vitest';
import { type Db, migrate, openDb } from '../../src/manager/index.ts';

/** The PostgreSQL server to test on, and why there is none. */
export const POSTGRES_URL = process.env['WS_GATE_TEST_POSTGRES'];
/** The Redis server to test on. */
export const REDIS_URL = process.env['WS_GATE_TEST_REDIS'];

const hint = 'run by `npm run test:servers`';

/** Tests of what only a PostgreSQL server shows: more than one connection. */
export function describePostgres(name: string, tests: () => void): void {
  if (POSTGRES_URL === undefined)
    describe.skip(`${name} (needs a PostgreSQL server: ${hint})`, () => tests());
  else describe(`${name} (PostgreSQL)`, tests);
}

/** Tests of what only a Redis server shows. */
export function describeRedis(name: string, tests: () => void): void {
  if (REDIS_URL === undefined) describe.skip(`${name} (needs a Redis server: ${hint})`, () => tests());
  else describe(`${name} (Redis)`, tests);
}

/**
 * Tests of rows, on both databases.
 *
 * @param tests - Receives what opens a database for one test: empty, with the schema, and closed after the test.
 */
export function describeDatabases(name: string, tests: (open: () => Promise<Db>) => void): void {
  describe(`${name} (PGlite)`, () => tests(openPglite));
  describePostgres(name, () => tests(openPostgres));
}

let pglite: Promise<Db> | undefined;

/** PGlite takes long to start and little to clear, so that a file of tests shares one. */
async function openPglite(): Promise<Db> {
  pglite ??= openDb();
  const db = await pglite;
  await db.script('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  await migrate(db);
  return wrapped(db, { close: async () => {} });
}

/** A database that does some things its own way. */
export function wrapped(db: Db, own: Partial<Db>): Db {
  return {
    kind: db.kind,
    query: (text, params) => db.query(text, params),
    tx: (body) => db.tx(body),
    script: (text) => db.script(text),
    close: () => db.close(),
    ...own,
  };
}

/** Opens a new database of the server. */
export async function openPostgres(): Promise<Db> {
  const db = await openDb({ url: await createDatabase() });
  onTestFinished(() => db.close());
  await migrate(db);
  return db;
}

/** Creates an empty database on the PostgreSQL server, for one test. Returns its URL. */
export async function createDatabase(): Promise<string> {
  if (POSTGRES_URL === undefined) throw new Error('there is no PostgreSQL server');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const server = await openDb({ url: POSTGRES_URL });
  try {
    await server.query(`CREATE DATABASE ${name}`);
  } finally {
    await server.close();
  }
  const url = new URL(POSTGRES_URL);
  url.pathname = `/${name}`;
  return url.href;
}

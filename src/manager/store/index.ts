export type { Db, Queryable, Result, Row } from './db.ts';
export { DatabaseTimeoutError, isUnavailable, isUniqueViolation, type PgError } from './errors.ts';
export { type Migration, migrate } from './migrate.ts';
export { migrations } from './migrations/index.ts';
export { openDb, type StoreOptions } from './open.ts';

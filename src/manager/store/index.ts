export {
  type Db,
  isUnavailable,
  isUniqueViolation,
  type PgError,
  type Queryable,
  type Result,
  type Row,
} from './db.ts';
export { type Migration, migrate } from './migrate.ts';
export { migrations } from './migrations/index.ts';
export { openDb, type StoreOptions } from './open.ts';

/** An interpolation that could not be folded to text. */
export interface Hole {
  readonly hole: true;
  /** `value`: known to be one SQL value (a bound parameter, a number). `unknown`: any piece of SQL. */
  readonly kind: 'value' | 'unknown';
}

/** Folded SQL text: literal pieces with holes where an expression could not be folded. */
export type SqlParts = readonly (string | Hole)[];

/** A table as the statement names it: unquoted names folded to lower case, quoted names kept. */
export interface TableName {
  readonly name: string;
  readonly schema?: string;
  /** The schema is written, but inside a hole: `${schema}.workspaces`. */
  readonly schemaUnknown?: true;
  /** What a library may call it in the database, where the program names a model: `user_profiles` for `UserProfile`. */
  readonly others?: readonly string[];
}

export type TableRef = TableName | 'unknown';

/**
 * What makes an INSERT safe to repeat.
 * `not-exists` covers every form that first looks at the target table itself: `WHERE NOT EXISTS`,
 * `NOT IN (SELECT …)` and the anti-join `LEFT JOIN target … WHERE target.col IS NULL`.
 * `unknown` means that a hole stands where such a clause could be.
 */
export type InsertGuard =
  | 'on-conflict'
  | 'on-duplicate-key'
  | 'or-ignore'
  | 'or-replace'
  | 'not-exists'
  | 'merge'
  | 'none'
  | 'unknown';

export type InsertRows = 'single' | 'multi' | 'select' | 'unknown';

interface StatementBase {
  /** UTF-16 offset of the statement's verb in the joined literal text, in which a hole has no width. */
  readonly offset: number;
  /** Tables that the statement reads, in order of appearance, common table expressions excluded. */
  readonly tables: readonly TableRef[];
  /** False when no grammar accepted the statement and the answer was read from its tokens. */
  readonly parsed: boolean;
  /**
   * The literal pieces around the holes of an unknown table name: `audit_${year}` is `['audit_', '']`.
   * Absent when the table is known or nothing of its name is.
   */
  readonly tableLike?: readonly string[];
}

export interface InsertStatement extends StatementBase {
  readonly kind: 'insert';
  readonly table: TableRef;
  readonly guard: InsertGuard;
  readonly rows: InsertRows;
}

export interface OtherStatement extends StatementBase {
  /** `unparsed`: not understood at all; it may be anything, an insert included. */
  readonly kind: 'select' | 'update' | 'delete' | 'other' | 'unparsed';
  /** The written table of an UPDATE or DELETE. */
  readonly table?: TableRef;
}

export type SqlStatement = InsertStatement | OtherStatement;

export interface SqlAnalysis {
  /** Every statement that running the text executes, nested ones included, by offset. */
  readonly statements: readonly SqlStatement[];
  /** Whether every statement was accepted by a grammar. */
  readonly parsed: boolean;
}

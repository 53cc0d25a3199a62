import type {
  Hole,
  InsertGuard,
  InsertRows,
  InsertStatement,
  OtherStatement,
  SqlParts,
  TableRef,
} from '../../../src/analysis/sql/index.ts';
import { loadSql } from '../../../src/analysis/sql/index.ts';

/** The model, loaded once for a test file. */
export const model = await loadSql();

/** An interpolation that may be anything, and one that is a value. */
export const any: Hole = { hole: true, kind: 'unknown' };
export const value: Hole = { hole: true, kind: 'value' };

/** Parts as a folded template has them; strings are folded in. */
export function parts(text: TemplateStringsArray, ...inserted: readonly (Hole | string)[]): SqlParts {
  return text.flatMap((literal, i) => {
    const next = inserted[i];
    return next === undefined ? [literal] : [literal, next];
  });
}

export function read(text: string | SqlParts) {
  return model.statements(typeof text === 'string' ? [text] : text).statements;
}

interface Extra {
  readonly offset?: number;
  readonly tables?: readonly (string | TableRef)[];
  readonly parsed?: boolean;
  readonly tableLike?: readonly string[];
}

/** An expected INSERT; by default one row at offset 0 that reads nothing. */
export function insert(
  table: string | TableRef,
  guard: InsertGuard = 'none',
  rows: InsertRows = 'single',
  extra: Extra = {},
): InsertStatement {
  return { kind: 'insert', table: ref(table), guard, rows, ...base(extra) };
}

export function other(
  kind: OtherStatement['kind'],
  extra: Extra & { readonly table?: string } = {},
): OtherStatement {
  const { table, ...rest } = extra;
  const common = base(kind === 'unparsed' ? { parsed: false, ...rest } : rest);
  return table === undefined ? { kind, ...common } : { kind, table: ref(table), ...common };
}

function base({ offset = 0, tables = [], parsed = true, tableLike }: Extra) {
  const common = { offset, tables: tables.map(ref), parsed };
  return tableLike === undefined ? common : { ...common, tableLike };
}

/** `schema.name`, `name` or `unknown`. */
function ref(table: string | TableRef): TableRef {
  if (typeof table !== 'string' || table === 'unknown') return table as TableRef;
  const [schema, name] = table.split('.');
  return name === undefined ? { name: table } : { schema: schema ?? '', name };
}

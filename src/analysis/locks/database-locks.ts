import type { LockPrimitive } from '../../config/types.ts';
import type { Ts } from '../../syntax/ts.ts';
import type { KeyArgument, LockOperation } from '../sql/lock-operations.ts';
import type { Activation } from './activation.ts';
import { partsOfKey, type SentSql } from './database-texts.ts';
import { UNKNOWN_PATH } from './paths.ts';
import { textOf } from './texts.ts';
import { type LockClass, type LockRef, pathOf, type Session, type Value } from './values.ts';

/** Locks of PostgreSQL in the schema of all others: by what names them, and by how their holders are told apart. */
export const ADVISORY: LockPrimitive = { type: 'pg_advisory', grants: 'void' };
export const ROWS: LockPrimitive = { type: 'rows', grants: 'void' };

/** The class that stands for all that a session holds. Nobody takes it. */
const ALL: LockClass = {
  id: 'database:all',
  name: 'database',
  file: '',
  primitive: ADVISORY,
  permits: 1,
  declaredAt: { file: '', start: 0, end: 0 },
};

/** All that a session holds, or all that it holds to the end of its transaction. */
export function allOf(session: Session, all: 'session' | 'transaction'): LockRef {
  return { cls: ALL, path: undefined, session, all };
}

/** The lock that an operation names. */
export function lockNamed(
  activation: Activation,
  operation: Exclude<LockOperation, { kind: 'begin' | 'end' }>,
  sql: SentSql,
  session: Session,
  node: Ts.Node,
): LockRef {
  const { locks } = activation.engine;
  const source = node.getSourceFile();
  if (operation.kind === 'rows') {
    return {
      cls: locks.ofDatabase('rows', ROWS, `[${JSON.stringify(operation.table)}]`, source),
      path: 'g:',
      session,
    };
  }
  const key = operation.key && keyOf(operation.key, sql);
  if (key && 'constant' in key) {
    return { cls: locks.ofDatabase('advisory', ADVISORY, `[${key.constant}]`, source), path: 'g:', session };
  }
  return {
    cls: locks.ofDatabase('advisory', ADVISORY, '[*]', source),
    path: `g:[${key?.path ?? UNKNOWN_PATH}]`,
    session,
  };
}

/** What names an advisory lock: constants as the config spells them, or the path of what is computed. */
function keyOf(
  given: readonly KeyArgument[],
  sql: SentSql,
): { readonly constant: string } | { readonly path: string | undefined } {
  const values = given.map((argument) => keyValue(argument, sql));
  const constants = values.flatMap((value) =>
    value?.kind === 'constant' ? [JSON.stringify(value.value)] : [],
  );
  if (constants.length === values.length) return { constant: constants.join(',') };
  const [only] = values;
  if (values.length === 1) return { path: pathOf(only) };
  return { path: pathOf(textOf(values.flatMap((value, index) => (index > 0 ? [',', value] : [value])))) };
}

function keyValue({ parts, isText }: KeyArgument, sql: SentSql): Value | undefined {
  const known = partsOfKey(parts, sql);
  const [only] = known;
  const value = known.length === 1 && only && typeof only !== 'string' ? only : textOf(known);
  if (value.kind !== 'constant' || isText) return value;
  // The database takes the digits of a text for the number.
  const isNumber = /^-?\d+$/.test(String(value.value)) && Number.isSafeInteger(Number(value.value));
  return isNumber ? { kind: 'constant', value: Number(value.value) } : value;
}

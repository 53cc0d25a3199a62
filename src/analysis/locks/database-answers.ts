import { type Ts, ts } from '../../syntax/ts.ts';
import { nameText, rightmostName, skipParentheses } from '../code.ts';
import type { AdvisoryLock, RowLock } from '../sql/lock-operations.ts';
import { UNKNOWN_PATH } from './paths.ts';
import type { Value } from './values.ts';

/** The rows of a query that tries to take a lock: one row, with a column that tells whether it was granted. */
export function answer(
  node: Ts.Node,
  operation: AdvisoryLock | RowLock,
  how: 'granted' | 'refused',
): Value | undefined {
  if (operation.kind === 'rows') return undefined;
  const granted: Value = { kind: 'constant', value: how === 'granted' };
  const row: Value = { ...ANSWER, properties: new Map([[operation.column, granted]]) };
  const rows: Value = { kind: 'collection', path: UNKNOWN_PATH, items: [row], element: row, sorted: false };
  if (isList(node)) return rows;
  const properties = new Map<string, Value>([
    ['rows', rows],
    ['0', row],
  ]);
  return { ...ANSWER, properties };
}

const ANSWER = { kind: 'object', path: UNKNOWN_PATH, isAnswer: true } as const;

/** Tags, and the raw queries of Prisma, answer with the rows alone. */
function isList(node: Ts.Node): boolean {
  const callee = ts.isCallExpression(node) ? skipParentheses(node.expression) : undefined;
  const name = callee && rightmostName(callee);
  return ts.isTaggedTemplateExpression(node) || /^\$queryRaw/.test((name && nameText(name)) ?? '');
}

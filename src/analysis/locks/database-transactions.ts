import { type Ts, ts } from '../../syntax/ts.ts';
import { nameText, rightmostName, skipParentheses } from '../code.ts';
import type { Activation } from './activation.ts';
import { argumentsOf, runUnder, startTask } from './calls.ts';
import { allOf } from './database-locks.ts';
import { pooledQuery, waitForConnection } from './database-pools.ts';
import { isPool, isTakenSession, sessionOf, takenSession } from './database-sessions.ts';
import { isMember } from './members.ts';
import { parametersOf } from './parameters.ts';
import { SOMETIME } from './surroundings.ts';
import { type Acquisition, membersOf, type Outcome, pathOf, UNIT } from './values.ts';
import { bind, releaseLock, type World } from './world.ts';

/** A call of a database client that sends no SQL of its own: what takes a connection, or begins or ends a transaction. */
export function inDatabase(
  activation: Activation,
  node: Ts.CallExpression,
  world: World,
): readonly World[] | undefined {
  if (!activation.engine.databases) return undefined;
  const callee = skipParentheses(node.expression);
  const name = rightmostName(callee);
  const method = (name && nameText(name)) ?? '';
  if (!isMember(callee)) return undefined;
  const client = callee.expression;
  return (
    (ENDS.test(method) ? [ended(activation, node, client, 'transaction', world)] : undefined) ??
    (CLOSES.test(method) && closes(node, method)
      ? [ended(activation, node, client, 'session', world)]
      : undefined) ??
    transaction(activation, node, client, method, world) ??
    checkout(activation, node, client, method, world) ??
    pooledQuery(activation, node, world)
  );
}

const ENDS = /^(?:commit|rollback)(?:Transaction)?$/;
const CLOSES = /^(?:end|destroy|release)$/;

/** A client that is given back to its pool keeps its session, unless it is thrown away. */
function closes(node: Ts.CallExpression, method: string): boolean {
  const [first] = node.arguments;
  return method !== 'release' || (first !== undefined && first.kind === ts.SyntaxKind.TrueKeyword);
}

function ended(
  activation: Activation,
  node: Ts.CallExpression,
  client: Ts.Expression,
  all: 'session' | 'transaction',
  world: World,
): World {
  const session = sessionOf(activation, client, world);
  return startTask(node, { acquisitions: [], outcomes: [UNIT] }, releaseLock(world, allOf(session, all)));
}

const TRANSACTIONS =
  /^(?:\$?transaction|begin|savepoint|transactional|tx|(?:with|in|run|run\w*In)Transaction|withTx|inTx)$/;

/** `db.transaction(async (tx) => …)`: the callback runs on a connection of its own, and at its end the transaction ends. */
function transaction(
  activation: Activation,
  node: Ts.CallExpression,
  client: Ts.Expression,
  method: string,
  world: World,
): readonly World[] | undefined {
  const root = TRANSACTIONS.test(method) ? client : method === 'execute' ? chainRoot(client) : undefined;
  if (!root) return undefined;
  const callbacks = argumentsOf(activation, node, world)
    .flatMap((argument) => membersOf(argument))
    .filter((member) => member.kind === 'closure');
  if (callbacks.length === 0) return undefined;
  const outer = activation.evaluate(root, world);
  const isInner = isTakenSession(outer);
  const own = isInner ? outer : takenSession(activation, node, pathOf(outer));
  const wait = isInner ? undefined : waitForConnection(activation, node, root, world);
  const acquisitions: Acquisition[] = wait ? [wait] : [];
  const outcomes: Outcome[] = [];
  const rejections: Outcome[] = [];
  for (const callback of callbacks) {
    const task = runUnder(activation, node, callback, [own], [], world, 'here', SOMETIME);
    const end = (outcome: Outcome): Outcome => (isInner ? outcome : afterTransaction(outcome));
    acquisitions.push(...task.acquisitions);
    outcomes.push(...task.outcomes.map(end));
    rejections.push(...(task.rejections ?? []).map(end));
  }
  const task = { acquisitions, outcomes, ...(rejections.length > 0 && { rejections }) };
  return [startTask(node, task, world)];
}

/** What is left of what was taken when its transaction has ended, one way or the other. */
export function afterTransaction(outcome: Outcome): Outcome {
  return { ...outcome, held: outcome.held.filter(({ ofTransaction }) => !ofTransaction) };
}

/** `db` in `db.transaction().setIsolationLevel('serializable').execute(…)` */
function chainRoot(node: Ts.Expression): Ts.Expression | undefined {
  let at = skipParentheses(node);
  while (ts.isCallExpression(at) && ts.isPropertyAccessExpression(at.expression)) {
    const { name, expression } = at.expression;
    if (/^(?:transaction|connection)$/.test(name.text)) return expression;
    at = skipParentheses(expression);
  }
  return undefined;
}

const CHECKOUTS =
  /^(?:connect|reserve|getConnection|acquireConnection|checkout|createQueryRunner|startTransaction|transaction)$/;

/** `pool.connect()`: a connection of one's own. */
function checkout(
  activation: Activation,
  node: Ts.CallExpression,
  client: Ts.Expression,
  method: string,
  world: World,
): readonly World[] | undefined {
  if (!CHECKOUTS.test(method) || !isPool(activation, client)) return undefined;
  const lent = onLoan(activation, node, client, world);
  if (lent) return lent;
  const session = takenSession(activation, node, pathOf(activation.evaluate(client, world)));
  if (method === 'createQueryRunner') return [bind(world, node, session)];
  const wait = waitForConnection(activation, node, client, world);
  const acquisitions = wait ? [wait] : [];
  return [startTask(node, { acquisitions, outcomes: [{ ...UNIT, value: session }] }, world)];
}

/** `pool.connect(async (connection) => …)`: a connection for as long as the callback runs. */
function onLoan(
  activation: Activation,
  node: Ts.CallExpression,
  client: Ts.Expression,
  world: World,
): readonly World[] | undefined {
  const [callback] = argumentsOf(activation, node, world);
  // One that is told of an error first has the connection for longer.
  const isLoan = callback?.kind === 'closure' && parametersOf(callback.fn).length === 1;
  if (!isLoan) return undefined;
  const own = takenSession(activation, node, pathOf(activation.evaluate(client, world)));
  const wait = waitForConnection(activation, node, client, world);
  const task = runUnder(activation, node, callback, [own], [], world, 'here', SOMETIME);
  return [startTask(node, { ...task, acquisitions: [...(wait ? [wait] : []), ...task.acquisitions] }, world)];
}

import type { LockPrimitive } from '../../config/types.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { nameText, rightmostName, skipParentheses } from '../code.ts';
import type { Activation } from './activation.ts';
import { acquisitionOf, heldBy, startTask } from './calls.ts';
import { isPool } from './database-sessions.ts';
import { isJoined } from './joined.ts';
import { isMember } from './members.ts';
import { type Acquisition, type Held, pathOf, UNIT } from './values.ts';
import { isSamePool, type World } from './world.ts';

/** A pool of connections is a semaphore: whoever sends a query waits until it has one left. */
const POOL: LockPrimitive = { type: 'pool', grants: 'void' };

/** Names of values by which a pool may be meant: others are not asked about. */
const MAY_BE_POOL = /pool|db|database|prisma|knex|sql|sequelize|drizzle|kysely|source|pglite|pg/i;

/** The wait for a connection that a query on a pool begins with; undefined for what is no pool of the program's. */
export function waitForConnection(
  activation: Activation,
  node: Ts.Node,
  pool: Ts.Expression,
  world: World,
): Acquisition | undefined {
  const name = rightmostName(skipParentheses(pool));
  const isNear = [...world.held, ...world.outer].some(({ lock }) => lock.session?.kind === 'taken');
  if (!name || !(isNear || MAY_BE_POOL.test(nameText(name) ?? '')) || !isPool(activation, pool))
    return undefined;
  const { code, identity } = activation.engine;
  const declaration = code.declarationNode(name);
  const path = pathOf(activation.evaluate(pool, world));
  if (!declaration || path === undefined) return undefined;
  const lock = { cls: identity.poolOf(declaration, POOL), path };
  return acquisitionOf(heldBy(activation, node, lock, 'exclusive', world.segment));
}

/** A query that takes no lock: on a pool, it takes a connection for as long as it runs. */
export function pooledQuery(
  activation: Activation,
  node: Ts.CallExpression | Ts.TaggedTemplateExpression,
  world: World,
): readonly World[] | undefined {
  const pool = isSent(node) ? rootOf(node) : undefined;
  const wait = pool && waitForConnection(activation, node, pool, world);
  return wait && [startTask(node, { acquisitions: [wait], outcomes: [UNIT] }, world)];
}

/** `db` in `await db.select().from(orders)`: builders are run by whoever waits for them. */
function rootOf(node: Ts.CallExpression | Ts.TaggedTemplateExpression): Ts.Expression | undefined {
  let at = skipParentheses(ts.isCallExpression(node) ? node.expression : node.tag);
  if (ts.isTaggedTemplateExpression(node) && ts.isIdentifier(at)) return at;
  while (isMember(at) || ts.isCallExpression(at)) {
    const inner = skipParentheses(at.expression);
    if (isMember(at) && !ts.isCallExpression(inner) && !isModel(inner)) return inner as Ts.Expression;
    if (ts.isCallExpression(at) && ts.isIdentifier(inner)) return inner;
    at = inner;
  }
  return undefined;
}

/** `prisma.user` in `prisma.user.findMany()`: the models are reached through the client. */
function isModel(node: Ts.Node): boolean {
  const name = isMember(node) ? rightmostName(node.expression) : undefined;
  return name !== undefined && /prisma/i.test(nameText(name) ?? '');
}

/** Whether a call sends its query itself, or is waited for, which is when a builder does. */
function isSent(node: Ts.CallExpression | Ts.TaggedTemplateExpression): boolean {
  if (isJoined(node)) return true;
  const callee = skipParentheses(ts.isCallExpression(node) ? node.expression : node.tag);
  const name = isMember(callee) ? rightmostName(callee) : undefined;
  return name !== undefined && SENDS.test(nameText(name) ?? '');
}

const SENDS = /^\$?(?:query|execute)(?:Raw(?:Unsafe)?)?$/;

/**
 * Whether a session waits for another connection of the pool that its own comes from, with a lock in its hands: those
 * who wait for the lock keep connections meanwhile, up to the last one.
 */
export function exhausts({ lock, isTried }: Held, inner: Acquisition): boolean {
  const { session, cls } = lock;
  if (session?.kind !== 'taken' || !isSamePool(session.pool, inner.lock.path)) return false;
  // Nobody waits for what is only tried: there is one holder then, unless there are many keys.
  return !isTried || cls.database === 'rows' || cls.name.endsWith('[*]');
}

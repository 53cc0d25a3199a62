import { type Ts, ts } from '../../syntax/ts.ts';
import { type NameNode, rightmostName, skipParentheses } from '../code.ts';
import type { Activation } from './activation.ts';
import { POOL_NAMES } from './database-words.ts';
import { idOf } from './keys.ts';
import { callSpan } from './record.ts';
import { type Opaque, type Path, pathOf, type Session, type Value } from './values.ts';
import type { World } from './world.ts';

/** Types of what hands a connection to each query, or to whoever asks for one. */
const POOLS = /(?:Pool|Database|Db)$|^(?:Kysely|Knex|PrismaClient|DataSource|PGlite|Sequelize|Sql)$/;
/** The session that SQL runs on which is sent by a method of an object, or by a tag. */
export function sessionOf(activation: Activation, client: Ts.Expression | undefined, world: World): Session {
  const value = client && activation.evaluate(client, world);
  const path = pathOf(value);
  if (value?.kind === 'opaque' && value.session) return { path, kind: 'taken', ...value.session };
  return client && isPool(activation, client)
    ? { path, kind: 'any', pool: path, at: undefined }
    : { path, kind: 'given', pool: undefined, at: undefined };
}

/** Whether an expression stands for a pool of connections, or for what keeps one. */
export function isPool(activation: Activation, client: Ts.Expression): boolean {
  const name = rightmostName(skipParentheses(client));
  if (!name) return false;
  const types = typeNames(activation, name);
  if (types.some((one) => POOLS.test(one))) return true;
  return POOL_NAMES.test(name.text) && !types.some((one) => SESSIONS.test(one));
}

/** Whether a pool is certain to have more than one connection, by its type and by what it is made with. */
export function isManyConnections(activation: Activation, pool: Ts.Expression): boolean {
  const name = rightmostName(skipParentheses(pool));
  const declaration = name && activation.engine.code.declarationNode(name);
  const { initializer } = (declaration ?? {}) as { initializer?: Ts.Expression };
  const isSingle = initializer !== undefined && /\bmax['"]?\s*:\s*1\b/.test(initializer.getText());
  return name !== undefined && !isSingle && typeNames(activation, name).some((one) => MANY.test(one));
}

const MANY = /Pool$|^(?:Kysely|Knex|PrismaClient|DataSource|Sequelize|Sql)$/;

function typeNames({ engine }: Activation, name: NameNode): readonly string[] {
  const names = engine.code
    .typeEntities(name)
    .map((entity) => (entity.kind === 'external' ? entity.name : nameOfType(entity.node)));
  return names.flatMap((one) => (one !== undefined && one !== '__type' ? [one] : []));
}

/** Names of types and values that are one connection, or a transaction. */
const SESSIONS =
  /^(?:t|c|conn|cx)$|Transaction|(?:^|[a-z_])(?:tx|trx)$|^(?:tx|trx)|Tx$|Trx$|[cC]lient(?:Base)?$|[cC]onnection$|[sS]ession$|[rR]unner$|[mM]anager$/;

/**
 * Whether what is taken to the end of a transaction outlives its statement: on a connection of one's own. Of a value
 * that may be either, its type and its name tell.
 */
export function keepsTransaction(
  activation: Activation,
  session: Session,
  client: Ts.Expression | undefined,
): boolean {
  if (session.kind !== 'given' || !client) return session.kind !== 'any';
  const name = rightmostName(skipParentheses(client));
  return name !== undefined && [name.text, ...typeNames(activation, name)].some((one) => SESSIONS.test(one));
}

function nameOfType(node: Ts.Node): string | undefined {
  const { name } = node as { name?: Ts.Node };
  return name && ts.isIdentifier(name) ? name.text : undefined;
}

/** A connection that a place of the program takes, or a transaction that it begins. */
export function takenSession(activation: Activation, node: Ts.Node, pool: Path | undefined): Opaque {
  const at = callSpan(activation.engine.code, node);
  return { kind: 'opaque', path: `n${idOf(node)}`, present: true, session: { pool, at } };
}

export function isTakenSession(value: Value | undefined): value is Opaque {
  return value?.kind === 'opaque' && value.session !== undefined;
}

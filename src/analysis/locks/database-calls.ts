import { type Ts, ts } from '../../syntax/ts.ts';
import type { CallLike } from '../cfg.ts';
import { nameText, rightmostName, skipParentheses } from '../code.ts';
import { queryUse } from '../inserts/query-calls.ts';
import {
  type AdvisoryLock,
  type LockOperation,
  lockOperations,
  type RowLock,
} from '../sql/lock-operations.ts';
import type { Activation } from './activation.ts';
import { acquisitionOf, heldBy, startTask } from './calls.ts';
import { answer } from './database-answers.ts';
import { type BuiltLock, builtLock } from './database-builders.ts';
import { allOf, lockNamed } from './database-locks.ts';
import { waitForConnection } from './database-pools.ts';
import { isManyConnections, keepsTransaction, sessionOf } from './database-sessions.ts';
import { type SentSql, sentSql, sqlOf, sqlTemplate, templateSql } from './database-texts.ts';
import { isMember } from './members.ts';
import { type Acquisition, type Held, type Outcome, type Session, UNIT } from './values.ts';
import { releaseLock, type World } from './world.ts';

/** A call that sends SQL which takes or gives back locks; undefined for any other. */
export function queryCall(
  activation: Activation,
  node: CallLike,
  world: World,
): readonly World[] | undefined {
  if (!activation.engine.databases || ts.isNewExpression(node)) return undefined;
  const built = ts.isCallExpression(node) ? builtLock(activation, node, world) : undefined;
  if (built) return [ofBuilder(activation, node, built, world)];
  const query = queryOf(activation, node, world);
  const operations = query ? lockOperations(query.sql.text) : [];
  if (!query || operations.length === 0) return undefined;
  const session = sessionOf(activation, query.client, world);
  const wait =
    query.client && session.kind === 'any' && waitForConnection(activation, node, query.client, world);
  return [perform(activation, node, operations, query, session, wait ? [wait] : [], world)];
}

/** A query builder that locks rows: outside of a transaction, only for as long as its statement runs. */
function ofBuilder(
  activation: Activation,
  node: Ts.Node,
  { operation, client }: BuiltLock,
  world: World,
): World {
  const session = sessionOf(activation, client, world);
  const wait = session.kind === 'any' ? waitForConnection(activation, node, client, world) : undefined;
  const sql: SentSql = { text: '', valueFor: () => undefined };
  return perform(activation, node, [operation], { sql, client }, session, wait ? [wait] : [], world);
}

interface Query {
  readonly sql: SentSql;
  /** What sends it: an object, or the tag itself. */
  readonly client: Ts.Expression | undefined;
}

function queryOf(
  activation: Activation,
  node: Ts.CallExpression | Ts.TaggedTemplateExpression,
  world: World,
): Query | undefined {
  const callee = skipParentheses(ts.isTaggedTemplateExpression(node) ? node.tag : node.expression);
  const client = isMember(callee) ? callee.expression : undefined;
  if (ts.isTaggedTemplateExpression(node)) {
    if (isPiece(node)) return undefined;
    const sql = templateSql(activation, node.template, world);
    return { sql, client: client ?? (callee as Ts.Expression) };
  }
  const name = rightmostName(callee);
  const text = name && nameText(name);
  if (!name || text === undefined) return undefined;
  if (!MAY_QUERY.test(text)) return IGNORES.test(text) ? undefined : sentBy(activation, node, client, world);
  // `sql\`…\`.execute(db)`
  const own = client && text === 'execute' ? sqlTemplate(client) : undefined;
  if (own) return { sql: templateSql(activation, own.template, world), client: node.arguments[0] };
  const use = queryUse(node, activation.engine.code.entities(name));
  if (use !== 'executes' && !(use === 'wraps' && client && !isPiece(node))) return undefined;
  const sql = sentSql(activation, node, world);
  return sql && lockOperations(sql.text).length > 0
    ? { sql, client }
    : sentBy(activation, node, client, world);
}

/** A call under any name that is handed SQL of locks, where it is written: by itself, or behind a client. */
function sentBy(
  activation: Activation,
  node: Ts.CallExpression,
  client: Ts.Expression | undefined,
  world: World,
): Query | undefined {
  const words = activation.engine.databases;
  const [first, second, third] = node.arguments;
  const isFirst = words?.isText(first) === true;
  const text = isFirst ? first : words?.isText(second) ? second : undefined;
  const sql = text && sqlOf(activation, text, isFirst ? second : third, world);
  return sql && { sql, client: isFirst ? client : first };
}

/** Functions that do something else with a text. */
const IGNORES =
  /^(?:log|debug|info|warn|error|trace|verbose|print|push|unshift|add|set|has|delete|concat|join|split|match|test|replace(?:All)?|includes|startsWith|endsWith|indexOf|expect|assert|is|equal|deepEqual|format|prepare|escape|require|resolve|reject)$/;

/** A first look at the name, so that few calls cost a question. */
const MAY_QUERY =
  /query|exec|run|raw|unsafe|sql|^(?:all|any|anyFirst|batch|each|exists|get|iterate|many|manyFirst|manyOrNone|maybeOne|maybeOneFirst|multi|multiResult|none|one|oneFirst|oneOrNone|result|stream)$|Statement$/i;

/** Whether a template or call is part of another query, or of a value, and not sent by itself. */
function isPiece(node: Ts.Node): boolean {
  let at = node;
  while (
    ts.isParenthesizedExpression(at.parent) ||
    ts.isAsExpression(at.parent) ||
    ts.isNonNullExpression(at.parent)
  ) {
    at = at.parent;
  }
  const { parent } = at;
  if (ts.isPropertyAccessExpression(parent) && parent.expression === at) {
    return ts.isTaggedTemplateExpression(node) && /^execute$/.test(parent.name.text);
  }
  if (ts.isTemplateSpan(parent) || ts.isPropertyAssignment(parent)) return true;
  if (ts.isVariableDeclaration(parent)) return ts.isTaggedTemplateExpression(node);
  return ts.isCallExpression(parent) && parent.expression !== at;
}

/** Takes and gives back in the order of the text. What is taken is held once the query is waited for. */
function perform(
  activation: Activation,
  node: Ts.Node,
  operations: readonly LockOperation[],
  { sql, client }: Query,
  session: Session,
  before: readonly Acquisition[],
  world: World,
): World {
  let next = world;
  const keeps: Keeps = {
    transactions: keepsTransaction(activation, session, client),
    nothing: client !== undefined && session.kind === 'any' && isManyConnections(activation, client),
  };
  const statement: Statement = { activation, node, sql, session, keeps };
  let taken: readonly Taken[] = [];
  for (const operation of operations) {
    switch (operation.kind) {
      case 'begin':
        break;
      case 'end':
        next = releaseLock(next, allOf(session, 'transaction'));
        taken = taken.map((one) => ({ ...one, isOver: one.isOver || one.held.ofTransaction === true }));
        break;
      case 'unlock-all':
        next = releaseLock(next, allOf(session, 'session'));
        break;
      case 'unlock':
        next = releaseLock(next, lockNamed(activation, operation, sql, session, node));
        break;
      default:
        taken = [...taken, take(statement, operation, next, taken.length)];
    }
  }
  return taken.length > 0
    ? grant(activation, node, taken, before, next)
    : startTask(node, { acquisitions: before, outcomes: [UNIT] }, next);
}

/** SQL that is sent, and the session that it runs on. */
interface Statement {
  readonly activation: Activation;
  readonly node: Ts.Node;
  readonly sql: SentSql;
  readonly session: Session;
  readonly keeps: Keeps;
}

/** What a connection keeps when its statement is over. */
interface Keeps {
  readonly transactions: boolean;
  /** It goes back to the pool, with the locks of its session. */
  readonly nothing: boolean;
}

interface Taken {
  readonly held: Held;
  readonly acquisition: Acquisition;
  readonly operation: AdvisoryLock | RowLock;
  /** It is given back when the statement ends: nothing keeps the transaction open. */
  readonly isOver: boolean;
}

function take(
  { activation, node, sql, session, keeps }: Statement,
  operation: AdvisoryLock | RowLock,
  { segment }: World,
  index: number,
): Taken {
  const lock = lockNamed(activation, operation, sql, session, node);
  const one = heldBy(activation, node, lock, operation.isShared ? 'shared' : 'exclusive', segment);
  const ofTransaction = operation.kind === 'rows' || operation.ofTransaction;
  const held: Held = {
    ...one,
    ...(index > 0 && { token: `${index}/${one.token}` }),
    ...(ofTransaction && { ofTransaction }),
    ...(operation.tries && { isTried: true }),
    ...(keeps.nothing && !ofTransaction && { isLost: true }),
  };
  return {
    held,
    acquisition: acquisitionOf(held),
    operation,
    isOver: ofTransaction && !keeps.transactions,
  };
}

function grant(
  activation: Activation,
  node: Ts.Node,
  taken: readonly Taken[],
  before: readonly Acquisition[],
  world: World,
): World {
  const { record } = activation.engine;
  for (const { held, operation, isOver } of taken) {
    record.noteTaking(held.at, held.lock);
    if (operation.kind === 'rows' && operation.isUnordered && !operation.tries && !isOver) {
      record.noteUnordered(held, world);
    }
  }
  const waiting = taken.filter(({ operation }) => !operation.tries);
  // One statement takes its locks one after another.
  for (const [index, { acquisition }] of waiting.entries()) {
    for (const { held } of waiting.slice(0, index)) {
      activation.engine.edge(
        activation.call.fn,
        { ...held, segment: undefined },
        acquisition,
        [held],
        world,
        false,
      );
    }
  }
  const held = taken.filter(({ isOver }) => !isOver).map((one) => one.held);
  const tried = taken.find(({ operation }) => operation.tries);
  const won: Outcome = { ...UNIT, held, value: tried && answer(node, tried.operation, 'granted') };
  const lost: Outcome = { ...UNIT, value: tried && answer(node, tried.operation, 'refused') };
  const acquisitions = [...before, ...waiting.map(({ acquisition }) => acquisition)];
  return startTask(node, { acquisitions, outcomes: tried ? [won, lost] : [won] }, world);
}

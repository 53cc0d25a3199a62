import { type Ts, ts } from '../../syntax/ts.ts';
import { chainOf, declaredTable, isInnerLink, type Link, optionOf } from '../builder-chains.ts';
import { nameText, rightmostName, skipParentheses } from '../code.ts';
import type { RowLock } from '../sql/lock-operations.ts';
import type { Activation } from './activation.ts';
import type { World } from './world.ts';

/** Rows that a query builder locks, and what the query runs on. */
export interface BuiltLock {
  readonly operation: RowLock;
  readonly client: Ts.Expression;
}

/** The rows that a chain of calls locks: `trx('orders').whereIn('id', ids).forUpdate()`. */
export function builtLock(
  activation: Activation,
  node: Ts.CallExpression,
  world: World,
): BuiltLock | undefined {
  if (isInnerLink(node)) return undefined;
  const { links, root } = chainOf(node);
  const found = lockOfOptions(activation, links, root);
  if (found) return found;
  const locking = links.find((link) => strengthOf(link) !== undefined);
  const strength = locking && strengthOf(locking);
  if (!locking || strength === undefined) return undefined;
  const table = tableOf(activation, links, world);
  if (table === undefined) return undefined;
  const names = links.map(({ name }) => name);
  const tries =
    names.some((name) => /^(?:skipLocked|noWait|nowait)$/.test(name)) || WAITS_FOR_NOBODY.test(text(locking));
  const own = links.find(({ name }) => /^(?:transacting|setQueryRunner)$/.test(name))?.args[0];
  return {
    operation: {
      kind: 'rows',
      table,
      isShared: strength === 'shared',
      tries,
      isUnordered: isUnordered(links),
    },
    client: own ?? root,
  };
}

/** `manager.findOne(Account, { lock: { mode: 'pessimistic_write' } })`, `Account.findAll({ lock: true, transaction })` */
function lockOfOptions(
  activation: Activation,
  links: readonly Link[],
  root: Ts.Expression,
): BuiltLock | undefined {
  const last = links.at(-1);
  const options = last?.args.map(skipParentheses).find(ts.isObjectLiteralExpression);
  const lock = options && optionOf(options, 'lock');
  if (!last || !options || !lock || !/^find/.test(last.name)) return undefined;
  const transaction = optionOf(options, 'transaction');
  const [first] = last.args;
  // Of TypeORM the manager is the session and the first argument the table; of Sequelize it is the other way round.
  const subject = transaction ? root : first && first !== options ? first : undefined;
  const name = subject && rightmostName(skipParentheses(subject));
  const mode = lock.getText();
  const isShared = /pessimistic_read|SHARE/.test(mode);
  if (!name || !(isShared || (transaction ? /^true$|UPDATE/ : /pessimistic_write/).test(mode)))
    return undefined;
  const declaration = activation.engine.code.declarationNode(name);
  const table = (declaration && declaredTable(declaration)) ?? nameText(name) ?? '';
  const where = optionOf(options, 'where')?.getText();
  const isOne = /^find(?:One|ByPk|ById)/.test(last.name) || optionOf(options, 'order') !== undefined;
  const isSeveral = where === undefined || /\bIn\(|Op\.in\b|:\s*\[/.test(where);
  const tries = /skipLocked\s*:\s*true|onLocked|nowait/.test(options.getText());
  return {
    operation: { kind: 'rows', table, isShared, tries, isUnordered: !isOne && isSeveral },
    client: transaction ?? root,
  };
}

function strengthOf({ name, args }: Link): 'exclusive' | 'shared' | undefined {
  if (/^for(?:NoKey)?Update$/.test(name)) return 'exclusive';
  if (/^for(?:Key)?Share$/.test(name)) return 'shared';
  const [first] = args;
  const mode = first && ts.isStringLiteralLike(first) ? first.text : '';
  if (name === 'for' && /^(?:no key )?update$/.test(mode)) return 'exclusive';
  if (name === 'for' && /^(?:key )?share$/.test(mode)) return 'shared';
  if (name !== 'setLock') return undefined;
  return /^pessimistic_write|^for_no_key_update/.test(mode)
    ? 'exclusive'
    : /^pessimistic_read|^for_key_share/.test(mode)
      ? 'shared'
      : undefined;
}

const WAITS_FOR_NOBODY =
  /skipLocked\s*:\s*true|noWait\s*:\s*true|pessimistic_partial_write|pessimistic_write_or_fail|skip_locked|nowait/;

function text({ args }: Link): string {
  return args.map((one) => one.getText()).join(', ');
}

/** The table that a builder selects from, by its name in the database where that is written. */
function tableOf(activation: Activation, links: readonly Link[], world: World): string | undefined {
  const from = links.find(({ name, args }) => FROM.test(name) && args.length > 0);
  const [subject] = from?.args ?? [];
  // An alias alone does not tell the table.
  if (!subject || (from?.name === 'createQueryBuilder' && ts.isStringLiteralLike(subject))) return undefined;
  const value = activation.evaluate(subject, world);
  if (value?.kind === 'constant' && typeof value.value === 'string') return value.value.split(/\s+/)[0];
  const name = rightmostName(skipParentheses(subject));
  const declaration = name && activation.engine.code.declarationNode(name);
  return (declaration && declaredTable(declaration)) ?? (name && nameText(name));
}

const FROM = /^(?:|from|selectFrom|table|createQueryBuilder|getRepository|into)$/;

/** Whether a builder may find several rows, in an order of its own. */
function isUnordered(links: readonly Link[]): boolean {
  const names = links.map(({ name }) => name);
  if (names.some((name) => ORDERS.test(name) || ONE.test(name))) return false;
  if (names.some((name) => /join/i.test(name))) return false;
  const conditions = links.filter(({ name }) => /where/i.test(name));
  if (conditions.length === 0) return true;
  return conditions.some((link) => /^(?:and|or)?whereIn$/i.test(link.name) || SEVERAL.test(text(link)));
}

const ORDERS = /order/i;
const ONE = /^(?:first|limit|take|getOne|getOneOrFail|findOne|executeTakeFirst|executeTakeFirstOrThrow|top)$/;
const SEVERAL = /\binArray\(|,\s*['"]in['"]\s*,|\bany\(|\bIN\s*\(|\bANY\s*\(/;

import type { Program } from '../../engine/program.ts';
import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { nameText, rightmostName, skipParentheses } from '../code.ts';
import { filesWithDatabaseLocks, hasLockOption, LOCK_END, LOCK_LINK, LOCK_TEXT } from './database-files.ts';

/** Names of values that are pools, where no type tells. */
export const POOL_NAMES = /^#?_?(?:\w*[pP]ool|db|database|prisma|knex|sequelize|dataSource|sql)$/;

/** Where the program speaks of locks of a database: nowhere in most, and then nothing is looked at. */
export class DatabaseWords {
  readonly files: readonly string[];
  /** The names of constants that hold such SQL. */
  readonly names: ReadonlySet<string>;

  constructor(program: Program) {
    this.files = filesWithDatabaseLocks(program);
    const names = new Set<string>();
    for (const file of this.files) {
      const tree = program.tree(file);
      if (tree) for (const name of constantsIn(tree.source)) names.add(name);
    }
    this.names = names;
  }

  /** Whether an expression is written as such SQL, or as the name of a constant that holds it. */
  isText(node: Ts.Node | undefined): boolean {
    const bare = node && skipParentheses(node);
    if (!bare) return false;
    if (ts.isTemplateExpression(bare)) {
      return isLockText(bare.head) || bare.templateSpans.some(({ literal }) => isLockText(literal));
    }
    const name = rightmostName(bare);
    return ts.isStringLiteralLike(bare)
      ? isLockText(bare)
      : name !== undefined && this.names.has(nameText(name) ?? '');
  }

  /** Whether a piece of source has to do with such a lock, by itself. */
  isAbout(node: Ts.Node): boolean {
    if (this.files.length === 0) return false;
    if (isLockText(node)) return true;
    if (ts.isIdentifier(node)) return this.names.has(node.text);
    return isEndOfGivenTransaction(node) || isLockLink(node);
  }
}

function isLockLink(node: Ts.Node): boolean {
  if (ts.isPropertyAssignment(node))
    return nameText(node.name) === 'lock' && hasLockOption(node.parent.getText());
  return (
    ts.isCallExpression(node) &&
    ts.isPropertyAccessExpression(node.expression) &&
    LOCK_LINK.test(`.${node.expression.name.text}(${node.arguments[0]?.getText() ?? ''}`)
  );
}

function isLockText(node: Ts.Node): boolean {
  if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node)) return LOCK_TEXT.test(node.text);
  if (ts.isTemplateMiddle(node) || ts.isTemplateTail(node))
    return LOCK_TEXT.test(node.text) || LOCK_END.test(node.text);
  return false;
}

const ending = new WeakMap<Ts.Node, boolean>();

/** Whether a function ends a transaction in its own code: that of what it is handed, or of what it begins itself. */
export function endsTransaction(fn: Ts.Node): boolean {
  let known = ending.get(fn);
  if (known === undefined) {
    known = ts.forEachChild(fn, (child) => hasEnd(child) || undefined) ?? false;
    ending.set(fn, known);
  }
  return known;
}

function hasEnd(node: Ts.Node): boolean {
  if (ts.isFunctionLike(node)) return false;
  if (ts.isCallExpression(node) && isEnd(node)) return true;
  return ts.forEachChild(node, (child) => hasEnd(child) || undefined) ?? false;
}

/** `client.query('COMMIT')`; `end` and `abort` are also events that anything may have. */
function isEnd({ expression, arguments: [text] }: Ts.CallExpression): boolean {
  const name = rightmostName(skipParentheses(expression));
  return (
    text !== undefined &&
    ts.isStringLiteralLike(text) &&
    /^\s*(?:commit|rollback|end|abort)\s*(?:work|transaction)?\s*;?\s*$/i.test(text.text) &&
    !EVENT_METHODS.test((name && nameText(name)) ?? '')
  );
}

const EVENT_METHODS = /^(?:on|once|off|emit|\w*Listener)$/;

const pooled = new WeakMap<Ts.Node, boolean>();

/** Whether a piece of source takes a connection from a pool, by the names of both. */
export function hasPoolCall(node: Ts.Node): boolean {
  let known = pooled.get(node);
  if (known === undefined) {
    known = isPoolCall(node) || (ts.forEachChild(node, (child) => hasPoolCall(child) || undefined) ?? false);
    if (ts.isFunctionLike(node)) pooled.set(node, known);
  }
  return known;
}

function isPoolCall(node: Ts.Node): boolean {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
  const { name, expression } = node.expression;
  if (!/^(?:connect|reserve|query|execute|\$?transaction|begin|\$queryRaw|\$executeRaw)$/.test(name.text))
    return false;
  const pool = rightmostName(skipParentheses(expression));
  return pool !== undefined && POOL_NAMES.test(nameText(pool) ?? '');
}

/** Whether a call ends a transaction that the function was handed: its callers hold what that gives back. */
function isEndOfGivenTransaction(node: Ts.Node): boolean {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
  if (!isEnd(node)) return false;
  const receiver = skipParentheses(node.expression.expression);
  if (!ts.isIdentifier(receiver)) return true;
  const local = resolveLocal(receiver);
  return local !== undefined && ts.isParameter(local);
}

/** The constants of a file, and of its classes, that hold SQL of locks. */
function constantsIn(source: Ts.SourceFile): readonly string[] {
  const found: string[] = [];
  const visit = (node: Ts.Node): void => {
    if (ts.isFunctionLike(node)) return;
    if ((ts.isVariableDeclaration(node) || ts.isPropertyDeclaration(node)) && node.initializer) {
      const name = nameText(node.name)?.replace(/^#/, '');
      if (name !== undefined && speaks(node.initializer)) found.push(name);
      return;
    }
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(source, visit);
  return found;
}

function speaks(node: Ts.Node): boolean {
  if (ts.isFunctionLike(node)) return false;
  return isLockText(node) || (ts.forEachChild(node, (child) => speaks(child) || undefined) ?? false);
}

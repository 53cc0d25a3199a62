import type { Program } from '../../engine/program.ts';
import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { nameText, rightmostName, skipParentheses } from '../code.ts';
import { filesWithDatabaseLocks, LOCK_END, LOCK_TEXT } from './database-files.ts';

/** Names of values that are pools, where no type tells. */
export const POOL_NAMES = /^#?_?(?:\w*[pP]ool|db|database|prisma|knex|sequelize|dataSource)$/;

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

  /** Whether a piece of source has to do with such a lock, or with the connections that hold one. */
  leads(node: Ts.Node): boolean {
    return this.files.length > 0 && (this.isAbout(node) || isPoolCall(node));
  }

  /** Whether a piece of source has to do with such a lock, by itself. */
  isAbout(node: Ts.Node): boolean {
    if (this.files.length === 0) return false;
    if (isLockText(node)) return true;
    if (ts.isIdentifier(node)) return this.names.has(node.text);
    return isEndOfGivenTransaction(node);
  }
}

function isLockText(node: Ts.Node): boolean {
  if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node)) return LOCK_TEXT.test(node.text);
  if (ts.isTemplateMiddle(node) || ts.isTemplateTail(node))
    return LOCK_TEXT.test(node.text) || LOCK_END.test(node.text);
  return false;
}

/** Whether a call, by its names, takes a connection from a pool. */
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
  const [text] = node.arguments;
  if (!text || !ts.isStringLiteralLike(text) || !/^\s*(?:commit|rollback|end|abort)\b/i.test(text.text))
    return false;
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

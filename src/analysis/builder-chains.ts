import { type Ts, ts } from '../syntax/ts.ts';
import { nameText, skipParentheses } from './code.ts';

/** One call of a chain of a query builder: `.where('id', 'in', ids)`. */
export interface Link {
  /** Empty for `trx('orders')`. */
  readonly name: string;
  readonly args: readonly Ts.Expression[];
  /** The name as it stands in the code; absent for `trx('orders')`. */
  readonly at?: Ts.Identifier | Ts.PrivateIdentifier;
}

/** The calls of a builder one after the other, and what the first of them is called on. */
export interface Chain {
  readonly links: readonly Link[];
  readonly root: Ts.Expression;
}

/** The chain that a call is the last link of. */
export function chainOf(node: Ts.CallExpression): Chain {
  const links: Link[] = [];
  let at: Ts.Node = node;
  for (;;) {
    at = skipParentheses(at);
    if (ts.isCallExpression(at)) {
      const callee = skipParentheses(at.expression);
      if (!ts.isPropertyAccessExpression(callee)) {
        links.unshift({ name: '', args: at.arguments });
        return { links, root: callee as Ts.Expression };
      }
      links.unshift({ name: callee.name.text, args: at.arguments, at: callee.name });
      at = callee.expression;
    } else if (ts.isPropertyAccessExpression(at) && !isReceiver(at)) at = at.expression;
    else return { links, root: at as Ts.Expression };
  }
}

/** `this.db`, or a member of a variable that keeps clients: it is what the chain begins with. */
function isReceiver({ expression, name }: Ts.PropertyAccessExpression): boolean {
  return !ts.isCallExpression(skipParentheses(expression)) && name.text !== 'manager';
}

/** Whether a call is a link of a longer chain: the last one runs the query. */
export function isInnerLink(node: Ts.Node): boolean {
  return linkAfter(node) !== undefined;
}

/** The call of the next link of a chain. */
export function linkAfter({ parent }: Ts.Node): Ts.CallExpression | undefined {
  return ts.isPropertyAccessExpression(parent) &&
    ts.isCallExpression(parent.parent) &&
    parent.parent.expression === parent &&
    !PROMISE.test(parent.name.text)
    ? parent.parent
    : undefined;
}

const PROMISE = /^(?:then|catch|finally)$/;

/** The value of a property of an object literal. */
export function optionOf(options: Ts.ObjectLiteralExpression, name: string): Ts.Expression | undefined {
  for (const property of options.properties) {
    if (!property.name || nameText(property.name) !== name) continue;
    if (ts.isPropertyAssignment(property)) return property.initializer;
    if (ts.isShorthandPropertyAssignment(property)) return property.name;
  }
  return undefined;
}

/** `pgTable('orders', …)`, `@Entity('orders') class Order` */
export function declaredTable(node: Ts.Node): string | undefined {
  if (ts.isVariableDeclaration(node) && node.initializer) {
    const made = skipParentheses(node.initializer);
    const first = ts.isCallExpression(made) ? made.arguments[0] : undefined;
    return first && ts.isStringLiteralLike(first) ? first.text : undefined;
  }
  if (!ts.isClassDeclaration(node)) return undefined;
  for (const { expression } of ts.getDecorators(node) ?? []) {
    const first = ts.isCallExpression(expression) ? expression.arguments[0] : undefined;
    const named = first && ts.isObjectLiteralExpression(first) ? tableOption(first) : first;
    if (named && ts.isStringLiteralLike(named)) return named.text;
  }
  return undefined;
}

/** `{ tableName: 'orders' }`, `{ name: 'orders' }` */
function tableOption(options: Ts.ObjectLiteralExpression): Ts.Expression | undefined {
  return optionOf(options, 'tableName') ?? optionOf(options, 'name');
}

import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, rightmostName, skipParentheses } from '../code.ts';
import { localDeclaration } from '../inserts/identifiers.ts';
import { isReassigned } from '../inserts/reaching.ts';

/** `undefined`, `new Map()`, `[]`, `{}`, and what is left of the field itself: `list.filter(…)`. */
export function isLess(value: Ts.Expression | undefined, code: Code, field: Ts.Node): boolean {
  return value !== undefined && (isEmpty(skipParentheses(value)) || isPart(value, code, field));
}

function isEmpty(value: Ts.Node): boolean {
  if (isNothing(value)) return true;
  if (ts.isArrayLiteralExpression(value)) return value.elements.length === 0;
  if (ts.isObjectLiteralExpression(value)) return value.properties.length === 0;
  return ts.isNewExpression(value) && (value.arguments ?? []).length === 0;
}

/** What a filter leaves of a field, in whatever new collection: `new Map([...map].filter(…))`, `{ ...rest }`. */
function isPart(value: Ts.Node, code: Code, field: Ts.Node): boolean {
  const bare = skipParentheses(value);
  const of = (inner: Ts.Node | undefined): boolean => inner !== undefined && isPart(inner, code, field);
  if (ts.isNewExpression(bare)) return of(bare.arguments?.[0]);
  if (ts.isArrayLiteralExpression(bare) || ts.isObjectLiteralExpression(bare)) {
    const [only, ...others] = ts.isArrayLiteralExpression(bare) ? bare.elements : bare.properties;
    const isCopy = only && (ts.isSpreadElement(only) || ts.isSpreadAssignment(only)) && others.length === 0;
    return isCopy === true && of(only.expression);
  }
  if (ts.isIdentifier(bare)) {
    const local = localDeclaration(bare);
    if (!local || !ts.isVariableDeclaration(local) || isReassigned(local, bare.text)) return false;
    return ts.isIdentifier(local.name) ? of(local.initializer) : isRestOf(local, bare.text, code, field);
  }
  if (!ts.isCallExpression(bare)) return false;
  const callee = skipParentheses(bare.expression);
  if (!ts.isPropertyAccessExpression(callee)) return false;
  if (/^(?:Object\.fromEntries|Array\.from)$/.test(callee.getText())) return of(bare.arguments[0]);
  return KEEPING.has(callee.name.text) ? mentions(callee.expression, code, field) : of(callee.expression);
}

/** `const { [key]: gone, ...rest } = this.record` */
function isRestOf(
  { name, initializer }: Ts.VariableDeclaration,
  rest: string,
  code: Code,
  field: Ts.Node,
): boolean {
  if (!ts.isObjectBindingPattern(name) || name.elements.length < 2 || !initializer) return false;
  const last = name.elements.at(-1);
  const isMeant = last?.dotDotDotToken !== undefined && last.name.getText() === rest;
  return isMeant && mentions(initializer, code, field);
}

function mentions(value: Ts.Node, code: Code, field: Ts.Node): boolean {
  const name = rightmostName(value);
  if (name && code.declarationNode(name) === field) return true;
  return ts.forEachChild(value, (child) => mentions(child, code, field) || undefined) === true;
}

/** Whether an expression is `undefined` or `null`. */
export function isNothing(value: Ts.Node): boolean {
  const bare = skipParentheses(value);
  const isUndefined = ts.isIdentifier(bare) && bare.text === 'undefined';
  return isUndefined || bare.kind === ts.SyntaxKind.NullKeyword || ts.isVoidExpression(bare);
}

/** Methods that make a collection of a part of another one. */
const KEEPING: ReadonlySet<string> = new Set(['filter', 'slice', 'toSpliced']);

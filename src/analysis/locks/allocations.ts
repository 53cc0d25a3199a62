import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, rightmostName, skipParentheses } from '../code.ts';
import { givenToField } from './constructor-parts.ts';
import { constructorOf } from './kept-fields.ts';

/** A declaration that a lock is called by, and what of it: an element. */
interface Place {
  readonly declaration: Ts.Node;
  readonly suffix: string;
}

/**
 * The place of a new lock that is one of several in an expression: the field that keeps it in `new Pair(new Mutex(),
 * new Mutex())`, the parameter in `pair(new Mutex(), new Mutex())`, the element of a tuple. What the whole expression is
 * assigned to is the name of none of them. A lock that is alone in there goes by that name.
 */
export function ownPlaceOf(
  node: Ts.Expression,
  isLock: (made: Ts.NewExpression) => boolean,
  code: Code,
): Place | undefined {
  const { around, whole } = surroundings(node);
  if (locksIn(whole, isLock) < 2) return undefined;
  const { parent } = around;
  if (ts.isArrayLiteralExpression(parent)) return elementOf(parent, around);
  if (!ts.isCallExpression(parent) && !ts.isNewExpression(parent)) return undefined;
  const index = parent.arguments?.indexOf(around) ?? -1;
  const name = rightmostName(parent.expression);
  const callee = name && code.declarationNode(name);
  const declaration = callee && index >= 0 ? placeGiven(callee, index, code) : undefined;
  return declaration && { declaration, suffix: '' };
}

/** An expression with what only wraps it, and all that is made together with it. */
function surroundings(node: Ts.Expression): { readonly around: Ts.Expression; readonly whole: Ts.Node } {
  let around: Ts.Expression = node;
  while (isWrapper(around.parent)) around = around.parent;
  let whole: Ts.Node = around;
  while (isMaking(whole.parent)) whole = whole.parent;
  return { around, whole };
}

function isWrapper(node: Ts.Node): node is Ts.Expression {
  return ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isSatisfiesExpression(node);
}

function isMaking(node: Ts.Node): boolean {
  return (
    isWrapper(node) ||
    ts.isNewExpression(node) ||
    ts.isCallExpression(node) ||
    ts.isArrayLiteralExpression(node)
  );
}

function locksIn(node: Ts.Node, isLock: (made: Ts.NewExpression) => boolean): number {
  if (ts.isFunctionLike(node)) return 0;
  let count = ts.isNewExpression(node) && isLock(node) ? 1 : 0;
  ts.forEachChild(node, (child) => {
    count += locksIn(child, isLock);
  });
  return count;
}

/** The element of a tuple that has a name and cannot be changed: `const locks = [new Mutex(), new Mutex()] as const`. */
function elementOf(array: Ts.ArrayLiteralExpression, element: Ts.Expression): Place | undefined {
  const { parent } = array;
  const isTuple = ts.isAsExpression(parent) && ts.isConstTypeReference(parent.type);
  const declaration = parent.parent;
  if (!isTuple || !(ts.isVariableDeclaration(declaration) || ts.isPropertyDeclaration(declaration)))
    return undefined;
  return ts.isIdentifier(declaration.name) || ts.isPrivateIdentifier(declaration.name)
    ? { declaration, suffix: `[${array.elements.indexOf(element)}]` }
    : undefined;
}

/** Where an argument is kept: the field of a class that holds it, else the parameter. */
function placeGiven(callee: Ts.Node, index: number, code: Code): Ts.Node | undefined {
  const made = ts.isClassLike(callee) ? constructorOf(callee, code) : functionOf(callee);
  const parameter = made?.parameters[index];
  if (!made || !parameter || parameter.dotDotDotToken) return undefined;
  const keeper = ts.isConstructorDeclaration(made)
    ? made.parent.members.find((member) => {
        const kept = givenToField(member);
        return kept?.making === made && kept.given.index === index && kept.given.members.length === 0;
      })
    : undefined;
  return keeper ?? (ts.isIdentifier(parameter.name) ? parameter : undefined);
}

function functionOf(node: Ts.Node): Ts.SignatureDeclaration | undefined {
  const value = ts.isVariableDeclaration(node) && node.initializer ? skipParentheses(node.initializer) : node;
  return ts.isFunctionLike(value) ? value : undefined;
}

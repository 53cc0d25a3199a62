import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { bodyOf, type CfgOwner } from '../cfg.ts';
import { type Code, nameText, rightmostName, skipParentheses } from '../code.ts';
import { returnedBy } from '../shapes.ts';
import { fieldAssignments } from './field-assignments.ts';
import { makerOf } from './makers.ts';
import { isSettable } from './unknown-callees.ts';

/**
 * The functions behind a member of an object that a function of the program has made: the `get` in the literal that
 * `createRef` returns, for the `ref.get` of `const ref = createRef()` and the `get` of `const { get } = createRef()`. The
 * compiler names the interface alone where the maker declares one. None, unless the object is always that one and the
 * maker shows all that it returns.
 */
export function membersMade(callee: Ts.Node, code: Code): readonly CfgOwner[] {
  const asked = askedOf(callee, code);
  if (!asked || !isLasting(asked.holder)) return [];
  const name = makerOf(asked.holder);
  const maker = name && functionOf(code.declarationNode(name));
  const returned = maker ? returnedBy(bodyOf(maker)) : [];
  const found = returned.map((value) => memberOf(value, asked.member));
  const functions = found.filter((member) => member !== undefined);
  return functions.length === found.length ? functions : [];
}

/** What holds the object that a callee is a member of, and the member's name there. */
function askedOf(callee: Ts.Node, code: Code): { holder: Ts.Node; member: string } | undefined {
  if (ts.isIdentifier(callee)) return takenOut(resolveLocal(callee));
  if (!ts.isPropertyAccessExpression(callee)) return undefined;
  const object = rightmostName(skipParentheses(callee.expression));
  const holder = object && code.declarationNode(object);
  return holder && { holder, member: callee.name.text };
}

/** `const { stop: halt } = join()`, in one step and with nothing in its place if there is none. */
function takenOut(local: Ts.Node | undefined): { holder: Ts.Node; member: string } | undefined {
  if (!local || !ts.isBindingElement(local) || local.initializer || local.dotDotDotToken) return undefined;
  const { parent: pattern } = local;
  const member = nameText(local.propertyName ?? local.name);
  if (!ts.isObjectBindingPattern(pattern) || member === undefined) return undefined;
  return { holder: pattern.parent, member };
}

/** Whether nothing else is ever put there. */
function isLasting(declaration: Ts.Node): boolean {
  if (ts.isVariableDeclaration(declaration))
    return (ts.getCombinedNodeFlags(declaration) & ts.NodeFlags.Const) !== 0;
  if (!ts.isPropertyDeclaration(declaration) || isSettable(declaration)) return false;
  const name = nameText(declaration.name);
  return name !== undefined && !fieldAssignments(declaration.parent).has(name);
}

function functionOf(node: Ts.Node | undefined): CfgOwner | undefined {
  const isVariable = node !== undefined && ts.isVariableDeclaration(node);
  if (isVariable && !isLasting(node)) return undefined;
  const value = isVariable ? node.initializer : node;
  const bare = value && skipParentheses(value);
  return bare && isPlainFunction(bare) ? bare : undefined;
}

/** The function under a name of an object literal, if nothing else can be meant. */
function memberOf(value: Ts.Expression, name: string): CfgOwner | undefined {
  const literal = skipParentheses(value);
  if (!ts.isObjectLiteralExpression(literal) || literal.properties.some(ts.isSpreadAssignment))
    return undefined;
  const member = literal.properties.find((property) => property.name && nameText(property.name) === name);
  if (member && ts.isShorthandPropertyAssignment(member)) return functionOf(resolveLocal(member.name));
  const made = member && ts.isPropertyAssignment(member) ? skipParentheses(member.initializer) : member;
  if (made && ts.isIdentifier(made)) return functionOf(resolveLocal(made));
  return made && isPlainFunction(made) ? made : undefined;
}

function isPlainFunction(
  node: Ts.Node,
): node is Ts.FunctionDeclaration | Ts.MethodDeclaration | Ts.FunctionExpression | Ts.ArrowFunction {
  return (
    ts.isArrowFunction(node) ||
    ts.isFunctionExpression(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isMethodDeclaration(node)
  );
}

/** Whether a function calls what it, or a function around it, is given, or hands it to another that may. */
export function passesOn(fn: CfgOwner): boolean {
  const isOwn = (node: Ts.Node): boolean => {
    const local = ts.isIdentifier(node) ? resolveLocal(node) : undefined;
    const owner = local && ts.findAncestor(local, ts.isParameter)?.parent;
    return (owner !== undefined && isAround(owner, fn)) || (ts.forEachChild(node, isOwn) ?? false);
  };
  const visit = (node: Ts.Node): boolean => {
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
      if ([node.expression, ...(node.arguments ?? [])].some(isOwn)) return true;
    }
    return ts.forEachChild(node, visit) ?? false;
  };
  return ts.forEachChild(fn, visit) ?? false;
}

function isAround(outer: Ts.Node, inner: Ts.Node): boolean {
  return ts.findAncestor(inner, (node) => node === outer) !== undefined;
}

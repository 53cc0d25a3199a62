import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { nameText, skipParentheses } from '../code.ts';
import { assignmentsTo } from './field-assignments.ts';

/** A parameter of a constructor, or a part of what it is given: `options.locks.table`. */
export interface Given {
  readonly index: number;
  readonly members: readonly string[];
}

/**
 * What an expression in a constructor takes of what the constructor is given: `mu`, `options.mu`, or a variable that
 * a pattern has taken out of it, `{ mu }`.
 */
export function givenPart(value: Ts.Expression, making: Ts.ConstructorDeclaration): Given | undefined {
  const bare = skipParentheses(value);
  if (ts.isPropertyAccessExpression(bare)) {
    return behind(givenPart(bare.expression, making), bare.name.text);
  }
  const local = ts.isIdentifier(bare) ? resolveLocal(bare) : undefined;
  return local && givenTo(local, making);
}

/** What a field takes of what the constructor of its class is given: `constructor(private mu)`, `this.mu = options.mu`. */
export function givenToField(
  node: Ts.Node,
): { readonly making: Ts.ConstructorDeclaration; readonly given: Given } | undefined {
  if (ts.isParameter(node)) {
    const making = node.parent;
    if (!ts.isConstructorDeclaration(making)) return undefined;
    return { making, given: { index: making.parameters.indexOf(node), members: [] } };
  }
  const name = ts.isPropertyDeclaration(node) ? nameText(node.name) : undefined;
  if (name === undefined || !ts.isClassLike(node.parent)) return undefined;
  for (const value of assignmentsTo(node.parent, name)) {
    const making = ts.findAncestor(value, ts.isConstructorDeclaration);
    const given = making && givenPart(value, making);
    if (given) return { making, given };
  }
  return undefined;
}

function givenTo(declaration: Ts.Node, making: Ts.ConstructorDeclaration): Given | undefined {
  if (ts.isParameter(declaration)) {
    const index = making.parameters.indexOf(declaration);
    return index < 0 ? undefined : { index, members: [] };
  }
  if (ts.isVariableDeclaration(declaration)) {
    const isConst = (ts.getCombinedNodeFlags(declaration) & ts.NodeFlags.Const) !== 0;
    return isConst && declaration.initializer ? givenPart(declaration.initializer, making) : undefined;
  }
  if (!ts.isBindingElement(declaration) || !ts.isObjectBindingPattern(declaration.parent)) return undefined;
  const whole = givenTo(declaration.parent.parent, making);
  // What is left over by a pattern still has its members by their names; a default is another value.
  if (declaration.dotDotDotToken) return whole;
  const name = nameText(declaration.propertyName ?? declaration.name);
  return declaration.initializer || name === undefined ? undefined : behind(whole, name);
}

function behind(whole: Given | undefined, member: string): Given | undefined {
  return whole && { index: whole.index, members: [...whole.members, member] };
}

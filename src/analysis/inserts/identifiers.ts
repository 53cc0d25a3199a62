import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { memberName } from '../code.ts';
import { isAssignmentOperator } from '../shapes.ts';

/** Whether an identifier stands for a value where it is: no declaration, no type, no key, no target of `=`. */
export function isValueUse(node: Ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  if (memberName(parent) === node || (parent as { name?: Ts.Node }).name === node) return false;
  if (ts.isBindingElement(parent) || ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent)) {
    return parent.initializer === node;
  }
  if (ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent) || ts.isLabeledStatement(parent))
    return false;
  if (ts.isBreakOrContinueStatement(parent) || ts.isTypeNode(parent) || ts.isTypeElement(parent))
    return false;
  return !(ts.isBinaryExpression(parent) && parent.left === node && isPlainAssignment(parent));
}

/** Whether an identifier is what an assignment, `++` or `--` changes. */
export function isWritten(node: Ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPrefixUnaryExpression(parent) || ts.isPostfixUnaryExpression(parent)) {
    return [ts.SyntaxKind.PlusPlusToken, ts.SyntaxKind.MinusMinusToken].includes(parent.operator);
  }
  if (!ts.isBinaryExpression(parent)) return ts.isArrayLiteralExpression(parent) && isPattern(parent);
  return parent.left === node && isAssignmentOperator(parent.operatorToken.kind);
}

function isPattern(array: Ts.ArrayLiteralExpression): boolean {
  const { parent } = array;
  return ts.isBinaryExpression(parent) && parent.left === array && isPlainAssignment(parent);
}

function isPlainAssignment(node: Ts.BinaryExpression): boolean {
  return node.operatorToken.kind === ts.SyntaxKind.EqualsToken;
}

/**
 * The declaration that stands for all of a name's: that of the whole pattern for what destructuring binds, the one with
 * a body for an overloaded function.
 */
export function declarationRoot(node: Ts.Node): Ts.Node {
  let at = node;
  while (ts.isBindingElement(at) || ts.isObjectBindingPattern(at) || ts.isArrayBindingPattern(at))
    at = at.parent;
  return ts.isFunctionDeclaration(at) && !at.body ? (implementationOf(at) ?? at) : at;
}

function implementationOf(overload: Ts.FunctionDeclaration): Ts.FunctionDeclaration | undefined {
  const { parent, name } = overload;
  if (!ts.isSourceFile(parent) && !ts.isBlock(parent) && !ts.isModuleBlock(parent)) return undefined;
  return parent.statements.find(
    (one): one is Ts.FunctionDeclaration =>
      ts.isFunctionDeclaration(one) && one.body !== undefined && one.name?.text === name?.text,
  );
}

/** The declaration in its file that a name stands for: a variable, a parameter, a function, an import …. */
export function localDeclaration(name: Ts.Identifier): Ts.Node | undefined {
  const found = resolveLocal(name);
  return found && declarationRoot(found);
}

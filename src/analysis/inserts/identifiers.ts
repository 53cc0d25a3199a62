import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { memberName, type NameNode } from '../code.ts';

const indexes = new WeakMap<Ts.SourceFile, ReadonlyMap<string, readonly NameNode[]>>();

/** The names in a file, by their text: identifiers, private names, and the strings of `a["b"]`. In order. */
export function namesIn(source: Ts.SourceFile): ReadonlyMap<string, readonly NameNode[]> {
  const known = indexes.get(source);
  if (known) return known;
  const index = new Map<string, NameNode[]>();
  const visit = (node: Ts.Node): void => {
    const isName =
      ts.isIdentifier(node) ||
      ts.isPrivateIdentifier(node) ||
      (ts.isStringLiteralLike(node) && memberName(node.parent) === node);
    if (isName) {
      const names = index.get(node.text);
      if (names) names.push(node);
      else index.set(node.text, [node]);
    }
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(source, visit);
  indexes.set(source, index);
  return index;
}

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

function isPlainAssignment(node: Ts.BinaryExpression): boolean {
  return node.operatorToken.kind === ts.SyntaxKind.EqualsToken;
}

/** The statement-level declaration that a binding belongs to: a pattern's elements stand for the whole. */
export function declarationRoot(node: Ts.Node): Ts.Node {
  let at = node;
  while (ts.isBindingElement(at) || ts.isObjectBindingPattern(at) || ts.isArrayBindingPattern(at))
    at = at.parent;
  return at;
}

/** The declaration in its file that a name stands for: a variable, a parameter, a function, an import …. */
export function localDeclaration(name: Ts.Identifier): Ts.Node | undefined {
  const found = resolveLocal(name);
  return found && declarationRoot(found);
}

import { type Ts, ts } from './ts.ts';

/** The function around a node, as reports name it: `Class.method`; empty at the top level of a file. */
export function symbolAround(inner: Ts.Node): string {
  const names: string[] = [];
  for (let node = inner; node; node = node.parent) {
    const name = scopeName(node);
    if (name !== undefined) names.unshift(name);
    if (ts.isSourceFile(node)) break;
  }
  return names.join('.');
}

function scopeName(node: Ts.Node): string | undefined {
  if (ts.isConstructorDeclaration(node)) return 'constructor';
  if (
    ts.isFunctionDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isAccessor(node) ||
    ts.isClassLike(node) ||
    ts.isFunctionExpression(node)
  ) {
    return node.name ? textOf(node.name) : undefined;
  }
  const value =
    ts.isVariableDeclaration(node) || ts.isPropertyDeclaration(node) || ts.isPropertyAssignment(node);
  if (!value || !node.initializer) return undefined;
  return ts.isArrowFunction(node.initializer) || ts.isFunctionExpression(node.initializer)
    ? textOf(node.name)
    : undefined;
}

function textOf(name: Ts.Node): string | undefined {
  if (ts.isIdentifier(name) || ts.isPrivateIdentifier(name) || ts.isStringLiteralLike(name)) return name.text;
  return undefined;
}

import { type Ts, ts } from '../../syntax/ts.ts';
import { type NameNode, nameText, rightmostName, skipParentheses } from '../code.ts';

/** The name of the function whose result a declaration holds: `guard` in `const run = guard(mu)`. */
export function makerOf(declaration: Ts.Node): NameNode | undefined {
  const holds =
    ts.isVariableDeclaration(declaration) ||
    ts.isPropertyDeclaration(declaration) ||
    ts.isPropertyAssignment(declaration);
  const value = holds && declaration.initializer ? skipParentheses(declaration.initializer) : undefined;
  return value && ts.isCallExpression(value) ? rightmostName(value.expression) : undefined;
}

/** The name of the function that returns another: the `guard` of `const guard = (mu) => (task) => …`. */
export function makerNameOf(made: Ts.Node): string | undefined {
  const maker = ts.findAncestor(made.parent, ts.isFunctionLike);
  if (!maker || !isReturned(made, maker)) return undefined;
  const holder = maker.name ?? (maker.parent as { name?: Ts.Node }).name;
  return holder && nameText(holder);
}

function isReturned(made: Ts.Node, maker: Ts.Node): boolean {
  const { parent } = made;
  if (ts.isReturnStatement(parent) || parent === maker) return true;
  const declaration = ts.isFunctionDeclaration(made) ? made : parent;
  const name =
    ts.isFunctionDeclaration(declaration) || ts.isVariableDeclaration(declaration)
      ? declaration.name
      : undefined;
  return name !== undefined && ts.isIdentifier(name) && returns(maker, name.text);
}

function returns(node: Ts.Node, name: string): boolean {
  if (ts.isReturnStatement(node) && node.expression) {
    const bare = skipParentheses(node.expression);
    if (ts.isIdentifier(bare) && bare.text === name) return true;
  }
  return ts.forEachChild(node, (child) => returns(child, name)) ?? false;
}

/** The names under which a file keeps what one of some functions has made. */
export function keptUnder(source: Ts.SourceFile, makers: ReadonlySet<string>): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (node: Ts.Node): void => {
    const maker = makerOf(node);
    const { name } = node as { name?: Ts.Node };
    const kept = maker && name && makers.has(nameText(maker) ?? '') ? nameText(name) : undefined;
    if (kept !== undefined) found.add(kept);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

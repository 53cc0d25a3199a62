import { type Ts, ts } from '../../syntax/ts.ts';
import { type NameNode, nameText, rightmostName, skipParentheses } from '../code.ts';

/** The name of the function whose result a declaration holds: `guard` in `const run = guard(mu)`. */
export function makerOf(declaration: Ts.Node): NameNode | undefined {
  const making = makingOf(declaration);
  return making && rightmostName(making.expression);
}

/** The call whose result a declaration holds. */
function makingOf(declaration: Ts.Node): Ts.CallExpression | undefined {
  const holds =
    ts.isVariableDeclaration(declaration) ||
    ts.isPropertyDeclaration(declaration) ||
    ts.isPropertyAssignment(declaration);
  const value = holds && declaration.initializer ? skipParentheses(declaration.initializer) : undefined;
  return value && ts.isCallExpression(value) ? value : undefined;
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

/** The names under which a file keeps what one of some functions has made, in a call of interest. */
export function keptUnder(
  source: Ts.SourceFile,
  makers: ReadonlySet<string>,
  isWanted: (making: Ts.CallExpression) => boolean,
): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (node: Ts.Node): void => {
    const making = makingOf(node);
    const maker = making && rightmostName(making.expression);
    const { name } = node as { name?: Ts.Node };
    const isKept = making && maker && makers.has(nameText(maker) ?? '') && isWanted(making);
    const kept = isKept && name && nameText(name);
    if (kept) found.add(kept);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

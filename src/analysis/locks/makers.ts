import { type Ts, ts } from '../../syntax/ts.ts';
import { type NameNode, nameText, rightmostName, skipParentheses } from '../code.ts';

/** The call whose result a declaration holds: `guard(mu)` in `const run = guard(mu)`. */
export function makingOf(declaration: Ts.Node): Ts.CallExpression | undefined {
  const holds =
    ts.isVariableDeclaration(declaration) ||
    ts.isPropertyDeclaration(declaration) ||
    ts.isPropertyAssignment(declaration);
  const value = holds && declaration.initializer ? skipParentheses(declaration.initializer) : undefined;
  return value && ts.isCallExpression(value) ? value : undefined;
}

/** The name of the function whose result a declaration holds: `guard` in `const run = guard(mu)`. */
export function makerOf(declaration: Ts.Node): NameNode | undefined {
  const making = makingOf(declaration);
  return making && rightmostName(making.expression);
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

/** A declaration that holds what a function has made. */
interface KeptResult {
  readonly declaration: Ts.Node;
  readonly name: string;
  readonly making: Ts.CallExpression;
  readonly maker: string;
}

const keptBySource = new WeakMap<Ts.SourceFile, readonly KeptResult[]>();

/** What a file keeps of what functions have made. */
export function keptIn(source: Ts.SourceFile): readonly KeptResult[] {
  const known = keptBySource.get(source);
  if (known) return known;
  const found: KeptResult[] = [];
  const visit = (node: Ts.Node): void => {
    const making = makingOf(node);
    const by = making && rightmostName(making.expression);
    const maker = by && nameText(by);
    const { name: kept } = node as { name?: Ts.Node };
    const name = kept && nameText(kept);
    if (making && maker !== undefined && name !== undefined)
      found.push({ declaration: node, name, making, maker });
    ts.forEachChild(node, visit);
  };
  visit(source);
  keptBySource.set(source, found);
  return found;
}

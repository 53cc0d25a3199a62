import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { isFunctionExpression } from '../shapes.ts';

/**
 * Where a value may come from, as far as the text of one file tells: the declaration of a variable, a parameter, an import,
 * a function, or `this`. Costs no question to the compiler, and errs on the side of too many.
 */
export type Root = Ts.Node | typeof THIS;

export const THIS = 'this';

/** Every root that an expression mentions, and that these were made of. */
export function rootsOf(expression: Ts.Node): ReadonlySet<Root> {
  const found = new Set<Root>();
  leadsTo(expression, () => false, found);
  return found;
}

/**
 * Whether an expression mentions what is sought, by itself, by the variables in it, or in the functions it names.
 *
 * @param seen what is known to lead nowhere; what was looked at is added
 */
export function leadsTo(
  expression: Ts.Node,
  isSought: (root: Root) => boolean,
  seen = new Set<Root>(),
): boolean {
  const waiting = [...mentionedIn(expression)];
  for (let root = waiting.pop(); root !== undefined; root = waiting.pop()) {
    if (seen.has(root)) continue;
    if (isSought(root)) return true;
    seen.add(root);
    if (root !== THIS) waiting.push(...sourcesOf(root).flatMap((source) => [...mentionedIn(source)]));
  }
  return false;
}

/** What is not of one function alone: others may have it at hand without being given it. Functions have nothing. */
export function isOfModule(root: Root): boolean {
  if (root === THIS || ts.isFunctionDeclaration(root)) return false;
  if (ts.isVariableDeclaration(root) && root.initializer && isFunctionExpression(root.initializer))
    return false;
  return ts.findAncestor(root.parent, ts.isFunctionLike) === undefined;
}

/** What the value of a root is made of; for a function, all of it. */
function sourcesOf(declaration: Ts.Node): readonly Ts.Node[] {
  if (ts.isFunctionDeclaration(declaration)) return declaration.body ? [declaration.body] : [];
  if (ts.isClassLike(declaration)) return [declaration];
  if (ts.isBindingElement(declaration)) {
    const holder = declaration.parent.parent;
    return [...initializerOf(declaration), ...sourcesOf(holder), ...(ts.isParameter(holder) ? [holder] : [])];
  }
  return ts.isVariableDeclaration(declaration) || ts.isParameter(declaration)
    ? initializerOf(declaration)
    : [];
}

function initializerOf({
  initializer,
}: {
  readonly initializer?: Ts.Expression | undefined;
}): readonly Ts.Node[] {
  return initializer ? [initializer] : [];
}

const mentions = new WeakMap<Ts.Node, ReadonlySet<Root>>();

function mentionedIn(node: Ts.Node): ReadonlySet<Root> {
  const known = mentions.get(node);
  if (known) return known;
  const found = new Set<Root>();
  const visit = (part: Ts.Node): void => {
    if (part.kind === ts.SyntaxKind.ThisKeyword || part.kind === ts.SyntaxKind.SuperKeyword) found.add(THIS);
    else if (ts.isIdentifier(part)) {
      const local = resolveLocal(part);
      if (local) found.add(local);
    } else if (ts.isPropertyAccessExpression(part)) visit(part.expression);
    else if (!ts.isTypeNode(part)) ts.forEachChild(part, visit);
  };
  // A parameter stands for itself.
  if (ts.isParameter(node)) found.add(node);
  else visit(node);
  mentions.set(node, found);
  return found;
}

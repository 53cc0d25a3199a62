import { type Ts, ts } from '../../syntax/ts.ts';
import { nameText, skipParentheses } from '../code.ts';
import { isFunctionExpression, returnedBy } from '../shapes.ts';

/** A function's name as reports show it: `Class.method`, the variable it is bound to, or `<anonymous>`. */
export function functionName(fn: Ts.Node): string {
  if (ts.isSourceFile(fn)) return '';
  const { name } = fn as { name?: Ts.Node };
  const own = ts.isConstructorDeclaration(fn) ? 'constructor' : name && nameText(name);
  const owner = fn.parent;
  if (own !== undefined) {
    if (owner && ts.isClassLike(owner) && owner.name) return `${owner.name.text}.${own}`;
    return own;
  }
  if (owner && (ts.isVariableDeclaration(owner) || ts.isPropertyAssignment(owner))) {
    return nameText(owner.name) ?? '<anonymous>';
  }
  if (owner && ts.isPropertyDeclaration(owner)) {
    const cls = owner.parent;
    const member = nameText(owner.name) ?? '<anonymous>';
    return ts.isClassLike(cls) && cls.name ? `${cls.name.text}.${member}` : member;
  }
  return '<anonymous>';
}

/** The name by which a function is called, whatever it is a member of. */
export function lastName(fn: Ts.Node): string {
  return functionName(fn).split('.').at(-1) ?? '';
}

/** The names by which functions are called, those that have one. */
export function namesOf(fns: readonly Ts.Node[]): readonly string[] {
  const names = new Set(fns.flatMap((fn) => [lastName(fn), ...handedOutAs(fn)]));
  for (const none of ['', '<anonymous>', 'constructor']) names.delete(none);
  return [...names].sort();
}

/** The names by which the function around a local one hands it out in an object: the `run` of `return { run: start }`. */
export function handedOutAs(fn: Ts.Node): readonly string[] {
  let known = handedOut.get(fn);
  if (!known) {
    known = keysInReturned(fn);
    handedOut.set(fn, known);
  }
  return known;
}

const handedOut = new WeakMap<Ts.Node, readonly string[]>();

function keysInReturned(fn: Ts.Node): readonly string[] {
  if (!isFunctionExpression(fn) && !ts.isFunctionDeclaration(fn)) return [];
  const name = lastName(fn);
  const maker = ts.findAncestor(fn.parent, ts.isFunctionLike) as Ts.FunctionLikeDeclaration | undefined;
  return returnedBy(maker?.body).flatMap((value) => {
    const literal = skipParentheses(value);
    return ts.isObjectLiteralExpression(literal) ? keysOf(literal, name) : [];
  });
}

/** The keys under which a literal has what goes by a name. */
function keysOf({ properties }: Ts.ObjectLiteralExpression, name: string): readonly string[] {
  return properties.flatMap((property) => {
    if (ts.isShorthandPropertyAssignment(property)) return property.name.text === name ? name : [];
    const value = ts.isPropertyAssignment(property) ? skipParentheses(property.initializer) : undefined;
    const isMeant = value !== undefined && ts.isIdentifier(value) && value.text === name;
    return isMeant && property.name ? (nameText(property.name) ?? []) : [];
  });
}

/** Where reports point to a function: its name, where it has one. */
export function nameNode(fn: Ts.Node): Ts.Node {
  return (fn as { name?: Ts.Node }).name ?? fn;
}

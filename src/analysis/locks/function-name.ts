import { type Ts, ts } from '../../syntax/ts.ts';
import { nameText } from '../code.ts';

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
  const names = new Set(fns.map(lastName));
  for (const none of ['', '<anonymous>', 'constructor']) names.delete(none);
  return [...names].sort();
}

/** Where reports point to a function: its name, where it has one. */
export function nameNode(fn: Ts.Node): Ts.Node {
  return (fn as { name?: Ts.Node }).name ?? fn;
}

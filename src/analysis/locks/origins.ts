import { type Ts, ts } from '../../syntax/ts.ts';
import { nameText } from '../code.ts';
import { fieldAssignments } from './field-assignments.ts';
import { isPrefix } from './paths.ts';
import type { LockRef, Path, Value } from './values.ts';

/** What a declaration holds. Where it was made is only known if nothing else can take its place. */
function heldBy(declaration: Ts.Node, value: Value | undefined): Value | undefined {
  if (value?.kind !== 'instance' || value.origin === undefined || isFixed(declaration)) return value;
  const { origin: _, ...unknown } = value;
  return unknown;
}

function isFixed(declaration: Ts.Node): boolean {
  if (ts.isVariableDeclaration(declaration)) {
    return (ts.getCombinedNodeFlags(declaration) & ts.NodeFlags.Const) !== 0;
  }
  if (!ts.isPropertyDeclaration(declaration)) return false;
  const { modifiers = [], name, parent } = declaration;
  const has = (kind: Ts.SyntaxKind): boolean => modifiers.some((one) => one.kind === kind);
  if (has(ts.SyntaxKind.ReadonlyKeyword)) return true;
  const isOwn = ts.isPrivateIdentifier(name) || has(ts.SyntaxKind.PrivateKeyword);
  return isOwn && !fieldAssignments(parent).has(nameText(name) ?? '');
}

/** The objects that a module makes once, by the `new` that makes them. */
export class Singles {
  readonly #paths = new Map<number, Path>();

  /** Takes note of what a declaration holds, and gives it back. */
  note(declaration: Ts.Node, value: Value | undefined): Value | undefined {
    const held = heldBy(declaration, value);
    const isSingle = held?.kind === 'instance' && ts.isVariableDeclaration(declaration);
    if (isSingle && held.origin !== undefined && held.path.startsWith('g:')) {
      this.#paths.set(held.origin, held.path);
    }
    return held;
  }

  /** A lock by the name of the object that holds it, where `self` is an object that there is one of. */
  named<T extends { readonly lock: LockRef }>(holder: T, self: Value | undefined): T {
    const { lock } = holder;
    const origin = self?.kind === 'instance' ? self.origin : undefined;
    const single = origin === undefined ? undefined : this.#paths.get(origin);
    if (single === undefined || lock.path === undefined || !isPrefix('this', lock.path)) return holder;
    return { ...holder, lock: { ...lock, path: single + lock.path.slice('this'.length) } };
  }
}

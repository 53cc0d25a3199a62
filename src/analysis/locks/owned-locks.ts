import type { Ts } from '../../syntax/ts.ts';
import type { Code } from '../code.ts';
import { lockName } from './identity.ts';
import type { OwnerField } from './own-parts.ts';
import type { LockEdge } from './record.ts';
import type { LockClass, LockRef } from './values.ts';

/** Locks of one class, told apart by the field that holds the object they belong to. */
export interface OwnedLocks {
  readonly edges: readonly LockEdge[];
  /** The locks that were told apart, by the class that they are of. */
  readonly byClass: ReadonlyMap<LockClass, readonly LockClass[]>;
}

/**
 * Tells the locks of a class apart by owner where it makes a difference: where one of them is taken under another and
 * of each it is known which one it is, or where the config speaks of them. `Store.users` is then the lock of what
 * `users` holds.
 */
export function ownedLocks(
  edges: readonly LockEdge[],
  owners: ReadonlyMap<LockClass, ReadonlySet<OwnerField>>,
  classes: readonly LockClass[],
  spokenOf: readonly string[],
  code: Code,
): OwnedLocks {
  const byClass = new Map<LockClass, ReadonlyMap<Ts.Node, LockClass>>();
  for (const [cls, ofClass] of owners) {
    const owned = told(cls, ofClass, isOnly(cls, classes), code);
    // Where the config speaks of all of them by one name, it does not tell them apart.
    const others = spokenOf.filter((name) => !isNameOf(cls, name));
    const isNamed = [...owned.values()].some((one) => others.some((name) => isNameOf(one, name)));
    if (isNamed || (others.length === spokenOf.length && areToldApart(cls, edges))) byClass.set(cls, owned);
  }
  if (byClass.size === 0) return { edges, byClass: new Map() };
  const own = (lock: LockRef, owner: LockEdge['owners'][number]): LockRef => {
    const cls = owner && byClass.get(lock.cls)?.get(owner);
    return cls ? { ...lock, cls } : lock;
  };
  return {
    edges: edges.map((edge) => ({
      ...edge,
      outer: { ...edge.outer, lock: own(edge.outer.lock, edge.owners[0]) },
      inner: { ...edge.inner, lock: own(edge.inner.lock, edge.owners[1]) },
    })),
    byClass: new Map([...byClass].map(([cls, owned]) => [cls, [...owned.values()]])),
  };
}

function isNameOf({ name }: LockClass, spoken: string): boolean {
  return spoken === name || name.endsWith(`.${spoken}`) || spoken.endsWith(`#${name}`);
}

/** Whether one lock of a class is taken under another of an object of the same owner, and all of them are known. */
function areToldApart(cls: LockClass, edges: readonly LockEdge[]): boolean {
  const own = edges.filter(({ outer, inner }) => outer.lock.cls === cls || inner.lock.cls === cls);
  const isKnown = ({ outer, inner, owners }: LockEdge): boolean =>
    (outer.lock.cls !== cls || owners[0] !== undefined) &&
    (inner.lock.cls !== cls || owners[1] !== undefined);
  return (
    own.some(({ instances, owners }) => instances === 'fixed' && owners[0] !== owners[1]) &&
    own.every(isKnown)
  );
}

function told(
  cls: LockClass,
  owners: ReadonlySet<OwnerField>,
  isOnly: boolean,
  code: Code,
): ReadonlyMap<Ts.Node, LockClass> {
  const owned = new Map<Ts.Node, LockClass>();
  for (const owner of owners) {
    owned.set(owner, {
      ...cls,
      id: `${cls.id}@${code.key(owner)}`,
      name: isOnly ? lockName(owner) : `${lockName(owner)}.${lastName(cls)}`,
      file: code.fileOf(owner),
      declaredAt: code.span(owner.name),
    });
  }
  return owned;
}

/** Whether the objects that have a lock have no other: then the lock may go by the object's name. */
function isOnly(cls: LockClass, classes: readonly LockClass[]): boolean {
  const holder = holderName(cls);
  return classes.every((other) => other === cls || other.file !== cls.file || holderName(other) !== holder);
}

function holderName({ name }: LockClass): string {
  return name.slice(0, Math.max(name.lastIndexOf('.'), 0));
}

function lastName({ name }: LockClass): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

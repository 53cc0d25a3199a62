import type { Span } from '../../engine/finding.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import type { CfgOwner } from '../cfg.ts';
import { type Code, skipParentheses } from '../code.ts';
import { type Aliases, knownAs, NO_ALIASES } from './aliases.ts';
import { type Context, type Contexts, intersect } from './contexts.ts';
import { exhausts } from './database-pools.ts';
import { ambientGates, type Gate, gatesOfEdge } from './gates.ts';
import { isHandedUnknown } from './handed.ts';
import { idOf } from './keys.ts';
import type { OwnerField, OwnParts } from './own-parts.ts';
import { whyCut } from './paths.ts';
import { sequenceOf } from './sequence.ts';
import type { Acquisition, Held, LockClass, LockRef, Path } from './values.ts';
import {
  areApart,
  fixedNames,
  isOf,
  isSameLock,
  type Relation,
  relateInstances,
  type World,
} from './world.ts';

/** One lock acquired while another may be held. */
export interface LockEdge {
  readonly outer: Held;
  readonly inner: Acquisition;
  /** How the two relate when they are of one class. */
  readonly instances: Relation;
  /** The names of both, where the program tells the instances apart by name. */
  readonly names: readonly [string, string] | undefined;
  /** The fields that have made the objects that the outer and the inner lock belong to, where that is known. */
  readonly owners: readonly [OwnerField | undefined, OwnerField | undefined];
  /** Both were started without a pause in between, so that nobody can come between them. */
  readonly batch: boolean;
  /** Both were started by one promise combinator. */
  readonly combined: boolean;
  /** The gates around it, wherever the function is called from. */
  readonly gates: ReadonlySet<Gate>;
  /** The function in which both meet. */
  readonly owner: CfgOwner;
  /** Set when the owner runs only as a step of this file's top level, one after another. */
  readonly sequence: string | undefined;
}

/** A place where a lock is taken. */
export interface Taking {
  readonly at: Span;
  readonly lock: LockRef;
}

interface KnownEdge {
  edge: Omit<LockEdge, 'sequence'>;
  readonly contexts: Set<Context>;
  /** Some task of its own shows it, which nobody waits for right away. */
  isApart: boolean;
}

interface ParameterCall {
  readonly node: Ts.Node;
  readonly callee: string;
  readonly parameter: Path;
  readonly context: Context;
  readonly lock: LockClass | undefined;
}

/** Whether something is so that costs a search to find out. */
export type IsSo = () => boolean;

/** What the analysis has seen: where locks are taken, what is held there, and what it could not resolve. */
export class LockRecord {
  readonly #code: Code;
  readonly #parts: OwnParts;
  readonly #sites = new Map<string, Span>();
  readonly #takings = new Map<string, Taking>();
  readonly #unordered = new Map<string, { readonly at: Span; readonly lock: LockRef }>();
  readonly #unresolved = new Map<Ts.Node, string>();
  readonly #unknown = new Map<
    Ts.Node,
    { readonly what: string; readonly places: Map<LockClass | Context, IsSo | undefined> }
  >();
  readonly #owners = new Map<LockClass, Set<OwnerField>>();
  readonly #parameterCalls: ParameterCall[] = [];
  readonly #edges = new Map<string, KnownEdge>();

  constructor(code: Code, parts: OwnParts) {
    this.#code = code;
    this.#parts = parts;
  }

  /** Every place where a lock is taken. */
  get sites(): readonly Span[] {
    return [...this.#sites.values()];
  }

  /** Every place where a lock is taken, with the lock; made ones aside. */
  get takings(): readonly Taking[] {
    return [...this.#takings.values()];
  }

  /** The fields that hold the objects which locks belong to, as far as it is known. */
  get owners(): ReadonlyMap<LockClass, ReadonlySet<OwnerField>> {
    return this.#owners;
  }

  /** Places where a lock is held and something could not be resolved. */
  unresolved(
    contexts: Contexts,
    isLock: (cls: Ts.ClassLikeDeclaration) => boolean,
  ): readonly { readonly at: Span; readonly what: string }[] {
    const under = contexts.under();
    for (const { node, callee, parameter, context, lock } of this.#parameterCalls) {
      const place = lock ?? under.get(context);
      if (place && isHandedUnknown(contexts, context, parameter, isLock))
        this.noteUnknown(node, `call of ${callee}`, place);
    }
    const found = [...this.#unresolved].map(([node, what]) => ({ at: this.#code.span(node), what }));
    found.push(...this.#cutOff());
    for (const [node, { what, places }] of this.#unknown) {
      const locks = [...places].map(([place, isSo]) => {
        const lock = 'call' in place ? under.get(place) : place;
        return lock && (!isSo || isSo()) ? lock : undefined;
      });
      const lock = locks.find((one) => one !== undefined);
      if (lock) found.push({ at: this.#code.span(node), what: `${what} while holding ${lock.name}` });
    }
    return found;
  }

  /**
   * Where a bound is the reason that it is not known whether a lock is the one that is held already. Where the same
   * two places are known to be about two objects as well, they are those of a recursion, which leads ever further.
   */
  #cutOff(): readonly { readonly at: Span; readonly what: string }[] {
    const all = [...this.#edges.values()].map(({ edge }) => edge);
    const found = new Map<string, { readonly at: Span; readonly what: string }>();
    for (const { outer, inner, instances } of all) {
      const why = whyCut(inner.lock.path) ?? whyCut(outer.lock.path);
      const areReaders = outer.mode === 'shared' && inner.mode === 'shared';
      if (!why || instances !== 'unknown' || outer.lock.cls !== inner.lock.cls || areReaders) continue;
      const isRecursion = all.some(
        (edge) =>
          edge.instances !== 'unknown' &&
          isSamePlace(edge.outer.at, outer.at) &&
          isSamePlace(edge.inner.at, inner.at),
      );
      const at = inner.via?.at ?? inner.at;
      const { name } = inner.lock.cls;
      if (!isRecursion)
        found.set(`${at.file}:${at.start}`, { at, what: `${name} of ${why}, taken while holding ${name}` });
    }
    return [...found.values()];
  }

  /** Every edge, with the gates that are around it in all the contexts that show it. */
  edges(all: Contexts): LockEdge[] {
    const ambient = all.ambient();
    return [...this.#edges.values()].map(({ edge, contexts, isApart }) => {
      let common: ReadonlySet<Gate> | undefined = isApart ? new Set() : undefined;
      for (const context of contexts) {
        if (all.isIdle(context)) continue;
        const around = ambient.get(context) ?? new Set<Gate>();
        common = common ? intersect(common, around) : around;
      }
      const around = ambientGates(common ?? new Set(), [edge.outer.lock, edge.inner.lock]);
      return { ...edge, gates: new Set([...edge.gates, ...around]), sequence: sequenceOf(edge.owner) };
    });
  }

  /** Takes note of a lock that is waited for: whose it is, if that is known. */
  noteOwner({ cls, path }: LockRef): OwnerField | undefined {
    const owner = this.#parts.fieldOf(path);
    if (owner) this.#owners.set(cls, (this.#owners.get(cls) ?? new Set()).add(owner));
    return owner;
  }

  noteSite(at: Span): void {
    this.#sites.set(`${at.file}:${at.start}`, at);
  }

  /** Takes note of a place where a lock is taken, or tried. */
  noteTaking(at: Span, lock: LockRef | undefined): void {
    this.noteSite(at);
    if (lock) this.#takings.set(`${at.file}:${at.start}`, { at, lock });
  }

  /** Takes note of rows that are locked in no fixed order, unless a lock around them lets one task through at a time. */
  noteUnordered({ at, lock }: Held, { held, outer }: World): void {
    const isAlone = [...held, ...outer].some(
      (one) =>
        one.mode === 'exclusive' &&
        one.lock.cls.database !== 'rows' &&
        one.lock.path?.startsWith('g:') &&
        !one.lock.path.includes('['),
    );
    const key = `${at.file}:${at.start}`;
    if (!isAlone) this.#unordered.set(key, { at, lock });
  }

  /** Rows that are locked in no fixed order. */
  get unordered(): readonly { readonly at: Span; readonly lock: LockRef }[] {
    return [...this.#unordered.values()];
  }

  noteUnresolved(node: Ts.Node, what: string): void {
    this.#unresolved.set(node, what);
  }

  /** Takes note of what is not known, or of what `isSo` tells: under a lock, or in a context that may be under one. */
  noteUnknown(node: Ts.Node, what: string, place: LockClass | Context | undefined, isSo?: IsSo): void {
    if (!place) return;
    const { places } = this.#unknown.get(node) ?? { places: new Map() };
    places.set(place, places.has(place) ? places.get(place) && isSo : isSo);
    this.#unknown.set(node, { what, places });
  }

  /** Takes note of a call of a parameter: unknown, if whoever hands it in does not know it either. */
  noteParameterCall(
    node: Ts.Node,
    callee: string,
    parameter: Path,
    context: Context,
    lock: LockClass | undefined,
  ): void {
    const isKnown = this.#parameterCalls.some(
      (one) => one.node === node && one.context === context && one.lock === lock,
    );
    if (!isKnown) this.#parameterCalls.push({ node, callee, parameter, context, lock });
  }

  /** Takes note of a lock that is waited for in a context while another is held. */
  noteEdge(
    context: Context | undefined,
    owner: CfgOwner,
    outer: Held,
    inner: Acquisition,
    held: readonly Held[],
    world: World,
    combined: boolean,
  ): void {
    const { ordered, isApart } = world;
    const aliases = context?.call.aliases ?? NO_ALIASES;
    const { instances, names } = relation(outer.lock, inner.lock, ordered, aliases);
    if (isOfOneSession(outer.lock, inner.lock, instances)) return;
    if (held.some((one) => isHadBySession(one, inner))) return;
    if (inner.lock.cls.database === 'pool' && !exhausts(outer, inner)) return;
    const ownerOf = ({ cls, path }: LockRef) => this.noteOwner({ cls, path: path && knownAs(path, aliases) });
    const owners = [ownerOf(outer.lock), ownerOf(inner.lock)] as const;
    // Whoever waits for a task that is looked at apart holds what it does around it.
    const around = isApart ? [] : world.outer.filter((other) => !isGivenBackBefore(other, inner, world));
    const others = [...held, ...around].filter((other) => other !== outer && other.mode === 'exclusive');
    const gates = gatesOfEdge([...inner.gates, ...others.map(({ lock }) => lock)], [outer.lock, inner.lock]);
    const isDirect = outer.via === undefined && inner.via === undefined;
    const batch = combined || (isDirect && outer.segment !== undefined && outer.segment === inner.segment);
    if (batch && isQueuedBehind(outer, inner)) return;
    const key = [
      outer.lock.cls.id,
      outer.at.file,
      outer.at.start,
      inner.lock.cls.id,
      inner.at.file,
      inner.at.start,
      instances,
      names?.join('>') ?? '',
      owners.map((owner) => owner && idOf(owner)).join('>'),
      `${outer.mode}${inner.mode}${batch}${combined}`,
      [...gates].sort().join(),
    ].join('|');
    const edge = { outer, inner, instances, names, owners, batch, combined, gates, owner };
    const known = this.#edges.get(key);
    if (!known) this.#edges.set(key, { edge, contexts: new Set(context ? [context] : []), isApart });
    else {
      if (context) known.contexts.add(context);
      known.isApart ||= isApart;
      if (edgeLength(edge) < edgeLength(known.edge)) known.edge = edge;
    }
  }
}

/**
 * What a session of a database holds it may take again, any number of times. So of one lock that is waited for while it
 * is held, nothing is known unless the two are sessions of their own.
 */
function isOfOneSession(outer: LockRef, inner: LockRef, instances: Relation): boolean {
  const isDatabases = outer.cls === inner.cls && inner.cls.database !== undefined;
  return isDatabases && instances === 'same' && !areApart(outer.session, inner.session);
}

/** Whether a task has given back what is held around it by the time that it waits for a lock. */
function isGivenBackBefore(around: Held, { without, withoutLocks }: Acquisition, world: World): boolean {
  return (
    [...without, ...world.releasedTokens].includes(around.token) ||
    [...withoutLocks, ...world.released].some((lock) => isOf(around, lock))
  );
}

/** Whether both are asked for by one connection, the outer one later: it sends its queries one after another. */
function isQueuedBehind(outer: Held, inner: Acquisition): boolean {
  const [a, b] = [outer.lock.session?.path, inner.lock.session?.path];
  return a !== undefined && a === b && outer.at.file === inner.at.file && outer.at.start > inner.at.start;
}

/** Whether the session that asks for a lock has it already: it is granted at once, whatever else is held. */
function isHadBySession({ lock, mode }: Held, inner: Acquisition): boolean {
  const isEnough = mode === 'exclusive' || inner.mode === 'shared';
  return inner.lock.cls.database !== undefined && isEnough && isSameLock(lock, inner.lock);
}

/** The place of a call as reports show it: a callback among its arguments is not part of it. */
export function callSpan(code: Code, node: Ts.Node): Span {
  const span = code.span(node);
  if (!ts.isCallExpression(node)) return span;
  const isShort = !node.arguments.some((argument) => ts.isFunctionLike(skipParentheses(argument)));
  return isShort ? span : { ...span, end: node.expression.end };
}

function relation(
  outer: LockRef,
  inner: LockRef,
  ordered: World['ordered'],
  aliases: Aliases,
): Pick<LockEdge, 'instances' | 'names'> {
  const isOfOne = outer.cls === inner.cls;
  const instances = isOfOne ? relateInstances(outer, inner, ordered) : 'different';
  if (isOfOne && instances === 'different' && aliases.length > 0) {
    const named = ({ cls, path }: LockRef): LockRef => ({ cls, path: path && knownAs(path, aliases) });
    return relation(named(outer), named(inner), [], NO_ALIASES);
  }
  return { instances, names: instances === 'fixed' ? fixedNames(outer, inner) : undefined };
}

function isSamePlace(a: Span, b: Span): boolean {
  return a.file === b.file && a.start === b.start;
}

function edgeLength({ outer, inner }: Pick<LockEdge, 'outer' | 'inner'>): number {
  return (outer.via?.length ?? 0) + (inner.via?.length ?? 0);
}

import type { DeclaredLocks } from '../../../src/analysis/locks/declared.ts';
import type { LockEdge } from '../../../src/analysis/locks/record.ts';
import type { Acquisition, Held, LockClass, LockRef, Outcome } from '../../../src/analysis/locks/values.ts';
import type { LockPrimitive } from '../../../src/config/types.ts';
import type { Span } from '../../../src/engine/finding.ts';
import { SourceTree } from '../../../src/syntax/tree.ts';
import { type Ts, ts } from '../../../src/syntax/ts.ts';

/** Parts of the lock analysis, made by hand; what a test does not care about has a value. */

export const SOURCE: Ts.SourceFile = parse('a; b; c; d;');

export function parse(text: string): Ts.SourceFile {
  return new SourceTree('/src/example.ts', text).source;
}

/** The nodes of a tree that are of one kind, in the order of the text. */
export function nodesIn<T extends Ts.Node>(
  source: Ts.SourceFile,
  isWanted: (node: Ts.Node) => node is T,
): readonly T[] {
  const found: T[] = [];
  const visit = (node: Ts.Node): void => {
    if (isWanted(node)) found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

export function spanAt(start: number, file = '/src/example.ts'): Span {
  return { file, start, end: start + 1 };
}

export interface LockParts extends Partial<Omit<LockPrimitive, 'type'>> {
  readonly permits?: number | undefined;
}

export function lockClass(id: string, parts: LockParts = {}): LockClass {
  const { permits, ...primitive } = { permits: 1, ...parts };
  return {
    id,
    name: id,
    file: '/src/example.ts',
    primitive: { type: 'Mutex', ...primitive },
    permits,
    declaredAt: spanAt(0),
  };
}

export function heldOf(token: string, lock: LockRef, parts: Partial<Held> = {}): Held {
  return { token, lock, mode: 'exclusive', at: spanAt(0), via: undefined, segment: undefined, ...parts };
}

export function acquisitionOf(lock: LockRef, parts: Partial<Acquisition> = {}): Acquisition {
  return {
    lock,
    mode: 'exclusive',
    at: spanAt(0),
    via: undefined,
    segment: undefined,
    gates: [],
    without: [],
    withoutLocks: [],
    settled: [],
    combined: false,
    atOnce: false,
    token: 'grant',
    ...parts,
  };
}

export function outcomeOf(parts: Partial<Outcome> = {}): Outcome {
  return {
    held: [],
    released: [],
    releasedTokens: [],
    value: undefined,
    writes: new Map(),
    ordered: [],
    ...parts,
  };
}

export function edgeOf(outer: Held, inner: Acquisition, parts: Partial<LockEdge> = {}): LockEdge {
  return {
    outer,
    inner,
    instances: 'different',
    batch: false,
    combined: false,
    gates: new Set(),
    owner: SOURCE,
    sequence: undefined,
    names: undefined,
    owners: [undefined, undefined],
    ...parts,
  };
}

/** A declaration that says nothing but the ranks of some locks, by id. */
export function ranks(byId: Readonly<Record<string, number>> = {}): DeclaredLocks {
  return {
    rank: ({ id }) => byId[id],
    isLeaf: () => false,
    isReentrant: () => false,
    isBrief: () => false,
    areDisjoint: () => false,
    order: [],
    problems: [],
  };
}

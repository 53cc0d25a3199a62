import fc from 'fast-check';
import { isCfgOwner } from '../../../src/analysis/locks/evaluator.ts';
import type { LockClass, LockRef, Outcome, Task, Value } from '../../../src/analysis/locks/values.ts';
import { ts } from '../../../src/syntax/ts.ts';
import { acquisitionOf, heldOf, lockClass, nodesIn, outcomeOf, parse, spanAt } from './parts.ts';

const source = parse('const a = 1, b = 2, c = 3; function f() {} const g = () => {}; class C {} class D {}');
export const NAMES = nodesIn(source, ts.isVariableDeclaration);
const FUNCTIONS = nodesIn(source, isCfgOwner).filter((node) => !ts.isSourceFile(node));
const CLASSES = nodesIn(source, ts.isClassDeclaration);
export const LOCKS: readonly LockClass[] = ['A', 'B', 'A/b'].map((id) => lockClass(id));

/** A lock by the number of its class, and a path. */
export type LockInWords = readonly [cls: number, path: string | null];

/** An abstract value that can be printed, compared and made twice: nodes and classes are numbers. */
export type ValueInWords =
  | null
  | { readonly constant: string | number | boolean | null }
  | { readonly is: 'inert' | 'undefined' }
  | { readonly lock: LockInWords; readonly tries: boolean }
  | { readonly releaser: readonly string[]; readonly locks: readonly LockInWords[]; readonly pair: boolean }
  | {
      readonly closure: number;
      readonly self: ValueInWords;
      readonly bound: readonly ValueInWords[];
      readonly captured: readonly ValueInWords[];
    }
  | { readonly operation: string; readonly of: LockInWords; readonly tries: boolean }
  | {
      readonly instance: number;
      readonly exact: boolean;
      readonly mayBeMissing: boolean;
      readonly path: string;
      readonly fields: Properties;
      readonly origin: number | undefined;
    }
  | { readonly object: Properties; readonly path: string }
  | { readonly promise: TaskInWords }
  | { readonly generator: TaskInWords; readonly yields: readonly ValueInWords[] }
  | {
      readonly items: readonly ValueInWords[] | null;
      readonly element: ValueInWords;
      readonly sorted: boolean;
      readonly keys: Properties | undefined;
      readonly path: string;
    }
  | {
      readonly opaque: string;
      readonly settles: boolean;
      readonly present: boolean;
      readonly keeps: 'all' | 'some' | undefined;
    }
  | { readonly union: readonly ValueInWords[] };

type Properties = readonly (readonly [string, ValueInWords])[];

interface TaskInWords {
  readonly waits: readonly (readonly [LockInWords, file: string, start: number, shared: boolean])[];
  readonly outcomes: readonly { readonly held: readonly string[]; readonly value: ValueInWords }[];
}

/** Texts that would run into each other, were they written side by side. */
const text: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('', 'a', 'b', 'this', 'v1', 'this.mu', 'v1["a,b"]', 'a,cstringb', '1', 'a|b', '/', '","'),
  fc.string({ maxLength: 4 }),
);
const lock: fc.Arbitrary<LockInWords> = fc.tuple(fc.nat(LOCKS.length - 1), fc.option(text, { nil: null }));

export const valueInWords: fc.Arbitrary<ValueInWords> = fc.letrec<{
  value: ValueInWords;
  properties: Properties;
  task: TaskInWords;
}>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    fc.record({
      constant: fc.oneof(text, fc.integer({ min: -1, max: 2 }), fc.boolean(), fc.constant(null)),
    }),
    fc.record({ is: fc.constantFrom<'inert' | 'undefined'>('inert', 'undefined') }),
    fc.record({ lock, tries: fc.boolean() }),
    fc.record({
      releaser: fc.array(text, { maxLength: 3 }),
      locks: fc.array(lock, { maxLength: 2 }),
      pair: fc.boolean(),
    }),
    fc.record({ operation: text, of: lock, tries: fc.boolean() }),
    fc.record({
      instance: fc.nat(CLASSES.length - 1),
      exact: fc.boolean(),
      mayBeMissing: fc.boolean(),
      path: text,
      fields: tie('properties'),
      origin: fc.option(fc.nat(3), { nil: undefined }),
    }),
    fc.record({
      opaque: text,
      settles: fc.boolean(),
      present: fc.boolean(),
      keeps: fc.constantFrom('all' as const, 'some' as const, undefined),
    }),
    fc.record({
      closure: fc.nat(FUNCTIONS.length - 1),
      self: tie('value'),
      bound: fc.array(tie('value'), { maxLength: 2 }),
      captured: fc.array(tie('value'), { maxLength: NAMES.length }),
    }),
    fc.record({ object: tie('properties'), path: text }),
    fc.record({ promise: tie('task') }),
    fc.record({ generator: tie('task'), yields: fc.array(tie('value'), { maxLength: 2 }) }),
    fc.record({
      items: fc.option(fc.array(tie('value'), { maxLength: 3 })),
      element: tie('value'),
      sorted: fc.boolean(),
      keys: fc.option(tie('properties'), { nil: undefined }),
      path: text,
    }),
    fc.record({ union: fc.array(tie('value'), { minLength: 2, maxLength: 3 }) }),
  ),
  properties: fc.uniqueArray(fc.tuple(text, tie('value')), { maxLength: 3, selector: ([name]) => name }),
  task: fc.record({
    waits: fc.array(fc.tuple(lock, fc.constantFrom('/a.ts', '/b.ts'), fc.nat(3), fc.boolean()), {
      maxLength: 2,
    }),
    outcomes: fc.array(fc.record({ held: fc.array(text, { maxLength: 2 }), value: tie('value') }), {
      maxLength: 2,
    }),
  }),
})).value;

export function lockOf([cls, path]: LockInWords): LockRef {
  return { cls: at(LOCKS, cls), path: path ?? undefined };
}

/** The value in the form that the analysis has it, new at each call. */
export function toValue(words: ValueInWords): Value | undefined {
  if (words === null) return undefined;
  if ('constant' in words) return { kind: 'constant', value: words.constant };
  if ('is' in words) return words.is === 'inert' ? { kind: 'inert' } : { kind: 'constant', value: undefined };
  if ('lock' in words) return { kind: 'lock', lock: lockOf(words.lock), tries: words.tries };
  if ('releaser' in words) {
    return {
      kind: 'releaser',
      tokens: words.releaser,
      locks: words.locks.map(lockOf),
      pair: words.pair,
    };
  }
  if ('closure' in words) {
    const captured = words.captured.flatMap((part, index) => {
      const value = toValue(part);
      return value ? [[at(NAMES, index), value] as const] : [];
    });
    return {
      kind: 'closure',
      fn: at(FUNCTIONS, words.closure),
      self: toValue(words.self),
      bound: words.bound.map(toValue),
      captured: new Map(captured),
    };
  }
  if ('operation' in words) {
    const lock = { kind: 'lock', lock: lockOf(words.of), tries: words.tries } as const;
    return { kind: 'operation', lock, method: words.operation };
  }
  if ('instance' in words) {
    return {
      kind: 'instance',
      cls: at(CLASSES, words.instance),
      exact: words.exact,
      mayBeMissing: words.mayBeMissing,
      path: words.path,
      fields: propertiesOf(words.fields),
      ...(words.origin !== undefined && { origin: words.origin }),
    };
  }
  if ('object' in words) {
    return { kind: 'object', path: words.path, properties: propertiesOf(words.object) };
  }
  if ('promise' in words) return { kind: 'promise', task: taskOf(words.promise) };
  if ('generator' in words) {
    return {
      kind: 'generator',
      task: taskOf(words.generator),
      yields: words.yields.map((part) => ({ held: [], value: toValue(part) })),
    };
  }
  if ('opaque' in words) {
    const { opaque: path, settles, present, keeps } = words;
    const [executor] = FUNCTIONS;
    return { kind: 'opaque', path, present, ...(settles && { settles: executor }), ...(keeps && { keeps }) };
  }
  if ('union' in words) {
    return { kind: 'union', members: words.union.map(toValue).filter((member) => member !== undefined) };
  }
  return {
    kind: 'collection',
    path: words.path,
    items: words.items?.map(toValue),
    element: toValue(words.element),
    sorted: words.sorted && 'ascending',
    keys: words.keys && propertiesOf(words.keys),
  };
}

function propertiesOf(words: Properties): ReadonlyMap<string, Value> {
  const entries = words.flatMap(([name, part]) => {
    const value = toValue(part);
    return value ? [[name, value] as const] : [];
  });
  return new Map(entries);
}

function taskOf({ waits, outcomes }: TaskInWords): Task {
  return {
    acquisitions: waits.map(([lock, file, start, shared]) =>
      acquisitionOf(lockOf(lock), { at: spanAt(start, file), mode: shared ? 'shared' : 'exclusive' }),
    ),
    outcomes: outcomes.map(
      ({ held, value }): Outcome =>
        outcomeOf({ held: held.map((token) => heldOf(token, lockOf([0, null]))), value: toValue(value) }),
    ),
  };
}

/**
 * What the words say, with what stands in no order in one order: equal for two values exactly if they are equal.
 */
export function meaningOf(words: ValueInWords): string {
  return JSON.stringify(ordered(words));
}

function ordered(words: unknown): unknown {
  if (Array.isArray(words)) return words.map(ordered);
  if (typeof words !== 'object' || words === null) return words;
  const parts = Object.entries(words).map(([key, part]): [string, unknown] => {
    if (key === 'object' || key === 'fields' || (key === 'keys' && part))
      return [key, sorted((part as [string, unknown][]).filter(([, value]) => value !== null))];
    if (key === 'union') return [key, sorted((part as unknown[]).filter((member) => member !== null))];
    if (key === 'held') return [key, sorted(part as unknown[])];
    if (key === 'captured') {
      const last = (part as unknown[]).findLastIndex((value) => value !== null);
      return [key, ordered((part as unknown[]).slice(0, last + 1))];
    }
    return [key, ordered(part)];
  });
  return Object.fromEntries(parts);
}

function sorted(parts: readonly unknown[]): unknown[] {
  return parts.map((part) => JSON.stringify(ordered(part))).sort();
}

/** The same words with one text, number or boolean in them changed. */
export function changedOnce(words: ValueInWords): fc.Arbitrary<ValueInWords> {
  const leaves = leavesOf(words, []);
  if (leaves.length === 0) return fc.constant({ is: 'inert' });
  return fc.tuple(fc.constantFrom(...leaves), fc.nat(2)).map(([[path, leaf], by]) => {
    const copy: unknown = structuredClone({ root: words });
    const parent = path
      .slice(0, -1)
      .reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], copy);
    (parent as Record<string, unknown>)[path.at(-1) ?? ''] = otherThan(leaf, by);
    return (copy as { root: ValueInWords }).root;
  });
}

type Leaf = readonly [path: readonly string[], leaf: string | boolean];

function leavesOf(part: unknown, path: readonly string[]): readonly Leaf[] {
  const here = path.length === 0 ? ['root'] : path;
  if (typeof part === 'string' && part !== 'inert' && part !== 'undefined' && !part.startsWith('/')) {
    return [[here, part]];
  }
  if (typeof part === 'boolean') return [[here, part]];
  if (typeof part !== 'object' || part === null) return [];
  return Object.entries(part).flatMap(([key, inner]) => leavesOf(inner, [...here, key]));
}

function otherThan(leaf: string | boolean, by: number): string | boolean {
  if (typeof leaf === 'boolean') return !leaf;
  return [`${leaf},`, `${leaf}"`, leaf.slice(1)][by] ?? leaf;
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new Error(`there is no item ${index}`);
  return item;
}

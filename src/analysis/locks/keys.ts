import type { Ts } from '../../syntax/ts.ts';
import type { Bindings, Held, LockRef, Orders, Outcome, Task, Value } from './values.ts';

const ids = new WeakMap<Ts.Node, number>();
let lastId = 0;

/** A small number for a node, the same for the whole process. Never shown, never sorted by. */
export function idOf(node: Ts.Node): number {
  let id = ids.get(node);
  if (id === undefined) {
    lastId += 1;
    id = lastId;
    ids.set(node, id);
  }
  return id;
}

const files = new Map<string, number>();

/** A small number for a file: paths would make keys long. */
function fileId(file: string): number {
  const id = files.get(file) ?? files.size;
  files.set(file, id);
  return id;
}

/** Parts nested deeper than this are not told apart. */
const MAX_DEPTH = 12;

/** Equal values have equal keys, and different ones different keys. */
export function valueKey(value: Value | undefined, depth = 0): string {
  if (!value) return '-';
  if (depth > MAX_DEPTH) {
    deepest = depth;
    return '…';
  }
  return cached(value, depth, () => makeValueKey(value, depth));
}

/** The keys of something that never changes. */
interface Keys {
  /** The key of all of it, and how many levels of parts lie below: it holds wherever these fit. */
  whole?: { readonly key: string; readonly height: number };
  /** By the depth that it stands at, what is left of the key where it is cut. */
  readonly cut: string[];
}

/**
 * Where a value, bindings, or an outcome keep their keys. A property costs the garbage collector nothing, which with
 * millions of them a `WeakMap` does; that it cannot be enumerated keeps it out of changed copies.
 */
const KEYS = Symbol('keys');

/** The deepest level that the key at work has come to. */
let deepest = 0;

/** A key is worked out once for each subject, and for each depth at which it is cut. */
function cached(subject: object, depth: number, make: () => string): string {
  const keys = keysOf(subject);
  const { whole } = keys;
  if (whole && depth + whole.height <= MAX_DEPTH) {
    deepest = Math.max(deepest, depth + whole.height);
    return whole.key;
  }
  const cut = keys.cut[depth];
  if (cut !== undefined) {
    deepest = MAX_DEPTH + 1;
    return cut;
  }
  const before = deepest;
  deepest = depth;
  const key = shortened(make());
  if (deepest > MAX_DEPTH) keys.cut[depth] = key;
  else keys.whole = { key, height: deepest - depth };
  deepest = Math.max(before, deepest);
  return key;
}

function keysOf(subject: { [KEYS]?: Keys }): Keys {
  const known = subject[KEYS];
  if (known) return known;
  const keys: Keys = { cut: [] };
  Object.defineProperty(subject, KEYS, { value: keys });
  return keys;
}

const shortKeys = new Map<string, string>();
/** Longer than this, a key costs more than looking up its short form. */
const LONG = 40;

/**
 * A long key by a number of its own, so that the key of a whole is no longer than its parts are many: values hold
 * tasks, and these the values that they end with, one of them many times.
 */
function shortened(key: string): string {
  if (key.length <= LONG) return key;
  let short = shortKeys.get(key);
  if (short === undefined) {
    short = `\0${shortKeys.size}`;
    shortKeys.set(key, short);
  }
  return short;
}

function makeValueKey(value: Value, depth: number): string {
  const inner = (part: Value | undefined): string => valueKey(part, depth + 1);
  const named = (parts: ReadonlyMap<string, Value>): string => {
    const texts = [...parts].map(([name, part]) => `${quoted(name)}:${inner(part)}`);
    return `{${texts.sort().join(',')}}`;
  };
  switch (value.kind) {
    case 'constant':
      return `c${typeof value.value}${typeof value.value === 'string' ? quoted(value.value) : value.value}`;
    case 'inert':
      return 'N';
    case 'lock':
      return `L${lockKey(value.lock)}${value.tries ? '!' : ''}`;
    case 'operation':
      return `M${quoted(value.method)}${inner(value.lock)}`;
    case 'releaser':
      return `R${listKey(value.tokens)}/${value.locks.map(lockKey).join(',')}${value.pair ? '2' : ''}`;
    case 'closure':
      return `F${idOf(value.fn)}(${inner(value.self)}|${value.bound.map(inner).join(',')}|${bindingsKey(value.captured, depth + 1)})`;
    case 'instance': {
      const origin = value.origin === undefined ? '' : `@${value.origin}`;
      const flags = `${value.exact ? '=' : ''}${value.mayBeMissing ? '?' : ''}`;
      return `I${idOf(value.cls)}${flags}${origin}${quoted(value.path)}${named(value.fields)}`;
    }
    case 'object':
      return `O${quoted(value.path)}${named(value.properties)}`;
    case 'promise':
      return `P(${taskKey(value.task, depth + 1)})`;
    case 'generator': {
      const yields = value.yields.map(({ held, value: yielded }) => `${heldKey(held)}:${inner(yielded)}`);
      return `G(${taskKey(value.task, depth + 1)}/${yields.join('&')})`;
    }
    case 'collection': {
      const items = value.items ? `[${value.items.map(inner).join(',')}]` : '';
      const keys = value.keys ? named(value.keys) : '';
      return `A${value.isFixed ? '=' : ''}${quoted(value.path)}${value.sorted ? SORTED[value.sorted] : ''}${items}${keys}${inner(value.element)}`;
    }
    case 'opaque':
      return `?${value.settles ? '!' : ''}${value.promise ? idOf(value.promise) : ''}${value.tooMany ?? ''}${value.present ? '+' : ''}${value.keeps ?? ''}${value.session ? '$' : ''}${quoted(value.path)}`;
    case 'union':
      return `U(${value.members.map(inner).sort().join('|')})`;
  }
}

const SORTED = { ascending: '<', descending: '>' } as const;

/** Paths and names come from the source and may hold any character. */
function quoted(text: string): string {
  return JSON.stringify(text);
}

function listKey(texts: readonly string[]): string {
  return texts.map(quoted).join(',');
}

export function lockKey({ cls, path, session, all }: LockRef): string {
  const of = session ? `/${session.kind}${quoted(session.path ?? '')}${all ?? ''}` : '';
  return `${quoted(cls.id)}${path === undefined ? '' : quoted(path)}${of}`;
}

export function bindingsKey(bindings: Bindings, depth = 0): string {
  if (bindings.size === 0) return '';
  return cached(bindings, depth, () => {
    const parts: string[] = [];
    for (const [node, value] of bindings) parts.push(`${idOf(node)}=${valueKey(value, depth)}`);
    return parts.sort().join(';');
  });
}

/** One call may be granted different locks, by what it is called on. */
export function heldKey(held: readonly Held[]): string {
  return held
    .map(({ token, lock, mode, segment, doubt }) => {
      return `${quoted(token)}${lockKey(lock)}${mode === 'shared' ? '~' : ''}:${segment ?? ''}${doubt ?? ''}`;
    })
    .sort()
    .join('+');
}

export function ordersKey(ordered: Orders): string {
  return [...new Set(ordered.map((pair) => pair.map(quoted).join('<')))].sort().join();
}

export function outcomeKey(outcome: Outcome, depth = 0): string {
  return cached(outcome, depth, () =>
    [
      heldKey(outcome.held),
      outcome.released.map(lockKey).join(','),
      listKey(outcome.releasedTokens),
      valueKey(outcome.value, depth),
      bindingsKey(outcome.writes, depth),
      ordersKey(outcome.ordered),
    ].join('#'),
  );
}

function taskKey(task: Task, depth: number): string {
  const waits = task.acquisitions.map(({ lock, mode, at, settled }) => {
    const place = `@${fileId(at.file)}:${at.start}`;
    return `${lockKey(lock)}${mode === 'shared' ? '~' : ''}${place}${settled.map((one) => `!${idOf(one)}`).join('')}`;
  });
  const ends = (outcomes: readonly Outcome[]): string =>
    outcomes.map((outcome) => outcomeKey(outcome, depth)).join('|');
  return `${waits.join(',')}>${ends(task.outcomes)}${task.rejections ? `!${ends(task.rejections)}` : ''}`;
}

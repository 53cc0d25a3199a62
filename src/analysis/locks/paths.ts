import { type ByDepth, onceAt } from './by-depth.ts';
import type {
  Acquisition,
  Bindings,
  CallChain,
  Held,
  LockRef,
  Outcome,
  Path,
  Session,
  Sorted,
  Task,
  Value,
} from './values.ts';

/**
 * Access paths belong to one activation. Crossing a call renames them: the receiver becomes `this`, an argument
 * `p0`, and what the caller alone can name gets a `^` in front; on the way back the names are undone.
 */
export interface Crossing {
  readonly path: (path: Path) => Path | undefined;
  readonly token: (token: string) => string;
  readonly via: (via: CallChain | undefined) => CallChain | undefined;
}

/** Names deeper than this many callers up are given up. */
const MAX_FRAMES = 3;
/** Tokens of deep recursion stop growing here. */
const MAX_TOKEN = 200;
/** Objects further away than this many members and keys are not told apart: recursion would lead ever further. */
const MAX_LINKS = 5;
/** Values nested deeper than this are unknown. */
const MAX_DEPTH = 12;

/** The formal names of a callee and the caller's paths that they stand for. */
export interface Formals {
  readonly self: Path | undefined;
  readonly args: readonly (Path | undefined)[];
  /** Members of literals among the arguments: what the callee knows as `p0.key` has a name of its own outside. */
  readonly members?: readonly (readonly [formal: Path, actual: Path])[];
}

/** From the caller's names to the callee's. */
export function entering(formals: Formals): Crossing {
  const pairs: (readonly [Path, Path])[] = [];
  if (formals.self !== undefined) pairs.push([formals.self, 'this']);
  for (const [index, actual] of formals.args.entries()) {
    if (actual !== undefined) pairs.push([actual, `p${index}`]);
  }
  for (const [formal, actual] of formals.members ?? []) pairs.push([actual, formal]);
  // The longest match is the most telling; among equals the receiver comes first.
  pairs.sort((a, b) => b[0].length - a[0].length);
  const rename = (path: Path): Path | undefined => {
    for (const [actual, formal] of pairs) {
      if (isPrefix(actual, path)) return formal + renameKeys(path.slice(actual.length), rename);
    }
    const { root, rest } = split(path);
    if (root.startsWith(UNKNOWN_PATH)) return root;
    if (root.startsWith('`')) return renameTemplate(root, rename) + renameKeys(rest, rename);
    if (root.startsWith('^'.repeat(MAX_FRAMES))) return undefined;
    return `${isShared(root) ? '' : '^'}${root}${renameKeys(rest, rename)}`;
  };
  return {
    path: rename,
    token: (token) => (token.length > MAX_TOKEN ? token : `^${token}`),
    via: (via) => via,
  };
}

/** Whether a grant may have been taken in what a call runs: its name tells the calls that it was handed out of. */
export function mayBeTakenIn(token: string, site: string): boolean {
  return token.includes(`@${site}`) || token.length > MAX_TOKEN;
}

/** From the callee's names back to the caller's. `site` tells the callee's own objects of two calls apart. */
export function leaving(
  formals: Formals,
  site: string,
  via: (via: CallChain | undefined) => CallChain | undefined,
): Crossing {
  const rename = (path: Path): Path | undefined => {
    const { root, rest } = split(path);
    if (root.startsWith(UNKNOWN_PATH)) return root;
    const keys = renameKeys(rest, rename);
    if (root.startsWith('`')) return renameTemplate(root, rename) + keys;
    if (root.startsWith('^')) return root.slice(1) + keys;
    if (isShared(root)) return root + keys;
    const member = formals.members?.find(([formal]) => isPrefix(formal, path));
    if (member) return limited(member[1] + renameKeys(path.slice(member[0].length), rename));
    const formal = /^(?:this|p(\d+))$/.exec(root);
    if (formal) {
      const actual = formal[1] === undefined ? formals.self : formals.args[Number(formal[1])];
      return actual === undefined ? undefined : limited(actual + keys);
    }
    return root.split('@').length > 2 ? undefined : `${root}@${site}${keys}`;
  };
  return {
    path: rename,
    token: (token) => {
      if (token.startsWith('^')) return token.slice(1);
      return mayBeTakenIn(token, site) ? token : `${token}@${site}`;
    },
    via,
  };
}

/** Whether `path` is `prefix` or something inside of it. */
export function isPrefix(prefix: Path, path: Path): boolean {
  if (!path.startsWith(prefix)) return false;
  const next = path[prefix.length];
  return next === undefined || next === '.' || next === '[';
}

/** A root that is the same for caller and callee: of the module, a variable of a function around both, a keeper. */
function isShared(root: Path): boolean {
  return /^(?:g:|[eo]\d)/.test(root);
}

/** A path of at most so many links; a longer one is that of an object about which nothing is known. */
function limited(path: Path): Path {
  let links = 0;
  for (let at = 0; at < path.length; at++) {
    if (path[at] === '.') links += 1;
    else if (path[at] === '[') {
      links += 1;
      at = closing(path, at);
    }
  }
  return links > MAX_LINKS ? FAR_PATH : path;
}

/** The root of a path, and the members and keys that follow. */
function split(path: Path): { readonly root: string; readonly rest: string } {
  if (path.startsWith('`')) {
    const end = path.indexOf('`', 1) + 1;
    return end === 0 ? { root: path, rest: '' } : { root: path.slice(0, end), rest: path.slice(end) };
  }
  const end = path.search(/[.[]/);
  return end < 0 ? { root: path, rest: '' } : { root: path.slice(0, end), rest: path.slice(end) };
}

/** Renames the paths that stand as keys: the `p0` in `this.locks[p0]`. */
function renameKeys(rest: string, rename: (path: Path) => Path | undefined): string {
  let renamed = '';
  for (let at = 0; at < rest.length; ) {
    const open = rest.indexOf('[', at);
    if (open < 0) return renamed + rest.slice(at);
    const close = closing(rest, open);
    const key = rest.slice(open + 1, close);
    const isPath = /^[\^`a-zA-Z]/.test(key) && key !== 'true' && key !== 'false' && key !== 'null';
    renamed += `${rest.slice(at, open)}[${isPath ? (rename(key) ?? UNKNOWN_PATH) : key}]`;
    at = close + 1;
  }
  return renamed;
}

/** The end of the bracket that opens at `open`; strings in it may hold brackets. */
function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    const char = text[at];
    if (char === '"') {
      const string = /"(?:[^"\\]|\\.)*"/y;
      string.lastIndex = at;
      at += (string.exec(text)?.[0].length ?? 1) - 1;
    } else if (char === '[') depth += 1;
    else if (char === ']' && --depth === 0) return at;
  }
  return text.length;
}

/** What stands between the quotes of a path that is a text as a whole. */
export function templateText(path: Path): string | undefined {
  return /^`([^`]*)`$/.exec(path)?.[1];
}

/** The path in a text; a text in a text is part of it. */
export function inTemplate(path: Path | undefined): string {
  return (path === undefined ? undefined : templateText(path)) ?? `\${${path ?? UNKNOWN_PATH}}`;
}

function renameTemplate(template: string, rename: (path: Path) => Path | undefined): string {
  return template.replace(/\$\{([^}]*)\}/g, (_, path: string) =>
    inTemplate(path.startsWith(UNKNOWN_PATH) ? UNKNOWN_PATH : rename(path)),
  );
}

export function crossValue(value: Value | undefined, crossing: Crossing, depth = 0): Value | undefined {
  if (!value || depth > MAX_DEPTH) return undefined;
  let crossed = crossedBy.get(crossing);
  if (!crossed) {
    crossed = new Map();
    crossedBy.set(crossing, crossed);
  }
  return onceAt(crossed, value, depth, () => crossParts(value, crossing, depth));
}

/** What values have become in a crossing. */
const crossedBy = new WeakMap<Crossing, ByDepth>();

function crossParts(value: Value, crossing: Crossing, depth: number): Value | undefined {
  const inner = (part: Value | undefined): Value | undefined => crossValue(part, crossing, depth + 1);
  const named = (parts: ReadonlyMap<string, Value>): ReadonlyMap<string, Value> => {
    const crossed = new Map<string, Value>();
    for (const [name, part] of parts) {
      const value = inner(part);
      if (value) crossed.set(name, value);
    }
    return crossed;
  };
  switch (value.kind) {
    case 'constant':
    case 'inert':
      return value;
    case 'lock':
      return { ...value, lock: crossLock(value.lock, crossing) };
    case 'operation':
      return { ...value, lock: { ...value.lock, lock: crossLock(value.lock.lock, crossing) } };
    case 'releaser':
      return {
        ...value,
        tokens: value.tokens.map(crossing.token),
        locks: value.locks.map((lock) => crossLock(lock, crossing)),
      };
    case 'closure':
      return {
        ...value,
        captured: crossBindings(value.captured, crossing, depth + 1),
        self: inner(value.self),
        bound: value.bound.map(inner),
      };
    case 'instance':
      return {
        ...value,
        path: crossing.path(value.path) ?? UNKNOWN_PATH,
        fields: value.fields.size > 0 ? named(value.fields) : value.fields,
      };
    case 'object':
      return {
        ...value,
        path: crossing.path(value.path) ?? UNKNOWN_PATH,
        properties: named(value.properties),
      };
    case 'promise':
      return { kind: 'promise', task: crossTask(value.task, crossing, depth + 1) };
    case 'generator':
      return {
        kind: 'generator',
        task: crossTask(value.task, crossing, depth + 1),
        yields: value.yields.map(({ held, value: yielded }) => ({
          held: held.map((one) => crossHeld(one, crossing)),
          value: inner(yielded),
        })),
      };
    case 'collection':
      return {
        ...value,
        path: crossing.path(value.path) ?? UNKNOWN_PATH,
        items: value.items?.map(inner),
        element: inner(value.element),
        ...(value.keys && { keys: named(value.keys) }),
      };
    case 'opaque': {
      const path = value.session ? crossSessionPath(value.path, crossing) : crossing.path(value.path);
      if (path === undefined || !value.session) return path === undefined ? undefined : { ...value, path };
      const { pool } = value.session;
      return {
        ...value,
        path,
        session: { ...value.session, pool: pool === undefined ? undefined : crossing.path(pool) },
      };
    }
    case 'union': {
      const members = value.members.map(inner).filter((member) => member !== undefined);
      return members.length === value.members.length ? { kind: 'union', members } : undefined;
    }
  }
}

/** The root of what a sorted sequence holds: `s` where the smaller one comes first, `z` where the larger one does. */
export function sortedRoot(id: number, sorted: Sorted): Path {
  return `${sorted === 'descending' ? 'z' : 's'}${id}`;
}

/** A sorted sequence turned round: its elements are counted from the other end. */
export function reversedRoot(path: Path): Path {
  return path.replace(/^(\^*)([sz])(\d+)$/, (_, frames: string, way: string, id: string) => {
    return `${frames}${way === 's' ? 'z' : 's'}${id}`;
  });
}

/** The element at a place of a sorted sequence: `<` where the smaller ones come first, `>` where the larger ones do. */
export function placePath(list: Path, sorted: Sorted, index: number): Path {
  return `${list}[${SIGN[sorted]}${index}]`;
}

/** What is left of a sorted sequence from a place on. */
export function restPath(list: Path, sorted: Sorted, index: number): Path {
  return index === 0 ? list : `${list}[${SIGN[sorted]}${index}:]`;
}

const SIGN = { ascending: '<', descending: '>' } as const;

/** How the elements of one sorted sequence stand that two paths take by their places. */
export function orderOfPlaces(outer: Path, inner: Path): Sorted | undefined {
  const [a, b] = [placeOf(outer), placeOf(inner)];
  if (!a || !b || a.list !== b.list || a.sign !== b.sign || a.index === b.index) return undefined;
  return a.index < b.index === (a.sign === '<') ? 'ascending' : 'descending';
}

function placeOf(
  path: Path,
): { readonly list: Path; readonly sign: string; readonly index: number } | undefined {
  const place = /^(.*?)((?:\[[<>]\d+:\])*)\[([<>])(\d+)\](?![^.[])(?!.*\[[<>]\d)/.exec(path);
  if (!place) return undefined;
  const [, list = '', rests = '', sign = '', last = ''] = place;
  const skipped = [...rests.matchAll(/\d+/g)].map(([digits]) => Number(digits));
  return { list, sign, index: skipped.reduce((sum, count) => sum + count, Number(last)) };
}

/** The key of the last `[key]` of a path. */
export function lastKey(path: Path): string | undefined {
  for (let at = split(path).root.length; at < path.length; ) {
    const open = path.indexOf('[', at);
    if (open < 0) return undefined;
    const close = closing(path, open);
    if (close === path.length - 1) return path.slice(open + 1, close);
    at = close + 1;
  }
  return undefined;
}

/** What two names are made of that differ in one part only: `acc:${a}` and `acc:${b}`. */
export function partsOfNames(a: string, b: string): readonly [string, string] {
  const [x, y] = [holeOf(a), holeOf(b)];
  return x && y && x.around === y.around ? [x.hole, y.hole] : [a, b];
}

function holeOf(name: string): { readonly around: string; readonly hole: string } | undefined {
  const parts = /^(`[^`{}]*\$\{)([^`{}]+)(\}[^`{}]*`)$/.exec(name);
  return parts?.[2] === undefined ? undefined : { around: `${parts[1]} ${parts[3]}`, hole: parts[2] };
}

export function isDescendingRoot(path: Path): boolean {
  return /^\^*z\d/.test(path);
}

/**
 * The root of the object of a class that has put a function away: what is known of it is that it keeps the place that
 * the function was put into, or is kept there.
 */
export function keeperRoot(cls: number): Path {
  return `o${cls}`;
}

export function isKeeper(path: Path): boolean {
  return /^o\d/.test(path);
}

/** The path of an object that nothing is known about: equal to no other path. */
export const UNKNOWN_PATH: Path = '?';

/** The path of an object that is not told apart from others because it is too far away, or one of too many. */
export const FAR_PATH: Path = `${UNKNOWN_PATH}far`;
export const MANY_PATH: Path = `${UNKNOWN_PATH}many`;

/** Why it is not known which object a path leads to, where a bound is the reason. */
export function whyCut(path: Path | undefined): string | undefined {
  if (path?.includes(MANY_PATH)) return 'one of too many objects';
  return path?.includes(FAR_PATH) ? `an object more than ${MAX_LINKS} members away` : undefined;
}

export function crossLock(lock: LockRef, crossing: Crossing): LockRef {
  const path = lock.path === undefined ? undefined : crossing.path(lock.path);
  if (!lock.session) return { cls: lock.cls, path };
  return { ...lock, path, session: crossSession(lock.session, crossing) };
}

function crossSession({ path, pool, ...rest }: Session, crossing: Crossing): Session {
  const crossed = path === undefined ? undefined : crossSessionPath(path, crossing);
  return { ...rest, path: crossed, pool: pool === undefined ? undefined : crossing.path(pool) };
}

/** A session that was taken many calls below is none of those that were taken further up, though nothing else is known. */
function crossSessionPath(path: Path, crossing: Crossing): Path | undefined {
  return crossing.path(path) ?? /^n\d+(?=@)/.exec(path)?.[0].concat('@*');
}

export function crossHeld(held: Held, crossing: Crossing): Held {
  return {
    ...held,
    token: crossing.token(held.token),
    lock: crossLock(held.lock, crossing),
    via: crossing.via(held.via),
  };
}

export function crossAcquisition(acquisition: Acquisition, crossing: Crossing): Acquisition {
  return {
    ...acquisition,
    lock: crossLock(acquisition.lock, crossing),
    gates: acquisition.gates.map((gate) => crossLock(gate, crossing)),
    via: crossing.via(acquisition.via),
    token: crossing.token(acquisition.token),
    without: acquisition.without.map(crossing.token),
    withoutLocks: acquisition.withoutLocks.map((lock) => crossLock(lock, crossing)),
  };
}

export function crossOutcome(outcome: Outcome, crossing: Crossing, depth = 0): Outcome {
  return {
    held: outcome.held.map((held) => crossHeld(held, crossing)),
    released: outcome.released.map((lock) => crossLock(lock, crossing)),
    releasedTokens: outcome.releasedTokens.map(crossing.token),
    value: crossValue(outcome.value, crossing, depth),
    writes: crossBindings(outcome.writes, crossing, depth),
    ordered: outcome.ordered.flatMap(([small, large]) => {
      const [a, b] = [crossing.path(small), crossing.path(large)];
      return a === undefined || b === undefined ? [] : [[a, b] as const];
    }),
  };
}

export function crossTask(task: Task, crossing: Crossing, depth = 0): Task {
  return {
    acquisitions: task.acquisitions.map((acquisition) => crossAcquisition(acquisition, crossing)),
    outcomes: task.outcomes.map((outcome) => crossOutcome(outcome, crossing, depth)),
    ...(task.rejections && {
      rejections: task.rejections.map((outcome) => crossOutcome(outcome, crossing, depth)),
    }),
  };
}

export function crossBindings(bindings: Bindings, crossing: Crossing, depth = 0): Bindings {
  if (bindings.size === 0) return bindings;
  const crossed: Map<Parameters<Bindings['get']>[0], Value> = new Map();
  for (const [node, value] of bindings) {
    const inner = crossValue(value, crossing, depth + 1);
    if (inner) crossed.set(node, inner);
  }
  return crossed;
}

/** What the methods of arrays, maps and sets do with the contents. */
export interface StateMethod {
  readonly kind: 'read' | 'write' | 'take';
  /** The first argument is the key of one element; otherwise it is about all of them. */
  readonly isKeyed?: true;
  /** It only tells whether something is there. */
  readonly isPresence?: true;
  /** It takes away what it names, so that doing it twice is doing it once. */
  readonly isRemoval?: true;
  /** What it writes, from this argument on. */
  readonly valueAt?: number;
}

const READ: StateMethod = { kind: 'read' };
const WRITE: StateMethod = { kind: 'write', valueAt: 0 };
const TAKE: StateMethod = { kind: 'take' };

const METHODS: ReadonlyMap<string, StateMethod> = new Map<string, StateMethod>([
  ['get', { kind: 'read', isKeyed: true }],
  ['has', { kind: 'read', isKeyed: true, isPresence: true }],
  ['set', { kind: 'write', isKeyed: true, valueAt: 1 }],
  ['add', { kind: 'write', isKeyed: true, valueAt: 1 }],
  ['delete', { kind: 'write', isKeyed: true, isRemoval: true }],
  ['clear', { kind: 'write', isRemoval: true }],
  ['pop', TAKE],
  ['shift', TAKE],
  ...['push', 'unshift', 'splice', 'fill', 'copyWithin'].map((name) => [name, WRITE] as const),
  ...['includes', 'indexOf', 'lastIndexOf', 'at', 'slice', 'concat', 'join', 'keys', 'values', 'entries'].map(
    (name) => [name, READ] as const,
  ),
  ...['toSorted', 'toReversed', 'toSpliced', 'with', 'sort', 'reverse'].map((name) => [name, READ] as const),
]);

/** Put what they are handed into a collection. */
export const KEEPING_METHODS = /^(?:push|unshift|add|set)$/;

/** Methods that call what they are given for the elements, one after another. */
export const ITERATING: ReadonlySet<string> = new Set([
  'forEach',
  'map',
  'flatMap',
  'filter',
  'find',
  'findIndex',
  'findLast',
  'findLastIndex',
  'some',
  'every',
  'reduce',
  'reduceRight',
]);

/** What a method does with the contents of a collection, by its name. */
export function stateMethod(name: string): StateMethod | undefined {
  return ITERATING.has(name) ? READ : METHODS.get(name);
}

/** Whether a method calls its first argument with the elements. */
export function isIterating(name: string): boolean {
  return ITERATING.has(name);
}

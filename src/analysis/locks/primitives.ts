import type { LockPrimitive } from '../../config/types.ts';
import type { Program } from '../../engine/program.ts';

/** In a list of methods: the lock is a function, and called itself. */
export const CALL = '()';

/** For a type: the lock is the module itself, and its functions are the methods. */
export const MODULE = 'module';

/**
 * The lock APIs that are recognised without configuration, in the schema that `locks.primitives` offers for any
 * other. Semantics were established by running the libraries.
 */
export const BUILTIN_PRIMITIVES: readonly LockPrimitive[] = [
  {
    module: 'async-mutex',
    type: 'Mutex',
    acquire: ['acquire'],
    release: ['release'],
    releasedTwice: 'frees',
    scoped: ['runExclusive'],
    waits: ['waitForUnlock'],
    grants: 'releaser',
    wrappers: ['withTimeout'],
    tryWrappers: ['tryAcquire'],
  },
  {
    module: 'async-mutex',
    type: 'MutexInterface',
    acquire: ['acquire'],
    release: ['release'],
    releasedTwice: 'frees',
    scoped: ['runExclusive'],
    waits: ['waitForUnlock'],
    grants: 'releaser',
  },
  {
    module: 'async-mutex',
    type: 'Semaphore',
    acquire: ['acquire'],
    release: ['release'],
    releasedTwice: 'frees',
    scoped: ['runExclusive'],
    waits: ['waitForUnlock'],
    grants: 'value-and-releaser',
    permitsArg: 0,
  },
  {
    module: 'async-mutex',
    type: 'SemaphoreInterface',
    acquire: ['acquire'],
    release: ['release'],
    releasedTwice: 'frees',
    scoped: ['runExclusive'],
    waits: ['waitForUnlock'],
    grants: 'value-and-releaser',
    permitsArg: 0,
  },
  {
    module: 'await-lock',
    type: 'default',
    acquire: ['acquireAsync'],
    try: ['tryAcquire'],
    release: ['release'],
    releasedTwice: 'throws',
    grants: 'void',
  },
  {
    module: 'ws-gate/locks',
    type: 'Mutex',
    acquire: ['acquire'],
    try: ['tryAcquire'],
    scoped: ['runExclusive'],
    grants: 'disposable',
  },
  {
    module: 'ws-gate/locks',
    type: 'KeyedMutex',
    acquire: ['acquire'],
    try: ['tryAcquire'],
    scoped: ['runExclusive'],
    grants: 'disposable',
    keyArg: 0,
  },
  {
    module: 'ws-gate/locks',
    type: 'RwLock',
    acquire: ['acquireWrite'],
    acquireShared: ['acquireRead'],
    grants: 'disposable',
  },
  {
    module: 'ws-gate/locks',
    type: 'SyncMutex',
    acquire: ['acquire'],
    grants: 'disposable',
    immediate: true,
  },
  {
    module: 'es-toolkit',
    type: 'Mutex',
    acquire: ['acquire'],
    release: ['release'],
    releasedTwice: 'frees',
    grants: 'void',
  },
  {
    module: 'es-toolkit',
    type: 'Semaphore',
    acquire: ['acquire'],
    release: ['release'],
    releasedTwice: 'frees',
    grants: 'void',
    permitsArg: 0,
  },
  {
    module: 'p-mutex',
    type: 'default',
    acquire: ['lock'],
    release: ['unlock'],
    releasedTwice: 'frees',
    scoped: ['withLock'],
    grants: 'void',
  },
  {
    module: '@esfx/async-mutex',
    type: 'AsyncMutex',
    acquire: ['lock'],
    try: ['tryLock'],
    release: ['unlock'],
    releasedTwice: 'frees',
    grants: 'disposable',
  },
  {
    module: 'async-await-mutex-lock',
    type: 'Lock',
    acquire: ['acquire'],
    release: ['release'],
    releasedTwice: 'throws',
    grants: 'void',
    keyArg: 0,
  },
  {
    module: 'ts-mutex',
    type: 'default',
    scoped: ['use'],
    grants: 'void',
  },
  {
    module: '@hazae41/mutex',
    type: 'Mutex',
    acquire: ['lockOrWait'],
    try: ['lockOrNull', 'lockOrThrow'],
    scoped: ['runOrWait'],
    waits: ['wait'],
    grants: 'disposable',
  },
  {
    module: '@hazae41/mutex',
    type: 'Semaphore',
    acquire: ['lockOrWait'],
    try: ['lockOrNull', 'lockOrThrow'],
    scoped: ['runOrWait'],
    waits: ['wait'],
    grants: 'disposable',
    permitsArg: 1,
  },
  {
    module: 'live-mutex',
    type: 'Client',
    acquire: ['acquire', 'acquireLock', 'lockp'],
    callback: ['lock'],
    release: ['release', 'releaseLock', 'unlock', 'unlockp'],
    grants: 'releaser',
    keyArg: 0,
  },
  {
    module: 'proper-lockfile',
    type: MODULE,
    acquire: ['lock'],
    try: ['lockSync'],
    release: ['unlock', 'unlockSync'],
    releasedTwice: 'throws',
    releaserTwice: 'throws',
    grants: 'releaser',
    keyArg: 0,
  },
  {
    module: '@livekit/mutex',
    type: 'Mutex',
    acquire: ['lock'],
    grants: 'releaser',
  },
  {
    module: '@livekit/mutex',
    type: 'MultiMutex',
    acquire: ['lock'],
    grants: 'releaser',
    permitsArg: 0,
  },
  {
    module: '@dxos/async',
    type: 'Mutex',
    acquire: ['acquire'],
    scoped: ['executeSynchronized'],
    grants: 'disposable',
  },
  {
    module: '@ethereumjs/util',
    type: 'Lock',
    acquire: ['acquire'],
    release: ['release'],
    releasedTwice: 'frees',
    grants: 'void',
  },
  {
    module: 'async-lock',
    type: 'default',
    scoped: ['acquire'],
    callback: ['acquire'],
    grants: 'void',
    keyArg: 0,
    keysInTurn: true,
    reentrantMember: 'domainReentrant',
  },
  {
    module: 'lib',
    type: 'LockManager',
    scoped: ['request'],
    grants: 'void',
    keyArg: 0,
  },
  {
    module: 'async-rwlock',
    type: 'RWLock',
    acquire: ['writeLock'],
    acquireShared: ['readLock'],
    release: ['unlock'],
    readers: 'recursive',
    releasedTwice: 'throws',
    grants: 'void',
  },
  {
    module: 'async-sema',
    type: 'Sema',
    acquire: ['acquire'],
    drains: ['drain'],
    try: ['tryAcquire'],
    release: ['release'],
    releasedTwice: 'frees',
    releaserTwice: 'frees',
    grants: 'token',
    permitsArg: 0,
  },
  {
    module: 'semaphore-async-await',
    type: 'default',
    acquire: ['acquire', 'wait'],
    try: ['tryAcquire', 'waitFor'],
    takesFree: ['drainPermits'],
    release: ['release', 'signal'],
    scoped: ['execute'],
    releasedTwice: 'frees',
    grants: 'void',
    permitsArg: 0,
  },
  {
    module: 'semaphore-async-await',
    type: 'Lock',
    acquire: ['acquire', 'wait'],
    try: ['tryAcquire', 'waitFor'],
    takesFree: ['drainPermits'],
    release: ['release', 'signal'],
    scoped: ['execute'],
    releasedTwice: 'frees',
    grants: 'void',
  },
  {
    module: 'mutexify',
    type: 'default',
    acquire: [CALL],
    callback: [CALL],
    releaserTwice: 'frees',
    grants: 'releaser',
  },
  {
    module: 'rwlock',
    type: 'default',
    callback: ['writeLock'],
    callbackShared: ['readLock'],
    views: ['async'],
    grants: 'void',
    keyArg: 0,
  },
  {
    module: 'redlock',
    type: 'default',
    acquire: ['acquire', 'lock'],
    release: ['release', 'unlock'],
    releasedTwice: 'throws',
    releaserTwice: 'throws',
    scoped: ['using'],
    grants: 'disposable',
    renews: ['extend'],
    keyArg: 0,
  },
  {
    module: 'p-queue',
    type: 'default',
    scoped: ['add', 'addAll'],
    drains: ['onIdle'],
    grants: 'void',
    permitsArg: 0,
    permitsMember: 'concurrency',
  },
  {
    module: 'p-limit',
    type: 'default',
    scoped: [CALL, 'map'],
    grants: 'void',
    permitsArg: 0,
    permitsMember: 'concurrency',
  },
];

/** Whether a lock is a function. */
export function isCalled({ acquire = [], scoped = [], callback = [] }: LockPrimitive): boolean {
  return [acquire, scoped, callback].some((methods) => methods.includes(CALL));
}

/**
 * Some locks, or their methods, have names that everything has. Such a lock is looked for where the program imports its
 * module, and by the names of what holds one.
 */
const EVERYDAY: ReadonlySet<string> = new Set([
  'add',
  'addAll',
  'map',
  'wait',
  'waitFor',
  'execute',
  'use',
  'Client',
  CALL,
]);

export function isEveryday({
  module,
  type,
  acquire = [],
  scoped = [],
  callback = [],
}: LockPrimitive): boolean {
  return (
    module !== undefined && [type, ...acquire, ...scoped, ...callback].some((name) => EVERYDAY.has(name))
  );
}

/** What a program may use of the locks that are recognised without configuration. */
export function builtinPrimitivesOf(program: Pick<Program, 'filesWith'>): readonly LockPrimitive[] {
  const isImported = (...primitives: readonly LockPrimitive[]): boolean =>
    program.filesWith(primitives.flatMap(importsOf)).length > 0;
  // Most programs import none of these, which one search tells.
  const hasEveryday = isImported(...BUILTIN_PRIMITIVES.filter(isEveryday));
  return BUILTIN_PRIMITIVES.filter(
    (primitive) => !isEveryday(primitive) || (hasEveryday && isImported(primitive)),
  );
}

/** The words that make a program worth a look: those of its own locks, and of the ones that need no configuration. */
export function triggersOf(own: readonly LockPrimitive[]): string[] {
  const everyday = BUILTIN_PRIMITIVES.filter(isEveryday);
  const others = BUILTIN_PRIMITIVES.filter((primitive) => !everyday.includes(primitive));
  return [...new Set([...lockWords([...own, ...others]), ...everyday.flatMap(importsOf)])].sort();
}

/** The texts by which a file says that it uses the module of a lock. */
function importsOf({ module = '' }: LockPrimitive): readonly string[] {
  return ['from ', 'import(', 'require('].flatMap((word) => [`${word}'${module}`, `${word}"${module}`]);
}

/** The names of what a module exports by default: of the class, or of the function that makes such a lock and its type. */
const DEFAULT_NAMES: Readonly<Record<string, readonly string[]>> = {
  'await-lock': ['AwaitLock'],
  'async-lock': ['AsyncLock'],
  'semaphore-async-await': ['Semaphore'],
  mutexify: ['mutexify'],
  rwlock: ['ReadWriteLock', 'ReadWriteGeneric', 'RWLock'],
  redlock: ['Redlock'],
  'p-mutex': ['Mutex'],
  'ts-mutex': ['Mutex'],
  'p-queue': ['PQueue'],
  'p-limit': ['pLimit', 'LimitFunction'],
};

/**
 * Finds the primitive that a type of a module is. A mutex of a package that nobody has described is taken for what its
 * name says: packages of that name differ in their methods, not in what they are for.
 */
export function findPrimitive(
  primitives: readonly LockPrimitive[],
  module: string,
  type: string,
): LockPrimitive | undefined {
  const known = primitives.find(
    (primitive) =>
      matchesModule(primitive.module, module) &&
      (primitive.type === type || (primitive.type === 'default' && DEFAULT_NAMES[module]?.includes(type))),
  );
  return known ?? (isPackage(module) && /^(?:Async)?Mutex$/.test(type) ? UNDESCRIBED_MUTEX : undefined);
}

/** The primitive that a module itself is: its functions take and give back a lock. */
export function primitiveOfModule(
  primitives: readonly LockPrimitive[],
  module: string,
): LockPrimitive | undefined {
  return primitives.find((primitive) => primitive.type === MODULE && matchesModule(primitive.module, module));
}

/** What a mutex offers, under the names that are in use. Any of them may be missing from a certain package. */
const UNDESCRIBED_MUTEX: LockPrimitive = {
  type: 'Mutex',
  acquire: ['acquire', 'lock'],
  try: ['tryAcquire', 'tryLock'],
  release: ['release', 'unlock'],
  scoped: ['runExclusive', 'withLock'],
  grants: 'releaser',
};

/** Whether a module is one of npm, by its name: no path, and neither the language's library nor a free name. */
function isPackage(module: string): boolean {
  return /^[@a-z0-9]/i.test(module) && module !== 'lib' && module !== 'global' && !module.includes(':');
}

/** A subpath of a package (`es-toolkit/promise`) stands for the package. */
function matchesModule(wanted: string | undefined, module: string): boolean {
  if (wanted === undefined) return false;
  return module === wanted || module.startsWith(`${wanted}/`) || packageRoot(wanted) === module;
}

/** Declarations are found by package, so `ws-gate/locks` is reached through files of `ws-gate`. */
function packageRoot(module: string): string {
  const parts = module.split('/');
  return module.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? module);
}

/** The words that make a file worth a look: the calls by which a lock is taken. */
export function lockWords(primitives: readonly LockPrimitive[]): string[] {
  const words = new Set<string>();
  for (const name of acquiringMethods(primitives)) {
    // Short everyday names match as a call of a member only.
    if (name !== 'request') words.add(name.length < 8 && name !== 'acquire' ? `.${name}(` : name);
  }
  // The functions of a module are called without one, by whoever imports them.
  for (const primitive of primitives) {
    if (primitive.type === MODULE) for (const word of importsOf(primitive)) words.add(word);
    // A function of the program that makes locks which are functions themselves.
    if (primitive.module === undefined && isCalled(primitive)) words.add(`${primitive.type}(`);
  }
  words.add('locks.request(');
  return [...words].sort();
}

/** The names of lock types, default exports by the names that they are usually imported under. */
export function lockTypeNames(primitives: readonly LockPrimitive[]): string[] {
  const names = primitives.flatMap(({ module, type }) =>
    type === 'default' ? (DEFAULT_NAMES[module ?? ''] ?? []) : type === MODULE ? [] : type,
  );
  return [...new Set(names)].sort();
}

/** The methods that take a lock, of all primitives and of locks recognised by shape. */
export function acquiringMethods(primitives: readonly LockPrimitive[]): ReadonlySet<string> {
  const names = new Set([
    ...SHAPE_SCOPED,
    ...SHAPE_ACQUIRE,
    ...SHAPE_TRY,
    ...SHAPE_READ,
    ...SHAPE_WRITE,
    ...SHAPE_SCOPED_READ,
    ...SHAPE_SCOPED_WRITE,
  ]);
  for (const primitive of primitives) {
    const { acquire, acquireShared, scoped, scopedShared, callback, callbackShared } = primitive;
    const lists = [acquire, acquireShared, scoped, scopedShared, callback, callbackShared, primitive.try];
    for (const name of lists.flatMap((list) => list ?? [])) {
      if (!EVERYDAY.has(name)) names.add(name);
    }
  }
  return names;
}

/** Method names by which a class of the project's own is taken for a lock. */
export const SHAPE_SCOPED: readonly string[] = ['runExclusive', 'withLock'];
export const SHAPE_ACQUIRE: readonly string[] = ['acquire', 'lock'];
export const SHAPE_READ: readonly string[] = ['readLock', 'lockRead', 'acquireRead', 'acquireShared'];
export const SHAPE_WRITE: readonly string[] = ['writeLock', 'lockWrite', 'acquireWrite', 'acquireExclusive'];
export const SHAPE_SCOPED_READ: readonly string[] = ['withReadLock', 'runShared'];
export const SHAPE_SCOPED_WRITE: readonly string[] = ['withWriteLock'];
export const SHAPE_RELEASE: readonly string[] = ['release', 'unlock'];
export const SHAPE_TRY: readonly string[] = ['tryAcquire', 'tryLock'];
export const SHAPE_WAITS: readonly string[] = ['waitForUnlock'];
export const SHAPE_DRAINS: readonly string[] = ['onIdle', 'whenIdle', 'drain'];

/** What gives a grant back, of what stands for it. */
export const RELEASES =
  /^(?:release|unlock|free|dispose|return|done|close|\[Symbol\.(?:async)?[dD]ispose\])$/;

/** Whether a member of what a lock grants gives the grant back, as far as the lock is known; of others any may. */
export function mayRelease({ module, grants, release = [] }: LockPrimitive, member: string): boolean {
  if (grants === 'token') return false;
  return module === undefined || RELEASES.test(member) || release.includes(member);
}

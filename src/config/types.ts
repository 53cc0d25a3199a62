/** The config as the user writes it. Checked by `schema.ts`; these types give the editor its completions. */

import type { AnyRule } from '../engine/rule.ts';

export type SeveritySetting = 'off' | 'warn' | 'error';

/** A severity alone, or with the options of the rule. */
export type RuleSetting = SeveritySetting | readonly [SeveritySetting] | readonly [SeveritySetting, unknown];

/** A lock API beyond the built-in ones; the built-in table is written in this very shape. */
export interface LockPrimitive {
  /** The module that exports the type, as imported; absent for a class of the project itself. */
  readonly module?: string;
  /**
   * The class or type name. For a factory (`const lock = mutexify()`), the factory's name; `default` for what the module
   * exports by default; `module` where the functions of the module are the methods (`lockfile.lock(path)`).
   */
  readonly type: string;
  /** Methods that wait for the lock. `()` in a list of methods: the lock is a function, and called itself. */
  readonly acquire?: readonly string[];
  /** Methods that wait for a share of it: the read side of a readers-writer lock. */
  readonly acquireShared?: readonly string[];
  /** Methods that release it. */
  readonly release?: readonly string[];
  /** Methods that run a callback under the lock. */
  readonly scoped?: readonly string[];
  readonly scopedShared?: readonly string[];
  /**
   * Methods that hand what releases the lock to a callback, as its last parameter, and return at once:
   * `lock((release) => …)`. A method that stands elsewhere too, under `scoped` or `acquire`, does so only for a callback
   * that has a parameter.
   */
  readonly callback?: readonly string[];
  readonly callbackShared?: readonly string[];
  /** Properties of the lock that are the same lock, with its methods in another style: `lock.async.readLock(…)`. */
  readonly views?: readonly string[];
  /** Methods that take the lock only if it is free, or becomes free in a given time: they wait for nobody in the end. */
  readonly try?: readonly string[];
  /**
   * What a second call of `release` does: it lets another holder's waiter in (`frees`, the default), it `throws`, or it
   * is `harmless`.
   */
  readonly releasedTwice?: 'frees' | 'throws' | 'harmless';
  /** The same for what `acquire` hands out to release the lock with: `harmless` is the default. */
  readonly releaserTwice?: 'frees' | 'throws' | 'harmless';
  /**
   * What `acquire` resolves to. A `token` gives nothing back by itself, as `void`; what tries the lock gives one, or
   * `undefined`, where it otherwise gives `true` or `false`.
   */
  readonly grants?: 'releaser' | 'disposable' | 'value-and-releaser' | 'token' | 'void';
  /** Methods of the lock, or of what it grants, that give the same grant for longer: `extend`. */
  readonly renews?: readonly string[];
  /** It waits for nobody: `acquire` returns the grant itself, or throws, and a callback runs before its call returns. */
  readonly immediate?: boolean;
  /** Methods that wait until it could be taken, and take nothing: `waitForUnlock`. */
  readonly waits?: readonly string[];
  /** Methods that wait until nobody holds it: `onIdle` of a queue. What they take, if anything, is not followed. */
  readonly drains?: readonly string[];
  /** Methods that take all permits that are free, however many, without waiting: `drainPermits`. Nor is it followed. */
  readonly takesFree?: readonly string[];
  /** Index of the argument that names the lock within a family; absent for one lock per object. */
  readonly keyArg?: number;
  /** The property of that argument which is the key: `id` for `acquire({ id })`. Absent if it is the key itself. */
  readonly keyMember?: string;
  /** Given an array of keys, it takes them one after another, in their order, and keeps what it has while it waits. */
  readonly keysInTurn?: boolean;
  readonly reentrant?: boolean;
  /** The property of an argument of the constructor that makes the lock reentrant if it is `true`. */
  readonly reentrantMember?: string;
  /** Index of the constructor argument that holds the number of permits; absent for a mutex. */
  readonly permitsArg?: number;
  /**
   * The property of that argument which is the number, if the argument is not the number itself: `concurrency`. Where it
   * is not given there is no limit, and so no lock.
   */
  readonly permitsMember?: string;
  /** Functions of the module, or of the project, that wrap a lock and return the same one: `withTimeout(mutex, 100)`. */
  readonly wrappers?: readonly string[];
  /** The same for wrappers whose `acquire` rejects instead of waiting: `tryAcquire(mutex)`. */
  readonly tryWrappers?: readonly string[];
  /** Readers pass a waiting writer (`recursive`), or queue behind it (`fair`, the default). */
  readonly readers?: 'recursive' | 'fair';
}

export interface LocksConfig {
  /** Outermost first. A nested array is a set of siblings: same rank, never held together. */
  readonly order: readonly (string | readonly string[])[];
  /** Innermost locks: their holder acquires nothing. */
  readonly leaf: readonly string[];
  /** Held briefly: no await inside, no callback. */
  readonly brief: readonly string[];
  readonly reentrant: readonly string[];
  /** Pairs never held together, in either order. */
  readonly disjoint: readonly (readonly [string, string])[];
  readonly primitives: readonly LockPrimitive[];
}

export interface Override {
  readonly files: readonly string[];
  readonly rules: Readonly<Record<string, RuleSetting>>;
}

/** What `defineConfig` takes; every key is optional. */
export interface UserConfig {
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly tsconfig?: string;
  readonly locks?: Partial<LocksConfig>;
  readonly rules?: Readonly<Record<string, RuleSetting | readonly [SeveritySetting, unknown]>>;
  readonly overrides?: readonly Override[];
  /** Rules of the project's own, made with `defineRule`. They join the built-in ones, off unless they say so. */
  readonly customRules?: readonly AnyRule[];
}

/** The config after loading, with every default filled in. */
export interface Config {
  /** Absolute path of the file, or undefined when there is none. */
  readonly file: string | undefined;
  /** The directory that all paths in the config are relative to. Absolute. */
  readonly root: string;
  readonly include: readonly string[] | undefined;
  readonly exclude: readonly string[] | undefined;
  readonly tsconfig: string | undefined;
  readonly locks: LocksConfig;
  readonly rules: Readonly<Record<string, RuleSetting>>;
  readonly overrides: readonly Override[];
  readonly customRules: readonly AnyRule[];
}

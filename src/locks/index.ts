/**
 * Locks for async code: FIFO, abortable, disposable.
 *
 * @module
 */

export { KeyedMutex } from './keyed-mutex.ts';
export { type AcquireOptions, type LockOptions, Mutex } from './mutex.ts';
export type { Releaser } from './releaser.ts';
export { RwLock } from './rw-lock.ts';
export { HeldAcrossAwaitError, SyncMutex, SyncReentryError } from './sync-mutex.ts';

/**
 * The reference workspace manager.
 *
 * @module
 */

export * from './claims/index.ts';
export { type Clock, systemClock, type TimerHandle } from './clock.ts';
export { DeadlineError } from './deadline.ts';
export * from './events/index.ts';
export * from './fleet/index.ts';
export * from './graphs/index.ts';
export * from './ledger/index.ts';
export * from './obs/index.ts';
export * from './sessions/index.ts';
export * from './store/index.ts';
export * from './uploads/index.ts';

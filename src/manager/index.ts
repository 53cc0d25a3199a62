/**
 * The reference workspace manager.
 *
 * @module
 */

export * from './claims/index.ts';
export { type Clock, systemClock, type TimerHandle } from './clock.ts';
export * from './graphs/index.ts';
export * from './obs/index.ts';
export * from './store/index.ts';

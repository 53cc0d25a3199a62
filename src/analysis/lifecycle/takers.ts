import type { Entity } from '../code.ts';

/**
 * What a function outside of the program does with the result of a callback. `drops`: nothing. `looks`: it decides by
 * it. `hands-on`: it is, or is in, the result of the call.
 */
export type Taking = 'drops' | 'looks' | 'hands-on' | 'unknown';

/** @param entities what the callee stands for */
export function takingOf(name: string, index: number, entities: readonly Entity[]): Taking {
  if (!isKnown(entities)) return 'unknown';
  if (name === 'then') return index < 2 ? 'hands-on' : 'unknown';
  if (name === 'from' || name === 'fromAsync') return index === 1 ? 'hands-on' : 'unknown';
  if (LISTENING.has(name)) return index === 1 ? 'drops' : 'unknown';
  if (index !== 0) return 'unknown';
  if (DROPPING.has(name)) return 'drops';
  if (LOOKING.has(name)) return 'looks';
  return HANDING_ON.has(name) ? 'hands-on' : 'unknown';
}

/** What a function outside of the program does with an argument: its result may be, or hold, the argument. */
export function handsOnArgument(name: string, entities: readonly Entity[]): boolean {
  return isKnown(entities) && COMBINING.has(name);
}

/** Whether a function that hands on the results of a callback makes a list of them. */
export function makesListOf(name: string): boolean {
  return name === 'map' || name === 'flatMap' || name === 'from';
}

/** Names say what a function does where it is the language's or the platform's own. */
function isKnown(entities: readonly Entity[]): boolean {
  return (
    entities.length > 0 &&
    entities.every(
      (one) => one.kind === 'external' && /^(?:lib|global|node|events|timers)$|^node:/.test(one.module),
    )
  );
}

const DROPPING: ReadonlySet<string> = new Set([
  'forEach',
  'finally',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'nextTick',
  'requestAnimationFrame',
  'requestIdleCallback',
  'Promise',
]);

const LISTENING: ReadonlySet<string> = new Set([
  'on',
  'once',
  'addListener',
  'prependListener',
  'addEventListener',
]);

const LOOKING: ReadonlySet<string> = new Set([
  'filter',
  'some',
  'every',
  'find',
  'findIndex',
  'findLast',
  'findLastIndex',
]);

const HANDING_ON: ReadonlySet<string> = new Set(['map', 'flatMap', 'catch', 'reduce', 'reduceRight', 'try']);

const COMBINING: ReadonlySet<string> = new Set(['all', 'allSettled', 'any', 'race', 'resolve', 'freeze']);

/** The names of the functions that are known to do something with the results of what they are given. */
export const TAKER_NAMES: ReadonlySet<string> = new Set([
  ...DROPPING,
  ...LISTENING,
  ...LOOKING,
  ...HANDING_ON,
  'from',
  'fromAsync',
  'then',
]);

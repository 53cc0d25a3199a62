import type { Value } from './values.ts';

/** What was made of values, by how deep each lay: what is too deep is cut. */
export type ByDepth = Map<Value, (Value | undefined)[]>;

/**
 * What is made of a value, once for each depth that it lies at: functions hold each other, and work ends with more work,
 * so one may be reached in very many ways.
 */
export function onceAt(
  made: ByDepth,
  value: Value,
  depth: number,
  make: () => Value | undefined,
): Value | undefined {
  if (value.kind !== 'closure' && value.kind !== 'promise') return make();
  const known = made.get(value) ?? [];
  made.set(value, known);
  if (!(depth in known)) known[depth] = make();
  return known[depth];
}

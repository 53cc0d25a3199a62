import { describe, expect, test } from 'vitest';
import {
  afterPause,
  isHeldHere,
  noLongerFree,
  nothingSeenFree,
  seenFree,
  stateSeen,
} from '../../../src/analysis/locks/free-locks.ts';
import type { LockRef, Path } from '../../../src/analysis/locks/values.ts';
import { START, type World } from '../../../src/analysis/locks/world.ts';
import { heldOf, lockClass } from './parts.ts';

const ref = (id: string, path: Path | undefined = 'this'): LockRef => ({ cls: lockClass(id), path });
const A = ref('A');
const B = ref('B');
const holding = (lock: LockRef): World => ({ ...START, held: [heldOf('1', lock)] });

describe('a lock that was seen to be free is taken at once', () => {
  const free = stateSeen(A, false, START);

  test('and no other', () => {
    expect([seenFree(A, free), seenFree(B, free), seenFree(ref('A', 'p0'), free)]).toEqual([
      'at once',
      undefined,
      undefined,
    ]);
  });

  test('until it is taken, or others may take it', () => {
    expect(seenFree(A, noLongerFree(B, free))).toBe('at once');
    expect(seenFree(A, noLongerFree(A, free))).toBeUndefined();
    expect(seenFree(A, nothingSeenFree(free))).toBeUndefined();
    expect(seenFree(A, afterPause(free))).toBeUndefined();
  });

  test.each([undefined, '?', 'this.all[?]'])('unless it is not known which one: %s', (path) => {
    const lock = { ...A, path };
    expect(seenFree(lock, stateSeen(lock, false, START))).toBeUndefined();
  });
});

describe('a lock that was asked for until it was free', () => {
  const ask = (world: World): World => afterPause(stateSeen(A, true, world));

  test('is taken at last', () => {
    expect(seenFree(A, stateSeen(A, false, ask(START)))).toBe('at last');
  });

  test('is waited for by who holds another meanwhile', () => {
    expect(seenFree(A, stateSeen(A, false, ask(holding(B))))).toBeUndefined();
  });

  test('is not waited for under what was given back and taken again', () => {
    const again = noLongerFree(B, { ...ask(holding(B)), held: [] });
    expect(seenFree(A, stateSeen(A, false, { ...again, held: [heldOf('1', B)] }))).toBe('at last');
  });

  test('was not asked for if there was no pause', () => {
    expect(seenFree(A, stateSeen(A, false, stateSeen(A, true, START)))).toBe('at once');
  });
});

test('a lock is held by who holds it, unless it lets others in or is not known', () => {
  const wide: LockRef = { cls: lockClass('wide', { permits: 2 }), path: 'this' };
  const vague = { ...A, path: undefined };
  expect([isHeldHere(A, holding(A)), isHeldHere(B, holding(A))]).toEqual([true, undefined]);
  expect([isHeldHere(wide, holding(wide)), isHeldHere(vague, holding(vague))]).toEqual([
    undefined,
    undefined,
  ]);
});

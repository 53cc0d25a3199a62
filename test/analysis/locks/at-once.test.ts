import { expect, test } from 'vitest';
import { atOnce, inCall } from '../../../src/analysis/locks/at-once.ts';
import { type Acquisition, UNIT } from '../../../src/analysis/locks/values.ts';
import { START } from '../../../src/analysis/locks/world.ts';
import { acquisitionOf, lockClass } from './parts.ts';

const lock = { cls: lockClass('L'), path: 'this' };

test('what is taken before the first pause is taken in the call, and nothing else', () => {
  const told: Acquisition[] = [];
  const sink = atOnce((one) => told.push(one));
  sink(acquisitionOf(lock), [], START);
  sink(acquisitionOf(lock, { atOnce: true }), [], { ...START, segment: 7 });
  expect(told.map((one) => one.atOnce)).toEqual([true, false]);
});

test('a call has taken what it takes at once; its ends are for those who wait', () => {
  const [now, later] = [acquisitionOf(lock, { atOnce: true }), acquisitionOf(lock)];
  const task = { acquisitions: [later, now], outcomes: [UNIT], rejections: [UNIT] };
  expect(inCall(task)).toEqual({
    now: { acquisitions: [now], outcomes: [] },
    later: { acquisitions: [later], outcomes: [UNIT], rejections: [UNIT] },
  });
});

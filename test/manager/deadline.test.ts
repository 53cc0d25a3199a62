import { expect, test } from 'vitest';
import { withDeadline } from '../../src/manager/deadline.ts';
import { FakeClock } from './fakes.ts';

test('passes on what the operation comes to, and leaves no timer', async () => {
  const clock = new FakeClock();
  expect(await withDeadline(clock, 10, 'it', async () => 7)).toBe(7);
  const failure = new Error('broken');
  await expect(withDeadline(clock, 10, 'it', () => Promise.reject(failure))).rejects.toBe(failure);
  const thrown = withDeadline(clock, 10, 'it', () => {
    throw failure;
  });
  await expect(thrown).rejects.toBe(failure);
  expect(clock.running).toEqual([]);
});

test('gives up what takes too long, tells it, and does not care how it ends', async () => {
  const clock = new FakeClock();
  let told: AbortSignal | undefined;
  let fail: (error: Error) => void = () => {};
  const waiting = withDeadline(clock, 10, 'it', (signal) => {
    told = signal;
    return new Promise((_, reject) => {
      fail = reject;
    });
  });
  clock.advance(10);
  await expect(waiting).rejects.toMatchObject({
    code: 'ERR_DEADLINE',
    message: 'it did not end within 10 ms',
  });
  expect(told?.aborted).toBe(true);
  fail(new Error('late'));
});

test('gives up with the reason of an outer signal, and does not begin after it', async () => {
  const clock = new FakeClock();
  const controller = new AbortController();
  const waiting = withDeadline(clock, 10, 'it', () => new Promise(() => {}), controller.signal);
  const reason = new Error('over');
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  const late = withDeadline(clock, 10, 'it', () => Promise.reject(new Error('begun')), controller.signal);
  await expect(late).rejects.toBe(reason);
  expect(clock.running).toEqual([]);
});

import { expect, test } from 'vitest';
import { prometheusMetrics, Supervisor } from '../../../src/manager/index.ts';
import { FakeClock, RecordingLogger, settle } from '../fakes.ts';

async function start() {
  const clock = new FakeClock();
  const logger = new RecordingLogger();
  const metrics = await prometheusMetrics();
  return { clock, logger, metrics, supervisor: new Supervisor({ clock, logger, metrics }) };
}

test('M-20 a loop that throws starts again, after a pause that doubles up to 30 s', async () => {
  const { clock, logger, metrics, supervisor } = await start();
  let runs = 0;
  supervisor.loop('reaper', async () => {
    runs++;
    throw new Error('broken');
  });
  const pauses: number[] = [];
  for (let i = 0; i < 7; i++) {
    await settle();
    const [pause = 0] = clock.running;
    pauses.push(pause);
    clock.advance(pause);
  }
  expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  await settle();
  expect(runs).toBe(8);
  expect(logger.lines).toHaveLength(8);
  expect(logger.lines[0]).toMatchObject({ level: 'error', fields: { loop: 'reaper', retry_ms: 1_000 } });
  expect(await metrics.render()).toContain('ws_manager_background_restarts_total 8\n');
  await supervisor.close();
});

test('M-20 a loop that returns is over', async () => {
  const { clock, logger, supervisor } = await start();
  let runs = 0;
  supervisor.loop('once', async () => {
    runs++;
  });
  await settle();
  expect([runs, clock.running, logger.lines]).toEqual([1, [], []]);
  await supervisor.close();
});

test('a series ticks at once, and then after each pause, until the end', async () => {
  const { clock, supervisor } = await start();
  let ticks = 0;
  supervisor.every('sweeper', 500, async () => {
    ticks++;
  });
  await settle();
  expect(ticks).toBe(1);
  clock.advance(500);
  await settle();
  expect(ticks).toBe(2);
  await supervisor.close();
  expect(clock.running).toEqual([]);
  clock.advance(5_000);
  await settle();
  expect(ticks).toBe(2);
});

test('a task that throws is told, and ends nothing else', async () => {
  const { logger, supervisor } = await start();
  const error = new Error('broken');
  supervisor.spawn('provision', async () => {
    throw error;
  });
  await settle();
  expect(logger.lines).toEqual([
    { level: 'error', message: 'Background task failed', fields: { task: 'provision', error } },
  ]);
  await supervisor.close();
});

test('the end waits for what is running, and for what that starts', async () => {
  const { supervisor } = await start();
  const done: string[] = [];
  supervisor.spawn('first', async () => {
    await settle();
    supervisor.spawn('second', async () => {
      await settle();
      done.push('second');
    });
    done.push('first');
  });
  await supervisor.close();
  expect(done).toEqual(['first', 'second']);
});

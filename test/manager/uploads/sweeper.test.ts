import { expect, test } from 'vitest';
import {
  type PendingUploads,
  prometheusMetrics,
  Supervisor,
  startUploadSweeper,
} from '../../../src/manager/index.ts';
import { FakeClock, RecordingLogger, settle } from '../fakes.ts';

async function start(sweep: PendingUploads['sweep'] | undefined) {
  const clock = new FakeClock();
  const logger = new RecordingLogger();
  const metrics = await prometheusMetrics();
  const supervisor = new Supervisor({ clock, logger, metrics });
  startUploadSweeper(supervisor, { uploads: sweep && { sweep }, clock, logger, metrics });
  await settle();
  return { clock, logger, metrics, supervisor };
}

const SWEPT = 'ws_manager_pending_uploads_swept_total';

test('M-16 sweeps at once and every 5 minutes, what was acked an hour ago, and counts', async () => {
  const retentions: number[] = [];
  const { clock, metrics, supervisor } = await start(async (retention) => {
    retentions.push(retention);
    return { acked: 2, expired: 3 };
  });
  expect(clock.running).toEqual([300_000]);
  clock.advance(300_000);
  await settle();
  expect(retentions).toEqual([3_600, 3_600]);
  const text = await metrics.render();
  expect(text).toContain(`${SWEPT}{outcome="acked"} 4\n`);
  expect(text).toContain(`${SWEPT}{outcome="expired"} 6\n`);
  expect(text).toContain(`${SWEPT}{outcome="error"} 0\n`);
  await supervisor.close();
});

test('M-19 a sweep that fails is counted, and the next comes in its time', async () => {
  const { clock, logger, metrics, supervisor } = await start(() => Promise.reject(new Error('gone')));
  expect(clock.running).toEqual([300_000]);
  expect(await metrics.render()).toContain(`${SWEPT}{outcome="error"} 1\n`);
  expect(logger.lines.map(({ level, message }) => [level, message])).toEqual([
    ['warn', 'Sweep of uploads failed'],
  ]);
  await supervisor.close();
});

test('M-16 a sweep that hangs is given up after 30 s', async () => {
  const { clock, metrics, supervisor } = await start(() => new Promise(() => {}));
  expect(clock.running).toEqual([30_000]);
  clock.advance(30_000);
  await settle();
  expect(clock.running).toEqual([300_000]);
  expect(await metrics.render()).toContain(`${SWEPT}{outcome="error"} 1\n`);
  await supervisor.close();
});

test('M-16 without uploads there is no sweeper', async () => {
  const { clock, supervisor } = await start(undefined);
  expect(clock.running).toEqual([]);
  await supervisor.close();
});

import { expect, test } from 'vitest';
import { treeOutcome } from '../../../src/manager/fleet/outcome.ts';
import { Slots } from '../../../src/manager/fleet/slots.ts';
import { StatusFeed } from '../../../src/manager/fleet/status-feed.ts';
import type { StatusChange, WorkspaceOutcome } from '../../../src/manager/index.ts';
import { RecordingLogger, settle } from '../fakes.ts';

test('slots are given in the order in which they are asked for, and one that is given back twice is one', async () => {
  const slots = new Slots(1);
  const order: number[] = [];
  const first = await slots.acquire();
  const waiting = [2, 3].map(async (n) => {
    const slot = await slots.acquire();
    order.push(n);
    return slot;
  });
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  await settle();
  expect(order).toEqual([2]);
  (await waiting[0])?.[Symbol.dispose]();
  (await waiting[1])?.[Symbol.dispose]();
  expect(order).toEqual([2, 3]);
  await slots.acquire();
});

test('M-F5 an outcome is ok, partial or failed by what was done and what was not', () => {
  const done: WorkspaceOutcome = { id: '1', name: 'a', outcome: 'done' };
  const skipped: WorkspaceOutcome = { id: '2', name: 'b', outcome: 'skipped' };
  const failed: WorkspaceOutcome = { id: '3', name: 'c', outcome: 'failed', error: 'busy' };
  const statuses = [[done, skipped], [done, failed], [skipped, failed], [failed], []].map(
    (results) => treeOutcome(results).status,
  );
  expect(statuses).toEqual(['ok', 'partial', 'failed', 'failed', 'ok']);
});

test('a listener that throws is told of, and the others hear all the same', () => {
  const logger = new RecordingLogger();
  const feed = new StatusFeed(logger);
  const heard: StatusChange[] = [];
  feed.subscribe(() => {
    throw new Error('broken');
  });
  const listener = (change: StatusChange) => void heard.push(change);
  const [first] = [feed.subscribe(listener), feed.subscribe(listener)];
  feed.publish({ workspaceId: 'w', status: 'online' });
  expect(heard).toHaveLength(2);
  first[Symbol.dispose]();
  feed.publish({ workspaceId: 'w', status: 'offline' });
  expect(heard).toHaveLength(3);
  expect(logger.lines.map(({ message }) => message)).toEqual([
    'Status listener failed',
    'Status listener failed',
  ]);
});

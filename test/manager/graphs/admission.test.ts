import { expect, test } from 'vitest';
import { SyncMutex } from '../../../src/locks/index.ts';
import { MemoryAccounts } from '../../../src/manager/graphs/admission.ts';
import { RollbackGuard } from '../../../src/manager/graphs/guards.ts';
import { MemoryBudgetExceededError, WorkspaceEvictedError } from '../../../src/manager/index.ts';
import {
  entry,
  failure,
  type Graph,
  graph,
  hold,
  insertInState,
  key,
  load,
  MIB,
  publish,
  settle,
  startGraphs,
} from './support.ts';

test('S-T01 a reservation is in the books until it is given back', async () => {
  const { manager } = startGraphs();
  insertInState(manager, 'a', 'loading');
  {
    using _reservation = await manager.reserveRebuild(key(), 500_000);
    expect(manager.memory.reserved).toBe(500_000);
  }
  expect(manager.memory.reserved).toBe(0);
});

test('S-T02 more than the limit is refused, and nothing is reserved', async () => {
  const { manager } = startGraphs();
  insertInState(manager, 'a', 'loading');
  const error = await failure(manager.reserveRebuild(key(), 10 * MIB));
  expect(error).toBeInstanceOf(MemoryBudgetExceededError);
  expect((error as MemoryBudgetExceededError).figures).toEqual({
    limit: MIB,
    current: 0,
    reserved: 0,
    retained: 0,
    requested: 10 * MIB,
  });
  expect(manager.memory.reserved).toBe(0);
});

test('S-T03 the second of two reservations that do not fit together is refused', async () => {
  const { manager } = startGraphs();
  insertInState(manager, 'a', 'loading');
  insertInState(manager, 'b', 'loading');
  using _first = await manager.reserveRebuild(key('a'), 600_000);
  const error = await failure(manager.reserveRebuild(key('b'), 600_000));
  expect((error as MemoryBudgetExceededError).data).toEqual({
    limit_bytes: MIB,
    current_bytes: 0,
    reserved_bytes: 600_000,
    retained_bytes: 0,
    requested_bytes: 600_000,
  });
  expect(manager.memory.reserved).toBe(600_000);
});

test('S-T04 there is no reservation for a workspace that is not there', async () => {
  const { manager } = startGraphs();
  const error = await failure(manager.reserveRebuild(key(), 1_000));
  expect(error).toBeInstanceOf(WorkspaceEvictedError);
  expect((error as WorkspaceEvictedError).root).toBe('/repos/a');
  expect(manager.memory.reserved).toBe(0);
});

test('S-T05 there is no reservation for a workspace that is to go', async () => {
  const { manager } = startGraphs();
  insertInState(manager, 'a', 'loading').cancel.request('evicted');
  expect(await failure(manager.reserveRebuild(key(), 1_000))).toBeInstanceOf(WorkspaceEvictedError);
  expect(manager.memory.reserved).toBe(0);
});

test('S-T06 a publish consumes the reservation, and keeps the graph before for its reader', async () => {
  const { manager } = startGraphs();
  const workspace = await load(manager, 'a', 50_000);
  using reader = hold(workspace);
  const token = await publish(manager, workspace, graph('new', 80_000), 100_000);

  expect(manager.memory).toEqual({
    limit: MIB,
    loaded: 80_000,
    reserved: 0,
    retained: 50_000,
    highWater: 150_000,
  });
  const retained = [...manager.accounts.retainedOld];
  expect(retained.map(([at, { bytes, cell }]) => [at, bytes, cell.holders])).toEqual([[token, 50_000, 1]]);
  expect(reader.graph).toEqual(graph('a', 50_000));
  expect(workspace.cell?.graph).toEqual(graph('new', 80_000));
  expect(workspace.memoryBytes).toBe(80_000);
});

test('S-T07 a rollback puts the graph and its size back', async () => {
  const { manager } = startGraphs();
  const workspace = await load(manager, 'a', 50_000);
  const { cell } = workspace;
  {
    using _rollback = new RollbackGuard(workspace);
    workspace.cell = undefined;
    workspace.memoryBytes = 99_999;
  }
  expect(workspace.cell).toBe(cell);
  expect(workspace.memoryBytes).toBe(50_000);
});

test('S-T08 a rollback that was called off leaves everything as it is', () => {
  const { manager } = startGraphs();
  const workspace = insertInState(manager, 'a', 'loaded');
  {
    using rollback = new RollbackGuard(workspace);
    workspace.memoryBytes = 99_999;
    rollback.disarm();
  }
  expect(workspace.memoryBytes).toBe(99_999);
  workspace.memoryBytes = 0;
});

test('S-T09 a retained graph that nobody reads is let go', async () => {
  const { manager } = startGraphs();
  await publish(manager, await load(manager, 'a', 50_000), graph('new', 60_000));
  expect(manager.memory.retained).toBe(50_000);
  manager.reapOnce();
  expect(manager.memory.retained).toBe(0);
  expect(manager.accounts.retainedOld.size).toBe(0);
});

test('S-T10 a retained graph is kept as long as it is read', async () => {
  const { manager } = startGraphs();
  const workspace = await load(manager, 'a', 50_000);
  const reader = hold(workspace);
  await publish(manager, workspace, graph('new', 60_000));
  manager.reapOnce();
  expect(manager.memory.retained).toBe(50_000);
  reader.release();
  manager.reapOnce();
  expect(manager.memory.retained).toBe(0);
});

test('S-T11 a reservation that was not used is given back, once', async () => {
  const { manager } = startGraphs();
  insertInState(manager, 'a', 'loading');
  const reservation = await manager.reserveRebuild(key(), 250_000);
  using _other = await manager.reserveRebuild(key(), 100_000);
  reservation[Symbol.dispose]();
  reservation[Symbol.dispose]();
  expect(manager.memory.reserved).toBe(100_000);
});

test('S-T12 after a publish nothing is reserved, and as much can be reserved again', async () => {
  const { manager } = startGraphs();
  const workspace = await load(manager, 'a', 50_000);
  await publish(manager, workspace, graph('new', 60_000), 300_000);
  expect(manager.memory.reserved).toBe(0);
  {
    using _again = await manager.reserveRebuild(key(), 300_000);
    expect(manager.memory.reserved).toBe(300_000);
  }
  expect(manager.memory.reserved).toBe(0);
});

test('S-T13 a publish that fails between the swap and the booking leaves everything as it was', async () => {
  const { manager } = startGraphs();
  const workspace = await load(manager, 'a', 50_000);
  const { cell } = workspace;
  {
    using reservation = await manager.reserveRebuild(key(), 60_000);
    using _workspaces = await manager.workspaces.acquireRead();
    // What makes the booking fail: its section is open.
    using _admission = manager.admission.acquire();
    expect(() => manager.publishAndRetain(reservation, workspace, graph('new', 60_000))).toThrow(
      'GraphManager.admission is acquired while it is held',
    );
    expect(workspace.cell).toBe(cell);
    expect(workspace.memoryBytes).toBe(50_000);
    expect(reservation.open).toBe(true);
  }
  expect(manager.memory).toMatchObject({ loaded: 50_000, reserved: 0, retained: 0 });
});

test('S-T21 a reservation evicts what has not been used, if that makes room', async () => {
  const { manager } = startGraphs();
  await load(manager, 'victim', 700_000);
  insertInState(manager, 'b', 'loading');
  using _reservation = await manager.reserveRebuild(key('b'), 600_000);
  expect(manager.table.has(key('victim').id)).toBe(false);
  expect(manager.memory).toMatchObject({ loaded: 0, reserved: 600_000, retained: 0 });
});

test('S-T22 a pinned workspace stays, and the reservation is refused', async () => {
  const { manager } = startGraphs();
  await load(manager, 'pin', 900_000, { pinned: true });
  insertInState(manager, 'b', 'loading');
  const error = await failure(manager.reserveRebuild(key('b'), 600_000));
  expect((error as MemoryBudgetExceededError).figures).toMatchObject({
    requested: 600_000,
    current: 900_000,
  });
  expect(entry(manager, 'pin').state.current).toBe('loaded');
});

test('S-T23 an eviction moves the memory to the retained account, until the last reader has left', async () => {
  const { manager } = startGraphs();
  const reader = hold(await load(manager, 'a', 300_000));
  expect((await manager.evictLru())?.indexRoot).toBe('/repos/a');
  expect(manager.memory).toMatchObject({ loaded: 0, retained: 300_000 });
  manager.reapOnce();
  expect(manager.memory.retained).toBe(300_000);
  expect(reader.graph.name).toBe('a');
  reader.release();
  manager.reapOnce();
  expect(manager.memory.retained).toBe(0);
});

test('S-06 a graph that is read for long is warned about once, with no lock held, and kept', async () => {
  const { manager, clock, log } = startGraphs({ config: { rebuildDrainTimeoutMs: 5_000 } });
  using _reader = hold(await load(manager, 'a', 300_000));
  await manager.unload(key());
  clock.advance(5_000);
  await settle();
  expect(log.lines).toEqual([]);
  for (let i = 0; i < 3; i++) {
    clock.advance(25);
    await settle();
  }
  expect(log.lines.map(({ message, fields }) => [message, fields['root'], fields['bytes']])).toEqual([
    ['A graph that is out of use is still being read', '/repos/a', 300_000],
  ]);
  expect(manager.memory.retained).toBe(300_000);
});

test('S-05 the high-water mark is the most that was ever spoken for', async () => {
  const { manager } = startGraphs();
  insertInState(manager, 'a', 'loading');
  {
    using _reservation = await manager.reserveRebuild(key(), 700_000);
  }
  await load(manager, 'b', 100_000);
  expect((await manager.status()).memory.highWater).toBe(700_000);
});

test('S-08 victims are taken the longest unused first, and no more than it takes; the requester is none', async () => {
  const { manager, clock } = startGraphs();
  for (const name of ['a', 'b', 'c', 'd']) {
    await load(manager, name, 250_000);
    clock.advance(10);
  }
  using _reservation = await manager.reserveRebuild(key('a'), 300_000);
  expect([...manager.table.values()].map(({ root }) => root)).toEqual(['/repos/a', '/repos/d']);
});

test('S-08 nobody is evicted for a request that cannot be granted anyway', async () => {
  const { manager } = startGraphs();
  await load(manager, 'a', 300_000);
  insertInState(manager, 'b', 'loading');
  expect(await failure(manager.reserveRebuild(key('b'), 2 * MIB))).toBeInstanceOf(MemoryBudgetExceededError);
  expect(entry(manager, 'a').state.current).toBe('loaded');
});

test('S-L10 the books are changed only while the section is open', () => {
  const admission = new SyncMutex({ name: 'GraphManager.admission' });
  const accounts = new MemoryAccounts<Graph>(100, admission);
  const message = 'the accounts are changed without GraphManager.admission';
  expect(() => accounts.reserve(1)).toThrow(message);
  expect(() => accounts.refund(1)).toThrow(message);
  expect(() => accounts.bumpHighWater()).toThrow(message);
  expect(() => accounts.reap(0, 0)).toThrow(message);
  expect(accounts.use).toEqual({ limit: 100, loaded: 0, reserved: 0, retained: 0, highWater: 0 });
});

test('a reservation that was published or given back cannot be published', async () => {
  const { manager } = startGraphs();
  const workspace = await load(manager, 'a', 50_000);
  using reservation = await manager.reserveRebuild(key(), 60_000);
  reservation[Symbol.dispose]();
  using _workspaces = await manager.workspaces.acquireRead();
  expect(() => manager.publishAndRetain(reservation, workspace, graph('new', 60_000))).toThrow(
    'a reservation is used after it was published or given back',
  );
});

test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('an estimate of %s is refused', async (bytes) => {
  const { manager } = startGraphs();
  insertInState(manager, 'a', 'loading');
  await expect(manager.reserveRebuild(key(), bytes)).rejects.toMatchObject({
    code: 'ERR_GRAPH_INVALID_ARGUMENT',
    message: `invalid estimateBytes: expected a whole number from 0 up, got ${bytes}`,
  });
});

test('the gauges read the books', async () => {
  const { manager, metrics } = startGraphs();
  using _reader = hold(await load(manager, 'a', 50_000));
  await publish(manager, entry(manager, 'a'), graph('new', 60_000));
  using _reservation = await manager.reserveRebuild(key(), 70_000);
  const read = (part: string): number | undefined => metrics.read('ws_manager_graph_bytes', part);
  expect([read('loaded'), read('reserved'), read('retained')]).toEqual([60_000, 70_000, 50_000]);
});

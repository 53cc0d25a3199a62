import { expect, test } from 'vitest';
import { PendingRebuild } from '../../../src/manager/graphs/pending.ts';
import { CancelFlag, StateCell } from '../../../src/manager/graphs/state.ts';
import {
  ageHours,
  backoffSeconds,
  estimateFromFiles,
  estimateGraphBytes,
  GRAPH_DEFAULTS,
  GRAPH_RPC_CODES,
  GRAPH_STATES,
  GraphManager,
  IncompatibleGraphError,
  isServing,
  stateCode,
  toRpcError,
  WorkspaceOversizeError,
  workspaceKey,
} from '../../../src/manager/index.ts';

test('S-02 states have their numbers', () => {
  expect(GRAPH_STATES.map((state) => [state, stateCode(state)])).toEqual([
    ['unloaded', 0],
    ['loading', 1],
    ['loaded', 2],
    ['rebuilding', 3],
    ['evicted', 4],
    ['failed', 5],
  ]);
  expect(GRAPH_STATES.filter(isServing)).toEqual(['loaded', 'rebuilding', 'failed']);
});

test('S-02 of two who want the same change of state, one gets it', () => {
  const cell = new StateCell();
  expect(cell.exchange(['unloaded', 'failed'], 'loading')).toBe(true);
  expect(cell.exchange(['unloaded', 'failed'], 'loading')).toBe(false);
  expect(cell.current).toBe('loading');
});

test('S-F4 a wish to stop is granted once', () => {
  const cancel = new CancelFlag();
  cancel.request('user');
  expect(cancel.pending).toBe('user');
  expect(cancel.take()).toBe('user');
  expect(cancel.take()).toBeUndefined();
});

test('S-F5 an eviction is not overruled by a lesser reason', () => {
  const cancel = new CancelFlag();
  cancel.request('reset');
  cancel.request('evicted');
  cancel.request('user');
  expect(cancel.take()).toBe('evicted');
});

test('S-F6 one path has one key, in whatever spelling', () => {
  const { id, indexRoot } = workspaceKey({ indexRoot: '/repos/a' });
  expect(indexRoot).toBe('/repos/a');
  for (const spelling of ['/repos/a/', '/repos//a', '/repos/./a', '/repos/b/../a']) {
    expect(workspaceKey({ indexRoot: spelling, rootMode: 'git-root', configFingerprint: 0n }).id).toBe(id);
  }
});

test('S-01 keys differ by root, mode and fingerprint', () => {
  const ids = [
    workspaceKey({ indexRoot: '/a' }),
    workspaceKey({ indexRoot: '/b' }),
    workspaceKey({ indexRoot: '/a', rootMode: 'explicit' }),
    workspaceKey({ indexRoot: '/a', configFingerprint: 2n ** 64n - 1n }),
  ].map(({ id }) => id);
  expect(new Set(ids).size).toBe(4);
});

test('a key is refused for a relative path, and for a fingerprint of more than 64 bits', () => {
  expect(() => workspaceKey({ indexRoot: 'repos/a' })).toThrow(
    "invalid indexRoot: expected an absolute path, got 'repos/a'",
  );
  for (const configFingerprint of [-1n, 2n ** 64n]) {
    expect(() => workspaceKey({ indexRoot: '/a', configFingerprint })).toThrow(
      `invalid configFingerprint: expected an unsigned number of 64 bits, got ${configFingerprint}`,
    );
  }
});

test('the age of a graph is in whole hours, and none when the clock went back', () => {
  const hour = 3_600_000;
  expect([ageHours(0, hour - 1), ageHours(0, hour), ageHours(0, 2.9 * hour), ageHours(hour, 0)]).toEqual([
    0, 1, 2, 0,
  ]);
});

test('the pause after the n-th failure', () => {
  expect([0, 1, 2, 3, 4, 5, 6, 1_000].map(backoffSeconds)).toEqual([0, 30, 60, 120, 300, 600, 600, 600]);
});

test('the estimate of a graph', () => {
  expect(estimateGraphBytes({ final: 1_000_000, staging: 50_000, interner: 200_000 })).toBe(1_600_000);
  expect(estimateGraphBytes({ final: 0, staging: 0, interner: 3 })).toBe(1);
  expect(estimateGraphBytes({ final: 1, staging: 0, interner: 0 })).toBe(2);
  expect(estimateGraphBytes({ final: Number.MAX_VALUE, staging: 0, interner: 0 })).toBe(
    Number.MAX_SAFE_INTEGER,
  );
  expect(estimateFromFiles(10)).toBe(10 * (4_096 + 3_072));
});

test('the defaults', () => {
  expect(GRAPH_DEFAULTS).toEqual({
    memoryLimitMb: 2_048,
    staleServeMaxAgeHours: 24,
    rebuildDrainTimeoutMs: 5_000,
    hookTimeoutMs: 120_000,
    toolTimeoutMs: 60_000,
    shutdownDrainMs: 5_000,
    incrementalThreshold: 20,
  });
});

test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('a limit of %s is refused', (memoryLimitMb) => {
  expect(() => new GraphManager({ sizeOf: () => 1, config: { memoryLimitMb } })).toThrow(
    `invalid memoryLimitMb: expected a number from 0 up, got ${memoryLimitMb}`,
  );
});

test('S-29 every error has its code and its data on the wire', () => {
  const figures = { limit: 100, current: 40, reserved: 30, retained: 20, requested: 50 };
  expect(toRpcError(new WorkspaceOversizeError('/a', figures))).toEqual({
    code: -32006,
    message: 'workspace /a is too large: its graph of 50 B exceeds the budget',
    data: {
      root: '/a',
      limit_bytes: 100,
      current_bytes: 40,
      reserved_bytes: 30,
      retained_bytes: 20,
      requested_bytes: 50,
    },
  });
  expect(toRpcError(new IncompatibleGraphError('/a', 'format 3'))).toMatchObject({ code: -32005 });
  expect(GRAPH_RPC_CODES.socketSetup).toBe(-32007);
});

test('S-29 an error of the system is a failed build, any other an internal error with its whole chain', () => {
  const missing = Object.assign(new Error('ENOENT: /x'), { syscall: 'open' });
  expect(toRpcError(missing)).toEqual({
    code: -32001,
    message: 'workspace <unknown> build failed: ENOENT: /x',
    data: { root: '<unknown>', reason: 'ENOENT: /x' },
  });
  const chain = new Error('outer', { cause: new Error('inner', { cause: 'text' }) });
  expect(toRpcError(chain)).toEqual({ code: -32603, message: 'outer: inner: text' });
  const loop = new Error('loop');
  loop.cause = loop;
  expect(toRpcError(loop)).toEqual({ code: -32603, message: 'loop' });
});

test('changes coalesce: files as a sorted set, the later time, either change of the repository', () => {
  const earlier = new PendingRebuild({ files: ['b', 'a', 'b'], gitStateChanged: true }, 10);
  const later = new PendingRebuild({ files: ['c', 'a'] }, 5);
  const both = earlier.coalesceWith(later);
  expect(both).toMatchObject({
    files: ['a', 'b', 'c'],
    gitStateChanged: true,
    enqueuedAt: 10,
    requiresFull: false,
  });
});

test.each([
  ['noise', undefined, 'noise'],
  [undefined, 'noise', 'noise'],
  ['noise', 'local-commit', 'local-commit'],
  ['local-commit', 'noise', 'noise'],
  ['branch-switch', 'noise', 'tree-diverged'],
  ['noise', 'branch-switch', 'tree-diverged'],
  ['branch-switch', undefined, 'tree-diverged'],
  [undefined, undefined, undefined],
] as const)('changes of the repository coalesce: %s, then %s, is %s', (first, second, both) => {
  const pending = (gitChange: typeof first | typeof second): PendingRebuild =>
    new PendingRebuild({ files: [], ...(gitChange && { gitChange }) }, 0);
  expect(pending(first).coalesceWith(pending(second)).gitChange).toBe(both);
});

test('the later look of the repository counts, if there is one', () => {
  const [a, b] = ['one', 'two'].map((gitState) => new PendingRebuild({ files: [], gitState }, 0));
  const none = new PendingRebuild({ files: [] }, 0);
  expect(a?.coalesceWith(b ?? none).gitState).toBe('two');
  expect(a?.coalesceWith(none).gitState).toBe('one');
});

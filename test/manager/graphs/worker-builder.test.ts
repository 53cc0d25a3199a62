import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ts } from 'ts-morph';
import { expect, test } from 'vitest';
import { GraphManager, type WorkerBuilderOptions, workerBuilder } from '../../../src/manager/index.ts';
import { FakeClock, makeDirectory } from '../fakes.ts';
import { estimate, failure, type Graph, graph, hold, key, load, startGraphs } from './support.ts';

/** A module for a worker, with `body` as what it runs. Node.js runs it, without the help of the test runner. */
async function workerModule(body: string): Promise<URL> {
  const directory = await makeDirectory();
  const side = await readFile(new URL('../../../src/manager/graphs/worker-side.ts', import.meta.url), 'utf8');
  const { outputText } = ts.transpileModule(side, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  });
  await writeFile(join(directory, 'worker-side.mjs'), outputText);
  const path = join(directory, 'build.mjs');
  await writeFile(path, `import { runWorkerBuild } from './worker-side.mjs';\n${body}`);
  return pathToFileURL(path);
}

/** A number that a worker and the test share. */
function sharedNumber(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4));
}

/** Waits until the worker has set `flag`, without blocking the thread. */
async function untilSet(flag: Int32Array): Promise<void> {
  while (Atomics.load(flag, 0) === 0) await new Promise((resolve) => setImmediate(resolve));
}

const BUSY = `
  runWorkerBuild(({ started, proceed }, checkpoint) => {
    Atomics.store(started, 0, 1);
    // Computes, and gives way to nobody.
    while (Atomics.load(proceed, 0) === 0) checkpoint();
    return { name: 'computed', bytes: 2_000 };
  });
`;

test('a worker builds from what it is given', async () => {
  const module = await workerModule(`
    runWorkerBuild(async ({ root, mode, files }) => ({ name: [root, mode, ...files].join(' '), bytes: 5 }));
  `);
  const { manager } = startGraphs();
  using lease = await manager.getOrLoad(key(), workerBuilder<Graph>(module), estimate(1_000));
  expect(lease.graph).toEqual({ name: '/repos/a full', bytes: 5 });
});

test('a builder that computes does not keep the reaper from its work', async () => {
  const module = await workerModule(BUSY);
  const [started, proceed] = [sharedNumber(), sharedNumber()];
  // The clock of the machine: the reaper has to run by itself while the worker computes.
  await using manager = new GraphManager<Graph>({ sizeOf: ({ bytes }) => bytes });
  const reader = hold(await load(manager, 'read', 1_000));
  await manager.unload(key('read'));

  const builder = workerBuilder<Graph>(module, { input: () => ({ started, proceed }) });
  const loading = manager.getOrLoad(key(), builder, estimate(4_000));
  await untilSet(started);
  expect(manager.memory).toMatchObject({ reserved: 4_000, retained: 1_000 });
  reader.release();
  // Nobody but the reaper does this. If it could not run, neither this nor the build would ever end.
  while (manager.memory.retained > 0) await new Promise((resolve) => setImmediate(resolve));
  expect(manager.memory.reserved).toBe(4_000);

  Atomics.store(proceed, 0, 1);
  using lease = await loading;
  expect(lease.graph.name).toBe('computed');
});

/** Starts a build that computes for ever, and cancels it once it does. */
async function cancelBusyBuild(
  body: string,
  options: Partial<WorkerBuilderOptions<Graph>> = {},
): Promise<unknown> {
  const module = await workerModule(body);
  const [started, proceed] = [sharedNumber(), sharedNumber()];
  const { manager } = startGraphs();
  const builder = workerBuilder<Graph>(module, { input: () => ({ started, proceed }), ...options });
  const caller = new AbortController();
  const loading = failure(manager.getOrLoad(key(), builder, estimate(4_000, { signal: caller.signal })));
  await untilSet(started);
  caller.abort(new Error('client is gone'));
  const error = await loading;
  expect(manager.memory.reserved).toBe(0);
  return error;
}

test('a build that is cancelled is terminated', async () => {
  const deaf = BUSY.replace('checkpoint();', ';');
  expect(await cancelBusyBuild(deaf)).toEqual(new Error('client is gone'));
});

test('a build that is given time when it is cancelled ends at its next checkpoint', async () => {
  // The time never passes: the worker has to end by itself.
  const clock = new FakeClock();
  expect(await cancelBusyBuild(BUSY, { graceMs: 1_000, clock })).toEqual(new Error('client is gone'));
  expect(clock.running).toEqual([]);
});

test('a build that does not come to a checkpoint in time is terminated', async () => {
  const clock = new FakeClock();
  const deaf = BUSY.replace('checkpoint();', ';');
  const cancelled = cancelBusyBuild(deaf, { graceMs: 1_000, clock });
  while (clock.running.length === 0) await new Promise((resolve) => setImmediate(resolve));
  clock.advance(1_000);
  expect(await cancelled).toEqual(new Error('client is gone'));
});

test.each([
  ['throws', `runWorkerBuild(() => { throw new RangeError('too deep'); });`, 'too deep'],
  ['returns what cannot be sent', `await runWorkerBuild(() => () => 1);`, '() => 1 could not be cloned.'],
  ['cannot start', `throw new Error('no such table');`, 'no such table'],
  [
    'ends without an answer',
    `process.exit(3);`,
    'the worker of the build ended with code 3 and without a graph',
  ],
])('a worker that %s is a failed build', async (_, body, reason) => {
  const { manager } = startGraphs();
  const builder = workerBuilder<Graph>(await workerModule(body));
  expect(await failure(manager.getOrLoad(key(), builder, estimate(1_000)))).toMatchObject({ reason });
  expect(manager.memory.reserved).toBe(0);
});

test('outside of a worker there is nothing to run', async () => {
  const { runWorkerBuild } = await import('../../../src/manager/graphs/worker-side.ts');
  await expect(runWorkerBuild(() => graph('a', 1))).rejects.toThrow(
    'runWorkerBuild is called outside of a worker',
  );
});

import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { type FleetWorkspace, type Instance, ProcessBackend } from '../../../src/manager/index.ts';
import { makeDirectory } from '../../manager/fakes.ts';
import { createDatabase, describePostgres } from '../../manager/servers.ts';

const PROGRAM = fileURLToPath(new URL('fleet-program.js', import.meta.url));
/** Says that it is there, once, and stays. */
const COMMAND = ['sh', '-c', 'echo started; exec sleep 1000'] as const;

const TREE = {
  name: 'org',
  runtime: 'node',
  children: [1, 2, 3].map((n) => ({ name: `team ${n}`, children: [{ name: 'web' }, { name: 'api' }] })),
};
const NODES = 10;

interface Report {
  readonly results: readonly { id: string }[];
  readonly rows: readonly Pick<FleetWorkspace, 'id' | 'parentId' | 'name' | 'status' | 'instanceId'>[];
  readonly instances: readonly Instance[];
}

function run(options: { store: object; directory: string; pacingMs: number }): ChildProcess {
  const argument = JSON.stringify({ ...options, command: COMMAND, tree: TREE });
  const child = spawn(process.execPath, [PROGRAM, argument], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** Kills a manager, without a word, when it has told of so many workspaces that are online. */
async function killAfter(child: ChildProcess, online: number): Promise<void> {
  if (!child.stdout) throw new Error('no output');
  let seen = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    if (JSON.parse(line).status === 'online') seen++;
    if (seen === online) child.kill('SIGKILL');
  }
}

/** The last words of a manager. */
async function reportOf(child: ChildProcess): Promise<Report> {
  if (!child.stdout) throw new Error('no output');
  let last = '{}';
  for await (const line of createInterface({ input: child.stdout })) last = line;
  return JSON.parse(last);
}

/** A directory for processes, which are gone after the test. */
async function processDirectory(): Promise<string> {
  const directory = await makeDirectory();
  const backend = new ProcessBackend({ directory, command: COMMAND });
  const { signal } = new AbortController();
  onTestFinished(async () => {
    for (const { workspaceId } of await backend.list({ signal })) await backend.stop(workspaceId, { signal });
  });
  return directory;
}

/** Every workspace has one row, one instance, and was started once. */
async function expectWhole({ rows, instances }: Report, directory: string): Promise<void> {
  expect(rows).toHaveLength(NODES);
  expect(new Set(rows.map(({ parentId, name }) => `${parentId}/${name}`)).size).toBe(NODES);
  expect(rows.map(({ status }) => status)).toEqual(Array(NODES).fill('online'));
  const running = Object.fromEntries(
    instances.map(({ workspaceId, instanceId }) => [workspaceId, instanceId]),
  );
  expect(running).toEqual(Object.fromEntries(rows.map(({ id, instanceId }) => [id, instanceId])));
  const logs = await Promise.all(rows.map(({ id }) => readFile(join(directory, `${id}.log`), 'utf8')));
  expect(logs).toEqual(Array(NODES).fill('started\n'));
}

test('M-08 a manager that is killed during an import and started again on its directory completes it', async () => {
  const directory = await processDirectory();
  const store = { directory: join(await makeDirectory(), 'data') };
  await killAfter(run({ store, directory, pacingMs: 50 }), 4);
  const report = await reportOf(run({ store, directory, pacingMs: 0 }));
  expect(report.results).toHaveLength(NODES);
  await expectWhole(report, directory);
});

describePostgres('two processes', () => {
  test('M-F1 that import one tree at once make each workspace once', async () => {
    const directory = await processDirectory();
    const store = { url: await createDatabase() };
    const reports = await Promise.all([1, 2].map(() => reportOf(run({ store, directory, pacingMs: 0 }))));
    const [one, other] = reports.map(({ results }) => results.map(({ id }) => id));
    expect(one).toEqual(other);
    for (const report of reports) await expectWhole(report, directory);
  });

  test('M-08 of which one is killed during its import: the other completes it', async () => {
    const directory = await processDirectory();
    const store = { url: await createDatabase() };
    await killAfter(run({ store, directory, pacingMs: 50 }), 4);
    await expectWhole(await reportOf(run({ store, directory, pacingMs: 0 })), directory);
  });
});

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { ManagerClient } from '../../src/manager/client/index.ts';
import { program, ws } from '../support/cli.ts';
import { tempDir } from '../support/temp-dir.ts';

interface Manager {
  readonly child: ChildProcess;
  readonly client: ManagerClient;
  /** How the process ends after the signal. */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
}

/** Starts the command on a free port, and waits until it says where it listens. */
async function start(data: string, env: Record<string, string> = {}): Promise<Manager> {
  const child = spawn(process.execPath, [program, 'manager', '--port', '0', '--data', data], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  child.stderr.resume();
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const [, url] = /^ws-gate manager listens on (http:\/\/127\.0\.0\.1:\d+)$/.exec(line) ?? [];
  expect(url).toBeDefined();
  return {
    child,
    client: new ManagerClient({ baseUrl: url ?? '' }),
    end: async (signal) => {
      const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
      child.kill(signal);
      const [code, by] = await ended;
      return code ?? by;
    },
  };
}

const TREE = { name: 'org', runtime: 'mock', children: [{ name: 'a' }, { name: 'b' }] };

test('it says where it listens, serves, ends on SIGTERM, and has lost nothing when it starts again', async () => {
  const data = path.join(tempDir({}), 'data');
  const first = await start(data);
  const imported = await first.client.importTree(TREE);
  const workspace = await first.client.createWorkspace({ path: data });
  const events = await first.client.attach(workspace.id);
  expect(await first.end('SIGTERM')).toBe(0);
  const seen: string[] = [];
  for await (const { type } of events) seen.push(type);
  expect(seen).toEqual(['closing']);

  const second = await start(data);
  expect((await second.client.listFleetWorkspaces()).map(({ id, name }) => ({ id, name }))).toEqual(
    imported.map(({ id, name }) => ({ id, name })),
  );
  expect(await second.client.importTree(TREE)).toEqual(imported.map((each) => ({ ...each, skipped: true })));
  expect(await second.end('SIGINT')).toBe(0);
});

test('a killed one is followed by the next, and one that runs is not', async () => {
  const data = path.join(tempDir({}), 'data');
  const first = await start(data);
  const again = ws(data, ['manager', '--port', '0', '--data', data]);
  expect([again.code, again.stdout]).toEqual([2, '']);
  expect(again.stderr).toMatch(
    new RegExp(
      `^ws-gate: the data directory ${data} is in use by process ${first.child.pid}; .*\n  do   .*\n$`,
    ),
  );
  expect(await first.end('SIGKILL')).toBe('SIGKILL');
  const second = await start(data);
  expect(await second.client.listWorkspaces()).toEqual([]);
  expect(await second.end('SIGTERM')).toBe(0);
});

test('it listens on a unix socket that is for its user alone, also where a killed one has left its own', async () => {
  const dir = tempDir({});
  const socket = path.join(dir, 'ws.sock');
  const args = ['manager', '--socket', 'ws.sock', '--data', ':memory:', '--cwd', dir];
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    const child = spawn(process.execPath, [program, ...args], {
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    expect(line).toBe(`ws-gate manager listens on unix:${socket}`);
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    if (signal === 'SIGTERM') expect(ws(dir, args).stderr).toMatch(/^ws-gate: the address is in use: /);
    child.kill(signal);
    await once(child, 'exit');
  }
});

test.each([
  [['--port', '99999'], {}, 'WS_MANAGER_PORT="99999" cannot be used: it must be from 0 to 65535'],
  [
    [],
    { DATABASE_URL: 'mysql://x' },
    'DATABASE_URL=… cannot be used: a URL is needed that begins with postgres://',
  ],
  [[], { WS_MANAGER_PROT: '1' }, 'WS_MANAGER_PROT is no setting'],
  [[], { DATABASE_URL: 'postgres://127.0.0.1:1/x' }, 'the database cannot be reached'],
  [['--data', '/dev/null/x'], {}, 'the manager cannot start: ENOTDIR'],
  [['--host', '203.0.113.1', '--data', ':memory:'], {}, 'the manager cannot start'],
  [
    ['--host', '999.1.1.1', '--data', ':memory:'],
    {},
    'WS_MANAGER_HOST="999.1.1.1" cannot be used: getaddrinfo ENOTFOUND',
  ],
  [['stray'], {}, 'manager takes no arguments: stray'],
  [['--format', 'json'], {}, 'ws-gate manager has no flag --format'],
])('%o with %o is refused with one clear error', (args, env, message) => {
  const { code, stdout, stderr } = ws(tempDir({}), ['manager', ...args], env);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(`ws-gate: ${message}`);
  expect(stderr).not.toMatch(/^\s+at /m);
});

test('a file or a directory where the socket or the data would be is told, and stays', async () => {
  const dir = tempDir({ notes: 'mine' });
  const file = path.join(dir, 'notes');
  for (const taken of [file, dir]) {
    const { code, stderr } = ws(dir, ['manager', '--data', ':memory:', '--socket', taken]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(
        /^ws-gate: WS_MANAGER_SOCKET=".*" cannot be used: it is there, and no socket\n {2}do .*\n$/,
      ),
    ]);
  }
  const { code, stderr } = ws(dir, ['manager', '--data', file, '--port', '0']);
  expect([code, stderr]).toEqual([
    2,
    expect.stringMatching(/^ws-gate: the manager cannot start: EEXIST.*\n {2}do .*\n$/),
  ]);
  expect(readFileSync(file, 'utf8')).toBe('mine');
});

test('a port that is taken is told, and the data directory is free again', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const data = path.join(tempDir({}), 'data');
  const { code, stderr } = ws(data.slice(0, -5), ['manager', '--port', String(port), '--data', data]);
  expect([code, stderr]).toEqual([2, expect.stringMatching(/^ws-gate: the address is in use: .*\n/)]);
  const next = await start(data);
  expect(await next.end('SIGTERM')).toBe(0);
});

test('a database that takes the connection and says nothing is told in one clear error', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const { code, stderr } = ws(tempDir({}), ['manager', '--port', '0'], {
    DATABASE_URL: `postgres://127.0.0.1:${port}/x`,
    WS_MANAGER_DATABASE_CONNECT_TIMEOUT_MS: '100',
  });
  expect([code, stderr]).toEqual([
    2,
    expect.stringMatching(
      /^ws-gate: the database cannot be reached: the database did not connect within 100 ms.*\n {2}do {3}.*\n$/,
    ),
  ]);
});

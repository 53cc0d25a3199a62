// Runs a command beside a PostgreSQL and a Redis server of its own: node scripts/with-servers.js COMMAND [ARG...]
//
// The servers listen on free ports of the loopback interface, keep their data in a directory that is deleted at the
// end, and are told to the command by WS_GATE_TEST_POSTGRES and WS_GATE_TEST_REDIS. Both programs come from packages
// of the system (Debian: postgresql, redis-server).
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const [command, ...args] = process.argv.slice(2);
if (command === undefined) {
  console.error('usage: node scripts/with-servers.js COMMAND [ARG...]');
  process.exit(2);
}

const home = mkdtempSync(path.join(tmpdir(), 'ws-gate-servers-'));
chmodSync(home, 0o755);
const servers = [];
let status = 1;
try {
  const env = {
    ...process.env,
    WS_GATE_TEST_POSTGRES: await startPostgres(),
    WS_GATE_TEST_REDIS: await startRedis(),
  };
  status = await exit(spawn(command, args, { stdio: 'inherit', env }));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
} finally {
  for (const server of servers) server.kill('SIGTERM');
  await Promise.all(servers.map(exit));
  rmSync(home, { recursive: true, force: true });
}
process.exit(status);

async function startPostgres() {
  const bin = postgresPrograms();
  const data = path.join(home, 'postgres');
  mkdirSync(data);
  // PostgreSQL refuses to run as root.
  const owner = process.getuid?.() === 0 ? userOf('postgres') : {};
  if (owner.uid !== undefined) chownSync(data, owner.uid, owner.gid);
  const as = { ...owner, cwd: data, stdio: ['ignore', 'pipe', 'inherit'] };
  const initdb = spawnSync(
    path.join(bin, 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync'],
    as,
  );
  if (initdb.status !== 0) throw new Error(`initdb failed with ${initdb.status}`);
  const port = await freePort();
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'off',
    max_connections: '200',
  };
  const flags = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  const log = ['-c', 'logging_collector=on', '-c', 'log_directory=log'];
  start(path.join(bin, 'postgres'), ['-D', data, '-p', String(port), ...flags, ...log], as);
  const ready = ['-h', '127.0.0.1', '-p', String(port), '-q'];
  await until('PostgreSQL', () => spawnSync(path.join(bin, 'pg_isready'), ready).status === 0);
  return `postgres://postgres@127.0.0.1:${port}/postgres`;
}

async function startRedis() {
  const port = await freePort();
  start('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', home], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ping = ['-p', String(port), 'ping'];
  await until('Redis', () => String(spawnSync('redis-cli', ping).stdout).trim() === 'PONG');
  return `redis://127.0.0.1:${port}`;
}

/** The newest PostgreSQL of the system. */
function postgresPrograms() {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  for (const version of versions) {
    const bin = path.join(root, version, 'bin');
    if (existsSync(path.join(bin, 'postgres'))) return bin;
  }
  return execFileSync('pg_config', ['--bindir'], { encoding: 'utf8' }).trim();
}

function userOf(name) {
  const id = (flag) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function start(program, flags, options) {
  const server = spawn(program, flags, options);
  server.once('error', (error) => console.error(`${program}: ${error.message}`));
  server.stdout?.resume();
  servers.push(server);
}

async function until(name, ready) {
  for (let i = 0; i < 150; i++) {
    if (ready()) return;
    await pause(100);
  }
  throw new Error(`${name} does not answer`);
}

function exit(child) {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode ?? 1;
  return new Promise((resolve) => {
    child.once('error', () => resolve(127));
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

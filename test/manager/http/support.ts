import { onTestFinished } from 'vitest';
import { ManagerClient } from '../../../src/manager/client/index.ts';
import { type ManagerConfig, readConfig } from '../../../src/manager/config.ts';
import { buildFileGraph } from '../../../src/manager/file-graph/file-graph.ts';
import { type Db, openDb } from '../../../src/manager/index.ts';
import { type RunningManager, startManager } from '../../../src/manager/start.ts';
import { wrapped } from '../servers.ts';

export const ADMIN_TOKEN = 'the-token-of-the-tests';

/** A manager that serves on a free port, with its data in memory, beside those of the other tests. Ended after the test. */
export interface Served {
  readonly manager: RunningManager;
  readonly url: string;
  readonly client: ManagerClient;
  /** The lines of its log. */
  readonly log: string[];
  /** Sends a request, and returns status and body. */
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

let pglite: Promise<Db> | undefined;

/** PGlite takes long to start: the managers of a file of tests share one, as several may share a PostgreSQL. */
async function openDatabase(): Promise<Db> {
  pglite ??= openDb();
  return wrapped(await pglite, { close: async () => {} });
}

/** Starts a manager that is ended after the test. */
export async function serve(env: Record<string, string> = {}): Promise<Served> {
  const served = await startServed(env);
  onTestFinished(() => served.manager.close());
  return served;
}

/** Starts a manager that its caller ends. */
export async function startServed(env: Record<string, string> = {}): Promise<Served> {
  const config: ManagerConfig = readConfig({
    WS_MANAGER_DATA: ':memory:',
    WS_MANAGER_PORT: '0',
    WS_MANAGER_DETACH_GRACE_MS: '0',
    WS_MANAGER_ADMIN_TOKEN: ADMIN_TOKEN,
    ...env,
  });
  const log: string[] = [];
  const manager = await startManager(config, {
    version: '1.2.3',
    write: (line) => log.push(line),
    openDatabase,
    graphBuilder: ({ root }) => buildFileGraph(root),
  });
  const url = manager.address;
  return {
    manager,
    url,
    log,
    client: new ManagerClient({ baseUrl: url, adminToken: ADMIN_TOKEN }),
    send: (method, path, body, headers) => send(`${url}${path}`, method, body, headers),
  };
}

async function send(
  url: string,
  method: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json');
  return { status: response.status, body: isJson ? JSON.parse(text) : text };
}

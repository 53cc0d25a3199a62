import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished } from 'vitest';
import { ManagerClient } from '../../../src/manager/client/index.ts';

const BIN = path.resolve(import.meta.dirname, '../../../bin/ws-gate.js');
const ADMIN_TOKEN = 'the-token-of-the-tests';
/** A port of its own, memory for data, and no grace for who leaves. */
const DEFAULTS = {
  WS_MANAGER_PORT: '0',
  WS_MANAGER_DATA: ':memory:',
  WS_MANAGER_DETACH_GRACE_MS: '0',
  WS_MANAGER_ADMIN_TOKEN: ADMIN_TOKEN,
};

/** A line of the log of a manager. */
export interface LogLine {
  readonly level?: string;
  readonly message?: string;
  readonly [field: string]: unknown;
}

/** `ws-gate manager` as a process. */
export class ManagerProcess {
  readonly child: ChildProcess;
  readonly url: string;
  readonly client: ManagerClient;
  /** What it has logged so far. */
  readonly log: readonly LogLine[];

  private constructor(child: ChildProcess, url: string, log: readonly LogLine[]) {
    this.child = child;
    this.url = url;
    this.client = this.connect();
    this.log = log;
  }

  /** Starts one, and waits until it listens. It is killed after the test, if it still runs. */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<ManagerProcess> {
    const { DATABASE_URL: _database, REDIS_URL: _redis, ...inherited } = process.env;
    const child = spawn(process.execPath, [BIN, 'manager'], {
      env: { ...inherited, ...DEFAULTS, ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const log: LogLine[] = [];
    createInterface({ input: child.stderr }).on('line', (line) => log.push(parsed(line)));
    for await (const line of createInterface({ input: child.stdout })) {
      const url = /^ws-gate manager listens on (\S+)$/.exec(line)?.[1];
      if (url !== undefined) return new ManagerProcess(child, url, log);
    }
    throw new Error(`the manager does not start: ${JSON.stringify(log)}`);
  }

  /** One more client, with an id of its own. */
  connect(): ManagerClient {
    return new ManagerClient({ baseUrl: this.url, adminToken: ADMIN_TOKEN });
  }

  /** Sends a request, and returns status and body. */
  async send(method: string, route: string, body?: object): Promise<{ status: number; body: unknown }> {
    const response = await fetch(`${this.url}${route}`, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  }

  /** What `/metrics` says of a metric: of one with its label, or summed over all. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    const values = text
      .split('\n')
      .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
    expect(values).not.toEqual([]);
    return values.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  /** Ends it. Returns its exit code and the signal that killed it. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<unknown[]> {
    const exit = once(this.child, 'exit');
    this.child.kill(signal);
    return await exit;
  }

  /** How often it has logged a message. */
  logged(message: string): number {
    return this.log.filter((line) => line.message === message).length;
  }
}

function parsed(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return { message: line };
  }
}

import { describe, expect, test } from 'vitest';
import { LOCKS_FILE, messages, runRule, steps } from './run.ts';

describe('lock-reentry', () => {
  test('tells one mistake once, by the shortest way back to the lock', async () => {
    const source = `import { Mutex } from './locks.ts';
export class Desk {
  readonly mu = new Mutex();
  async far(): Promise<void> {
    await this.mu.runExclusive(() => this.near());
  }
  async near(): Promise<void> {
    await this.stamp();
  }
  async close(): Promise<void> {
    await this.mu.runExclusive(() => this.stamp());
  }
  async stamp(): Promise<void> {
    await this.mu.runExclusive(async () => {});
  }
}
`;
    const { report } = await runRule('lock-reentry', { 'locks.ts': LOCKS_FILE, 'desk.ts': source });
    expect(report.findings.map((finding) => [finding.message, finding.help, steps(finding)])).toEqual([
      [
        'acquires Desk.mu again while it is held',
        'call a variant that expects Desk.mu to be held, or release it first',
        [
          'desk.ts:11 Desk.mu acquired here',
          'desk.ts:11 runs the callback',
          'desk.ts:11 calls Desk.stamp',
          'desk.ts:14 Desk.mu acquired here',
        ],
      ],
    ]);
  });

  test('looks at a program whose only lock is a promise chain', async () => {
    const source = `export class Log {
  private tail: Promise<void> = Promise.resolve();
  write(): Promise<void> {
    this.tail = this.tail.then(() => this.rotate());
    return this.tail;
  }
  rotate(): Promise<void> {
    const turn = this.tail.then(() => undefined);
    this.tail = turn;
    return turn;
  }
}
`;
    const { report } = await runRule('lock-reentry', { 'log.ts': source });
    expect(report.findings.map(({ file, line, message }) => [file, line, message])).toEqual([
      ['log.ts', 8, 'acquires Log.tail again while it is held'],
    ]);
  });

  test('leads from a promise that an object keeps to the work that it stands for', async () => {
    const source = `import { Mutex } from './locks.ts';
const schema = new Mutex();
class Replica {
  readonly ready: Promise<void>;
  constructor() {
    this.ready = this.sync();
  }
  private async sync(): Promise<void> {
    await schema.runExclusive(async () => {});
  }
}
export async function add(): Promise<void> {
  await schema.runExclusive(async () => {
    await new Replica().ready;
  });
}
`;
    const { report } = await runRule('lock-reentry', { 'locks.ts': LOCKS_FILE, 'replica.ts': source });
    expect(report.findings.map((finding) => steps(finding))).toEqual([
      [
        'replica.ts:13 schema acquired here',
        'replica.ts:13 runs the callback',
        'replica.ts:6 calls Replica.sync',
        'replica.ts:9 schema acquired here',
      ],
    ]);
  });

  test('has a message for each way to wait for oneself', async () => {
    const source = `import { Mutex, RwLock } from './locks.ts';
import { Pool } from './pool.ts';
const mu = new Mutex(), rw = new RwLock(), pool = new Pool(4);
export async function again(): Promise<void> {
  await mu.runExclusive(() => mu.runExclusive(async () => {}));
}
export async function upgrade(): Promise<void> {
  await rw.withReadLock(() => rw.withWriteLock(async () => {}));
}
export async function permits(): Promise<void> {
  await pool.enter(() => pool.enter(async () => {}));
}
`;
    const pool = `export class Pool {
  constructor(readonly size: number) {}
  async enter<T>(fn: () => Promise<T>): Promise<T> { return fn(); }
}
`;
    const result = await runRule(
      'lock-reentry',
      { 'locks.ts': LOCKS_FILE, 'pool.ts': pool, 'all.ts': source },
      { primitives: [{ type: 'Pool', scoped: ['enter'], grants: 'void', permitsArg: 0 }] },
    );
    expect(messages(result)).toEqual([
      'reacquired: acquires mu again while it is held',
      'upgrade: acquires rw exclusively while holding a share of it',
      'nestedPermit: acquires a permit of pool while holding one',
    ]);
  });

  test('takes a lock that is declared reentrant, or whose readers pass a writer, at its word', async () => {
    const source = `import { Mutex, RwLock } from './locks.ts';
const mu = new Mutex(), rw = new RwLock();
export async function again(): Promise<void> {
  await mu.runExclusive(() => mu.runExclusive(async () => {}));
}
export async function readers(): Promise<void> {
  await rw.withReadLock(() => rw.withReadLock(async () => {}));
}
`;
    const files = { 'locks.ts': LOCKS_FILE, 'all.ts': source };
    const recursive = {
      type: 'RwLock',
      scoped: ['withWriteLock'],
      scopedShared: ['withReadLock'],
      grants: 'void',
      readers: 'recursive',
    } as const;
    expect(messages(await runRule('lock-reentry', files))).toEqual([
      'reacquired: acquires mu again while it is held',
      'reacquired: acquires rw again while it is held',
    ]);
    const declared = await runRule('lock-reentry', files, { reentrant: ['mu'], primitives: [recursive] });
    expect(messages(declared)).toEqual([]);
  });
});

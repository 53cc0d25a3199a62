import { describe, expect, test } from 'vitest';
import { LOCKS_FILE, messages, runRule, steps } from './run.ts';

const TABLE = `import { Mutex } from './locks.ts';
export class Table {
  readonly mu = new Mutex();
  readonly rows: string[] = [];
  async put(row: string): Promise<void> {
    await this.mu.runExclusive(async () => {
      await this.store(row);
    });
  }
  async store(row: string): Promise<void> {
    await Promise.resolve();
    this.rows.push(row);
  }
}
`;

describe('lock-await', () => {
  test('says nothing of a pause under a lock that nobody has declared brief', async () => {
    const result = await runRule('lock-await', { 'locks.ts': LOCKS_FILE, 'table.ts': TABLE });
    expect(messages(result)).toEqual([]);
  });

  test('tells of the pause in the section, and of no other below it', async () => {
    const files = { 'locks.ts': LOCKS_FILE, 'table.ts': TABLE };
    const { report } = await runRule('lock-await', files, { brief: ['Table.mu'] });
    expect(report.findings.map((finding) => [finding.messageId, finding.line, steps(finding)])).toEqual([
      ['awaitUnderBrief', 7, ['table.ts:6 Table.mu acquired here', 'table.ts:7 pauses here']],
    ]);
  });

  test('leads from the lock to the wait, and to what would end it', async () => {
    const source = `import { Mutex } from './locks.ts';
export class Pipe {
  readonly mu = new Mutex();
  private readonly waiting: (() => void)[] = [];
  async write(): Promise<void> {
    await this.mu.runExclusive(() => this.room());
  }
  async read(): Promise<void> {
    const release = await this.mu.acquire();
    for (const wake of this.waiting.splice(0)) wake();
    release();
  }
  private async room(): Promise<void> {
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  }
}
`;
    const { report } = await runRule('lock-await', { 'locks.ts': LOCKS_FILE, 'pipe.ts': source });
    expect(report.findings.map((finding) => [finding.messageId, finding.line, steps(finding)])).toEqual([
      [
        'waitsForHolder',
        14,
        [
          'pipe.ts:6 Pipe.mu acquired here',
          'pipe.ts:6 runs the callback',
          'pipe.ts:6 calls Pipe.room',
          'pipe.ts:14 waits here',
          'pipe.ts:10 would end the wait, under Pipe.mu',
        ],
      ],
    ]);
  });

  test('tells of a wait without an end once, also where the lock is brief', async () => {
    const source = `export class Mutex {
  async acquire(): Promise<() => void> { return () => {}; }
  async waitForUnlock(): Promise<void> {}
}
export class Door {
  readonly mu = new Mutex();
  async pass(): Promise<void> {
    const release = await this.mu.acquire();
    await this.mu.waitForUnlock();
    release();
  }
}
`;
    const result = await runRule('lock-await', { 'door.ts': source }, { brief: ['Door.mu'] });
    expect(messages(result)).toEqual([
      'waitsForHolder: waits for the release of Door.mu while holding Door.mu, without which that does not come about',
    ]);
  });

  test('leaves to lock-reentry what waits for work that takes the lock', async () => {
    const source = `import { Mutex } from './locks.ts';
export class Memo {
  readonly mu = new Mutex();
  private made: Promise<void> | undefined;
  async get(): Promise<void> {
    const release = await this.mu.acquire();
    this.made ??= this.make();
    await this.made;
    release();
  }
  private async make(): Promise<void> {
    await this.mu.runExclusive(async () => {});
  }
}
`;
    const files = { 'locks.ts': LOCKS_FILE, 'memo.ts': source };
    expect(messages(await runRule('lock-await', files))).toEqual([]);
    expect(messages(await runRule('lock-reentry', files))).toEqual([
      'reacquired: acquires Memo.mu again while it is held',
    ]);
  });

  test('orders locks by whoever waits for one, though it takes none', async () => {
    const source = `export class Mutex {
  async acquire(): Promise<() => void> { return () => {}; }
  async waitForUnlock(): Promise<void> {}
}
export class Pair {
  readonly a = new Mutex();
  readonly b = new Mutex();
  async forth(): Promise<void> {
    const release = await this.a.acquire();
    await this.b.waitForUnlock();
    release();
  }
  async back(): Promise<void> {
    const releaseB = await this.b.acquire();
    const releaseA = await this.a.acquire();
    releaseA();
    releaseB();
  }
}
`;
    const { report } = await runRule('lock-cycle', { 'pair.ts': source });
    expect(report.findings.flatMap(({ trace }) => trace.map(({ message }) => message))).toContain(
      'waits here until Pair.b is free',
    );
  });
});

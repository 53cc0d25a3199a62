import { describe, expect, test } from 'vitest';
import type { LockCallbackOptions } from '../../rules/lock-callback/rule.ts';
import { check } from '../../src/engine/check.ts';
import type { CheckResult } from '../../src/engine/finding.ts';
import { tempDir } from '../support/temp-dir.ts';
import { LOCKS_FILE, messages, runRule, steps } from './run.ts';

const STORE = `import { Mutex } from './locks.ts';
export interface Storage {
  load(key: string): Promise<string>;
  save(key: string): Promise<void>;
}
export class Store {
  readonly mu = new Mutex();
  private last = '';
  constructor(
    private readonly storage: Storage,
    private readonly onSaved: (key: string) => void,
  ) {}
  async save(key: string, check: (key: string) => void): Promise<void> {
    await this.mu.runExclusive(async () => {
      this.last = key;
      check(key);
      await this.storage.save(key);
      this.tell();
    });
  }
  private tell(): void {
    this.onSaved(this.last);
  }
}
`;

function run(options: Partial<LockCallbackOptions>): Promise<CheckResult> {
  return check({
    cwd: tempDir({ 'src/locks.ts': LOCKS_FILE, 'src/store.ts': STORE }),
    rules: ['lock-callback'],
    inlineConfig: { include: ['**/*.ts'], rules: { 'lock-callback': ['error', options] } },
  });
}

async function said(options: Partial<LockCallbackOptions>): Promise<string[]> {
  return messages(await run(options)).sort();
}

const ON_SAVED = 'callbackUnderLock: calls Store.onSaved while holding Store.mu';
const CHECK = 'callbackUnderLock: calls Store.save.check while holding Store.mu';

describe('lock-callback', () => {
  test('is reported where the lock is taken, and leads from there to the call', async () => {
    const { report } = await runRule('lock-callback', { 'locks.ts': LOCKS_FILE, 'store.ts': STORE });
    expect(
      report.findings.map((finding) => [finding.line, finding.message, finding.help, steps(finding)]),
    ).toEqual([
      [
        14,
        'calls Store.onSaved while holding Store.mu',
        'copy what the callback needs under Store.mu, release it, and call Store.onSaved then',
        [
          'store.ts:14 Store.mu acquired here',
          'store.ts:14 runs the callback',
          'store.ts:18 calls Store.tell',
          'store.ts:22 calls Store.onSaved',
        ],
      ],
      [
        14,
        'calls Store.save.check while holding Store.mu',
        'copy what the callback needs under Store.mu, release it, and call Store.save.check then',
        [
          'store.ts:14 Store.mu acquired here',
          'store.ts:14 runs the callback',
          'store.ts:16 calls Store.save.check',
        ],
      ],
    ]);
  });

  test('passes by what is allowed, by its name alone or with its file', async () => {
    expect(await said({})).toEqual([ON_SAVED, CHECK]);
    expect(await said({ allow: ['Store.onSaved'] })).toEqual([CHECK]);
    expect(await said({ allow: ['src/store.ts#Store.save.check'] })).toEqual([ON_SAVED]);
  });

  test('tells of an exception that excuses nothing', async () => {
    expect(await said({ allow: ['Store.onSaved', 'Store.save.check', 'Store.onLoaded'] })).toEqual([
      'staleEntry: lock-callback.allow names Store.onLoaded, which is called under no lock',
    ]);
    expect(await said({ allow: ['src/other.ts#Store.onSaved'] })).toEqual([
      ON_SAVED,
      CHECK,
      'staleEntry: lock-callback.allow names src/other.ts#Store.onSaved, which is called under no lock',
    ]);
  });

  test('takes methods that the config names for callbacks', async () => {
    expect(await said({ callbacks: ['Storage.save'], allow: ['Store.onSaved'] })).toEqual([
      'callbackUnderLock: calls Storage.save while holding Store.mu',
      CHECK,
    ]);
  });

  test('tells of a method that the program does not have', async () => {
    expect(await said({ callbacks: ['Storage.store'] })).toEqual([
      ON_SAVED,
      CHECK,
      'unknownName: lock-callback.callbacks names Storage.store, which does not exist',
    ]);
  });

  test('refuses a name that is empty', async () => {
    await expect(run({ allow: [''] })).rejects.toThrow('not valid');
  });
});

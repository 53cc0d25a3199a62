import { describe, expect, test } from 'vitest';
import type { UserConfig } from '../../src/config/types.ts';
import { check } from '../../src/engine/check.ts';
import type { CheckResult } from '../../src/engine/finding.ts';
import { tempDir } from '../support/temp-dir.ts';
import { messages, runRule, steps } from './run.ts';

const API = {
  'api.ts': `export declare function record(id: string): Promise<void>;
export declare function update(id: string): Promise<void>;
export interface Store { set(id: string): Promise<void>; }
`,
};

function run(files: Readonly<Record<string, string>>, ...pairs: readonly object[]): Promise<CheckResult> {
  const inlineConfig: UserConfig = { include: ['**/*.ts'], rules: { 'call-before': ['error', { pairs }] } };
  return check({ cwd: tempDir({ ...API, ...files }), rules: ['call-before'], inlineConfig });
}

const PAIR = { first: 'record', then: 'update' };

describe('call-before', () => {
  test('tells the way from where nobody calls to the call', async () => {
    const { report } = await run(
      {
        'steps.ts': `import { update } from './api.ts';
export async function finish(id: string): Promise<void> {
  await update(id);
}
`,
        'app.ts': `import { record } from './api.ts';
import { finish } from './steps.ts';
export async function complete(id: string): Promise<void> {
  await record(id);
  await finish(id);
}
export async function cancel(id: string): Promise<void> {
  await finish(id);
}
`,
      },
      PAIR,
    );
    expect(report.findings.map(({ file, line, messageId }) => `${file}:${line} ${messageId}`)).toEqual([
      'steps.ts:3 notBefore',
    ]);
    expect(report.findings.flatMap(steps)).toEqual([
      'app.ts:7 cancel is entered without record',
      'app.ts:8 runs finish',
      'steps.ts:3 calls update',
    ]);
  });

  test('tells what is started and not waited for from what is not called', async () => {
    const result = await run(
      {
        'app.ts': `import { record, update } from './api.ts';
export async function started(id: string): Promise<void> {
  void record(id);
  await update(id);
}
export async function never(id: string): Promise<void> {
  await update(id);
}
`,
      },
      PAIR,
    );
    expect(messages(result)).toEqual([
      'notAwaited: calls update before record is certain to be done, which was only started',
      'notBefore: calls update on a path on which record has not been called before',
    ]);
  });

  test('lists a call of an unknown type, and reports none', async () => {
    const { report } = await run(
      {
        'app.ts': `import { record, type Store } from './api.ts';
export async function known(store: Store): Promise<void> {
  await record('a');
  await store.set('a');
}
export async function unknown(store: any): Promise<void> {
  await store.set('a');
}
`,
      },
      { first: 'record', then: 'Store.set' },
    );
    expect([report.findings, report.unresolved.map(({ line, message }) => `${line} ${message}`)]).toEqual([
      [],
      ['7 `set` of a value of unknown type may be Store.set'],
    ]);
  });

  test('counts only what happens in the places of the pair, on the way through others too', async () => {
    const { report } = await run(
      {
        'lock.ts':
          'export async function locked(work: () => Promise<void>): Promise<void> {\n  await work();\n}\n',
        'app.ts': `import { record, update } from './api.ts';
import { locked } from './lock.ts';
export async function complete(id: string): Promise<void> {
  await locked(() => update(id));
}
export async function around(id: string): Promise<void> {
  await record(id);
  await complete(id);
}
`,
      },
      { ...PAIR, in: ['app.ts#complete'] },
    );
    expect(report.findings.flatMap(steps)).toEqual([
      'app.ts:3 complete is entered without record',
      'app.ts:4 runs locked',
      'lock.ts:2 runs a function',
      'app.ts:4 calls update',
    ]);
  });

  test('finds nothing without a pair, and reads no file for it', async () => {
    const result = await runRule('call-before', API);
    expect([messages(result), result.rules[0]?.sites, result.counts.parsed]).toEqual([[], 0, 0]);
  });

  test('looks at as much of a program as leads to the calls', async () => {
    const others = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [
        `other${index}.ts`,
        `export async function other${index}(id: string): Promise<string> { return id; }\n`,
      ]),
    );
    const result = await run(
      {
        ...others,
        'app.ts': `import { record, update } from './api.ts';
export async function complete(id: string): Promise<void> {
  await record(id);
  await update(id);
}
`,
      },
      PAIR,
    );
    expect([messages(result), result.counts.parsed]).toEqual([[], 2]);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { check } from '../../../src/engine/check.ts';
import { tempDir } from '../../support/temp-dir.ts';

const directory = mkdtempSync(path.join(os.tmpdir(), 'ws-gate-scale-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const SERVICES = 12;

/** Services that reach each other through a field, so that a way through all of them can be prolonged for ever. */
function services(): string {
  const peers = Array.from({ length: SERVICES }, (_, at) => `s${at}: Service${at}`).join('; ');
  const classes = Array.from({ length: SERVICES }, (_, at) => {
    const calls = [1, 5, 7].map((step) => `    await this.peers.s${(at + step) % SERVICES}.visit();`);
    return [
      `class Service${at} {`,
      '  readonly mu = new Mutex();',
      '  peers!: Peers;',
      '  async visit(): Promise<void> {',
      '    await this.mu.runExclusive(() => {});',
      ...calls,
      '  }',
      '}',
    ].join('\n');
  });
  return [
    "import { Mutex } from 'async-mutex';",
    `interface Peers { ${peers} }`,
    ...classes,
    `export const services = [${Array.from({ length: SERVICES }, (_, at) => `new Service${at}()`).join(', ')}];`,
    '',
  ].join('\n');
}

test('services that call each other in rings are analysed to the end, and no lock is held over a call', async () => {
  writeFileSync(path.join(directory, 'services.ts'), services());
  const { report, rules } = await check({
    cwd: directory,
    config: false,
    rules: ['lock-cycle', 'lock-reentry'],
  });
  expect(report.findings).toEqual([]);
  expect(report.unresolved).toEqual([]);
  expect(rules.map(({ ruleId, sites }) => [ruleId, sites])).toEqual([
    ['lock-cycle', SERVICES],
    ['lock-reentry', SERVICES],
  ]);
});

/** A loop by recursion, with many ways to start over: what it ends with is what the next turn ends with. */
const STARTING_OVER = `import { Mutex } from 'async-mutex';
const mu = new Mutex();
interface Options { readonly signal?: AbortSignal; readonly subscribe?: boolean; readonly handle?: string; readonly live?: boolean }
export class Stream {
  #state: string = 'new';
  #buster: string | undefined;
  constructor(readonly options: Options) {}
  async request(buster?: string): Promise<void> {
    const active = buster ?? this.#buster;
    if (this.options.signal?.aborted) return;
    if (this.#state === 'paused') { if (active) this.#buster = active; return; }
    let isResuming = false;
    if (this.options.live) isResuming = true;
    const release = await mu.acquire();
    release();
    if (active) this.#buster = undefined;
    try {
      await fetch(\`/\${String(isResuming)}\`);
    } catch (error) {
      if (this.options.handle) return this.request();
      if (error instanceof TypeError) return;
      if (error instanceof RangeError) return this.request();
      if (this.options.subscribe) return this.request('again');
      throw error;
    } finally {
      if (isResuming && this.options.signal) this.#state = 'done';
    }
    return this.request();
  }
}
`;

test('a function that starts over in many ways is analysed to the end', async () => {
  const cwd = tempDir({ 'loop.ts': STARTING_OVER });
  const { report, rules } = await check({ cwd, config: false, rules: ['lock-reentry'] });
  expect(report.findings).toEqual([]);
  expect(rules.map(({ ruleId, sites }) => [ruleId, sites])).toEqual([['lock-reentry', 1]]);
});

/** Functions that hold all those before them: millions of ways to the first, though there are few functions. */
function knot(): string {
  const functions = Array.from({ length: 45 }, (_, at) => {
    const others = Array.from({ length: at }, (_, before) => `f${before}();`).join(' ');
    return `  const f${at} = (): void => { ${others || 'void mu.runExclusive(() => {});'} };`;
  });
  return [
    "import { Mutex } from 'async-mutex';",
    'const mu = new Mutex();',
    'export function knot(): Promise<() => void> {',
    ...functions,
    '  return new Promise((resolve) => resolve(f44));',
    '}',
    '',
  ].join('\n');
}

test('functions that hold each other are looked through once each', async () => {
  const cwd = tempDir({ 'knot.ts': knot() });
  const { rules } = await check({ cwd, config: false, rules: ['lock-reentry'] });
  expect(rules.map(({ ruleId, sites }) => [ruleId, sites])).toEqual([['lock-reentry', 2]]);
});

/** Work that is kept in a field while it lasts, and starts itself again: each ends with the promise of the next. */
const STARTING_ITSELF = `import { Mutex } from 'async-mutex';
const mu = new Mutex();
interface Log { debug(text: string): void }
export class Keys {
  #work: Promise<void> | null = null;
  #again = false;
  #session: string | undefined;
  constructor(readonly log: Log | undefined, readonly isOn: boolean) {}
  ensure(): void {
    if (!this.isOn) return;
    if (this.#work === null) {
      this.log?.debug('start');
      this.#work = this.#roll().then(() => {
        this.#work = null;
        if (this.#again) {
          this.#again = false;
          this.ensure();
        }
      });
    } else this.#again = true;
  }
  async #roll(): Promise<void> {
    if (this.#session === undefined) this.#session = 'first';
    try {
      await mu.runExclusive(() => this.log?.debug('rolling'));
      if (this.#again) this.ensure();
    } catch (error) {
      if (error instanceof TypeError) return this.ensure();
      throw error;
    }
  }
}
`;

test('work that is kept in a field and starts itself again is followed a few turns', async () => {
  const cwd = tempDir({ 'keys.ts': STARTING_ITSELF });
  const { report, rules } = await check({ cwd, config: false, rules: ['lock-reentry'] });
  expect(report.findings).toEqual([]);
  expect(rules.map(({ sites }) => sites > 0)).toEqual([true]);
});

test('what a factory makes is followed where it was given something that has to do with locks, and nowhere else', async () => {
  const plain = Array.from({ length: 20 }, (_, at) => at);
  const cwd = tempDir({
    'dual.ts': `export const dual = (n: number, body: (...all: any[]) => any): any =>
      function (...all: any[]) { return all.length >= n ? body(...all) : (self: any) => body(self, ...all); };\n`,
    'locked.ts': `import { Mutex } from 'async-mutex';\nimport { dual } from './dual';
      export class Store { readonly mu = new Mutex(); }
      export const locked = dual(2, (store: Store, work: () => Promise<void>) => store.mu.runExclusive(work));\n`,
    'user.ts': `import { locked, type Store } from './locked';
      export const use = (store: Store, work: () => Promise<void>) => locked(store, () => locked(store, work));\n`,
    ...Object.fromEntries(
      plain.map((at) => [
        `plain${at}.ts`,
        `import { dual } from './dual';\nexport const plain${at} = dual(2, (a: number, b: number) => a + b);\n`,
      ]),
    ),
    ...Object.fromEntries(
      plain.map((at) => [
        `caller${at}.ts`,
        `import { plain${at} } from './plain${at}';\nexport const run${at} = (unknown: any) => plain${at}(unknown.call(), 1);\n`,
      ]),
    ),
  });
  const { report, counts } = await check({ cwd, config: false, rules: ['lock-reentry'] });
  expect(report.findings.map(({ file }) => file)).toEqual(['locked.ts']);
  expect(counts.parsed).toBeLessThan(plain.length + 10);
});

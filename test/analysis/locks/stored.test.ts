import { describe, expect, test } from 'vitest';
import { check } from '../../../src/engine/check.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** A bus with one field for its listeners, and a lock beside it. */
const HEAD = `import { Mutex } from 'async-mutex';
type Hook = () => Promise<unknown>;
const mu = new Mutex();
`;
const BUS = `class Bus {
  private readonly hooks: Hook[] = [];
  on(hook: Hook): void { this.hooks.push(hook); }
  async emit(): Promise<void> { for (const hook of this.hooks) await hook(); }
}
`;

async function judge(text: string): Promise<{ findings: string[]; unresolved: string[] }> {
  const { report } = await check({
    cwd: tempDir({ 'main.ts': text }),
    config: false,
    rules: ['lock-order', 'lock-cycle', 'lock-reentry'],
  });
  return {
    findings: report.findings.map(({ ruleId, message }) => `${ruleId}: ${message}`),
    unresolved: report.unresolved.map(({ message }) => message),
  };
}

describe('a call that cannot be resolved, below a function that runs under a lock, is listed', () => {
  test('of a field that nobody is seen to give a function', async () => {
    const text = `class Port {
  constructor(private readonly send: Hook) {}
  async flush(): Promise<void> { await this.send(); }
}
export const run = (port: Port) => mu.runExclusive(async () => { await port.flush(); });
`;
    expect(await judge(HEAD + text)).toEqual({
      findings: [],
      unresolved: ['call of this.send while holding mu'],
    });
  });

  test('of a parameter that comes from outside of the program', async () => {
    const text = `async function emit(hook: Hook): Promise<void> { await hook(); }
export const run = (hook: Hook) => mu.runExclusive(async () => { await emit(hook); });
`;
    expect(await judge(HEAD + text)).toEqual({ findings: [], unresolved: ['call of hook while holding mu'] });
  });

  test('of an element of an array that nobody is seen to fill', async () => {
    const text = `const hooks: Hook[] = [];
async function emit(): Promise<void> { for (const hook of hooks) await hook(); }
export const run = () => mu.runExclusive(async () => { await emit(); });
`;
    expect(await judge(HEAD + text)).toEqual({ findings: [], unresolved: ['call of hook while holding mu'] });
  });

  test('of a member of any', async () => {
    const text = `async function emit(x: any): Promise<void> { await x.send(); }
export const run = (x: any) => mu.runExclusive(async () => { await emit(x); });
`;
    expect(await judge(HEAD + text)).toEqual({
      findings: [],
      unresolved: ['call of x.send while holding mu'],
    });
  });

  test('two functions further down', async () => {
    const text = `async function last(x: any): Promise<void> { await x.send(); }
async function middle(x: any): Promise<void> { await last(x); }
export const run = (x: any) => mu.runExclusive(async () => { await middle(x); });
`;
    expect(await judge(HEAD + text)).toEqual({
      findings: [],
      unresolved: ['call of x.send while holding mu'],
    });
  });
});

describe('nothing is listed', () => {
  test('of a parameter that every caller in the program knows', async () => {
    const text = `async function emit(hook: Hook): Promise<void> { await hook(); }
export const run = () => mu.runExclusive(async () => { await emit(async () => 1); });
`;
    expect(await judge(HEAD + text)).toEqual({ findings: [], unresolved: [] });
  });

  test('of functions that the language and other packages declare', async () => {
    const text = `const seen = new Map<string, number>();
export const run = (items: string[]) =>
  mu.runExclusive(async () => {
    for (const item of items.map((one) => one.trim())) seen.set(item, JSON.stringify(item).length);
    await Promise.all([mu.waitForUnlock, Math.max(1, 2)]);
  });
`;
    expect(await judge(HEAD + text)).toEqual({ findings: [], unresolved: [] });
  });

  test('of what settles a promise', async () => {
    const text = `export const run = () =>
  mu.runExclusive(() => new Promise<void>((resolve, reject) => {
    const stop = () => { reject(new Error('stopped')); };
    stop();
    resolve();
  }));
`;
    expect(await judge(HEAD + text)).toEqual({ findings: [], unresolved: [] });
  });

  test('of a stored function that cannot lead to a lock', async () => {
    const text = `${BUS}const bus = new Bus();
bus.on(async () => 1);
export const run = () => mu.runExclusive(() => bus.emit());
`;
    expect(await judge(HEAD + text)).toEqual({ findings: [], unresolved: [] });
  });
});

describe('a stored function', () => {
  const AGAIN = 'lock-reentry: acquires mu again while it is held';

  test('is found, and another that cannot be followed is listed beside it', async () => {
    const text = `declare function hookOf(name: string): Hook;
${BUS}const bus = new Bus();
bus.on(() => mu.runExclusive(() => 1));
bus.on(hookOf('other'));
export const run = () => mu.runExclusive(() => bus.emit());
`;
    expect(await judge(HEAD + text)).toEqual({
      findings: [AGAIN],
      unresolved: ['call of hook while holding mu'],
    });
  });

  test('may be handed on through so many functions, and is listed beyond', async () => {
    const through = (count: number) => {
      const steps = Array.from({ length: count }, (_, at) => {
        return `function add${at}(hook: Hook): void { add${at + 1}(hook); }`;
      });
      return `${steps.join('\n')}
const hooks: Hook[] = [];
function add${count}(hook: Hook): void { hooks.push(hook); }
add0(() => mu.runExclusive(() => 1));
export const run = () => mu.runExclusive(async () => { for (const hook of hooks) await hook(); });
`;
    };
    expect(await judge(HEAD + through(3))).toEqual({ findings: [AGAIN], unresolved: [] });
    expect(await judge(HEAD + through(4))).toEqual({
      findings: [],
      unresolved: ['call of hook while holding mu'],
    });
  });

  test('is one of at most so many that are told apart in one place', async () => {
    const listeners = (count: number) =>
      Array.from({ length: count }, () => 'bus.on(() => mu.runExclusive(() => 1));').join('\n');
    const text = (count: number) => `${BUS}const bus = new Bus();
${listeners(count)}
export const run = () => mu.runExclusive(() => bus.emit());
`;
    const few = await judge(HEAD + text(5));
    expect([new Set(few.findings), few.unresolved]).toEqual([new Set([AGAIN]), []]);
    const many = await judge(HEAD + text(6));
    expect([new Set(many.findings), many.unresolved]).toEqual([
      new Set([AGAIN]),
      ['call of hook while holding mu'],
    ]);
  });

  test('is that of the object it was given to, where the place of the object cannot change', async () => {
    const text = (fields: string) => `${BUS}
class Owner {
  ${fields}
  constructor() { this.first.on(() => mu.runExclusive(() => 1)); }
  run() { return mu.runExclusive(() => this.second.emit()); }
}
export const owner = new Owner();
`;
    const readonly = 'readonly first = new Bus(); readonly second = new Bus();';
    expect(await judge(HEAD + text(readonly))).toEqual({ findings: [], unresolved: [] });
    const changing = 'first = new Bus(); second = new Bus();';
    expect(await judge(HEAD + text(changing))).toEqual({ findings: [AGAIN], unresolved: [] });
  });

  test('under a key that is no constant may be any', async () => {
    const text = (key: string) => `class Registry {
  private readonly hooks = new Map<string, Hook>();
  set(key: string, hook: Hook): void { this.hooks.set(key, hook); }
  async run(key: string): Promise<void> { await this.hooks.get(key)?.(); }
}
const registry = new Registry();
registry.set(${key}, () => mu.runExclusive(() => 1));
export const run = () => mu.runExclusive(() => registry.run('saved'));
`;
    expect(await judge(HEAD + text("'saved'"))).toEqual({ findings: [AGAIN], unresolved: [] });
    expect(await judge(HEAD + text("'loaded'"))).toEqual({ findings: [], unresolved: [] });
    expect(await judge(HEAD + text('String(Date.now())'))).toEqual({ findings: [AGAIN], unresolved: [] });
  });

  test('of a container that is handed out is not all that may be in it', async () => {
    const text = `class Open {
  private readonly hooks: Hook[] = [];
  on(hook: Hook): void { this.hooks.push(hook); }
  list(): Hook[] { return this.hooks; }
  async emit(): Promise<void> { for (const hook of this.hooks) await hook(); }
}
const open = new Open();
open.on(async () => 1);
export const run = () => mu.runExclusive(() => open.emit());
`;
    expect(await judge(HEAD + text)).toEqual({ findings: [], unresolved: ['call of hook while holding mu'] });
  });
});

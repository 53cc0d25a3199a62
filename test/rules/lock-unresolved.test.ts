import { describe, expect, it } from 'vitest';
import { check } from '../../src/engine/check.ts';
import { tempDir } from '../support/temp-dir.ts';

it('lists a call that may lead anywhere while a lock is held, and none of what another package exports', async () => {
  const { report } = await check({
    cwd: tempDir({
      'src/report.ts': `import { Mutex } from 'async-mutex';
import fs from 'node:fs';
import { Packet } from 'some-protocol';
export class Report {
  readonly #mu = new Mutex();
  listener: any;
  async write(text: string): Promise<void> {
    const release = await this.#mu.acquire();
    fs.writeFileSync('report', Packet.parse(text));
    globalThis.console.log(text);
    this.listener.notify(text);
    release();
  }
}
`,
    }),
    inlineConfig: { include: ['src/**/*.ts'] },
    rules: ['lock-cycle'],
  });
  expect(report.unresolved).toEqual([
    {
      file: 'src/report.ts',
      line: 11,
      column: 5,
      message: 'call of this.listener.notify while holding Report.mu',
    },
  ]);
});

it('lists no call of what a function of the program made, unless it runs what it is given or may be another', async () => {
  const { report } = await check({
    cwd: tempDir({
      'src/counter.ts': `import { Mutex } from 'async-mutex';
interface Ref {
  readonly get: () => number;
  readonly set: (value: number) => void;
  readonly update: (by: (value: number) => number) => void;
}
const createRef = (initial: number): Ref => {
  let current = initial;
  return {
    get: () => current,
    set(value) { current = value; },
    update: (by) => { current = by(current); },
  };
};
export class Counter {
  readonly #mu = new Mutex();
  readonly #ref = createRef(0);
  settable = createRef(0);
  private replaced = createRef(0);
  replace(ref: Ref) {
    this.replaced = ref;
  }
  async add(by: (value: number) => number): Promise<void> {
    const release = await this.#mu.acquire();
    const local = createRef(1);
    this.#ref.set(local.get());
    this.#ref.update(by);
    this.settable.get();
    this.replaced.get();
    release();
  }
}
`,
    }),
    inlineConfig: { include: ['src/**/*.ts'] },
    rules: ['lock-cycle'],
  });
  expect(report.unresolved.map(({ line, message }) => [line, message])).toEqual([
    [27, 'call of this.#ref.update while holding Counter.mu'],
    [28, 'call of this.settable.get while holding Counter.mu'],
    [29, 'call of this.replaced.get while holding Counter.mu'],
  ]);
});

it('lists no call of what is taken out of an object that a function made, unless that calls a function handed in', async () => {
  const { report } = await check({
    cwd: tempDir({
      'src/signals.ts': `import { Mutex } from 'async-mutex';
interface Joined {
  readonly stop: (this: void) => void;
  readonly tell: (this: void, by: () => void) => void;
  readonly end: (this: void) => void;
}
function join(names: string[], onEnd: () => void): Joined {
  function stop(): void { names.length = 0; }
  const tell = (by: () => void): void => by();
  return { stop, tell, end: () => onEnd() };
}
export class Signals {
  readonly #mu = new Mutex();
  onEnd: any;
  async run(by: () => void): Promise<void> {
    const release = await this.#mu.acquire();
    const { stop, tell, end: finish } = join(['a'], this.onEnd);
    const { stop: halt = by } = join(['b'], this.onEnd);
    let { stop: quit } = join(['c'], this.onEnd);
    if (by.length > 0) quit = this.onEnd;
    stop();
    tell(this.onEnd);
    finish();
    halt();
    quit();
    const whole = join(['d'], this.onEnd);
    whole.stop();
    whole.end();
    release();
  }
}
`,
    }),
    inlineConfig: { include: ['src/**/*.ts'] },
    rules: ['lock-cycle'],
  });
  expect(report.unresolved.map(({ line, message }) => [line, message])).toEqual([
    [22, 'call of tell while holding Signals.mu'],
    [23, 'call of finish while holding Signals.mu'],
    [24, 'call of halt while holding Signals.mu'],
    [25, 'call of quit while holding Signals.mu'],
    [28, 'call of whole.end while holding Signals.mu'],
  ]);
});

it('lists no call of what is handed in or made elsewhere if that is all there can be, and each that may be another', async () => {
  const { report } = await check({
    cwd: tempDir({
      'src/hooks.ts': `import { Mutex } from 'async-mutex';
interface Hooks {
  ready(): void;
  failed?: (why: string) => void;
}
interface State {
  set(state: string): void;
  tell(by: () => void): void;
}
const make = (): State => {
  let current = '';
  return {
    set: (state) => { current = state + current.length; },
    tell: (by) => by(),
  };
};
class Known {
  readonly #mu = new Mutex();
  private readonly hooks: Hooks;
  private made: State;
  settable: State;
  constructor({ hooks }: { hooks: Hooks }, readonly given: State) {
    this.hooks = hooks;
    this.made = make();
    this.settable = make();
  }
  async run(state: State): Promise<void> {
    const release = await this.#mu.acquire();
    this.hooks.ready();
    this.hooks.failed?.('now');
    this.made.set('a');
    this.given.set('b');
    state.set('c');
    this.made.tell(() => {});
    this.settable.set('d');
    release();
  }
}
export class Runs {
  readonly #known = new Known({ hooks: { ready() {}, failed: () => {} } }, make());
  run(): Promise<void> {
    return this.#known.run(make());
  }
}
class Asked {
  readonly #mu = new Mutex();
  private readonly hooks: Hooks;
  private state = make();
  constructor(options: { hooks: Hooks }) {
    this.hooks = options.hooks;
  }
  use(state: State): void {
    this.state = state;
  }
  async run(state: State): Promise<void> {
    const release = await this.#mu.acquire();
    this.hooks.ready();
    this.state.set('e');
    state.set('f');
    release();
  }
}
export class Asks {
  readonly #asked: Asked;
  readonly #other = new Asked({ hooks: { ready() {} } });
  constructor(hooks: Hooks) {
    this.#asked = new Asked({ hooks });
  }
  async run(state: State): Promise<void> {
    this.#asked.use(state);
    await this.#asked.run(state);
    await this.#other.run(make());
  }
}
`,
    }),
    inlineConfig: { include: ['src/**/*.ts'] },
    rules: ['lock-cycle'],
  });
  expect(report.unresolved.map(({ line, message }) => [line, message])).toEqual([
    [34, 'call of this.made.tell while holding Known.mu'],
    [35, 'call of this.settable.set while holding Known.mu'],
    [57, 'call of this.hooks.ready while holding Asked.mu'],
    [58, 'call of this.state.set while holding Asked.mu'],
    [59, 'call of state.set while holding Asked.mu'],
  ]);
});

it('lists no call of what a package gave at run time or under its types, but of a callback under such a type', async () => {
  const { report } = await check({
    cwd: tempDir({
      'src/store.ts': `import { Mutex } from 'async-mutex';
import type { Collection, Listener, Store } from 'some-database';
export class Memory implements Store {
  async flush(): Promise<void> {}
}
export class Cache {
  readonly #mu = new Mutex();
  constructor(
    private readonly rows: Promise<Collection>,
    private readonly listener: Listener,
    private readonly store: Store,
  ) {}
  async load(url: string): Promise<void> {
    const release = await this.#mu.acquire();
    const { default: open } = await import('some-engine');
    const engine = await open();
    engine.start();
    const rows = await this.rows;
    await rows.find({}).sort();
    await import(url);
    this.listener();
    await this.store.flush();
    release();
  }
}
`,
    }),
    inlineConfig: { include: ['src/**/*.ts'] },
    rules: ['lock-cycle'],
  });
  expect(report.unresolved.map(({ line, message }) => `${line} ${message}`)).toEqual([
    '20 call of import while holding Cache.mu',
    '21 call of this.listener while holding Cache.mu',
    '22 call of this.store.flush while holding Cache.mu',
  ]);
});

/** So many locks, each of which is held somewhere while `outer` is waited for. */
function locksAround(count: number): string {
  const all = Array.from({ length: count }, (_, at) => at);
  return [
    "import { Mutex } from 'async-mutex';",
    'const outer = new Mutex();',
    ...all.map((at) => `const m${at} = new Mutex();`),
    ...all.map(
      (at) => `export const b${at} = () => m${at}.runExclusive(() => outer.runExclusive(() => {}));`,
    ),
    `const locks = () => [${all.map((at) => `m${at}`).join(', ')}];`,
    '',
  ].join('\n');
}

const ONE_AFTER_ANOTHER = `export async function each(): Promise<void> {
  const release = await outer.acquire();
  try {
    for (const lock of locks()) await lock.runExclusive(() => {});
  } finally {
    release();
  }
}
`;

it('tells a lock that may be any of more than it tells apart, and follows as many as it does', async () => {
  const run = async (count: number) => {
    const cwd = tempDir({ 'src/locks.ts': locksAround(count) + ONE_AFTER_ANOTHER });
    const { report } = await check({ cwd, config: false, rules: ['lock-cycle'] });
    return {
      cycles: report.findings.length,
      unresolved: report.unresolved.map(({ line, message }) => [line, message]),
    };
  };
  expect(await run(16)).toEqual({ cycles: 16, unresolved: [] });
  expect(await run(40)).toEqual({
    cycles: 0,
    unresolved: [[87, 'runExclusive of one of more than 16 locks']],
  });
});

it('tells a function and a promise that may be any of too many, if a lock is held', async () => {
  const tasks = (call: string): string =>
    `[${Array.from({ length: 17 }, (_, at) => `b${at}${call}`).join(', ')}]`;
  const cwd = tempDir({
    'src/tasks.ts': `${locksAround(17)}export async function called(): Promise<void> {
  for (const task of ${tasks('')}) task();
  const release = await m0.acquire();
  for (const task of ${tasks('')}) await task();
  release();
}
export async function awaited(): Promise<void> {
  const started = ${tasks('()')};
  const release = await m0.acquire();
  for (const one of started) await one;
  release();
}
`,
  });
  const { report } = await check({ cwd, config: false, rules: ['lock-cycle'] });
  expect(report.unresolved.map(({ line, message }) => [line, message])).toEqual([
    [41, 'call of task, one of more than 16 functions, while holding m0'],
    [47, 'wait for one of more than 16 promises while holding m0'],
  ]);
});

it('tells a lock of an object that it cannot tell from the one that is held', async () => {
  const far = ['b', 'c', 'd', 'e', 'f', 'g'].map((name) => `interface ${name.toUpperCase()} `);
  const fields = Array.from({ length: 17 }, (_, at) => `  readonly a${at} = new Account();`);
  const cwd = tempDir({
    'src/far.ts': `import { Mutex } from 'async-mutex';
${far.map((name, at) => `${name}{ readonly ${'cdefgh'[at]}: ${at < 5 ? 'CDEFG'[at] : 'Last'} }`).join('\n')}
interface Last { readonly mu: Mutex }
export class Near {
  constructor(readonly b: B) {}
  async take(): Promise<void> {
    await this.b.c.d.e.f.g.h.mu.runExclusive(() => {});
  }
  async again(): Promise<void> {
    await this.b.c.d.e.f.g.h.mu.runExclusive(() => this.take());
  }
}
`,
    'src/many.ts': `import { Mutex } from 'async-mutex';
class Account {
  readonly mu = new Mutex();
}
export class Bank {
${fields.join('\n')}
  async all(): Promise<void> {
${fields.map((_, at) => `    await this.a${at}.mu.runExclusive(() => {});`).join('\n')}
  }
  async last(): Promise<void> {
    await this.a16.mu.runExclusive(() => this.all());
  }
}
`,
  });
  const { report } = await check({ cwd, config: false, rules: ['lock-reentry'] });
  expect(report.findings).toEqual([]);
  expect(report.unresolved.map(({ file, line, message }) => [file, line, message])).toEqual([
    ['src/far.ts', 15, 'Last.mu of an object more than 5 members away, taken while holding Last.mu'],
    ['src/many.ts', 43, 'Account.mu of one of too many objects, taken while holding Account.mu'],
  ]);
});

it('tells no lock of an object that recursion leads to', async () => {
  const cwd = tempDir({
    'src/tree.ts': `import { Mutex } from 'async-mutex';
export class Tree {
  readonly mu = new Mutex();
  readonly left: Tree | undefined = undefined;
  readonly right: Tree | undefined = undefined;
  async walk(): Promise<void> {
    await this.mu.runExclusive(async () => {
      await this.left?.walk();
      await this.right?.walk();
    });
  }
}
`,
  });
  const { report } = await check({ cwd, config: false, rules: ['lock-reentry'] });
  expect(report.findings).toEqual([]);
  expect(report.unresolved).toEqual([]);
});

it('tells a function of which lock-balance knows too many states, and one that check-then-act does not end', async () => {
  const four = [0, 1, 2, 3];
  const cwd = tempDir({
    'src/states.ts': `import { Mutex } from 'async-mutex';
${four.map((at) => `const m${at} = new Mutex();`).join('\n')}
export async function some(asked: boolean[], work: () => Promise<void>): Promise<void> {
${four.map((at) => `  let r${at}: (() => void) | undefined;\n  if (asked[${at}]) r${at} = await m${at}.acquire();`).join('\n')}
  await work();
${four.map((at) => `  if (asked[${at + 1}]) r${at}?.();`).join('\n')}
}
`,
    'src/actions.ts': `import { Mutex } from 'async-mutex';
export class Count {
  readonly #mu = new Mutex();
  #n = 0;
  async next(list: number[]): Promise<void> {
    const n = await this.#mu.runExclusive(() => this.#n);
${Array.from({ length: 3_000 }, (_, at) => `    if (list[${at}] === n) console.log(String(n), list[${at}]);`).join('\n')}
    await this.#mu.runExclusive(() => {
      this.#n = n + 1;
    });
  }
}
`,
  });
  const run = async (rule: string, file: string) => {
    const { report } = await check({ cwd, config: false, rules: [rule] });
    return report.unresolved.filter((one) => one.file === file).map(({ line, message }) => [line, message]);
  };
  expect(await run('lock-balance', 'src/states.ts')).toEqual([
    ...four.map((at) => [8 + 2 * at, `whether m${at} is given back, in too many states of the function`]),
    [15, 'call of work while holding m0'],
  ]);
  expect(await run('check-then-act', 'src/actions.ts')).toEqual([
    [5, 'Count.next, which runs through more than 12000 actions'],
  ]);
});

describe('a callee of which only some targets are known', () => {
  /** How each function or class comes to what it calls: what is given, or else its own. */
  const ways: Readonly<Record<string, (isPublic: string) => string>> = {
    '??': inFunction('options: Options', 'const hooks = options.hooks ?? { ready() {} };'),
    '||': inFunction('options: Options', 'const hooks = options.hooks || defaults;'),
    '?:': inFunction('options: Options', 'const hooks = options.hooks ? options.hooks : defaults;'),
    'a default': inFunction('{ hooks = { ready() {} } }: Options'),
    'a default of a nested pattern': inFunction('{ hooks: { ready } = defaults }: Options', '', 'ready()'),
    'a default in a pattern': inFunction('options: Options', 'const { hooks = defaults } = options;'),
    'a pattern of a choice': inFunction(
      'options: Options',
      'const { ready } = options.hooks ?? defaults;',
      'ready()',
    ),
    'an assignment': inFunction(
      'options: Options',
      'let hooks = defaults; if (options.hooks) hooks = options.hooks;',
    ),
    '??=': inFunction('options: Options', 'options.hooks ??= { ready() {} };', 'options.hooks.ready()'),
    'a spread': inFunction('options: Options', 'const hooks = { ...defaults, ...options.hooks };'),
    'a spread over members': inFunction(
      'options: Options',
      'const hooks = { ready() {}, ...options.hooks };',
    ),
    'Object.assign': inFunction(
      'options: Options',
      'const hooks = Object.assign({}, defaults, options.hooks);',
    ),
    'Object.assign to members': inFunction(
      'options: Options',
      'const hooks = Object.assign({ ready() {} }, options.hooks);',
    ),
    'a function or one': inFunction(
      'options: Options',
      'const ready = options.hooks?.ready ?? (() => {});',
      'ready()',
    ),
    'a default of a function': inFunction('{ ready = () => {} }: Partial<Hooks> = {}', '', 'ready()'),
    'a choice in place': inFunction('options: Options', '', '(options.hooks ?? defaults).ready()'),
    'a field': inClass('options: Options', 'this.hooks = options.hooks ?? { ready() {} };'),
    'a field by spread': inClass('options: Options', 'this.hooks = { ...defaults, ...options.hooks };'),
    'a field by a default': inClass('{ hooks = defaults }: Options', 'this.hooks = hooks;'),
  };

  it.each(Object.entries(ways))(
    'is followed, and listed where a part may come from outside: %s',
    async (_way, text) => {
      expect(await listed(text('export '))).toEqual(['call while holding mu']);
      expect(
        await listed(`${text('')}export const both = () => [use({}), use({ hooks: { ready() {} } })];\n`),
      ).toEqual([]);
    },
  );

  it('is not a variable of which the place tells what it holds, nor an arrow function in a field', async () => {
    const assigned = inFunction(
      'options: { ready: () => void }',
      'let { ready } = options; ready(); ready = () => {};',
      'ready()',
    );
    expect(await listed(assigned('export '))).toEqual([]);
    const field = `export class Uses {
  ready = () => {};
  run = () => mu.runExclusive(() => { this.ready(); });
}
`;
    expect(await listed(field)).toEqual([]);
  });

  it('is not one whose own member comes after what is given', async () => {
    const text = inFunction('options: Options', 'const hooks = { ...options.hooks, ready() {} };');
    expect(await listed(text('export '))).toEqual([]);
  });

  function inFunction(parameter: string, before = '', call = 'hooks.ready()') {
    return (isPublic: string): string =>
      `${isPublic}async function use(${parameter}) { ${before} await mu.runExclusive(() => { ${call}; }); }\n`;
  }

  function inClass(parameter: string, assignment: string) {
    return (isPublic: string): string => `${isPublic}class Uses {
  readonly hooks: Hooks;
  constructor(${parameter}) { ${assignment} }
  run = () => mu.runExclusive(() => { this.hooks.ready(); });
}
${isPublic ? '' : 'const use = (options: Options) => new Uses(options).run();\n'}`;
  }

  async function listed(text: string): Promise<readonly string[]> {
    const { report } = await check({
      cwd: tempDir({
        'src/uses.ts': `import { Mutex } from 'async-mutex';
interface Hooks { ready(): void }
interface Options { hooks?: Hooks }
const mu = new Mutex();
const defaults: Hooks = { ready() {} };
${text}`,
      }),
      inlineConfig: { include: ['src/**/*.ts'] },
      rules: ['lock-cycle'],
    });
    return report.unresolved.map(({ message }) => message.replace(/^call of .*(?= while)/, 'call'));
  }
});

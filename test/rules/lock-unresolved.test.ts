import { expect, it } from 'vitest';
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

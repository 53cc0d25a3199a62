import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Change, type CheckOptions, CheckRun } from '../../src/engine/check.ts';
import type { Span } from '../../src/engine/finding.ts';
import type { Edit } from '../../src/engine/proof.ts';
import type { Found } from '../../src/engine/render.ts';
import { applyEdits, spanAfter } from '../../src/proof/edits.ts';
import { parse } from '../../src/proof/nodes.ts';
import { rewrites } from '../../src/proof/rewrites.ts';
import { tempDir } from '../support/temp-dir.ts';

const FIXTURES = path.resolve(import.meta.dirname, '../../fixtures');

/** Rules that say something without any config. */
const RULES = [
  'lock-reentry',
  'lock-balance',
  'lock-cycle',
  'lock-await',
  'insert-in-loop',
  'atomic-section',
];

/** Of each rule, programs of one file without a config, spread over all there are. */
const FILES = RULES.flatMap((rule) => [...sample(rule, 'bad', 2), ...sample(rule, 'good', 1)]);

function sample(rule: string, verdict: 'bad' | 'good', most: number): readonly string[] {
  const own = readdirSync(path.join(FIXTURES, rule))
    .filter((name) => name.endsWith(`.${verdict}.ts`))
    .map((name) => path.join(FIXTURES, rule, name))
    .filter((file) => !/^\s*\/\/ ?config\s/m.test(readFileSync(file, 'utf8')));
  return own.filter((_, index) => index % Math.ceil(own.length / most) === 0);
}

const OPTIONS: CheckOptions = {
  cwd: FIXTURES,
  config: false,
  tsconfig: path.join(FIXTURES, 'tsconfig.json'),
  files: FILES,
  rules: RULES,
};

/** One edit of a file after another, by what it is. */
function editsOf(file: string): ReadonlyMap<string, readonly Edit[]> {
  const text = readFileSync(file, 'utf8');
  const source = parse(text, file);
  const all = new Map<string, readonly Edit[]>();
  for (const [name, rewrite] of Object.entries(rewrites)) {
    all.set(
      name,
      rewrite(source, () => false).map((edit) => ({ file, ...edit })),
    );
  }
  const [first] = source.statements;
  if (first)
    all.set('without the first statement', [{ file, start: first.getStart(), end: first.end, text: '' }]);
  all.set('with an import', [
    { file, start: 0, end: 0, text: "import { Mutex as Added } from 'async-mutex';\n" },
  ]);
  const added = `
import { Mutex as AddedMutex } from 'async-mutex';
export class AddedClass {
  readonly lock = new AddedMutex();
  twice() { return this.lock.runExclusive(async () => { await this.lock.runExclusive(async () => {}); }); }
}
`;
  all.set('with a fault', [{ file, start: text.length, end: text.length, text: added }]);
  return new Map([...all].filter(([, edits]) => edits.length > 0));
}

const read = (file: string): string => readFileSync(file, 'utf8');

/** Every finding of a rule, silenced or not, as a line; the gate's own findings are of the whole program. */
async function linesOf(run: CheckRun, isWanted: (found: Found) => boolean = () => true): Promise<string[]> {
  const kept = await run.find();
  return [...kept, ...run.silenced]
    .filter((one) => RULES.includes(one.ruleId) && isWanted(one))
    .map(({ ruleId, messageId, at, data }) =>
      [
        path.relative(FIXTURES, at.file),
        at.start,
        at.end,
        ruleId,
        messageId,
        JSON.stringify(data ?? {}),
      ].join(' '),
    )
    .sort();
}

async function fresh(overlay: ReadonlyMap<string, string>): Promise<string[]> {
  const run = new CheckRun({ ...OPTIONS, overlay });
  try {
    return await linesOf(run);
  } finally {
    run.close();
  }
}

function isAt(found: Found, focus: readonly Span[]): boolean {
  const { file, start, end } = found.at;
  return focus.some((one) => one.file === file && start <= one.end && one.start <= end);
}

/** Near a change fewer locks are known: one whose name another has, too, may be named without its file there. */
function withoutFile(line: string): string {
  return line.replace(/"[^"]*\.ts#/g, '"');
}

afterEach(() => vi.unstubAllEnvs());

describe.each(['native', 'reference'] as const)('a run after a change, with the %s compiler', (kind) => {
  /** Different files and edits for each compiler: every file is changed, and every kind of edit is made. */
  const changes = FILES.flatMap((file, index) => {
    const all = [...editsOf(file)];
    // An edit that matters now and then; the reference compiler is slow, and shown one half of the time.
    const isFault = index % (kind === 'reference' ? 12 : 5) === 0;
    const picked = isFault ? all.at(-1) : all[(index + (kind === 'native' ? 0 : 5)) % all.length];
    return picked ? [{ file, name: picked[0], edits: picked[1] }] : [];
  }).filter((_, index) => kind === 'native' || index % 6 === 0);

  it('finds what a fresh run finds', { timeout: 240_000 }, async () => {
    vi.stubEnv('WS_GATE_ORACLE', kind);
    const base = new CheckRun(OPTIONS, 'base');
    try {
      const before = await linesOf(base);
      let changed = 0;
      for (const { file, name, edits } of changes) {
        const overlay = applyEdits(edits, read);
        const expected = await fresh(overlay);
        const change: Change = { overlay, rules: RULES };
        const label = `${path.relative(FIXTURES, file)} ${name}`;
        expect([label, await linesOf(base.after(change))]).toEqual([label, expected]);
        const focus = edits.map((edit) =>
          spanAfter({ file: edit.file, start: edit.start, end: edit.end }, edits),
        );
        const near = await linesOf(base.after({ ...change, focus }), (one) => isAt(one, focus));
        const everywhere = await linesOf(base.after(change), (one) => isAt(one, focus));
        expect([label, near.map(withoutFile)]).toEqual([label, everywhere.map(withoutFile)]);
        if (expected.length !== before.length) changed += 1;
      }
      // Some edits must matter, or nothing was compared.
      expect(changed).toBeGreaterThan(kind === 'native' ? 2 : 0);
      expect(before.length).toBeGreaterThan(8);
    } finally {
      base.close();
    }
  });
});

/** What of a rule is found in a program in which there is nothing to find, once one of its files has changed. */
async function foundAfter(
  files: Readonly<Record<string, string>>,
  file: string,
  text: string,
): Promise<string[]> {
  const cwd = tempDir(files);
  const run = new CheckRun({ cwd, config: false, rules: ['lock-reentry'] }, 'base');
  try {
    expect(await run.find()).toEqual([]);
    const overlay = new Map([[path.join(cwd, file), text]]);
    const found = await run.after({ overlay, rules: ['lock-reentry'] }).find();
    return found.map(({ ruleId }) => ruleId);
  } finally {
    run.close();
  }
}

it('sees what a class inherits from a file that has changed', async () => {
  const base = (dispose: string): string => `import { Mutex } from 'async-mutex';
export const mu = new Mutex();
export class Turn {
  async [Symbol.asyncDispose](): Promise<void> {
    ${dispose}
  }
}
`;
  const heir = `import { mu, Turn } from './base.ts';
export class OwnTurn extends Turn {}
export function print(): Promise<void> {
  return mu.runExclusive(async () => {
    await using _turn = new OwnTurn();
  });
}
`;
  const files = { 'base.ts': base(''), 'heir.ts': heir };
  const changed = base('await mu.runExclusive(() => {});');
  expect(await foundAfter(files, 'base.ts', changed)).toEqual(['lock-reentry']);
});

it('sees what a file that has changed puts in the place of a method', async () => {
  const store = `import { Mutex } from 'async-mutex';
export const mu = new Mutex();
class Store {
  async put(): Promise<void> {}
  async all(): Promise<void> {
    await this.put();
  }
}
export const store = new Store();
export const save = (): Promise<void> => mu.runExclusive(() => store.all());
`;
  const wired = (body: string): string => `import { mu, store } from './store.ts';
store.put = async () => {
  ${body}
};
export const wiring = mu;
`;
  const files = { 'store.ts': store, 'wired.ts': wired('') };
  const changed = wired('await mu.runExclusive(() => {});');
  expect(await foundAfter(files, 'wired.ts', changed)).toEqual(['lock-reentry']);
});

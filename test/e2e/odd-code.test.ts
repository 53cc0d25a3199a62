import { describe, expect, it } from 'vitest';
import { type CliRun, ws } from '../support/cli.ts';
import { tempDir } from '../support/temp-dir.ts';

const HEAD = `import { Mutex } from './mutex.ts';
const a = new Mutex();
const b = new Mutex();
export async function inOrder() {
  const releaseA = await a.acquire();
  const releaseB = await b.acquire();
  releaseB();
  releaseA();
}
export async function reversed() {
  const releaseB = await b.acquire();
  const releaseA = await a.acquire();
  releaseA();
  releaseB();
}
`;
const CYCLE = 'src/a.ts:6:26: error lock-cycle/cycle: a and b are acquired in a cycle: a → b → a\n';
const FOUND: CliRun = { code: 1, stdout: CYCLE, stderr: '' };

/** Checks what follows two functions that take two locks in opposite orders. */
function check(code: string, ...args: string[]): CliRun {
  const dir = tempDir({
    'tsconfig.json': '{ "include": ["src"] }',
    'src/mutex.ts':
      'export class Mutex {\n  async acquire(): Promise<() => void> {\n    return () => {};\n  }\n}\n',
    'src/a.ts': HEAD + code,
  });
  // The programs are written for some rules, and give nothing back where something fails.
  const rules = args.includes('--rule') ? [] : ['lock-cycle', 'lock-order', 'lock-reentry', 'insert-in-loop'];
  return ws(dir, ['check', '-f', 'compact', ...rules.flatMap((rule) => ['--rule', rule]), ...args]);
}

function list(count: number, item: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => item(index)).join('');
}

describe('code that nests thousands of levels deep', () => {
  it.each([
    ['parentheses', `export const x = ${'('.repeat(5000)}1${')'.repeat(5000)};\n`],
    ['arrays', `export const x = ${'['.repeat(5000)}${']'.repeat(5000)};\n`],
    ['blocks', `export function f() { ${'{'.repeat(5000)} a.acquire(); ${'}'.repeat(5000)} }\n`],
    ['conditions', `export function f(n: number) { ${'if (n) {'.repeat(2000)} n++; ${'}'.repeat(2000)} }\n`],
    [
      'else-ifs',
      `export function f(n: number) { ${list(3000, (i) => `if (n === ${i}) n++; else `)} n--; }\n`,
    ],
    ['templates', `export const x = ${'`a${'.repeat(2000)}1${'}`'.repeat(2000)};\n`],
    ['arrows', `export const x = ${'() => '.repeat(2000)}1;\n`],
    ['a sum', `export const f = (n: number) => ${list(20_000, () => 'n + ')} n;\n`],
  ])('is followed: %s', (_, code) => {
    expect(check(code)).toEqual(FOUND);
  });

  it('keeps its colours on the way', () => {
    const { stdout } = check(
      `export const x = ${'('.repeat(5000)}1${')'.repeat(5000)};\n`,
      '-f',
      'pretty',
      '--color',
    );
    expect(stdout).toContain('\u001b[');
  });

  it('names the file that is too deep for any stack', () => {
    expect(check(`export const x = ${'('.repeat(1_000_000)}1${')'.repeat(1_000_000)};\n`)).toEqual({
      code: 2,
      stdout: '',
      stderr: `ws-gate: src/a.ts nests too deeply to be analysed
  why  expressions or blocks lie in one another by the ten thousand: generated code, as a rule
  do   take the file out of the scope with \`exclude\`
`,
    });
  });
});

// A minute and more on a machine with much else to do.
it('a chain of a thousand links is followed, each of them under a lock', { timeout: 180_000 }, () => {
  const links = list(1000, () => '    .then(async () => (await a.acquire())())\n');
  expect(check(`export function chain(p: Promise<void>) {\n  return p\n${links}    ;\n}\n`)).toEqual(FOUND);
});

describe('ten thousand functions that call each other', { timeout: 180_000 }, () => {
  const next = (index: number): number => (index + 1) % 10_000;

  it('are walked in time, where one of them takes a lock', () => {
    const ring = list(10_000, (index) => {
      const lock = index === 9_999 ? 'const release = await b.acquire(); release(); ' : '';
      return `export async function f${index}(n: number): Promise<void> { ${lock}if (n > 0) await f${next(index)}(n - 1); }\n`;
    });
    expect(check(ring)).toEqual(FOUND);
  });

  it('are walked in time, where all of them take locks', () => {
    const ring = list(10_000, (index) => {
      const lock = index % 2 === 0 ? 'a' : 'b';
      return `export async function f${index}(n: number): Promise<void> { const release = await ${lock}.acquire(); release(); if (n > 0) await f${next(index)}(n - 1); }\n`;
    });
    expect(check(ring)).toEqual(FOUND);
  });

  it('are walked in time, where some of them insert', () => {
    const ring = list(10_000, (index) => {
      const insert = index % 100 === 0 ? "await db.query('INSERT INTO t (a) VALUES (1)'); " : '';
      return `export async function f${index}(n: number): Promise<void> { ${insert}await f${next(index)}(n - 1); }\n`;
    });
    expect(check(`declare const db: { query(sql: string): Promise<void> };\n${ring}`)).toEqual(FOUND);
  });
});

it('a file of five megabytes is read like any other', () => {
  const row = (index: number) =>
    `export const row${index} = { id: ${index}, name: 'row ${index}', acquire: ${index} };\n`;
  const code = list(75_000, row);
  expect(code.length).toBeGreaterThan(5_000_000);
  expect(check(code)).toEqual(FOUND);
});

it('a statement that is put together of thousands of texts is read', () => {
  const terms = list(5000, (index) => ` + '${index % 10}'`);
  const code = `declare const db: { query(sql: string): Promise<void> };
export async function fill(all: number[]) {
  for (const _ of all) await db.query('INSERT INTO t (a) VALUES (1'${terms} + ')');
}
`;
  expect(check(code, '--rule', 'insert-in-loop')).toEqual({
    code: 1,
    stdout:
      'src/a.ts:18:30: error insert-in-loop/insertInLoop: inserts into t once per iteration of the loop at src/a.ts:18\n',
    stderr: '',
  });
});

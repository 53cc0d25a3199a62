import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { check } from '../../src/engine/check.ts';
import { startCompiler } from '../../src/oracle/open.ts';
import { parse } from '../../src/proof/nodes.ts';
import { RENAMED } from '../../src/proof/rewrites.ts';
import { discoverFixtures, type Fixture } from '../../src/testing/discover.ts';
import { readFixtureConfig } from '../../src/testing/fixture-config.ts';
import { SharedCompiler } from '../../src/testing/shared-compiler.ts';
import { tempDir } from '../support/temp-dir.ts';
import { type Files, rewrites } from './programs.ts';

const root = path.resolve(import.meta.dirname, '../..');

/**
 * Each program is rewritten in one way per run of the suite; `WS_GATE_METAMORPHIC=all` takes all ways, for all
 * programs, and a rule's id for those of that rule.
 */
const whole = process.env.WS_GATE_METAMORPHIC;
const isWhole = (ruleId: string): boolean => whole === 'all' || whole === ruleId;

/** Rewrites after which a verdict is another one, each a limit of an analysis; one that is none any more is told, too. */
const KNOWN: ReadonlySet<string> = new Set([
  // A family of locks is known by helpers with a name.
  'inline a method: lock-reentry/keyed-class-of-its-own.bad.ts',
  // What is exported may be called by anybody, so that no gate is around it.
  'split into files: lock-cycle/one-task-in-sequence.good.ts',
  'split into files: lock-cycle/void-main-is-one-task.good.ts',
  'split into files: lock-order/recursion-over-a-sorted-list.good.ts',
  'split into files: insert-in-loop/sql-spread-and-line-comment.bad.ts',
  // What is replaced, lent or handed on by one more function is not looked for there.
  'wrap in try and finally: lock-balance/replaced-by-a-helper.bad.ts',
  'inline a method: lock-balance/replaced-by-a-helper.bad.ts',
  'extract methods: lock-balance/replaced-by-a-helper.bad.ts',
  'extract methods: lock-balance/lent-and-taken-back.good.ts',
  'inline a method: lock-callback/private-parameter-handed-on.bad.ts',
  'extract methods: lock-await/idle-of-its-own-queue.bad.ts',
  // The second marker goes into another function with what stands before it.
  'await to then: atomic-section/section-in-a-tagged-function.bad.ts',
  // The name of a variable is what the rule goes by.
  ...[
    'argument-two-files-away.bad',
    'argument-two-files-away.good',
    'default-parameter-named.bad.ts',
    'early-return.bad.ts',
    'text-of-a-number.fn.ts',
    'type-of-literals.bad.ts',
  ].map((name) => `rename locals: single-source/${name}`),
  // A long callee is cut short in the message, and with longer names sooner.
  'rename locals: tracked-promise/everything-without-locks.bad.ts',
  // An annotation names a parameter.
  'rename locals: guarded-by/helper-by-another-name.bad',
  'rename locals: guarded-by/helper-by-another-name.good',
  'rename locals: guarded-by/parameter-lock.bad.ts',
  'rename locals: guarded-by/parameter-lock.good.ts',
  // It imports all that there was, used or not, and an import is one use of what is for tests.
  ...[
    'class-constructed',
    'class-extended',
    'class-static-member',
    'function-in-its-own-file',
    'tagged-arrow-function',
    'tagged-overload',
    'tagged-variable',
  ].map((name) => `split into files: test-only/${name}.good.ts`),
]);

interface Program {
  readonly fixture: Fixture;
  /** The directory and the files that are checked. */
  readonly dir: string;
  readonly files: readonly string[];
}

/** The messages of the gate about its own config speak of places, not of what the program does. */
const fixtures = discoverFixtures(path.join(root, 'fixtures')).fixtures.filter(
  ({ ruleId }) => ruleId !== 'gate-integrity',
);

/** What is said of a program as it is written, whatever becomes of it. */
const asWritten = new Map<Fixture, readonly string[]>();

describe.each(Object.entries(rewrites))('to %s', (name, rewrite) => {
  it('leaves every verdict as it is', { timeout: 1_800_000 }, async () => {
    const place = Object.keys(rewrites).indexOf(name);
    const chosen = fixtures.filter(
      (fixture) => isWhole(fixture.ruleId) || numberOf(fixture.path) % Object.keys(rewrites).length === place,
    );
    const dir = tempDir({});
    for (const shared of ['tsconfig.json', 'query-builders.d.ts'])
      cpSync(path.join(root, 'fixtures', shared), path.join(dir, shared));
    // What imports this package by its name finds it.
    for (const entry of ['node_modules', 'package.json', 'dist', 'src']) {
      symlinkSync(path.join(root, entry), path.join(dir, entry));
    }
    const programs: (readonly [Program, Program])[] = [];
    for (const fixture of chosen) {
      if (/ into /.test(name) && namesFiles(fixture)) continue;
      const before = new Map(fixture.files.map((file) => [file.path, file.text]));
      const options = configText(fixture);
      const after = rewrite(before, (named) => options.includes(`${named}"`));
      if ([...after].every(([file, text]) => before.get(file) === text)) continue;
      expect([fixture.path, errorsIn(after)]).toEqual([fixture.path, []]);
      programs.push([write(dir, 'before', fixture, before), write(dir, 'after', fixture, after)]);
    }
    const compiler = new SharedCompiler(await startCompiler({ cwd: dir }));
    const changed: string[] = [];
    try {
      for (const [before, after] of programs) {
        const { fixture } = before;
        const old = asWritten.get(fixture) ?? (await verdict(before, compiler));
        asWritten.set(fixture, old);
        const now = await verdict(after, compiler);
        const isSame = JSON.stringify(old) === JSON.stringify(now);
        if (isSame === KNOWN.has(`${name}: ${fixture.path}`)) {
          changed.push(`${fixture.path}\n  before ${old.join(' | ')}\n  after  ${now.join(' | ')}`);
        }
      }
    } finally {
      compiler.close();
    }
    expect(programs.length).toBeGreaterThan(0);
    expect(changed.join('\n')).toBe('');
  });
});

/** A number that goes by the name alone, so that new fixtures change nothing for the others. */
function numberOf(name: string): number {
  return createHash('sha1').update(name).digest().readUInt32BE(0);
}

/** A config that speaks of a file as a whole is no longer true where code has moved to another. */
function namesFiles(fixture: Fixture): boolean {
  return /\.ts(?!#)|\/\*|\*\//.test(configText(fixture));
}

function configText(fixture: Fixture): string {
  const read = readFixtureConfig(fixture);
  return typeof read === 'string' ? '' : JSON.stringify(read.config);
}

function write(dir: string, side: string, fixture: Fixture, files: Files): Program {
  const isDirectory = path.basename(fixture.root) === path.basename(fixture.path);
  const own = path.join(dir, side, fixture.path.replace(/\.[cm]?[jt]sx?$/, ''));
  mkdirSync(own, { recursive: true });
  // Stubs and configs beside the files that are checked.
  if (isDirectory) cpSync(fixture.root, own, { recursive: true });
  for (const [file, text] of files) writeFileSync(path.join(own, file), text);
  return { fixture, dir: own, files: [...files.keys()] };
}

/** What is said of a program, in the names that it had before. */
async function verdict(
  { fixture, dir, files }: Program,
  compiler: SharedCompiler,
): Promise<readonly string[]> {
  const read = readFixtureConfig(fixture);
  if (typeof read === 'string') throw new Error(read);
  const { config } = read;
  const { report } = await check({
    cwd: dir,
    ...(config.include ? {} : { files }),
    inlineConfig: { ...config, rules: { [fixture.ruleId]: 'error', ...config.rules } },
    rules: [fixture.ruleId],
    compiler,
  });
  const said = report.findings
    .filter(({ messageId }) => messageId !== 'noSites')
    .map(({ ruleId, messageId, message }) => `${ruleId}/${messageId} ${asBefore(message)}`);
  return [...new Set(said.map(fromLeast))].sort();
}

/** A message without the places and names that a rewrite changes. */
function asBefore(message: string): string {
  return message
    .replaceAll(RENAMED, '')
    .replace(/ at \S+\.[cm]?[jt]sx?:\d+/, '')
    .replace(/\bextracted_\w+?_(?=\w)/, '');
}

/** A cycle is told from one of its locks on; which one it is depends on what stands first in the file. */
function fromLeast(message: string): string {
  return message.replace(/(?<=in a cycle: ).*$/, (cycle) => {
    const locks = cycle.split(' → ').slice(1);
    const least = locks.indexOf([...locks].sort()[0] ?? '');
    return `${[...locks.slice(least), ...locks.slice(0, least)].join(' → ')}`;
  });
}

function errorsIn(files: Files): readonly string[] {
  return [...files].flatMap(([file, text]) => {
    const { parseDiagnostics = [] } = parse(text, file) as {
      parseDiagnostics?: { messageText: unknown; start: number }[];
    };
    return parseDiagnostics.map(
      ({ messageText, start }) => `${file}: ${String(messageText)} at ${text.slice(start, start + 60)}`,
    );
  });
}

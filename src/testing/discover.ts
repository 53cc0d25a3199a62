import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { GateError } from '../engine/error.ts';

/**
 * What a fixture shows: the bug, its clean twin, an escape hatch, an assumption, a bug that the rule misses
 * (`fn`), a false alarm that it raises (`fp`).
 */
export type FixtureKind = 'bad' | 'good' | 'hatch' | 'assume' | 'fn' | 'fp';

/** A program that shows one thing about one rule. */
export interface Fixture {
  readonly ruleId: string;
  readonly name: string;
  readonly kind: FixtureKind;
  /** Relative to the fixture directory, forward slashes: `lock-order/ab-ba.bad.ts`. */
  readonly path: string;
  /** The directory that the fixture's files are relative to. Absolute. */
  readonly root: string;
  /** The source files, sorted, with forward slashes. */
  readonly files: readonly FixtureFile[];
}

export interface FixtureFile {
  /** Relative to the root of the fixture. */
  readonly path: string;
  readonly text: string;
}

/** What a fixture directory holds, and what in it is no fixture. */
export interface Discovery {
  readonly fixtures: readonly Fixture[];
  /** The rule folders, the empty ones included. */
  readonly ruleIds: readonly string[];
  readonly problems: readonly { readonly path: string; readonly message: string }[];
}

/**
 * Finds the fixtures: `<dir>/<rule-id>/<name>.<kind>.ts`, or a directory `<dir>/<rule-id>/<name>.<kind>/` whose
 * files form one program.
 *
 * @throws {GateError} when the directory is missing or holds no fixture
 */
export function discoverFixtures(dir: string): Discovery {
  if (!statSync(dir, { throwIfNoEntry: false })?.isDirectory()) {
    throw new GateError(
      `the fixture directory ${dir} does not exist`,
      'name a directory: ws-gate test fixtures',
    );
  }
  const fixtures: Fixture[] = [];
  const problems: { path: string; message: string }[] = [];
  const ruleIds = readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !isHidden(entry.name))
    .map(({ name }) => name)
    .sort();
  for (const ruleId of ruleIds) {
    const folder = path.join(dir, ruleId);
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort(byName)) {
      if (isHidden(entry.name) || (entry.isFile() && !SOURCE.test(entry.name))) continue;
      const place = `${ruleId}/${entry.name}`;
      const [, name = '', kind = ''] = /^(.*)\.([^.]*)$/.exec(entry.name.replace(SOURCE, '')) ?? [];
      if (!isKind(kind)) {
        problems.push({
          path: place,
          message: `the name must end in one of ${KINDS.map((known) => `.${known}`).join(', ')}`,
        });
        continue;
      }
      const root = entry.isDirectory() ? path.join(folder, entry.name) : folder;
      const names = entry.isDirectory() ? sourcesUnder(root, '') : [entry.name];
      const files = names.map((file) => ({ path: file, text: readFileSync(path.join(root, file), 'utf8') }));
      if (files.length === 0) problems.push({ path: place, message: 'the directory holds no source file' });
      else fixtures.push({ ruleId, name, kind, path: place, root, files });
    }
  }
  if (fixtures.length === 0 && problems.length === 0) {
    throw new GateError(
      `${dir} holds no fixtures`,
      'add some: <rule-id>/<name>.bad.ts with a // want comment, and its twin <name>.good.ts',
    );
  }
  return { fixtures, ruleIds, problems };
}

const KINDS: readonly FixtureKind[] = ['bad', 'good', 'hatch', 'assume', 'fn', 'fp'];
const SOURCE = /\.[cm]?[jt]sx?$/;

function isKind(text: string): text is FixtureKind {
  return KINDS.some((kind) => kind === text);
}

/** Stubs of packages and declarations are part of the program, but not of what is checked. */
function sourcesUnder(root: string, below: string): string[] {
  return readdirSync(path.join(root, below), { withFileTypes: true })
    .sort(byName)
    .flatMap((entry) => {
      const file = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : sourcesUnder(root, file);
      return SOURCE.test(entry.name) && !/\.d\.[cm]?ts$/.test(entry.name) ? [file] : [];
    });
}

function isHidden(name: string): boolean {
  return name.startsWith('.') || name === 'node_modules';
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}

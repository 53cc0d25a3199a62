import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.join(import.meta.dirname, '../..');
const page = readFileSync(path.join(root, 'docs/lock-analysis.md'), 'utf8');

/** The bounds in the source, as the page lists them. */
function boundsInSource(): string[] {
  return ['locks', 'atomic'].flatMap((room) => {
    const directory = path.join(root, 'src/analysis', room);
    return readdirSync(directory).flatMap((file) => {
      const name = room === 'locks' ? file : `${room}/${file}`;
      const text = readFileSync(path.join(directory, file), 'utf8');
      return [...text.matchAll(/^(?:export )?const (MAX_\w+) = ([\d_]+);/gm)].map(
        ([, bound, value]) => `${name} ${bound} ${value?.replaceAll('_', '')}`,
      );
    });
  });
}

const rules = readdirSync(path.join(root, 'fixtures'));
const names = [...page.matchAll(/`([\w-]+(?:\/[\w-]+)*(?:\.[\w.]+)?)`/g)].flatMap(([, name]) => name ?? []);
const isFixture = (name: string): boolean => name.includes('/') && rules.includes(path.posix.dirname(name));

test('every bound of the analysis is on the page, with its value', () => {
  const listed = [...page.matchAll(/^\| `([\w/.-]+)` \| `(MAX_\w+)` \| (\d+) \|/gm)].map(
    ([, file, bound, value]) => `${file} ${bound} ${value}`,
  );
  expect(listed.sort()).toEqual(boundsInSource().sort());
});

test('every fixture that the page names is there', () => {
  const isThere = (name: string): boolean =>
    readdirSync(path.join(root, 'fixtures', path.posix.dirname(name))).some((file) =>
      `${file}.`.startsWith(`${path.posix.basename(name)}.`),
    );
  const fixtures = names.filter(isFixture);
  expect(fixtures).toContain('lock-order/detached-void');
  expect(fixtures.filter((name) => !isThere(name))).toEqual([]);
});

test('every file that the page names is there', () => {
  const places = ['', 'src/analysis', 'src/analysis/locks', 'test/analysis/locks', 'fixtures/lock-reentry'];
  const files = names.filter((name) => name.endsWith('.ts') && !isFixture(name));
  expect(files).toContain('world.ts');
  const isThere = (name: string): boolean => places.some((place) => existsSync(path.join(root, place, name)));
  expect(files.filter((name) => !isThere(name))).toEqual([]);
});

test('every known limit of the lock rules is among the assumptions', () => {
  const limits = rules
    .filter((rule) => /^(?:lock-\w+|guarded-by|check-then-act|atomic-section)$/.test(rule))
    .flatMap((rule) => readdirSync(path.join(root, 'fixtures', rule)).map((file) => `${rule}/${file}`))
    .filter((name) => /\.f[np](?:\.ts)?$/.test(name));
  expect(limits).toContain('lock-balance/generator-of-steps.fn.ts');
  expect(limits.filter((name) => !names.includes(name))).toEqual([]);
});

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.join(import.meta.dirname, '../..');

test('each pitfall of other gates has fixtures that are there, or a reason', () => {
  const page = readFileSync(path.join(root, 'docs/invariants.md'), 'utf8');
  const [, section = ''] = page.split('## Pitfalls of other gates');
  const rows = section.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| pitfall'));
  expect(rows).toHaveLength(15);
  for (const row of rows) {
    const cell = row.split('|')[2]?.trim() ?? '';
    const fixtures = [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
    const missing = fixtures.filter((name) => !existsSync(path.join(root, 'fixtures', name)));
    expect([row, missing, fixtures.length > 0 || /^none: .+/.test(cell)]).toEqual([row, [], true]);
  }
});

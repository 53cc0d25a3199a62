import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { ws } from '../support/cli.ts';
import { tempDir } from '../support/temp-dir.ts';

const root = path.resolve(import.meta.dirname, '../..');

it('the finding in the README is what the gate prints', () => {
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
  const fixture = readFileSync(path.join(root, 'fixtures/lock-reentry/helper-method.bad.ts'), 'utf8');
  const dir = tempDir({ 'src/session-table.ts': fixture.replace(/ \/\/ want .*/, '') });
  const [, shown] = /A finding, as it prints:\n\n```\n(.*?)```/s.exec(readme) ?? [];
  const { code, stdout } = ws(dir, ['check']);
  expect([code, stdout.split('\nmore: ')[0]]).toEqual([1, shown]);
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { check } from '../../../src/engine/check.ts';

const directory = mkdtempSync(path.join(os.tmpdir(), 'ws-gate-scale-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const SERVICES = 12;

/** Services that reach each other through a field, so that a way through all of them can be prolonged for ever. */
function services(): string {
  const peers = Array.from({ length: SERVICES }, (_, at) => `s${at}: Service${at}`).join('; ');
  const classes = Array.from({ length: SERVICES }, (_, at) => {
    const calls = [1, 5, 7].map((step) => `    await this.peers.s${(at + step) % SERVICES}.visit();`);
    return [
      `class Service${at} {`,
      '  readonly mu = new Mutex();',
      '  peers!: Peers;',
      '  async visit(): Promise<void> {',
      '    await this.mu.runExclusive(() => {});',
      ...calls,
      '  }',
      '}',
    ].join('\n');
  });
  return [
    "import { Mutex } from 'async-mutex';",
    `interface Peers { ${peers} }`,
    ...classes,
    `export const services = [${Array.from({ length: SERVICES }, (_, at) => `new Service${at}()`).join(', ')}];`,
    '',
  ].join('\n');
}

test('services that call each other in rings are analysed to the end, and no lock is held over a call', async () => {
  writeFileSync(path.join(directory, 'services.ts'), services());
  const { report, rules } = await check({
    cwd: directory,
    config: false,
    rules: ['lock-cycle', 'lock-reentry'],
  });
  expect(report.findings).toEqual([]);
  expect(report.unresolved).toEqual([]);
  expect(rules.map(({ ruleId, sites }) => [ruleId, sites])).toEqual([
    ['lock-cycle', SERVICES],
    ['lock-reentry', SERVICES],
  ]);
});

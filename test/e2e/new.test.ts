import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ws } from '../support/cli.ts';
import { tempDir, writeFiles } from '../support/temp-dir.ts';

const APP = {
  'package.json': '{ "name": "app", "type": "module" }',
  'src/a.ts': 'export const quiet = 1;\n',
};
const EMPTY = "import { defineConfig } from 'ws-gate';\nexport default defineConfig({});\n";

function filesOf(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(dir, path.join(entry.parentPath, entry.name)))
    .sort();
}

describe('ws-gate new rule', () => {
  it('writes a rule, its fixtures and a config where there is none, which run at once', () => {
    const dir = tempDir(APP);
    expect(ws(dir, ['new', 'rule', 'no-legacy'])).toEqual({
      code: 0,
      stdout: `wrote rules/no-legacy.ts
wrote fixtures/no-legacy/called.bad.ts
wrote fixtures/no-legacy/called.good.ts
wrote ws-gate.config.ts

Run \`ws-gate test --rule no-legacy\`, and go on in rules/no-legacy.ts.
`,
      stderr: '',
    });
    const { code, stdout } = ws(dir, ['test']);
    expect([code, stdout.replace(/ · \d+\.\d s/, '')]).toEqual([
      0,
      '✔ all fixtures hold · 1 rule · 2 fixtures · 1 want\n',
    ]);
    expect(ws(dir, ['check', '-f', 'compact'])).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('writes a rule that the gate turns red by', () => {
    const dir = tempDir(APP);
    ws(dir, ['new', 'rule', 'no-legacy']);
    writeFiles(dir, {
      'src/b.ts': 'declare function legacySend(text: string): void;\nlegacySend("x");\nexport {};\n',
    });
    const { code, stdout } = ws(dir, ['check', '-f', 'json']);
    const { findings } = JSON.parse(stdout) as { findings: { ruleId: string; file: string; line: number }[] };
    expect([code, findings.map(({ ruleId, file, line }) => [ruleId, file, line])]).toEqual([
      1,
      [['no-legacy', 'src/b.ts', 2]],
    ]);
  });

  it('tells what to put into a config that is there', () => {
    const dir = tempDir({ ...APP, 'ws-gate.config.ts': EMPTY });
    const { code, stdout } = ws(dir, ['new', 'rule', 'class']);
    expect([code, stdout]).toEqual([
      0,
      `wrote rules/class.ts
wrote fixtures/class/called.bad.ts
wrote fixtures/class/called.good.ts

Put it into ws-gate.config.ts, and leave its fixtures out of what is checked:

import { classRule } from './rules/class.ts';
customRules: [classRule],
exclude: ['fixtures/**'],

Run \`ws-gate test --rule class\`, and go on in rules/class.ts.
`,
    ]);
    const [, imported = '', custom, exclude] =
      /\n(import .*)\n(customRules.*)\n(exclude.*)\n/.exec(stdout) ?? [];
    writeFiles(dir, {
      'ws-gate.config.ts': `${imported}\n${EMPTY.replace('{}', `{ ${custom} ${exclude} }`)}`,
    });
    expect([ws(dir, ['test']).code, ws(dir, ['check']).code]).toEqual([0, 0]);
  });

  it('overwrites nothing, and then writes nothing', () => {
    const dir = tempDir({ ...APP, 'fixtures/no-legacy/called.good.ts': 'mine;\n' });
    const before = filesOf(dir);
    expect(ws(dir, ['new', 'rule', 'no-legacy'])).toEqual({
      code: 2,
      stdout: '',
      stderr: `ws-gate: fixtures/no-legacy/called.good.ts exists already
  why  nothing is overwritten, and nothing was written
  do   choose another id, or move the file away
`,
    });
    expect(filesOf(dir)).toEqual(before);
    expect(readFileSync(path.join(dir, 'fixtures/no-legacy/called.good.ts'), 'utf8')).toBe('mine;\n');
  });

  it.each([
    ['a word that is no id', ['rule', 'No_Legacy'], '"No_Legacy" is not a rule id'],
    ['a path', ['rule', '../up'], '"../up" is not a rule id'],
    ['the id of a built-in rule', ['rule', 'lock-order'], 'there is a rule "lock-order" already'],
    ['the id of the gate', ['rule', 'gate-integrity'], 'there is a rule "gate-integrity" already'],
    ['no id', ['rule'], 'new takes the word `rule` and one id'],
    ['two ids', ['rule', 'a', 'b'], 'new takes the word `rule` and one id'],
    ['something else', ['config', 'a'], 'new takes the word `rule` and one id'],
  ])('refuses %s', (_, args, message) => {
    const dir = tempDir(APP);
    const { code, stdout, stderr } = ws(dir, ['new', ...args]);
    expect([code, stdout, stderr.split('\n')[0]]).toEqual([2, '', `ws-gate: ${message}`]);
    expect(filesOf(dir)).toEqual(['package.json', 'src/a.ts']);
  });

  it('refuses the id of a rule that the config has', () => {
    const dir = tempDir(APP);
    ws(dir, ['new', 'rule', 'no-legacy']);
    const { code, stderr } = ws(dir, ['new', 'rule', 'no-legacy']);
    expect([code, stderr.split('\n')[0]]).toEqual([2, 'ws-gate: there is a rule "no-legacy" already']);
  });

  it('refuses a project whose config is JSON', () => {
    const dir = tempDir({ ...APP, 'ws-gate.config.json': '{}' });
    const { code, stdout, stderr } = ws(dir, ['new', 'rule', 'no-legacy']);
    expect([code, stdout, stderr.split('\n')[0]]).toEqual([
      2,
      '',
      'ws-gate: the config ws-gate.config.json cannot take a rule in TypeScript',
    ]);
  });
});

import { spawnSync } from 'node:child_process';
import { readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { ws } from '../support/cli.ts';
import { tempDir, writeFiles } from '../support/temp-dir.ts';

const root = path.resolve(import.meta.dirname, '../..');
const page = readFileSync(path.join(root, 'docs/writing-rules.md'), 'utf8');
/** The code of the page, by the path in its first line. */
const files = Object.fromEntries(
  [...page.matchAll(/```ts\n\/\/ (\S+)\n(.*?)```/gs)].map(([, file = '', text = '']) => [file, text]),
);

describe('the rule of docs/writing-rules.md', () => {
  let dir: string;
  beforeEach(() => {
    dir = tempDir({ 'package.json': '{ "name": "app", "type": "module" }', ...files });
    writeFiles(dir, { 'node_modules/.keep': '' });
    symlinkSync(root, path.join(dir, 'node_modules/ws-gate'));
  });

  it('is all of the code on the page', () => {
    expect(page.match(/```ts\n/g)?.length).toBe(Object.keys(files).length);
    expect(Object.keys(files).length).toBe(9);
  });

  it('holds in its fixtures', () => {
    const { code, stdout, stderr } = ws(dir, ['test']);
    expect([code, stdout.replace(/ · \d+\.\d s/, ''), stderr]).toEqual([
      0,
      '✔ all fixtures hold · 1 rule · 4 fixtures · 2 wants\n',
      '',
    ]);
  });

  it('is green on its project, and red where the project is broken', () => {
    expect(ws(dir, ['check', '-f', 'compact'])).toEqual({ code: 0, stdout: '', stderr: '' });
    const broken = (files['src/catalog.ts'] ?? '').replace(
      '  await catalog.warm',
      '  for (;;) await catalog.warm',
    );
    writeFiles(dir, { 'src/catalog.ts': broken });
    const { code, stdout } = ws(dir, ['check', '-f', 'json']);
    const { findings } = JSON.parse(stdout) as {
      findings: { ruleId: string; messageId: string; line: number }[];
    };
    expect([code, findings.map(({ ruleId, messageId, line }) => [ruleId, messageId, line])]).toEqual([
      1,
      [['remote-calls', 'repeated', 10]],
    ]);
  });

  it('tells of a function that is not there', () => {
    writeFiles(dir, {
      'ws-gate.config.ts': (files['ws-gate.config.ts'] ?? '').replace('Catalog.warm', 'Catalog.wram'),
    });
    const { code, stdout } = ws(dir, ['check', '-f', 'json']);
    const { findings } = JSON.parse(stdout) as { findings: { ruleId: string; message: string }[] };
    expect([code, findings.map(({ ruleId }) => ruleId)]).toEqual([1, ['gate-integrity']]);
  });

  it('is explained with its messages and options', () => {
    const { code, stdout } = ws(dir, ['explain', 'remote-calls']);
    expect([code, stdout.match(/^#.*|^- `.*/gm)]).toEqual([
      0,
      [
        '# remote-calls',
        '## repeated',
        '## underLock',
        '## Options',
        '- `functions`: required; what leaves the process: `Class.method`, `function`',
      ],
    ]);
  });

  it('is proved by its operator', () => {
    const { code, stdout } = ws(dir, ['prove', '--rule', 'remote-calls']);
    expect([code, stdout.split('\n').find((line) => line.includes('add-loop'))]).toEqual([
      0,
      expect.stringMatching(/^remote-calls\s+✔ add-loop\s+1\/1\s*$/),
    ]);
  });

  it('passes the type checker, and so does what `ws-gate new rule` writes', () => {
    ws(dir, ['new', 'rule', 'no-legacy']);
    const options = { target: 'es2023', module: 'nodenext', strict: true, noEmit: true, skipLibCheck: true };
    const compilerOptions = {
      ...options,
      allowImportingTsExtensions: true,
      types: [],
      lib: ['es2023', 'esnext.disposable'],
    };
    writeFiles(dir, {
      'tsconfig.json': JSON.stringify({ compilerOptions, include: ['rules', 'fixtures', 'src', '*.ts'] }),
    });
    const tsc = path.join(
      path.dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
      'bin/tsc',
    );
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', dir], { encoding: 'utf8' });
    expect([status, stdout]).toEqual([0, '']);
  });
});

import { execFileSync, spawnSync } from 'node:child_process';
import { lstatSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CliRun, ws } from '../support/cli.ts';
import { tempDir } from '../support/temp-dir.ts';

const MUTEX = `export class Mutex {
  async runExclusive(work) {
    return work();
  }
}
`;
const TYPED_MUTEX = MUTEX.replace('(work)', '<T>(work: () => Promise<T>): Promise<T>');
/** Takes a lock twice: found only where the lock is known for what it is. */
const TWICE = `import { Mutex } from './mutex.ts';
const mu = new Mutex();
export async function twice() {
  await mu.runExclusive(async () => {
    await mu.runExclusive(async () => {});
  });
}
`;
const PROJECT = { 'src/mutex.ts': TYPED_MUTEX, 'src/a.ts': TWICE };
const SRC = { 'tsconfig.json': '{ "include": ["src"] }' };

const reacquired = (file: string, lock = 'mu', place = '5:11'): string =>
  `${file}:${place}: error lock-reentry/reacquired: acquires ${lock} again while it is held\n`;
const FOUND: CliRun = { code: 1, stdout: reacquired('src/a.ts'), stderr: '' };

/** A project that no tsconfig above it has a part in. */
function projectOf(files: Record<string, string>): string {
  return tempDir({ '.git/HEAD': '', ...files });
}

function check(dir: string, ...args: string[]): CliRun {
  return ws(dir, ['check', '-f', 'compact', ...args]);
}

describe('a project', () => {
  it.each<[string, Record<string, string>]>([
    ['without a tsconfig', PROJECT],
    ['with a tsconfig', { ...PROJECT, ...SRC }],
    ['with an empty tsconfig', { ...PROJECT, 'tsconfig.json': '' }],
    [
      'with comments and trailing commas in its tsconfig',
      { ...PROJECT, 'tsconfig.json': '// a\n{ /* b */ "include": ["src",], }\n' },
    ],
    [
      'whose tsconfig extends a package that is not installed',
      { ...PROJECT, 'tsconfig.json': '{ "extends": "@tsconfig/node20/tsconfig.json", "include": ["src"] }' },
    ],
    [
      'whose references lead in a circle',
      { ...PROJECT, 'tsconfig.json': '{ "references": [{ "path": "." }] }' },
    ],
    ['with packages in it', { ...PROJECT, 'node_modules/x/a.ts': TWICE, 'src/node_modules/y/a.ts': TWICE }],
    ['with JavaScript beside', { ...PROJECT, ...SRC, 'src/b.js': TWICE }],
    ['in a directory with the name of a file', { ...PROJECT, ...SRC, 'src/x.ts/readme.md': '' }],
  ])('%s is checked', (_, files) => {
    expect(check(projectOf(files))).toEqual(FOUND);
  });

  it('of several, by its references', () => {
    const composite = '"compilerOptions": { "composite": true }';
    const dir = projectOf({
      'tsconfig.json':
        '{ "files": [], "references": [{ "path": "./core" }, { "path": "./app/tsconfig.app.json" }] }',
      'core/tsconfig.json': `{ ${composite} }`,
      'core/mutex.ts': TYPED_MUTEX,
      'app/tsconfig.app.json': `{ ${composite}, "references": [{ "path": "../core" }] }`,
      'app/a.ts': TWICE.replace('./mutex.ts', '../core/mutex.ts'),
    });
    expect(check(dir)).toEqual({ code: 1, stdout: reacquired('app/a.ts'), stderr: '' });
  });

  it('with paths in its tsconfig', () => {
    const dir = projectOf({
      ...PROJECT,
      'tsconfig.json': '{ "compilerOptions": { "paths": { "@/*": ["./src/*"] } }, "include": ["src"] }',
      'src/a.ts': TWICE.replace('./mutex.ts', '@/mutex'),
    });
    expect(check(dir)).toEqual(FOUND);
  });

  it('with .mts, .cts and .tsx files', () => {
    const dir = projectOf({
      ...SRC,
      'src/mutex.ts': TYPED_MUTEX,
      'src/a.mts': TWICE,
      'src/b.cts': TWICE,
      'src/c.tsx': `${TWICE}export const view = <b>{mu}</b>;\n`,
    });
    const files = ['src/a.mts', 'src/b.cts', 'src/c.tsx'];
    const stdout = files.map((file) => reacquired(file, `${file}#mu`)).join('');
    expect(check(dir)).toEqual({ code: 1, stdout, stderr: '' });
  });

  it('with JavaScript, where the tsconfig allows it', () => {
    const twice = TWICE.replace('./mutex.ts', './mutex.js');
    const dir = projectOf({
      'tsconfig.json': '{ "compilerOptions": { "allowJs": true }, "include": ["src"] }',
      'src/mutex.js': MUTEX,
      'src/a.js': twice,
      'src/b.mjs': twice,
      'src/c.jsx': `${twice}export const view = <b>{mu}</b>;\n`,
    });
    const files = ['src/a.js', 'src/b.mjs', 'src/c.jsx'];
    const stdout = files.map((file) => reacquired(file, `${file}#mu`)).join('');
    expect(check(dir)).toEqual({ code: 1, stdout, stderr: '' });
  });
});

describe('a tsconfig that cannot be used exits with 2', () => {
  it.each([
    ['broken', '{ "include": ["src" ', "']' expected."],
    ['not text', '\0\u0001', 'Invalid character.'],
    [
      'an extension of a missing file',
      '{ "extends": "./gone.json" }',
      'it extends ./gone.json, which does not exist',
    ],
    ['an extension of itself', '{ "extends": "./tsconfig.json" }', 'it extends itself'],
    ['an extension of a number', '{ "extends": 7 }', 'extends is not the name of a file'],
    [
      'one that refers to a missing project',
      '{ "references": [{ "path": "./gone" }] }',
      'it refers to ./gone, which does not exist',
    ],
    ['one with a number for references', '{ "references": 3 }', 'references is not a list of { "path": … }'],
    [
      'one with a number for a reference',
      '{ "references": [3] }',
      'references is not a list of { "path": … }',
    ],
  ])('%s', (_, tsconfig, why) => {
    expect(check(projectOf({ ...PROJECT, 'tsconfig.json': tsconfig }))).toEqual({
      code: 2,
      stdout: '',
      stderr:
        `ws-gate: the tsconfig tsconfig.json cannot be used\n  why  ${why}\n` +
        '  do   correct it, or name another with --tsconfig\n',
    });
  });

  it.each([
    ['itself', 'tsconfig.json', {}],
    ['what it extends', 'base.json', { 'tsconfig.json': '{ "extends": "./base.json" }' }],
  ])('a pipe, as %s', (_, name, files) => {
    const dir = projectOf({ ...PROJECT, ...files });
    execFileSync('mkfifo', [path.join(dir, name)]);
    expect(check(dir)).toEqual({
      code: 2,
      stdout: '',
      stderr:
        `ws-gate: the tsconfig ${name} cannot be used\n  why  it is not a file\n` +
        '  do   correct it, or name another with --tsconfig\n',
    });
  });

  it.each([
    ['a link that leads nowhere', 'gone.json', 'ENOENT: no such file or directory'],
    ['a link in a circle', 'tsconfig.json', 'ELOOP: too many symbolic links encountered'],
  ])('%s', (_, target, why) => {
    const dir = projectOf(PROJECT);
    symlinkSync(target, path.join(dir, 'tsconfig.json'));
    expect(check(dir)).toEqual({
      code: 2,
      stdout: '',
      stderr:
        `ws-gate: the tsconfig tsconfig.json cannot be used\n  why  ${why}, open '${dir}/tsconfig.json'\n` +
        '  do   correct it, or name another with --tsconfig\n',
    });
  });
});

/** What it is, how it is made, and why it cannot be read. */
type Kind = readonly [string, (file: string) => void, (file: string) => string];

/** Leaves a socket behind that nobody listens on. */
function bindSocket(file: string): void {
  const bind =
    'require("node:net").createServer().listen(process.argv[1], () => process.kill(process.pid, 9))';
  spawnSync(process.execPath, ['-e', bind, file]);
  expect(lstatSync(file).isSocket()).toBe(true);
}

describe('a file', () => {
  const withBytes = (file: string, bytes: Buffer): string => {
    const dir = projectOf({ ...SRC, 'src/mutex.ts': TYPED_MUTEX });
    writeFileSync(path.join(dir, file), bytes);
    return dir;
  };
  const utf16 = Buffer.from(`\uFEFF${TWICE}`, 'utf16le');

  it.each<[string, Buffer]>([
    ['CRLF and a byte order mark', Buffer.from(`\uFEFF${TWICE.replaceAll('\n', '\r\n')}`)],
    ['UTF-16', utf16],
    ['UTF-16, the high byte first', Buffer.from(utf16).swap16()],
    ['bytes that are no UTF-8', Buffer.from(`${TWICE}// caf\u00e9\n`, 'latin1')],
  ])('with %s is read', (_, bytes) => {
    expect(check(withBytes('src/a.ts', bytes))).toEqual(FOUND);
  });

  it('with other letters than English ones is told by UTF-16 columns', () => {
    const text = TWICE.replaceAll('mu.', 'größe.').replace('const mu', 'const größe');
    const dir = projectOf({
      ...SRC,
      'src/mutex.ts': TYPED_MUTEX,
      'src/a.ts': text.replace('    await größe', '    /* 😀é */ await größe'),
    });
    expect(check(dir)).toEqual({ code: 1, stdout: reacquired('src/a.ts', 'größe', '5:21'), stderr: '' });
  });

  it('that is a video is reported, and the rest analysed', () => {
    const dir = projectOf({ ...PROJECT, ...SRC });
    writeFileSync(path.join(dir, 'src/video.ts'), Buffer.from([0x47, 0x40, 0x00, 0x10, 0x00, 0xff, 0x80]));
    const stdout =
      'src/video.ts:1:1: error gate-integrity/unreadableFile: the file cannot be read: it holds NUL bytes\n';
    expect(check(dir)).toEqual({ code: 1, stdout: FOUND.stdout + stdout, stderr: '' });
  });

  it('that does not parse is reported, and analysed as far as it goes', () => {
    const dir = projectOf({
      ...SRC,
      'src/mutex.ts': TYPED_MUTEX,
      'src/a.ts': `${TWICE}export const x = ;\n`,
    });
    const stdout =
      'src/a.ts:8:18: error gate-integrity/syntaxError: the file does not parse: Expression expected.\n';
    expect(check(dir)).toEqual({ code: 1, stdout: FOUND.stdout + stdout, stderr: '' });
  });

  it('that the tsconfig lists and is not there is reported', () => {
    const dir = projectOf({ ...PROJECT, 'tsconfig.json': '{ "files": ["src/a.ts", "src/gone.ts"] }' });
    const stdout =
      'src/gone.ts:1:1: error gate-integrity/unreadableFile: the file cannot be read: ' +
      `ENOENT: no such file or directory, open '${dir}/src/gone.ts'\n`;
    expect(check(dir)).toEqual({ code: 1, stdout: FOUND.stdout + stdout, stderr: '' });
  });

  it('that the tsconfig lists and is a directory is reported', () => {
    const dir = projectOf({
      ...PROJECT,
      'src/x.ts/readme.md': '',
      'tsconfig.json': '{ "files": ["src/a.ts", "src/x.ts"] }',
    });
    const stdout =
      'src/x.ts:1:1: error gate-integrity/unreadableFile: the file cannot be read: it is not a file\n';
    expect(check(dir)).toEqual({ code: 1, stdout: FOUND.stdout + stdout, stderr: '' });
  });

  describe.each(['native', 'reference'] as const)('that is no file, asked of the %s compiler,', (oracle) => {
    const kinds: readonly Kind[] = [
      ['a pipe', (file) => execFileSync('mkfifo', [file]), () => 'it is not a file'],
      ['a socket', bindSocket, (file) => `ENXIO: no such device or address, open '${file}'`],
      ['a device', (file) => symlinkSync('/dev/zero', file), () => 'it is not a file'],
    ];
    const madeBy = (make: Kind[1]): string => {
      const dir = projectOf(PROJECT);
      make(path.join(dir, 'src/x.ts'));
      return dir;
    };
    const checkAs = (dir: string, text: string, tsconfig: string): CliRun => {
      writeFileSync(path.join(dir, 'src/a.ts'), text);
      writeFileSync(path.join(dir, 'tsconfig.json'), tsconfig);
      return ws(dir, ['check', '-f', 'compact'], { WS_GATE_ORACLE: oracle });
    };
    const IMPORTS = TWICE.replace(';', ";import './x.js';");

    it.each(kinds)('as %s, is reported where the tsconfig lists it', (_, make, why) => {
      const dir = madeBy(make);
      const stdout =
        `${FOUND.stdout}src/x.ts:1:1: error gate-integrity/unreadableFile: ` +
        `the file cannot be read: ${why(path.join(dir, 'src/x.ts'))}\n`;
      const files = '"files": ["src/a.ts", "src/x.ts"]';
      expect(checkAs(dir, TWICE, `{ ${files} }`)).toEqual({ code: 1, stdout, stderr: '' });
      // A project that refers to others is opened whole.
      expect(checkAs(dir, TWICE, `{ ${files}, "references": [] }`)).toEqual({ code: 1, stdout, stderr: '' });
    });

    it.each(kinds)('as %s, is not there for those that import it', (_, make) => {
      const dir = madeBy(make);
      const files = '"files": ["src/a.ts"]';
      expect(checkAs(dir, IMPORTS, `{ ${files} }`)).toEqual(FOUND);
      expect(checkAs(dir, IMPORTS, `{ ${files}, "references": [] }`)).toEqual(FOUND);
    });
  });

  it.each([
    [
      'below a file',
      'src/a.ts/b.ts',
      'src/a.ts/b.ts does not exist',
      'name files or directories relative to the working directory',
    ],
    [
      'that is a device',
      'src/null.ts',
      'src/null.ts is neither a file nor a directory',
      'name .ts files or directories',
    ],
  ])('that is named and lies %s is an error', (_, name, message, help) => {
    const dir = projectOf({ ...PROJECT, ...SRC });
    symlinkSync('/dev/null', path.join(dir, 'src/null.ts'));
    expect(check(dir, name)).toEqual({
      code: 2,
      stdout: '',
      stderr: `ws-gate: ${message}\n  do   ${help}\n`,
    });
  });
});

describe('links, together with include', () => {
  const INCLUDE = { 'ws-gate.config.json': '{ "include": ["src/**/*.ts"] }' };

  it('that lead in circles through directories end', () => {
    const dir = projectOf({ ...PROJECT, ...INCLUDE });
    symlinkSync('.', path.join(dir, 'src/me'));
    symlinkSync('../src', path.join(dir, 'src/again'));
    expect(check(dir)).toEqual(FOUND);
  });

  it.each([
    ['nowhere', 'gone.ts', 'ENOENT: no such file or directory'],
    ['to themselves', 'l.ts', 'ELOOP: too many symbolic links encountered'],
  ])('that lead %s are reported', (_, target, why) => {
    const dir = projectOf({ ...PROJECT, ...INCLUDE });
    symlinkSync(target, path.join(dir, 'src/l.ts'));
    const stdout = `src/l.ts:1:1: error gate-integrity/unreadableFile: the file cannot be read: ${why}, open '${dir}/src/l.ts'\n`;
    expect(check(dir)).toEqual({ code: 1, stdout: FOUND.stdout + stdout, stderr: '' });
  });

  it('to a device are reported, and not read to an end that does not come', () => {
    const dir = projectOf({ ...PROJECT, ...INCLUDE });
    symlinkSync('/dev/zero', path.join(dir, 'src/l.ts'));
    const stdout =
      'src/l.ts:1:1: error gate-integrity/unreadableFile: the file cannot be read: it is not a file\n';
    expect(check(dir)).toEqual({ code: 1, stdout: FOUND.stdout + stdout, stderr: '' });
  });
});

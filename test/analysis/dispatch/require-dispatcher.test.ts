import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { check } from '../../../src/engine/check.ts';
import { gateErrorOf } from '../../support/gate-error.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { run, summary } from './support.ts';

const BACKEND = `export interface Backend {
  stop(id: string): Promise<void>;
}
export class Docker implements Backend {
  async stop(id: string): Promise<void> {}
}
`;

describe('a finding', () => {
  it('spans the member expression and names what to use', async () => {
    const app =
      "import type { Docker } from './backend.ts';\nexport const pause = (d: Docker) => d?.stop('a');\n" +
      "export { type Fleet, stopWorkspace } from '@acme/fleet';\n";
    const { report } = await run({ 'backend.ts': BACKEND, 'app.ts': app }, [
      { calls: ['Docker.stop'], use: 'Fleet.stopWorkspace' },
    ]);
    expect(report.findings).toMatchObject([
      {
        messageId: 'bypassed',
        message: 'calls Docker.stop outside its dispatcher',
        file: 'app.ts',
        line: 2,
        column: 37,
        endColumn: 44,
        symbol: 'pause',
        help: 'call Fleet.stopWorkspace instead',
        trace: [],
      },
    ]);
  });

  it('tells why what it is at counts as the target', async () => {
    const app =
      "import type { Backend } from './backend.ts';\nexport const pause = (b: Backend) => b.stop('a');\n";
    const { report } = await run({ 'backend.ts': BACKEND, 'app.ts': app }, [{ calls: ['Docker.stop'] }]);
    expect(report.findings[0]?.trace).toEqual([
      { file: 'backend.ts', line: 2, column: 3, message: 'Docker.stop overrides or implements Backend.stop' },
    ]);
  });

  it('speaks of the target that is meant rather than of one that it is related to', async () => {
    const app =
      "import type { Docker } from './backend.ts';\nexport const pause = (d: Docker) => d.stop('a');\n";
    const { report } = await run({ 'backend.ts': BACKEND, 'app.ts': app }, [
      { calls: ['Backend.stop'], use: 'any dispatcher' },
      { calls: ['Docker.stop'], use: 'the docker dispatcher' },
    ]);
    expect(report.findings.map(({ message, help }) => [message, help])).toEqual([
      ['calls Docker.stop outside its dispatcher', 'call the docker dispatcher instead'],
    ]);
  });
});

describe('two dispatchers of one target', () => {
  it('are both in the right', async () => {
    const app = `import type { Docker } from './backend.ts';
export const pause = (d: Docker) => d.stop('a');
export const drain = (d: Docker) => d.stop('a');
export const close = (d: Docker) => d.stop('a');
`;
    const result = await run({ 'backend.ts': BACKEND, 'app.ts': app }, [
      { calls: ['Docker.stop'], allowIn: ['app.ts#pause'] },
      { calls: ['Docker.stop'], allowIn: ['app.ts#drain'] },
    ]);
    expect(summary(result)).toEqual(['app.ts:4 bypassed']);
  });
});

describe('names in the config', () => {
  const app = "import { Docker } from './backend.ts';\nexport const pause = (d: Docker) => d.stop('a');\n";
  const files = { 'backend.ts': BACKEND, 'src/app.ts': app.replace('./', '../') };

  it.each([
    ['Docker.stp', '; did you mean Docker.stop?'],
    ['Doker.stop', '; did you mean Docker.stop?'],
    ['Registry.stop', '; did you mean Backend.stop or Docker.stop?'],
    ['teardown', ''],
    ['src/missing.ts#Docker.stop', '; did you mean Docker.stop?'],
  ])('says what %s may have been meant to be', async (name, hint) => {
    const result = await run(files, [{ calls: ['Docker.stop', name], allowIn: ['src/app.ts'] }]);
    expect(summary(result)).toEqual([
      `require-dispatcher.calls names ${name}, which does not exist; correct the name, or remove the entry${hint}`,
    ]);
  });

  it('lists the files of an ambiguous name', async () => {
    const result = await run({ ...files, 'podman.ts': 'export class Docker { stop() {} }\n' }, [
      { calls: ['Docker.stop'] },
    ]);
    expect(summary(result)[1]).toBe(
      'require-dispatcher.calls names Docker.stop, which may be backend.ts#Docker.stop or podman.ts#Docker.stop; ' +
        'write one of these names in full',
    );
  });

  it.each([
    ['src/ap.ts', '; did you mean src/app.ts?'],
    ['app.ts#pause', '; did you mean src/app.ts#pause?'],
    ['src/app.ts#pausee', '; did you mean src/app.ts#pause?'],
    ['src/app.ts#Handler.pause', ''],
    ['lib/other.ts', ''],
  ])('says that %s allows nothing because it is not there', async (entry, hint) => {
    const result = await run(files, [{ calls: ['Docker.stop'], allowIn: ['src/app.ts', entry] }]);
    expect(summary(result)).toEqual([
      `require-dispatcher.allowIn names ${entry}, which does not exist; correct the name, or remove the entry${hint}`,
    ]);
  });

  it.each([
    ['pause', undefined],
    ['src/app.ts#pause', undefined],
    ['stop', undefined],
    ['the pause of the app', undefined],
    ['paus', '; did you mean pause?'],
    ['App.pause', ''],
    ['src/app.ts#pauses', ''],
    ['src/app.ts#stop', ''],
    ['noted', ''],
  ])('says that there is no %s to use', async (use, hint) => {
    const noted = { 'src/app.ts': `${files['src/app.ts']}// noted\nexport const words = ['noted'];\n` };
    const result = await run({ ...files, ...noted }, [
      { calls: ['Docker.stop'], allowIn: ['src/app.ts'], use },
    ]);
    expect(summary(result)).toEqual(
      hint === undefined
        ? []
        : [
            `require-dispatcher.use names ${use}, which does not exist; correct the name, or remove the entry${hint}`,
          ],
    );
  });

  it.each([
    [['src/app.ts#pause', 'src/app.ts'], 'src/app.ts#pause', 'src/app.ts'],
    [['src/app.ts', 'src/app.ts'], 'src/app.ts', 'src/app.ts'],
    [['src/app.ts', 'src/app.ts#words'], 'src/app.ts#words', 'src/app.ts'],
  ])('calls an entry stale that another makes needless: %j', async (allowIn, entry, by) => {
    const app = { 'src/app.ts': `${files['src/app.ts']}export const words = 1;\n` };
    const result = await run({ ...files, ...app }, [{ calls: ['Docker.stop'], allowIn }]);
    expect(summary(result)).toEqual([
      `require-dispatcher.allowIn lists ${entry}, which ${by} allows already; remove one of the two entries`,
    ]);
  });

  it('calls no entry needless for one whose name it merely begins with', async () => {
    const app = {
      'src/app.ts': `${files['src/app.ts']}export const pauseAll = (d: Docker) => d.stop('a');\n`,
    };
    const result = await run({ ...files, ...app }, [
      { calls: ['Docker.stop'], allowIn: ['src/app.ts#pause', 'src/app.ts#pauseAll'] },
    ]);
    expect(summary(result)).toEqual([]);
  });

  it('calls an entry stale that allows nothing', async () => {
    const result = await run(files, [
      { calls: ['Docker.stop'], allowIn: ['src/app.ts#pause', 'backend.ts'] },
    ]);
    expect(summary(result)).toEqual([
      'require-dispatcher.allowIn lists backend.ts, which does not call Docker.stop; remove the entry, or correct it',
    ]);
  });

  it('judges no entry by targets that it does not know', async () => {
    const result = await run(files, [
      { calls: ['Docker.stop', 'Docker.teardown'], allowIn: ['src/app.ts', 'backend.ts'] },
    ]);
    expect(summary(result)).toEqual([expect.stringContaining('names Docker.teardown, which does not exist')]);
  });

  it('are paths from the directory of the config, wherever the gate is started', async () => {
    const root = tempDir(files);
    const dispatchers = [{ calls: ['backend.ts#Docker.stop'], allowIn: ['src/app.ts#pause'], use: 'pause' }];
    const result = await check({
      cwd: path.join(root, 'src'),
      configRoot: root,
      rules: ['require-dispatcher'],
      inlineConfig: { include: ['**/*.ts'], rules: { 'require-dispatcher': ['error', { dispatchers }] } },
    });
    expect([summary(result), result.rules[0]?.sites]).toEqual([[], 1]);
  });
});

describe('what the compiler cannot tell', () => {
  it('is listed where it goes by the name of a target, and not where it is allowed', async () => {
    const app = `export const pause = (d: any) => d.stop('a');
export const drain = (d: any) => d.stop('a');
export const close = (d: any) => d.start('a');
`;
    const { report } = await run({ 'backend.ts': BACKEND, 'app.ts': app }, [
      { calls: ['Docker.stop'], allowIn: ['app.ts#drain'] },
    ]);
    expect(report.unresolved).toEqual([
      {
        file: 'app.ts',
        line: 1,
        column: 34,
        message: '`stop` of a value of unknown type may be Docker.stop',
      },
    ]);
  });
});

describe('a computed key', () => {
  it.each([
    ['docker[key()]', 'stop', 1],
    ["docker[map['of']]", 'stop', 1],
    ['docker[map.of]', 'stop', 1],
    ["docker[(text as 'start' | undefined) ?? 'stop']", 'start', 1],
    ['docker[verb as keyof Docker]', 'start', 1],
    ['(await late)?.[key()]', 'stop', 1],
    ['module[key()]', 'stop', 0],
    ['docker[index - 1]', 'stop', 0],
    ['docker[text]', 'stop', 0],
    ['[docker][index]', 'stop', 0],
    ['names[key()]', 'stop', 0],
  ])('%s, where it is %s', async (expression, held, expected) => {
    const app = `import { Docker } from './backend.ts';
import * as module from './backend.ts';
declare const docker: Docker & Record<string, () => void> & Record<number, () => void>;
declare const late: Promise<Docker | undefined>;
declare const names: Record<string, string>;
declare const index: number;
declare const text: string;
declare const verb: '${held}';
declare function key(): '${held}';
const map = { of: '${held}' } as const;
export const f = async () => [${expression}];
`;
    const backend = BACKEND.replaceAll('}\n}', '}\n  start(): void {}\n}');
    const { report } = await run({ 'backend.ts': backend, 'app.ts': app }, [{ calls: ['Docker.stop'] }]);
    expect(report.findings.filter(({ file }) => file === 'app.ts').length).toBe(expected);
  });

  it('refers to each target that it may name', async () => {
    const backend = BACKEND.replaceAll('}\n}', '}\n  async start(id: string): Promise<void> {}\n}');
    const app = `import type { Docker } from './backend.ts';
export const go = (d: Docker, verb: 'start' | 'stop') => d[verb]('a');
export const either = (d: Docker, verb: 'start' | 'stop') => d[verb]('a');
`;
    const { report } = await run({ 'backend.ts': backend, 'app.ts': app }, [
      { calls: ['Docker.stop'], allowIn: ['app.ts#go'] },
      { calls: ['Docker.start'] },
    ]);
    expect(report.findings.map(({ line, message }) => `${line} ${message}`)).toEqual([
      '2 calls Docker.start outside its dispatcher',
      '3 calls Docker.start outside its dispatcher',
      '3 calls Docker.stop outside its dispatcher',
    ]);
  });

  it('of a value of unknown type is listed', async () => {
    const app = "export const go = (d: any, verb: 'start' | 'stop') => d[verb]('a');\n";
    const { report } = await run({ 'backend.ts': BACKEND, 'app.ts': app }, [{ calls: ['Docker.stop'] }]);
    expect(report.unresolved.map(({ message }) => message)).toEqual([
      '`stop` of a value of unknown type may be Docker.stop',
    ]);
  });
});

describe('destructuring', () => {
  it.each([
    ['const { stop } = docker;', 'escapes'],
    ['const { stop = halt } = docker;', 'escapes'],
    ['const { stop: halt2 } = docker;', 'escapes'],
    ["const { 'stop': halt2 } = docker;", 'escapes'],
    ["const { ['stop']: halt2 } = docker;", 'escapes'],
    ['const { docker: { stop } } = fleet;', 'escapes'],
    ['for (const { stop } of [docker]) void stop;', 'escapes'],
    ['const run = ({ stop }: Docker) => stop;', 'escapes'],
    ['let stop; ({ stop } = docker);', 'escapes'],
    ['let halt2; ({ stop: halt2 } = docker);', 'escapes'],
    ['const { stop } = timer;', undefined],
    ['const { stop } = { stop: true };', undefined],
    ['const run = ({ stop }: { stop: boolean }) => stop;', undefined],
    ['let stop; ({ stop } = timer);', undefined],
    ['let stop; ({ docker: { stop } } = fleet);', 'unresolved'],
    ['const { stop } = JSON.parse(text);', 'unresolved'],
  ])('%s: %s', async (statement, expected) => {
    const app = `import { Docker } from './backend.ts';
const docker = new Docker();
const fleet = { docker };
const timer = { stop(): void {} };
const halt = async () => {};
declare const text: string;
${statement}
`;
    const { report } = await run({ 'backend.ts': BACKEND, 'app.ts': app }, [{ calls: ['Docker.stop'] }]);
    const [finding] = report.findings.filter(({ file }) => file === 'app.ts');
    const unresolved = report.unresolved.length > 0 ? 'unresolved' : undefined;
    expect(finding?.messageId ?? unresolved).toBe(expected);
  });
});

describe('the cost', () => {
  it('is no parsing of files that merely mention the type or hold the word in a longer one', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [
        `f${index}.ts`,
        "import type { Docker } from './backend.ts';\nexport type D = Docker;\nexport const stopped = true;\n",
      ]),
    );
    const { counts } = await run({ 'backend.ts': BACKEND, ...files }, [{ calls: ['Docker.stop'] }]);
    expect(counts.parsed).toBe(1);
  });
});

describe('the options', () => {
  it('name what is wrong with them', async () => {
    const error = await gateErrorOf(() => run({ 'backend.ts': BACKEND }, [{ calls: [], use: '' }]));
    expect(error.why).toBe(
      'dispatchers[0].calls: a dispatcher without calls dispatches nothing\ndispatchers[0].use: a name must not be empty',
    );
  });
});

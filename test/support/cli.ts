import { execFileSync, type SpawnSyncOptions, spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';

export const program = path.resolve(import.meta.dirname, '../../bin/ws-gate.js');

export interface CliRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs the built program as a user does: in a directory, with pipes for its streams, and without the environment
 * of the test run.
 */
export function ws(cwd: string, args: readonly string[], env: Record<string, string> = {}): CliRun {
  return spawnProgram(cwd, args, { env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env } });
}

/** As {@link ws}, for a user whom file permissions stop; they do not stop root. */
export function wsUnprivileged(cwd: string, args: readonly string[]): CliRun {
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  return spawnProgram(cwd, args, { env: { PATH: process.env.PATH, HOME: tmpdir() }, ...nobody });
}

function spawnProgram(cwd: string, args: readonly string[], options: SpawnSyncOptions): CliRun {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [program, ...args], {
    ...options,
    cwd,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (error) throw error;
  return { code: status, stdout, stderr };
}

/** Runs git in a directory with an identity of its own. */
export function git(cwd: string, ...args: string[]): string {
  const settings = [
    'user.name=t',
    'user.email=t@example.invalid',
    'commit.gpgsign=false',
    'init.defaultBranch=main',
  ];
  return execFileSync('git', [...settings.flatMap((setting) => ['-c', setting]), ...args], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

/** A config with one rule of its own: every `BANG` in the source is an error, every `POP` a warning to be set up. */
export const BANG_CONFIG = `
const rule = (id, word) => ({
  id,
  summary: 'there is no ' + word,
  defaultSeverity: id === 'no-bang' ? 'error' : 'warn',
  messages: { found: { message: 'there is a {word}', why: 'noise wakes the cat', help: 'whisper' } },
  defaultOptions: {},
  relevance: () => ({ words: [word] }),
  run(pass) {
    for (const file of pass.program.filesWith([word])) {
      pass.program.tree(file);
      for (const { index } of pass.program.text(file).matchAll(new RegExp(word, 'g'))) {
        const at = { file, start: index, end: index + word.length };
        pass.site(at);
        pass.report({ messageId: 'found', at, data: { word } });
      }
    }
  },
});
export const customRules = [rule('no-bang', 'BANG'), rule('no-pop', 'POP')];
export default { include: ['src/**/*.ts'], customRules };
`;

/** Files of a project with that config; give the sources. */
export function bangProject(sources: Record<string, string>, config = ''): Record<string, string> {
  return {
    'package.json': '{ "name": "app", "type": "module" }',
    'rules.mjs': BANG_CONFIG,
    'ws-gate.config.mjs': `import base from './rules.mjs';\nexport default { ...base, ${config} };\n`,
    ...sources,
  };
}

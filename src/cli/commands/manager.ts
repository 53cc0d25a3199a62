import path from 'node:path';
import { GateError } from '../../engine/error.ts';
import { packageVersion } from '../../engine/package.ts';
import { readConfig } from '../../manager/config.ts';
import type { RunningManager } from '../../manager/start.ts';
import type { CommandLine } from '../args.ts';
import { assertNoArguments, workingDirectory } from '../context.ts';
import type { Outcome } from '../main.ts';
import type { Terminal } from '../terminal.ts';

/** The settings that have a flag, which beats their variable. */
const FLAGS = {
  host: 'WS_MANAGER_HOST',
  port: 'WS_MANAGER_PORT',
  socket: 'WS_MANAGER_SOCKET',
  data: 'WS_MANAGER_DATA',
} as const;

/** `ws-gate manager`: runs until a signal ends it, or its own idleness. */
export async function managerCommand(
  { flags, positionals }: CommandLine,
  terminal: Terminal,
): Promise<Outcome> {
  assertNoArguments('manager', positionals);
  const env: Record<string, string | undefined> = { ...terminal.env };
  for (const [flag, setting] of Object.entries(FLAGS)) env[setting] = flags.value(flag) ?? env[setting];
  const cwd = workingDirectory(flags);
  for (const name of ['WS_MANAGER_SOCKET', 'WS_MANAGER_DATA']) {
    const given = env[name];
    if (given !== undefined && given !== '' && given !== ':memory:') env[name] = path.resolve(cwd, given);
  }

  const manager = await start(env, terminal);
  // ws-gate-disable-next-line tracked-promise -- the process goes on until all of it is closed
  const stop = (): void => void manager.close();
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  // Not before: whoever reads this may send a signal at once.
  terminal.stdout.write(`ws-gate manager listens on ${manager.address}\n`);
  // The timers of the manager let a process end; one that serves does not.
  const awake = setInterval(() => {}, 2 ** 30);
  try {
    await manager.closed;
  } finally {
    clearInterval(awake);
    process.off('SIGTERM', stop);
    process.off('SIGINT', stop);
  }
  return 'clean';
}

/** Starts the manager. What a user can cause becomes one clear error. */
async function start(env: Terminal['env'], terminal: Terminal): Promise<RunningManager> {
  try {
    const config = readConfig(env);
    const { startManager } = await import('../../manager/start.ts');
    return await startManager(config, {
      version: packageVersion(),
      write: (line) => terminal.stderr.write(`${line}\n`),
    });
  } catch (error) {
    throw userError(error) ?? error;
  }
}

function userError(error: unknown): GateError | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error ? String(error.code) : '';
  const missing = /^Cannot find package '([^']+)'/.exec(error.message)?.[1];
  if (code === 'ERR_MODULE_NOT_FOUND' && missing !== undefined) {
    return new GateError(
      `the manager needs the package ${missing}, which is not installed`,
      `run npm install ${missing}`,
      {
        why: 'the gate does without the libraries of the manager, so they are optional',
      },
    );
  }
  switch (code) {
    case 'ERR_CONFIG':
    case 'ERR_DIRECTORY_IN_USE':
      return new GateError(error.message, 'docs/manager.md has all settings');
    case 'EADDRINUSE':
      return new GateError(
        `the address is in use: ${error.message}`,
        'stop what listens there, or choose another with --port',
      );
    case 'EACCES':
    case 'EADDRNOTAVAIL':
    case 'ENOTDIR':
    case 'EEXIST':
    case 'EROFS':
    case 'ENOENT':
      return new GateError(
        `the manager cannot start: ${error.message}`,
        'check the address and the data directory',
      );
    case 'ECONNREFUSED':
    case 'ENOTFOUND':
    case 'ETIMEDOUT':
    case 'ERR_DATABASE_TIMEOUT':
      return new GateError(
        `the database cannot be reached: ${error.message}`,
        'check DATABASE_URL, and that the server runs',
      );
    case '28P01':
    case '28000':
    case '3D000':
      return new GateError(`the database refuses: ${error.message}`, 'check DATABASE_URL');
    default:
      return undefined;
  }
}

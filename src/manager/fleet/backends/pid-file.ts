import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ProvisionError } from './backend.ts';

/** A process as its pid file tells of it. */
export interface PidRecord {
  readonly pid: number;
  /** Moves with every start of a process, so that a pid that is used again is not taken for the old one. */
  readonly startedAt: string;
  /** The whole text, to tell this record from another of the same workspace. */
  readonly text: string;
}

/** What {@link START_SCRIPT} exits with when there is a pid file. */
export const EXISTS_EXIT_CODE = 75;

/**
 * The beginning of every process: it writes its own pid file, then becomes the command. So there is no process without
 * a file, whenever the manager dies, and no second one: `ln` refuses a name that exists.
 *
 * `$0` is the file, the rest is the command.
 */
export const START_SCRIPT = `
set -e
if [ -r /proc/$$/stat ]; then read -r stat < /proc/$$/stat; else stat=$(LC_ALL=C ps -o lstart= -p $$); fi
printf '%s\\n%s\\n' $$ "$stat" > "$0.$$"
if ! ln "$0.$$" "$0" 2>/dev/null; then rm -f "$0.$$"; exit ${EXISTS_EXIT_CODE}; fi
rm -f "$0.$$"
exec "$@"
`;

/** The path of a workspace's pid file. */
export function pidFile(directory: string, workspaceId: string): string {
  return join(directory, `${workspaceId}.pid`);
}

/** The workspaces that have a pid file in `directory`. */
export async function listPidFiles(directory: string): Promise<string[]> {
  const names = await readdir(directory);
  return names.filter((name) => name.endsWith('.pid')).map((name) => name.slice(0, -'.pid'.length));
}

/** Reads a pid file; undefined if there is none. */
export async function readPidFile(file: string): Promise<PidRecord | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  const [pid = '', ...rest] = text.split('\n');
  if (!/^[1-9]\d*$/.test(pid)) {
    throw new ProvisionError('ERR_PROVISION_REFUSED', `${file} is no pid file; look at it, and delete it`);
  }
  return { pid: Number(pid), startedAt: startTime(rest.join('\n')), text };
}

/**
 * Removes the pid file of a process that has ended. One that another process has written in the meantime is put back.
 */
export async function removePidFile(file: string, record: PidRecord): Promise<void> {
  const aside = `${file}.${record.pid}.gone`;
  try {
    await rename(file, aside);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  const moved = await readPidFile(aside);
  if (moved && moved.text !== record.text) await rename(aside, file);
  else await rm(aside, { force: true });
}

/** Whether the process of `record` runs: not ended, not a zombie, and not another with its pid. */
export async function isRunning(record: PidRecord): Promise<boolean> {
  const status = await processStatus(record.pid);
  return status !== undefined && !/^\d+ \(.*\) [ZX] /s.test(status) && startTime(status) === record.startedAt;
}

/** Of Linux, the line of `/proc`; of other systems, the time of the start as `ps` prints it. */
async function processStatus(pid: number): Promise<string | undefined> {
  try {
    return await readFile(`/proc/${pid}/stat`, 'utf8');
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  return process.platform === 'linux' ? undefined : await printedStart(pid);
}

async function printedStart(pid: number): Promise<string | undefined> {
  const { execFile } = await import('node:child_process');
  const env = { ...process.env, LC_ALL: 'C' };
  return await new Promise((resolve) => {
    execFile('ps', ['-o', 'lstart=', '-p', String(pid)], { env }, (error, stdout) =>
      resolve(error || stdout.trim() === '' ? undefined : stdout),
    );
  });
}

/** The 22nd field of `/proc/<pid>/stat`, counted from behind the name in parentheses; of anything else the text. */
function startTime(status: string): string {
  const end = status.lastIndexOf(')');
  return end < 0 ? status.trim() : (status.slice(end + 2).split(' ')[19] ?? '');
}

function isMissing(error: unknown): boolean {
  // A process that ends while its file is read is gone as well.
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH');
}

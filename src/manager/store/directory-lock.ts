import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** A data directory that is in use already. */
export class DirectoryInUseError extends Error {
  readonly code = 'ERR_DIRECTORY_IN_USE';

  constructor(directory: string, pid: number) {
    super(
      `the data directory ${directory} is in use by process ${pid}; stop that, or choose another directory`,
    );
    this.name = 'DirectoryInUseError';
  }
}

/** The directories that this process has locked: it cannot tell itself from a dead process of the same number. */
const ours = new Set<string>();

/**
 * Keeps a second user away from a directory that only one may write to. A process that was killed leaves its mark;
 * the next one finds that nobody of that number lives, and takes over.
 *
 * @returns What gives the directory free.
 * @throws {@link DirectoryInUseError}
 */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  await mkdir(directory, { recursive: true });
  const mark = path.resolve(directory, 'manager.pid');
  if (ours.has(mark)) throw new DirectoryInUseError(directory, process.pid);
  ours.add(mark);
  try {
    await takeMark(directory, mark);
  } catch (error) {
    ours.delete(mark);
    throw error;
  }
  return async () => {
    await rm(mark, { force: true });
    ours.delete(mark);
  };
}

async function takeMark(directory: string, mark: string): Promise<void> {
  // Written first and linked then, so that nobody ever reads half a mark.
  const draft = `${mark}.${process.pid}`;
  await writeFile(draft, `${process.pid}\n`);
  try {
    while (!(await linkIfFree(draft, mark))) {
      const pid = await pidIn(mark);
      if (isAlive(pid)) throw new DirectoryInUseError(directory, pid);
      await discard(directory, mark);
    }
  } finally {
    await rm(draft, { force: true });
  }
}

/** Removes a mark that was found stale, unless another has replaced it since: then that is put back. */
async function discard(directory: string, mark: string): Promise<void> {
  const aside = `${mark}.${process.pid}.stale`;
  try {
    await rename(mark, aside);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return;
    throw error;
  }
  const pid = await pidIn(aside);
  if (isAlive(pid)) {
    await linkIfFree(aside, mark);
    await rm(aside, { force: true });
    throw new DirectoryInUseError(directory, pid);
  }
  await rm(aside, { force: true });
}

async function pidIn(mark: string): Promise<number> {
  return Number((await readFile(mark, 'utf8').catch(() => '')).trim());
}

function isSystemError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

async function linkIfFree(draft: string, mark: string): Promise<boolean> {
  try {
    await link(draft, mark);
    return true;
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Whether a process of this number runs. One that may not be asked runs. */
function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isSystemError(error, 'EPERM');
  }
}

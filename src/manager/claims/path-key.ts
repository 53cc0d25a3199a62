import { readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { PathResolutionError } from './errors.ts';

/** As many symbolic links as Linux follows in one lookup (path_resolution(7)). */
const MAX_LINKS = 40;

/**
 * The key under which a workspace is shared: one directory, one key, through whichever symbolic links the path
 * leads and whether or not the directory exists yet.
 *
 * For a path that does not exist the key is what it would resolve to if it were created: the real path of the
 * deepest ancestor that exists, plus the rest. A workspace opened before its directory is made therefore keeps
 * its key afterwards. A path that cannot be followed (a loop of links, a directory that may not be searched)
 * is not an error; its unresolved remainder stays as it is.
 *
 * @throws {@link PathResolutionError} when the path is relative and the working directory is gone.
 */
export async function resolveWorkspaceKey(path: string): Promise<string> {
  let absolute: string;
  try {
    absolute = resolve(path);
  } catch (error) {
    throw new PathResolutionError(error instanceof Error ? error.message : undefined, { cause: error });
  }
  return await follow(absolute, MAX_LINKS);
}

async function follow(absolute: string, linksLeft: number): Promise<string> {
  const real = await realpath(absolute).catch(() => undefined);
  if (real !== undefined) return real;

  const parent = dirname(absolute);
  if (parent === absolute) return absolute;

  const candidate = join(await follow(parent, linksLeft), basename(absolute));
  // A link whose target is missing counts as the target, since that is what it resolves to once made.
  const target = await readlink(candidate).catch(() => undefined);
  if (target === undefined || linksLeft === 0) return candidate;
  return await follow(resolve(dirname(candidate), target), linksLeft - 1);
}

import { isAbsolute, resolve } from 'node:path';
import { GraphArgumentError } from './errors.ts';

/** How the root of a workspace was found: by its repository, by a folder opened in an editor, or as given. */
export type RootMode = 'git-root' | 'workspace-folder' | 'explicit';

declare const madeByFactory: unique symbol;

/**
 * What a graph is shared under: equal roots with another mode or another configuration are other workspaces.
 * Made by {@link workspaceKey} alone; a literal does not type-check.
 */
export interface WorkspaceKey {
  readonly indexRoot: string;
  readonly rootMode: RootMode;
  /** An unsigned number of 64 bits. */
  readonly configFingerprint: bigint;
  /** The key as text, equal exactly for equal keys. */
  readonly id: string;
  readonly [madeByFactory]: true;
}

/** What a {@link WorkspaceKey} is made of. */
export interface WorkspaceKeyParts {
  /** An absolute path in any spelling. Links are not followed here: see `resolveWorkspaceKey`. */
  readonly indexRoot: string;
  /** Default `'git-root'`. */
  readonly rootMode?: RootMode;
  /** Default 0. */
  readonly configFingerprint?: bigint;
}

/**
 * The only maker of keys, so that one path has one spelling.
 *
 * @throws {@link GraphArgumentError} for a relative path, or a fingerprint of more than 64 bits.
 */
export function workspaceKey({
  indexRoot,
  rootMode = 'git-root',
  configFingerprint = 0n,
}: WorkspaceKeyParts): WorkspaceKey {
  if (!isAbsolute(indexRoot))
    throw new GraphArgumentError('indexRoot', `an absolute path, got '${indexRoot}'`);
  if (BigInt.asUintN(64, configFingerprint) !== configFingerprint) {
    throw new GraphArgumentError(
      'configFingerprint',
      `an unsigned number of 64 bits, got ${configFingerprint}`,
    );
  }
  const root = resolve(indexRoot);
  const id = JSON.stringify([root, rootMode, String(configFingerprint)]);
  // The brand is for the compiler only: it has no value.
  return Object.freeze({ indexRoot: root, rootMode, configFingerprint, id }) as WorkspaceKey;
}

/** The order in which one of several keys of a path is chosen: by mode, then by fingerprint. */
export function compareKeys(a: WorkspaceKey, b: WorkspaceKey): number {
  return (
    compare(a.indexRoot, b.indexRoot) ||
    compare(a.rootMode, b.rootMode) ||
    compare(a.configFingerprint, b.configFingerprint)
  );
}

function compare<T extends string | bigint>(a: T, b: T): number {
  if (a < b) return -1;
  return a > b ? 1 : 0;
}

import { Mutex } from '../../locks/index.ts';
import type { Cleanups } from './cleanups.ts';
import type { ClientTable } from './client-table.ts';

/** How a workspace is set up. The first create of a path decides; later ones get what is there. */
export interface WorkspaceSettings {
  /** Whether tools run without asking for permission. */
  readonly yolo: boolean;
  /** Whether the workspace logs in detail. */
  readonly debug: boolean;
  /** Where the workspace keeps its data; `''` leaves it to the builder. */
  readonly dataDir: string;
  /** The environment of the workspace's processes, as `NAME=value`. */
  readonly env: readonly string[];
  /** The channels that the workspace may be reached through; `undefined` for a client that does not care. */
  readonly channels?: readonly string[] | undefined;
}

/** What a {@link Workspace} is made of. */
export interface WorkspaceParts<Config> {
  readonly id: string;
  readonly path: string;
  readonly resolvedPath: string;
  readonly settings: WorkspaceSettings;
  readonly dataDir: string;
  readonly config: Config;
  readonly warn: ((message: string) => void) | undefined;
  readonly clients: ClientTable;
  readonly cleanups: Cleanups;
}

/**
 * A running workspace, shared by every client that has a claim on it.
 *
 * @typeParam Config - What the builder made of the workspace.
 */
export class Workspace<Config = unknown> {
  readonly id: string;
  /** The path as the first create gave it. */
  readonly path: string;
  /** The key it is shared under, see {@link resolveWorkspaceKey}. */
  readonly resolvedPath: string;
  /** The settings as the first create gave them. */
  readonly settings: WorkspaceSettings;
  /** Where the workspace keeps its data, after the builder has filled in a default. */
  readonly dataDir: string;
  readonly config: Config;

  /**
   * Guards `clients`. Detaching, releasing and expiring take this lock alone, so that the end of an event stream
   * does not queue behind creates of other workspaces. Second in the order: taken while `Backend.mu` is held,
   * never the other way round.
   *
   * Its sections contain no `await`, and the gate keeps it so: whoever holds it is done within the turn. On one
   * thread such a section would be atomic without a lock. The lock makes a rule of it: what it guards is declared,
   * a path that forgets it is found, and a section that has to wait for something one day (claims kept in a
   * store, say) is correct from its first `await` on.
   *
   * @internal
   */
  readonly clientsMu = new Mutex({ name: 'Workspace.clientsMu' });

  /**
   * @guardedBy clientsMu
   * @internal
   */
  readonly clients: ClientTable;

  readonly #warn: ((message: string) => void) | undefined;
  readonly #cleanups: Cleanups;

  constructor(parts: WorkspaceParts<Config>) {
    this.id = parts.id;
    this.path = parts.path;
    this.resolvedPath = parts.resolvedPath;
    this.settings = parts.settings;
    this.dataDir = parts.dataDir;
    this.config = parts.config;
    this.clients = parts.clients;
    this.#warn = parts.warn;
    this.#cleanups = parts.cleanups;
  }

  /** Shows a warning to the people who use the workspace, if the builder provided a way. */
  warn(message: string): void {
    this.#warn?.(message);
  }

  /**
   * Stops what the builder started. For the backend, once nobody can find the workspace any more.
   *
   * @internal
   */
  shutdown(): Promise<void> {
    return this.#cleanups.run();
  }
}

/** A workspace as clients see it. */
export interface WorkspaceInfo<Config = unknown> {
  readonly id: string;
  readonly path: string;
  readonly yolo: boolean;
  readonly debug: boolean;
  readonly dataDir: string;
  readonly config: Config;
  readonly env: readonly string[];
  /** The version of the server. */
  readonly version: string;
}

/** Describes `workspace` to clients of a server of this `version`. */
export function describeWorkspace<Config>(
  workspace: Workspace<Config>,
  version: string,
): WorkspaceInfo<Config> {
  const { id, path, settings, dataDir, config } = workspace;
  const { yolo, debug, env } = settings;
  return { id, path, yolo, debug, dataDir, config, env, version };
}

import { type Clock, MAX_DELAY_MS } from '../clock.ts';
import type { Logger } from '../obs/log.ts';
import type { Metrics } from '../obs/metrics.ts';
import type { BuildWorkspace } from './build.ts';
import type { PathIndex } from './path-index.ts';
import type { Workspace, WorkspaceInfo, WorkspaceSettings } from './workspace.ts';

/** How long, in milliseconds, a client that created a workspace may take to attach to it. */
export const DEFAULT_CREATE_GRACE_MS = 30_000;

/** How long, in milliseconds, a client may take to come back after the end of its last stream. */
export const DEFAULT_DETACH_GRACE_MS = 10_000;
/** How long, in milliseconds, a server stays that nobody needs. */
export const DEFAULT_IDLE_SHUTDOWN_DELAY_MS = 60_000;

/** What a client asks for when it creates, or joins, a workspace. */
export interface CreateArgs extends Partial<WorkspaceSettings> {
  readonly path: string;
  /** The client's UUID, in any spelling. */
  readonly clientId: string;
  /** The client's version; a difference to the server's is reported, and no reason to refuse. */
  readonly version?: string;
}

/** Options of {@link Backend.createWorkspace}. */
export interface CreateOptions {
  /**
   * Gives the create up: the caller's wait, and the build if it is this caller's. The builder is told, and waited
   * for until it has undone what it did.
   */
  readonly signal?: AbortSignal | undefined;
}

/** The outcome of a create. */
export interface Created<Config> {
  readonly workspace: Workspace<Config>;
  /** Describes `workspace` with the settings of whoever created it first. */
  readonly info: WorkspaceInfo<Config>;
}

/** Options of a {@link Backend}; only `build` is required. */
export interface BackendOptions<Config> {
  readonly build: BuildWorkspace<Config>;
  /** The server's version, for clients to compare with theirs. */
  readonly version?: string | undefined;
  /**
   * Ends the server: called at most once, when the last workspace has shut down, no create is pending and the
   * server has lingered, or on {@link Backend.shutdown} and {@link Backend.shutdownIfIdle}. Without it an idle backend stays open.
   */
  readonly shutdownServer?: (() => void | Promise<void>) | undefined;
  /** See {@link DEFAULT_CREATE_GRACE_MS}. */
  readonly createGraceMs?: number | undefined;
  /** See {@link DEFAULT_DETACH_GRACE_MS}. 0: the last stream ends the claim at once. */
  readonly detachGraceMs?: number | undefined;
  /** See {@link DEFAULT_IDLE_SHUTDOWN_DELAY_MS}. 0: the server goes with the last workspace; `Infinity`: it stays. */
  readonly idleShutdownDelayMs?: number | undefined;
  readonly index?: PathIndex | undefined;
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
  readonly metrics?: Metrics | undefined;
}

/**
 * Returns `ms` if a timer can wait that long.
 *
 * @param name - Of the option.
 * @throws RangeError otherwise.
 */
export function checkedDelay(name: string, ms: number): number {
  if (ms >= 0 && ms <= MAX_DELAY_MS) return ms;
  throw new RangeError(`${name} must be from 0 to ${MAX_DELAY_MS}, got ${ms}`);
}

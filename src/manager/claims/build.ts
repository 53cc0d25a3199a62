import type { Clock } from '../clock.ts';
import type { Logger } from '../obs/log.ts';
import { type Cleanup, Cleanups } from './cleanups.ts';
import { ClientTable } from './client-table.ts';
import { WorkspaceBuildError } from './errors.ts';
import { Workspace, type WorkspaceSettings } from './workspace.ts';

/** What a builder has to build. */
export interface BuildRequest extends WorkspaceSettings {
  readonly id: string;
  readonly path: string;
  readonly resolvedPath: string;
}

/** What a builder may use while it builds. */
export interface BuildContext {
  /** Aborts when nobody wants the workspace any more. */
  readonly signal: AbortSignal;
  /**
   * Registers how to undo a step just taken (close the connection just opened). It is undone exactly once, in
   * reverse order: when the build fails, or when the workspace has shut down.
   */
  defer(cleanup: Cleanup): void;
}

/** What a builder has built. */
export interface BuiltWorkspace<Config> {
  readonly config: Config;
  /** Where the workspace keeps its data; default: what was requested. */
  readonly dataDir?: string;
  /**
   * Stops the workspace; runs before what the builder has deferred, with no lock held. It must not wait for a
   * create of its own path, nor for {@link Backend.close}: both wait for it.
   */
  readonly shutdown?: Cleanup;
  /** Shows a warning inside the workspace. */
  readonly warn?: (message: string) => void;
}

/**
 * Builds a workspace: configuration, data directory, database, application. It runs with no lock held, and never
 * twice at once for one directory.
 */
export type BuildWorkspace<Config> = (
  request: BuildRequest,
  context: BuildContext,
) => BuiltWorkspace<Config> | Promise<BuiltWorkspace<Config>>;

/** What {@link runBuilder} needs besides the request. */
export interface BuildTools {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Runs `build` and makes a workspace of the result. A build that fails, or that succeeds after `signal` has
 * aborted, is undone before this throws.
 *
 * @throws {@link WorkspaceBuildError}, or the reason of `signal` once that has aborted.
 */
export async function runBuilder<Config>(
  build: BuildWorkspace<Config>,
  request: BuildRequest,
  { signal, clock, logger }: BuildTools,
): Promise<Workspace<Config>> {
  const { id, path, resolvedPath, yolo, debug, dataDir, env, channels } = request;
  const cleanups = new Cleanups((error) => {
    logger.error('Workspace cleanup failed', { workspace_id: id, path, error });
  });
  try {
    const built = await build(request, { signal, defer: (cleanup) => cleanups.defer(cleanup) });
    cleanups.defer(() => built.shutdown?.());
    signal.throwIfAborted();
    return new Workspace({
      id,
      path,
      resolvedPath,
      settings: { yolo, debug, dataDir, env, channels },
      dataDir: built.dataDir ?? dataDir,
      config: built.config,
      warn: (message) => built.warn?.(message),
      clients: new ClientTable(clock),
      cleanups,
    });
  } catch (error) {
    await cleanups.run();
    signal.throwIfAborted();
    throw new WorkspaceBuildError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

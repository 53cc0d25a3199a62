import { stat } from 'node:fs/promises';
import type { BuildWorkspace } from './claims/index.ts';
import type { Clock } from './clock.ts';
import { Broker } from './events/broker.ts';
import type { GraphService } from './graph-service.ts';
import { workspaceKey } from './graphs/index.ts';
import type { Metrics } from './obs/metrics.ts';

/** Something that happened in a workspace, as its clients are told. */
export interface WorkspaceEvent {
  readonly type: 'warning' | 'graph_published' | 'closing';
  readonly [field: string]: unknown;
}

/** A workspace was asked for at a path where something else is than a directory. */
class NotADirectoryError extends Error {
  readonly code = 'ERR_NOT_A_DIRECTORY';

  constructor(path: string) {
    super(`${path} is not a directory`);
    this.name = 'NotADirectoryError';
  }
}

/** What the server keeps for an open workspace. */
export interface ServedWorkspace {
  readonly events: Broker<WorkspaceEvent>;
  /** What clients see of it. */
  readonly settings: { readonly graph_root: string };
}

/** What a served workspace is made with. */
export interface ServedWorkspaceTools {
  readonly graphs: GraphService;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/**
 * Builds the workspaces of the server: a directory, the events of those who share it, and its graph, which is built
 * when somebody asks for it, and unloaded with the workspace.
 */
export function servedWorkspaces({
  graphs,
  clock,
  metrics,
}: ServedWorkspaceTools): BuildWorkspace<ServedWorkspace> {
  return async ({ resolvedPath }) => {
    const found = await stat(resolvedPath).catch(() => undefined);
    if (found && !found.isDirectory()) throw new NotADirectoryError(resolvedPath);
    const key = workspaceKey({ indexRoot: resolvedPath });
    const events = new Broker<WorkspaceEvent>({ clock, metrics });
    const unsubscribe = graphs.onPublish(resolvedPath, () => events.publish({ type: 'graph_published' }));
    return {
      config: { events, settings: { graph_root: resolvedPath } },
      warn: (message) => events.publish({ type: 'warning', message }),
      shutdown: async () => {
        unsubscribe();
        events.publish({ type: 'closing' });
        events.close();
        await graphs.manager.unload(key);
      },
    };
  };
}

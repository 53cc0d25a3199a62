import {
  Backend,
  type BackendOptions,
  type BuildContext,
  type BuildRequest,
  type BuiltWorkspace,
  parseClientId,
} from '../../../src/manager/index.ts';
import { client, FakeClock, RecordingLogger } from '../fakes.ts';

export { client, FakeClock, Gate, makeDirectory, RecordingLogger, settle, turns } from '../fakes.ts';

/** The grace period of the tests' backends, in milliseconds of the fake clock. */
export const GRACE = 50;

export const [A, B, C] = [client(0xa), client(0xb), client(0xc)] as const;

/** What the fake builder makes: a count of the shutdowns, and the warnings shown. */
export interface App {
  readonly request: BuildRequest;
  shutdowns: number;
  readonly warnings: string[];
}

/** A backend on fakes, with everything it did in the open. */
export interface Harness {
  readonly backend: Backend<App>;
  readonly clock: FakeClock;
  readonly log: RecordingLogger;
  /** Every app built, the oldest first. */
  readonly apps: App[];
  readonly server: { shutdowns: number };
  /** Creates a workspace whose only claim is that of `clientId`. */
  open(clientId: string, path?: string): Promise<OpenWorkspace>;
}

export interface OpenWorkspace {
  readonly id: string;
  readonly app: App;
  /** The clients with a claim. */
  clients(among?: readonly string[]): string[];
  /** The claim of a client, its timer reduced to whether it runs. */
  claim(clientId: string): { streams: number; held: boolean } | undefined;
  /** The number of claims. */
  readonly size: number;
}

/** A builder that is done at once. */
export async function buildApp(request: BuildRequest, _context: BuildContext): Promise<BuiltWorkspace<App>> {
  const app: App = { request, shutdowns: 0, warnings: [] };
  return {
    config: app,
    shutdown: () => {
      app.shutdowns++;
    },
    warn: (message) => {
      app.warnings.push(message);
    },
  };
}

/** Starts a backend on fakes. */
export function startBackend(options: Partial<BackendOptions<App>> = {}): Harness {
  const clock = new FakeClock();
  const log = new RecordingLogger();
  const apps: App[] = [];
  const server = { shutdowns: 0 };
  const { build = buildApp, ...rest } = options;
  const backend = new Backend<App>({
    build: async (request, context) => {
      const built = await build(request, context);
      apps.push(built.config);
      return built;
    },
    shutdownServer: () => {
      server.shutdowns++;
    },
    createGraceMs: GRACE,
    // As the system has it that these tests come from.
    detachGraceMs: 0,
    idleShutdownDelayMs: 0,
    clock,
    logger: log,
    ...rest,
  });

  const open = async (clientId: string, path = '/'): Promise<OpenWorkspace> => {
    const { workspace } = await backend.createWorkspace({ path, clientId });
    return {
      id: workspace.id,
      app: workspace.config,
      get size() {
        return workspace.clients.size;
      },
      clients: (among = [A, B, C]) =>
        among.filter((id) => workspace.clients.get(parseClientId(id)) !== undefined),
      claim: (id) => {
        const state = workspace.clients.get(parseClientId(id));
        return state && { streams: state.streams, held: state.holdTimer !== undefined };
      },
    };
  };
  return { backend, clock, log, apps, server, open };
}

import { chmod, lstat, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { Cleanups } from './claims/cleanups.ts';
import { Backend } from './claims/index.ts';
import { type Clock, systemClock } from './clock.ts';
import { ConfigError, type ManagerConfig } from './config.ts';
import type { FileGraph } from './file-graph/file-graph.ts';
import { ControlPlaneBackend, Fleet, type FleetBackends, ProcessBackend } from './fleet/index.ts';
import { GraphService } from './graph-service.ts';
import { type GraphBuilder, workerBuilder } from './graphs/index.ts';
import { adminAuth } from './http/admin-auth.ts';
import { adminRoutes } from './http/routes/admin.ts';
import { claimsRoutes } from './http/routes/claims.ts';
import { delegationRoutes } from './http/routes/delegations.ts';
import { fleetRoutes } from './http/routes/fleet.ts';
import { sessionRoutes } from './http/routes/sessions.ts';
import { systemRoutes } from './http/routes/system.ts';
import { uploadRoutes } from './http/routes/uploads.ts';
import { rpcRoute } from './http/rpc.ts';
import { type App, createServer } from './http/server.ts';
import { openWorkspaceAuth } from './http/workspace-auth.ts';
import { DelegationSweeper, Ledger } from './ledger/index.ts';
import { lineLogger } from './obs/line-logger.ts';
import { prometheusMetrics } from './obs/metrics.ts';
import { provisionLog } from './obs/provlog.ts';
import { Supervisor } from './obs/supervise.ts';
import { type ServedWorkspace, servedWorkspaces } from './served-workspace.ts';
import { openRedisCache, SessionManager } from './sessions/index.ts';
import { type Db, migrate, openDb } from './store/index.ts';
import { PendingUploads, startUploadSweeper } from './uploads/index.ts';

const HEARTBEAT_MS = 15_000;

/** What a manager is started with, besides its settings. */
export interface StartOptions {
  readonly version: string;
  /** Receives the lines of the log. */
  readonly write: (line: string) => void;
  readonly clock?: Clock;
  /** Opens the database. Default: as the settings say. */
  readonly openDatabase?: () => Promise<Db>;
  /** Builds the graphs. Default: in a worker. */
  readonly graphBuilder?: GraphBuilder<FileGraph>;
}

/** A manager that serves. */
export interface RunningManager {
  /** Where it listens: a URL, or the path of a socket after `unix:`. */
  readonly address: string;
  /** Fulfilled when it has ended, by {@link RunningManager.close} or by itself. */
  readonly closed: Promise<void>;
  /** Ends it: streams first, then what they used, last the database. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts a whole manager.
 *
 * @throws {@link ConfigError}, `DirectoryInUseError`, or what the database, the cache or the socket fails with. What
 * had been started is ended then.
 */
export async function startManager(config: ManagerConfig, options: StartOptions): Promise<RunningManager> {
  const { version, write, clock = systemClock } = options;
  const { graphBuilder = workerBuilder<FileGraph>(new URL('./file-graph/worker.js', import.meta.url)) } =
    options;
  const logger = lineLogger(config.logLevel, write, () => clock.epoch());
  const parts = new Cleanups((error) => logger.error('Part of the manager not ended', { error }));
  let onClosed = (): void => {};
  const closed = new Promise<void>((resolve) => {
    onClosed = resolve;
  });
  const close = (): Promise<void> => parts.run().then(onClosed);

  try {
    const metrics = await prometheusMetrics();
    const shared = { clock, logger, metrics };
    const { openDatabase = () => openDb({ ...config.database, directory: config.directory, logger }) } =
      options;
    const db = await openDatabase();
    parts.defer(() => db.close());
    await migrate(db);

    const supervisor = new Supervisor(shared);
    parts.defer(() => supervisor.close());

    const cache =
      config.redisUrl === undefined ? undefined : await openRedisCache({ url: config.redisUrl, ...shared });
    parts.defer(() => cache?.close());
    const sessions = await SessionManager.open({ db, cache, ...shared });
    parts.defer(() => sessions.close());

    const provisions = provisionLog(write);
    const fleet = new Fleet({ db, backends: backendsOf(config, clock), provisionLog: provisions, ...shared });
    parts.defer(() => fleet.close());
    await fleet.start();

    const uploads = new PendingUploads(db);
    startUploadSweeper(supervisor, { uploads, ...shared });
    new DelegationSweeper({ db, stuckThresholdS: config.stuckThresholdMs / 1_000, ...shared }).start(
      supervisor,
    );

    const ledger = new Ledger({ db, writes: config.ledgerWrites ? 'on' : 'off' });

    const graphs = new GraphService({
      builder: graphBuilder,
      version,
      config: { memoryLimitMb: config.memoryLimitBytes / 2 ** 20 },
      ...shared,
    });
    parts.defer(() => graphs.manager.close());
    const backend = new Backend<ServedWorkspace>({
      build: servedWorkspaces({ graphs, ...shared }),
      version,
      createGraceMs: config.createGraceMs,
      detachGraceMs: config.detachGraceMs,
      idleShutdownDelayMs: config.idleShutdownMs,
      shutdownServer: () => void close(),
      ...shared,
    });

    const app = await createServer(logger, clock);
    const auth = await openWorkspaceAuth(db);
    systemRoutes(app, { version, db, metrics });
    claimsRoutes(app, { backend, clock, heartbeatMs: HEARTBEAT_MS });
    rpcRoute(app, graphs);
    sessionRoutes(app, { sessions });
    fleetRoutes(app, { fleet, auth });
    uploadRoutes(app, { uploads, fleet, auth });
    delegationRoutes(app, { ledger, auth });
    adminRoutes(app, { db, adminAuth: adminAuth(config.adminToken) });
    parts.defer(() => app.close());
    // Before the server: it waits for its requests, and those for an import, or a build, that may take hours.
    parts.defer(async () => void (await Promise.all([fleet.close(), graphs.manager.close()])));
    // Before the server: its streams end with the workspaces, and a server waits for its streams.
    parts.defer(() => backend.close());

    const address = await listen(app, config.listen);
    logger.info('Manager started', { address, database: db.kind, cache: cache ? 'redis' : 'none' });
    return { address, closed, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function listen(app: App, where: ManagerConfig['listen']): Promise<string> {
  if (!('socket' in where)) {
    try {
      return await app.listen(where);
    } catch (error) {
      // The one error that does not say whose host it is that is not found.
      if (!(error instanceof Error && 'syscall' in error && error.syscall === 'getaddrinfo')) throw error;
      throw new ConfigError(`WS_MANAGER_HOST=${JSON.stringify(where.host)} cannot be used: ${error.message}`);
    }
  }
  await removeStaleSocket(where.socket);
  await app.listen({ path: where.socket });
  // Whoever may connect may do everything.
  await chmod(where.socket, 0o600);
  return `unix:${where.socket}`;
}

/**
 * Removes a socket that a killed manager has left behind. One at which somebody answers stays.
 *
 * @throws {@link ConfigError} if something else is there.
 */
async function removeStaleSocket(file: string): Promise<void> {
  const there = await lstat(file).catch(() => undefined);
  if (there && !there.isSocket()) {
    throw new ConfigError(
      `WS_MANAGER_SOCKET=${JSON.stringify(file)} cannot be used: it is there, and no socket`,
    );
  }
  const refused = await new Promise<boolean>((resolve) => {
    const probe = connect(file);
    probe.once('connect', () => {
      probe.destroy();
      resolve(false);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
  });
  if (refused) await rm(file, { force: true });
}

function backendsOf(config: ManagerConfig, clock: Clock): FleetBackends {
  const { controlPlane, workspaceCommand, directory } = config;
  const backends: { controlPlane?: ControlPlaneBackend; process?: ProcessBackend } = {};
  if (controlPlane) backends.controlPlane = new ControlPlaneBackend({ ...controlPlane, clock });
  if (workspaceCommand !== undefined) {
    if (directory === undefined) {
      throw new ConfigError(
        'WS_MANAGER_WORKSPACE_COMMAND needs a data directory for pids and logs; set WS_MANAGER_DATA',
      );
    }
    backends.process = new ProcessBackend({
      directory: path.join(directory, 'processes'),
      command: ['/bin/sh', '-c', `exec ${workspaceCommand}`],
      clock,
    });
  }
  return backends;
}

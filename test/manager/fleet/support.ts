import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { FleetClaims } from '../../../src/manager/fleet/claims.ts';
import { Dispatchers, type FleetBackends } from '../../../src/manager/fleet/dispatchers.ts';
import { FleetRows } from '../../../src/manager/fleet/rows.ts';
import { StatusFeed } from '../../../src/manager/fleet/status-feed.ts';
import {
  type Db,
  Fleet,
  type FleetOptions,
  type FleetWorkspace,
  type Instance,
  type InstanceSpec,
  type ProvisionBackend,
  provisionLog,
  Supervisor,
  silentMetrics,
} from '../../../src/manager/index.ts';
import { FakeClock, type Gate, RecordingLogger, settle } from '../fakes.ts';

/** Waits until `condition` holds, as long as the test may take. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await settle();
}

/** A backend in this process. It counts what would be an instance too many. */
export class FakeBackend implements ProvisionBackend {
  readonly name: string;
  readonly running = new Map<string, Instance>();
  readonly calls: string[] = [];
  readonly specs: InstanceSpec[] = [];
  /** Instances that were made, of all workspaces. */
  made = 0;
  /** Starts of a workspace while another start of it was under way. */
  overlaps = 0;
  /** Errors that the next starts and stops end with. */
  readonly startErrors: Error[] = [];
  readonly stopErrors: Error[] = [];
  /** While set, a start, or a stop, waits for it after it was called. */
  startGate: Gate | undefined;
  stopGate: Gate | undefined;
  readonly #starting = new Set<string>();

  constructor(name = 'fake') {
    this.name = name;
  }

  async start(spec: InstanceSpec): Promise<Instance> {
    const { workspaceId } = spec;
    this.calls.push(`start ${workspaceId}`);
    this.specs.push(spec);
    if (this.#starting.has(workspaceId)) this.overlaps++;
    this.#starting.add(workspaceId);
    try {
      await settle();
      await this.startGate?.opened;
      const error = this.startErrors.shift();
      if (error) throw error;
      const running = this.running.get(workspaceId);
      if (running) return running;
      const instance: Instance = {
        workspaceId,
        instanceId: `${this.name}-${++this.made}`,
        health: 'healthy',
      };
      this.running.set(workspaceId, instance);
      return instance;
    } finally {
      this.#starting.delete(workspaceId);
    }
  }

  async stop(workspaceId: string): Promise<void> {
    this.calls.push(`stop ${workspaceId}`);
    await settle();
    await this.stopGate?.opened;
    const error = this.stopErrors.shift();
    if (error) throw error;
    this.running.delete(workspaceId);
  }

  async list(): Promise<Instance[]> {
    return [...this.running.values()];
  }
}

/** Everything that a fleet is made of, to be called on its own. */
export function makeParts(db: Db, backends: FleetBackends) {
  const clock = new FakeClock();
  const logger = new RecordingLogger();
  const events: string[] = [];
  const supervisor = new Supervisor({ clock, logger, metrics: silentMetrics });
  onTestFinished(() => supervisor.close());
  const rows = new FleetRows(db);
  const feed = new StatusFeed(logger);
  const claims = new FleetClaims({ db, rows, feed, supervisor, clock, logger, ttlMs: 30_000 });
  const dispatchers = new Dispatchers({
    backends,
    timeouts: { startMs: 120_000, stopMs: 30_000, listMs: 15_000 },
    claims,
    supervisor,
    clock,
    logger,
    metrics: silentMetrics,
    provisionLog: provisionLog((line) => events.push(line)),
  });
  const insert = async (name = 'ada') => {
    const claim = await claims.insert(newWorkspace(name));
    if (!claim) throw new Error(`there is a workspace '${name}'`);
    return claim;
  };
  return { clock, logger, events, supervisor, rows, feed, claims, dispatchers, insert };
}

export function newWorkspace(name: string, parentId: string | null = null) {
  return { id: randomUUID(), parentId, name, runtime: 'node', model: 'm', tier: 3, config: {} };
}

/** A fleet whose time stands still, that ends with the test. Nothing runs in its background unless told. */
export function makeFleet(db: Db, options: Partial<FleetOptions> = {}) {
  const clock = new FakeClock();
  const logger = new RecordingLogger();
  const events: string[] = [];
  const fleet = new Fleet({
    db,
    clock,
    logger,
    pacingMs: 0,
    provisionLog: provisionLog((line) => events.push(line)),
    ...options,
  });
  onTestFinished(() => fleet.close());
  return { clock, logger, events, fleet };
}

/** Waits until a workspace has a status, and returns it. */
export async function becomes(fleet: Fleet, id: string, status: string): Promise<FleetWorkspace> {
  let found = await fleet.get(id);
  await until(async () => {
    found = await fleet.get(id);
    return found.status === status;
  });
  return found;
}

/** A workspace that is online. */
export async function online(
  fleet: Fleet,
  name: string,
  parentId: string | null = null,
): Promise<FleetWorkspace> {
  const { id } = await fleet.create({ name, runtime: 'node', parentId });
  return await becomes(fleet, id, 'online');
}

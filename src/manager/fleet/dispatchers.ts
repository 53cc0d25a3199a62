import { KeyedMutex } from '../../locks/index.ts';
import type { Clock } from '../clock.ts';
import { withDeadline } from '../deadline.ts';
import type { Logger } from '../obs/log.ts';
import type { Metrics } from '../obs/metrics.ts';
import type { ProvisionLog } from '../obs/provlog.ts';
import type { Supervisor } from '../obs/supervise.ts';
import type { Instance, InstanceSpec, ProvisionBackend } from './backends/backend.ts';
import type { FleetClaim, FleetClaims, Settlement } from './claims.ts';
import { instanceConfig } from './default-config.ts';
import { defaultTierOf } from './default-tier.ts';
import { FleetError } from './errors.ts';
import { retry } from './retry.ts';
import type { Slots } from './slots.ts';
import { AT_REST, STATUS } from './status.ts';

/** The backends of a fleet. Where both are given, everything goes to the control plane. */
export interface FleetBackends {
  readonly controlPlane?: ProvisionBackend | undefined;
  readonly process?: ProvisionBackend | undefined;
}

/** How long, in milliseconds, a backend may take. */
export interface BackendTimeouts {
  readonly startMs: number;
  readonly stopMs: number;
  readonly listMs: number;
}

/** What {@link Dispatchers} work with. */
export interface DispatchersOptions {
  readonly backends: FleetBackends;
  readonly timeouts: BackendTimeouts;
  readonly claims: FleetClaims;
  readonly supervisor: Supervisor;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly provisionLog: ProvisionLog;
}

/** Options of a restart. */
export interface RestartOptions {
  /** Starts with a fresh session of the agent. For processes only: a control plane keeps none. */
  readonly resetSession?: true | undefined;
}

type Session = InstanceSpec['session'];

const NO_BACKEND =
  'no provisioning backend available — configure a control plane or a command for local processes';

/**
 * Starts and stops instances. The only file that knows that there are backends, and which comes first: the control
 * plane, then local processes, and without either a provision fails in its row, while there is nothing to stop.
 *
 * Everything is done on the claim of its caller, which is settled at the end. Within this manager the provision gate of
 * the workspace keeps operations in order: it is taken before anything is detached and given back when the work in the
 * background is over. It is not reentrant: who holds it calls the variant that is `…Locked`.
 *
 * No call of a backend takes longer than its timeout, whether the backend heeds it or not.
 */
export class Dispatchers {
  /** First in the order of locks. Held while instances are started and stopped. */
  readonly provisionGate = new KeyedMutex({ name: 'Dispatchers.provisionGate' });

  readonly #options: DispatchersOptions;
  readonly #controlPlane: ProvisionBackend | undefined;
  readonly #process: ProvisionBackend | undefined;

  constructor(options: DispatchersOptions) {
    this.#options = options;
    this.#controlPlane = options.backends.controlPlane;
    this.#process = options.backends.process;
  }

  /** Whether anything can be started. */
  hasProvisioner(): boolean {
    return this.#backend() !== undefined;
  }

  /** Whether instances run on a control plane. */
  isSaaS(): boolean {
    return this.#controlPlane !== undefined;
  }

  /** The tier of a workspace that asks for none. */
  defaultTier(): number {
    return defaultTierOf(this.isSaaS() ? 'saas' : 'self-hosted');
  }

  /** Starts an instance in the background. Returns whether there is a backend to start it on. */
  provisionWorkspaceAuto(claim: FleetClaim): boolean {
    // The place in the queue is taken here, and not when the background gets to it.
    const gate = this.provisionGate.acquire(claim.workspace.id);
    this.#options.supervisor.spawn('provision', async () => {
      using _gate = await gate;
      await this.#provision(claim, 'keep', 'async');
    });
    return this.hasProvisioner();
  }

  /**
   * Claims a workspace under its gate, and starts an instance in the background.
   *
   * @param take - Takes the claim, or finds that there is none to take.
   * @param slots - Of these one is waited for before the start, and given back after it.
   * @returns What `take` has come to, as soon as it has; the start is then still to come.
   */
  provisionWorkspaceAutoClaiming(
    id: string,
    take: () => Promise<FleetClaim | undefined>,
    slots?: Slots,
  ): Promise<FleetClaim | undefined> {
    const gate = this.provisionGate.acquire(id);
    return new Promise((resolve, reject) => {
      this.#options.supervisor.spawn('provision', async () => {
        using _gate = await gate;
        const claim = await take().catch(reject);
        resolve(claim ?? undefined);
        if (!claim) return;
        using _slot = await slots?.acquire();
        await this.#provision(claim, 'keep', 'async');
      });
    });
  }

  /** Starts an instance, and waits. Returns whether it runs. */
  async provisionWorkspaceAutoSync(claim: FleetClaim): Promise<boolean> {
    using _gate = await this.provisionGate.acquire(claim.workspace.id);
    return await this.provisionWorkspaceAutoSyncLocked(claim);
  }

  /** {@link Dispatchers.provisionWorkspaceAutoSync} for who holds the gate. */
  async provisionWorkspaceAutoSyncLocked(claim: FleetClaim, session: Session = 'keep'): Promise<boolean> {
    return await this.#provision(claim, session, 'sync');
  }

  /** Stops the instance of a workspace. Without a backend there is none. @throws What the backend throws, at once. */
  async stopWorkspaceAuto(id: string): Promise<void> {
    const backend = this.#backend();
    if (!backend) return;
    await this.#stop(backend, id);
  }

  /** {@link Dispatchers.stopWorkspaceAuto}, up to three times. */
  async stopWorkspaceAutoWithRetry(id: string): Promise<void> {
    await retry(this.#options.supervisor, () => this.stopWorkspaceAuto(id));
  }

  /**
   * Stops what may run for a workspace that should have no instance; for who holds the gate.
   *
   * @returns Whether it was stopped: not if the workspace is wanted again, or somebody else is at work on it.
   */
  async stopAtRestLocked(id: string): Promise<boolean> {
    try {
      using claim = await this.#options.claims.take(id, AT_REST, 'same');
      await this.stopWorkspaceAuto(id);
      return await claim.settle({ status: claim.workspace.status, instanceId: null });
    } catch (error) {
      if (!(error instanceof FleetError))
        this.#leakSuspect('instance of a workspace at rest not stopped', id, error);
      return false;
    }
  }

  /** Stops what runs, and starts an instance, in the background. Returns whether there is a backend. */
  restartWorkspaceAuto(claim: FleetClaim): boolean {
    return this.restartWorkspaceAutoOpts(claim, {});
  }

  /** {@link Dispatchers.restartWorkspaceAuto} with options. */
  restartWorkspaceAutoOpts(claim: FleetClaim, options: RestartOptions): boolean {
    const gate = this.provisionGate.acquire(claim.workspace.id);
    this.#options.supervisor.spawn('restart', async () => {
      using _gate = await gate;
      await this.restartWorkspaceAutoSyncLocked(claim, options);
    });
    return this.hasProvisioner();
  }

  /** Stops what runs, starts an instance, and waits; for who holds the gate. Returns whether it runs. */
  async restartWorkspaceAutoSyncLocked(claim: FleetClaim, options: RestartOptions): Promise<boolean> {
    await this.#stopForRestart(claim.workspace.id);
    return await this.provisionWorkspaceAutoSyncLocked(claim, options.resetSession ? 'reset' : 'keep');
  }

  /** Everything that runs on the backend; undefined without one. @throws What the backend throws. */
  async listInstances(): Promise<Instance[] | undefined> {
    const backend = this.#backend();
    if (!backend) return undefined;
    const { clock, timeouts } = this.#options;
    return await withDeadline(clock, timeouts.listMs, `list of ${backend.name}`, (signal) =>
      backend.list({ signal }),
    );
  }

  #backend(): ProvisionBackend | undefined {
    return this.#controlPlane ?? this.#process;
  }

  async #provision(held: FleetClaim, session: Session, mode: 'sync' | 'async'): Promise<boolean> {
    using claim = held;
    const { clock, timeouts, supervisor, metrics, logger, provisionLog } = this.#options;
    const { workspace } = claim;
    const backend = this.#backend();
    const told = { workspace_id: workspace.id, backend: backend?.name ?? 'none' };
    provisionLog('provision.start', { ...told, sync: mode === 'sync' });
    if (!backend) {
      metrics.count('ws_manager_provisions_total', 'no_backend');
      await claim.settle(failure(NO_BACKEND));
      return false;
    }
    try {
      const instance = await withDeadline(
        clock,
        timeouts.startMs,
        `start on ${backend.name}`,
        (signal) => backend.start(specOf(claim, session), { signal }),
        AbortSignal.any([claim.signal, supervisor.signal]),
      );
      provisionLog('provision.instance_started', { ...told, instance_id: instance.instanceId });
      if (await claim.settle(started(instance))) {
        metrics.count('ws_manager_provisions_total', 'ok');
        return true;
      }
      logger.warn('Workspace was taken away while it was started', told);
    } catch (error) {
      // The end of the manager is no failure of the workspace: whoever comes next starts it.
      if (supervisor.signal.aborted) {
        await claim.yield();
        return false;
      }
      logger.error('Workspace could not be started', { ...told, error });
      // It may have been, or may be still. While the claim lasts nobody else starts one.
      await this.#stopQuietly(claim);
      if (await claim.settle(failure(messageOf(error)))) {
        metrics.count('ws_manager_provisions_total', 'failed');
        return false;
      }
    }
    metrics.count('ws_manager_provisions_total', 'failed');
    await this.stopAtRestLocked(workspace.id);
    return false;
  }

  async #stopQuietly({ workspace, signal }: FleetClaim): Promise<void> {
    if (signal.aborted) return;
    try {
      await this.stopWorkspaceAuto(workspace.id);
    } catch (error) {
      this.#leakSuspect('instance not stopped after a failed start', workspace.id, error);
    }
  }

  /** A control plane may have a bad moment, and gets three tries; after that, the start is what counts. */
  async #stopForRestart(id: string): Promise<void> {
    const { provisionLog, supervisor } = this.#options;
    const backend = this.#backend();
    provisionLog('restart.pre_stop', { workspace_id: id, backend: backend?.name ?? 'none' });
    if (!backend) return;
    try {
      if (backend === this.#controlPlane) await retry(supervisor, () => this.#stop(backend, id));
      else await this.#stop(backend, id);
    } catch (error) {
      this.#leakSuspect('instance not stopped before its restart', id, error);
    }
  }

  /** The line to search a log for when there are more instances than workspaces. */
  #leakSuspect(what: string, id: string, error: unknown): void {
    const backend = this.#backend()?.name ?? 'none';
    this.#options.logger.error(`LEAK-SUSPECT: ${what}`, { workspace_id: id, backend, error });
  }

  async #stop(backend: ProvisionBackend, id: string): Promise<void> {
    const { clock, timeouts, provisionLog } = this.#options;
    await withDeadline(clock, timeouts.stopMs, `stop on ${backend.name}`, (signal) =>
      backend.stop(id, { signal }),
    );
    provisionLog('provision.instance_stopped', { workspace_id: id, backend: backend.name });
  }
}

function failure(message: string): Settlement {
  return { status: STATUS.failed, lastError: message };
}

function started({ instanceId, health }: Instance): Settlement {
  return {
    status: health === 'healthy' ? STATUS.online : STATUS.degraded,
    instanceId,
    lastError: null,
  };
}

function specOf({ workspace }: FleetClaim, session: Session): InstanceSpec {
  const { id, name, runtime, model, tier } = workspace;
  return { workspaceId: id, name, runtime, model, tier, config: instanceConfig(workspace), session };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

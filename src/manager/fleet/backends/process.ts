import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../clock.ts';
import { isUuid } from '../../uuid.ts';
import {
  type BackendCallOptions,
  type Instance,
  type InstanceSpec,
  type ProvisionBackend,
  ProvisionError,
} from './backend.ts';
import {
  EXISTS_EXIT_CODE,
  isRunning,
  listPidFiles,
  type PidRecord,
  pidFile,
  readPidFile,
  removePidFile,
  START_SCRIPT,
} from './pid-file.ts';

const STOP_GRACE_MS = 5_000;
const KILL_GRACE_MS = 5_000;
const STARTUP_MS = 200;
const POLL_MS = 20;

/** How processes are started. */
export interface ProcessBackendOptions {
  /** Keeps a pid file and a log per workspace. Managers that share a database share it, and hence the machine. */
  readonly directory: string;
  /** The program and its arguments. */
  readonly command: readonly [program: string, ...args: string[]];
  /** Added to the environment, which holds nothing of the manager's but `PATH`, `HOME`, `LANG` and `TMPDIR`. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly cwd?: string | undefined;
  /** How long, in milliseconds, a process may take to end after SIGTERM, before it gets SIGKILL. Default 5 s. */
  readonly stopGraceMs?: number | undefined;
  /** A process that ends within this time has not started. Default 200 ms. */
  readonly startupMs?: number | undefined;
  /** Looks whether a running process is well. Without it, running is well. */
  readonly isHealthy?: ((workspaceId: string, pid: number) => Promise<boolean>) | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * Instances that are processes of this machine, each the leader of a group of its own.
 *
 * They outlive the manager: one that starts again, or another beside it, finds them by their pid files. Such a file is
 * written by the process itself, before it is anything else, and only where there is none: see `START_SCRIPT`.
 */
export class ProcessBackend implements ProvisionBackend {
  readonly name = 'process';
  readonly #options: ProcessBackendOptions;
  readonly #clock: Clock;

  constructor(options: ProcessBackendOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  async start(spec: InstanceSpec, { signal }: BackendCallOptions): Promise<Instance> {
    const { workspaceId } = spec;
    const running = await this.#running(workspaceId);
    if (running) return await this.#instance(workspaceId, running);
    await mkdir(this.#options.directory, { recursive: true });
    signal.throwIfAborted();
    const exit = await this.#spawn(spec);
    const record = await this.#whenStarted(workspaceId, exit, signal);
    return await this.#instance(workspaceId, record);
  }

  async stop(workspaceId: string, { signal }: BackendCallOptions): Promise<void> {
    const record = await this.#running(workspaceId);
    if (!record) return;
    const { stopGraceMs = STOP_GRACE_MS } = this.#options;
    const ended =
      (await this.#end(record, 'SIGTERM', stopGraceMs, signal)) ||
      (await this.#end(record, 'SIGKILL', KILL_GRACE_MS, signal));
    if (!ended) {
      throw new ProvisionError(
        'ERR_PROVISION_REFUSED',
        `process ${record.pid} does not end, not even by SIGKILL`,
      );
    }
    // What it has left behind in its group.
    sendToGroup(record.pid, 'SIGKILL');
    await removePidFile(this.#file(workspaceId), record);
  }

  async list({ signal }: BackendCallOptions): Promise<Instance[]> {
    await mkdir(this.#options.directory, { recursive: true });
    const instances: Instance[] = [];
    for (const workspaceId of await listPidFiles(this.#options.directory)) {
      signal.throwIfAborted();
      const record = isUuid(workspaceId) ? await readPidFile(this.#file(workspaceId)) : undefined;
      if (record && (await isRunning(record))) instances.push(await this.#instance(workspaceId, record));
    }
    return instances;
  }

  /** The process of a workspace; what is left of one that has ended is cleared away. */
  async #running(workspaceId: string): Promise<PidRecord | undefined> {
    const file = this.#file(workspaceId);
    const record = await readPidFile(file);
    if (!record || (await isRunning(record))) return record;
    await removePidFile(file, record);
    return undefined;
  }

  async #spawn(spec: InstanceSpec): Promise<Exit> {
    const { directory, command, env, cwd } = this.#options;
    await using log = await open(join(directory, `${spec.workspaceId}.log`), 'a');
    const child = spawn('/bin/sh', ['-c', START_SCRIPT, this.#file(spec.workspaceId), ...command], {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: { ...inherited(), ...env, ...environmentOf(spec) },
      ...(cwd === undefined ? {} : { cwd }),
    });
    // The manager may end before it.
    child.unref();
    // Before anything is waited for: it may have ended by then.
    return exitOf(child);
  }

  /** Waits for the pid file, and for a moment after it, in which a command that cannot run would end. */
  async #whenStarted(workspaceId: string, exit: Exit, signal: AbortSignal): Promise<PidRecord> {
    const { startupMs = STARTUP_MS, command } = this.#options;
    for (let since: number | undefined; ; await this.#pause(exit)) {
      if (exit.error)
        throw new ProvisionError('ERR_PROVISION_EXITED', `${command[0]}: ${exit.error.message}`);
      if (exit.code !== undefined) break;
      signal.throwIfAborted();
      const record = await readPidFile(this.#file(workspaceId));
      if (!record) continue;
      since ??= this.#clock.now();
      if (this.#clock.now() - since >= startupMs && exit.code === undefined) return record;
    }
    // Somebody else has been faster: theirs is the instance.
    const other = exit.code === EXISTS_EXIT_CODE ? await this.#running(workspaceId) : undefined;
    if (other) return other;
    await this.#running(workspaceId);
    throw new ProvisionError(
      'ERR_PROVISION_EXITED',
      `${command[0]} ended with ${exit.code} at once; its output is in ${workspaceId}.log`,
    );
  }

  async #end(
    record: PidRecord,
    signalName: NodeJS.Signals,
    graceMs: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    const since = this.#clock.now();
    if (!(await isRunning(record))) return true;
    sendToGroup(record.pid, signalName);
    while (await isRunning(record)) {
      signal.throwIfAborted();
      if (this.#clock.now() - since >= graceMs) return false;
      await this.#pause();
    }
    return true;
  }

  #pause(exit?: Exit): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.setTimeout(resolve, POLL_MS);
      void exit?.ended.then(() => {
        this.#clock.clearTimeout(timer);
        resolve();
      });
    });
  }

  async #instance(workspaceId: string, record: PidRecord): Promise<Instance> {
    const healthy = (await this.#options.isHealthy?.(workspaceId, record.pid)) ?? true;
    return { workspaceId, instanceId: instanceId(record), health: healthy ? 'healthy' : 'unhealthy' };
  }

  #file(workspaceId: string): string {
    // An id is a part of a path here.
    if (!isUuid(workspaceId)) {
      throw new ProvisionError('ERR_PROVISION_REFUSED', `'${workspaceId}' is not the id of a workspace`);
    }
    return pidFile(this.#options.directory, workspaceId);
  }
}

/** How a child ended, as soon as it has. */
interface Exit {
  readonly ended: Promise<void>;
  code: number | string | undefined;
  error: Error | undefined;
}

function exitOf(child: ChildProcess): Exit {
  const exit: { code: Exit['code']; error: Exit['error'] } = { code: undefined, error: undefined };
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      exit.error = error;
      resolve();
    });
    child.once('exit', (code, signalName) => {
      exit.code = code ?? signalName ?? 'nothing';
      resolve();
    });
  });
  return Object.assign(exit, { ended });
}

/** Names a process: the pid, and enough of its start to tell it from another with that pid. */
function instanceId({ pid, startedAt }: PidRecord): string {
  return `${pid}-${createHash('sha256').update(startedAt).digest('hex').slice(0, 8)}`;
}

function sendToGroup(pid: number, signalName: NodeJS.Signals): void {
  try {
    process.kill(-pid, signalName);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** The manager's environment holds its secrets, so that what a workspace gets of it is named here. */
function inherited(): Record<string, string> {
  const names = ['PATH', 'HOME', 'LANG', 'TMPDIR'];
  return Object.fromEntries(
    names.flatMap((name) => [[name, process.env[name] ?? '']]).filter(([, v]) => v !== ''),
  );
}

function environmentOf(spec: InstanceSpec): Record<string, string> {
  return {
    WS_WORKSPACE_ID: spec.workspaceId,
    WS_WORKSPACE_NAME: spec.name,
    WS_WORKSPACE_RUNTIME: spec.runtime,
    WS_WORKSPACE_MODEL: spec.model,
    WS_WORKSPACE_TIER: String(spec.tier),
    WS_WORKSPACE_CONFIG: JSON.stringify(spec.config),
    WS_WORKSPACE_SESSION: spec.session,
  };
}

/** What an instance is started for. */
export interface InstanceSpec {
  readonly workspaceId: string;
  readonly name: string;
  readonly runtime: string;
  readonly model: string;
  readonly tier: number;
  readonly config: Readonly<Record<string, unknown>>;
  /** Whether the agent is to forget its session. A backend that keeps none has nothing to do. */
  readonly session: 'keep' | 'reset';
}

/** What runs for a workspace. */
export interface Instance {
  readonly workspaceId: string;
  /** What the backend calls it. Another start gives another id. */
  readonly instanceId: string;
  readonly health: 'healthy' | 'unhealthy';
}

/** Options of every operation of a backend. */
export interface BackendCallOptions {
  /** Aborts when nobody waits for the operation any more. */
  readonly signal: AbortSignal;
}

/**
 * Something that runs instances of workspaces: at most one for each.
 *
 * The fleet calls a backend for one workspace at a time, waits a limited time, and calls again after a crash: every
 * operation is one that can be repeated.
 */
export interface ProvisionBackend {
  /** Names the backend in logs. */
  readonly name: string;

  /** Makes sure that an instance runs. One that runs already, whoever started it, is kept and returned. */
  start(spec: InstanceSpec, options: BackendCallOptions): Promise<Instance>;

  /** Makes sure that no instance runs; none running is fine. */
  stop(workspaceId: string, options: BackendCallOptions): Promise<void>;

  /** Everything that runs. */
  list(options: BackendCallOptions): Promise<Instance[]>;
}

/** The stable identifier of each kind of {@link ProvisionError}. */
export type ProvisionErrorCode =
  | 'ERR_PROVISION_UNREACHABLE'
  | 'ERR_PROVISION_REFUSED'
  | 'ERR_PROVISION_EXITED';

/** A backend could not do what it was asked. */
export class ProvisionError extends Error {
  readonly code: ProvisionErrorCode;

  constructor(code: ProvisionErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ProvisionError';
    this.code = code;
  }
}

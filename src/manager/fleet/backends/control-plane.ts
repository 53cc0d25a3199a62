import { type Clock, systemClock } from '../../clock.ts';
import { DeadlineError, withDeadline } from '../../deadline.ts';
import {
  type BackendCallOptions,
  type Instance,
  type InstanceSpec,
  type ProvisionBackend,
  ProvisionError,
} from './backend.ts';

const REQUEST_TIMEOUT_MS = 30_000;

/** Where the control plane is. */
export interface ControlPlaneOptions {
  /** For example `https://plane.example/api`; the paths of the API are below it. */
  readonly url: string;
  /** Sent as a bearer token. */
  readonly token: string;
  /** How long, in milliseconds, a request may take with its answer. Default 30 s. */
  readonly requestTimeoutMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * Instances run by a control plane somewhere else, spoken to over HTTP:
 *
 * | request | answer |
 * |---|---|
 * | `PUT /v1/instances/<workspace>` with the spec | 200 or 201 with the instance, started or running already |
 * | `DELETE /v1/instances/<workspace>` | 200, 204, or 404 for none |
 * | `GET /v1/instances` | 200 with `{instances: [...]}` |
 *
 * An instance is `{workspace_id, instance_id, health}`. It is addressed by its workspace, so that there cannot be two.
 */
export class ControlPlaneBackend implements ProvisionBackend {
  readonly name = 'control-plane';
  readonly #base: URL;
  readonly #token: string;
  readonly #timeoutMs: number;
  readonly #clock: Clock;

  /** @throws TypeError if the URL is none of HTTP. */
  constructor({
    url,
    token,
    requestTimeoutMs = REQUEST_TIMEOUT_MS,
    clock = systemClock,
  }: ControlPlaneOptions) {
    this.#base = new URL(url.endsWith('/') ? url : `${url}/`);
    if (!/^https?:$/.test(this.#base.protocol)) {
      throw new TypeError(`the URL of a control plane starts with http:// or https://, got '${url}'`);
    }
    this.#token = token;
    this.#timeoutMs = requestTimeoutMs;
    this.#clock = clock;
  }

  async start(spec: InstanceSpec, { signal }: BackendCallOptions): Promise<Instance> {
    const { workspaceId, name, runtime, model, tier, config } = spec;
    const body = { workspace_id: workspaceId, name, runtime, model, tier, config };
    return instanceOf(await this.#request('PUT', instancePath(workspaceId), signal, body));
  }

  async stop(workspaceId: string, { signal }: BackendCallOptions): Promise<void> {
    await this.#request('DELETE', instancePath(workspaceId), signal);
  }

  async list({ signal }: BackendCallOptions): Promise<Instance[]> {
    const answer = await this.#request('GET', 'v1/instances', signal);
    if (!isRecord(answer) || !Array.isArray(answer['instances'])) throw unreadable();
    return answer['instances'].map(instanceOf);
  }

  async #request(method: string, path: string, signal: AbortSignal, body?: unknown): Promise<unknown> {
    const what = `${method} of the control plane`;
    try {
      return await withDeadline(
        this.#clock,
        this.#timeoutMs,
        what,
        async (limited) => {
          const response = await fetch(new URL(path, this.#base), {
            method,
            headers: {
              authorization: `Bearer ${this.#token}`,
              ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            },
            ...(body === undefined ? {} : { body: JSON.stringify(body) }),
            // A redirect would take the token elsewhere.
            redirect: 'error',
            signal: limited,
          });
          return await this.#read(method, response);
        },
        signal,
      );
    } catch (error) {
      if (error instanceof ProvisionError || error instanceof DeadlineError || signal.aborted) throw error;
      const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      throw new ProvisionError(
        'ERR_PROVISION_UNREACHABLE',
        `the control plane cannot be reached: ${reason}`,
        {
          cause: error,
        },
      );
    }
  }

  async #read(method: string, response: Response): Promise<unknown> {
    const text = await response.text();
    if (method === 'DELETE' && (response.ok || response.status === 404)) return undefined;
    if (!response.ok) {
      const code = response.status >= 500 ? 'ERR_PROVISION_UNREACHABLE' : 'ERR_PROVISION_REFUSED';
      throw new ProvisionError(code, `the control plane answered ${response.status}: ${text.slice(0, 200)}`);
    }
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw unreadable({ cause });
    }
  }
}

function instancePath(workspaceId: string): string {
  return `v1/instances/${encodeURIComponent(workspaceId)}`;
}

function instanceOf(answer: unknown): Instance {
  if (
    !isRecord(answer) ||
    typeof answer['workspace_id'] !== 'string' ||
    typeof answer['instance_id'] !== 'string'
  ) {
    throw unreadable();
  }
  return {
    workspaceId: answer['workspace_id'],
    instanceId: answer['instance_id'],
    health: answer['health'] === 'unhealthy' ? 'unhealthy' : 'healthy',
  };
}

function unreadable(options?: ErrorOptions): ProvisionError {
  return new ProvisionError(
    'ERR_PROVISION_REFUSED',
    'the control plane answered with something that is no instance; is its URL right?',
    options,
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

import { ManagerError, RpcError } from './errors.ts';
import type {
  CreateWorkspaceBody,
  FleetStatus,
  FleetWorkspaceJson,
  ImportResult,
  SessionJson,
  TreeNode,
  WorkspaceEvent,
  WorkspaceJson,
} from './types.ts';

/** Where the manager is, and who asks. */
export interface ClientOptions {
  /** For example `http://127.0.0.1:7420`. */
  readonly baseUrl: string;
  /** The UUID of this client, by which the manager knows its claims. Default: a random one. */
  readonly clientId?: string;
  /** The token for what only an administrator may ask. */
  readonly adminToken?: string;
  /** Default: the global one. */
  readonly fetch?: typeof fetch;
}

/** Options of {@link ManagerClient.watchStatus}. */
export interface WatchOptions {
  /** How often to look, in milliseconds. Default 500. */
  readonly intervalMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * A client of one manager. Every method throws {@link ManagerError} for an answer that is an error, and whatever
 * `fetch` throws when there is no answer.
 *
 * @example
 * ```ts
 * const client = new ManagerClient({ baseUrl: 'http://127.0.0.1:7420' });
 * const workspace = await client.createWorkspace({ path: process.cwd() });
 * await using events = await client.attach(workspace.id);
 * for await (const event of events) console.log(event.type);
 * ```
 */
export class ManagerClient {
  /** The UUID by which the manager knows the claims of this client. */
  readonly clientId: string;

  readonly #baseUrl: string;
  readonly #adminToken: string | undefined;
  readonly #fetch: typeof fetch;
  #lastRpcId = 0;

  constructor({ baseUrl, clientId, adminToken, fetch: send }: ClientOptions) {
    this.#baseUrl = baseUrl.replace(/\/+$/, '');
    this.clientId = clientId ?? crypto.randomUUID();
    this.#adminToken = adminToken;
    this.#fetch = send ?? fetch;
  }

  /** Opens the workspace of a directory, or joins it. The claim lasts until {@link ManagerClient.attach}, for a while. */
  createWorkspace(body: CreateWorkspaceBody): Promise<WorkspaceJson> {
    return this.#json('POST', '/v1/workspaces', { ...body, client_id: this.clientId });
  }

  /** Every open workspace. */
  listWorkspaces(): Promise<WorkspaceJson[]> {
    return this.#json('GET', '/v1/workspaces');
  }

  /** The open workspace with this id. */
  getWorkspace(id: string): Promise<WorkspaceJson> {
    return this.#json('GET', `/v1/workspaces/${encodeURIComponent(id)}`);
  }

  /** Gives up the claim of a workspace that this client is not attached to. */
  async releaseWorkspace(id: string): Promise<void> {
    await this.#json('DELETE', `/v1/workspaces/${encodeURIComponent(id)}?client_id=${this.clientId}`);
  }

  /**
   * Attaches to a workspace. The claim lasts as long as the stream: until it is closed, from either side.
   *
   * @returns The events, once the manager has counted this client in.
   */
  async attach(id: string, options: { signal?: AbortSignal } = {}): Promise<AttachedStream> {
    const abort = new AbortController();
    const signal = options.signal ? AbortSignal.any([options.signal, abort.signal]) : abort.signal;
    const path = `/v1/workspaces/${encodeURIComponent(id)}/events?client_id=${this.clientId}`;
    const response = await this.#send('GET', path, { signal });
    const { EventSourceParserStream } = await import('eventsource-parser/stream');
    const body = response.body ?? new ReadableStream<Uint8Array>();
    const text = body.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>);
    return new AttachedStream(text.pipeThrough(new EventSourceParserStream()), abort);
  }

  /** Asks the manager to exit if nothing is open. */
  async shutdownIfIdle(): Promise<void> {
    await this.#json('POST', '/v1/control', { command: 'shutdown_if_idle' });
  }

  /**
   * Calls a JSON-RPC method: `daemon/load`, `daemon/status`, `graph/serve`, …
   *
   * @throws {@link RpcError}
   */
  async rpc<T = unknown>(method: string, params?: object): Promise<T> {
    const id = ++this.#lastRpcId;
    const answer = await this.#json<RpcAnswer<T>>('POST', '/v1/rpc', { jsonrpc: '2.0', id, method, params });
    if (answer.error) throw new RpcError(answer.error.code, answer.error.message, answer.error.data);
    return answer.result as T;
  }

  /** Starts a session of an agent. */
  createSession(body: object): Promise<SessionJson> {
    return this.#json('POST', '/v1/sessions', body);
  }

  /** The sessions of a repository. */
  listSessions(repoId: string): Promise<SessionJson[]> {
    return this.#json('GET', `/v1/sessions?repo_id=${encodeURIComponent(repoId)}`);
  }

  /** Creates what is missing of a tree of workspaces. To be repeated without harm. */
  async importTree(tree: TreeNode): Promise<ImportResult[]> {
    const { results } = await this.#json<{ results: ImportResult[] }>('POST', '/v1/fleet/org/import', {
      tree,
    });
    return results;
  }

  /** Creates one workspace of the fleet. */
  createFleetWorkspace(
    body: Omit<TreeNode, 'children'> & { parent_id?: string },
  ): Promise<FleetWorkspaceJson> {
    return this.#json('POST', '/v1/fleet/workspaces', body);
  }

  /** The workspace of the fleet with this id. */
  getFleetWorkspace(id: string): Promise<FleetWorkspaceJson> {
    return this.#json('GET', `/v1/fleet/workspaces/${encodeURIComponent(id)}`);
  }

  /** Every workspace of the fleet that has not been removed. */
  listFleetWorkspaces(): Promise<FleetWorkspaceJson[]> {
    return this.#json('GET', '/v1/fleet/workspaces');
  }

  /** Pauses, resumes or restarts a workspace of the fleet. */
  async control(id: string, action: 'pause' | 'resume' | 'restart'): Promise<unknown> {
    return await this.#json('POST', `/v1/fleet/workspaces/${encodeURIComponent(id)}/${action}`);
  }

  /** The status of a workspace of the fleet, now and whenever it has changed. It looks, so it may miss the briefest. */
  async *watchStatus(id: string, options: WatchOptions = {}): AsyncGenerator<FleetStatus, void> {
    const { intervalMs = 500, signal } = options;
    let last: FleetStatus | undefined;
    while (!signal?.aborted) {
      const { status } = await this.getFleetWorkspace(id);
      if (status !== last) yield status;
      last = status;
      await pause(intervalMs, signal);
    }
  }

  async #json<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await this.#send(method, path, body === undefined ? {} : { body });
    return (await response.json()) as T;
  }

  async #send(
    method: string,
    path: string,
    { body, signal }: { body?: object; signal?: AbortSignal },
  ): Promise<Response> {
    const headers: Record<string, string> = {};
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (this.#adminToken !== undefined) headers['authorization'] = `Bearer ${this.#adminToken}`;
    const init: RequestInit = { method, headers };
    if (body !== undefined) init.body = JSON.stringify(body);
    if (signal !== undefined) init.signal = signal;
    const response = await this.#fetch(`${this.#baseUrl}${path}`, init);
    if (response.ok) return response;
    throw await errorOf(response);
  }
}

interface RpcAnswer<T> {
  readonly result?: T;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

interface ParsedEvent {
  readonly data: string;
}

/** The events of a workspace, from the attach on. Leaving the loop, or {@link AttachedStream.detach}, detaches. */
export class AttachedStream implements AsyncIterable<WorkspaceEvent>, AsyncDisposable {
  readonly #events: ReadableStream<ParsedEvent>;
  readonly #abort: AbortController;

  constructor(events: ReadableStream<ParsedEvent>, abort: AbortController) {
    this.#events = events;
    this.#abort = abort;
  }

  /** Ends the stream, and with it this client's claim. Idempotent. */
  detach(): void {
    this.#abort.abort();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<WorkspaceEvent, void> {
    const reader = this.#events.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        yield JSON.parse(value.data) as WorkspaceEvent;
      }
    } catch (error) {
      if (!this.#abort.signal.aborted) throw error;
    } finally {
      this.detach();
      reader.releaseLock();
    }
  }

  /** {@link AttachedStream.detach}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.detach();
  }
}

async function errorOf(response: Response): Promise<ManagerError> {
  const text = await response.text();
  try {
    const { message, code } = JSON.parse(text) as { message?: unknown; code?: unknown };
    return new ManagerError(response.status, String(message), typeof code === 'string' ? code : undefined);
  } catch {
    return new ManagerError(response.status, text === '' ? response.statusText : text);
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    signal?.addEventListener('abort', wake, { once: true });
  });
}

import { z } from 'zod';
import { type FileGraph, importersOf } from '../file-graph/file-graph.ts';
import type { GraphService } from '../graph-service.ts';
import {
  type Freshness,
  GraphArgumentError,
  type GraphStatus,
  type RpcError,
  toRpcError,
  type WorkspaceKey,
  workspaceKey,
} from '../graphs/index.ts';
import type { App } from './server.ts';

const id = z.union([z.string(), z.number(), z.null()]);
const request = z.object({
  jsonrpc: z.literal('2.0'),
  id: id.optional(),
  method: z.string(),
  /** By position they are allowed, but no method here takes them so. */
  params: z.union([z.record(z.string(), z.unknown()), z.array(z.unknown())]).optional(),
});

type Id = z.output<typeof id>;
type Answer = { readonly jsonrpc: '2.0'; readonly id: Id } & (
  | { readonly result: unknown }
  | { readonly error: RpcError }
);

const INVALID_REQUEST = { code: -32600, message: 'invalid request: a JSON-RPC 2.0 request object is needed' };
const MAX_BATCH = 100;

const target = z.object({
  root: z.string(),
  mode: z.enum(['git-root', 'workspace-folder', 'explicit']).optional(),
  /** A number of 64 bits, as text: JSON has none. */
  fingerprint: z
    .string()
    .regex(/^\d{1,20}$/)
    .optional(),
});
const loading = target.extend({ wait: z.boolean().optional(), pin: z.boolean().optional() });
const changing = target.extend({
  files: z.array(z.string()).default([]),
  git_state_changed: z.boolean().default(false),
  full: z.boolean().default(false),
});
const serving = target.extend({ importers_of: z.string().optional() });

/** JSON-RPC 2.0 over POST, single requests and batches. The HTTP status is 200 whatever comes of a call. */
export function rpcRoute(app: App, graphs: GraphService): void {
  const methods = methodsOf(graphs);
  app.post('/v1/rpc', async ({ body }, reply) => {
    if (!Array.isArray(body)) return (await answer(methods, body)) ?? reply.code(204).send();
    if (body.length === 0 || body.length > MAX_BATCH) return failure(null, INVALID_REQUEST);
    const answers = await Promise.all(body.map((each) => answer(methods, each)));
    const answered = answers.filter((each) => each !== undefined);
    return answered.length === 0 ? reply.code(204).send() : answered;
  });
}

type Method = (params: unknown) => Promise<unknown>;

function methodsOf(graphs: GraphService): ReadonlyMap<string, Method> {
  return new Map<string, Method>([
    [
      'daemon/load',
      method(loading, async ({ wait = true, pin = false, ...key }) => {
        const graph = await graphs.load(keyOf(key), { wait, pin });
        return { root: key.root, files: graph.files, bytes: graph.bytes };
      }),
    ],
    ['daemon/unload', method(target, async (key) => ({ unloaded: await graphs.manager.unload(keyOf(key)) }))],
    [
      'daemon/rebuild',
      method(changing, async ({ files, git_state_changed, full, ...key }) => {
        await graphs.rebuild(keyOf(key), { files, gitStateChanged: git_state_changed, full });
        return { root: key.root };
      }),
    ],
    [
      'daemon/cancel_rebuild',
      method(target, async (key) => ({ cancelled: await graphs.manager.cancelRebuild(keyOf(key)) })),
    ],
    [
      'daemon/reset',
      method(target, async (key) => {
        await graphs.manager.reset(keyOf(key));
        return { reset: true };
      }),
    ],
    ['daemon/status', method(z.object({}), async () => statusToJson(await graphs.manager.status()))],
    [
      'graph/serve',
      method(serving, async ({ importers_of, ...key }) =>
        graphs.manager.withGraph(keyOf(key), (graph, freshness) => ({
          ...freshnessToJson(freshness),
          ...graphToJson(graph, importers_of),
        })),
      ),
    ],
  ]);
}

/** A method that checks its parameters first. */
function method<S extends z.ZodType>(schema: S, run: (params: z.output<S>) => Promise<unknown>): Method {
  return async (params) => {
    const result = schema.safeParse(params ?? {});
    if (result.success) return await run(result.data);
    const [issue] = result.error.issues;
    throw new GraphArgumentError(issue?.path.join('.') || 'params', issue?.message ?? 'an object');
  };
}

/** Answers one call; a notification is not answered, whatever comes of it. */
async function answer(methods: ReadonlyMap<string, Method>, body: unknown): Promise<Answer | undefined> {
  const parsed = request.safeParse(body);
  if (!parsed.success) return failure(idOf(body), INVALID_REQUEST);
  const { id: callId, method: name, params } = parsed.data;
  const run = methods.get(name);
  let outcome: Answer;
  if (run) {
    try {
      outcome = { jsonrpc: '2.0', id: callId ?? null, result: await run(params) };
    } catch (error) {
      outcome = failure(callId ?? null, toRpcError(error));
    }
  } else {
    outcome = failure(callId ?? null, { code: -32601, message: `there is no method ${name}` });
  }
  return callId === undefined ? undefined : outcome;
}

function failure(callId: Id, error: RpcError): Answer {
  return { jsonrpc: '2.0', id: callId, error };
}

/** The id of a request that is otherwise no request, as far as it has one. */
function idOf(body: unknown): Id {
  const parsed = z.object({ id }).safeParse(body);
  return parsed.success ? parsed.data.id : null;
}

function keyOf({ root, mode, fingerprint }: z.output<typeof target>): WorkspaceKey {
  return workspaceKey({
    indexRoot: root,
    ...(mode === undefined ? {} : { rootMode: mode }),
    ...(fingerprint === undefined ? {} : { configFingerprint: BigInt(fingerprint) }),
  });
}

function statusToJson({ workspaces, memory, uptimeSeconds, version }: GraphStatus): Record<string, unknown> {
  return {
    workspaces: workspaces.map((each) => ({
      index_root: each.indexRoot,
      state: each.state,
      pinned: each.pinned,
      current_bytes: each.currentBytes,
      high_water_bytes: each.highWaterBytes,
      last_good_at: each.lastGoodAt === undefined ? null : new Date(each.lastGoodAt).toISOString(),
      last_error: each.lastError ?? null,
      retry_count: each.retryCount,
    })),
    memory: {
      limit_bytes: memory.limit,
      current_bytes: memory.loaded,
      reserved_bytes: memory.reserved,
      retained_bytes: memory.retained,
      high_water_bytes: memory.highWater,
    },
    uptime_seconds: uptimeSeconds,
    daemon_version: version,
  };
}

function freshnessToJson(freshness: Freshness): Record<string, unknown> {
  if (freshness.kind !== 'stale') return { freshness: freshness.kind };
  return {
    freshness: 'stale',
    age_hours: freshness.ageHours,
    last_good_at: new Date(freshness.lastGoodAt).toISOString(),
    last_error: freshness.lastError ?? null,
  };
}

function graphToJson(graph: FileGraph, file: string | undefined): Record<string, unknown> {
  if (file !== undefined) return { importers: importersOf(graph, file) };
  return { files: [...graph.files.values()] };
}

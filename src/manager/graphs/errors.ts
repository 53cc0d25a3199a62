/** The JSON-RPC error codes of the graph manager and of the server around it. */
export const GRAPH_RPC_CODES = {
  toolTimeout: -32000,
  buildFailed: -32001,
  staleExpired: -32002,
  memoryBudgetExceeded: -32003,
  evicted: -32004,
  notLoaded: -32004,
  incompatibleGraph: -32005,
  oversize: -32006,
  socketSetup: -32007,
  resetWhileLoading: -32008,
  resetCancellationDispatched: -32009,
  pinned: -32010,
  invalidArgument: -32602,
  internal: -32603,
} as const;

/** The exit codes of a daemon that cannot start, after sysexits(3). */
export const DAEMON_EXIT_CODES = {
  autoStartTimeout: 69,
  signalSetup: 70,
  io: 73,
  alreadyRunning: 75,
  config: 78,
} as const;

/** The stable identifier of each kind of {@link GraphError}. */
export type GraphErrorCode =
  | 'ERR_GRAPH_TOOL_TIMEOUT'
  | 'ERR_GRAPH_BUILD_FAILED'
  | 'ERR_GRAPH_STALE_EXPIRED'
  | 'ERR_GRAPH_MEMORY_BUDGET'
  | 'ERR_GRAPH_EVICTED'
  | 'ERR_GRAPH_NOT_LOADED'
  | 'ERR_GRAPH_INCOMPATIBLE'
  | 'ERR_GRAPH_OVERSIZE'
  | 'ERR_GRAPH_RESET_WHILE_LOADING'
  | 'ERR_GRAPH_RESET_DISPATCHED'
  | 'ERR_GRAPH_PINNED'
  | 'ERR_GRAPH_INVALID_ARGUMENT'
  | 'ERR_GRAPH_INTERNAL';

/** The `error.data` of a JSON-RPC answer: what a program may read instead of the message. */
export type GraphErrorData = Readonly<Record<string, string | number | null>>;

/**
 * An error that a caller of the graph manager can cause or has to handle. Immutable, so that the one a workspace
 * remembers and the one a caller gets may be the same.
 */
export abstract class GraphError extends Error {
  abstract readonly code: GraphErrorCode;
  abstract readonly rpcCode: number;
  /** What to do about it, in one sentence. */
  abstract readonly hint: string;
  readonly data: GraphErrorData | undefined;

  constructor(message: string, data?: GraphErrorData, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.data = data;
  }
}

/** A reader took longer than it may. Its lease is kept until it ends. */
export class ToolTimeoutError extends GraphError {
  readonly code = 'ERR_GRAPH_TOOL_TIMEOUT';
  readonly rpcCode = GRAPH_RPC_CODES.toolTimeout;
  readonly hint = 'Ask for less at once, or raise toolTimeoutMs.';
  constructor(root: string, timeoutMs: number) {
    super(`workspace ${root}: no answer within ${timeoutMs} ms`, { root, timeout_ms: timeoutMs });
  }
}

/** No graph came of a build; `cause` is what the builder threw, if it threw something of its own. */
export class GraphBuildFailedError extends GraphError {
  readonly code = 'ERR_GRAPH_BUILD_FAILED';
  readonly rpcCode = GRAPH_RPC_CODES.buildFailed;
  readonly hint = 'Correct what the reason names, and load the workspace again.';
  readonly root: string;
  readonly reason: string;
  constructor(root: string, reason: string, options?: ErrorOptions) {
    super(`workspace ${root} build failed: ${reason}`, { root, reason }, options);
    this.root = root;
    this.reason = reason;
  }
}

/** The last good graph of a failed workspace is too old to be served. */
export class StaleExpiredError extends GraphError {
  readonly code = 'ERR_GRAPH_STALE_EXPIRED';
  readonly rpcCode = GRAPH_RPC_CODES.staleExpired;
  readonly hint = 'Correct what made the last build fail, or raise staleServeMaxAgeHours.';
  /** @param lastGoodAt - In milliseconds since the Unix epoch. */
  constructor(
    root: string,
    ageHours: number,
    capHours: number,
    lastGoodAt: number,
    lastError: string | null,
  ) {
    super(`workspace ${root} stale-serve window expired (${ageHours}h >= ${capHours}h cap)`, {
      root,
      age_hours: ageHours,
      cap_hours: capHours,
      last_good_at: toRfc3339(lastGoodAt),
      last_error: lastError,
    });
  }
}

/** Every number of a refusal for want of memory, in bytes. */
export interface BudgetFigures {
  readonly limit: number;
  readonly current: number;
  readonly reserved: number;
  readonly retained: number;
  readonly requested: number;
}

/** There is no room for a build, whatever may be evicted. */
export class MemoryBudgetExceededError extends GraphError {
  readonly code = 'ERR_GRAPH_MEMORY_BUDGET';
  readonly rpcCode = GRAPH_RPC_CODES.memoryBudgetExceeded;
  readonly hint = 'Unload or unpin a workspace, or raise memoryLimitMb.';
  readonly figures: BudgetFigures;
  constructor(figures: BudgetFigures) {
    const { limit, current, reserved, retained, requested } = figures;
    super(
      `memory budget exceeded: requested ${requested} B, ` +
        `${current} B loaded + ${reserved} B reserved + ${retained} B retained / ${limit} B limit`,
      toBudgetData(figures),
    );
    this.figures = figures;
  }
}

/** The workspace is not there (any more): evicted, unloaded, or never loaded. */
export class WorkspaceEvictedError extends GraphError {
  readonly code = 'ERR_GRAPH_EVICTED';
  readonly rpcCode = GRAPH_RPC_CODES.evicted;
  readonly hint = 'Load the workspace again.';
  readonly root: string;
  constructor(root: string) {
    super(`workspace ${root} evicted mid-rebuild`, { root });
    this.root = root;
  }
}

/** The workspace has no graph to serve yet. */
export class WorkspaceNotLoadedError extends GraphError {
  readonly code = 'ERR_GRAPH_NOT_LOADED';
  readonly rpcCode = GRAPH_RPC_CODES.notLoaded;
  readonly hint: string;
  constructor(root: string, hint = 'Load the workspace first.') {
    super(`workspace ${root} is not loaded`, { root, hint });
    this.hint = hint;
  }
}

/** A graph on disk was made by a version that this one cannot read. For builders. */
export class IncompatibleGraphError extends GraphError {
  readonly code = 'ERR_GRAPH_INCOMPATIBLE';
  readonly rpcCode = GRAPH_RPC_CODES.incompatibleGraph;
  readonly hint = 'Delete the stored graph; the next load builds it anew.';
  constructor(root: string, reason: string) {
    super(`workspace ${root} has an incompatible graph: ${reason}`, { root, reason });
  }
}

/** The graph turned out larger than what was reserved for it, and does not fit. */
export class WorkspaceOversizeError extends GraphError {
  readonly code = 'ERR_GRAPH_OVERSIZE';
  readonly rpcCode = GRAPH_RPC_CODES.oversize;
  readonly hint = 'Raise the estimate so that others are evicted first, or raise memoryLimitMb.';
  constructor(root: string, figures: BudgetFigures) {
    super(`workspace ${root} is too large: its graph of ${figures.requested} B exceeds the budget`, {
      root,
      ...toBudgetData(figures),
    });
  }
}

/** A reset came while the first graph was being built. */
export class ResetWhileLoadingError extends GraphError {
  readonly code = 'ERR_GRAPH_RESET_WHILE_LOADING';
  readonly rpcCode = GRAPH_RPC_CODES.resetWhileLoading;
  readonly hint = 'Wait for the load, or unload the workspace.';
  constructor(root: string) {
    super(`workspace ${root} is loading and cannot be reset`, { root });
  }
}

/** A reset came during a rebuild, which has been told to stop; the workspace is unloaded when it has. */
export class ResetCancellationDispatchedError extends GraphError {
  readonly code = 'ERR_GRAPH_RESET_DISPATCHED';
  readonly rpcCode = GRAPH_RPC_CODES.resetCancellationDispatched;
  readonly hint = 'Ask again in a moment.';
  constructor(root: string) {
    super(`workspace ${root} is rebuilding: the rebuild was cancelled, the reset follows its end`, { root });
  }
}

/** The operation would drop the graph of a pinned workspace. */
export class WorkspacePinnedError extends GraphError {
  readonly code = 'ERR_GRAPH_PINNED';
  readonly rpcCode = GRAPH_RPC_CODES.pinned;
  readonly hint = 'Unpin the workspace first.';
  constructor(root: string) {
    super(`workspace ${root} is pinned`, { root });
  }
}

/** An argument that cannot be. */
export class GraphArgumentError extends GraphError {
  readonly code = 'ERR_GRAPH_INVALID_ARGUMENT';
  readonly rpcCode = GRAPH_RPC_CODES.invalidArgument;
  readonly hint = 'Correct the argument that the message names.';
  constructor(argument: string, expected: string) {
    super(`invalid ${argument}: expected ${expected}`, { argument, expected });
  }
}

/** Something that should not happen. The message is the whole chain of causes. */
export class GraphInternalError extends GraphError {
  readonly code = 'ERR_GRAPH_INTERNAL';
  readonly rpcCode = GRAPH_RPC_CODES.internal;
  readonly hint = 'Report it, with the log of the server.';
  constructor(message: string, options?: ErrorOptions) {
    super(message, undefined, options);
  }
}

/** `error` itself if it is one of ours, else what it comes to when the workspace at `root` was being built. */
export function asBuildFailure(root: string, error: unknown): GraphError {
  return error instanceof GraphError
    ? error
    : new GraphBuildFailedError(root, describeChain(error), { cause: error });
}

/**
 * Any error as one that can be remembered and sent: ours as they are; those of the operating system as a failed
 * build of an unknown workspace; anything else as an internal error with the text of its whole chain.
 */
export function asGraphError(error: unknown): GraphError {
  if (error instanceof GraphError) return error;
  if (error instanceof Error && 'syscall' in error) return asBuildFailure('<unknown>', error);
  return new GraphInternalError(describeChain(error), { cause: error });
}

/** The `error` member of a JSON-RPC answer. */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: GraphErrorData;
}

/** `error` as JSON-RPC sends it. */
export function toRpcError(error: unknown): RpcError {
  const { rpcCode: code, message, data } = asGraphError(error);
  return data ? { code, message, data } : { code, message };
}

/** The messages of `error` and of what caused it, outermost first. */
function describeChain(error: unknown): string {
  const messages: string[] = [];
  const seen = new Set<unknown>();
  let link = error;
  for (; link instanceof Error && !seen.has(link); link = link.cause) {
    messages.push(link.message);
    seen.add(link);
  }
  if (link !== undefined && !seen.has(link)) messages.push(String(link));
  return messages.join(': ');
}

/** RFC 3339 in UTC, to the second. */
function toRfc3339(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/\.\d+Z$/, 'Z');
}

function toBudgetData({ limit, current, reserved, retained, requested }: BudgetFigures): GraphErrorData {
  return {
    limit_bytes: limit,
    current_bytes: current,
    reserved_bytes: reserved,
    retained_bytes: retained,
    requested_bytes: requested,
  };
}

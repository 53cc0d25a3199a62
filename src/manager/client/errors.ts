/** An answer of the manager that is not the one that was asked for. */
export class ManagerError extends Error {
  /** The HTTP status. */
  readonly status: number;
  /** The code of the error, where it has one: `ERR_WORKSPACE_NOT_FOUND`. */
  readonly code: string | undefined;

  constructor(status: number, message: string, code?: string) {
    super(message);
    this.name = 'ManagerError';
    this.status = status;
    this.code = code;
  }
}

/** An error object of a JSON-RPC answer. */
export class RpcError extends Error {
  /** The error's number: `-32003` for an exceeded memory budget. */
  readonly code: number;
  readonly data: unknown;

  constructor(code: number, message: string, data: unknown) {
    super(message);
    this.name = 'RpcError';
    this.code = code;
    this.data = data;
  }
}

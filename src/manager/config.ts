import { homedir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { MAX_DELAY_MS } from './clock.ts';
import { ledgerFlags } from './ledger/flags.ts';
import { DEFAULT_STATEMENT_TIMEOUT_MS } from './store/open.ts';

/** A setting that is missing or wrong. The message says which, why, and what to write instead. */
export class ConfigError extends Error {
  readonly code = 'ERR_CONFIG';

  constructor(message: string) {
    super(message);
    this.name = 'ConfigError';
  }
}

const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, 'a whole number is needed')
    .transform(Number)
    .refine((value) => value >= min && value <= max, `it must be from ${min} to ${max}`);

/** What a bearer is known by. It travels in a header. */
const token = (min: number) =>
  z
    .string()
    .min(min, `at least ${min} characters are needed`)
    .regex(/^[\x21-\x7e]+$/, 'a header has to carry it: no blanks, and ASCII alone');

const url = (...protocols: string[]) =>
  z.string().refine(
    (text) => {
      return URL.canParse(text) && protocols.includes(new URL(text).protocol);
    },
    `a URL is needed that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  );

/** Every setting, by the name of its environment variable. */
const settings = z.object({
  /** Where PostgreSQL is. Without it the data is kept by PGlite, in the data directory. */
  DATABASE_URL: url('postgres:', 'postgresql:').optional(),
  /** Milliseconds that a connection to PostgreSQL may take. */
  WS_MANAGER_DATABASE_CONNECT_TIMEOUT_MS: whole(1, MAX_DELAY_MS).default(5_000),
  /** Milliseconds that PostgreSQL may take for a statement. */
  WS_MANAGER_STATEMENT_TIMEOUT_MS: whole(1, MAX_DELAY_MS - 10_000).default(DEFAULT_STATEMENT_TIMEOUT_MS),
  /** Where Redis or Valkey is. Without it sessions have no second cache. */
  REDIS_URL: url('redis:', 'rediss:').optional(),
  WS_MANAGER_HOST: z.string().min(1).default('127.0.0.1'),
  WS_MANAGER_PORT: whole(0, 65_535).default(7420),
  /** A unix socket to listen on instead of a port. */
  WS_MANAGER_SOCKET: z
    .string()
    .refine((file) => Buffer.byteLength(file) <= 103, 'the path of a socket has at most 103 bytes')
    .optional(),
  /** The data directory, or `:memory:`. */
  WS_MANAGER_DATA: z.string().min(1).optional(),
  WS_MANAGER_ADMIN_TOKEN: token(16).optional(),
  /** Milliseconds that a client which created a workspace may take to attach. */
  WS_MANAGER_CREATE_GRACE_MS: whole(0, MAX_DELAY_MS).default(30_000),
  /** Milliseconds that a client which lost its last stream may take to come back. */
  WS_MANAGER_DETACH_GRACE_MS: whole(0, MAX_DELAY_MS).default(10_000),
  /** Whether the server exits when no workspace has been open for a while: seconds, or `never`. */
  WS_MANAGER_IDLE_SHUTDOWN_S: z
    .union([z.literal('never'), whole(0, 2_147_483)], 'seconds are needed, from 0 to 2147483, or never')
    .default('never'),
  WS_MANAGER_MEMORY_LIMIT_MB: whole(1, 1_048_576).default(2_048),
  /** The control plane that the fleet is provisioned through. */
  WS_MANAGER_CONTROL_PLANE_URL: url('http:', 'https:')
    .refine(
      (text) => !URL.canParse(text) || `${new URL(text).username}${new URL(text).password}` === '',
      'it must hold no user and no password; the token is what it is told',
    )
    .optional(),
  WS_MANAGER_CONTROL_PLANE_TOKEN: token(1).optional(),
  /** Milliseconds that the control plane may take to answer. */
  WS_MANAGER_CONTROL_PLANE_TIMEOUT_MS: whole(1, MAX_DELAY_MS).default(30_000),
  /** The command that a workspace of the fleet is, when it runs as a process of this machine. */
  WS_MANAGER_WORKSPACE_COMMAND: z.string().min(1).optional(),
  WS_MANAGER_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  DELEGATION_LEDGER_WRITE: z.string().optional(),
  DELEGATION_STUCK_THRESHOLD_S: whole(1, 2_147_483).default(600),
});

/** Where the control plane is, and how it knows the manager. */
interface ControlPlane {
  readonly url: string;
  readonly token: string;
  readonly requestTimeoutMs: number;
}

/** The settings of a manager, checked. */
export interface ManagerConfig {
  /** Where PostgreSQL is, if it is that, and how long it is waited for. */
  readonly database: {
    readonly url: string | undefined;
    readonly connectTimeoutMs: number;
    readonly statementTimeoutMs: number;
  };
  readonly redisUrl: string | undefined;
  readonly listen: { readonly host: string; readonly port: number } | { readonly socket: string };
  /** Where PGlite keeps its data; none for memory. */
  readonly directory: string | undefined;
  readonly adminToken: string | undefined;
  readonly createGraceMs: number;
  readonly detachGraceMs: number;
  /** How long an idle server stays; `Infinity` for ever. */
  readonly idleShutdownMs: number;
  readonly memoryLimitBytes: number;
  readonly controlPlane: ControlPlane | undefined;
  readonly workspaceCommand: string | undefined;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly ledgerWrites: boolean;
  readonly stuckThresholdMs: number;
}

/**
 * Reads the settings from environment variables.
 *
 * @throws {@link ConfigError}
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): ManagerConfig {
  // An empty variable is how a shell, or a compose file, leaves a setting out.
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const misspelt = Object.keys(given).find(
    (name) => name.startsWith('WS_MANAGER_') && !(name in settings.shape),
  );
  if (misspelt !== undefined) {
    throw new ConfigError(
      `${misspelt} is no setting; the settings are ${Object.keys(settings.shape).join(', ')}`,
    );
  }
  const result = settings.safeParse(given);
  if (!result.success) {
    const [issue] = result.error.issues;
    const name = String(issue?.path[0]);
    throw new ConfigError(`${name}=${shown(name, given[name])} cannot be used: ${issue?.message}`);
  }
  const s = result.data;
  if (s.WS_MANAGER_CONTROL_PLANE_TOKEN !== undefined && s.WS_MANAGER_CONTROL_PLANE_URL === undefined) {
    throw new ConfigError(
      'WS_MANAGER_CONTROL_PLANE_TOKEN is set without WS_MANAGER_CONTROL_PLANE_URL; set both',
    );
  }
  return {
    database: {
      url: s.DATABASE_URL,
      connectTimeoutMs: s.WS_MANAGER_DATABASE_CONNECT_TIMEOUT_MS,
      statementTimeoutMs: s.WS_MANAGER_STATEMENT_TIMEOUT_MS,
    },
    redisUrl: s.REDIS_URL,
    listen:
      s.WS_MANAGER_SOCKET === undefined
        ? { host: s.WS_MANAGER_HOST, port: s.WS_MANAGER_PORT }
        : { socket: s.WS_MANAGER_SOCKET },
    directory: s.WS_MANAGER_DATA === ':memory:' ? undefined : (s.WS_MANAGER_DATA ?? defaultDirectory(env)),
    adminToken: s.WS_MANAGER_ADMIN_TOKEN,
    createGraceMs: s.WS_MANAGER_CREATE_GRACE_MS,
    detachGraceMs: s.WS_MANAGER_DETACH_GRACE_MS,
    idleShutdownMs:
      s.WS_MANAGER_IDLE_SHUTDOWN_S === 'never' ? Infinity : s.WS_MANAGER_IDLE_SHUTDOWN_S * 1_000,
    memoryLimitBytes: s.WS_MANAGER_MEMORY_LIMIT_MB * 2 ** 20,
    controlPlane: controlPlaneOf(
      s.WS_MANAGER_CONTROL_PLANE_URL,
      s.WS_MANAGER_CONTROL_PLANE_TOKEN,
      s.WS_MANAGER_CONTROL_PLANE_TIMEOUT_MS,
    ),
    workspaceCommand: s.WS_MANAGER_WORKSPACE_COMMAND,
    logLevel: s.WS_MANAGER_LOG_LEVEL,
    ledgerWrites: ledgerFlags(given).write,
    stuckThresholdMs: s.DELEGATION_STUCK_THRESHOLD_S * 1_000,
  };
}

function controlPlaneOf(
  url: string | undefined,
  token: string | undefined,
  requestTimeoutMs: number,
): ControlPlane | undefined {
  if (url !== undefined && token !== undefined) return { url, token, requestTimeoutMs };
  if (url === undefined && token === undefined) return undefined;
  const [set, missing] = url === undefined ? ['TOKEN', 'URL'] : ['URL', 'TOKEN'];
  const name = 'WS_MANAGER_CONTROL_PLANE_';
  throw new ConfigError(`${name}${set} is set without ${name}${missing}; set both`);
}

/** The state directory of the user, by the XDG base directory specification. */
function defaultDirectory(env: Readonly<Record<string, string | undefined>>): string {
  const state = env['XDG_STATE_HOME'] || path.join(homedir(), '.local', 'state');
  return path.join(state, 'ws-gate-manager');
}

/** What may be repeated in an error: no token, and no URL, which may hold a password. */
function shown(name: string, value: string | undefined): string {
  return /TOKEN|URL/.test(name) ? '…' : JSON.stringify(value ?? '');
}

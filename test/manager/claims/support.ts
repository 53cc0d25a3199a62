import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  Backend,
  type BackendOptions,
  type BuildContext,
  type BuildRequest,
  type BuiltWorkspace,
  type Clock,
  type LogFields,
  type Logger,
  parseClientId,
} from '../../../src/manager/index.ts';

/** The grace period of the tests' backends, in milliseconds of the fake clock. */
export const GRACE = 50;

/** The n-th client's id, in canonical form. */
export function client(n: number): string {
  return `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
}

export const [A, B, C] = [client(0xa), client(0xb), client(0xc)] as const;

/** Lets everything run that waits for nothing but promises. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Gives way to others `count` times. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await undefined;
}

/** A new empty directory, given by its real path, that is gone after the test. */
export async function makeDirectory(): Promise<string> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'claims-')));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

/** Time that passes when told to. */
export class FakeClock implements Clock {
  #now = 0;
  readonly #timers = new Set<{ readonly due: number; readonly callback: () => void }>();

  now(): number {
    return this.#now;
  }

  setTimeout(callback: () => void, delay: number): object {
    const timer = { due: this.#now + delay, callback };
    this.#timers.add(timer);
    return timer;
  }

  clearTimeout(timer: object): void {
    this.#timers.delete(timer as never);
  }

  /** How long each running timer has to go. */
  get running(): number[] {
    return [...this.#timers].map(({ due }) => due - this.#now);
  }

  /** Fires, in order and synchronously, what is due within the next `ms`. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ due }) => due <= end).sort((a, b) => a.due - b.due);
      if (!next) break;
      this.#timers.delete(next);
      this.#now = next.due;
      next.callback();
    }
    this.#now = end;
  }
}

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: LogFields;
}

/** A logger that remembers. */
export class RecordingLogger implements Logger {
  readonly lines: LogLine[] = [];

  debug(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'debug', message, fields });
  }
  info(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'info', message, fields });
  }
  warn(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'warn', message, fields });
  }
  error(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'error', message, fields });
  }
}

/** A gate that code under test stops at until the test opens it. */
export class Gate {
  open: () => void = () => {};
  readonly opened: Promise<void>;

  constructor() {
    this.opened = new Promise((resolve) => {
      this.open = resolve;
    });
  }
}

/** What the fake builder makes: a count of the shutdowns, and the warnings shown. */
export interface App {
  readonly request: BuildRequest;
  shutdowns: number;
  readonly warnings: string[];
}

/** A backend on fakes, with everything it did in the open. */
export interface Harness {
  readonly backend: Backend<App>;
  readonly clock: FakeClock;
  readonly log: RecordingLogger;
  /** Every app built, the oldest first. */
  readonly apps: App[];
  readonly server: { shutdowns: number };
  /** Creates a workspace whose only claim is that of `clientId`. */
  open(clientId: string, path?: string): Promise<OpenWorkspace>;
}

export interface OpenWorkspace {
  readonly id: string;
  readonly app: App;
  /** The clients with a claim. */
  clients(among?: readonly string[]): string[];
  /** The claim of a client, its timer reduced to whether it runs. */
  claim(clientId: string): { streams: number; held: boolean } | undefined;
  /** The number of claims. */
  readonly size: number;
}

/** A builder that is done at once. */
export async function buildApp(request: BuildRequest, _context: BuildContext): Promise<BuiltWorkspace<App>> {
  const app: App = { request, shutdowns: 0, warnings: [] };
  return {
    config: app,
    shutdown: () => {
      app.shutdowns++;
    },
    warn: (message) => {
      app.warnings.push(message);
    },
  };
}

/** Starts a backend on fakes. */
export function startBackend(options: Partial<BackendOptions<App>> = {}): Harness {
  const clock = new FakeClock();
  const log = new RecordingLogger();
  const apps: App[] = [];
  const server = { shutdowns: 0 };
  const { build = buildApp, ...rest } = options;
  const backend = new Backend<App>({
    build: async (request, context) => {
      const built = await build(request, context);
      apps.push(built.config);
      return built;
    },
    shutdownServer: () => {
      server.shutdowns++;
    },
    createGraceMs: GRACE,
    clock,
    logger: log,
    ...rest,
  });

  const open = async (clientId: string, path = '/'): Promise<OpenWorkspace> => {
    const { workspace } = await backend.createWorkspace({ path, clientId });
    return {
      id: workspace.id,
      app: workspace.config,
      get size() {
        return workspace.clients.size;
      },
      clients: (among = [A, B, C]) =>
        among.filter((id) => workspace.clients.get(parseClientId(id)) !== undefined),
      claim: (id) => {
        const state = workspace.clients.get(parseClientId(id));
        return state && { streams: state.streams, held: state.holdTimer !== undefined };
      },
    };
  };
  return { backend, clock, log, apps, server, open };
}

// The files that every feature of the corpus leans on.

/** @type {Readonly<Record<string, string>>} */
export const CORE_FILES = {
  'src/core/result.ts': `/** The outcome of something that may fail in a way the caller can handle. */
export type Result<T, E = Issue> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

export interface Issue {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

export function ok<T>(value: T): Result<T, never> {
  return { ok: true, value };
}

export function fail<E>(error: E): Result<never, E> {
  return { ok: false, error };
}

export function issue(path: string, code: string, message: string): Issue {
  return { path, code, message };
}

export function mapResult<T, U, E>(result: Result<T, E>, map: (value: T) => U): Result<U, E> {
  return result.ok ? ok(map(result.value)) : result;
}

export function collect<T, E>(results: readonly Result<T, E>[]): Result<readonly T[], readonly E[]> {
  const values: T[] = [];
  const errors: E[] = [];
  for (const result of results) {
    if (result.ok) values.push(result.value);
    else errors.push(result.error);
  }
  return errors.length > 0 ? fail(errors) : ok(values);
}
`,
  'src/core/money.ts': `export interface Money {
  /** In minor units. */
  readonly amount: number;
  readonly currency: string;
}

export const ZERO: Money = { amount: 0, currency: 'EUR' };

export function addMoney(a: Money, b: Money): Money {
  if (a.currency !== b.currency) throw new RangeError(\`cannot add \${a.currency} and \${b.currency}\`);
  return { amount: a.amount + b.amount, currency: a.currency };
}

export function formatMoney({ amount, currency }: Money, locale = 'en'): string {
  return new Intl.NumberFormat(locale, { style: 'currency', currency }).format(amount / 100);
}

export function isMoney(value: unknown): value is Money {
  return (
    typeof value === 'object' &&
    value !== null &&
    'amount' in value &&
    typeof value.amount === 'number' &&
    'currency' in value &&
    typeof value.currency === 'string'
  );
}
`,
  'src/core/db.ts': `export type SqlValue = string | number | boolean | Date | null | readonly string[];

export interface Rows<Row> {
  readonly rows: readonly Row[];
  readonly rowCount: number;
}

export interface Db {
  query<Row = Record<string, unknown>>(text: string, values?: readonly SqlValue[]): Promise<Rows<Row>>;
}

export interface Page {
  readonly limit: number;
  readonly offset: number;
}

export function clampPage(page: Partial<Page>, most = 200): Page {
  const limit = Math.min(Math.max(page.limit ?? 50, 1), most);
  return { limit, offset: Math.max(page.offset ?? 0, 0) };
}

export async function firstRow<Row>(rows: Promise<Rows<Row>>): Promise<Row | undefined> {
  return (await rows).rows[0];
}
`,
  'src/core/log.ts': `export type Level = 'debug' | 'info' | 'warn' | 'error';

export interface Logger {
  log(level: Level, message: string, context?: Readonly<Record<string, unknown>>): void;
  child(context: Readonly<Record<string, unknown>>): Logger;
}

export class MemoryLogger implements Logger {
  readonly lines: string[] = [];
  readonly #context: Readonly<Record<string, unknown>>;

  constructor(context: Readonly<Record<string, unknown>> = {}) {
    this.#context = context;
  }

  log(level: Level, message: string, context: Readonly<Record<string, unknown>> = {}): void {
    this.lines.push(\`\${level} \${message} \${JSON.stringify({ ...this.#context, ...context })}\`);
  }

  child(context: Readonly<Record<string, unknown>>): Logger {
    return new MemoryLogger({ ...this.#context, ...context });
  }
}
`,
  'src/core/events.ts': `export type Listener<T> = (event: T) => void | Promise<void>;

/** Delivers events of one family to those who asked for them. */
export class EventBus<Events extends { readonly type: string }> {
  readonly #listeners = new Map<string, Listener<never>[]>();

  on<Type extends Events['type']>(type: Type, listener: Listener<Extract<Events, { type: Type }>>): () => void {
    const known = this.#listeners.get(type) ?? [];
    this.#listeners.set(type, [...known, listener]);
    return () => {
      const rest = (this.#listeners.get(type) ?? []).filter((one) => one !== listener);
      this.#listeners.set(type, rest);
    };
  }

  async emit(event: Events): Promise<number> {
    const listeners = (this.#listeners.get(event.type) ?? []) as Listener<Events>[];
    for (const listener of listeners) await listener(event);
    return listeners.length;
  }
}
`,
  'src/core/http.ts': `import type { Issue, Result } from './result.js';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface HttpRequest {
  readonly method: Method;
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly user: { readonly id: string; readonly roles: readonly string[] };
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type Handler = (incoming: HttpRequest) => Promise<HttpResponse>;

export interface Route {
  readonly method: Method;
  readonly path: string;
  readonly handler: Handler;
}

export function json(status: number, value: unknown): HttpResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

export function problem(status: number, title: string, issues: readonly Issue[] = []): HttpResponse {
  return { status, headers: { 'content-type': 'application/problem+json' }, body: JSON.stringify({ title, issues }) };
}

export function respond<T>(result: Result<T, readonly Issue[]>, status = 200): HttpResponse {
  return result.ok ? json(status, result.value) : problem(422, 'the input is not valid', result.error);
}

export function param(incoming: HttpRequest, name: string): string {
  const value = incoming.params[name];
  if (value === undefined) throw new TypeError(\`the route has no parameter \${name}\`);
  return value;
}

export interface Transport {
  send(method: Method, url: string, body?: unknown): Promise<{ readonly status: number; readonly body: unknown }>;
}
`,
  'src/core/ids.ts': `import { createHash, randomUUID } from 'node:crypto';

export type Id<Kind extends string> = string & { readonly __kind?: Kind };

export function newId<Kind extends string>(kind: Kind): Id<Kind> {
  return \`\${kind}_\${randomUUID()}\`;
}

export function contentId(...parts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex').slice(0, 24);
}
`,
  'src/core/clock.ts': `export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

const DAY = 24 * 60 * 60 * 1000;

export function addDays(date: Date, days: number): Date {
  return new Date(date.getTime() + days * DAY);
}

export function daysBetween(from: Date, to: Date): number {
  return Math.round((to.getTime() - from.getTime()) / DAY);
}

export function isoDay(date: Date): string {
  return date.toISOString().slice(0, 10);
}
`,
};

/** Present only where the corpus has sites: what is locked, and what is dispatched. */
export const SITE_CORE_FILES = {
  'src/core/tenant-registry.ts': `import { Mutex } from 'async-mutex';

/** The tenants of this process. Its lock comes before every other. */
export class TenantRegistry {
  readonly mu = new Mutex();
  readonly #tenants = new Map<string, { readonly id: string; touched: number }>();

  async register(id: string): Promise<void> {
    const release = await this.mu.acquire();
    try {
      this.#tenants.set(id, { id, touched: 0 });
    } finally {
      release();
    }
  }

  /** Runs work while no tenant may come or go. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    return this.mu.runExclusive(work);
  }

  touch(id: string): void {
    const tenant = this.#tenants.get(id);
    if (tenant) tenant.touched += 1;
  }
}
`,
  'src/core/audit-log.ts': `import { Mutex } from 'async-mutex';

/** Where everything that matters is written down. Its lock is the innermost of all. */
export class AuditLog {
  readonly mu = new Mutex();
  readonly #lines: string[] = [];

  async append(line: string): Promise<number> {
    const release = await this.mu.acquire();
    try {
      this.#lines.push(line);
      return this.#lines.length;
    } finally {
      release();
    }
  }
}
`,
  'src/core/audit-trail.ts': `import type { AuditLog } from './audit-log.js';

export interface Trail {
  readonly subject: string;
  readonly action: string;
}

export async function recordAll(log: AuditLog, trails: readonly Trail[]): Promise<number> {
  let last = 0;
  for (const trail of trails) last = await record(log, trail);
  return last;
}

export function record(log: AuditLog, { subject, action }: Trail): Promise<number> {
  return log.append(\`\${subject} \${action}\`);
}
`,
  'src/core/provisioner.ts': `export interface Provisioner {
  provisionMachine(id: string, size: string): Promise<string>;
  retireMachine(id: string): Promise<void>;
}

/** The one way to a machine: checks the size first. */
export async function startMachine(provisioner: Provisioner, id: string, size: string): Promise<string> {
  if (!['small', 'medium', 'large'].includes(size)) throw new RangeError(\`there is no size \${size}\`);
  return provisioner.provisionMachine(id, size);
}

/** The one way to be rid of a machine. */
export async function stopMachine(provisioner: Provisioner, id: string): Promise<boolean> {
  if (id.startsWith('pinned_')) return false;
  await provisioner.retireMachine(id);
  return true;
}
`,
};

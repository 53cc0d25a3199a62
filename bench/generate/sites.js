// The files that the rules are about: locks, inserts, calls of dispatchers. All of them keep to the contract.
import { SENTENCES } from './vocabulary.js';

/** @typedef {import('./features.js').Feature} Feature */
/** @typedef {import('./random.js').Random} Random */

/** Other words for the things that rules look for: such a file is looked at, and found to be of no interest. */
export const LOOKALIKE_FILE = 'gateway.ts';

/**
 * A class with a lock of its own. Every other one nests: under the registry's lock, or with the audit log's inside.
 *
 * @param {Feature} feature
 * @param {Random} random
 * @param {number} index
 */
export function lockFile({ Name, label }, random, index) {
  const scoped = index % 2 === 0;
  const nested = index % 4 < 2;
  return `import { Mutex } from 'async-mutex';
import type { AuditLog } from '../../core/audit-log.js';
import { record, recordAll } from '../../core/audit-trail.js';
import type { TenantRegistry } from '../../core/tenant-registry.js';
import type { ${Name}Id } from './model.js';

export interface ${Name}Entry {
  readonly id: ${Name}Id;
  readonly amount: number;
  readonly note: string;
}

/** Keeps the balance of every ${label}. ${random.pick(SENTENCES)} */
export class ${Name}Ledger {
  readonly #mu = new Mutex();
  readonly #balances = new Map<${Name}Id, number>();
  readonly #audit: AuditLog;
  readonly #registry: TenantRegistry;

  constructor(audit: AuditLog, registry: TenantRegistry) {
    this.#audit = audit;
    this.#registry = registry;
  }

${
  scoped
    ? `  async post(entry: ${Name}Entry): Promise<number> {
    return this.#mu.runExclusive(async () => {
      const balance = (this.#balances.get(entry.id) ?? 0) + entry.amount;
      this.#balances.set(entry.id, balance);
${nested ? '      await record(this.#audit, { subject: entry.id, action: entry.note });\n' : ''}      return balance;
    });
  }`
    : `  async post(entry: ${Name}Entry): Promise<number> {
    const release = await this.#mu.acquire();
    try {
      const balance = (this.#balances.get(entry.id) ?? 0) + entry.amount;
      if (balance < 0) return Number.NaN;
      this.#balances.set(entry.id, balance);
${nested ? '      await this.#note(entry);\n' : ''}      return balance;
    } finally {
      release();
    }
  }

  async #note({ id, note }: ${Name}Entry): Promise<void> {
    await recordAll(this.#audit, [{ subject: id, action: note }]);
  }`
}

  /** Moves the whole balance while no tenant comes or goes. */
  async move(from: ${Name}Id, to: ${Name}Id): Promise<void> {
    await this.#registry.exclusively(async () => {
      const amount = await this.balance(from);
      await this.post({ id: from, amount: -amount, note: 'moved away' });
      await this.post({ id: to, amount, note: 'moved here' });
      this.#registry.touch(to);
    });
${scoped ? "    await recordAll(this.#audit, [{ subject: from, action: 'move' }]);" : "    await record(this.#audit, { subject: from, action: 'move' });"}
  }

  async balance(id: ${Name}Id): Promise<number> {
    return this.#mu.runExclusive(() => this.#balances.get(id) ?? 0);
  }
}
`;
}

/**
 * Rows that are written one by one, each in a way that may be repeated.
 *
 * @param {Feature} feature
 * @param {Random} random
 * @param {number} index
 */
export function insertFile({ Name, name, label, table }, random, index) {
  const head = `import type { Db } from '../../core/db.js';
import { contentId } from '../../core/ids.js';
import type { ${Name}Input } from './model.js';

/** Brings in what another system knows of a ${label}. ${random.pick(SENTENCES)} */
`;
  switch (index % 4) {
    case 0:
      return `${head}export async function import${Name}(db: Db, inputs: readonly ${Name}Input[]): Promise<number> {
  let count = 0;
  for (const input of inputs) {
    const id = contentId(input.tenantId, JSON.stringify(input));
    const { rowCount } = await db.query(
      \`INSERT INTO ${table} (id, tenant_id, status)
       VALUES ($1, $2, $3)
       ON CONFLICT (id) DO NOTHING\`,
      [id, input.tenantId, 'draft'],
    );
    count += rowCount;
  }
  return count;
}
`;
    case 1:
      return `${head}export async function import${Name}(db: Db, inputs: readonly ${Name}Input[]): Promise<number> {
  const counts = await Promise.all(inputs.map((input) => insert${Name}(db, input)));
  return counts.reduce((sum, count) => sum + count, 0);
}

async function insert${Name}(db: Db, input: ${Name}Input): Promise<number> {
  const id = contentId(input.tenantId, JSON.stringify(input));
  const { rowCount } = await db.query(
    'INSERT INTO ${table} (id, tenant_id) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET tenant_id = EXCLUDED.tenant_id',
    [id, input.tenantId],
  );
  return rowCount;
}
`;
    case 2:
      return `${head}export async function import${Name}(db: Db, inputs: readonly ${Name}Input[]): Promise<number> {
  let count = 0;
  for (const input of inputs) {
    const id = contentId(input.tenantId, JSON.stringify(input));
    const existing = await lookup${Name}(db, id);
    if (existing) continue;
    await db.query('INSERT INTO ${table} (id, tenant_id, status) VALUES ($1, $2, $3)', [id, input.tenantId, 'draft']);
    count += 1;
  }
  return count;
}

export async function lookup${Name}(db: Db, id: string): Promise<boolean> {
  const { rowCount } = await db.query('SELECT id FROM ${table} WHERE id = $1', [id]);
  return rowCount > 0;
}
`;
    default:
      return `${head}export async function create${Name}(db: Db, input: ${Name}Input): Promise<string> {
  const id = contentId(input.tenantId, JSON.stringify(input), String(Math.random()));
  const text = 'INSERT INTO ${table} (id, tenant_id, status) VALUES ($1, $2, $3)';
  await db.query(text, [id, input.tenantId, 'draft']);
  return id;
}

export async function replace${Name}(db: Db, old: string, input: ${Name}Input): Promise<string> {
  await db.query('DELETE FROM ${table} WHERE id = $1', [old]);
  const ${name} = await create${Name}(db, input);
  return ${name};
}
`;
  }
}

/**
 * Calls of the dispatchers, as handlers make them.
 *
 * @param {Feature} feature
 * @param {Random} random
 */
export function dispatchFile({ Name, label }, random) {
  return `import { type Handler, json, param, problem } from '../../core/http.js';
import { type Provisioner, startMachine, stopMachine } from '../../core/provisioner.js';

/** Starts and ends the machine of a ${label}. ${random.pick(SENTENCES)} */
export function start${Name}(provisioner: Provisioner): Handler {
  return async (incoming) => {
    const size = incoming.query['size'] ?? 'small';
    const address = await startMachine(provisioner, param(incoming, 'id'), size);
    return json(201, { address });
  };
}

export function end${Name}(provisioner: Provisioner): Handler {
  return async (incoming) => {
    const ended = await stopMachine(provisioner, param(incoming, 'id'));
    return ended ? json(204, null) : problem(409, 'the ${label} is pinned');
  };
}
`;
}

/**
 * No site, but the words of one: what a text search cannot tell from the real thing.
 *
 * @param {Feature} feature
 * @param {Random} random
 * @param {number} index
 */
export function lookalikeFile({ Name, label }, random, index) {
  const bodies = [
    `  /** Talks an agent into taking the ${label}; nothing is locked. */
  async acquire(agent: string): Promise<string> {
    return this.#remote.request(\`agents/\${agent}/${Name}\`);
  }`,
    `  /** The help page says: "use INSERT INTO only through the import". */
  async help(): Promise<string> {
    const page = await this.#remote.request('help/insert into');
    return page.replace('insert into', 'import');
  }`,
    `  /** Gives a machine back to its owner. This one is a toy. */
  async retireMachine(toy: { retireMachine(): Promise<string> }): Promise<string> {
    return this.#remote.request(await toy.retireMachine());
  }`,
  ];
  return `export interface ${Name}Remote {
  request(path: string): Promise<string>;
}

/** A ${label} as others see it. ${random.pick(SENTENCES)} */
export class ${Name}Gateway {
  readonly #remote: ${Name}Remote;

  constructor(remote: ${Name}Remote) {
    this.#remote = remote;
  }

${bodies[index % bodies.length]}
}
`;
}

// What is wrong with a corpus: one mistake of each kind. Whoever misses its own has not done its work.

/**
 * @typedef {object} Planted
 * @property {string} file
 * @property {string} rule the rule of ws-gate that must report it, once
 */

/** @type {readonly Planted[]} */
export const PLANTED = [
  { file: 'src/planted/bypass.ts', rule: 'require-dispatcher' },
  { file: 'src/planted/insert.ts', rule: 'insert-in-loop' },
  { file: 'src/planted/rows.ts', rule: 'insert-in-loop' },
  { file: 'src/planted/pair.ts', rule: 'lock-cycle' },
  { file: 'src/core/tenant-registry.ts', rule: 'lock-order' },
  { file: 'src/planted/again.ts', rule: 'lock-reentry' },
];

/** The table that the planted inserts fill. */
export const PLANTED_TABLE = 'planted_rows';

/** Inserts that stand in a loop of the same file: the ones that a search without meaning can see. */
export const PLANTED_LOOPED = 1;

/** @type {Readonly<Record<string, string>>} */
export const PLANTED_FILES = {
  // The order is the registry first, and the log is a leaf. The inner acquisition is two files away.
  'src/planted/order.ts': `import type { AuditLog } from '../core/audit-log.js';
import type { TenantRegistry } from '../core/tenant-registry.js';

export async function admit(log: AuditLog, registry: TenantRegistry, id: string): Promise<void> {
  await log.mu.runExclusive(async () => {
    await enter(registry, id);
  });
}

function enter(registry: TenantRegistry, id: string): Promise<void> {
  return registry.register(id);
}
`,
  'src/planted/pair.ts': `import { Mutex } from 'async-mutex';

export class Pair {
  readonly left = new Mutex();
  readonly right = new Mutex();

  async leftFirst(): Promise<void> {
    await this.left.runExclusive(() => this.right.runExclusive(() => undefined));
  }

  async rightFirst(): Promise<void> {
    const release = await this.right.acquire();
    try {
      await this.left.runExclusive(() => undefined);
    } finally {
      release();
    }
  }
}
`,
  'src/planted/again.ts': `import { Mutex } from 'async-mutex';

export class Counter {
  readonly #mu = new Mutex();
  #count = 0;

  async add(amount: number): Promise<number> {
    return this.#mu.runExclusive(async () => {
      this.#count += amount;
      return this.read();
    });
  }

  read(): Promise<number> {
    return this.#mu.runExclusive(() => this.#count);
  }
}
`,
  'src/planted/insert.ts': `import type { Db } from '../core/db.js';

export async function addAll(db: Db, ids: readonly string[]): Promise<void> {
  for (const id of ids) await db.query('INSERT INTO ${PLANTED_TABLE} (id) VALUES ($1)', [id]);
}
`,
  // The loop is in another file.
  'src/planted/rows.ts': `import type { Db } from '../core/db.js';

const TEXT = 'INSERT INTO ${PLANTED_TABLE} (id) VALUES ($1)';

export async function addRow(db: Db, id: string): Promise<void> {
  await db.query(TEXT, [id]);
}
`,
  'src/planted/callers.ts': `import type { Db } from '../core/db.js';
import { addRow } from './rows.js';

export async function addRows(db: Db, ids: readonly string[]): Promise<void> {
  await Promise.all(ids.map((id) => addRow(db, id)));
}
`,
  'src/planted/bypass.ts': `import type { Provisioner } from '../core/provisioner.js';

export function startNow(provisioner: Provisioner, id: string): Promise<string> {
  return provisioner.provisionMachine(id, 'small');
}
`,
  // For tsc, for the typed rule of typescript-eslint, and for oxlint: one each.
  'src/planted/peers.ts': `export const size: number = 'small';

export async function tick(): Promise<void> {}

export function start(): void {
  tick();
}

export function stop(): void {
  debugger;
}
`,
};

import { describe, expect, it } from 'vitest';
import { ws } from '../support/cli.ts';
import { tempDir } from '../support/temp-dir.ts';

/** A config that says something about every file but `src/quiet.ts`. */
const CONFIG = {
  locks: { order: ['Registry.mu', 'Workspace.mu'] },
  rules: {
    'lock-order': 'error',
    'insert-in-loop': ['error', { tables: ['orders'], preflight: ['findOrder'] }],
    'require-dispatcher': [
      'error',
      { dispatchers: [{ calls: ['stopContainer'], allowIn: ['src/docker.ts#stop'], use: 'stop' }] },
    ],
  },
};

const SOURCES = {
  'src/mutex.ts': `export class Mutex {
  async runExclusive<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }
}
`,
  'src/workspace.ts': `import { Mutex } from './mutex.ts';
import type { Registry } from './registry.ts';

export class Workspace {
  readonly mu = new Mutex();

  async close(registry: Registry): Promise<void> {
    await this.mu.runExclusive(() => registry.remove(this));
  }
}
`,
  'src/registry.ts': `import { Mutex } from './mutex.ts';
import type { Workspace } from './workspace.ts';

export class Registry {
  readonly mu = new Mutex();
  readonly all = new Set<Workspace>();

  async remove(workspace: Workspace): Promise<void> {
    await this.mu.runExclusive(async () => {
      this.all.delete(workspace);
    });
  }
}
`,
  'src/orders.ts': `declare const db: { query(sql: string, values: unknown[]): Promise<{ rows: unknown[] }> };

export async function findOrder(id: string): Promise<boolean> {
  return (await db.query('SELECT 1 FROM orders WHERE id = $1', [id])).rows.length > 0;
}

export async function copy(ids: string[]): Promise<void> {
  for (const id of ids) await db.query('INSERT INTO orders (id) VALUES ($1)', [id]);
}
`,
  'src/docker.ts': `async function stopContainer(id: string): Promise<void> {
  console.log('docker stop', id);
}

export async function stop(id: string): Promise<void> {
  await stopContainer(id);
}
`,
  'src/quiet.ts': 'export const quiet = true;\n',
};

const INVERSION =
  'src/registry.ts:9:11: error lock-order/contradictsOrder: ' +
  'acquires Registry.mu while holding Workspace.mu; the declared order is Registry.mu → Workspace.mu\n';
const INSERT =
  'src/orders.ts:8:31: error insert-in-loop/insertInLoop: ' +
  'inserts into orders once per iteration of the loop at src/orders.ts:8\n';

function check(config: object, ...args: string[]) {
  const dir = tempDir({ ...SOURCES, 'ws-gate.config.json': JSON.stringify(config) });
  return ws(dir, ['check', '-f', 'compact', ...args]);
}

describe('the paths of check', () => {
  it('leave out nothing of what the config is held against', () => {
    expect(check(CONFIG)).toEqual({ code: 1, stdout: INSERT + INVERSION, stderr: '' });
    expect(check(CONFIG, 'src/quiet.ts')).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('choose the findings that lie in them, or lead through them', () => {
    expect(check(CONFIG, 'src/orders.ts')).toEqual({ code: 1, stdout: INSERT, stderr: '' });
    expect(check(CONFIG, 'src/registry.ts')).toEqual({ code: 1, stdout: INVERSION, stderr: '' });
    expect(check(CONFIG, 'src/workspace.ts')).toEqual({ code: 1, stdout: INVERSION, stderr: '' });
    expect(check(CONFIG, 'src/docker.ts', 'src/mutex.ts')).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('do not hide what is wrong with the config', () => {
    const config = { ...CONFIG, locks: { order: ['Registry.mu', 'mu', 'Workspaces.mu'] } };
    expect(check(config, 'src/quiet.ts')).toEqual({
      code: 1,
      stdout:
        'ws-gate.config.json:1:1: error gate-integrity/unknownName: ' +
        'locks.order names Workspaces.mu, which does not exist\n' +
        'ws-gate.config.json:1:1: error gate-integrity/ambiguousName: ' +
        'locks.order names mu, which may be Registry.mu or Workspace.mu\n',
      stderr: '',
    });
  });

  it('say what an unknown name may have been meant to be', () => {
    const dir = tempDir({
      ...SOURCES,
      'ws-gate.config.json': JSON.stringify({
        ...CONFIG,
        locks: { order: ['Registry.mu', 'Workspaces.mu'] },
      }),
    });
    const { findings } = JSON.parse(ws(dir, ['check', '-f', 'json', 'src/quiet.ts']).stdout);
    expect(findings.map(({ help }: { help: string }) => help)).toEqual([
      'correct the name, or remove the entry; did you mean Registry.mu or Workspace.mu?',
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import { by, checkManager, type Edit } from '../support/manager-gate.ts';

const GRAPHS = 'src/manager/graphs/manager.ts';
const REBUILD = 'src/manager/graphs/rebuild.ts';
const BACKEND = 'src/manager/claims/backend.ts';

/** What the gate finds after an edit: each rule and message with its file, and the words of the first of them. */
function found(edit: Edit): { readonly kinds: readonly string[]; readonly first: string } {
  const { code, report } = checkManager(edit, by('guarded-by'));
  expect(code).toBe(1);
  const kinds = report.findings.map(({ ruleId, messageId, file }) => `${ruleId}/${messageId} ${file}`);
  return { kinds: [...new Set(kinds)].sort(), first: report.findings[0]?.message ?? '' };
}

describe('what the manager says of its locks in annotations: the gate is red when', () => {
  it('WG-08 a workspace is evicted under a share of the table', () => {
    const head = `  async unload(key: WorkspaceKey): Promise<boolean> {
    let workspace: LoadedWorkspace<G> | undefined;
    {
      using _workspaces = await this.workspaces.`;
    const { kinds, first } = found([GRAPHS, `${head}acquireWrite();`, `${head}acquireRead();`]);
    expect(kinds).toEqual([`guarded-by/requiresLock ${GRAPHS}`]);
    expect(first).toBe('calls GraphManager.evict without holding GraphManager.workspaces');
  });

  it('WG-08 the table is looked at without its lock', () => {
    const head = '  async lookup(key: WorkspaceKey): Promise<LoadedWorkspace<G> | undefined> {\n';
    const lock = '    using _workspaces = await this.workspaces.acquireRead();\n';
    const { kinds, first } = found([GRAPHS, head + lock, head]);
    expect(kinds).toEqual([`guarded-by/unguardedRead ${GRAPHS}`]);
    expect(first).toBe('reads GraphManager.table without holding GraphManager.workspaces');
  });

  it('WG-07 the end of a rebuild is told without the lane', () => {
    const lock = '  using _lane = await workspace.rebuildLane.acquire();\n';
    const rest = '  workspace.pending = undefined;\n  sentinel.release();\n';
    const { kinds } = found([REBUILD, lock + rest, rest]);
    expect(kinds).toEqual([`guarded-by/requiresLock ${REBUILD}`, `guarded-by/unguardedWrite ${REBUILD}`]);
  });

  it('WG-09 a rebuild publishes when it has let go of the table', () => {
    const lock = '      using _workspaces = await this.#manager.workspaces.acquireRead();\n';
    const check =
      '      // ws-gate: atomic-begin\n' +
      '      if (workspace.cancel.pending || this.#manager.table.get(key.id) !== workspace) {\n';
    const { kinds } = found([REBUILD, lock + check, check]);
    expect(kinds).toEqual([`guarded-by/requiresLock ${REBUILD}`, `guarded-by/unguardedRead ${REBUILD}`]);
  });

  it('WG-16 memory is reserved without the books', () => {
    const lock = '    using _admission = this.admission.acquire();\n';
    const change = '    this.accounts.reserve(bytes);\n';
    const { kinds, first } = found([GRAPHS, lock + change, change]);
    expect(kinds).toEqual([`guarded-by/requiresLock ${GRAPHS}`]);
    expect(first).toBe('calls MemoryAccounts.reserve without holding GraphManager.admission');
  });

  it('WG-12 a client attaches without the lock that keeps the workspace open', () => {
    const lock = '    using _mu = await this.mu.acquire();\n';
    const look =
      '    if (this.#retired.has(client)) throw new ClientRetiredError();\n    const workspace = this.get';
    const { kinds, first } = found([BACKEND, lock + look, look]);
    expect(kinds).toEqual([`guarded-by/unguardedRead ${BACKEND}`]);
    expect(first).toBe('reads Backend.retired without holding Backend.mu');
  });

  it('a session is saved without its lock', () => {
    const file = 'src/manager/sessions/workspace.ts';
    const lock = '    using _mu = await this.mu.acquire();\n';
    const change = '    await this.#change(() => this.#tools.rows.saveFile(this.#record, file));\n';
    const { kinds } = found([file, lock + change, change]);
    expect(kinds).toEqual([`guarded-by/requiresLock ${file}`]);
  });
});

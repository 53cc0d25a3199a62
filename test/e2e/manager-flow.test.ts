import { describe, expect, it } from 'vitest';
import { by, checkManager, type Edit } from '../support/manager-gate.ts';

const DISPATCHERS = 'src/manager/fleet/dispatchers.ts';
const FLEET = 'src/manager/fleet/fleet.ts';
const IMPORT = 'src/manager/fleet/org-import.ts';
const GRAPHS = 'src/manager/graphs/manager.ts';
const LOAD = 'src/manager/graphs/load.ts';
const REBUILD = 'src/manager/graphs/rebuild.ts';
const REGISTRY = 'src/manager/sessions/registry.ts';

/** What the gate finds after an edit, as rule, message and file. */
function found(edit: Edit): string[] {
  const { code, report } = checkManager(edit, by('call-before', 'must-call', 'paired-mutation'));
  expect(code).toBe(1);
  return [...new Set(report.findings.map(({ ruleId, messageId, file }) => `${ruleId}/${messageId} ${file}`))];
}

describe('the invariants of docs/invariants.md: the gate is red when', () => {
  it('WG-46 a status is shown before it is in the ledger', () => {
    const file = 'src/manager/ledger/recorder.ts';
    const [ledger, shown] = [
      '  const arbitration = await ledger.setStatus(id, status, details);\n',
      '  await activity.updateDelegationStatus(id, status);\n',
    ];
    expect(found([file, ledger + shown, shown + ledger])).toEqual([`call-before/notBefore ${file}`]);
  });

  it('WG-46 the write to the ledger is not waited for', () => {
    const file = 'src/manager/ledger/recorder.ts';
    expect(found([file, '= await ledger.setStatus(', '= ledger.setStatus('])).toEqual([
      `call-before/notAwaited ${file}`,
    ]);
  });

  it('WG-59 a stream attaches before it has subscribed', () => {
    const file = 'src/manager/http/routes/claims.ts';
    const [subscribe, attach] = [
      '      using subscription = events.subscribe();\n',
      '      await backend.attachClient(params.id, query.client_id);\n',
    ];
    expect(found([file, subscribe + attach, attach + subscribe])).toEqual([`call-before/notBefore ${file}`]);
  });

  it('WG-41 a provision is told of only if there is a backend', () => {
    const event = "    provisionLog('provision.start', { ...told, sync: mode === 'sync' });\n";
    expect(found([DISPATCHERS, event, event.replace('provisionLog', 'if (backend) provisionLog')])).toEqual([
      `must-call/notOnEveryPath ${DISPATCHERS}`,
    ]);
  });

  it('WG-41 a restart is told of after the stop', () => {
    const event =
      "    provisionLog('restart.pre_stop', { workspace_id: id, backend: backend?.name ?? 'none' });\n";
    expect(found([DISPATCHERS, event, ''])).toEqual([
      `must-call/notCalled ${DISPATCHERS}`,
      `call-before/notBefore ${DISPATCHERS}`,
    ]);
  });

  it('WG-41 an import tells of what it skips by another event', () => {
    expect(found([IMPORT, "'provision.skip_existing'", "'provision.start'"])).toEqual([
      `must-call/notCalled ${IMPORT}`,
    ]);
  });

  it('WG-38 a resume takes the claim and starts nothing', () => {
    expect(found([FLEET, 'this.#dispatchers.provisionWorkspaceAuto(claim)', 'claim.previousStatus'])).toEqual(
      [`must-call/notCalled ${FLEET}`],
    );
  });

  it('WG-38 a restart calls its dispatcher in a function that nobody calls', () => {
    const file = 'src/manager/fleet/restarts.ts';
    const call = '    await this.#dispatchers.restartWorkspaceAutoSyncLocked(claim, options);\n';
    const unused = `    const later = async (): Promise<boolean> =>
      await this.#dispatchers.restartWorkspaceAutoSyncLocked(claim, options);
    this.#tell(id, later.name);
`;
    expect(found([file, call, unused])).toEqual([
      `must-call/notCalled ${FLEET}`,
      `must-call/notCalled ${file}`,
    ]);
  });

  it('WG-56 the gate of a provision is taken in the background', () => {
    const before = `    const gate = this.provisionGate.acquire(claim.workspace.id);
    this.#options.supervisor.spawn('provision', async () => {
`;
    const after = `    this.#options.supervisor.spawn('provision', async () => {
      const gate = this.provisionGate.acquire(claim.workspace.id);
`;
    expect(found([DISPATCHERS, before, after])).toEqual([`call-before/notBefore ${DISPATCHERS}`]);
  });

  it('WG-53 an import writes before it has checked its tree', () => {
    const plan = '    const planned = plan(roots, undefined, tier);\n';
    const edit =
      '    const planned = roots.map((node) => ({ workspace: completed(node as never, tier), children: [] }));\n';
    expect(found([IMPORT, plan, edit])).toEqual([`call-before/notBefore ${IMPORT}`]);
  });

  it('WG-08 a workspace is out of the table before whoever has it is told', () => {
    const before = `    workspace.cancel.request('evicted');
    workspace.state.set('evicted');
    this.table.delete(workspace.key.id);
`;
    const after = `    this.table.delete(workspace.key.id);
    workspace.cancel.request('evicted');
`;
    expect(found([GRAPHS, before, after])).toEqual([
      `call-before/notBefore ${GRAPHS}`,
      `paired-mutation/unpaired ${GRAPHS}`,
    ]);
  });

  it('WG-17 the way back is given up before the bytes are booked', () => {
    const before = '    let token: number | undefined;\n';
    expect(found([GRAPHS, before, `    rollback.disarm();\n${before}`])).toEqual([
      `call-before/notBefore ${GRAPHS}`,
    ]);
  });

  it.each([LOAD, REBUILD])('WG-14 a publish in %s does not tell the hook', (file) => {
    const variable = file === LOAD ? 'manager' : 'this.#manager';
    expect(found([file, `  ${variable}.dispatchPublishHook(root, cell);\n`, '\n'])).toEqual([
      `must-call/notCalled ${file}`,
    ]);
  });

  it('WG-18 who has won the right to build has no guard', () => {
    expect(
      found([LOAD, 'const guard = new BuildGuard(workspace);', 'const guard = undefined as never;']),
    ).toEqual([`must-call/notCalled ${LOAD}`]);
  });

  it('WG-21 a session is taken out, and stays in the cache', () => {
    expect(found([REGISTRY, '    this.#cache.evict(workspace.sessionId);\n', ''])).toEqual([
      `paired-mutation/unpaired ${REGISTRY}`,
    ]);
  });

  it('WG-21 the cache forgets a session before it is taken out', () => {
    const before = `    this.#workspaces.delete(workspace.sessionId);
    workspace.close();
    this.#cache.evict(workspace.sessionId);
`;
    const after = `    workspace.close();
    this.#cache.evict(workspace.sessionId);
    this.#workspaces.delete(workspace.sessionId);
`;
    expect(found([REGISTRY, before, after])).toEqual([`paired-mutation/outOfOrder ${REGISTRY}`]);
  });

  it('a retained graph is let go of, and its bytes stay booked', () => {
    const file = 'src/manager/graphs/admission.ts';
    expect(found([file, '        this.#retained -= old.bytes;\n', ''])).toEqual([
      `paired-mutation/unpaired ${file}`,
    ]);
  });
});

import { expect, test } from 'vitest';
import { STATUS } from '../../../src/manager/index.ts';
import { Gate, settle } from '../fakes.ts';
import { describeDatabases } from '../servers.ts';
import { FakeBackend, makeParts, until } from './support.ts';

const NO_BACKEND = /^no provisioning backend available — /;

describeDatabases('dispatchers', (open) => {
  async function start(wired: 'cp' | 'process' | 'both' | 'none') {
    const cp = new FakeBackend('cp');
    const local = new FakeBackend('local');
    const parts = makeParts(await open(), {
      controlPlane: wired === 'cp' || wired === 'both' ? cp : undefined,
      process: wired === 'process' || wired === 'both' ? local : undefined,
    });
    return { cp, local, ...parts };
  }

  test('M-01 provision goes to the control plane, in the background', async () => {
    const { cp, dispatchers, insert, rows } = await start('cp');
    cp.startGate = new Gate();
    const claim = await insert();
    expect(dispatchers.provisionWorkspaceAuto(claim)).toBe(true);
    expect((await rows.get(claim.workspace.id)).status).toBe('provisioning');
    cp.startGate.open();
    await until(async () => (await rows.get(claim.workspace.id)).status === 'online');
    expect(await rows.get(claim.workspace.id)).toMatchObject({ instanceId: 'cp-1', lastError: null });
  });

  test('M-01 provision without a backend fails in the row, and gives the gate back', async () => {
    const { dispatchers, insert, rows } = await start('none');
    const claim = await insert();
    expect(dispatchers.provisionWorkspaceAuto(claim)).toBe(false);
    await until(() => !dispatchers.provisionGate.isLocked(claim.workspace.id));
    const row = await rows.get(claim.workspace.id);
    expect([row.status, row.lastError]).toEqual(['failed', expect.stringMatching(NO_BACKEND)]);
  });

  test('M-01 the control plane comes first where there is both', async () => {
    const { cp, local, dispatchers, insert } = await start('both');
    expect(await dispatchers.provisionWorkspaceAutoSync(await insert())).toBe(true);
    expect([cp.made, local.made]).toEqual([1, 0]);
  });

  test('M-02 provision sync waits, and says so', async () => {
    const { dispatchers, insert, rows, events } = await start('cp');
    const claim = await insert();
    expect(await dispatchers.provisionWorkspaceAutoSync(claim)).toBe(true);
    expect((await rows.get(claim.workspace.id)).status).toBe('online');
    expect(events[0]).toBe(
      `evt: provision.start {"workspace_id":"${claim.workspace.id}","backend":"cp","sync":true}`,
    );
  });

  test('M-02 provision sync without a backend fails in the row', async () => {
    const { dispatchers, insert, rows } = await start('none');
    const claim = await insert();
    expect(await dispatchers.provisionWorkspaceAutoSync(claim)).toBe(false);
    const row = await rows.get(claim.workspace.id);
    expect([row.status, row.lastError]).toEqual(['failed', expect.stringMatching(NO_BACKEND)]);
    expect(dispatchers.provisionGate.size).toBe(0);
  });

  test('M-03 stop goes to the control plane, once', async () => {
    const { cp, dispatchers } = await start('cp');
    cp.stopErrors.push(new Error('busy'));
    await expect(dispatchers.stopWorkspaceAuto('w')).rejects.toThrow('busy');
    expect(cp.calls).toEqual(['stop w']);
  });

  test('M-03 stop goes to local processes without a control plane', async () => {
    const { local, dispatchers, events } = await start('process');
    await dispatchers.stopWorkspaceAuto('w');
    expect(local.calls).toEqual(['stop w']);
    expect(events).toEqual(['evt: provision.instance_stopped {"workspace_id":"w","backend":"local"}']);
  });

  test('M-03 stop without a backend has nothing to do', async () => {
    const { dispatchers, events } = await start('none');
    await dispatchers.stopWorkspaceAuto('w');
    expect(events).toEqual([]);
  });

  test('M-04 restart stops and starts on the control plane, which comes first where there is both', async () => {
    const { cp, local, dispatchers, insert, rows, events } = await start('both');
    const claim = await insert();
    const { id } = claim.workspace;
    expect(dispatchers.restartWorkspaceAuto(claim)).toBe(true);
    await until(async () => (await rows.get(id)).status === 'online');
    expect([cp.calls, local.calls]).toEqual([[`stop ${id}`, `start ${id}`], []]);
    expect(events.map((line) => line.split(' ')[1])).toEqual([
      'restart.pre_stop',
      'provision.instance_stopped',
      'provision.start',
      'provision.instance_started',
    ]);
    expect(events[0]).toBe(`evt: restart.pre_stop {"workspace_id":"${id}","backend":"cp"}`);
  });

  test('M-04 a stop of the control plane is tried three times, 1 s and 2 s apart, and then it is started', async () => {
    const { cp, dispatchers, insert, rows, clock, logger } = await start('cp');
    const errors = [1, 2, 3].map((n) => new Error(`busy ${n}`));
    cp.stopErrors.push(...errors);
    const claim = await insert();
    const { id } = claim.workspace;
    dispatchers.restartWorkspaceAuto(claim);
    await until(() => clock.running.includes(1_000));
    clock.advance(1_000);
    await until(() => clock.running.includes(2_000));
    expect(cp.calls).toEqual([`stop ${id}`, `stop ${id}`]);
    clock.advance(2_000);
    await until(async () => (await rows.get(id)).status === 'online');
    expect(cp.calls).toEqual([`stop ${id}`, `stop ${id}`, `stop ${id}`, `start ${id}`]);
    expect(logger.lines).toEqual([
      {
        level: 'error',
        message: 'LEAK-SUSPECT: instance not stopped before its restart',
        fields: { workspace_id: id, backend: 'cp', error: errors[2] },
      },
    ]);
  });

  test('M-04 a local process is stopped once, and told whether its session is to be kept', async () => {
    const { local, dispatchers, insert, rows } = await start('process');
    local.stopErrors.push(new Error('busy'));
    const claim = await insert();
    const { id } = claim.workspace;
    dispatchers.restartWorkspaceAutoOpts(claim, { resetSession: true });
    await until(async () => (await rows.get(id)).status === 'online');
    expect(local.calls).toEqual([`stop ${id}`, `start ${id}`]);
    expect(local.specs.map(({ session }) => session)).toEqual(['reset']);
  });

  test('M-04 restart without a backend fails in the row', async () => {
    const { dispatchers, insert, rows, events } = await start('none');
    const claim = await insert();
    expect(dispatchers.restartWorkspaceAuto(claim)).toBe(false);
    await until(() => !dispatchers.provisionGate.isLocked(claim.workspace.id));
    const row = await rows.get(claim.workspace.id);
    expect([row.status, row.lastError]).toEqual(['failed', expect.stringMatching(NO_BACKEND)]);
    expect(events[0]).toBe(`evt: restart.pre_stop {"workspace_id":"${claim.workspace.id}","backend":"none"}`);
  });

  test.each([
    ['cp', true],
    ['process', true],
    ['none', false],
  ] as const)('M-05 with %s, whether there is a provisioner is %s', async (wired, expected) => {
    const { dispatchers } = await start(wired);
    expect(dispatchers.hasProvisioner()).toBe(expected);
  });

  test('M-F4 the gate is taken by the call, and held until the end of the background start', async () => {
    const { cp, dispatchers, insert, rows } = await start('cp');
    cp.startGate = new Gate();
    const claim = await insert();
    const { id } = claim.workspace;
    dispatchers.provisionWorkspaceAuto(claim);
    expect(dispatchers.provisionGate.isLocked(id)).toBe(true);
    await until(() => cp.calls.length === 1);
    expect(dispatchers.provisionGate.isLocked(id)).toBe(true);
    cp.startGate.open();
    await until(() => !dispatchers.provisionGate.isLocked(id));
    expect((await rows.get(id)).status).toBe('online');
  });

  test('M-F4 gates of different workspaces do not wait for each other', async () => {
    const { cp, dispatchers, insert } = await start('cp');
    cp.startGate = new Gate();
    dispatchers.provisionWorkspaceAuto(await insert('ada'));
    dispatchers.provisionWorkspaceAuto(await insert('bob'));
    await until(() => cp.calls.length === 2);
    cp.startGate.open();
  });

  test('M-F4 provision and restart of a workspace share its gate', async () => {
    const { cp, dispatchers, insert } = await start('cp');
    const claim = await insert();
    const held = await dispatchers.provisionGate.acquire(claim.workspace.id);
    dispatchers.restartWorkspaceAuto(claim);
    await settle();
    expect(cp.calls).toEqual([]);
    held();
    await until(() => cp.calls.length === 2);
  });

  test('M-F4 who holds the gate calls the locked variant, and would wait for ever for the other', async () => {
    const { cp, dispatchers, insert } = await start('cp');
    const claim = await insert();
    {
      using _gate = await dispatchers.provisionGate.acquire(claim.workspace.id);
      const waiting = dispatchers.provisionWorkspaceAutoSync(claim);
      await settle();
      expect(cp.calls).toEqual([]);
      expect(await dispatchers.provisionWorkspaceAutoSyncLocked(claim)).toBe(true);
      void waiting;
    }
  });

  test('a start that fails is told in the row, and what it may have left is stopped', async () => {
    const { cp, dispatchers, insert, rows } = await start('cp');
    cp.startErrors.push(new Error('no room'));
    const claim = await insert();
    const { id } = claim.workspace;
    expect(await dispatchers.provisionWorkspaceAutoSync(claim)).toBe(false);
    expect(await rows.get(id)).toMatchObject({ status: 'failed', lastError: 'no room' });
    expect(cp.calls).toEqual([`start ${id}`, `stop ${id}`]);
  });

  test('a backend that hangs is waited for 120 s, and stopped, which takes 30 s at most', async () => {
    const { cp, dispatchers, insert, rows, clock } = await start('cp');
    cp.startGate = new Gate();
    cp.stopGate = new Gate();
    const claim = await insert();
    const { id } = claim.workspace;
    const provisioned = dispatchers.provisionWorkspaceAutoSync(claim);
    await until(() => cp.calls.length === 1);
    clock.advance(120_000);
    await until(() => cp.calls.length === 2);
    clock.advance(30_000);
    expect(await provisioned).toBe(false);
    expect(await rows.get(id)).toMatchObject({
      status: 'failed',
      lastError: 'start on cp did not end within 120000 ms',
    });
    expect(dispatchers.provisionGate.size).toBe(0);
  });

  test('what was started for a workspace that is gone by then is stopped', async () => {
    const { cp, dispatchers, insert, rows } = await start('cp');
    cp.startGate = new Gate();
    const claim = await insert();
    const { id } = claim.workspace;
    const provisioned = dispatchers.provisionWorkspaceAutoSync(claim);
    await until(() => cp.calls.length === 1);
    // As another manager would: nobody tells this one.
    await rows.remove(id);
    cp.startGate.open();
    expect(await provisioned).toBe(false);
    expect(cp.running.size).toBe(0);
    expect((await rows.find(id))?.status).toBe(STATUS.removed);
  });

  test('the end of the manager is no failure: the row is left to whoever comes next', async () => {
    const { cp, dispatchers, insert, rows, supervisor } = await start('cp');
    cp.startGate = new Gate();
    const claim = await insert();
    dispatchers.provisionWorkspaceAuto(claim);
    await until(() => cp.calls.length === 1);
    await supervisor.close();
    expect((await rows.get(claim.workspace.id)).status).toBe('provisioning');
    expect(await rows.leftBehind(10)).toEqual([claim.workspace.id]);
  });
});

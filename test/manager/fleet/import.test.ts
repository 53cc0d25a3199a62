import { expect, test } from 'vitest';
import type { Db, TreeNode } from '../../../src/manager/index.ts';
import { Gate } from '../fakes.ts';
import { describeDatabases, wrapped } from '../servers.ts';
import { becomes, FakeBackend, makeFleet, makeParts, newWorkspace, online, until } from './support.ts';

const ORG: TreeNode = {
  name: 'org',
  runtime: 'node',
  children: [
    { name: 'web', children: [{ name: 'ui', tier: 1 }, { name: 'api' }] },
    { name: 'data', runtime: 'claude-code' },
  ],
};

describeDatabases('import', (open) => {
  async function start(backend = new FakeBackend()) {
    const db = await open();
    return { db, backend, ...makeFleet(db, { backends: { process: backend } }) };
  }

  async function names(db: Db): Promise<string[]> {
    const { rows } = await db.query<{ name: string; parent: string | null }>(
      `SELECT w.name, p.name AS parent FROM workspaces w LEFT JOIN workspaces p ON p.id = w.parent_id
       WHERE w.status <> 'removed' ORDER BY parent NULLS FIRST, w.name`,
    );
    return rows.map(({ name, parent }) => `${parent ?? ''}/${name}`);
  }

  test('M-08 a tree is entered and started, parents first, with what children take from their parents', async () => {
    const { db, fleet, backend } = await start();
    const results = await fleet.importTrees([ORG]);
    expect(results.map(({ name, tier }) => [name, tier])).toEqual([
      ['org', 3],
      ['web', 3],
      ['ui', 1],
      ['api', 3],
      ['data', 3],
    ]);
    expect(results.some(({ skipped }) => skipped)).toBe(false);
    expect(await names(db)).toEqual(['/org', 'org/data', 'org/web', 'web/api', 'web/ui']);
    for (const { id } of results) await becomes(fleet, id, 'online');
    const specs = Object.fromEntries(
      backend.specs.map(({ name, runtime, model }) => [name, [runtime, model]]),
    );
    expect(specs['api']).toEqual(['node', 'anthropic:claude-opus-4-7']);
    expect(specs['data']).toEqual(['claude-code', 'sonnet']);
  });

  test('M-08 a second import changes nothing, starts nothing, and says so', async () => {
    const { db, fleet, backend, events } = await start();
    const first = await fleet.importTrees([ORG]);
    for (const { id } of first) await becomes(fleet, id, 'online');
    events.length = 0;
    const second = await fleet.importTrees([{ ...ORG, tier: 1, model: 'other' }]);
    expect(second).toEqual(first.map((workspace) => ({ ...workspace, skipped: true })));
    expect(backend.made).toBe(5);
    expect(await names(db)).toHaveLength(5);
    expect(events).toEqual(
      first.map(({ id, name }) => `evt: provision.skip_existing {"workspace_id":"${id}","name":"${name}"}`),
    );
    expect(await fleet.get(first[0]?.id ?? '')).toMatchObject({
      tier: 3,
      model: 'anthropic:claude-opus-4-7',
    });
    await until(() => fleet.dispatchers.provisionGate.size === 0);
  });

  test('M-08 what is there gets the children that it lacks', async () => {
    const { db, fleet } = await start();
    const org = await online(fleet, 'org');
    const results = await fleet.importTrees([ORG]);
    expect(results.map(({ name, skipped }) => [name, skipped])).toEqual([
      ['org', true],
      ['web', undefined],
      ['ui', undefined],
      ['api', undefined],
      ['data', undefined],
    ]);
    expect(results[0]?.id).toBe(org.id);
    expect(await names(db)).toEqual(['/org', 'org/data', 'org/web', 'web/api', 'web/ui']);
  });

  test('M-08 what has been removed does not count', async () => {
    const { fleet } = await start();
    const org = await online(fleet, 'org');
    await fleet.remove(org.id);
    const [again] = await fleet.importTrees([{ name: 'org', runtime: 'node' }]);
    expect(again).toEqual({ id: expect.not.stringMatching(org.id), name: 'org', tier: 3 });
  });

  test('M-08 a tree can be put under a parent that is there, and only there', async () => {
    const { db, fleet } = await start();
    const org = await online(fleet, 'org');
    await fleet.importTrees([{ name: 'web', runtime: 'node' }], org.id);
    expect(await names(db)).toEqual(['/org', 'org/web']);
    await fleet.remove(org.id);
    await expect(fleet.importTrees([{ name: 'web', runtime: 'node' }], org.id)).rejects.toMatchObject({
      code: 'ERR_FLEET_NOT_FOUND',
    });
    expect(await names(db)).toEqual([]);
    await until(() => fleet.dispatchers.provisionGate.size === 0);
  });

  test.each([
    [[{ name: 'a', runtime: 'node', children: [{ name: '' }] }], 'a workspace has a name'],
    [[{ name: 'a' }], "'a' has no runtime"],
    [
      [
        { name: 'a', runtime: 'node' },
        { name: ' a ', runtime: 'node' },
      ],
      "'a' occurs twice",
    ],
    [
      [{ name: 'a', runtime: 'node', children: [{ name: 'b', runtime: '$' }] }],
      "'$' is not the name of a runtime",
    ],
  ])('a tree is checked before its first row is written: %j', async (trees, message) => {
    const { fleet } = await start();
    await expect(fleet.importTrees(trees)).rejects.toThrow(message);
    expect(await fleet.list()).toEqual([]);
  });

  test('without a backend the tree is entered, and has failed', async () => {
    const { fleet } = makeFleet(await open());
    const [org] = await fleet.importTrees([{ name: 'org', runtime: 'node' }]);
    expect((await becomes(fleet, org?.id ?? '', 'failed')).lastError).toMatch(/^no provisioning backend/);
  });

  test('so many are started at a time, and no more', async () => {
    const backend = new FakeBackend();
    backend.startGate = new Gate();
    const { fleet } = makeFleet(await open(), { backends: { process: backend }, provisionConcurrency: 2 });
    const results = await fleet.importTrees([ORG]);
    await until(() => backend.calls.length === 2);
    expect((await fleet.list()).map(({ status }) => status)).toEqual(Array(5).fill('provisioning'));
    expect(backend.calls).toHaveLength(2);
    backend.startGate.open();
    for (const { id } of results) await becomes(fleet, id, 'online');
  });

  test('there is a pause after each start, and none after what was there', async () => {
    const backend = new FakeBackend();
    const { fleet, clock } = makeFleet(await open(), { backends: { process: backend }, pacingMs: 2_000 });
    const org = await online(fleet, 'org');
    const imported = fleet.importTrees([ORG]);
    for (let rows = 2; rows <= 5; rows++) {
      await until(() => clock.running.includes(2_000));
      expect(await fleet.list()).toHaveLength(rows);
      clock.advance(2_000);
    }
    expect((await imported)[0]?.id).toBe(org.id);
  });

  test('an import that is cut short by the end of the manager is completed by another', async () => {
    const db = await open();
    const backend = new FakeBackend();
    const first = makeFleet(db, { backends: { process: backend }, pacingMs: 2_000 });
    const cut = first.fleet.importTrees([ORG]);
    await until(() => first.clock.running.includes(2_000));
    const rejected = expect(cut).rejects.toMatchObject({ code: 'ERR_FLEET_CLOSED' });
    await first.fleet.close();
    await rejected;
    const { fleet } = makeFleet(db, { backends: { process: backend } });
    const results = await fleet.importTrees([ORG]);
    expect(results.map(({ skipped = false }) => skipped)).toEqual([true, false, false, false, false]);
    await fleet.recover();
    for (const { id } of results) await becomes(fleet, id, 'online');
    expect([backend.running.size, backend.made, backend.overlaps]).toEqual([5, 5, 0]);
  });

  test('M-08 an error of the database ends the import: it is not taken for a child that is missing', async () => {
    const db = await open();
    const failure = new Error('the database is gone');
    let inserts = 0;
    const failing = wrapped(db, {
      tx: async (body) => {
        inserts++;
        if (inserts > 1) throw failure;
        return await db.tx(body);
      },
    });
    const { fleet } = makeFleet(failing, { backends: { process: new FakeBackend() } });
    await expect(fleet.importTrees([ORG])).rejects.toBe(failure);
    expect(inserts).toBe(2);
    expect(await names(db)).toEqual(['/org']);
    await until(() => fleet.dispatchers.provisionGate.size === 0);
  });

  test('M-F1 a row that vanishes between the conflict and the lookup is an error, and is not tried again', async () => {
    const db = await open();
    let lookups = 0;
    const vanishing = wrapped(db, {
      query: async (text, params) => {
        if (text.includes('IS NOT DISTINCT FROM $2')) {
          lookups++;
          await db.query("UPDATE workspaces SET status = 'removed'");
        }
        return await db.query(text, params);
      },
    });
    const { fleet } = makeFleet(vanishing, { backends: { process: new FakeBackend() } });
    await online(fleet, 'org');
    await expect(fleet.importTrees([ORG])).rejects.toMatchObject({ code: 'ERR_FLEET_LOST_ROW' });
    expect(lookups).toBe(1);
    expect(await names(db)).toEqual([]);
  });

  test('M-F2 a lookup that hangs is given up after 5 s', async () => {
    const db = await open();
    const hung = new Gate();
    const hanging = wrapped(db, {
      query: async (text, params) => {
        if (text.includes('IS NOT DISTINCT FROM $2')) {
          hung.open();
          return await new Promise(() => {});
        }
        return await db.query(text, params);
      },
    });
    const { fleet, clock } = makeFleet(hanging, { backends: { process: new FakeBackend() } });
    await online(fleet, 'org');
    const failed = expect(fleet.importTrees([ORG])).rejects.toMatchObject({ code: 'ERR_DEADLINE' });
    await hung.opened;
    clock.advance(5_000);
    await failed;
  });

  test('M-08 lookup finds a child of the top, of a parent, and nothing else', async () => {
    const { rows, claims } = makeParts(await open(), {});
    const top = newWorkspace('org');
    const child = newWorkspace('org', top.id);
    await claims.insert(top);
    await claims.insert(child);
    expect((await rows.lookupExistingChild('org', null))?.id).toBe(top.id);
    expect((await rows.lookupExistingChild('org', top.id))?.id).toBe(child.id);
    expect(await rows.lookupExistingChild('web', null)).toBeUndefined();
    await rows.remove(child.id);
    expect(await rows.lookupExistingChild('org', top.id)).toBeUndefined();
  });

  test('M-08 a lookup that the database cannot answer is an error, not an absence', async () => {
    const db = await open();
    const { rows } = makeParts(db, {});
    await db.query('DROP TABLE workspaces CASCADE');
    await expect(rows.lookupExistingChild('org', null)).rejects.toThrow('workspaces');
  });
});

// A manager of a fleet, to be killed: node fleet-program.js OPTIONS_AS_JSON
//
// Imports a tree, tells of every status as a line of JSON, and then, if it lives so long, of all rows and instances.
import { setTimeout as pause } from 'node:timers/promises';
import { Fleet, migrate, openDb, ProcessBackend } from '../../../dist/src/manager/index.js';

const { store, directory, command, tree, pacingMs } = JSON.parse(process.argv[2]);
const tell = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

const db = await openDb(store);
await migrate(db);
const backend = new ProcessBackend({ directory, command, startupMs: 20 });
const fleet = new Fleet({ db, backends: { process: backend }, pacingMs, claimTtlMs: 2_000 });
fleet.subscribe(tell);
await fleet.start();
const results = await fleet.importTrees([tree]);
// What another manager starts is seen in its row only.
while ((await fleet.list()).some(({ status }) => status === 'provisioning')) await pause(50);
const rows = (await fleet.list()).map(({ id, parentId, name, status, instanceId }) => {
  return { id, parentId, name, status, instanceId };
});
const instances = await backend.list({ signal: AbortSignal.timeout(10_000) });
tell({ results, rows, instances });
await fleet.close();
await db.close();

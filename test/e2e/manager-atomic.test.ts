import { describe, expect, it } from 'vitest';
import { by, checkManager, type Edit } from '../support/manager-gate.ts';

const GRAPHS = 'src/manager/graphs/manager.ts';
const REBUILD = 'src/manager/graphs/rebuild.ts';
const LOAD = 'src/manager/graphs/load.ts';
const STATE = 'src/manager/graphs/state.ts';
const TABLE = 'src/manager/claims/client-table.ts';
const EXIT = 'src/manager/claims/exit.ts';

/** What the gate finds after an edit, as file and message. */
function found(edit: Edit): string[] {
  const { code, report } = checkManager(edit, by('atomic-section'));
  expect(code).toBe(1);
  return report.findings.map(({ file, message }) => `${file}: ${message}`);
}

describe('the atomic sections of the manager: the gate is red when', () => {
  it('WG-04 a publish starts to look something up between the swap and the commit', () => {
    const before = '    workspace.memoryBytes = bytes;\n';
    const edit: Edit = [GRAPHS, before, `${before}    void this.lookup(workspace.key);\n`];
    expect(found(edit)).toEqual([
      `${GRAPHS}: GraphManager.publishAndRetain is atomic, and others may run before it is done`,
    ]);
  });

  it('WG-04 a publish pauses before it is done', () => {
    const head =
      '  publishAndRetain(reservation: RebuildReservation, workspace: LoadedWorkspace<G>, graph: G): Published<G> {\n';
    const edit: Edit = [
      GRAPHS,
      head,
      `${head.replace('  publish', '  async publish').replace('Published<G>', 'Promise<Published<G>>')}    await Promise.resolve();\n`,
    ];
    expect(found(edit)).toEqual([
      `${GRAPHS}: GraphManager.publishAndRetain is atomic, and others may run before it is done`,
    ]);
  });

  it('WG-09 a rebuild pauses between its last look at the table and the publish', () => {
    const after = '      ({ cell } = this.#manager.publishAndRetain(reservation, workspace, graph));\n';
    const edit: Edit = [REBUILD, after, `      await Promise.resolve();\n${after}`];
    expect(found(edit)).toEqual([
      `${REBUILD}: the section in RebuildDispatcher.#run is atomic, and others may run before it is done`,
    ]);
  });

  it('WG-09 a load pauses between the publish and the state that follows from it', () => {
    const before = '    lease = cell.lease();\n';
    const edit: Edit = [LOAD, before, `${before}    await Promise.resolve();\n`];
    expect(found(edit)).toEqual([
      `${LOAD}: the section in build is atomic, and others may run before it is done`,
    ]);
  });

  it('an eviction starts something before the workspace is out of the table', () => {
    const before = "    workspace.state.set('evicted');\n";
    const edit: Edit = [GRAPHS, before, `${before}    void this.describe(workspace.key);\n`];
    expect(found(edit)).toEqual([
      `${GRAPHS}: GraphManager.evict is atomic, and others may run before it is done`,
    ]);
  });

  it('a state is looked at and changed in two steps', () => {
    const from = '  exchange(expected: readonly GraphState[], next: GraphState): boolean {\n';
    const to =
      '  async exchange(expected: readonly GraphState[], next: GraphState): Promise<boolean> {\n    await Promise.resolve();\n';
    expect(found([STATE, from, to])).toEqual([
      `${STATE}: StateCell.exchange is atomic, and others may run before it is done`,
    ]);
  });

  it('the end of a claim waits for something', () => {
    const from = '  detach(id: ClientId, hold: Hold): boolean {\n';
    const to = '  async detach(id: ClientId, hold: Hold): Promise<boolean> {\n    await Promise.resolve();\n';
    expect(found([TABLE, from, to])).toEqual([
      `${TABLE}: ClientTable.detach is atomic, and others may run before it is done`,
    ]);
  });

  it('the decision to exit is put off by a step', () => {
    const from = '  lingered(timer: TimerHandle): boolean {\n';
    const to = '  async lingered(timer: TimerHandle): Promise<boolean> {\n    await Promise.resolve();\n';
    expect(found([EXIT, from, to])).toEqual([
      `${EXIT}: ServerExit.lingered is atomic, and others may run before it is done`,
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import { checkManager, LOCKS, places } from '../support/manager-gate.ts';

const MANAGER = 'src/manager/graphs/manager.ts';

describe('the graph manager under its gate', () => {
  it('is red when a reservation evicts while it holds the books', () => {
    const booked = '    this.accounts.reserve(bytes);\n';
    const { code, report, lineOf } = checkManager(
      [MANAGER, booked, `${booked}    await this.#evictAll(victims);\n`],
      LOCKS,
    );
    // An eviction looks at the table first, and at the books once more.
    expect([code, places(report)]).toEqual([
      1,
      [
        `lock-order ${MANAGER}:${lineOf(MANAGER, '#evictAll', 'acquireWrite')}`,
        `lock-reentry ${MANAGER}:${lineOf(MANAGER, '#retire', 'admission.acquire')}`,
      ],
    ]);
    expect(report.findings[0]).toMatchObject({ messageId: 'underLeaf' });
  });

  it('is red when an unload looks for the workspace in a section of its own and stays in it', () => {
    const { code, report, lineOf } = checkManager(
      [
        MANAGER,
        'if (workspace) this.#evict(workspace);\n    }\n    this.#stopBuild(workspace);\n    return',
        'if (await this.lookup(key)) this.#evict(workspace as LoadedWorkspace<G>);\n    }\n    this.#stopBuild(workspace);\n    return',
      ],
      LOCKS,
    );
    expect([code, places(report)]).toEqual([
      1,
      [`lock-reentry ${MANAGER}:${lineOf(MANAGER, 'lookup', 'acquireRead')}`],
    ]);
  });

  it('is red when a publish takes the lane of its workspace', () => {
    const published = '      guard.succeed(builtAt);\n';
    const rebuild = 'src/manager/graphs/rebuild.ts';
    const { code, report, lineOf } = checkManager(
      [rebuild, published, `${published}      using _lane = await workspace.rebuildLane.acquire();\n`],
      LOCKS,
    );
    expect([code, places(report)]).toEqual([
      1,
      [`lock-order ${rebuild}:${lineOf(rebuild, '#run', 'using _lane')}`],
    ]);
    expect(report.findings[0]).toMatchObject({ messageId: 'disjointHeld' });
  });
});

import { describe, expect, it } from 'vitest';
import { checkManager, type Edit, LOCKS, places } from '../support/manager-gate.ts';

const [BACKEND, CLAIMS, ENDING, OPENING] = ['backend', 'claims', 'ending', 'opening'].map(
  (name) => `src/manager/claims/${name}.ts`,
) as [string, string, string, string];

const TAKE_MU = 'using _mu = await this.mu.acquire();';
const TAKE_CLIENTS = 'using _clients = await workspace.clientsMu.acquire();';

describe('the manager under its gate', () => {
  it('is clean, and every acquisition of the claims was examined', () => {
    const { code, report, stderr, text } = checkManager(undefined, ['--stats']);
    expect([code, report.findings]).toEqual([0, []]);
    const acquisitions = [BACKEND, CLAIMS, ENDING, OPENING]
      .map((file) => text(file).split(/[mM]u\.acquire\(/).length - 1)
      .reduce((sum, count) => sum + count);
    const examined = Number(/^lock-order +(\d+)/m.exec(stderr)?.[1]);
    expect(examined).toBeGreaterThanOrEqual(acquisitions);
  });

  it('is red when teardown takes the two locks the other way round', () => {
    const { code, report, lineOf } = checkManager(SWAPPED_TEARDOWN, LOCKS);
    expect([code, places(report)]).toEqual([
      1,
      [`lock-order ${ENDING}:${lineOf(ENDING, 'teardown', TAKE_MU)}`],
    ]);
    expect(report.findings[0]).toMatchObject({
      messageId: 'contradictsOrder',
      message:
        'acquires Backend.mu while holding Workspace.clientsMu; the declared order is Backend.mu → Workspace.clientsMu',
      symbol: 'Ending.teardown',
      trace: [
        { line: lineOf(ENDING, 'teardown', TAKE_CLIENTS), message: 'Workspace.clientsMu acquired here' },
        { line: lineOf(ENDING, 'teardown', TAKE_MU), message: 'Backend.mu acquired here' },
      ],
    });
  });

  it('is red without a declared order too: then teardown and attach make a cycle', () => {
    const { code, report, lineOf } = checkManager(SWAPPED_TEARDOWN, ['--no-config', ...LOCKS]);
    // Without the config a family of locks by key is one lock, and the rest of the manager has one.
    const inClaims = report.findings.filter(({ file }) => file.startsWith('src/manager/claims/'));
    expect([code, inClaims.map(({ ruleId }) => ruleId)]).toEqual([1, ['lock-cycle']]);
    expect(inClaims[0]?.trace.map(({ line }) => line)).toContain(lineOf(ENDING, 'teardown', TAKE_MU));
  });

  it('stays green when teardown releases by hand what it acquired', () => {
    const { code, report } = checkManager(
      [
        ENDING,
        `      {
        ${TAKE_CLIENTS}
        if (workspace.clients.size > 0) return;
      }`,
        `      const release = await workspace.clientsMu.acquire();
      try {
        if (workspace.clients.size > 0) return;
      } finally {
        release();
      }`,
      ],
      LOCKS,
    );
    expect([code, report.findings]).toEqual([0, []]);
  });

  it('is red when attach takes the two locks the other way round', () => {
    const { code, report, lineOf } = checkManager(
      [
        BACKEND,
        `    ${TAKE_MU}
    if (this.#retired.has(client)) throw new ClientRetiredError();
    const workspace = this.getWorkspace(workspaceId);
    ${TAKE_CLIENTS}`,
        `    const workspace = this.getWorkspace(workspaceId);
    ${TAKE_CLIENTS}
    ${TAKE_MU}
    if (this.#retired.has(client)) throw new ClientRetiredError();`,
      ],
      LOCKS,
    );
    expect([code, places(report)]).toEqual([
      1,
      [`lock-order ${BACKEND}:${lineOf(BACKEND, 'attachClient', TAKE_MU)}`],
    ]);
  });

  it.each([
    ['detach', 'detach(clientId, hold)'],
    ['release', 'release(clientId)'],
    ['retire', 'retire(clientId)'],
    ['#expire', 'expire(clientId, claim)'],
  ])('is red when %s calls teardown before it drops clientsMu', (method, ending) => {
    const last = `unclaimed = workspace.clients.${ending};\n`;
    const { code, report, lineOf } = checkManager(
      [CLAIMS, last, `${last}      if (unclaimed) await this.#ending.teardown(workspace);\n`],
      LOCKS,
    );
    // Teardown takes both locks, and its way out takes `mu` once more.
    expect([code, places(report)]).toEqual([
      1,
      [
        `lock-order ${ENDING}:${lineOf(ENDING, 'teardown', TAKE_MU)}`,
        `lock-reentry ${ENDING}:${lineOf(ENDING, 'teardown', TAKE_CLIENTS)}`,
        `lock-order ${ENDING}:${lineOf(ENDING, 'vacate', TAKE_MU)}`,
      ],
    ]);
    expect(report.findings[0]?.trace.map(({ line, message }) => [line, message])).toEqual([
      [lineOf(CLAIMS, method, TAKE_CLIENTS), 'Workspace.clientsMu acquired here'],
      [lineOf(CLAIMS, method, 'this.#ending.teardown(workspace)'), 'calls Ending.teardown'],
      [lineOf(ENDING, 'teardown', TAKE_MU), 'Backend.mu acquired here'],
    ]);
  });

  it('is red when a workspace shuts down while mu is held', () => {
    const { code, report, lineOf } = checkManager(
      [
        ENDING,
        `      closing = await this.#workspaces.unpublish(workspace);
    }
    await this.shutDown(closing);`,
        `      closing = await this.#workspaces.unpublish(workspace);
      await this.shutDown(closing);
    }`,
      ],
      LOCKS,
    );
    expect([code, places(report)]).toEqual([
      1,
      [`lock-reentry ${ENDING}:${lineOf(ENDING, 'vacate', TAKE_MU)}`],
    ]);
  });

  it('is red when the lookup of a create takes the lock that its callers hold', () => {
    const lookup = 'const workspace = await this.#workspaces.at(request.resolvedPath);';
    const { code, report, lineOf } = checkManager(
      [OPENING, lookup, `using _again = await this.mu.acquire();\n    ${lookup}`],
      LOCKS,
    );
    expect([code, places(report)]).toEqual([
      1,
      [`lock-reentry ${OPENING}:${lineOf(OPENING, '#join', '_again')}`],
    ]);
  });

  describe('with the end of the server moved into a section of mu', () => {
    const moved = (hook: string): Edit => [
      ENDING,
      `      exit = this.#decideToExit();
    }
    lane.end();
    if (exit) this.#exitIdle();
  }

  /** Ends the pending`,
      `      exit = this.#decideToExit();
      if (exit) ${hook};
    }
    lane.end();
  }

  /** Ends the pending`,
    ];

    it('is red when it is known to call back into the backend', () => {
      const { code, report, lineOf } = checkManager(moved('await this.vacate(key, lane)'), LOCKS);
      const place = `lock-reentry ${ENDING}:${lineOf(ENDING, 'vacate', TAKE_MU)}`;
      expect([code, places(report)]).toEqual([1, [place]]);
    });

    it('stays green for the hook that the server gives, which starts the end and waits for nothing', () => {
      const hook = 'await this.#shutdownServer?.()';
      const { report } = checkManager(moved(hook), LOCKS);
      expect(report.findings).toEqual([]);
      expect(report.unresolved.filter(({ message }) => message.includes('shutdownServer'))).toEqual([]);
    });
  });
});

const SWAPPED_TEARDOWN: Edit = [
  ENDING,
  `      ${TAKE_MU}
      if (!this.#workspaces.has(workspace)) return;
      {
        ${TAKE_CLIENTS}
        if (workspace.clients.size > 0) return;
      }`,
  `      ${TAKE_CLIENTS}
      ${TAKE_MU}
      if (!this.#workspaces.has(workspace)) return;
      if (workspace.clients.size > 0) return;`,
];

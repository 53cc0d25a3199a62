import { copyFileSync, cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CheckReport } from '../../src/engine/finding.ts';
import { ws } from '../support/cli.ts';
import { tempDir } from '../support/temp-dir.ts';

const root = path.resolve(import.meta.dirname, '../..');
const BACKEND = 'src/manager/claims/backend.ts';

/** Text of the backend, and what a careless edit makes of it. */
type Edit = readonly [from: string, to: string];

interface Checked {
  readonly code: number | null;
  readonly report: CheckReport;
  readonly stderr: string;
  /** The backend as it was checked. */
  readonly text: string;
  /** The 1-based line of the first place after the head of the method that holds the text. */
  lineOf(method: string, text: string): number;
}

/** Checks the manager under the config of this repository, after the edit. */
function checkBackend(edit: Edit | undefined, args: readonly string[] = []): Checked {
  // The config names the rules too, and a pattern that matches no file is red.
  const dir = tempDir({ 'rules/empty.ts': 'export {};\n' });
  for (const folder of ['src/manager', 'src/locks']) {
    cpSync(path.join(root, folder), path.join(dir, folder), { recursive: true });
  }
  for (const file of ['ws-gate.config.ts', 'tsconfig.json']) {
    copyFileSync(path.join(root, file), path.join(dir, file));
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(dir, 'node_modules'));

  const file = path.join(dir, BACKEND);
  const original = readFileSync(file, 'utf8');
  if (edit) expect(original.split(edit[0])).toHaveLength(2);
  const edited = edit ? original.replace(edit[0], () => edit[1]) : original;
  writeFileSync(file, edited);

  const { code, stdout, stderr } = ws(dir, ['check', '--format', 'json', ...args]);
  return {
    code,
    report: JSON.parse(stdout),
    stderr,
    text: edited,
    lineOf(method, text) {
      const head = edited.search(new RegExp(`^ {2}(?:async )?${method}\\(`, 'm'));
      const at = edited.indexOf(text, head);
      expect([head, at]).not.toContain(-1);
      return edited.slice(0, at).split('\n').length;
    },
  };
}

function places({ findings }: CheckReport): string[] {
  return findings.map(({ ruleId, file, line }) => `${ruleId} ${file}:${line}`);
}

const TAKE_MU = 'using _mu = await this.mu.acquire();';
const TAKE_CLIENTS = 'using _clients = await workspace.clientsMu.acquire();';

describe('the manager under its gate', () => {
  it('is clean, and every acquisition in the backend was examined', () => {
    const { code, report, stderr, text } = checkBackend(undefined, ['--stats']);
    expect([code, report.findings]).toEqual([0, []]);
    const acquisitions = text.split(/[mM]u\.acquire\(/).length - 1;
    const examined = Number(/^lock-order +(\d+)/m.exec(stderr)?.[1]);
    expect(examined).toBeGreaterThanOrEqual(acquisitions);
  });

  it('is red when teardown takes the two locks the other way round', () => {
    const { code, report, lineOf } = checkBackend(SWAPPED_TEARDOWN);
    expect([code, places(report)]).toEqual([1, [`lock-order ${BACKEND}:${lineOf('teardown', TAKE_MU)}`]]);
    expect(report.findings[0]).toMatchObject({
      messageId: 'contradictsOrder',
      message:
        'acquires Backend.mu while holding Workspace.clientsMu; the declared order is Backend.mu → Workspace.clientsMu',
      symbol: 'Backend.teardown',
      trace: [
        { line: lineOf('teardown', TAKE_CLIENTS), message: 'Workspace.clientsMu acquired here' },
        { line: lineOf('teardown', TAKE_MU), message: 'Backend.mu acquired here' },
      ],
    });
  });

  it('is red without a declared order too: then teardown and attach make a cycle', () => {
    const { code, report, lineOf } = checkBackend(SWAPPED_TEARDOWN, ['--no-config']);
    // Only the config says that a keyed lock is one lock per key: the lock inside of it is taken twice, it seems.
    const findings = report.findings.filter(({ ruleId }) => ruleId !== 'lock-reentry');
    expect([code, findings.map(({ ruleId }) => ruleId)]).toEqual([1, ['lock-cycle']]);
    expect(findings[0]?.trace.map(({ line }) => line)).toContain(lineOf('teardown', TAKE_MU));
  });

  it('stays green when teardown releases by hand what it acquired', () => {
    const { code, report } = checkBackend([
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
    ]);
    expect([code, report.findings]).toEqual([0, []]);
  });

  it('is red when attach takes the two locks the other way round', () => {
    const { code, report, lineOf } = checkBackend([
      `    ${TAKE_MU}
    const workspace = this.getWorkspace(workspaceId);
    ${TAKE_CLIENTS}`,
      `    const workspace = this.getWorkspace(workspaceId);
    ${TAKE_CLIENTS}
    ${TAKE_MU}`,
    ]);
    expect([code, places(report)]).toEqual([1, [`lock-order ${BACKEND}:${lineOf('attachClient', TAKE_MU)}`]]);
  });

  it.each([
    ['detachClient', 'detach(client)'],
    ['deleteWorkspace', 'release(client)'],
    ['#expireHold', 'expire(clientId, claim)'],
  ])('is red when %s calls teardown before it drops clientsMu', (method, ending) => {
    const last = `unclaimed = workspace.clients.${ending};\n`;
    const { code, report, lineOf } = checkBackend([
      last,
      `${last}      if (unclaimed) await this.teardown(workspace);\n`,
    ]);
    // Teardown takes both locks, and its way out takes `mu` once more.
    expect([code, places(report)]).toEqual([
      1,
      [
        `lock-order ${BACKEND}:${lineOf('teardown', TAKE_MU)}`,
        `lock-reentry ${BACKEND}:${lineOf('teardown', TAKE_CLIENTS)}`,
        `lock-order ${BACKEND}:${lineOf('#vacate', TAKE_MU)}`,
      ],
    ]);
    expect(report.findings[0]?.trace.map(({ line, message }) => [line, message])).toEqual([
      [lineOf(method, TAKE_CLIENTS), 'Workspace.clientsMu acquired here'],
      [lineOf(method, 'this.teardown(workspace)'), 'calls Backend.teardown'],
      [lineOf('teardown', TAKE_MU), 'Backend.mu acquired here'],
    ]);
  });

  it('is red when a workspace shuts down while mu is held', () => {
    const { code, report, lineOf } = checkBackend([
      `      closing = await this.#unpublish(workspace);
    }
    await this.#shutDown(closing);`,
      `      closing = await this.#unpublish(workspace);
      await this.#shutDown(closing);
    }`,
    ]);
    expect([code, places(report)]).toEqual([1, [`lock-reentry ${BACKEND}:${lineOf('#vacate', TAKE_MU)}`]]);
  });

  it('is red when the lookup of a create takes the lock that its callers hold', () => {
    const lookup = 'const id = await this.#index.get(request.resolvedPath);';
    const { code, report, lineOf } = checkBackend([
      lookup,
      `using _again = await this.mu.acquire();\n    ${lookup}`,
    ]);
    expect([code, places(report)]).toEqual([1, [`lock-reentry ${BACKEND}:${lineOf('#join', '_again')}`]]);
  });

  describe('with the end of the server moved into a section of mu', () => {
    const moved = (hook: string): Edit => [
      `      exit = this.#decideToExit();
    }
    lane.vacate();
    if (exit) this.#exit();`,
      `      exit = this.#decideToExit();
      if (exit) ${hook};
    }
    lane.vacate();`,
    ];

    it('is red when it is known to call back into the backend', () => {
      const { code, report, lineOf } = checkBackend(moved('await this.close()'));
      expect([code, places(report)]).toEqual([
        1,
        [
          `lock-reentry ${BACKEND}:${lineOf('close', TAKE_MU)}`,
          `lock-reentry ${BACKEND}:${lineOf('#vacate', TAKE_MU)}`,
        ],
      ]);
    });

    it('says that it cannot judge a hook that an embedder gives', () => {
      const hook = 'await this.#shutdownServer?.()';
      const { report, lineOf } = checkBackend(moved(hook));
      expect(report.findings).toEqual([]);
      expect(report.unresolved.map(({ file, line, message }) => `${file}:${line} ${message}`)).toContain(
        `${BACKEND}:${lineOf('#vacate', hook)} call of this.#shutdownServer while holding Backend.mu`,
      );
    });
  });
});

const SWAPPED_TEARDOWN: Edit = [
  `      ${TAKE_MU}
      if (this.#workspaces.get(workspace.id) !== workspace) return;
      {
        ${TAKE_CLIENTS}
        if (workspace.clients.size > 0) return;
      }`,
  `      ${TAKE_CLIENTS}
      ${TAKE_MU}
      if (this.#workspaces.get(workspace.id) !== workspace) return;
      if (workspace.clients.size > 0) return;`,
];

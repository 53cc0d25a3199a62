import { describe, expect, it } from 'vitest';
import { by, checkManager, type Edit } from '../support/manager-gate.ts';

const GRAPHS = 'src/manager/graphs/manager.ts';
const REBUILD = 'src/manager/graphs/rebuild.ts';
const ENDING = 'src/manager/claims/ending.ts';
const CLAIMS = 'src/manager/claims/claims.ts';

/** What the gate finds after an edit, as rule, file and message. */
function found(edit: Edit): string[] {
  const { code, report } = checkManager(edit, by('lock-callback', 'lock-await'));
  expect(code).toBe(1);
  return report.findings.map(({ ruleId, file, message }) => `${ruleId} ${file}: ${message}`);
}

describe('what runs and what is awaited under the locks of the manager: the gate is red when', () => {
  it('WG-02 and WG-03 a rebuild tells the publish hook while it holds the table', () => {
    const before = '      guard.succeed(builtAt);\n';
    const edit: Edit = [REBUILD, before, `${before}      this.#manager.dispatchPublishHook(root, cell);\n`];
    // The hook of the server hands the news on to whoever listens.
    expect(found(edit).toSorted()).toEqual([
      `lock-callback ${REBUILD}: calls GraphService.#listeners while holding GraphManager.workspaces`,
      `lock-callback ${REBUILD}: calls PublishHook.onPublish while holding GraphManager.workspaces`,
    ]);
  });

  it('WG-03 the last workspace ends the server while the backend is locked', () => {
    const before = '      exit = this.#exit.lingered(timer);\n';
    const edit: Edit = [ENDING, before, `${before}      if (exit) this.#exitIdle();\n`];
    // It writes to the log as well, and that to where it was told.
    expect(found(edit).toSorted()).toEqual([
      `lock-callback ${ENDING}: calls Ending.#shutdownServer while holding Backend.mu`,
      `lock-callback ${ENDING}: calls lineLogger.write while holding Backend.mu`,
    ]);
  });

  it('WG-03 a builder runs while the table is held', () => {
    const before = '      const graph = await this.#builder(';
    const edit: Edit = [
      REBUILD,
      before,
      `      using _early = await this.#manager.workspaces.acquireWrite();\n${before}`,
    ];
    expect(found(edit)).toContain(
      `lock-callback ${REBUILD}: calls RebuildDispatcher.#builder while holding GraphManager.workspaces`,
    );
  });

  it('WG-05 a reservation waits for something while it holds the books', () => {
    const before = '    this.accounts.reserve(bytes);\n';
    const edit: Edit = [GRAPHS, before, `${before}    await Promise.resolve();\n`];
    expect(found(edit)).toEqual([
      `lock-await ${GRAPHS}: pauses while holding GraphManager.admission, which is declared brief`,
    ]);
  });

  it('WG-05 a claim waits for something while it holds the clients of its workspace', () => {
    const before = '    workspace.clients.hold(clientId, this.#holdOf(workspace, clientId, graceMs));\n';
    const edit: Edit = [CLAIMS, before, `${before}    await Promise.resolve();\n`];
    expect(found(edit)).toEqual([
      `lock-await ${CLAIMS}: pauses while holding Workspace.clientsMu, which is declared brief`,
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import { by, checkManager, type Edit } from '../support/manager-gate.ts';

const GRAPHS = 'src/manager/graphs/manager.ts';
const FLEET = 'src/manager/fleet/fleet.ts';
const ROWS = 'src/manager/fleet/rows.ts';
const IMPORT = 'src/manager/fleet/org-import.ts';

const RULES = [
  'require-dispatcher',
  'insert-in-loop',
  'insert-allowlist',
  'no-bare-check',
  'must-use',
  'single-source',
  'route-guard',
  'must-use',
  'test-only',
];

/** What the gate finds after an edit, as rule and file. */
function found(edit: Edit): string[] {
  const { code, report } = checkManager(edit, by(...RULES));
  expect(code).toBe(1);
  return [...new Set(report.findings.map(({ ruleId, file }) => `${ruleId} ${file}`))];
}

describe('the invariants of docs/invariants.md: the gate is red when', () => {
  it('WG-15 somebody else than the reaper lets go of retained graphs', () => {
    const before = '    this.accounts.retire(old);\n';
    const edit: Edit = [GRAPHS, before, `${before}    this.accounts.reap(0, 0);\n`];
    expect(found(edit)).toEqual([`require-dispatcher ${GRAPHS}`]);
  });

  it('WG-16 a rebuild changes the accounts', () => {
    const file = 'src/manager/graphs/rebuild.ts';
    const before = '      guard.succeed(builtAt);\n';
    const edit: Edit = [file, before, `${before}      this.#manager.accounts.refund(1);\n`];
    expect(found(edit)).toEqual([`require-dispatcher ${file}`]);
  });

  it('WG-18 a state is set without a guard', () => {
    const file = 'src/manager/graphs/load.ts';
    const before = "if (!state.exchange(['unloaded', 'failed', 'evicted'], 'loading'))";
    expect(found([file, before, `state.set('loading');\n  ${before}`])).toEqual([
      `require-dispatcher ${file}`,
    ]);
  });

  it('WG-14 a publish tells the hook by itself, past the one way', () => {
    const before = '    workspace.cell = undefined;\n';
    const edit: Edit = [
      GRAPHS,
      before,
      `    if (workspace.cell) this.#hook.onPublish(workspace.root, workspace.cell, this.#spawnHook);\n${before}`,
    ];
    expect(found(edit)).toEqual([`require-dispatcher ${GRAPHS}`]);
  });

  it.each([
    [
      'a lock in a variable that nothing reads',
      'src/manager/graphs/load.ts',
      'using _workspaces = await manager.workspaces.acquireRead({ signal })',
      'const _workspaces = await manager.workspaces.acquireRead({ signal })',
    ],
    [
      'memory of which only the size is asked',
      'src/manager/graphs/load.ts',
      '    using reservation = await manager.reserveRebuild(key, estimateBytes);\n',
      `    const { bytes } = await manager.reserveRebuild(key, 0);
    using reservation = await manager.reserveRebuild(key, Math.max(bytes, estimateBytes));
`,
    ],
    [
      'the lane of a session',
      'src/manager/sessions/resume.ts',
      'using _lane = await this.lane.acquire(id);',
      'await this.lane.acquire(id);',
    ],
    [
      'a claim that is only looked at',
      'src/manager/fleet/dispatchers.ts',
      "using claim = await this.#options.claims.take(id, AT_REST, 'same');",
      "const claim = { ...(await this.#options.claims.take(id, AT_REST, 'same')).workspace };",
    ],
  ])('WG-11 nobody gives back %s', (_, file, from, to) => {
    expect(found([file, from, to])).toEqual([`must-use ${file}`]);
  });

  const START = 'src/manager/start.ts';

  it.each([
    ['calls', 'await backend.setCreateGrace(1);'],
    ['hands on', 'this.reset = backend.registerClient.bind(backend);'],
  ])('WG-23 the server %s what only tests may use', (_, statement) => {
    const before = '    const auth = await openWorkspaceAuth(db);\n';
    expect(found([START, before, `${before}    ${statement}\n`])).toEqual([`test-only ${START}`]);
  });

  it('WG-24 the end of a manager does not wait for what it supervises', () => {
    const file = 'src/manager/sessions/manager.ts';
    const edit: Edit = [file, 'await this.#supervisor.close();', 'void this.#supervisor.close();'];
    const { code, report, lineOf } = checkManager(edit, by('tracked-promise'));
    expect(code).toBe(1);
    expect(report.findings.map(({ ruleId, messageId, line }) => [ruleId, messageId, line])).toEqual([
      ['tracked-promise', 'untracked', lineOf(file, '#close', 'void this.#supervisor')],
    ]);
  });

  it('WG-23 the server imports a test', () => {
    const before = 'import path from';
    const edit: Edit = [START, before, `import { servers } from '../../test/manager/servers.ts';\n${before}`];
    expect(found(edit)).toEqual([`test-only ${START}`]);
  });

  it('WG-30 and WG-32 the statement that enters a workspace takes no conflict', () => {
    const conflict = `         ON CONFLICT ((COALESCE(parent_id, '00000000-0000-0000-0000-000000000000'::uuid)), name)
           WHERE status <> 'removed'
           DO NOTHING
`;
    expect(found([ROWS, conflict, ''])).toEqual([`insert-allowlist ${ROWS}`, `insert-in-loop ${ROWS}`]);
  });

  it('WG-31 a second function has a statement that enters workspaces', () => {
    const before = '  /** Writes down for good that something happened to a workspace. */\n';
    const edit: Edit = [
      ROWS,
      before,
      `  async restore(id: string, name: string): Promise<void> {
    await this.#db.query('INSERT INTO workspaces (id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING', [id, name]);
  }

${before}`,
    ];
    expect(found(edit)).toEqual([`insert-allowlist ${ROWS}`]);
  });

  it('WG-31 the one who enters delegations does so no more', () => {
    const edit: Edit = [
      'src/manager/ledger/ledger.ts',
      'INSERT INTO delegations (delegation_id',
      'INSERT INTO delegations_new (delegation_id',
    ];
    expect(found(edit)).toEqual(['gate-integrity ws-gate.config.ts']);
  });

  it('WG-31 an import enters workspaces by itself', () => {
    const before = '() => claims.insert({ id, parentId, ...node.workspace }),';
    const edit: Edit = [
      IMPORT,
      before,
      `async () => {
        await this.#options.rows.insertIfAbsent({ id, parentId, ...node.workspace }, id, 1);
        return undefined;
      },`,
    ];
    expect(found(edit)).toEqual([`require-dispatcher ${IMPORT}`]);
  });

  it.each(['start', 'stop'])('WG-34 and WG-35 a handler calls %s of a backend', (verb) => {
    const before = '  /** What starts and stops instances. */\n';
    const call =
      verb === 'stop'
        ? "backends.process!.stop('w', { signal: AbortSignal.abort() })"
        : 'backends.controlPlane!.start({} as never, { signal: AbortSignal.abort() })';
    const edit: Edit = [
      FLEET,
      before,
      `  async byHand(backends: NonNullable<FleetOptions['backends']>): Promise<void> {
    await ${call};
  }

${before}`,
    ];
    expect(found(edit)).toEqual([`require-dispatcher ${FLEET}`]);
  });

  it.each([
    ['both', '!backends.process && backends.controlPlane == null'],
    ['one', 'backends.process'],
  ])('WG-36 and WG-37 a handler asks by itself for %s of the backends', (_, condition) => {
    const before = '  /** What starts and stops instances. */\n';
    const edit: Edit = [
      FLEET,
      before,
      `  isIdle({ backends = {} }: FleetOptions): boolean {
    if (${condition}) return false;
    return true;
  }

${before}`,
    ];
    expect(found(edit)).toEqual([`no-bare-check ${FLEET}`]);
  });

  it('WG-44 a start depends on where instances run, past isSaaS', () => {
    const file = 'src/manager/fleet/dispatchers.ts';
    const before = "    provisionLog('provision.start', { ...told, sync: mode === 'sync' });\n";
    const edit: Edit = [
      file,
      before,
      `${before}    if (this.#controlPlane) logger.info('On a control plane');\n`,
    ];
    expect(found(edit)).toEqual([`no-bare-check ${file}`]);
  });

  it.each([
    [
      'a workspace that says no tier',
      'src/manager/fleet/input.ts',
      'tier === undefined ? defaultTier :',
      'tier === undefined ? 3 :',
    ],
    ['the workspaces of an import', IMPORT, 'this.#options.dispatchers.defaultTier()', '4'],
  ])('WG-42 %s gets a tier by a literal', (_, file, from, to) => {
    expect(found([file, from, to])).toEqual([`single-source ${file}`]);
  });

  it('WG-43 a runtime decides of something elsewhere', () => {
    const file = 'src/manager/fleet/default-config.ts';
    const before = 'return { ...config, name, runtime, model, tier: knownTier(tier) };';
    const after = before.replace(
      '...config, name',
      "...config, ...(['claude-code'].includes(runtime) ? {} : { x: 1 }), name",
    );
    expect(found([file, before, after])).toEqual([`single-source ${file}`]);
  });

  const ADMIN = 'src/manager/http/routes/admin.ts';

  it.each([
    [
      'without its hook',
      ADMIN,
      "'/admin/delegations/stats', { onRequest: adminAuth }, async",
      "'/admin/delegations/stats', async",
    ],
    [
      'with a hook that runs too late',
      ADMIN,
      '{ onRequest: adminAuth }, async ()',
      '{ onResponse: adminAuth }, async ()',
    ],
    [
      'in another file',
      'src/manager/http/routes/system.ts',
      "  app.get('/v1/version'",
      "  app.get('/admin/' + version, async () => version);\n  app.get('/v1/version'",
    ],
    [
      'whose hook lets all through',
      'src/manager/start.ts',
      'adminAuth: adminAuth(config.adminToken)',
      'adminAuth: async () => {}',
      ADMIN,
    ],
  ])('WG-45 a route of administrators is registered %s', (_, file, from, to, place = file) => {
    expect(found([file, from, to])).toEqual([`route-guard ${place}`]);
  });
});

import { defineConfig } from 'ws-gate';

export default defineConfig({
  include: ['src/**/*.ts', 'rules/**/*.ts'],
  locks: {
    // One order for the whole manager; docs/manager.md tells why.
    order: [
      'Dispatchers.provisionGate',
      'Resumer.lane',
      'SessionWorkspace.mu',
      'Backend.mu',
      'Workspace.clientsMu',
      'GraphManager.workspaces',
      'LoadedWorkspace.rebuildLane',
      // Who holds the rows of a transaction waits for none of the locks above.
      'rows["workspaces"]',
      'rows["session_workspaces"]',
      'GraphManager.admission',
    ],
    // The last one is that of migrations, which hold the schema and nothing else.
    leaf: ['GraphManager.admission', 'pg_advisory[7362154100]'],
    brief: ['Workspace.clientsMu', 'LoadedWorkspace.rebuildLane', 'GraphManager.admission'],
    disjoint: [
      ['LoadedWorkspace.rebuildLane', 'GraphManager.workspaces'],
      ['LoadedWorkspace.rebuildLane', 'GraphManager.admission'],
    ],
  },
  // Named, so that a rule that examines nothing is red.
  rules: {
    'lock-order': 'error',
    'lock-cycle': 'error',
    'lock-reentry': 'error',
    'lock-balance': 'error',
    'lock-await': 'error',
    // What is one step for everybody else, by its tag or its markers.
    'atomic-section': 'error',
    // What embedders hand in runs with no lock held, but for these.
    'lock-callback': [
      'error',
      {
        allow: [
          // Asked for a number or a name, which they have at hand.
          'GraphManager.#sizeOf',
          'SessionRows.#author',
          // Takes an event and puts it away; the log has no lock, and knows nobody who has one.
          'DispatchersOptions.provisionLog',
          // The gate is one workspace's, and held for as long as its instance takes to start: these are part of that.
          'src/manager/fleet/dispatchers.ts#Dispatchers.provisionWorkspaceAutoClaiming.take',
          'ProcessBackendOptions.isHealthy',
          // Forgets the claim that has ended, in the map that the claims are kept in.
          'FleetClaim.#onEnd',
          // The lane is one session's, and held until the session is there: these are what it takes.
          'ResumerOptions.baseOf',
          'ResumerOptions.onResumed',
          'SessionManagerOptions.baseGraph',
        ],
      },
    ],
    // What the tags in the manager say of its locks: `@guardedBy`, `@requiresLock`.
    'guarded-by': 'error',
    'check-then-act': 'error',
    // Rows of the fleet come one by one in loops over trees and names, and each may be there already.
    'insert-in-loop': [
      'error',
      {
        tables: ['workspaces', 'workspaces_audit', 'delegations', 'pending_uploads'],
        preflight: ['FleetRows.lookupExistingChild'],
      },
    ],
    // Who enters rows at all, and why a second run of it is harmless.
    'insert-allowlist': [
      'error',
      [
        {
          // By name under its parent; a removed one is no more in the way.
          table: 'workspaces',
          allow: { 'src/manager/fleet/rows.ts#FleetRows.insertIfAbsent': 'on-conflict' },
        },
        {
          table: 'workspaces_audit',
          allow: {
            'src/manager/fleet/rows.ts#FleetRows.audit':
              'a log: what has happened twice is written twice, and nothing is decided by it',
          },
        },
        {
          table: 'delegations',
          allow: { 'src/manager/ledger/ledger.ts#Ledger.insert': 'on-conflict' },
        },
        {
          table: 'pending_uploads',
          allow: { 'src/manager/uploads/uploads.ts#PendingUploads.putBatch': 'on-conflict' },
        },
        {
          table: 'session_workspaces',
          // Two sessions of one id are refused by the primary key, and the caller is told.
          allow: { 'src/manager/sessions/rows.ts#SessionRows.insert': 'single-row' },
        },
        {
          table: 'session_overlay_files',
          allow: { 'src/manager/sessions/rows.ts#SessionRows.saveFile': 'on-conflict' },
        },
      ],
    ],
    'require-dispatcher': [
      'error',
      {
        dispatchers: [
          {
            calls: ['ProvisionBackend.start', 'ProvisionBackend.stop', 'ProvisionBackend.list'],
            allowIn: ['src/manager/fleet/dispatchers.ts'],
            use: 'a method of Dispatchers',
          },
          // The one statement that enters a workspace; it comes with the claim of whoever will start it.
          {
            calls: ['FleetRows.insertIfAbsent'],
            allowIn: ['src/manager/fleet/claims.ts#FleetClaims.insert'],
            use: 'FleetClaims.insert',
          },
          // A retained graph is let go of in one place, where its last reader has been looked for.
          {
            calls: ['MemoryAccounts.reap'],
            allowIn: ['src/manager/graphs/manager.ts#GraphManager.reapOnce'],
            use: 'GraphManager.reapOnce',
          },
          {
            calls: [
              'MemoryAccounts.reserve',
              'MemoryAccounts.refund',
              'MemoryAccounts.commit',
              'MemoryAccounts.retire',
            ],
            allowIn: ['src/manager/graphs/manager.ts#GraphManager'],
            use: 'a method of GraphManager',
          },
          // A state is changed by a competition that one wins, by the winner's guard, or under the lock of the table.
          {
            calls: ['StateCell.set'],
            allowIn: ['src/manager/graphs/guards.ts', 'src/manager/graphs/manager.ts#GraphManager'],
            use: 'a guard',
          },
          {
            calls: ['PublishHook.onPublish'],
            allowIn: ['src/manager/graphs/manager.ts#GraphManager.dispatchPublishHook'],
            use: 'GraphManager.dispatchPublishHook',
          },
          // What only tests may do.
          {
            calls: ['Backend.setCreateGrace', 'Backend.registerClient'],
            allowIn: [],
            use: 'the option createGraceMs, and createWorkspace',
          },
        ],
      },
    ],
    // Which backends there are is decided in one place: who asks by himself forgets one, or prefers another.
    'no-bare-check': [
      'error',
      {
        checks: [
          {
            fields: ['Dispatchers.#controlPlane', 'Dispatchers.#process'],
            use: 'Dispatchers.hasProvisioner',
            allowIn: [],
          },
          // The tier of a workspace goes by it, and nothing else does.
          {
            fields: ['Dispatchers.#controlPlane'],
            use: 'Dispatchers.isSaaS',
            allowIn: ['src/manager/fleet/dispatchers.ts#Dispatchers.#backend'],
          },
          // Not even one of them is asked for anywhere else.
          { fields: ['FleetBackends.controlPlane'], use: 'Dispatchers.isSaaS', allowIn: [] },
          { fields: ['FleetBackends.process'], use: 'Dispatchers.hasProvisioner', allowIn: [] },
        ],
      },
    ],
    // A policy is changed where it is decided, or it is changed in one of two places.
    'single-source': [
      'error',
      {
        sources: [
          { property: 'tier', numbers: [1, 2, 3, 4], only: ['src/manager/fleet/default-tier.ts'] },
          {
            compare: 'runtime',
            strings: ['claude-code'],
            only: ['src/manager/fleet/default-model.ts#defaultModel'],
          },
        ],
      },
    ],
    // What administrators see is of all tenants.
    'route-guard': [
      'error',
      { routes: [{ prefix: '/admin', guard: 'src/manager/http/admin-auth.ts#adminAuth' }] },
    ],
  },
});

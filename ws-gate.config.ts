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
    // What comes before what, on every path.
    'call-before': [
      'error',
      {
        pairs: [
          // The other place may write the ledger again, without the preview: then that is the replay, and not the result.
          { first: 'Ledger.setStatus', then: 'DelegationActivity.updateDelegationStatus' },
          // What happens from the moment of the claim on is not to be missed.
          {
            first: 'Broker.subscribe',
            then: 'Backend.attachClient',
            in: ['src/manager/http/routes/claims.ts'],
          },
          // The events that announce a provision and a restart come before what they announce.
          { first: 'DispatchersOptions.provisionLog', then: 'ProvisionBackend.start' },
          {
            first: 'DispatchersOptions.provisionLog',
            then: 'ProvisionBackend.stop',
            in: ['src/manager/fleet/dispatchers.ts#Dispatchers.#stopForRestart'],
          },
          // The place in the queue is taken before anything is detached, and not when the background gets to it.
          {
            first: 'KeyedMutex.acquire',
            then: 'Supervisor.spawn',
            begun: true,
            in: [
              'src/manager/fleet/dispatchers.ts#Dispatchers.provisionWorkspaceAuto',
              'src/manager/fleet/dispatchers.ts#Dispatchers.provisionWorkspaceAutoClaiming',
              'src/manager/fleet/dispatchers.ts#Dispatchers.restartWorkspaceAutoOpts',
            ],
          },
          // A tree is checked as a whole before the first row of it is written.
          {
            first: 'src/manager/fleet/org-import.ts#plan',
            then: 'FleetClaims.insert',
            in: ['src/manager/fleet/org-import.ts#OrgImport'],
          },
          // Whoever still has the workspace in hand must find that it is to stop.
          { first: 'CancelFlag.request', then: 'GraphManager.table' },
          // The way back is there before anything is swapped, and is given up when all is booked.
          { first: 'RollbackGuard.constructor', then: 'MemoryAccounts.commit' },
          { first: 'MemoryAccounts.commit', then: 'RollbackGuard.disarm' },
          { first: 'GraphManager.reserveRebuild', then: 'GraphManager.publishAndRetain' },
          { first: 'GraphManager.publishAndRetain', then: 'GraphManager.dispatchPublishHook' },
          { first: 'migrate', then: 'Fleet.start', in: ['src/manager/start.ts'] },
          // A session whose row could not be written stays open.
          {
            first: 'SessionRows.end',
            then: 'SessionRegistry.drop',
            in: ['src/manager/sessions/manager.ts#SessionManager.#end'],
          },
        ],
      },
    ],
    // Whatever else a function becomes, this is what it is for.
    'must-call': [
      'error',
      {
        functions: [
          { function: 'Fleet.create', calls: ['Dispatchers.provisionWorkspaceAutoClaiming'] },
          {
            function: 'OrgImport.importTrees',
            calls: ['Dispatchers.provisionWorkspaceAutoClaiming', 'FleetClaims.insert'],
          },
          { function: 'Fleet.restart', calls: ['Dispatchers.restartWorkspaceAutoSyncLocked'] },
          {
            function: 'Restarts.#restart',
            calls: ['Dispatchers.restartWorkspaceAutoSyncLocked'],
            onEveryPath: true,
          },
          { function: 'Fleet.resume', calls: ['Dispatchers.provisionWorkspaceAuto'] },
          { function: 'Fleet.#resume', calls: ['Dispatchers.provisionWorkspaceAuto'], onEveryPath: true },
          { function: 'Fleet.pause', calls: ['Dispatchers.stopWorkspaceAuto'] },
          { function: 'Fleet.#pause', calls: ['Dispatchers.stopWorkspaceAuto'], onEveryPath: true },
          { function: 'Fleet.remove', calls: ['Dispatchers.stopWorkspaceAutoWithRetry'] },
          {
            function: 'Fleet.#terminate',
            calls: ['Dispatchers.stopWorkspaceAutoWithRetry'],
            onEveryPath: true,
          },
          // A restart stops what runs, and then starts.
          {
            function: 'Dispatchers.restartWorkspaceAutoSyncLocked',
            calls: ['Dispatchers.#stopForRestart', 'Dispatchers.provisionWorkspaceAutoSyncLocked'],
            onEveryPath: true,
          },
          // The events are a contract with whoever reads the log.
          {
            function: 'Dispatchers.#provision',
            calls: ['DispatchersOptions.provisionLog'],
            args: { 0: 'provision.start' },
            onEveryPath: true,
          },
          {
            function: 'Dispatchers.#stopForRestart',
            calls: ['DispatchersOptions.provisionLog'],
            args: { 0: 'restart.pre_stop' },
            onEveryPath: true,
          },
          {
            function: 'OrgImport.#createWorkspaceTree',
            calls: ['OrgImportOptions.provisionLog'],
            args: { 0: 'provision.skip_existing' },
          },
          // Who publishes tells the hook.
          {
            function: 'src/manager/graphs/load.ts#build',
            calls: ['GraphManager.publishAndRetain', 'GraphManager.dispatchPublishHook'],
            onEveryPath: true,
          },
          { function: 'RebuildDispatcher.#run', calls: ['GraphManager.dispatchPublishHook'] },
          // Who has won the right to build has a guard, or the workspace would load for ever.
          { function: 'src/manager/graphs/load.ts#claim', calls: ['BuildGuard.constructor'] },
          { function: 'RebuildDispatcher.#claim', calls: ['BuildGuard.constructor'] },
          // A rebuild that came to nothing leaves a state behind.
          { function: 'RebuildDispatcher.#ended', calls: ['BuildGuard.settle'], onEveryPath: true },
        ],
      },
    ],
    // What belongs together goes together.
    // Nothing runs that nobody waits for, but for these.
    'tracked-promise': [
      'error',
      {
        scope: 'all',
        allow: [
          // Whoever starts something here says so, and its failure is logged.
          'src/manager/claims/detached.ts#runDetached',
          // It never rejects, and comes too late to be part of the run that others wait for.
          'Cleanups.defer',
          // The thread is gone in any case; nobody needs to know when.
          'src/manager/graphs/worker-builder.ts#workerBuilder',
          // The end of the process: the one call that waits for everything else.
          'src/manager/start.ts#startManager',
        ],
      },
    ],
    'paired-mutation': [
      'error',
      {
        pairs: [
          // First the entry, so that no use can follow what the eviction undoes.
          {
            remove: 'SessionRegistry.#workspaces',
            also: ['SessionWorkspace.close', 'CacheQueue.evict'],
            order: true,
          },
          { remove: 'GraphManager.table', also: ['GraphManager.#retire', 'StateCell.set'] },
          { remove: 'MemoryAccounts.#retainedOld', also: ['MemoryAccounts.#retained'] },
          // The key stays taken until the workspace has shut down.
          { remove: 'OpenWorkspaces.#byId', also: ['OpenWorkspaces.take'] },
        ],
      },
    ],
    // The books of the memory budget: what is retained leaves where its last reader has been looked for, and every byte
    // moves from one account to another in the few methods that do both halves.
    'exclusive-mutator': [
      'error',
      {
        fields: [
          {
            field: 'MemoryAccounts.#retainedOld',
            methods: ['delete', 'clear', '='],
            only: ['MemoryAccounts.reap'],
          },
          { field: 'MemoryAccounts.#retained', only: ['MemoryAccounts.reap', 'MemoryAccounts.#retain'] },
          {
            field: 'MemoryAccounts.#reserved',
            only: ['MemoryAccounts.reserve', 'MemoryAccounts.refund', 'MemoryAccounts.commit'],
          },
          { field: 'MemoryAccounts.#loaded', only: ['MemoryAccounts.commit', 'MemoryAccounts.retire'] },
        ],
      },
    ],
    // Whoever is told of a walk over sessions, claims or graphs may change them: they are collected first.
    'mutate-while-iterating': ['error', { strict: true, within: ['src/manager'] }],
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
    // Grants, reservations and guards are there to be given back, settled, or disposed of: one that nobody has is never.
    'must-use': [
      'error',
      {
        functions: [
          'Mutex.acquire',
          'Mutex.tryAcquire',
          'KeyedMutex.acquire',
          'KeyedMutex.tryAcquire',
          'SyncMutex.acquire',
          'RwLock.acquireRead',
          'RwLock.acquireWrite',
          'GraphCell.lease',
          'GraphManager.getOrLoad',
          'GraphManager.reserveRebuild',
          'BuildGuard',
          'RollbackGuard',
          'DrainLoopSentinel',
          'FleetClaims.take',
          'FleetClaims.insert',
          'Slots.acquire',
        ],
      },
    ],
    // They set aside what keeps a workspace alive, and whom it belongs to.
    'test-only': ['error', { functions: ['Backend.setCreateGrace', 'Backend.registerClient'] }],
    // What administrators see is of all tenants.
    'route-guard': [
      'error',
      { routes: [{ prefix: '/admin', guard: 'src/manager/http/admin-auth.ts#adminAuth' }] },
    ],
  },
});

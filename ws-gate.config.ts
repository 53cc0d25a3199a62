import { defineConfig } from 'ws-gate';

export default defineConfig({
  include: ['src/**/*.ts', 'rules/**/*.ts'],
  locks: {
    // The fleet, then the claims backend; docs/manager-fleet.md and docs/manager-claims.md tell why.
    order: ['Dispatchers.provisionGate', 'Backend.mu', 'Workspace.clientsMu'],
    brief: ['Workspace.clientsMu'],
    primitives: [
      {
        type: 'KeyedMutex',
        acquire: ['acquire'],
        try: ['tryAcquire'],
        scoped: ['runExclusive'],
        grants: 'disposable',
        keyArg: 0,
      },
    ],
  },
  // Named, so that a rule that examines nothing is red.
  rules: {
    'lock-order': 'error',
    'lock-cycle': 'error',
    'lock-reentry': 'error',
    // Rows of the fleet come one by one in loops over trees and names, and each may be there already.
    'insert-in-loop': [
      'error',
      {
        tables: ['workspaces', 'workspaces_audit', 'delegations', 'pending_uploads'],
        preflight: ['FleetRows.lookupExistingChild'],
      },
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
        ],
      },
    ],
  },
});

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
      'GraphManager.admission',
    ],
    leaf: ['GraphManager.admission'],
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

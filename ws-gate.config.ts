import { defineConfig } from 'ws-gate';

export default defineConfig({
  include: ['src/**/*.ts', 'rules/**/*.ts'],
  locks: {
    // One order for the whole manager; docs/manager.md tells why.
    order: [
      'Dispatchers.provisionGate',
      'Backend.mu',
      'Workspace.clientsMu',
      'GraphManager.workspaces',
      'LoadedWorkspace.rebuildLane',
      'GraphManager.admission',
      'Resumer.lane',
      'SessionWorkspace.mu',
    ],
    leaf: ['GraphManager.admission'],
    brief: ['Workspace.clientsMu', 'LoadedWorkspace.rebuildLane', 'GraphManager.admission'],
    disjoint: [
      ['LoadedWorkspace.rebuildLane', 'GraphManager.workspaces'],
      ['LoadedWorkspace.rebuildLane', 'GraphManager.admission'],
    ],
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
  },
});

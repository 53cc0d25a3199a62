import { defineConfig } from 'ws-gate';

export default defineConfig({
  include: ['src/**/*.ts', 'rules/**/*.ts'],
  locks: {
    // docs/manager-claims.md and docs/manager-graphs.md tell why.
    order: [
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
  },
});

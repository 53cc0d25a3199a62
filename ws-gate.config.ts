import { defineConfig } from 'ws-gate';

export default defineConfig({
  include: ['src/**/*.ts', 'rules/**/*.ts'],
  locks: {
    // The claims backend; docs/manager-claims.md tells why.
    order: ['Backend.mu', 'Workspace.clientsMu'],
    brief: ['Workspace.clientsMu'],
  },
  // Named, so that a rule that examines nothing is red.
  rules: {
    'lock-order': 'error',
    'lock-cycle': 'error',
    'lock-reentry': 'error',
  },
});

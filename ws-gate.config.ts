import { defineConfig } from 'ws-gate';

export default defineConfig({
  include: ['src/**', 'rules/**/*.ts'],
  locks: {
    // docs/manager-claims.md tells why.
    order: ['Backend.mu', 'Workspace.clientsMu'],
    brief: ['Workspace.clientsMu'],
  },
});

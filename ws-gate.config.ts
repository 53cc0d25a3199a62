import { defineConfig } from 'ws-gate';

export default defineConfig({
  include: ['src/**/*.ts', 'rules/**/*.ts'],
  locks: {
    // The claims backend; docs/manager-claims.md tells why.
    order: ['Backend.mu', 'Workspace.clientsMu', 'Resumer.lane', 'SessionWorkspace.mu'],
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
  },
});

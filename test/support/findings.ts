import type { Finding } from '../../src/engine/finding.ts';

/** The source that the sample findings lie in. */
export const SOURCE = [
  'export class Registry {',
  '  async detach(ws: Workspace) {',
  '    const release = await ws.clientsMu.acquire();',
  '    await this.mu.acquire();',
  '    release();',
  '  }',
  '}',
  '',
].join('\n');

/** A lock acquired against the order, with the way there. */
export const inversion: Finding = {
  ruleId: 'lock-order',
  messageId: 'contradictsOrder',
  severity: 'error',
  message: 'acquires Registry.mu while holding Workspace.clientsMu',
  file: 'src/registry.ts',
  line: 4,
  column: 11,
  endLine: 4,
  endColumn: 28,
  symbol: 'Registry.detach',
  fingerprint: '0123456789abcdef',
  trace: [
    { file: 'src/registry.ts', line: 3, column: 27, message: 'Workspace.clientsMu acquired here' },
    { file: 'src/registry.ts', line: 4, column: 11, message: 'Registry.mu acquired here' },
  ],
  help: 'release Workspace.clientsMu first',
};

/** A warning over several lines, without a way there. */
export const callback: Finding = {
  ruleId: 'lock-callback',
  messageId: 'callbackUnderLock',
  severity: 'warn',
  message: 'calls onDetach while holding Registry.mu',
  file: 'src/registry.ts',
  line: 3,
  column: 5,
  endLine: 5,
  endColumn: 15,
  symbol: 'Registry.detach',
  fingerprint: 'fedcba9876543210',
  trace: [],
  help: '',
};

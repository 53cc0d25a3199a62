import { describe, expect, it } from 'vitest';
import { ws } from '../support/cli.ts';
import { tempDir } from '../support/temp-dir.ts';

const SOURCE = `export class Mutex {
  async acquire(): Promise<() => void> {
    return () => {};
  }
}
export class Registry {
  readonly mu = new Mutex();
  async detach(ws: Workspace) {
    const inner = await ws.mu.acquire();
    const outer = await this.mu.acquire();
    outer();
    inner();
  }
}
export class Workspace {
  readonly mu = new Mutex();
}
`;

function check(order: readonly string[]) {
  const config = {
    include: ['src/**/*.ts'],
    locks: { order, primitives: [{ type: 'Mutex', acquire: ['acquire'], grants: 'releaser' }] },
  };
  const dir = tempDir({ 'src/registry.ts': SOURCE, 'ws-gate.config.json': JSON.stringify(config) });
  const { code, stdout, stderr } = ws(dir, ['check', '--format', 'json', '--rule', 'lock-order']);
  expect(stderr).toBe('');
  const { findings } = JSON.parse(stdout) as { findings: Record<string, unknown>[] };
  return {
    code,
    findings: findings.map(({ file, line, messageId, message, help }) => [
      file,
      line,
      messageId,
      message,
      help,
    ]),
  };
}

describe('the declared order', () => {
  it('is held against the code', () => {
    expect(check(['Workspace.mu', 'Registry.mu'])).toEqual({ code: 0, findings: [] });
    expect(check(['Registry.mu', 'Workspace.mu'])).toEqual({
      code: 1,
      findings: [
        [
          'src/registry.ts',
          10,
          'contradictsOrder',
          'acquires Registry.mu while holding Workspace.mu; the declared order is Registry.mu → Workspace.mu',
          expect.any(String),
        ],
      ],
    });
  });

  it('must not name a lock that does not exist', () => {
    expect(check(['Workspace.mu', 'Registry.mutex'])).toEqual({
      code: 1,
      findings: [
        [
          'ws-gate.config.json',
          1,
          'unknownName',
          'locks.order names Registry.mutex, which does not exist',
          expect.any(String),
        ],
      ],
    });
  });

  it('must not name a lock by a part of its name that several share', () => {
    expect(check(['mu'])).toEqual({
      code: 1,
      findings: [
        [
          'ws-gate.config.json',
          1,
          'ambiguousName',
          'locks.order names mu, which may be Registry.mu or Workspace.mu',
          'write one of these names in full',
        ],
      ],
    });
  });
});

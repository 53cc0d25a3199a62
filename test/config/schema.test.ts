import { describe, expect, it } from 'vitest';
import { parseUserConfig } from '../../src/config/schema.ts';
import type { LockPrimitive } from '../../src/config/types.ts';
import { gateErrorOf } from '../support/gate-error.ts';
import { stubRule } from '../support/rules.ts';

describe('parseUserConfig', () => {
  it('keeps every key of the contract', async () => {
    const config = {
      include: ['src/**/*.ts'],
      exclude: ['**/*.test.ts'],
      tsconfig: 'tsconfig.json',
      locks: {
        order: ['Registry.mu', ['Registry.hook', 'Registry.watchers'], 'Workspace.clientsMu'],
        leaf: ['Manager.admission'],
        brief: ['Workspace.clientsMu'],
        reentrant: [],
        disjoint: [['Manager.rebuildLane', 'Manager.workspaces']],
        primitives: [{ module: 'mutexify/promise', type: 'mutexify', acquire: ['call'], grants: 'releaser' }],
      },
      rules: {
        'insert-in-loop': ['error', { tables: ['workspaces'] }],
        'lock-callback': ['warn'],
        'lock-await': 'off',
      },
      overrides: [{ files: ['scripts/**'], rules: { 'lock-callback': 'off' } }],
      customRules: [stubRule('own-rule')],
    };
    expect(await parseUserConfig(config, 'ws-gate.config.ts')).toEqual(config);
  });

  it('keeps all that can be said of a lock of one’s own', async () => {
    const primitive: Required<LockPrimitive> = {
      module: 'own-locks',
      type: 'Latch',
      acquire: ['enter'],
      acquireShared: ['enterShared'],
      release: ['leave'],
      scoped: ['within'],
      scopedShared: ['withinShared'],
      callback: ['whenEntered'],
      callbackShared: ['whenShared'],
      views: ['async'],
      try: ['attempt'],
      releasedTwice: 'throws',
      releaserTwice: 'frees',
      grants: 'void',
      renews: ['extend'],
      immediate: true,
      waits: ['whenFree'],
      drains: ['whenIdle'],
      takesFree: ['takeAll'],
      keyArg: 0,
      keyMember: 'id',
      keysInTurn: true,
      reentrant: false,
      reentrantMember: 'recursive',
      permitsArg: 1,
      permitsMember: 'slots',
      wrappers: ['withTimeout'],
      tryWrappers: ['orNothing'],
      readers: 'recursive',
    };
    const config = { locks: { primitives: [primitive] } };
    expect(await parseUserConfig(config, 'ws-gate.config.ts')).toEqual(config);
  });

  it('tolerates $schema, and drops it', async () => {
    expect(await parseUserConfig({ $schema: './schema.json', exclude: [] }, 'c')).toEqual({ exclude: [] });
  });

  it.each([
    [{ rulse: {} }, 'rulse: unknown key (did you mean "rules"?)'],
    [{ locks: { oder: [] } }, 'locks.oder: unknown key (did you mean "order"?)'],
    [{ zzz: 1, exlude: [] }, 'zzz: unknown key\nexlude: unknown key (did you mean "exclude"?)'],
    [
      { locks: { primitives: [{ type: 'T', aquire: [] }] } },
      'locks.primitives[0].aquire: unknown key (did you mean "acquire"?)',
    ],
    [
      { overrides: [{ file: ['x'], files: ['x'], rules: {} }] },
      'overrides[0].file: unknown key (did you mean "files"?)',
    ],
    [
      { rules: { 'lock-order': 'eror' } },
      `rules["lock-order"]: expected a severity: 'off', 'warn' or 'error', alone or in a pair with the options of the rule`,
    ],
    [
      { rules: { 'lock-order': ['error', {}, {}] } },
      `rules["lock-order"]: expected a severity: 'off', 'warn' or 'error', alone or in a pair with the options of the rule`,
    ],
    [{ include: [] }, 'include: an empty include matches nothing'],
    [{ locks: { order: ['A', []] } }, 'locks.order[1]: a set of siblings must not be empty'],
    [
      { locks: { order: [7] } },
      'locks.order[0]: expected the name of a lock, or a non-empty array of siblings',
    ],
    [{ locks: { disjoint: [['A']] } }, 'locks.disjoint[0]: expected a pair of lock names'],
    [
      { overrides: [{ files: [], rules: {} }] },
      'overrides[0].files: an override without files applies to nothing',
    ],
    [{ customRules: [{ id: 'x' }] }, 'customRules[0]: expected a rule made with defineRule()'],
  ])('refuses %j', async (config, why) => {
    expect(await gateErrorOf(() => parseUserConfig(config, 'ws-gate.config.ts'))).toEqual({
      message: 'ws-gate.config.ts is not a valid config',
      why,
      help: 'correct the entries named above',
    });
  });

  it.each([['text'], [undefined], [[]], [() => ({})]])('refuses %j in place of an object', async (value) => {
    const { message } = await gateErrorOf(() => parseUserConfig(value, 'ws-gate.config.ts'));
    expect(message).toBe('ws-gate.config.ts is not a valid config');
  });
});

import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadConfig } from '../../src/config/load.ts';
import { resolveRules } from '../../src/config/rules.ts';
import type { Config, UserConfig } from '../../src/config/types.ts';
import { gateErrorOf } from '../support/gate-error.ts';
import { stubRule } from '../support/rules.ts';

const order = stubRule('lock-order');
const callback = stubRule('lock-callback', { defaultSeverity: 'warn' });
const inserts = stubRule('insert-in-loop', {
  defaultSeverity: 'off',
  defaultOptions: { tables: ['*'] },
  options: () => z.object({ tables: z.array(z.string()), limit: z.number().default(3) }),
});
const all = [order, callback, inserts];

function configOf(config: UserConfig): Promise<Config> {
  return loadConfig({ cwd: '/repo', inlineConfig: config, configRoot: '/repo' });
}

describe('resolveRules', () => {
  it('runs every rule that is on by default', async () => {
    const { rules } = await resolveRules(await configOf({}), all);
    expect(rules).toEqual([
      { rule: order, severity: 'error', options: {}, configured: false },
      { rule: callback, severity: 'warn', options: {}, configured: false },
    ]);
  });

  it('runs a rule that nobody asks for by name with what it does then', async () => {
    const starts = stubRule('tracked-promise', {
      defaultOptions: { scope: 'locks' },
      unaskedOptions: { scope: 'held' },
    });
    const optionsOf = async (config: UserConfig, only?: readonly string[]): Promise<unknown> =>
      (await resolveRules(await configOf(config), [starts], only)).rules.map(({ options }) => options);
    expect(await optionsOf({})).toEqual([{ scope: 'held' }]);
    expect(await optionsOf({}, ['tracked-promise'])).toEqual([{ scope: 'locks' }]);
    expect(await optionsOf({ rules: { 'tracked-promise': 'warn' } })).toEqual([{ scope: 'locks' }]);
    const overrides = [{ files: ['**'], rules: { 'tracked-promise': 'warn' } }] as const;
    expect(await optionsOf({ overrides })).toEqual([{ scope: 'locks' }]);
  });

  it('takes severities and options from the config', async () => {
    const config = await configOf({
      rules: {
        'lock-order': 'warn',
        'lock-callback': 'off',
        'insert-in-loop': ['error', { tables: ['users'] }],
      },
    });
    const { rules } = await resolveRules(config, all);
    expect(rules).toEqual([
      { rule: order, severity: 'warn', options: {}, configured: true },
      { rule: inserts, severity: 'error', options: { tables: ['users'], limit: 3 }, configured: true },
    ]);
  });

  it('runs exactly the selected rules, as errors everywhere, with their configured options', async () => {
    const config = await configOf({
      rules: { 'insert-in-loop': ['off', { tables: ['users'] }], 'lock-order': 'warn' },
      overrides: [{ files: ['**'], rules: { 'insert-in-loop': 'off' } }],
    });
    const resolved = await resolveRules(config, all, ['insert-in-loop']);
    expect(resolved.rules).toEqual([
      { rule: inserts, severity: 'error', options: { tables: ['users'], limit: 3 }, configured: false },
    ]);
    expect(resolved.severityFor('/repo/a.ts', 'insert-in-loop')).toBe('error');
  });

  it('lets the last matching override decide about a file', async () => {
    const config = await configOf({
      overrides: [
        { files: ['scripts/**', 'tools/**'], rules: { 'lock-order': 'off' } },
        { files: ['scripts/strict/*.ts'], rules: { 'lock-order': 'warn' } },
      ],
    });
    const { severityFor } = await resolveRules(config, all);
    expect([
      severityFor('/repo/src/a.ts', 'lock-order'),
      severityFor('/repo/scripts/a.ts', 'lock-order'),
      severityFor('/repo/tools/.hidden/a.ts', 'lock-order'),
      severityFor('/repo/scripts/strict/a.ts', 'lock-order'),
      severityFor('/repo/scripts/a.ts', 'lock-callback'),
    ]).toEqual(['error', 'off', 'off', 'warn', 'warn']);
  });

  it('runs a rule that only an override turns on, and nowhere else', async () => {
    const config = await configOf({
      overrides: [{ files: ['db/**'], rules: { 'insert-in-loop': 'error' } }],
    });
    const { rules, severityFor } = await resolveRules(config, all);
    expect(rules.at(-1)).toEqual({
      rule: inserts,
      severity: 'off',
      options: { tables: ['*'] },
      configured: true,
    });
    expect([
      severityFor('/repo/a.ts', 'insert-in-loop'),
      severityFor('/repo/db/a.ts', 'insert-in-loop'),
    ]).toEqual(['off', 'error']);
  });

  it('tells which patterns of overrides match no file', async () => {
    const config = await configOf({
      overrides: [
        { files: ['src/**', 'lib/**'], rules: { 'lock-order': 'off' } },
        { files: ['gone.ts'], rules: { 'lock-order': 'off' } },
      ],
    });
    const { unmatchedOverrides } = await resolveRules(config, all);
    expect(unmatchedOverrides(['/repo/src/a.ts'])).toEqual([
      { key: 'overrides[0].files', pattern: 'lib/**' },
      { key: 'overrides[1].files', pattern: 'gone.ts' },
    ]);
  });

  it('holds gate-integrity to be an error everywhere', async () => {
    const { severityFor } = await resolveRules(await configOf({}), all);
    expect(severityFor('/repo/a.ts', 'gate-integrity')).toBe('error');
  });

  it.each<{ case: string; config: UserConfig; only?: string[]; message: string; help: string }>([
    {
      case: 'an unknown rule in the config',
      config: { rules: { 'lock-ordr': 'error', zzz: 'off' } },
      message:
        'the config: rules: unknown rule "lock-ordr" (did you mean "lock-order"?)\nthe config: rules: unknown rule "zzz"',
      help: 'run `ws-gate rules` for the list of rules',
    },
    {
      case: 'an unknown rule in an override',
      config: { overrides: [{ files: ['x'], rules: { 'lock-callbak': 'off' } }] },
      message: 'the config: overrides[0].rules: unknown rule "lock-callbak" (did you mean "lock-callback"?)',
      help: 'run `ws-gate rules` for the list of rules',
    },
    {
      case: 'an unknown rule on the command line',
      config: {},
      only: ['lock-oder'],
      message: '--rule: unknown rule "lock-oder" (did you mean "lock-order"?)',
      help: 'run `ws-gate rules` for the list of rules',
    },
    {
      case: 'gate-integrity on the command line',
      config: {},
      only: ['gate-integrity'],
      message: '--rule cannot select gate-integrity',
      help: 'leave it out: it watches over every run by itself',
    },
    {
      case: 'options in an override',
      config: { overrides: [{ files: ['x'], rules: { 'insert-in-loop': ['error', { tables: [] }] } }] },
      message: 'the config: overrides[0] gives options to insert-in-loop',
      help: 'an override changes severities only: move the options to rules["insert-in-loop"]',
    },
    {
      case: 'turning gate-integrity off',
      config: { overrides: [{ files: ['x'], rules: { 'gate-integrity': 'off' } }] },
      message: 'the config lowers the severity of gate-integrity',
      help: 'remove the entry',
    },
    {
      case: 'options of a rule that takes none',
      config: { rules: { 'lock-order': ['error', {}] } },
      message: 'the config: lock-order takes no options',
      help: 'set rules["lock-order"] to a severity alone',
    },
    {
      case: 'options that do not fit',
      config: { rules: { 'insert-in-loop': ['error', { table: ['users'] }] } },
      message: 'the config: the options of insert-in-loop are not valid',
      help: 'run `ws-gate explain insert-in-loop` for its options',
    },
  ])('refuses $case', async ({ config, only, message, help }) => {
    const loaded = await configOf(config);
    const error = await gateErrorOf(() => resolveRules(loaded, all, only));
    expect({ message: error.message, help: error.help }).toEqual({ message, help });
  });

  it.each([
    ['lock-order', { expectNoSites: 'no locks yet' }, {}],
    ['insert-in-loop', { expectNoSites: 'no SQL yet' }, { tables: ['*'] }],
    ['insert-in-loop', { tables: ['a'], expectNoSites: 'no SQL yet' }, { tables: ['a'] }],
  ])('takes expectNoSites beside the options of %s: %j', async (id, given, options) => {
    const { rules } = await resolveRules(await configOf({ rules: { [id]: ['error', given] } }), all);
    expect(rules.find(({ rule }) => rule.id === id)).toMatchObject({
      options,
      expectNoSites: given.expectNoSites,
      configured: true,
    });
  });

  it.each(['', ' ', true, null])('refuses expectNoSites without a reason: %j', async (expectNoSites) => {
    const config = await configOf({ rules: { 'lock-order': ['error', { expectNoSites }] } });
    expect((await gateErrorOf(() => resolveRules(config, all))).message).toBe(
      'the config: expectNoSites of lock-order gives no reason',
    );
  });

  it('says what is wrong with options, down to the misspelt key', async () => {
    const config = await configOf({ rules: { 'insert-in-loop': ['error', { tables: ['a'], limt: 1 }] } });
    const { why } = await gateErrorOf(() => resolveRules(config, all));
    expect(why).toBe('limt: unknown key (did you mean "limit"?)');
  });

  it('refuses two rules of one id', async () => {
    const config = await configOf({});
    const { message } = await gateErrorOf(() => resolveRules(config, [order, stubRule('lock-order')]));
    expect(message).toBe('two rules have the id "lock-order"');
  });
});

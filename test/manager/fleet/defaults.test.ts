import { describe, expect, test } from 'vitest';
import { knownTier } from '../../../src/manager/fleet/default-tier.ts';
import { type Db, defaultModel, Fleet, instanceConfig } from '../../../src/manager/index.ts';
import { FakeBackend } from './support.ts';

// None of these looks at the database.
const db = {} as Db;
const self = { name: 'ada', runtime: 'node', model: 'm', config: { region: 'eu' } };

describe('M-06 the tier', () => {
  test('is that of a hosted service where there is a control plane', () => {
    const { dispatchers } = new Fleet({ db, backends: { controlPlane: new FakeBackend() } });
    expect([dispatchers.isSaaS(), dispatchers.defaultTier()]).toEqual([true, 4]);
  });

  test('is that of a hosted service where there is both', () => {
    const backends = { controlPlane: new FakeBackend(), process: new FakeBackend() };
    const { dispatchers } = new Fleet({ db, backends });
    expect([dispatchers.isSaaS(), dispatchers.defaultTier()]).toEqual([true, 4]);
  });

  test('is that of a machine of your own where there are processes', () => {
    const { dispatchers } = new Fleet({ db, backends: { process: new FakeBackend() } });
    expect([dispatchers.isSaaS(), dispatchers.defaultTier()]).toEqual([false, 3]);
  });

  test('is that of a machine of your own where there is nothing', () => {
    const { dispatchers } = new Fleet({ db });
    expect([dispatchers.isSaaS(), dispatchers.defaultTier()]).toEqual([false, 3]);
  });

  test('that was given is what an instance is told', () => {
    expect(instanceConfig({ ...self, tier: 4 })).toEqual({
      region: 'eu',
      name: 'ada',
      runtime: 'node',
      model: 'm',
      tier: 4,
    });
  });

  test('of the columns counts, and not that of the configuration', () => {
    expect(instanceConfig({ ...self, config: { tier: 1 }, tier: 2 })).toMatchObject({ tier: 2 });
  });

  test.each([0, -1, 99, 2.5, Number.NaN])('%s does not exist, and is 3', (tier) => {
    expect(knownTier(tier)).toBe(3);
    expect(instanceConfig({ ...self, tier })).toMatchObject({ tier: 3 });
  });
});

describe('M-07 the model', () => {
  test.each([
    ['claude-code', 'sonnet'],
    ['langgraph', 'anthropic:claude-opus-4-7'],
    ['crewai', 'anthropic:claude-opus-4-7'],
    ['autogen', 'anthropic:claude-opus-4-7'],
    ['deepagents', 'anthropic:claude-opus-4-7'],
    ['openclaw', 'anthropic:claude-opus-4-7'],
    ['codex', 'anthropic:claude-opus-4-7'],
    ['hermes', 'anthropic:claude-opus-4-7'],
    ['unknown', 'anthropic:claude-opus-4-7'],
    ['', 'anthropic:claude-opus-4-7'],
    ['CLAUDE-CODE', 'anthropic:claude-opus-4-7'],
  ])('of %j is %s', (runtime, model) => {
    expect(defaultModel(runtime)).toBe(model);
  });

  test('is never empty', () => {
    for (const runtime of ['', ' ', '\0', 'x'.repeat(1000), '__proto__', 'constructor']) {
      expect(defaultModel(runtime)).not.toBe('');
    }
  });
});

import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../src/cli/args.ts';
import { planOutputs } from '../../src/cli/outputs.ts';
import { gateErrorOf } from '../support/gate-error.ts';

function plan(args: readonly string[], env: Record<string, string> = {}) {
  return planOutputs(parseCommandLine(['check', ...args]).flags, env);
}

describe('planOutputs', () => {
  it.each([
    [[], [{ format: 'pretty', to: 'stdout' }]],
    [['--format', 'json'], [{ format: 'json', to: 'stdout' }]],
    [['-f', 'json', '-o', 'out.json'], [{ format: 'json', to: { file: 'out.json' } }]],
    [['-o', 'out.txt'], [{ format: 'pretty', to: { file: 'out.txt' } }]],
    [
      ['-f', 'pretty', '-f', 'sarif=out.sarif'],
      [
        { format: 'pretty', to: 'stdout' },
        { format: 'sarif', to: { file: 'out.sarif' } },
      ],
    ],
    [['-f', 'sarif=a=b.sarif'], [{ format: 'sarif', to: { file: 'a=b.sarif' } }]],
  ])('of %j', (args, expected) => {
    expect(plan(args)).toEqual(expected);
  });

  it.each([
    [
      [],
      [
        ['pretty', 'stdout'],
        ['github', 'stdout'],
      ],
    ],
    [['-f', 'github'], [['github', 'stdout']]],
    [
      ['-f', 'compact'],
      [
        ['compact', 'stdout'],
        ['github', 'stdout'],
      ],
    ],
    [
      ['-f', 'json'],
      [
        ['json', 'stdout'],
        ['github', 'stderr'],
      ],
    ],
    [['-f', 'github=x.txt'], [['github', { file: 'x.txt' }]]],
  ])('of %j in a GitHub job', (args, expected) => {
    expect(plan(args, { GITHUB_ACTIONS: 'true' }).map(({ format, to }) => [format, to])).toEqual(expected);
  });

  it.each([
    [['-f', 'jsn'], 'unknown format "jsn" (did you mean "json"?)'],
    [['-f', 'json='], '--format json= names no file'],
    [['-f', 'json', '-f', 'sarif'], '--format json and sarif cannot share stdout'],
    [['-f', 'pretty', '-f', 'json'], '--format pretty and json cannot share stdout'],
    [
      ['-f', 'json', '-f', 'sarif', '-o', 'x'],
      '--output-file x must belong to exactly one format, and 2 have no file of their own',
    ],
    [
      ['-f', 'json=a', '-o', 'x'],
      '--output-file x must belong to exactly one format, and 0 have no file of their own',
    ],
    [['-f', 'json=a', '-f', 'sarif=a'], 'two formats write to a'],
  ])('refuses %j', async (args, message) => {
    expect((await gateErrorOf(() => plan(args))).message).toBe(message);
  });
});

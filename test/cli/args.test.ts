import { describe, expect, it } from 'vitest';
import { parseCommandLine, wholeNumber } from '../../src/cli/args.ts';
import { gateErrorOf } from '../support/gate-error.ts';

describe('parseCommandLine', () => {
  it('tells the command, its arguments and its flags apart, in any order', () => {
    const { command, positionals, flags } = parseCommandLine([
      ...[
        '--quiet',
        'check',
        'src',
        '--rule',
        'a',
        '--rule=b',
        '-f',
        'json',
        '-o=out.json',
        '--',
        '--odd.ts',
      ],
    ]);
    expect([command, positionals]).toEqual(['check', ['src', '--odd.ts']]);
    expect([flags.has('quiet'), flags.has('staged')]).toEqual([true, false]);
    expect([flags.values('rule'), flags.value('format')]).toEqual([['a', 'b'], 'json']);
  });

  it.each([
    [['chek'], 'unknown command "chek" (did you mean "check"?)'],
    [['evince'], 'unknown command "evince"'],
    [['check', '--stagd'], 'ws-gate check has no flag --stagd (did you mean "--staged"?)'],
    [['--stagd', 'check'], 'ws-gate check has no flag --stagd (did you mean "--staged"?)'],
    [['--nope'], 'ws-gate has no flag --nope'],
    [['check', '-x'], 'ws-gate check has no flag -x'],
    [['rules', '--staged'], 'ws-gate rules has no flag --staged'],
    [['check', '--rule'], '--rule needs a value: ID'],
    [['check', '--config', '--quiet'], '--config needs a value: FILE'],
    [['check', '--config='], '--config needs a value: FILE'],
    [['check', '--quiet=yes'], '--quiet takes no value'],
    [['check', '--config', 'a', '-c', 'b'], '--config is given 2 times'],
  ])('refuses %j', async (argv, message) => {
    expect((await gateErrorOf(() => parseCommandLine(argv))).message).toBe(message);
  });

  it('names the commands that there are', async () => {
    const { help } = await gateErrorOf(() => parseCommandLine(['evince']));
    expect(help).toBe(
      'the commands are check, prove, explain, rules, test, new, manager; to check a path, write ws-gate check evince',
    );
  });
});

describe('wholeNumber', () => {
  it('reads digits', () => {
    expect(wholeNumber('max-warnings', '12')).toBe(12);
  });

  it.each([['-1'], ['1.5'], ['many'], ['1e3'], ['']])('refuses %j', async (text) => {
    expect((await gateErrorOf(() => wholeNumber('max-warnings', text))).message).toBe(
      `--max-warnings takes a whole number, not "${text}"`,
    );
  });
});

import { describe, expect, it } from 'vitest';
import { instrument } from './branches.ts';
import { type Mutant, mutantsOf, Switchboard } from './switchboard.ts';

/** A function with branches that ask, and its mutants by name. */
function asking(text: string) {
  const { code, branches } = instrument(`export ${text}`, 'main.ts', 0);
  const board = new Switchboard();
  const exports: { main?: (...args: readonly unknown[]) => unknown } = {};
  new Function('exports', '__decide', `let __left;${code}`)(exports, board.decide);
  const mutants = mutantsOf(branches);
  const run = async (...args: readonly unknown[]): Promise<unknown> => exports.main?.(...args);
  const mutant = (name: string): Mutant => {
    const found = mutants.find((one) => one.name === name);
    if (!found) throw new Error(`${name} is none of ${mutants.map((one) => one.name).join('; ')}`);
    return found;
  };
  return {
    board,
    mutants,
    run,
    held: (name: string, ...args: readonly unknown[]) => board.hold(mutant(name), () => run(...args)),
  };
}

describe('instrument', () => {
  it('changes nothing by itself', async () => {
    const { run } = asking(
      'async function main(a, b) { if (a && (await b)) return a ?? 1; return a || b?.c ? [a, b].filter((x) => x) : b ?? a; }',
    );
    expect([await run(1, 2), await run(0, 2), await run(null, { c: 1 }), await run(0, null)]).toEqual([
      1,
      2,
      [{ c: 1 }],
      0,
    ]);
  });

  it.each<[string, string, readonly unknown[], unknown, string, unknown]>([
    ['if', 'function main(a) { if (a) return 1; return 2; }', [0], 2, 'main: a, always true', 1],
    ['else', 'function main(a) { if (a) return 1; return 2; }', [1], 1, 'main: a, always false', 2],
    ['?:', 'const main = (a) => (a ? 1 : 2);', [0], 2, 'main: a, always true', 1],
    ['while', 'function main(a) { while (a < 3) a += 1; return a; }', [0], 3, 'main: a < 3, always false', 0],
    ['&& left', 'const main = (a, b) => a && b;', [0, 1], 0, 'main: a && b, without its left side', 1],
    ['&& right', 'const main = (a, b) => a && b;', [1, 0], 0, 'main: a && b, without its right side', 1],
    ['|| left', 'const main = (a, b) => a || b;', [1, 0], 1, 'main: a || b, without its left side', 0],
    ['|| right', 'const main = (a, b) => a || b;', [0, 1], 1, 'main: a || b, without its right side', 0],
    ['?? left', 'const main = (a, b) => a ?? b;', [0, 1], 0, 'main: a ?? b, without its left side', 1],
    [
      '?? right',
      'const main = (a, b) => a ?? b;',
      [null, 1],
      1,
      'main: a ?? b, without its right side',
      null,
    ],
    [
      'a callback',
      'const main = (all) => all.some((x) => x > 1);',
      [[1]],
      false,
      'main: x > 1, always true',
      true,
    ],
    [
      'the second of two',
      'const main = (a, b) => (a ? 1 : 0) + (b ? 1 : 0) + (a ? 1 : 0);',
      [0, 0],
      0,
      'main: a (2), always true',
      1,
    ],
  ])('disables %s', async (_, text, args, before, name, after) => {
    const { run, held } = asking(text);
    expect([await run(...args), await held(name, ...args)]).toEqual([before, after]);
  });

  it('ends a mutant that goes on for ever', async () => {
    const { held } = asking('function main(a) { while (a < 3) a += 1; return a; }');
    await expect(held('main: a < 3, always true', 0)).rejects.toThrow('main: a < 3, always true never ends');
  });
});

describe('Switchboard', () => {
  it('tells which mutants would have gone another way, once', async () => {
    const { board, mutants, run } = asking('function main(a) { if (a) return 1; return a ?? 2; }');
    const others = () => mutants.filter(board.takeDifferences()).map(({ name }) => name);
    await run(1);
    expect(others()).toEqual(['main: a, always false']);
    await run(null);
    expect(others()).toEqual(['main: a, always true', 'main: a ?? 2, without its right side']);
    expect(others()).toEqual([]);
  });
});

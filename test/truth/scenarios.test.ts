import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { discoverFixtures, type Fixture } from '../../src/testing/discover.ts';
import { Program } from './program.ts';
import { type Ending, Schedule } from './schedule.ts';

/** The rules that say of a program that it can hang, that a lock refuses what it does, or that an update gets lost. */
const RULES = ['check-then-act', 'lock-await', 'lock-cycle', 'lock-order', 'lock-reentry'];

/** In so many orders a program is run: a wrong one until it has gone wrong, a right one in all of them. */
const SCHEDULES = 60;

/** Programs that a rule rightly speaks of, though they end: what they break is what was declared. */
const ONLY_DECLARED: ReadonlySet<string> = new Set([
  'lock-order/disjoint-one-way.bad.ts',
  'lock-order/given-back-at-the-latest.bad.ts',
  'lock-order/kept-until-its-promise-is-awaited.bad.ts',
  'lock-order/sibling-through-call.bad.ts',
  'lock-order/sync-section-in-a-sync-callee.bad.ts',
  'lock-order/tables-of-one-owner.bad.ts',
]);

/** Programs that hang, and are another rule's business. */
const OF_ANOTHER_RULE: ReadonlySet<string> = new Set([
  'lock-cycle/declared-order-is-not-its-business.good.ts',
]);

const scenarios = discoverFixtures(path.resolve(import.meta.dirname, '../../fixtures')).fixtures.flatMap(
  (fixture) => {
    const main = fixture.files.find(({ text }) => /^export const scenario\b/m.test(text));
    return main && RULES.includes(fixture.ruleId)
      ? [{ fixture, main: path.join(fixture.root, main.path) }]
      : [];
  },
);

function scenariosOf(kind: Fixture['kind']) {
  return scenarios
    .filter(({ fixture }) => fixture.kind === kind)
    .map(({ fixture, main }) => [fixture.path, main] as const);
}

/** Runs a program from its start, in one order. */
async function run(program: Program, main: string, seed: number): Promise<Ending> {
  const schedule = new Schedule(seed);
  const { scenario } = program.load(main, schedule) as { scenario: () => unknown };
  let tasks: readonly (() => unknown)[] = [];
  const setUp = await schedule.run([
    async () => {
      tasks = (await scenario()) as typeof tasks;
    },
  ]);
  return setUp.kind === 'completes' ? schedule.run(tasks) : setUp;
}

async function endings(main: string, until: (ending: Ending) => boolean): Promise<Ending[]> {
  const program = new Program();
  const seen: Ending[] = [];
  for (let seed = 1; seed <= SCHEDULES; seed += 1) {
    const ending = await run(program, main, seed);
    seen.push(ending);
    if (until(ending)) break;
  }
  return seen;
}

const isWrong = ({ kind }: Ending): boolean => kind !== 'completes';

describe('what the rules say of a program, held against the program as it runs', () => {
  it.each(scenariosOf('bad'))('%s goes wrong in some order', async (file, main) => {
    const all = await endings(main, isWrong);
    expect(all.some(isWrong)).toBe(!ONLY_DECLARED.has(file));
  });

  it.each(scenariosOf('good'))('%s comes to its end in every order', async (file, main) => {
    const wrong = (await endings(main, isWrong)).filter(isWrong);
    expect(wrong).toEqual(OF_ANOTHER_RULE.has(file) ? [{ kind: 'hangs' }] : []);
  });

  it.each(scenariosOf('fn'))('%s goes wrong, and the rule does not see it', async (_file, main) => {
    expect((await endings(main, isWrong)).some(isWrong)).toBe(true);
  });

  it.each(scenariosOf('fp'))('%s is right, and the rule speaks of it', async (_file, main) => {
    expect((await endings(main, isWrong)).filter(isWrong)).toEqual([]);
  });

  it('runs a great many pairs', () => {
    expect(scenariosOf('bad').length).toBeGreaterThan(250);
    expect(scenariosOf('good').length).toBeGreaterThanOrEqual(scenariosOf('bad').length);
  });
});

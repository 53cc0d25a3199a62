import path from 'node:path';
import { builtinRules } from '../../rules/index.ts';
import { INTEGRITY } from '../../src/config/rules.ts';
import { check } from '../../src/engine/check.ts';
import type { AnyRule, Pass } from '../../src/engine/rule.ts';
import { startCompiler } from '../../src/oracle/open.ts';
import { discoverFixtures, type Fixture } from '../../src/testing/discover.ts';
import { readFixtureConfig } from '../../src/testing/fixture-config.ts';
import { type Runner, runFixture } from '../../src/testing/fixture-run.ts';
import { SharedCompiler } from '../../src/testing/shared-compiler.ts';
import { repository } from './own-modules.ts';
import { Recorder, type Said, textOf } from './recorder.ts';
import { loadAsking } from './rule-modules.ts';
import { type Mutant, mutantsOf, Switchboard } from './switchboard.ts';

/** What became of the mutants of a rule. */
export interface Outcome {
  readonly branches: number;
  readonly mutants: readonly Mutant[];
  /** The mutants that a fixture noticed, and the first that did. */
  readonly noticed: ReadonlyMap<Mutant, string>;
  readonly survivors: readonly Mutant[];
}

/**
 * Runs the fixtures of a rule with each of its mutants, until one notices.
 *
 * A fixture is analysed once for all mutants: only the work of the rule itself is done again, and only where a mutant
 * goes another way than the rule did.
 */
export async function tryMutants(ruleId: string): Promise<Outcome> {
  const board = new Switchboard();
  const { rule, branches } = await loadAsking(ruleId, board);
  const mutants = mutantsOf(branches);
  const dir = path.join(repository, 'fixtures');
  const compiler = new SharedCompiler(await startCompiler({ cwd: dir }));
  const noticed = new Map<Mutant, string>();
  try {
    const trial = new Trial(rule, board, { check, extraRules: [], compiler });
    for (const fixture of fixturesOf(ruleId, dir)) {
      const living = mutants.filter((mutant) => !noticed.has(mutant));
      if (living.length === 0) break;
      for (const mutant of await trial.noticedBy(fixture, living)) noticed.set(mutant, fixture.path);
    }
  } finally {
    compiler.close();
  }
  const survivors = mutants.filter((mutant) => !noticed.has(mutant));
  return { branches: branches.length, mutants, noticed, survivors };
}

/** The fixtures of a rule, and those about configs that name it. */
function fixturesOf(ruleId: string, dir: string): readonly Fixture[] {
  return discoverFixtures(dir).fixtures.filter((fixture) => {
    if (fixture.ruleId !== INTEGRITY) return fixture.ruleId === ruleId;
    const read = readFixtureConfig(fixture);
    return typeof read === 'object' && read.config.rules !== undefined && ruleId in read.config.rules;
  });
}

class Trial {
  readonly #asking: AnyRule;
  readonly #board: Switchboard;
  readonly #runner: Runner;

  constructor(asking: AnyRule, board: Switchboard, runner: Runner) {
    this.#asking = asking;
    this.#board = board;
    this.#runner = runner;
  }

  /** Which of some mutants the fixture notices: its verdict is another one. */
  async noticedBy(fixture: Fixture, living: readonly Mutant[]): Promise<readonly Mutant[]> {
    const suspects = new Map<Mutant, Said | 'unknown' | 'crashed'>();
    this.#board.takeDifferences();
    const problems = await this.#problemsOf(fixture, async (pass) => {
      // What the rule asks before its run decides whether and how it runs.
      this.#suspectAll(living, suspects);
      const said = await this.#say(pass);
      said.sayTo(pass);
      const differs = this.#board.takeDifferences();
      for (const mutant of living) {
        if (suspects.has(mutant) || !differs(mutant)) continue;
        const other = await this.#board.hold(mutant, () => this.#say(pass)).catch(() => 'crashed' as const);
        if (other === 'crashed' || textOf(other) !== textOf(said)) suspects.set(mutant, other);
      }
      if (textOf(await this.#say(pass)) !== textOf(said))
        throw new Error(`${fixture.path}: a mutant has changed what the rule itself says`);
      this.#board.takeDifferences();
    });
    // And what it asks where there is nothing to run on.
    this.#suspectAll(living, suspects);
    if (problems.length > 0) throw new Error(problems.join('\n'));
    const noticed: Mutant[] = [];
    for (const [mutant, said] of suspects) {
      if (said === 'crashed' || (await this.#isNoticed(fixture, mutant, said))) noticed.push(mutant);
    }
    return noticed;
  }

  #suspectAll(living: readonly Mutant[], suspects: Map<Mutant, 'unknown' | Said | 'crashed'>): void {
    const differs = this.#board.takeDifferences();
    for (const mutant of living) if (differs(mutant)) suspects.set(mutant, 'unknown');
  }

  async #isNoticed(fixture: Fixture, mutant: Mutant, said: Said | 'unknown'): Promise<boolean> {
    const problems = await this.#board.hold(mutant, () =>
      this.#problemsOf(fixture, async (pass) =>
        said === 'unknown' ? this.#asking.run(pass) : said.sayTo(pass),
      ),
    );
    return problems.length > 0;
  }

  async #say(pass: Pass): Promise<Said> {
    const recorder = new Recorder(pass);
    await this.#asking.run(recorder.pass);
    return recorder.said;
  }

  /** What is wrong with the verdict of a fixture, where the rule is the one that asks, with another run. */
  async #problemsOf(fixture: Fixture, run: (pass: Pass) => Promise<void>): Promise<readonly string[]> {
    const rule = builtinRules.find(({ id }) => id === this.#asking.id);
    if (!rule) throw new Error(`there is no rule ${this.#asking.id}`);
    const original = { ...rule };
    Object.assign(rule, this.#asking, { run });
    try {
      const { result } = await runFixture(fixture, this.#runner);
      return result.problems.map(({ path: place, line, message }) => `${place}:${line ?? ''} ${message}`);
    } finally {
      Object.assign(rule, original);
    }
  }
}

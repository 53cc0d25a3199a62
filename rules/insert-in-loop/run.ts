import type { Code } from '../../src/analysis/code.ts';
import { reportName } from '../../src/analysis/config-name.ts';
import { Targets } from '../../src/analysis/dispatch/targets.ts';
import { type Cause, causesOf, commonCalls, type Repeated } from '../../src/analysis/inserts/causes.ts';
import { type InsertFacts, type InsertSite, insertFacts } from '../../src/analysis/inserts/facts.ts';
import { IdempotentFunctions } from '../../src/analysis/inserts/hatch.ts';
import { type NamedDeclarations, Preflights } from '../../src/analysis/inserts/preflight.ts';
import type { Reading } from '../../src/analysis/inserts/readings.ts';
import {
  findRepetition,
  type Repetition,
  type RepetitionStart,
} from '../../src/analysis/inserts/repetition.ts';
import { unmentionedTables } from '../../src/analysis/inserts/sql-literals.ts';
import { calleeName, callSpan, describeLoop, traceOf } from '../../src/analysis/inserts/trace.ts';
import { type TableRef, tableMatches, tableMayMatch } from '../../src/analysis/sql/index.ts';
import type { Pass } from '../../src/engine/rule.ts';
import type { InsertInLoopOptions, MessageId } from './rule.ts';

type InsertPass = Pass<InsertInLoopOptions, MessageId>;

export async function run(pass: Pass<InsertInLoopOptions, MessageId>): Promise<void> {
  const facts = await pass.use(insertFacts);
  const named = resolvePreflights(pass, facts);
  const judge = new SiteJudge({ pass, facts, named, hatches: new IdempotentFunctions(pass.program) });
  const repeated = facts.sites.flatMap((site) => judge.judge(site));
  for (const cause of causesOf(repeated)) report(cause, pass, facts.code);
  // A class or a model that a builder inserts need not be in any text.
  const inserted = facts.sites.flatMap(({ readings }) => readings.flatMap(({ inserts }) => inserts));
  const tables = pass.options.tables.filter((table) => {
    return table !== '*' && !inserted.some((insert) => tableMatches(table, insert.table));
  });
  for (const table of unmentionedTables(pass.program, tables)) {
    pass.unknownName('insert-in-loop.tables', table, []);
  }
}

function resolvePreflights(pass: InsertPass, { code, heritage }: InsertFacts): readonly NamedDeclarations[] {
  const targets = new Targets(code, heritage, pass.program.cwd);
  const found: NamedDeclarations[] = [];
  for (const name of pass.options.preflight) {
    const resolution = targets.resolve(name);
    if ('target' in resolution) {
      const { member: called, declarations } = resolution.target;
      found.push({ name: called, declarations });
    } else {
      reportName(pass, 'insert-in-loop.preflight', name, resolution);
    }
  }
  return found;
}

interface JudgeParts {
  readonly pass: InsertPass;
  readonly facts: InsertFacts;
  readonly named: readonly NamedDeclarations[];
  readonly hatches: IdempotentFunctions;
}

/** What is wrong with a statement, were it repeated. */
type Fault = { readonly ref?: TableRef } & (
  | { readonly id: 'blind'; readonly table: string }
  | { readonly id: 'unread'; readonly what: string }
);

/** An insert that is repeated, and why it must not be. */
interface FaultyRun extends Repeated {
  readonly fault: Fault;
  /** Whether what is wrong depends on what cannot be read, and may have nothing to do with what is protected. */
  readonly isUnclear: boolean;
}

class SiteJudge {
  readonly #parts: JudgeParts;
  readonly #named: Preflights;
  /** What the config names, and the queries for one table. */
  readonly #withQueries = new Map<string, Preflights>();

  constructor(parts: JudgeParts) {
    this.#parts = parts;
    this.#named = new Preflights(parts.facts.graph, parts.named);
  }

  /** The worst that one of the texts comes to: one finding per call. */
  judge({ call, readings, starts, origins }: InsertSite): readonly FaultyRun[] {
    const { pass, facts, hatches } = this.#parts;
    const protectedReadings = readings.filter((reading) => this.#isProtected(reading));
    if (protectedReadings.length > 0) pass.site(callSpan(facts.code, call));
    const faults = readings
      .flatMap((reading) => {
        const excuses = [call, ...reading.via].flatMap((one) => hatches.covering(one));
        return this.#faultsOf(reading).map((fault) => ({ reading, fault, excuses }));
      })
      .sort((a, b) => SEVERITY[a.fault.id] - SEVERITY[b.fault.id]);
    let worst: FaultyRun | undefined;
    for (const { reading, fault, excuses } of faults) {
      const isUnclear = this.#isUnclear(fault);
      const isWorse = !worst || (worst.isUnclear && !isUnclear);
      if (!isWorse && excuses.length === 0) continue;
      const repetition = this.#repetition({ starts, origins, frames: reading.frames }, fault);
      if (excuses.length > 0) {
        if (repetition) for (const excuse of excuses) pass.heeded(excuse);
      } else if (repetition === 'gave-up') {
        pass.unresolved(callSpan(facts.code, call), 'an insert with too many callers to follow');
      } else if (repetition) {
        worst = { call, reading, fault, repetition, isUnclear };
      }
    }
    return worst ? [worst] : [];
  }

  /** What repeats a call. Queries are looked for where what the config names does not decide. */
  #repetition(start: RepetitionStart, fault: Fault): Repetition | 'gave-up' | undefined {
    const { graph } = this.#parts.facts;
    const repetition = findRepetition(start, graph, this.#named);
    const queried = repetition && repetition !== 'gave-up' ? this.#preflightsFor(fault) : undefined;
    return queried ? findRepetition(start, graph, queried) : repetition;
  }

  #preflightsFor({ ref }: Fault): Preflights | undefined {
    if (ref === undefined || ref === 'unknown') return undefined;
    const { facts, named } = this.#parts;
    const key = tableText(ref);
    let preflights = this.#withQueries.get(key);
    if (!preflights) {
      const queries = facts.askingFor(ref);
      preflights = queries.length > 0 ? new Preflights(facts.graph, named, queries) : this.#named;
      this.#withQueries.set(key, preflights);
    }
    return preflights === this.#named ? undefined : preflights;
  }

  #isProtected({ inserts }: Reading): boolean {
    return inserts.some((insert) =>
      this.#parts.pass.options.tables.some((table) => tableMayMatch(table, insert)),
    );
  }

  #faultsOf({ inserts, unread }: Reading): readonly Fault[] {
    const { tables } = this.#parts.pass.options;
    const matching = inserts.filter((insert) => tables.some((table) => tableMayMatch(table, insert)));
    const blind = matching.filter(({ guard, table }) => {
      return guard === 'none' && tables.some((pattern) => tableMatches(pattern, table));
    });
    if (blind.length > 0)
      return blind.map(({ table }) => ({ id: 'blind', table: tableText(table), ref: table }));
    const open = matching.find(({ guard }) => guard === 'none' || guard === 'unknown');
    if (open)
      return [
        { id: 'unread', what: open.guard === 'unknown' ? 'conflict clause' : 'table', ref: open.table },
      ];
    return unread ? [{ id: 'unread', what: 'text' }] : [];
  }

  /**
   * Where nobody has said what is protected, a function that inserts into whichever table it is told to is judged by no
   * table at all.
   */
  #isUnclear(fault: Fault): boolean {
    const { options, configured } = this.#parts.pass;
    if (fault.id === 'blind') return fault.ref === 'unknown' && !configured;
    return options.tables.includes('*') || fault.what === 'text';
  }
}

/** One finding for one cause, where a guard belongs: what runs the text, or what hands it to all that may run it. */
function report(cause: Cause<FaultyRun>, pass: InsertPass, code: Code): void {
  const [first] = cause.runs;
  if (!first) return;
  const { fault, repetition } = first;
  const at = callSpan(code, cause.handedBy ?? first.call);
  const loop = describeLoop(code, repetition.loop);
  if (first.isUnclear) {
    const what = fault.id === 'blind' ? 'table' : fault.what;
    pass.unresolved(at, `SQL whose ${what} cannot be read, once per iteration of ${loop}`);
    return;
  }
  const trace = traceOf(
    code,
    { loop: repetition.loop, calls: commonCalls(cause) },
    cause.runs.map((run) => ({
      call: run.call,
      message: run.fault.id === 'blind' ? `inserts into ${run.fault.table}` : `runs ${calleeName(run.call)}`,
    })),
  );
  if (fault.id === 'blind')
    pass.report({ messageId: 'insertInLoop', at, data: { table: fault.table, loop }, trace });
  else pass.report({ messageId: 'unfoldable', at, data: { what: fault.what, loop }, trace });
}

const SEVERITY: Readonly<Record<Fault['id'], number>> = { blind: 0, unread: 1 };

function tableText(table: TableRef): string {
  if (table === 'unknown') return 'a table';
  return table.schema === undefined ? table.name : `${table.schema}.${table.name}`;
}

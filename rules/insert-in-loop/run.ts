import { reportName } from '../../src/analysis/config-name.ts';
import { Targets } from '../../src/analysis/dispatch/targets.ts';
import { type InsertFacts, type InsertSite, insertFacts } from '../../src/analysis/inserts/facts.ts';
import { IdempotentFunctions } from '../../src/analysis/inserts/hatch.ts';
import { type NamedDeclarations, Preflights } from '../../src/analysis/inserts/preflight.ts';
import type { Reading } from '../../src/analysis/inserts/readings.ts';
import { findRepetition, type Repetition } from '../../src/analysis/inserts/repetition.ts';
import { unmentionedTables } from '../../src/analysis/inserts/sql-literals.ts';
import { calleeName, callSpan, describeLoop, traceOf } from '../../src/analysis/inserts/trace.ts';
import { type InsertStatement, tableMatches, tableMayMatch } from '../../src/analysis/sql/index.ts';
import type { Pass } from '../../src/engine/rule.ts';
import type { InsertInLoopOptions, MessageId } from './rule.ts';

type InsertPass = Pass<InsertInLoopOptions, MessageId>;

export async function run(pass: Pass<InsertInLoopOptions, MessageId>): Promise<void> {
  const facts = await pass.use(insertFacts);
  const preflights = resolvePreflights(pass, facts);
  const hatches = new IdempotentFunctions(pass.program);
  for (const site of facts.sites) new SiteJudge({ pass, facts, preflights, hatches }).judge(site);
  const named = pass.options.tables.filter((table) => table !== '*');
  for (const table of unmentionedTables(pass.program, named)) {
    pass.unknownName('insert-in-loop.tables', table, []);
  }
}

function resolvePreflights(pass: InsertPass, { code, heritage, graph }: InsertFacts): Preflights {
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
  return new Preflights(graph, found);
}

interface JudgeParts {
  readonly pass: InsertPass;
  readonly facts: InsertFacts;
  readonly preflights: Preflights;
  readonly hatches: IdempotentFunctions;
}

/** What is wrong with a statement, were it repeated. */
type Fault =
  | { readonly id: 'blind'; readonly table: string }
  | { readonly id: 'unread'; readonly what: string };

class SiteJudge {
  readonly #parts: JudgeParts;

  constructor(parts: JudgeParts) {
    this.#parts = parts;
  }

  /** Reports the worst that one of the texts comes to: one finding per call. */
  judge({ call, readings, starts, origins }: InsertSite): void {
    const { pass, facts, preflights, hatches } = this.#parts;
    const protectedReadings = readings.filter((reading) => this.#isProtected(reading));
    if (protectedReadings.length > 0) pass.site(callSpan(facts.code, call));
    const faults = readings
      .flatMap((reading) => {
        const fault = this.#faultOf(reading);
        const excuses = [call, ...reading.via].flatMap((one) => hatches.covering(one));
        return fault ? [{ reading, fault, excuses }] : [];
      })
      .sort((a, b) => SEVERITY[a.fault.id] - SEVERITY[b.fault.id]);
    let isReported = false;
    for (const { reading, fault, excuses } of faults) {
      if (isReported && excuses.length === 0) continue;
      const repetition = findRepetition({ starts, origins, frames: reading.frames }, facts.graph, preflights);
      if (excuses.length > 0) {
        if (repetition) for (const excuse of excuses) pass.heeded(excuse);
      } else if (repetition === 'gave-up') {
        pass.unresolved(callSpan(facts.code, call), 'an insert with too many callers to follow');
      } else if (repetition) {
        isReported = this.#report(call, fault, repetition);
      }
    }
  }

  #isProtected({ inserts }: Reading): boolean {
    return inserts.some((insert) =>
      this.#parts.pass.options.tables.some((table) => tableMayMatch(table, insert)),
    );
  }

  #faultOf({ inserts, unread }: Reading): Fault | undefined {
    const { tables } = this.#parts.pass.options;
    const matching = inserts.filter((insert) => tables.some((table) => tableMayMatch(table, insert)));
    const blind = matching.find(({ guard, table }) => {
      return guard === 'none' && tables.some((pattern) => tableMatches(pattern, table));
    });
    if (blind) return { id: 'blind', table: tableText(blind) };
    const open = matching.find(({ guard }) => guard === 'none' || guard === 'unknown');
    if (open) return { id: 'unread', what: open.guard === 'unknown' ? 'conflict clause' : 'table' };
    return unread ? { id: 'unread', what: 'text' } : undefined;
  }

  /** Whether there is nothing worse to say about the call. */
  #report(call: InsertSite['call'], fault: Fault, repetition: Repetition): boolean {
    const { pass, facts } = this.#parts;
    const at = callSpan(facts.code, call);
    const loop = describeLoop(facts.code, repetition.loop);
    if (fault.id === 'blind') {
      const trace = traceOf(facts.code, repetition, { call, message: `inserts into ${fault.table}` });
      pass.report({ messageId: 'insertInLoop', at, data: { table: fault.table, loop }, trace });
      return true;
    }
    const { tables } = pass.options;
    if (tables.includes('*') || fault.what === 'text') {
      pass.unresolved(at, `SQL whose ${fault.what} cannot be read, once per iteration of ${loop}`);
      return false;
    }
    const trace = traceOf(facts.code, repetition, { call, message: `runs ${calleeName(call)}` });
    pass.report({ messageId: 'unfoldable', at, data: { what: fault.what, loop }, trace });
    return true;
  }
}

const SEVERITY: Readonly<Record<Fault['id'], number>> = { blind: 0, unread: 1 };

function tableText({ table }: InsertStatement): string {
  if (table === 'unknown') return 'a table';
  return table.schema === undefined ? table.name : `${table.schema}.${table.name}`;
}

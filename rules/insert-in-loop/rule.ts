import { Targets } from '../../src/analysis/dispatch/targets.ts';
import { type InsertFacts, type InsertSite, insertFacts } from '../../src/analysis/inserts/facts.ts';
import { IdempotentFunctions } from '../../src/analysis/inserts/hatch.ts';
import { type NamedDeclarations, Preflights } from '../../src/analysis/inserts/preflight.ts';
import type { Reading } from '../../src/analysis/inserts/readings.ts';
import { findRepetition, type Repetition } from '../../src/analysis/inserts/repetition.ts';
import { INSERT_WORDS, mentionsTable } from '../../src/analysis/inserts/sql-literals.ts';
import { calleeName, callSpan, describeLoop, traceOf } from '../../src/analysis/inserts/trace.ts';
import { lastSegment, reportName } from '../../src/analysis/names.ts';
import { type InsertStatement, tableMatches, tableMayMatch } from '../../src/analysis/sql/index.ts';
import { defineRule, type Pass } from '../../src/engine/rule.ts';

/** What the config says about inserts. */
export interface InsertInLoopOptions {
  /** Tables that take no blind insert: `name`, `schema.name`, `schema.*`, or `*` for all. */
  readonly tables: readonly string[];
  /** Functions that look for the row first, as the config names declarations: `lookup`, `Store.lookup`. */
  readonly preflight: readonly string[];
}

type MessageId = 'insertInLoop' | 'unfoldable';
type InsertPass = Pass<InsertInLoopOptions, MessageId>;

/**
 * No row is inserted blindly again and again. A violation is a call that runs an INSERT into a protected table, is
 * reached more than once from the outermost caller (by a loop, an iterating callback or a recursion, in any function on
 * the way), and has nothing that makes a repetition harmless: no guard in the statement, no preflight that decides in
 * the same iteration, no promise of the author.
 */
export const insertInLoop = defineRule<InsertInLoopOptions, MessageId>({
  id: 'insert-in-loop',
  summary: 'an insert that runs once per iteration is idempotent',
  hatches: ['idempotent-by-design'],
  defaultSeverity: 'error',
  defaultOptions: { tables: ['*'], preflight: [] },
  options: (z) =>
    z.strictObject({
      tables: z.array(z.string().min(1)).min(1).default(['*']),
      preflight: z.array(z.string().min(1)).default([]),
    }),
  messages: {
    insertInLoop: {
      message: 'inserts into {table} once per iteration of {loop}',
      why: 'a run that is repeated, or stops half way and starts again, leaves every row twice',
      help: 'let the statement skip rows that exist (ON CONFLICT, WHERE NOT EXISTS), or look first and insert only what is missing',
    },
    unfoldable: {
      message: 'runs an INSERT whose {what} cannot be read from the code, once per iteration of {loop}',
      why: 'a statement that cannot be read may insert blindly into a protected table',
      help: 'write the {what} as text or a constant, or say why repeating it is harmless: // ws-gate: idempotent-by-design -- reason',
    },
  },
  relevance: () => ({ words: INSERT_WORDS, ignoreCase: true }),
  async run(pass) {
    const facts = await pass.use(insertFacts);
    const preflights = resolvePreflights(pass, facts);
    const hatches = new IdempotentFunctions(pass.program);
    for (const site of facts.sites) new SiteJudge({ pass, facts, preflights, hatches }).judge(site);
    for (const table of pass.options.tables) {
      if (table !== '*' && !mentionsTable(pass.program, table))
        pass.unknownName('insert-in-loop.tables', table, []);
    }
  },
  idle(pass) {
    const { tables, preflight } = pass.options;
    const isNowhere = (name: string): boolean =>
      pass.program.filesWith([lastSegment(name)], true).length === 0;
    for (const table of tables) {
      if (table !== '*' && isNowhere(table)) pass.unknownName('insert-in-loop.tables', table, []);
    }
    for (const name of preflight) {
      if (isNowhere(name)) pass.unknownName('insert-in-loop.preflight', name, []);
    }
  },
});

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

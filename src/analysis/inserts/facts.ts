import type { Analysis } from '../../engine/rule.ts';
import type { Ts } from '../../syntax/ts.ts';
import type { CallLike } from '../cfg.ts';
import type { Code } from '../code.ts';
import type { Heritage } from '../dispatch/heritage.ts';
import { loadSql, type TableName } from '../sql/index.ts';
import { AskingQueries } from './asking-queries.ts';
import { BuilderCalls, type BuiltInsert } from './builder-calls.ts';
import { programCalls } from './call-graph.ts';
import { type Execution, executionsOf } from './executions.ts';
import type { Gathering } from './flow.ts';
import { Folder } from './fold.ts';
import { Frames } from './frames.ts';
import type { CallGraph } from './invocations.ts';
import type { AskingQuery } from './preflight.ts';
import { Reader, type Reading } from './readings.ts';
import { insertLiterals } from './sql-literals.ts';

/** A call that runs an INSERT, or SQL made from the text of one; the last link of a chain of a builder that inserts. */
export interface InsertSite {
  readonly call: CallLike;
  readonly readings: readonly Reading[];
  /** What runs it as often as it is run. */
  readonly starts: readonly Gathering[];
  /** The literals whose text gets here. */
  readonly origins: readonly Ts.Node[];
}

/** All that the insert rules judge by. */
export interface InsertFacts {
  readonly code: Code;
  readonly heritage: Heritage;
  readonly graph: CallGraph;
  /** By file and place. */
  readonly sites: readonly InsertSite[];
  /** The queries that ask for rows of a table. */
  readonly askingFor: (table: TableName) => readonly AskingQuery[];
}

/** Where rows are inserted, by SQL text or by a query builder. Shared by all insert rules. */
export const insertFacts: Analysis<InsertFacts> = {
  id: 'insert-facts',
  async compute({ program, use }) {
    const { code, heritage, graph } = await use(programCalls);
    const builders = new BuilderCalls(code, graph);
    const built = builders.inserts().map(builtSite);
    const executions = insertLiterals(program).flatMap((literal) => executionsOf(graph, literal));
    if (executions.length + built.length === 0)
      return { code, heritage, graph, sites: [], askingFor: () => [] };
    const reader = new Reader(await loadSql(), new Folder(code, graph.callees), graph);
    const queries = new AskingQueries(program, graph, reader, (table) => builders.queries(table));
    const sites = [...byCall(executions)].map(([call, runs]) => writtenSite(call, runs, reader, code));
    const relevant = sites.filter(({ readings }) =>
      readings.some(({ inserts, unread }) => inserts.length > 0 || unread),
    );
    return {
      code,
      heritage,
      graph,
      sites: [...relevant, ...built].sort(byPlace),
      askingFor: (table) => queries.of(table),
    };
  },
};

function writtenSite(call: CallLike, runs: readonly Execution[], reader: Reader, code: Code): InsertSite {
  const texts = new Map(runs.map((run) => [`${code.key(run.sql.at)}|${run.sql.frames.key}`, run]));
  const starts = new Map(
    runs.flatMap((run) => run.starts).map((one) => [`${one.how} ${code.key(one.node)}`, one]),
  );
  return {
    call,
    readings: [...texts.values()].flatMap((run) => reader.read(run)),
    starts: [...starts.values()],
    origins: runs.map(({ origin }) => origin.at),
  };
}

function builtSite({ call, statement, runs }: BuiltInsert): InsertSite {
  const reading = { origin: call, frames: Frames.none, via: [], inserts: [statement], unread: false };
  return { call, readings: [reading], starts: runs.map((node) => ({ node, how: 'call' })), origins: [] };
}

function byCall(executions: readonly Execution[]): ReadonlyMap<CallLike, readonly Execution[]> {
  const found = new Map<CallLike, Execution[]>();
  for (const execution of executions) {
    const runs = found.get(execution.call);
    if (runs) runs.push(execution);
    else found.set(execution.call, [execution]);
  }
  return found;
}

function byPlace({ call: a }: InsertSite, { call: b }: InsertSite): number {
  const [left, right] = [a.getSourceFile().fileName, b.getSourceFile().fileName];
  return left < right ? -1 : left > right ? 1 : a.pos - b.pos || a.end - b.end;
}

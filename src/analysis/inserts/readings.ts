import { type Ts, ts } from '../../syntax/ts.ts';
import type { CallLike } from '../cfg.ts';
import type { InsertStatement, SqlAnalysis, SqlModel, SqlParts, SqlStatement } from '../sql/index.ts';
import type { Execution, SqlText } from './executions.ts';
import type { Folder } from './fold.ts';
import type { Frames } from './frames.ts';
import type { FunctionNode } from './functions.ts';
import type { CallGraph } from './invocations.ts';
import { isHoleOnly, keyOf, UNKNOWN } from './parts.ts';

/** What an execution runs, given how the functions around its text were entered. */
export interface Reading {
  /** The literal that the text is made from, or the call of a builder that makes it. */
  readonly origin: Ts.Node;
  readonly frames: Frames;
  /** The calls that lead the text to the execution, outermost first. */
  readonly via: readonly CallLike[];
  /** For each text it may be: the rows it inserts. */
  readonly inserts: readonly InsertStatement[];
  /** Whether a text it may be is not understood at all. */
  readonly unread: boolean;
}

/** How many callers up the value of a parameter is looked for. */
const MOST_CALLERS = 4;
const MOST_READINGS = 64;

interface Task {
  readonly text: SqlText;
  readonly execution: Execution;
  readonly depth: number;
}

/** Reads the SQL text of executions. */
export class Reader {
  readonly #sql: SqlModel;
  readonly #folder: Folder;
  readonly #graph: CallGraph;
  readonly #known = new Map<string, SqlAnalysis>();

  constructor(sql: SqlModel, folder: Folder, graph: CallGraph) {
    this.#sql = sql;
    this.#folder = folder;
    this.#graph = graph;
  }

  /** The readings of what is executed. Where a parameter decides what is inserted, one for each call that passes it. */
  read(execution: Execution): readonly Reading[] {
    const readings: Reading[] = [];
    this.#read({ text: execution.sql, execution, depth: 0 }, readings);
    return readings;
  }

  /** The statements that an execution runs, whoever calls the functions around it. */
  statementsOf({ sql }: Pick<Execution, 'sql'>): readonly SqlStatement[] {
    return this.#folder.fold(sql).texts.flatMap((parts) => this.#statements(parts).statements);
  }

  #read({ text, execution, depth }: Task, readings: Reading[]): void {
    const { texts, open, isChosen } = this.#folder.fold(text);
    const known = texts.every(isHoleOnly) ? this.#fromOrigin(execution, text) : texts;
    const statements = known.flatMap((parts) => this.#statements(parts).statements);
    const inserts = statements.filter((statement) => statement.kind === 'insert');
    const isOpen = inserts.some(({ table, guard }) => {
      return table === 'unknown' || guard === 'unknown' || (isChosen && guard === 'none');
    });
    if (isOpen && depth < MOST_CALLERS && readings.length < MOST_READINGS) {
      const entered = this.#entered(text, [...open]);
      if (entered.length > 0) {
        for (const one of entered) this.#read({ text: one, execution, depth: depth + 1 }, readings);
        return;
      }
    }
    const unread = statements.some(({ kind }) => kind === 'unparsed');
    readings.push({
      origin: execution.origin.at,
      frames: text.frames,
      via: text.frames.calls,
      inserts,
      unread,
    });
  }

  /** The same text for each call of a function whose parameters it is made of. */
  #entered(text: SqlText, open: readonly FunctionNode[]): readonly SqlText[] {
    for (const fn of open) {
      const sites = this.#graph.callSites(fn, text.frames).filter(({ how }) => how === 'call');
      const texts = sites.flatMap(({ node, frames }) => {
        return isCall(node) ? [{ ...text, frames: text.frames.with(frames).enter(fn, node) }] : [];
      });
      if (texts.length > 0) return texts;
    }
    return [];
  }

  /**
   * A text that cannot be followed back from where it is run: what the literal says that it was followed from, with a
   * hole behind it where something may have been added.
   */
  #fromOrigin({ origin, extent }: Execution, { frames }: SqlText): readonly SqlParts[] {
    const { texts } = this.#folder.fold({ ...origin, frames });
    return extent === 'whole' ? texts : texts.map((parts) => [...parts, UNKNOWN]);
  }

  #statements(parts: SqlParts): SqlAnalysis {
    const key = keyOf(parts);
    let analysis = this.#known.get(key);
    if (!analysis) {
      analysis = this.#sql.statements(parts);
      this.#known.set(key, analysis);
    }
    return analysis;
  }
}

function isCall(node: Ts.Node): node is CallLike {
  return ts.isCallExpression(node) || ts.isNewExpression(node) || ts.isTaggedTemplateExpression(node);
}

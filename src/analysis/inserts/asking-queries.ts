import type { Program } from '../../engine/program.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { nameText, rightmostName, skipParentheses } from '../code.ts';
import { sameTable, type TableName } from '../sql/index.ts';
import { type Answer, answerOf, LOOKUP, objectOf, ROWS } from './answers.ts';
import type { BuiltQuery } from './builder-calls.ts';
import { executionsOf, type SqlText } from './executions.ts';
import { Frames } from './frames.ts';
import type { CallGraph } from './invocations.ts';
import type { AskingQuery } from './preflight.ts';
import type { Reader } from './readings.ts';
import { isTextOf } from './text-arguments.ts';

/** Finds the queries that ask for rows of a table, by what they do. Looked for when an insert may need one. */
export class AskingQueries {
  readonly #program: Program;
  readonly #graph: CallGraph;
  readonly #reader: Reader;
  readonly #built: (table: TableName) => readonly BuiltQuery[];
  readonly #known = new Map<string, readonly AskingQuery[]>();

  /** @param built the queries of builders that do */
  constructor(
    program: Program,
    graph: CallGraph,
    reader: Reader,
    built: (table: TableName) => readonly BuiltQuery[],
  ) {
    this.#program = program;
    this.#graph = graph;
    this.#reader = reader;
    this.#built = built;
  }

  of(table: TableName): readonly AskingQuery[] {
    const key = `${table.schema ?? ''}.${table.name}`;
    let found = this.#known.get(key);
    if (!found) {
      found = [
        ...this.#written(table),
        ...this.#built(table).map(({ call, gives }) => ({ call, answer: GIVEN[gives] })),
      ];
      this.#known.set(key, found);
    }
    return found;
  }

  #written(table: TableName): readonly AskingQuery[] {
    const found = new Map<Ts.Node, AskingQuery>();
    for (const literal of askingLiterals(this.#program, table.name)) {
      const kind = this.#asks({ at: literal, path: [], frames: Frames.none }, table);
      if (!kind) continue;
      for (const call of [...this.#takers(literal), ...this.#executions(literal)]) {
        const rows = this.#answerOf(call);
        const isCounted = kind === 'update' && !/\breturning\b/i.test(literal.getText());
        if (!found.has(call)) found.set(call, { call, answer: isCounted ? CHANGED : rows });
      }
    }
    return [...found.values()];
  }

  /**
   * What a text that asks for rows of the table does, where it reads no other: that a join finds nothing has more than
   * one reason. An UPDATE asks as well: it says how many rows there were.
   */
  #asks(sql: SqlText, table: TableName): 'select' | 'update' | undefined {
    const [statement, ...others] = this.#reader.statementsOf({ sql });
    if (!statement || others.length > 0) return undefined;
    const { kind, table: changed, tables } = statement;
    if (kind !== 'select' && kind !== 'update') return undefined;
    const asked = [...(changed ? [changed] : []), ...tables];
    return asked.length > 0 && asked.every((one) => sameTable(one, table) === 'yes') ? kind : undefined;
  }

  /** The calls that are handed the text as it stands, or by the name of a constant. */
  #takers(literal: Ts.Expression): readonly Ts.Node[] {
    const uses = [literal, ...this.#constantUses(literal)];
    return uses.flatMap((use) => takerOf(use) ?? []);
  }

  #constantUses(literal: Ts.Expression): readonly Ts.Expression[] {
    const { parent } = literal;
    if (!ts.isVariableDeclaration(parent) || !ts.isIdentifier(parent.name)) return [];
    const isConstant = (parent.parent.flags & ts.NodeFlags.Const) !== 0;
    return isConstant ? this.#graph.references.of(parent, parent.name.text) : [];
  }

  /** The calls that run the text where no call of the program leads it to them: what they answer is of this text. */
  #executions(literal: Ts.Expression): readonly Ts.Node[] {
    return executionsOf(this.#graph, literal).flatMap(({ call, sql }) =>
      sql.frames.calls.length === 0 ? [call] : [],
    );
  }

  #answerOf(call: Ts.Node): AskingQuery['answer'] {
    const name = ts.isCallExpression(call) ? rightmostName(call.expression) : undefined;
    const answer = answerOf((name && nameText(name)) ?? '');
    return answer === LOOKUP ? ROWS : answer;
  }
}

/**
 * What a driver answers to an UPDATE: how many rows it has changed, by the name that the driver has for it. The rows
 * themselves are none, whether there are some or not.
 */
const COUNTED: ReadonlyMap<string, Answer> = new Map(
  ['affected', 'affectedRows', 'changes', 'count', 'numUpdatedRows', 'rowCount', 'rowsAffected'].map(
    (name) => [name, LOOKUP],
  ),
);
const CHANGED: Answer = objectOf(
  new Map([...COUNTED, ['0', objectOf(COUNTED)], ['meta', objectOf(COUNTED)]]),
);

/** What a chain of a builder answers. */
const GIVEN: Readonly<Record<BuiltQuery['gives'], Answer>> = { rows: ROWS, count: LOOKUP, outcome: CHANGED };

/** The literals that may ask for rows of a table. */
function askingLiterals(program: Program, table: string): readonly Ts.Expression[] {
  const name = new RegExp(`(?<![\\w$])${table.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w$])`, 'i');
  return program
    .filesWith(['select', 'update'], true)
    .filter((file) => mayAsk(program.text(file) ?? '', name))
    .flatMap((file) => {
      const tree = program.treeIf(file, ({ source }) => askingIn(source, name).length > 0);
      return tree ? askingIn(tree.source, name) : [];
    });
}

/** Whether a text has a literal that asks for rows of a table, or of one that it leaves open, as far as can be told unparsed. */
function mayAsk(text: string, table: RegExp): boolean {
  if (!IN_QUOTES.test(text)) return false;
  if (table.test(text) || TABLE_PUT_IN.test(text)) return true;
  // What a query names before the next quote of a template is named in the same literal.
  return [...text.matchAll(ASKING)].some(({ index }) => {
    const end = text.indexOf('`', index);
    return !TABLE_NAMED.test(text.slice(index, end === -1 ? undefined : end));
  });
}

function askingIn(source: Ts.SourceFile, table: RegExp): readonly Ts.Expression[] {
  const found: Ts.Expression[] = [];
  const visit = (node: Ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) {
      const text = node.getText();
      const isAsking = /\b(?:select|update)\b/i.test(text) && !AGGREGATE.test(text);
      const mayName = ts.isTemplateExpression(node) && mayNameMore(text);
      if (isAsking && (table.test(text) || mayName)) found.push(node);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Whether a template leaves its table to what is put into it, or names none. A query of two tables asks for neither. */
function mayNameMore(template: string): boolean {
  return TABLE_PUT_IN.test(template) || !TABLE_NAMED.test(template);
}

const TABLE_PUT_IN = /\b(?:from|join|update|only)\s+["`[]?(?:\w+\.)?\$\{/i;

/** A table, and none of `for update skip locked`, `is distinct from other` and `extract(year from day)`. */
const TABLE_NAMED =
  /(?:(?<!\bdistinct\s+)\bfrom|\bjoin|(?<!\b(?:for|key|do)\s+)\bupdate)\s+["`[]?[a-z_][\w.]*(?![\w.]|["`\]]?\s*\))/i;

/** What answers with a row in any case, or says the opposite. A count is something else: it says whether there are rows. */
const AGGREGATE = /\bnot\s+exists\b|\bselect\s+(?:coalesce\s*\(\s*)?(?:avg|max|min|sum)\s*\(/i;

/** SELECT or UPDATE as the beginning of a literal, or behind a parenthesis or a line break in one. */
const IN_QUOTES = /['"`(\n\r][ \t]*(?:select|update)\s/i;

/** The words themselves, and not the methods that have their names. */
const ASKING = /(?<![\w$.])(?:select(?![\w$])|update(?=[\s"[`]))/gi;

/** The call that takes a value as its SQL text; undefined where something else happens to it. */
function takerOf(text: Ts.Expression): Ts.Node | undefined {
  let at: Ts.Node = text;
  while (skipParentheses(at.parent) === text || ts.isAsExpression(at.parent)) at = at.parent;
  const { parent } = at;
  if (ts.isTaggedTemplateExpression(parent)) return parent;
  const isProperty = ts.isPropertyAssignment(parent) || ts.isShorthandPropertyAssignment(parent);
  const holder = isProperty ? parent.parent : at;
  const call = holder.parent;
  if (!ts.isCallExpression(call) || call.expression === holder) return undefined;
  const path = isProperty ? [nameText(parent.name) ?? ''] : [];
  const index = call.arguments.indexOf(holder as Ts.Expression);
  return isTextOf(call.arguments, index, path) && !isMade(call) ? call : undefined;
}

/** A statement, or a piece of one, that is run later: the run is what answers. */
function isMade(call: Ts.CallExpression): boolean {
  const name = rightmostName(call.expression);
  return name !== undefined && /^(?:prepare|raw$|sql$|unsafe$|literal$|SQL$)/.test(nameText(name) ?? '');
}

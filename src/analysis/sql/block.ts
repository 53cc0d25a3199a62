import type { Node } from 'libpg-query';
import type { Parser } from './parser.ts';

/**
 * The SQL statements in the body of a PL/pgSQL `DO` block, `undefined` standing for one that is put
 * together at run time; undefined as a whole when the body does not parse as PL/pgSQL.
 */
export function blockStatements(block: string, parser: Parser): (string | undefined)[] | undefined {
  const tree = parser.parseBlock(block);
  const functions = property(tree, 'plpgsql_funcs');
  const action = property(
    property(Array.isArray(functions) ? functions[0] : undefined, 'PLpgSQL_function'),
    'action',
  );
  if (action === undefined) return undefined;
  const statements: (string | undefined)[] = [];
  collect(action, parser, statements);
  return statements;
}

/** `parseMode` of an expression that is a whole statement (RAW_PARSE_DEFAULT). */
const WHOLE_STATEMENT = 0;

function collect(value: unknown, parser: Parser, found: (string | undefined)[]): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, parser, found);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, child] of Object.entries(value)) {
    const query = property(child, 'query');
    if (key === 'PLpgSQL_expr' && typeof query === 'string') {
      if (property(child, 'parseMode') === WHOLE_STATEMENT) found.push(query);
    } else if (DYNAMIC.has(key)) {
      found.push(
        constantText(
          property(property(query ?? property(child, 'dynquery'), 'PLpgSQL_expr'), 'query'),
          parser,
        ),
      );
    } else {
      collect(child, parser, found);
    }
  }
}

const DYNAMIC: ReadonlySet<string> = new Set(['PLpgSQL_stmt_dynexecute', 'PLpgSQL_stmt_dynfors']);

/** The text of `EXECUTE 'INSERT …'` and of `EXECUTE format('INSERT …', …)`. */
function constantText(expression: unknown, parser: Parser): string | undefined {
  const parsed = parser.parse(`SELECT ${String(expression)}`);
  const select = 'stmts' in parsed ? parsed.stmts[0]?.stmt : undefined;
  const target =
    select !== undefined && 'SelectStmt' in select ? select.SelectStmt.targetList?.[0] : undefined;
  const value = target !== undefined && 'ResTarget' in target ? target.ResTarget.val : undefined;
  if (value !== undefined && 'FuncCall' in value) {
    const name = value.FuncCall.funcname?.at(-1);
    const isFormat = name !== undefined && 'String' in name && name.String.sval === 'format';
    return isFormat ? stringConstant(value.FuncCall.args?.[0]) : undefined;
  }
  return stringConstant(value);
}

function stringConstant(node: Node | undefined): string | undefined {
  return node !== undefined && 'A_Const' in node ? node.A_Const.sval?.sval : undefined;
}

function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

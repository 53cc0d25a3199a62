import { type Ts, ts } from '../../syntax/ts.ts';
import type { CallLike } from '../cfg.ts';
import { type Entity, nameText, rightmostName, skipParentheses } from '../code.ts';

/**
 * What a function outside of the program does with SQL text. `executes`: it runs it, now or when its result is awaited.
 * `prepares`: it makes a statement of it, which a method runs. `wraps`: it makes a piece of SQL of it, for another
 * function to run. `formats`: it answers with the text. `ignores`: it does nothing with it that concerns us.
 */
export type QueryUse = 'executes' | 'prepares' | 'wraps' | 'formats' | 'ignores';

/** Judges a call by its name: the types of database clients are as many as there are clients. */
export function queryUse(call: CallLike, entities: readonly Entity[]): QueryUse {
  const callee = ts.isTaggedTemplateExpression(call) ? tagFunction(call) : call.expression;
  const name = rightmostName(callee);
  const text = name && nameText(name);
  if (text === undefined) return 'ignores';
  if (ts.isNewExpression(call)) return STATEMENT_CLASS.test(text) ? 'wraps' : 'ignores';
  if (ts.isTaggedTemplateExpression(call)) return tagUse(text, entities);
  return methodUse(text, callee, entities);
}

/** What a tag is, or is made by: `` sql.type(Row)`…` ``. */
function tagFunction({ tag }: Ts.TaggedTemplateExpression): Ts.Node {
  const bare = skipParentheses(tag);
  return ts.isCallExpression(bare) ? bare.expression : bare;
}

/** Judges a method by its name, and by what it is called on where that is written. */
export function methodUse(name: string, callee: Ts.Node | undefined, entities: readonly Entity[]): QueryUse {
  if (entities.some(isOfTheLanguage) || (callee && isLogger(callee))) return 'ignores';
  if (FORMATS.test(name)) return 'formats';
  if (WRAPPERS.has(name)) return 'wraps';
  if (/^prepare(?:d|Statement|Sync|Async)?$/.test(name)) return 'prepares';
  return isExecuteName(name) ? 'executes' : 'ignores';
}

/** Whether a method of a prepared statement, or of a piece of SQL, runs it. */
export function runsStatement(method: string): boolean {
  return RUNS.has(method);
}

/** Whether a method of a prepared statement answers with the statement itself, or one like it. */
export function keepsStatement(method: string): boolean {
  return CHAINS.has(method);
}

function isExecuteName(name: string): boolean {
  if (EXECUTES.has(name)) return true;
  return !NO_EXECUTION.test(name) && (EXECUTE_START.test(name) || EXECUTE_END.test(name));
}

function tagUse(name: string, entities: readonly Entity[]): QueryUse {
  if (TEXT_TAGS.has(name)) return 'wraps';
  if (entities.some(isOfTheLanguage) || NO_SQL_TAGS.has(name)) return 'ignores';
  return 'executes';
}

function isOfTheLanguage(entity: Entity): boolean {
  return entity.kind === 'external' && entity.module === 'lib';
}

/** `console.run(…)`, `this.logger.query(…)`: a log, whatever the method. */
function isLogger(callee: Ts.Node): boolean {
  const bare = skipParentheses(callee);
  if (!ts.isPropertyAccessExpression(bare)) return false;
  const receiver = rightmostName(bare.expression);
  return (
    receiver !== undefined &&
    /^#?_?(?:console|log|logger|tracer?|span|metrics?|assert|expect|vi|jest)$/i.test(receiver.text)
  );
}

const EXECUTES: ReadonlySet<string> = new Set([
  '$executeRaw',
  '$executeRawUnsafe',
  '$queryRaw',
  '$queryRawUnsafe',
  'all',
  'any',
  'anyFirst',
  'batch',
  'each',
  'exists',
  'get',
  'iterate',
  'many',
  'manyFirst',
  'manyOrNone',
  'maybeOne',
  'maybeOneFirst',
  'multi',
  'multiResult',
  'none',
  'one',
  'oneFirst',
  'oneOrNone',
  'raw',
  'result',
  'sql',
  'stream',
  'unsafe',
]);

const EXECUTE_START = /^[#_$]?(?:query|exec|execute|run)(?:$|[A-Z_\d])/;
const EXECUTE_END = /(?:Query|Sql|SQL|Exec|Execute|Statement)$/;
const NO_EXECUTION =
  /^[#_]?(?:add|analy[sz]e|append|assert|build|compile|count|create|debug|escape|explain|expect|format|get|highlight|is|log|make|new|normali[sz]e|parse|print|record|redact|set|split|to|tokeni[sz]e|trace|validate|with)(?=$|[A-Z_])/;

/** Functions whose result is a piece of SQL: run by another, or by being awaited. */
const WRAPPERS: ReadonlySet<string> = new Set(['raw', 'sql', 'unsafe', 'literal', 'SQL']);

/** Functions that answer with the text, put in order or filled in. */
export const FORMATS =
  /^(?:pg)?format(?:Query|Sql|SQL)?$|^(?:de|out|un)dent$|^stripIndents?$|^oneLine|^minif|^sprintf$/;

/** Classes whose instances are statements: `new Query(text)`. */
const STATEMENT_CLASS = /^(?:\w*(?:Query|Statement|Sql|SQL)|PQ|PS)$/;

/** Tags whose value is the text, or a piece of SQL for a query function. */
const TEXT_TAGS: ReadonlySet<string> = new Set([
  'raw',
  'dedent',
  'outdent',
  'stripIndent',
  'stripIndents',
  'SQL',
]);
const NO_SQL_TAGS: ReadonlySet<string> = new Set(['css', 'gql', 'graphql', 'html', 'md', 'styled', 'svg']);

const RUNS: ReadonlySet<string> = new Set([
  'all',
  'each',
  'exec',
  'execute',
  'executeQuery',
  'executeTakeFirst',
  'executeTakeFirstOrThrow',
  'first',
  'get',
  'iterate',
  'query',
  'run',
  'stream',
  'values',
]);

const CHAINS: ReadonlySet<string> = new Set([
  'bind',
  'bindParams',
  'expand',
  'finalize',
  'pluck',
  'raw',
  'safeIntegers',
]);

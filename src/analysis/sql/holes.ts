import { UNKNOWN_MARK } from './marks.ts';
import { EXPECTS_OPERAND, isOp, type Token } from './token.ts';

/** In a candidate: a name made from the hole. */
export const NAME = '§';
/** In a candidate: the content of rows that are made from the hole. */
export const ROW = '¶';

/**
 * What may stand for the hole at `at` so that the statement parses, the likeliest first. The order decides
 * what a hole is taken for: a value or a name where an operand is due, nothing where one has just ended.
 */
export function holeCandidates(tokens: readonly Token[], at: number): readonly string[] {
  if (at === 0) return startCandidates(tokens[1]);
  if (isNamePosition(tokens, at)) return [NAME, "'1'"];
  const value = isValueHole(tokens[at]) ? ['$1'] : [];
  const usual = endsOperand(tokens[at - 1]) ? AFTER_OPERAND : OPERAND;
  return [...new Set([...specialCandidates(tokens, at), ...value, ...usual])];
}

/** Whether the hole is one value: bound by the driver, or known to be a number or the like. */
export function isValueHole(token: Token | undefined): boolean {
  return token?.kind === 'hole' && !token.text.includes(UNKNOWN_MARK);
}

const OPERAND = [
  NAME,
  `(${ROW})`,
  "'1'",
  '',
  `${NAME} = ${NAME}`,
  `SELECT * FROM ${NAME}`,
  `(SELECT * FROM ${NAME})`,
  `VALUES (${ROW})`,
];
const AFTER_OPERAND = ['', `VALUES (${ROW})`, '=', NAME, ',', `(${ROW})`, 'DO NOTHING', `AS ${NAME}`, "'1'"];

/** Nothing else is tried here: with the hole left out, the next keyword would become the name. */
const BEFORE_NAME: ReadonlySet<string> = new Set(['INTO', 'FROM', 'JOIN', 'UPDATE', 'TABLE', 'COPY']);

function isNamePosition(tokens: readonly Token[], at: number): boolean {
  return (
    BEFORE_NAME.has(tokens[at - 1]?.upper ?? '') || isOp(tokens[at - 1], '.') || isOp(tokens[at + 1], '.')
  );
}

function specialCandidates(tokens: readonly Token[], at: number): string[] {
  if (tokens[at + 1]?.upper === 'INTO') return [''];
  switch (tokens[at - 1]?.upper) {
    case 'VALUES':
    case 'VALUE':
    case 'IN':
    case 'ANY':
      return [`(${ROW})`];
    case 'CONFLICT':
      return ['', `(${NAME})`, 'DO NOTHING', `(${NAME}) DO NOTHING`];
    case 'DO':
      return ['NOTHING', `UPDATE SET ${NAME} = ${NAME}`];
    case 'EXISTS':
      return [`(SELECT * FROM ${NAME})`];
    default:
      return [];
  }
}

/**
 * A text that starts with a hole is not guessed at, unless what follows can only belong to an INSERT: a
 * whole SELECT in its place would hide that it may be one.
 */
function startCandidates(next: Token | undefined): string[] {
  if (next?.upper === 'SET') return [REFUSED];
  if (next?.upper === 'INTO') return ['INSERT'];
  const insert = [`INSERT INTO ${NAME}`, `INSERT INTO ${NAME} DEFAULT VALUES`];
  return next?.upper === 'VALUES' || isOp(next, '(') ? [...insert, ''] : ['', ...insert];
}

/** Parses nowhere. */
const REFUSED = ')';

function endsOperand(token: Token | undefined): boolean {
  if (token === undefined) return false;
  if (token.kind === 'op') return isOp(token, ')') || isOp(token, ']');
  return !(token.kind === 'word' && EXPECTS_OPERAND.has(token.upper));
}

import { isOp, type Token } from './token.ts';

/** Cuts the tokens of a text at the semicolons that end statements. */
export function splitStatements(tokens: readonly Token[]): Token[][] {
  const statements: Token[][] = [];
  let current: Token[] = [];
  let parens = 0;
  let blocks = 0;
  for (const [i, token] of tokens.entries()) {
    if (isOp(token, '(')) parens++;
    else if (isOp(token, ')')) parens = Math.max(0, parens - 1);
    else if (hasRoutineBody(current)) blocks = Math.max(0, blocks + blockStep(tokens, i));
    if (isOp(token, ';') && parens === 0 && blocks === 0) {
      if (current.length > 0) statements.push(current);
      current = [];
    } else {
      current.push(token);
    }
  }
  if (current.length > 0) statements.push(current);
  return statements;
}

/** Semicolons inside `BEGIN … END` of a routine or trigger belong to the CREATE statement around them. */
function hasRoutineBody(statement: readonly Token[]): boolean {
  return statement[0]?.upper === 'CREATE' && statement.slice(1, 8).some((token) => ROUTINES.has(token.upper));
}

const ROUTINES: ReadonlySet<string> = new Set(['FUNCTION', 'PROCEDURE', 'TRIGGER', 'EVENT']);
/** `END IF` closes no BEGIN and no CASE. */
const OTHER_ENDS: ReadonlySet<string> = new Set(['IF', 'LOOP', 'WHILE', 'REPEAT']);

function blockStep(tokens: readonly Token[], i: number): number {
  const word = tokens[i]?.upper;
  if (word === 'BEGIN') return 1;
  if (word === 'CASE') return tokens[i - 1]?.upper === 'END' ? 0 : 1;
  return word === 'END' && !OTHER_ENDS.has(tokens[i + 1]?.upper ?? '') ? -1 : 0;
}

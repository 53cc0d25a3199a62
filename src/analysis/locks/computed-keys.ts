import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';
import { inTemplate, UNKNOWN_PATH } from './paths.ts';
import { type Path, pathOf, type Value } from './values.ts';

/** What the text of a key begins with that is worked out of others: `` `= ${p0}%16` ``. */
const MARK = '= ';

/**
 * The path of a key that is worked out where it stands, `hash(key) % this.stripes.length`: worked out alike, of the same
 * values, it is the same key. Nothing of the order of two values is known from that of what they are worked out of.
 */
export function computedKey(
  node: Ts.Expression,
  evaluate: (node: Ts.Expression) => Value | undefined,
): Path | undefined {
  const text = working(node, evaluate, 0);
  return text?.includes('${') ? `\`${MARK}${text}\`` : undefined;
}

/** Terms nested deeper than this are not spelled out. */
const MAX_DEPTH = 6;

function working(
  node: Ts.Expression,
  evaluate: (node: Ts.Expression) => Value | undefined,
  depth: number,
): string | undefined {
  const bare = skipParentheses(node) as Ts.Expression;
  if (depth > MAX_DEPTH) return undefined;
  const value = evaluate(bare);
  if (value?.kind === 'constant') return String(value.value);
  const path = pathOf(value);
  const isKnown = path !== undefined && !path.includes(UNKNOWN_PATH);
  if (isKnown) return path.includes('}') ? undefined : inTemplate(path);
  const part = (inner: Ts.Expression): string | undefined => working(inner, evaluate, depth + 1);
  if (ts.isBinaryExpression(bare)) return calculation(bare, part);
  if (ts.isPropertyAccessExpression(bare)) {
    const object = part(bare.expression);
    return object === undefined ? undefined : `${object}.${bare.name.text}`;
  }
  return ts.isCallExpression(bare) ? calling(bare, part) : undefined;
}

function calculation(
  { left, operatorToken, right }: Ts.BinaryExpression,
  part: (node: Ts.Expression) => string | undefined,
): string | undefined {
  const sign = ts.tokenToString(operatorToken.kind);
  const [a, b] = [part(left), part(right)];
  if (sign === undefined || !ARITHMETIC.has(sign) || a === undefined || b === undefined) return undefined;
  const grouped = (side: Ts.Expression, text: string): string =>
    ts.isBinaryExpression(skipParentheses(side)) ? `(${text})` : text;
  return `${grouped(left, a)}${sign}${grouped(right, b)}`;
}

/** A call of what works a key out of its arguments. One without arguments may give another thing each time. */
function calling(
  { expression, arguments: args }: Ts.CallExpression,
  part: (node: Ts.Expression) => string | undefined,
): string | undefined {
  const callee = skipParentheses(expression);
  const given = args.map(part);
  if (given.includes(undefined)) return undefined;
  const isOfArguments = given.some((text) => text?.includes('${'));
  if (ts.isIdentifier(callee)) return isOfArguments ? `${callee.text}(${given.join()})` : undefined;
  if (!ts.isPropertyAccessExpression(callee)) return undefined;
  const method = callee.name.text;
  if (!isOfArguments && !SPELLINGS.has(method)) return undefined;
  const object =
    callee.expression.kind === ts.SyntaxKind.ThisKeyword || ts.isIdentifier(callee.expression)
      ? callee.expression.getText()
      : part(callee.expression);
  const subject = isOfArguments ? object : part(callee.expression);
  return subject === undefined ? undefined : `${subject}.${method}(${given.join()})`;
}

const ARITHMETIC: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%', '&', '|', '^', '<<', '>>', '>>>']);

/** Methods that give the same thing for the same object. */
const SPELLINGS: ReadonlySet<string> = new Set([
  'normalize',
  'toLowerCase',
  'toString',
  'toUpperCase',
  'trim',
  'valueOf',
]);

/** How two keys of one container relate of which one at least is worked out, as far as their texts tell. */
export function relateComputed(a: Path, b: Path): 'next' | 'previous' | 'different' | 'unknown' | undefined {
  const [x, y] = [textOfComputed(a), textOfComputed(b)];
  if (x === undefined && y === undefined) return undefined;
  if (x !== undefined && y !== undefined && x !== y && shapeOf(x) === shapeOf(y)) return 'different';
  const [whole, other] = [x ?? inTemplate(a), y ?? inTemplate(b)];
  if (isStepFrom(whole, other)) return 'next';
  return isStepFrom(other, whole) ? 'previous' : 'unknown';
}

/** What two keys stand by a number before or behind, `i + 1` now and before `i` went on: they go up or down with it. */
export function counted(a: Path, b: Path): readonly [Path, Path] | undefined {
  const [x, y] = [a, b].map((path) => /^\$\{([^}]*)\}([+-]\d+)$/.exec(textOfComputed(path) ?? ''));
  return x?.[1] !== undefined && y?.[1] !== undefined && x[2] === y[2] ? [x[1], y[1]] : undefined;
}

function textOfComputed(path: Path): string | undefined {
  const text = /^`([^`]*)`$/.exec(path)?.[1];
  return text?.startsWith(MARK) ? text.slice(MARK.length) : undefined;
}

function shapeOf(text: string): string {
  return text.replace(/\$\{[^}]*\}/g, '*');
}

/** Whether a key is that of a neighbour on a ring: `(i + 1) % n` to `i`. */
function isStepFrom(from: string, to: string): boolean {
  const here = /^(\$\{[^}]*\})(?:%(.+))?$/.exec(from);
  const there = /^\((\$\{[^}]*\})[+-]\d+\)%(.+)$/.exec(to);
  if (!here || !there || here[1] !== there[1]) return false;
  return here[2] === undefined || here[2] === there[2];
}

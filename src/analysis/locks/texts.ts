import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { ownMember, skipParentheses } from '../code.ts';
import { inTemplate, templateText } from './paths.ts';
import { pathOf, type Value } from './values.ts';

/** A text built of its parts: its constant ones, with the paths of the rest. Texts built alike are equal. */
export function textOf(parts: readonly (string | Value | undefined)[]): Value {
  let text = '';
  let isConstant = true;
  for (const part of parts) {
    const known = typeof part === 'string' ? part : constantText(part);
    if (known === undefined) isConstant = false;
    text += known ?? inTemplate(typeof part === 'string' ? undefined : pathOf(part));
  }
  return isConstant ? { kind: 'constant', value: text } : { kind: 'opaque', path: `\`${text}\`` };
}

/** `a + b`, where it is known to be a text or a number. */
export function sumOf(left: Value | undefined, right: Value | undefined): Value | undefined {
  if (isNumber(left) && isNumber(right)) {
    return { kind: 'constant', value: Number(left.value) + Number(right.value) };
  }
  return isText(left) || isText(right) ? textOf([left, right]) : undefined;
}

function constantText(value: Value | undefined): string | undefined {
  return value?.kind === 'constant' ? String(value.value) : undefined;
}

function isText(value: Value | undefined): boolean {
  if (value?.kind === 'constant') return typeof value.value === 'string';
  return value?.kind === 'opaque' && templateText(value.path) !== undefined;
}

function isNumber(value: Value | undefined): value is Value & { kind: 'constant' } {
  return value?.kind === 'constant' && typeof value.value === 'number';
}

const spelling = new WeakMap<Ts.Node, boolean>();

/** Whether a function does nothing but make a text of what it is given: the name of a lock, the key of one. */
export function spellsText(fn: Ts.Node): boolean {
  let known = spelling.get(fn);
  if (known === undefined) {
    // One that leads back to itself makes nothing.
    spelling.set(fn, false);
    known = isSpelling(fn);
    spelling.set(fn, known);
  }
  return known;
}

/** Names are made in a few statements; what goes on for longer writes something else. */
const MAX_STATEMENTS = 8;

function isSpelling(fn: Ts.Node): boolean {
  if (!ts.isFunctionLike(fn) || ts.getCombinedModifierFlags(fn as Ts.Declaration) & ts.ModifierFlags.Async) {
    return false;
  }
  const { body } = fn as { body?: Ts.Node };
  if (!body) return false;
  if (!ts.isBlock(body)) return isSpelled(body);
  const statements = statementsIn(body);
  const returns = statements.filter(ts.isReturnStatement);
  return (
    returns.length > 0 &&
    statements.length <= MAX_STATEMENTS &&
    statements.every((one) => ts.isVariableStatement(one) || ts.isReturnStatement(one)) &&
    returns.every(({ expression }) => expression !== undefined && isSpelled(expression))
  );
}

/** What a block is made of, where it chooses between ways as well. */
function statementsIn(node: Ts.Node): readonly Ts.Node[] {
  const parts: readonly (Ts.Node | undefined)[] = ts.isBlock(node)
    ? node.statements
    : ts.isIfStatement(node)
      ? [node.thenStatement, node.elseStatement]
      : ts.isSwitchStatement(node)
        ? node.caseBlock.clauses.flatMap(({ statements }) => [...statements])
        : ts.isTryStatement(node)
          ? [node.tryBlock, node.catchClause?.block, node.finallyBlock]
          : [];
  const isWay = parts.length > 0 || ts.isBlock(node);
  return isWay ? parts.flatMap((part) => (part ? statementsIn(part) : [])) : [node];
}

/** A template, a text, a sum of these, a choice between them, or a call of what makes one: of this file, or of `this`. */
function isSpelled(node: Ts.Node): boolean {
  const bare = skipParentheses(node);
  if (ts.isConditionalExpression(bare)) return isSpelled(bare.whenTrue) && isSpelled(bare.whenFalse);
  if (ts.isBinaryExpression(bare)) return bare.operatorToken.kind === ts.SyntaxKind.PlusToken;
  if (ts.isCallExpression(bare)) return isSpelledBy(bare.expression);
  return ts.isTemplateExpression(bare) || ts.isStringLiteralLike(bare);
}

function isSpelledBy(callee: Ts.Expression): boolean {
  const local = ts.isIdentifier(callee) ? resolveLocal(callee) : methodOfThis(callee);
  const fn = local && ts.isVariableDeclaration(local) ? local.initializer : local;
  return fn !== undefined && spellsText(skipParentheses(fn));
}

function methodOfThis(callee: Ts.Expression): Ts.Node | undefined {
  const isOwn = ts.isPropertyAccessExpression(callee) && callee.expression.kind === ts.SyntaxKind.ThisKeyword;
  const cls = isOwn ? ts.findAncestor(callee, ts.isClassLike) : undefined;
  return isOwn && cls ? ownMember(cls, callee.name.text) : undefined;
}

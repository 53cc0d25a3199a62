import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';
import type { Constants } from '../dispatch/constants.ts';
import { join, UNKNOWN } from './paths.ts';

/** The paths that an expression may stand for, unknown parts included; undefined where it is no path. */
export function pathsOf(expression: Ts.Node, constants: Constants): readonly string[] | undefined {
  const node = skipParentheses(expression);
  if (ts.isArrayLiteralExpression(node)) {
    const all = node.elements.map((one) => pathsOf(one, constants));
    return all.some((one) => one === undefined) || all.length === 0
      ? undefined
      : all.flatMap((one) => one ?? []);
  }
  if (ts.isRegularExpressionLiteral(node)) return [headOfPattern(node.text)];
  if (ts.isConditionalExpression(node)) {
    const [one, other] = [pathsOf(node.whenTrue, constants), pathsOf(node.whenFalse, constants)];
    return one && other ? [...one, ...other] : undefined;
  }
  const definition = constants.definitionOf(node);
  if (
    definition !== node &&
    (ts.isArrayLiteralExpression(definition) || ts.isRegularExpressionLiteral(definition))
  ) {
    return pathsOf(definition, constants);
  }
  const elements = elementsFor(node, constants);
  if (elements) return pathsOf(elements, constants);
  const text = textOf(node, constants);
  if (text === UNKNOWN) return constants.mayBeText(node) ? [text] : undefined;
  const isPath = text === '' || text.startsWith('/') || text.startsWith('*') || text.startsWith(UNKNOWN);
  return isPath ? [text] : undefined;
}

/** The array of constants whose elements a variable takes one after the other. */
function elementsFor(node: Ts.Node, constants: Constants): Ts.Node | undefined {
  const local = ts.isIdentifier(node) ? resolveLocal(node) : undefined;
  const loop = local?.parent?.parent;
  const isOfLoop = local && ts.isVariableDeclaration(local) && loop && ts.isForOfStatement(loop);
  const over = isOfLoop ? loop.expression : local && ts.isParameter(local) ? walkedBy(local) : undefined;
  const definition = over && constants.definitionOf(over);
  return definition && ts.isArrayLiteralExpression(definition) ? definition : undefined;
}

/** What a function is called for each element of: `paths.forEach((path) => …)`. */
function walkedBy(parameter: Ts.ParameterDeclaration): Ts.Node | undefined {
  const { parent: fn } = parameter;
  const call = fn.parent;
  if (fn.parameters[0] !== parameter || !ts.isCallExpression(call) || call.arguments[0] !== fn)
    return undefined;
  const callee = skipParentheses(call.expression);
  const isWalk = ts.isPropertyAccessExpression(callee) && ['forEach', 'map'].includes(callee.name.text);
  return isWalk ? callee.expression : undefined;
}

function textOf(expression: Ts.Node, constants: Constants): string {
  const node = skipParentheses(expression);
  const constant = constants.of(node);
  if (constant) return String(constant.value);
  const definition = constants.definitionOf(node);
  if (definition !== node) return textOf(definition, constants);
  if (ts.isTemplateExpression(node)) {
    const parts = node.templateSpans.map((span) => textOf(span.expression, constants) + span.literal.text);
    return node.head.text + parts.join('');
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    return textOf(node.left, constants) + textOf(node.right, constants);
  }
  if (ts.isCallExpression(node)) {
    const callee = skipParentheses(node.expression);
    const isJoin = ts.isPropertyAccessExpression(callee) && callee.name.text === 'join';
    if (isJoin && node.arguments.length > 1) {
      return join(...node.arguments.map((one) => textOf(one, constants)));
    }
  }
  return UNKNOWN;
}

/** What a path that matches a pattern begins with, as far as the pattern has it in letters. */
function headOfPattern(literal: string): string {
  const source = literal.slice(1, literal.lastIndexOf('/'));
  if (!source.startsWith('^')) return UNKNOWN;
  const [head = ''] = /^(?:\\\/|[\w-])*/.exec(source.slice(1)) ?? [];
  const path = head.replaceAll('\\/', '/');
  const rest = source.slice(1 + head.length);
  if (rest === '$' || /^(?:\\\/)?(?:\.\*)?\$?$/.test(rest)) return path;
  return rest.startsWith('(?:\\/') || rest.startsWith('(\\/') ? path : path + UNKNOWN;
}

import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Entity, nameText, rightmostName } from '../code.ts';
import type { FunctionNode } from '../inserts/functions.ts';
import { namesIn } from '../name-index.ts';
import { globalFunction, outermost } from '../shapes.ts';

/** What one part of an assigned pattern takes, and where it puts it. */
export function partTaken(
  part: Ts.Expression | Ts.ObjectLiteralElementLike,
): { readonly key: string | undefined; readonly target: Ts.Expression } | 'all' | 'nothing' {
  if (ts.isOmittedExpression(part)) return 'nothing';
  if (ts.isShorthandPropertyAssignment(part)) return { key: part.name.text, target: part.name };
  if (ts.isPropertyAssignment(part)) {
    const key = nameText(part.name);
    return key === undefined ? 'all' : { key, target: withoutDefault(part.initializer) };
  }
  return ts.isExpression(part) && !ts.isSpreadElement(part)
    ? { key: undefined, target: withoutDefault(part) }
    : 'all';
}

/** `x` in `x = 1`, where that is part of a pattern. */
function withoutDefault(target: Ts.Expression): Ts.Expression {
  return ts.isBinaryExpression(target) ? target.left : target;
}

export const SHORT_CIRCUIT: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.QuestionQuestionToken,
]);

export function argumentsOf(call: Ts.CallExpression | Ts.NewExpression): readonly Ts.Node[] {
  return call.arguments ?? [];
}

/** `Reflect.apply(run, …)`, `Reflect.construct(Guard, …)`: the call is one of its first argument. */
export function isRunByReflection(call: Ts.CallExpression | Ts.NewExpression, index: number): boolean {
  const callee = index === 0 ? globalFunction(call.expression) : undefined;
  return callee === 'Reflect.apply' || callee === 'Reflect.construct';
}

export function isStatement(expression: Ts.Expression): boolean {
  return ts.isExpressionStatement(outermost(expression).parent);
}

export function isTest(parent: Ts.Node, value: Ts.Expression): boolean {
  return (
    (ts.isIfStatement(parent) || ts.isWhileStatement(parent) || ts.isDoStatement(parent)) &&
    parent.expression === value
  );
}

export function isUsing(declaration: Ts.VariableDeclaration): boolean {
  return (declaration.parent.flags & ts.NodeFlags.Using) === ts.NodeFlags.Using;
}

export function isNothing(node: Ts.Node): boolean {
  return node.kind === ts.SyntaxKind.NullKeyword || (ts.isIdentifier(node) && node.text === 'undefined');
}

/** Whether a function may read its parameters without naming them. */
export function readsArguments(fn: FunctionNode): boolean {
  return (
    !ts.isArrowFunction(fn) &&
    (namesIn(fn.getSourceFile()).get('arguments') ?? []).some((one) => fn.pos <= one.pos && one.end <= fn.end)
  );
}

export function isGenerator(fn: FunctionNode): boolean {
  return 'asteriskToken' in fn && fn.asteriskToken !== undefined;
}

/** Whether a function goes by the name of what it is given to, so that its callers can be found. */
export function isNamed(fn: Ts.Node): boolean {
  const { parent } = outermost(fn);
  return (
    ts.isVariableDeclaration(parent) ||
    ts.isPropertyDeclaration(parent) ||
    ts.isPropertyAssignment(parent) ||
    ts.isExportAssignment(parent)
  );
}

/** The name of a variable where it is declared. */
export function declaredName(name: Ts.Identifier): Ts.Identifier | undefined {
  const declaration = resolveLocal(name) as { name?: Ts.Node } | undefined;
  return declaration?.name && ts.isIdentifier(declaration.name) ? declaration.name : undefined;
}

export function isPromise(entities: readonly Entity[]): boolean {
  return entities.some((one) => one.kind === 'external' && one.name === 'Promise');
}

/** A callee as reports speak of it. */
export function nameOfCallee({ expression }: Ts.CallExpression | Ts.NewExpression): string {
  const name = rightmostName(expression);
  return name ? `\`${nameText(name)}\`` : 'the function that it is given to';
}

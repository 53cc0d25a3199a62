import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, nameText, rightmostName, skipParentheses } from '../code.ts';
import { idOf } from './keys.ts';
import { parametersOf } from './parameters.ts';
import {
  type Closure,
  type ObjectValue,
  type Opaque,
  type Path,
  pathOf,
  truthOf,
  type Value,
} from './values.ts';

/** Whether a declaration admits by its type that there is nothing: `tx?: Tx`, `tx: Tx | undefined`. */
export function admitsNothing(declaration: Ts.Node): boolean {
  const { type, questionToken } = declaration as Typed;
  if (questionToken) return true;
  return type !== undefined && ts.isUnionTypeNode(type) && type.types.some(isNothingType);
}

interface Typed {
  readonly type?: Ts.TypeNode | undefined;
  readonly questionToken?: Ts.Node | undefined;
}

function isNothingType(type: Ts.TypeNode): boolean {
  return (
    type.kind === ts.SyntaxKind.UndefinedKeyword ||
    (ts.isLiteralTypeNode(type) && type.literal.kind === ts.SyntaxKind.NullKeyword)
  );
}

/**
 * The arguments of a call, where one that the callee can do without is known to be there by its type. The compiler is
 * asked about no other: where nobody tests whether an argument is there, it makes no difference.
 */
export function presentArguments(
  code: Code,
  node: Ts.CallExpression,
  { fn, bound }: Closure,
  args: readonly (Value | undefined)[],
): readonly (Value | undefined)[] {
  const parameters = optionalParameters(fn);
  if (node.arguments.some((argument) => ts.isSpreadElement(argument))) return args;
  return args.map((value, index) => {
    const argument = node.arguments[index];
    if (!argument) return value;
    if (value?.kind === 'object') return withPresentParts(value, argument, code);
    return parameters.has(bound.length + index) ? ifPresent(value, argument, code) : value;
  });
}

/** An object that is made for the call: `{ tx }`. */
function withPresentParts(value: ObjectValue, argument: Ts.Expression, code: Code): Value {
  const bare = skipParentheses(argument);
  if (!ts.isObjectLiteralExpression(bare)) return value;
  const properties = new Map(value.properties);
  for (const property of bare.properties) {
    const name = property.name && nameText(property.name);
    const part = ts.isShorthandPropertyAssignment(property)
      ? property.name
      : ts.isPropertyAssignment(property)
        ? property.initializer
        : undefined;
    if (name === undefined || !part) continue;
    const known = ifPresent(properties.get(name), part, code);
    if (known) properties.set(name, known);
  }
  return { ...value, properties };
}

function ifPresent(value: Value | undefined, argument: Ts.Expression, code: Code): Value | undefined {
  return truthOf(value) === undefined && isPresent(argument, code) ? asPresent(value, argument) : value;
}

const known = new WeakMap<Ts.Node, ReadonlySet<number>>();

/** The positions of the parameters that admit nothing. */
function optionalParameters(fn: Ts.Node): ReadonlySet<number> {
  let found = known.get(fn);
  if (!found) {
    found = new Set(
      parametersOf(fn).flatMap((parameter, index) => (admitsNothing(parameter) ? [index] : [])),
    );
    known.set(fn, found);
  }
  return found;
}

function isPresent(argument: Ts.Expression, code: Code): boolean {
  const bare = skipParentheses(argument);
  if (!ts.isIdentifier(bare) && !ts.isPropertyAccessExpression(bare)) return false;
  const name = rightmostName(bare);
  return name !== undefined && code.typeOf(name)?.present === true;
}

function asPresent(value: Value | undefined, argument: Ts.Expression): Value {
  if (value?.kind === 'instance')
    return asTyped({ kind: 'opaque', path: value.path, present: true }, value, value.path);
  return { kind: 'opaque', path: pathOf(value) ?? `n${idOf(argument)}`, present: true };
}

/** What a function gets to know of an argument: that it is there, only if it may be missing by its type. */
export function asGiven(
  value: Value | undefined,
  parameter: Ts.ParameterDeclaration | undefined,
): Value | undefined {
  if (
    value?.kind !== 'opaque' ||
    !value.present ||
    value.session ||
    !parameter?.type ||
    admitsNothing(parameter)
  )
    return value;
  return { kind: 'opaque', path: value.path };
}

/** An argument as the type of its parameter has it; `path` is what it is called where nobody has named it. */
export function asTyped(given: Opaque | undefined, typed: Value | undefined, path: Path): Value {
  const named = given ?? { kind: 'opaque', path };
  if (typed?.kind !== 'instance') return named;
  const { mayBeMissing, ...instance } = { ...typed, path: named.path };
  return mayBeMissing && !named.present ? { ...instance, mayBeMissing } : instance;
}

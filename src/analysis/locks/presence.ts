import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, type NameNode, nameText, rightmostName, skipParentheses } from '../code.ts';
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
  const asked = args.map((value, index) => {
    const argument = node.arguments[index];
    if (!argument) return [];
    if (value?.kind === 'object') return partsOf(value, argument);
    return parameters.has(bound.length + index) ? [{ value, argument }] : [];
  });
  prefetchTypes(asked.flat(), code);
  return args.map((value, index) => {
    const parts = asked[index] ?? [];
    if (value?.kind === 'object') return withPresentParts(value, parts, code);
    return parts[0] ? ifPresent(parts[0], code) : value;
  });
}

interface Argument {
  readonly value: Value | undefined;
  readonly argument: Ts.Expression;
}

/** What an object that is made for the call is made of: `{ tx }`. */
function partsOf(value: ObjectValue, argument: Ts.Expression): (Argument & { readonly name: string })[] {
  const bare = skipParentheses(argument);
  if (!ts.isObjectLiteralExpression(bare)) return [];
  return bare.properties.flatMap((property) => {
    const name = property.name && nameText(property.name);
    const part = ts.isShorthandPropertyAssignment(property)
      ? property.name
      : ts.isPropertyAssignment(property)
        ? property.initializer
        : undefined;
    return name === undefined || !part ? [] : [{ name, value: value.properties.get(name), argument: part }];
  });
}

function withPresentParts(
  value: ObjectValue,
  parts: readonly (Argument & { readonly name?: string })[],
  code: Code,
): Value {
  const properties = new Map(value.properties);
  for (const { name, ...part } of parts) {
    const known = ifPresent(part, code);
    if (known && name !== undefined) properties.set(name, known);
  }
  return { ...value, properties };
}

function ifPresent({ value, argument }: Argument, code: Code): Value | undefined {
  return truthOf(value) === undefined && isPresent(argument, code) ? asPresent(value, argument) : value;
}

function prefetchTypes(all: readonly Argument[], code: Code): void {
  code.prefetchTypes(
    all.flatMap(({ value, argument }) => {
      const name = truthOf(value) === undefined ? testedName(argument) : undefined;
      return name ? [name] : [];
    }),
  );
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
  const name = testedName(argument);
  return name !== undefined && code.typeOf(name)?.present === true;
}

/** The name whose type tells whether an argument is there. */
function testedName(argument: Ts.Expression): NameNode | undefined {
  const bare = skipParentheses(argument);
  return ts.isIdentifier(bare) || ts.isPropertyAccessExpression(bare) ? rightmostName(bare) : undefined;
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

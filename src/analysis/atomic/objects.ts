import { type Ts, ts } from '../../syntax/ts.ts';
import { nameText, rightmostName, skipParentheses } from '../code.ts';
import { propertyOf, returnedBy } from '../shapes.ts';
import type { Frame } from './frames.ts';
import { argumentsFor, hasAccessModifier } from './given.ts';
import type { Lookup, Makers } from './lookup.ts';

/** An object literal, and the call that it was made in. */
export interface GivenObject {
  readonly object: Ts.ObjectLiteralExpression;
  readonly frame: Frame | undefined;
}

/** The object literals that an expression or parameter may stand for. */
export function objectsOf(
  at: Ts.Node,
  frame: Frame | undefined,
  lookup: Lookup,
  makers: Makers,
  depth = 0,
): { readonly objects: readonly GivenObject[]; readonly isOpen: boolean } {
  const value = skipParentheses(at);
  if (!lookup.step(depth)) return UNKNOWN_OBJECTS;
  if (ts.isObjectLiteralExpression(value)) {
    const copied = value.properties
      .filter(ts.isSpreadAssignment)
      .map(({ expression }) => objectsOf(expression, frame, lookup, makers, depth + 1));
    return together([{ objects: [{ object: value, frame }], isOpen: false }, ...copied]);
  }
  if (ts.isConditionalExpression(value)) {
    return together(
      [value.whenTrue, value.whenFalse].map((one) => objectsOf(one, frame, lookup, makers, depth + 1)),
    );
  }
  if (ts.isBinaryExpression(value) && isChoice(value)) {
    return together([value.left, value.right].map((one) => objectsOf(one, frame, lookup, makers, depth + 1)));
  }
  if (ts.isCallExpression(value)) return made(value, frame, lookup, makers, depth);
  if (ts.isParameter(value) && !hasAccessModifier(value)) {
    const given = argumentsFor(value, frame, lookup);
    const found = given.map((one) =>
      one && !one.isRest ? objectsOf(one.value, one.frame, lookup, makers, depth + 1) : UNKNOWN_OBJECTS,
    );
    const { initializer } = value;
    return together(
      initializer ? [...found, objectsOf(initializer, frame, lookup, makers, depth + 1)] : found,
    );
  }
  if (ts.isVariableDeclaration(value)) {
    const isFixed = (ts.getCombinedNodeFlags(value) & ts.NodeFlags.Const) !== 0 || !lookup.isStrict;
    return value.initializer && isFixed
      ? objectsOf(value.initializer, frame, lookup, makers, depth + 1)
      : UNKNOWN_OBJECTS;
  }
  if (ts.isPropertyDeclaration(value) || ts.isParameter(value)) {
    const { stores, isWhole } = lookup.stores(value, 0);
    const found = stores.map(({ value: stored }) =>
      stored.parent === value && ts.isParameter(value)
        ? together(
            argumentsFor(value, undefined, lookup).map((one) =>
              one ? objectsOf(one.value, one.frame, lookup, makers, depth + 1) : UNKNOWN_OBJECTS,
            ),
          )
        : objectsOf(stored, undefined, lookup, makers, depth + 1),
    );
    return together(isWhole ? found : [...found, UNKNOWN_OBJECTS]);
  }
  if (ts.isBindingElement(value)) {
    const { parent: pattern } = value;
    const key = nameText(value.propertyName ?? value.name);
    const isPlain = ts.isObjectBindingPattern(pattern) && !value.initializer && !value.dotDotDotToken;
    if (!isPlain || key === undefined) return UNKNOWN_OBJECTS;
    return parts(objectsOf(pattern.parent, frame, lookup, makers, depth + 1), key, lookup, makers, depth);
  }
  const name = rightmostName(value);
  const declaration = name && lookup.code.declarationNode(name);
  if (ts.isPropertyAccessExpression(value) && declaration && ts.isPropertySignature(declaration)) {
    const wholes = objectsOf(value.expression, frame, lookup, makers, depth + 1);
    return parts(wholes, value.name.text, lookup, makers, depth);
  }
  return declaration && !ts.isExpression(declaration)
    ? objectsOf(declaration, frame, lookup, makers, depth + 1)
    : UNKNOWN_OBJECTS;
}

type Objects = ReturnType<typeof objectsOf>;

const UNKNOWN_OBJECTS: Objects = { objects: [], isOpen: true };

function together(all: readonly Objects[]): Objects {
  return { objects: all.flatMap(({ objects }) => objects), isOpen: all.some(({ isOpen }) => isOpen) };
}

/** What objects have under a name. */
function parts(wholes: Objects, name: string, lookup: Lookup, makers: Makers, depth: number): Objects {
  const found = wholes.objects.flatMap(({ object, frame }) => {
    const part = propertyOf(object, name);
    return part ? [objectsOf(part, frame, lookup, makers, depth + 1)] : [];
  });
  return together([...found, { objects: [], isOpen: wholes.isOpen }]);
}

/** What functions of the program hand out. */
function made(
  call: Ts.CallExpression,
  frame: Frame | undefined,
  lookup: Lookup,
  makers: Makers,
  depth: number,
): Objects {
  const found = makers(call.expression, frame).flatMap(({ fn, frame: outer }) => {
    const inner: Frame = { fn, args: call.arguments, caller: frame, made: outer };
    return returnedBy(fn.body).map((value) => objectsOf(value, inner, lookup, makers, depth + 1));
  });
  return found.length > 0 ? together(found) : UNKNOWN_OBJECTS;
}

/** `a ?? b`, `a || b`, `a && b`, `(a, b)` */
export function isChoice({ operatorToken: { kind } }: Ts.BinaryExpression): boolean {
  return (
    kind === ts.SyntaxKind.QuestionQuestionToken ||
    kind === ts.SyntaxKind.BarBarToken ||
    kind === ts.SyntaxKind.AmpersandAmpersandToken ||
    kind === ts.SyntaxKind.CommaToken
  );
}

import { type Ts, ts } from '../../syntax/ts.ts';
import { nameText, rightmostName, skipParentheses } from '../code.ts';
import { usesOf } from '../locks/references.ts';
import { globalFunction, propertyOf, returnedBy } from '../shapes.ts';
import type { Frame } from './frames.ts';
import { argumentsFor, hasAccessModifier } from './given.ts';
import type { Lookup, Makers } from './lookup.ts';

/** An object literal, and the call that it was made in. */
export interface GivenObject {
  readonly object: Ts.ObjectLiteralExpression;
  readonly frame: Frame | undefined;
}

export interface Objects {
  readonly objects: readonly GivenObject[];
  /** It may be another, of which nothing is known. */
  readonly isOpen: boolean;
}

/** The object literals that an expression or parameter may stand for, as far as they decide its member `name`. */
export function objectsOf(
  at: Ts.Node,
  name: string | undefined,
  frame: Frame | undefined,
  lookup: Lookup,
  makers: Makers,
): Objects {
  return new ObjectSearch(lookup, makers).of(at, name, frame, 0);
}

class ObjectSearch {
  readonly #lookup: Lookup;
  readonly #makers: Makers;

  constructor(lookup: Lookup, makers: Makers) {
    this.#lookup = lookup;
    this.#makers = makers;
  }

  of(at: Ts.Node, name: string | undefined, frame: Frame | undefined, depth: number): Objects {
    const value = skipParentheses(at);
    if (!this.#lookup.step(depth)) return UNKNOWN_OBJECTS;
    const ofEach = (parts: readonly Ts.Node[], inner = frame): Objects =>
      together(parts.map((part) => this.of(part, name, inner, depth + 1)));
    if (ts.isObjectLiteralExpression(value)) {
      return together([
        { objects: [{ object: value, frame }], isOpen: false },
        ofEach(copiedOver(value, name)),
      ]);
    }
    if (ts.isConditionalExpression(value)) return ofEach([value.whenTrue, value.whenFalse]);
    if (ts.isBinaryExpression(value) && isChoice(value)) return ofEach([value.left, value.right]);
    if (ts.isCallExpression(value)) {
      return COPYING.has(globalFunction(value.expression) ?? '')
        ? ofEach(value.arguments)
        : this.#made(value, name, frame, depth);
    }
    if (ts.isParameter(value) && !hasAccessModifier(value)) {
      const given = argumentsFor(value, frame, this.#lookup).map((one) =>
        one && !one.isRest ? ofEach([one.value], one.frame) : UNKNOWN_OBJECTS,
      );
      return together([...given, ofEach(value.initializer ? [value.initializer] : [])]);
    }
    if (ts.isVariableDeclaration(value)) {
      const values = [value.initializer ?? [], assignedTo(value)].flat();
      return values.length > 0 ? ofEach(values) : UNKNOWN_OBJECTS;
    }
    if (ts.isPropertyDeclaration(value) || ts.isParameter(value)) return this.#kept(value, name, depth);
    if (ts.isBindingElement(value)) {
      const { parent: pattern, initializer } = value;
      const key = nameText(value.propertyName ?? value.name);
      const isPlain = ts.isObjectBindingPattern(pattern) && !value.dotDotDotToken;
      if (!isPlain || key === undefined) return UNKNOWN_OBJECTS;
      return together([
        this.#parts(pattern.parent, key, name, frame, depth),
        ofEach(initializer ? [initializer] : []),
      ]);
    }
    const own = rightmostName(value);
    const declaration = own && this.#lookup.code.declarationNode(own);
    if (ts.isPropertyAccessExpression(value) && declaration && ts.isPropertySignature(declaration)) {
      return this.#parts(value.expression, value.name.text, name, frame, depth);
    }
    return declaration && !ts.isExpression(declaration) ? ofEach([declaration]) : UNKNOWN_OBJECTS;
  }

  /** What lies under a key in objects. */
  #parts(
    whole: Ts.Node,
    key: string,
    name: string | undefined,
    frame: Frame | undefined,
    depth: number,
  ): Objects {
    const { objects, isOpen } = this.of(whole, key, frame, depth + 1);
    const parts = objects.flatMap(({ object, frame: inner }) => {
      const part = propertyOf(object, key);
      return part ? [this.of(part, name, inner, depth + 1)] : [];
    });
    return together([...parts, { objects: [], isOpen }]);
  }

  /** What the program puts into a field. */
  #kept(
    field: Ts.PropertyDeclaration | Ts.ParameterDeclaration,
    name: string | undefined,
    depth: number,
  ): Objects {
    const { stores, isWhole } = this.#lookup.stores(field, 0);
    const found = stores.flatMap(({ value }): readonly Objects[] => {
      const isOfParameter = value.parent === field && ts.isParameter(field);
      if (!isOfParameter) return [this.of(value, name, undefined, depth + 1)];
      return argumentsFor(field, undefined, this.#lookup).map((one) =>
        one ? this.of(one.value, name, one.frame, depth + 1) : UNKNOWN_OBJECTS,
      );
    });
    return together(isWhole ? found : [...found, UNKNOWN_OBJECTS]);
  }

  /** What functions of the program hand out. */
  #made(call: Ts.CallExpression, name: string | undefined, frame: Frame | undefined, depth: number): Objects {
    const found = this.#makers(call.expression, frame).flatMap(({ fn, frame: outer }) => {
      const inner: Frame = { fn, args: call.arguments, caller: frame, made: outer };
      return returnedBy(fn.body).map((value) => this.of(value, name, inner, depth + 1));
    });
    return found.length > 0 ? together(found) : UNKNOWN_OBJECTS;
  }
}

const UNKNOWN_OBJECTS: Objects = { objects: [], isOpen: true };

function together(all: readonly Objects[]): Objects {
  return { objects: all.flatMap(({ objects }) => objects), isOpen: all.some(({ isOpen }) => isOpen) };
}

/** Functions of the language whose result has the members of what they are given. */
const COPYING: ReadonlySet<string> = new Set(['Object.assign', 'Object.freeze', 'Object.seal']);

/** The objects that a literal has its members from; of one that it has itself, those that come after. */
function copiedOver(
  { properties }: Ts.ObjectLiteralExpression,
  name: string | undefined,
): readonly Ts.Expression[] {
  const own = properties.findLastIndex(
    (one) => name !== undefined && one.name && nameText(one.name) === name,
  );
  return properties
    .slice(own + 1)
    .filter(ts.isSpreadAssignment)
    .map(({ expression }) => expression);
}

/** All that is assigned to a variable, besides what it begins with. */
export function assignedTo(variable: Ts.VariableDeclaration): readonly Ts.Expression[] {
  if ((ts.getCombinedNodeFlags(variable) & ts.NodeFlags.Const) !== 0) return [];
  return usesOf(variable).flatMap((use) => {
    const { parent } = use;
    return ts.isBinaryExpression(parent) && parent.left === use && isAssignment(parent) ? [parent.right] : [];
  });
}

function isAssignment({ operatorToken: { kind } }: Ts.BinaryExpression): boolean {
  return (
    kind === ts.SyntaxKind.EqualsToken ||
    kind === ts.SyntaxKind.QuestionQuestionEqualsToken ||
    kind === ts.SyntaxKind.BarBarEqualsToken
  );
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

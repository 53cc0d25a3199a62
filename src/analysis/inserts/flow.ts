import { type Ts, ts } from '../../syntax/ts.ts';
import type { CallLike } from '../cfg.ts';
import type { Code } from '../code.ts';
import { nameText, rightmostName } from '../code.ts';
import { globalFunction, isAssignmentOperator } from '../shapes.ts';
import { parametersOf } from './callees.ts';
import { type Frames, idOf } from './frames.ts';
import { type FunctionNode, isFunctionNode, ownerOf } from './functions.ts';
import { declarationRoot, localDeclaration } from './identifiers.ts';
import type { Invocation } from './invocations.ts';
import type { References } from './references.ts';

/** A value on its way through the program. */
export interface Carried<Form> {
  /** The expression whose value it is, or holds it. */
  readonly at: Ts.Expression;
  /** How to get to it from the expression's value: property names, `ELEMENT` for any element of an array. */
  readonly path: readonly string[];
  readonly frames: Frames;
  readonly form: Form;
  /** What put it into the array that holds it, as often as that ran. */
  readonly gathered?: Gathering;
}

/** A place that puts one value after the other into an array: a callback's results, a push. */
export type Gathering = Pick<Invocation, 'node' | 'how'>;

/** A step into an array, whatever the index. */
export const ELEMENT = '[]';

/** What becomes of a value where it is not merely handed on. Each answers with the values to go on with. */
export interface FlowHandler<Form> {
  /** The value is called. */
  called(call: CallLike, value: Carried<Form>): readonly Carried<Form>[];
  /** It is an argument of a call. */
  argument(
    call: Ts.CallExpression | Ts.NewExpression,
    index: number,
    value: Carried<Form>,
  ): readonly Carried<Form>[];
  /** A member of it is read, other than the one its path leads through. */
  member(access: MemberAccess, value: Carried<Form>): readonly Carried<Form>[];
  /** It is put into an array or object under a key that nobody knows: `handlers[name] = value`. */
  placed?(container: Ts.Expression, place: Ts.Node, value: Carried<Form>): readonly Carried<Form>[];
  /** A property is taken out of it by a pattern: what the property is. */
  taken?(name: string, value: Carried<Form>): Form | undefined;
  /** A generator hands it out: what it is to whoever takes it. */
  yielded?(place: Ts.YieldExpression, value: Carried<Form>): Carried<Form>;
  /** It is an operand of an expression that makes another value of it. */
  operand(parent: Ts.Expression, value: Carried<Form>): readonly Carried<Form>[];
}

export type MemberAccess = Ts.PropertyAccessExpression | Ts.ElementAccessExpression;

/** What the flow asks the call graph: where a function is called, and so where its result appears. */
export interface CallSites {
  callSites(fn: FunctionNode, frames: Frames): readonly Invocation[];
}

/** Beyond this many steps a value is taken to be everywhere, and is followed no further. */
const MOST_STEPS = 2_000;

/**
 * Follows values forward: through variables, parameters, results, properties and destructuring, by symbol and across
 * files. Insensitive to the order of statements.
 */
export class ValueFlow {
  readonly #code: Code;
  readonly #references: References;
  readonly #calls: CallSites;

  constructor(code: Code, references: References, calls: CallSites) {
    this.#code = code;
    this.#references = references;
    this.#calls = calls;
  }

  follow<Form>(starts: readonly Carried<Form>[], handler: FlowHandler<Form>): void {
    const queue = [...starts];
    const seen = new Set<string>();
    for (const value of queue) {
      const key = `${idOf(value.at)}|${value.path.join('.')}|${value.frames.key}|${String(value.form)}|${value.gathered ? idOf(value.gathered.node) : ''}`;
      if (seen.has(key)) continue;
      seen.add(key);
      if (seen.size > MOST_STEPS) return;
      queue.push(...this.#step(value, handler));
    }
  }

  /** The value as a function sees it whose parameter takes it. */
  enterFunction<Form>(
    fn: FunctionNode,
    call: CallLike,
    index: number,
    value: Carried<Form>,
  ): readonly Carried<Form>[] {
    const parameters = parametersOf(fn);
    const parameter = parameters[index] ?? parameters.at(-1);
    if (!parameter || (!parameters[index] && !parameter.dotDotDotToken)) return [];
    const path = parameter.dotDotDotToken ? [ELEMENT, ...value.path] : value.path;
    const inner = { ...value, path, frames: value.frames.enter(fn, call) };
    const property = ts.isParameterPropertyDeclaration(parameter, fn) ? this.#uses(parameter, inner) : [];
    return [...this.#bind(parameter.name, parameter, inner), ...property];
  }

  /** The value where a function's parameter gets it, without a call of the program: a callback. */
  enterParameter<Form>(parameter: Ts.ParameterDeclaration, value: Carried<Form>): readonly Carried<Form>[] {
    return this.#bind(parameter.name, parameter, value);
  }

  /** The value wherever the variable or member that an expression names is read. */
  assigned<Form>(target: Ts.Node, value: Carried<Form>): readonly Carried<Form>[] {
    if (ts.isIdentifier(target)) {
      const local = localDeclaration(target);
      return local ? this.#references.of(local, target.text).map((at) => ({ ...value, at })) : [];
    }
    const name = rightmostName(target);
    const nodes = name ? this.#code.entities(name) : [];
    return nodes.flatMap((entity) => (entity.kind === 'node' ? this.#uses(entity.node, value) : []));
  }

  #step<Form>(value: Carried<Form>, handler: FlowHandler<Form>): readonly Carried<Form>[] {
    const { at: node } = value;
    const { parent } = node;
    if (handsOn(parent, node)) return [{ ...value, at: parent as Ts.Expression }];
    if (ts.isVariableDeclaration(parent)) {
      return [...this.#bind(parent.name, parent, value), ...this.#taken(parent, value, handler)];
    }
    if (ts.isParameter(parent) || ts.isBindingElement(parent)) {
      return this.#bind(parent.name, declarationRoot(parent), value);
    }
    if (ts.isPropertyDeclaration(parent) || ts.isEnumMember(parent)) return this.#uses(parent, value);
    if (ts.isPropertyAssignment(parent) || ts.isShorthandPropertyAssignment(parent)) {
      return this.#property(parent, value);
    }
    if (ts.isSpreadAssignment(parent)) return copied(parent.parent, value);
    if (ts.isSpreadElement(parent) && ts.isArrayLiteralExpression(parent.parent)) {
      return copied(parent.parent, value);
    }
    if (ts.isSpreadElement(parent)) return this.#spread(parent, value, handler);
    if (ts.isReturnStatement(parent) || (ts.isArrowFunction(parent) && parent.body === node)) {
      return this.#returned(value);
    }
    if (ts.isYieldExpression(parent)) {
      if (parent.asteriskToken) return this.#returned(value);
      const yielded = handler.yielded?.(parent, value) ?? value;
      return this.#returned({ ...yielded, path: [ELEMENT, ...value.path] });
    }
    if (ts.isExportAssignment(parent)) {
      return this.#references.of(parent, 'default').map((at) => ({ ...value, at }));
    }
    if (ts.isForOfStatement(parent)) return this.#element(parent, value);
    if (ts.isCallExpression(parent) || ts.isNewExpression(parent)) return this.#call(parent, value, handler);
    if (ts.isPropertyAccessExpression(parent) || ts.isElementAccessExpression(parent)) {
      return parent.expression === node ? this.#access(parent, value, handler) : [];
    }
    if (ts.isTemplateSpan(parent)) return handler.operand(parent.parent, value);
    if (ts.isBinaryExpression(parent)) return this.#binary(parent, value, handler);
    if (ts.isTaggedTemplateExpression(parent) && parent.tag === node) {
      return value.path.length === 0 ? handler.called(parent, value) : [];
    }
    return ts.isArrayLiteralExpression(parent) || ts.isTaggedTemplateExpression(parent)
      ? handler.operand(parent, value)
      : [];
  }

  #call<Form>(
    call: Ts.CallExpression | Ts.NewExpression,
    value: Carried<Form>,
    handler: FlowHandler<Form>,
  ): readonly Carried<Form>[] {
    if (call.expression === value.at) return value.path.length === 0 ? handler.called(call, value) : [];
    const args: readonly Ts.Expression[] = call.arguments ?? [];
    return handler.argument(call, args.indexOf(value.at), value);
  }

  /** `call(...values)`: an element becomes an argument. */
  #spread<Form>(
    spread: Ts.SpreadElement,
    value: Carried<Form>,
    handler: FlowHandler<Form>,
  ): readonly Carried<Form>[] {
    const [next, ...path] = value.path;
    return next === ELEMENT && (ts.isCallExpression(spread.parent) || ts.isNewExpression(spread.parent))
      ? this.#call(spread.parent, { ...value, at: spread, path }, handler)
      : [];
  }

  #binary<Form>(
    parent: Ts.BinaryExpression,
    value: Carried<Form>,
    handler: FlowHandler<Form>,
  ): readonly Carried<Form>[] {
    const { kind } = parent.operatorToken;
    if (!isAssignmentOperator(kind)) {
      return handler.operand(parent, value);
    }
    if (parent.right !== value.at) return [];
    const target = parent.left;
    const handedOn = { ...value, at: parent };
    if (ts.isElementAccessExpression(target) && !rightmostName(target)) {
      return [handedOn, ...(handler.placed?.(target.expression, parent, value) ?? [])];
    }
    return [handedOn, ...this.assigned(target, value)];
  }

  #access<Form>(
    access: MemberAccess,
    value: Carried<Form>,
    handler: FlowHandler<Form>,
  ): readonly Carried<Form>[] {
    const [next, ...rest] = value.path;
    const name = rightmostName(access);
    // A key that nobody knows may be any.
    const isMeant = next !== undefined && (!name || nameText(name) === next);
    return isMeant ? [{ ...value, at: access, path: rest }] : handler.member(access, value);
  }

  /** A property of an object literal: the object holds it, and whoever reads the property by symbol has it. */
  #property<Form>(
    property: Ts.PropertyAssignment | Ts.ShorthandPropertyAssignment,
    value: Carried<Form>,
  ): readonly Carried<Form>[] {
    const name = nameText(property.name);
    if (name === undefined) return [];
    const object: Carried<Form> = { ...value, at: property.parent, path: [name, ...value.path] };
    return isHandedOver(property.parent) ? [object] : [object, ...this.#uses(property, value)];
  }

  #uses<Form>(member: Ts.Node, value: Carried<Form>): readonly Carried<Form>[] {
    return this.#references.ofMember(member).map(({ at }) => ({ ...value, at }));
  }

  #bind<Form>(name: Ts.BindingName, declaration: Ts.Node, value: Carried<Form>): readonly Carried<Form>[] {
    if (ts.isIdentifier(name))
      return this.#references.of(declaration, name.text).map((at) => ({ ...value, at }));
    const [next, ...rest] = value.path;
    if (next === undefined) return [];
    return name.elements.flatMap((element) => {
      if (!ts.isBindingElement(element)) return [];
      if (element.dotDotDotToken) return this.#bind(element.name, declaration, value);
      const key = ts.isArrayBindingPattern(name) ? ELEMENT : nameText(element.propertyName ?? element.name);
      return key === next ? this.#bind(element.name, declaration, { ...value, path: rest }) : [];
    });
  }

  /** `const { run } = statement`: what the handler makes of the property. */
  #taken<Form>(
    declaration: Ts.VariableDeclaration,
    value: Carried<Form>,
    handler: FlowHandler<Form>,
  ): readonly Carried<Form>[] {
    const { name: pattern } = declaration;
    if (value.path.length > 0 || !ts.isObjectBindingPattern(pattern)) return [];
    return pattern.elements.flatMap(({ name, propertyName }) => {
      const key = nameText(propertyName ?? name);
      const form = key === undefined ? undefined : handler.taken?.(key, value);
      if (form === undefined || !ts.isIdentifier(name)) return [];
      return this.#references.of(declaration, name.text).map((at) => ({ ...value, at, form }));
    });
  }

  #element<Form>(loop: Ts.ForOfStatement, value: Carried<Form>): readonly Carried<Form>[] {
    const { initializer } = loop;
    const [next, ...rest] = value.path;
    const [declaration] = ts.isVariableDeclarationList(initializer) ? initializer.declarations : [];
    if (loop.expression !== value.at || next !== ELEMENT || !declaration) return [];
    return this.#bind(declaration.name, declaration, { ...value, path: rest });
  }

  #returned<Form>(value: Carried<Form>): readonly Carried<Form>[] {
    const fn = ownerOf(value.at);
    if (!isFunctionNode(fn)) return [];
    return this.#calls.callSites(fn, value.frames).flatMap(({ node, how, frames }) => {
      // A getter is run by a member access, or by a pattern: there, by the names that it fills.
      const isResult =
        ts.isCallExpression(node) || ts.isPropertyAccessExpression(node) || ts.isGetAccessor(fn);
      if (!isResult || !ts.isExpression(node)) return [];
      const result = { ...value, at: node, frames: frames.leave(fn) };
      return how === 'iteration'
        ? [{ ...result, path: [ELEMENT, ...value.path], gathered: { node, how } }]
        : [result];
    });
  }
}

/** `{ ...value }`, `[...value]`: what the value holds is in its copy, and the value itself is not. */
function copied<Form>(copy: Ts.Expression, value: Carried<Form>): readonly Carried<Form>[] {
  return value.path.length > 0 ? [{ ...value, at: copy }] : [];
}

/** Whether an expression has the value of one of its parts. */
function handsOn(parent: Ts.Node, node: Ts.Node): boolean {
  if (
    ts.isParenthesizedExpression(parent) ||
    ts.isAsExpression(parent) ||
    ts.isSatisfiesExpression(parent) ||
    ts.isNonNullExpression(parent) ||
    ts.isTypeAssertionExpression(parent) ||
    ts.isAwaitExpression(parent)
  ) {
    return true;
  }
  if (ts.isConditionalExpression(parent)) return parent.condition !== node;
  if (ts.isCallExpression(parent)) return parent.arguments[0] === node && isFreezing(parent);
  if (!ts.isBinaryExpression(parent)) return false;
  const { kind } = parent.operatorToken;
  const isEither = kind === ts.SyntaxKind.QuestionQuestionToken || kind === ts.SyntaxKind.BarBarToken;
  const isRight = kind === ts.SyntaxKind.AmpersandAmpersandToken || kind === ts.SyntaxKind.CommaToken;
  return isEither || (isRight && parent.right === node);
}

/** Whether an object is made to be given away at once, so that nobody reads it by the symbol of its literal. */
function isHandedOver(object: Ts.Node): boolean {
  const { parent } = object;
  if (ts.isCallExpression(parent) && isFreezing(parent)) return false;
  return (
    ((ts.isCallExpression(parent) || ts.isNewExpression(parent)) && parent.expression !== object) ||
    ts.isArrayLiteralExpression(parent)
  );
}

/** `Object.freeze(queries)`: the same object. */
function isFreezing({ expression }: Ts.CallExpression): boolean {
  return /^Object\.(?:freeze|seal|preventExtensions)$/.test(globalFunction(expression) ?? '');
}

import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, memberName, nameText, rightmostName, skipParentheses } from '../code.ts';
import { heirsOf } from '../doc-tags.ts';
import { type Callees, parametersOf } from '../inserts/callees.ts';
import { Frames } from '../inserts/frames.ts';
import { type FunctionNode, isFunctionNode, ownerOf } from '../inserts/functions.ts';
import { callWith, isAssignmentOperator, isFunctionExpression, outermost } from '../shapes.ts';
import { best, EACH, type Fate, lazily, lost, type Path, passedOver, USED } from './fate.ts';
import {
  argumentsOf,
  declaredName,
  isGenerator,
  isNamed,
  isNothing,
  isPromise,
  isRunByReflection,
  isStatement,
  isTest,
  isUsing,
  nameOfCallee,
  partTaken,
  readsArguments,
  SHORT_CIRCUIT,
} from './positions.ts';
import { handsOnArgument, takingOf } from './takers.ts';
import { readsAfter, variableUses } from './variables.ts';

/** What is put into objects within objects, further down than this, is somebody's: a list that grows has no end. */
const MAX_PATH = 4;

/** What becomes of values, as far as it can be told without the callers of the function around them. */
export class Fates {
  readonly #code: Code;
  readonly #callees: Callees;
  /** The places that a value is being followed through: one that comes back to itself has nowhere else to be. */
  readonly #open = new Set<string>();

  constructor(code: Code, callees: Callees) {
    this.#code = code;
    this.#callees = callees;
  }

  /** What becomes of the value of an expression, or of what is in it. */
  of(expression: Ts.Expression, path: Path = []): Fate {
    // What only comes back to itself, or lies in what is asked for other things, is nowhere.
    return this.#at(expression, path) ?? passedOver(' where nothing takes it', expression);
  }

  #at(expression: Ts.Expression, path: Path): Fate | undefined {
    if (path.length > MAX_PATH) return USED;
    const value = outermost(expression) as Ts.Expression;
    const key = `${this.#code.key(value)}|${path.join('.')}`;
    if (this.#open.has(key)) return undefined;
    this.#open.add(key);
    const fate = this.#in(value.parent, value, path);
    this.#open.delete(key);
    return fate;
  }

  #in(parent: Ts.Node, value: Ts.Expression, path: Path): Fate | undefined {
    if (ts.isExpressionStatement(parent)) return lost('discarded', '', parent);
    if (ts.isVoidExpression(parent)) return lost('discarded', ' with `void`', parent);
    if (ts.isAwaitExpression(parent)) return this.#at(parent, path);
    if (ts.isForStatement(parent)) return this.#inLoopHead(parent, value);
    if (ts.isForOfStatement(parent) && parent.expression === value) return this.#walked(parent, path);
    if (ts.isConditionalExpression(parent)) {
      return parent.condition === value ? this.#looked(value, path) : this.#at(parent, path);
    }
    if (ts.isBinaryExpression(parent)) return this.#operand(parent, value, path);
    if (ts.isPrefixUnaryExpression(parent) || ts.isTypeOfExpression(parent)) {
      return this.#derived(parent, value, path);
    }
    if (isTest(parent, value)) return this.#looked(value, path);
    if (ts.isReturnStatement(parent)) return this.#returned(ownerOf(parent), path);
    if (ts.isArrowFunction(parent)) return this.#returned(parent, path);
    if (ts.isTemplateSpan(parent)) return this.#derived(parent.parent, value, path);
    if (ts.isVariableDeclaration(parent)) return this.#declared(parent, value, path);
    if (ts.isParameter(parent)) return this.#bound(parent.name, parent, { value, path });
    if (ts.isPropertyAccessExpression(parent) || ts.isElementAccessExpression(parent)) {
      return parent.expression === value ? this.#member(parent, value, path) : USED;
    }
    if (ts.isCallExpression(parent) || ts.isNewExpression(parent)) {
      return parent.expression === value ? USED : this.#argument(parent, value, path);
    }
    if (ts.isArrayLiteralExpression(parent)) return this.#element(parent, value, path);
    if (ts.isPropertyAssignment(parent) && parent.initializer === value) {
      const key = nameText(parent.name);
      return key === undefined ? USED : this.#at(parent.parent, [key, ...path]);
    }
    if (ts.isShorthandPropertyAssignment(parent)) {
      return this.#at(parent.parent, [parent.name.text, ...path]);
    }
    return USED;
  }

  #inLoopHead(loop: Ts.ForStatement, value: Ts.Expression): Fate {
    return loop.condition === value ? USED : lost('discarded', ' in the head of a loop', value);
  }

  /** `for (const one of values)`: each of them in turn is what the loop has for a name, or takes apart. */
  #walked({ initializer }: Ts.ForOfStatement, path: Path): Fate | undefined {
    const [next, ...rest] = path;
    if (next === undefined || !ts.isVariableDeclarationList(initializer)) return USED;
    const [declaration] = initializer.declarations;
    if (!declaration || isUsing(declaration)) return USED;
    return this.#bound(declaration.name, declaration, { value: undefined, path: rest });
  }

  #operand(parent: Ts.BinaryExpression, value: Ts.Expression, path: Path): Fate | undefined {
    const { kind } = parent.operatorToken;
    const isLeft = parent.left === value;
    if (isAssignmentOperator(kind)) {
      return isLeft ? USED : best([this.#assigned(parent, path), this.#at(parent, path)]);
    }
    if (kind === ts.SyntaxKind.CommaToken) {
      return isLeft ? lost('discarded', ' in front of a comma', value) : this.#at(parent, path);
    }
    if (!SHORT_CIRCUIT.has(kind)) return this.#derived(parent, value, path);
    if (!isLeft) return this.#at(parent, path);
    // Whether the right side is reached depends on it, and it may be what comes out.
    return best([this.#looked(value, path), isStatement(parent) ? undefined : this.#at(parent, path)]);
  }

  /** An operator makes another value of it. Where nobody takes that, it has not even been looked at. */
  #derived(parent: Ts.Expression, value: Ts.Expression, path: Path): Fate | undefined {
    const fate = this.#at(parent, []);
    return fate?.kind === 'lost' ? fate : this.#looked(value, path);
  }

  #looked(value: Ts.Expression, path: Path): Fate {
    return path.length > 0 ? USED : { kind: 'looked', value, at: value };
  }

  #declared(declaration: Ts.VariableDeclaration, value: Ts.Expression, path: Path): Fate | undefined {
    if (isUsing(declaration)) return USED;
    return this.#bound(declaration.name, declaration, { value, path });
  }

  #assigned(assignment: Ts.BinaryExpression, path: Path): Fate | undefined {
    const target = outermost(assignment.left) === assignment.left ? assignment.left : undefined;
    if (!target) return USED;
    return this.#target(target, assignment, path);
  }

  /** What the value, or what holds it, is assigned to: a variable, a pattern, or a place that somebody reads. */
  #target(target: Ts.Expression, assignment: Ts.BinaryExpression, path: Path): Fate | undefined {
    if (ts.isIdentifier(target)) return this.#variable(target, assignment, path);
    const isArray = ts.isArrayLiteralExpression(target);
    if (!isArray && !ts.isObjectLiteralExpression(target)) return USED;
    const [next, ...rest] = path;
    const fates: (Fate | undefined)[] = [];
    for (const [index, part] of (isArray ? target.elements : target.properties).entries()) {
      const taken = partTaken(part);
      if (taken === 'nothing') continue;
      if (taken === 'all') fates.push(USED);
      else if (next === undefined) fates.push(this.#target(taken.target, assignment, []));
      else if (next === EACH || next === (taken.key ?? String(index))) {
        fates.push(this.#target(taken.target, assignment, rest));
      }
    }
    return best(fates) ?? nothingTaken(path, assignment);
  }

  /** The value under a name, or taken apart by a pattern. */
  #bound(
    name: Ts.BindingName,
    write: Ts.VariableDeclaration | Ts.ParameterDeclaration,
    { value, path }: { readonly value: Ts.Expression | undefined; readonly path: Path },
  ): Fate | undefined {
    if (ts.isIdentifier(name)) return this.#variable(name, write, path);
    const [next, ...rest] = path;
    const fates: (Fate | undefined)[] = [];
    for (const [index, element] of name.elements.entries()) {
      if (!ts.isBindingElement(element)) continue;
      const isArray = ts.isArrayBindingPattern(name);
      const key = isArray ? String(index) : nameText(element.propertyName ?? element.name);
      if (element.dotDotDotToken || key === undefined)
        fates.push(this.#bound(element.name, write, { value, path }));
      else if (next === undefined) fates.push(this.#part(element, write, value ?? name));
      else if (next === key || next === EACH) {
        fates.push(this.#bound(element.name, write, { value: undefined, path: rest }));
      }
    }
    return best(fates) ?? nothingTaken(path, write);
  }

  /** One property that a pattern takes out of the value: it is used for as much as the property is. */
  #part(
    element: Ts.BindingElement,
    write: Ts.VariableDeclaration | Ts.ParameterDeclaration,
    value: Ts.Expression | Ts.BindingPattern,
  ): Fate | undefined {
    const fate = this.#bound(element.name, write, { value: undefined, path: [] });
    if (fate?.kind === 'lost' || this.#isCallable(element)) return fate;
    return { kind: 'looked', value, at: element };
  }

  #isCallable(element: Ts.BindingElement): boolean {
    return ts.isIdentifier(element.name) && this.#code.typeOf(element.name)?.callable === true;
  }

  #variable(name: Ts.Identifier, write: Ts.Node, path: Path = []): Fate | undefined {
    const declared = declaredName(name);
    if (!declared) return USED;
    const uses = variableUses(declared);
    if (uses.isExported) return USED;
    if (uses.reads.length === 0) return lost('unread', ` in ${name.text}, which nothing reads`, name);
    const reads = readsAfter(write, uses);
    if (reads.length === 0) {
      return lost('unread', ` in ${name.text}, which gets another value before it is read`, name);
    }
    const fate = best(lazily(reads, (read) => this.#at(read, path)));
    if (fate || path.length === 0) return fate;
    return passedOver(` in ${name.text}, out of which nothing takes it`, name);
  }

  #member(
    access: Ts.PropertyAccessExpression | Ts.ElementAccessExpression,
    value: Ts.Expression,
    path: Path,
  ): Fate | undefined {
    const name = memberName(access);
    const key = name && nameText(name);
    const call = callWith(access);
    if (call && key === 'then') return this.#then(call, path);
    if (call && (key === 'catch' || key === 'finally')) return this.#at(call, path);
    if (path.length > 0) return this.#held(access, { key, path, isCalled: call !== undefined });
    if (call) return USED;
    const fate = this.#at(access, []);
    if (fate?.kind === 'lost' || (name && this.#code.typeOf(name)?.callable === true)) return fate;
    return { kind: 'looked', value, at: access };
  }

  /** A member of what holds the value: the value, or what has nothing to do with it. */
  #held(
    access: Ts.PropertyAccessExpression | Ts.ElementAccessExpression,
    {
      key,
      path,
      isCalled,
    }: { readonly key: string | undefined; readonly path: Path; readonly isCalled: boolean },
  ): Fate | undefined {
    const [next, ...rest] = path;
    const index = ts.isElementAccessExpression(access) ? access.argumentExpression : undefined;
    if (index && !ts.isStringLiteralLike(index)) {
      return next === EACH || !ts.isNumericLiteral(index) || index.text === next
        ? this.#at(access, rest)
        : undefined;
    }
    if (key === next) return this.#at(access, rest);
    // What its methods do with it is not known.
    return isCalled ? USED : undefined;
  }

  /** `promise.then(callback)`: the callback has the value, or it goes on with the promise. */
  #then(call: Ts.CallExpression, path: Path): Fate | undefined {
    const [onValue] = call.arguments;
    const callback = onValue && skipParentheses(onValue);
    if (!callback || isNothing(callback)) return this.#at(call, path);
    const bodies = this.#callees.functionsOf(callback, Frames.none);
    return bodies.length > 0 ? best(lazily(bodies, (fn) => this.#given(fn, callback, path))) : USED;
  }

  /** The value that a callback of `then` is called with. */
  #given(fn: FunctionNode, callback: Ts.Node, path: Path): Fate | undefined {
    if (parametersOf(fn).length > 0 || readsArguments(fn)) return this.#parameter(fn, 0, path);
    return lost('discarded', '', callback);
  }

  #element(array: Ts.ArrayLiteralExpression, value: Ts.Expression, path: Path): Fate | undefined {
    const before = array.elements.slice(0, array.elements.indexOf(value));
    const index = before.some(ts.isSpreadElement) ? EACH : String(before.length);
    return this.#at(array, [index, ...path]);
  }

  #argument(call: Ts.CallExpression | Ts.NewExpression, value: Ts.Expression, path: Path): Fate | undefined {
    const index = argumentsOf(call).indexOf(value);
    if (ts.isCallExpression(call)) {
      const name = rightmostName(call.expression);
      const text = name && nameText(name);
      if (name && text !== undefined && handsOnArgument(text, this.#code.entities(name))) {
        return this.#at(call, text === 'any' || text === 'race' ? path.slice(1) : path);
      }
    }
    const fates = this.#bodies(call).map((fn) => this.#parameter(fn, index, path));
    const losses = fates.flatMap((fate) => (fate?.kind === 'lost' ? [fate.loss] : []));
    const [first] = losses;
    if (!first || losses.length < fates.length) return USED;
    return { kind: 'lost', loss: { ...first, kind: 'ignored', how: nameOfCallee(call), at: call } };
  }

  /** The functions that a call may run: those that override a method as well. */
  #bodies(call: Ts.CallExpression | Ts.NewExpression): readonly FunctionNode[] {
    const bodies = this.#callees.bodies(call, Frames.none);
    return [...new Set(bodies.flatMap((fn) => [fn, ...heirsOf(fn, this.#code).filter(isFunctionNode)]))];
  }

  #parameter(fn: FunctionNode, index: number, path: Path): Fate | undefined {
    const parameter = parametersOf(fn)[index];
    const isKnown = parameter && !parameter.dotDotDotToken && !readsArguments(fn);
    if (!isKnown || ts.isParameterPropertyDeclaration(parameter, fn)) return USED;
    return this.#bound(parameter.name, parameter, { value: undefined, path });
  }

  #returned(owner: Ts.Node, path: Path): Fate | undefined {
    if (!isFunctionNode(owner)) return USED;
    if (isGenerator(owner)) return USED;
    return isFunctionExpression(owner) && !isNamed(owner)
      ? this.#resultOf(owner, path)
      : { kind: 'returned', by: owner, path };
  }

  /** What becomes of the results of a function that is known by its place alone. */
  #resultOf(fn: Ts.Expression, path: Path): Fate | undefined {
    const value = outermost(fn) as Ts.Expression;
    const { parent } = value;
    if (ts.isCallExpression(parent) && parent.expression === value) return this.#at(parent, path);
    if (ts.isPropertyAccessExpression(parent) && parent.expression === value)
      return this.#resultOfMember(parent, path);
    if (!ts.isCallExpression(parent) && !ts.isNewExpression(parent)) return USED;
    return this.takenBy(parent, argumentsOf(parent).indexOf(value), path);
  }

  /** `(() => …).call()`, `(() => …).bind(this)` */
  #resultOfMember(access: Ts.PropertyAccessExpression, path: Path): Fate | undefined {
    const call = access.parent;
    if (!ts.isCallExpression(call) || call.expression !== access) return USED;
    if (access.name.text === 'bind') return this.#resultOf(call, path);
    return access.name.text === 'call' || access.name.text === 'apply' ? this.#at(call, path) : USED;
  }

  /** What becomes of the results of a function that a call is given. */
  takenBy(call: Ts.CallExpression | Ts.NewExpression, index: number, path: Path = []): Fate | undefined {
    if (isRunByReflection(call, index)) return this.#at(call, path);
    const bodies = this.#bodies(call);
    if (bodies.length > 0) return best(lazily(bodies, (fn) => this.#callback(fn, index, { call, path })));
    const name = rightmostName(call.expression);
    const text = name && nameText(name);
    if (!name || text === undefined) return USED;
    const entities = this.#code.entities(name);
    if (ts.isNewExpression(call)) return isPromise(entities) ? lost('ignored', '`new Promise`', call) : USED;
    switch (takingOf(text, index, entities)) {
      case 'drops':
        return lost('ignored', `\`${text}\``, call);
      case 'looks':
        return path.length > 0 ? USED : this.#decidedBy(call, text);
      case 'hands-on':
        return this.#at(
          call,
          text === 'map' || text === 'from' || text === 'fromAsync' ? [EACH, ...path] : path,
        );
      default:
        return USED;
    }
  }

  /** `filter` decides what is in a list, for whoever takes that; others decide how far they go as well. */
  #decidedBy(call: Ts.CallExpression, method: string): Fate {
    const fate = method === 'filter' ? this.#at(call, []) : undefined;
    return fate?.kind === 'lost' ? fate : { kind: 'looked', value: undefined, at: call };
  }

  /** What a function of the program does with the results of a parameter. */
  #callback(fn: FunctionNode, index: number, entered: Entered): Fate | undefined {
    const parameter = parametersOf(fn)[index];
    if (!parameter || parameter.dotDotDotToken || !ts.isIdentifier(parameter.name)) return USED;
    if (ts.isParameterPropertyDeclaration(parameter, fn)) return USED;
    const key = `${this.#code.key(parameter)}()`;
    if (this.#open.has(key)) return undefined;
    this.#open.add(key);
    const { reads } = variableUses(parameter.name);
    const fate = best(lazily(reads, (read) => this.#callbackAt(read, fn, entered)));
    this.#open.delete(key);
    // One that is never called gives no result.
    return fate ?? USED;
  }

  #callbackAt(read: Ts.Expression, fn: FunctionNode, { call, path }: Entered): Fate | undefined {
    const value = outermost(read);
    const { parent } = value;
    const isLookedAt =
      ts.isIfStatement(parent) || ts.isBinaryExpression(parent) || ts.isTypeOfExpression(parent);
    if (isLookedAt) return undefined;
    const fate = this.#resultOf(read, path);
    if (fate?.kind === 'returned' && fate.by === fn) return this.#at(call, fate.path);
    if (fate?.kind !== 'lost') return fate;
    return { kind: 'lost', loss: { ...fate.loss, kind: 'ignored', how: nameOfCallee(call) } };
  }
}

/** The call that a function was entered by, and how to get to the value from what its callback returns. */
interface Entered {
  readonly call: Ts.CallExpression | Ts.NewExpression;
  readonly path: Path;
}

/** A pattern that takes nothing at all, or other things than the value out of what holds it. */
function nothingTaken(path: Path, at: Ts.Node): Fate {
  const how = ' where nothing is taken out of it';
  return path.length > 0 ? passedOver(how, at) : lost('unread', how, at);
}

import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import type { CfgOwner } from '../cfg.ts';
import {
  type Code,
  hasBody,
  isImport,
  memberName,
  nameText,
  ownMember,
  rightmostName,
  skipParentheses,
} from '../code.ts';
import { hasModifier, isFunctionExpression } from '../shapes.ts';
import { thisOwner } from '../this-owner.ts';
import { idOf } from './keys.ts';
import { frameOf } from './links.ts';
import type { Frame, Point } from './stale-frames.ts';
import type { StaleJudge } from './stale-judge.ts';
import {
  allReadings,
  flattened,
  joinKnown,
  type Known,
  type KnownFunction,
  NO_READINGS,
  NOTHING_KNOWN,
  type Reading,
  type StatePlace,
  union,
  withReadings,
} from './stale-values.ts';
import { stateMethod } from './state-methods.ts';

/** Runs functions where an expression calls one without a word: a getter. */
export interface Caller {
  readonly call: (callee: KnownFunction, args: readonly Known[], node: Ts.Node, point: Point) => Known;
}

/** Works out what is known of expressions, and takes note of the state that they read and write. */
export class StaleEvaluator {
  readonly #code: Code;
  readonly #judge: StaleJudge;
  readonly #caller: Caller;
  /** The left side of a sum that is written back to where it comes from. */
  #ownOperand: Ts.Node | undefined;

  constructor(code: Code, judge: StaleJudge, caller: Caller) {
    this.#code = code;
    this.#judge = judge;
    this.#caller = caller;
  }

  /** The value of an expression that is made use of. */
  value(node: Ts.Expression, point: Point): Known {
    return this.#evaluated(node, point, 'value');
  }

  /** An expression that is only gone through, to something inside of it. */
  reference(node: Ts.Expression, point: Point): Known {
    return this.#evaluated(node, point, 'reference');
  }

  #evaluated(node: Ts.Expression, point: Point, use: Use): Known {
    const bare = skipParentheses(node) as Ts.Expression;
    const done = point.state.values.get(bare);
    if (done) return done;
    if (ts.isIdentifier(bare)) return this.#identifier(bare, point, use);
    if (ts.isPropertyAccessExpression(bare) || ts.isElementAccessExpression(bare)) {
      return this.#member(bare, point, use);
    }
    return this.#other(bare, point);
  }

  /** What depends on all that a collection holds. */
  elements(node: Ts.Expression, point: Point): Known {
    const known = this.reference(node, point);
    const contents = contentsOf(known.path, node);
    const readings = contents && !known.parts ? this.#judge.reads(contents, node, point) : NO_READINGS;
    return { path: undefined, readings: union(allReadings(known), readings) };
  }

  /** `this` where a function is written down, or in it. */
  thisAt(node: Ts.Node, { state }: Point): Known | undefined {
    const owner = thisOwner(node);
    return owner ? (state.selves.get(owner) ?? { path: 'this', readings: NO_READINGS }) : undefined;
  }

  /** The functions that a callee may be. */
  functions(node: Ts.Expression, point: Point): readonly KnownFunction[] {
    const callee = skipParentheses(node) as Ts.Expression;
    if (isFunctionExpression(callee)) return [{ fn: callee, self: undefined }];
    if (ts.isIdentifier(callee)) {
      const known = this.#identifier(callee, point, 'reference').functions;
      if (known) return known;
    }
    const name = rightmostName(callee);
    if (!name) return [];
    const self = ts.isPropertyAccessExpression(callee) ? this.reference(callee.expression, point) : undefined;
    const member = self?.parts?.get(nameText(name) ?? '')?.functions;
    if (member) return member;
    const found: KnownFunction[] = [];
    for (const entity of this.#code.entities(name)) {
      if (entity.kind !== 'node') continue;
      const fn = functionIn(entity.node);
      for (const one of fn ? [fn] : this.#implementations(entity.node)) found.push({ fn: one, self });
    }
    return found;
  }

  /** What a method without a body may be, where there are few that it can be. */
  #implementations(node: Ts.Node): readonly CfgOwner[] {
    const { parent } = node;
    const isMember = parent && (ts.isInterfaceDeclaration(parent) || ts.isClassLike(parent));
    const { name } = node as { name?: Ts.Node };
    const text = name && nameText(name);
    if (!isMember || text === undefined) return [];
    const found = this.#code.subtypes(parent).flatMap((heir) => {
      const member = ownMember(heir, text);
      return (member && functionIn(member)) ?? [];
    });
    return found.length <= MAX_IMPLEMENTATIONS ? found : [];
  }

  /** Binds the names of a pattern. */
  bind(name: Ts.BindingName, declaration: Ts.Node, value: Known, point: Point): void {
    const { values } = point.state;
    if (ts.isIdentifier(name)) {
      const isPlain = value.path === undefined && !value.functions && !value.parts;
      values.set(declaration, isPlain ? { ...value, path: `v${idOf(declaration)}` } : value);
      return;
    }
    for (const [index, element] of name.elements.entries()) {
      if (!ts.isBindingElement(element)) continue;
      const key = element.propertyName ?? element.name;
      const member = ts.isArrayBindingPattern(name) ? `${index}` : nameText(key);
      let part = member === undefined ? undefined : this.#part(value, member, element, point);
      part ??= { path: undefined, readings: allReadings(value) };
      if (element.initializer) part = withReadings(part, allReadings(this.value(element.initializer, point)));
      this.bind(element.name, element, part, point);
    }
  }

  /** An assignment, with its effect. */
  assign(node: Ts.BinaryExpression, point: Point): Known {
    const { operatorToken, left } = node;
    const target = skipParentheses(left) as Ts.Expression;
    const isPlain = operatorToken.kind === ts.SyntaxKind.EqualsToken;
    const isLogical = LOGICAL.has(operatorToken.kind);
    const own = isPlain ? operandLike(target, node.right) : undefined;
    this.#ownOperand = own;
    const given = this.value(node.right, point);
    this.#ownOperand = undefined;
    if (isLogical) this.value(target, point);
    const isSum = own !== undefined || (!isPlain && !isLogical);
    this.#write(target, given, isSum ? 'sum' : 'value', node, point);
    return given;
  }

  /** A call of a method of a collection; undefined if it is none. */
  method(
    node: Ts.CallExpression,
    receiver: Ts.Expression,
    name: string,
    args: readonly Known[],
    point: Point,
  ): Known | undefined {
    const method = stateMethod(name);
    if (!method) return undefined;
    const object = this.reference(receiver, point);
    const [key] = args;
    let given: ReadonlySet<Reading> = NO_READINGS;
    for (const arg of args) given = union(given, allReadings(arg));
    const place = method.isKeyed
      ? this.#elementOf(object.path, receiver, node.arguments[0], key)
      : contentsOf(object.path, receiver);
    const isStateful = place !== undefined && isShared(object.path, point.frame);
    if (method.kind === 'read') {
      const isRead = isStateful && !isOperandOfItsOwn(node);
      const found = isRead ? this.#judge.reads(place, node, point, method.isPresence) : NO_READINGS;
      const path = method.isKeyed && place ? `${place.owner}${place.member}` : undefined;
      return { path, readings: union(union(allReadings(object), found), given) };
    }
    const isTake = method.kind === 'take';
    if (!isStateful) this.#grow(receiver, union(given, point.state.deciding()), point);
    else {
      // What is taken out is looked at, unless the code is sure that there is something.
      const isLookedAt =
        isTake && !ts.isExpressionStatement(node.parent) && !ts.isNonNullExpression(node.parent);
      if (isLookedAt) this.#judge.reads(place, node, point);
      const data = args.slice(method.valueAt ?? args.length);
      let readings: ReadonlySet<Reading> = NO_READINGS;
      for (const one of data) readings = union(readings, allReadings(one));
      this.#judge.writes({
        place,
        node,
        point,
        readings: method.isRemoval && key ? union(readings, allReadings(key)) : readings,
        kind: method.isRemoval ? 'removal' : 'contents',
      });
    }
    return { path: undefined, readings: isTake ? allReadings(object) : NO_READINGS };
  }

  // -- names and members

  #identifier(node: Ts.Identifier, point: Point, use: Use): Known {
    const local = resolveLocal(node);
    if (!local) return NOTHING_KNOWN;
    const declaration = isImport(local) ? this.#code.declarationNode(node) : local;
    if (!declaration) return NOTHING_KNOWN;
    const fn = functionIn(declaration);
    if (fn) return { path: undefined, readings: NO_READINGS, functions: [{ fn, self: undefined }] };
    const known = point.state.values.get(declaration);
    if (known && !(ts.isVariableDeclaration(declaration) && isOutside(declaration, point.frame)))
      return known;
    const path = `g${idOf(declaration)}`;
    const place = variablePlace(declaration, node.text);
    if (use === 'value' && place && isOutside(declaration, point.frame)) {
      return { path, readings: this.#judge.reads(place, node, point) };
    }
    return { path, readings: NO_READINGS };
  }

  #member(node: Ts.PropertyAccessExpression | Ts.ElementAccessExpression, point: Point, use: Use): Known {
    const object = this.reference(node.expression, point);
    const name = memberName(node);
    const text = name && nameText(name);
    if (text === undefined) {
      const argument = (node as Ts.ElementAccessExpression).argumentExpression;
      const key = this.value(argument, point);
      const place = this.#elementOf(object.path, node.expression, argument, key);
      const readings = union(allReadings(object), allReadings(key));
      if (!place || !isShared(object.path, point.frame)) return { path: undefined, readings };
      const found = use === 'value' ? this.#judge.reads(place, node, point) : NO_READINGS;
      return { path: place.owner + place.member, readings: union(readings, found) };
    }
    const part = this.#part(object, text, node, point, use);
    return part ?? { path: undefined, readings: allReadings(object) };
  }

  /** A member of a value: what it was given, what a getter returns, or a part of the state. */
  #part(object: Known, text: string, node: Ts.Node, point: Point, use: Use = 'value'): Known | undefined {
    const own = object.parts?.get(text);
    if (own) return own;
    if (object.parts) return { path: undefined, readings: object.readings };
    const name = nameNode(node);
    const [entity] = name ? this.#code.entities(name) : [];
    const declared = entity?.kind === 'node' ? entity.node : undefined;
    if (declared && ts.isGetAccessor(declared)) {
      return this.#caller.call({ fn: declared, self: object }, [], node, point);
    }
    const fn = declared && functionIn(declared);
    if (fn) return { path: undefined, readings: NO_READINGS, functions: [{ fn, self: object }] };
    if (object.path === undefined) return { path: undefined, readings: object.readings };
    const isContents = !declared && (text === 'size' || text === 'length');
    const place: StatePlace | undefined = isContents
      ? contentsOf(object.path, (node as Ts.PropertyAccessExpression).expression ?? node)
      : { owner: object.path, member: `.${text}`, name: text };
    const path = `${object.path}.${text}`;
    const isFixed = declared !== undefined && isConstant(declared);
    const isState = place !== undefined && isShared(object.path, point.frame);
    if (!isState || use === 'reference' || isFixed || node === this.#ownOperand) {
      return { path, readings: object.readings };
    }
    return { path, readings: union(object.readings, this.#judge.reads(place, node, point)) };
  }

  #elementOf(
    path: string | undefined,
    receiver: Ts.Expression,
    node: Ts.Expression | undefined,
    key: Known | undefined,
  ): StatePlace | undefined {
    const whole = contentsOf(path, receiver);
    if (!whole || !node) return undefined;
    const bare = skipParentheses(node);
    const text = ts.isStringLiteralLike(bare) || ts.isNumericLiteral(bare) ? `"${bare.text}"` : key?.path;
    return { ...whole, member: whole.member.replace(/\[\*\]$/, `[${text ?? `?${idOf(node)}`}]`) };
  }

  // -- other expressions

  #other(node: Ts.Expression, point: Point): Known {
    if (node.kind === ts.SyntaxKind.ThisKeyword) return this.thisAt(node, point) ?? NOTHING_KNOWN;
    if (isFunctionExpression(node)) {
      return { path: undefined, readings: NO_READINGS, functions: [{ fn: node, self: undefined }] };
    }
    if (ts.isAwaitExpression(node)) return this.value(node.expression, point);
    if (ts.isObjectLiteralExpression(node)) return this.#object(node, point);
    if (ts.isArrayLiteralExpression(node)) return this.#array(node, point);
    if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) {
      const { operator, operand } = node;
      if (operator !== ts.SyntaxKind.PlusPlusToken && operator !== ts.SyntaxKind.MinusMinusToken) {
        return { path: undefined, readings: allReadings(this.value(operand, point)) };
      }
      const target = skipParentheses(operand) as Ts.Expression;
      const isUsed = !ts.isExpressionStatement(node.parent) && !ts.isForStatement(node.parent);
      this.#write(target, NOTHING_KNOWN, 'sum', node, point);
      return isUsed ? { path: undefined, readings: allReadings(this.value(target, point)) } : NOTHING_KNOWN;
    }
    if (ts.isDeleteExpression(node)) {
      this.#write(skipParentheses(node.expression) as Ts.Expression, NOTHING_KNOWN, 'removal', node, point);
      return NOTHING_KNOWN;
    }
    let readings: ReadonlySet<Reading> = NO_READINGS;
    const visit = (part: Ts.Node): void => {
      if (ts.isTypeNode(part) || ts.isFunctionLike(part) || ts.isClassLike(part)) return;
      if (ts.isExpression(part)) readings = union(readings, allReadings(this.value(part, point)));
      else ts.forEachChild(part, visit);
    };
    // A call that has not been performed on this way has no value.
    if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) ts.forEachChild(node, visit);
    return { path: undefined, readings };
  }

  #object(node: Ts.ObjectLiteralExpression, point: Point): Known {
    const parts = new Map<string, Known>();
    let readings: ReadonlySet<Reading> = NO_READINGS;
    for (const property of node.properties) {
      if (ts.isSpreadAssignment(property)) {
        const spread = this.reference(property.expression, point);
        for (const [name, part] of spread.parts ?? []) parts.set(name, part);
        const whole = this.value(property.expression, point);
        readings = union(readings, whole.readings);
      } else {
        const name = property.name && nameText(property.name);
        const value = ts.isPropertyAssignment(property)
          ? this.value(property.initializer, point)
          : ts.isShorthandPropertyAssignment(property)
            ? this.#shorthand(property, point)
            : NOTHING_KNOWN;
        if (name !== undefined) parts.set(name, value);
        else readings = union(readings, allReadings(value));
      }
    }
    return flattened({ path: undefined, readings, parts });
  }

  #shorthand({ name }: Ts.ShorthandPropertyAssignment, point: Point): Known {
    return this.#identifier(name, point, 'value');
  }

  #array(node: Ts.ArrayLiteralExpression, point: Point): Known {
    const parts = new Map<string, Known>();
    let readings: ReadonlySet<Reading> = NO_READINGS;
    for (const [index, element] of node.elements.entries()) {
      if (ts.isSpreadElement(element)) {
        readings = union(readings, this.elements(element.expression, point).readings);
      } else parts.set(`${index}`, this.value(element, point));
    }
    const isPlain = readings.size === 0;
    let all = readings;
    if (!isPlain) for (const part of parts.values()) all = union(all, allReadings(part));
    return isPlain ? flattened({ path: undefined, readings, parts }) : { path: undefined, readings: all };
  }

  // -- effects

  #write(
    target: Ts.Expression,
    given: Known,
    how: 'value' | 'sum' | 'removal',
    node: Ts.Node,
    point: Point,
  ): void {
    if (ts.isIdentifier(target)) return this.#writeVariable(target, given, how, node, point);
    if (ts.isArrayLiteralExpression(target)) {
      for (const element of target.elements) {
        this.#write(
          skipParentheses(element) as Ts.Expression,
          { ...given, parts: undefined, readings: allReadings(given) },
          how,
          node,
          point,
        );
      }
      return;
    }
    if (!ts.isPropertyAccessExpression(target) && !ts.isElementAccessExpression(target)) return;
    const object = this.reference(target.expression, point);
    const name = memberName(target);
    const text = name && nameText(name);
    if (!isShared(object.path, point.frame) || object.path === undefined) {
      this.#grow(target.expression, allReadings(given), point);
      return;
    }
    let place: StatePlace | undefined;
    if (text === undefined) {
      const argument = (target as Ts.ElementAccessExpression).argumentExpression;
      place = this.#elementOf(object.path, target.expression, argument, this.value(argument, point));
    } else if (text === 'length') place = contentsOf(object.path, target.expression);
    else place = { owner: object.path, member: `.${text}`, name: text };
    if (!place) return;
    if (how !== 'removal') this.#judge.keeps(given, node, point);
    this.#judge.writes({ place, node, point, readings: allReadings(given), kind: how });
  }

  #writeVariable(
    target: Ts.Identifier,
    given: Known,
    how: 'value' | 'sum' | 'removal',
    node: Ts.Node,
    point: Point,
  ): void {
    const local = resolveLocal(target);
    const declaration = local && isImport(local) ? this.#code.declarationNode(target) : local;
    if (!declaration) return;
    if (isOutside(declaration, point.frame)) {
      const place = variablePlace(declaration, target.text);
      if (!place) return;
      this.#judge.keeps(given, node, point);
      this.#judge.writes({ place, node, point, readings: allReadings(given), kind: how });
      return;
    }
    const before = point.state.values.get(declaration);
    // What decides that the function of the variable runs at all decides over all that the variable may be.
    const decided = withReadings(given, point.state.deciding(ownFrame(declaration, point.frame)?.key));
    const path = decided.path ?? `v${idOf(declaration)}.${idOf(node)}`;
    const next = { ...decided, path };
    point.state.values.set(declaration, how === 'sum' && before ? joinKnown(before, next) : next);
  }

  /** Something was put into what a variable holds. */
  #grow(receiver: Ts.Expression, readings: ReadonlySet<Reading>, { state }: Point): void {
    if (readings.size === 0) return;
    let root = skipParentheses(receiver) as Ts.Expression;
    while (ts.isPropertyAccessExpression(root) || ts.isElementAccessExpression(root)) {
      root = skipParentheses(root.expression) as Ts.Expression;
    }
    const declaration = ts.isIdentifier(root) ? resolveLocal(root) : undefined;
    const known = declaration && state.values.get(declaration);
    if (declaration && known) state.values.set(declaration, withReadings(known, readings));
  }
}

/** Of so many classes that implement a method, each may be meant. */
const MAX_IMPLEMENTATIONS = 4;

type Use = 'value' | 'reference';

const LOGICAL: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.QuestionQuestionEqualsToken,
  ts.SyntaxKind.BarBarEqualsToken,
  ts.SyntaxKind.AmpersandAmpersandEqualsToken,
]);

/** All that a collection at a path holds; `node` is how the code gets to it. */
function contentsOf(path: string | undefined, node: Ts.Node): StatePlace | undefined {
  if (path === undefined) return undefined;
  const dot = lastDot(path);
  const owner = dot < 0 ? '' : path.slice(0, dot);
  const member = dot < 0 ? path : path.slice(dot);
  const name = rightmostName(skipParentheses(node));
  return { owner, member: `${member}[*]`, name: (name && nameText(name)) ?? 'it' };
}

/** Where the last member of a path begins; dots in its keys do not count. */
function lastDot(path: string): number {
  let depth = 0;
  for (let at = path.length - 1; at >= 0; at -= 1) {
    if (path[at] === ']') depth += 1;
    else if (path[at] === '[') depth -= 1;
    else if (path[at] === '.' && depth === 0) return at;
  }
  return -1;
}

/** `this.x` on the left side of `this.x = this.x + 1`, where it stands in the sum. */
function operandLike(target: Ts.Expression, value: Ts.Expression): Ts.Node | undefined {
  const sum = skipParentheses(value);
  if (!ts.isBinaryExpression(sum) || !SUMS.has(sum.operatorToken.kind)) return undefined;
  const text = target.getText();
  return [sum.left, sum.right].map(withoutDefault).find((side) => side.getText() === text);
}

/** `rows.get(key)` in `rows.set(key, (rows.get(key) ?? 0) + 1)`: what is added to. */
function isOperandOfItsOwn(node: Ts.CallExpression): boolean {
  let sum: Ts.Node = node;
  while (!(ts.isBinaryExpression(sum) && SUMS.has(sum.operatorToken.kind))) {
    const { parent } = sum;
    const isDefaulted = ts.isBinaryExpression(parent) && parent.left === sum;
    if (!isDefaulted && !ts.isParenthesizedExpression(parent) && !ts.isNonNullExpression(parent)) {
      if (!ts.isBinaryExpression(parent) || !SUMS.has(parent.operatorToken.kind)) return false;
    }
    sum = parent;
  }
  const call = sum.parent;
  if (!ts.isCallExpression(call) || call.arguments[1] !== sum) return false;
  const [key] = call.arguments;
  return (
    call.expression.getText() === node.expression.getText().replace(/\.get$/, '.set') &&
    key?.getText() === node.arguments[0]?.getText()
  );
}

function withoutDefault(node: Ts.Expression): Ts.Node {
  const bare = skipParentheses(node);
  const isDefaulted =
    ts.isBinaryExpression(bare) && bare.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken;
  return isDefaulted ? skipParentheses(bare.left) : bare;
}

const SUMS: ReadonlySet<Ts.SyntaxKind> = new Set([ts.SyntaxKind.PlusToken, ts.SyntaxKind.MinusToken]);

function functionIn(node: Ts.Node): CfgOwner | undefined {
  if (ts.isFunctionLike(node)) {
    return hasBody(node) && !ts.isConstructorDeclaration(node) && !ts.isAccessor(node)
      ? (node as CfgOwner)
      : undefined;
  }
  if (!ts.isVariableDeclaration(node) && !ts.isPropertyDeclaration(node) && !ts.isPropertyAssignment(node)) {
    return undefined;
  }
  const value = node.initializer && skipParentheses(node.initializer);
  if (!value || !isFunctionExpression(value)) return undefined;
  const isFixed = !ts.isVariableDeclaration(node) || (node.parent.flags & ts.NodeFlags.Const) !== 0;
  return isFixed ? value : undefined;
}

function nameNode(node: Ts.Node) {
  if (ts.isBindingElement(node)) {
    const key = node.propertyName ?? node.name;
    return ts.isIdentifier(key) ? key : undefined;
  }
  return memberName(node);
}

/** A variable that may change and that is no function's own on this walk. */
function isOutside(declaration: Ts.Node, frame: Frame): boolean {
  return ownFrame(declaration, frame) === undefined;
}

/** The call on this walk that a variable belongs to. */
function ownFrame(declaration: Ts.Node, frame: Frame): Frame | undefined {
  const owner = frameOf(declaration);
  if (ts.isSourceFile(owner)) return undefined;
  let at: Frame | undefined = frame;
  while (at && at.fn !== owner) at = at.parent;
  return at;
}

function variablePlace(declaration: Ts.Node, name: string): StatePlace | undefined {
  if (!ts.isVariableDeclaration(declaration)) return undefined;
  if ((declaration.parent.flags & ts.NodeFlags.Const) !== 0) return undefined;
  return { owner: `scope ${idOf(frameOf(declaration))}`, member: `.${idOf(declaration)}`, name };
}

/** Whether what a path leads to may be known to others: everything but what a function has made for itself. */
function isShared(path: string | undefined, frame: Frame): boolean {
  return path !== undefined && frame !== undefined && !path.startsWith('v');
}

/** Whether a member has one value for good: it is read-only, or one of an enum or of a literal `as const`. */
function isConstant(declared: Ts.Node): boolean {
  if (hasModifier(declared, ts.SyntaxKind.ReadonlyKeyword) || ts.isEnumMember(declared)) return true;
  const literal = declared.parent;
  if (!literal || !ts.isObjectLiteralExpression(literal)) return false;
  const { parent } = literal;
  return ts.isAsExpression(parent) && ts.isConstTypeReference(parent.type);
}

import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import {
  type Code,
  isParameterProperty,
  memberName,
  type NameNode,
  nameText,
  skipParentheses,
} from '../code.ts';
import { hasModifier, isPrivateMember } from '../shapes.ts';
import { callSitesOf } from './call-sites.ts';
import { fieldAssignments } from './field-assignments.ts';
import { containerDepth, functionType } from './function-types.ts';
import { storesTo } from './stores.ts';
import { isResolver } from './unknown-callees.ts';

/** Where a function that is called comes from: a parameter, or a field or variable that keeps it. */
export type Origin = ParameterOrigin | SlotOrigin;

/** A parameter, or a part of what it is given: whoever calls its function hands it in. */
export interface ParameterOrigin {
  readonly kind: 'parameter';
  readonly parameter: Ts.ParameterDeclaration;
  /** The names that lead from the parameter to the function: `onDone` of `{ onDone }`. */
  readonly parts: readonly string[];
  /** The member that declares the function, where it is a part. */
  readonly slot: Ts.Node | undefined;
}

export interface SlotOrigin {
  readonly kind: 'slot';
  readonly slot: Ts.Node;
  /** Where the object comes from whose member it is, if that is known. */
  readonly of: Origin | undefined;
}

/** Values are followed through so many names. */
const MAX_STEPS = 12;

/**
 * Follows functions that are called back to what keeps them, by the syntax: through variables, containers, patterns and
 * the callbacks of loops. What the author wrote on the spot, or declared by name, has no origin: it can be seen.
 */
export class CallbackOrigins {
  readonly #code: Code;
  readonly #known = new Map<Ts.Node, Origin | undefined>();
  readonly #foreign = new Map<Ts.Node, boolean>();

  constructor(code: Code) {
    this.#code = code;
  }

  /** The origin of a function, or of a container or object of functions. */
  of(expression: Ts.Expression): Origin | undefined {
    if (!this.#known.has(expression)) {
      this.#known.set(expression, undefined);
      this.#known.set(expression, this.#of(expression, 0));
    }
    return this.#known.get(expression);
  }

  /** Whether others than the author may put a function there. */
  isForeign(slot: SlotOrigin): boolean {
    const { of } = slot;
    if (isMemberSignature(slot.slot)) {
      if (of?.kind === 'parameter') return true;
      return of ? this.isForeign(of) : this.#isFilledIn(slot.slot);
    }
    let known = this.#foreign.get(slot.slot);
    if (known === undefined) {
      this.#foreign.set(slot.slot, false);
      known = this.#isForeignSlot(slot.slot);
      this.#foreign.set(slot.slot, known);
    }
    return known;
  }

  /** Whether a value that is put somewhere, or handed in, is not one that the author has written. */
  isForeignValue(value: Ts.Expression): boolean {
    const bare = skipParentheses(value) as Ts.Expression;
    if (ts.isObjectLiteralExpression(bare)) {
      return bare.properties.some((property) => {
        if (ts.isPropertyAssignment(property)) return this.isForeignValue(property.initializer);
        if (ts.isShorthandPropertyAssignment(property)) return this.isForeignValue(property.name);
        return ts.isSpreadAssignment(property) && this.isForeignValue(property.expression);
      });
    }
    if (ts.isArrayLiteralExpression(bare))
      return bare.elements.some((element) => this.isForeignValue(element));
    if (ts.isSpreadElement(bare)) return this.isForeignValue(bare.expression);
    if (ts.isConditionalExpression(bare)) {
      return this.isForeignValue(bare.whenTrue) || this.isForeignValue(bare.whenFalse);
    }
    if (ts.isBinaryExpression(bare) && CHOOSING.has(bare.operatorToken.kind)) {
      return this.isForeignValue(bare.left) || this.isForeignValue(bare.right);
    }
    const origin = this.of(bare);
    if (!origin) return false;
    return origin.kind === 'slot' ? this.isForeign(origin) : this.isForeignParameter(origin.parameter);
  }

  /** A member of the own class that is there for others to fill in. */
  #isFilledIn(slot: Ts.Node): boolean {
    const cls = slot.parent;
    return ts.isClassLike(cls) && this.#code.subtypes(cls).length === 0;
  }

  #isForeignSlot(slot: Ts.Node): boolean {
    if (ts.isParameter(slot)) return true;
    const type = functionType(slot, this.#code);
    const { stores } = storesTo(slot, type?.depth ?? containerDepth(slot), this.#code);
    if (stores.some(({ value }) => this.isForeignValue(value))) return true;
    return type !== undefined && isOpenToAll(slot, type.depth);
  }

  /** The same for a function that was put away: who has called the function around it is not seen there. */
  isForeignCapture(parameter: Ts.ParameterDeclaration): boolean {
    const fn = parameter.parent;
    if (!isInModule(fn)) return this.isForeignParameter(parameter);
    const index = fn.parameters.indexOf(parameter);
    const { sites } = callSitesOf(fn, this.#code);
    if (sites.length === 0) return this.isForeignParameter(parameter);
    return sites.some(({ args }) => args[index] !== undefined && this.isForeignValue(args[index]));
  }

  /** Whether a function may be given other values than those that the author can see at its calls. */
  isForeignParameter(parameter: Ts.ParameterDeclaration): boolean {
    const fn = parameter.parent;
    const known = this.#foreign.get(parameter);
    if (known !== undefined) return known;
    if (isInline(fn)) return false;
    if (isPublic(fn)) return true;
    this.#foreign.set(parameter, false);
    const index = fn.parameters.indexOf(parameter);
    const foreign = callSitesOf(fn, this.#code).sites.some(({ args }) => {
      const given = args[index];
      return given !== undefined && this.isForeignValue(given);
    });
    this.#foreign.set(parameter, foreign);
    return foreign;
  }

  #of(expression: Ts.Node, steps: number): Origin | undefined {
    if (steps > MAX_STEPS) return undefined;
    const bare = skipParentheses(expression);
    const next = (node: Ts.Node): Origin | undefined => this.#of(node, steps + 1);
    if (ts.isIdentifier(bare)) {
      const local = resolveLocal(bare);
      if (!local || isResolver(bare)) return undefined;
      for (const entity of this.#code.entities(bare)) {
        if (entity.kind === 'node') return this.#declared(entity.node, steps + 1);
      }
      return undefined;
    }
    const name = memberName(bare);
    if (name) return this.#member(bare as Ts.PropertyAccessExpression, name, steps + 1);
    if (ts.isElementAccessExpression(bare)) return next(bare.expression);
    if (ts.isAwaitExpression(bare) || ts.isSpreadElement(bare)) return next(bare.expression);
    if (ts.isCallExpression(bare)) return this.#taken(bare, steps + 1);
    if (ts.isNewExpression(bare)) {
      const [source] = bare.arguments ?? [];
      return isContainer(bare.expression) && source ? next(source) : undefined;
    }
    if (ts.isArrayLiteralExpression(bare)) return first(bare.elements, next);
    if (ts.isConditionalExpression(bare)) return next(bare.whenTrue) ?? next(bare.whenFalse);
    if (ts.isBinaryExpression(bare)) {
      const { kind } = bare.operatorToken;
      if (kind === ts.SyntaxKind.AmpersandAmpersandToken || kind === ts.SyntaxKind.EqualsToken)
        return next(bare.right);
      return CHOOSING.has(kind) ? (next(bare.left) ?? next(bare.right)) : undefined;
    }
    return undefined;
  }

  #declared(node: Ts.Node, steps: number): Origin | undefined {
    if (ts.isParameter(node)) {
      const source = iteratedBy(node);
      if (source) return this.#of(source, steps);
      return isInline(node.parent)
        ? undefined
        : { kind: 'parameter', parameter: node, parts: [], slot: undefined };
    }
    if (ts.isBindingElement(node)) return this.#bound(node, steps);
    if (!ts.isVariableDeclaration(node)) {
      return ts.isPropertyAssignment(node) ? this.#of(node.initializer, steps) : undefined;
    }
    const loop = node.parent.parent;
    if (ts.isForOfStatement(loop)) return this.#of(loop.expression, steps);
    const { initializer } = node;
    const origin = initializer && this.#of(initializer, steps);
    const isConst = (ts.getCombinedNodeFlags(node) & ts.NodeFlags.Const) !== 0;
    if (isConst && !(initializer && isFilled(skipParentheses(initializer)))) return origin;
    return { kind: 'slot', slot: node, of: origin };
  }

  /** A name of a pattern: `const { onDone } = this.options`, `({ onDone }: Options) => …`. */
  #bound(node: Ts.BindingElement, steps: number): Origin | undefined {
    const holder = node.parent.parent;
    if (ts.isBindingElement(holder)) return this.#bound(holder, steps);
    const name = nameText(node.propertyName ?? node.name);
    if (ts.isParameter(holder)) {
      const source = iteratedBy(holder);
      if (source) return this.#of(source, steps);
      if (isInline(holder.parent) || name === undefined) return undefined;
      const slot = memberOfType(holder.type, name, this.#code);
      return { kind: 'parameter', parameter: holder, parts: [name], slot };
    }
    const loop = holder.parent.parent;
    if (ts.isForOfStatement(loop)) return this.#of(loop.expression, steps);
    if (!holder.initializer || ts.isArrayBindingPattern(node.parent)) {
      return holder.initializer && this.#of(holder.initializer, steps);
    }
    const source = skipParentheses(holder.initializer);
    if (source.kind === ts.SyntaxKind.ThisKeyword) {
      const cls = ts.findAncestor(node, ts.isClassLike);
      const field = cls && name !== undefined ? this.#code.member(cls, name) : undefined;
      return field && isField(field) ? { kind: 'slot', slot: field, of: undefined } : undefined;
    }
    const of = this.#of(source, steps);
    return of && name !== undefined ? this.#partOf(of, name) : of;
  }

  /** A member of what is kept, or handed in. */
  #partOf(of: Origin, name: string): Origin {
    const declared = of.kind === 'slot' ? of.slot : (of.slot ?? of.parameter);
    const slot = memberOfType((declared as { type?: Ts.TypeNode }).type, name, this.#code);
    if (of.kind === 'parameter') return { ...of, parts: [...of.parts, name], slot };
    return slot ? { kind: 'slot', slot, of } : of;
  }

  #member(access: Ts.PropertyAccessExpression, name: NameNode, steps: number): Origin | undefined {
    const entities = this.#code.entities(name);
    const text = nameText(name) ?? '';
    for (const entity of entities) {
      if (entity.kind !== 'node') continue;
      const { node } = entity;
      if (isField(node)) return { kind: 'slot', slot: node, of: undefined };
      if (isMemberSignature(node)) return this.#signature(access, node, text, steps);
      if (ts.isPropertyAssignment(node)) return this.#of(node.initializer, steps);
      if (ts.isShorthandPropertyAssignment(node)) return this.#of(node.name, steps);
      if (ts.isGetAccessor(node)) return this.#got(node, steps);
    }
    if (entities.some(({ kind }) => kind === 'node')) return undefined;
    return /^(?:call|apply)$/.test(text) ? this.#of(access.expression, steps) : undefined;
  }

  /** A member that a type declares: a function of an object that somebody made. */
  #signature(
    access: Ts.PropertyAccessExpression,
    slot: Ts.Node,
    text: string,
    steps: number,
  ): Origin | undefined {
    const of = this.#of(access.expression, steps);
    if (of?.kind === 'parameter') return { ...of, parts: [...of.parts, text], slot };
    return { kind: 'slot', slot, of };
  }

  #got(getter: Ts.GetAccessorDeclaration, steps: number): Origin | undefined {
    const [only, another] = getter.body?.statements ?? [];
    return only && !another && ts.isReturnStatement(only) && only.expression
      ? this.#of(only.expression, steps)
      : undefined;
  }

  /** What is taken out of a container, or what is made of one. */
  #taken(call: Ts.CallExpression, steps: number): Origin | undefined {
    const callee = skipParentheses(call.expression);
    const name = memberName(callee);
    if (!name || this.#code.entities(name).some(({ kind }) => kind === 'node')) return undefined;
    const text = nameText(name) ?? '';
    const object = (callee as Ts.PropertyAccessExpression).expression;
    const [argument] = call.arguments;
    const isGlobal = ts.isIdentifier(object) && /^(?:Array|Object)$/.test(object.text);
    if (isGlobal) return argument && this.#of(argument, steps);
    return TAKING.has(text) ? this.#of(object, steps) : undefined;
  }
}

/** The member of a name that a type declares. */
function memberOfType(type: Ts.TypeNode | undefined, name: string, code: Code): Ts.Node | undefined {
  if (!type) return undefined;
  const find = (members: readonly Ts.TypeElement[]): Ts.Node | undefined =>
    members.find((member) => member.name !== undefined && nameText(member.name) === name);
  if (ts.isTypeLiteralNode(type)) return find(type.members);
  if (!ts.isTypeReferenceNode(type)) return undefined;
  const named = ts.isIdentifier(type.typeName) ? type.typeName : type.typeName.right;
  for (const entity of code.entities(named)) {
    if (entity.kind !== 'node') {
      const [inner] = type.typeArguments ?? [];
      return inner && TRANSPARENT.has(named.text) ? memberOfType(inner, name, code) : undefined;
    }
    if (ts.isInterfaceDeclaration(entity.node)) return find(entity.node.members);
    if (ts.isTypeAliasDeclaration(entity.node)) return memberOfType(entity.node.type, name, code);
  }
  return undefined;
}

const TRANSPARENT: ReadonlySet<string> = new Set(['Partial', 'Readonly', 'Required', 'NonNullable']);

/** A call that tells listeners of which nothing is known: `bus.emit('done')`. */
export function isEmit(callee: Ts.Node, code: Code): boolean {
  const name = memberName(callee);
  if (!name) return false;
  const text = nameText(name) ?? '';
  const entities = code.entities(name);
  const isTold = entities.some(({ kind }) => kind === 'node');
  if (/^(?:emit|emitAsync|dispatchEvent)$/.test(text)) {
    return !isTold || entities.every((entity) => entity.kind === 'node' && ts.isMethodSignature(entity.node));
  }
  return (
    text === 'next' &&
    entities.some((entity) => entity.kind === 'external' && /Subject$/.test(entity.container ?? ''))
  );
}

/**
 * Whether a member that a type declares is a callback by itself: a function kept in a property, or a method that by its
 * name or its owner's is there for others to fill in. Any other method is one of an object that is merely used.
 */
export function isCallbackMember(node: Ts.Node): boolean {
  if (ts.isPropertySignature(node) && !isOneOfSeveral(node)) return true;
  if (!isMemberSignature(node)) return true;
  const { name, parent } = node as Ts.MethodSignature;
  const owner = (parent as { name?: Ts.Node }).name ?? (parent.parent as { name?: Ts.Node }).name;
  return (
    /^on[A-Z]/.test(nameText(name) ?? '') || (owner !== undefined && HOOK_TYPE.test(nameText(owner) ?? ''))
  );
}

/** A function of an object's interface, which has several: it is called like a method, whatever it is written like. */
function isOneOfSeveral(node: Ts.PropertySignature): boolean {
  const owner = node.parent;
  if (node.questionToken || !ts.isInterfaceDeclaration(owner) || OPTIONS_TYPE.test(owner.name.text))
    return false;
  const functions = owner.members.filter(
    (member) => ts.isMethodSignature(member) || (ts.isPropertySignature(member) && isFunctionMember(member)),
  );
  return functions.length > 1;
}

function isFunctionMember({ type }: Ts.PropertySignature): boolean {
  return type !== undefined && ts.isFunctionTypeNode(type);
}

/** What somebody hands in to say how things are to be done. */
const OPTIONS_TYPE =
  /(?:Options|Opts|Config|Configuration|Settings|Params|Parameters|Props|Args|Hooks|Callbacks|Handlers|Listeners|Events|Deps|Dependencies)$/;

const HOOK_TYPE =
  /(?:Hook|Listener|Callback|Handler|Observer|Subscriber|Visitor|Strategy|Builder|Plugin|Delegate|Middleware|Interceptor)s?$/;

function isMethod(node: Ts.Node): boolean {
  return ts.isMethodSignature(node) || isAbstractMethod(node);
}

function isAbstractMethod(node: Ts.Node): boolean {
  return ts.isMethodDeclaration(node) && node.body === undefined;
}

/** A member that has its body, or its value, elsewhere. */
export function isMemberSignature(node: Ts.Node): boolean {
  return ts.isPropertySignature(node) || isMethod(node);
}

function isField(node: Ts.Node): boolean {
  return ts.isPropertyDeclaration(node) || (ts.isParameter(node) && isParameterProperty(node));
}

/** Whether a field may be given a function by whoever has the object. */
function isOpenToAll(slot: Ts.Node, depth: number): boolean {
  if (!ts.isPropertyDeclaration(slot) || isPrivateMember(slot)) return false;
  const isReadonly = hasModifier(slot, ts.SyntaxKind.ReadonlyKeyword);
  if (isGivenByItsClass(slot)) return false;
  // Written out, the type tells that it is there to be set; a function without one is a method by another name.
  return depth > 0 ? true : !isReadonly && slot.type !== undefined;
}

/** Whether the class gives the field its functions by itself. */
function isGivenByItsClass(slot: Ts.PropertyDeclaration): boolean {
  if (!ts.isClassLike(slot.parent)) return false;
  const assigned = fieldAssignments(slot.parent).get(nameText(slot.name) ?? '') ?? [];
  return assigned.some(
    ({ value }) => value.kind !== ts.SyntaxKind.NullKeyword && value.getText() !== 'undefined',
  );
}

/** Whether a function is one of a module, and not a method. */
function isInModule(fn: Ts.Node): boolean {
  return ts.isFunctionDeclaration(fn) || ts.isVariableDeclaration(fn.parent);
}

/** Whether a function is one that anybody may call, with whatever they like. */
function isPublic(fn: Ts.Node): boolean {
  if (ts.isConstructorDeclaration(fn)) return true;
  if (ts.isClassElement(fn) || ts.isMethodSignature(fn)) return !isPrivateMember(fn);
  const { parent } = fn;
  if (ts.isPropertyDeclaration(parent)) return !isPrivateMember(parent);
  const statement = ts.isVariableDeclaration(parent) ? parent.parent.parent : fn;
  return hasModifier(statement, ts.SyntaxKind.ExportKeyword) || isExportedBelow(fn);
}

function isExportedBelow(fn: Ts.Node): boolean {
  const { name } = (ts.isVariableDeclaration(fn.parent) ? fn.parent : fn) as { name?: Ts.Node };
  const text = name && nameText(name);
  if (text === undefined) return false;
  return fn.getSourceFile().statements.some((statement) => {
    if (ts.isExportAssignment(statement)) return nameText(statement.expression) === text;
    const clause = ts.isExportDeclaration(statement) ? statement.exportClause : undefined;
    return (
      clause !== undefined &&
      ts.isNamedExports(clause) &&
      clause.elements.some((element) => nameText(element.propertyName ?? element.name) === text)
    );
  });
}

/** A function that is written where it is handed on: who runs it decides what it is given. */
function isInline(fn: Ts.Node): boolean {
  if (!ts.isArrowFunction(fn) && !ts.isFunctionExpression(fn)) return false;
  const { parent } = fn;
  return (
    !ts.isVariableDeclaration(parent) && !ts.isPropertyDeclaration(parent) && !ts.isPropertyAssignment(parent)
  );
}

/** What is gone over by the call whose callback has this parameter first: `listeners.forEach((listener) => …)`. */
function iteratedBy(parameter: Ts.ParameterDeclaration): Ts.Expression | undefined {
  const fn = parameter.parent;
  const call = fn.parent;
  if (!call || !ts.isCallExpression(call) || call.expression === fn || fn.parameters[0] !== parameter)
    return undefined;
  const callee = skipParentheses(call.expression);
  if (!ts.isPropertyAccessExpression(callee)) return undefined;
  if (ITERATING.has(callee.name.text)) return callee.expression;
  return callee.name.text === 'from' ? call.arguments[0] : undefined;
}

/** A variable that is given its functions later on. */
function isFilled(value: Ts.Node): boolean {
  return (
    (ts.isNewExpression(value) && isContainer(value.expression)) ||
    ts.isArrayLiteralExpression(value) ||
    ts.isObjectLiteralExpression(value)
  );
}

function isContainer(callee: Ts.Node): boolean {
  return ts.isIdentifier(callee) && /^(?:Weak)?(?:Set|Map)$|^Array$/.test(callee.text);
}

function first<T>(nodes: readonly Ts.Node[], find: (node: Ts.Node) => T | undefined): T | undefined {
  for (const node of nodes) {
    const found = find(node);
    if (found !== undefined) return found;
  }
  return undefined;
}

const CHOOSING: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.QuestionQuestionToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.QuestionQuestionEqualsToken,
  ts.SyntaxKind.BarBarEqualsToken,
]);

/** Methods that run a function for each element. */
export const ITERATING: ReadonlySet<string> = new Set([
  'forEach',
  'map',
  'flatMap',
  'filter',
  'some',
  'every',
  'find',
  'findIndex',
  'findLast',
]);

/** Methods that hand out what a container holds. */
const TAKING: ReadonlySet<string> = new Set([
  'get',
  'at',
  'values',
  'entries',
  'slice',
  'splice',
  'filter',
  'concat',
  'flat',
  'find',
  'pop',
  'shift',
  'reverse',
  'toReversed',
  'sort',
  'toSorted',
  'bind',
]);

import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import type { CallLike } from '../cfg.ts';
import {
  type Code,
  memberName,
  type NameNode,
  nameText,
  ownMember,
  rightmostName,
  skipParentheses,
} from '../code.ts';
import { FieldReads } from '../dispatch/fields.ts';
import { findReferences } from '../dispatch/references.ts';
import type { Target, Targets } from '../dispatch/targets.ts';
import { type Carried, ELEMENT, type FlowHandler, type MemberAccess } from '../inserts/flow.ts';
import { Frames } from '../inserts/frames.ts';
import { declarationRoot, isWritten } from '../inserts/identifiers.ts';
import type { CallGraph } from '../inserts/invocations.ts';
import { isIterating } from '../locks/state-methods.ts';
import { namesIn } from '../name-index.ts';
import { isAssignedPattern, isFunctionExpression, outermost } from '../shapes.ts';
import { changeOfFirst, changesCollection } from './collection-methods.ts';
import { writeTo } from './targets-of-writes.ts';

/** A place that changes what a field holds. */
export interface Mutation {
  /** The call, assignment, `delete`, `++`, or what takes the method as a value. */
  readonly node: Ts.Node;
  /** The method, or the operator as it is written: `delete`, `=`, `+=`, `++`. */
  readonly how: string;
  /** The calls that handed the field to the function around the place, the first one first. */
  readonly via: readonly CallLike[];
}

/** What is known of the changes of a field. */
export interface Mutations {
  /** By file and place. */
  readonly found: readonly Mutation[];
  /** Changes of something of the name whose type nobody knows. */
  readonly unclear: readonly Mutation[];
}

interface Tools {
  readonly code: Code;
  readonly targets: Targets;
  readonly graph: CallGraph;
}

/**
 * Finds what changes a field or variable: assignments of it, and changes of what it holds, through variables, results and
 * parameters.
 *
 * @param methods the names that count; undefined for all that changes anything
 */
export function mutationsOf(
  field: Target,
  methods: ReadonlySet<string> | undefined,
  tools: Tools,
): Mutations {
  const found = new Map<string, Mutation>();
  const add = ({ node, how, via }: Mutation): void => {
    if (methods && !methods.has(how)) return;
    const key = [node, ...via].map((one) => tools.code.key(one)).join('|');
    found.set(key, { node, how, via });
  };
  const handler = new MutationHandler(tools, methods, add);
  const uses = usesOf(field, tools);
  for (const at of uses) {
    const write = writeTo(at);
    if (write && !isFirstValue(at)) add({ ...write, via: [] });
  }
  const starts = uses.map((at): Carried<'field'> => ({ at, path: [], frames: Frames.none, form: 'field' }));
  tools.graph.flow.follow(starts, handler);
  return { found: [...found.values()].sort(byPlace), unclear: unclearOf(field, methods, tools) };
}

/** The expressions that stand for the field, and the variables that a pattern takes it into. */
function usesOf(field: Target, { code, targets, graph }: Tools): readonly Ts.Expression[] {
  const found = new Set<Ts.Expression>();
  const learn = (uses: readonly Ts.Expression[]): void => {
    for (const use of uses) found.add(use);
  };
  for (const declaration of declarationsOf(field, code)) {
    if (ts.isVariableDeclaration(declaration)) {
      learn(graph.references.of(declaration, field.member));
      learn(writtenNames(declaration, field.member));
    } else learn(graph.references.ofMember(declaration).map(({ at }) => at));
  }
  const wanted = {
    members: new Set([field.member]),
    functions: new Set<string>(),
    declaring: new Set(targets.filesOf(field)),
  };
  for (const { node, declarations } of findReferences(code, wanted)) {
    const isMeant = declarations?.some((one) => targets.relation(one, field) !== undefined) ?? false;
    if (!isMeant) continue;
    if (ts.isBindingElement(node)) {
      if (ts.isIdentifier(node.name)) learn(graph.references.of(declarationRoot(node), node.name.text));
    }
  }
  learn(keyedUses(field, { code, targets }));
  return [...found];
}

/** `books[KEY]`, where the type of the key says which member it is. */
function keyedUses(
  field: Target,
  { code, targets }: Pick<Tools, 'code' | 'targets'>,
): readonly Ts.Expression[] {
  const reads = new FieldReads(code, targets, [field]);
  const found: Ts.Expression[] = [];
  const quoted = [`'${field.member}'`, `"${field.member}"`, `\`${field.member}\``];
  for (const file of code.program.filesWith(quoted)) {
    const visit = (node: Ts.Node): void => {
      const isKeyed =
        ts.isElementAccessExpression(node) && ts.isIdentifier(skipParentheses(node.argumentExpression));
      if (isKeyed && reads.of(node).some(({ certainty }) => certainty === 'certain')) found.push(node);
      ts.forEachChild(node, visit);
    };
    const source = code.program.tree(file)?.source;
    if (source) visit(source);
  }
  return found;
}

/** The declarations of a field, and those by which subclasses declare it again. */
function declarationsOf({ declarations, member }: Target, code: Code): ReadonlySet<Ts.Node> {
  const found = new Set(declarations);
  for (const one of declarations) {
    const { parent } = ts.isParameter(one) ? one.parent : one;
    if (!ts.isClassLike(parent) && !ts.isInterfaceDeclaration(parent)) continue;
    for (const heir of code.subtypes(parent)) {
      const own = ownMember(heir, member);
      if (own) found.add(own);
    }
  }
  return found;
}

/** The places that give a variable of a module another value; a plain assignment is no use of its value. */
function writtenNames(declaration: Ts.VariableDeclaration, name: string): readonly Ts.Expression[] {
  return (namesIn(declaration.getSourceFile()).get(name) ?? []).filter(
    (one): one is Ts.Identifier =>
      ts.isIdentifier(one) &&
      one !== declaration.name &&
      (isWritten(one) || writeTo(one) !== undefined) &&
      resolveLocal(one) === declaration,
  );
}

/** What a constructor gives a field of its own object is the value that it begins with. */
function isFirstValue(at: Ts.Expression): boolean {
  const bare = skipParentheses(at);
  const isOwn =
    (ts.isPropertyAccessExpression(bare) || ts.isElementAccessExpression(bare)) &&
    bare.expression.kind === ts.SyntaxKind.ThisKeyword;
  const around = ts.findAncestor(
    at,
    (one) => ts.isFunctionLike(one) || ts.isClassStaticBlockDeclaration(one),
  );
  const begins = around && (ts.isConstructorDeclaration(around) || ts.isClassStaticBlockDeclaration(around));
  return isOwn && begins === true && writeTo(at)?.how === '=';
}

/** Follows what a field holds to the places that change it. */
class MutationHandler implements FlowHandler<'field'> {
  readonly #tools: Tools;
  readonly #methods: ReadonlySet<string> | undefined;
  readonly #found: (mutation: Mutation) => void;

  constructor(tools: Tools, methods: ReadonlySet<string> | undefined, found: (mutation: Mutation) => void) {
    this.#tools = tools;
    this.#methods = methods;
    this.#found = found;
  }

  called(): readonly Carried<'field'>[] {
    return [];
  }

  argument(
    call: Ts.CallExpression | Ts.NewExpression,
    index: number,
    value: Carried<'field'>,
  ): readonly Carried<'field'>[] {
    const change = value.path.length === 0 && index === 0 ? changeByCall(call) : undefined;
    if (change !== undefined) this.#found({ node: call, how: change, via: value.frames.calls });
    const { callees, flow } = this.#tools.graph;
    return callees.bodies(call, value.frames).flatMap((fn) => flow.enterFunction(fn, call, index, value));
  }

  member(access: MemberAccess, value: Carried<'field'>): readonly Carried<'field'>[] {
    if (value.path.length > 0) return this.#handedToEach(access, value);
    const via = value.frames.calls;
    const write = writeTo(access);
    if (write) this.#found({ ...write, via });
    const name = rightmostName(access);
    const method = name && nameText(name);
    if (name && method !== undefined && isIterating(method)) return this.#handedToCallback(access, value);
    if (!name || method === undefined || !this.#isChanging(name, method)) return [];
    const callee = outermost(access);
    const isCalled = ts.isCallExpression(callee.parent) && callee.parent.expression === callee;
    this.#found({ node: isCalled ? callee.parent : access, how: method, via });
    return [];
  }

  /** `field.forEach((value, key, itself) => …)`: an iterating method hands in what it walks. */
  #handedToCallback(access: MemberAccess, value: Carried<'field'>): readonly Carried<'field'>[] {
    const call = outermost(access).parent;
    const callback = ts.isCallExpression(call) ? call.arguments[0] : undefined;
    const fn = callback && skipParentheses(callback);
    const method = memberName(access)?.text ?? '';
    const parameters = fn && isFunctionExpression(fn) ? fn.parameters : [];
    const itself = parameters[method.startsWith('reduce') ? 3 : 2];
    return itself ? this.#tools.graph.flow.enterParameter(itself, value) : [];
  }

  /** `[first.field, second.field]`: whoever walks the array has each of them. */
  operand(parent: Ts.Expression, value: Carried<'field'>): readonly Carried<'field'>[] {
    if (!ts.isArrayLiteralExpression(parent)) return [];
    return [{ ...value, at: parent, path: [ELEMENT, ...value.path] }];
  }

  /** `fields.forEach((one) => …)`: the callback has the field that the array holds. */
  #handedToEach(access: MemberAccess, value: Carried<'field'>): readonly Carried<'field'>[] {
    const [next, ...path] = value.path;
    const call = outermost(access).parent;
    const method = rightmostName(access);
    if (next !== ELEMENT || !method || !isIterating(nameText(method) ?? '') || !ts.isCallExpression(call))
      return [];
    const [callback] = call.arguments;
    const fn = callback && skipParentheses(callback);
    const [parameter] = fn && isFunctionExpression(fn) ? fn.parameters : [];
    return parameter ? this.#tools.graph.flow.enterParameter(parameter, { ...value, path }) : [];
  }

  /** A method that the config names counts on whatever type; else those of the language's own collections. */
  #isChanging(name: NameNode, method: string): boolean {
    if (this.#methods) return this.#methods.has(method);
    if (!changesCollection(method)) return false;
    return this.#tools.code.entities(name).some((one) => one.kind === 'external' && one.module === 'lib');
  }
}

/** What a call does to its first argument: `Object.assign(field)`, `Map.prototype.delete.call(field, key)`. */
export function changeByCall(call: Ts.CallExpression | Ts.NewExpression): string | undefined {
  const callee = skipParentheses(call.expression);
  if (!ts.isPropertyAccessExpression(callee)) return undefined;
  const ofLanguage = changeOfFirst(callee.getText());
  const [root] = callee.getText().split('.');
  if (ofLanguage !== undefined) {
    return ts.isIdentifier(callee.expression) && !resolveLocal(callee.expression) ? ofLanguage : undefined;
  }
  if (callee.name.text !== 'call' && callee.name.text !== 'apply') return undefined;
  const method = memberName(skipParentheses(callee.expression))?.text;
  const isPrototype = /^(?:Map|Set|Array|WeakMap|WeakSet)$/.test(root ?? '');
  return isPrototype && method !== undefined && changesCollection(method) ? method : undefined;
}

/** Changes of something that goes by the name of the field, where the compiler knows nothing of its object. */
function unclearOf(
  { member }: Target,
  methods: ReadonlySet<string> | undefined,
  { code }: Tools,
): readonly Mutation[] {
  const found: Mutation[] = [];
  for (const file of code.program.filesNaming([member])) {
    const source = code.program.tree(file)?.source;
    const names = (source ? (namesIn(source).get(member) ?? []) : []).filter(
      (one) => memberName(one.parent) === one && !ts.isQualifiedName(one.parent),
    );
    code.prefetchNames(file, names);
    for (const name of names) {
      if (code.entities(name).length > 0) continue;
      const mutation = directMutation(name.parent as MemberAccess);
      const isMeant = mutation && (methods ? methods.has(mutation.how) : true);
      if (isMeant && !isAssignedPattern(name.parent)) found.push(mutation);
    }
  }
  return found;
}

/** What is done at once to a member that an expression names. */
function directMutation(access: MemberAccess): Mutation | undefined {
  const write = writeTo(access);
  if (write) return { ...write, via: [] };
  const value = outermost(access);
  const { parent } = value;
  const isMember =
    (ts.isPropertyAccessExpression(parent) || ts.isElementAccessExpression(parent)) &&
    parent.expression === value;
  if (!isMember) return undefined;
  const inner = writeTo(parent);
  if (inner) return { ...inner, via: [] };
  const method = memberName(parent)?.text;
  const callee = outermost(parent);
  const isCalled = ts.isCallExpression(callee.parent) && callee.parent.expression === callee;
  return isCalled && method !== undefined && changesCollection(method)
    ? { node: callee.parent, how: method, via: [] }
    : undefined;
}

function byPlace(a: Mutation, b: Mutation): number {
  const [left, right] = [a.node.getSourceFile().fileName, b.node.getSourceFile().fileName];
  return left < right ? -1 : left > right ? 1 : a.node.pos - b.node.pos || a.node.end - b.node.end;
}

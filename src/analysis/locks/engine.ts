import type { Span } from '../../engine/finding.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { buildCfg, type Cfg, type CfgOwner } from '../cfg.ts';
import {
  type Code,
  hasBody,
  isParameterProperty,
  type NameNode,
  nameText,
  ownMember,
  rightmostName,
  skipParentheses,
} from '../code.ts';
import { Activation, type Call, isAsyncFunction } from './activation.ts';
import { Evaluator, isCfgOwner, lexicalSelf } from './evaluator.ts';
import type { LockIdentity } from './identity.ts';
import { bindingsKey, idOf, outcomeKey, valueKey } from './keys.ts';
import {
  crossAcquisition,
  crossBindings,
  crossHeld,
  crossOutcome,
  crossValue,
  entering,
  type Formals,
  leaving,
  UNKNOWN_PATH,
} from './paths.ts';
import { acquiringMethods } from './primitives.ts';
import type { LockReach } from './reach.ts';
import { sequenceOf } from './sequence.ts';
import {
  type Acquisition,
  type Bindings,
  type Closure,
  chain,
  EMPTY_BINDINGS,
  type Generator,
  type Held,
  type LockRef,
  type LockValue,
  membersOf,
  type Outcome,
  type Path,
  pathOf,
  type Task,
  UNIT,
  type Value,
} from './values.ts';
import { joinValues, type Relation, relateInstances, releaseTokens, type World } from './world.ts';

/** What the callers of a function need to know about it. */
export interface Summary {
  readonly kind: 'sync' | 'async' | 'generator';
  /** Where the function waits for locks, itself or through what it calls and awaits. */
  readonly acquisitions: readonly Acquisition[];
  /** No outcome means that the function is not known to end: so far, while recursion is being resolved. */
  readonly outcomes: readonly Outcome[];
  readonly yields: Generator['yields'];
  /** Whether callers must be looked at even if they mention no lock. */
  readonly carriesLocks: boolean;
}

/** One lock acquired while another may be held. */
export interface LockEdge {
  readonly outer: Held;
  readonly inner: Acquisition;
  /** How the two relate when they are of one class. */
  readonly instances: Relation;
  /** Both were started without a pause in between, so that nobody can come between them. */
  readonly batch: boolean;
  /** Both were started by one promise combinator. */
  readonly combined: boolean;
  /** Everything else that is held around the inner acquisition. */
  readonly gates: readonly LockRef[];
  /** The function in which both meet. */
  readonly owner: CfgOwner;
  /** Set when the owner runs only as a step of this file's top level, one after another. */
  readonly sequence: string | undefined;
  /** Locks, by class, that are held around the whole function wherever it is called from. */
  readonly ambient: ReadonlySet<string>;
}

interface Context {
  readonly key: string;
  readonly call: Call;
  summary: Summary;
  readonly dependents: Set<Context>;
  /** What is held around the call, by caller; `outside` for a function that anybody may call. */
  readonly callers: Map<Context | 'outside', ReadonlySet<string>>;
  running: boolean;
  runs: number;
}

/**
 * One function is analysed for at most this many different callers: many where they hand in locks or functions that
 * lead to locks, few where they differ in anything else.
 */
const MAX_CARRYING_CONTEXTS = 100;
const MAX_PLAIN_CONTEXTS = 8;
/** Calls are followed at once to this depth; beyond it they wait for their turn. */
const MAX_NESTING = 60;
/** A context that has not settled after this many runs is left as it is. */
const MAX_RUNS = 10;
/** Values deeper than the call graph is worth are cut off by length. */
const MAX_KEY = 4000;

const BOTTOM: Summary = { kind: 'sync', acquisitions: [], outcomes: [], yields: [], carriesLocks: false };

/**
 * The interprocedural analysis: every function is run once for each set of values that matters to it, its summary is
 * kept, and callers are run again when a summary grows.
 */
export class LockEngine {
  readonly code: Code;
  readonly identity: LockIdentity;
  readonly evaluator: Evaluator;
  readonly #edges = new Map<
    string,
    { edge: Omit<LockEdge, 'ambient' | 'sequence'>; readonly contexts: Set<Context> }
  >();
  readonly sites = new Map<string, Span>();
  readonly #cfgs = new Map<CfgOwner, Cfg>();
  readonly #contexts = new Map<string, Context>();
  readonly #perFunction = new Map<CfgOwner, number>();
  readonly #carrying = new Map<CfgOwner, number>();
  readonly #queue = new Set<Context>();
  readonly #reassigned = new WeakMap<Ts.Node, ReadonlySet<Ts.Node>>();
  readonly #unresolved = new Map<Ts.Node, string>();
  readonly #resolved = new Set<Ts.Node>();
  readonly #methods: ReadonlySet<string>;
  readonly #reach: LockReach;
  #current: Context | undefined;
  #depth = 0;

  constructor(code: Code, identity: LockIdentity, reach: LockReach) {
    this.code = code;
    this.#reach = reach;
    this.identity = identity;
    this.#methods = acquiringMethods(identity.primitives);
    this.evaluator = new Evaluator(code, identity, (closure, args) => this.#valueOfCall(closure, args));
  }

  /** Functions whose callers must be looked at. */
  get carriers(): readonly CfgOwner[] {
    const carriers = new Set<CfgOwner>();
    for (const { call, summary } of this.#contexts.values()) if (summary.carriesLocks) carriers.add(call.fn);
    return [...carriers];
  }

  /** Every edge, with what is held around it in all the contexts that show it. */
  edges(): LockEdge[] {
    const ambient = this.#ambient();
    return [...this.#edges.values()].map(({ edge, contexts }) => {
      let common: ReadonlySet<string> | undefined;
      for (const context of contexts) {
        const around = ambient.get(context) ?? new Set<string>();
        common = common ? intersect(common, around) : around;
      }
      return { ...edge, ambient: common ?? new Set(), sequence: sequenceOf(edge.owner) };
    });
  }

  /** What is held around each context: the largest solution of "held by every caller, or around it". */
  #ambient(): ReadonlyMap<Context, ReadonlySet<string>> {
    const around = new Map<Context, ReadonlySet<string>>();
    const callees = new Map<Context, Context[]>();
    for (const context of this.#contexts.values()) {
      for (const caller of context.callers.keys()) {
        if (caller === 'outside') continue;
        const list = callees.get(caller);
        if (list) list.push(context);
        else callees.set(caller, [context]);
      }
    }
    const waiting = new Set(this.#contexts.values());
    for (const context of waiting) {
      waiting.delete(context);
      let common: ReadonlySet<string> | undefined;
      for (const [caller, held] of context.callers) {
        if (caller === 'outside') {
          common = new Set();
          break;
        }
        const outer = around.get(caller);
        if (!outer) continue;
        const all = new Set([...outer, ...held]);
        common = common ? intersect(common, all) : all;
      }
      const before = around.get(context);
      if (!common || (before && before.size === common.size)) continue;
      around.set(context, common);
      for (const callee of callees.get(context) ?? []) waiting.add(callee);
    }
    return around;
  }

  /** Whether a function was looked at, from outside or through a call. */
  hasAnalysed(fn: CfgOwner): boolean {
    return this.#perFunction.has(fn) || this.#carrying.has(fn);
  }

  /** Places where a lock was held and something could not be resolved, in any of its contexts. */
  get unresolvedSites(): readonly { readonly node: Ts.Node; readonly what: string }[] {
    return [...this.#unresolved]
      .filter(([node]) => !this.#resolved.has(node))
      .map(([node, what]) => ({ node, what }));
  }

  /** Analyses a function as if called from outside, with nothing known about its arguments. */
  analyse(fn: CfgOwner): void {
    for (const self of this.#selves(fn)) {
      const plain: Closure = { kind: 'closure', fn, self, captured: EMPTY_BINDINGS, bound: [] };
      for (const member of membersOf(this.#decorated(fn, plain))) {
        if (member.kind !== 'closure') continue;
        const context = this.#context({ fn: member.fn, self, args: [], captured: member.captured });
        context.callers.set('outside', new Set());
        this.#summaryOf(context);
      }
    }
    this.settle();
  }

  /** Runs what is waiting until nothing changes any more. */
  settle(): void {
    for (const context of this.#queue) {
      this.#queue.delete(context);
      this.#run(context);
    }
  }

  // -- calls

  /** The effect of calling a function, in the names of the caller. */
  apply(
    activation: Activation,
    closure: Closure,
    args: readonly (Value | undefined)[],
    node: Ts.Node,
    held: readonly Held[],
  ):
    | { readonly kind: Summary['kind']; readonly task: Task; readonly yields: Generator['yields'] }
    | undefined {
    const { fn } = closure;
    if (!hasBody(fn) && !ts.isSourceFile(fn)) return undefined;
    if (!this.#matters(closure, args)) {
      return {
        kind: isAsyncFunction(fn) ? 'async' : 'sync',
        task: { acquisitions: [], outcomes: [UNIT] },
        yields: [],
      };
    }
    const formals: Formals = { self: pathOf(closure.self), args: args.map((value) => pathOf(value)) };
    const inward = entering(formals);
    const call: Call = {
      fn,
      self: crossValue(closure.self, inward),
      args: trimmed(args.map((value) => crossValue(this.#essence(value), inward))),
      captured: crossBindings(this.#essentials(closure.captured), inward),
    };
    const context = this.#context(call);
    const caller = this.#current;
    if (caller) {
      context.dependents.add(caller);
      const around = new Set(held.map(({ lock }) => lock.cls.id));
      const before = context.callers.get(caller);
      context.callers.set(caller, before ? intersect(before, around) : around);
    }
    const summary = this.#summaryOf(context);
    if (summary.carriesLocks && [closure, ...args].some(mentionsParameter)) activation.carriesLocks = true;
    if (summary.outcomes.length === 0 && summary.kind === 'sync' && isAsyncFunction(fn)) {
      return { kind: 'async', task: { acquisitions: [], outcomes: [] }, yields: [] };
    }
    const at = this.callSpan(node);
    const outward = leaving(formals, `${idOf(node)}`, (via) => chain(at, functionName(fn), via));
    return {
      kind: summary.kind,
      task: {
        acquisitions: summary.acquisitions.map((acquisition) => crossAcquisition(acquisition, outward)),
        outcomes: summary.outcomes.map((outcome) => crossOutcome(outcome, outward)),
      },
      yields: summary.yields.map(({ held, value }) => ({
        held: held.map((one) => crossHeld(one, outward)),
        value: crossValue(value, outward),
      })),
    };
  }

  /** Whether calling a function can have anything to do with locks: by its own code, or by what it is given. */
  #matters(closure: Closure, args: readonly (Value | undefined)[]): boolean {
    if (this.#reach.leads(closure.fn)) return true;
    const given = [...args, ...closure.bound, ...closure.captured.values()];
    return given.some((value) => isCarrier(this.#essence(value)));
  }

  /** A value without what makes no difference to locks, so that calls that differ only in that are one. */
  #essence(value: Value | undefined, depth = 0): Value | undefined {
    if (!value || depth > 6) return undefined;
    switch (value.kind) {
      case 'closure': {
        const captured = this.#essentials(value.captured, depth + 1);
        const carried = [...captured.values(), ...value.bound].some((part) => isCarrier(part));
        return carried || this.#reach.leads(value.fn) ? { ...value, captured } : { kind: 'inert' };
      }
      case 'object': {
        const properties = new Map<string, Value>();
        for (const [name, property] of value.properties) {
          const essence = this.#essence(property, depth + 1);
          if (essence && essence.kind !== 'opaque') properties.set(name, essence);
        }
        const [...parts] = properties.values();
        return parts.some((part) => isCarrier(part) || part.kind === 'constant')
          ? { ...value, properties }
          : { kind: 'opaque', path: value.path };
      }
      case 'collection':
        return isCarrier(value.element) || value.items?.some((item) => isCarrier(item)) || value.sorted
          ? value
          : { kind: 'opaque', path: value.path };
      case 'union': {
        let joined: Value | undefined;
        for (const member of value.members) {
          const essence = this.#essence(member, depth + 1);
          if (!essence) return undefined;
          joined = joinValues(joined, essence);
        }
        return joined;
      }
      default:
        return value;
    }
  }

  /** A summary without the values that make no difference to anybody's locks. */
  #condensed(summary: Summary): Summary {
    return {
      ...summary,
      outcomes: distinct(
        summary.outcomes.map((outcome) => ({
          ...outcome,
          value: this.#essence(outcome.value),
          writes: this.#essentials(outcome.writes),
        })),
      ),
    };
  }

  #essentials(bindings: Bindings, depth = 0): Bindings {
    if (bindings.size === 0) return bindings;
    const kept = new Map<Ts.Node, Value>();
    for (const [node, value] of bindings) {
      const essence = this.#essence(value, depth);
      if (essence) kept.set(node, essence);
    }
    return kept;
  }

  /** The functions that a call may reach by its declarations. */
  targets(callee: Ts.Node, name: NameNode, receiver: Value | undefined): readonly Closure[] {
    const found = new Map<CfgOwner, Closure>();
    const add = (node: Ts.Node, self: Value | undefined): void => {
      const value = this.#decorated(node, this.evaluator.declared(node, pathOf(self), self));
      for (const member of membersOf(value)) if (member.kind === 'closure') found.set(member.fn, member);
    };
    const isSuper =
      ts.isPropertyAccessExpression(callee) && callee.expression.kind === ts.SyntaxKind.SuperKeyword;
    for (const entity of this.code.entities(name)) {
      if (entity.kind !== 'node') continue;
      const { node } = entity;
      const owner = node.parent;
      if (!owner || isSuper || !(ts.isClassLike(owner) || ts.isInterfaceDeclaration(owner))) {
        add(node, receiver);
        continue;
      }
      const exact = receiver?.kind === 'instance' && receiver.exact;
      const text = nameText(name) ?? '';
      const self = (cls: Ts.ClassLikeDeclaration): Value =>
        receiver?.kind === 'instance' && receiver.cls === cls
          ? receiver
          : { kind: 'instance', cls, exact: false, path: pathOf(receiver) ?? UNKNOWN_PATH };
      if (ts.isClassLike(owner)) {
        const own = receiver?.kind === 'instance' ? this.code.member(receiver.cls, text) : node;
        if (own && (hasBody(own) || ts.isPropertyDeclaration(own))) {
          add(own, receiver?.kind === 'instance' ? receiver : self(owner));
        }
        if (exact) continue;
      }
      const base = receiver?.kind === 'instance' && ts.isClassLike(owner) ? receiver.cls : owner;
      for (const heir of this.code.subtypes(base)) {
        const member =
          ownMember(heir, text) ??
          (ts.isInterfaceDeclaration(base) ? this.code.member(heir, text) : undefined);
        if (member) add(member, self(heir));
      }
    }
    return [...found.values()];
  }

  /** A method that a decorator of the program wraps is what the decorator returns. */
  #decorated(node: Ts.Node, value: Value | undefined): Value | undefined {
    if (value?.kind !== 'closure' || !ts.canHaveDecorators(node)) return value;
    let current: Value | undefined = value;
    for (const { expression } of [...(ts.getDecorators(node) ?? [])].reverse()) {
      const env = { bindings: EMPTY_BINDINGS, self: undefined, owner: undefined };
      const decorator = this.evaluator.evaluate(expression, env);
      if (decorator?.kind !== 'closure') continue;
      const wrapped: Value | undefined = this.#valueOfCall(decorator, [current, undefined]);
      if (wrapped?.kind === 'closure') current = { ...wrapped, self: value.self };
    }
    return current;
  }

  /** What a function returns, its effect on locks aside. */
  #valueOfCall(closure: Closure, args: readonly (Value | undefined)[]): Value | undefined {
    const { fn } = closure;
    if (!hasBody(fn) || this.#depth > MAX_NESTING || !this.#matters(closure, args)) return undefined;
    const formals: Formals = { self: pathOf(closure.self), args: args.map((value) => pathOf(value)) };
    const inward = entering(formals);
    const context = this.#context({
      fn,
      self: crossValue(closure.self, inward),
      args: trimmed([...closure.bound, ...args].map((value) => crossValue(this.#essence(value), inward))),
      captured: crossBindings(this.#essentials(closure.captured), inward),
    });
    if (this.#current) context.dependents.add(this.#current);
    const outward = leaving(formals, `${idOf(fn)}`, (via) => via);
    let joined: Value | undefined;
    for (const { value } of this.#summaryOf(context).outcomes) {
      joined = joinValues(joined, crossValue(value, outward));
    }
    return joined;
  }

  /** `using x = …` of an object of the program: its dispose method runs at the end of the block. */
  dispose(
    activation: Activation,
    value: Value,
    awaits: boolean,
    world: World,
    node: Ts.Node,
  ): World | undefined {
    const wanted = awaits ? /asyncDispose|dispose/ : /dispose/;
    let closure: Closure | undefined;
    if (value.kind === 'closure') closure = value;
    if (value.kind === 'instance') {
      const method = value.cls.members.find(
        (member) =>
          member.name && ts.isComputedPropertyName(member.name) && wanted.test(member.name.getText()),
      );
      const declared = method && this.evaluator.declared(method, value.path, value);
      if (declared?.kind === 'closure') closure = declared;
    }
    if (value.kind === 'object') {
      let next = world;
      for (const part of value.properties.values()) {
        if (part.kind === 'releaser') next = releaseTokens(next, part.tokens);
      }
      return next;
    }
    const effect = closure && this.apply(activation, closure, [], node, world.held);
    if (!effect) return undefined;
    const [first] = effect.task.outcomes;
    return first ? activation.settle(first, world) : world;
  }

  // -- locks

  /** The lock behind the receiver of a call whose method belongs to a lock, though its value is not known. */
  lockByMethod(
    activation: Activation,
    receiverNode: Ts.Expression,
    receiver: Value | undefined,
    name: NameNode,
    method: string,
    world: World,
  ): LockValue | 'parameter' | undefined {
    if (!this.#methods.has(method) && !/^(?:release|unlock)$/.test(method)) return undefined;
    if (method === 'request' && isNavigatorLocks(receiverNode)) return this.#webLocks(receiverNode);
    const primitive = this.identity.primitiveOfMethod(name);
    if (!primitive) return undefined;
    // The lock's own code calls its own methods.
    if (skipParentheses(receiverNode).kind === ts.SyntaxKind.ThisKeyword) return undefined;
    const { declaration, suffix, holder } = this.#receiver(activation, receiverNode, world);
    if (!declaration) return undefined;
    if (ts.isParameter(declaration) && !isParameterProperty(declaration)) return 'parameter';
    const path = suffix === '' ? holder : (pathOf(receiver) ?? UNKNOWN_PATH);
    return {
      kind: 'lock',
      lock: { cls: this.identity.classOf(declaration, primitive, suffix), path },
      tries: false,
    };
  }

  #receiver(
    activation: Activation,
    node: Ts.Expression,
    world: World,
  ): { declaration?: Ts.Node | undefined; suffix: string; holder?: Path | undefined } {
    const bare = skipParentheses(node);
    if (ts.isCallExpression(bare)) {
      const callee = skipParentheses(bare.expression);
      const isGet = ts.isPropertyAccessExpression(callee) && /^(?:get|at)$/.test(callee.name.text);
      const name = rightmostName(isGet ? callee.expression : callee);
      return { declaration: name && this.code.declarationNode(name), suffix: '[*]' };
    }
    if (ts.isElementAccessExpression(bare) && !ts.isStringLiteralLike(bare.argumentExpression)) {
      const name = rightmostName(bare.expression);
      return { declaration: name && this.code.declarationNode(name), suffix: '[*]' };
    }
    const name = rightmostName(bare);
    const declaration = name && this.code.declarationNode(name);
    const owner = ts.isPropertyAccessExpression(bare) ? bare.expression : undefined;
    const holder = owner ? pathOf(activation.evaluate(owner, world)) : undefined;
    return { declaration, suffix: '', holder: holder ?? (declaration && `v${idOf(declaration)}`) };
  }

  #webLocks(node: Ts.Expression): LockValue | undefined {
    const primitive = this.identity.primitives.find(({ type }) => type === 'LockManager');
    if (!primitive) return undefined;
    return {
      kind: 'lock',
      lock: { cls: this.identity.builtinClass('locks', primitive, node.getSourceFile()), path: 'g:' },
      tries: false,
    };
  }

  /** The one lock of a keyed family that a call names. */
  keyed(activation: Activation, lock: LockRef, node: Ts.CallExpression, world: World): LockRef {
    const { keyArg } = lock.cls.primitive;
    if (keyArg === undefined) return lock;
    const argument = node.arguments[keyArg];
    const value = activation.evaluate(argument, world);
    const { cls } = lock;
    if (value?.kind === 'constant') {
      const suffix = `[${JSON.stringify(value.value)}]`;
      return { cls: this.#member(cls, suffix), path: lock.path };
    }
    const key = argument ? this.evaluator.keyPath(argument, activation.env(world)) : UNKNOWN_PATH;
    return { cls: this.#member(cls, '[*]'), path: `${lock.path ?? UNKNOWN_PATH}[${key}]` };
  }

  #member(cls: LockRef['cls'], suffix: string): LockRef['cls'] {
    const id = cls.id + suffix;
    let member = this.#families.get(id);
    if (!member) {
      member = { ...cls, id, name: cls.name + suffix };
      this.#families.set(id, member);
    }
    return member;
  }

  readonly #families = new Map<string, LockRef['cls']>();

  /** Every lock class met, members of families included. */
  get lockClasses(): readonly LockRef['cls'][] {
    return [...this.identity.classes, ...this.#families.values()];
  }

  // -- what is learned

  /** The place of a call as reports show it: a callback among its arguments is not part of it. */
  callSpan(node: Ts.Node): Span {
    const span = this.code.span(node);
    if (!ts.isCallExpression(node)) return span;
    const isShort = !node.arguments.some((argument) => ts.isFunctionLike(skipParentheses(argument)));
    return isShort ? span : { ...span, end: node.expression.end };
  }

  site(at: Span): void {
    this.sites.set(`${at.file}:${at.start}`, at);
  }

  edge(
    owner: CfgOwner,
    outer: Held,
    inner: Acquisition,
    held: readonly Held[],
    ordered: World['ordered'],
    combined: boolean,
  ): void {
    const instances =
      outer.lock.cls === inner.lock.cls ? relateInstances(outer.lock, inner.lock, ordered) : 'different';
    const gates = [...inner.gates, ...held.filter((other) => other !== outer).map(({ lock }) => lock)];
    const isDirect = outer.via === undefined && inner.via === undefined;
    const batch = combined || (isDirect && outer.segment !== undefined && outer.segment === inner.segment);
    const key = [
      outer.lock.cls.id,
      outer.at.file,
      outer.at.start,
      inner.lock.cls.id,
      inner.at.file,
      inner.at.start,
      instances,
      `${outer.mode}${inner.mode}${batch}${combined}`,
      gates
        .map(({ cls }) => cls.id)
        .sort()
        .join(),
    ].join('|');
    const edge = { outer, inner, instances, batch, combined, gates, owner };
    const known = this.#edges.get(key);
    if (!known) this.#edges.set(key, { edge, contexts: new Set(this.#current ? [this.#current] : []) });
    else {
      if (this.#current) known.contexts.add(this.#current);
      if (edgeLength(edge) < edgeLength(known.edge)) known.edge = edge;
    }
  }

  unresolved(node: Ts.Node, what: string): void {
    this.#unresolved.set(node, what);
  }

  /** A function that is not known runs under a lock. */
  callbackUnderLock(activation: Activation, node: Ts.Node, callback: Value | undefined, lock: LockRef): void {
    if (callback?.kind === 'opaque') activation.carriesLocks = true;
    void lock;
    void node;
  }

  /** A call that leads nowhere that we can see. */
  calledUnknown(
    activation: Activation,
    node: Ts.CallExpression,
    callee: Ts.Node,
    name: NameNode | undefined,
    target: Value | undefined,
    world: World,
  ): void {
    if (target?.kind === 'opaque' && /^\^*p\d/.test(target.path)) {
      // A callback parameter: whoever hands it in is looked at.
      activation.carriesLocks = true;
      return;
    }
    // Handing our own parameters on to a function that may call them makes us a carrier as well.
    if (world.held.length === 0) return;
    if (name && this.code.entities(name).some(({ kind }) => kind === 'external')) return;
    if (
      name &&
      this.code.entities(name).some((entity) => entity.kind === 'node' && isDeclaredOnly(entity.node))
    )
      return;
    const [held] = world.held;
    this.unresolved(
      node,
      `call of ${callee.getText().slice(0, 60)} while holding ${held?.lock.cls.name ?? 'a lock'}`,
    );
  }

  /** Whether a `case` is the last one of a `switch` that covers every value its subject can have. */
  isLastOfAll(label: Ts.Expression, statement: Ts.SwitchStatement): boolean {
    const { clauses } = statement.caseBlock;
    const labels = clauses.filter(ts.isCaseClause).map(({ expression }) => expression);
    if (labels.length < clauses.length || labels[labels.length - 1] !== label) return false;
    const name = rightmostName(statement.expression);
    const values = name && this.code.typeOf(name)?.literals;
    const covered = labels.map((one) => literalValue(one));
    return values !== undefined && values.length > 0 && values.every((value) => covered.includes(value));
  }

  /** Whether a variable keeps its first value. */
  isNeverReassigned(declaration: Ts.Node): boolean {
    const source = declaration.getSourceFile();
    let reassigned = this.#reassigned.get(source);
    if (!reassigned) {
      reassigned = reassignedIn(source, this.code);
      this.#reassigned.set(source, reassigned);
    }
    return !reassigned.has(declaration);
  }

  // -- contexts

  #selves(fn: CfgOwner): (Value | undefined)[] {
    const self = lexicalSelf(fn);
    if (self?.kind !== 'instance' || !ts.isMethodDeclaration(fn)) return [self];
    const name = nameText(fn.name);
    const heirs = this.code
      .subtypes(self.cls)
      .filter((heir) => name !== undefined && this.code.member(heir, name) === fn)
      .slice(0, 8)
      .map((cls): Value => ({ kind: 'instance', cls, exact: true, path: 'this' }));
    const isAbstract =
      self.cls.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AbstractKeyword) ?? false;
    if (heirs.length === 0) return [self];
    return isAbstract ? heirs : [{ ...self, exact: true }, ...heirs];
  }

  #context(call: Call): Context {
    let key = this.#key(call);
    const known = this.#contexts.get(key);
    if (known) return known;
    const isCarrying = [...call.args, ...call.captured.values()].some((value) => isCarrier(value));
    const counts = isCarrying ? this.#carrying : this.#perFunction;
    const count = (counts.get(call.fn) ?? 0) + 1;
    counts.set(call.fn, count);
    let actual = call;
    if (count > (isCarrying ? MAX_CARRYING_CONTEXTS : MAX_PLAIN_CONTEXTS) || key.length > MAX_KEY) {
      actual = { fn: call.fn, self: lexicalSelf(call.fn), args: [], captured: EMPTY_BINDINGS };
      key = this.#key(actual);
      const general = this.#contexts.get(key);
      if (general) return general;
    }
    const context: Context = {
      key,
      call: actual,
      summary: BOTTOM,
      dependents: new Set(),
      callers: new Map(),
      running: false,
      runs: 0,
    };
    this.#contexts.set(key, context);
    return context;
  }

  #key({ fn, self, args, captured }: Call): string {
    return `${idOf(fn)}|${valueKey(self)}|${args.map((value) => valueKey(value)).join(',')}|${bindingsKey(captured)}`;
  }

  #summaryOf(context: Context): Summary {
    if (context.runs === 0 && !context.running) {
      if (this.#depth < MAX_NESTING) this.#run(context);
      else this.#queue.add(context);
    }
    return context.summary;
  }

  #run(context: Context): void {
    if (context.running || context.runs >= MAX_RUNS) return;
    const before = summaryKey(context.summary);
    const previous = this.#current;
    context.running = true;
    context.runs += 1;
    this.#current = context;
    this.#depth += 1;
    const { fn } = context.call;
    this.code.prefetch(fn);
    const activation = new Activation(this, context.call, this.#cfg(fn));
    context.summary = this.#condensed(activation.run());
    this.#depth -= 1;
    this.#current = previous;
    context.running = false;
    if (summaryKey(context.summary) === before) return;
    for (const dependent of context.dependents) {
      // The caller that is waiting for this very result has it at once.
      if (dependent !== previous || dependent.running === false) this.#queue.add(dependent);
    }
  }

  #cfg(fn: CfgOwner): Cfg {
    let cfg = this.#cfgs.get(fn);
    if (!cfg) {
      cfg = buildCfg(fn);
      this.#cfgs.set(fn, cfg);
    }
    return cfg;
  }
}

function summaryKey({ kind, acquisitions, outcomes, yields, carriesLocks }: Summary): string {
  return [
    kind,
    acquisitions
      .map(({ lock, at }) => `${lock.cls.id}/${lock.path ?? ''}/${at.file}:${at.start}`)
      .sort()
      .join(),
    outcomes
      .map((outcome) => outcomeKey(outcome))
      .sort()
      .join('|'),
    yields.map(({ held, value }) => held.map(({ token }) => token).join() + valueKey(value)).join(),
    String(carriesLocks),
  ].join('\n');
}

/** Trailing arguments that say nothing make no difference. */
function trimmed(args: readonly (Value | undefined)[]): (Value | undefined)[] {
  const kept = [...args];
  while (kept.length > 0 && kept[kept.length - 1] === undefined) kept.pop();
  return kept;
}

/** A function's name as reports show it: `Class.method`, the variable it is bound to, or `<anonymous>`. */
export function functionName(fn: Ts.Node): string {
  if (ts.isSourceFile(fn)) return '';
  const { name } = fn as { name?: Ts.Node };
  const own = ts.isConstructorDeclaration(fn) ? 'constructor' : name && nameText(name);
  const owner = fn.parent;
  if (own !== undefined) {
    if (owner && ts.isClassLike(owner) && owner.name) return `${owner.name.text}.${own}`;
    return own;
  }
  if (owner && (ts.isVariableDeclaration(owner) || ts.isPropertyAssignment(owner))) {
    return nameText(owner.name) ?? '<anonymous>';
  }
  if (owner && ts.isPropertyDeclaration(owner)) {
    const cls = owner.parent;
    const member = nameText(owner.name) ?? '<anonymous>';
    return ts.isClassLike(cls) && cls.name ? `${cls.name.text}.${member}` : member;
  }
  return '<anonymous>';
}

function isNavigatorLocks(node: Ts.Expression): boolean {
  const bare = skipParentheses(node);
  return (
    ts.isPropertyAccessExpression(bare) &&
    bare.name.text === 'locks' &&
    /\bnavigator$/.test(bare.expression.getText())
  );
}

/** A signature without a body that nothing in the program implements: nothing of ours is behind it. */
function isDeclaredOnly(node: Ts.Node): boolean {
  const { modifiers } = node as { modifiers?: readonly Ts.ModifierLike[] };
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword) ?? false;
}

function reassignedIn(source: Ts.SourceFile, code: Code): ReadonlySet<Ts.Node> {
  const found = new Set<Ts.Node>();
  const mark = (node: Ts.Node): void => {
    const bare = skipParentheses(node);
    if (ts.isIdentifier(bare)) {
      const declaration = code.declarationNode(bare);
      if (declaration) found.add(declaration);
    } else if (ts.isArrayLiteralExpression(bare)) for (const element of bare.elements) mark(element);
  };
  const visit = (node: Ts.Node): void => {
    if (
      ts.isBinaryExpression(node) &&
      node.operatorToken.kind >= ts.SyntaxKind.FirstAssignment &&
      node.operatorToken.kind <= ts.SyntaxKind.LastAssignment
    ) {
      mark(node.left);
    } else if (
      (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) &&
      (node.operator === ts.SyntaxKind.PlusPlusToken || node.operator === ts.SyntaxKind.MinusMinusToken)
    ) {
      mark(node.operand);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

export { isCfgOwner };

function literalValue(node: Ts.Expression): string | number | boolean | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isNumericLiteral(node)) return Number(node.text);
  if (node.kind === ts.SyntaxKind.TrueKeyword) return true;
  return node.kind === ts.SyntaxKind.FalseKeyword ? false : undefined;
}

function distinct(outcomes: readonly Outcome[]): Outcome[] {
  return [...new Map(outcomes.map((outcome) => [outcomeKey(outcome), outcome])).values()];
}

function edgeLength({ outer, inner }: Pick<LockEdge, 'outer' | 'inner'>): number {
  return (outer.via?.length ?? 0) + (inner.via?.length ?? 0);
}

function intersect(a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...a].filter((item) => b.has(item)));
}

/** Whether a value brings a lock, a grant, or code that can lead to one. */
function isCarrier(value: Value | undefined): boolean {
  return membersOf(value).some((member) => {
    switch (member.kind) {
      case 'lock':
      case 'releaser':
      case 'closure':
      case 'generator':
        return true;
      case 'opaque':
        return member.settles === true;
      case 'promise':
        return (
          member.task.acquisitions.length > 0 ||
          member.task.outcomes.some(({ held, value: result }) => held.length > 0 || isCarrier(result))
        );
      case 'object':
        return [...member.properties.values()].some((part) => isCarrier(part));
      case 'collection':
        return isCarrier(member.element) || (member.items?.some((item) => isCarrier(item)) ?? false);
      default:
        return false;
    }
  });
}

/** Whether a value is, or captures, something that our own caller hands in. */
function mentionsParameter(value: Value | undefined, depth = 0): boolean {
  if (depth > 4) return false;
  return membersOf(value).some((member) => {
    if (member.kind === 'opaque') return /^\^*p\d/.test(member.path);
    if (member.kind !== 'closure') return false;
    return [...member.captured.values(), ...member.bound].some((part) => mentionsParameter(part, depth + 1));
  });
}

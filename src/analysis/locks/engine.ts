import type { Span } from '../../engine/finding.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import type { CfgOwner } from '../cfg.ts';
import { type Code, hasBody, nameText } from '../code.ts';
import { callWith, hasModifier } from '../shapes.ts';
import { Activation, type Call } from './activation.ts';
import { aliasesOf, NO_ALIASES } from './aliases.ts';
import type { Around } from './around.ts';
import { ANY_STORES, crossStores, FilledByRun, NO_STORES } from './async-stores.ts';
import { Conditions } from './conditions.ts';
import { ANY_CALL, type CallSites, type Context, Contexts, commonSites, touchesLocks } from './contexts.ts';
import type { DatabaseWords } from './database-words.ts';
import { Essence, mentionsParameter } from './essence.ts';
import { Evaluator, lexicalSelf, type ValueOfCall } from './evaluator.ts';
import { functionName, nameNode } from './function-name.ts';
import { gatesAround, isSingle } from './gates.ts';
import { handedIn } from './handed.ts';
import type { LockIdentity } from './identity.ts';
import { keepsCarriers } from './kept-fields.ts';
import { idOf, valueKey } from './keys.ts';
import { isAsyncFunction, linkedCfgOf, runAsPartOf } from './links.ts';
import type { LockAnnotations } from './lock-annotations.ts';
import { LockNames } from './lock-names.ts';
import { NO_ORDERS, ordersWithin } from './orders.ts';
import { parametersOf } from './parameters.ts';
import { PassedOn } from './passed-on.ts';
import {
  crossAcquisition,
  crossBindings,
  crossHeld,
  crossOutcome,
  crossValue,
  entering,
  type Formals,
  leaving,
} from './paths.ts';
import { asGiven } from './presence.ts';
import type { LockReach } from './reach.ts';
import { callSpan, type IsSo, type LockEdge, LockRecord } from './record.ts';
import { type Summary, summaryKey } from './summary.ts';
import { CallTargets } from './targets.ts';
import { Throws } from './throws.ts';
import { TracedCallees } from './traced-callees.ts';
import {
  type Acquisition,
  type Closure,
  chain,
  EMPTY_BINDINGS,
  type Generator,
  type Held,
  type Instance,
  instanceOf,
  type LockClass,
  membersOf,
  type Path,
  pathOf,
  type Task,
  UNIT,
  type Value,
} from './values.ts';
import type { LockWatcher } from './watcher.ts';
import { joinValues, type World } from './world.ts';

/** Of so many makers of a class it is told apart what they hand in. */
const MAX_MAKERS = 8;

/** Calls are followed at once to this depth; beyond it they wait for their turn. */
const MAX_NESTING = 60;
/** So many functions are run below locks for what a rule wants to see, and for nothing else. */
const MAX_FOLLOWED = 5000;
/** A context that has not settled after this many runs is left as it is. */
const MAX_RUNS = 10;
/**
 * The interprocedural analysis: every function is run once for each set of values that matters to it, its summary is
 * kept, and callers are run again when a summary grows.
 */
export class LockEngine {
  readonly code: Code;
  readonly identity: LockIdentity;
  readonly evaluator: Evaluator;
  readonly targets: CallTargets;
  readonly traced: TracedCallees;
  readonly locks: LockNames;
  readonly record: LockRecord;
  readonly conditions: Conditions;
  readonly passedOn = new PassedOn();
  readonly reach: LockReach;
  readonly throws: Throws;
  readonly filledByRun: FilledByRun;
  /** Looks on for the rules; set before the first function is run. */
  watcher: LockWatcher = {};
  /** What the code says of its own locks; set before the first function is run. */
  annotations: LockAnnotations | undefined;
  /** Where the program speaks of locks that a database keeps, if it does; set before the first function is run. */
  databases: DatabaseWords | undefined;
  readonly #essence: Essence;
  readonly #contexts = new Contexts();
  readonly #queue = new Set<Context>();
  /** What is run for a rule alone. */
  readonly #followed = new Set<Context>();
  /** What was still changing when it was left as it is. */
  readonly #unsettled = new Set<Context>();
  #current: Context | undefined;
  #depth = 0;

  constructor(code: Code, identity: LockIdentity, reach: LockReach) {
    this.code = code;
    this.identity = identity;
    const valueOfCall: ValueOfCall = (closure, args, site) => this.#valueOfCall(closure, args, site);
    this.evaluator = new Evaluator(
      code,
      identity,
      valueOfCall,
      (fn) =>
        reach.leads(fn) || reach.isOpen(fn) || (this.databases !== undefined && reach.takesConnections(fn)),
    );
    this.targets = new CallTargets(code, this.evaluator, valueOfCall);
    this.traced = new TracedCallees(code, this.evaluator);
    this.locks = new LockNames(identity);
    this.record = new LockRecord(code, this.evaluator.parts);
    this.conditions = new Conditions(code);
    this.reach = reach;
    this.throws = new Throws(this);
    this.filledByRun = new FilledByRun(this.code);
    this.#essence = new Essence(code, reach, (fn) => this.watcher.follows?.(fn) ?? false);
  }

  /** Functions whose callers must be looked at. */
  get carriers(): Contexts['carriers'] {
    return this.#contexts.carriers;
  }

  /** Functions that are known to have to do with locks when they are called, whatever their names say. */
  get locking(): ReadonlySet<CfgOwner> {
    return this.#contexts.locking;
  }

  /** Every edge, with what is held around it in all the contexts that show it. */
  edges(): LockEdge[] {
    return this.record.edges(this.#contexts).filter(({ outer }) => !this.isPassedOn(outer));
  }

  /** Whether another task than the one that has taken a grant may give it back; to be asked when all has been run. */
  isPassedOn(held: Held): boolean {
    return this.passedOn.has(held, () => this.#contexts.summaries());
  }

  /** The calls that a grant must come from which tasks pass on to each other. */
  giversOf(cls: LockClass): readonly Ts.CallExpression[] {
    return this.passedOn.givers(cls, () => this.#contexts.summaries());
  }

  /** Functions that are called behind a gate, and that might be called from outside as well. */
  get entriesBehindGates(): ReadonlySet<CfgOwner> {
    return this.#contexts.entriesBehindGates();
  }

  /** Takes it that the program alone calls a function. */
  forgetOutside(fn: CfgOwner): void {
    this.#contexts.forgetOutside(fn);
  }

  /** Whether a function was looked at, from outside or through a call. */
  hasAnalysed(fn: CfgOwner): boolean {
    return this.#contexts.has(runAsPartOf(fn));
  }

  /** Analyses a function as if called from outside, with nothing known about its arguments. */
  analyse(fn: CfgOwner): void {
    for (const self of this.#selves(fn)) {
      const plain: Closure = { kind: 'closure', fn, self, captured: EMPTY_BINDINGS, bound: [] };
      for (const member of membersOf(this.targets.decorated(fn, plain))) {
        if (member.kind === 'closure') this.#runFromOutside(member.fn, self, member.captured);
      }
    }
    this.settle();
  }

  /** Analyses the functions that a declaration keeps and others have made, as if called from outside. */
  analyseMade(holder: Ts.Node): void {
    const self = ts.isPropertyDeclaration(holder) ? lexicalSelf(holder) : undefined;
    for (const member of membersOf(this.evaluator.declared(holder, pathOf(self), self))) {
      const isOwn = member.kind === 'closure' && member.captured.size > 0 && member.bound.length === 0;
      if (!isOwn || !this.#essence.matters(member, [])) continue;
      this.#runFromOutside(member.fn, member.self, this.#essence.ofBindings(member.captured));
    }
    this.settle();
  }

  #runFromOutside(fn: CfgOwner, self: Value | undefined, captured: Closure['captured']): void {
    const context = this.#contexts.of({
      fn,
      self,
      args: [],
      captured,
      aliases: NO_ALIASES,
      ordered: NO_ORDERS,
      within: NO_STORES,
    });
    context.callers.set('outside', ANY_CALL);
    this.#summaryOf(context);
  }

  /** Runs what is waiting until nothing changes any more. */
  settle(): void {
    for (const context of this.#queue) {
      this.#queue.delete(context);
      this.#run(context);
    }
  }

  /** The effect of calling a function, in the names of the caller. */
  apply(
    activation: Activation,
    closure: Closure,
    args: readonly (Value | undefined)[],
    node: Ts.Node,
    around: Around,
  ):
    | { readonly kind: Summary['kind']; readonly task: Task; readonly yields: Generator['yields'] }
    | undefined {
    const { fn } = closure;
    if (!hasBody(fn) && !ts.isSourceFile(fn)) return undefined;
    const caller = this.#current;
    const isUnder = around.under !== undefined || (around.isJoined && (caller?.isUnder ?? false));
    const isBelow =
      isUnder || around.atStart.length > 0 || ((caller?.isBelow ?? false) && canBeBelow(around));
    const isInSession =
      this.databases !== undefined &&
      ([...around.held, ...around.atStart].some(({ lock }) => lock.session?.kind === 'taken') ||
        caller?.isInSession === true);
    const matters =
      this.#essence.matters(closure, args, around.kept, isUnder) ||
      isCurried(node) ||
      (isInSession && this.reach.takesConnections(fn));
    const isFollowed = !matters && isBelow && (this.watcher.follows?.(fn) ?? false);
    if (isFollowed && this.#followed.size >= MAX_FOLLOWED) {
      this.record.noteUnresolved(node, `call of ${functionName(fn)}, one of too many below a lock`);
    }
    if (!matters && !(isFollowed && this.#followed.size < MAX_FOLLOWED)) {
      return {
        kind: isAsyncFunction(fn) ? 'async' : 'sync',
        task: { acquisitions: [], outcomes: [UNIT] },
        yields: [],
      };
    }
    const formals = formalsOf(closure.self, args);
    const inward = entering(formals);
    const { aliases = NO_ALIASES, within = NO_STORES } = this.#current?.call ?? {};
    const handed = [...args, ...closure.captured.values()];
    const full: Call = {
      fn,
      self: crossValue(closure.self, inward),
      args: trimmed(this.#given(fn, args).map((value) => crossValue(value, inward))),
      captured: crossBindings(
        new Map([...around.kept, ...this.#essence.ofBindings(closure.captured)]),
        inward,
      ),
      aliases: aliasesOf(formals, handed, aliases),
      ordered: ordersWithin(around.ordered, handed, inward),
      within: crossStores([...within, ...(around.within ? [around.within] : [])], aliases, inward),
    };
    const context = this.#contexts.of(isFollowed ? withFunctionsAlone(full) : full);
    if (isFollowed) this.#followed.add(context);
    if (isUnder && !context.isUnder) this.#putUnder(context);
    if (isBelow && !context.isBelow) this.#putBelow(context);
    if (isInSession && !context.isInSession) this.#putInSession(context);
    if (caller) {
      context.dependents.add(caller);
      const gates = gatesAround(around.held, inward.path);
      const onThis = formals.self === 'this' ? 'all' : 'single';
      const inherits = around.isJoined ? onThis : 'nothing';
      const sites: CallSites = {
        gates,
        on: placeOf(formals.self),
        inherits,
        under: around.under?.lock.cls,
        handed: handedIn(args),
      };
      context.callers.set(caller, commonSites(context.callers.get(caller), sites));
      this.watcher.calls?.({ caller, callee: context, node, around, inward });
    }
    const summary = this.#summaryOf(context);
    if ((summary.carriesLocks || summary.callsGivenBelow) && [closure, ...args].some(mentionsParameter)) {
      if (summary.carriesLocks) activation.carriesLocks = true;
      else activation.callsGiven(around.under !== undefined);
    }
    if (summary.outcomes.length === 0 && summary.kind === 'sync' && isAsyncFunction(fn)) {
      return { kind: 'async', task: { acquisitions: [], outcomes: [] }, yields: [] };
    }
    const at = callSpan(this.code, node);
    const outward = leaving(formals, `${idOf(node)}`, (via) => chain(at, functionName(fn), via));
    return {
      kind: summary.kind,
      task: {
        acquisitions: summary.acquisitions.map((acquisition) => crossAcquisition(acquisition, outward)),
        outcomes: summary.outcomes.map((outcome) => crossOutcome(outcome, outward)),
        ...(summary.rejections && {
          rejections: summary.rejections.map((outcome) => crossOutcome(outcome, outward)),
        }),
      },
      yields: summary.yields.map(({ held, value }) => ({
        held: held.map((one) => crossHeld(one, outward)),
        value: crossValue(value, outward),
      })),
    };
  }

  /**
   * Takes note of something of which nothing is known, `under` a lock or perhaps under one of our callers'. What costs a
   * search to tell is asked when all has been run, and only if a lock is held there.
   */
  unknown(node: Ts.Node, what: string, under: Held | undefined, isSo?: IsSo): void {
    this.record.noteUnknown(node, what, under?.lock.cls ?? this.#current, isSo);
  }

  /** Takes note of a call of what the callers of the function that is being looked at hand in. */
  parameterCall(node: Ts.Node, callee: string, parameter: Path, under: Held | undefined): void {
    if (this.#current) this.record.noteParameterCall(node, callee, parameter, this.#current, under?.lock.cls);
  }

  /** The functions that are run under a lock of some caller's, each with the lock. */
  locksAround(): ReadonlyMap<Context, LockClass> {
    return this.#contexts.under();
  }

  /** What could not be resolved where a lock is held. */
  unresolved(): readonly { readonly at: Span; readonly what: string }[] {
    const isLock = (node: Ts.Node): boolean =>
      this.identity.primitiveOf({ kind: 'node', node }) !== undefined;
    const unsettled = [...this.#unsettled]
      .filter(({ summary }) => touchesLocks(summary))
      .map(({ call: { fn } }) => ({
        at: this.code.span(nameNode(fn)),
        what: `${functionName(fn)}, which changes what is held in more than ${MAX_RUNS} ways`,
      }));
    return [
      ...this.record.unresolved(this.#contexts, isLock),
      ...new Map(unsettled.map((one) => [`${one.at.file}:${one.at.start}`, one])).values(),
    ];
  }

  /** Takes note of a lock that is waited for while another is held. */
  edge(
    owner: CfgOwner,
    outer: Held,
    inner: Acquisition,
    held: readonly Held[],
    world: World,
    combined: boolean,
  ): void {
    const self = this.#current?.call.self;
    const named = <T extends Held | Acquisition>(one: T): T => this.evaluator.singles.named(one, self);
    const all = held.map(named);
    const outside = all[held.indexOf(outer)] ?? named(outer);
    this.record.noteEdge(this.#current, owner, outside, named(inner), all, world, combined);
  }

  /** Arguments without what makes no difference to the function. */
  #given(fn: CfgOwner, args: readonly (Value | undefined)[]): (Value | undefined)[] {
    const parameters = parametersOf(fn);
    return args.map((value, index) => asGiven(this.#essence.ofValue(value), parameters[index]));
  }

  /** What a function returns, its effect on locks aside. */
  #valueOfCall(closure: Closure, args: readonly (Value | undefined)[], site: Ts.Node): Value | undefined {
    const { fn } = closure;
    if (!hasBody(fn) || this.#depth > MAX_NESTING) return undefined;
    if (!this.#essence.matters(closure, args) && !isCurried(site)) return undefined;
    const formals = formalsOf(closure.self, args);
    const inward = entering(formals);
    const context = this.#contexts.of({
      fn,
      self: crossValue(closure.self, inward),
      args: trimmed(this.#given(fn, [...closure.bound, ...args]).map((value) => crossValue(value, inward))),
      captured: crossBindings(this.#essence.ofBindings(closure.captured), inward),
      aliases: NO_ALIASES,
      ordered: NO_ORDERS,
      within: ANY_STORES,
    });
    if (this.#current) context.dependents.add(this.#current);
    const at = callSpan(this.code, site);
    const outward = leaving(formals, `${idOf(site)}`, (via) => chain(at, functionName(fn), via));
    const { kind, acquisitions, outcomes } = this.#summaryOf(context);
    // What an async function hands out is the promise of what it returns.
    if (kind === 'async') return crossValue({ kind: 'promise', task: { acquisitions, outcomes } }, outward);
    let joined: Value | undefined;
    for (const { value } of outcomes) joined = joinValues(joined, crossValue(value, outward));
    return joined;
  }

  /** What cannot be resolved is to be told from now on, also deeper down. */
  #putUnder(context: Context): void {
    context.isUnder = true;
    if (context.runs > 0 && this.#essence.isOpen(context.call.fn)) this.#queue.add(context);
  }

  /** The same for what a rule wants to see run below a lock. */
  #putBelow(context: Context): void {
    context.isBelow = true;
    if (context.runs > 0 && this.watcher.follows?.(context.call.fn)) this.#queue.add(context);
  }

  /** The same for who takes another connection meanwhile. */
  #putInSession(context: Context): void {
    context.isInSession = true;
    if (context.runs > 0 && this.reach.takesConnections(context.call.fn)) this.#queue.add(context);
  }

  #selves(fn: CfgOwner): (Value | undefined)[] {
    const self = lexicalSelf(fn);
    if (self?.kind !== 'instance' || !ts.isMethodDeclaration(fn)) return [self];
    const name = nameText(fn.name);
    const heirs = this.code
      .subtypes(self.cls)
      .filter((heir) => name !== undefined && this.code.member(heir, name) === fn)
      .slice(0, 8)
      .map((cls) => instanceOf(cls, true, 'this'));
    const isAbstract = hasModifier(self.cls, ts.SyntaxKind.AbstractKeyword);
    const own = isAbstract && heirs.length > 0 ? [] : [{ ...self, exact: heirs.length > 0 }];
    return [...own, ...heirs].flatMap((one) => this.#made(one));
  }

  /** An object as each of those who make one of its class do, if what they hand in matters. */
  #made(self: Instance): readonly Instance[] {
    const made = new Map<string, Instance>();
    for (const object of this.evaluator.objectsMade(self.cls)) {
      const inside = crossValue(object, entering({ self: undefined, args: [] }));
      if (inside?.kind !== 'instance') return [self];
      if (inside.origin === undefined && !keepsCarriers(inside.fields)) return [self];
      const one = { ...inside, path: self.path };
      made.set(valueKey(one), one);
    }
    return made.size > 0 && made.size <= MAX_MAKERS ? [...made.values()] : [self];
  }

  #summaryOf(context: Context): Summary {
    if (context.runs === 0 && !context.running) {
      if (this.#depth < MAX_NESTING) this.#run(context);
      else this.#queue.add(context);
    }
    return context.summary;
  }

  #run(context: Context): void {
    if (context.running) return;
    if (context.runs >= MAX_RUNS) {
      this.#unsettled.add(context);
      return;
    }
    const before = summaryKey(context.summary);
    const previous = this.#current;
    context.running = true;
    context.runs += 1;
    this.#current = context;
    this.#depth += 1;
    const { fn } = context.call;
    this.code.prefetch(fn);
    this.watcher.begins?.(context);
    const activation = new Activation(this, context, linkedCfgOf(fn));
    context.summary = this.#essence.ofSummary(activation.run());
    this.#depth -= 1;
    this.#current = previous;
    context.running = false;
    if (summaryKey(context.summary) === before) return;
    for (const dependent of context.dependents) {
      // The caller that is waiting for this very result has it at once.
      if (dependent !== previous || dependent.running === false) this.#queue.add(dependent);
    }
  }
}

/** Trailing arguments that say nothing make no difference. */
function trimmed(args: readonly (Value | undefined)[]): (Value | undefined)[] {
  const kept = [...args];
  while (kept.length > 0 && kept[kept.length - 1] === undefined) kept.pop();
  return kept;
}

/** The first call in `withRetries(3)(work)`: whatever it is given, what it makes is called with something else. */
function isCurried(node: Ts.Node): boolean {
  return ts.isCallExpression(node) && callWith(node) !== undefined;
}

/** What a function is called on, as far as it matters to gates. */
function placeOf(self: Path | undefined): CallSites['on'] {
  return self === 'this' || (self !== undefined && isSingle(self)) ? self : undefined;
}

/** Whether what is held around the caller may be held when the callee starts. */
function canBeBelow({ isWithin, isAtOnce }: Around): boolean {
  return isWithin || isAtOnce;
}

/** A call in which nothing matters but the functions that are handed in. */
function withFunctionsAlone(call: Call): Call {
  const isFunction = (value: Value | undefined): boolean =>
    membersOf(value).some(({ kind }) => kind === 'closure' || kind === 'inert');
  const { self, args, captured } = call;
  return {
    ...call,
    self: self?.kind === 'instance' ? instanceOf(self.cls, self.exact, self.path) : self,
    args: trimmed(args.map((value) => (isFunction(value) ? value : undefined))),
    captured: new Map([...captured].filter(([, value]) => isFunction(value))),
    aliases: NO_ALIASES,
    ordered: NO_ORDERS,
    within: ANY_STORES,
  };
}

/** The names by which a callee knows what it is called on and handed. */
function formalsOf(self: Value | undefined, args: readonly (Value | undefined)[]): Formals {
  const members = args.flatMap((value, index) =>
    value?.kind === 'object'
      ? [...value.properties].flatMap(([name, part]) => {
          const path = pathOf(part);
          return path === undefined ? [] : [[`p${index}.${name}`, path] as const];
        })
      : [],
  );
  return { self: pathOf(self), args: args.map((value) => pathOf(value)), members };
}

import type { Span } from '../../engine/finding.ts';
import type { ReportStep } from '../../engine/rule.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { memberName, nameText, rightmostName, skipParentheses } from '../code.ts';
import { functionOf } from '../doc-tags.ts';
import type { Activation } from './activation.ts';
import { knownAs } from './aliases.ts';
import {
  type Ambient,
  type Around,
  ambientHolds,
  type CallStep,
  isGivenBack,
  isMade,
  MAKING,
} from './ambient-holds.ts';
import type { Context } from './contexts.ts';
import type { LockEngine } from './engine.ts';
import { functionName } from './function-name.ts';
import { type Access, GuardedAccesses } from './guarded-accesses.ts';
import { lockKey } from './keys.ts';
import type { Annotation, LockAnnotations } from './lock-annotations.ts';
import type { NamedLock, Subject } from './lock-terms.ts';
import { isUnpublished } from './making.ts';
import { isKeeper, UNKNOWN_PATH } from './paths.ts';
import { callSpan, type LockRecord } from './record.ts';
import { CERTAINTY, type Certainty, certaintyOf, least, type Phases } from './surroundings.ts';
import { type Held, type LockRef, membersOf, type Path, pathOf, type Value } from './values.ts';
import type { LockWatcher, Step, WatchedCall } from './watcher.ts';
import { START, type World } from './world.ts';

/** What the annotations forbid, and the code does. */
export interface GuardedViolation {
  readonly kind: 'read' | 'write' | 'requires' | 'requiresShare' | 'excludes' | 'locks';
  readonly at: Span;
  /** The annotation that asks for it. */
  readonly annotation: Annotation;
  /** What is touched or called, or the function that locks. */
  readonly subject: Ts.Node;
  readonly lock: LockRef | undefined;
  /** How the program gets there. */
  readonly steps: readonly ReportStep[];
}

type Taking = LockRecord['takings'][number];

/** A lock that must be held at a place, or must not be; what is known of it there. */
interface Demand {
  readonly kind: 'read' | 'write' | 'requires' | 'requiresShare' | 'excludes';
  readonly node: Ts.Node;
  readonly annotation: Annotation;
  readonly subject: Ts.Node;
  readonly lock: NamedLock | undefined;
  /** The object that the place is about, which may be in the making. */
  readonly object: Path | undefined;
  /** By what the function itself has taken. */
  readonly own: Certainty;
  /** A lock that is held here, for the trace. */
  readonly held: Held | undefined;
  readonly phase: 'start' | 'rest';
  readonly released: readonly LockRef[];
  readonly releasedTokens: readonly string[];
}

interface Notes {
  readonly demands: Map<string, Demand>;
  readonly calls: Map<string, CallStep>;
}

/** Takes note of what is touched and called that annotations speak of, and of what is held there. */
export class GuardedWatcher implements LockWatcher {
  readonly #engine: LockEngine;
  readonly #annotations: LockAnnotations;
  readonly #accesses: GuardedAccesses;
  readonly #notes = new Map<Context, Notes>();
  readonly #lockless = new Set<Context>();

  constructor(engine: LockEngine, annotations: LockAnnotations) {
    this.#engine = engine;
    this.#annotations = annotations;
    const guarded = [...annotations.tags.keys()].filter(
      (node) => annotations.of(node, 'guardedBy').length > 0,
    );
    this.#accesses = new GuardedAccesses(engine.code, guarded);
  }

  begins(context: Context): void {
    this.#notes.set(context, { demands: new Map(), calls: new Map() });
    if (this.#annotations.ofFunction(context.call.fn, 'lockless').length > 0) this.#lockless.add(context);
  }

  performs(step: Step): void {
    for (const access of this.#accesses.in(step.activation.cfg).get(step.node.id) ?? []) {
      this.#noteAccess(access, step);
    }
    const { action } = step.node;
    if (action.kind === 'call' && ts.isCallExpression(action.node)) this.#noteCall(action.node, step);
  }

  calls({ caller, node, callee, around: { surroundings }, inward }: WatchedCall): void {
    const making = this.#making(caller, node);
    const holds = making ? [...surroundings.holds, { held: making, ...WHILE_MAKING }] : surroundings.holds;
    const step: CallStep = { caller, node, callee, inward, surroundings: { ...surroundings, holds } };
    const around = holds.map(
      ({ held, start, rest }) => `${held.token}${lockKey(held.lock)}${held.doubt}${start}${rest}`,
    );
    const released = surroundings.released.map(lockKey);
    const key = [
      callee.key,
      node.pos,
      node.end,
      surroundings.isAtStart,
      around,
      released,
      surroundings.releasedTokens,
    ];
    this.#notes.get(caller)?.calls.set(key.join('|'), step);
  }

  /** Everything that is certainly wrong, and what could not be told. */
  results(): {
    readonly violations: readonly GuardedViolation[];
    readonly unresolved: readonly { at: Span; what: string }[];
  } {
    const contexts = [...this.#notes.keys()];
    const calls = new Map<Context, CallStep[]>();
    for (const { calls: steps } of this.#notes.values()) {
      for (const step of steps.values()) calls.set(step.callee, [...(calls.get(step.callee) ?? []), step]);
    }
    const surely = ambientHolds(calls, contexts, 'all');
    const possibly = ambientHolds(calls, contexts, 'any');
    const violations = new Map<string, GuardedViolation>();
    const unresolved = new Map<string, { at: Span; what: string }>();
    for (const [context, { demands }] of this.#notes) {
      for (const demand of demands.values()) {
        const at = this.#placeOf(demand);
        const key = `${at.file}:${at.start}:${demand.annotation.tag.kind}:${demand.annotation.tag.name}`;
        const verdict =
          demand.kind === 'excludes'
            ? this.#excluded(context, demand, possibly.get(context))
            : this.#demanded(context, demand, surely);
        if (verdict === 'unknown') unresolved.set(key, { at, what: this.#doubtOf(demand) });
        else if (verdict && !violations.has(key)) {
          const steps = verdict === 'lacking' ? this.#waysTo(context, demand, calls, surely) : verdict;
          const { kind, annotation, subject, lock } = demand;
          violations.set(key, { kind, at, annotation, subject, lock, steps });
        }
      }
    }
    for (const key of violations.keys()) unresolved.delete(key);
    return {
      violations: [...violations.values(), ...this.#lockingWhereNone()],
      unresolved: [...unresolved.values()],
    };
  }

  // -- what is noted

  #noteAccess(access: Access, step: Step): void {
    const { activation, world, context } = step;
    const object = access.object && activation.evaluate(access.object, world);
    if (access.object && this.#isInTheMaking(access.object, object, access.node, context)) return;
    if (!access.object && isAtTopOf(access.declaration, activation.call.fn)) return;
    for (const annotation of this.#annotations.of(access.declaration, 'guardedBy')) {
      const lock = this.#annotations.lockOf(annotation, { self: object, args: [] });
      this.#note(step, {
        kind: access.kind,
        node: access.node,
        annotation,
        subject: access.declaration,
        lock,
        object: pathOf(object),
        ...this.#ownCertainty(lock, access.kind, step),
      });
    }
  }

  #noteCall(node: Ts.CallExpression, step: Step): void {
    const { activation, world, context } = step;
    for (const { fn, subject } of this.#called(node, activation, world)) {
      for (const kind of ['requiresLock', 'excludesLock'] as const) {
        for (const annotation of this.#annotations.of(fn, kind)) {
          const lock = this.#annotations.lockOf(annotation, subject);
          const demand =
            kind === 'excludesLock' ? 'excludes' : annotation.tag.isShared ? 'requiresShare' : 'requires';
          const receiver = receiverOf(node);
          if (demand !== 'excludes' && receiver && this.#isInTheMaking(receiver, subject.self, node, context))
            continue;
          this.#note(step, {
            kind: demand,
            node,
            annotation,
            subject: fn,
            lock,
            object: pathOf(subject.self),
            ...this.#ownCertainty(lock, demand, step),
          });
        }
      }
    }
  }

  #note({ context, world }: Step, demand: Omit<Demand, 'phase' | 'released' | 'releasedTokens'>): void {
    const { released, releasedTokens } = world;
    const phase = world.segment === START.segment ? 'start' : 'rest';
    const { annotation, node, lock, own, object } = demand;
    const key = [
      annotation.tag.at.start,
      annotation.tag.kind,
      node.pos,
      node.end,
      own,
      phase,
      object,
      lock && lockKey(lock),
      released.map(lockKey),
      releasedTokens,
    ].join('|');
    this.#notes.get(context)?.demands.set(key, { ...demand, phase, released, releasedTokens });
  }

  /** The annotated functions that a call may reach, with what they are called on and with. */
  #called(
    node: Ts.CallExpression,
    activation: Activation,
    world: World,
  ): readonly { readonly fn: Ts.Node; readonly subject: Subject }[] {
    const callee = skipParentheses(node.expression);
    const name = rightmostName(callee);
    const receiverNode = receiverOf(node);
    const receiver =
      receiverNode?.kind === ts.SyntaxKind.SuperKeyword
        ? activation.call.self
        : receiverNode && activation.evaluate(receiverNode, world);
    const args = node.arguments.map((argument) => activation.evaluate(argument, world));
    const found = new Map<Ts.Node, Subject>();
    for (const member of membersOf(activation.evaluate(callee, world))) {
      if (member.kind !== 'closure') continue;
      const on = declarationOf(member.fn);
      if (this.#annotations.tags.has(on))
        found.set(on, { self: member.self ?? receiver, args: [...member.bound, ...args] });
    }
    for (const entity of name ? this.#engine.code.entities(name) : []) {
      if (entity.kind !== 'node' || !this.#annotations.tags.has(entity.node) || found.has(entity.node))
        continue;
      found.set(entity.node, { self: receiver, args });
    }
    return [...found].map(([fn, subject]) => ({ fn, subject }));
  }

  // -- what is held

  #ownCertainty(
    lock: NamedLock | undefined,
    kind: Demand['kind'],
    { world, context }: Step,
  ): { readonly own: Certainty; readonly held: Held | undefined } {
    if (!lock) return { own: CERTAINTY.unknown, held: undefined };
    let own: Certainty = CERTAINTY.nothing;
    let best: Held | undefined;
    const rename = (path: Path): Path => knownAs(path, context.call.aliases);
    for (const held of [...world.held, ...world.outer]) {
      const level = least(matching(held, lock, kind, rename), levelFor(kind, held));
      if (level <= own) continue;
      own = level;
      best = held;
    }
    return { own, held: best };
  }

  #demanded(
    context: Context,
    demand: Demand,
    surely: ReadonlyMap<Context, Ambient>,
  ): 'lacking' | 'unknown' | undefined {
    const level = this.#certaintyIn(context, demand, surely.get(context));
    if (level === CERTAINTY.sure) return undefined;
    return level === CERTAINTY.nothing ? 'lacking' : 'unknown';
  }

  #certaintyIn(context: Context, demand: Demand, ambient: Ambient | undefined): Certainty {
    // Nobody is known to call it.
    if (!ambient) return CERTAINTY.sure;
    const { lock, kind, object, phase, own } = demand;
    let level = own;
    const rename = (path: Path): Path => knownAs(path, context.call.aliases);
    if (isMade(ambient[phase], object)) return CERTAINTY.sure;
    for (const around of ambient[phase].values()) {
      if (!lock || around.lock.cls === MAKING || isGivenBack(around, demand)) continue;
      const found = least(matching(around, lock, kind, rename), around.level);
      if (found > level) level = found;
    }
    return level;
  }

  /** How the lock comes to be held where it must not be. */
  #excluded(
    context: Context,
    demand: Demand,
    ambient: Ambient | undefined,
  ): readonly ReportStep[] | 'unknown' | undefined {
    const { lock, own, held } = demand;
    if (!lock) return 'unknown';
    if (own >= CERTAINTY.perhaps && held) return [takenStep(held)];
    let isDoubtful = own === CERTAINTY.unknown;
    const rename = (path: Path): Path => knownAs(path, context.call.aliases);
    for (const around of ambient?.[demand.phase].values() ?? []) {
      if (around.lock.cls === MAKING || isGivenBack(around, demand)) continue;
      const level = least(matching(around, lock, 'excludes', rename), around.level);
      if (level >= CERTAINTY.perhaps) return this.#stepsOf(around);
      if (level === CERTAINTY.unknown) isDoubtful = true;
    }
    return isDoubtful ? 'unknown' : undefined;
  }

  #stepsOf({ by }: Around): readonly ReportStep[] {
    return [...(by.held ? [takenStep(by.held)] : []), this.#callStep(by.call)];
  }

  /** Calls that lead to a place without the lock, from outside in. */
  #waysTo(
    context: Context,
    demand: Demand,
    calls: ReadonlyMap<Context, readonly CallStep[]>,
    surely: ReadonlyMap<Context, Ambient>,
  ): readonly ReportStep[] {
    const steps: ReportStep[] = [];
    const seen = new Set<Context>();
    for (let at = context; !at.callers.has('outside') && !seen.has(at); ) {
      seen.add(at);
      const ways = calls.get(at) ?? [];
      const lacking = ways.find((call) => !this.#brings(call, demand)) ?? ways[0];
      if (!lacking || !surely.has(lacking.caller)) break;
      steps.unshift(this.#callStep(lacking));
      at = lacking.caller;
    }
    return steps;
  }

  #brings({ surroundings }: CallStep, { lock, phase }: Demand): boolean {
    return surroundings.holds.some(
      (hold) => hold[phase] === CERTAINTY.sure && hold.held.lock.cls === lock?.cls,
    );
  }

  #callStep({ node, callee }: CallStep): ReportStep {
    const name = functionName(callee.call.fn);
    const at = callSpan(this.#engine.code, node);
    return { at, message: name === '<anonymous>' ? 'runs the callback' : `calls ${name}` };
  }

  // -- objects in the making

  #isInTheMaking(
    object: Ts.Expression,
    value: Value | undefined,
    place: Ts.Node,
    { call }: Context,
  ): boolean {
    const isMadeHere = value?.kind === 'instance' && value.exact && /^n\d+$/.test(value.path);
    const isOwn =
      ts.isConstructorDeclaration(call.fn) && value !== undefined && pathOf(value) === pathOf(call.self);
    const bare = skipParentheses(object);
    if (isOwn) return isUnpublished(call.fn, 'this', place);
    return isMadeHere && ts.isIdentifier(bare) && isUnpublished(call.fn, bare, place);
  }

  /** Stands for "nobody else knows `this`", around what a constructor calls. */
  #making({ call }: Context, node: Ts.Node): Held | undefined {
    if (!ts.isConstructorDeclaration(call.fn) || !ts.isCallExpression(node)) return undefined;
    const path = pathOf(call.self);
    if (path === undefined || !isUnpublished(call.fn, 'this', node.expression)) return undefined;
    return {
      token: '',
      lock: { cls: MAKING, path },
      mode: 'exclusive',
      at: MAKING.declaredAt,
      via: undefined,
      segment: undefined,
    };
  }

  // -- functions that must not lock

  #lockingWhereNone(): readonly GuardedViolation[] {
    const found = new Map<Ts.Node, GuardedViolation>();
    for (const context of this.#lockless) {
      const { fn } = context.call;
      const [annotation] = this.#annotations.ofFunction(fn, 'lockless');
      const way = annotation && !found.has(fn) ? this.#wayToLock(context) : undefined;
      if (!annotation || !way) continue;
      const at = way.calls[0] ? callSpan(this.#engine.code, way.calls[0].node) : way.taking.at;
      const { lock } = way.taking;
      const steps = [
        ...way.calls.map((call) => this.#callStep(call)),
        { at: way.taking.at, message: 'taken here' },
      ];
      found.set(fn, { kind: 'locks', at, annotation, subject: fn, lock, steps });
    }
    return [...found.values()];
  }

  /** The shortest way from a function to a place where a lock is taken: whether or not somebody waits for it. */
  #wayToLock(context: Context): { readonly calls: readonly CallStep[]; readonly taking: Taking } | undefined {
    const ways = new Map<Context, readonly CallStep[]>([[context, []]]);
    for (const [at, calls] of ways) {
      const taking = this.#takingIn(at.call.fn);
      if (taking) return { calls, taking };
      for (const step of this.#notes.get(at)?.calls.values() ?? []) {
        if (!ways.has(step.callee)) ways.set(step.callee, [...calls, step]);
      }
    }
    return undefined;
  }

  #takingIn(fn: Ts.Node): Taking | undefined {
    const { file, start, end } = this.#engine.code.span(fn);
    return this.#engine.record.takings.find(
      ({ at }) => at.file === file && at.start >= start && at.end <= end,
    );
  }

  #placeOf({ node, kind }: Demand): Span {
    const { code } = this.#engine;
    return kind === 'read' || kind === 'write' ? code.span(node) : callSpan(code, node);
  }

  #doubtOf({ kind, annotation, subject }: Demand): string {
    const name = nameText((subject as { name?: Ts.Node }).name ?? subject) ?? 'it';
    const lock = annotation.tag.name;
    if (kind === 'read' || kind === 'write') return `whether ${lock} is held at this ${kind} of ${name}`;
    return `whether ${lock} is held at this call of ${name}`;
  }
}

const WHILE_MAKING: Phases = { start: CERTAINTY.sure, rest: CERTAINTY.nothing };

/** How sure it is that a lock that is held is the one that is asked for. */
function matching(
  held: { readonly lock: LockRef; readonly mode: Held['mode'] },
  lock: NamedLock,
  kind: Demand['kind'],
  rename: (path: Path) => Path,
): Certainty {
  if (held.lock.cls.id !== lock.cls.id) return CERTAINTY.nothing;
  const needsAll = kind === 'write' || kind === 'requires';
  if (needsAll && held.mode === 'shared') return CERTAINTY.nothing;
  const { permits } = lock.cls;
  if (permits !== 1 && kind !== 'excludes')
    return permits === undefined ? CERTAINTY.unknown : CERTAINTY.nothing;
  if (lock.isAny) return CERTAINTY.sure;
  const [a, b] = [held.lock.path, lock.path];
  if (a === undefined || b === undefined || isVague(a) || isVague(b)) return CERTAINTY.unknown;
  const [one, other] = [rename(a), rename(b)];
  if (one === other) return CERTAINTY.sure;
  return frameOf(one) === frameOf(other) ? CERTAINTY.nothing : CERTAINTY.unknown;
}

function levelFor(kind: Demand['kind'], held: Held): Certainty {
  const level = certaintyOf(held);
  // What was asked for may be held by now.
  return kind === 'excludes' && level === CERTAINTY.nothing ? CERTAINTY.perhaps : level;
}

function isVague(path: Path): boolean {
  return path.includes(UNKNOWN_PATH) || isKeeper(path);
}

/** Whose name it is: that of the function itself, of a caller, or of a function around. One object may have several. */
function frameOf(path: Path): string | undefined {
  return /^(?:\^+|e(?=\d))/.exec(path)?.[0];
}

function takenStep({ at, isAssumed }: Held): ReportStep {
  return { at, message: isAssumed ? 'held by every caller' : 'taken here' };
}

function receiverOf(node: Ts.CallExpression): Ts.Expression | undefined {
  const callee = skipParentheses(node.expression);
  return memberName(callee) ? (callee as Ts.PropertyAccessExpression).expression : undefined;
}

/** The declaration that a function is annotated on. */
function declarationOf(fn: Ts.Node): Ts.Node {
  const { parent } = fn;
  return parent && functionOf(parent) === fn ? parent : fn;
}

/** The top level of the file that declares a variable runs before anybody else can. */
function isAtTopOf(declaration: Ts.Node, fn: Ts.Node): boolean {
  return declaration.getSourceFile() === fn;
}

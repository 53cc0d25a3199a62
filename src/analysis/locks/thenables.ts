import type { Program } from '../../engine/program.ts';
import type { Ts } from '../../syntax/ts.ts';
import type { Code } from '../code.ts';
import type { Activation } from './activation.ts';
import { ALONE } from './around.ts';
import { inCall, takeAtOnce } from './at-once.ts';
import { runUnder } from './calls.ts';
import { awaitedChain, isChain } from './chain-locks.ts';
import { handOver } from './handover.ts';
import { idOf } from './keys.ts';
import { endsOf, withoutGiven } from './settling.ts';
import { phasesOfCall, surroundings } from './surroundings.ts';
import { type Closure, membersOf, type Task, UNIT, type Value } from './values.ts';
import { joinValues, type World } from './world.ts';

/** Classes of the program whose objects are awaited by a `then` of their own: lazy queries, builders. */
export class Thenables {
  readonly #code: Code;
  #exist: boolean | undefined;

  constructor(code: Code) {
    this.#code = code;
  }

  /** The `then` of a class, its own or inherited. Hardly any program has one, and then nobody is asked. */
  of(cls: Ts.ClassLikeDeclaration): Ts.Node | undefined {
    this.#exist ??= declaresThen(this.#code.program);
    return this.#exist ? this.#code.member(cls, 'then') : undefined;
  }
}

/** Whether the text of some file shows a method `then`, rather than a call of one. */
function declaresThen(program: Program): boolean {
  const files = program.filesWith(['then(', 'then<', 'then =']);
  return files.some((file) => /(?:^|[{};\s])then(?:[(<]| = )/.test(program.text(file) ?? ''));
}

/** A value as `await` and `return` see it: an object with a `then` of its own is the promise that its `then` settles. */
export function promised(
  activation: Activation,
  value: Value | undefined,
  node: Ts.Node,
  world: World,
): Value | undefined {
  let joined: Value | undefined;
  for (const member of membersOf(value)) {
    if (isChain(member)) {
      joined = joinValues(joined, awaitedChain(activation, member, node, world));
      continue;
    }
    const then = thenOf(activation, member);
    joined = joinValues(joined, then ? settledAs(activation, node, then, world) : member);
  }
  return joined;
}

/** The promise that a `then` settles: with what is not known, but not with the object itself. */
function settledAs(activation: Activation, node: Ts.Node, then: Closure, world: World): Value {
  const { task } = promiseOf(activation, node, then, world);
  const value: Value = { kind: 'opaque', path: `n${idOf(node)}` };
  return { kind: 'promise', task: { ...task, outcomes: [{ ...UNIT, value }] } };
}

/** {@link promised} for what `Promise.all` and its kin are given. */
export function promisedList(
  activation: Activation,
  list: Value | undefined,
  node: Ts.Node,
  world: World,
): Value | undefined {
  if (list?.kind !== 'collection') return promised(activation, list, node, world);
  return {
    ...list,
    items: list.items?.map((item) => promised(activation, item, node, world)),
    element: promised(activation, list.element, node, world),
  };
}

function thenOf({ engine }: Activation, value: Value): Closure | undefined {
  if (value.kind === 'object') {
    const own = value.properties.get('then');
    return own?.kind === 'closure' ? { ...own, self: own.self ?? value } : undefined;
  }
  if (value.kind !== 'instance') return undefined;
  const then = engine.reach.thenables.of(value.cls);
  const declared = then && engine.evaluator.declared(then, value.path, value);
  return declared?.kind === 'closure' ? declared : undefined;
}

const NOTHING: Task = { acquisitions: [], outcomes: [] };

/** The promise that a function settles by what it is handed, and the world in which it goes on running. */
export function promiseOf(
  activation: Activation,
  node: Ts.Node,
  executor: Closure,
  world: World,
): { readonly task: Task; readonly world: World } {
  const reject: Value = { kind: 'opaque', path: `n${idOf(node)}`, settles: executor.fn };
  const resolve: Value = { ...reject, promise: node };
  const { acquisitions: awaited, outcomes } = runUnder(
    activation,
    node,
    executor,
    [resolve, reject],
    [],
    world,
    'here',
    phasesOfCall(node, executor.fn),
  );
  // What must happen before `resolve` is called is waited for, wherever the executor has put it.
  const effect = activation.engine.apply(activation, executor, [resolve, reject], node, {
    ...ALONE,
    surroundings: surroundings(world, phasesOfCall(node, executor.fn)),
  });
  const { now, later } = inCall(effect?.kind === 'sync' ? effect.task : NOTHING);
  takeAtOnce(activation, now, world);
  const taken = new Set(now.acquisitions.map(({ token }) => token));
  // What comes after that, nobody waits for.
  const acquisitions = [...awaited.filter(({ token }) => !taken.has(token)), ...later.acquisitions].filter(
    ({ settled }) => !settled.includes(executor.fn),
  );
  // The executor may settle the promise and go on for a while: nobody waits for its end.
  const next = withoutGiven(node, handOver(activation, node, { acquisitions, outcomes }, world));
  return { task: endsOf(node, { acquisitions, outcomes }), world: next };
}

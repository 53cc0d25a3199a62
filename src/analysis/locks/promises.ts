import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';
import { type Acquisition, membersOf, type Outcome, type Task, UNIT, type Value } from './values.ts';
import { joinValues } from './world.ts';

/** Whether an expression is the global `Promise`. */
export function isPromiseStatic(node: Ts.Expression): boolean {
  const bare = skipParentheses(node);
  return ts.isIdentifier(bare) && bare.text === 'Promise' && !resolveLocal(bare);
}

/** `Promise.all(list)` and its kin: several tasks started, one promise for all of them. */
export function combine(method: string, argument: Value | undefined): Value | undefined {
  if (method === 'resolve') {
    return argument?.kind === 'promise' || !argument ? argument : promiseOf(argument);
  }
  if (!/^(?:all|allSettled|race|any)$/.test(method)) return undefined;
  const list = argument?.kind === 'collection' ? argument : undefined;
  const tasks = (list?.items ?? [list?.element])
    .flatMap((item) => membersOf(item))
    .filter((member) => member.kind === 'promise')
    .map(({ task }) => task);
  if (tasks.length === 0) return undefined;
  return {
    kind: 'promise',
    task: method === 'race' || method === 'any' ? anyOf(tasks) : allOf(tasks, list?.items),
  };
}

function promiseOf(value: Value): Value {
  return { kind: 'promise', task: { acquisitions: [], outcomes: [{ ...UNIT, value }] } };
}

/** All of them end; each first way of ending is taken for each, as their ways do not depend on one another. */
function allOf(tasks: readonly Task[], items: readonly (Value | undefined)[] | undefined): Task {
  const held = tasks.flatMap(({ outcomes }) => outcomes.flatMap((outcome) => outcome.held));
  const values = (items ?? []).map((item) => {
    if (item?.kind !== 'promise') return item;
    let joined: Value | undefined;
    for (const outcome of item.task.outcomes) joined = joinValues(joined, outcome.value);
    return joined;
  });
  let element: Value | undefined;
  for (const task of tasks) for (const outcome of task.outcomes) element = joinValues(element, outcome.value);
  const outcome: Outcome = {
    held,
    released: tasks.flatMap(({ outcomes }) => outcomes.flatMap(({ released }) => released)),
    releasedTokens: tasks.flatMap(({ outcomes }) => outcomes.flatMap(({ releasedTokens }) => releasedTokens)),
    value: { kind: 'collection', path: 'all', items: items ? values : undefined, element, sorted: false },
    writes: new Map(tasks.flatMap(({ outcomes }) => outcomes.flatMap(({ writes }) => [...writes]))),
  };
  const persisting = tasks.filter(({ outcomes }) => outcomes.some((one) => one.held.length > 0)).length;
  return { acquisitions: gather(tasks, persisting > 1), outcomes: [outcome] };
}

/** One of them ends first; any of the others may end later and hold what it took. */
function anyOf(tasks: readonly Task[]): Task {
  return {
    acquisitions: gather(tasks, false),
    outcomes: tasks.flatMap(({ outcomes }) => outcomes),
  };
}

/** Grants that outlive their tasks are waited for while the others may be held already. */
function gather(tasks: readonly Task[], combined: boolean): Acquisition[] {
  return tasks.flatMap(({ acquisitions, outcomes }) => {
    const kept = new Set(outcomes.flatMap(({ held }) => held.map(({ token }) => token)));
    return acquisitions.map((acquisition) =>
      combined && kept.has(acquisition.token) ? { ...acquisition, combined: true } : acquisition,
    );
  });
}

import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { namesIn } from '../name-index.ts';
import { isGlobal } from '../shapes.ts';
import {
  type Acquisition,
  type Bindings,
  EMPTY_BINDINGS,
  membersOf,
  type Outcome,
  type Task,
  UNIT,
  type Value,
} from './values.ts';
import { joinBindings, joinValues, mergeOutcomes } from './world.ts';

/** Whether an expression is the global `Promise`. */
export function isPromiseStatic(node: Ts.Expression): boolean {
  return isGlobal(node, 'Promise');
}

/**
 * Whether the promise of a call is never waited for in the function that made it: `work();`, `void work()`,
 * `tasks.push(work())`, `const task = work(); tasks.push(task)`.
 */
export function isNeverAwaited(call: Ts.Node): boolean {
  let known = neverAwaited.get(call);
  if (known === undefined) {
    known = findNeverAwaited(call);
    neverAwaited.set(call, known);
  }
  return known;
}

const neverAwaited = new WeakMap<Ts.Node, boolean>();

function findNeverAwaited(call: Ts.Node): boolean {
  const { parent } = call;
  if (ts.isExpressionStatement(parent) || ts.isVoidExpression(parent) || isKept(call)) return true;
  if (!ts.isVariableDeclaration(parent) || !ts.isIdentifier(parent.name)) return false;
  const scope = ts.findAncestor(parent, (node) => ts.isFunctionLike(node) || ts.isSourceFile(node));
  return (
    scope !== undefined &&
    usesOf(parent, parent.name.text, scope).every((use) => isKept(use) || isObserved(use) || isPrinted(use))
  );
}

function usesOf(variable: Ts.VariableDeclaration, name: string, scope: Ts.Node): readonly Ts.Identifier[] {
  return (namesIn(variable.getSourceFile()).get(name) ?? []).filter(
    (node): node is Ts.Identifier =>
      ts.isIdentifier(node) &&
      node !== variable.name &&
      scope.pos <= node.pos &&
      node.end <= scope.end &&
      resolveLocal(node) === variable,
  );
}

/** `tasks.push(task)`, `running.add(task)`: somebody else may wait for it. */
function isKept({ parent }: Ts.Node): boolean {
  return (
    ts.isCallExpression(parent) &&
    ts.isPropertyAccessExpression(parent.expression) &&
    /^(?:push|unshift|add|set|indexOf|includes|delete)$/.test(parent.expression.name.text)
  );
}

/** A promise in a text is not waited for. */
function isPrinted({ parent }: Ts.Node): boolean {
  return ts.isTemplateSpan(parent);
}

/** `task.finally(…);` as a statement of its own. */
function isObserved(use: Ts.Node): boolean {
  const access = use.parent;
  if (!ts.isPropertyAccessExpression(access) || access.expression !== use) return false;
  const call = access.parent;
  return (
    /^(?:then|catch|finally)$/.test(access.name.text) &&
    ts.isCallExpression(call) &&
    (ts.isExpressionStatement(call.parent) || ts.isVoidExpression(call.parent))
  );
}

/** `Promise.all(list)` and its kin: several tasks started, one promise for all of them. */
export function combine(method: string, argument: Value | undefined): Value | undefined {
  if (method === 'resolve') {
    return argument?.kind === 'promise' || !argument ? argument : promiseOf(argument);
  }
  if (!/^(?:all|allSettled|race|any)$/.test(method)) return undefined;
  const list = argument?.kind === 'collection' ? argument : undefined;
  const items = list?.items ?? [list?.element];
  const tasks = items
    .flatMap((item) => membersOf(item))
    .filter((member) => member.kind === 'promise')
    .map(({ task }) => task);
  if (tasks.length === 0) return undefined;
  if (method === 'all' || method === 'allSettled') {
    return { kind: 'promise', task: allOf(tasks, list?.items) };
  }
  return {
    kind: 'promise',
    task: anyOf(
      tasks,
      items.some((item) => !mustWait(item)),
    ),
  };
}

function promiseOf(value: Value): Value {
  return { kind: 'promise', task: { acquisitions: [], outcomes: [{ ...UNIT, value }] } };
}

/** All of them end, each in any of its ways: their ways do not depend on one another. */
function allOf(tasks: readonly Task[], items: readonly (Value | undefined)[] | undefined): Task {
  const ends = tasks.map(({ outcomes }) => mergeOutcomes(outcomes));
  const values = items?.map((item) => {
    return item?.kind === 'promise' ? mergeOutcomes(item.task.outcomes).value : item;
  });
  let element: Value | undefined;
  let writes: Bindings = EMPTY_BINDINGS;
  for (const end of ends) {
    element = joinValues(element, end.value);
    writes = joinBindings(writes, end.writes);
  }
  const outcome: Outcome = {
    held: ends.flatMap(({ held }) => held),
    released: ends.flatMap(({ released }) => released),
    releasedTokens: ends.flatMap(({ releasedTokens }) => releasedTokens),
    value: { kind: 'collection', path: 'all', items: values, element, sorted: false },
    writes,
    ordered: [],
  };
  const persisting = ends.filter(({ held }) => held.length > 0).length;
  return { acquisitions: gather(tasks, persisting > 1), outcomes: [outcome] };
}

/** Whether every way in which the promise may end leads through a lock. */
function mustWait(item: Value | undefined): boolean {
  const members = membersOf(item);
  return (
    members.length > 0 &&
    members.every((member) => member.kind === 'promise' && member.task.acquisitions.length > 0)
  );
}

/**
 * One of them ends first; any of the others may end later and hold what it took. Where one of them waits for no lock,
 * it ends the wait, whoever holds the others' locks.
 */
function anyOf(tasks: readonly Task[], endsAnyway: boolean): Task {
  return {
    acquisitions: endsAnyway ? [] : gather(tasks, false),
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

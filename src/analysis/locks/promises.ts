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

/**
 * Whether the promise of a call is never waited for in the function that made it: `work();`, `void work()`,
 * `tasks.push(work())`, `const task = work(); tasks.push(task)`.
 */
export function isNeverAwaited(call: Ts.Node): boolean {
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
  const found: Ts.Identifier[] = [];
  const visit = (node: Ts.Node): void => {
    if (
      ts.isIdentifier(node) &&
      node.text === name &&
      node !== variable.name &&
      resolveLocal(node) === variable
    ) {
      found.push(node);
    }
    ts.forEachChild(node, visit);
  };
  visit(scope);
  return found;
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

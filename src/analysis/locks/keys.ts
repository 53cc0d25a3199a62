import type { Ts } from '../../syntax/ts.ts';
import type { Bindings, Held, Outcome, Task, Value } from './values.ts';

const ids = new WeakMap<Ts.Node, number>();
let lastId = 0;

/** A small number for a node, the same for the whole process. Never shown, never sorted by. */
export function idOf(node: Ts.Node): number {
  let id = ids.get(node);
  if (id === undefined) {
    lastId += 1;
    id = lastId;
    ids.set(node, id);
  }
  return id;
}

// Values and bindings never change, so a key is worked out once for each.
const valueKeys = new WeakMap<Value, string>();
const bindingsKeys = new WeakMap<Bindings, string>();

/** Equal values have equal keys. */
export function valueKey(value: Value | undefined, depth = 0): string {
  if (!value) return '-';
  if (depth > 12) return '…';
  let key = valueKeys.get(value);
  if (key === undefined) {
    key = makeValueKey(value, depth);
    valueKeys.set(value, key);
  }
  return key;
}

function makeValueKey(value: Value, depth: number): string {
  const inner = (part: Value | undefined): string => valueKey(part, depth + 1);
  const named = (parts: ReadonlyMap<string, Value>): string =>
    `{${[...parts].map(([name, part]) => `${name}:${inner(part)}`).join(',')}}`;
  switch (value.kind) {
    case 'constant':
      return `c${typeof value.value}${String(value.value)}`;
    case 'inert':
      return 'N';
    case 'lock':
      return `L${value.lock.cls.id}/${value.lock.path ?? ''}${value.tries ? '!' : ''}`;
    case 'operation':
      return `M${value.method}/${inner(value.lock)}`;
    case 'releaser':
      return `R${value.tokens.join(',')}/${value.locks.map(({ cls, path }) => cls.id + (path ?? '')).join(',')}${value.pair ? '2' : ''}`;
    case 'closure':
      return `F${idOf(value.fn)}(${inner(value.self)}|${value.bound.map(inner).join(',')}|${bindingsKey(value.captured, depth + 1)})`;
    case 'instance':
      return `I${idOf(value.cls)}${value.exact ? '=' : ''}/${value.path}${value.fields.size > 0 ? named(value.fields) : ''}`;
    case 'object':
      return `O${value.path}${named(value.properties)}`;
    case 'promise':
      return `P${taskKey(value.task, depth + 1)}`;
    case 'generator':
      return `G${taskKey(value.task, depth + 1)}/${value.yields.map(({ held, value: yielded }) => heldKey(held) + inner(yielded)).join('&')}`;
    case 'collection':
      return `A${value.path}${value.sorted ? '<' : ''}[${value.items?.map(inner).join(',') ?? ''}]${inner(value.element)}`;
    case 'opaque':
      return `?${value.path}`;
    case 'union':
      return `U(${value.members.map(inner).join('|')})`;
  }
}

export function bindingsKey(bindings: Bindings, depth = 0): string {
  if (bindings.size === 0) return '';
  const known = bindingsKeys.get(bindings);
  if (known !== undefined) return known;
  const parts: string[] = [];
  for (const [node, value] of bindings) parts.push(`${idOf(node)}=${valueKey(value, depth)}`);
  const key = parts.sort().join(';');
  bindingsKeys.set(bindings, key);
  return key;
}

export function heldKey(held: readonly Held[]): string {
  return held
    .map(({ token, lock, segment }) => `${token}:${lock.path ?? ''}:${segment ?? ''}`)
    .sort()
    .join('+');
}

export function outcomeKey(outcome: Outcome, depth = 0): string {
  return [
    heldKey(outcome.held),
    outcome.released.map(({ cls, path }) => `${cls.id}/${path ?? ''}`).join(','),
    outcome.releasedTokens.join(','),
    valueKey(outcome.value, depth),
    bindingsKey(outcome.writes, depth),
    outcome.ordered.join(';'),
  ].join('#');
}

function taskKey(task: Task, depth: number): string {
  const waits = task.acquisitions
    .map(({ lock, at }) => `${lock.cls.id}/${lock.path ?? ''}@${at.start}`)
    .join(',');
  return `${waits}>${task.outcomes.map((outcome) => outcomeKey(outcome, depth)).join('|')}`;
}

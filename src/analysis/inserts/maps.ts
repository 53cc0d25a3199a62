import { type Ts, ts } from '../../syntax/ts.ts';
import { type Entity, skipParentheses } from '../code.ts';
import { type Carried, ELEMENT, type ValueFlow } from './flow.ts';
import { ITERATIONS } from './iteration.ts';

/** A value that is kept in a map, or handed out by a generator. */
export interface MapEntry {
  /** Its key, where that is a literal. */
  readonly key: string | undefined;
  /** What puts it there, or hands it out; undefined for an entry of the map's own literal. */
  readonly place: Ts.Node | undefined;
}

/** How to get to a value from the map that holds it: an element of one of its pairs. */
export const IN_MAP: readonly string[] = [ELEMENT, ELEMENT];

/** The same for one whose key is known: a step that only this key takes. */
export function entryStep(key: string): string {
  return `get ${key}`;
}

/** The map that `map.set(key, value)` puts its second argument into. */
export function putInMap(
  call: Ts.CallExpression | Ts.NewExpression,
  index: number,
  entities: readonly Entity[],
): Ts.Node | undefined {
  const callee = skipParentheses(call.expression);
  if (index !== 1 || !ts.isPropertyAccessExpression(callee) || callee.name.text !== 'set') return undefined;
  const isMap = entities.some(
    (entity) =>
      entity.kind === 'external' && entity.module === 'lib' && /^(?:Weak)?Map$/.test(entity.container ?? ''),
  );
  return isMap ? skipParentheses(callee.expression) : undefined;
}

/** `new Map([[key, value]])`: the map in whose literal a pair stands. */
export function mapOfPair(
  pair: Ts.Node,
): { readonly key: Ts.Expression | undefined; readonly made: Ts.NewExpression } | undefined {
  const list = pair.parent;
  const made = list.parent;
  if (!ts.isArrayLiteralExpression(pair) || !ts.isArrayLiteralExpression(list)) return undefined;
  const isMap =
    ts.isNewExpression(made) && made.expression.getText() === 'Map' && made.arguments?.[0] === list;
  return isMap ? { key: pair.elements[0], made } : undefined;
}

/** The array or set that `list.push(value)`, `set.add(value)` and their like put their arguments into. */
export function putInList(
  call: Ts.CallExpression | Ts.NewExpression,
  entities: readonly Entity[],
): Ts.Expression | undefined {
  const callee = skipParentheses(call.expression);
  if (!ts.isPropertyAccessExpression(callee) || !/^(?:push|unshift|add)$/.test(callee.name.text))
    return undefined;
  const isList = entities.some(
    (entity) =>
      entity.kind === 'external' && entity.module === 'lib' && /^(?:Array|Set)$/.test(entity.container ?? ''),
  );
  return isList ? callee.expression : undefined;
}

/** `Object.values(table)`, `Object.entries(table)`: an array of what is kept in the properties of an object. */
export function propertiesOf<Form>(
  call: Ts.CallExpression | Ts.NewExpression,
  value: Carried<Form>,
  entities: readonly Entity[],
): Carried<Form> | undefined {
  const ofObject = entities.find((entity) => {
    return entity.kind === 'external' && entity.module === 'lib' && entity.container === 'ObjectConstructor';
  });
  if (ofObject?.kind !== 'external' || value.path.length === 0 || !ts.isCallExpression(call))
    return undefined;
  const inside = value.path.slice(1);
  if (ofObject.name === 'values') return { ...value, at: call, path: [ELEMENT, ...inside] };
  if (ofObject.name === 'entries') return { ...value, at: call, path: [ELEMENT, ELEMENT, ...inside] };
  return ofObject.name === 'freeze' ? { ...value, at: call } : undefined;
}

/** Where a kept value goes by a method of the map, or of an array of its values; `picked` is what it is by its key. */
export function outOfMap<Form>(
  flow: ValueFlow,
  call: Ts.CallExpression,
  value: Carried<Form>,
  { key, picked }: { readonly key: string | undefined; readonly picked: Form },
): readonly Carried<Form>[] {
  const access = skipParentheses(call.expression);
  const method = ts.isPropertyAccessExpression(access) ? access.name.text : '';
  const isMap = value.path[1] === ELEMENT;
  const [first] = call.arguments;
  if (method === 'get' && isMap) {
    // Who picks by a key that nobody knows may be walking the keys: then it is run as often as it was put there.
    const asked = first && ts.isStringLiteralLike(first) ? first.text : undefined;
    if (asked === undefined && picked !== value.form) return [];
    const isMeant = asked === undefined || key === undefined || key === asked;
    return isMeant ? [{ ...value, at: call, path: value.path.slice(2), form: picked }] : [];
  }
  if (PICKING.has(method) && !isMap) return [{ ...value, at: call, path: value.path.slice(1) }];
  if (VIEWS.has(method) && !isMap) return [{ ...value, at: call }];
  if (method === 'values' && isMap) return [{ ...value, at: call, path: value.path.slice(1) }];
  if (method === 'next') return [{ ...value, at: call, path: ['value', ...value.path.slice(1)] }];
  if (method === 'entries') return [{ ...value, at: call }];
  const callback = first && skipParentheses(first);
  if (!callback || !ITERATIONS.has(method)) return [];
  if (!ts.isArrowFunction(callback) && !ts.isFunctionExpression(callback)) return [];
  const [parameter] = callback.parameters;
  const path = value.path.slice(isMap && method === 'forEach' ? 2 : 1);
  return parameter ? flow.enterParameter(parameter, { ...value, path }) : [];
}

/** Methods of arrays that hand out one element. */
const PICKING: ReadonlySet<string> = new Set(['at', 'pop', 'shift', 'find', 'findLast']);

/** Methods of arrays that hand out an array of their elements. */
const VIEWS: ReadonlySet<string> = new Set(['concat', 'filter', 'reverse', 'slice', 'splice', 'toReversed']);

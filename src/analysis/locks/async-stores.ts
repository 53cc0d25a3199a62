import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, type NameNode, rightmostName, skipParentheses } from '../code.ts';
import type { Activation } from './activation.ts';
import { type Aliases, knownAs } from './aliases.ts';
import { idOf, valueKey } from './keys.ts';
import { type Crossing, UNKNOWN_PATH } from './paths.ts';
import { referencesTo } from './references.ts';
import { membersOf, type Path, pathOf, type Value } from './values.ts';
import type { World } from './world.ts';

/**
 * An `AsyncLocalStorage` that has a value where the code runs: whatever is called inside `store.run(value, task)`, at
 * any distance, finds it by `store.getStore()`.
 */
export interface AsyncStore {
  /** The variable or field that holds it; undefined for any: it is not known in which ones the code runs. */
  readonly declaration: Ts.Node | undefined;
  /** The object that has the field. */
  readonly holder: Path | undefined;
  /** What it has for a value, as far as that can be asked about: see {@link askable}. */
  readonly value: Value | undefined;
}

export const NO_STORES: readonly AsyncStore[] = [];

export const ANY_STORES: readonly AsyncStore[] = [
  { declaration: undefined, holder: undefined, value: undefined },
];

/** The store that a method is called on. */
export function storeOf(
  activation: Activation,
  receiver: Ts.Expression,
  world: World,
): Omit<AsyncStore, 'value'> | undefined {
  const bare = skipParentheses(receiver);
  const name = rightmostName(bare);
  const declaration = name && activation.engine.code.declarationNode(name);
  if (!declaration || !isStore(declaration, activation)) return undefined;
  if (ts.isVariableDeclaration(declaration)) return { declaration, holder: undefined };
  if (!ts.isPropertyAccessExpression(bare)) return undefined;
  const holder = pathOf(activation.evaluate(bare.expression, world));
  return holder === undefined || holder.includes(UNKNOWN_PATH) ? undefined : { declaration, holder };
}

function isStore(declaration: Ts.Node, { engine }: Activation): boolean {
  if (!ts.isVariableDeclaration(declaration) && !ts.isPropertyDeclaration(declaration)) return false;
  const made = declaration.initializer && skipParentheses(declaration.initializer);
  if (!made || !ts.isNewExpression(made)) return false;
  const name: NameNode | undefined = rightmostName(made.expression);
  const entities = name ? engine.code.entities(name) : [];
  return entities.some((entity) => entity.kind === 'external' && entity.name === 'AsyncLocalStorage');
}

/**
 * What of a stored value the code below can ask about, to learn whether it is its own holder that runs: `held`,
 * `{ held: true }`, `this`, or a set that has the key in it.
 */
export function askable(value: Value | undefined): Value | undefined {
  if (value?.kind === 'constant') return value;
  if (value?.kind === 'object') {
    const known = [...value.properties].filter(([, property]) => property.kind === 'constant');
    return { ...value, properties: new Map(known) };
  }
  if (value?.kind === 'collection') {
    const items = (value.items ?? [value.element]).flatMap((item) => askableItem(item) ?? []);
    return { ...value, items, element: undefined, keys: undefined, isFixed: true };
  }
  return askableItem(value);
}

function askableItem(value: Value | undefined): Value | undefined {
  if (value?.kind === 'constant') return value;
  const path = pathOf(value);
  return path === undefined || path.includes(UNKNOWN_PATH) || membersOf(value).length > 1
    ? undefined
    : { kind: 'opaque', path, present: true };
}

/** What `getStore()` gives: something, inside of `run`, and nothing outside of it. */
export function storedValue(
  store: Omit<AsyncStore, 'value'>,
  { call: { within }, engine }: Activation,
  node: Ts.Node,
): Value | undefined {
  const found = within.findLast(
    ({ declaration, holder }) => declaration === store.declaration && holder === store.holder,
  );
  if (found) return found.value ?? { kind: 'opaque', path: `n${idOf(node)}`, present: true };
  const isUnknown =
    within.some(({ declaration }) => !declaration) || !engine.filledByRun.has(store.declaration);
  return isUnknown ? undefined : { kind: 'constant', value: undefined };
}

/** Stores that have a value inside of `run` alone: all uses are `getStore`, and `run` with what is there for certain. */
export class FilledByRun {
  readonly #code: Code;
  readonly #known = new Map<Ts.Node, boolean>();

  constructor(code: Code) {
    this.#code = code;
  }

  has(declaration: Ts.Node | undefined): boolean {
    if (!declaration) return false;
    let isFilled = this.#known.get(declaration);
    if (isFilled === undefined) {
      const uses = referencesTo(declaration, this.#code).filter(
        ({ parent }) => !ts.isImportSpecifier(parent),
      );
      isFilled = uses.every(isGetOrRun);
      this.#known.set(declaration, isFilled);
    }
    return isFilled;
  }
}

function isGetOrRun(name: Ts.Node): boolean {
  const { parent } = name;
  const store = ts.isPropertyAccessExpression(parent) && parent.name === name ? parent : name;
  const member = store.parent;
  const call = member.parent;
  if (!ts.isPropertyAccessExpression(member) || member.expression !== store) return false;
  if (!ts.isCallExpression(call) || call.expression !== member) return false;
  const [value] = call.arguments;
  return (
    member.name.text === 'getStore' || (member.name.text === 'run' && value !== undefined && isThere(value))
  );
}

/** Whether an expression is true where a condition asks for it, by how it is written. */
function isThere(node: Ts.Expression): boolean {
  const bare = skipParentheses(node);
  return (
    bare.kind === ts.SyntaxKind.TrueKeyword ||
    bare.kind === ts.SyntaxKind.ThisKeyword ||
    ts.isObjectLiteralExpression(bare) ||
    ts.isArrayLiteralExpression(bare) ||
    ts.isNewExpression(bare) ||
    (ts.isStringLiteralLike(bare) && bare.text !== '')
  );
}

/** The stores that a callee finds, by its own names. */
export function crossStores(
  stores: readonly AsyncStore[],
  aliases: Aliases,
  { path }: Crossing,
): readonly AsyncStore[] {
  const crossed = (from: Path): Path | undefined => path(knownAs(from, aliases));
  return stores.flatMap((store) => {
    const value = crossAskable(store.value, crossed);
    if (store.holder === undefined) return [{ ...store, value }];
    const holder = crossed(store.holder);
    return holder === undefined ? ANY_STORES : [{ ...store, holder, value }];
  });
}

function crossAskable(
  value: Value | undefined,
  crossed: (path: Path) => Path | undefined,
): Value | undefined {
  if (value?.kind === 'object') return { ...value, path: crossed(value.path) ?? UNKNOWN_PATH };
  if (value?.kind === 'collection') {
    const items = value.items?.flatMap((item) => crossAskable(item, crossed) ?? []);
    return { ...value, path: crossed(value.path) ?? UNKNOWN_PATH, items };
  }
  if (value?.kind !== 'opaque') return value;
  const path = crossed(value.path);
  return path === undefined ? undefined : { ...value, path };
}

export function storesKey(stores: readonly AsyncStore[]): string {
  return [
    ...new Set(
      stores.map(
        ({ declaration, holder, value }) =>
          `${declaration ? idOf(declaration) : '?'}/${holder ?? ''}/${valueKey(value)}`,
      ),
    ),
  ]
    .sort()
    .join();
}

import { type Ts, ts } from '../../syntax/ts.ts';
import { type NameNode, rightmostName, skipParentheses } from '../code.ts';
import type { Activation } from './activation.ts';
import { type Aliases, knownAs } from './aliases.ts';
import { idOf } from './keys.ts';
import { type Crossing, UNKNOWN_PATH } from './paths.ts';
import { type Path, pathOf, type Value } from './values.ts';
import type { World } from './world.ts';

/**
 * An `AsyncLocalStorage` that has a value where the code runs: whatever is called inside `store.run(value, task)`, at
 * any distance, finds it by `store.getStore()`.
 */
export interface AsyncStore {
  /** The variable or field that holds it. */
  readonly declaration: Ts.Node;
  /** The object that has the field. */
  readonly holder: Path | undefined;
}

export const NO_STORES: readonly AsyncStore[] = [];

/** The store that a method is called on. */
export function storeOf(
  activation: Activation,
  receiver: Ts.Expression,
  world: World,
): AsyncStore | undefined {
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

/** What `getStore()` gives: something, inside of `run`. */
export function storedValue(
  store: AsyncStore,
  within: readonly AsyncStore[],
  node: Ts.Node,
): Value | undefined {
  const isWithin = within.some(
    ({ declaration, holder }) => declaration === store.declaration && holder === store.holder,
  );
  return isWithin ? { kind: 'opaque', path: `n${idOf(node)}`, present: true } : undefined;
}

/** The stores that a callee finds, by its own names. */
export function crossStores(
  stores: readonly AsyncStore[],
  aliases: Aliases,
  { path }: Crossing,
): readonly AsyncStore[] {
  return stores.flatMap((store) => {
    if (store.holder === undefined) return [store];
    const holder = path(knownAs(store.holder, aliases));
    return holder === undefined ? [] : [{ ...store, holder }];
  });
}

export function storesKey(stores: readonly AsyncStore[]): string {
  return [...new Set(stores.map(({ declaration, holder }) => `${idOf(declaration)}/${holder ?? ''}`))]
    .sort()
    .join();
}

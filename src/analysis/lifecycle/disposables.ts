import type { TypeInfo } from '../../oracle/oracle.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, rightmostName } from '../code.ts';
import type { Heritage } from '../dispatch/heritage.ts';

/** Tells the values that must be disposed of by their types. */
export class Disposables {
  readonly #code: Code;
  readonly #heritage: Heritage;

  constructor(code: Code, heritage: Heritage) {
    this.#code = code;
    this.#heritage = heritage;
  }

  /** Whether a value has a method that disposes of it, as far as the program declares its type. */
  has(value: Ts.Expression | Ts.BindingPattern): boolean {
    const symbols = this.#typeOf(value)?.symbols ?? [];
    return symbols.some(
      (symbol) =>
        LIBRARY.has(symbol.name) ||
        this.#heritage
          .containersOf(symbol)
          .some((container) =>
            [...this.#heritage.above(container)].some((one) => isDisposable(one) || this.#isOfLibrary(one)),
          ),
    );
  }

  /** `interface Lease extends Disposable`: the language declares the method. */
  #isOfLibrary(container: Ts.Node): boolean {
    const { heritageClauses = [] } = container as { heritageClauses?: readonly Ts.HeritageClause[] };
    const parents = heritageClauses.flatMap(({ types }) => types.map(({ expression }) => expression));
    return parents.some((parent) => {
      const name = rightmostName(parent);
      if (!name || !LIBRARY.has(name.text)) return false;
      return this.#code.entities(name).some((one) => one.kind === 'external' && one.module === 'global');
    });
  }

  #typeOf(value: Ts.Expression | Ts.BindingPattern): TypeInfo | undefined {
    const name = rightmostName(value);
    return name ? this.#code.typeOf(name) : this.#code.expressionType(value);
  }
}

const LIBRARY: ReadonlySet<string> = new Set([
  'Disposable',
  'AsyncDisposable',
  'DisposableStack',
  'AsyncDisposableStack',
]);

function isDisposable(container: Ts.Node): boolean {
  const { members = [] } = container as { members?: readonly Ts.Node[] };
  const { properties = [] } = container as { properties?: readonly Ts.Node[] };
  return [...members, ...properties].some((member) => {
    const { name } = member as { name?: Ts.Node };
    return name !== undefined && ts.isComputedPropertyName(name) && DISPOSES.test(name.expression.getText());
  });
}

const DISPOSES = /^Symbol\s*\.\s*(?:async)?[dD]ispose$/;

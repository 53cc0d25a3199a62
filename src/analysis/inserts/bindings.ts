import { type Ts, ts } from '../../syntax/ts.ts';
import { nameText } from '../code.ts';
import { ELEMENT } from './flow.ts';

/** How a name gets its value out of that of its declaration. */
export interface Binding {
  readonly path: readonly string[];
  /** What stands for the value where there is none. */
  readonly fallback: Ts.Expression | undefined;
}

export function bindingOf(pattern: Ts.BindingName, name: string): Binding | undefined {
  if (ts.isIdentifier(pattern)) return pattern.text === name ? { path: [], fallback: undefined } : undefined;
  for (const element of pattern.elements) {
    if (!ts.isBindingElement(element) || element.dotDotDotToken) continue;
    const inner = bindingOf(element.name, name);
    if (!inner) continue;
    const key = ts.isArrayBindingPattern(pattern) ? ELEMENT : nameText(element.propertyName ?? element.name);
    if (key === undefined) return undefined;
    const fallback = ts.isIdentifier(element.name) ? element.initializer : inner.fallback;
    return { path: [key, ...inner.path], fallback };
  }
  return undefined;
}

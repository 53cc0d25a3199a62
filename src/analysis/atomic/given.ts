import { type Ts, ts } from '../../syntax/ts.ts';
import { type Frame, frameOf } from './frames.ts';
import type { Lookup } from './lookup.ts';

/** What is handed in for a parameter. */
export interface Given {
  readonly value: Ts.Expression;
  readonly frame: Frame | undefined;
  /** One of several that a rest parameter takes. */
  readonly isRest: boolean;
}

/** What is handed in for a parameter: by the call being made, or by any call; undefined for what is not known. */
export function argumentsFor(
  parameter: Ts.ParameterDeclaration,
  frame: Frame | undefined,
  lookup: Lookup,
): readonly (Given | undefined)[] {
  const fn = parameter.parent;
  const index = fn.parameters.indexOf(parameter);
  const isRest = parameter.dotDotDotToken !== undefined;
  const from = (args: readonly Ts.Expression[], inner: Frame | undefined): readonly (Given | undefined)[] => {
    const taken = isRest ? args.slice(index) : args.slice(index, index + 1);
    if (args.slice(0, index + 1).some(ts.isSpreadElement)) return [undefined];
    return taken.map((value) => ({ value, frame: inner, isRest }));
  };
  const entered = frameOf(fn, frame);
  if (entered) return entered.args ? from(entered.args, entered.caller) : [undefined];
  const { sites, isWhole } = lookup.callSites(fn);
  const known = sites.flatMap(({ args }) => from(args, undefined));
  return isWhole && sites.length > 0 ? known : [...known, undefined];
}

/** Whether a parameter of a constructor is a field as well. */
export function hasAccessModifier(parameter: Ts.ParameterDeclaration): boolean {
  return (parameter.modifiers ?? []).length > 0;
}

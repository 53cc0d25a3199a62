import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, nameText, rightmostName, skipParentheses } from '../code.ts';
import { isEmit } from '../locks/callback-origins.ts';
import { accessOf, referencesTo } from '../locks/references.ts';

/** What listens to what an emitter tells: `bus.emit('change')` runs what `bus.on('change', …)` was given. */
export function listenersTo(call: Ts.CallExpression, code: Code): readonly Ts.Expression[] {
  const callee = skipParentheses(call.expression);
  if (!ts.isPropertyAccessExpression(callee) || !isEmit(callee, code)) return [];
  const name = rightmostName(callee.expression);
  const emitter = name && code.declarationNode(name);
  if (!emitter) return [];
  const event = textOf(call.arguments[0]);
  return [name, ...referencesTo(emitter, code)].flatMap((reference) => {
    const registration = registrationOn(accessOf(reference));
    const [of, listener] = registration?.arguments ?? [];
    const isOther = event !== undefined && textOf(of) !== undefined && textOf(of) !== event;
    return listener && !isOther ? [listener] : [];
  });
}

function registrationOn(emitter: Ts.Expression): Ts.CallExpression | undefined {
  const { parent } = emitter;
  if (!ts.isPropertyAccessExpression(parent) || parent.expression !== emitter) return undefined;
  const call = parent.parent;
  const isCall = ts.isCallExpression(call) && call.expression === parent;
  return isCall && REGISTRATIONS.test(parent.name.text) ? call : undefined;
}

const REGISTRATIONS = /^(?:on|once|addListener|prependListener|prependOnceListener|addEventListener)$/;

function textOf(event: Ts.Expression | undefined): string | undefined {
  return event && nameText(event);
}

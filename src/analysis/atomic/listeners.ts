import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, nameText, rightmostName, skipParentheses } from '../code.ts';
import { isEmit } from '../locks/callback-origins.ts';
import { accessOf, referencesTo } from '../locks/references.ts';

/** What listens to what an emitter tells: `bus.emit('change')` runs what `bus.on('change', …)` was given. */
export function listenersTo(call: Ts.CallExpression, code: Code): readonly Ts.Expression[] {
  const callee = skipParentheses(call.expression);
  if (!ts.isPropertyAccessExpression(callee) || !isEmit(callee, code)) return [];
  const emitters = emittersOf(callee.expression, code);
  const event = textOf(call.arguments[0]);
  return emitters.flatMap((emitter) => {
    const registration = registrationOn(emitter);
    const [of, listener] = registration?.arguments ?? [];
    const isOther = event !== undefined && textOf(of) !== undefined && textOf(of) !== event;
    return listener && !isOther ? [listener] : [];
  });
}

/** The places that speak of an emitter: the variable or field that holds it, or any object of its class. */
function emittersOf(emitter: Ts.Expression, code: Code): readonly Ts.Expression[] {
  const bare = skipParentheses(emitter);
  const isOwn = bare.kind === ts.SyntaxKind.ThisKeyword || bare.kind === ts.SyntaxKind.SuperKeyword;
  if (!isOwn) {
    const name = rightmostName(bare);
    const holder = name && code.declarationNode(name);
    return holder ? referencesTo(holder, code).map(accessOf) : [];
  }
  const cls = ts.findAncestor(bare, ts.isClassLike);
  if (!cls) return [];
  const holders = [cls, ...code.subtypes(cls)]
    .flatMap((one) => code.constructions(one))
    .map(({ parent }) => parent)
    .filter((one) => ts.isVariableDeclaration(one) || ts.isPropertyDeclaration(one));
  return [...ownUses(cls), ...holders.flatMap((holder) => referencesTo(holder, code).map(accessOf))];
}

/** `this`, wherever a class speaks of its own object. */
function ownUses(cls: Ts.ClassLikeDeclaration): readonly Ts.Expression[] {
  const found: Ts.Expression[] = [];
  const visit = (node: Ts.Node): void => {
    if (node.kind === ts.SyntaxKind.ThisKeyword) found.push(node as Ts.ThisExpression);
    if (!ts.isClassLike(node) || node === cls) ts.forEachChild(node, visit);
  };
  visit(cls);
  return found;
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

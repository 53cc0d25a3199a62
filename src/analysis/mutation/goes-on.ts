import { type Ts, ts } from '../../syntax/ts.ts';
import { memberName, skipParentheses } from '../code.ts';
import { cfgOf, isFunctionNode, ownerOf } from '../inserts/functions.ts';
import { isAsync } from '../lifecycle/promise-fate.ts';
import { afterInTurn, followsWithout, repeatingLoops } from '../loops.ts';
import type { ChangeInside } from './changes-inside.ts';
import type { Iteration } from './iterations.ts';

/** Whether a walk goes on after a change, to where that is felt. */
export function goesOnAfter({ node, body, steps }: Iteration, { at }: ChangeInside): boolean {
  if (ts.isCallExpression(node)) return callbackGoesOn(node, body.parent, at);
  const owner = ownerOf(body);
  const place = placeIn(owner, at);
  const cfg = cfgOf(owner);
  if (!repeatingLoops(cfg, place).some(({ statement }) => statement === node)) return false;
  // What moves the elements is felt where the index moves on, too.
  return !steps || steps.some((step) => followsWithout(cfg, { first: place, second: step, loop: node }));
}

/** In a callback that runs in place, what counts is the call that runs it. */
function placeIn(owner: Ts.Node, at: Ts.Node): Ts.Node {
  let place = at;
  while (ownerOf(place) !== owner) place = ownerOf(place);
  return place;
}

/** `find`, `some` and `every` end with the answer of a callback, every walk with an exception. */
function callbackGoesOn(call: Ts.CallExpression, fn: Ts.Node, at: Ts.Node): boolean {
  if (!isFunctionNode(fn)) return true;
  const cfg = cfgOf(fn);
  const method = memberName(skipParentheses(call.expression))?.text ?? '';
  const after = afterInTurn(cfg, placeIn(fn, at), call);
  return [...after].some((id) => {
    const { action, successors } = cfg.nodes[id] ?? {};
    if (action?.kind === 'return') return isAsync(fn) || !endsWith(method, action.value);
    return successors?.some(({ to, when }) => to === cfg.exit && when !== 'throw') ?? false;
  });
}

function endsWith(method: string, answer: Ts.Expression | undefined): boolean {
  const kind = answer && skipParentheses(answer).kind;
  if (method === 'every') return kind === ts.SyntaxKind.FalseKeyword;
  return /^(?:some|find\w*)$/.test(method) && kind === ts.SyntaxKind.TrueKeyword;
}

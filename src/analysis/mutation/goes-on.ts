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
  // The walk ends there, whatever a `finally` block does before.
  const ends = (id: number): boolean => {
    const action = cfg.nodes[id]?.action;
    return action?.kind === 'return' && !isAsync(fn) && endsWith(method, action.value);
  };
  const after = afterInTurn(cfg, placeIn(fn, at), call, ends);
  return [...after].some((id) =>
    cfg.nodes[id]?.successors.some(({ to, when }) => to === cfg.exit && when !== 'throw'),
  );
}

function endsWith(method: string, answer: Ts.Expression | undefined): boolean {
  const kind = answer && skipParentheses(answer).kind;
  if (method === 'every') return kind === ts.SyntaxKind.FalseKeyword;
  return /^(?:some|find\w*)$/.test(method) && kind === ts.SyntaxKind.TrueKeyword;
}

import { type Ts, ts } from '../../syntax/ts.ts';
import { isChaining } from '../atomic/outside.ts';
import { nameText, skipParentheses } from '../code.ts';
import { fieldClassOf } from '../inserts/constructions.ts';
import { type Frames, idOf } from '../inserts/frames.ts';
import { isFunctionNode, ownerOf } from '../inserts/functions.ts';
import type { CallGraph } from '../inserts/invocations.ts';

/** A place on the way to another one: what is run there leads on. */
export interface Step {
  readonly node: Ts.Node;
  readonly frames: Frames;
  /** The next place, nearer to the one that was asked about. */
  readonly towards: Step | undefined;
  /** The promise that has been fulfilled when the next place is run, where a link of a chain leads to it. */
  readonly after: Ts.Expression | undefined;
}

/** What is asked on the way up. */
export interface Climb {
  /** Whether nothing further up matters: what was looked for has been found here, or control never comes here. */
  isSettled(step: Step): boolean;
  /** Whether the function around a step is where a way begins. */
  isStart(step: Step, callers: readonly Step[]): boolean;
}

/** More places than this, and the way is taken to be fine. */
const MAX_STEPS = 5_000;

/**
 * Goes from a place up through all that may have called the functions around it, nearest first. The result is the first
 * way that has a start, and on which nothing was settled.
 */
export function unsettledWay(
  place: Pick<Step, 'node' | 'frames'>,
  graph: CallGraph,
  climb: Climb,
): Step | undefined {
  const queue: Step[] = [{ ...place, towards: undefined, after: undefined }];
  const seen = new Set<string>();
  for (const step of queue) {
    if (seen.size > MAX_STEPS) return undefined;
    const owner = ownerOf(step.node);
    const key = `${idOf(step.node)}|${step.after ? idOf(step.after) : ''}|${step.frames.around(owner).key}`;
    if (seen.has(key)) continue;
    seen.add(key);
    if (climb.isSettled(step)) continue;
    const callers = callersOf(step, graph);
    if (climb.isStart(step, callers)) return step;
    queue.push(...callers);
  }
  return undefined;
}

/** The places that run the function around a step. */
function callersOf(step: Step, graph: CallGraph): readonly Step[] {
  const cls = fieldClassOf(step.node);
  const owner = ownerOf(step.node);
  const sites = cls ? graph.makers(cls) : isFunctionNode(owner) ? graph.callSites(owner, step.frames) : [];
  return sites.map(({ node, frames }) => ({
    node,
    frames,
    towards: step,
    after: promiseBefore(node, owner),
  }));
}

/** `promise.then(fn)`: the promise, if a function is what goes on with its value. */
export function promiseBefore(call: Ts.Node, fn: Ts.Node): Ts.Expression | undefined {
  if (!ts.isCallExpression(call) || !isChaining(call)) return undefined;
  const callee = skipParentheses(call.expression);
  if (!ts.isPropertyAccessExpression(callee) || nameText(callee.name) !== 'then') return undefined;
  const [, rescue] = call.arguments;
  return rescue && skipParentheses(rescue) === fn ? undefined : callee.expression;
}

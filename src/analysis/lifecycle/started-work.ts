import type { Span } from '../../engine/finding.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { isChaining, isOfPromises } from '../atomic/outside.ts';
import type { Code } from '../code.ts';
import { Frames } from '../inserts/frames.ts';
import { type FunctionNode, isFunctionNode, ownerOf } from '../inserts/functions.ts';
import type { CallGraph } from '../inserts/invocations.ts';
import { isFunctionExpression } from '../shapes.ts';
import { isNamed } from './positions.ts';
import { isAsync } from './promise-fate.ts';

/** Work that may be started and left alone: a call, or a function that somebody else calls. */
export interface Work {
  readonly node: Ts.Node;
  readonly kind: 'call' | 'function';
  /** The places that matter and that it leads to, one of them. */
  readonly leadsTo: Span;
}

/** The calls that lead to some places, and the functions in place around these, each once. */
export function workLeadingTo(places: readonly Ts.Node[], graph: CallGraph, code: Code): readonly Work[] {
  const found = new Map<Ts.Node, Work>();
  const queue = places.map((node) => ({ node, leadsTo: code.span(node) }));
  const functions = new Set<FunctionNode>();
  // The queue grows while it is walked.
  for (const { node, leadsTo } of queue) {
    if (!found.has(node)) found.set(node, { node, kind: 'call', leadsTo });
    const fn = ownerOf(node);
    if (!isFunctionNode(fn) || functions.has(fn)) continue;
    functions.add(fn);
    if (isFunctionExpression(fn) && !isNamed(fn) && isAsync(fn)) {
      found.set(fn, { node: fn, kind: 'function', leadsTo });
    }
    for (const { node: caller } of graph.callSites(fn, Frames.none)) queue.push({ node: caller, leadsTo });
  }
  return [...found.values()];
}

/** Every call of some files, and every async function in place. */
export function allWork(code: Code, files: Iterable<string>): readonly Work[] {
  const found: Work[] = [];
  for (const file of files) {
    const source = code.program.tree(file)?.source;
    if (!source || source.isDeclarationFile) continue;
    const visit = (node: Ts.Node): void => {
      const isPlace = isFunctionNode(node) && isFunctionExpression(node) && !isNamed(node) && isAsync(node);
      if (ts.isCallExpression(node) && !isChaining(node) && !isOfPromises(node))
        found.push({ node, kind: 'call', leadsTo: code.span(node) });
      else if (isPlace) found.push({ node, kind: 'function', leadsTo: code.span(node) });
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return found;
}

import type { Span } from '../../engine/finding.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { isChaining, isOfPromises } from '../atomic/outside.ts';
import type { CallLike } from '../cfg.ts';
import { type Code, memberName, skipParentheses } from '../code.ts';
import { Frames } from '../inserts/frames.ts';
import { type FunctionNode, isFunctionNode, ownerOf } from '../inserts/functions.ts';
import type { CallGraph } from '../inserts/invocations.ts';
import { isIterating } from '../locks/state-methods.ts';
import { isFunctionExpression, isGlobal, outermost } from '../shapes.ts';
import { isNamed } from './positions.ts';
import { isAsync } from './promise-fate.ts';
import { TAKER_NAMES } from './takers.ts';

/**
 * Work that may be started and left alone: a call, or a function that somebody else calls, written in place or given by
 * its name.
 */
export interface Work {
  readonly node: Ts.Node;
  readonly kind: 'call' | 'function' | 'reference';
  /** The places that matter and that it leads to, one of them. */
  readonly leadsTo: Span;
}

/** The calls that lead to some places, and the functions around these that are given to somebody, each once. */
export function workLeadingTo(places: readonly Ts.Node[], graph: CallGraph, code: Code): readonly Work[] {
  const found = new Map<Ts.Node, Work>();
  const queue = places.map((node) => ({ node, leadsTo: code.span(node) }));
  const functions = new Map<FunctionNode, Span>();
  // The queue grows while it is walked.
  for (const { node, leadsTo } of queue) {
    if (!found.has(node)) found.set(node, { node, kind: 'call', leadsTo });
    const fn = ownerOf(node);
    if (!isFunctionNode(fn) || functions.has(fn)) continue;
    functions.set(fn, leadsTo);
    if (isInPlace(fn)) found.set(fn, { node: fn, kind: 'function', leadsTo });
    for (const { node: caller } of graph.callSites(fn, Frames.none)) queue.push({ node: caller, leadsTo });
  }
  const given = functions.size > 0 ? namesGiven(code, code.program.filesWith([...TAKER_NAMES])) : [];
  const references = given.flatMap((node): readonly Work[] => {
    const [leadsTo] = graph.callees.functionsOf(node, Frames.none).flatMap((fn) => functions.get(fn) ?? []);
    return leadsTo ? [{ node, kind: 'reference', leadsTo }] : [];
  });
  return [...found.values(), ...references];
}

/** Every call of some files, every async function in place, and every name that may stand for a function. */
export function allWork(code: Code, files: Iterable<string>): readonly Work[] {
  const found: Work[] = [];
  const all = [...files];
  for (const file of all) {
    const source = code.program.tree(file)?.source;
    if (!source || source.isDeclarationFile) continue;
    const visit = (node: Ts.Node): void => {
      if (isStart(node)) found.push({ node, kind: 'call', leadsTo: code.span(node) });
      else if (isFunctionNode(node) && isInPlace(node))
        found.push({ node, kind: 'function', leadsTo: code.span(node) });
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  const references = namesGiven(code, all).map(
    (node): Work => ({ node, kind: 'reference', leadsTo: code.span(node) }),
  );
  return [...found, ...references];
}

/** What a call starts before it returns: the call itself, and a function that it is given to run in place. */
export function workAt(call: CallLike, code: Code): readonly Work[] {
  const work = (node: Ts.Node, kind: Work['kind']): Work => ({ node, kind, leadsTo: code.span(node) });
  const own = isStart(call) ? [work(call, 'call')] : [];
  const given = !ts.isTaggedTemplateExpression(call) && runsInPlace(call) ? call.arguments?.[0] : undefined;
  if (!given) return own;
  const fn = skipParentheses(given);
  if (isFunctionNode(fn)) return isInPlace(fn) ? [...own, work(fn, 'function')] : own;
  return [...own, work(given, 'reference')];
}

function runsInPlace({ expression }: Ts.CallExpression | Ts.NewExpression): boolean {
  return isGlobal(expression, 'Promise') || isIterating(memberName(skipParentheses(expression))?.text ?? '');
}

/** A chain and a combination of promises are judged with what they wait for. */
function isStart(node: Ts.Node): boolean {
  return (
    ts.isTaggedTemplateExpression(node) ||
    (ts.isCallExpression(node) && !isChaining(node) && !isOfPromises(node))
  );
}

/** An async function that goes by no name. */
function isInPlace(fn: FunctionNode): boolean {
  return isFunctionExpression(fn) && !isNamed(fn) && isAsync(fn);
}

/** `save` in `ids.forEach(save)`, `setTimeout(save.bind(null, id), 10)`: what may stand for a function. */
function namesGiven(code: Code, files: readonly string[]): readonly Ts.Expression[] {
  const found: Ts.Expression[] = [];
  const visit = (node: Ts.Node): void => {
    if (ts.isCallExpression(node) && isTaker(node)) found.push(...node.arguments.filter(mayNameFunction));
    ts.forEachChild(node, visit);
  };
  for (const file of files) {
    const source = code.program.tree(file)?.source;
    if (source && !source.isDeclarationFile) visit(source);
  }
  return found;
}

function isTaker({ expression }: Ts.CallExpression): boolean {
  const callee = skipParentheses(expression);
  const name = ts.isPropertyAccessExpression(callee) ? callee.name : callee;
  return ts.isIdentifier(name) && TAKER_NAMES.has(name.text);
}

function mayNameFunction(argument: Ts.Expression): boolean {
  const value = skipParentheses(argument);
  if (ts.isIdentifier(value) || ts.isPropertyAccessExpression(value)) return true;
  if (!ts.isCallExpression(value)) return false;
  const callee = skipParentheses(value.expression);
  return ts.isPropertyAccessExpression(callee) && callee.name.text === 'bind';
}

/**
 * The calls of an async function that was handed to a function of the program, or put where that finds it: those that
 * the function's own place says nothing of.
 */
export function callsElsewhere(fn: FunctionNode, graph: CallGraph): readonly Ts.CallExpression[] {
  const { parent } = outermost(fn);
  if (ts.isCallExpression(parent) && parent.expression === outermost(fn)) return [];
  return graph
    .callSites(fn, Frames.none)
    .flatMap(({ node, how }) =>
      how === 'call' && ts.isCallExpression(node) && node !== parent ? [node] : [],
    );
}

import type { Ts } from '../../syntax/ts.ts';
import { ts } from '../../syntax/ts.ts';
import type { CallLike } from '../cfg.ts';
import { repeatingLoops } from '../loops.ts';
import { outermost } from '../shapes.ts';
import type { TableRef } from '../sql/index.ts';
import type { InsertFacts } from './facts.ts';
import { cfgOf, isFunctionNode, namedFunctionAround, ownerOf } from './functions.ts';
import type { CallGraph } from './invocations.ts';
import { callbackUse } from './iteration.ts';
import { Preflights } from './preflight.ts';
import type { Reading } from './readings.ts';

/**
 * The call by which a function inserts: the one that hands the text over, in the function that has the text, or the
 * first that does. A wrapper that runs whatever it is given is not the inserter.
 */
export function inserterOf(call: CallLike, { origin, via }: Reading): Ts.Node {
  const calls = [...via, call];
  const home = namedFunctionAround(origin);
  return calls.find((one) => namedFunctionAround(one) === home) ?? calls[0] ?? call;
}

/** Judges whether a function looks for a row before it inserts one. */
export interface LookupJudge {
  /** Whether on every way to a place, in its function, a query of the table has said that there is no row. */
  decides(place: Ts.Node, table: TableRef): boolean;
}

export function lookupJudge(facts: InsertFacts): LookupJudge {
  const known = new Map<string, Preflights>();
  const preflightsFor = (table: TableRef): Preflights => {
    const key = table === 'unknown' ? '' : `${table.schema ?? ''}.${table.name}`;
    const queries = table === 'unknown' ? [] : facts.askingFor(table);
    const preflights = known.get(key) ?? new Preflights(facts.graph, [], queries);
    known.set(key, preflights);
    return preflights;
  };
  return { decides: (place, table) => decides(place, preflightsFor(table), facts.graph) };
}

/**
 * In the callback that holds the place, or in a function around it, up to the one with a name. What was asked before a
 * loop, or outside of a callback that runs once per element, decides nothing.
 */
function decides(place: Ts.Node, preflights: Preflights, graph: CallGraph): boolean {
  const home = namedFunctionAround(place);
  let at = place;
  let captured: readonly Ts.VariableDeclaration[] = [];
  for (;;) {
    const owner = ownerOf(at);
    const cfg = cfgOf(owner);
    const [loop] = repeatingLoops(cfg, at);
    if (captured.length > 0 && captured.every((one) => ownerOf(one) === owner)) {
      return !loop || captured.every((one) => isWithin(one, loop.statement));
    }
    if (captured.length === 0) {
      const verdict = preflights.judge(cfg, loop?.head ?? cfg.entry, at);
      if (verdict.decided === 'yes') return true;
      if (verdict.decided === 'by-captured') captured = verdict.variables;
    }
    const call = owner === home || loop ? undefined : callOnce(owner, graph);
    if (!call) return false;
    at = call;
  }
}

/** The call that is handed a callback, and runs it at most once. */
function callOnce(callback: Ts.Node, graph: CallGraph): Ts.CallExpression | undefined {
  if (!isFunctionNode(callback)) return undefined;
  const value = outermost(callback);
  const call = value.parent;
  if (!ts.isCallExpression(call)) return undefined;
  const index = call.arguments.indexOf(value as Ts.Expression);
  if (index < 0) return undefined;
  return callbackUse(call, index, graph.callees.entities(call.expression)) === 'once' ? call : undefined;
}

function isWithin(inner: Ts.Node, outer: Ts.Node): boolean {
  return inner.pos >= outer.pos && inner.end <= outer.end;
}

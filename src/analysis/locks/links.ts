import { owningFunction } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { isTask } from '../cfg/links.ts';
import { buildCfg, type Cfg, type CfgOwner } from '../cfg.ts';
import { isFunctionExpression, outermost } from '../shapes.ts';
import { isThen } from './joined.ts';
import { readsChain } from './keyed-chains.ts';

const graphs = new WeakMap<CfgOwner, Cfg>();

/** The control-flow graph of a function, with the links of the chains that it waits for as steps of its own. */
export function linkedCfgOf(owner: CfgOwner): Cfg {
  let cfg = graphs.get(owner);
  if (!cfg) {
    cfg = buildCfg(owner, isPromise);
    graphs.set(owner, cfg);
  }
  return cfg;
}

/** Whether a call of a function is a task of its own: it gives a promise that is settled when all it returns is. */
export function isAsyncFunction(fn: CfgOwner): boolean {
  if (ts.isSourceFile(fn)) return true;
  let known = tasks.get(fn);
  if (known === undefined) {
    known = isTask(fn, isPromise);
    tasks.set(fn, known);
  }
  return known;
}

const tasks = new WeakMap<CfgOwner, boolean>();

/** What reads a promise chain may be a lock, and runs what is chained to it under that. */
function isPromise(head: Ts.Expression): boolean {
  return (ts.isCallExpression(head) || ts.isNewExpression(head)) && !readsChain(head);
}

/** The function as a part of which one is run: itself, or for a link that which waits for the chain. */
export function runAsPartOf(fn: CfgOwner): CfgOwner {
  let owner = parts.get(fn);
  if (!owner) {
    owner = mayBeLink(fn) ? partOf(fn) : fn;
    parts.set(fn, owner);
  }
  return owner;
}

const parts = new WeakMap<CfgOwner, CfgOwner>();

function mayBeLink(fn: CfgOwner): boolean {
  if (!isFunctionExpression(fn)) return false;
  const call = outermost(fn).parent;
  return ts.isCallExpression(call) && isThen(call.expression);
}

function partOf(fn: CfgOwner): CfgOwner {
  const around = runAsPartOf(owningFunction(fn) as CfgOwner);
  return linkedCfgOf(around).links.has(fn) ? around : fn;
}

/** The function, or the file, in a run of which a declaration's variable lives: a link's are those of the whole chain. */
export function frameOf(declaration: Ts.Node): Ts.Node {
  return runAsPartOf(owningFunction(declaration) as CfgOwner);
}

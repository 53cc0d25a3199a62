import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { nameText, skipParentheses } from '../code.ts';
import { cfgOf } from '../inserts/functions.ts';
import { comesOnlyAfter } from '../loops.ts';
import { outermost } from '../shapes.ts';
import { isCfgOwner } from './evaluator.ts';
import { isJoined, isThen } from './joined.ts';

/**
 * The members that are called, and waited for, before a member of the same object settles a promise: a queue keeps
 * `{ work, resolve }` for each job, and whoever takes a job out does the work first. By names, in the file that keeps the
 * object; none where somebody settles the promise without the work, or hands on what settles it.
 */
export function workBefore(settle: string, source: Ts.SourceFile): ReadonlySet<string> {
  const uses = usesByMember(source).get(settle) ?? [];
  let common: ReadonlySet<string> | undefined;
  for (const use of uses) {
    const before = use.kind === 'call' ? calledBefore(use.node) : chainStartOf(use.node);
    common = new Set([...before].filter((name) => common?.has(name) ?? true));
  }
  return common ?? new Set();
}

/** A member is called, or handed to somebody. */
type MemberUse =
  | { readonly kind: 'call'; readonly node: Ts.CallExpression }
  | { readonly kind: 'handed'; readonly node: Ts.Expression };

const indexes = new WeakMap<Ts.SourceFile, ReadonlyMap<string, readonly MemberUse[]>>();

/** What is done with members, by their names. */
function usesByMember(source: Ts.SourceFile): ReadonlyMap<string, readonly MemberUse[]> {
  const known = indexes.get(source);
  if (known) return known;
  const found = new Map<string, MemberUse[]>();
  const visit = (node: Ts.Node): void => {
    const name = ts.isExpression(node) ? memberIn(node) : undefined;
    const use = name === undefined ? undefined : useOf(node as Ts.Expression);
    if (name !== undefined && use) found.set(name, [...(found.get(name) ?? []), use]);
    ts.forEachChild(node, visit);
  };
  visit(source);
  indexes.set(source, found);
  return found;
}

/** `work` for `job.work`, and for what a pattern has taken out of a job. */
function memberIn(node: Ts.Expression): string | undefined {
  if (ts.isPropertyAccessExpression(node)) {
    const isOfPromise = ts.isIdentifier(node.expression) && node.expression.text === 'Promise';
    return isOfPromise ? undefined : node.name.text;
  }
  const local = ts.isIdentifier(node) ? resolveLocal(node) : undefined;
  if (!local || !ts.isBindingElement(local) || !ts.isObjectBindingPattern(local.parent)) return undefined;
  return local.name === node ? undefined : nameText(local.propertyName ?? local.name);
}

function useOf(member: Ts.Expression): MemberUse | undefined {
  const node = outermost(member) as Ts.Expression;
  const { parent } = node;
  if (ts.isCallExpression(parent) || ts.isNewExpression(parent)) {
    return parent.expression === node && ts.isCallExpression(parent)
      ? { kind: 'call', node: parent }
      : { kind: 'handed', node };
  }
  if (ts.isPropertyAccessExpression(parent) && parent.expression === node) return undefined;
  const isWritten = ts.isBinaryExpression(parent) && parent.left === node;
  return isWritten ? undefined : { kind: 'handed', node };
}

/** The members that are called, and waited for, on every way to a call in its function, or before the link that it is in. */
function calledBefore(call: Ts.CallExpression): ReadonlySet<string> {
  const fn = ts.findAncestor(call.parent, ts.isFunctionLike);
  if (!fn || !isCfgOwner(fn)) return new Set();
  const cfg = cfgOf(fn);
  const calls = new Map<string, Ts.Node[]>();
  const visit = (node: Ts.Node): void => {
    if (node !== fn && ts.isFunctionLike(node)) return;
    const name = ts.isCallExpression(node)
      ? memberIn(skipParentheses(node.expression) as Ts.Expression)
      : undefined;
    if (name !== undefined && node !== call && isJoined(node))
      calls.set(name, [...(calls.get(name) ?? []), node]);
    ts.forEachChild(node, visit);
  };
  visit(fn);
  const found = [...calls].filter(([, nodes]) => comesOnlyAfter(cfg, call, nodes)).map(([name]) => name);
  const inLink = ts.isArrowFunction(fn) || ts.isFunctionExpression(fn) ? chainStartOf(fn) : [];
  return new Set([...found, ...inLink]);
}

/** The member whose call a chain begins with that a function is handed to: `work` for `job.work().then(job.resolve)`. */
function chainStartOf(handed: Ts.Expression): ReadonlySet<string> {
  const link = outermost(handed).parent;
  let at: Ts.Node = link;
  while (ts.isCallExpression(at)) {
    if (!isThen(at.expression)) break;
    at = skipParentheses(at.expression.expression);
  }
  if (at === link || !ts.isCallExpression(at)) return new Set();
  const name = memberIn(skipParentheses(at.expression) as Ts.Expression);
  return new Set(name === undefined ? [] : [name]);
}

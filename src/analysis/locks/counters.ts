import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { writeTo } from '../mutation/targets-of-writes.ts';
import { isUpdate } from '../shapes.ts';
import { findIn } from './chain-shape.ts';
import type { Sorted } from './values.ts';

const known = new WeakMap<Ts.VariableDeclaration, Sorted | 'other'>();

/** Which way a variable counts that only the head of its loop changes: `for (let i = 0; …; i++)`. */
export function countingOf(node: Ts.Node): Sorted | undefined {
  if (!ts.isVariableDeclaration(node) || !ts.isForStatement(node.parent.parent)) return undefined;
  let found = known.get(node);
  if (!found) {
    const loop = node.parent.parent;
    const way = loop.incrementor && wayOf(loop.incrementor, node);
    found = way && !isChangedIn(loop.statement, node) ? way : 'other';
    known.set(node, found);
  }
  return found === 'other' ? undefined : found;
}

function wayOf(step: Ts.Expression, counter: Ts.VariableDeclaration): Sorted | undefined {
  if (!isUpdate(step) || !ts.isIdentifier(step.operand) || resolveLocal(step.operand) !== counter)
    return undefined;
  return step.operator === ts.SyntaxKind.PlusPlusToken ? 'ascending' : 'descending';
}

function isChangedIn(body: Ts.Node, counter: Ts.VariableDeclaration): boolean {
  return findIn(
    body,
    (node) => ts.isIdentifier(node) && writeTo(node) !== undefined && resolveLocal(node) === counter,
  );
}

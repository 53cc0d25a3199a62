import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import type { Cfg, CfgNode } from '../cfg.ts';
import { memberName } from '../code.ts';
import { cfgOf, ownerOf } from '../inserts/functions.ts';
import { isValueUse, isWritten } from '../inserts/identifiers.ts';
import { namesIn } from '../name-index.ts';
import { hasModifier, isAssignedPattern } from '../shapes.ts';

/** The places of a variable or parameter: where it is read, and where it gets another value. */
export interface VariableUses {
  /** The function, or the file, that has the variable. */
  readonly owner: Ts.Node;
  readonly reads: readonly Ts.Identifier[];
  readonly writes: readonly Ts.Identifier[];
  /** Other files may read it. */
  readonly isExported: boolean;
}

/** @param name the name in the declaration */
export function variableUses(name: Ts.Identifier): VariableUses {
  const declaration = resolveLocal(name);
  const names = (namesIn(name.getSourceFile()).get(name.text) ?? []).filter(
    (one): one is Ts.Identifier => ts.isIdentifier(one) && one !== name,
  );
  const own = names.filter((one) => !isMember(one) && resolveLocal(one) === declaration);
  const writes = own.filter((one) => isTarget(one) || isWritten(one));
  return {
    owner: ownerOf(name),
    reads: own.filter((one) => isValueUse(one) && !isTarget(one)),
    writes,
    isExported: isExportedBy(name) || own.some(({ parent }) => isExport(parent)),
  };
}

/** Whether an identifier is the name of a member where it stands. */
function isMember(name: Ts.Identifier): boolean {
  const { parent } = name;
  return memberName(parent) === name || (ts.isPropertyAssignment(parent) && parent.name === name);
}

function isExport(node: Ts.Node): boolean {
  return ts.isExportSpecifier(node) || ts.isExportAssignment(node);
}

function isExportedBy(name: Ts.Identifier): boolean {
  const statement = ts.findAncestor(name, (at) => ts.isVariableStatement(at) || ts.isFunctionLike(at));
  return statement !== undefined && ts.isVariableStatement(statement)
    ? hasModifier(statement, ts.SyntaxKind.ExportKeyword)
    : false;
}

/** Whether an identifier only gets a value: `x = …`, `[x] = …`, `({ x } = …)`, `for (x of …)`. */
function isTarget(name: Ts.Identifier): boolean {
  const { parent } = name;
  if (ts.isBinaryExpression(parent)) {
    return parent.left === name && parent.operatorToken.kind === ts.SyntaxKind.EqualsToken;
  }
  if (ts.isForOfStatement(parent) || ts.isForInStatement(parent)) return parent.initializer === name;
  if (ts.isShorthandPropertyAssignment(parent) || ts.isPropertyAssignment(parent)) {
    return isAssignedPattern(parent.parent);
  }
  return ts.isArrayLiteralExpression(parent) && isAssignedPattern(parent);
}

/**
 * The reads of a variable that may find the value which a declaration or assignment gives it: all of them, but for those
 * that it has got another value before, on every way.
 */
export function readsAfter(
  write: Ts.Node,
  { owner: home, reads, writes }: VariableUses,
): readonly Ts.Identifier[] {
  const owner = ownerOf(write);
  // Functions in it are called at any time, and see what there is then.
  const isInside = (one: Ts.Node): boolean => ownerOf(one) === owner;
  const others = writes.filter((one) => !contains(write, one));
  const isOnlyOne = ts.isVariableDeclaration(write) && !others.some(isInside);
  // What outlives the function may be read when it is called again.
  if (home !== owner || isOnlyOne) return reads;
  const outside = reads.filter((one) => !isInside(one));
  const cfg = cfgOf(owner);
  const starts = cfg.nodes.filter(({ action }) => 'node' in action && action.node === write);
  if (starts.length === 0) return reads;
  const inside = reads.filter(isInside);
  return [...outside, ...reached(cfg, starts, inside, others)];
}

function reached(
  cfg: Cfg,
  starts: readonly CfgNode[],
  reads: readonly Ts.Identifier[],
  writes: readonly Ts.Identifier[],
): readonly Ts.Identifier[] {
  const found = new Set<Ts.Identifier>();
  const seen = new Set<number>();
  const queue = starts.flatMap(({ successors }) => successors.map(({ to }) => to));
  for (const id of queue) {
    const node = cfg.nodes[id];
    if (!node || seen.has(id)) continue;
    seen.add(id);
    const part = partOf(node);
    if (part) for (const read of reads) if (contains(part, read)) found.add(read);
    const isOverwritten = node.action.kind === 'assign' && writes.some((one) => isWholeTarget(node, one));
    if (!isOverwritten) queue.push(...node.successors.map(({ to }) => to));
  }
  return [...found];
}

function isWholeTarget({ action }: CfgNode, write: Ts.Identifier): boolean {
  const { parent } = write;
  return (
    action.kind === 'assign' &&
    action.node === parent &&
    action.node.operatorToken.kind === ts.SyntaxKind.EqualsToken
  );
}

/** The code that an action is about. What is read in it has been read when the action is done. */
function partOf({ action }: CfgNode): Ts.Node | undefined {
  if (action.kind === 'branch') return action.condition;
  if (action.kind === 'next' || action.kind === 'close') return action.node.expression;
  // What stands in a statement has been read by the actions before its end.
  if (action.kind === 'discard') return undefined;
  return 'node' in action ? action.node : undefined;
}

function contains(outer: Ts.Node, inner: Ts.Node): boolean {
  return outer.pos <= inner.pos && inner.end <= outer.end;
}

import { type Ts, ts } from '../../syntax/ts.ts';
import { nameText, skipParentheses } from '../code.ts';
import { isPrivateMember } from '../shapes.ts';
import type { Activation } from './activation.ts';
import { assignmentsTo, fieldAssignments } from './field-assignments.ts';
import { releaserOf } from './handover.ts';
import { membersOf } from './values.ts';
import type { World } from './world.ts';

/**
 * A lease that is given back once: `if (!this.closed) { this.closed = true; this.release(); }`. Such a flag is set
 * nowhere but beside the release, so where it is found set, the release has been made.
 */

/** A world in which a flag is found set, without the grants that were given back beside setting it. */
export function afterItsRelease(
  activation: Activation,
  condition: Ts.Expression,
  way: boolean,
  world: World,
): World {
  const bare = skipParentheses(condition);
  if (!way || !ts.isPropertyAccessExpression(bare)) return world;
  if (bare.expression.kind !== ts.SyntaxKind.ThisKeyword || world.bindings.has(bare)) return world;
  let next = world;
  for (const callee of releasesBeside(bare)) {
    for (const member of membersOf(activation.evaluate(callee, world))) {
      const releaser = releaserOf(member);
      if (releaser) next = activation.release(releaser, next);
    }
  }
  return next;
}

const known = new WeakMap<Ts.Node, ReadonlyMap<string, readonly Ts.Expression[]>>();

/** What is called beside every assignment that sets the flag; nothing, unless it is a flag that is set for good. */
function releasesBeside(access: Ts.PropertyAccessExpression): readonly Ts.Expression[] {
  const cls = ts.findAncestor(access, ts.isClassLike);
  if (!cls) return [];
  let flags = known.get(cls);
  if (!flags) {
    flags = flagsOf(cls);
    known.set(cls, flags);
  }
  return flags.get(access.name.text) ?? [];
}

function flagsOf(cls: Ts.ClassLikeDeclaration): ReadonlyMap<string, readonly Ts.Expression[]> {
  const flags = new Map<string, readonly Ts.Expression[]>();
  for (const member of cls.members) {
    const name = member.name && nameText(member.name);
    if (name === undefined || !isUnsetFlag(member) || !isSetForGood(cls, name)) continue;
    const beside = assignmentsIn(cls, name).map(callsBeside);
    const [first = [], ...others] = beside;
    const common = first.filter((one) =>
      others.every((calls) => calls.some((other) => other.getText() === one.getText())),
    );
    if (common.length > 0) flags.set(name, common);
  }
  return flags;
}

/** A field of the class's own that begins as `false`. */
function isUnsetFlag(member: Ts.ClassElement): boolean {
  return (
    ts.isPropertyDeclaration(member) &&
    isPrivateMember(member) &&
    member.initializer?.kind === ts.SyntaxKind.FalseKeyword
  );
}

function isSetForGood(cls: Ts.ClassLikeDeclaration, name: string): boolean {
  const all = fieldAssignments(cls).get(name) ?? [];
  const given = assignmentsTo(cls, name);
  return (
    all.length > 0 &&
    all.length === given.length &&
    given.every((value) => skipParentheses(value).kind === ts.SyntaxKind.TrueKeyword)
  );
}

function assignmentsIn(cls: Ts.ClassLikeDeclaration, name: string): readonly Ts.BinaryExpression[] {
  const found: Ts.BinaryExpression[] = [];
  const visit = (node: Ts.Node): void => {
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
      const target = skipParentheses(node.left);
      if (ts.isPropertyAccessExpression(target) && target.name.text === name) found.push(node);
    }
    ts.forEachChild(node, visit);
  };
  visit(cls);
  return found;
}

/** The callees of the calls that are made in any case where an assignment is: statements of the same block. */
function callsBeside(assignment: Ts.BinaryExpression): readonly Ts.Expression[] {
  const statement = assignment.parent;
  const block = statement.parent;
  if (!ts.isExpressionStatement(statement) || !ts.isBlock(block)) return [];
  return block.statements.flatMap(calleesOf);
}

function calleesOf(statement: Ts.Statement): readonly Ts.Expression[] {
  if (ts.isTryStatement(statement)) return statement.finallyBlock?.statements.flatMap(calleesOf) ?? [];
  if (!ts.isExpressionStatement(statement)) return [];
  const bare = skipParentheses(statement.expression);
  const call = ts.isAwaitExpression(bare) ? skipParentheses(bare.expression) : bare;
  return ts.isCallExpression(call) ? [skipParentheses(call.expression) as Ts.Expression] : [];
}

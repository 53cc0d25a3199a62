import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type NameNode, rightmostName, skipParentheses } from '../code.ts';
import { hasModifier } from '../shapes.ts';
import type { Activation } from './activation.ts';
import { isLost } from './carriers.ts';
import type { LockEngine } from './engine.ts';
import { isCallOfForeign, isImportOfModule } from './foreign.ts';
import { parameterOf } from './handed.ts';
import { membersMade, passesOn } from './made-members.ts';
import { isMember } from './members.ts';
import { isResolver } from './unknown-callees.ts';
import { membersOf, type Value } from './values.ts';
import { MAX_MEMBERS, type World } from './world.ts';

/** A call that leads nowhere that we can see. */
export function noteUnknown(
  activation: Activation,
  node: Ts.Node,
  callee: Ts.Node,
  name: NameNode | undefined,
  target: Value | undefined,
  world: World,
): void {
  // A callback parameter, under a lock: whoever holds that and hands it in is looked at.
  const parameter = target?.kind === 'opaque' ? parameterOf(target.path) : undefined;
  if (parameter !== undefined) activation.callsGiven(world.held.length > 0);
  if (isLost(target)) {
    const what = `call of ${textOf(callee)}, one of more than ${MAX_MEMBERS} functions,`;
    activation.engine.unknown(node, what, world.held[0]);
    return;
  }
  if (isResolver(callee)) return;
  // All that is ever kept there is known, and none of it leads to a lock.
  if (isWhollyKnown(target)) return;
  const entities = name ? activation.engine.code.entities(name) : [];
  if (entities.some((entity) => entity.kind === 'external' || isDeclaredOnly(entity.node))) return;
  if (isOfAnotherPackage(activation, callee) || isImportOfModule(callee, node)) return;
  if (isHarmlessMember(activation.engine, callee)) return;
  const text = textOf(callee);
  const [under] = world.held;
  if (parameter === undefined) activation.engine.unknown(node, `call of ${text}`, under);
  else activation.engine.parameterCall(node, text, parameter, under);
}

/** A call that leads to functions of which some are known: listed, if another may come from outside. */
export function notePartlyKnown(
  { engine }: Activation,
  node: Ts.Node,
  callee: Ts.Node,
  target: Value | undefined,
  { held: [under], bindings }: World,
): void {
  const local = ts.isIdentifier(callee) ? resolveLocal(callee) : undefined;
  const isChoice = membersOf(target).some(({ kind }) => kind === 'opaque');
  // What a variable holds at this place says more than all that is ever put there. Of a parameter only a call tells.
  if (local && ts.isVariableDeclaration(local) && bindings.has(local) && !isChoice) return;
  engine.unknown(node, `call of ${textOf(callee)}`, under, () => engine.traced.mayBeAnother(callee));
}

function textOf(callee: Ts.Node): string {
  return callee.getText().slice(0, 60);
}

/** A member of what a function of the program has made, which leads to no lock and calls nobody who is unknown. */
function isHarmlessMember({ code, reach }: LockEngine, callee: Ts.Node): boolean {
  const functions = membersMade(callee, code);
  return (
    functions.length > 0 && functions.every((fn) => !passesOn(fn) && !reach.leads(fn) && !reach.isOpen(fn))
  );
}

/** `fs.existsSync`, `process.exit`: a member of what another package exports, or of a global, types or no types. */
function isOfAnotherPackage({ engine }: Activation, callee: Ts.Node): boolean {
  if (isMember(callee) && isMadeByAnotherPackage(engine, callee.expression)) return true;
  if (isCallOfForeign(callee, engine.code)) return true;
  let root = callee;
  while (isMember(root)) root = skipParentheses(root.expression);
  if (root === callee || !ts.isIdentifier(root)) return false;
  const entities = engine.code.entities(root);
  return entities.length > 0 && entities.every(({ kind }) => kind === 'external');
}

/** `const bus = new EventEmitter()`: so are the methods of what it makes. */
function isMadeByAnotherPackage(engine: LockEngine, object: Ts.Expression): boolean {
  const name = rightmostName(object);
  const declaration = name && engine.code.declarationNode(name);
  const { initializer } = (declaration ?? {}) as { initializer?: Ts.Expression };
  const made =
    initializer && ts.isNewExpression(initializer) ? rightmostName(initializer.expression) : undefined;
  const entities = made ? engine.code.entities(made) : [];
  return entities.length > 0 && entities.every(({ kind }) => kind === 'external');
}

/** A signature without a body that nothing in the program implements: nothing of ours is behind it. */
function isDeclaredOnly(node: Ts.Node): boolean {
  return hasModifier(node, ts.SyntaxKind.DeclareKeyword);
}

/** Whether a place where functions are kept may hold others than those that are known. */
export function isPartlyKnown(target: Value | undefined): boolean {
  return membersOf(target).some((member) => member.kind === 'opaque' && member.keeps === 'some');
}

/** Whether all that is ever kept in a place is known. */
export function isWhollyKnown(target: Value | undefined): boolean {
  const members = membersOf(target);
  return (
    !isPartlyKnown(target) && members.some((member) => member.kind === 'opaque' && member.keeps === 'all')
  );
}

import type { Ts } from '../../syntax/ts.ts';
import { hasBody, type NameNode } from '../code.ts';
import { functionOf } from '../doc-tags.ts';
import type { Activation } from './activation.ts';
import { acquisitionOf, grantOf, heldBy, startTask } from './calls.ts';
import type { Subject } from './lock-terms.ts';
import { callSpan } from './record.ts';
import { type LockRef, UNIT } from './values.ts';
import { addHeldAgain, bind, releaseLock, type World } from './world.ts';

/**
 * A call of a signature whose body is not seen, and that says what it takes and gives back: `@acquires mu`. Undefined
 * for any other call.
 */
export function callSigned(
  activation: Activation,
  node: Ts.CallExpression,
  name: NameNode | undefined,
  subject: Subject,
  world: World,
): readonly World[] | undefined {
  const { annotations, code, record } = activation.engine;
  if (!annotations || !name) return undefined;
  const signatures = code.entities(name).flatMap((entity) => (entity.kind === 'node' ? entity.node : []));
  if (signatures.some((one) => hasBody(functionOf(one) ?? one))) return undefined;
  const named = (kind: 'acquires' | 'releases'): readonly LockRef[] => {
    const locks = signatures.flatMap((one) =>
      annotations.of(one, kind).flatMap((annotation) => annotations.lockOf(annotation, subject) ?? []),
    );
    return locks.map(({ cls, path }) => ({ cls, path }));
  };
  const [taken, given] = [named('acquires'), named('releases')];
  if (taken.length + given.length === 0) return undefined;
  const after = given.reduce((next, lock) => releaseLock(next, lock), world);
  if (taken.length === 0) return [bind(after, node, undefined)];
  const held = taken.map((lock, index) => {
    const one = heldBy(activation, node, lock, 'exclusive', world.segment);
    return index === 0 ? one : { ...one, token: `${index}/${one.token}` };
  });
  record.noteTaking(callSpan(code, node), taken[0]);
  const value = signatures.some(handsOut) ? grantOf(held) : undefined;
  const task = { acquisitions: held.map(acquisitionOf), outcomes: [{ ...UNIT, held, value }] };
  if (signatures.some(isPromised)) return [startTask(node, task, after)];
  activation.wait(task, after);
  return [bind(addHeldAgain(after, held), node, value)];
}

function returnType(signature: Ts.Node): string {
  return functionOf(signature)?.type?.getText() ?? '';
}

function isPromised(signature: Ts.Node): boolean {
  return returnType(signature).startsWith('Promise');
}

/** Whether a signature hands out what gives the lock back: it returns something. */
function handsOut(signature: Ts.Node): boolean {
  return !/^(?:Promise<)?(?:void|undefined|boolean)?>?$/.test(returnType(signature));
}

import { owningFunction } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';
import { conditionsAround } from './balance-steps.ts';
import { equalityIn } from './equalities.ts';
import type { Summary } from './summary.ts';
import type { Held, LockClass, LockRef } from './values.ts';

/**
 * Grants that one task takes and another gives back, so that what the first one waits for afterwards keeps nobody from
 * giving them back: the tokens of a bounded buffer, and the lock that the first of many readers takes for all and the
 * last one gives back.
 */
export class PassedOn {
  /** What decides where a lock is taken, and where one is given back by its name: a number that is compared. */
  readonly #taken = new Map<LockClass, Map<string, string>>();
  readonly #given = new Map<LockClass, Set<string>>();
  readonly #giving = new Map<LockClass, Set<Ts.CallExpression>>();
  readonly #scoped = new Set<LockClass>();
  #tokens: ReadonlySet<LockClass> | undefined;

  noteTaking(node: Ts.Node, at: Held['at'], { cls }: LockRef): void {
    const count = countAround(node);
    if (count === undefined) return;
    const known = this.#taken.get(cls) ?? new Map<string, string>();
    this.#taken.set(cls, known.set(placeOf(at), count));
  }

  noteGivingBack(node: Ts.CallExpression, { cls }: LockRef): void {
    this.#giving.set(cls, (this.#giving.get(cls) ?? new Set()).add(node));
    const count = countAround(node);
    if (count !== undefined) this.#given.set(cls, (this.#given.get(cls) ?? new Set()).add(count));
  }

  /** Some grants of a lock go back with a section, or by a value that stands for them. */
  noteScoped({ cls }: LockRef): void {
    this.#scoped.add(cls);
  }

  /** Whether somebody else may give a grant back, whatever its task waits for. */
  has({ lock: { cls }, at }: Held, summaries: () => Iterable<Summary>): boolean {
    if (this.#isToken(cls, summaries)) return true;
    const count = this.#taken.get(cls)?.get(placeOf(at));
    return count !== undefined && (this.#given.get(cls)?.has(count) ?? false);
  }

  /** The calls that a grant of a token may come from, unless there are other ways. */
  givers(cls: LockClass, summaries: () => Iterable<Summary>): readonly Ts.CallExpression[] {
    return this.#isToken(cls, summaries) && !this.#scoped.has(cls) ? [...(this.#giving.get(cls) ?? [])] : [];
  }

  /** Of a semaphore that begins with nothing there is nothing to take before somebody gives. */
  #isToken(cls: LockClass, summaries: () => Iterable<Summary>): boolean {
    this.#tokens ??= tokens(summaries());
    return cls.permits === 0 || this.#tokens.has(cls);
  }
}

/**
 * Locks that functions exchange: one of them ends with a grant of the first, and has given back one of the second that it
 * did not take, and another does the reverse. Each waits for what the other gives.
 */
function tokens(summaries: Iterable<Summary>): ReadonlySet<LockClass> {
  const exchanged = new Map<LockClass, Set<LockClass>>();
  for (const { outcomes } of summaries) {
    for (const { held, released } of outcomes) {
      for (const { lock } of held) {
        const given = exchanged.get(lock.cls) ?? new Set();
        for (const { cls } of released) if (cls !== lock.cls) given.add(cls);
        exchanged.set(lock.cls, given);
      }
    }
  }
  const found = new Set<LockClass>();
  for (const [taken, given] of exchanged) {
    for (const other of given) if (exchanged.get(other)?.has(taken)) found.add(taken).add(other);
  }
  return found;
}

/** The number that a part of a function runs for one value of alone: `if (readers === 1)`. */
function countAround(node: Ts.Node): string | undefined {
  for (const { node: statement } of conditionsAround(node, owningFunction(node))) {
    const test = testOf(statement);
    const compared = test && equalityIn(test);
    if (compared?.ifTrue && /=[01]$/.test(compared.text)) return counted(compared.subject);
    if (test && ts.isPrefixUnaryExpression(test) && test.operator === ts.SyntaxKind.ExclamationToken)
      return counted(test.operand);
  }
  return undefined;
}

function testOf(node: Ts.Node): Ts.Expression | undefined {
  const test = ts.isIfStatement(node)
    ? node.expression
    : ts.isConditionalExpression(node)
      ? node.condition
      : ts.isBinaryExpression(node)
        ? node.left
        : undefined;
  return test && (skipParentheses(test) as Ts.Expression);
}

/** `++readers` and `readers--` are about `readers`. */
function counted(subject: Ts.Node): string {
  const bare = skipParentheses(subject);
  const isStep = ts.isPrefixUnaryExpression(bare) || ts.isPostfixUnaryExpression(bare);
  return (isStep ? bare.operand : bare).getText();
}

function placeOf({ file, start }: Held['at']): string {
  return `${file}:${start}`;
}

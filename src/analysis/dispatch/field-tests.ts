import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';
import type { FieldRead, FieldReads } from './fields.ts';
import { isAnswer, isLogical, missingAfter, operandsOf, soleValueOf, testsAt } from './presence.ts';
import type { Target } from './targets.ts';

/** A test that tells of all of some fields whether they are there. */
export interface FieldTest {
  /** The smallest expression that does. */
  readonly node: Ts.Node;
  /** Tests that have come before, and without which this one is not reached: each found a field missing. */
  readonly before: readonly Ts.Node[];
  /** Whether it is certain that the fields are the ones. */
  readonly certainty: FieldRead['certainty'];
}

/** What a file does with the fields of one check. */
export interface FieldUses {
  /** Every test of one of the fields, alone or not. */
  readonly asked: readonly Ts.Node[];
  readonly tests: readonly FieldTest[];
  /** `a ?? b` as a value: one of the fields is chosen, and nobody asks whether there is any. */
  readonly choices: readonly Ts.Node[];
}

/** Finds the tests in a file that depend on all of the fields together. */
export function findFieldTests(
  source: Ts.SourceFile,
  fields: readonly Target[],
  reads: FieldReads,
): FieldUses {
  const finder = new Finder(fields, reads);
  const visit = (node: Ts.Node): void => {
    for (const test of testsAt(node)) finder.test(test);
    if (isLogical(node)) finder.choice(node);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return finder.uses;
}

class Finder {
  readonly #fields: readonly Target[];
  readonly #reads: FieldReads;
  readonly #tests = new Map<Ts.Node, FieldTest>();
  readonly #asked = new Set<Ts.Node>();
  readonly #choices = new Set<Ts.Node>();
  readonly #decided = new Map<Ts.Node, Decided>();

  constructor(fields: readonly Target[], reads: FieldReads) {
    this.#fields = fields;
    this.#reads = reads;
  }

  get uses(): FieldUses {
    const all = [...this.#tests.values()];
    const tests = all.filter((one) => !all.some((other) => other !== one && isWithin(one, other)));
    tests.sort((a, b) => a.node.pos - b.node.pos || b.node.end - a.node.end);
    return { asked: [...this.#asked], tests, choices: [...this.#choices] };
  }

  choice(node: Ts.Node): void {
    if (this.#isWhole(this.#decides(node))) this.#choices.add(node);
  }

  test(test: Ts.Node): void {
    const here = this.#decides(test);
    if (here.size === 0) return;
    const node = this.#smallest(test, here);
    this.#asked.add(node);
    if (this.#isWhole(here)) return this.#note(test, node, []);
    const missing = missingBefore(test).map((one) => ({ one, fields: this.#decides(one) }));
    const before = missing.filter(({ fields }) => [...fields.keys()].some((field) => !here.has(field)));
    const known = before.flatMap(({ fields }) => [...fields]);
    const together: Decided = new Map([...known, ...here]);
    if (this.#isWhole(together))
      this.#note(
        test,
        node,
        before.map(({ one }) => one),
        together,
      );
  }

  #note(test: Ts.Node, node: Ts.Node, before: readonly Ts.Node[], decided = this.#decides(test)): void {
    const place = this.#variableOf(node) ?? node;
    if (this.#tests.has(place)) return;
    const certainty = [...decided.values()].includes('unclear') ? 'unclear' : 'certain';
    this.#tests.set(place, { node, before, certainty });
  }

  /** A variable that one of the fields was chosen for is asked about once, however often it is tested. */
  #variableOf(node: Ts.Node): Ts.Node | undefined {
    for (let at = node; ; ) {
      const value = soleValueOf(at);
      if (value) return this.#reads.of(at).length === 0 ? value : undefined;
      const [only, ...others] = operandsOf(at).filter((one) => this.#decides(one).size > 0);
      if (!only || others.length > 0) return undefined;
      at = only;
    }
  }

  /** The smallest part of a test that depends on the same fields. */
  #smallest(test: Ts.Node, fields: Decided): Ts.Node {
    const node = skipParentheses(test);
    const part = operandsOf(node).find((one) =>
      [...fields.keys()].every((field) => this.#decides(one).has(field)),
    );
    if (!part) return node;
    const isPartTest = operandsOf(part).length > 0 && this.#reads.of(part).length === 0 && !isChosen(part);
    if (soleValueOf(node)) return isAnswer(part) ? this.#smallest(part, fields) : node;
    return isPartTest || isLogical(node) ? this.#smallest(part, fields) : node;
  }

  #isWhole(decided: Decided): boolean {
    return this.#fields.every((field) => decided.has(field));
  }

  /** The fields on whose presence the outcome of an expression depends. */
  #decides(expression: Ts.Node): Decided {
    const node = skipParentheses(expression);
    const known = this.#decided.get(node);
    if (known) return known;
    this.#decided.set(node, new Map());
    const reads = this.#reads.of(node).filter(({ field }) => this.#fields.includes(field));
    const decided: Decided = new Map(
      reads.length > 0
        ? reads.map(({ field, certainty }) => [field, certainty])
        : operandsOf(node).flatMap((operand) => [...this.#decides(operand)]),
    );
    this.#decided.set(node, decided);
    return decided;
  }
}

/** What only follows from a test in one expression is part of it. */
function isWithin({ node, before }: FieldTest, other: FieldTest): boolean {
  return before.length > 0 && node.pos >= other.node.pos && node.end <= other.node.end;
}

type Decided = ReadonlyMap<Target, FieldRead['certainty']>;

/** A variable whose value is one of several things, and no answer. */
function isChosen(expression: Ts.Node): boolean {
  const value = soleValueOf(expression);
  return value !== undefined && !isAnswer(value);
}

/** The expressions that were found missing in the same function before a test is reached. */
function missingBefore(test: Ts.Node): readonly Ts.Node[] {
  const missing: Ts.Node[] = [];
  for (let node = test; node.parent && !ts.isFunctionLike(node); node = node.parent) {
    const { parent } = node;
    if (ts.isIfStatement(parent) && node !== parent.expression) {
      missing.push(...missingAfter(parent.expression, node === parent.thenStatement ? 'true' : 'false'));
    }
    if (ts.isConditionalExpression(parent) && node !== parent.condition) {
      missing.push(...missingAfter(parent.condition, node === parent.whenTrue ? 'true' : 'false'));
    }
    if (ts.isBinaryExpression(parent) && node === parent.right) {
      const { kind } = parent.operatorToken;
      if (kind === ts.SyntaxKind.AmpersandAmpersandToken) missing.push(...missingAfter(parent.left, 'true'));
      if (kind === ts.SyntaxKind.BarBarToken || kind === ts.SyntaxKind.QuestionQuestionToken)
        missing.push(...missingAfter(parent.left, 'false'));
    }
    if (ts.isBlock(parent) || ts.isSourceFile(parent) || ts.isCaseOrDefaultClause(parent)) {
      for (const statement of parent.statements) {
        if (statement === node) break;
        if (!ts.isIfStatement(statement)) continue;
        const { expression, thenStatement, elseStatement } = statement;
        if (neverGoesOn(thenStatement)) missing.push(...missingAfter(expression, 'false'));
        if (elseStatement && neverGoesOn(elseStatement)) missing.push(...missingAfter(expression, 'true'));
      }
    }
  }
  return missing;
}

/** Whether what follows a statement in its block is not reached from it. */
function neverGoesOn(statement: Ts.Statement): boolean {
  if (ts.isBlock(statement)) return statement.statements.some(neverGoesOn);
  if (ts.isIfStatement(statement)) {
    const { thenStatement, elseStatement } = statement;
    return neverGoesOn(thenStatement) && elseStatement !== undefined && neverGoesOn(elseStatement);
  }
  return (
    ts.isReturnStatement(statement) ||
    ts.isThrowStatement(statement) ||
    ts.isContinueStatement(statement) ||
    ts.isBreakStatement(statement)
  );
}

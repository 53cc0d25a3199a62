import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, nameText } from '../code.ts';
import type { Wanted } from '../dispatch/candidates.ts';
import type { Heritage } from '../dispatch/heritage.ts';
import { findReferences, type Reference } from '../dispatch/references.ts';
import type { Target, Targets } from '../dispatch/targets.ts';
import { Callees } from '../inserts/callees.ts';
import type { FunctionNode } from '../inserts/functions.ts';
import { declarationRoot, localDeclaration } from '../inserts/identifiers.ts';
import { CallGraph } from '../inserts/invocations.ts';
import type { References } from '../inserts/references.ts';
import { isAssignmentOperator, isFunctionExpression, outermost } from '../shapes.ts';
import { Disposables } from './disposables.ts';
import type { Fate, Loss, Path } from './fate.ts';
import { Fates } from './fates.ts';
import { argumentsOf, isRunByReflection } from './positions.ts';

/** A result that must be used, and who hands it on. */
export interface Result {
  readonly target: Target;
  /** The call or access whose value it is, or the function where it is given to somebody who calls it. */
  readonly at: Ts.Node;
  /** How to get to it from there: a helper may return it in an object. */
  readonly path: Path;
  /** The results that helpers return, from the target's own on. */
  readonly via: readonly Ts.Node[];
}

/** What is done with a result: nothing is, or it is looked at although it must be disposed of. */
export type Outcome =
  | { readonly kind: 'kept' }
  | { readonly kind: 'undisposed'; readonly at: Ts.Node }
  | { readonly kind: 'lost'; readonly loss: Loss };

export interface JudgedResult extends Result {
  readonly outcome: Outcome;
}

/** A call of something of unknown type that goes by the name of a target, and whose result is lost. */
export interface UnclearResult {
  readonly target: Target;
  readonly reference: Reference;
}

/** Follows the results of functions to where they are used, or lost. */
export class MustUse {
  readonly judged: JudgedResult[] = [];
  readonly unclear: UnclearResult[] = [];
  readonly #code: Code;
  readonly #targets: Targets;
  readonly #references: References;
  readonly #fates: Fates;
  readonly #disposables: Disposables;
  readonly #functions = new Set<string>();
  readonly #results = new Set<string>();
  readonly #helpers = new Set<string>();

  constructor(code: Code, heritage: Heritage, targets: Targets) {
    this.#code = code;
    this.#targets = targets;
    this.#references = new CallGraph(code, heritage).references;
    this.#fates = new Fates(code, new Callees(code));
    this.#disposables = new Disposables(code, heritage);
  }

  judge(targets: readonly Target[]): void {
    for (const reference of findReferences(this.#code, this.#wanted(targets))) {
      const target = this.#targetOf(reference, targets);
      if (target) this.#function(reference.node, { target, path: [], via: [] });
      else this.#noteUnclear(reference, targets);
    }
  }

  #wanted(targets: readonly Target[]): Wanted {
    const names = (some: readonly Target[]): ReadonlySet<string> => new Set(some.map(({ member }) => member));
    return {
      members: names(targets),
      functions: names(targets.filter(({ containers }) => containers.length === 0)),
      declaring: new Set(targets.flatMap((target) => this.#targets.filesOf(target))),
    };
  }

  /** The target that a reference stands for; the very one rather than one that overrides or implements it. */
  #targetOf({ declarations = [] }: Reference, targets: readonly Target[]): Target | undefined {
    const related = targets.filter((target) =>
      declarations.some((one) => this.#targets.relation(one, target) !== undefined),
    );
    return related.find((target) => declarations.some((one) => target.declarations.has(one))) ?? related[0];
  }

  #noteUnclear(reference: Reference, targets: readonly Target[]): void {
    const { declarations, name, node, usage } = reference;
    const target = targets.find(({ member }) => member === name);
    if (declarations !== undefined || !target || usage !== 'call') return;
    const call = callOf(node);
    if (call && this.#fates.of(call).kind === 'lost') this.unclear.push({ target, reference });
  }

  /** A function whose result must be used, where it is called or on its way to who calls it. */
  #function(at: Ts.Node, result: Omit<Result, 'at'>): void {
    if (!this.#isNew(at, result.path, this.#functions)) return;
    if (ts.isBindingElement(at)) return this.#variable(at.name, result);
    const call = callOf(at);
    if (call) return this.#result({ ...result, at: call });
    const value = outermost(at);
    const { parent } = value;
    if (isBind(parent)) this.#function(parent.parent, result);
    else if (ts.isCallExpression(parent) || ts.isNewExpression(parent)) this.#handed(parent, value, result);
    else if (ts.isVariableDeclaration(parent) || ts.isParameter(parent)) this.#variable(parent.name, result);
    else if (ts.isExportAssignment(parent)) this.#uses(this.#references.of(parent, 'default'), result);
    else if (ts.isConditionalExpression(parent)) this.#function(parent, result);
    else if (ts.isBinaryExpression(parent)) this.#operand(parent, value, result);
    else if (ts.isPropertyAssignment(parent) || ts.isPropertyDeclaration(parent))
      this.#member(parent, result);
    else if (ts.isShorthandPropertyAssignment(parent)) this.#member(parent, result);
  }

  #operand(parent: Ts.BinaryExpression, value: Ts.Node, result: Omit<Result, 'at'>): void {
    if (!isAssignmentOperator(parent.operatorToken.kind)) this.#function(parent, result);
    else if (parent.right === value && ts.isIdentifier(parent.left)) {
      const declaration = localDeclaration(parent.left);
      if (declaration) this.#uses(this.#references.of(declaration, parent.left.text), result);
    }
  }

  #variable(name: Ts.Node, result: Omit<Result, 'at'>): void {
    if (ts.isIdentifier(name))
      this.#uses(this.#references.of(declarationRoot(name.parent), name.text), result);
  }

  #member(member: Ts.Node, result: Omit<Result, 'at'>): void {
    this.#uses(
      this.#references.ofMember(member).map(({ at }) => at),
      result,
    );
  }

  #uses(uses: readonly Ts.Expression[], result: Omit<Result, 'at'>): void {
    for (const use of uses) this.#function(use, result);
  }

  /** Whoever is given the function calls it, and has its result. */
  #handed(call: Ts.CallExpression | Ts.NewExpression, value: Ts.Node, result: Omit<Result, 'at'>): void {
    const index = argumentsOf(call).indexOf(value);
    const fate = this.#fates.takenBy(call, index, result.path);
    this.judged.push({ ...result, at: value, outcome: this.#outcomeOf(fate, result) });
  }

  /** What becomes of the results of a function that is handed over; what a helper returns tells what they are. */
  #outcomeOf(fate: Fate | undefined, { via }: Omit<Result, 'at'>): Outcome {
    if (fate?.kind === 'lost') return { kind: 'lost', loss: fate.loss };
    const returned = via.at(-1) as Ts.Expression | undefined;
    return fate?.kind === 'looked' && returned && this.#disposables.has(returned)
      ? { kind: 'undisposed', at: fate.at }
      : { kind: 'kept' };
  }

  #result(result: Result): void {
    const { at } = result;
    if (!this.#isNew(at, result.path, this.#results)) return;
    const fate = this.#fates.of(at as Ts.Expression, result.path);
    if (fate.kind === 'lost') {
      const isLost = !fate.loss.isPart || this.#mustBeTaken(result);
      this.judged.push({ ...result, outcome: isLost ? { kind: 'lost', loss: fate.loss } : { kind: 'kept' } });
    } else if (fate.kind === 'looked' && this.#disposables.has(fate.value ?? (at as Ts.Expression))) {
      this.judged.push({ ...result, outcome: { kind: 'undisposed', at: fate.at } });
    } else {
      this.judged.push({ ...result, outcome: { kind: 'kept' } });
      if (fate.kind === 'returned') {
        this.#returnedBy(fate.by, { ...result, path: fate.path, via: [...result.via, at] });
      }
    }
  }

  /** Who is given an object with a result among other things need not want all of them, unless one is to be disposed of. */
  #mustBeTaken({ via: [made] }: Result): boolean {
    if (!made) return true;
    const { parent } = outermost(made);
    return this.#disposables.has((ts.isAwaitExpression(parent) ? parent : made) as Ts.Expression);
  }

  #isNew(node: Ts.Node, path: Path, seen: Set<string>): boolean {
    const key = `${this.#code.key(node)}|${path.join('.')}`;
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  }

  /** The calls of a helper that returns it. */
  #returnedBy(fn: FunctionNode, result: Omit<Result, 'at'>): void {
    if (!this.#isNew(fn, result.path, this.#helpers)) return;
    if (ts.isFunctionDeclaration(fn)) {
      this.#uses(this.#references.of(fn, fn.name?.text ?? 'default'), result);
    } else if (ts.isMethodDeclaration(fn)) {
      this.#member(fn, result);
    } else if (ts.isGetAccessor(fn)) {
      for (const { at } of this.#references.ofMember(fn)) this.#result({ ...result, at });
    } else if (isFunctionExpression(fn)) {
      this.#function(fn, result);
    }
  }
}

/** The call whose callee an expression is, also by `call` and `apply`, and by reflection. */
function callOf(callee: Ts.Node): Ts.Expression | undefined {
  const value = outermost(callee);
  const { parent } = value;
  if (ts.isCallExpression(parent) || ts.isNewExpression(parent)) {
    const isCallee =
      parent.expression === value || isRunByReflection(parent, argumentsOf(parent).indexOf(value));
    return isCallee ? parent : undefined;
  }
  if (ts.isTaggedTemplateExpression(parent)) return parent.tag === value ? parent : undefined;
  if (!ts.isPropertyAccessExpression(parent) || parent.expression !== value) return undefined;
  const name = nameText(parent.name);
  return name === 'call' || name === 'apply' ? callOf(parent) : undefined;
}

/** `….bind`, where it is called. */
function isBind(node: Ts.Node): node is Ts.PropertyAccessExpression {
  return ts.isPropertyAccessExpression(node) && node.name.text === 'bind' && ts.isCallExpression(node.parent);
}

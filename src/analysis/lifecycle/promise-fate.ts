import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, memberName, nameText, rightmostName, skipParentheses } from '../code.ts';
import type { Callees } from '../inserts/callees.ts';
import { Frames } from '../inserts/frames.ts';
import { isFunctionNode, ownerOf } from '../inserts/functions.ts';
import { hasModifier, isFunctionExpression, outermost } from '../shapes.ts';
import { argumentsOf, isNamed, isUsing } from './positions.ts';
import { LIST_KEEPING, LIST_READING, LIST_TAKING, ownListOf } from './promise-lists.ts';
import { handlesItself, settlesAnother } from './settling.ts';
import { handsOnArgument, makesListOf, takingOf } from './takers.ts';
import { readsAfter, variableUses } from './variables.ts';

/** How a promise is left to nobody. */
export interface Leaving {
  /** The rest of a sentence: ` with \`void\``, ` in \`job\`, which nothing reads`. */
  readonly how: string;
  readonly at: Ts.Node;
  /** The function outside of the program that is given what makes it, and drops it. */
  readonly taker?: string;
  /** The one whose result holds the promise, where that is left alone. */
  readonly maker?: string | undefined;
  /** It is looked at, whether it is there or which one it is: that a promise was made for it is not certain. */
  readonly isLookedAt?: boolean;
  /** What makes of this promise the one that is left alone: the links of a chain, back to what it begins with, or a call. */
  readonly chain?: readonly Ts.Node[];
}

/** A promise, or a list of promises, of which `await` waits for none. */
export type Form = 'promise' | 'list';

/** Tells which promises nobody waits for, keeps or hands on. `.catch(…)` handles a failure, and waits for nothing. */
export class PromiseFates {
  readonly #code: Code;
  readonly #callees: Callees;
  readonly #open = new Set<Ts.Node>();

  constructor(code: Code, callees: Callees) {
    this.#code = code;
    this.#callees = callees;
  }

  /** How the promise that an expression comes to is left alone; undefined for one that somebody has. */
  of(expression: Ts.Node, form: Form = 'promise'): Leaving | undefined {
    const value = outermost(expression);
    if (this.#open.has(value)) return undefined;
    if (ts.isCallExpression(skipParentheses(value)) && settlesAnother(value)) return undefined;
    this.#open.add(value);
    const leaving = this.#in(value.parent, value, form);
    this.#open.delete(value);
    return leaving;
  }

  /** How the promise of each call of an async function is left alone by who is given it, in place or by its name. */
  ofFunction(fn: Ts.Node): Leaving | undefined {
    const value = outermost(fn);
    const { parent } = value;
    // A function that is called where it is written has a call of its own to judge.
    return ts.isCallExpression(parent) && parent.expression === value
      ? undefined
      : this.#results(fn, 'promise');
  }

  /** What becomes of the results of a function that is known by its place alone. */
  #results(fn: Ts.Node, form: Form): Leaving | undefined {
    const value = outermost(fn);
    const { parent } = value;
    if (ts.isNewExpression(parent)) return this.#executor(parent, fn);
    if (!ts.isCallExpression(parent)) return undefined;
    if (parent.expression === value) return this.of(parent, form);
    if (isChained(parent)) {
      const leaving = this.of(parent);
      return leaving && { ...leaving, chain: chainUpTo(parent), maker: memberName(parent.expression)?.text };
    }
    const name = rightmostName(parent.expression);
    const text = name && nameText(name);
    // What a function of the program does with it shows where that calls it.
    if (!name || text === undefined || this.#callees.bodies(parent, Frames.none).length > 0) return undefined;
    switch (takingOf(text, argumentsOf(parent).indexOf(value), this.#code.entities(name))) {
      case 'drops':
      case 'looks':
        return { how: ` (\`${text}\` drops it)`, at: parent, taker: text };
      case 'hands-on': {
        const leaving = this.of(parent, makesListOf(text) ? 'list' : form);
        return leaving && { ...leaving, maker: text, chain: [parent] };
      }
      default:
        return undefined;
    }
  }

  /** `new Promise(async …)`: a failure of the executor settles nothing, but where the executor handles all of them. */
  #executor(made: Ts.NewExpression, fn: Ts.Node): Leaving | undefined {
    const name = rightmostName(made.expression);
    const text = name && nameText(name);
    if (!name || text === undefined || handlesItself(fn)) return undefined;
    const drops =
      takingOf(text, argumentsOf(made).indexOf(outermost(fn)), this.#code.entities(name)) === 'drops';
    return drops ? { how: ` (\`${text}\` drops it)`, at: made, taker: text } : undefined;
  }

  #in(parent: Ts.Node, value: Ts.Node, form: Form): Leaving | undefined {
    if (ts.isExpressionStatement(parent)) return { how: '', at: parent };
    if (ts.isVoidExpression(parent)) return { how: ' with `void`', at: parent };
    if (ts.isForStatement(parent)) {
      return parent.condition === value ? inTest(value) : { how: ' in the head of a loop', at: value };
    }
    if (isTested(parent, value)) return inTest(value);
    if (ts.isTemplateSpan(parent)) return { how: IN_A_TEXT, at: value };
    if (ts.isConditionalExpression(parent)) return this.of(parent, form);
    if (ts.isBinaryExpression(parent)) return this.#operand(parent, value, form);
    if (ts.isPropertyAccessExpression(parent) && parent.expression === value) {
      return form === 'list' ? this.#memberOfList(parent) : this.#member(parent);
    }
    if (ts.isCallExpression(parent) || ts.isNewExpression(parent)) return this.#argument(parent, value, form);
    if (ts.isArrayLiteralExpression(parent)) return this.#element(parent, value);
    if (ts.isVariableDeclaration(parent)) return this.#declared(parent, form);
    if (ts.isArrowFunction(parent) && parent.body === value) return this.#returned(parent, form);
    if (ts.isReturnStatement(parent)) return this.#returned(ownerOf(parent), form);
    return form === 'list' ? this.#list(parent, value) : undefined;
  }

  /** What is done with a list alone: `await` waits for none of its promises, a loop has one after the other. */
  #list(parent: Ts.Node, value: Ts.Node): Leaving | undefined {
    if (ts.isAwaitExpression(parent)) return { how: ' in a list that `await` does not look into', at: value };
    if (ts.isElementAccessExpression(parent) && parent.expression === value) return this.of(parent);
    if (ts.isSpreadElement(parent) && ts.isArrayLiteralExpression(parent.parent)) {
      return this.of(parent.parent, 'list');
    }
    if (!ts.isForOfStatement(parent) || parent.expression !== value || parent.awaitModifier) return undefined;
    const { initializer } = parent;
    const [declaration] = ts.isVariableDeclarationList(initializer) ? initializer.declarations : [];
    return declaration && this.#declared(declaration, 'promise');
  }

  #operand(parent: Ts.BinaryExpression, value: Ts.Node, form: Form): Leaving | undefined {
    const { kind } = parent.operatorToken;
    const isLeft = parent.left === value;
    switch (kind) {
      case ts.SyntaxKind.CommaToken:
        return isLeft ? { how: ' in front of a comma', at: value } : this.of(parent, form);
      case ts.SyntaxKind.AmpersandAmpersandToken:
        return isLeft ? inTest(value) : this.of(parent, form);
      case ts.SyntaxKind.BarBarToken:
      case ts.SyntaxKind.QuestionQuestionToken:
        return this.of(parent, form);
      case ts.SyntaxKind.PlusToken:
        return { how: IN_A_TEXT, at: value };
      case ts.SyntaxKind.EqualsToken:
        if (isLeft || !ts.isIdentifier(parent.left)) return undefined;
        return this.#kept(parent.left, form, parent) && this.of(parent, form);
      default:
        return COMPARING.has(kind) ? inTest(value) : undefined;
    }
  }

  /** `promise.then(…)` is a promise that waits for it. */
  #member(access: Ts.PropertyAccessExpression): Leaving | undefined {
    const call = outermost(access).parent;
    return isCallOf(call, access) && CHAINING.has(access.name.text) ? this.of(call) : undefined;
  }

  #memberOfList(access: Ts.PropertyAccessExpression): Leaving | undefined {
    const { text } = access.name;
    const call = outermost(access).parent;
    if (!isCallOf(call, access)) return COUNTING.has(text) ? inTest(access) : undefined;
    if (LIST_KEEPING.has(text) || LIST_READING.has(text)) return { how: '', at: call };
    if (LIST_TAKING.has(text)) return this.of(call);
    return LIST_COPYING.has(text) ? this.of(call, 'list') : undefined;
  }

  #argument(call: Ts.CallExpression | Ts.NewExpression, value: Ts.Node, form: Form): Leaving | undefined {
    if (call.expression === value || !ts.isCallExpression(call)) return undefined;
    const list = form === 'promise' ? ownListOf(call) : undefined;
    if (list?.isKept) return this.#kept(list.name, 'list', undefined);
    if (list) return inTest(value);
    const name = rightmostName(call.expression);
    const text = name && nameText(name);
    if (!name || text === undefined || !handsOnArgument(text, this.#code.entities(name))) return undefined;
    return this.of(call, form === 'list' && text === 'freeze' ? 'list' : 'promise');
  }

  /** `Promise.all([promise, …])`, `[promise, …].length`, `const [job] = [promise]` */
  #element(array: Ts.ArrayLiteralExpression, value: Ts.Node): Leaving | undefined {
    const { parent } = outermost(array);
    const pattern = ts.isVariableDeclaration(parent) ? parent.name : undefined;
    if (!pattern || !ts.isArrayBindingPattern(pattern)) return this.of(array, 'list');
    const index = array.elements.indexOf(value as Ts.Expression);
    const taken = pattern.elements.slice(0, index + 1);
    const isSpread =
      array.elements.slice(0, index).some(ts.isSpreadElement) ||
      taken.some((one) => ts.isBindingElement(one) && one.dotDotDotToken !== undefined);
    if (isSpread) return undefined;
    const own = taken[index];
    if (!own || ts.isOmittedExpression(own)) return { how: ' in a list of which nobody takes it', at: value };
    return ts.isIdentifier(own.name) ? this.#kept(own.name, 'promise', undefined) : undefined;
  }

  #declared(declaration: Ts.VariableDeclaration, form: Form): Leaving | undefined {
    const { name } = declaration;
    return ts.isIdentifier(name) && !isUsing(declaration) ? this.#kept(name, form, declaration) : undefined;
  }

  /**
   * A variable of which no read does anything with the promise.
   *
   * @param write what gives it to the variable; undefined where that has it already
   */
  #kept(name: Ts.Identifier, form: Form, write: Ts.Node | undefined): Leaving | undefined {
    const uses = variableUses(name);
    if (uses.isExported) return undefined;
    const reads = write ? readsAfter(write, uses) : uses.reads;
    const left = reads.map((read) => this.of(read, form));
    if (left.some((one) => one === undefined)) return undefined;
    const isLookedAt = left.some((one) => one?.isLookedAt);
    return { how: ` in \`${name.text}\`, which nobody waits for`, at: name, isLookedAt };
  }

  /** What a function with a name returns is for its callers to wait for; the others hand it to whom they are given. */
  #returned(owner: Ts.Node, form: Form): Leaving | undefined {
    if (!isFunctionNode(owner) || !isFunctionExpression(owner) || isNamed(owner)) return undefined;
    // The promise of an async function is another one, and judged where the function is.
    return isAsync(owner) ? undefined : this.#results(owner, form);
  }
}

/** Whether each call of a function makes a promise. */
export function isAsync(fn: Ts.Node): boolean {
  return hasModifier(fn, ts.SyntaxKind.AsyncKeyword);
}

/** Whether only the truth, the kind or the identity of a value is looked at. */
function isTested(parent: Ts.Node, value: Ts.Node): boolean {
  if (ts.isIfStatement(parent) || ts.isWhileStatement(parent) || ts.isDoStatement(parent)) {
    return parent.expression === value;
  }
  if (ts.isConditionalExpression(parent)) return parent.condition === value;
  return ts.isPrefixUnaryExpression(parent) || ts.isTypeOfExpression(parent);
}

function isCallOf(call: Ts.Node, callee: Ts.Expression): call is Ts.CallExpression {
  return ts.isCallExpression(call) && skipParentheses(call.expression) === callee;
}

function inTest(at: Ts.Node): Leaving {
  return { how: ' in a test', at, isLookedAt: true };
}

const IN_A_TEXT = ' in a text';

const COMPARING: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
  ts.SyntaxKind.InstanceOfKeyword,
]);

const COUNTING: ReadonlySet<string> = new Set(['length', 'size']);

/** Methods of a list that make another list of the same promises. */
const LIST_COPYING: ReadonlySet<string> = new Set([
  'concat',
  'flat',
  'reverse',
  'slice',
  'toReversed',
  'values',
]);

const CHAINING: ReadonlySet<string> = new Set(['then', 'catch', 'finally']);

/** A callback of `then` and its kin: the promise of the chain waits for what it returns. */
function isChained(call: Ts.CallExpression): boolean {
  const name = memberName(call.expression);
  return name !== undefined && CHAINING.has(nameText(name) ?? '');
}

/** `work()`, `work().then(…)` and `work().then(…).catch(…)`, for the last of them. */
function chainUpTo(end: Ts.CallExpression): readonly Ts.Node[] {
  const links: Ts.Node[] = [end];
  let at: Ts.Node = end;
  while (ts.isCallExpression(at) && isChained(at)) {
    const callee = skipParentheses(at.expression);
    if (!ts.isPropertyAccessExpression(callee) && !ts.isElementAccessExpression(callee)) break;
    at = skipParentheses(callee.expression);
    links.push(at);
  }
  return links;
}

import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, memberName, nameText, rightmostName } from '../code.ts';
import type { Callees } from '../inserts/callees.ts';
import { Frames } from '../inserts/frames.ts';
import { isFunctionNode, ownerOf } from '../inserts/functions.ts';
import { hasModifier, isFunctionExpression, outermost } from '../shapes.ts';
import { argumentsOf, isNamed, isUsing } from './positions.ts';
import { handsOnArgument, takingOf } from './takers.ts';
import { variableUses } from './variables.ts';

/** How a promise is left to nobody. */
export interface Leaving {
  /** The rest of a sentence: ` with \`void\``, ` in \`job\`, which nothing reads`. */
  readonly how: string;
  readonly at: Ts.Node;
  /** The function outside of the program that is given what makes it, and drops it. */
  readonly taker?: string;
  /** The one whose result holds the promise, where that is left alone. */
  readonly maker?: string;
}

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
  of(expression: Ts.Node): Leaving | undefined {
    const value = outermost(expression);
    if (this.#open.has(value)) return undefined;
    this.#open.add(value);
    const leaving = this.#in(value.parent, value);
    this.#open.delete(value);
    return leaving;
  }

  /** How the promise of each call of an async function that is written in place is left alone by who is given it. */
  ofFunction(fn: Ts.Node): Leaving | undefined {
    const { parent } = outermost(fn);
    // A function that is called where it is written has a call of its own to judge.
    return ts.isCallExpression(parent) && parent.expression === outermost(fn) ? undefined : this.#results(fn);
  }

  /** What becomes of the results of a function that is known by its place alone. */
  #results(fn: Ts.Node): Leaving | undefined {
    const value = outermost(fn);
    const { parent } = value;
    if (ts.isCallExpression(parent) && parent.expression === value) return this.of(parent);
    if (!ts.isCallExpression(parent) || isChained(parent)) return undefined;
    const name = rightmostName(parent.expression);
    const text = name && nameText(name);
    // What a function of the program does with it shows where that calls it.
    if (!name || text === undefined || this.#callees.bodies(parent, Frames.none).length > 0) return undefined;
    switch (takingOf(text, argumentsOf(parent).indexOf(value), this.#code.entities(name))) {
      case 'drops':
      case 'looks':
        return { how: ` (\`${text}\` drops it)`, at: parent, taker: text };
      case 'hands-on': {
        const leaving = this.of(parent);
        return leaving && { ...leaving, maker: text };
      }
      default:
        return undefined;
    }
  }

  #in(parent: Ts.Node, value: Ts.Node): Leaving | undefined {
    if (ts.isExpressionStatement(parent)) return { how: '', at: parent };
    if (ts.isVoidExpression(parent)) return { how: ' with `void`', at: parent };
    if (ts.isForStatement(parent)) {
      return parent.condition === value ? undefined : { how: ' in the head of a loop', at: value };
    }
    if (ts.isConditionalExpression(parent)) {
      return parent.condition === value ? undefined : this.of(parent);
    }
    if (ts.isBinaryExpression(parent)) return this.#operand(parent, value);
    if (ts.isPropertyAccessExpression(parent)) return this.#member(parent, value);
    if (ts.isCallExpression(parent) || ts.isNewExpression(parent)) return this.#argument(parent, value);
    if (ts.isArrayLiteralExpression(parent)) return this.#element(parent);
    if (ts.isVariableDeclaration(parent)) return this.#declared(parent);
    if (ts.isArrowFunction(parent) && parent.body === value) return this.#returned(parent);
    if (ts.isReturnStatement(parent)) return this.#returned(ownerOf(parent));
    return undefined;
  }

  #operand(parent: Ts.BinaryExpression, value: Ts.Node): Leaving | undefined {
    const { kind } = parent.operatorToken;
    if (kind === ts.SyntaxKind.CommaToken) {
      return parent.left === value ? { how: ' in front of a comma', at: value } : this.of(parent);
    }
    const isChoice =
      kind === ts.SyntaxKind.AmpersandAmpersandToken ||
      kind === ts.SyntaxKind.BarBarToken ||
      kind === ts.SyntaxKind.QuestionQuestionToken;
    if (isChoice) return this.of(parent);
    const isAssigned = kind === ts.SyntaxKind.EqualsToken && parent.right === value;
    if (!isAssigned || !ts.isIdentifier(parent.left)) return undefined;
    return this.#kept(parent.left) && this.of(parent);
  }

  /** `promise.then(…)` is a promise that waits for it. */
  #member(access: Ts.PropertyAccessExpression, value: Ts.Node): Leaving | undefined {
    const call = outermost(access).parent;
    const isCall = access.expression === value && ts.isCallExpression(call);
    if (!isCall || !CHAINING.has(access.name.text) || settlesAnother(call)) return undefined;
    return this.of(call);
  }

  #argument(call: Ts.CallExpression | Ts.NewExpression, value: Ts.Node): Leaving | undefined {
    if (call.expression === value || !ts.isCallExpression(call)) return undefined;
    const name = rightmostName(call.expression);
    const text = name && nameText(name);
    const handsOn = name && text !== undefined && handsOnArgument(text, this.#code.entities(name));
    return handsOn ? this.of(call) : undefined;
  }

  /** `Promise.all([promise, …])` */
  #element(array: Ts.ArrayLiteralExpression): Leaving | undefined {
    const value = outermost(array);
    return ts.isCallExpression(value.parent) ? this.#argument(value.parent, value) : undefined;
  }

  #declared(declaration: Ts.VariableDeclaration): Leaving | undefined {
    const { name } = declaration;
    return ts.isIdentifier(name) && !isUsing(declaration) ? this.#kept(name) : undefined;
  }

  /** A variable of which no read does anything with the promise. */
  #kept(name: Ts.Identifier): Leaving | undefined {
    const { reads, isExported } = variableUses(name);
    if (isExported) return undefined;
    const left = reads.map((read) => this.of(read));
    const isLeft = left.every((one) => one !== undefined);
    return isLeft ? { how: ` in \`${name.text}\`, which nobody waits for`, at: name } : undefined;
  }

  /** What a function with a name returns is for its callers to wait for; the others hand it to whom they are given. */
  #returned(owner: Ts.Node): Leaving | undefined {
    if (!isFunctionNode(owner) || !isFunctionExpression(owner) || isNamed(owner)) return undefined;
    // The promise of an async function is another one, and judged where the function is.
    return isAsync(owner) ? undefined : this.#results(owner);
  }
}

/** Whether each call of a function makes a promise. */
export function isAsync(fn: Ts.Node): boolean {
  return hasModifier(fn, ts.SyntaxKind.AsyncKeyword);
}

/** `promise.then(resolve, reject)`: it goes on in the promise around it, whose executor this is. */
function settlesAnother(chain: Ts.CallExpression): boolean {
  const settlers = new Set<Ts.Node>();
  for (let at: Ts.Node = chain; at.parent; at = at.parent) {
    if (ts.isFunctionLike(at) && ts.isNewExpression(outermost(at).parent)) {
      for (const parameter of at.parameters) settlers.add(parameter);
    }
  }
  const mentions = (node: Ts.Node): boolean => {
    const local = ts.isIdentifier(node) ? resolveLocal(node) : undefined;
    return (local !== undefined && settlers.has(local)) || (ts.forEachChild(node, mentions) ?? false);
  };
  return settlers.size > 0 && chain.arguments.some(mentions);
}

const CHAINING: ReadonlySet<string> = new Set(['then', 'catch', 'finally']);

/** A callback of `then` and its kin: the promise of the chain waits for what it returns. */
function isChained(call: Ts.CallExpression | Ts.NewExpression): boolean {
  const name = memberName(call.expression);
  return name !== undefined && CHAINING.has(nameText(name) ?? '');
}

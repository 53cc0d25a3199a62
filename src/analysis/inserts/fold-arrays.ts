import { type Ts, ts } from '../../syntax/ts.ts';
import { skipParentheses } from '../code.ts';
import { namesIn } from '../name-index.ts';
import { localDeclaration } from './identifiers.ts';
import { isHoleOnly, joined, limited, type Texts, UNKNOWN } from './parts.ts';
import { type Decide, type Definition, reachingDefinitions } from './reaching.ts';

/** The elements that an array may have, in order: each with the texts that it may be. */
type Elements = readonly Texts[];

/** Beyond this many ways to fill an array, it is a hole. */
const MOST_WAYS = 16;

const ANYTHING: Elements = [[[UNKNOWN]]];

/**
 * Reads arrays that are joined to a text: literals, spreads, `concat`, and what is pushed to a variable on the way. Not
 * for an array that is filled elsewhere: what other functions add to it is a hole at its end.
 */
export class ArrayFold {
  readonly #fold: (element: Ts.Expression) => Texts;
  readonly #decide: Decide;
  /** Pushes that are being read, and whether they turned out to run again. */
  readonly #active = new Map<Ts.Node, { repeats: boolean }>();

  constructor(fold: (element: Ts.Expression) => Texts, decide: Decide) {
    this.#fold = fold;
    this.#decide = decide;
  }

  join(array: Ts.Expression, separator: string): Texts {
    const ways = this.#ways(array);
    if (!ways || ways.length === 0 || ways.length > MOST_WAYS) return [[UNKNOWN]];
    const texts = ways.flatMap((elements) => joined(elements, separator));
    return limited(texts.map((text) => (isHoleOnly(text) ? [UNKNOWN] : text)));
  }

  /** One list of elements for each way through the code; undefined where it cannot be said. */
  #ways(expression: Ts.Expression): readonly Elements[] | undefined {
    const value = skipParentheses(expression);
    if (ts.isArrayLiteralExpression(value)) return this.#listed(value.elements);
    if (ts.isConditionalExpression(value)) {
      const decided = this.#decide(value.condition);
      if (decided !== undefined) return this.#ways(decided ? value.whenTrue : value.whenFalse);
      const [yes, no] = [this.#ways(value.whenTrue), this.#ways(value.whenFalse)];
      return yes && no && [...yes, ...no];
    }
    if (ts.isCallExpression(value)) return this.#called(value);
    return ts.isIdentifier(value) ? this.#variable(value) : undefined;
  }

  #listed(elements: readonly Ts.Expression[]): readonly Elements[] {
    return elements.reduce<readonly Elements[]>(
      (ways, element) => {
        const added = ts.isSpreadElement(element)
          ? (this.#ways(element.expression) ?? [ANYTHING])
          : [[this.#fold(element)]];
        return inOrder(ways, added);
      },
      [[]],
    );
  }

  /** `[…].filter(Boolean)` keeps the texts. */
  #called(call: Ts.CallExpression): readonly Elements[] | undefined {
    const callee = skipParentheses(call.expression);
    if (!ts.isPropertyAccessExpression(callee)) return undefined;
    const method = callee.name.text;
    if (method === 'filter' && call.arguments[0]?.getText() === 'Boolean')
      return this.#ways(callee.expression);
    if (method === 'slice' && call.arguments.length === 0) return this.#ways(callee.expression);
    if (method !== 'concat') return undefined;
    return call.arguments.reduce<readonly Elements[] | undefined>((ways, argument) => {
      return ways && inOrder(ways, this.#ways(argument) ?? [[this.#fold(argument)]]);
    }, this.#ways(callee.expression));
  }

  #variable(use: Ts.Identifier): readonly Elements[] | undefined {
    const variable = localDeclaration(use);
    if (!variable || !ts.isVariableDeclaration(variable) || !ts.isIdentifier(variable.name)) return undefined;
    const { initializer } = variable;
    const changes = changesOf(variable, variable.name.text, ARRAY_CHANGES);
    if (changes.some(({ method }) => method !== 'push' && method !== 'unshift')) {
      return initializer && this.#ways(initializer)?.map((way) => [...way, ...ANYTHING]);
    }
    const calls = changes.map(({ call }) => call);
    const ways: Elements[] = [];
    const options = { changes: calls, decide: this.#decide };
    for (const definition of reachingDefinitions(variable, use.text, use, options)) {
      const found = this.#defined(definition, initializer);
      if (!found) return undefined;
      ways.push(...found);
      if (ways.length > MOST_WAYS) return undefined;
    }
    return ways;
  }

  #defined(definition: Definition, initializer: Ts.Expression | undefined): readonly Elements[] | undefined {
    if (definition.kind === 'assignment') return this.#assigned(definition.node);
    if (definition.kind === 'change' && !definition.isElsewhere) return this.#changed(definition.node);
    const ways = initializer && this.#ways(initializer);
    return definition.kind === 'change' ? ways?.map((way) => [...way, ...ANYTHING]) : ways;
  }

  #assigned(node: Ts.BinaryExpression): readonly Elements[] | undefined {
    if (node.operatorToken.kind !== ts.SyntaxKind.EqualsToken || this.#active.has(node)) return undefined;
    this.#active.set(node, { repeats: false });
    const ways = this.#ways(node.right);
    this.#active.delete(node);
    return ways;
  }

  /** What is in the array when a push, or an unshift, is done. One in a loop may have been done any number of times. */
  #changed(call: Ts.CallExpression): readonly Elements[] | undefined {
    const active = this.#active.get(call);
    if (active) {
      active.repeats = true;
      return [];
    }
    const callee = skipParentheses(call.expression);
    if (!ts.isPropertyAccessExpression(callee)) return undefined;
    const own = { repeats: false };
    this.#active.set(call, own);
    const before = this.#ways(callee.expression);
    const pushed = this.#listed(call.arguments);
    this.#active.delete(call);
    if (!before) return undefined;
    const added = own.repeats ? inOrder(pushed, [ANYTHING]) : pushed;
    return callee.name.text === 'push' ? inOrder(before, added) : inOrder(added, before);
  }
}

function inOrder(first: readonly Elements[], second: readonly Elements[]): readonly Elements[] {
  return first.flatMap((before) => second.map((after) => [...before, ...after]));
}

interface Change {
  readonly call: Ts.CallExpression;
  readonly method: string;
}

/** The calls of methods that change in place what a variable holds. */
export function changesOf(variable: Ts.Node, name: string, methods: ReadonlySet<string>): readonly Change[] {
  return (namesIn(variable.getSourceFile()).get(name) ?? []).flatMap((one) => {
    const { parent } = one;
    if (!ts.isPropertyAccessExpression(parent) || parent.expression !== one) return [];
    const call = parent.parent;
    const isChange = ts.isCallExpression(call) && call.expression === parent && methods.has(parent.name.text);
    const isMeant = ts.isIdentifier(one) && localDeclaration(one) === variable;
    return isChange && isMeant ? [{ call, method: parent.name.text }] : [];
  });
}

const ARRAY_CHANGES: ReadonlySet<string> = new Set([
  'push',
  'unshift',
  'splice',
  'reverse',
  'sort',
  'pop',
  'shift',
  'fill',
]);

import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, nameText, skipParentheses } from '../code.ts';
import { isFunctionExpression, returnedBy } from '../shapes.ts';
import type { Constant, Constants } from './constants.ts';
import { NamedValues } from './named-values.ts';

/** A value that goes by a name is compared with constants. */
export interface Comparison {
  readonly node: Ts.Node;
  /** What it is compared with, and by whose names. */
  readonly with: readonly Constant[];
  /** The declaration of a table that it is looked up in. */
  readonly table?: Ts.Node;
}

/** Finds the comparisons of a value that goes by one name. */
export class Comparisons {
  readonly #constants: Constants;
  readonly #values: NamedValues;
  readonly #wanted: ReadonlySet<string | number>;

  constructor(code: Code, constants: Constants, of: { name: string; wanted: ReadonlySet<string | number> }) {
    this.#constants = constants;
    this.#values = new NamedValues(code, of.name);
    this.#wanted = of.wanted;
  }

  in(source: Ts.SourceFile): readonly Comparison[] {
    const found: Comparison[] = [];
    const visit = (node: Ts.Node): void => {
      const comparison = this.#at(node);
      if (comparison) found.push(comparison);
      ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
  }

  #at(node: Ts.Node): Comparison | undefined {
    if (ts.isBinaryExpression(node)) return this.#byOperator(node);
    if (ts.isCaseClause(node)) {
      return this.#compared(node.expression, node.parent.parent.expression, node.expression);
    }
    if (ts.isElementAccessExpression(node))
      return this.#lookedUp(node, node.argumentExpression, node.expression);
    return ts.isCallExpression(node) ? this.#byCall(node) : undefined;
  }

  #byOperator(node: Ts.BinaryExpression): Comparison | undefined {
    const { left, operatorToken, right } = node;
    if (operatorToken.kind === ts.SyntaxKind.InKeyword) return this.#lookedUp(node, left, right);
    if (!COMPARES.has(operatorToken.kind)) return undefined;
    return this.#compared(node, left, right) ?? this.#compared(node, right, left);
  }

  #compared(node: Ts.Node, value: Ts.Node, other: Ts.Node): Comparison | undefined {
    const constant = this.#constants.of(other);
    return constant && this.#values.has(value) ? { node, with: [constant] } : undefined;
  }

  #byCall(node: Ts.CallExpression): Comparison | undefined {
    const callee = skipParentheses(node.expression);
    const [first, second] = node.arguments;
    if (!ts.isPropertyAccessExpression(callee) || !first) return undefined;
    const receiver = callee.expression;
    const method = callee.name.text;
    if (isGlobal(receiver, 'Object')) {
      if (method === 'is' && second) {
        return this.#compared(node, first, second) ?? this.#compared(node, second, first);
      }
      return method === 'hasOwn' && second ? this.#lookedUp(node, second, first) : undefined;
    }
    if (SEARCHES.has(method) && this.#comparesElements(first)) {
      const definition = this.#constants.definitionOf(receiver);
      const keys = this.#keysOf(definition);
      if (keys.length > 0) return { node, with: keys, table: definition };
    }
    if (LOOKS_UP.has(method)) {
      const found = this.#lookedUp(node, first, receiver);
      if (found) return found;
    }
    if (MATCHES.has(method) && this.#values.has(receiver)) return this.#matched(node, first);
    return METHODS_OF_PATTERNS.has(method) && this.#values.has(first)
      ? this.#matched(node, receiver)
      : undefined;
  }

  /** `(one) => one === runtime`. */
  #comparesElements(callback: Ts.Expression): boolean {
    const node = skipParentheses(callback);
    const parameter = isFunctionExpression(node) ? node.parameters[0] : undefined;
    if (!isFunctionExpression(node) || !parameter) return false;
    return returnedBy(node.body).some((answer) => {
      const comparison = skipParentheses(answer);
      if (!ts.isBinaryExpression(comparison) || !COMPARES.has(comparison.operatorToken.kind)) return false;
      const sides = [comparison.left, comparison.right];
      const isElement = (side: Ts.Node): boolean => ts.isIdentifier(side) && resolveLocal(side) === parameter;
      return sides.some(isElement) && sides.some((side) => !isElement(side) && this.#values.has(side));
    });
  }

  /** A table or set that is asked about the value: it is compared with each of the keys. */
  #lookedUp(node: Ts.Node, value: Ts.Node, table: Ts.Node): Comparison | undefined {
    if (skipParentheses(value).kind === ts.SyntaxKind.NumericLiteral || !this.#values.has(value))
      return undefined;
    const definition = this.#constants.definitionOf(table);
    const keys = this.#keysOf(definition);
    return keys.length > 0 ? { node, with: keys, table: definition } : undefined;
  }

  /** A part of the value, or a pattern: it tells the constants apart that it occurs in. */
  #matched(node: Ts.Node, pattern: Ts.Node): Comparison | undefined {
    const bare = skipParentheses(this.#constants.definitionOf(pattern));
    const text = ts.isRegularExpressionLiteral(bare)
      ? bare.text.slice(1, bare.text.lastIndexOf('/')).replace(/^\^|\$$|\\/g, '')
      : this.#constants.of(pattern)?.value;
    if (typeof text !== 'string' || text === '') return undefined;
    const meant = [...this.#wanted].filter((one) => String(one).includes(text) || text.includes(String(one)));
    return { node, with: meant.map((value) => ({ value, via: [] })) };
  }

  #keysOf(definition: Ts.Node): readonly Constant[] {
    const node = skipParentheses(definition);
    if (ts.isArrayLiteralExpression(node)) return this.#constantsIn(node.elements);
    if (ts.isObjectLiteralExpression(node)) {
      return node.properties.flatMap(({ name }) => (name ? (this.#keyOf(name) ?? []) : []));
    }
    if (ts.isCallExpression(node)) {
      const [argument] = node.arguments;
      const callee = skipParentheses(node.expression);
      const isSame = ts.isPropertyAccessExpression(callee) && isGlobal(callee.expression, 'Object');
      return isSame && argument ? this.#keysOf(this.#constants.definitionOf(argument)) : [];
    }
    if (!ts.isNewExpression(node)) return [];
    const [entries] = node.arguments ?? [];
    const list = entries && this.#constants.definitionOf(entries);
    if (!list || !ts.isArrayLiteralExpression(list)) return [];
    if (isGlobal(node.expression, 'Set')) return this.#constantsIn(list.elements);
    if (!isGlobal(node.expression, 'Map')) return [];
    const keys = list.elements.map((entry) => {
      const pair = skipParentheses(entry);
      return ts.isArrayLiteralExpression(pair) ? pair.elements[0] : undefined;
    });
    return this.#constantsIn(keys.filter((key) => key !== undefined));
  }

  #constantsIn(elements: readonly Ts.Expression[]): readonly Constant[] {
    return elements.flatMap((one) => {
      if (!ts.isSpreadElement(one)) return this.#constants.of(one) ?? [];
      return this.#keysOf(this.#constants.definitionOf(one.expression));
    });
  }

  #keyOf(name: Ts.PropertyName): Constant | undefined {
    if (ts.isComputedPropertyName(name)) return this.#constants.of(name.expression);
    const text = nameText(name);
    if (text === undefined) return undefined;
    return { value: ts.isNumericLiteral(name) ? Number(text) : text, via: [] };
  }
}

const COMPARES: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
  ts.SyntaxKind.LessThanToken,
  ts.SyntaxKind.LessThanEqualsToken,
  ts.SyntaxKind.GreaterThanToken,
  ts.SyntaxKind.GreaterThanEqualsToken,
]);

const LOOKS_UP: ReadonlySet<string> = new Set([
  'includes',
  'indexOf',
  'lastIndexOf',
  'has',
  'get',
  'hasOwnProperty',
]);
const SEARCHES: ReadonlySet<string> = new Set(['some', 'every', 'find', 'findIndex', 'filter']);
const MATCHES: ReadonlySet<string> = new Set([
  'startsWith',
  'endsWith',
  'includes',
  'indexOf',
  'match',
  'search',
  'localeCompare',
]);
const METHODS_OF_PATTERNS: ReadonlySet<string> = new Set(['test', 'exec']);

function isGlobal(expression: Ts.Node, name: string): boolean {
  const node = skipParentheses(expression);
  return ts.isIdentifier(node) && node.text === name && resolveLocal(node) === undefined;
}

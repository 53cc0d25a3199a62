import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, memberName, nameText, skipParentheses } from '../code.ts';
import { callSitesOf } from '../locks/call-sites.ts';
import { isSetOnce } from './fields.ts';

/** A value handed on from function to function: further than this it is not followed. */
const FARTHEST = 3;

/**
 * Tells which expressions are the value that goes by a name: a property, variable or parameter of it, a variable that is
 * made from one, a parameter that is given one, and what is only put in another form, as by `Number()` or `trim()`.
 */
export class NamedValues {
  readonly #code: Code;
  readonly #name: string;
  readonly #known = new Map<Ts.Node, boolean>();

  constructor(code: Code, name: string) {
    this.#code = code;
    this.#name = name;
  }

  /** Whether an expression is the value, or may be. */
  has(expression: Ts.Node, distance = 0): boolean {
    const node = skipParentheses(expression);
    if (ts.isIdentifier(node)) return this.#isVariable(node, distance);
    const member = memberName(node);
    if (member) return member.text === this.#name;
    return formsOf(node).some((form) => this.has(form, distance));
  }

  #isVariable(name: Ts.Identifier, distance: number): boolean {
    const local = resolveLocal(name);
    if (!local) return false;
    let known = this.#known.get(local);
    if (known === undefined) {
      this.#known.set(local, false);
      known = this.#isValue(local, distance);
      this.#known.set(local, known);
    }
    return known;
  }

  #isValue(local: Ts.Node, distance: number): boolean {
    const isVariable = ts.isVariableDeclaration(local) || ts.isParameter(local) || ts.isBindingElement(local);
    if (!isVariable) return false;
    if (nameText(local.name) === this.#name) return true;
    if (ts.isBindingElement(local)) {
      return local.propertyName !== undefined && nameText(local.propertyName) === this.#name;
    }
    if (!isSetOnce(local)) return false;
    if (ts.isVariableDeclaration(local)) {
      return local.initializer !== undefined && this.has(local.initializer, distance);
    }
    return distance < FARTHEST && this.#isGiven(local, distance);
  }

  #isGiven(parameter: Ts.ParameterDeclaration, distance: number): boolean {
    const fn = parameter.parent;
    const index = fn.parameters.indexOf(parameter);
    return callSitesOf(fn, this.#code).sites.some(({ args }) => {
      const given = args[index];
      return given !== undefined && this.has(given, distance + 1);
    });
  }
}

/** The expressions of which an expression is another form, or one of which it is. */
function formsOf(node: Ts.Node): readonly Ts.Expression[] {
  if (ts.isAwaitExpression(node)) return [node.expression];
  if (ts.isConditionalExpression(node)) return [node.whenTrue, node.whenFalse];
  if (ts.isBinaryExpression(node)) {
    const { left, operatorToken, right } = node;
    return CHOOSES.has(operatorToken.kind) ? [left, right] : [];
  }
  if (ts.isTemplateExpression(node)) {
    const [only, ...others] = node.templateSpans;
    const isAlone = node.head.text === '' && only?.literal.text === '' && others.length === 0;
    return only && isAlone ? [only.expression] : [];
  }
  if (!ts.isCallExpression(node)) return [];
  const callee = skipParentheses(node.expression);
  if (ts.isIdentifier(callee) && CONVERTS.has(callee.text)) return node.arguments.slice(0, 1);
  return ts.isPropertyAccessExpression(callee) && REFORMS.has(callee.name.text) ? [callee.expression] : [];
}

const CHOOSES: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.QuestionQuestionToken,
  ts.SyntaxKind.BarBarToken,
]);
const CONVERTS: ReadonlySet<string> = new Set(['Number', 'String', 'parseInt', 'parseFloat']);
const REFORMS: ReadonlySet<string> = new Set([
  'trim',
  'toLowerCase',
  'toUpperCase',
  'toLocaleLowerCase',
  'toLocaleUpperCase',
  'toString',
  'valueOf',
  'normalize',
]);

import type { Span } from '../../engine/finding.ts';
import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, memberName, nameText, skipParentheses } from '../code.ts';
import { callSitesOf } from '../locks/call-sites.ts';
import { isAssignedPattern, isFunctionExpression, propertyOf, returnedBy } from '../shapes.ts';
import { Constants } from './constants.ts';
import { NamedValues } from './named-values.ts';
import { wholeWord } from './words.ts';

/** An expression whose value a property of the name gets, or may get. */
export interface Given {
  readonly at: Ts.Expression;
  /** Where it is given away, for what is in another place than its property. */
  readonly to?: Ts.Node;
}

/** A text that gives a property of the name a value: a line of YAML or JSON. */
export interface GivenText {
  /** The literal, template, or part of one. */
  readonly node: Ts.Node;
  /** The line itself. */
  readonly at: Span;
  readonly value: string;
}

/** Finds what a file gives to properties, variables and parameters of one name. */
export class Defaults {
  readonly #code: Code;
  readonly #name: string;
  readonly #values: NamedValues;
  readonly #constants: Constants;
  readonly #line: RegExp;
  readonly #lineEnd: RegExp;

  constructor(code: Code, name: string) {
    this.#code = code;
    this.#name = name;
    this.#values = new NamedValues(code, name);
    this.#constants = new Constants(code);
    // As it is written: what stands in quotes may have its own escaped.
    const key = `\\\\?["']?${wholeWord(name)}\\\\?["']?\\s*:\\s*`;
    this.#line = new RegExp(`${key}(?:\\\\?"([^"\\\\]*)|\\\\?'([^'\\\\]*)|([\\w.-]+))`, 'gu');
    this.#lineEnd = new RegExp(`${key}["']?$`, 'u');
  }

  in(source: Ts.SourceFile): readonly Given[] {
    const found: Given[] = [];
    const visit = (node: Ts.Node): void => {
      found.push(...this.#givenAt(node));
      ts.forEachChild(node, visit);
    };
    visit(source);
    return found.flatMap(({ at, ...rest }) => this.#originsOf(at, 0).map((leaf) => ({ ...rest, ...leaf })));
  }

  /** What a value is made from: also by the name of a variable, or of a parameter that callers give it to. */
  #originsOf(expression: Ts.Expression, distance: number): readonly Given[] {
    return leavesOf(expression).flatMap((leaf) => {
      const local = ts.isIdentifier(leaf) && distance < FARTHEST ? resolveLocal(leaf) : undefined;
      const { initializer } = (local ?? {}) as { initializer?: Ts.Expression };
      const isVariable = local && (ts.isVariableDeclaration(local) || ts.isBindingElement(local));
      if (!local || (!isVariable && !ts.isParameter(local))) return [{ at: leaf }];
      // A constant is judged where it is used.
      const isPlain = ts.isVariableDeclaration(local) && initializer && leavesOf(initializer).length === 1;
      const own = initializer && !isPlain ? this.#originsOf(initializer, distance + 1) : [];
      const given = ts.isParameter(local) ? this.#givenByCallers(local) : [];
      return [
        { at: leaf },
        ...own,
        ...given.flatMap((one) =>
          this.#originsOf(one.at, distance + 1).map((origin) => ({ to: local, ...origin })),
        ),
      ];
    });
  }

  /** The lines of texts that give a value. */
  texts(source: Ts.SourceFile): readonly GivenText[] {
    const found: GivenText[] = [];
    const visit = (node: Ts.Node): void => {
      const isText =
        ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node);
      if (isText && node.text.includes(this.#name)) found.push(...this.#linesOf(node));
      ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
  }

  #linesOf(node: Ts.Node): readonly GivenText[] {
    const { fileName: file } = node.getSourceFile();
    return [...node.getText().matchAll(this.#line)].map(({ index, 0: line, 1: one, 2: two, 3: three }) => {
      const start = node.getStart() + index;
      return { node, at: { file, start, end: start + line.length }, value: one ?? two ?? three ?? '' };
    });
  }

  #givenAt(node: Ts.Node): readonly Given[] {
    if (ts.isPropertyAssignment(node)) return this.#givenByProperty(node);
    if (ts.isShorthandPropertyAssignment(node)) {
      return node.name.text === this.#name ? all(node.objectAssignmentInitializer) : [];
    }
    if (
      ts.isVariableDeclaration(node) ||
      ts.isParameter(node) ||
      ts.isBindingElement(node) ||
      ts.isPropertyDeclaration(node)
    ) {
      const { propertyName } = node as Ts.BindingElement;
      const isNamed = this.#isName(node.name) || (propertyName !== undefined && this.#isName(propertyName));
      const isParameter = ts.isParameter(node) && this.#isName(node.name);
      return [...(isNamed ? all(node.initializer) : []), ...(isParameter ? this.#givenByCallers(node) : [])];
    }
    if (ts.isBinaryExpression(node)) return this.#givenByOperator(node);
    if (ts.isConditionalExpression(node)) {
      const { whenTrue, whenFalse } = node;
      if (this.#values.has(whenTrue)) return all(whenFalse);
      return this.#values.has(whenFalse) ? all(whenTrue) : [];
    }
    if (ts.isJsxAttribute(node)) return this.#givenByAttribute(node);
    if (ts.isCallExpression(node)) return this.#givenByCall(node);
    if (ts.isArrayLiteralExpression(node)) {
      const [key, value, ...others] = node.elements;
      return key && others.length === 0 && this.#isText(key) ? all(value) : [];
    }
    if (ts.isTemplateSpan(node)) return this.#givenByTemplate(node);
    return ts.isFunctionLike(node) ? this.#givenByFunction(node) : [];
  }

  #givenByProperty({ name, initializer, parent }: Ts.PropertyAssignment): readonly Given[] {
    if (!this.#isName(name)) return [];
    if (!isAssignedPattern(parent)) return all(initializer);
    return ts.isBinaryExpression(initializer) ? all(initializer.right) : [];
  }

  #givenByOperator({ left, operatorToken, right }: Ts.BinaryExpression): readonly Given[] {
    const { kind } = operatorToken;
    if (ASSIGNS.has(kind)) return this.#isPlace(left) ? all(right) : [];
    return DEFAULTS_TO.has(kind) && this.#values.has(left) ? all(right) : [];
  }

  #givenByAttribute({ name, initializer }: Ts.JsxAttribute): readonly Given[] {
    if (!ts.isIdentifier(name) || name.text !== this.#name || !initializer) return [];
    return all(ts.isJsxExpression(initializer) ? initializer.expression : initializer);
  }

  /** `map.set('tier', 3)`, and the like of any keeper of settings. */
  #givenByCall({ expression, arguments: [key, value] }: Ts.CallExpression): readonly Given[] {
    const callee = skipParentheses(expression);
    const isSet = ts.isPropertyAccessExpression(callee) && callee.name.text === 'set';
    return isSet && key && this.#isText(key) ? all(value) : [];
  }

  #givenByCallers(parameter: Ts.ParameterDeclaration): readonly Given[] {
    const fn = parameter.parent;
    const index = fn.parameters.indexOf(parameter);
    return callSitesOf(fn, this.#code).sites.flatMap(({ args }) => {
      const isSpread = args.slice(0, index + 1).some(ts.isSpreadElement);
      const given = args[index];
      return given && !isSpread ? [{ at: given, to: parameter }] : [];
    });
  }

  /** `tier: ${value}` in a text. */
  #givenByTemplate({ expression, parent }: Ts.TemplateSpan): readonly Given[] {
    const index = parent.templateSpans.findIndex((span) => span.expression === expression);
    const before = index === 0 ? parent.head : parent.templateSpans[index - 1]?.literal;
    return before && this.#lineEnd.test(before.text) ? all(expression) : [];
  }

  /** What a function of the name returns, and what a function returns in place of the value. */
  #givenByFunction(node: Ts.SignatureDeclaration): readonly Given[] {
    const { body } = node as { body?: Ts.Node };
    const returned = returnedBy(body);
    const { name } = node as { name?: Ts.Node };
    const isNamed = name !== undefined && this.#isName(name);
    const isReplacement = returned.length > 1 && returned.some((one) => this.#values.has(one));
    return isNamed || isReplacement ? returned.map((at) => ({ at })) : [];
  }

  #isPlace(target: Ts.Node): boolean {
    const node = skipParentheses(target);
    if (ts.isIdentifier(node)) return node.text === this.#name;
    return memberName(node)?.text === this.#name;
  }

  #isName(name: Ts.Node): boolean {
    const computed = ts.isComputedPropertyName(name) ? this.#constants.of(name.expression)?.value : undefined;
    return (computed ?? nameText(name)) === this.#name;
  }

  #isText(node: Ts.Node): boolean {
    return ts.isStringLiteralLike(node) && node.text === this.#name;
  }
}

/** A value handed on from variable to variable: further than this it is not followed. */
const FARTHEST = 3;

const ASSIGNS: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.EqualsToken,
  ts.SyntaxKind.QuestionQuestionEqualsToken,
  ts.SyntaxKind.BarBarEqualsToken,
  ts.SyntaxKind.AmpersandAmpersandEqualsToken,
]);

const DEFAULTS_TO: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.QuestionQuestionToken,
  ts.SyntaxKind.BarBarToken,
]);

const YIELDS: ReadonlySet<Ts.SyntaxKind> = new Set([
  ...DEFAULTS_TO,
  ...ASSIGNS,
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.CommaToken,
]);

/** Methods of schemas by which a value gets a default. */
const DEFAULTERS: ReadonlySet<string> = new Set(['default', 'prefault', 'catch']);

function all(expression: Ts.Expression | undefined): readonly Given[] {
  return expression ? [{ at: expression }] : [];
}

/** The expressions of which a value is one. */
function leavesOf(expression: Ts.Expression): readonly Ts.Expression[] {
  const node = skipParentheses(expression) as Ts.Expression;
  if (ts.isConditionalExpression(node)) return [...leavesOf(node.whenTrue), ...leavesOf(node.whenFalse)];
  if (ts.isAwaitExpression(node)) return leavesOf(node.expression);
  if (ts.isBinaryExpression(node)) {
    const { left, operatorToken, right } = node;
    if (!YIELDS.has(operatorToken.kind)) return [node];
    return DEFAULTS_TO.has(operatorToken.kind) ? [...leavesOf(left), ...leavesOf(right)] : leavesOf(right);
  }
  // `{ type: 'integer', default: 3 }`.
  const ofSchema = propertyOf(node, 'default');
  if (ofSchema) return leavesOf(ofSchema);
  return ts.isCallExpression(node) ? [node, ...defaultsOfSchema(node)] : [node];
}

/** `z.number().default(3).describe('…')`. */
function defaultsOfSchema(call: Ts.CallExpression): readonly Ts.Expression[] {
  const found: Ts.Expression[] = [];
  for (let node: Ts.Node = call; ts.isCallExpression(node); ) {
    const callee = skipParentheses(node.expression);
    if (!ts.isPropertyAccessExpression(callee)) break;
    const [value] = node.arguments;
    if (value && DEFAULTERS.has(callee.name.text)) {
      found.push(...(isFunctionExpression(value) ? returnedBy(value.body) : [value]));
    }
    node = skipParentheses(callee.expression);
  }
  return found;
}

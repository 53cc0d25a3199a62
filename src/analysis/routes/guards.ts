import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, isImport, memberName, type NameNode, nameText, skipParentheses } from '../code.ts';
import type { Constants } from '../dispatch/constants.ts';
import { isSetOnce } from '../dispatch/fields.ts';
import type { Target, Targets } from '../dispatch/targets.ts';
import { isFunctionExpression, propertyOf, returnedBy } from '../shapes.ts';
import type { KnownCallSites } from './known-call-sites.ts';

const DEEPEST = 8;

/** What a guard is known by: its declarations, or its name where a package exports it. */
export interface GuardName {
  readonly name: string;
  readonly target: Target | undefined;
}

interface GuardTools {
  readonly code: Code;
  readonly constants: Constants;
  readonly targets: Targets;
  readonly sites: KnownCallSites;
}

/**
 * Tells which expressions are certain to be a guard: the function itself, what it returns when it is called, a variable,
 * parameter or property that is given nothing else, and what is put together with it.
 */
export class Guards {
  readonly #guard: GuardName;
  readonly #tools: GuardTools;
  readonly #known = new Map<Ts.Node, boolean>();

  constructor(guard: GuardName, tools: GuardTools) {
    this.#guard = guard;
    this.#tools = tools;
  }

  /** Whether a chain of middleware comes by the guard before its last link, or is nothing else. */
  isIn(chain: readonly Ts.Expression[]): boolean {
    const links = chain.flatMap((one) => this.linksOf(one));
    const at = links.findIndex((one) => this.is(one));
    return at >= 0 && (at < links.length - 1 || links.length === 1);
  }

  /** The links of a chain that an expression holds: of an array, also by its name, with what is spread into it. */
  linksOf(expression: Ts.Expression, depth = 0): readonly Ts.Expression[] {
    const node = skipParentheses(expression) as Ts.Expression;
    if (depth > DEEPEST) return [node];
    if (ts.isSpreadElement(node)) return this.linksOf(node.expression, depth + 1);
    const definition = this.#tools.constants.definitionOf(node);
    if (ts.isArrayLiteralExpression(definition)) {
      return definition.elements.flatMap((one) => this.linksOf(one, depth + 1));
    }
    if (ts.isCallExpression(node) && !this.is(node)) {
      const callee = skipParentheses(node.expression);
      // `[adminAuth].concat(more)`, `[adminAuth].map(wrap)`.
      if (ts.isPropertyAccessExpression(callee) && ['concat', 'map'].includes(callee.name.text)) {
        return [callee.expression, ...node.arguments].flatMap((one) => this.linksOf(one, depth + 1));
      }
      const returned = this.returnedBy(node);
      const [only, ...others] = returned;
      if (only && others.length === 0 && ts.isArrayLiteralExpression(skipParentheses(only))) {
        return this.linksOf(only, depth + 1);
      }
    }
    return [node];
  }

  /** Whether an expression is the guard. */
  is(expression: Ts.Node, depth = 0): boolean {
    if (depth > DEEPEST) return false;
    const node = skipParentheses(expression);
    let known = this.#known.get(node);
    if (known === undefined) {
      known = this.#judge(node, depth + 1);
      this.#known.set(node, known);
    }
    return known;
  }

  #judge(node: Ts.Node, next: number): boolean {
    if (ts.isAwaitExpression(node)) return this.is(node.expression, next);
    if (ts.isConditionalExpression(node))
      return this.is(node.whenTrue, next) && this.is(node.whenFalse, next);
    if (isFunctionExpression(node)) return this.#isWrapper(node, next);
    if (ts.isCallExpression(node)) return this.#isMade(node, next);
    if (ts.isIdentifier(node)) return this.#isName(node) || this.#isVariable(node, next);
    const name = memberName(node);
    return (
      name !== undefined && (this.#isName(name) || this.#isMember(node as Ts.AccessExpression, name, next))
    );
  }

  #isName(name: NameNode): boolean {
    const { target, name: wanted } = this.#guard;
    return this.#tools.code.entities(name).some((entity) => {
      if (entity.kind === 'external') return entity.name === wanted && entity.module !== 'global';
      return target !== undefined && this.#tools.targets.relation(entity.node, target) !== undefined;
    });
  }

  /** What the guard returns, what a function returns that returns it, and what it is handed to by a package. */
  #isMade(call: Ts.CallExpression, depth: number): boolean {
    const callee = skipParentheses(call.expression);
    if (this.is(callee, depth)) return true;
    if (ts.isPropertyAccessExpression(callee) && callee.name.text === 'bind')
      return this.is(callee.expression, depth);
    const returned = this.returnedBy(call);
    if (returned.length > 0) {
      return returned.every((one) => this.is(one, depth) || this.#isHandedIn(one, call, depth));
    }
    if (this.#functionOf(callee)) return false;
    return call.arguments.some((one) => {
      const bare = skipParentheses(one);
      return ts.isArrayLiteralExpression(bare)
        ? bare.elements.some((element) => this.is(element, depth))
        : this.is(one, depth);
    });
  }

  /** `(request, reply) => adminAuth(request, reply)`. */
  #isWrapper(fn: Ts.ArrowFunction | Ts.FunctionExpression, depth: number): boolean {
    const called = calledFirst(fn);
    return called !== undefined && this.is(called, depth);
  }

  /** `asyncHandler(adminAuth)`, which returns a function that calls what it was given: of this call, and no other. */
  #isHandedIn(returned: Ts.Expression, call: Ts.CallExpression, depth: number): boolean {
    const fn = skipParentheses(returned);
    const called = isFunctionExpression(fn) ? calledFirst(fn) : undefined;
    const parameter = called && ts.isIdentifier(called) ? resolveLocal(called) : undefined;
    if (!parameter || !ts.isParameter(parameter) || parameter.dotDotDotToken) return false;
    if (parameter.parent !== this.#functionOf(skipParentheses(call.expression))) return false;
    const given = call.arguments[parameter.parent.parameters.indexOf(parameter)];
    return given !== undefined && isSetOnce(parameter) && this.is(given, depth);
  }

  #isVariable(name: Ts.Identifier, depth: number): boolean {
    const local = resolveLocal(name);
    if (!local) return false;
    if (isImport(local)) {
      const declaration = this.#tools.code.declarationNode(name);
      return declaration !== undefined && this.#isDeclared(declaration, depth);
    }
    return this.#isDeclared(local, depth);
  }

  #isDeclared(local: Ts.Node, depth: number): boolean {
    if (ts.isFunctionDeclaration(local)) {
      const [first] = local.body?.statements ?? [];
      const call = first && ts.isExpressionStatement(first) ? skipParentheses(first.expression) : undefined;
      const inner = call && ts.isAwaitExpression(call) ? call.expression : call;
      return inner !== undefined && ts.isCallExpression(inner) && this.is(inner.expression, depth);
    }
    if (!isSetOnce(local)) return false;
    if (ts.isVariableDeclaration(local))
      return local.initializer !== undefined && this.is(local.initializer, depth);
    if (ts.isParameter(local)) {
      return this.#isGiven(local, (one) => this.is(one, depth)) ?? nameText(local.name) === this.#guard.name;
    }
    if (!ts.isBindingElement(local) || !ts.isObjectBindingPattern(local.parent)) return false;
    const key = nameText(local.propertyName ?? local.name);
    const holder = local.parent.parent;
    if (key === undefined) return false;
    if (ts.isParameter(holder)) {
      const isPart = (one: Ts.Expression): boolean => this.#isPart(one, key, depth);
      return this.#isGiven(holder, isPart) ?? key === this.#guard.name;
    }
    return ts.isVariableDeclaration(holder) && holder.initializer
      ? this.#isPart(holder.initializer, key, depth)
      : false;
  }

  /** Whether all callers hand in what is wanted; undefined where nobody calls. */
  #isGiven(
    parameter: Ts.ParameterDeclaration,
    isWanted: (given: Ts.Expression) => boolean,
  ): boolean | undefined {
    const fn = parameter.parent;
    const index = fn.parameters.indexOf(parameter);
    const sites = this.#tools.sites.of(fn);
    if (sites.length === 0) return undefined;
    return sites.every(({ args }) => {
      const given = args[index] ?? parameter.initializer;
      return given !== undefined && isWanted(given);
    });
  }

  /** Whether a property of an object is the guard. */
  #isPart(object: Ts.Expression, key: string, depth: number): boolean {
    if (depth > DEEPEST) return false;
    const { constants } = this.#tools;
    const definition = constants.definitionOf(object);
    if (ts.isObjectLiteralExpression(definition)) {
      const value = propertyOf(definition, key);
      if (value) return this.is(value, depth + 1);
      return definition.properties.some(
        (one) => ts.isSpreadAssignment(one) && this.#isPart(one.expression, key, depth + 1),
      );
    }
    const bare = skipParentheses(object);
    const local = ts.isIdentifier(bare) ? resolveLocal(bare) : undefined;
    if (!local || !ts.isParameter(local)) return false;
    return this.#isGiven(local, (one) => this.#isPart(one, key, depth + 1)) ?? key === this.#guard.name;
  }

  #isMember(access: Ts.AccessExpression, name: NameNode, depth: number): boolean {
    const declaration = this.#tools.code.declarationNode(name);
    if (declaration && ts.isPropertyAssignment(declaration)) return this.is(declaration.initializer, depth);
    if (declaration && ts.isShorthandPropertyAssignment(declaration)) return this.is(declaration.name, depth);
    if (declaration && ts.isParameter(declaration)) return this.#isDeclared(declaration, depth);
    if (declaration && ts.isPropertyDeclaration(declaration)) {
      const value = declaration.initializer ?? assignedInConstructor(declaration);
      return value !== undefined && this.is(value, depth);
    }
    return this.#isPart(access.expression, name.text, depth);
  }

  /** What a function of the source returns that a call runs. */
  returnedBy(call: Ts.CallExpression): readonly Ts.Expression[] {
    const fn = this.#functionOf(skipParentheses(call.expression));
    return returnedBy((fn as { body?: Ts.Node } | undefined)?.body);
  }

  /** The function of the source that an expression stands for. */
  #functionOf(callee: Ts.Node): Ts.Node | undefined {
    const definition = this.#tools.constants.definitionOf(callee);
    if (ts.isFunctionLike(definition)) return definition;
    const name = ts.isIdentifier(callee) ? callee : memberName(callee);
    const declaration = name && this.#tools.code.declarationNode(name);
    return declaration && ts.isFunctionLike(declaration) ? declaration : undefined;
  }
}

/** What a function calls before it does anything else: `h` of `(q, s, n) => Promise.resolve(h(q, s, n)).catch(n)`. */
function calledFirst({ body }: Ts.ArrowFunction | Ts.FunctionExpression): Ts.Node | undefined {
  const [first] = ts.isBlock(body) ? body.statements : [];
  const isPlain = first && (ts.isExpressionStatement(first) || ts.isReturnStatement(first));
  let expression: Ts.Expression | undefined = ts.isBlock(body)
    ? isPlain
      ? first.expression
      : undefined
    : body;
  while (expression) {
    const node: Ts.Node = skipParentheses(expression);
    if (ts.isAwaitExpression(node)) expression = node.expression;
    else if (!ts.isCallExpression(node)) return undefined;
    else {
      const inner = resolvedBy(node) ?? chainedTo(node);
      if (!inner) return skipParentheses(node.expression);
      expression = inner;
    }
  }
  return undefined;
}

/** What a call of `Promise.resolve` is handed. */
function resolvedBy({ expression, arguments: [given] }: Ts.CallExpression): Ts.Expression | undefined {
  return /^Promise\.resolve$/.test(expression.getText()) ? given : undefined;
}

/** The promise that a handler of failures is chained to. */
function chainedTo({ expression }: Ts.CallExpression): Ts.Expression | undefined {
  const callee = skipParentheses(expression);
  if (!ts.isPropertyAccessExpression(callee) || !['catch', 'finally'].includes(callee.name.text))
    return undefined;
  return callee.expression;
}

/** What the constructor of its class puts into a field, where it does so once. */
function assignedInConstructor(field: Ts.PropertyDeclaration): Ts.Expression | undefined {
  const name = nameText(field.name);
  const maker = ts.isClassLike(field.parent)
    ? field.parent.members.find(ts.isConstructorDeclaration)
    : undefined;
  const values = (maker?.body?.statements ?? []).flatMap((statement) => {
    if (!ts.isExpressionStatement(statement) || !ts.isBinaryExpression(statement.expression)) return [];
    const { left, operatorToken, right } = statement.expression;
    const isThis = ts.isPropertyAccessExpression(left) && left.expression.kind === ts.SyntaxKind.ThisKeyword;
    const isIt = isThis && left.name.text === name && operatorToken.kind === ts.SyntaxKind.EqualsToken;
    return isIt ? [right] : [];
  });
  return values.length === 1 ? values[0] : undefined;
}

import { type Ts, ts } from '../../syntax/ts.ts';
import { isAssignmentOperator, isStatic, isUpdate } from '../shapes.ts';
import type { FlowGraph } from './graph.ts';

/** Builds what the evaluation of expressions, patterns and class definitions does. */
export class ExpressionFlow {
  readonly #graph: FlowGraph;
  /** Builds the statements of a static block. */
  readonly #runBlock: (statements: readonly Ts.Statement[]) => void;
  /** Builds a chain of promises up to where it is settled, if an expression is one. */
  readonly #chain: (value: Ts.Expression) => boolean;
  /** Where the optional chain being built goes when a link is missing. */
  #chainEnd: number | undefined;

  constructor(
    graph: FlowGraph,
    runBlock: (statements: readonly Ts.Statement[]) => void,
    chain: (value: Ts.Expression) => boolean,
  ) {
    this.#graph = graph;
    this.#runBlock = runBlock;
    this.#chain = chain;
  }

  /** Builds a condition so that each way out of it keeps its own path. */
  condition(node: Ts.Expression, yes: number, no: number): void {
    if (ts.isParenthesizedExpression(node)) return this.condition(node.expression, yes, no);
    if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken) {
      return this.condition(node.operand, no, yes);
    }
    if (ts.isBinaryExpression(node)) {
      const { kind } = node.operatorToken;
      if (kind === ts.SyntaxKind.AmpersandAmpersandToken || kind === ts.SyntaxKind.BarBarToken) {
        const right = this.#graph.join();
        if (kind === ts.SyntaxKind.AmpersandAmpersandToken) this.condition(node.left, right, no);
        else this.condition(node.left, yes, right);
        this.#graph.resume(right);
        if (this.#graph.isReachable) this.condition(node.right, yes, no);
        return;
      }
    }
    this.expression(node);
    const constant = literalTruth(node);
    const branch = this.#graph.emit({ kind: 'branch', condition: node, test: 'truthy' });
    if (branch === undefined) return;
    if (constant !== false) this.#graph.link(branch, 'true', yes);
    if (constant !== true) this.#graph.link(branch, 'false', no);
    this.#graph.stop();
  }

  expression(node: Ts.Expression): void {
    if (!this.#graph.isReachable) return;
    if (ts.isOptionalChain(node)) return this.#optionalChain(node);
    this.#plainExpression(node);
  }

  #optionalChain(node: Ts.Expression): void {
    const saved = this.#chainEnd;
    const missing = this.#graph.join();
    const after = this.#graph.join();
    this.#chainEnd = missing;
    this.#plainExpression(node);
    this.#graph.goto(after);
    this.#chainEnd = saved;
    this.#graph.resume(missing);
    this.#graph.emit({ kind: 'pick', node, from: undefined });
    this.#graph.goto(after);
    this.#graph.resume(after);
  }

  /** The object of a link of a chain, and the way out if it is missing. */
  #linkObject(object: Ts.Expression, questionDot: Ts.Node | undefined): void {
    if (ts.isOptionalChain(object)) this.#plainExpression(object);
    else this.expression(object);
    if (!questionDot || this.#chainEnd === undefined) return;
    const branch = this.#graph.emit({ kind: 'branch', condition: object, test: 'nullish' });
    if (branch === undefined) return;
    this.#graph.link(branch, 'true', this.#chainEnd);
    this.#graph.continueFrom(branch, 'false');
  }

  #plainExpression(node: Ts.Expression): void {
    if (!this.#graph.isReachable) return;
    if (ts.isCallExpression(node)) {
      this.#linkObject(node.expression, node.questionDotToken);
      for (const argument of node.arguments) this.expression(argument);
      this.#graph.emitThrowing({ kind: 'call', node });
    } else if (ts.isPropertyAccessExpression(node)) {
      this.#linkObject(node.expression, node.questionDotToken);
    } else if (ts.isElementAccessExpression(node)) {
      this.#linkObject(node.expression, node.questionDotToken);
      this.expression(node.argumentExpression);
    } else if (ts.isNonNullExpression(node) || ts.isParenthesizedExpression(node)) {
      if (ts.isNonNullExpression(node) && ts.isOptionalChain(node)) this.#plainExpression(node.expression);
      else this.expression(node.expression);
    } else if (ts.isNewExpression(node)) {
      this.expression(node.expression);
      for (const argument of node.arguments ?? []) this.expression(argument);
      this.#graph.emitThrowing({ kind: 'call', node });
    } else if (ts.isTaggedTemplateExpression(node)) {
      this.expression(node.tag);
      if (ts.isTemplateExpression(node.template)) {
        for (const span of node.template.templateSpans) this.expression(span.expression);
      }
      this.#graph.emitThrowing({ kind: 'call', node });
    } else if (ts.isAwaitExpression(node)) {
      const promise = node.expression;
      if (this.#chain(promise)) this.#graph.emit({ kind: 'pick', node, from: promise });
      else {
        this.expression(promise);
        this.#graph.emitThrowing({ kind: 'await', node, promise, origin: promise });
      }
    } else if (ts.isYieldExpression(node)) {
      if (node.expression) this.expression(node.expression);
      this.#graph.emitThrowing({ kind: 'yield', node });
    } else if (ts.isBinaryExpression(node)) {
      this.#binary(node);
    } else if (isUpdate(node) && ts.isIdentifier(node.operand)) {
      // A member that counts is no value that anything hangs on.
      this.#graph.emit({ kind: 'count', node });
    } else if (ts.isConditionalExpression(node)) {
      this.#conditional(node);
    } else if (ts.isClassExpression(node)) {
      this.class(node);
    } else if (!ts.isFunctionExpression(node) && !ts.isArrowFunction(node)) {
      this.#children(node);
    }
  }

  /** Any other expression evaluates its parts from left to right and does nothing that we track. */
  #children(node: Ts.Node): void {
    ts.forEachChild(node, (child) => {
      if (ts.isTypeNode(child)) return;
      if (ts.isFunctionLike(child)) this.#computedName(child.name);
      else if (ts.isExpression(child)) this.expression(child);
      else this.#children(child);
    });
  }

  #conditional(node: Ts.ConditionalExpression): void {
    const yes = this.#graph.join();
    const no = this.#graph.join();
    const after = this.#graph.join();
    this.condition(node.condition, yes, no);
    for (const [entry, arm] of [
      [yes, node.whenTrue],
      [no, node.whenFalse],
    ] as const) {
      this.#graph.resume(entry);
      if (this.#graph.isReachable) this.expression(arm);
      this.#graph.emit({ kind: 'pick', node, from: arm });
      this.#graph.goto(after);
    }
    this.#graph.resume(after);
  }

  #binary(node: Ts.BinaryExpression): void {
    const { kind } = node.operatorToken;
    if (SHORT_CIRCUITS.has(kind)) return this.#shortCircuit(node, kind);
    if (!isAssignmentOperator(kind)) {
      this.expression(node.left);
      this.expression(node.right);
      return;
    }
    // A reference is evaluated before the value, a pattern takes the value apart.
    if (!isPattern(node.left)) this.assignmentTarget(node.left);
    this.expression(node.right);
    if (isPattern(node.left)) this.assignmentTarget(node.left);
    this.#graph.emit({ kind: 'assign', node });
  }

  #shortCircuit(node: Ts.BinaryExpression, kind: Ts.SyntaxKind): void {
    const after = this.#graph.join();
    const test = NULLISH.has(kind) ? 'nullish' : 'truthy';
    const assigns = isAssignmentOperator(kind);
    const takesRight = OR.has(kind) ? 'false' : 'true';
    this.expression(node.left);
    const branch = this.#graph.emit({ kind: 'branch', condition: node.left, test });
    if (branch === undefined) return;
    this.#graph.continueFrom(branch, takesRight === 'true' ? 'false' : 'true');
    this.#graph.emit({ kind: 'pick', node, from: node.left });
    this.#graph.goto(after);
    this.#graph.continueFrom(branch, takesRight);
    this.expression(node.right);
    this.#graph.emit(assigns ? { kind: 'assign', node } : { kind: 'pick', node, from: node.right });
    this.#graph.goto(after);
    this.#graph.resume(after);
  }

  /** What is evaluated to find the places that an assignment writes. */
  assignmentTarget(target: Ts.Expression): void {
    if (ts.isPropertyAccessExpression(target)) this.expression(target.expression);
    else if (ts.isElementAccessExpression(target)) {
      this.expression(target.expression);
      this.expression(target.argumentExpression);
    } else if (ts.isArrayLiteralExpression(target)) {
      for (const element of target.elements) this.#patternElement(element);
    } else if (ts.isObjectLiteralExpression(target)) {
      for (const property of target.properties) this.#patternProperty(property);
    } else if (ts.isParenthesizedExpression(target) || ts.isSpreadElement(target)) {
      this.assignmentTarget(target.expression);
    } else if (!ts.isIdentifier(target)) this.#children(target);
  }

  #patternProperty(property: Ts.ObjectLiteralElementLike): void {
    this.#computedName(property.name);
    if (ts.isPropertyAssignment(property)) this.#patternElement(property.initializer);
    else if (ts.isSpreadAssignment(property)) this.assignmentTarget(property.expression);
    else if (ts.isShorthandPropertyAssignment(property) && property.objectAssignmentInitializer) {
      this.optionally(property.objectAssignmentInitializer);
    }
  }

  /** A target in a pattern, with its default if there is one. */
  #patternElement(element: Ts.Expression): void {
    if (!ts.isBinaryExpression(element) || element.operatorToken.kind !== ts.SyntaxKind.EqualsToken) {
      return this.assignmentTarget(element);
    }
    const { left, right } = element;
    if (!isPattern(left)) this.assignmentTarget(left);
    this.optionally(right);
    if (isPattern(left)) this.assignmentTarget(left);
  }

  /** The defaults of a destructuring pattern: each may or may not be evaluated. */
  bindingDefaults(name: Ts.BindingName): void {
    if (ts.isIdentifier(name)) return;
    for (const element of name.elements) {
      if (!ts.isBindingElement(element)) continue;
      this.#computedName(element.propertyName);
      if (element.initializer) this.optionally(element.initializer);
      this.bindingDefaults(element.name);
    }
  }

  /** The key in `{ [key()]: value }`. */
  #computedName(name: Ts.Node | undefined): void {
    if (name && ts.isComputedPropertyName(name)) this.expression(name.expression);
  }

  /** A default: evaluated if there is no value. */
  optionally(value: Ts.Expression): void {
    if (!hasActions(value)) return;
    const after = this.#graph.join();
    const branch = this.#graph.emit({ kind: 'branch', condition: value, test: 'nullish' });
    if (branch === undefined) return;
    this.#graph.link(branch, 'false', after);
    this.#graph.continueFrom(branch, 'true');
    this.expression(value);
    this.#graph.goto(after);
    this.#graph.resume(after);
  }

  /** What a class definition evaluates at once: decorators, its parent, computed names, static fields and blocks. */
  class(node: Ts.ClassLikeDeclaration): void {
    this.#decorators(node);
    for (const clause of node.heritageClauses ?? []) {
      for (const type of clause.types) {
        if (clause.token === ts.SyntaxKind.ExtendsKeyword) this.expression(type.expression);
      }
    }
    for (const member of node.members) {
      this.#decorators(member);
      this.#computedName(member.name);
    }
    for (const member of node.members) {
      if (ts.isClassStaticBlockDeclaration(member)) this.#runBlock(member.body.statements);
      else if (ts.isPropertyDeclaration(member) && member.initializer && isStatic(member)) {
        this.expression(member.initializer);
      }
    }
  }

  /** The expressions behind `@`. Standard decorators: those of a class come before all that is in it. */
  #decorators(node: Ts.Node): void {
    const decorators = ts.canHaveDecorators(node) ? ts.getDecorators(node) : undefined;
    for (const { expression } of decorators ?? []) this.expression(expression);
  }
}

function isPattern(target: Ts.Expression): boolean {
  return ts.isArrayLiteralExpression(target) || ts.isObjectLiteralExpression(target);
}

const SHORT_CIRCUITS: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.QuestionQuestionToken,
  ts.SyntaxKind.AmpersandAmpersandEqualsToken,
  ts.SyntaxKind.BarBarEqualsToken,
  ts.SyntaxKind.QuestionQuestionEqualsToken,
]);

const NULLISH: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.QuestionQuestionToken,
  ts.SyntaxKind.QuestionQuestionEqualsToken,
]);

const OR: ReadonlySet<Ts.SyntaxKind> = new Set([ts.SyntaxKind.BarBarToken, ts.SyntaxKind.BarBarEqualsToken]);

function literalTruth(node: Ts.Expression): boolean | undefined {
  if (node.kind === ts.SyntaxKind.TrueKeyword) return true;
  if (node.kind === ts.SyntaxKind.FalseKeyword) return false;
  return undefined;
}

/** Whether evaluating the expression performs any action of the graph. */
function hasActions(node: Ts.Node): boolean {
  if (ts.isFunctionLike(node)) {
    return node.name !== undefined && ts.isComputedPropertyName(node.name) && hasActions(node.name);
  }
  if (
    ts.isCallExpression(node) ||
    ts.isNewExpression(node) ||
    ts.isTaggedTemplateExpression(node) ||
    ts.isAwaitExpression(node) ||
    ts.isYieldExpression(node) ||
    ts.isConditionalExpression(node) ||
    (ts.isBinaryExpression(node) &&
      (SHORT_CIRCUITS.has(node.operatorToken.kind) || isAssignmentOperator(node.operatorToken.kind)))
  ) {
    return true;
  }
  return ts.forEachChild(node, hasActions) ?? false;
}

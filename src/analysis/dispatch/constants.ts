import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, type NameNode, rightmostName, skipParentheses } from '../code.ts';
import { hasModifier } from '../shapes.ts';

/** A text or number that the code holds. */
export interface Constant {
  readonly value: string | number;
  /** The declarations whose names were followed, nearest first; empty for what is written in place. */
  readonly via: readonly Ts.Node[];
}

/** Names of constants made of names of constants: deeper than this, nobody reads it either. */
const DEEPEST = 20;

/** Evaluates what has one value, written in place or by the name of a constant, whichever file declares that. */
export class Constants {
  readonly #code: Code;

  constructor(code: Code) {
    this.#code = code;
  }

  /** The value of an expression; undefined where it has none, or more than one. */
  of(expression: Ts.Node, depth = 0): Constant | undefined {
    const node = skipParentheses(expression);
    if (depth > DEEPEST) return undefined;
    if (ts.isStringLiteralLike(node)) return { value: node.text, via: [] };
    if (ts.isNumericLiteral(node)) return { value: Number(node.text), via: [] };
    if (ts.isTemplateExpression(node)) return this.#template(node, depth);
    if (ts.isBinaryExpression(node)) return this.#sum(node, depth);
    if (ts.isPrefixUnaryExpression(node)) return this.#signed(node, depth);
    const name = rightmostName(node);
    const declaration = name && this.declarationOf(name);
    const value = declaration && this.#valueOf(declaration, depth + 1);
    return declaration && value && { value: value.value, via: [declaration, ...value.via] };
  }

  /** What an expression stands for, where it is the name of a constant: the value that was written for that. */
  definitionOf(expression: Ts.Node): Ts.Node {
    let node = skipParentheses(expression);
    for (let step = 0; step < DEEPEST; step += 1) {
      const name = rightmostName(node);
      const declaration = name && this.declarationOf(name);
      const initializer = declaration && initializerOf(declaration);
      if (!initializer) break;
      node = skipParentheses(initializer);
    }
    return node;
  }

  /** Whether the value of an expression may be a text, for all that its name or its form tells. */
  mayBeText(expression: Ts.Node): boolean {
    const node = skipParentheses(expression);
    const isText =
      ts.isStringLiteralLike(node) || ts.isTemplateExpression(node) || ts.isBinaryExpression(node);
    const name = isText ? undefined : rightmostName(node);
    if (!name) return isText;
    const type = this.#code.typeOf(name);
    return type !== undefined && !type.any && !type.callable && type.symbols.length === 0;
  }

  /** The one declaration of a name, in the source. */
  declarationOf(name: NameNode): Ts.Node | undefined {
    return this.#code.declarationNode(name);
  }

  #valueOf(declaration: Ts.Node, depth: number): Constant | undefined {
    if (ts.isEnumMember(declaration)) return this.#enumValue(declaration, depth);
    const initializer = initializerOf(declaration);
    return initializer && this.of(initializer, depth);
  }

  #enumValue(member: Ts.EnumMember, depth: number): Constant | undefined {
    if (member.initializer) return this.of(member.initializer, depth);
    const { members } = member.parent;
    const index = members.indexOf(member);
    const before = index === 0 ? undefined : members[index - 1];
    if (!before) return { value: 0, via: [] };
    const value = this.#enumValue(before, depth + 1)?.value;
    return typeof value === 'number' ? { value: value + 1, via: [] } : undefined;
  }

  #template({ head, templateSpans }: Ts.TemplateExpression, depth: number): Constant | undefined {
    let value = head.text;
    const via: Ts.Node[] = [];
    for (const { expression, literal } of templateSpans) {
      const part = this.of(expression, depth + 1);
      if (!part) return undefined;
      value += String(part.value) + literal.text;
      via.push(...part.via);
    }
    return { value, via };
  }

  #sum({ left, operatorToken, right }: Ts.BinaryExpression, depth: number): Constant | undefined {
    if (operatorToken.kind !== ts.SyntaxKind.PlusToken) return undefined;
    const [one, other] = [this.of(left, depth + 1), this.of(right, depth + 1)];
    if (!one || !other) return undefined;
    const isNumber = typeof one.value === 'number' && typeof other.value === 'number';
    const value = isNumber ? Number(one.value) + Number(other.value) : `${one.value}${other.value}`;
    return { value, via: [...one.via, ...other.via] };
  }

  #signed({ operator, operand }: Ts.PrefixUnaryExpression, depth: number): Constant | undefined {
    const constant = this.of(operand, depth + 1);
    if (typeof constant?.value !== 'number') return undefined;
    if (operator === ts.SyntaxKind.PlusToken) return constant;
    return operator === ts.SyntaxKind.MinusToken ? { ...constant, value: -constant.value } : undefined;
  }
}

/** What a declaration is given for good: a `const`, a read-only field, a property of an object that is a constant. */
function initializerOf(declaration: Ts.Node): Ts.Expression | undefined {
  if (ts.isVariableDeclaration(declaration)) {
    const isConstant = (declaration.parent.flags & ts.NodeFlags.Const) !== 0;
    return isConstant ? declaration.initializer : undefined;
  }
  if (ts.isPropertyDeclaration(declaration)) {
    return hasModifier(declaration, ts.SyntaxKind.ReadonlyKeyword) ? declaration.initializer : undefined;
  }
  if (ts.isPropertyAssignment(declaration)) {
    return isOfConstant(declaration.parent) ? declaration.initializer : undefined;
  }
  return undefined;
}

function isOfConstant(literal: Ts.Node): boolean {
  let node = literal;
  while (!ts.isVariableDeclaration(node)) {
    const isPart =
      ts.isPropertyAssignment(node.parent) ||
      ts.isObjectLiteralExpression(node.parent) ||
      skipParentheses(node.parent) === skipParentheses(node) ||
      ts.isVariableDeclaration(node.parent) ||
      (ts.isCallExpression(node.parent) && /^Object\.freeze$/.test(node.parent.expression.getText()));
    if (!isPart) return false;
    node = node.parent;
  }
  return (node.parent.flags & ts.NodeFlags.Const) !== 0;
}

import { owningFunction, resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, memberName, type NameNode, namesMember, nameText, skipParentheses } from '../code.ts';
import { namesIn } from '../name-index.ts';
import { isAssignedPattern, isAssignmentOperator, outermost } from '../shapes.ts';
import { leavesSpelt } from './leaves.ts';
import { keyAskedFor } from './presence.ts';
import { Resolver } from './resolver.ts';
import type { Target, Targets } from './targets.ts';

/** What an expression reads: a field, or something of a field's name whose type nobody knows. */
export interface FieldRead {
  readonly field: Target;
  readonly certainty: 'certain' | 'unclear';
}

/** Tells which expressions read which of some fields: by their symbol, and through variables that are set once. */
export class FieldReads {
  readonly #code: Code;
  readonly #targets: Targets;
  readonly #fields: readonly Target[];
  readonly #resolver: Resolver;
  readonly #words: ReadonlySet<string>;
  readonly #known = new Map<Ts.Node, readonly FieldRead[]>();

  constructor(code: Code, targets: Targets, fields: readonly Target[]) {
    this.#code = code;
    this.#targets = targets;
    this.#fields = fields;
    this.#resolver = new Resolver(code);
    this.#words = new Set(fields.map(({ member }) => member));
  }

  /** Asks about all that a file spells like one of the fields, in one round trip. */
  prefetch(file: string): void {
    const names = leavesSpelt(this.#code, file, this.#words).filter(namesMember);
    this.#code.prefetchNames(file, names);
  }

  /** What an expression reads; several where two checks are about one field. */
  of(expression: Ts.Node): readonly FieldRead[] {
    const bare = skipParentheses(expression);
    let found = this.#known.get(bare);
    if (!found) {
      // A variable whose value is made from itself is none that is set once, but it must not hang the gate either.
      this.#known.set(bare, []);
      found = this.#read(bare);
      this.#known.set(bare, found);
    }
    return found;
  }

  #read(node: Ts.Node): readonly FieldRead[] {
    if (ts.isIdentifier(node)) return this.#readVariable(node);
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.InKeyword) {
      const key = skipParentheses(node.left);
      return ts.isStringLiteralLike(key) ? this.#member(node.right, key.text) : [];
    }
    const asked = keyAskedFor(node);
    if (asked) return this.#member(asked.object, asked.key);
    const name = memberName(node);
    if (name && !ts.isQualifiedName(node)) return this.#named(name, node as Ts.AccessExpression);
    if (ts.isElementAccessExpression(node)) return this.#keyed(node);
    return [];
  }

  #named(name: NameNode, access: Ts.AccessExpression): readonly FieldRead[] {
    if (!this.#words.has(name.text)) return [];
    const entities = this.#code.entities(name);
    if (entities.length > 0) {
      return this.#fieldsOf(entities.flatMap((one) => (one.kind === 'node' ? [one.node] : [])));
    }
    // The compilers do not tell what a string stands for as the key of what may be missing.
    return ts.isStringLiteralLike(name)
      ? this.#member(access.expression, name.text)
      : this.#unclear(name.text);
  }

  #keyed({ expression, argumentExpression }: Ts.ElementAccessExpression): readonly FieldRead[] {
    const key = skipParentheses(argumentExpression);
    const name = ts.isIdentifier(key) ? key : memberName(key);
    if (!name || !ts.isIdentifier(name)) return [];
    const [literal, ...others] = this.#code.typeOf(name)?.literals ?? [];
    return typeof literal === 'string' && others.length === 0 ? this.#member(expression, literal) : [];
  }

  #member(of: Ts.Node, name: string): readonly FieldRead[] {
    if (!this.#words.has(name)) return [];
    const declarations = this.#resolver.membersOf(of, name);
    return declarations ? this.#fieldsOf(declarations) : this.#unclear(name);
  }

  #readVariable(name: Ts.Identifier): readonly FieldRead[] {
    const local = resolveLocal(name);
    if (!local || !isSetOnce(local)) return [];
    if (ts.isVariableDeclaration(local)) return local.initializer ? this.of(local.initializer) : [];
    if (!ts.isBindingElement(local) || local.dotDotDotToken || local.initializer) return [];
    if (!ts.isObjectBindingPattern(local.parent)) return [];
    const member = nameText(local.propertyName ?? local.name);
    return member === undefined ? [] : this.#member(local.parent, member);
  }

  #fieldsOf(declarations: readonly Ts.Node[]): readonly FieldRead[] {
    return this.#fields
      .filter((field) => declarations.some((one) => this.#targets.relation(one, field) !== undefined))
      .map((field) => ({ field, certainty: 'certain' }));
  }

  #unclear(name: string): readonly FieldRead[] {
    return this.#fields
      .filter(({ member }) => member === name)
      .map((field) => ({ field, certainty: 'unclear' }));
  }
}

const setOnce = new WeakMap<Ts.Node, boolean>();

/** Whether a variable or parameter has the value that its declaration gives it, and never another. */
export function isSetOnce(declaration: Ts.Node): boolean {
  let known = setOnce.get(declaration);
  if (known === undefined) {
    known = !isAssignedLater(declaration);
    setOnce.set(declaration, known);
  }
  return known;
}

function isAssignedLater(declaration: Ts.Node): boolean {
  const { name } = declaration as { name?: Ts.Node };
  if (!name || !ts.isIdentifier(name)) return false;
  const owner = owningFunction(declaration);
  const mentions = namesIn(declaration.getSourceFile()).get(name.text) ?? [];
  return mentions.some(
    (mention) =>
      ts.isIdentifier(mention) &&
      mention !== name &&
      mention.pos >= owner.pos &&
      mention.end <= owner.end &&
      isAssigned(mention) &&
      resolveLocal(mention) === declaration,
  );
}

function isAssigned(name: Ts.Node): boolean {
  const node = outermost(name);
  const { parent } = node;
  if (ts.isBinaryExpression(parent)) {
    return parent.left === node && isAssignmentOperator(parent.operatorToken.kind);
  }
  if (ts.isForOfStatement(parent) || ts.isForInStatement(parent)) return parent.initializer === node;
  if (ts.isPrefixUnaryExpression(parent) || ts.isPostfixUnaryExpression(parent)) {
    return (
      parent.operator === ts.SyntaxKind.PlusPlusToken || parent.operator === ts.SyntaxKind.MinusMinusToken
    );
  }
  const isPart =
    ts.isShorthandPropertyAssignment(parent) ||
    (ts.isPropertyAssignment(parent) && parent.initializer === node) ||
    ts.isArrayLiteralExpression(parent) ||
    ts.isSpreadElement(parent);
  return isPart && isAssignedPattern(ts.isArrayLiteralExpression(parent) ? parent : parent.parent);
}

import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, memberName, type NameNode, nameText, rightmostName, skipParentheses } from '../code.ts';
import { argumentFor } from './callees.ts';
import type { Frames } from './frames.ts';
import { type FunctionNode, isFunctionNode } from './functions.ts';
import { localDeclaration } from './identifiers.ts';
import type { CallGraph } from './invocations.ts';

/** What a name for a function stands for: a method by its own name, or a function of the program. */
export type Meaning =
  | { readonly kind: 'method'; readonly name: string; readonly callee: Ts.Node | undefined }
  | { readonly kind: 'function'; readonly fn: FunctionNode };

/** Names of names of …: further than this nobody looks. */
const DEEPEST = 8;

/**
 * Finds what a callee stands for that is only another name: `const go = db.query.bind(db)`, `const { query: go } = db`,
 * a parameter that is handed such a function, or is typed `Db['query']`.
 */
export class Aliases {
  readonly #code: Code;
  readonly #graph: CallGraph;

  constructor(code: Code, graph: CallGraph) {
    this.#code = code;
    this.#graph = graph;
  }

  meanings(callee: Ts.Node, frames: Frames): readonly Meaning[] {
    return [...this.#of(callee, frames, 0)];
  }

  *#of(expression: Ts.Node, frames: Frames, depth: number): Generator<Meaning> {
    const value = skipParentheses(expression);
    if (depth > DEEPEST) return;
    if (isFunctionNode(value)) yield { kind: 'function', fn: value };
    else if (ts.isConditionalExpression(value)) {
      yield* this.#of(value.whenTrue, frames, depth + 1);
      yield* this.#of(value.whenFalse, frames, depth + 1);
    } else if (ts.isBinaryExpression(value)) {
      yield* this.#of(value.left, frames, depth + 1);
      yield* this.#of(value.right, frames, depth + 1);
    } else if (ts.isCallExpression(value)) {
      const inner = wrappedBy(value);
      if (inner) yield* this.#of(inner, frames, depth + 1);
    } else if (ts.isIdentifier(value)) {
      yield* this.#named(value, frames, depth);
    } else {
      const member = memberName(value);
      if (!member) return;
      if (depth > 0) yield { kind: 'method', name: nameText(member) ?? '', callee: value };
      yield* this.#declared(member, frames, depth);
    }
  }

  *#named(name: Ts.Identifier, frames: Frames, depth: number): Generator<Meaning> {
    const local = localDeclaration(name);
    if (local && (ts.isVariableDeclaration(local) || ts.isParameter(local))) {
      yield* this.#binding(local, name.text, frames, depth);
    } else {
      yield* this.#declared(name, frames, depth);
    }
  }

  *#binding(
    declaration: Ts.VariableDeclaration | Ts.ParameterDeclaration,
    name: string,
    frames: Frames,
    depth: number,
  ): Generator<Meaning> {
    if (!ts.isIdentifier(declaration.name)) {
      const key = takenKey(declaration.name, name);
      if (key !== undefined) yield { kind: 'method', name: key, callee: undefined };
      return;
    }
    if (declaration.type) yield* this.#typed(declaration.type, depth);
    if (declaration.initializer) yield* this.#of(declaration.initializer, frames, depth + 1);
    if (ts.isParameter(declaration)) yield* this.#passed(declaration, frames, depth);
  }

  /** What the calls of a function pass for its parameter. */
  *#passed(parameter: Ts.ParameterDeclaration, frames: Frames, depth: number): Generator<Meaning> {
    const fn = parameter.parent;
    if (!isFunctionNode(fn)) return;
    for (const { node, how, frames: around } of this.#graph.callSites(fn, frames)) {
      const isCall = ts.isCallExpression(node) || ts.isNewExpression(node);
      if (how !== 'call' || !isCall || !this.#graph.callees.bodies(node, around).includes(fn)) continue;
      const argument = argumentFor(parameter, node);
      if (argument) yield* this.#of(argument, around, depth + 1);
    }
  }

  /** `Db['query']`, `typeof db.query`, or a name for such a type. */
  *#typed(type: Ts.TypeNode, depth: number): Generator<Meaning> {
    if (ts.isIndexedAccessTypeNode(type)) {
      const { indexType: key } = type;
      const isNamed = ts.isLiteralTypeNode(key) && ts.isStringLiteral(key.literal);
      if (isNamed) yield { kind: 'method', name: key.literal.text, callee: undefined };
    } else if (ts.isTypeQueryNode(type)) {
      if (ts.isQualifiedName(type.exprName))
        yield { kind: 'method', name: type.exprName.right.text, callee: undefined };
    } else if (ts.isTypeReferenceNode(type) && ts.isIdentifier(type.typeName) && depth <= DEEPEST) {
      for (const entity of this.#code.entities(type.typeName)) {
        if (entity.kind === 'node' && ts.isTypeAliasDeclaration(entity.node))
          yield* this.#typed(entity.node.type, depth + 1);
      }
    }
  }

  /** A constant of another file, a field, a property of an object literal. */
  *#declared(name: NameNode, frames: Frames, depth: number): Generator<Meaning> {
    for (const entity of this.#code.entities(name)) {
      if (entity.kind !== 'node') continue;
      const { node } = entity;
      if (isFunctionNode(node)) yield { kind: 'function', fn: node };
      else if (ts.isVariableDeclaration(node) || ts.isParameter(node))
        yield* this.#binding(node, nameText(name) ?? '', frames, depth);
      else if (ts.isPropertyDeclaration(node) || ts.isPropertyAssignment(node)) {
        if (ts.isPropertyDeclaration(node) && node.type) yield* this.#typed(node.type, depth);
        if (node.initializer) yield* this.#of(node.initializer, frames, depth + 1);
      }
    }
  }
}

/** `query.bind(db)`, `promisify(query)`: the function in it. */
function wrappedBy(call: Ts.CallExpression): Ts.Expression | undefined {
  const callee = skipParentheses(call.expression);
  if (ts.isPropertyAccessExpression(callee) && callee.name.text === 'bind') return callee.expression;
  const name = rightmostName(callee);
  return name && nameText(name) === 'promisify' ? call.arguments[0] : undefined;
}

/** Under which name a pattern takes what it binds to a name. */
function takenKey(pattern: Ts.BindingPattern, name: string): string | undefined {
  for (const element of pattern.elements) {
    if (!ts.isBindingElement(element) || !ts.isObjectBindingPattern(pattern)) continue;
    if (!ts.isIdentifier(element.name)) {
      const inner = takenKey(element.name, name);
      if (inner !== undefined) return inner;
    } else if (element.name.text === name) {
      return nameText(element.propertyName ?? element.name);
    }
  }
  return undefined;
}

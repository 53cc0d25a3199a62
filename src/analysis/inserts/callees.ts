import { type Ts, ts } from '../../syntax/ts.ts';
import type { CallLike } from '../cfg.ts';
import { type Code, type Entity, memberName, ownMember, rightmostName, skipParentheses } from '../code.ts';
import { effectiveConstructor } from './constructions.ts';
import type { Frames } from './frames.ts';
import { type FunctionNode, isFunctionNode } from './functions.ts';
import { localDeclaration } from './identifiers.ts';

/** What calls lead to: functions of the program, or something outside of it. */
export class Callees {
  readonly #code: Code;

  constructor(code: Code) {
    this.#code = code;
  }

  /** The functions with a body that a call may run; none when it leads out of the program. */
  bodies(call: CallLike, frames: Frames): readonly FunctionNode[] {
    if (ts.isTaggedTemplateExpression(call)) return this.functionsOf(call.tag, frames);
    if (ts.isNewExpression(call)) return this.#constructors(call);
    if (call.expression.kind === ts.SyntaxKind.SuperKeyword) return this.#superConstructor(call);
    return this.functionsOf(call.expression, frames);
  }

  /** The functions that an expression may have as its value. */
  functionsOf(expression: Ts.Node, frames: Frames): readonly FunctionNode[] {
    return [...this.#functions(expression, frames, new Set())];
  }

  /** What the last name of a callee stands for. */
  entities(callee: Ts.Node): readonly Entity[] {
    const name = rightmostName(callee);
    return name ? this.#code.entities(name) : [];
  }

  #constructors(node: Ts.NewExpression): readonly FunctionNode[] {
    return this.entities(node.expression).flatMap((entity) => {
      if (entity.kind !== 'node' || !ts.isClassLike(entity.node)) return [];
      return effectiveConstructor(this.#code, entity.node) ?? [];
    });
  }

  #superConstructor(call: Ts.CallExpression): readonly FunctionNode[] {
    const cls = ts.findAncestor(call, ts.isClassLike);
    const parent = cls && this.#code.superclass(cls);
    return (parent && [effectiveConstructor(this.#code, parent) ?? []].flat()) ?? [];
  }

  *#functions(expression: Ts.Node, frames: Frames, seen: Set<Ts.Node>): Generator<FunctionNode> {
    const value = skipParentheses(expression);
    if (seen.has(value)) return;
    seen.add(value);
    if (isFunctionNode(value)) {
      yield value;
    } else if (ts.isConditionalExpression(value)) {
      yield* this.#functions(value.whenTrue, frames, seen);
      yield* this.#functions(value.whenFalse, frames, seen);
    } else if (ts.isCallExpression(value)) {
      const access = skipParentheses(value.expression);
      if (ts.isPropertyAccessExpression(access) && access.name.text === 'bind') {
        yield* this.#functions(access.expression, frames, seen);
      }
    } else if (ts.isIdentifier(value)) {
      const local = localDeclaration(value);
      if (local && ts.isParameter(local)) yield* this.#argument(local, frames, seen);
      else if (local && !isImportBinding(local)) yield* this.#declared(local, frames, seen);
      else yield* this.#named(value, frames, seen);
    } else if (memberName(value)) {
      yield* this.#named(value, frames, seen);
    }
  }

  *#named(value: Ts.Node, frames: Frames, seen: Set<Ts.Node>): Generator<FunctionNode> {
    for (const entity of this.entities(value)) {
      if (entity.kind === 'node') yield* this.#declared(entity.node, frames, seen);
    }
  }

  *#declared(node: Ts.Node, frames: Frames, seen: Set<Ts.Node>): Generator<FunctionNode> {
    if (isFunctionNode(node)) {
      yield node;
    } else if (
      ts.isVariableDeclaration(node) ||
      ts.isPropertyDeclaration(node) ||
      ts.isPropertyAssignment(node)
    ) {
      if (node.initializer && hasOneName(node)) yield* this.#functions(node.initializer, frames, seen);
    } else if (ts.isExportAssignment(node)) {
      yield* this.#functions(node.expression, frames, seen);
    } else if (ts.isMethodSignature(node) || ts.isMethodDeclaration(node) || ts.isPropertySignature(node)) {
      yield* this.#implementations(node, frames, seen);
    }
  }

  /** The bodies behind a method that has none: those of the classes that implement it. */
  *#implementations(member: Ts.Node, frames: Frames, seen: Set<Ts.Node>): Generator<FunctionNode> {
    const { parent } = member;
    const name = (member as { name?: Ts.Node }).name;
    if (!name || !(ts.isInterfaceDeclaration(parent) || ts.isClassLike(parent))) return;
    for (const heir of this.#code.subtypes(parent)) {
      const own = ownMember(heir, name.getText());
      if (!own || own === member || seen.has(own)) continue;
      seen.add(own);
      yield* this.#declared(own, frames, seen);
    }
  }

  /** What the call that entered a function handed in for a parameter. */
  *#argument(
    parameter: Ts.ParameterDeclaration,
    frames: Frames,
    seen: Set<Ts.Node>,
  ): Generator<FunctionNode> {
    const fn = parameter.parent;
    const call = frames.callOf(fn);
    const argument = call && argumentFor(parameter, call);
    if (argument) yield* this.#functions(argument, frames.leave(fn), seen);
  }
}

/** The argument that a call passes for a parameter, when it passes one by itself. */
export function argumentFor(parameter: Ts.ParameterDeclaration, call: CallLike): Ts.Expression | undefined {
  if (
    ts.isTaggedTemplateExpression(call) ||
    parameter.dotDotDotToken ||
    !ts.isFunctionLike(parameter.parent)
  ) {
    return undefined;
  }
  const index = parametersOf(parameter.parent).indexOf(parameter);
  const args = call.arguments ?? [];
  if (args.slice(0, index + 1).some(ts.isSpreadElement)) return undefined;
  return args[index];
}

/** The parameters that arguments are passed for: without TypeScript's `this`. */
export function parametersOf(fn: Ts.SignatureDeclaration): readonly Ts.ParameterDeclaration[] {
  return fn.parameters.filter(({ name }) => !(ts.isIdentifier(name) && name.text === 'this'));
}

function hasOneName(node: Ts.VariableDeclaration | Ts.PropertyDeclaration | Ts.PropertyAssignment): boolean {
  return !ts.isObjectBindingPattern(node.name) && !ts.isArrayBindingPattern(node.name);
}

function isImportBinding(node: Ts.Node): boolean {
  return (
    ts.isImportSpecifier(node) ||
    ts.isImportClause(node) ||
    ts.isNamespaceImport(node) ||
    ts.isImportEqualsDeclaration(node)
  );
}

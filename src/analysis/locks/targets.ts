import { type Ts, ts } from '../../syntax/ts.ts';
import type { CfgOwner } from '../cfg.ts';
import { type Code, hasBody, memberName, type NameNode, nameText, ownMember } from '../code.ts';
import type { Evaluator, ValueOfCall } from './evaluator.ts';
import { UNKNOWN_PATH } from './paths.ts';
import { mayBeReplaced } from './replaced-methods.ts';
import { type Closure, EMPTY_BINDINGS, instanceOf, membersOf, pathOf, type Value } from './values.ts';

/** What a call may reach, by declarations rather than by values. */
export class CallTargets {
  readonly #code: Code;
  readonly #evaluator: Evaluator;
  readonly #call: ValueOfCall;

  constructor(code: Code, evaluator: Evaluator, call: ValueOfCall) {
    this.#code = code;
    this.#evaluator = evaluator;
    this.#call = call;
  }

  /** The functions that a call may reach by its declarations. */
  of(callee: Ts.Node, name: NameNode, receiver: Value | undefined): readonly Closure[] {
    const found = new Map<CfgOwner, Closure>();
    const add = (node: Ts.Node, self: Value | undefined): void => {
      const value = this.decorated(node, this.#evaluator.declared(node, pathOf(self), self));
      for (const member of membersOf(value)) if (member.kind === 'closure') found.set(member.fn, member);
    };
    const isSuper = isOfSuper(callee);
    for (const entity of this.#code.entities(name)) {
      if (entity.kind !== 'node') continue;
      const { node } = entity;
      const owner = node.parent;
      if (!owner || isSuper || !(ts.isClassLike(owner) || ts.isInterfaceDeclaration(owner))) {
        add(node, receiver);
        continue;
      }
      const exact = receiver?.kind === 'instance' && receiver.exact;
      const text = nameText(name) ?? '';
      const self = (cls: Ts.ClassLikeDeclaration): Value =>
        receiver?.kind === 'instance' && receiver.cls === cls
          ? receiver
          : instanceOf(cls, false, pathOf(receiver) ?? UNKNOWN_PATH);
      if (ts.isClassLike(owner)) {
        // A member that a mixin adds is known to the compiler alone.
        const own = receiver?.kind === 'instance' ? (this.#code.member(receiver.cls, text) ?? node) : node;
        if (own && (hasBody(own) || ts.isPropertyDeclaration(own))) {
          add(own, receiver?.kind === 'instance' ? receiver : self(owner));
        }
        if (exact) continue;
      }
      const base = receiver?.kind === 'instance' && ts.isClassLike(owner) ? receiver.cls : owner;
      for (const heir of this.#code.subtypes(base)) {
        const member =
          ownMember(heir, text) ??
          (ts.isInterfaceDeclaration(base) ? this.#code.member(heir, text) : undefined);
        if (member) add(member, self(heir));
      }
    }
    return [...found.values()];
  }

  /**
   * The functions that the program puts in the place of a method that is called: `store.put = async () => …`. What reads
   * the method as a value mostly does so before, to call it from there.
   */
  replacing(callee: Ts.Node, receiverOf: () => Value | undefined): readonly Closure[] {
    const name = memberName(callee);
    if (!name || isOfSuper(callee)) return [];
    const methods = this.#code
      .entities(name)
      .flatMap((entity) =>
        entity.kind === 'node' && mayBeReplaced(entity.node, this.#code) ? entity.node : [],
      );
    if (methods.length === 0) return [];
    const receiver = receiverOf();
    return methods.flatMap((method) => {
      // `this.put = this.put.bind(this)` puts the method itself there.
      const closures = membersOf(this.#evaluator.inPlaceOf(method, receiver)).filter(
        (member) => member.kind === 'closure' && (member.fn !== method || member.bound.length > 0),
      ) as Closure[];
      return closures.map((closure) => ({ ...closure, self: closure.self ?? receiver }));
    });
  }

  /** A method that a decorator of the program wraps is what the decorator returns. */
  decorated(node: Ts.Node, value: Value | undefined): Value | undefined {
    if (value?.kind !== 'closure' || !ts.canHaveDecorators(node)) return value;
    let current: Value | undefined = value;
    for (const { expression } of [...(ts.getDecorators(node) ?? [])].reverse()) {
      const env = { bindings: EMPTY_BINDINGS, self: undefined, owner: undefined };
      const decorator = this.#evaluator.evaluate(expression, env);
      if (decorator?.kind !== 'closure') continue;
      const wrapped: Value | undefined = this.#call(decorator, [current, undefined], expression);
      if (wrapped?.kind === 'closure') current = { ...wrapped, self: value.self };
    }
    return current;
  }
}

/** `super.save`: the one that was inherited is meant. */
function isOfSuper(callee: Ts.Node): boolean {
  return ts.isPropertyAccessExpression(callee) && callee.expression.kind === ts.SyntaxKind.SuperKeyword;
}

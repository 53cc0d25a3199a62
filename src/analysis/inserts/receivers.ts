import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, rightmostName, skipParentheses } from '../code.ts';
import { receiverOf } from '../shapes.ts';
import { thisOwner } from '../this-owner.ts';
import type { Frames } from './frames.ts';
import type { FunctionNode } from './functions.ts';

/** Tells objects apart by the classes that they are of, as far as a call shows the class of what it is made on. */
export class Receivers {
  readonly #code: Code;

  constructor(code: Code) {
    this.#code = code;
  }

  /** Those of some classes whose objects a function may be a method of. */
  relatedTo(
    { parent }: FunctionNode,
    classes: readonly Ts.ClassLikeDeclaration[],
  ): readonly Ts.ClassLikeDeclaration[] {
    const own = parent && ts.isPropertyDeclaration(parent) ? parent.parent : parent;
    return own && ts.isClassLike(own) ? classes.filter((cls) => this.#areRelated(own, cls)) : [];
  }

  /** Whether a call of a method may be made on an object that is made by the constructors of some classes. */
  mayBeOf(call: Ts.Node, made: readonly Ts.ClassLikeDeclaration[]): boolean {
    if (made.length === 0 || !ts.isCallExpression(call)) return true;
    const receiver = receiverOf(call);
    const classes = receiver ? this.#classesOf(receiver) : [];
    if (classes.length === 0) return true;
    return classes.some((cls) => made.every((heir) => this.#areRelated(cls, heir)));
  }

  /** The classes in the program that a value is declared to be of; none where its type is something else. */
  #classesOf(receiver: Ts.Expression): readonly Ts.ClassLikeDeclaration[] {
    const value = skipParentheses(receiver);
    if (value.kind === ts.SyntaxKind.ThisKeyword) {
      const cls = thisOwner(value)?.parent;
      return cls && ts.isClassLike(cls) ? [cls] : [];
    }
    const name = rightmostName(value);
    const symbols = (name && this.#code.typeOf(name)?.symbols) ?? [];
    const found = symbols.map(
      ({ declarations: [declaration] }) => declaration && this.#code.nodeOf(declaration),
    );
    return found.every((node) => node && ts.isClassLike(node)) ? (found as Ts.ClassLikeDeclaration[]) : [];
  }

  #areRelated(one: Ts.ClassLikeDeclaration, other: Ts.ClassLikeDeclaration): boolean {
    return [...this.#code.lineage(one)].includes(other) || [...this.#code.lineage(other)].includes(one);
  }
}

/** The classes by whose constructors others were entered: `super(…)`. */
export function heirsMaking(frames: Frames): readonly Ts.ClassLikeDeclaration[] {
  return frames.calls.flatMap((call) => {
    const isSuper = ts.isCallExpression(call) && call.expression.kind === ts.SyntaxKind.SuperKeyword;
    const cls = isSuper ? ts.findAncestor(call, ts.isClassLike) : undefined;
    return cls ?? [];
  });
}

import { type Ts, ts } from '../../syntax/ts.ts';
import type { CallLike } from '../cfg.ts';
import { type Code, memberName, nameText, rightmostName, skipParentheses } from '../code.ts';
import { effectiveConstructor } from '../inserts/constructions.ts';
import { type FunctionNode, isFunctionNode } from '../inserts/functions.ts';
import { symbolMethod } from '../locks/implicit-uses.ts';
import { takenName } from '../locks/pattern-members.ts';
import { hasModifier, outermost, returnedBy } from '../shapes.ts';
import type { Frame } from './frames.ts';
import { listenersTo } from './listeners.ts';
import { isChaining, isOfPromises, Thenables, whenRun } from './outside.ts';
import type { MemberAccess, Step } from './steps.ts';
import { type Found, type Target, Values } from './values.ts';

/** Code that a step runs at once: a function, or the fields of an object that is made. */
export interface Entered {
  /** What runs it. */
  readonly at: Ts.Node;
  readonly fn: FunctionNode | Ts.ClassLikeDeclaration;
  readonly frame: Frame;
}

/** What one step of some code leads to. */
export interface Leads {
  readonly entered: readonly Entered[];
  /** What may be run, now or later: a callback of which nobody knows. */
  readonly perhaps: readonly Entered[];
  /** What is called is not seen, and is declared to hand back a promise. */
  readonly startsPromise: boolean;
  /** What is called is not seen, nor does its type say what it does. */
  readonly isUnknown: boolean;
}

const NOWHERE: Leads = { entered: [], perhaps: [], startsPromise: false, isUnknown: false };

/** Finds out what the steps of some code run. */
export class Entering {
  readonly #code: Code;
  readonly #values: Values;
  readonly #thenables: Thenables;

  constructor(code: Code) {
    this.#code = code;
    this.#values = new Values(code);
    this.#thenables = new Thenables(code);
  }

  /** What a step leads to, in a call that is being made. */
  of(step: Exclude<Step, { kind: 'pause' }>, frame: Frame | undefined): Leads {
    switch (step.kind) {
      case 'call':
        return this.#call(step.node, frame);
      case 'member':
        return this.#member(step.node, step.writes, frame);
      case 'iterate':
        return this.#symbols(step.node, /\biterator\b/, frame);
      case 'dispose':
        return this.#symbols(step.node, /\bdispose\b/, frame);
    }
  }

  #call(node: CallLike, frame: Frame | undefined): Leads {
    if (ts.isTaggedTemplateExpression(node)) {
      const found = this.#values.functionsOf(node.tag, frame);
      const { template } = node;
      const parts = ts.isTemplateExpression(template)
        ? template.templateSpans.map(({ expression }) => expression)
        : [];
      return this.#leads(node, found, [template, ...parts], frame);
    }
    if (ts.isNewExpression(node)) return this.#construction(node, frame);
    const callee = skipParentheses(node.expression);
    if (callee.kind === ts.SyntaxKind.ImportKeyword) return { ...NOWHERE, startsPromise: true };
    if (callee.kind === ts.SyntaxKind.SuperKeyword) {
      const cls = ts.findAncestor(node, ts.isClassLike);
      const parent = cls && this.#code.superclass(cls);
      return parent ? this.#making(node, parent, node.arguments, frame) : NOWHERE;
    }
    const indirect = this.#indirect(node, callee, frame);
    if (indirect) return indirect;
    const found = this.#values.functionsOf(callee as Ts.Expression, frame);
    return this.#leads(node, found, node.arguments, frame);
  }

  /** `f.call(self, …)`, `f.apply(self, …)`, `Reflect.apply(f, self, …)` */
  #indirect(node: Ts.CallExpression, callee: Ts.Node, frame: Frame | undefined): Leads | undefined {
    if (!ts.isPropertyAccessExpression(callee) || !/^(?:call|apply)$/.test(callee.name.text))
      return undefined;
    const entities = this.#code.entities(callee.name as Ts.Identifier);
    if (entities.some(({ kind }) => kind === 'node')) return undefined;
    const [first] = node.arguments;
    const isReflect = callee.expression.getText() === 'Reflect';
    const called = isReflect ? first : callee.expression;
    if (!called) return undefined;
    const found = this.#values.functionsOf(called, frame);
    const args = callee.name.text === 'call' ? node.arguments.slice(1) : undefined;
    return this.#leads(node, found, args, frame);
  }

  #construction(node: Ts.NewExpression, frame: Frame | undefined): Leads {
    const name = rightmostName(node.expression);
    const classes = (name ? this.#code.entities(name) : []).flatMap((entity) =>
      entity.kind === 'node' && ts.isClassLike(entity.node) ? [entity.node] : [],
    );
    const bare = skipParentheses(node.expression);
    if (ts.isClassLike(bare)) classes.push(bare);
    const [cls] = classes;
    if (cls) return this.#making(node, cls, node.arguments ?? [], frame);
    return this.#callbacks(node, [], frame);
  }

  /** The constructor of a class, and the fields that it and those above it give values to. */
  #making(
    node: Ts.Node,
    cls: Ts.ClassLikeDeclaration,
    args: readonly Ts.Expression[],
    frame: Frame | undefined,
  ): Leads {
    const making = effectiveConstructor(this.#code, cls);
    const entered: Entered[] = [];
    // A constructor further up is called by `super()`, and so are its fields.
    for (const at of this.#code.lineage(cls)) {
      entered.push({ at: node, fn: at, frame: { fn: at, args: [], caller: frame, made: undefined } });
      if (at === making?.parent) break;
    }
    if (making)
      entered.push({ at: node, fn: making, frame: { fn: making, args, caller: frame, made: undefined } });
    return { ...NOWHERE, entered };
  }

  #leads(
    node: CallLike,
    found: Found,
    args: readonly Ts.Expression[] | undefined,
    frame: Frame | undefined,
  ): Leads {
    const entered = found.targets.map((target) => enter(node, target, args, frame));
    const isOutside = found.external.length > 0;
    const around =
      isOutside && ts.isCallExpression(node) ? this.#callbacks(node, found.external, frame) : NOWHERE;
    const startsPromise = (isOutside || found.isOpen) && this.#startsPromise(node, found);
    const isUnknown = !startsPromise && found.isOpen;
    return { entered: [...entered, ...around.entered], perhaps: around.perhaps, startsPromise, isUnknown };
  }

  #startsPromise(node: CallLike, { external }: Found): boolean {
    if (ts.isCallExpression(node)) {
      if (isChaining(node) || isOfPromises(node) || isLinkOfChain(node)) return false;
    }
    return this.#thenables.ofCall(node, external) === 'promise';
  }

  /** What a function outside of the program does with the functions that it is given. */
  #callbacks(
    node: Ts.CallExpression | Ts.NewExpression,
    external: Found['external'],
    frame: Frame | undefined,
  ): Leads {
    const entered: Entered[] = [];
    const perhaps: Entered[] = [];
    for (const listener of ts.isCallExpression(node) ? listenersTo(node, this.#code) : []) {
      const { targets } = this.#values.functionsOf(listener, undefined);
      entered.push(...targets.map((target) => enter(node, target, node.arguments?.slice(1), frame)));
    }
    for (const [index, argument] of (node.arguments ?? []).entries()) {
      if (!mayBeFunction(argument)) continue;
      const when = whenRun(node, index, external);
      if (when === 'later') continue;
      const { targets } = this.#values.functionsOf(argument, frame);
      const list = when === 'now' ? entered : perhaps;
      for (const target of targets) list.push(enter(node, target, undefined, frame));
    }
    return { ...NOWHERE, entered, perhaps };
  }

  /** A getter that is read, a setter that is given a value. */
  #member(node: MemberAccess, writes: boolean, frame: Frame | undefined): Leads {
    const accessors = this.#declarationsOf(node).filter(isAccessorLike);
    if (accessors.length === 0) return NOWHERE;
    const targets = accessors
      .flatMap((accessor) => this.#values.declared(accessor, frame).targets)
      .filter(({ fn }) => (writes ? ts.isSetAccessor(fn) : ts.isGetAccessor(fn)));
    const args = writes ? [(node.parent as Ts.BinaryExpression).right] : [];
    return { ...NOWHERE, entered: targets.map((target) => enter(node, target, args, frame)) };
  }

  #declarationsOf(node: MemberAccess): readonly Ts.Node[] {
    if (!ts.isBindingElement(node)) {
      const name = memberName(node);
      const entities = name ? this.#code.entities(name) : [];
      return entities.flatMap((entity) => (entity.kind === 'node' ? [entity.node] : []));
    }
    const name = takenName(node);
    // Of a pattern the compiler must be asked apart, so only where there is a getter of the name.
    if (name === undefined || this.#code.program.filesWith([`get ${name}`]).length === 0) return [];
    const member = this.#code.memberOfType(node.parent, name);
    return typeof member === 'string'
      ? []
      : member.declarations.flatMap((one) => this.#code.nodeOf(one) ?? []);
  }

  /** What a loop or the end of a block calls without a word. */
  #symbols(node: Ts.Expression, symbol: RegExp, frame: Frame | undefined): Leads {
    const ofClasses = this.#classesOf(node).flatMap((cls) => this.#symbolMethods(cls, symbol));
    const ofLiterals = this.#values.objectsOf(node, frame).flatMap(({ object, frame: made }) => {
      const own = object.properties.find(({ name }) => name && isSymbol(name, symbol));
      const method = own && ts.isPropertyAssignment(own) ? skipParentheses(own.initializer) : own;
      return method && isFunctionNode(method) ? [{ fn: method, frame: made, bound: [] }] : [];
    });
    const targets: readonly Target[] = [
      ...ofClasses.filter(isFunctionNode).map((fn) => ({ fn, frame: undefined, bound: [] })),
      ...ofLiterals,
      ...ofLiterals.flatMap(({ fn }) =>
        nextOf(fn, undefined, this.#code)
          .filter(isFunctionNode)
          .map((next) => ({ fn: next, frame, bound: [] })),
      ),
    ];
    return { ...NOWHERE, entered: targets.map((target) => enter(node, target, [], frame)) };
  }

  #symbolMethods(cls: Ts.ClassLikeDeclaration, symbol: RegExp): readonly Ts.Node[] {
    const method = symbolMethod(cls, symbol, this.#code);
    if (!method) return [];
    return [method, ...(isFunctionNode(method) ? nextOf(method, cls, this.#code) : [])];
  }

  #classesOf(node: Ts.Expression): readonly Ts.ClassLikeDeclaration[] {
    const bare = skipParentheses(node);
    if (bare.kind === ts.SyntaxKind.ThisKeyword) {
      const cls = ts.findAncestor(bare, ts.isClassLike);
      return cls ? [cls, ...this.#code.subtypes(cls)] : [];
    }
    if (ts.isArrayLiteralExpression(bare) || ts.isStringLiteralLike(bare)) return [];
    return this.#code.declaredTypes(bare).flatMap((one): readonly Ts.ClassLikeDeclaration[] => {
      if (ts.isClassLike(one)) return [one, ...this.#code.subtypes(one)];
      return ts.isInterfaceDeclaration(one) ? this.#code.subtypes(one) : [];
    });
  }
}

function isSymbol(name: Ts.Node, symbol: RegExp): boolean {
  return ts.isComputedPropertyName(name) && symbol.test(name.getText());
}

/** The `next` of an iterator that is written by hand: each turn of the loop calls it. */
function nextOf(
  method: FunctionNode,
  cls: Ts.ClassLikeDeclaration | undefined,
  code: Code,
): readonly Ts.Node[] {
  return returnedBy(method.body).flatMap((value): readonly Ts.Node[] => {
    const bare = skipParentheses(value);
    if (bare.kind === ts.SyntaxKind.ThisKeyword) return cls ? [code.member(cls, 'next') ?? []].flat() : [];
    if (!ts.isObjectLiteralExpression(bare)) return [];
    return bare.properties.flatMap((one) => {
      if (!one.name || nameText(one.name) !== 'next') return [];
      return ts.isPropertyAssignment(one) ? [skipParentheses(one.initializer)] : [one];
    });
  });
}

function enter(
  at: Ts.Node,
  { fn, frame: made, bound }: Target,
  args: readonly Ts.Expression[] | undefined,
  caller: Frame | undefined,
): Entered {
  return { at, fn, frame: { fn, args: args && [...bound, ...args], caller, made } };
}

/** `db.from(t).where(c)`: what is built step by step does nothing before its last step. */
function isLinkOfChain(node: Ts.CallExpression): boolean {
  const value = outermost(node);
  const { parent } = value;
  if (!ts.isPropertyAccessExpression(parent) || parent.expression !== value) return false;
  const call = parent.parent;
  return ts.isCallExpression(call) && call.expression === parent && !isChaining(call);
}

function isAccessorLike(node: Ts.Node): boolean {
  if (ts.isAccessor(node)) return true;
  // What is declared without a body may be a getter of those who implement it.
  return (
    ts.isPropertySignature(node) ||
    (ts.isPropertyDeclaration(node) && hasModifier(node, ts.SyntaxKind.AbstractKeyword))
  );
}

function mayBeFunction(argument: Ts.Expression): boolean {
  const bare = skipParentheses(argument);
  return !(
    ts.isLiteralExpression(bare) ||
    ts.isObjectLiteralExpression(bare) ||
    ts.isArrayLiteralExpression(bare) ||
    ts.isTemplateExpression(bare) ||
    ts.isNewExpression(bare) ||
    ts.isSpreadElement(bare) ||
    bare.kind === ts.SyntaxKind.ThisKeyword
  );
}

/** The members of a class that run when an object of it is made. */
export function fieldsOf(cls: Ts.ClassLikeDeclaration): readonly Ts.Node[] {
  return cls.members.flatMap((member) => {
    const isOwn = ts.isPropertyDeclaration(member) && !hasModifier(member, ts.SyntaxKind.StaticKeyword);
    return isOwn && member.initializer ? [member.initializer] : [];
  });
}

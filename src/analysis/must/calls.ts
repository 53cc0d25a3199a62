import { type Ts, ts } from '../../syntax/ts.ts';
import type { Frame } from '../atomic/frames.ts';
import { isChaining, isNeverRun, whenRun } from '../atomic/outside.ts';
import { type Found, type Target, Values } from '../atomic/values.ts';
import type { CallLike } from '../cfg.ts';
import { type Code, rightmostName, skipParentheses } from '../code.ts';
import { effectiveConstructor } from '../inserts/constructions.ts';
import { cfgOf, isFunctionNode } from '../inserts/functions.ts';
import { callbackUse } from '../inserts/iteration.ts';
import { isStatic } from '../shapes.ts';
import { isLastOfAll } from './exhaustive.ts';

/** A function that a call hands to code outside of the program. */
export interface Callback {
  readonly value: Ts.Expression;
  /** `once`: in the call, or before what it hands back is done. `each`: once per element. `later`: in a while. */
  readonly runs: 'once' | 'each' | 'later';
}

/** What a call may run. */
export interface Callees {
  /** One of these is called. */
  readonly found: Found;
  /** The arguments as the callee takes them; undefined where nobody sees them. */
  readonly args: readonly Ts.Expression[] | undefined;
  readonly callbacks: readonly Callback[];
}

const known = new WeakMap<Code, Calls>();

/** The one of a program: what it has found out serves all who ask. */
export function callsIn(code: Code): Calls {
  const calls = known.get(code) ?? new Calls(code);
  known.set(code, calls);
  return calls;
}

/** Tells what calls run, given the calls that are being made. */
export class Calls {
  readonly #code: Code;
  readonly #values: Values;
  readonly #known = new Map<Ts.Node, Map<Frame | undefined, Found>>();
  readonly #endless = new Map<Ts.Node, boolean>();

  constructor(code: Code) {
    this.#code = code;
    this.#values = new Values(code);
  }

  of(call: CallLike, frame: Frame | undefined): Callees {
    if (ts.isTaggedTemplateExpression(call)) {
      return { found: this.functionsOf(call.tag, frame), args: undefined, callbacks: [] };
    }
    const args = call.arguments ?? [];
    if (ts.isNewExpression(call)) return this.#construction(call, args);
    const callee = skipParentheses(call.expression);
    if (isSuper(callee)) return { found: this.#above(call), args, callbacks: [] };
    if (callee.kind === ts.SyntaxKind.ImportKeyword || isChaining(call)) return NOTHING;
    const direct = this.#indirect(callee, args) ?? { callee: callee as Ts.Expression, args };
    const found = this.functionsOf(direct.callee, frame);
    const isOutside = found.targets.length === 0;
    return { found, args: direct.args, callbacks: isOutside ? this.#callbacks(call, found) : [] };
  }

  /** The functions that an expression may stand for. */
  functionsOf(expression: Ts.Expression, frame: Frame | undefined): Found {
    const byFrame = this.#known.get(expression) ?? new Map<Frame | undefined, Found>();
    this.#known.set(expression, byFrame);
    let found = byFrame.get(frame);
    if (!found) {
      found = this.#values.functionsOf(expression, frame);
      byFrame.set(frame, found);
    }
    return found;
  }

  /** The declarations that the name of a callee stands for. */
  declarationsOf(call: CallLike): readonly Ts.Node[] {
    return this.declarationsAt(ts.isTaggedTemplateExpression(call) ? call.tag : call.expression);
  }

  /** The declarations that the name stands for in which an expression ends. */
  declarationsAt(expression: Ts.Expression): readonly Ts.Node[] {
    const name = rightmostName(expression);
    return (name ? this.#code.entities(name) : []).flatMap((one) => (one.kind === 'node' ? [one.node] : []));
  }

  /** Whether no value is left for which a `case` is not the one, after those before it. */
  isLastOfAll(tested: Ts.Expression): boolean {
    return isLastOfAll(tested, this.#code);
  }

  /** What the fields of a new object are given, in the classes whose constructor is not called by itself. */
  fieldsOf(call: CallLike): readonly Ts.Expression[] {
    if (!ts.isNewExpression(call) && !(ts.isCallExpression(call) && isSuper(call.expression))) return [];
    const own = ts.isNewExpression(call)
      ? this.declarationsOf(call).filter(ts.isClassLike)
      : [this.#superclass(call) ?? []].flat();
    const [cls, ...others] = own;
    if (!cls || others.length > 0) return [];
    const made = effectiveConstructor(this.#code, cls)?.parent;
    const fields: Ts.Expression[] = [];
    for (const at of this.#code.lineage(cls)) {
      for (const member of at.members) {
        const isOwn = ts.isPropertyDeclaration(member) && !isStatic(member);
        if (isOwn && member.initializer) fields.push(member.initializer);
      }
      if (at === made) break;
    }
    return fields;
  }

  /** Whether a call comes back by an exception at most: `fail()`, `process.exit()`. */
  neverReturns(call: CallLike): boolean {
    if (!ts.isCallExpression(call)) return false;
    const bare = skipParentheses(call.expression);
    if (/^process\.(?:exit|abort)$/.test(bare.getText())) return true;
    const declarations = this.declarationsOf(call);
    return declarations.length > 0 && declarations.every((one) => this.isEndless(one));
  }

  /** Whether a function never comes to a normal end. */
  isEndless(declaration: Ts.Node): boolean {
    const { initializer } = declaration as { initializer?: Ts.Expression };
    const value =
      initializer && ts.isVariableDeclaration(declaration) ? skipParentheses(initializer) : declaration;
    if (!ts.isFunctionLike(value)) return false;
    let isEndless = this.#endless.get(value);
    if (isEndless === undefined) {
      isEndless =
        value.type?.kind === ts.SyntaxKind.NeverKeyword || (isFunctionNode(value) && cannotEnd(value));
      this.#endless.set(value, isEndless);
    }
    return isEndless;
  }

  /** `f.call(self, …)`, `f.apply(self, …)` */
  #indirect(
    callee: Ts.Node,
    args: readonly Ts.Expression[],
  ): { readonly callee: Ts.Expression; readonly args: readonly Ts.Expression[] | undefined } | undefined {
    if (!ts.isPropertyAccessExpression(callee) || !/^(?:call|apply)$/.test(callee.name.text))
      return undefined;
    const declared = this.#code.entities(callee.name as Ts.Identifier);
    if (declared.some(({ kind }) => kind === 'node')) return undefined;
    return { callee: callee.expression, args: callee.name.text === 'call' ? args.slice(1) : undefined };
  }

  #construction(call: Ts.NewExpression, args: readonly Ts.Expression[]): Callees {
    const classes = this.declarationsOf(call).filter(ts.isClassLike);
    const targets = classes.flatMap((cls) => targetOf(effectiveConstructor(this.#code, cls)));
    const isPromise = skipParentheses(call.expression).getText() === 'Promise';
    const [executor] = args;
    const callbacks = isPromise && executor ? [{ value: executor, runs: 'once' as const }] : [];
    return { found: { targets, isOpen: false, external: [] }, args, callbacks };
  }

  #above(call: Ts.Node): Found {
    const parent = this.#superclass(call);
    const targets = parent ? targetOf(effectiveConstructor(this.#code, parent)) : [];
    return { targets, isOpen: false, external: [] };
  }

  #superclass(call: Ts.Node): Ts.ClassLikeDeclaration | undefined {
    const cls = ts.findAncestor(call, ts.isClassLike);
    return cls && this.#code.superclass(cls);
  }

  #callbacks(call: Ts.CallExpression, { external }: Found): readonly Callback[] {
    return call.arguments.flatMap((value, index): readonly Callback[] => {
      if (!mayBeFunction(value)) return [];
      const use = callbackUse(call, index, external);
      if (use === 'iterates') return [{ value, runs: 'each' }];
      if (use === 'later') return [{ value, runs: 'later' }];
      if (isNeverRun(call, external)) return [];
      return use === 'once' && whenRun(call, index, external) !== 'later' ? [{ value, runs: 'once' }] : [];
    });
  }
}

const NOTHING: Callees = {
  found: { targets: [], isOpen: false, external: [] },
  args: undefined,
  callbacks: [],
};

function targetOf(fn: Ts.ConstructorDeclaration | undefined): readonly Target[] {
  return fn ? [{ fn, frame: undefined, bound: [] }] : [];
}

function isSuper(callee: Ts.Node): boolean {
  return callee.kind === ts.SyntaxKind.SuperKeyword;
}

function cannotEnd(fn: Ts.FunctionLikeDeclaration): boolean {
  const { nodes, entry, exit } = cfgOf(fn);
  const reached = new Set([entry]);
  for (const id of reached) for (const { to } of nodes[id]?.successors ?? []) reached.add(to);
  return !reached.has(exit);
}

function mayBeFunction(value: Ts.Expression): boolean {
  const bare = skipParentheses(value);
  return (
    isFunctionNode(bare) ||
    ts.isIdentifier(bare) ||
    ts.isPropertyAccessExpression(bare) ||
    ts.isCallExpression(bare) ||
    ts.isConditionalExpression(bare)
  );
}

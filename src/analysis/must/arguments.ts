import type { TypeInfo } from '../../oracle/oracle.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, memberName, nameText, skipParentheses } from '../code.ts';
import { argumentFor } from '../inserts/callees.ts';
import type { Frames } from '../inserts/frames.ts';
import { isFunctionNode, ownerOf } from '../inserts/functions.ts';
import { localDeclaration } from '../inserts/identifiers.ts';
import type { CallGraph } from '../inserts/invocations.ts';
import { isReassigned } from '../inserts/reaching.ts';
import { propertyOf } from '../shapes.ts';
import type { EventSite } from './events.ts';

/** A value as a config writes it. Of an object, only the members that are written have to be there. */
export type Literal = string | number | boolean | null | { readonly [member: string]: Literal };

/** The arguments that a call has to have, by their index. */
export type WantedArguments = Readonly<Record<string, Literal>>;

/** A call with the wanted arguments, or of a helper that makes it with what it is handed. */
export interface ArgumentSite {
  readonly node: Ts.Node;
  /** The helper that a call runs, and the call in it that was meant. */
  readonly helper: { readonly fn: Ts.FunctionLikeDeclaration; readonly inner: Ts.Node } | undefined;
}

/** Helpers hand arguments on so often. */
const MAX_HELPERS = 4;

/** Tells which calls are made with certain arguments. */
export class ArgumentsOf {
  readonly #code: Code;
  readonly #graph: CallGraph;

  constructor(code: Code, graph: CallGraph) {
    this.#code = code;
    this.#graph = graph;
  }

  /** The calls among some sites that have the wanted arguments, through helpers too. */
  sitesWith(sites: readonly EventSite[], wanted: WantedArguments): readonly ArgumentSite[] {
    return sites.flatMap((site) => {
      if (site.how !== 'call') return [];
      if (this.#matches(site.node, wanted, site.frames)) return [{ node: site.node, helper: undefined }];
      return this.#through(site.node, site.node, site.frames, wanted, 0);
    });
  }

  /** The calls of the function around a call, and of those around them, that hand in what is wanted. */
  #through(
    call: Ts.Node,
    at: Ts.Node,
    frames: Frames,
    wanted: WantedArguments,
    depth: number,
  ): readonly ArgumentSite[] {
    const fn = ownerOf(at);
    if (!isFunctionNode(fn) || depth >= MAX_HELPERS || fn.parameters.length === 0) return [];
    return this.#graph.callSites(fn, frames).flatMap((caller) => {
      const { node } = caller;
      if (!ts.isCallExpression(node) || caller.how !== 'call') return [];
      const entered = frames.enter(fn, node);
      if (this.#matches(call, wanted, entered)) return [{ node, helper: { fn, inner: at } }];
      return this.#through(call, node, entered, wanted, depth + 1);
    });
  }

  #matches(call: Ts.Node, wanted: WantedArguments, frames: Frames): boolean {
    if (!ts.isCallExpression(call) && !ts.isNewExpression(call)) return false;
    const args = argumentsOf(call);
    return Object.entries(wanted).every(([index, value]) => {
      const argument = args[Number(index)];
      const isClear = args.slice(0, Number(index) + 1).every((one) => !ts.isSpreadElement(one));
      return argument !== undefined && isClear && this.#equals(argument, value, frames);
    });
  }

  #equals(expression: Ts.Expression, wanted: Literal, frames: Frames): boolean {
    const value = this.#valueOf(expression, frames);
    if (typeof wanted !== 'object' || wanted === null) {
      return this.#isLiteral(value.at, wanted) || this.#textOf(value) === wanted;
    }
    return Object.entries(wanted).every(([name, member]) => this.#memberEquals(value, name, member));
  }

  #memberEquals({ at, frames }: Value, name: string, wanted: Literal): boolean {
    const own = propertyOf(at, name);
    if (own) return this.#equals(own, wanted, frames);
    if (!ts.isObjectLiteralExpression(at)) return false;
    // What comes last wins.
    const spread = at.properties.filter(ts.isSpreadAssignment).at(-1);
    return spread !== undefined && this.#memberEquals(this.#valueOf(spread.expression, frames), name, wanted);
  }

  /** The expression that a variable that keeps its value, or a parameter of a call that is being made, stands for. */
  #valueOf(expression: Ts.Expression, frames: Frames): Value {
    const bare = skipParentheses(expression) as Ts.Expression;
    if (ts.isPropertyAccessExpression(bare) || ts.isElementAccessExpression(bare)) {
      return this.#memberOf(bare, frames) ?? { at: bare, frames };
    }
    // A name that is imported stands for what another file declares.
    const local = ts.isIdentifier(bare) ? this.#code.declarationNode(bare) : undefined;
    if (local && ts.isParameter(local)) {
      const fn = local.parent;
      const call = frames.callOf(fn);
      const argument = call && (argumentFor(local, call) ?? local.initializer);
      return argument ? this.#valueOf(argument, frames.leave(fn)) : { at: bare, frames };
    }
    const isKept =
      local &&
      ts.isVariableDeclaration(local) &&
      local.initializer &&
      ts.isIdentifier(local.name) &&
      !isReassigned(local, local.name.text);
    return isKept ? this.#valueOf(local.initializer, frames) : { at: bare, frames };
  }

  /** `EVENTS[phase]`, `options.name`: a member of an object that is written somewhere. */
  #memberOf(access: Ts.AccessExpression, frames: Frames): Value | undefined {
    const object = this.#valueOf(access.expression, frames);
    const key = ts.isPropertyAccessExpression(access)
      ? nameText(access.name)
      : this.#textOf(this.#valueOf(access.argumentExpression, frames));
    const member = key === undefined ? undefined : propertyOf(object.at, key);
    return member && this.#valueOf(member, object.frames);
  }

  /** A text that is put together of others. */
  #textOf({ at, frames }: Value): string | undefined {
    const partOf = (part: Ts.Expression): string | undefined => this.#textOf(this.#valueOf(part, frames));
    if (ts.isStringLiteralLike(at)) return at.text;
    if (ts.isTemplateExpression(at)) {
      const parts = at.templateSpans.map(({ expression, literal }) => {
        const part = partOf(expression);
        return part === undefined ? undefined : part + literal.text;
      });
      return parts.includes(undefined) ? undefined : at.head.text + parts.join('');
    }
    if (!ts.isBinaryExpression(at) || at.operatorToken.kind !== ts.SyntaxKind.PlusToken) return undefined;
    const [left, right] = [partOf(at.left), partOf(at.right)];
    return left === undefined || right === undefined ? undefined : left + right;
  }

  #isLiteral(value: Ts.Expression, wanted: string | number | boolean | null): boolean {
    if (ts.isStringLiteralLike(value)) return value.text === wanted;
    if (ts.isNumericLiteral(value)) return Number(value.text) === wanted;
    if (value.kind === ts.SyntaxKind.TrueKeyword) return wanted === true;
    if (value.kind === ts.SyntaxKind.FalseKeyword) return wanted === false;
    if (value.kind === ts.SyntaxKind.NullKeyword) return wanted === null;
    const literals = this.#typeOf(value)?.literals;
    return literals?.length === 1 && literals[0] === wanted;
  }

  #typeOf(value: Ts.Expression): TypeInfo | undefined {
    const name = ts.isIdentifier(value) ? value : memberName(value);
    if (name && ts.isIdentifier(name)) return this.#code.typeOf(name);
    return this.#code.expressionType(value);
  }
}

interface Value {
  readonly at: Ts.Expression;
  readonly frames: Frames;
}

/** The arguments as the callee takes them: `f.call(self, …)` hands in one more, and `f.bind(self, …)` some before. */
function argumentsOf(call: Ts.CallExpression | Ts.NewExpression): readonly Ts.Expression[] {
  const callee = skipParentheses(call.expression);
  const local = ts.isIdentifier(callee) ? localDeclaration(callee) : undefined;
  const made = local && ts.isVariableDeclaration(local) && local.initializer;
  const bare = made ? skipParentheses(made) : undefined;
  if (bare && ts.isCallExpression(bare)) {
    const maker = memberName(skipParentheses(bare.expression));
    const bound = maker && nameText(maker) === 'bind' ? bare.arguments.slice(1) : [];
    return [...bound, ...(call.arguments ?? [])];
  }
  const name = memberName(callee);
  const args = call.arguments ?? [];
  return name && nameText(name) === 'call' ? args.slice(1) : args;
}

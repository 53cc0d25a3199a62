import type { Action, Cfg, CfgEdge, CfgNode } from '../../src/analysis/cfg.ts';
import { type Ts, ts } from '../../src/syntax/ts.ts';
import type { Event, Run } from './cfg-runs.ts';

/**
 * Follows a run through a graph: what happened must leave one way to go on at each node. Returns where it leads: to one
 * of the ends, or to `undefined`, an action of which nothing is told any more.
 */
export function walk(cfg: Cfg, argument: unknown, events: readonly Event[]): Run['end'] {
  return new Walk(cfg, argument, events).end();
}

class Walk {
  readonly #cfg: Cfg;
  readonly #argument: unknown;
  readonly #events: readonly Event[];
  /** The event that comes next. */
  #at = 0;
  /** What each number came to last, and for a `for-in` how many turns it has had. */
  readonly #last = new Map<string, Event>();
  readonly #turns = new Map<number, number>();
  /** Values of expressions whose parts do not tell any more, and of the variable `x`. */
  readonly #values = new Map<Ts.Node | 'x', unknown>();

  constructor(cfg: Cfg, argument: unknown, events: readonly Event[]) {
    this.#cfg = cfg;
    this.#argument = argument;
    this.#events = events;
  }

  end(): Run['end'] {
    let id = this.#cfg.entry;
    for (let steps = 0; steps < 100_000; steps++) {
      if (id === this.#cfg.exit || id === this.#cfg.throwExit) {
        if (this.#at < this.#events.length) throw new Error(`the graph ends before ${this.#describe()}`);
        return id === this.#cfg.exit ? 'return' : 'throw';
      }
      const node = this.#cfg.nodes[id] as CfgNode;
      const when = this.#pass(node.action);
      if (!when) return undefined;
      id = only(node, when).to;
    }
    throw new Error('the graph goes round in a circle without an event');
  }

  #pass(action: Action): CfgEdge['when'] | undefined {
    switch (action.kind) {
      case 'call':
        return this.#take('call', firstNumber(action.node));
      case 'await':
        return this.#take('await', firstNumber(action.promise));
      case 'yield':
        return this.#take(action.kind, firstNumber(action.node.expression));
      case 'next':
        return ts.isForInStatement(action.node)
          ? this.#nextKey(action.node)
          : this.#take('next', firstNumber(action.node.expression));
      case 'close': {
        // An iterator that has ended by itself is not closed, and the keys of an object have none.
        const number = firstNumber(action.node.expression);
        return this.#last.get(`next ${number}`)?.outcome === 'value' ? this.#take('close', number) : 'next';
      }
      case 'dispose': {
        const { initializer, parent } = action.node;
        const source = initializer ?? (parent.parent as Ts.ForOfStatement).expression;
        if (initializer && this.#valueOf(initializer) === null) return 'next';
        return this.#take('dispose', firstNumber(source));
      }
      case 'branch':
        return `${this.#decide(action)}`;
      case 'throw':
        return 'throw';
      case 'pick':
        this.#values.set(action.node, action.from && this.#valueOf(action.from));
        return 'next';
      case 'assign': {
        const { left, right } = action.node;
        if (targetIn(left)?.getText() === 'x') this.#values.set('x', this.#assigned(left, right));
        this.#values.set(action.node, this.#valueOf(right));
        return 'next';
      }
      default:
        return 'next';
    }
  }

  /** The next event, which must be the one that the graph says comes now; undefined at the end of the trace. */
  #take(kind: Event['kind'], number: number): CfgEdge['when'] | undefined {
    const event = this.#events[this.#at];
    if (!event) return undefined;
    if (event.kind !== kind || event.number !== number) {
      throw new Error(`the graph goes to ${kind} ${number} in place of ${this.#describe()}`);
    }
    this.#at += 1;
    this.#last.set(`${kind} ${number}`, event);
    if (kind === 'call') this.#turns.delete(number);
    if (event.outcome === 'throw') return 'throw';
    if (kind !== 'next') return 'next';
    return event.outcome === 'done' ? 'false' : 'true';
  }

  #nextKey({ expression }: Ts.ForInStatement): 'true' | 'false' {
    const number = firstNumber(expression);
    const turn = this.#turns.get(number) ?? 0;
    this.#turns.set(number, turn + 1);
    return turn < Object.keys(this.#called(number) as object).length ? 'true' : 'false';
  }

  #describe(): string {
    const event = this.#events[this.#at];
    return `${event?.kind} ${event?.number} (event ${this.#at})`;
  }

  #called(number: number): unknown {
    return this.#last.get(`call ${number}`)?.value;
  }

  #decide({ condition, test }: Extract<Action, { kind: 'branch' }>): boolean {
    const { parent } = condition;
    if (ts.isParameter(parent)) return this.#argument === undefined;
    const taken = takenApartBy(condition);
    if (taken) return this.#memberOf(taken) === undefined;
    const value = this.#valueOf(condition);
    if (test === 'truthy') return Boolean(value);
    if (test === 'nullish') return value === null || value === undefined;
    const { expression } = parent.parent.parent as Ts.SwitchStatement;
    return value === this.#valueOf(expression);
  }

  /** The member `v` of what is taken apart. */
  #memberOf(source: Source): unknown {
    const whole = ts.isForOfStatement(source)
      ? this.#last.get(`next ${firstNumber(source.expression)}`)?.value
      : ts.isParameter(source)
        ? (this.#argument ?? this.#called(firstNumber(source.initializer)))
        : this.#called(firstNumber(source));
    return (whole as { readonly v: unknown }).v;
  }

  /** What the variable in a target is given. */
  #assigned(left: Ts.Expression, right: Ts.Expression): unknown {
    if (ts.isIdentifier(left)) return this.#valueOf(right);
    const value = this.#memberOf(right);
    const fallback = fallbackIn(left);
    if (value === undefined && fallback) return this.#valueOf(fallback);
    const isDeep = ts.isObjectLiteralExpression(left) && left.getText().includes("['v']");
    return isDeep ? (value as readonly unknown[])[0] : value;
  }

  #valueOf(node: Ts.Expression): unknown {
    if (ts.isParenthesizedExpression(node) || ts.isNonNullExpression(node)) {
      return this.#valueOf(node.expression);
    }
    if (ts.isPrefixUnaryExpression(node)) return !this.#valueOf(node.operand);
    if (ts.isAwaitExpression(node)) return this.#last.get(`await ${firstNumber(node)}`)?.value;
    if (ts.isYieldExpression(node)) return this.#last.get(`yield ${firstNumber(node)}`)?.value;
    if (ts.isIdentifier(node)) return this.#values.get('x');
    if (ts.isPropertyAccessExpression(node)) return undefined;
    if (ts.isCallExpression(node)) return this.#calledIn(node);
    if (ts.isNewExpression(node) || ts.isTaggedTemplateExpression(node)) {
      return this.#called(firstNumber(node));
    }
    if (ts.isConditionalExpression(node)) return this.#values.get(node);
    if (ts.isBinaryExpression(node)) {
      const isComma = node.operatorToken.kind === ts.SyntaxKind.CommaToken;
      return isComma ? this.#valueOf(node.right) : this.#values.get(node);
    }
    if (node.kind === ts.SyntaxKind.NullKeyword) return null;
    if (node.kind === ts.SyntaxKind.TrueKeyword) return true;
    if (node.kind === ts.SyntaxKind.FalseKeyword) return false;
    // Anything else is a value of its own, and true.
    return node;
  }

  /** A link of a chain is not called when its object is missing. */
  #calledIn(node: Ts.CallExpression): unknown {
    const { expression } = node;
    if (!ts.isIdentifier(expression)) {
      const isMember = ts.isPropertyAccessExpression(expression) || ts.isElementAccessExpression(expression);
      const object = this.#valueOf(isMember ? expression.expression : expression);
      if (object === null || object === undefined) return undefined;
    }
    return this.#called(firstNumber(node));
  }
}

/**
 * The only edge for an outcome. An action that cannot fail, or has its failures go the same way, may have but one edge:
 * that of the exception which it is performed for.
 */
function only({ action, successors }: CfgNode, when: CfgEdge['when']): CfgEdge {
  const isOnTheWay =
    when === 'next' && !MAY_FAIL.has(action.kind) && successors.every((edge) => edge.when === 'throw');
  const edges = isOnTheWay ? successors : successors.filter((edge) => edge.when === when);
  const [edge] = edges;
  if (!edge || edges.length !== 1) throw new Error(`${edges.length} edges for ${when}`);
  return edge;
}

/** What fails before it has done anything: the edge of its exception says nothing about the way on. */
const MAY_FAIL: ReadonlySet<Action['kind']> = new Set(['call', 'await', 'yield', 'next']);

/** The number that a call passes first: its own. */
function firstNumber(node: Ts.Node | undefined): number {
  const found = node && findNumber(node);
  if (!found) throw new Error(`no number in ${node?.getText()}`);
  return found;
}

function findNumber(node: Ts.Node): number | undefined {
  // The number of a call comes before those of its arguments, but after those of its object.
  const parts = ts.isCallExpression(node) ? node.arguments : undefined;
  const [first] = parts ?? [];
  if (first && ts.isNumericLiteral(first)) return Number(first.text);
  return ts.isNumericLiteral(node) ? Number(node.text) : ts.forEachChild(node, findNumber);
}

/** What a pattern takes apart. */
type Source = Ts.Expression | Ts.ForOfStatement | Ts.ParameterDeclaration;

/** What is taken apart where an expression is a default in a pattern. */
function takenApartBy(condition: Ts.Expression): Source | undefined {
  const { parent } = condition;
  if (ts.isBindingElement(parent)) {
    const whole = parent.parent.parent;
    return ts.isVariableDeclaration(whole) ? whole.initializer : (whole as Ts.ParameterDeclaration);
  }
  if (!ts.isBinaryExpression(parent) || parent.right !== condition || !isInPattern(parent)) return undefined;
  for (let at: Ts.Node = parent; ; at = at.parent) {
    if (ts.isForOfStatement(at.parent) && at.parent.initializer === at) return at.parent;
    if (ts.isBinaryExpression(at.parent) && at.parent.left === at && !isInPattern(at.parent)) {
      return at.parent.right;
    }
  }
}

/** Whether `a = b` is an element of a pattern, and no assignment by itself. */
function isInPattern({ parent }: Ts.BinaryExpression): boolean {
  if (ts.isArrayLiteralExpression(parent)) return isTarget(parent);
  return ts.isPropertyAssignment(parent) && isTarget(parent.parent);
}

function isTarget(literal: Ts.Expression): boolean {
  const { parent } = literal;
  if (ts.isForOfStatement(parent)) return parent.initializer === literal;
  return ts.isBinaryExpression(parent) && parent.left === literal;
}

/** The element of a pattern, with its default. */
function elementOf(pattern: Ts.Expression): Ts.Expression | undefined {
  if (ts.isArrayLiteralExpression(pattern)) return pattern.elements[0];
  const [property] = ts.isObjectLiteralExpression(pattern) ? pattern.properties : [];
  return property && ts.isPropertyAssignment(property) ? property.initializer : undefined;
}

/** The variable or member that an assignment writes, in a pattern with one target. */
function targetIn(left: Ts.Expression): Ts.Expression | undefined {
  const element = elementOf(left);
  if (!element) return left;
  return targetIn(ts.isBinaryExpression(element) ? element.left : element);
}

/** The default in a pattern with one target. */
function fallbackIn(pattern: Ts.Expression): Ts.Expression | undefined {
  const element = elementOf(pattern);
  if (!element || !ts.isBinaryExpression(element)) return undefined;
  const { right } = element;
  return ts.isArrayLiteralExpression(right) ? right.elements[0] : right;
}

import { type Code, skipParentheses } from '../../src/analysis/code.ts';
import { lastSegment, parseConfigName, reportName } from '../../src/analysis/config-name.ts';
import { findReferences } from '../../src/analysis/dispatch/references.ts';
import { type Target, Targets } from '../../src/analysis/dispatch/targets.ts';
import { programRuns } from '../../src/analysis/inserts/call-graph.ts';
import { Frames } from '../../src/analysis/inserts/frames.ts';
import { type FunctionNode, ownerOf } from '../../src/analysis/inserts/functions.ts';
import type { CallGraph } from '../../src/analysis/inserts/invocations.ts';
import { type Step, unsettledWay } from '../../src/analysis/must/approach.ts';
import { type ArgumentSite, ArgumentsOf } from '../../src/analysis/must/arguments.ts';
import { bodiesOf, callsOf, type Event, type EventSite, Family } from '../../src/analysis/must/events.ts';
import { Must } from '../../src/analysis/must/must.ts';
import { eventOf, includes } from '../../src/analysis/must/worlds.ts';
import { isFunctionExpression } from '../../src/analysis/shapes.ts';
import type { Pass, ReportStep } from '../../src/engine/rule.ts';
import { type Ts, ts } from '../../src/syntax/ts.ts';
import type { FunctionOption, LiteralOption, MessageId, MustCallOptions } from './rule.ts';

type MustCallPass = Pass<MustCallOptions, MessageId>;

export async function run(pass: MustCallPass): Promise<void> {
  const { code, heritage, graph } = await pass.use(programRuns);
  const targets = new Targets(code, heritage, pass.root);
  for (const option of pass.options.functions) {
    const pinned = resolve(pass, targets, 'function', option.function);
    const callees = option.calls.flatMap((name) => resolve(pass, targets, 'calls', name) ?? []);
    if (!pinned) continue;
    const functions = pinnedBodies(pinned, code);
    if (functions.length === 0) pass.unknownName('must-call.function', option.function, []);
    for (const fn of functions) pass.site(code.span(nameOf(fn)));
    for (const callee of callees) {
      const judge = new CallJudge({ pass, code, graph, targets, option, pinned, callee });
      for (const fn of functions) judge.judge(fn);
    }
  }
}

function resolve(
  pass: MustCallPass,
  targets: Targets,
  option: 'function' | 'calls',
  name: string,
): Target | undefined {
  const resolution = targets.resolve(name);
  if ('target' in resolution) return resolution.target;
  reportName(pass, `must-call.${option}`, name, resolution);
  return undefined;
}

/** The function itself; of one without a body, all that implement it; of one that a call makes, what that is handed. */
function pinnedBodies(pinned: Target, code: Code): readonly FunctionNode[] {
  const own = bodiesOf({ members: pinned.declarations });
  if (own.length > 0) return own;
  const others = bodiesOf(new Family(code, pinned));
  return others.length > 0 ? others : [...pinned.declarations].flatMap(wrappedBody);
}

/** `export const restart = handler(async (id) => …)`: the function that is written there, if it is the only one. */
function wrappedBody(declaration: Ts.Node): readonly FunctionNode[] {
  const { initializer } = declaration as { initializer?: Ts.Expression };
  const functions = initializer ? functionsHandedIn(initializer) : [];
  return functions.length === 1 ? functions : [];
}

function functionsHandedIn(expression: Ts.Expression): readonly FunctionNode[] {
  const call = skipParentheses(expression);
  if (!ts.isCallExpression(call)) return [];
  return call.arguments.flatMap((one) => {
    const argument = skipParentheses(one) as Ts.Expression;
    return isFunctionExpression(argument) ? [argument] : functionsHandedIn(argument);
  });
}

interface JudgeParts {
  readonly pass: MustCallPass;
  readonly code: Code;
  readonly graph: CallGraph;
  readonly targets: Targets;
  readonly option: FunctionOption;
  readonly pinned: Target;
  readonly callee: Target;
}

/** The one event that is asked about: that the callee was called. */
const CALLED = eventOf(0);

class CallJudge {
  readonly #parts: JudgeParts;
  readonly #calls: Event;
  /** The calls with the wanted arguments; undefined where any will do. */
  readonly #wanted: readonly ArgumentSite[] | undefined;
  readonly #must: Must;

  constructor(parts: JudgeParts) {
    this.#parts = parts;
    const { code, graph, option, callee } = parts;
    this.#calls = callsOf(callee, code, graph);
    this.#must = new Must({ code, graph, events: [this.#calls], counting: 'begun' });
    const { args } = option;
    this.#wanted = args && new ArgumentsOf(code, graph).sitesWith(this.#calls.sites, args);
  }

  judge(fn: FunctionNode): void {
    const { pass, code, option, pinned, callee } = this.#parts;
    const at = code.span(nameOf(fn));
    const data = { function: pinned.name, callee: `${callee.name}${argumentText(option.args)}` };
    const nodes = this.#wanted ?? this.#calls.sites;
    if (!nodes.some(({ node }) => this.#isReached(node, fn))) {
      if (this.#mayBeMeant(fn)) return;
      pass.report({ messageId: 'notCalled', at, data, trace: this.#others(fn) });
      return;
    }
    if (option.onEveryPath !== true) return;
    const must = this.#wanted ? this.#mustOf(this.#wanted) : this.#must;
    const certain = must.throughout(fn);
    if (certain === undefined || includes(certain, CALLED)) return;
    const trace = must
      .endsWithout(fn, CALLED)
      .map((node): ReportStep => ({ at: code.span(node), message: 'ends here' }));
    pass.report({ messageId: 'notOnEveryPath', at, data, trace });
  }

  /** Whether running a function may come to a place. */
  #isReached(place: Ts.Node, fn: FunctionNode): boolean {
    const site = this.#calls.sites.find(({ node }) => node === place);
    const start: Pick<Step, 'node' | 'frames'> = site ?? { node: place, frames: Frames.none };
    const way = unsettledWay(start, this.#parts.graph, {
      isSettled: ({ node }) => this.#must.before(node) === undefined,
      isStart: ({ node }) => ownerOf(node) === fn,
    });
    return way !== undefined;
  }

  /** The analysis of calls with the wanted arguments alone. */
  #mustOf(wanted: readonly ArgumentSite[]): Must {
    const { code, graph } = this.#parts;
    const certain = wanted.filter(({ helper }) => {
      if (!helper) return true;
      const events = this.#must.throughout(helper.fn);
      return events === undefined || includes(events, CALLED);
    });
    const sites = certain.map(
      ({ node }): EventSite => ({ node, frames: Frames.none, how: 'call', by: 'symbol' }),
    );
    return new Must({ code, graph, events: [{ family: undefined, sites }], counting: 'begun' });
  }

  /** The calls with other arguments. */
  #others(fn: FunctionNode): readonly ReportStep[] {
    if (!this.#wanted) return [];
    const reached = this.#calls.sites.filter(({ node }) => this.#isReached(node, fn));
    return reached.map(({ node }) => ({
      at: this.#parts.code.span(node),
      message: `calls ${this.#parts.callee.name} with other arguments`,
    }));
  }

  /** Lists what goes by the name of the callee, and may be it for all the compiler can tell. */
  #mayBeMeant(fn: FunctionNode): boolean {
    const { pass, code, targets, callee } = this.#parts;
    if (callee.containers.length === 0) return false;
    const member = lastSegment(parseConfigName(callee.name).name);
    const wanted = {
      members: new Set([member]),
      functions: new Set<string>(),
      declaring: new Set(targets.filesOf(callee)),
    };
    const unclear = findReferences(code, wanted).filter(({ node, declarations, usage }) => {
      return usage === 'call' && declarations === undefined && ts.findAncestor(node, (at) => at === fn);
    });
    for (const { node } of unclear) {
      pass.unresolved(code.span(node), `\`${member}\` of a value of unknown type may be ${callee.name}`);
    }
    return unclear.length > 0;
  }
}

function nameOf(fn: FunctionNode): Ts.Node {
  const { name } = fn as { name?: Ts.Node };
  if (name) return name;
  // A call that makes something of the function stands between it and its name.
  let { parent } = fn as { parent: Ts.Node };
  while (ts.isCallExpression(parent) || ts.isParenthesizedExpression(parent)) ({ parent } = parent);
  return ts.isVariableDeclaration(parent) || ts.isPropertyDeclaration(parent) ? parent.name : fn;
}

/** `("provision.start", {"sync":true})`; what does not matter is left out. */
function argumentText(args: Readonly<Record<string, LiteralOption>> | undefined): string {
  const entries = Object.entries(args ?? {});
  if (entries.length === 0) return '';
  const last = Math.max(...entries.map(([index]) => Number(index)));
  const shown = Array.from({ length: last + 1 }, (_, index) => {
    const value = args?.[String(index)];
    return value === undefined ? '…' : JSON.stringify(value);
  });
  return `(${shown.join(', ')})`;
}

import { type Code, rightmostName, skipParentheses } from '../../src/analysis/code.ts';
import { reportName } from '../../src/analysis/config-name.ts';
import { Targets } from '../../src/analysis/dispatch/targets.ts';
import { programCalls } from '../../src/analysis/inserts/call-graph.ts';
import { insertFacts } from '../../src/analysis/inserts/facts.ts';
import { allWork, type Work, workAt, workLeadingTo } from '../../src/analysis/lifecycle/started-work.ts';
import { type Left as Leaving, Starts } from '../../src/analysis/lifecycle/starts.ts';
import { lockFacts } from '../../src/analysis/locks/facts.ts';
import { Owners } from '../../src/analysis/mutation/owners.ts';
import { isFunctionExpression, outermost } from '../../src/analysis/shapes.ts';
import type { Pass } from '../../src/engine/rule.ts';
import { type Ts, ts } from '../../src/syntax/ts.ts';
import type { MessageId, TrackedPromiseOptions } from './rule.ts';

type PromisePass = Pass<TrackedPromiseOptions, MessageId>;

interface Left {
  readonly work: Work;
  readonly leaving: Leaving;
}

export async function run(pass: PromisePass): Promise<void> {
  const { code, heritage, graph } = await pass.use(programCalls);
  const targets = new Targets(code, heritage, pass.root);
  const owners = new Owners({ program: pass.program, root: pass.root, targets }, pass.options.allow);
  for (const { entry, ...problem } of owners.problems) {
    reportName(pass, 'tracked-promise.allow', entry, problem);
  }
  const { scope } = pass.options;
  const held = scope === 'held' ? await startedUnderLocks(pass, code) : undefined;
  const work =
    held?.work ??
    (scope === 'all' ? allWork(code, filesOf(pass)) : workLeadingTo(await placesOf(pass), graph, code));
  const starts = new Starts(code, graph);
  const used = new Set<string>();
  const left: Left[] = [];
  for (const one of work) {
    const leaving = starts.leavingOf(one);
    // What leads to a lock or an insert is a site by itself.
    if (scope === 'locks' || leaving || isAwaited(one.node)) pass.site(code.span(one.node));
    if (leaving) left.push({ work: one, leaving });
  }
  const starting = new Set(left.map(({ work: { node } }) => node));
  for (const { work: one, leaving } of left) {
    const entries = [
      ...[one.node, ...(leaving.call ? [leaving.call] : [])].flatMap((node) => owners.around(node)),
      ...owners.owning(calleesOf(one.node, code)),
    ];
    for (const entry of entries) used.add(entry);
    // A chain is left alone once, whatever its links start.
    const isSaid = leaving.chain?.some((link) => starting.has(link)) ?? false;
    if (entries.length === 0 && !isSaid) report(pass, code, one, leaving, held?.lockAt(one));
  }
  let takers: ReadonlySet<string> | undefined;
  const isHanded = (entry: string): boolean => {
    takers ??= takersOf(work, owners, code);
    return takers.has(entry);
  };
  // What is left alone elsewhere was not looked at.
  const unused = pass.focus ? [] : owners.known.filter((known) => !used.has(known));
  for (const entry of unused.filter((known) => !isHanded(known))) {
    pass.stale(
      `tracked-promise.allow lists ${entry}, which leaves no promise alone`,
      'remove the entry, or correct it',
    );
  }
}

interface StartedUnderLocks {
  readonly work: readonly Work[];
  /** The name of the lock that is held where work is started. */
  lockAt(work: Work): string | undefined;
}

/** The work that is started while a lock is held. */
async function startedUnderLocks(pass: PromisePass, code: Code): Promise<StartedUnderLocks> {
  const { watchers, nameOf } = await pass.use(lockFacts);
  const locks = new Map<Work, string>();
  for (const [call, lock] of watchers.callsUnder?.found() ?? []) {
    for (const work of workAt(call, code)) locks.set(work, nameOf(lock));
  }
  return { work: [...locks.keys()], lockAt: (work) => locks.get(work) };
}

/** The files in which findings are asked for. */
function filesOf({ program, focus }: PromisePass): readonly string[] {
  return focus ? [...new Set(focus.map(({ file }) => file))] : program.files;
}

function isAwaited(node: Ts.Node): boolean {
  return ts.isAwaitExpression(outermost(node).parent);
}

/** Where locks are taken and rows inserted. */
async function placesOf(pass: PromisePass): Promise<readonly Ts.Node[]> {
  const [{ takings }, { sites }] = [await pass.use(lockFacts), await pass.use(insertFacts)];
  const calls = takings.flatMap(({ at }) => {
    const node = pass.program.tree(at.file)?.nodeAt(at.start, at.end);
    return (node && ts.findAncestor(node, ts.isCallExpression)) ?? [];
  });
  return [...new Set<Ts.Node>([...calls, ...sites.map(({ call }) => call)])];
}

/** The entries of functions that are handed work: `bestEffort(save())`, `supervise(() => save())`. */
function takersOf(work: readonly Work[], owners: Owners, code: Code): ReadonlySet<string> {
  const calls = new Set(work.flatMap(({ node }) => callsAround(node)));
  return new Set([...calls].flatMap((call) => owners.owning(calleesOf(call, code))));
}

/** The calls around a node, from the inside out. */
function callsAround(node: Ts.Node): readonly Ts.CallExpression[] {
  const calls: Ts.CallExpression[] = [];
  for (let at = node; at.parent; at = at.parent) {
    if (ts.isCallExpression(at.parent)) calls.push(at.parent);
  }
  return calls;
}

function calleesOf(node: Ts.Node, code: Code): readonly Ts.Node[] {
  const name = ts.isCallExpression(node) ? rightmostName(node.expression) : undefined;
  return (name ? code.entities(name) : []).flatMap((one) => (one.kind === 'node' ? [one.node] : []));
}

function report(
  pass: PromisePass,
  code: Code,
  { node, kind, leadsTo }: Work,
  leaving: Leaving,
  lock: string | undefined,
): void {
  const whileHeld = lock === undefined ? '' : `, while ${lock} is held`;
  const { how, taker, maker, runs, call } = leaving;
  const at = code.span(node);
  const isItself = leadsTo.file === at.file && leadsTo.start === at.start;
  const trace = [
    ...(call ? [{ at: code.span(call), message: 'is called here' }] : []),
    ...(runs ? [{ at: headOf(runs, code), message: 'the async function that it runs' }] : []),
    ...(isItself ? [] : [{ at: leadsTo, message: 'takes a lock, or inserts, here' }]),
  ];
  if (kind === 'call') {
    pass.report({
      messageId: 'untracked',
      at,
      data: { callee: calleeText(node), how: `${how}${whileHeld}` },
      trace,
    });
    return;
  }
  pass.report({
    messageId: 'dropped',
    at: kind === 'function' ? headOf(node, code) : at,
    data: {
      where:
        (maker
          ? `to \`${maker}\`, and waits for none of its promises`
          : `to ${taker ? `\`${taker}\`` : 'what calls it'}, which drops its promise`) + whileHeld,
    },
    trace,
  });
}

function calleeText(node: Ts.Node): string {
  const callee = ts.isCallExpression(node)
    ? node.expression
    : ts.isTaggedTemplateExpression(node)
      ? node.tag
      : undefined;
  if (!callee) return 'work';
  return isFunctionExpression(skipParentheses(callee))
    ? 'an async function'
    : shortened(callee.getText().replace(/\s+/g, ' '));
}

/** A function is long: its beginning stands for it. */
function headOf(fn: Ts.Node, code: Code) {
  const { file, start } = code.span(fn);
  return { file, start, end: start + 'async'.length };
}

function shortened(text: string): string {
  return text.length > MOST ? `${text.slice(0, MOST - 1)}…` : text;
}

const MOST = 40;

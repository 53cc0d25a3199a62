import { type Code, rightmostName } from '../../src/analysis/code.ts';
import { reportName } from '../../src/analysis/config-name.ts';
import { Targets } from '../../src/analysis/dispatch/targets.ts';
import { programCalls } from '../../src/analysis/inserts/call-graph.ts';
import { insertFacts } from '../../src/analysis/inserts/facts.ts';
import { type Leaving, PromiseFates } from '../../src/analysis/lifecycle/promise-fate.ts';
import { allWork, type Work, workLeadingTo } from '../../src/analysis/lifecycle/started-work.ts';
import { lockFacts } from '../../src/analysis/locks/facts.ts';
import { Owners } from '../../src/analysis/mutation/owners.ts';
import { outermost } from '../../src/analysis/shapes.ts';
import type { Pass } from '../../src/engine/rule.ts';
import { type Ts, ts } from '../../src/syntax/ts.ts';
import type { MessageId, TrackedPromiseOptions } from './rule.ts';

type PromisePass = Pass<TrackedPromiseOptions, MessageId>;

export async function run(pass: PromisePass): Promise<void> {
  const { code, heritage, graph } = await pass.use(programCalls);
  const targets = new Targets(code, heritage, pass.root);
  const owners = new Owners({ program: pass.program, root: pass.root, targets }, pass.options.allow);
  for (const { entry, ...problem } of owners.problems) {
    reportName(pass, 'tracked-promise.allow', entry, problem);
  }
  const isAll = pass.options.scope === 'all';
  const work = isAll ? allWork(code, filesOf(pass)) : workLeadingTo(await placesOf(pass), graph, code);
  const promises = new PromiseFates(code, graph.callees);
  const used = new Set<string>();
  for (const one of work) {
    const leaving = one.kind === 'call' ? promises.of(one.node) : promises.ofFunction(one.node);
    if (!isAll || isAwaited(one.node)) pass.site(code.span(one.node));
    if (!leaving || (one.kind === 'call' && !isPromise(one.node, code))) continue;
    if (isAll) pass.site(code.span(one.node));
    const entries = [...owners.around(one.node), ...owners.owning(calleeOf(one, code))];
    for (const entry of entries) used.add(entry);
    if (entries.length === 0) report(pass, code, one, leaving);
  }
  // What is left alone elsewhere was not looked at.
  for (const entry of pass.focus ? [] : owners.known.filter((known) => !used.has(known))) {
    pass.stale(
      `tracked-promise.allow lists ${entry}, which leaves no promise alone`,
      'remove the entry, or correct it',
    );
  }
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

/** What has a `then` alone may be a builder that is awaited where one likes; a promise has all of it. */
function isPromise(call: Ts.Node, code: Code): boolean {
  const found = code.program.oracle.member(
    code.fileOf(call),
    { start: call.getStart(), end: call.end },
    'finally',
  );
  return typeof found !== 'string';
}

function calleeOf({ node }: Work, code: Code): readonly Ts.Node[] {
  const name = ts.isCallExpression(node) ? rightmostName(node.expression) : undefined;
  return (name ? code.entities(name) : []).flatMap((one) => (one.kind === 'node' ? [one.node] : []));
}

function report(
  pass: PromisePass,
  code: Code,
  { node, kind, leadsTo }: Work,
  { how, taker, maker }: Leaving,
): void {
  const at = code.span(node);
  const isItself = leadsTo.file === at.file && leadsTo.start === at.start;
  const trace = isItself ? [] : [{ at: leadsTo, message: 'takes a lock, or inserts, here' }];
  if (kind === 'function') {
    pass.report({
      messageId: 'dropped',
      at: headOf(node, code),
      data: {
        where: maker
          ? `to \`${maker}\`, and waits for none of its promises`
          : `to \`${taker}\`, which drops its promise`,
      },
      trace,
    });
    return;
  }
  const callee = ts.isCallExpression(node) ? node.expression.getText().replace(/\s+/g, ' ') : 'work';
  pass.report({ messageId: 'untracked', at, data: { callee: shortened(callee), how }, trace });
}

/** An async function is long: its first word stands for it. */
function headOf(fn: Ts.Node, code: Code) {
  const { file, start } = code.span(fn);
  return { file, start, end: start + 'async'.length };
}

function shortened(text: string): string {
  return text.length > MOST ? `${text.slice(0, MOST - 1)}…` : text;
}

const MOST = 40;

import type { Code } from '../../src/analysis/code.ts';
import { lastSegment, parseConfigName, reportName } from '../../src/analysis/config-name.ts';
import { findReferences } from '../../src/analysis/dispatch/references.ts';
import { type Target, Targets } from '../../src/analysis/dispatch/targets.ts';
import { programRuns } from '../../src/analysis/inserts/call-graph.ts';
import { wayTrace } from '../../src/analysis/must/trace.ts';
import type { Span } from '../../src/engine/finding.ts';
import type { Pass } from '../../src/engine/rule.ts';
import { Pair, type PairParts } from './pair.ts';
import type { CallBeforeOptions, MessageId } from './rule.ts';

type CallBeforePass = Pass<CallBeforeOptions, MessageId>;

export async function run(pass: CallBeforePass): Promise<void> {
  const { code, heritage, graph } = await pass.use(programRuns);
  const targets = new Targets(code, heritage, pass.root);
  for (const option of pass.options.pairs) {
    const first = resolve(pass, targets, 'first', option.first);
    const then = resolve(pass, targets, 'then', option.then);
    if (!first || !then) continue;
    const parts = { context: pass, code, graph, option, first, then };
    const pair = new Pair(parts);
    judge(pass, pair, parts);
    reportUnclear(pass, { code, targets, then, pair });
  }
}

function resolve(
  pass: CallBeforePass,
  targets: Targets,
  option: 'first' | 'then',
  name: string,
): Target | undefined {
  const resolution = targets.resolve(name);
  if ('target' in resolution) return resolution.target;
  reportName(pass, `call-before.${option}`, name, resolution);
  return undefined;
}

function judge(pass: CallBeforePass, pair: Pair, { code, option, first, then }: PairParts): void {
  for (const { entry, candidates } of pair.places?.unknown ?? []) {
    pass.unknownName('call-before.in', entry, candidates);
  }
  const entries = new Set<string>();
  for (const site of pair.sites) {
    const at = code.span(site.node);
    if (pass.focus && !pass.focus.some((one) => overlaps(one, at))) continue;
    const from = pair.entriesTo(site);
    for (const entry of from ?? []) entries.add(entry);
    if (from?.length !== 0) pass.site(at);
    const way = pair.wayTo(site);
    if (!way) continue;
    const messageId = pair.isBegun(site) ? 'notAwaited' : 'notBefore';
    const data = { first: first.name, later: then.name, act: pair.act };
    const trace = wayTrace(code, way, `without ${first.name}`, `${pair.act} ${then.name}`);
    pass.report({ messageId, at, data, trace });
  }
  if (pair.sites.length === 0) {
    pass.stale(
      `call-before has a pair for ${option.then}, which never happens`,
      'remove the pair, or correct the name',
    );
    return;
  }
  if (pass.focus) return;
  for (const entry of pair.places?.known.filter((one) => !entries.has(one)) ?? []) {
    pass.stale(
      `call-before.in lists ${entry}, from which nothing leads to ${option.then}`,
      'remove the entry, or correct it',
    );
  }
}

function overlaps(a: Span, b: Span): boolean {
  return a.file === b.file && a.start < b.end && b.start < a.end;
}

interface UnclearParts {
  readonly code: Code;
  readonly targets: Targets;
  readonly then: Target;
  readonly pair: Pair;
}

/** Lists what goes by the name of `then` and may be it, for all the compiler can tell. */
function reportUnclear(pass: CallBeforePass, { code, targets, then, pair }: UnclearParts): void {
  const member = lastSegment(parseConfigName(then.name).name);
  if (then.containers.length === 0) return;
  const wanted = {
    members: new Set([member]),
    functions: new Set<string>(),
    declaring: new Set(targets.filesOf(then)),
  };
  for (const { node, declarations } of findReferences(code, wanted)) {
    if (declarations !== undefined) continue;
    if (pair.places && pair.places.around(node).length === 0) continue;
    pass.unresolved(code.span(node), `\`${member}\` of a value of unknown type may be ${then.name}`);
  }
}

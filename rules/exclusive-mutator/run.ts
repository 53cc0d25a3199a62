import { reportName } from '../../src/analysis/config-name.ts';
import { Targets } from '../../src/analysis/dispatch/targets.ts';
import { programCalls } from '../../src/analysis/inserts/call-graph.ts';
import { type Mutation, mutationsOf } from '../../src/analysis/mutation/mutations.ts';
import { Owners } from '../../src/analysis/mutation/owners.ts';
import type { Span } from '../../src/engine/finding.ts';
import type { Pass } from '../../src/engine/rule.ts';
import type { Ts } from '../../src/syntax/ts.ts';
import type { ExclusiveField, ExclusiveMutatorOptions, MessageId } from './rule.ts';

type MutatorPass = Pass<ExclusiveMutatorOptions, MessageId>;

const ONLY = 'exclusive-mutator.only';

export async function run(pass: MutatorPass): Promise<void> {
  const { code, heritage, graph } = await pass.use(programCalls);
  const targets = new Targets(code, heritage, pass.root);
  for (const option of pass.options.fields) {
    const owners = new Owners({ program: pass.program, root: pass.root, targets }, option.only);
    for (const problem of owners.problems) reportName(pass, ONLY, problem.entry, problem);
    const resolution = targets.resolve(option.field);
    if (!('target' in resolution)) {
      reportName(pass, 'exclusive-mutator.field', option.field, resolution);
      continue;
    }
    const methods = option.methods && new Set(option.methods);
    const { found, unclear } = mutationsOf(resolution.target, methods, { code, targets, graph });
    const span = (node: Ts.Node): Span => code.span(node);
    const used = new Set<string>();
    const reported = new Set<Ts.Node>();
    for (const mutation of found) {
      pass.site(span(mutation.node));
      const entries = [mutation.node, ...mutation.via].flatMap((node) => owners.around(node));
      for (const entry of entries) used.add(entry);
      const place = mutation.via[0] ?? mutation.node;
      if (entries.length > 0 || reported.has(place)) continue;
      reported.add(place);
      report(pass, option, { mutation, name: resolution.target.name, span });
    }
    for (const { node } of unclear) {
      if (owners.around(node).length > 0) continue;
      pass.unresolved(span(node), `what is changed here is of unknown type, and may be ${option.field}`);
    }
    reportStale(pass, option, owners, used);
  }
}

interface Found {
  readonly mutation: Mutation;
  readonly name: string;
  readonly span: (node: Ts.Node) => Span;
}

function report(pass: MutatorPass, { only }: ExclusiveField, { mutation, name, span }: Found): void {
  const { node, how, via } = mutation;
  const [first, ...others] = via;
  pass.report({
    messageId: 'mutatedElsewhere',
    at: span(first ?? node),
    data: { field: name, how, owners: only.join(' or ') },
    trace: first
      ? [
          ...others.map((call) => ({ at: span(call), message: 'hands it on' })),
          { at: span(node), message: 'is changed here' },
        ]
      : [],
  });
}

function reportStale(
  pass: MutatorPass,
  { field }: ExclusiveField,
  owners: Owners,
  used: ReadonlySet<string>,
): void {
  const { redundant } = owners.places;
  for (const { entry, by } of redundant) {
    pass.stale(`${ONLY} lists ${entry}, which ${by} allows already`, 'remove one of the two entries');
  }
  const isRedundant = new Set(redundant.map(({ entry }) => entry));
  for (const entry of owners.known.filter((known) => !used.has(known) && !isRedundant.has(known))) {
    pass.stale(`${ONLY} lists ${entry}, which does not change ${field}`, 'remove the entry, or correct it');
  }
}

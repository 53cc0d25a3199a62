import { type Code, programCode } from '../../src/analysis/code.ts';
import { reportName } from '../../src/analysis/config-name.ts';
import { Heritage } from '../../src/analysis/dispatch/heritage.ts';
import { Targets } from '../../src/analysis/dispatch/targets.ts';
import { type JudgedResult, MustUse, type Outcome } from '../../src/analysis/lifecycle/must-use.ts';
import { findSubjects } from '../../src/analysis/lifecycle/subjects.ts';
import { MUST_USE_TAG } from '../../src/analysis/lifecycle/words.ts';
import type { Pass, ReportStep } from '../../src/engine/rule.ts';
import type { Ts } from '../../src/syntax/ts.ts';
import type { MessageId, MustUseOptions } from './rule.ts';

type MustUsePass = Pass<MustUseOptions, MessageId>;

export async function run(pass: MustUsePass): Promise<void> {
  const code = await pass.use(programCode);
  const heritage = new Heritage(code);
  const targets = new Targets(code, heritage, pass.root);
  const subjects = findSubjects(pass.program, targets, {
    tag: MUST_USE_TAG,
    functions: pass.options.functions,
  });
  for (const at of subjects.idle) pass.misplaced({ messageId: 'idleTag', at, data: { tag: MUST_USE_TAG } });
  for (const problem of subjects.problems) reportName(pass, 'must-use.functions', problem.name, problem);
  if (subjects.targets.length === 0) return;
  const results = new MustUse(code, heritage, targets);
  results.judge(subjects.targets);
  const told = new Set<Ts.Node>();
  for (const result of results.judged) {
    pass.site(code.span(result.at));
    // What a helper returns may hold several results, and is lost once.
    const { at, outcome } = result;
    if (outcome.kind === 'kept' || told.has(at)) continue;
    told.add(at);
    report(pass, code, { ...result, outcome });
  }
  for (const { target, reference } of results.unclear) {
    const message = `\`${reference.name}\` of a value of unknown type may be ${target.name}`;
    pass.unresolved(code.span(reference.node), message);
  }
}

type LostResult = JudgedResult & { readonly outcome: Exclude<Outcome, { kind: 'kept' }> };

function report(pass: MustUsePass, code: Code, { target, at: place, via, outcome }: LostResult): void {
  const at = code.span(place);
  const steps = via.map((one): ReportStep => {
    return { at: code.span(one), message: `returns the result of ${target.name}` };
  });
  if (outcome.kind === 'undisposed') {
    const look: ReportStep = { at: code.span(outcome.at), message: 'looks at it here' };
    pass.report({ messageId: 'undisposed', at, data: { target: target.name }, trace: [...steps, look] });
    return;
  }
  const { kind, how, at: end } = outcome.loss;
  const isElsewhere =
    end.getSourceFile() !== place.getSourceFile() || end.pos > place.end || end.end < place.pos;
  const last: ReportStep[] = isElsewhere ? [{ at: code.span(end), message: 'is lost here' }] : [];
  pass.report({ messageId: kind, at, data: { target: target.name, how }, trace: [...steps, ...last] });
}

import { markedSections } from '../../src/analysis/atomic/markers.ts';
import { Pauses, type Suspension } from '../../src/analysis/atomic/pauses.ts';
import { isInSection, type Section } from '../../src/analysis/atomic/section.ts';
import { readAtomicTags } from '../../src/analysis/atomic/tags.ts';
import { ATOMIC_MARKERS, ATOMIC_TAG } from '../../src/analysis/atomic/words.ts';
import { type Code, programCode } from '../../src/analysis/code.ts';
import type { Pass, ReportStep } from '../../src/engine/rule.ts';
import { type Ts, ts } from '../../src/syntax/ts.ts';
import type { MessageId } from './rule.ts';

type AtomicPass = Pass<undefined, MessageId>;

export async function run(pass: AtomicPass): Promise<void> {
  const code = await pass.use(programCode);
  const { functions, idle } = readAtomicTags(pass.program, code);
  for (const at of idle) pass.misplaced({ messageId: 'idleTag', at, data: { tag: ATOMIC_TAG } });
  const sections = [...functions.values()];
  for (const file of pass.program.filesWith(ATOMIC_MARKERS)) {
    const marked = markedSections(pass.program, file);
    sections.push(...marked.sections);
    for (const problem of marked.problems) pass.misplaced(problem);
  }
  const pauses = new Pauses(
    code,
    (fn) => functions.has(fn),
    (node) => sections.some((section) => isInSection(node, section)),
  );
  // What stands in a section within a section is told of once, of the inner one.
  const told = new Set<Ts.Node>();
  for (const section of sections.toSorted((a, b) => lengthOf(a) - lengthOf(b))) {
    pass.site(section.at);
    const { suspensions, unknown } = pauses.of(section);
    for (const node of unknown) pass.unresolved(code.span(node), `\`${textOf(node)}\` in an atomic section`);
    for (const suspension of suspensions) {
      if (told.has(suspension.at)) continue;
      told.add(suspension.at);
      reportPause(pass, code, section, suspension);
    }
    if (suspensions.length === 0) reportForm(pass, code, section);
  }
}

function reportPause(pass: AtomicPass, code: Code, section: Section, { at, via, pause }: Suspension): void {
  const calls = via.map(({ at: call, callee: name }) => ({ at: code.span(call), message: callTo(name) }));
  const end = { at: code.span(pause.at), message: ENDS[pause.by] };
  pass.report({
    messageId: 'suspends',
    at: code.span(at),
    data: { section: section.name, what: 'others may run before it is done' },
    trace: [beginning(section), ...calls, end],
  });
}

/** A function that does not pause yet, and is made for it: nobody would see the first pause come. */
function reportForm(pass: AtomicPass, code: Code, section: Section): void {
  const { owner } = section;
  if (section.kind !== 'function') return;
  const { modifiers, asteriskToken } = owner as {
    modifiers?: readonly Ts.ModifierLike[];
    asteriskToken?: Ts.Node;
  };
  const isAsync = modifiers?.find(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword);
  const form = isAsync ?? asteriskToken;
  if (!form) return;
  pass.report({
    messageId: 'suspends',
    at: code.span(form),
    data: { section: section.name, what: isAsync ? 'is `async`' : 'is a generator' },
    trace: [beginning(section)],
  });
}

function beginning({ kind, at, name }: Section): ReportStep {
  return { at, message: kind === 'function' ? `${name}: ${ATOMIC_TAG}` : `${name} begins here` };
}

function callTo(callee: string | undefined): string {
  return callee === undefined || callee === '<anonymous>' ? 'runs the callback' : `calls ${callee}`;
}

function textOf(node: Ts.Node): string {
  const callee = ts.isCallExpression(node) || ts.isNewExpression(node) ? node.expression : node;
  return callee.getText().replace(/\s+/g, ' ').slice(0, 60);
}

function lengthOf({ code }: Section): number {
  return (code.at(-1)?.end ?? 0) - (code[0]?.pos ?? 0);
}

const ENDS = {
  await: 'awaits here',
  chain: 'what is left to do waits here',
  yield: 'yields here',
  'yield*': 'yields here',
  'for await': 'awaits each element here',
  'await using': 'awaits the disposal of this at the end of the block',
  promise: 'starts what the promise that it returns stands for',
} as const satisfies Record<Suspension['pause']['by'], string>;

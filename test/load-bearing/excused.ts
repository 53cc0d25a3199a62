/** Mutants of a module that nothing can notice, and why. */
interface Excuse {
  /** As the test names them, or the name of a function for all that survive in it. */
  readonly mutants: readonly string[];
  readonly why: string;
}

const FOR_THE_TYPE = 'the value is always there, which its type does not tell';
const TRACE = 'only the trace is another one, which a want does not look at';
const HELP = 'only the help is another one, which a want does not look at';
const SPEED = 'what is found is the same, later';
const PROOF = 'only a proof asks about parts of a program; the tests of the proof look at that';
const CONFIGURED = 'a fixture names its rule, so it never runs by default alone';

export const excused: Readonly<Record<string, readonly Excuse[]>> = {
  'rules/atomic-section/run.ts': [{ mutants: ['beginning', 'callTo'], why: TRACE }],
  'rules/call-before/pair.ts': [
    {
      mutants: [
        'module: !this.#first, always true',
        '#must: this.#musts.get(counting) ?? new Must({ code, graph, events: [this.first], counting }), without its left side',
      ],
      why: SPEED,
    },
    { mutants: ['module: node !== without, always true'], why: PROOF },
  ],
  'rules/call-before/run.ts': [
    {
      mutants: [
        'judge: pass.focus && !pass.focus.some((one) => overlaps(one, at)), always false',
        'judge: pass.focus && !pass.focus.some((one) => overlaps(one, at)), without its right side',
        'judge: overlaps(one, at), always true',
        'judge: overlaps(one, at), always false',
        'judge: pass.focus, always false',
        'overlaps',
      ],
      why: PROOF,
    },
  ],
  'rules/check-then-act/run.ts': [
    { mutants: ["run: 'message' in step, always true"], why: TRACE },
    {
      mutants: [
        'run: watchers.stale?.found() ?? [], without its right side',
        'run: watchers.stale?.unresolved() ?? [], without its right side',
      ],
      why: FOR_THE_TYPE,
    },
  ],
  'rules/exclusive-mutator/run.ts': [
    { mutants: ['report: first, always true', 'report: first, always false'], why: TRACE },
  ],
  'rules/guarded-by/run.ts': [
    { mutants: ['traceOf'], why: TRACE },
    {
      mutants: [
        'run: results?.unresolved ?? [], without its right side',
        'run: results?.violations ?? [], without its right side',
      ],
      why: FOR_THE_TYPE,
    },
  ],
  'rules/insert-allowlist/run.ts': [
    { mutants: ['#nameOf'], why: HELP },
    { mutants: ["#judgePlace: allow[one] ?? '', without its right side"], why: FOR_THE_TYPE },
  ],
  'rules/insert-in-loop/run.ts': [
    { mutants: ['#preflightsFor: !preflights, always true'], why: SPEED },
    { mutants: ['report: !first, always false'], why: FOR_THE_TYPE },
    {
      mutants: ["#isUnclear: fault.ref === 'unknown' && !configured, without its left side"],
      why: CONFIGURED,
    },
    {
      mutants: [
        "report: run.fault.id === 'blind', always true",
        "report: run.fault.id === 'blind', always false",
      ],
      why: TRACE,
    },
  ],
  'rules/lock-await/run.ts': [
    {
      mutants: [
        'reportPauses: watchers.suspensions?.found(isBrief) ?? [], without its right side',
        'reportPauses: !innermost || waits.some((wait) => isWithin(wait, at)), without its left side',
        'reportStalls: watchers.stalls?.found() ?? [], without its right side',
      ],
      why: FOR_THE_TYPE,
    },
  ],
  'rules/lock-balance/run.ts': [
    {
      mutants: [
        'run: facts.watchers.balance?.unresolved() ?? [], without its right side',
        'run: facts.watchers.balance?.problems() ?? [], without its right side',
      ],
      why: FOR_THE_TYPE,
    },
  ],
  'rules/lock-callback/run.ts': [
    {
      mutants: [
        'run: facts.watchers.callbacks?.found() ?? [], without its right side',
        "run: found.names[0]?.name ?? '', without its right side",
      ],
      why: FOR_THE_TYPE,
    },
    {
      mutants: ['run: !used.has(one), always true'],
      why: 'what was found by its name stands in the program, so the question behind it says no',
    },
  ],
  'rules/lock-cycle/run.ts': [
    {
      mutants: ['run: !first, always false', 'listed: names.length < 2, always false'],
      why: 'a cycle has two steps at least',
    },
  ],
  'rules/lock-order/run.ts': [
    {
      mutants: ['run: messageId, always true', 'run: !messageId, always false'],
      why: 'each of the two tests does without the other',
    },
  ],
  'rules/lock-reentry/run.ts': [
    {
      mutants: [
        "run: violations.get(edge) ?? '', without its right side",
        'run: !messageId || again.some((other) => isOfOneCause(edge, other)), without its left side',
      ],
      why: FOR_THE_TYPE,
    },
  ],
  'rules/must-call/run.ts': [{ mutants: ['#others'], why: TRACE }],
  'rules/must-use/run.ts': [
    { mutants: ['report'], why: TRACE },
    { mutants: ['run: subjects.targets.length === 0, always false'], why: SPEED },
  ],
  'rules/mutate-while-iterating/run.ts': [
    {
      mutants: [
        'judge: change.at === change.node, always true',
        'judge: change.at === change.node, always false',
      ],
      why: TRACE,
    },
    { mutants: ['run: strict, always true', 'run: glance && !glance.mayChange, always false'], why: SPEED },
    {
      mutants: ["run: pass.program.text(file) ?? '', without its right side", 'run: tree, always true'],
      why: FOR_THE_TYPE,
    },
  ],
  'rules/no-bare-check/run.ts': [{ mutants: ['run: source, always true'], why: FOR_THE_TYPE }],
  'rules/require-dispatcher/run.ts': [{ mutants: ['relationStep'], why: TRACE }],
  'rules/tracked-promise/run.ts': [
    { mutants: ['callsAround: ts.isCallExpression(at.parent), always true'], why: SPEED },
    { mutants: ['run: pass.focus, always false', 'filesOf: focus, always false'], why: PROOF },
    {
      mutants: ['startedUnderLocks: watchers.callsUnder?.found() ?? [], without its right side'],
      why: FOR_THE_TYPE,
    },
  ],
  'src/analysis/lifecycle/started-work.ts': [
    {
      mutants: ["runsInPlace: memberName(skipParentheses(expression))?.text ?? '', without its right side"],
      why: FOR_THE_TYPE,
    },
  ],
  'src/analysis/must/trace.ts': [{ mutants: ['wayTrace', 'entryStep', 'nameOf'], why: TRACE }],
  'src/analysis/mutation/changes-inside.ts': [
    {
      mutants: [
        '#entering: leads(given.self), always true',
        '#entering: leads(to), always true',
        '#known: this.#flags.size > 0, always true',
        '#write: this.#flags.size > 0, always true',
        'leads',
      ],
      why: SPEED,
    },
    {
      mutants: ["#write: placeOf(access, around.naming, this.#tools) ?? '', without its right side"],
      why: FOR_THE_TYPE,
    },
  ],
  'src/analysis/mutation/key-origins.ts': [
    { mutants: ['ofPlace: !value || !this.#isMap(), without its right side'], why: SPEED },
  ],
};

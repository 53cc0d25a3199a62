import type { Span } from '../../engine/finding.ts';
import type { ReportStep } from '../../engine/rule.ts';
import type { Ts } from '../../syntax/ts.ts';
import type { CfgOwner } from '../cfg.ts';
import type { Context } from './contexts.ts';
import type { LockEngine } from './engine.ts';
import { functionName, nameNode } from './function-name.ts';
import { functionsMentioning } from './mentions.ts';
import type { Frame } from './stale-frames.ts';
import { type StaleDecision, StaleJudge, type TornSnapshot } from './stale-judge.ts';
import { type Graph, MAX_ACTIONS, StaleRun } from './stale-run.ts';
import { SectionNotes } from './stale-sections.ts';
import { allReadings, type Reading, type SectionHold } from './stale-values.ts';
import type { LockClass } from './values.ts';
import type { LockWatcher } from './watcher.ts';

/** Something was read under one acquisition of a lock, and another one goes by it as if it still were so. */
export interface StaleUse {
  readonly kind: 'decision' | 'snapshot';
  readonly lock: LockClass;
  /** What was read, as the code names it. */
  readonly what: string;
  /** For a snapshot, the other part of it. */
  readonly other: string;
  readonly at: Span;
  /** Both acquisitions, what is read and what is done. */
  readonly steps: readonly Moment[];
}

/** One step of a trace; the message of an acquisition is made where the locks have names. */
export type Moment = ReportStep | { readonly at: Span; readonly acquires: LockClass };

/** Functions that hand out what they have read under a lock are followed to their callers, and theirs, so far. */
const MAX_ROUNDS = 3;

/** A found use, and by what it is one with others. */
interface Found {
  readonly use: StaleUse;
  readonly cause: string;
}

/** Looks for what was read under one acquisition of a lock and is gone by under a later one. */
export class StaleWatcher extends SectionNotes implements LockWatcher {
  readonly #engine: LockEngine;
  readonly #graphs = new Map<CfgOwner, Graph>();
  readonly #cutOff = new Set<CfgOwner>();

  constructor(engine: LockEngine) {
    super();
    this.#engine = engine;
  }

  /** All that is certain, one for each cause. */
  found(): readonly StaleUse[] {
    const found = new Map<string, StaleUse>();
    const walked = new Set<CfgOwner>();
    const readers = new Map<CfgOwner, ReadonlySet<string>>();
    const writers = new Map<CfgOwner, ReadonlySet<string>>();
    const walk = (fn: CfgOwner, context: Context | undefined): void => {
      if (walked.has(fn)) return;
      walked.add(fn);
      const judge = new StaleJudge();
      const { code, reach } = this.#engine;
      const run = new StaleRun(code, this, judge, this.#graphs, (one) => reach.leads(one));
      const value = run.walk(fn, context);
      if (run.isCutOff && judge.hasRead) this.#cutOff.add(fn);
      const read = [...allReadings(value)].flatMap(({ holds }) => holds.map(({ cls }) => cls.id));
      if (read.length > 0) readers.set(fn, new Set(read));
      if (judge.writesUnder.size > 0) writers.set(fn, judge.writesUnder);
      for (const { use, cause } of this.#uses(judge)) {
        const known = found.get(cause);
        if (!known || isBefore(use, known)) found.set(cause, use);
      }
    };
    for (const [fn, contexts] of this.functions) {
      const outer = [...contexts].find(({ callers }) => callers.has('outside'));
      if (outer) walk(fn, outer);
    }
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const before = walked.size;
      for (const fn of this.#callersOf(readers, writers)) walk(fn, undefined);
      if (walked.size === before) break;
    }
    return [...found.values()];
  }

  /** Functions that read under a lock and could not be walked to their ends, once all is looked for. */
  unresolved(): readonly { readonly at: Span; readonly what: string }[] {
    return [...this.#cutOff].map((fn) => ({
      at: this.#engine.code.span(nameNode(fn)),
      what: `${functionName(fn)}, which runs through more than ${MAX_ACTIONS} actions`,
    }));
  }

  /** The functions that use what reads under a lock, and what reads or writes under the same one. */
  #callersOf(
    readers: ReadonlyMap<CfgOwner, ReadonlySet<string>>,
    writers: ReadonlyMap<CfgOwner, ReadonlySet<string>>,
  ): readonly CfgOwner[] {
    const { program } = this.#engine.code;
    const reading = namesByLock(readers);
    const touching = namesByLock(readers, writers);
    const callers = new Set<CfgOwner>();
    for (const [lock, names] of reading) {
      const others = touching.get(lock) ?? new Set();
      for (const file of program.filesNaming(names)) {
        const tree = program.tree(file);
        if (!tree) continue;
        const using = new Set(functionsMentioning(tree.source, others));
        for (const fn of functionsMentioning(tree.source, names)) if (using.has(fn)) callers.add(fn);
      }
    }
    return [...callers];
  }

  #uses(judge: StaleJudge): readonly Found[] {
    const decisions = [...judge.stale.values()].flat();
    const decided = new Set(decisions.map(({ reading }) => reading));
    const torn = [...judge.torn.values()].flat();
    return [
      ...decisions.map((decision) => this.#decision(decision)),
      // What is decided by two times and then done is reported where it is done.
      ...torn
        .filter(({ first, second }) => !decided.has(first) && !decided.has(second))
        .map((snapshot) => this.#snapshot(snapshot)),
    ];
  }

  #decision({ reading, before, place, node, after, frame }: StaleDecision): Found {
    const { code } = this.#engine;
    const common = commonFrame(reading.frame, frame);
    const depth = common.steps.length;
    const isHere = isInside(node, common.fn);
    const read = { at: code.span(reading.node), message: `reads ${reading.place.name} here` };
    const write = { at: code.span(node), message: `writes ${place.name} here, by what was read before` };
    return {
      cause: ['decision', entry(before, depth), entry(after, depth), after.cls.id].join('|'),
      use: {
        kind: 'decision',
        lock: after.cls,
        what: reading.place.name,
        other: place.name,
        at: isHere ? write.at : (frame.steps[depth]?.at ?? write.at),
        steps: [...section(before, reading.frame, read), ...section(after, frame, write)],
      },
    };
  }

  #snapshot({ first, before, second, after, node, isDecision }: TornSnapshot): Found {
    const { code } = this.#engine;
    const at = code.span(node);
    const { length: depth } = commonFrame(first.frame, second.frame).steps;
    const step = (reading: Reading): ReportStep => ({
      at: code.span(reading.node),
      message: `reads ${reading.place.name} here`,
    });
    return {
      cause: ['snapshot', ...[before, after].map((hold) => entry(hold, depth)).sort(), after.cls.id].join(
        '|',
      ),
      use: {
        kind: 'snapshot',
        lock: after.cls,
        what: first.place.name,
        other: second.place.name,
        at,
        steps: [
          ...section(before, first.frame, step(first)),
          ...section(after, second.frame, step(second)),
          { at, message: isDecision ? 'decides by both here' : 'puts both together here' },
        ],
      },
    };
  }
}

/** The names of functions, by the locks under which they do what they are in the list for. */
function namesByLock(
  ...lists: readonly ReadonlyMap<CfgOwner, ReadonlySet<string>>[]
): ReadonlyMap<string, ReadonlySet<string>> {
  const byLock = new Map<string, Set<string>>();
  for (const list of lists) {
    for (const [fn, locks] of list) {
      const name = functionName(fn).split('.').at(-1) ?? '';
      if (name === '' || name.startsWith('<') || name === 'constructor') continue;
      for (const lock of locks) byLock.set(lock, (byLock.get(lock) ?? new Set()).add(name));
    }
  }
  return byLock;
}

/** The innermost call that both are part of. */
function commonFrame(one: Frame, other: Frame): Frame {
  let common = one;
  while (common.parent && !other.key.startsWith(common.key)) common = common.parent;
  return common;
}

function isInside(node: Ts.Node, fn: Ts.Node): boolean {
  for (let at: Ts.Node | undefined = node; at; at = at.parent) if (at === fn) return true;
  return false;
}

/** Where a function so many calls down comes to an acquisition: by a call, or by itself. */
function entry({ steps, held }: SectionHold, depth: number): string {
  const { file, start } = steps[depth]?.at ?? held.at;
  return `${file}:${start}`;
}

/** From the start of a walk to an acquisition, and on to what is done under it. */
function section({ steps, cls, held }: SectionHold, frame: Frame, done: ReportStep): readonly Moment[] {
  const passed = new Set(steps.map(({ at }) => `${at.file}:${at.start}`));
  const onward = frame.steps.filter(({ at }) => !passed.has(`${at.file}:${at.start}`));
  return [...steps, { at: held.at, acquires: cls }, ...onward, done];
}

/** Of several with one cause, the first one is told, by the shortest way. */
function isBefore(a: StaleUse, b: StaleUse): boolean {
  if (a.steps.length !== b.steps.length) return a.steps.length < b.steps.length;
  return a.at.file === b.at.file ? a.at.start < b.at.start : a.at.file < b.at.file;
}

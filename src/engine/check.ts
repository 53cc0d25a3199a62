import { existsSync } from 'node:fs';
import path from 'node:path';
import { builtinRules } from '../../rules/index.ts';
import { loadConfig } from '../config/load.ts';
import {
  EXPECT_NO_SITES,
  INTEGRITY,
  type ResolvedRule,
  type RuleSet,
  resolveRules,
} from '../config/rules.ts';
import type { Config, UserConfig } from '../config/types.ts';
import { chosenByHand, startCompiler } from '../oracle/open.ts';
import type { Compiler } from '../oracle/oracle.ts';
import { GateError, isStackOverflow, TooDeepError } from './error.ts';
import type { CheckResult, RuleStats, Span } from './finding.ts';
import type { integrityMessages } from './integrity.ts';
import { packageVersion } from './package.ts';
import { ProgramHost } from './program-host.ts';
import { type Found, renderFindings } from './render.ts';
import type { Analysis, AnalysisContext, AnyRule, Pass, Report } from './rule.ts';
import { resolveScope, type Scope } from './scope.ts';
import {
  applySuppressions,
  type Hatch,
  readDirectives,
  type Suppression,
  unusedHatches,
} from './suppressions.ts';
import { SourceTexts } from './texts.ts';

/** What `check()` and the command line ask of the engine. */
export interface CheckOptions {
  /** Default: the process's working directory. */
  readonly cwd?: string;
  /**
   * Report only what touches these files or directories, and what is wrong with the config. The analysis still sees the
   * whole program.
   */
  readonly paths?: readonly string[];
  /** Files that make up the whole program, in place of those that the config and the tsconfig choose. */
  readonly files?: readonly string[];
  /** A config file; `false` for none; absent to search upwards. */
  readonly config?: string | false;
  /** A config that is not in a file; then `config` is not looked at. */
  readonly inlineConfig?: UserConfig;
  /** What the patterns of `inlineConfig` are relative to; default: `cwd`. */
  readonly configRoot?: string;
  readonly tsconfig?: string;
  /** Run exactly these rules, at severity `error`. */
  readonly rules?: readonly string[];
  /**
   * Report only what touches these files (absolute), and what is wrong with the config. The analysis still sees the
   * whole program.
   */
  readonly changedFiles?: readonly string[];
  /** What cannot be resolved is an error, too. */
  readonly strict?: boolean;
  /** Text that replaces what is on disk, by absolute path; `null` for a file that is not there. */
  readonly overlay?: ReadonlyMap<string, string | null>;
  /** Rules beside the built-in ones. */
  readonly extraRules?: readonly AnyRule[];
  /** A compiler to work with, for many runs one after another; the caller closes it. */
  readonly compiler?: Compiler;
}

/**
 * Analyses the project.
 *
 * @throws {GateError} for what the user can mend: a bad config, a wrong path, nothing in scope
 */
export async function check(options: CheckOptions = {}): Promise<CheckResult> {
  const run = new CheckRun(options);
  try {
    return await run.run();
  } catch (error) {
    throw isStackOverflow(error) ? new TooDeepError('some code in scope', error) : error;
  } finally {
    run.close();
  }
}

/** What a run looks at, once it is known. */
interface Prepared {
  readonly config: Config;
  readonly rules: RuleSet;
  readonly scope: Scope;
  readonly texts: SourceTexts;
  readonly program: ProgramHost;
  readonly context: AnalysisContext;
}

/** Other texts for some files of a program that was looked at before, and what is asked about them. */
export interface Change {
  /** By absolute path; only files of the program. */
  readonly overlay: ReadonlyMap<string, string>;
  /** Run exactly these rules, with the options that the config gives them. */
  readonly rules: readonly string[];
  /** Where findings are asked for; absent for all of the program. */
  readonly focus?: readonly Span[];
}

/** A run stands alone, or is the first of several on one program, or looks at it again after a change. */
type Role = 'alone' | 'base' | { readonly base: CheckRun; readonly change: Change };

/** One run of the gate. */
export class CheckRun {
  readonly #options: CheckOptions;
  readonly #role: Role;
  /** The change that is looked at just now, for the compiler to read. */
  #change: Change | undefined;
  readonly #cwd: string;
  readonly #started = performance.now();
  readonly #sites = new Map<string, readonly Span[]>();
  readonly #phases: { name: string; ms: number }[] = [];
  readonly #found: Found[] = [];
  #silenced: readonly Found[] = [];
  readonly #unresolved = new Map<string, { at: Report['at']; message: string }>();
  readonly #heeded = new Set<string>();
  #compiler: Promise<Compiler> | undefined;
  #opened: Compiler | undefined;
  #prepared: Promise<Prepared> | undefined;

  constructor(options: CheckOptions, role: Role = 'alone') {
    this.#options = options;
    this.#role = role;
    this.#cwd = path.resolve(options.cwd ?? process.cwd());
  }

  /** A run on the same program with a change: one after the other. This one must be a base, and stay open. */
  after(change: Change): CheckRun {
    return new CheckRun(this.#options, { base: this, change });
  }

  /** Finds out what there is to look at. */
  prepare(): Promise<Prepared> {
    this.#prepared ??= typeof this.#role === 'object' ? this.#prepareAgain(this.#role) : this.#prepare();
    return this.#prepared;
  }

  /** What the rules that run find, without what comments silence, and what the gate says itself. */
  async find(): Promise<readonly Found[]> {
    const { rules, texts, program } = await this.prepare();
    await this.#phase('analyse', () => this.#runRules());
    this.#judgeFiles(program, texts);
    return (await this.#suppress(program, rules)).kept;
  }

  /** What each rule that has run examined, by id. */
  get sites(): ReadonlyMap<string, readonly Span[]> {
    return this.#sites;
  }

  /** What comments silence of what the rules have found. */
  get silenced(): readonly Found[] {
    return this.#silenced;
  }

  async run(): Promise<CheckResult> {
    const cwd = this.#cwd;
    const { config, rules, scope, texts, program } = await this.prepare();
    const stats = await this.#phase('analyse', () => this.#runRules());
    this.#judgeFiles(program, texts);
    if (this.#options.strict) this.#judgeUnresolved();
    const { kept, suppressed } = await this.#suppress(program, rules);
    return this.#phase('report', () =>
      renderFindings({
        program,
        rules,
        found: kept,
        suppressed,
        within: [this.#options.changedFiles, scope.named].filter((files) => files !== undefined),
        configFile: configSpan(config, cwd).file,
        unresolved: [...this.#unresolved.values()],
        stats,
        phases: this.#phases,
        version: packageVersion(),
        durationMs: Math.round(performance.now() - this.#started),
      }),
    );
  }

  close(): void {
    this.#opened?.close();
  }

  async #prepare(): Promise<Prepared> {
    const cwd = this.#cwd;
    if (!existsSync(cwd)) {
      throw new GateError(`the directory ${cwd} does not exist`, 'correct the path given with --cwd');
    }
    // A wrong choice is told even when there turns out to be nothing to ask a compiler.
    chosenByHand();
    const { inlineConfig, configRoot, extraRules = [], tsconfig, paths = [], overlay } = this.#options;
    const { files: only } = this.#options;
    const config = await this.#phase('config', () =>
      loadConfig({ cwd, config: this.#options.config, inlineConfig, configRoot }),
    );
    const all = [...builtinRules, ...config.customRules, ...extraRules];
    const rules = await resolveRules(config, all, this.#options.rules);
    const scope = await this.#phase('scope', () =>
      resolveScope({ cwd, config, tsconfig, paths, only, overlay }, () => this.#startCompiler()),
    );
    for (const pattern of scope.unmatched) {
      this.#integrity('noFiles', configSpan(config, cwd), { what: `include: '${pattern}'` });
    }
    for (const { key, pattern } of rules.unmatchedOverrides(scope.files)) {
      this.#integrity('noFiles', configSpan(config, cwd), { what: `${key}: '${pattern}'` });
    }
    const texts = new SourceTexts(overlay);
    const program = new ProgramHost({
      cwd,
      files: scope.files,
      projects: scope.projects,
      texts,
      compiler: () => this.#startCompiler(),
      isWhole: this.#role === 'base',
    });
    return { config, rules, scope, texts, program, context: this.#context(program, config, rules) };
  }

  async #prepareAgain({ base, change }: Exclude<Role, string>): Promise<Prepared> {
    const before = await base.prepare();
    base.#change = change;
    const { config, scope } = before;
    const changed = [...change.overlay.keys()];
    const texts = new SourceTexts(change.overlay, before.texts);
    const program = new ProgramHost({
      cwd: this.#cwd,
      files: scope.files,
      projects: scope.projects,
      texts,
      compiler: () => base.#startCompiler(),
      base: { host: before.program, changed },
    });
    const all = [...builtinRules, ...config.customRules, ...(this.#options.extraRules ?? [])];
    const rules = await resolveRules(config, all, change.rules);
    const context: AnalysisContext = {
      ...this.#context(program, config, rules),
      earlier: { context: before.context, changed: new Set(changed) },
      ...(change.focus ? { focus: change.focus } : {}),
    };
    return { config, rules, scope, texts, program, context };
  }

  #startCompiler(): Promise<Compiler> {
    const { overlay, compiler: shared } = this.#options;
    if (shared) return Promise.resolve(shared);
    const isOverlaid = this.#role === 'base' || (overlay !== undefined && overlay.size > 0);
    this.#compiler ??= startCompiler({
      cwd: this.#cwd,
      overlay: isOverlaid ? (file) => this.#change?.overlay.get(file) ?? overlay?.get(file) : undefined,
    }).then((compiler) => {
      this.#opened = compiler;
      return compiler;
    });
    return this.#compiler;
  }

  #context(program: ProgramHost, config: Config, rules: RuleSet): AnalysisContext {
    const analyses = new Map<Analysis<unknown>, Promise<unknown>>();
    const context: AnalysisContext = {
      program,
      root: config.root,
      locks: config.locks,
      rules: new Set(rules.rules.map(({ rule }) => rule.id)),
      use: async <T>(analysis: Analysis<T>): Promise<T> => {
        let result = analyses.get(analysis);
        if (!result) {
          result = Promise.resolve(analysis.compute((await this.prepare()).context));
          analyses.set(analysis, result);
        }
        return (await result) as T;
      },
      unresolved: (at, message) => {
        this.#unresolved.set(`${at.file}:${at.start}:${message}`, { at, message });
      },
    };
    return context;
  }

  async #runRules(): Promise<RuleStats[]> {
    const { program, config, rules } = await this.prepare();
    const stats: RuleStats[] = [];
    for (const resolved of rules.rules) stats.push(await this.#runRule(resolved, { program, config, rules }));
    return stats;
  }

  async #runRule(
    { rule, options, configured, expectNoSites }: ResolvedRule,
    { program, config, rules }: RunParts,
  ): Promise<RuleStats> {
    const started = performance.now();
    const { context } = await this.prepare();
    const sites = new Map<string, Span>();
    const before = this.#found.length;
    const place = configSpan(config, this.#cwd);
    const pass: Pass = {
      ...context,
      options,
      configured,
      site: (at) => sites.set(placeOf(at), at),
      report: (report) => this.#found.push({ ...report, ruleId: rule.id }),
      unknownName: (where, name, candidates, at = place) => {
        const hint = candidates.length > 0 ? `; did you mean ${candidates.join(' or ')}?` : '';
        this.#integrity('unknownName', at, { where, name, candidates: hint });
      },
      ambiguousName: (where, name, candidates, at = place) =>
        this.#integrity('ambiguousName', at, { where, name, candidates: candidates.join(' or ') }),
      stale: (message, help) => this.#integrity('staleEntry', place, { message, help }),
      misplaced: (report) => {
        // Where the rule is off, nobody looks at what it is told.
        if (rules.severityFor(report.at.file, rule.id) === 'off') return;
        this.#found.push({ ...report, ruleId: INTEGRITY });
      },
      heeded: (hatch) => this.#heeded.add(placeOf(hatch)),
    };
    const { words, ignoreCase, files } = rule.relevance(options, config.locks);
    if (program.filesWith(words, ignoreCase).length > 0 || (files?.(program).length ?? 0) > 0) {
      await program.open();
      await rule.run(pass);
    } else {
      rule.idle?.(pass);
    }
    this.#sites.set(rule.id, [...sites.values()]);
    if (configured && expectNoSites === undefined && sites.size === 0) {
      this.#integrity('noSites', place, { rule: rule.id });
    }
    if (configured && expectNoSites !== undefined && sites.size > 0) {
      const message = `${EXPECT_NO_SITES} of ${rule.id} says that there is nothing to examine, and there is`;
      this.#integrity('staleEntry', place, { message, help: `remove ${EXPECT_NO_SITES}` });
    }
    return {
      ruleId: rule.id,
      sites: sites.size,
      findings: this.#found.length - before,
      ms: performance.now() - started,
    };
  }

  /** What the gate could not see. */
  #judgeFiles(program: ProgramHost, texts: SourceTexts): void {
    for (const { file, detail } of texts.problems) {
      if (!program.files.includes(file)) continue;
      this.#integrity('unreadableFile', { file, start: 0, end: 0 }, { detail });
    }
    const inScope = new Set(program.files);
    for (const { file, problems } of program.parsed) {
      const [first] = problems;
      if (!first || !inScope.has(file)) continue;
      this.#integrity(
        'syntaxError',
        { file, start: first.start, end: first.start },
        { detail: first.message },
      );
    }
  }

  #judgeUnresolved(): void {
    for (const { at, message } of this.#unresolved.values())
      this.#integrity('unresolved', at, { what: message });
  }

  async #suppress(program: ProgramHost, rules: RuleSet) {
    const suppressions: Suppression[] = [];
    const hatches: Hatch[] = [];
    const all = program.filesWith(['ws-gate']);
    // What has not changed was read before.
    const commented = typeof this.#role === 'object' ? all.filter((file) => this.#isChanged(file)) : all;
    if (commented.length > 0) await program.openSyntax();
    for (const file of commented) {
      const tree = program.tree(file);
      if (!tree) continue;
      const directives = readDirectives({ file, text: tree.text, comments: tree.comments });
      suppressions.push(...directives.suppressions);
      hatches.push(...directives.hatches);
      for (const report of directives.reports) this.#found.push({ ...report, ruleId: INTEGRITY });
    }
    const active = new Map(rules.rules.map(({ rule }) => [rule.id, rule]));
    const ran = (ruleId: string, file: string): boolean =>
      active.has(ruleId) && rules.severityFor(file, ruleId) !== 'off';
    const reportable = this.#found.filter(({ ruleId, at }) => rules.severityFor(at.file, ruleId) !== 'off');
    const result = applySuppressions({
      findings: reportable,
      suppressions,
      known: rules.known,
      ran,
    });
    const unused = unusedHatches({
      hatches,
      ran: (name, file) =>
        [...active].some(([id, { hatches = [] }]) => hatches.includes(name) && ran(id, file)),
      isHeeded: (hatch) => this.#heeded.has(placeOf(hatch)),
    });
    this.#silenced = result.suppressed.map(({ finding }) => finding);
    const added = [...result.reports, ...unused].map((report) => ({ ...report, ruleId: INTEGRITY }));
    return { kept: [...result.kept, ...added], suppressed: result.suppressed };
  }

  #isChanged(file: string): boolean {
    return typeof this.#role === 'object' && this.#role.change.overlay.has(file);
  }

  #integrity(
    messageId: keyof typeof integrityMessages,
    at: Report['at'],
    data: Readonly<Record<string, string>>,
  ): void {
    this.#found.push({ ruleId: INTEGRITY, messageId, at, data });
  }

  async #phase<T>(name: string, work: () => T | Promise<T>): Promise<T> {
    const started = performance.now();
    try {
      return await work();
    } finally {
      this.#phases.push({ name, ms: performance.now() - started });
    }
  }
}

interface RunParts {
  readonly program: ProgramHost;
  readonly config: Config;
  readonly rules: RuleSet;
}

function placeOf({ file, start }: Report['at']): string {
  return `${file}:${start}`;
}

/** Findings about the config are reported at its head. */
function configSpan(config: Config, cwd: string): Report['at'] {
  return { file: config.file ?? path.join(cwd, 'ws-gate.config.ts'), start: 0, end: 0 };
}

import path from 'node:path';
import type { z } from 'zod';
import { GateError } from '../engine/error.ts';
import type { Severity } from '../engine/finding.ts';
import type { AnyRule } from '../engine/rule.ts';
import { didYouMean } from '../engine/suggest.ts';
import { describeIssues } from './schema.ts';
import type { Config, RuleSetting, SeveritySetting } from './types.ts';

/** A rule of a run, with what the config says about it. */
export interface ResolvedRule {
  readonly rule: AnyRule;
  /** Outside of any override; `off` for a rule that only overrides turn on. */
  readonly severity: SeveritySetting;
  /** Checked against the schema of the rule. */
  readonly options: unknown;
  /** Whether the config names the rule, so that it must find something to examine. */
  readonly configured: boolean;
  /** Why the config expects that it finds nothing. */
  readonly expectNoSites: string | undefined;
}

/** The rules of a run. */
export interface RuleSet {
  /** The ids of all rules there are, whether they run or not. */
  readonly known: ReadonlySet<string>;
  /** The rules that report anywhere, in the order of the registry. */
  readonly rules: readonly ResolvedRule[];
  /**
   * What a finding of a rule counts for in a file.
   *
   * @param file absolute
   */
  severityFor(file: string, ruleId: string): SeveritySetting;
  /**
   * The patterns of overrides that match none of these files: an override that applies to nothing is a slip.
   *
   * @param files absolute
   */
  unmatchedOverrides(files: readonly string[]): readonly UnmatchedPattern[];
}

/** A pattern of an override, and the key it stands under: `overrides[0].files`. */
export interface UnmatchedPattern {
  readonly key: string;
  readonly pattern: string;
}

/** The rule that the engine itself reports as. It is always on, and always an error. */
export const INTEGRITY = 'gate-integrity';

/**
 * Decides which rules run, how severe they are where, and with which options.
 *
 * @param only run exactly these, as errors everywhere, also where the config has them off
 * @throws {GateError} for an unknown rule, invalid options, or two rules of one id
 */
export async function resolveRules(
  config: Config,
  allRules: readonly AnyRule[],
  only?: readonly string[],
): Promise<RuleSet> {
  const where = config.file === undefined ? 'the config' : path.basename(config.file);
  const registry = indexRules(allRules);
  assertKnown(Object.keys(config.rules), registry, `${where}: rules`);
  config.overrides.forEach((override, index) => {
    assertKnown(Object.keys(override.rules), registry, `${where}: overrides[${index}].rules`);
    for (const [id, setting] of Object.entries(override.rules))
      assertNoOptions(id, setting, `${where}: overrides[${index}]`);
  });
  assertIntegrityStays(config, where);
  if (only) assertKnown(only, registry, '--rule');
  if (only?.includes(INTEGRITY)) {
    throw new GateError(
      `--rule cannot select ${INTEGRITY}`,
      'leave it out: it watches over every run by itself',
    );
  }

  const turnedOn = new Set(
    config.overrides.flatMap(({ rules }) =>
      Object.entries(rules).flatMap(([id, setting]) => (severityOf(setting) === 'off' ? [] : [id])),
    ),
  );
  const rules: ResolvedRule[] = [];
  for (const rule of registry.values()) {
    if (rule.id === INTEGRITY) continue;
    const setting = config.rules[rule.id];
    const severity: SeveritySetting = only ? 'error' : severityOf(setting ?? rule.defaultSeverity);
    const runs = only ? only.includes(rule.id) : severity !== 'off' || turnedOn.has(rule.id);
    if (!runs) continue;
    const named = setting !== undefined && severityOf(setting) !== 'off';
    const configured = named || turnedOn.has(rule.id);
    const { own, expectNoSites } = await parseOptions(rule, setting, where);
    const isAsked = configured || only !== undefined;
    const given = isAsked ? rule.defaultOptions : (rule.unaskedOptions ?? rule.defaultOptions);
    rules.push({ rule, severity, options: own ?? given, configured, expectNoSites });
  }

  const overrides = await compileOverrides(config);
  const base = new Map(rules.map(({ rule, severity }) => [rule.id, severity]));
  return {
    known: new Set([...registry.keys(), INTEGRITY]),
    rules,
    severityFor(file, ruleId) {
      if (ruleId === INTEGRITY) return 'error';
      let severity = base.get(ruleId) ?? 'off';
      if (only) return severity;
      for (const { rules: settings, patterns } of overrides) {
        const setting = settings[ruleId];
        if (setting !== undefined && patterns.some(({ matches }) => matches(file)))
          severity = severityOf(setting);
      }
      return severity;
    },
    unmatchedOverrides: (files) =>
      overrides.flatMap(({ patterns }, index) =>
        patterns
          .filter(({ matches }) => !files.some(matches))
          .map(({ pattern }) => ({ key: `overrides[${index}].files`, pattern })),
      ),
  };
}

interface CompiledOverride {
  readonly rules: Readonly<Record<string, RuleSetting>>;
  readonly patterns: readonly { readonly pattern: string; matches(file: string): boolean }[];
}

async function compileOverrides({ overrides, root }: Config): Promise<CompiledOverride[]> {
  if (overrides.length === 0) return [];
  const { default: picomatch } = await import('picomatch');
  const relative = (file: string): string => path.relative(root, file).split(path.sep).join('/');
  return overrides.map(({ files, rules }) => ({
    rules,
    patterns: files.map((pattern) => {
      const isMatch = picomatch(pattern, { dot: true });
      return { pattern, matches: (file) => isMatch(relative(file)) };
    }),
  }));
}

function indexRules(allRules: readonly AnyRule[]): ReadonlyMap<string, AnyRule> {
  const registry = new Map<string, AnyRule>();
  for (const rule of allRules) {
    assertRuleId(rule.id);
    if (registry.has(rule.id)) {
      throw new GateError(`two rules have the id "${rule.id}"`, 'rename the custom rule');
    }
    registry.set(rule.id, rule);
  }
  return registry;
}

/** @throws {GateError} for what cannot be the id of a rule */
export function assertRuleId(id: string): void {
  if (/^[a-z][a-z\d]*(?:-[a-z\d]+)*$/.test(id)) return;
  throw new GateError(`"${id}" is not a rule id`, 'use lower case words joined by hyphens');
}

function assertKnown(ids: readonly string[], registry: ReadonlyMap<string, AnyRule>, where: string): void {
  const unknown = ids.filter((id) => id !== INTEGRITY && !registry.has(id));
  if (unknown.length === 0) return;
  throw new GateError(
    unknown
      .map((id) => `${where}: unknown rule "${id}"${didYouMean(id, [...registry.keys(), INTEGRITY])}`)
      .join('\n'),
    'run `ws-gate rules` for the list of rules',
  );
}

/** A rule sees the whole program in one run, so its options cannot depend on the file. */
function assertNoOptions(id: string, setting: RuleSetting, where: string): void {
  if (typeof setting === 'string' || setting.length < 2) return;
  throw new GateError(
    `${where} gives options to ${id}`,
    `an override changes severities only: move the options to rules["${id}"]`,
  );
}

function assertIntegrityStays({ rules, overrides }: Config, where: string): void {
  const settings = [rules, ...overrides.map((override) => override.rules)].map((entry) => entry[INTEGRITY]);
  if (settings.every((setting) => setting === undefined || severityOf(setting) === 'error')) return;
  throw new GateError(`${where} lowers the severity of ${INTEGRITY}`, 'remove the entry', {
    why: 'it reports that the gate cannot see, and a gate that cannot see must not pass',
  });
}

async function parseOptions(
  rule: AnyRule,
  setting: RuleSetting | undefined,
  where: string,
): Promise<{ readonly own: unknown; readonly expectNoSites: string | undefined }> {
  const { own, expectNoSites } = splitOptions(typeof setting === 'object' ? setting[1] : undefined);
  if (expectNoSites !== undefined && !isReason(expectNoSites)) {
    throw new GateError(
      `${where}: ${EXPECT_NO_SITES} of ${rule.id} gives no reason`,
      `write why ${rule.id} finds nothing to examine, as a text`,
    );
  }
  return { own: own === undefined ? undefined : await parseOwnOptions(rule, own, where), expectNoSites };
}

/** The key that stands beside the options of any rule, and is the engine's. */
export const EXPECT_NO_SITES = 'expectNoSites';

/** Takes the key of the engine out of what a config gives a rule. */
function splitOptions(given: unknown): { readonly own: unknown; readonly expectNoSites?: unknown } {
  if (typeof given !== 'object' || given === null || !Object.hasOwn(given, EXPECT_NO_SITES))
    return { own: given };
  const { [EXPECT_NO_SITES]: expectNoSites, ...own } = given as Readonly<Record<string, unknown>>;
  return { own: Object.keys(own).length > 0 ? own : undefined, expectNoSites };
}

function isReason(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

async function parseOwnOptions(rule: AnyRule, given: unknown, where: string): Promise<unknown> {
  const { z } = await import('zod');
  const schema = optionsSchema(rule, z);
  if (!schema) {
    throw new GateError(
      `${where}: ${rule.id} takes no options`,
      `set rules["${rule.id}"] to a severity alone`,
    );
  }
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new GateError(
    `${where}: the options of ${rule.id} are not valid`,
    `run \`ws-gate explain ${rule.id}\` for its options`,
    { why: describeIssues(parsed.error, schema).join('\n') },
  );
}

/** The schema of a rule's options, also the source of their JSON Schema. Undefined for a rule that takes none. */
export function optionsSchema(rule: AnyRule, zod: typeof z): z.ZodType | undefined {
  const declared = rule.options?.(zod);
  // An unknown key in the options is a misspelt one: stripping it would drop what the user asked for.
  return declared instanceof zod.ZodObject && !declared.def.catchall ? declared.strict() : declared;
}

function severityOf(setting: RuleSetting | Severity): SeveritySetting {
  return typeof setting === 'string' ? setting : setting[0];
}

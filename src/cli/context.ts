import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { GateError } from '../engine/error.ts';
import { packageRoot } from '../engine/package.ts';
import type { AnyRule } from '../engine/rule.ts';
import type { RuleInfo } from '../report/reporter.ts';
import type { FlagValues } from './args.ts';
import type { ColorFlag } from './terminal.ts';

/** The directory that a command works in. Absolute. */
export function workingDirectory(flags: FlagValues): string {
  const given = flags.value('cwd');
  if (given === undefined) return process.cwd();
  const cwd = path.resolve(given);
  if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) return cwd;
  throw new GateError(`--cwd ${given} is not a directory`, 'name a directory that exists');
}

/** What `--config` and `--no-config` say, in the form that the engine takes. */
export function configChoice(flags: FlagValues): { readonly config?: string | false } {
  const file = flags.value('config');
  if (flags.has('no-config')) {
    if (file === undefined) return { config: false };
    throw new GateError('--config and --no-config contradict each other', 'give one of them');
  }
  return file === undefined ? {} : { config: file };
}

export function colorFlag(flags: FlagValues): ColorFlag {
  if (flags.has('color') && flags.has('no-color')) {
    throw new GateError('--color and --no-color contradict each other', 'give one of them');
  }
  return flags.has('color') ? 'on' : flags.has('no-color') ? 'off' : undefined;
}

export function assertNoArguments(command: string, positionals: readonly string[]): void {
  if (positionals.length === 0) return;
  throw new GateError(
    `${command} takes no arguments: ${positionals.join(' ')}`,
    `run \`ws-gate ${command} --help\``,
  );
}

/** The Markdown page of a built-in rule. */
export function rulePage(id: string): string | undefined {
  const file = path.join(packageRoot, 'rules', id, 'rule.md');
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** What reporters are told about a rule. */
export function ruleInfo(rule: AnyRule): RuleInfo {
  const { id, summary, defaultSeverity, messages } = rule;
  return {
    id,
    summary,
    defaultSeverity,
    messages,
    page: rulePage(id),
    ...(rule.options ? { options: (zod) => rule.options?.(zod) ?? zod.unknown() } : {}),
  };
}

/** The `name` of the package in a directory. */
export function packageNameIn(cwd: string): string | undefined {
  try {
    const manifest: unknown = JSON.parse(readFileSync(path.join(cwd, 'package.json'), 'utf8'));
    const name = (manifest as { readonly name?: unknown } | null)?.name;
    return typeof name === 'string' ? name : undefined;
  } catch {
    // No manifest, or none that can be read: the report then goes without a name.
    return undefined;
  }
}

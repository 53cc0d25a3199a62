import { GateError } from '../../engine/error.ts';
import { didYouMean } from '../../engine/suggest.ts';
import type { Colors, RuleInfo } from '../../report/reporter.ts';
import type { CommandLine } from '../args.ts';
import { colorFlag } from '../context.ts';
import type { Outcome } from '../main.ts';
import { allRuleInfos } from '../registry.ts';
import { colorsFor, type Terminal } from '../terminal.ts';

/** `ws-gate explain <rule>`: the page of a rule, or what its metadata tells when it has none. */
export async function explainCommand(
  { flags, positionals }: CommandLine,
  terminal: Terminal,
): Promise<Outcome> {
  const [id, ...rest] = positionals;
  if (id === undefined || rest.length > 0) {
    throw new GateError('explain takes the id of one rule', 'run `ws-gate rules` for the list of rules');
  }
  const rules = await allRuleInfos(flags);
  const rule = rules.find((candidate) => candidate.id === id);
  if (!rule) {
    const hint = didYouMean(
      id,
      rules.map((candidate) => candidate.id),
    );
    throw new GateError(`unknown rule "${id}"${hint}`, 'run `ws-gate rules` for the list of rules');
  }
  const colors = colorsFor(terminal.stdout, terminal, colorFlag(flags));
  terminal.stdout.write(highlight(rule.page ?? (await pageFromMetadata(rule)), colors));
  return 'clean';
}

async function pageFromMetadata({ id, summary, messages, options }: RuleInfo): Promise<string> {
  const sections = Object.entries(messages).map(
    ([messageId, { message, why, help }]) =>
      `## ${messageId}\n\n- What: ${message}\n- Why: ${why}\n- What to do: ${help}\n`,
  );
  return [`# ${id}\n\n${summary}\n`, ...sections, ...(await optionsSection(options))].join('\n');
}

/** The options by name, with what their schema says of them. */
async function optionsSection(options: RuleInfo['options']): Promise<readonly string[]> {
  if (!options) return [];
  const { z } = await import('zod');
  const schema = z.toJSONSchema(options(z), { io: 'input', unrepresentable: 'any' });
  const { properties = {}, required = [] } = schema;
  const lines = Object.entries(properties).map(([name, property]) => {
    const description = typeof property === 'object' ? property.description : undefined;
    const about = [...(required.includes(name) ? ['required'] : []), ...(description ? [description] : [])];
    return `- \`${name}\`${about.length > 0 ? `: ${about.join('; ')}` : ''}\n`;
  });
  return lines.length > 0 ? [`## Options\n\n${lines.join('')}`] : [];
}

/** Headings stand out; the rest is readable as it is. */
function highlight(markdown: string, colors: Colors): string {
  let isCode = false;
  const lines = markdown.trimEnd().split(/\r?\n/);
  const painted = lines.map((line) => {
    if (line.startsWith('```')) {
      isCode = !isCode;
      return colors.dim(line);
    }
    if (isCode) return colors.cyan(line);
    return line.startsWith('#') ? colors.bold(line) : line;
  });
  return `${painted.join('\n')}\n`;
}

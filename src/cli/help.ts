import { type CommandName, type Flag, flags, flagsOf } from './flags.ts';

/** The help of a command, or of the program. */
export function helpText(command: CommandName | undefined): string {
  if (command !== undefined) {
    const { usage, text } = COMMANDS[command];
    return `${text}\n\nUsage: ${usage}\n\n${describeFlags(flagsOf(command))}\n${EXIT_CODES}`;
  }
  const width = Math.max(...Object.values(COMMANDS).map(({ usage }) => usage.length));
  const commands = Object.values(COMMANDS).map(({ usage, text }) => `  ${usage.padEnd(width)}  ${text}`);
  const common = flags.filter((flag) => flag.commands === undefined);
  return `A gate for async TypeScript: lock order, idempotent inserts, dispatchers.\n\nUsage:\n${commands.join('\n')}\n\n${describeFlags(common)}\n${EXIT_CODES}`;
}

const COMMANDS: Readonly<Record<CommandName, { readonly usage: string; readonly text: string }>> = {
  check: {
    usage: 'ws-gate check [paths…]',
    text: 'Analyse the project, and report findings: all, or those that touch the paths.',
  },
  prove: {
    usage: 'ws-gate prove',
    text: 'Break the code in memory, one place at a time, and show that the rules notice.',
  },
  explain: { usage: 'ws-gate explain <rule>', text: 'Print the page of a rule.' },
  rules: { usage: 'ws-gate rules', text: 'List all rules, one line each.' },
  test: { usage: 'ws-gate test [dir]', text: 'Run the fixtures of rules (default: fixtures).' },
  new: {
    usage: 'ws-gate new rule <id>',
    text: 'Write a rule of your own to begin with, and its fixtures.',
  },
  manager: {
    usage: 'ws-gate manager',
    text: 'Start the reference workspace manager. docs/manager.md has its settings.',
  },
};

const EXIT_CODES = 'Exit codes: 0 clean, 1 findings, 2 the gate could not do its job.\n';

function describeFlags(shown: readonly Flag[]): string {
  const heads = shown.map(({ name, short, value }) => {
    const long = value === undefined ? `--${name}` : `--${name} ${value}`;
    return short === undefined ? `    ${long}` : `-${short}, ${long}`;
  });
  const width = Math.max(...heads.map((head) => head.length));
  return `Flags:\n${shown.map(({ text }, index) => `  ${(heads[index] ?? '').padEnd(width)}  ${text}\n`).join('')}`;
}

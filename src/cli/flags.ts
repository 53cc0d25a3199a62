/** The flags of the command line: the one table that parsing, checking and the help texts are made from. */

export const commandNames = ['check', 'prove', 'explain', 'rules', 'test', 'new', 'manager'] as const;

export type CommandName = (typeof commandNames)[number];

export interface Flag {
  readonly name: string;
  readonly short?: string;
  /** What the value stands for in the help; absent for a switch. */
  readonly value?: string;
  readonly repeatable?: true;
  /** The commands that take the flag; absent for all. */
  readonly commands?: readonly CommandName[];
  readonly text: string;
}

export const flags: readonly Flag[] = [
  {
    name: 'config',
    short: 'c',
    value: 'FILE',
    commands: ['check', 'prove', 'rules', 'explain', 'test', 'new'],
    text: 'use this config',
  },
  { name: 'no-config', commands: ['check', 'prove', 'rules', 'explain', 'test'], text: 'use no config' },
  { name: 'tsconfig', value: 'FILE', commands: ['check', 'prove'], text: 'take the files of this tsconfig' },
  {
    name: 'rule',
    value: 'ID',
    repeatable: true,
    commands: ['check', 'test'],
    text: 'run exactly these rules, as errors (repeatable)',
  },
  {
    name: 'rule',
    value: 'ID',
    repeatable: true,
    commands: ['prove'],
    text: 'prove these rules only (repeatable)',
  },
  {
    name: 'format',
    short: 'f',
    value: 'NAME[=FILE]',
    repeatable: true,
    commands: ['check'],
    text: 'pretty, json, sarif, github or compact, to a file if one is named (repeatable)',
  },
  {
    name: 'format',
    short: 'f',
    value: 'NAME',
    commands: ['prove'],
    text: 'pretty, or json: the schema of mutation testing reports',
  },
  {
    name: 'full',
    commands: ['prove'],
    text: 'look at the whole program for each mutant, and not only near it: slow',
  },
  {
    name: 'output-file',
    short: 'o',
    value: 'FILE',
    commands: ['check', 'prove'],
    text: 'write the report to a file',
  },
  { name: 'changed', commands: ['check'], text: 'report only what touches uncommitted files' },
  {
    name: 'since',
    value: 'REF',
    commands: ['check'],
    text: 'with --changed: what touches files changed since the merge base with REF',
  },
  {
    name: 'staged',
    commands: ['check'],
    text: 'check what is staged, and report only what touches staged files',
  },
  { name: 'max-warnings', value: 'N', commands: ['check'], text: 'exit with 1 when there are more warnings' },
  { name: 'strict', commands: ['check'], text: 'take what could not be resolved for an error' },
  { name: 'quiet', commands: ['check'], text: 'report errors only' },
  { name: 'stats', commands: ['check'], text: 'print times and counts to stderr' },
  { name: 'host', value: 'NAME', commands: ['manager'], text: 'listen on this address (default 127.0.0.1)' },
  {
    name: 'port',
    value: 'N',
    commands: ['manager'],
    text: 'listen on this port, 0 for a free one (default 7420)',
  },
  { name: 'socket', value: 'FILE', commands: ['manager'], text: 'listen on this unix socket instead' },
  {
    name: 'data',
    value: 'DIR',
    commands: ['manager'],
    text: 'keep the data here, :memory: for nowhere (without DATABASE_URL)',
  },
  { name: 'cwd', value: 'DIR', text: 'work in this directory' },
  { name: 'color', text: 'colour the output' },
  { name: 'no-color', text: 'do not colour the output' },
  { name: 'help', short: 'h', text: 'print this help' },
  { name: 'version', short: 'V', text: 'print the version' },
];

export function flagsOf(command: CommandName): readonly Flag[] {
  return flags.filter(({ commands }) => commands === undefined || commands.includes(command));
}

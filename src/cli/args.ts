import { parseArgs } from 'node:util';
import { GateError } from '../engine/error.ts';
import { didYouMean } from '../engine/suggest.ts';
import { type CommandName, commandNames, type Flag, flags, flagsOf } from './flags.ts';

/** What the user typed, taken apart but not yet judged by the command. */
export interface CommandLine {
  readonly command: CommandName | undefined;
  readonly positionals: readonly string[];
  readonly flags: FlagValues;
}

/** The flags that were given. A switch is `true`; the others hold their values in order. */
export interface FlagValues {
  has(name: string): boolean;
  /** The value of a flag that may stand once. */
  value(name: string): string | undefined;
  values(name: string): readonly string[];
}

/**
 * Takes a command line apart.
 *
 * @param argv without the paths of node and of the program
 * @throws {GateError} for anything unknown, missing or given twice: a misspelt flag must not run another check
 */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(
      flags.map(({ name, short, value }) => [
        name,
        {
          type: value === undefined ? 'boolean' : 'string',
          multiple: true,
          ...(short ? { short } : {}),
        } as const,
      ]),
    ),
    strict: false,
    tokens: true,
  });
  const given = new Map<string, string[]>();
  const words: string[] = [];
  const unknown: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    const flag = flags.find(({ name }) => name === token.name);
    if (flag) given.set(flag.name, [...(given.get(flag.name) ?? []), readValue(flag, token)]);
    else unknown.push(token.rawName);
  }
  const [first, ...positionals] = words;
  const command = first === undefined ? undefined : commandNamed(first);
  assertBelong(unknown, command);
  assertBelong(
    [...given.keys()].map((name) => `--${name}`),
    command,
  );
  for (const [name, values] of given) {
    const flag = flags.find((candidate) => candidate.name === name);
    if (values.length > 1 && flag?.value !== undefined && !flag.repeatable) {
      throw new GateError(`--${name} is given ${values.length} times`, 'give it once');
    }
  }
  return {
    command,
    positionals,
    flags: {
      has: (name) => given.has(name),
      value: (name) => given.get(name)?.at(-1),
      values: (name) => given.get(name) ?? [],
    },
  };
}

/** A flag that takes a whole number. */
export function wholeNumber(name: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new GateError(`--${name} takes a whole number, not "${text}"`, `write --${name} 0, for example`);
}

interface OptionToken {
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function readValue(flag: Flag, { rawName, value, inlineValue }: OptionToken): string {
  if (flag.value === undefined) {
    if (value === undefined) return '';
    throw new GateError(`${rawName} takes no value`, `write ${rawName} alone`);
  }
  // `--config --quiet` is a forgotten value, not a file named `--quiet`.
  if (value === undefined || value === '' || (!inlineValue && value.startsWith('-') && value !== '-')) {
    throw new GateError(`${rawName} needs a value: ${flag.value}`, `write ${rawName} ${flag.value}`);
  }
  return value;
}

function commandNamed(word: string): CommandName {
  const found = commandNames.find((name) => name === word);
  if (found) return found;
  throw new GateError(
    `unknown command "${word}"${didYouMean(word, commandNames)}`,
    `the commands are ${commandNames.join(', ')}; to check a path, write ws-gate check ${word}`,
  );
}

/** Refuses flags that the command does not have. */
function assertBelong(rawNames: readonly string[], command: CommandName | undefined): void {
  const own = (command === undefined ? flags : flagsOf(command)).map(({ name }) => `--${name}`);
  const stranger = rawNames.find((rawName) => !own.includes(rawName));
  if (stranger === undefined) return;
  const program = command === undefined ? 'ws-gate' : `ws-gate ${command}`;
  throw new GateError(
    `${program} has no flag ${stranger}${didYouMean(stranger, own)}`,
    `run \`${program} --help\` for the flags`,
  );
}

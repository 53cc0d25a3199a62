import { GateError, TooDeepError } from '../engine/error.ts';
import { packageVersion } from '../engine/package.ts';
import { type CommandLine, parseCommandLine } from './args.ts';
import { helpText } from './help.ts';
import type { Terminal } from './terminal.ts';

/** How a run ended. No exit code carries a count. */
export type Outcome = 'clean' | 'findings' | 'blind';

const EXIT_CODES: Readonly<Record<Outcome, 0 | 1 | 2>> = { clean: 0, findings: 1, blind: 2 };

/** Runs the command line of the process. Sets the exit code and leaves, so that pipes are drained. */
export async function main(argv: readonly string[]): Promise<void> {
  let isWritten = true;
  let isDecided = false;
  process.on('exit', () => {
    if (isDecided) return;
    process.stderr.write(describeGateError(endedEarly()));
    process.exitCode = EXIT_CODES.blind;
  });
  process.stderr.on('error', () => {});
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // `ws-gate check | head` closes the pipe early; that is the reader's right, and no error.
    if (error.code === 'EPIPE') return;
    isWritten = false;
    process.stderr.write(`ws-gate: the report cannot be written to stdout: ${error.message}\n`);
    process.exitCode = EXIT_CODES.blind;
  });
  const { stdout, stderr, env } = process;
  const terminal: Terminal = { stdout, stderr, env };
  const deepen = async (): Promise<Outcome> =>
    (await import('./deep-stack.ts')).runOnDeepStack(argv, terminal);
  const outcome = await run(argv, { ...terminal, deepen });
  isDecided = true;
  process.exitCode = EXIT_CODES[isWritten ? outcome : 'blind'];
}

function endedEarly(): GateError {
  return new GateError('the process ended before the check did', 'let the config load to its end', {
    why: 'the config, or a rule in it, exits or waits for what never comes',
  });
}

/** Runs one command line. Never throws: what goes wrong is printed, and the outcome is `blind`. */
export async function run(argv: readonly string[], terminal: Terminal): Promise<Outcome> {
  try {
    return await dispatchOrDeepen(argv, terminal);
  } catch (error) {
    terminal.stderr.write(error instanceof GateError ? describeGateError(error) : describeCrash(error));
    return 'blind';
  }
}

async function dispatchOrDeepen(argv: readonly string[], terminal: Terminal): Promise<Outcome> {
  try {
    return await dispatch(parseCommandLine(argv), terminal);
  } catch (error) {
    if (error instanceof TooDeepError && terminal.deepen) return await terminal.deepen();
    throw error;
  }
}

async function dispatch(line: CommandLine, terminal: Terminal): Promise<Outcome> {
  const { command, flags } = line;
  if (flags.has('help')) {
    terminal.stdout.write(helpText(command));
    return 'clean';
  }
  if (flags.has('version')) {
    terminal.stdout.write(`${packageVersion()}\n`);
    return 'clean';
  }
  switch (command) {
    case 'check':
      return (await import('./commands/check.ts')).checkCommand(line, terminal);
    case 'prove':
      return (await import('./commands/prove.ts')).proveCommand(line, terminal);
    case 'explain':
      return (await import('./commands/explain.ts')).explainCommand(line, terminal);
    case 'rules':
      return (await import('./commands/rules.ts')).rulesCommand(line, terminal);
    case 'test':
      return (await import('./commands/test.ts')).testCommand(line, terminal);
    case 'new':
      return (await import('./commands/new.ts')).newCommand(line, terminal);
    case 'manager':
      return (await import('./commands/manager.ts')).managerCommand(line, terminal);
    case undefined:
      // Not `clean`: a job that runs the program without a command has checked nothing.
      terminal.stderr.write(helpText(undefined));
      return 'blind';
  }
}

function describeGateError({ message, why, help }: GateError): string {
  const lines = [`ws-gate: ${indent(message)}`];
  if (why !== undefined) lines.push(`  why  ${indent(why)}`);
  return `${[...lines, `  do   ${indent(help)}`].join('\n')}\n`;
}

function indent(text: string): string {
  return text.replaceAll('\n', '\n       ');
}

function describeCrash(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `ws-gate: internal error: nothing was decided about the code\n${stack}\nThis is a bug in ws-gate. Please report it with the text above.\n`;
}

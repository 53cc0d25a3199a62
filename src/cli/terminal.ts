import picocolors from 'picocolors';
import type { Colors } from '../report/reporter.ts';
import type { Outcome } from './main.ts';

/** The streams and the environment of a run; tests hand in their own. */
export interface Terminal {
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Runs the command line again where the stack reaches deeper; absent where it could not. */
  readonly deepen?: () => Promise<Outcome>;
}

export interface Stream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** `--color` or `--no-color`, if either was given. */
export type ColorFlag = 'on' | 'off' | undefined;

/**
 * Whether a stream takes colour: the flag, then `NO_COLOR` (https://no-color.org, when not empty), then
 * `FORCE_COLOR` (`0` and `false` for off), then whether it is a terminal.
 */
export function colorsFor(stream: Stream, { env }: Pick<Terminal, 'env'>, flag: ColorFlag): Colors {
  return picocolors.createColors(wantsColor(stream, env, flag));
}

/** No colour, for files and for formats that are data. */
export const plain: Colors = picocolors.createColors(false);

function wantsColor(stream: Stream, env: Terminal['env'], flag: ColorFlag): boolean {
  if (flag !== undefined) return flag === 'on';
  if (env.NO_COLOR) return false;
  const force = env.FORCE_COLOR;
  if (force !== undefined) return force !== '0' && force !== 'false';
  return stream.isTTY === true;
}

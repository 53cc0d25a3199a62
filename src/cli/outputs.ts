import { GateError } from '../engine/error.ts';
import { didYouMean } from '../engine/suggest.ts';
import { type Format, formats, textFormats } from '../report/index.ts';
import type { FlagValues } from './args.ts';

/** A report to write: in which format, and where to. */
export interface Output {
  readonly format: Format;
  /** A file, relative to the working directory, or a stream. */
  readonly to: { readonly file: string } | 'stdout' | 'stderr';
}

/**
 * Decides what is written where. Without `--format` it is `pretty` on stdout; in a GitHub job the annotations
 * come on top.
 *
 * @throws {GateError} for an unknown format, or two documents on one stream
 */
export function planOutputs(flags: FlagValues, env: Readonly<Record<string, string | undefined>>): Output[] {
  const given = flags.values('format').map(parseFormat);
  const wanted = given.length === 0 ? [parseFormat('pretty')] : given;
  const outputFile = flags.value('output-file');
  const unplaced = wanted.filter(({ file }) => file === undefined);
  if (outputFile !== undefined && unplaced.length !== 1) {
    throw new GateError(
      `--output-file ${outputFile} must belong to exactly one format, and ${unplaced.length} have no file of their own`,
      'name a file per format: --format sarif=out.sarif --format json=out.json',
    );
  }
  const outputs = wanted.map(
    ({ format, file = outputFile }): Output => ({ format, to: file === undefined ? 'stdout' : { file } }),
  );
  assertOneDocument(outputs);
  assertDistinctFiles(outputs);
  if (env.GITHUB_ACTIONS === 'true' && !outputs.some(({ format }) => format === 'github')) {
    // The runner reads commands from both streams, and a document on stdout must stay one.
    const isDocument = outputs.some(({ format, to }) => to === 'stdout' && !textFormats.has(format));
    outputs.push({ format: 'github', to: isDocument ? 'stderr' : 'stdout' });
  }
  return outputs;
}

function parseFormat(text: string): { readonly format: Format; readonly file?: string } {
  const [, name = text, file] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
  const format = formats.find((known) => known === name);
  if (format === undefined) {
    throw new GateError(
      `unknown format "${name}"${didYouMean(name, formats)}`,
      `the formats are ${formats.join(', ')}`,
    );
  }
  if (file === '') throw new GateError(`--format ${text} names no file`, `write --format ${name}=FILE`);
  return file === undefined ? { format } : { format, file };
}

function assertOneDocument(outputs: readonly Output[]): void {
  const onStdout = outputs.flatMap(({ format, to }) => (to === 'stdout' ? [format] : []));
  if (onStdout.length < 2 || onStdout.every((format) => textFormats.has(format))) return;
  throw new GateError(
    `--format ${onStdout.join(' and ')} cannot share stdout`,
    `write all but one to a file: --format ${onStdout.at(-1)}=FILE`,
  );
}

function assertDistinctFiles(outputs: readonly Output[]): void {
  const files = outputs.flatMap(({ to }) => (typeof to === 'object' ? [to.file] : []));
  const twice = files.find((file, index) => files.indexOf(file) !== index);
  if (twice !== undefined) throw new GateError(`two formats write to ${twice}`, 'name a file per format');
}

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { UserConfig } from '../config/types.ts';
import type { Fixture } from './discover.ts';

/** The config of a fixture, and the line that findings about the config are counted to. */
export interface FixtureConfig {
  /** As it is written; the engine checks it. */
  readonly config: UserConfig;
  /** Whether what cannot be resolved is a finding, as with `--strict`: so says `"strict": true` among the keys. */
  readonly strict: boolean;
  readonly place: { readonly file: string; readonly line: number };
}

/**
 * Reads the config of a fixture: a comment `// config {json}`, which may go on over further `//` lines until
 * the JSON closes, in one of its files, or a `ws-gate.config.json` in its directory.
 *
 * @returns a sentence when the config cannot be read
 */
export function readFixtureConfig({ root, path: fixturePath, files }: Fixture): FixtureConfig | string {
  const found: FixtureConfig[] = [];
  for (const { path: file, text } of files) {
    const comment = findComment(text.split(/\r?\n/));
    if (typeof comment === 'string') return `${file}: ${comment}`;
    if (comment) found.push({ ...comment.parsed, place: { file, line: comment.line } });
  }
  const isDirectory = path.basename(root) === path.basename(fixturePath);
  const file = path.join(root, 'ws-gate.config.json');
  if (isDirectory && existsSync(file)) {
    const parsed = parse(readFileSync(file, 'utf8'));
    if (typeof parsed === 'string') return `ws-gate.config.json: ${parsed}`;
    found.push({ ...parsed, place: { file: files[0]?.path ?? '', line: 1 } });
  }
  if (found.length > 1) return 'the fixture has more than one config';
  return found[0] ?? { config: {}, strict: false, place: { file: files[0]?.path ?? '', line: 1 } };
}

type Parsed = Pick<FixtureConfig, 'config' | 'strict'>;

function findComment(lines: readonly string[]): { parsed: Parsed; line: number } | string | undefined {
  const start = lines.findIndex((line) => /^\s*\/\/ ?config\s/.test(line));
  if (start < 0) return undefined;
  let json = '';
  let problem = '';
  for (const line of lines.slice(start)) {
    const content = /^\s*\/\/ ?(?:config\s)?(.*)$/.exec(line)?.[1];
    if (content === undefined) break;
    json += `${content}\n`;
    const parsed = parse(json);
    if (typeof parsed === 'object') return { parsed, line: start + 1 };
    problem = parsed;
  }
  return problem;
}

function parse(json: string): Parsed | string {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return 'the config must be an object';
    const { strict = false, ...config } = value as UserConfig & { readonly strict?: unknown };
    return typeof strict === 'boolean' ? { config, strict } : 'strict must be true or false';
  } catch (error) {
    return `the config is not valid JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
}

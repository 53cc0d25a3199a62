import { copyFileSync, cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import type { CheckReport } from '../../src/engine/finding.ts';
import { ws } from './cli.ts';
import { tempDir } from './temp-dir.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** Text of a file, and what a careless edit makes of it. */
export type Edit = readonly [from: string, to: string];

export interface Checked {
  readonly code: number | null;
  readonly report: CheckReport;
  readonly stderr: string;
  /** The file as it was checked. */
  readonly text: string;
  /** The 1-based line of the first place after the head of the method or function that holds the text. */
  lineOf(method: string, text: string): number;
}

/** Checks the manager under the config of this repository, after the edit of one of its files. */
export function checkManager(name: string, edit: Edit | undefined, args: readonly string[] = []): Checked {
  // The config names the rules too, and a pattern that matches no file is red.
  const dir = tempDir({ 'rules/empty.ts': 'export {};\n' });
  for (const folder of ['src/manager', 'src/locks']) {
    cpSync(path.join(root, folder), path.join(dir, folder), { recursive: true });
  }
  for (const file of ['ws-gate.config.ts', 'tsconfig.json']) {
    copyFileSync(path.join(root, file), path.join(dir, file));
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(dir, 'node_modules'));

  const file = path.join(dir, name);
  const original = readFileSync(file, 'utf8');
  if (edit) expect(original.split(edit[0])).toHaveLength(2);
  const edited = edit ? original.replace(edit[0], () => edit[1]) : original;
  writeFileSync(file, edited);

  const { code, stdout, stderr } = ws(dir, ['check', '--format', 'json', ...args]);
  return {
    code,
    report: JSON.parse(stdout),
    stderr,
    text: edited,
    lineOf(method, text) {
      const head = edited.search(new RegExp(`^ {2}(?:async )?${method}\\(`, 'm'));
      const at = edited.indexOf(text, head);
      expect([head, at]).not.toContain(-1);
      return edited.slice(0, at).split('\n').length;
    },
  };
}

export function places({ findings }: CheckReport): string[] {
  return findings.map(({ ruleId, file, line }) => `${ruleId} ${file}:${line}`);
}

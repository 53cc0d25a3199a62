import { copyFileSync, cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import type { CheckReport } from '../../src/engine/finding.ts';
import { ws } from './cli.ts';
import { tempDir } from './temp-dir.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** A file of the manager, text in it, and what a careless edit makes of that. */
export type Edit = readonly [file: string, from: string, to: string];

export interface Checked {
  readonly code: number | null;
  readonly report: CheckReport;
  readonly stderr: string;
  /** A file as it was checked. */
  text(file: string): string;
  /** The 1-based line of the first place after the head of the method that holds the text. */
  lineOf(file: string, method: string, text: string): number;
}

/** The arguments of a check by some rules alone: what an edit breaks is one rule's business, and a check of all takes long. */
export function by(...rules: readonly string[]): readonly string[] {
  return rules.flatMap((rule) => ['--rule', rule]);
}

/** Those that judge how locks are taken and given back. */
export const LOCKS = by('lock-order', 'lock-cycle', 'lock-reentry', 'lock-balance');

/** Checks the manager under the config of this repository, after the edit. */
export function checkManager(edit: Edit | undefined, args: readonly string[] = []): Checked {
  // The config names the rules too, and a pattern that matches no file is red.
  const dir = tempDir({ 'rules/empty.ts': 'export {};\n' });
  for (const folder of ['src/manager', 'src/locks']) {
    cpSync(path.join(root, folder), path.join(dir, folder), { recursive: true });
  }
  for (const file of ['ws-gate.config.ts', 'tsconfig.json']) {
    copyFileSync(path.join(root, file), path.join(dir, file));
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(dir, 'node_modules'));

  const read = (file: string): string => readFileSync(path.join(dir, file), 'utf8');
  if (edit) {
    const [file, from, to] = edit;
    const original = read(file);
    expect(original.split(from)).toHaveLength(2);
    writeFileSync(
      path.join(dir, file),
      original.replace(from, () => to),
    );
  }
  const { code, stdout, stderr } = ws(dir, ['check', '--format', 'json', ...args]);
  return {
    code,
    report: JSON.parse(stdout),
    stderr,
    text: read,
    lineOf(file, method, text) {
      const edited = read(file);
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

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../support/temp-dir.ts';

const script = path.resolve(import.meta.dirname, '../../scripts/count-tests.js');

describe('the count of the tests', () => {
  it('adds up the reports', () => {
    expect(count('0', { 'a.json': report(3), 'b.json': report(4) })).toEqual([0, '7 passed, 0 failed']);
  });

  it('counts tests that failed', () => {
    expect(count('1', { 'a.json': report(3, { failed: 2 }), 'b.json': report(1) })).toEqual([
      1,
      '4 passed, 2 failed',
    ]);
  });

  it.each([
    ['a report that is missing', {}, '2 passed, 1 failed'],
    ['a report that was not written to its end', { 'b.json': '{"numPassedTests":' }, '2 passed, 1 failed'],
    ['a report of another shape', { 'b.json': '{}' }, '2 passed, 1 failed'],
    ['a run without tests', { 'b.json': report(0) }, '2 passed, 1 failed'],
    [
      'a run in which all tests were skipped',
      { 'b.json': report(0, { skipped: 3 }) },
      '2 passed, 1 failed, 3 skipped',
    ],
    ['a test that was skipped', { 'b.json': report(4, { skipped: 2 }) }, '6 passed, 2 failed, 2 skipped'],
    ['a test file that could not be loaded', { 'b.json': report(1, { broken: 1 }) }, '3 passed, 1 failed'],
  ])('counts %s as a failure, even when the run is said to have succeeded', (_, files, line) => {
    expect(count('0', { 'a.json': report(2), ...files }, ['a.json', 'b.json'])).toEqual([1, line]);
  });

  it('counts a run that failed although none of its tests did', () => {
    expect(count('1', { 'a.json': report(2) })).toEqual([1, '2 passed, 1 failed']);
  });

  it('does not pass a run that ended before its tests', () => {
    expect(count('0', {})).toEqual([1, '0 passed, 1 failed']);
  });
});

/** The exit status, and the last line of the output. */
function count(status: string, files: Record<string, string>, reports = Object.keys(files)) {
  const { status: code, stdout } = spawnSync(process.execPath, [script, status, ...reports], {
    cwd: tempDir(files),
    encoding: 'utf8',
  });
  return [code, stdout.trimEnd().split('\n').at(-1)];
}

/** As much of a report of vitest as is read. */
function report(passed: number, { failed = 0, skipped = 0, broken = 0 } = {}): string {
  return JSON.stringify({
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: skipped,
    testResults: [
      { status: 'passed', assertionResults: [{ status: 'passed' }] },
      ...Array(failed).fill({ status: 'failed', assertionResults: [{ status: 'failed' }] }),
      ...Array(broken).fill({ status: 'failed', assertionResults: [] }),
    ],
  });
}

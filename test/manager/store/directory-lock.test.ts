import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { DirectoryInUseError, lockDirectory } from '../../../src/manager/store/directory-lock.ts';
import { makeDirectory } from '../fakes.ts';

/** The number of a process that has ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}

test('a directory is locked until it is given free, and made if it is not there', async () => {
  const directory = path.join(await makeDirectory(), 'a', 'b');
  const unlock = await lockDirectory(directory);
  expect(readFileSync(path.join(directory, 'manager.pid'), 'utf8')).toBe(`${process.pid}\n`);
  await expect(lockDirectory(directory)).rejects.toThrow(new DirectoryInUseError(directory, process.pid));
  await unlock();
  expect(existsSync(path.join(directory, 'manager.pid'))).toBe(false);
  await (await lockDirectory(directory))();
});

test('the mark of a process that lives is respected', async () => {
  const directory = await makeDirectory();
  writeFileSync(path.join(directory, 'manager.pid'), `${process.ppid}\n`);
  await expect(lockDirectory(directory)).rejects.toThrow(`is in use by process ${process.ppid}`);
  expect(readFileSync(path.join(directory, 'manager.pid'), 'utf8')).toBe(`${process.ppid}\n`);
});

test.each([
  ['of a process that was killed', () => `${deadPid()}\n`],
  ['of an earlier process of our own number', () => `${process.pid}\n`],
  ['that is empty', () => ''],
])('a mark %s is taken over', async (_name, content) => {
  const directory = await makeDirectory();
  writeFileSync(path.join(directory, 'manager.pid'), content());
  const unlock = await lockDirectory(directory);
  expect(readFileSync(path.join(directory, 'manager.pid'), 'utf8')).toBe(`${process.pid}\n`);
  await unlock();
});

test('of many who come at once, one gets it', async () => {
  const directory = await makeDirectory();
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => lockDirectory(directory)));
  const locked = outcomes.filter(({ status }) => status === 'fulfilled');
  expect(locked).toHaveLength(1);
});

import { mkdir, symlink } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { PathResolutionError, resolveWorkspaceKey } from '../../../src/manager/index.ts';
import { makeDirectory } from './support.ts';

test('C-T01 a link to a directory resolves to the directory', async () => {
  const root = await makeDirectory();
  await mkdir(join(root, 'real'));
  await symlink(join(root, 'real'), join(root, 'link'));
  expect(await resolveWorkspaceKey(join(root, 'link'))).toBe(join(root, 'real'));
});

test('C-T02 a path that does not exist resolves to its absolute form', async () => {
  const missing = join(await makeDirectory(), 'missing', 'deeper');
  expect(await resolveWorkspaceKey(missing)).toBe(missing);
  expect(await resolveWorkspaceKey(relative(process.cwd(), missing))).toBe(resolve(missing));
  expect(await resolveWorkspaceKey(`${missing}/../deeper/`)).toBe(missing);
});

test('C-X5 a missing directory below a link has the key that it has once it exists', async () => {
  const root = await makeDirectory();
  await mkdir(join(root, 'real'));
  await symlink('real', join(root, 'link'));
  const path = join(root, 'link', 'later', 'deeper');
  const before = await resolveWorkspaceKey(path);
  await mkdir(path, { recursive: true });
  expect(before).toBe(join(root, 'real', 'later', 'deeper'));
  expect(await resolveWorkspaceKey(path)).toBe(before);
});

test('C-X5 a link to a missing directory has the key of the directory', async () => {
  const root = await makeDirectory();
  await symlink('later/deeper', join(root, 'link'));
  const before = await resolveWorkspaceKey(join(root, 'link', 'deepest'));
  await mkdir(join(root, 'later', 'deeper'), { recursive: true });
  expect(before).toBe(join(root, 'later', 'deeper', 'deepest'));
  expect(await resolveWorkspaceKey(join(root, 'link', 'deepest'))).toBe(before);
});

test('a loop of links stays as it is', async () => {
  const root = await makeDirectory();
  await symlink('b', join(root, 'a'));
  await symlink('a', join(root, 'b'));
  const path = join(root, 'a', 'rest');
  expect(await resolveWorkspaceKey(path)).toBe(path);
});

test('a relative path without a working directory is reported, with the cause', async () => {
  const gone = new Error('the working directory is gone');
  vi.spyOn(process, 'cwd').mockImplementation(() => {
    throw gone;
  });
  onTestFinished(() => void vi.restoreAllMocks());
  const error = await resolveWorkspaceKey('relative').catch((e: unknown) => e);
  expect(error).toBeInstanceOf(PathResolutionError);
  expect(error).toMatchObject({
    code: 'ERR_PATH_RESOLUTION',
    message: 'failed to resolve workspace path: the working directory is gone',
    cause: gone,
  });
});

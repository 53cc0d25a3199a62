import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  type CreateArgs,
  InvalidClientIdError,
  PathRequiredError,
  resolveWorkspaceKey,
} from '../../../src/manager/index.ts';
import { A, B, GRACE, makeDirectory, startBackend } from './support.ts';

test('C-T18 two creates of one path share a workspace, with a claim for each client', async () => {
  const { apps, open } = startBackend();
  const path = await makeDirectory();
  const [first, second] = [await open(A, path), await open(B, path)];
  expect(second.id).toBe(first.id);
  expect(first.clients()).toEqual([A, B]);
  expect(apps).toHaveLength(1);
});

test('C-T19 creates of different paths open different workspaces', async () => {
  const { backend, open } = startBackend();
  const [first, second] = [await open(A, await makeDirectory()), await open(A, await makeDirectory())];
  expect(second.id).not.toBe(first.id);
  expect(backend.listWorkspaces().map(({ id }) => id)).toEqual([first.id, second.id]);
});

test('C-T20 the first create decides the settings, and the second is told them', async () => {
  const { backend } = startBackend({ version: '1.2.3' });
  const path = await makeDirectory();
  const first = await backend.createWorkspace({ path, clientId: A, yolo: true, env: ['FOO=1'] });
  const second = await backend.createWorkspace({
    path,
    clientId: B,
    yolo: false,
    debug: true,
    env: ['BAR=2'],
  });
  expect(second.info).toEqual({
    id: first.workspace.id,
    path,
    yolo: true,
    debug: false,
    dataDir: '',
    config: first.workspace.config,
    env: ['FOO=1'],
    version: '1.2.3',
  });
});

test('C-T21 a link and its target share a workspace', async () => {
  const { open } = startBackend();
  const root = await makeDirectory();
  await mkdir(join(root, 'real'));
  await symlink(join(root, 'real'), join(root, 'link'));
  const [link, real] = [await open(A, join(root, 'link')), await open(B, join(root, 'real'))];
  expect(link.id).toBe(real.id);
});

test('C-T22 a path that does not exist may be opened', async () => {
  const { backend } = startBackend();
  const path = join(await makeDirectory(), 'missing');
  const { workspace } = await backend.createWorkspace({ path, clientId: A });
  expect(workspace.path).toBe(path);
  expect(workspace.resolvedPath).toBe(await resolveWorkspaceKey(path));
});

test('C-T23 a client that creates twice has one claim', async () => {
  const { clock, open } = startBackend();
  const first = await open(A);
  const second = await open(A);
  expect(second.id).toBe(first.id);
  expect(first.size).toBe(1);
  expect(clock.running).toEqual([GRACE]);
});

test('C-T24 two parallel creates end up in one workspace, with a claim for each client', async () => {
  const { backend, open } = startBackend();
  const path = await makeDirectory();
  const [first, second] = await Promise.all([open(A, path), open(B, path)]);
  expect(second.id).toBe(first.id);
  expect(first.clients()).toEqual([A, B]);
  expect(backend.listWorkspaces()).toHaveLength(1);
});

test.each([[''], ['not-a-uuid']])('C-T25 a create with %j for a client id is refused', async (clientId) => {
  const { backend, apps } = startBackend();
  await expect(backend.createWorkspace({ path: '/', clientId })).rejects.toThrow(InvalidClientIdError);
  expect(apps).toEqual([]);
});

test('a create without a path is refused for that, whatever its client id', async () => {
  const { backend } = startBackend();
  await expect(backend.createWorkspace({ path: '', clientId: '' })).rejects.toThrow(PathRequiredError);
});

describe('C-T26 a later create with other settings logs the mismatch and changes nothing', () => {
  const original = { yolo: true, debug: true, dataDir: '/data', env: ['FOO=1', 'BAR=2'] } as const;

  test.each<[string, Partial<CreateArgs>, Record<string, unknown>]>([
    ['yolo', { ...original, yolo: false }, { requested_yolo: false }],
    ['debug', { ...original, debug: false }, { requested_debug: false }],
    ['dataDir left out', { ...original, dataDir: '' }, { requested_data_dir: '' }],
    ['env in another order', { ...original, env: ['BAR=2', 'FOO=1'] }, { requested_env: ['BAR=2', 'FOO=1'] }],
  ])('%s', async (_, settings, requested) => {
    const { backend, log } = startBackend();
    const { workspace } = await backend.createWorkspace({ path: '/', clientId: A, ...original });
    const { info } = await backend.createWorkspace({ path: '/', clientId: B, ...settings });
    expect(log.lines).toEqual([
      {
        level: 'debug',
        message: 'Workspace flag mismatch on duplicate create; first wins',
        fields: {
          workspace_id: workspace.id,
          path: '/',
          existing_yolo: true,
          requested_yolo: true,
          existing_debug: true,
          requested_debug: true,
          existing_data_dir: '/data',
          requested_data_dir: '/data',
          existing_env: original.env,
          requested_env: original.env,
          ...requested,
        },
      },
    ]);
    expect(info).toMatchObject(original);
  });
});

test('C-T27 a later create with the same settings logs nothing', async () => {
  const { backend, log } = startBackend();
  const settings = { yolo: true, debug: true, dataDir: '/data', env: ['FOO=1'] };
  await backend.createWorkspace({ path: '/', clientId: A, ...settings });
  await backend.createWorkspace({ path: '/', clientId: B, ...settings });
  expect(log.lines).toEqual([]);
});

test('a setting left out and its empty value are the same', async () => {
  const { backend, log } = startBackend();
  await backend.createWorkspace({ path: '/', clientId: A });
  await backend.createWorkspace({ path: '/', clientId: B, yolo: false, debug: false, dataDir: '', env: [] });
  expect(log.lines).toEqual([]);
});

test('C-X5 a directory opened before it exists is the same workspace once it exists', async () => {
  const { open } = startBackend();
  const root = await makeDirectory();
  await mkdir(join(root, 'real'));
  await symlink('real', join(root, 'link'));
  const before = await open(A, join(root, 'link', 'project'));
  await mkdir(join(root, 'real', 'project'));
  const after = await open(B, join(root, 'link', 'project'));
  expect(after.id).toBe(before.id);
});

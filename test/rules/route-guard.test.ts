import { expect, test } from 'vitest';
import { check } from '../../src/engine/check.ts';
import type { CheckResult } from '../../src/engine/finding.ts';
import { tempDir } from '../support/temp-dir.ts';
import { messages, runRule } from './run.ts';

const AUTH = `export type Handler = (request: object, next: () => void) => unknown;
export interface App { get(path: string, ...handlers: Handler[]): void }
export const adminAuth: Handler = (_request, next) => next();
`;
const APP = `import type { App, Handler } from './auth.ts';
export const fill = (app: App, list: Handler): void => {
  app.get('/admin/users', list);
};
`;

function run(files: Readonly<Record<string, string>>, parts: object = {}): Promise<CheckResult> {
  const routes = [{ prefix: '/admin', guard: 'adminAuth', ...parts }];
  return check({
    cwd: tempDir({ 'auth.ts': AUTH, ...files }),
    rules: ['route-guard'],
    inlineConfig: { include: ['**/*.ts'], rules: { 'route-guard': ['error', { routes }] } },
  });
}

test('tells the whole path, and what to put where', async () => {
  const { report } = await run({ 'app.ts': APP });
  expect(report.findings).toMatchObject([
    {
      messageId: 'unguarded',
      message: 'registers GET /admin/users without adminAuth before its handler',
      help: 'put adminAuth into the chain of the route, or before it into that of its router',
      line: 3,
      column: 7,
    },
  ]);
});

test.each([
  [{ prefix: '/amdin' }, 'unknownName: route-guard.prefix names /amdin, which does not exist'],
  [{ guard: 'adminOath' }, 'unknownName: route-guard.guard names adminOath, which does not exist'],
  [
    { except: ['/admin/users', '/admin/login'] },
    'staleEntry: route-guard.except lists /admin/login, where no route lacks its guard',
  ],
])('a config that does not fit the code is red: %j', async (parts, message) => {
  expect(messages(await run({ 'app.ts': APP }, parts))).toContainEqual(expect.stringContaining(message));
});

test('a path that cannot be known is listed where the router is certain to be one', async () => {
  const app = `import fastify from 'fastify';
import { adminAuth } from './auth.ts';
export function start(path: string): void {
  const app = fastify();
  app.get('/admin', { onRequest: adminAuth as never }, async () => 'ok');
  app.get(path, async () => 'ok');
  app.get(path, { onRequest: adminAuth as never }, async () => 'ok');
}
`;
  const pkg = "declare module 'fastify' { export default function fastify(): any; }\n";
  const { report } = await run({ 'app.ts': app, 'fastify.d.ts': pkg });
  expect(report.findings).toEqual([]);
  expect(report.unresolved).toMatchObject([
    { file: 'app.ts', line: 6, message: 'the path of this route may lie below /admin' },
  ]);
});

test('finds nothing without routes, and reads no file for it', async () => {
  const result = await runRule('route-guard', { 'auth.ts': AUTH, 'app.ts': APP });
  expect([messages(result), result.rules[0]?.sites, result.counts.parsed]).toEqual([[], 0, 0]);
});

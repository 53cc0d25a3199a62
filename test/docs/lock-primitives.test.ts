import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { BUILTIN_PRIMITIVES, MODULE } from '../../src/analysis/locks/primitives.ts';
import type { LockPrimitive } from '../../src/config/types.ts';

const root = path.join(import.meta.dirname, '../..');
const page = readFileSync(path.join(root, 'docs/lock-analysis.md'), 'utf8');
const HEAD = '| package | type | takes | gives back | besides |';

/** The table of the page, without its head. */
function listed(): readonly string[] {
  const lines = page.split('\n');
  const start = lines.indexOf(HEAD);
  const rest = lines.slice(start + 2);
  return start < 0
    ? []
    : rest.slice(
        0,
        rest.findIndex((line) => !line.startsWith('|')),
      );
}

const code = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');

function row(primitive: LockPrimitive): string {
  const { module = '', type, acquire = [], scoped = [], callback = [], release = [], grants } = primitive;
  const shared = [...(primitive.acquireShared ?? []), ...(primitive.callbackShared ?? [])];
  const all = [...acquire, ...scoped, ...callback, ...shared, ...(primitive.try ?? [])];
  const own =
    grants === undefined || grants === 'void' || grants === 'token' ? [] : [grants.replaceAll('-', ' ')];
  const besides = [
    ...(shared.length > 0 ? [`shared by ${code(shared)}`] : []),
    ...(callback.length > 0 ? [`hands its release to a callback of ${code(callback)}`] : []),
    ...(primitive.try ? [`does not wait in ${code(primitive.try)}`] : []),
    ...(primitive.waits || primitive.drains
      ? [`only waits in ${code([...(primitive.waits ?? []), ...(primitive.drains ?? [])])}`]
      : []),
    ...(primitive.takesFree ? [`takes all that is free in ${code(primitive.takesFree)}`] : []),
    ...(primitive.renews ? [`the same grant from ${code(primitive.renews)}`] : []),
    ...(primitive.wrappers || primitive.tryWrappers
      ? [`the same lock in ${code([...(primitive.wrappers ?? []), ...(primitive.tryWrappers ?? [])])}`]
      : []),
    ...(primitive.views ? [`the same lock under ${code(primitive.views)}`] : []),
    ...(primitive.keyArg === undefined
      ? []
      : [`a lock for each key${primitive.keysInTurn ? ', those of an array in turn' : ''}`]),
    ...(primitive.permitsArg === undefined ? [] : ['counts permits']),
    ...(primitive.immediate ? ['grants at once'] : []),
    ...(primitive.reentrantMember ? [`reentrant with \`${primitive.reentrantMember}\``] : []),
    ...(release.length > 0 && primitive.releasedTwice === 'throws' ? ['a second release throws'] : []),
    ...(primitive.releaserTwice && own.length > 0
      ? [
          `what it grants, called again, ${primitive.releaserTwice === 'throws' ? 'throws' : 'frees another’s'}`,
        ]
      : []),
  ];
  const name = type === 'default' ? 'its default' : type === MODULE ? 'the module' : `\`${type}\``;
  const place = module === 'lib' ? 'the platform' : `\`${module}\``;
  const gives = [...release.map((method) => `\`${method}\``), ...own].join(', ') || 'the end of the callback';
  return `| ${place} | ${name} | ${code([...new Set(all)])} | ${gives} | ${besides.join('; ')} |`;
}

test('every lock that needs no configuration is on the page, as it is described to the analysis', () => {
  expect(listed()).toEqual(BUILTIN_PRIMITIVES.map(row));
});

test('the page of `lock-order` names every package whose locks are known', () => {
  const rulePage = readFileSync(path.join(root, 'rules/lock-order/rule.md'), 'utf8');
  const [, list = ''] = /^- Packages whose locks are known: ([^;]*);/m.exec(rulePage) ?? [];
  const named = [...list.matchAll(/`([^`]+)`/g)].map(([, name]) => name);
  const packages = new Set(BUILTIN_PRIMITIVES.map(({ module }) => module));
  packages.delete('lib');
  expect(named).toEqual([...packages].sort());
});

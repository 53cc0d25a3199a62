import { describe, expect, test } from 'vitest';
import { isImmediate } from '../../../src/analysis/locks/immediate-shape.ts';
import { ts } from '../../../src/syntax/ts.ts';
import { nodesIn, parse } from './parts.ts';

function immediate(signature: string): boolean | undefined {
  const [method] = nodesIn(parse(`class C { ${signature} {} }`), ts.isMethodDeclaration);
  return method && isImmediate(method);
}

describe('a method waits for nobody', () => {
  test.each([
    'acquire(): () => void',
    'acquire(): () => Promise<void>',
    'acquire(): Disposable',
    'lock(): void',
    'withLock<T>(fn: () => T): T',
  ])('%s', (signature) => {
    expect(immediate(signature)).toBe(true);
  });
});

describe('a method may wait', () => {
  test.each([
    'async acquire(): Promise<void>',
    'acquire(): Promise<() => void>',
    'acquire(): Releaser | PromiseLike<Releaser>',
    'acquire(): unknown',
    'acquire()',
  ])('%s', (signature) => {
    expect(immediate(signature)).toBe(false);
  });
});

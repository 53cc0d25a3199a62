import { describe, expect, it } from 'vitest';
import type { Compiler, OpenRequest, Oracle } from '../../src/oracle/oracle.ts';
import { SharedCompiler } from '../../src/testing/shared-compiler.ts';

/** A compiler that writes down what it is asked to open. */
function recorder() {
  const opened: OpenRequest[] = [];
  const read: string[] = [];
  const compiler: Compiler = {
    kind: 'native',
    readProject(tsconfig) {
      read.push(tsconfig);
      return { files: [`${tsconfig}/a.ts`, `${tsconfig}/b.ts`], allowJs: false };
    },
    open(request) {
      opened.push(request);
      return { kind: 'native', queries: opened.length } as Oracle;
    },
    reopen: () => ({ kind: 'native', queries: 0 }) as Oracle,
    close: () => {},
  };
  return { shared: new SharedCompiler(compiler), opened, read };
}

describe('SharedCompiler', () => {
  it('keeps a program open for all files that its tsconfig owns', () => {
    const { shared, opened, read } = recorder();
    const first = shared.open({ projects: ['/p'], files: ['/p/a.ts'] });
    const second = shared.open({ projects: ['/p'], files: ['/p/b.ts'] });
    shared.readProject('/p');
    expect([second, opened.length, read]).toEqual([first, 1, ['/p']]);
  });

  it.each<[string, OpenRequest]>([
    ['a file that the tsconfig does not own', { projects: ['/p'], files: ['/p/a.ts', '/stray.ts'] }],
    ['another tsconfig', { projects: ['/q'], files: ['/q/a.ts'] }],
    ['no tsconfig', { projects: [], files: ['/stray.ts'] }],
  ])('opens a program of its own for %s, and the first one anew afterwards', (_, other) => {
    const { shared, opened } = recorder();
    const kept: OpenRequest = { projects: ['/p'], files: ['/p/a.ts'] };
    shared.open(kept);
    shared.open(other);
    shared.open(kept);
    expect(opened).toEqual([kept, other, kept]);
  });
});

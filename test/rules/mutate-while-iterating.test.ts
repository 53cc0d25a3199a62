import { describe, expect, test } from 'vitest';
import { messages, runRule, steps } from './run.ts';

const CLASS = (body: string): string => `export class Books {
  readonly list: string[] = [];
  readonly kept = new Map<string, number>();
  ${body}
}
`;

describe('mutate-while-iterating', () => {
  test('tells where the collection is walked, and where a helper of another file changes it', async () => {
    const { report } = await runRule('mutate-while-iterating', {
      'drop.ts':
        'export function drop(map: Map<string, number>, id: string): void {\n  map.delete(id + 2);\n}\n',
      'app.ts': `import { drop } from './drop.ts';
export function run(kept: Map<string, number>): void {
  for (const id of kept.keys()) {
    drop(kept, id);
  }
}
`,
    });
    expect(report.findings).toMatchObject([
      {
        messageId: 'changesWhileIterating',
        file: 'app.ts',
        line: 4,
        help: 'walk a copy, `[...kept]`, or collect first and change afterwards',
      },
    ]);
    expect(report.findings.flatMap(steps)).toEqual(['app.ts:3 is walked here', 'drop.ts:2 is changed here']);
  });

  test('is on by default, and counts each walk as a site, that over a copy aside', async () => {
    const result = await runRule('mutate-while-iterating', {
      'app.ts': CLASS(`run(): void {
    for (const id of this.list) console.log(id);
    for (const id of [...this.list]) this.list.push(id);
    this.kept.forEach((_, id) => console.log(id));
  }`),
    });
    expect([messages(result), result.rules[0]?.sites]).toEqual([[], 3]);
  });

  test('a call that changes the collection in two ways is one finding', async () => {
    const result = await runRule('mutate-while-iterating', {
      'app.ts': CLASS(`run(): void { for (const id of this.list) this.twice(id); }
  twice(id: string): void { this.list.push(id); this.list.shift(); }`),
    });
    expect(messages(result)).toEqual(['changesWhileIterating: changes this.list with push while walking it']);
  });

  test.each([
    ['a method that calls itself', 'again(id: string): void { this.again(id); this.list.push(id); }'],
    [
      'a getter that leads back to itself',
      'again(id: string): void { this.mine.push(id); this.list.push(id); }\n  get mine(): string[] { return this.yours; }\n  get yours(): string[] { return this.mine; }',
    ],
  ])('comes to an end with %s', async (_what, method) => {
    const result = await runRule('mutate-while-iterating', {
      'app.ts': CLASS(`run(): void { for (const id of this.list) this.again(id); }\n  ${method}`),
    });
    expect(messages(result)).toEqual(['changesWhileIterating: changes this.list with push while walking it']);
  });

  test('follows visitors that call each other for the parts of a tree once each, however they may get there', async () => {
    const parts = ['left', 'right', 'first', 'last', 'up', 'down'];
    const visitors = Array.from({ length: 12 }, (_, at) => {
      const calls = parts.map((part, step) => `visit${(at + step) % 12}(node.${part});`);
      return `function visit${at}(node: Tree): void { ${calls.join(' ')} }`;
    });
    const { report, rules } = await runRule('mutate-while-iterating', {
      'app.ts': `interface Tree { ${parts.map((part) => `${part}: Tree`).join('; ')} }
${visitors.join('\n')}
export function run(trees: Tree[]): void {
  for (const tree of trees) visit0(tree);
}
`,
    });
    expect(report.findings).toEqual([]);
    expect(rules.map(({ sites }) => sites)).toEqual([1]);
  });
});

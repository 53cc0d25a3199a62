import { describe, expect, test } from 'vitest';
import { LOCKS_FILE, messages, runRule, steps } from './run.ts';

const SHELF = `import { Mutex } from './locks.ts';
export class Shelf {
  readonly mu = new Mutex();
  async sort(desk: Desk): Promise<void> {
    await this.mu.runExclusive(() => desk.stamp());
  }
  async move(desk: Desk): Promise<void> {
    await this.mu.runExclusive(() => this.lend(desk));
  }
  private async lend(desk: Desk): Promise<void> {
    await desk.stamp();
  }
}
export class Desk {
  readonly mu = new Mutex();
  async stamp(): Promise<void> {
    await this.mu.runExclusive(async () => {});
  }
}
`;
const order = ['Desk.mu', 'Shelf.mu'];

describe('lock-order', () => {
  test('tells one mistake once, by the shortest way from the one acquisition to the other', async () => {
    const { report } = await runRule('lock-order', { 'locks.ts': LOCKS_FILE, 'shelf.ts': SHELF }, { order });
    expect(
      report.findings.map((finding) => [finding.line, finding.symbol, finding.help, steps(finding)]),
    ).toEqual([
      [
        17,
        'Desk.stamp',
        'release Shelf.mu before acquiring Desk.mu, or acquire Desk.mu first',
        [
          'shelf.ts:5 Shelf.mu acquired here',
          'shelf.ts:5 runs the callback',
          'shelf.ts:5 calls Desk.stamp',
          'shelf.ts:17 Desk.mu acquired here',
        ],
      ],
    ]);
  });

  test('has a message for each way in which a declaration is broken', async () => {
    const source = `import { Mutex } from './locks.ts';
const one = new Mutex(), two = new Mutex(), twin = new Mutex(), leaf = new Mutex(), apart = new Mutex();
export class Box { readonly mu = new Mutex(); }
export async function inverted(): Promise<void> {
  await two.runExclusive(() => one.runExclusive(async () => {}));
}
export async function siblings(): Promise<void> {
  await two.runExclusive(() => twin.runExclusive(async () => {}));
}
export async function beneath(): Promise<void> {
  await leaf.runExclusive(() => apart.runExclusive(async () => {}));
}
export async function disjoint(): Promise<void> {
  await apart.runExclusive(() => one.runExclusive(async () => {}));
}
export async function together(): Promise<void> {
  for (const release of await Promise.all([one.acquire(), two.acquire()])) release();
}
export async function boxes(a: Box, b: Box): Promise<void> {
  await a.mu.runExclusive(() => b.mu.runExclusive(async () => {}));
}
`;
    const result = await runRule(
      'lock-order',
      { 'locks.ts': LOCKS_FILE, 'all.ts': source },
      { order: ['one', ['two', 'twin']], leaf: ['leaf'], disjoint: [['one', 'apart']] },
    );
    expect(messages(result)).toEqual([
      'contradictsOrder: acquires one while holding two; the declared order is one → two',
      'siblingHeld: acquires twin while holding two; they are declared siblings, never held together',
      'underLeaf: acquires apart while holding leaf, which is declared a leaf',
      'disjointHeld: acquires one while holding apart; they are declared disjoint, never held together',
      'unorderedMultiAcquire: acquires one while holding two, or the other way round: both are started at once',
      'sameClassNested: acquires Box.mu of one object while holding Box.mu of another, in no fixed order',
    ]);
  });

  test('says nothing without a declaration, and counts what it examined', async () => {
    const { report, rules } = await runRule('lock-order', { 'locks.ts': LOCKS_FILE, 'shelf.ts': SHELF });
    expect([report.findings, rules.map(({ sites }) => sites)]).toEqual([[], [3]]);
  });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type GraphChange, type GraphSymbol, SessionGraph } from '../../../src/manager/index.ts';

const symbol = (id: string, name = id, file = 'a.ts'): GraphSymbol => ({ id, name, file });
const graphOf = (...symbols: GraphSymbol[]): Map<string, GraphSymbol> =>
  new Map(symbols.map((each) => [each.id, each]));

test('a symbol is looked up among the removed, the modified, the added, and then in the base', () => {
  const base = graphOf(symbol('removed'), symbol('modified'), symbol('base'));
  const graph = new SessionGraph(base).with([
    { kind: 'remove', id: 'removed' },
    { kind: 'modify', symbol: symbol('modified', 'renamed') },
    { kind: 'add', symbol: symbol('added') },
  ]);
  expect(graph.lookup('removed')).toBeUndefined();
  expect(graph.lookup('modified')?.name).toBe('renamed');
  expect(graph.lookup('added')?.name).toBe('added');
  expect(graph.lookup('base')?.name).toBe('base');
  expect(graph.lookup('nowhere')).toBeUndefined();
  expect(graph.changes).toBe(3);
});

test('the changed symbols of a file are the added, then the modified, and not the removed', () => {
  const base = graphOf(symbol('m'), symbol('r'));
  const graph = new SessionGraph(base).with([
    { kind: 'modify', symbol: symbol('m') },
    { kind: 'add', symbol: symbol('z') },
    { kind: 'add', symbol: symbol('y') },
    { kind: 'add', symbol: symbol('elsewhere', 'elsewhere', 'b.ts') },
    { kind: 'remove', id: 'r' },
  ]);
  expect(graph.changedSymbolsForFile('a.ts')).toEqual(['z', 'y', 'm']);
  expect(graph.changedSymbolsForFile('c.ts')).toEqual([]);
});

test('what is added and removed again leaves no trace, what comes back after a removal is modified', () => {
  const base = graphOf(symbol('b'));
  const steps: GraphChange[] = [
    { kind: 'add', symbol: symbol('own') },
    { kind: 'remove', id: 'own' },
    { kind: 'remove', id: 'b' },
    { kind: 'add', symbol: symbol('b', 'back') },
  ];
  expect(new SessionGraph(base).with(steps).delta()).toEqual({
    added: [],
    modified: [symbol('b', 'back')],
    removed: [],
  });
});

const ids = fc.constantFrom('a', 'b', 'c', 'd');
const change: fc.Arbitrary<GraphChange> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('add' as const, 'modify' as const),
    symbol: fc.record({ id: ids, name: fc.string({ maxLength: 2 }), file: fc.constant('a.ts') }),
  }),
  fc.record({ kind: fc.constant('remove' as const), id: ids }),
);

test('after any changes it has what a plain table has, and so has what is stored of it', () => {
  fc.assert(
    fc.property(fc.subarray(['a', 'b', 'c', 'd']), fc.array(change), (known, changes) => {
      const base = graphOf(...known.map((id) => symbol(id)));
      const table = new Map(base);
      for (const each of changes) {
        if (each.kind === 'remove') table.delete(each.id);
        else table.set(each.symbol.id, each.symbol);
      }
      const graph = new SessionGraph(base).with(changes);
      const stored = new SessionGraph(base, JSON.parse(JSON.stringify(graph.delta())));
      for (const id of ['a', 'b', 'c', 'd']) {
        expect(graph.lookup(id)).toEqual(table.get(id));
        expect(stored.lookup(id)).toEqual(table.get(id));
      }
      const { added, modified, removed } = graph.delta();
      const own = [...added, ...modified].map(({ id }) => id);
      expect(new Set([...own, ...removed]).size).toBe(own.length + removed.length);
      // Nothing that the base has counts as added.
      expect(added.filter(({ id }) => base.has(id))).toEqual([]);
    }),
  );
});

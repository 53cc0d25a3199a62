import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SharedMap } from '../../../src/analysis/locks/shared-map.ts';

/** What is done with one of a few maps, and with the model of it. */
type Step =
  | { readonly kind: 'set'; readonly map: number; readonly key: number; readonly value: number }
  | { readonly kind: 'delete'; readonly map: number; readonly key: number }
  | { readonly kind: 'copy' | 'become' | 'join'; readonly map: number; readonly from: number };

const MAPS = 4;
const index = fc.nat(MAPS - 1);
const key = fc.nat(60);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('set' as const), map: index, key, value: fc.nat(5) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), map: index, key }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('copy' as const, 'become', 'join'),
      map: index,
      from: index,
    }),
  },
);

const larger = (a: number, b: number): number => Math.max(a, b);

test('copies behave as maps of their own', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const maps = Array.from({ length: MAPS }, () => new SharedMap<number, number>());
      const models = Array.from({ length: MAPS }, () => new Map<number, number>());
      for (const one of steps) perform(one, maps, models);
      for (const [at, map] of maps.entries()) {
        const model = models[at] ?? new Map();
        expect(new Map(map.entries())).toEqual(model);
        expect([map.size, map.keys().length, map.values().length]).toEqual([
          model.size,
          model.size,
          model.size,
        ]);
        for (let asked = 0; asked <= 60; asked += 1) {
          expect([map.get(asked), map.has(asked)]).toEqual([model.get(asked), model.has(asked)]);
        }
      }
    }),
  );
});

function perform(one: Step, maps: SharedMap<number, number>[], models: Map<number, number>[]): void {
  const map = maps[one.map];
  const model = models[one.map];
  if (!map || !model) throw new Error('there is no such map');
  if (one.kind === 'set') {
    map.set(one.key, one.value);
    model.set(one.key, one.value);
  } else if (one.kind === 'delete') {
    map.delete(one.key);
    model.delete(one.key);
  } else {
    const from = maps[one.from];
    const fromModel = models[one.from];
    if (!from || !fromModel) throw new Error('there is no such map');
    if (one.kind === 'join') {
      const before = new Map(model);
      for (const [at, value] of fromModel) model.set(at, larger(value, model.get(at) ?? 0));
      expect(map.join(from, larger)).toBe([...model].some(([at, value]) => before.get(at) !== value));
    } else if (one.kind === 'copy') maps[one.map] = new SharedMap(from);
    else map.become(from);
    if (one.kind !== 'join') models[one.map] = new Map(fromModel);
  }
}

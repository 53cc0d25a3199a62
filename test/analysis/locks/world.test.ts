import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { valueKey } from '../../../src/analysis/locks/keys.ts';
import type { Held, LockRef, Value } from '../../../src/analysis/locks/values.ts';
import { membersOf } from '../../../src/analysis/locks/values.ts';
import {
  addHeld,
  bind,
  dropTokens,
  joinValues,
  mergeOutcomes,
  mergeWorlds,
  type Relation,
  relateInstances,
  releaseAll,
  releaseLock,
  releaseTokens,
  retirePath,
  START,
  type World,
  worldKey,
} from '../../../src/analysis/locks/world.ts';
import { heldOf, lockClass, outcomeOf } from './parts.ts';
import { LOCKS, lockOf, NAMES, toValue, valueInWords } from './random-values.ts';

const A = lockClass('A');
const B = lockClass('B');
const [first, second] = NAMES;
if (!first || !second) throw new Error('the source declares variables');

const constant = (value: string | number): Value => ({ kind: 'constant', value });

// -- random worlds

const lock: fc.Arbitrary<LockRef> = fc
  .tuple(fc.nat(LOCKS.length - 1), fc.constantFrom('this', 'v1', 'v1.mu', null))
  .map(lockOf);
const held: fc.Arbitrary<Held> = fc
  .tuple(fc.constantFrom('1', '2', '3'), lock, fc.constantFrom(undefined, 0, 1))
  .map(([token, ref, segment]) => heldOf(token, ref, { segment }));
const bindings = fc
  .array(valueInWords, { maxLength: NAMES.length })
  .map((all) =>
    all.flatMap((words, at) => {
      const [name, value] = [NAMES[at], toValue(words)];
      return name && value ? [[name, value] as const] : [];
    }),
  )
  .map((entries) => new Map(entries));
const path = fc.constantFrom('v1', 'p0', 'p1');
const effects = {
  held: fc.uniqueArray(held, { maxLength: 3, selector: ({ token }) => token }),
  released: fc.uniqueArray(lock, { maxLength: 2, selector: ({ cls, path }) => `${cls.id} ${path}` }),
  releasedTokens: fc.uniqueArray(fc.constantFrom('7', '8', '9')),
  writes: bindings,
  ordered: fc.array(fc.tuple(path, path), { maxLength: 2 }),
};
const world: fc.Arbitrary<World> = fc.record({
  ...effects,
  outer: fc.constant([]),
  gone: fc.constant([]),
  bindings,
  segment: fc.nat(1),
  facts: fc.dictionary(fc.constantFrom('x', 'y'), fc.boolean()).map((all) => new Map(Object.entries(all))),
  isApart: fc.boolean(),
  result: valueInWords.map(toValue),
});
const outcome = fc.record({ ...effects, value: valueInWords.map(toValue) });

/** Each grant with the lock that it is of. */
function grants(all: readonly Held[]): string[] {
  return all
    .map(({ token, lock: { cls, path: of }, segment }) => `${token} ${cls.id} ${of} ${segment}`)
    .sort();
}

function locks(all: readonly LockRef[]): string[] {
  return all.map(({ cls, path: of }) => `${cls.id} ${of}`);
}

function unionOf<T>(a: readonly T[], b: readonly T[]): T[] {
  return [...new Set([...a, ...b])].sort();
}

function commonTo<T>(a: readonly T[], b: readonly T[]): T[] {
  return a.filter((one) => b.includes(one)).sort();
}

describe('worlds that meet', () => {
  test('are one world if there is one', () => {
    fc.assert(
      fc.property(world, (one) => {
        expect(mergeWorlds([one])).toBe(one);
        expect(worldKey(mergeWorlds([one, one]))).toBe(worldKey(one));
      }),
    );
    expect(mergeWorlds([])).toBe(START);
  });

  test('are the same world in either order', () => {
    fc.assert(
      fc.property(world, world, (one, other) => {
        expect(worldKey(mergeWorlds([one, other]))).toBe(worldKey(mergeWorlds([other, one])));
      }),
    );
  });

  test('may hold what either holds, and have given back for sure what both have', () => {
    fc.assert(
      fc.property(world, world, (one, other) => {
        const both = mergeWorlds([one, other]);
        expect(grants(both.held)).toEqual(unionOf(grants(one.held), grants(other.held)));
        expect(locks(both.released).sort()).toEqual(commonTo(locks(one.released), locks(other.released)));
        expect([...both.releasedTokens].sort()).toEqual(commonTo(one.releasedTokens, other.releasedTokens));
      }),
    );
  });

  test('know what is known in both', () => {
    const one: World = {
      ...START,
      facts: new Map([
        ['x', true],
        ['y', true],
      ]),
      ordered: [['p0', 'p1']],
    };
    const other: World = {
      ...START,
      facts: new Map([
        ['x', false],
        ['y', true],
      ]),
      ordered: [],
    };
    const both = mergeWorlds([one, other]);
    expect([[...both.facts], both.ordered]).toEqual([[['y', true]], []]);
    expect(mergeWorlds([one, { ...one, ordered: [['p0', 'p1']] }]).ordered).toEqual([['p0', 'p1']]);
  });

  test('are in no stretch between two pauses unless both are in the same', () => {
    const at = (segment: number): World => ({ ...START, segment });
    expect([mergeWorlds([at(1), at(1)]).segment, mergeWorlds([at(1), at(2)]).segment]).toEqual([1, -1]);
  });

  test('keep what one of them alone has bound or written', () => {
    const [one, two] = [constant(1), constant(2)];
    const left: World = { ...START, bindings: new Map([[first, one]]), writes: new Map([[first, one]]) };
    const right: World = { ...START, bindings: new Map([[second, two]]), writes: new Map([[first, two]]) };
    const both = mergeWorlds([left, right]);
    expect([both.bindings.get(first), both.bindings.get(second)]).toEqual([one, two]);
    expect(both.writes.get(first)).toEqual({ kind: 'union', members: [one, two] });
  });
});

describe('outcomes taken as one', () => {
  test('hold what any holds, and give back what all give back', () => {
    fc.assert(
      fc.property(outcome, outcome, (one, other) => {
        const both = mergeOutcomes([one, other]);
        expect(grants(both.held)).toEqual(unionOf(grants(one.held), grants(other.held)));
        expect(locks(both.released).sort()).toEqual(commonTo(locks(one.released), locks(other.released)));
        expect([...both.releasedTokens].sort()).toEqual(commonTo(one.releasedTokens, other.releasedTokens));
      }),
    );
  });

  test('write what either writes', () => {
    const written = (value: number) => outcomeOf({ writes: new Map([[first, constant(value)]]) });
    expect(mergeOutcomes([written(1), written(2)]).writes.get(first)).toEqual({
      kind: 'union',
      members: [constant(1), constant(2)],
    });
  });
});

describe('the key of a world', () => {
  const ref: LockRef = { cls: A, path: 'this.a' };
  const base: World = { ...START, held: [heldOf('1', ref, { segment: 3 })], segment: 3 };

  test('tells whether a pause lies behind what is held', () => {
    expect(worldKey(base)).not.toBe(worldKey({ ...base, segment: 4 }));
    // Of two stretches in which nothing was asked for, one is as good as the other.
    expect(worldKey({ ...base, segment: 4 })).toBe(worldKey({ ...base, segment: 5 }));
  });

  test('does not depend on the order in which things came to be known', () => {
    const [x, y] = [['x', true] as const, ['y', false] as const];
    const other: LockRef = { cls: B, path: undefined };
    const one: World = {
      ...base,
      facts: new Map([x, y]),
      released: [ref, other],
      releasedTokens: ['7', '8'],
      ordered: [
        ['p0', 'p1'],
        ['v1', 'v2'],
      ],
    };
    const two: World = {
      ...base,
      facts: new Map([y, x]),
      released: [other, ref],
      releasedTokens: ['8', '7'],
      ordered: [
        ['v1', 'v2'],
        ['p0', 'p1'],
      ],
    };
    expect(worldKey(one)).toBe(worldKey(two));
  });
});

describe('values that meet', () => {
  const value = fc.tuple(valueInWords, valueInWords).map(([a, b]) => joinValues(toValue(a), toValue(b)));

  test('are the same value in either order, and one value if they are equal', () => {
    fc.assert(
      fc.property(value, value, (one, other) => {
        expect(valueKey(joinValues(one, other))).toBe(valueKey(joinValues(other, one)));
        expect(valueKey(joinValues(one, one))).toBe(valueKey(one));
      }),
    );
  });

  test('are alternatives of which each is kept, up to sixteen; more are one that stays what it is', () => {
    const union = (count: number): Value | undefined =>
      Array.from({ length: count }, (_, at) => constant(at)).reduce<Value | undefined>(joinValues, undefined);
    expect(membersOf(union(16))).toEqual(Array.from({ length: 16 }, (_, at) => constant(at)));
    const tooMany: Value = { kind: 'opaque', path: '?', tooMany: 'others' };
    expect(union(17)).toEqual(tooMany);
    expect(union(18)).toEqual(tooMany);
    const closer: Value = { kind: 'releaser', tokens: ['t'], locks: [], pair: false };
    expect(joinValues(closer, union(17))).toEqual({ ...tooMany, tooMany: 'carriers' });
  });

  test('are no object in particular if they are different unknown ones', () => {
    const [one, other] = ['p0', 'p1'].map((path): Value => ({ kind: 'opaque', path }));
    expect(joinValues(one, other)).toBeUndefined();
    expect(joinValues(joinValues(constant(1), one), other)).toEqual(constant(1));
    expect(joinValues(one, { kind: 'opaque', path: 'p0' })).toEqual(one);
  });

  test('are two ends of a wait if both settle a promise', () => {
    const [resolve, reject] = ['p0', 'p1'].map((path): Value => ({ kind: 'opaque', path, settles: first }));
    expect(membersOf(joinValues(resolve, reject))).toEqual([resolve, reject]);
  });

  test('are the one that is known', () => {
    expect([joinValues(constant(1), undefined), joinValues(undefined, constant(1))]).toEqual([
      constant(1),
      constant(1),
    ]);
  });
});

describe('a grant', () => {
  test('that is taken and given back leaves what was held before', () => {
    fc.assert(
      fc.property(world, lock, (before, ref) => {
        const during = addHeld(before, [heldOf('new', ref)]);
        expect(grants(releaseTokens(during, ['new']).held)).toEqual(grants(before.held));
        expect(releaseTokens(during, ['new']).releasedTokens).toEqual(before.releasedTokens);
        expect(grants(dropTokens(during, ['new']).held)).toEqual(grants(before.held));
      }),
    );
  });

  test('replaces an earlier one of the same token', () => {
    const [old, other, renewed] = [
      heldOf('1', { cls: A, path: 'v1' }),
      heldOf('2', { cls: B, path: undefined }),
      heldOf('1', { cls: A, path: 'v2' }),
    ];
    expect(addHeld(addHeld(START, [old, other]), [renewed]).held).toEqual([other, renewed]);
  });

  test('of the caller is noted for the caller, once', () => {
    const once = releaseTokens(START, ['^7']);
    expect(once.releasedTokens).toEqual(['^7']);
    expect(releaseTokens(once, ['^7'])).toBe(once);
  });

  test('of a releaser that may stand for several is the one that is held', () => {
    const held = heldOf('1', { cls: A, path: undefined });
    const during = addHeld(START, [held]);
    expect(releaseTokens(during, ['1', '^7'])).toEqual({ ...START, gone: [{ held, by: 'grant' }] });
  });
});

describe('a lock given back by name', () => {
  const [one, other] = [heldOf('1', { cls: A, path: 'v1' }), heldOf('2', { cls: A, path: 'v2' })];
  const unlike = heldOf('3', { cls: B, path: 'v1' });
  const tokensAfter = (all: readonly Held[], ref: LockRef): string[] =>
    releaseLock(addHeld(START, all), ref).held.map(({ token }) => token);

  test('is the one that hangs on that object', () => {
    expect(tokensAfter([one, other, unlike], one.lock)).toEqual(['2', '3']);
  });

  test('is the only one of its class, by whatever name', () => {
    expect(tokensAfter([one, unlike], { cls: A, path: 'v9' })).toEqual(['3']);
  });

  test('is the one taken last where the names do not tell', () => {
    expect(tokensAfter([one, other, unlike], { cls: A, path: undefined })).toEqual(['1', '3']);
    expect(tokensAfter([one, heldOf('4', one.lock)], one.lock)).toEqual(['1']);
  });

  test('is the caller’s if none of its class is held here, and noted once', () => {
    const once = releaseLock(addHeld(START, [unlike]), one.lock);
    expect([once.held, once.released]).toEqual([[unlike], [one.lock]]);
    expect(releaseLock(once, { cls: A, path: 'v1' })).toBe(once);
    expect(releaseLock(once, other.lock).released).toEqual([one.lock, other.lock]);
  });

  test('is given back by a call for its caller, as are its grants', () => {
    const during = addHeld(START, [one, other, unlike]);
    const after = releaseAll(during, outcomeOf({ released: [one.lock], releasedTokens: ['3'] }));
    expect(after.held).toEqual([other]);
    expect(releaseAll(during, outcomeOf())).toBe(during);
  });
});

describe('a variable bound anew', () => {
  const retire = (of: string, root = 'v1'): string | undefined =>
    retirePath(addHeld(START, [heldOf('1', { cls: A, path: of })]), root).held[0]?.lock.path;

  test.each([
    ['v1', 'v1~'],
    ['v1.mu', 'v1~.mu'],
    ['this.locks[v1]', 'this.locks[v1~]'],
    ['this.locks[v1.id].of[v1]', 'this.locks[v1~.id].of[v1~]'],
    ['^v1.mu', '^v1~.mu'],
    ['v12.mu', 'v12.mu'],
    ['this.v1$', 'this.v1$'],
    ['v1~.mu', 'v1~.mu'],
    ['this.locks["v1"]', 'this.locks["v1"]'],
    ['this.locks["a\\"v1"][v1]', 'this.locks["a\\"v1"][v1~]'],
  ])('leaves %s as %s', (before, after) => {
    expect(retire(before)).toBe(after);
  });

  test('changes nothing where nothing hangs on it', () => {
    const during = addHeld(START, [
      heldOf('1', { cls: A, path: undefined }),
      heldOf('2', { cls: A, path: 'v2' }),
    ]);
    expect(retirePath(during, 'v1')).toBe(during);
  });

  test('is another one once, however often it is bound', () => {
    const during = addHeld(START, [heldOf('1', { cls: A, path: 'v1.mu' })]);
    const once = retirePath(during, 'v1');
    expect(retirePath(once, 'v1')).toEqual(once);
  });
});

/** A lock under a key that is a text and a variable. */
function underTemplate(text: string, variable: string): string {
  return `this.locks[\`${text}/\${${variable}}\`]`;
}

describe('two locks of one class', () => {
  const relation = (
    outer: string | undefined,
    inner: string | undefined,
    ordered: World['ordered'] = [],
  ): Relation => relateInstances({ cls: A, path: outer }, { cls: A, path: inner }, ordered);

  test.each([
    ['this.mu', 'this.mu', 'same'],
    ['v1.mu', 'v2.mu', 'different'],
    ['this.locks["a"]', 'this.locks["b"]', 'fixed'],
    ['this.locks["a"]', 'that.locks["b"]', 'different'],
    ['this.a', 'this.b', 'different'],
    ['g:3', 'g:4', 'fixed'],
    [underTemplate('a', 'v1'), underTemplate('b', 'v1'), 'fixed'],
    [underTemplate('a', 'v1'), underTemplate('a', 'v2'), 'different'],
    [undefined, 'this.mu', 'unknown'],
    ['this.mu', undefined, 'unknown'],
    [undefined, undefined, 'unknown'],
    ['?', '?', 'unknown'],
    ['this.locks[?]', 'this.locks[?]', 'unknown'],
    ['v1', 'v1.child', 'part'],
    ['v1', 'v1.children[0]', 'part'],
    ['v1.child', 'v1', 'parent'],
    ['v1', 'v1.parent', 'parent'],
    ['v1', 'v1._parent', 'parent'],
    ['v1', 'v1.parenthesis', 'part'],
    ['v1.owner', 'v1', 'part'],
    ['v1', 'v1.peer', 'different'],
    ['v1.sibling', 'v1', 'different'],
    ['v1', 'v1.others', 'different'],
    ['v1', 'v12', 'different'],
    ['s4', 's4', 'same'],
    ['s4.mu', 's4~.mu', 'ascending'],
    ['this.locks[s4~]', 'this.locks[s4]', 'ascending'],
    ['s4.mu', 's5.mu', 'different'],
    ['z4.mu', 'z4~.mu', 'descending'],
  ] as const)('%s, then %s: %s', (outer, inner, expected) => {
    expect(relation(outer, inner)).toBe(expected);
  });

  test.each([
    ['p0', 'p1', 'ascending'],
    ['p1', 'p0', 'descending'],
    ['p0.mu', 'p1.mu', 'ascending'],
    ['this.locks[p0]', 'this.locks[p1]', 'ascending'],
    ['this.locks[p1]', 'this.locks[p0]', 'descending'],
    ['p0', 'p2', 'different'],
    ['p0', 'p0', 'same'],
  ] as const)('%s, then %s, where p0 is known to come before p1: %s', (outer, inner, expected) => {
    expect(relation(outer, inner, [['p0', 'p1']])).toBe(expected);
  });

  test('turn their relation round when they change places', () => {
    const turned: Readonly<Record<Relation, Relation>> = {
      same: 'same',
      part: 'parent',
      parent: 'part',
      ascending: 'descending',
      descending: 'ascending',
      next: 'previous',
      previous: 'next',
      fixed: 'fixed',
      different: 'different',
      unknown: 'unknown',
    };
    const any = fc.constantFrom(
      'v1',
      'v1.child',
      'v1.parent',
      'v2',
      'p0',
      'p1.mu',
      'this.locks[p0]',
      `this.locks[${text('{p0}/{p1}')}]`,
      `this.locks[${text('= ({p0}+1)%4')}]`,
      '?',
      undefined,
    );
    fc.assert(
      fc.property(
        any,
        any,
        fc.constantFrom<World['ordered']>([], [['p0', 'p1']], [['v2', 'p0']]),
        (a, b, ordered) => {
          expect(relation(b, a, ordered)).toBe(turned[relation(a, b, ordered)]);
        },
      ),
    );
  });
});

test('a binding to what is not known is forgotten, and one that is there already changes nothing', () => {
  const one = constant(1);
  const bound = bind(START, first, one);
  expect(bound.bindings.get(first)).toBe(one);
  expect(bind(bound, first, one)).toBe(bound);
  expect(bind(bound, first, undefined).bindings.has(first)).toBe(false);
});

describe('what is held in one of two worlds', () => {
  const [both, one] = [heldOf('1', { cls: A, path: 'v1' }), heldOf('2', { cls: A, path: 'v2' })];
  const sure = (all: readonly Held[]): string[] =>
    all.filter(({ perhaps }) => !perhaps).map(({ token }) => token);

  test('is held perhaps when they are merged, in either order', () => {
    const [more, less] = [addHeld(START, [both, one]), addHeld(START, [both])];
    expect([mergeWorlds([more, less]), mergeWorlds([less, more])].map(({ held }) => sure(held))).toEqual([
      ['1'],
      ['1'],
    ]);
  });

  test('and given back in one of them only, is not known to be gone', () => {
    const during = addHeld(START, [both]);
    expect(mergeWorlds([releaseTokens(during, ['1']), during]).gone).toEqual([]);
  });
});

/** The key that is a text with paths in it: `{p0}` for the value of `p0`. */
function text(parts: string): string {
  return `\`${parts.replaceAll('{', '$' + '{')}\``;
}

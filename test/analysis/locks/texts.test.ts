import { describe, expect, test } from 'vitest';
import { sumOf, textOf } from '../../../src/analysis/locks/texts.ts';
import type { Value } from '../../../src/analysis/locks/values.ts';

const constant = (value: string | number): Value => ({ kind: 'constant', value });
const opaque = (path: string): Value => ({ kind: 'opaque', path });

describe('textOf', () => {
  test('is a constant where every part is one', () => {
    expect(textOf(['db:', constant('users'), '/', constant(7)])).toEqual(constant('db:users/7'));
  });

  test('names the parts that are not known by their paths', () => {
    expect(textOf(['db:', opaque('p0.name')])).toEqual(opaque(`\`db:\${p0.name}\``));
    expect(textOf(['db:', undefined])).toEqual(opaque(`\`db:\${?}\``));
  });

  test('a text in a text is part of it, so that it does not matter in how many steps it was made', () => {
    const inner = textOf(['x:', opaque('p0')]);
    expect(textOf(['app/', inner])).toEqual(textOf(['app/x:', opaque('p0')]));
  });
});

describe('sumOf', () => {
  test('of a text and anything else is a text', () => {
    expect(sumOf(constant('db:'), opaque('p0'))).toEqual(textOf(['db:', opaque('p0')]));
    expect(sumOf(textOf(['db:', opaque('p0')]), constant(1))).toEqual(textOf(['db:', opaque('p0'), '1']));
  });

  test('of two numbers is a number', () => {
    expect(sumOf(constant(1), constant(2))).toEqual(constant(3));
  });

  test('of what may be numbers is not known', () => {
    expect(sumOf(opaque('p0'), opaque('p1'))).toBeUndefined();
    expect(sumOf(opaque('p0'), constant(1))).toBeUndefined();
  });
});

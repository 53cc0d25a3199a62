import { describe, expect, it } from 'vitest';
import { cfgOf, ownerOf } from '../../../src/analysis/inserts/functions.ts';
import { repeatingLoops, runsBoth } from '../../../src/analysis/loops.ts';
import { callOf, oneFile } from './program.ts';

/** The heads of the loops that repeat the call of `insert`, innermost first. */
function loopsAround(text: string): readonly string[] {
  const { source } = oneFile(text);
  const call = callOf(source, 'insert');
  return repeatingLoops(cfgOf(ownerOf(call)), call).map(
    ({ statement }) => statement.getText().split(' {')[0] ?? '',
  );
}

describe('repeatingLoops', () => {
  it('names the loops around a call, innermost first', () => {
    expect(loopsAround('for (const a of as) { while (b) { insert(); } }')).toEqual([
      'while (b)',
      'for (const a of as)',
    ]);
  });

  it('counts the condition and the update of a loop, but not its initializer', () => {
    expect(loopsAround('for (; insert(); ) { x(); }')).toEqual(['for (; insert(); )']);
    expect(loopsAround('for (; a; insert()) { x(); }')).toEqual(['for (; a; insert())']);
    expect(loopsAround('for (let a = insert(); a; ) { x(); }')).toEqual([]);
  });

  it('does not count the iterable of a for-of', () => {
    expect(loopsAround('for (const a of insert()) { x(a); }')).toEqual([]);
  });

  it('leaves out a loop that is always left after the call', () => {
    expect(loopsAround('for (const a of as) { if (a) continue; insert(); break; }')).toEqual([]);
    expect(loopsAround('function f() { for (const a of as) { if (a) { insert(); return; } } }')).toEqual([]);
  });

  it('keeps an outer loop when only the inner one is left', () => {
    expect(loopsAround('for (const a of as) { for (const b of a) { insert(); break; } }')).toEqual([
      'for (const a of as)',
    ]);
    expect(loopsAround('o: for (const a of as) { for (const b of a) { insert(); break o; } }')).toEqual([]);
  });

  it('does not count a turn that only follows the failure of the call', () => {
    expect(
      loopsAround('async () => { while (a) { try { await insert(); return; } catch { log(); } } }'),
    ).toEqual([]);
    expect(loopsAround('async () => { while (a) { try { await insert(); } catch { log(); } } }')).toEqual([
      'while (a)',
    ]);
  });

  it('keeps in mind a flag that ends the loop', () => {
    expect(loopsAround('let done = false; while (!done) { insert(); done = true; }')).toEqual([]);
    expect(loopsAround('let done = false; while (!done) { insert(); done = a(); }')).toEqual([
      'while (!done)',
    ]);
    expect(
      loopsAround('while (true) { let done = false; insert(); done = true; if (!done) break; }'),
    ).toEqual(['while (true)']);
  });

  it('knows that do … while (false) is no loop', () => {
    expect(loopsAround('do { insert(); } while (false);')).toEqual([]);
  });
});

describe('runsBoth', () => {
  function bothRun(text: string): boolean {
    const { source } = oneFile(text);
    const call = callOf(source, 'a');
    return runsBoth(cfgOf(ownerOf(call)), call, callOf(source, 'b'));
  }

  it('holds for calls one after the other', () => {
    expect(bothRun('function f() { b(); if (c) a(); }')).toBe(true);
  });

  it('does not hold for the arms of a branch', () => {
    expect(bothRun('function f() { if (c) return a(); b(); }')).toBe(false);
  });

  it('does not hold for what follows only when the first has failed', () => {
    expect(bothRun('async function f() { try { await a(); } catch { await b(); } }')).toBe(false);
  });
});

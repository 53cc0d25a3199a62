import { describe, expect, it } from 'vitest';
import { Frames } from '../../../src/analysis/inserts/frames.ts';
import { isFunctionNode, ownerOf } from '../../../src/analysis/inserts/functions.ts';
import { callOf, oneFile } from './program.ts';

/** The places that run the function around the call of `insert`: how, and their text. */
function sites(text: string): readonly string[] {
  const { source, graph } = oneFile(text);
  const fn = ownerOf(callOf(source, 'insert'));
  if (!isFunctionNode(fn)) throw new Error('insert is not called in a function');
  return graph.callSites(fn, Frames.none).map(({ node, how }) => `${how} ${node.getText()}`);
}

describe('CallGraph.callSites', () => {
  it('finds the calls of a function by its name', () => {
    expect(sites('function f() { insert(); }\nf(); function g() { f(); }')).toEqual(['call f()', 'call f()']);
  });

  it('does not take another function of the name', () => {
    expect(sites('function f() { insert(); }\nfunction g(f: () => void) { f(); }')).toEqual([]);
  });

  it('follows aliases, bind and destructured properties', () => {
    expect(sites('const f = () => insert(); const g = f; g();')).toEqual(['call g()']);
    expect(sites('const f = () => insert(); const g = f.bind(null, 1); g();')).toEqual(['call g()']);
    expect(sites('const f = () => insert(); const o = { f }; const { f: h } = o; h();')).toEqual([
      'call h()',
    ]);
  });

  it('knows the callbacks of iterations', () => {
    expect(sites('xs.forEach(() => insert());')).toEqual(['iteration xs.forEach(() => insert())']);
    expect(sites('Array.from(xs, () => insert());')).toEqual(['iteration Array.from(xs, () => insert())']);
  });

  it('takes any other callback to run where it is handed over', () => {
    expect(sites('tx(async () => { insert(); });')).toEqual(['call tx(async () => { insert(); })']);
    expect(sites('setTimeout(() => insert(), 1);')).toEqual(['later setTimeout(() => insert(), 1)']);
    expect(sites('bus.on("x", () => insert());')).toEqual([]);
  });

  it('goes into a function of the program that takes the callback', () => {
    expect(sites('function each(f: () => void) { for (;;) f(); }\neach(() => insert());')).toEqual([
      'call f()',
    ]);
    expect(sites('function keep(f: () => void) { void 0; }\nkeep(() => insert());')).toEqual([]);
  });

  it('follows a function that is returned', () => {
    expect(sites('const make = () => () => insert(); const f = make(); f();')).toEqual(['call f()']);
  });

  it('keeps apart the calls of a helper that was handed this function', () => {
    const { source, graph } = oneFile(
      'function run(f: () => void) { f(); }\nrun(() => insert());\nrun(() => other());',
    );
    const fn = ownerOf(callOf(source, 'insert'));
    if (!isFunctionNode(fn)) throw new Error('insert is not called in a function');
    const [site] = graph.callSites(fn, Frames.none);
    expect(site?.frames.calls.map((call) => call.getText())).toEqual(['run(() => insert())']);
  });
});

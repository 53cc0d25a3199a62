// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the strings are source text
import { describe, expect, it } from 'vitest';
import { Folder } from '../../../src/analysis/inserts/fold.ts';
import { Frames } from '../../../src/analysis/inserts/frames.ts';
import { isFunctionNode, ownerOf } from '../../../src/analysis/inserts/functions.ts';
import { callOf, oneFile } from './program.ts';

/** The texts of the argument of `run`; a hole is `?`, one for a value `$`. */
function folded(text: string): readonly string[] {
  const { source, code, graph } = oneFile(text);
  const [at] = callOf(source, 'run').arguments;
  if (!at) throw new Error('run has no argument');
  const { texts } = new Folder(code, graph.callees).fold({ at, path: [], frames: Frames.none });
  return texts.map((parts) => {
    return parts
      .map((part) => (typeof part === 'string' ? part : part.kind === 'value' ? '$' : '?'))
      .join('');
  });
}

describe('Folder', () => {
  it('puts literals, templates and constants together', () => {
    expect(folded('const T = "t"; run("INSERT INTO " + T + ` (a) VALUES (${x})`);')).toEqual([
      'INSERT INTO t (a) VALUES (?)',
    ]);
  });

  it('reads a text that is put together of a hundred lines', () => {
    const lines = Array.from({ length: 100 }, (_, index) => `"${index} "`);
    expect(folded(`run(${lines.join(' + ')});`)).toEqual([lines.join('').replaceAll('"', '')]);
  });

  it('answers with one text for each arm of a condition', () => {
    expect(folded('run(`a ${c ? "b" : "c"}`);')).toEqual(['a b', 'a c']);
  });

  it('follows the assignments that reach a use', () => {
    expect(folded('let q = "a"; if (c) q += "b"; run(q); q = "z";')).toEqual(['a', 'ab']);
    expect(folded('let q = "a"; q = "b"; run(q);')).toEqual(['b']);
  });

  it('takes what a nested function assigns before its own use', () => {
    expect(folded('let q = "a"; cb(() => { q = "b"; run(q); });')).toEqual(['b']);
    expect(folded('let q = "a"; q = "c"; cb(() => { if (x) q = "b"; run(q); });')).toEqual(['b', 'c']);
  });

  it('takes a text that a loop adds to for a hole before what it adds', () => {
    expect(folded('let q = "a"; for (const x of xs) { q += "b"; } run(q);')).toEqual(['a', 'ab', '?b']);
  });

  it('joins array literals, and leaves a hole where the array grows', () => {
    expect(folded('run(["a", "b"].join(" "));')).toEqual(['a b']);
    expect(folded('const p = ["a", "b"]; p.push(x); run(p.join(" "));')).toEqual(['a b ?']);
  });

  it('reads an array as it is filled', () => {
    expect(folded('const p = ["a"]; p.push("b", "c"); p.unshift("z"); run(p.join(" "));')).toEqual([
      'z a b c',
    ]);
    expect(folded('const p = ["a"]; if (c) p.push("b"); run(p.join(" "));')).toEqual(['a', 'a b']);
    expect(folded('const p = ["a"]; for (const x of xs) p.push("b"); run(p.join(" "));')).toEqual([
      'a',
      'a b ?',
    ]);
    expect(folded('const p = ["a"]; xs.forEach(() => p.push("b")); run(p.join(" "));')).toEqual(['a', 'a ?']);
    expect(folded('const p = ["a"]; p.sort(); run(p.join(" "));')).toEqual(['a ?']);
    expect(folded('const p = ["a"]; run([...p, ...(c ? ["b"] : []), ...x].join(" "));')).toEqual([
      'a b ?',
      'a ?',
    ]);
  });

  it('takes what stands for a value only where there may be none', () => {
    expect(folded('const o = { a: "x" }; run(o.a ?? "y");')).toEqual(['x']);
    expect(folded('const o = { a: "" }; run(o.a || "y");')).toEqual(['y']);
    expect(folded('const o = { a: c ? "x" : undefined }; run(o.a ?? "y");')).toEqual(['x', 'y']);
    expect(folded('run(x.a ?? "y");')).toEqual(['?', 'y']);
    expect(folded('const { a = "x" } = f({}); function f(o) { return { b: 1 }; } run(a);')).toEqual(['x']);
    expect(folded('const f = (a = "x", { b = "y" } = {}) => a + b; run(f());')).toEqual(['xy']);
    expect(folded('const f = ({ b = "y" }) => b; run(f({ b: "z" }));')).toEqual(['z']);
    expect(folded('const f = ({ b = "y" }) => b; run(f({ ...x }));')).toEqual(['?', 'y']);
    expect(folded('const o = {}; o.a = x; run(o.a ?? "y");')).toEqual(['?', 'y']);
  });

  it('reads properties of object literals, and what destructuring takes out of them', () => {
    expect(folded('const Q = { a: { b: "x" } }; run(Q.a.b);')).toEqual(['x']);
    expect(folded('const Q = { a: "x" }; const { a: y } = Q; run(y);')).toEqual(['x']);
    expect(folded('const Q = { a: "x", b: "y" }; run(Q[k]);')).toEqual(['x', 'y']);
  });

  it('takes the results of functions, with the arguments of the call', () => {
    expect(folded('function q(t: string) { return `INSERT INTO ${t}`; } run(q("u"));')).toEqual([
      'INSERT INTO u',
    ]);
    expect(folded('const q = (t = "u") => `INSERT INTO ${t}`; run(q());')).toEqual(['INSERT INTO u']);
  });

  it('knows the elements that a for-of goes through', () => {
    expect(folded('for (const t of ["a", "b"]) run(`x ${t}`);')).toEqual(['x a', 'x b']);
  });

  it('binds the values in the text of a tag, but not other pieces of SQL', () => {
    expect(folded('const end = sql`c`; run(sql`a ${x} ${end} ${y.z}`);')).toEqual(['a $ c $']);
  });

  it('ends at a value that is made from itself', () => {
    expect(folded('const a = () => b(); const b = () => a(); run("x" + a());')).toEqual(['x?']);
  });

  it('says which function has to be entered for a hole to be filled', () => {
    const { source, code, graph } = oneFile('function f(t: string) { run(`a ${t}`); }\nf("b");');
    const call = callOf(source, 'run');
    const fn = ownerOf(call);
    const [at] = call.arguments;
    if (!at || !isFunctionNode(fn)) throw new Error('run is called in f');
    const folder = new Folder(code, graph.callees);
    const open = folder.fold({ at, path: [], frames: Frames.none });
    const entered = folder.fold({ at, path: [], frames: Frames.none.enter(fn, callOf(source, 'f')) });
    expect([open.open, open.texts]).toEqual([new Set([fn]), [['a ', { hole: true, kind: 'unknown' }]]]);
    expect([entered.open, entered.texts]).toEqual([new Set(), [['a b']]]);
  });
});

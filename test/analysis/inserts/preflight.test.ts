import { describe, expect, it } from 'vitest';
import { cfgOf, isFunctionNode, ownerOf } from '../../../src/analysis/inserts/functions.ts';
import { Preflights } from '../../../src/analysis/inserts/preflight.ts';
import { type Ts, ts } from '../../../src/syntax/ts.ts';
import { callOf, oneFile } from './program.ts';

const LOOKUP = 'async function lookup(): Promise<string | undefined> { return undefined; }\n';

/** Whether the preflight `lookup` decides about `insert` in the body of a function. */
function decided(body: string, helpers = ''): string {
  const { source, graph } = oneFile(`${LOOKUP}${helpers}\nasync function f(c: boolean) { ${body} }`);
  const declarations = new Set<Ts.Node>(source.statements.filter((one) => isNamed(one, 'lookup')));
  const call = callOf(source, 'insert');
  const cfg = cfgOf(ownerOf(call));
  return new Preflights(graph, [{ name: 'lookup', declarations }]).judge(cfg, cfg.entry, call).decided;
}

function isNamed(node: Ts.Node, name: string): boolean {
  return ts.isFunctionDeclaration(node) && isFunctionNode(node) && node.name?.text === name;
}

describe('Preflights.judge', () => {
  it('takes the side of a test on which there is no row', () => {
    expect(decided('if (await lookup()) return; insert();')).toBe('yes');
    expect(decided('if (!(await lookup())) return; insert();')).toBe('no');
    expect(decided('const id = await lookup(); if (id === undefined) insert();')).toBe('yes');
    expect(decided('const id = await lookup(); if (id !== undefined) insert();')).toBe('no');
    expect(decided('const id = await lookup(); switch (id) { case undefined: insert(); }')).toBe('yes');
    expect(decided('(await lookup()) ?? insert();')).toBe('yes');
    expect(decided('(await lookup()) && insert();')).toBe('no');
    expect(decided('const rows = await lookup(); if (rows.length > 0) return; insert();')).toBe('yes');
  });

  it('follows the answer through a chain of promises', () => {
    const asked = (chain: string): string => decided(`if (await ${chain}) return; insert();`);
    expect(asked('lookup().then((id) => id !== undefined)')).toBe('yes');
    expect(asked('lookup().then((id) => id === undefined)')).toBe('no');
    expect(asked('lookup().then(Boolean)')).toBe('yes');
    expect(asked('Promise.resolve().then(() => lookup())')).toBe('yes');
    expect(asked('other().then(unknownFunction)')).toBe('no');
  });

  it('takes a failure for no answer, unless the handler tells failures apart', () => {
    const asked = (handler: string): string =>
      decided(`const id = await lookup().catch(${handler}); if (id) return; insert();`);
    expect(asked('() => undefined')).toBe('no');
    expect(asked('unknownFunction')).toBe('no');
    expect(asked('() => true')).toBe('yes');
    expect(asked('(error) => { throw error; }')).toBe('yes');
    expect(asked('(error) => { if (error.code === 1) return undefined; throw error; }')).toBe('yes');
  });

  it('finds the answer at its index among several', () => {
    expect(decided('const [, id] = await Promise.all([1, lookup()]); if (id) return; insert();')).toBe('yes');
    expect(decided('const [id] = await Promise.all([x, lookup()]); if (id) return; insert();')).toBe('no');
    expect(decided('const all = await Promise.all([...x, lookup()]); if (all[1]) return; insert();')).toBe(
      'no',
    );
  });

  it('knows which of two words stands for the row', () => {
    const named = "const state = (await lookup()) ? 'old' : 'new'; ";
    expect(decided(`${named} if (state === 'old') return; insert();`)).toBe('yes');
    expect(decided(`${named} if (state === 'new') return; insert();`)).toBe('no');
    expect(decided(`${named} if (state === 'other') return; insert();`)).toBe('no');
  });

  it('knows that an answer is of one type', () => {
    const typed = (type: string): string =>
      decided(`switch (typeof (await lookup())) { case '${type}': return; default: insert(); }`);
    expect(typed('string')).toBe('yes');
    expect(typed('number')).toBe('no');
    expect(typed('undefined')).toBe('no');
  });

  it('asks for a decision on every path', () => {
    expect(decided('if (c) { if (await lookup()) return; } insert();')).toBe('no');
    expect(decided('if (c || (await lookup())) return; insert();')).toBe('yes');
    expect(decided('if (c && (await lookup())) return; insert();')).toBe('no');
  });

  it('does not take a test that decides nothing', () => {
    expect(decided('const id = await lookup(); if (id) log(id); insert();')).toBe('no');
    expect(decided('await lookup(); insert();')).toBe('no');
  });

  it('forgets an answer that is overwritten', () => {
    expect(decided('let id = await lookup(); id = other(); if (id) return; insert();')).toBe('no');
  });

  it('knows what a flag says that is set on the way', () => {
    expect(decided('let is = false; if (await lookup()) is = true; if (!is) insert();')).toBe('yes');
    expect(decided('const isNew = (await lookup()) === undefined && c; if (isNew) insert();')).toBe('yes');
    expect(decided('const isNew = (await lookup()) === undefined || c; if (isNew) insert();')).toBe('no');
  });

  it('takes the answer of a helper that hands it on', () => {
    const has = 'async function has() { const id = await lookup(); return id !== undefined; }';
    const drops = 'async function has() { const id = await lookup(); return Math.random() > 0.5; }';
    const skips =
      'async function has() { if (Math.random() > 0.5) return false; return !!(await lookup()); }';
    const body = 'if (await has()) return; insert();';
    expect([decided(body, has), decided(body, drops), decided(body, skips)]).toEqual(['yes', 'no', 'no']);
  });

  it('follows an answer into a function that judges it', () => {
    const is = 'const isThere = (id: unknown) => id !== undefined;';
    expect(decided('if (isThere(await lookup())) return; insert();', is)).toBe('yes');
    expect(decided('if (!isThere(await lookup())) return; insert();', is)).toBe('no');
    expect(
      decided('if (isLong(await lookup())) return; insert();', 'const isLong = (id: unknown) => id === "x";'),
    ).toBe('no');
  });

  it('takes the return of a helper that throws when there is a row', () => {
    const absent = 'async function absent() { if (await lookup()) throw new Error(); }';
    expect(decided('await absent(); insert();', absent)).toBe('yes');
    expect(decided('void absent(); insert();', absent)).toBe('no');
  });

  it('takes the answer that a promise is resolved with', () => {
    expect(decided('return lookup().then((id) => { if (id) return; insert(); });')).toBe('yes');
  });

  it('counts the assignments of a callback that is waited for', () => {
    expect(decided('let id; await tx(async () => { id = await lookup(); }); if (id) return; insert();')).toBe(
      'yes',
    );
  });

  it('names the variables of functions around that it relies on', () => {
    expect(decided('const id = await lookup(); await tx(async () => { if (!id) insert(); });')).toBe(
      'by-captured',
    );
  });
});

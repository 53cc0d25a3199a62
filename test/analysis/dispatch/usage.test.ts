import { describe, expect, it } from 'vitest';
import { usageOf } from '../../../src/analysis/dispatch/usage.ts';
import { identifier, parse } from './support.ts';

function usageIn(text: string) {
  return usageOf(identifier(parse(text), 'stop').parent);
}

describe('usageOf', () => {
  it.each([
    'p.stop();',
    'p.stop?.();',
    '(p.stop)();',
    'p.stop!();',
    '(p.stop as Verb)();',
    'new p.stop();',
    'p.stop``;',
    'p.stop.call(p);',
    'p.stop.apply(p, []);',
    "p.stop['call'](p);",
  ])('takes %s for a call', (text) => {
    expect(usageIn(text)).toBe('call');
  });

  it.each([
    'run(p.stop);',
    'const f = p.stop;',
    'const f = p.stop ?? halt;',
    'const f = ready && p.stop;',
    'const f = ready ? p.stop : halt;',
    'p.stop.bind(p);',
    'run(p.stop.call);',
    '(0, p.stop)();',
    'const table = { pause: p.stop };',
    'function f() { return p.stop; }',
    'halt = p.stop;',
    'const f = p.stop || halt;',
    'const f = (ready, p.stop);',
    'Boolean(x, run(p.stop));',
    'const Boolean = keep; Boolean(p.stop);',
    'new Boolean(p.stop);',
    'throw p.stop;',
  ])('takes %s for a value', (text) => {
    expect(usageIn(text)).toBe('value');
  });

  it.each([
    'if (p.stop) go();',
    'while (p.stop) go();',
    'for (; p.stop; ) go();',
    'const has = !p.stop;',
    "const has = typeof p.stop === 'function';",
    'const has = p.stop === undefined;',
    'const text = p.stop ? 1 : 2;',
    'p.stop && go();',
    'p.stop = halt;',
    'delete p.stop;',
    'const name = p.stop.name;',
    'if (ready && p.stop) go();',
    'if (!(ready || p.stop)) go();',
    'const has = !!(p.stop ?? halt);',
    'const has = Boolean(p.stop);',
    'const has = Boolean(ready && p.stop);',
    'const has = Boolean(ready ? p.stop : halt);',
    'ready && p.stop && p.start();',
    'const text = (ready && p.stop) ? 1 : 2;',
    'const one = (p.stop, 1);',
    'void p.stop;',
    'p.stop;',
    'switch (p.stop) {}',
    'switch (halt) { case p.stop: }',
  ])('takes %s for neither', (text) => {
    expect(usageIn(text)).toBe('none');
  });
});

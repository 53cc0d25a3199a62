import { describe, expect, it } from 'vitest';
import { type ColorFlag, colorsFor } from '../../src/cli/terminal.ts';

type Row = [flag: ColorFlag, env: Record<string, string>, stream: 'terminal' | 'pipe', colour: boolean];

describe('colorsFor', () => {
  it.each<Row>([
    [undefined, {}, 'terminal', true],
    [undefined, {}, 'pipe', false],
    [undefined, { CI: '1' }, 'pipe', false],
    [undefined, { NO_COLOR: '1' }, 'terminal', false],
    [undefined, { NO_COLOR: '' }, 'terminal', true],
    [undefined, { FORCE_COLOR: '1' }, 'pipe', true],
    [undefined, { FORCE_COLOR: '' }, 'pipe', true],
    [undefined, { FORCE_COLOR: '0' }, 'terminal', false],
    [undefined, { FORCE_COLOR: 'false' }, 'terminal', false],
    [undefined, { NO_COLOR: '1', FORCE_COLOR: '1' }, 'terminal', false],
    ['on', { NO_COLOR: '1', FORCE_COLOR: '0' }, 'pipe', true],
    ['off', { FORCE_COLOR: '1' }, 'terminal', false],
  ])('with the flag %j, %j and a %s is %j', (flag, env, stream, colour) => {
    const out = { isTTY: stream === 'terminal', write: () => {} };
    expect(colorsFor(out, { env }, flag).isColorSupported).toBe(colour);
  });
});

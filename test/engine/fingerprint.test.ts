import { describe, expect, it } from 'vitest';
import { fingerprints, type Identity } from '../../src/engine/fingerprint.ts';

const finding: Identity = {
  ruleId: 'lock-order',
  messageId: 'contradictsOrder',
  symbol: 'Registry.detach',
  snippet: "await this.mu.acquire({ reason: 'detach', force })",
};

describe('fingerprints', () => {
  it('are 16 hexadecimal digits', () => {
    expect(fingerprints([finding])[0]).toMatch(/^[\da-f]{16}$/);
  });

  it.each([
    ['other blanks', "await   this.mu.acquire( {reason: 'detach', force} )"],
    ['wrapped lines', "await this.mu.acquire({\n  reason: 'detach',\r\n\tforce,\n})"],
    ['other quotes and a semicolon', 'await this.mu.acquire({ reason: "detach", force });'],
  ])('survive %s', (_, snippet) => {
    expect(fingerprints([{ ...finding, snippet }])).toEqual(fingerprints([finding]));
  });

  it.each<[keyof Identity, Partial<Identity>]>([
    ['ruleId', { ruleId: 'lock-cycle' }],
    ['messageId', { messageId: 'underLeaf' }],
    ['symbol', { symbol: 'Registry.attach' }],
    ['snippet', { snippet: 'await this.hook.acquire()' }],
  ])('differ by %s', (_, change) => {
    expect(fingerprints([{ ...finding, ...change }])).not.toEqual(fingerprints([finding]));
  });

  it('tell equals apart by their order, so that no new finding hides behind an old one', () => {
    const [first, second, third] = fingerprints([finding, { ...finding, symbol: 'other' }, finding]);
    expect(new Set([first, second, third]).size).toBe(3);
    expect(fingerprints([finding])).toEqual([first]);
  });
});

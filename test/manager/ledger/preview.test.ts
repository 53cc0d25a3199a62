import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ledgerFlags, PREVIEW_BYTES, preview, stuckThresholdS } from '../../../src/manager/index.ts';

test('M-F10 a preview is the longest beginning of whole characters that fits', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', 'é', '€', '😀'), minLength: 900, maxLength: 5_000 }),
      (text) => {
        const cut = preview(text);
        expect(text.startsWith(cut)).toBe(true);
        const size = Buffer.byteLength(cut);
        expect(size).toBeLessThanOrEqual(PREVIEW_BYTES);
        const [next] = text.slice(cut.length);
        if (next !== undefined) expect(size + Buffer.byteLength(next)).toBeGreaterThan(PREVIEW_BYTES);
      },
    ),
    { numRuns: 200 },
  );
});

test('M-F10 a short text stays as it is', () => {
  expect(preview('\uFEFFa 😀')).toBe('\uFEFFa 😀');
  expect(preview('x'.repeat(4096))).toHaveLength(4096);
  expect(preview('x'.repeat(4097))).toHaveLength(4096);
  expect(preview(`${'x'.repeat(4093)}😀`)).toBe('x'.repeat(4093));
});

test.each(['true', 'yes', 'on', 'TRUE', '0', '', ' 1', '11'])('M-12 a flag that is %j is off', (value) => {
  const env = {
    DELEGATION_LEDGER_WRITE: value,
    DELEGATION_RESULT_INBOX_PUSH: value,
    DELEGATION_SYNC_VIA_INBOX: value,
  };
  expect(ledgerFlags(env)).toEqual({ write: false, inboxPush: false, syncViaInbox: false });
});

test('M-15 each flag that is 1 is on, for itself', () => {
  expect(ledgerFlags({})).toEqual({ write: false, inboxPush: false, syncViaInbox: false });
  expect(ledgerFlags({ DELEGATION_LEDGER_WRITE: '1' })).toMatchObject({ write: true, inboxPush: false });
  expect(ledgerFlags({ DELEGATION_RESULT_INBOX_PUSH: '1' })).toMatchObject({ write: false, inboxPush: true });
  expect(ledgerFlags({ DELEGATION_SYNC_VIA_INBOX: '1' })).toMatchObject({
    syncViaInbox: true,
    inboxPush: false,
  });
});

test.each([
  [undefined, 600],
  ['30', 30],
  ['0', 600],
  ['-5', 600],
  ['1.5', 600],
  ['soon', 600],
])('M-14 a threshold of %j is %s seconds', (value, seconds) => {
  expect(stuckThresholdS({ DELEGATION_STUCK_THRESHOLD_S: value })).toBe(seconds);
});

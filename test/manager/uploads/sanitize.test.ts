import fc from 'fast-check';
import { expect, test } from 'vitest';
import { safeMimetype, sanitizeFilename } from '../../../src/manager/index.ts';

test.each([
  ['report.pdf', 'report.pdf'],
  ['my report.pdf', 'my_report.pdf'],
  ['../../etc/passwd', 'passwd'],
  ['C:\\temp\\a.txt', 'a.txt'],
  ['a"b\r\nc.txt', 'a_b__c.txt'],
  ['żółw.txt', '___w.txt'],
  ['😀.png', '_.png'],
  ['', 'file'],
  ['.', 'file'],
  ['..', 'file'],
  ['dir/', 'file'],
  ['.bashrc', '.bashrc'],
  [`${'x'.repeat(120)}.pdf`, `${'x'.repeat(96)}.pdf`],
  [`${'x'.repeat(120)}.${'y'.repeat(15)}`, `${'x'.repeat(84)}.${'y'.repeat(15)}`],
  [`${'x'.repeat(120)}.${'y'.repeat(16)}`, 'x'.repeat(100)],
])('M-17 the name %j is kept as %s', (name, safe) => {
  expect(sanitizeFilename(name)).toBe(safe);
});

test('M-17 every name is safe, and a safe name stays as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (name) => {
      const safe = sanitizeFilename(name);
      expect(safe).toMatch(/^[A-Za-z0-9._-]{1,100}$/);
      expect(['.', '..']).not.toContain(safe);
      expect(sanitizeFilename(safe)).toBe(safe);
    }),
  );
});

test.each([
  ['', ''],
  ['text/plain', 'text/plain'],
  ['Text/HTML; charset=utf-8', 'text/html'],
  ['image/svg+xml', 'image/svg+xml'],
  ['text/plain\r\nset-cookie: a=b', 'application/octet-stream'],
  ['text/plain; a="\n"', 'application/octet-stream'],
  ['text', 'application/octet-stream'],
  ['text/', 'application/octet-stream'],
  ['text/pl ain', 'application/octet-stream'],
  ['; charset=utf-8', 'application/octet-stream'],
])('M-17 the type %j is kept as %j', (type, safe) => {
  expect(safeMimetype(type)).toBe(safe);
});

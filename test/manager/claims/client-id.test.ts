import { expect, test } from 'vitest';
import { InvalidClientIdError, parseClientId } from '../../../src/manager/index.ts';

const CANONICAL = '6ba7b810-9dad-11d1-80b4-00c04fd430c8';

test('C-T03 only a UUID is a client id, and a canonical one stays as it is', () => {
  expect(() => parseClientId('')).toThrow(InvalidClientIdError);
  expect(() => parseClientId('not-a-uuid')).toThrow(InvalidClientIdError);
  expect(parseClientId(CANONICAL)).toBe(CANONICAL);
});

test.each([
  ['upper case', CANONICAL.toUpperCase()],
  ['a URN', `urn:uuid:${CANONICAL}`],
  ['an upper-case URN', `URN:UUID:${CANONICAL.toUpperCase()}`],
  ['braces', `{${CANONICAL}}`],
  ['no hyphens', CANONICAL.replaceAll('-', '')],
  ['white space around it', `  ${CANONICAL}\n`],
])('C-X4 a UUID written with %s comes out in canonical form', (_, text) => {
  expect(parseClientId(text)).toBe(CANONICAL);
});

test.each([
  ['hyphens in other places', '6ba7b8109-dad-11d1-80b4-00c04fd430c8'],
  ['one brace', `{${CANONICAL}`],
  ['a URN in braces', `{urn:uuid:${CANONICAL}}`],
  ['a digit too many', `${CANONICAL}0`],
  ['a digit that is none', CANONICAL.replace('6', 'g')],
  ['two lines', `${CANONICAL}\n${CANONICAL}`],
])('a UUID with %s is refused', (_, text) => {
  expect(() => parseClientId(text)).toThrow(InvalidClientIdError);
});

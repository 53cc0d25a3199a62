import { InvalidClientIdError } from './errors.ts';

declare const brand: unique symbol;

/** A client's UUID in canonical form: lower case, 8-4-4-4-12. */
export type ClientId = string & { readonly [brand]: 'ClientId' };

const HYPHENATED = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const UUID = new RegExp(`^(?:urn:uuid:${HYPHENATED}|\\{${HYPHENATED}\\}|${HYPHENATED}|[0-9a-f]{32})$`, 'i');

/**
 * Reads a client id in any of the usual spellings of a UUID (RFC 9562 text in any case, `urn:uuid:` in front,
 * in braces, without hyphens, with white space around it).
 *
 * Claims are kept per client id, so all spellings of one UUID must come out as one string: a client that
 * spells its id differently in two requests would otherwise hold two claims and release only one.
 *
 * @throws {@link InvalidClientIdError} for anything else, the empty string included.
 */
export function parseClientId(text: string): ClientId {
  const id = canonicalClientId(text);
  if (id === undefined) throw new InvalidClientIdError();
  return id;
}

/** As {@link parseClientId}, with `undefined` for what is not a UUID. */
export function canonicalClientId(text: string): ClientId | undefined {
  const trimmed = text.trim();
  if (!UUID.test(trimmed)) return undefined;
  const digits = trimmed.toLowerCase().replace('urn:uuid:', '').replace(/[{}-]/g, '');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5') as ClientId;
}

import { canonicalUuid } from '../uuid.ts';
import { InvalidClientIdError } from './errors.ts';

declare const brand: unique symbol;

/** A client's UUID in canonical form: lower case, 8-4-4-4-12. */
export type ClientId = string & { readonly [brand]: 'ClientId' };

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
  return canonicalUuid(text) as ClientId | undefined;
}

const HYPHENATED = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const UUID = new RegExp(`^(?:urn:uuid:${HYPHENATED}|\\{${HYPHENATED}\\}|${HYPHENATED}|[0-9a-f]{32})$`, 'i');

const PLAIN = new RegExp(`^${HYPHENATED}$`, 'i');

/**
 * Reads a UUID in any of its usual spellings (RFC 9562 text in any case, `urn:uuid:` in front, in braces, without
 * hyphens, with white space around it), and returns the canonical one: lower case, 8-4-4-4-12. What is keyed by an
 * id is keyed by this, so that all spellings of one UUID are one key.
 *
 * @returns `undefined` for what is not a UUID.
 */
export function canonicalUuid(text: string): string | undefined {
  const trimmed = text.trim();
  if (!UUID.test(trimmed)) return undefined;
  const digits = trimmed.toLowerCase().replace('urn:uuid:', '').replace(/[{}-]/g, '');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Whether `text` is a UUID in its usual form: PostgreSQL takes it as an error to be asked for another. */
export function isUuid(text: string): boolean {
  return PLAIN.test(text);
}

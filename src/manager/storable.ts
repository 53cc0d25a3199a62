/**
 * Whether PostgreSQL keeps `value`, a text or JSON, as it is. It refuses a NUL anywhere, and half of a surrogate pair in
 * JSON; in a text it replaces the half, so that two texts would become one.
 */
export function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return !value.includes('\0') && !/\p{Cs}/u.test(value);
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([key, each]) => isStorable(key) && isStorable(each));
}

/** What is said of a value that is not storable, after its name. */
export const NOT_STORABLE = 'cannot be kept: it has a NUL or half of a surrogate pair in it';

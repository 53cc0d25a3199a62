const MAX_NAME = 100;
const MAX_EXTENSION = 16;

/**
 * A name that is safe in a path, a header and a shell: the last part of `name`, of letters, digits, `.`, `_` and `-`
 * only, at most 100 of them, with its extension if that is short.
 */
export function sanitizeFilename(name: string): string {
  const base = name.split(/[/\\]/).pop() ?? '';
  const safe = base.replace(/[^A-Za-z0-9._-]/gu, '_');
  if (safe === '' || safe === '.' || safe === '..') return 'file';
  if (safe.length <= MAX_NAME) return safe;
  const extension = /\.[^.]*$/.exec(safe)?.[0] ?? '';
  if (extension.length > MAX_EXTENSION) return safe.slice(0, MAX_NAME);
  return safe.slice(0, MAX_NAME - extension.length) + extension;
}

const TOKEN = "[A-Za-z0-9!#$%&'*+.^_`|~-]+";
const MEDIA_TYPE = new RegExp(`^${TOKEN}/${TOKEN}$`);

/**
 * A media type that is safe in a header: `type` without parameters, in lower case, and `application/octet-stream` for
 * what is none. Nothing stays nothing: the receiver is to find out.
 */
export function safeMimetype(type: string): string {
  if (type === '') return '';
  // Anywhere: a parameter is where a header would be smuggled in.
  if (/\p{Cc}/u.test(type)) return 'application/octet-stream';
  const bare = (type.split(';', 1)[0] ?? '').trim().toLowerCase();
  return MEDIA_TYPE.test(bare) ? bare : 'application/octet-stream';
}

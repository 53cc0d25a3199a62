/**
 * Paths of routes, by segment: `/admin` is above `/admin/users`, and not above `/administrator`. What of a path is not
 * known stands as {@link UNKNOWN} in it.
 */

/** Stands for any text, slashes included. */
export const UNKNOWN = '\0';

/** Whether a path lies below another one, itself included; `maybe` where what is known of it does not tell. */
export type Below = 'yes' | 'no' | 'maybe';

export function join(...paths: readonly string[]): string {
  return `/${paths.flatMap(segmentsOf).join('/')}`;
}

/** Whether a route lies below a prefix. A parameter of the prefix is whatever stands there. */
export function isBelow(path: string, prefix: string): Below {
  const answers = variantsOf(path).map((segments) => compare(segments, segmentsOf(prefix)));
  if (answers.includes('yes')) return 'yes';
  return answers.includes('maybe') ? 'maybe' : 'no';
}

/** Whether all that a route serves goes by a pattern that middleware was registered for. */
export function isCoveredBy(path: string, pattern: string, extent: 'below' | 'exact'): boolean {
  const tail = /(?:^|\/)(?:\*[\w]*|\(\.\*\)|:\w+\*|\{[*/]*\*?\w*\}|\.\*)$/;
  const isOpen = extent === 'below' || tail.test(pattern);
  const wanted = segmentsOf(pattern.replace(tail, ''));
  return variantsOf(path).every(
    (segments) => compare(segments, wanted) === 'yes' && (isOpen || segments.length === wanted.length),
  );
}

function compare(segments: readonly string[], prefix: readonly string[]): Below {
  for (const [index, wanted] of prefix.entries()) {
    const segment = segments[index];
    if (segment === undefined) return 'no';
    const unknown = segment.indexOf(UNKNOWN);
    if (unknown >= 0)
      return wanted.startsWith(segment.slice(0, unknown)) || isParameter(wanted) ? 'maybe' : 'no';
    const stem = segment.endsWith('*') ? segment.slice(0, -1) : '';
    if (stem !== '' && wanted.startsWith(stem)) return 'yes';
    if (!isParameter(wanted) && segment.toLowerCase() !== wanted.toLowerCase()) return 'no';
  }
  return 'yes';
}

function segmentsOf(path: string): readonly string[] {
  return path.split('/').filter((segment) => segment !== '');
}

/** The segments of a path, with and without those that may be missing: `/:lang?/admin`. */
function variantsOf(path: string): readonly (readonly string[])[] {
  let variants: string[][] = [[]];
  for (const segment of segmentsOf(path)) {
    const whole = segment.endsWith('?') ? segment.slice(0, -1) : segment;
    const longer = variants.map((one) => [...one, whole]);
    variants = whole === segment || variants.length > 8 ? longer : [...longer, ...variants];
  }
  return variants;
}

/** `:id`, `:id(\\d+)`, `{id}`, `[id]`, `$id`, `*`. */
function isParameter(segment: string): boolean {
  return /^(?::|\{|\[|\$|\*)/.test(segment);
}

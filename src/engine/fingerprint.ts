import { createHash } from 'node:crypto';

/** What identifies a finding. */
export interface Identity {
  readonly ruleId: string;
  readonly messageId: string;
  /** The enclosing function, `Class.method`. */
  readonly symbol: string;
  /** The source text of the primary location. */
  readonly snippet: string;
}

/**
 * Fingerprints that survive moved lines, reformatting and a renamed file: rule, message, enclosing symbol, the
 * normalised snippet, and the ordinal among equals.
 *
 * @param findings in report order; the result is parallel to it
 * @returns 16 hexadecimal digits each, unique within the run
 */
export function fingerprints(findings: readonly Identity[]): string[] {
  const seen = new Map<string, number>();
  return findings.map(({ ruleId, messageId, symbol, snippet }) => {
    const identity = [ruleId, messageId, symbol, normalise(snippet)].join('\0');
    const ordinal = seen.get(identity) ?? 0;
    seen.set(identity, ordinal + 1);
    return createHash('sha256').update(`${identity}\0${ordinal}`).digest('hex').slice(0, 16);
  });
}

/** Takes out what a formatter may change: blanks, the kind of quotes, semicolons, trailing commas. */
function normalise(snippet: string): string {
  return snippet
    .replace(/[\s;]+/g, '')
    .replace(/['`]/g, '"')
    .replace(/,(?=[)\]}])/g, '');
}

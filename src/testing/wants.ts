/** An expectation: `// want RULE "regex"`, or `// want RULE/messageId "regex"`. */
export interface Want {
  /** The line whose finding is wanted. 1-based. */
  readonly line: number;
  readonly ruleId: string;
  /** Any message of the rule when absent. */
  readonly messageId: string | undefined;
  /** Matched against the message, anywhere in it. */
  readonly pattern: RegExp;
  /** The expectation as it is written, for the report. */
  readonly source: string;
}

/** What is wrong with a fixture, and where. */
export interface FixtureProblem {
  /** 1-based. */
  readonly line: number;
  readonly message: string;
}

/** Reads the expectations of a fixture. */
export function parseWants(text: string): { readonly wants: Want[]; readonly problems: FixtureProblem[] } {
  const wants: Want[] = [];
  const problems: FixtureProblem[] = [];
  const lines = text.split(/\r?\n/);
  lines.forEach((content, index) => {
    const comment = /(?:^|\s)\/\/ ?(?<keyword>want(?:-below)?)\b(?<rest>.*)$/.exec(content);
    if (!comment?.groups) return;
    const { keyword, rest = '' } = comment.groups;
    const line = keyword === 'want-below' ? lineBelow(lines, index) : index + 1;
    const parsed = parseExpectations(rest, line);
    if (typeof parsed === 'string') problems.push({ line: index + 1, message: parsed });
    else wants.push(...parsed);
  });
  return { wants, problems };
}

/** A finding as far as an expectation looks at it. */
export interface Wantable {
  readonly line: number;
  readonly ruleId: string;
  readonly messageId: string;
  readonly message: string;
}

/** Pairs findings with expectations, each at most once, and returns what is left over on either side. */
export function matchWants<Found extends Wantable>(
  wants: readonly Want[],
  findings: readonly Found[],
): { readonly missing: Want[]; readonly unexpected: Found[] } {
  const missing = [...wants];
  const unexpected = findings.filter((finding) => {
    const index = missing.findIndex((want) => isMet(want, finding));
    if (index >= 0) missing.splice(index, 1);
    return index < 0;
  });
  return { missing, unexpected };
}

function isMet({ line, ruleId, messageId, pattern }: Want, finding: Wantable): boolean {
  return (
    finding.line === line &&
    finding.ruleId === ruleId &&
    (messageId === undefined || finding.messageId === messageId) &&
    pattern.test(finding.message)
  );
}

const WELL_FORMED = 'write // want RULE "regex"';

/** `RULE "regex" RULE/messageId "regex"`, the keyword repeated in between or not. */
function parseExpectations(rest: string, line: number): Want[] | string {
  const text = rest.trim();
  const expectation = /([\w-]+)(?:\/(\w+))?\s+"((?:[^"\\]|\\.)*)"\s*(?:\/\/ ?want\s+)?/y;
  const wants: Want[] = [];
  while (expectation.lastIndex < text.length) {
    const match = expectation.exec(text);
    if (!match) return `malformed expectation: ${WELL_FORMED}`;
    const [, ruleId = '', messageId, quoted = ''] = match;
    try {
      const id = messageId === undefined ? ruleId : `${ruleId}/${messageId}`;
      wants.push({
        line,
        ruleId,
        messageId,
        pattern: new RegExp(unquote(quoted)),
        source: `${id} "${quoted}"`,
      });
    } catch (error) {
      return `malformed regular expression: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  return wants.length === 0 ? `empty expectation: ${WELL_FORMED}` : wants;
}

/** `\\` and `\"` are escapes of the quotes; any other backslash belongs to the regular expression. */
function unquote(quoted: string): string {
  return quoted.replace(/\\(["\\])/g, '$1');
}

/** Several `// want-below` lines in a row all mean the first line after them. */
function lineBelow(lines: readonly string[], index: number): number {
  let below = index + 1;
  while (/^\s*\/\/ ?want-below\b/.test(lines[below] ?? '')) below += 1;
  return below + 1;
}

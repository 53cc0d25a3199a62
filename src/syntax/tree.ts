import { symbolAround } from './symbols.ts';
import { type Ts, ts } from './ts.ts';

/** A comment, delimiters included. Offsets are UTF-16. */
export interface Comment {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A place where the parser had to guess. */
export interface SyntaxProblem {
  readonly start: number;
  readonly message: string;
}

/** A parsed file. */
export class SourceTree {
  readonly file: string;
  readonly text: string;
  readonly source: Ts.SourceFile;
  #comments: readonly Comment[] | undefined;

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
    this.source = ts.createSourceFile(
      file,
      text,
      { languageVersion: ts.ScriptTarget.ESNext, jsDocParsingMode: ts.JSDocParsingMode.ParseNone },
      true,
      scriptKind(file),
    );
  }

  get problems(): readonly SyntaxProblem[] {
    // Filled by the parser, but not part of the public type of a source file.
    const { parseDiagnostics } = this.source as unknown as { parseDiagnostics?: readonly Ts.Diagnostic[] };
    return (parseDiagnostics ?? []).map(({ start, messageText }) => ({
      start: start ?? 0,
      message: ts.flattenDiagnosticMessageText(messageText, ' '),
    }));
  }

  /** Every comment of the file, in order. */
  get comments(): readonly Comment[] {
    this.#comments ??= collectComments(this.source);
    return this.#comments;
  }

  /** The smallest node that holds the whole stretch. */
  nodeAt(start: number, end: number): Ts.Node {
    let found: Ts.Node = this.source;
    const visit = (node: Ts.Node): void => {
      // Where a node begins is found by reading past its comments, so that is asked last.
      if (start < node.pos || end > node.end || start < node.getStart(this.source)) return;
      found = node;
      ts.forEachChild(node, visit);
    };
    ts.forEachChild(this.source, visit);
    return found;
  }

  /** The function around a position, as reports name it: `Class.method`; empty at the top level. */
  symbolAt(position: number): string {
    return symbolAround(this.nodeAt(position, position));
  }
}

function scriptKind(file: string): Ts.ScriptKind {
  if (/\.tsx$/i.test(file)) return ts.ScriptKind.TSX;
  if (/\.jsx$/i.test(file)) return ts.ScriptKind.JSX;
  if (/\.[cm]?js$/i.test(file)) return ts.ScriptKind.JS;
  return ts.ScriptKind.TS;
}

/**
 * Comments are the trivia in front of tokens. Asking for them token by token keeps strings, templates and regular
 * expressions that merely look like comments out.
 */
function collectComments(source: Ts.SourceFile): Comment[] {
  const { text } = source;
  const seen = new Map<number, Comment>();
  const add = (ranges: readonly Ts.CommentRange[] | undefined): void => {
    for (const { pos, end } of ranges ?? []) {
      seen.set(pos, { start: pos, end, text: text.slice(pos, end) });
    }
  };
  const visit = (node: Ts.Node): void => {
    if (node.kind === ts.SyntaxKind.JsxText) return;
    const children = node.getChildren(source);
    if (children.length === 0) {
      add(ts.getLeadingCommentRanges(text, node.pos));
      add(ts.getTrailingCommentRanges(text, node.end));
    } else {
      for (const child of children) visit(child);
    }
  };
  visit(source);
  return [...seen.values()].sort((a, b) => a.start - b.start);
}

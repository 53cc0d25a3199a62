import type { Span } from '../../engine/finding.ts';
import type { Ts } from '../../syntax/ts.ts';

/** Code in which nobody else is to run. */
export interface Section {
  readonly kind: 'function' | 'markers';
  /** The tag or the marker that makes it one. */
  readonly at: Span;
  /** How reports speak of it: `Ledger.commit`, or of the function around a pair of markers. */
  readonly name: string;
  /** The function whose code it is; for a function with a tag, all of it. */
  readonly owner: Ts.Node;
  /** What runs in it, in order. */
  readonly code: readonly Ts.Node[];
}

/** Whether a node stands in the code of a section. */
export function isInSection(node: Ts.Node, { code }: Section): boolean {
  const [first] = code;
  return (
    first !== undefined &&
    node.getSourceFile() === first.getSourceFile() &&
    code.some((part) => part.pos <= node.pos && node.end <= part.end)
  );
}

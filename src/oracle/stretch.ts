import type { Stretch } from './oracle.ts';

/** As much of a syntax tree as it takes to find a node: that of either compiler. */
interface TreeNode<Self> {
  readonly end: number;
  getStart(): number;
  forEachChild(visit: (child: Self) => undefined): void;
}

/** The innermost node that covers a stretch exactly. */
export function nodeOver<Node extends TreeNode<Node>>(
  source: Node,
  { start, end }: Stretch,
): Node | undefined {
  let found: Node | undefined;
  const visit = (node: Node): undefined => {
    const first = node.getStart();
    if (start < first || end > node.end) return;
    if (start === first && end === node.end) found = node;
    node.forEachChild(visit);
  };
  source.forEachChild(visit);
  return found;
}

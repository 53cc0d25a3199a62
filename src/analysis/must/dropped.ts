import type { Edit } from '../../engine/proof.ts';
import type { Ts } from '../../syntax/ts.ts';
import { ts } from '../../syntax/ts.ts';
import { outermost } from '../shapes.ts';

/** The edit that takes something out of the code: all of its statement, or else its value, of which nothing is left. */
export function dropped(node: Ts.Node): Edit {
  let at = outermost(node);
  while (ts.isAwaitExpression(at.parent) || ts.isVoidExpression(at.parent)) at = outermost(at.parent);
  const { parent } = at;
  const gone = ts.isExpressionStatement(parent) ? parent : outermost(node);
  const text = gone === parent ? ';' : '(undefined as never)';
  return { file: node.getSourceFile().fileName, start: gone.getStart(), end: gone.end, text };
}

/** The edits that take all of these out; what stands inside of another goes with it. */
export function droppedAll(nodes: readonly Ts.Node[]): readonly Edit[] {
  const edits = [...new Set(nodes)].map(dropped);
  return edits.filter(
    (one, index) =>
      !edits.some(
        (other, place) =>
          place !== index &&
          other.file === one.file &&
          other.start <= one.start &&
          other.end >= one.end &&
          (other.end - other.start > one.end - one.start || place < index),
      ),
  );
}

/** The places that are still there when others have been taken out. */
export function leftAfter(places: readonly Ts.Node[], taken: readonly Ts.Node[]): readonly Ts.Node[] {
  return places.filter((place) => !taken.some((one) => ts.findAncestor(place, (at) => at === one)));
}

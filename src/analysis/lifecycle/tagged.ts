import type { Span } from '../../engine/finding.ts';
import type { Program } from '../../engine/program.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { isParameterProperty } from '../code.ts';
import { declaredBy, docComments, isPlainTag, tagsIn } from '../doc-tags.ts';

/** The declarations of a program that bear a tag, and the tags that are on none. */
export interface Tagged {
  /** By declaration, where its tag stands. */
  readonly declarations: ReadonlyMap<Ts.Node, Span>;
  readonly idle: readonly Span[];
}

/**
 * Reads all tags of one kind.
 *
 * @param isSubject whether a declaration can be what such a tag is about
 */
export function readTagged(program: Program, tag: string, isSubject: (node: Ts.Node) => boolean): Tagged {
  const declarations = new Map<Ts.Node, Span>();
  const idle: Span[] = [];
  for (const file of program.filesWith([tag])) {
    const tree = program.tree(file);
    if (!tree) continue;
    const used = new Set<number>();
    const visit = (node: Ts.Node): void => {
      const subjects = mayBear(node) ? declaredBy(node).filter(isSubject) : [];
      const tags = subjects.length > 0 ? docComments(node) : [];
      for (const at of tags.flatMap(({ start, text }) => tagsIn(text, tag, { file, start }))) {
        used.add(at.start);
        for (const on of subjects) if (!declarations.has(on)) declarations.set(on, at);
      }
      ts.forEachChild(node, visit);
    };
    ts.forEachChild(tree.source, visit);
    for (const { start, text } of tree.comments) {
      // In a comment that is no doc comment, a tag binds nothing.
      if (!text.startsWith('/**') && !isPlainTag(text, tag)) continue;
      idle.push(...tagsIn(text, tag, { file, start }).filter((at) => !used.has(at.start)));
    }
  }
  return { declarations, idle };
}

/** Whether a comment in front of a node is about what the node declares. */
function mayBear(node: Ts.Node): boolean {
  return (
    ts.isClassElement(node) ||
    ts.isTypeElement(node) ||
    ts.isObjectLiteralElement(node) ||
    ts.isVariableStatement(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isEnumDeclaration(node) ||
    (ts.isParameter(node) && isParameterProperty(node))
  );
}

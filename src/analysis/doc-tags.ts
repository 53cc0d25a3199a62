import type { Span } from '../engine/finding.ts';
import { type Ts, ts } from '../syntax/ts.ts';
import { type Code, nameText, ownMember } from './code.ts';
import { isStatic } from './shapes.ts';

/** A `/** … *\/` comment. Offsets are UTF-16, `end` exclusive. */
export interface DocComment {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The doc comments that are about a node: those in front of it. */
export function docComments(node: Ts.Node): readonly DocComment[] {
  const { text } = node.getSourceFile();
  const start = node.getStart();
  // On the line of what is before it, a comment is about that, unless what follows is on the line as well.
  const beside = (ts.getTrailingCommentRanges(text, node.pos) ?? []).filter(
    ({ end }) => !text.slice(end, start).includes('\n'),
  );
  return [...beside, ...(ts.getLeadingCommentRanges(text, node.pos) ?? [])]
    .filter(({ pos }) => text.startsWith('/**', pos))
    .map(({ pos, end }) => ({ start: pos, end, text: text.slice(pos, end) }));
}

/** Where a tag stands in a text that begins at an offset of a file. */
export function tagsIn(
  text: string,
  tag: string,
  { file, start: from }: Pick<Span, 'file' | 'start'>,
): Span[] {
  return [...text.matchAll(new RegExp(`(?<=[\\s*])${tag}(?![\\w-])`, 'g'))].map(({ index, 0: written }) => {
    const start = from + index;
    return { file, start, end: start + written.length };
  });
}

/** Whether a comment that is no doc comment begins with a tag, and so was meant to be one. */
export function isPlainTag(text: string, tag: string): boolean {
  return new RegExp(`^/[/*]\\s*${tag}(?![\\w-])`).test(text);
}

/** The declarations that a comment in front of a node is about. */
export function declaredBy(node: Ts.Node): readonly Ts.Node[] {
  return ts.isVariableStatement(node) ? node.declarationList.declarations : [node];
}

/** The members that implement or override a member. */
export function heirsOf(node: Ts.Node, code: Code): readonly Ts.Node[] {
  const owner = ts.isParameter(node) ? node.parent.parent : node.parent;
  const { name } = node as { name?: Ts.Node };
  const text = name && nameText(name);
  const isType = owner && (ts.isClassLike(owner) || ts.isInterfaceDeclaration(owner));
  // What is private to a class has no heirs, whatever the names of their own.
  if (!isType || text === undefined || text.startsWith('#')) return [];
  return code.subtypes(owner).flatMap((heir): readonly Ts.Node[] => {
    const own = memberLike(node, text, heir);
    // A method that a class has from above may implement what the class itself is declared to implement.
    return own ? [own] : [ts.isInterfaceDeclaration(owner) ? (code.member(heir, text) ?? []) : []].flat();
  });
}

/** The member of a class that is what another is: static or not, for setting a value or for reading it. */
function memberLike(node: Ts.Node, name: string, heir: Ts.ClassLikeDeclaration): Ts.Node | undefined {
  const own = ownMember(heir, name);
  const isLike = (one: Ts.Node): boolean =>
    isStatic(one) === isStatic(node) && ts.isSetAccessor(one) === ts.isSetAccessor(node);
  if (!own || isLike(own)) return own;
  return heir.members.find((one) => one.name && nameText(one.name) === name && isLike(one));
}

/** A declaration as reports name it: `Account.balance`. */
export function declaredName(node: Ts.Node): string {
  const name = (node as { name?: Ts.Node }).name;
  const own = (name && nameText(name)?.replace(/^#/, '')) ?? '<anonymous>';
  const owner = ts.isParameter(node) ? node.parent.parent : node.parent;
  const holder =
    owner && ts.isObjectLiteralExpression(owner) && ts.isVariableDeclaration(owner.parent)
      ? owner.parent
      : owner;
  const isNamed =
    holder &&
    (ts.isClassLike(holder) || ts.isInterfaceDeclaration(holder) || ts.isVariableDeclaration(holder));
  const outer = isNamed && holder.name ? nameText(holder.name) : undefined;
  return outer === undefined ? own : `${outer}.${own}`;
}

/** The function that a declaration holds, with a body or without. */
export function functionOf(node: Ts.Node): Ts.SignatureDeclaration | undefined {
  if (ts.isVariableDeclaration(node) || ts.isPropertyDeclaration(node) || ts.isPropertyAssignment(node)) {
    const { initializer } = node;
    return initializer && ts.isFunctionLike(initializer) ? initializer : functionTypeOf(node);
  }
  if (ts.isPropertySignature(node)) return functionTypeOf(node);
  return ts.isFunctionLike(node) ? node : undefined;
}

function functionTypeOf(node: Ts.Node): Ts.SignatureDeclaration | undefined {
  const { type } = node as { type?: Ts.TypeNode };
  return type && ts.isFunctionTypeNode(type) ? type : undefined;
}

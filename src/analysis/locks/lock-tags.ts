import type { Span } from '../../engine/finding.ts';
import type { Program } from '../../engine/program.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, isParameterProperty, nameText, ownMember } from '../code.ts';
import { LOCK_TAGS, type LockTagKind, TAG_WORDS } from './tag-words.ts';

/** An annotation of a declaration: `@guardedBy mu`. */
export interface LockTag {
  readonly kind: LockTagKind;
  /** The lock as it is written; empty where none is. */
  readonly name: string;
  /** A share of the lock is meant: `@requiresLock table shared`. */
  readonly isShared: boolean;
  readonly at: Span;
  /** The declaration that it is written on, in whose surroundings the name is meant. */
  readonly on: Ts.Node;
}

/** The annotations of a program, by the declarations that they hold for: inherited ones by those who inherit. */
export type LockTags = ReadonlyMap<Ts.Node, readonly LockTag[]>;

/** Reads all annotations. What implements or overrides an annotated member has its annotations too. */
export function readLockTags(program: Program, code: Code): LockTags {
  const found = new Map<Ts.Node, LockTag[]>();
  const add = (node: Ts.Node, tag: LockTag): void => {
    const tags = found.get(node) ?? [];
    const isKnown = tags.some((one) => one.kind === tag.kind && one.name === tag.name);
    if (!isKnown) found.set(node, [...tags, tag]);
  };
  for (const file of program.filesWith(TAG_WORDS)) {
    const tree = program.tree(file);
    if (!tree) continue;
    const visit = (node: Ts.Node): void => {
      for (const tag of tagsBefore(node, file)) for (const on of declaredBy(node)) add(on, { ...tag, on });
      ts.forEachChild(node, visit);
    };
    ts.forEachChild(tree.source, visit);
  }
  for (const [node, tags] of [...found]) {
    for (const heir of heirsOf(node, code)) for (const tag of tags) add(heir, tag);
  }
  return found;
}

/** The name under which a declaration is spoken of, without the `#` of a private one. */
export function spokenName(node: Ts.Node): string | undefined {
  const { name } = node as { name?: Ts.Node };
  return name && nameText(name)?.replace(/^#/, '');
}

const TAG = new RegExp(
  `(?<=[\\s*])@(${LOCK_TAGS.join('|')})\\b[ \\t]*([^\\s*,;]*)(?:[ \\t]+(shared)\\b)?`,
  'g',
);

function tagsBefore(node: Ts.Node, file: string): readonly Omit<LockTag, 'on'>[] {
  if (!isAnnotated(node)) return [];
  const { text } = node.getSourceFile();
  const tags: Omit<LockTag, 'on'>[] = [];
  const start = node.getStart();
  // On the line of what is before it, a comment is about that, unless what follows is on the line as well.
  const beside = (ts.getTrailingCommentRanges(text, node.pos) ?? []).filter(
    ({ end }) => !text.slice(end, start).includes('\n'),
  );
  for (const { pos, end } of [...beside, ...(ts.getLeadingCommentRanges(text, node.pos) ?? [])]) {
    if (!text.startsWith('/**', pos)) continue;
    for (const match of text.slice(pos, end).matchAll(TAG)) {
      const [written, kind, name = '', shared] = match;
      const isShared = shared !== undefined;
      const from = pos + match.index;
      tags.push({
        kind: kind as LockTagKind,
        name,
        isShared,
        at: { file, start: from, end: from + written.trimEnd().length },
      });
    }
  }
  return tags;
}

function isAnnotated(node: Ts.Node): boolean {
  return (
    ts.isClassElement(node) ||
    ts.isTypeElement(node) ||
    ts.isObjectLiteralElement(node) ||
    ts.isVariableStatement(node) ||
    ts.isFunctionDeclaration(node) ||
    (ts.isParameter(node) && isParameterProperty(node))
  );
}

/** The declarations that a comment in front of a node is about. */
function declaredBy(node: Ts.Node): readonly Ts.Node[] {
  return ts.isVariableStatement(node) ? node.declarationList.declarations : [node];
}

/** The members that implement or override a member. */
function heirsOf(node: Ts.Node, code: Code): readonly Ts.Node[] {
  const owner = ts.isParameter(node) ? node.parent.parent : node.parent;
  const { name } = node as { name?: Ts.Node };
  const text = name && nameText(name);
  const isType = owner && (ts.isClassLike(owner) || ts.isInterfaceDeclaration(owner));
  // What is private to a class has no heirs, whatever the names of their own.
  if (!isType || text === undefined || text.startsWith('#')) return [];
  return code.subtypes(owner).flatMap((heir) => ownMember(heir, text) ?? []);
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

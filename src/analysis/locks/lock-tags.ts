import type { Span } from '../../engine/finding.ts';
import type { Program } from '../../engine/program.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, isParameterProperty, nameText } from '../code.ts';
import { declaredBy, docComments, heirsOf } from '../doc-tags.ts';
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
  const tags: Omit<LockTag, 'on'>[] = [];
  for (const { start: pos, text } of docComments(node)) {
    for (const match of text.matchAll(TAG)) {
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

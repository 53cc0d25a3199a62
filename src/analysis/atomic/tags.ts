import type { Span } from '../../engine/finding.ts';
import type { Program } from '../../engine/program.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, hasBody, nameText, rightmostName, skipParentheses } from '../code.ts';
import {
  declaredBy,
  declaredName,
  docComments,
  functionOf,
  heirsOf,
  isPlainTag,
  tagsIn,
} from '../doc-tags.ts';
import { storesTo } from '../locks/stores.ts';
import { isFunctionExpression } from '../shapes.ts';
import { literalsOf } from './literals.ts';
import type { Section } from './section.ts';
import { ATOMIC_TAG } from './words.ts';

/** The functions of a program that are tagged, and the tags that are on none. */
export interface AtomicTags {
  /** By function; without a body, by what is declared of it. */
  readonly functions: ReadonlyMap<Ts.Node, Section>;
  readonly idle: readonly Span[];
}

/** Reads all tags. What implements or overrides a tagged member is bound by the tag, too. */
export function readAtomicTags(program: Program, code: Code): AtomicTags {
  const functions = new Map<Ts.Node, Section>();
  const idle: Span[] = [];
  for (const file of program.filesWith([ATOMIC_TAG])) {
    const tree = program.tree(file);
    if (!tree) continue;
    const used = new Set<number>();
    const visit = (node: Ts.Node): void => {
      for (const at of tagsBefore(node)) {
        if (used.has(at.start)) continue;
        for (const section of taggedBy(node, at, code)) {
          used.add(at.start);
          if (!functions.has(section.owner)) functions.set(section.owner, section);
        }
      }
      ts.forEachChild(node, visit);
    };
    ts.forEachChild(tree.source, visit);
    for (const { start, text } of tree.comments) {
      // In a comment that is no doc comment, a tag binds nothing.
      if (!text.startsWith('/**') && !isPlainTag(text, ATOMIC_TAG)) continue;
      idle.push(...tagsIn(text, ATOMIC_TAG, { file, start }).filter((at) => !used.has(at.start)));
    }
  }
  return { functions, idle };
}

function taggedBy(node: Ts.Node, at: Span, code: Code): readonly Section[] {
  return subjectsOf(node)
    .flatMap((on) => [on, ...heirsOf(on, code), ...literalsOf(on, code)])
    .flatMap((on) => [on, ...implementationsOf(on), ...givenTo(on, code)])
    .flatMap((on): readonly Section[] => {
      const owner = functionBehind(on);
      if (!owner) return [];
      const body = hasBody(owner) ? [...owner.parameters, (owner as { body?: Ts.Node }).body] : [];
      const parts = body.filter((part) => part !== undefined);
      return [{ kind: 'function', at, name: nameOf(on), owner, code: parts }];
    });
}

/** How reports speak of it; a function that is kept in a field goes by the name of the field. */
function nameOf(on: Ts.Node): string {
  const { parent } = on;
  const isAssigned = isFunctionExpression(on) && ts.isBinaryExpression(parent);
  if (!isAssigned) return declaredName(on);
  const name = rightmostName(parent.left);
  const cls = ts.findAncestor(on, ts.isClassLike);
  return [cls?.name?.text, name && nameText(name)].filter((part) => part !== undefined).join('.');
}

/** What a comment in front of a node may be about: declarations, or a function in place. */
function subjectsOf(node: Ts.Node): readonly Ts.Node[] {
  if (ts.isExportAssignment(node)) return [skipParentheses(node.expression)];
  if (ts.isExpressionStatement(node) && ts.isBinaryExpression(node.expression)) {
    return [skipParentheses(node.expression.right)];
  }
  return declaredBy(node);
}

/** The functions that a field is given where its declaration gives it none. */
function givenTo(field: Ts.Node, code: Code): readonly Ts.Node[] {
  if (!ts.isPropertyDeclaration(field) || field.initializer) return [];
  const { stores } = storesTo(field, 0, code);
  return stores.map(({ value }) => skipParentheses(value)).filter(isFunctionExpression);
}

function functionBehind(on: Ts.Node): Ts.SignatureDeclaration | undefined {
  const { initializer } = on as { initializer?: Ts.Expression };
  const value = initializer && skipParentheses(initializer);
  return value && isFunctionExpression(value) ? value : functionOf(on);
}

/** The function with a body that an overload stands for. */
function implementationsOf(overload: Ts.Node): readonly Ts.Node[] {
  const isOverload = ts.isFunctionDeclaration(overload) || ts.isMethodDeclaration(overload);
  if (!isOverload || overload.body || !overload.name) return [];
  const name = nameText(overload.name);
  const siblings: readonly Ts.Node[] = ts.isClassLike(overload.parent)
    ? overload.parent.members
    : ((overload.parent as { statements?: readonly Ts.Node[] }).statements ?? []);
  return siblings.filter((one) => {
    const { name: other } = one as { name?: Ts.Node };
    return one.kind === overload.kind && hasBody(one) && other && nameText(other) === name;
  });
}

function tagsBefore(node: Ts.Node): readonly Span[] {
  const isSubject =
    ts.isClassElement(node) ||
    ts.isTypeElement(node) ||
    ts.isObjectLiteralElement(node) ||
    ts.isVariableStatement(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isExportAssignment(node) ||
    ts.isExpressionStatement(node) ||
    isFunctionExpression(node);
  if (!isSubject) return [];
  const file = node.getSourceFile().fileName;
  return docComments(node).flatMap(({ start, text }) => tagsIn(text, ATOMIC_TAG, { file, start }));
}

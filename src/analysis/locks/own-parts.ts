import { type Ts, ts } from '../../syntax/ts.ts';
import { isParameterProperty, nameText, skipParentheses } from '../code.ts';
import { hasModifier } from '../shapes.ts';
import { type Given, givenToField } from './constructor-parts.ts';
import { fieldAssignments } from './field-assignments.ts';
import { idOf } from './keys.ts';
import type { Path, Value } from './values.ts';

/** A field that holds an object of its owner's own. */
export type OwnerField = Ts.PropertyDeclaration | Ts.ParameterDeclaration;

/** Where the program makes objects of a class. */
type MakersOf = (cls: Ts.ClassLikeDeclaration) => readonly Ts.NewExpression[];

/**
 * Objects that an object makes for itself and keeps: `private users = new Repository()`. Two fields that do so hold two
 * objects, and an object of one owner belongs to no other. Their link in a path is marked: `this.users!12`.
 */
export class OwnParts {
  readonly #makersOf: MakersOf;
  readonly #fields = new Map<string, OwnerField>();

  constructor(makersOf: MakersOf) {
    this.#makersOf = makersOf;
  }

  /** The path of what a field holds, marked if the field has made it. */
  placed(field: Ts.Node, value: Value, path: Path | undefined): Path | undefined {
    if (path === undefined || value.kind !== 'instance' || !value.path.startsWith('n')) return path;
    return ts.isPropertyDeclaration(field) && isKept(field) ? this.#marked(field, path) : path;
  }

  /**
   * The path of what a field holds that nothing is known of but its type: marked if the constructor has made it, or if
   * whoever makes the owner makes it for the owner alone.
   */
  placedByConstructor(field: Ts.Node, path: Path | undefined): Path | undefined {
    if (path === undefined || !(ts.isPropertyDeclaration(field) || ts.isParameter(field))) return path;
    return isMadeByConstructor(field) || isMadeByMakers(field, this.#makersOf)
      ? this.#marked(field, path)
      : path;
  }

  #marked(field: OwnerField, path: Path): Path {
    const mark = `!${idOf(field)}`;
    this.#fields.set(mark, field);
    return path + mark;
  }

  /** The field that holds the object of a path, if it has made it. */
  fieldOf(path: Path | undefined): OwnerField | undefined {
    const mark = path && /!\d+$/.exec(path)?.[0];
    return mark ? this.#fields.get(mark) : undefined;
  }
}

/** Names of two objects that one owner has made for itself, if that is what the paths lead to. */
export function namesOfParts(a: Path, b: Path): readonly [string, string] | undefined {
  const [rest, other] = [linksOf(a), linksOf(b)];
  let shared = 0;
  while (shared < rest.length && rest[shared] === other[shared]) shared += 1;
  const [own, its] = [rest.slice(shared), other.slice(shared)];
  const areParts = [own, its].every((links) => links.length > 0 && links.every((link) => MARKED.test(link)));
  return shared > 0 && areParts ? [own.join('.'), its.join('.')] : undefined;
}

const MARKED = /^[^.[\]]+!\d+$/;

/** The root and the members of a path; keys go with the member before them. */
function linksOf(path: Path): readonly string[] {
  const links = path.split('.');
  const depth = (text: string): number => text.split('[').length - text.split(']').length;
  // A key may hold a path of its own.
  const last = links.findLastIndex((_, index) => depth(links.slice(0, index).join('.')) !== 0);
  return last < 0 ? links : [links.slice(0, last + 1).join('.'), ...links.slice(last + 1)];
}

/** `this.users = new Repository()`, once, as a statement of the constructor. */
function isMadeByConstructor(field: OwnerField): boolean {
  const { name, parent, initializer } = field;
  if (!ts.isPropertyDeclaration(field)) return false;
  const text = nameText(name);
  if (initializer || text === undefined || !ts.isClassLike(parent)) return false;
  const [only, another] = fieldAssignments(parent).get(text) ?? [];
  if (!only || another || only.operator !== ts.SyntaxKind.EqualsToken) return false;
  const statement = only.value.parent.parent;
  const isMade = ts.isNewExpression(skipParentheses(only.value)) && ts.isExpressionStatement(statement);
  const making = isMade ? statement.parent.parent : undefined;
  return making !== undefined && ts.isConstructorDeclaration(making) && making.parent === parent;
}

/** `new Mirror(new Store(), new Store())`: everybody who makes an owner hands in an object that nobody else has. */
function isMadeByMakers(field: OwnerField, makersOf: MakersOf): boolean {
  const name = nameText(field.name);
  const kept = name === undefined ? undefined : givenToField(field);
  const cls = kept?.making.parent;
  if (name === undefined || !kept || !cls || !ts.isClassLike(cls)) return false;
  const assigned = fieldAssignments(cls).get(name)?.length ?? 0;
  const isOnce = ts.isParameter(field) ? isParameterProperty(field) && assigned === 0 : assigned === 1;
  const makers = isOnce ? makersOf(cls) : [];
  return makers.length > 0 && makers.every((maker) => isMadeFor(maker, kept.given));
}

function isMadeFor(maker: Ts.NewExpression, { index, members }: Given): boolean {
  const argument = maker.arguments?.[index];
  let value = argument && skipParentheses(argument);
  for (const member of members) {
    const parts = value && ts.isObjectLiteralExpression(value) ? value.properties : [];
    const part = parts.find((property) => property.name && nameText(property.name) === member);
    value = part && ts.isPropertyAssignment(part) ? skipParentheses(part.initializer) : undefined;
  }
  return value !== undefined && ts.isNewExpression(value);
}

function isKept(field: Ts.PropertyDeclaration): boolean {
  const { name, parent } = field;
  const text = nameText(name);
  const isStatic = hasModifier(field, ts.SyntaxKind.StaticKeyword);
  return text !== undefined && !isStatic && ts.isClassLike(parent) && !fieldAssignments(parent).has(text);
}

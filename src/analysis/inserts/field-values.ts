import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, nameText, ownMember } from '../code.ts';
import { fieldAssignments } from '../locks/field-assignments.ts';

/** What a field may hold: a value that is written for it, or what its getter returns. */
export type FieldValue = Ts.Expression | Ts.GetAccessorDeclaration;

/** The values of a field without an initializer: those that its class assigns, or else those that the heirs declare. */
export function valuesOf(
  member: Ts.PropertyDeclaration | Ts.GetAccessorDeclaration,
  code: Code,
): readonly FieldValue[] {
  if (ts.isGetAccessor(member) && member.body) return [member];
  const own = ts.isPropertyDeclaration(member) ? ownValuesOf(member) : [];
  const name = nameText(member.name);
  if (own.length > 0 || name === undefined || !ts.isClassLike(member.parent)) return own;
  return code.subtypes(member.parent).flatMap((heir): readonly FieldValue[] => {
    const below = ownMember(heir, name);
    if (below && ts.isGetAccessor(below)) return below.body ? [below] : [];
    return below && ts.isPropertyDeclaration(below) ? ownValuesOf(below) : [];
  });
}

function ownValuesOf(field: Ts.PropertyDeclaration): readonly Ts.Expression[] {
  return field.initializer ? [field.initializer] : assignedTo(field);
}

/** What the methods of a class assign to a field of it. */
function assignedTo({ name, parent }: Ts.PropertyDeclaration): readonly Ts.Expression[] {
  const text = nameText(name);
  const assigned =
    text !== undefined && ts.isClassLike(parent) ? fieldAssignments(parent).get(text) : undefined;
  return (assigned ?? [])
    .filter(({ operator }) => operator === ts.SyntaxKind.EqualsToken)
    .map(({ value }) => value);
}

import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, hasBody, isParameterProperty, nameText, skipParentheses } from '../code.ts';
import { fieldAssignments } from './field-assignments.ts';
import { membersOf, type Value } from './values.ts';

/** Objects made from one another are told apart to this depth. */
const MAX_NESTING = 2;

/**
 * The fields that a new object has from its constructor's arguments and never changes: parameter properties, and
 * `this.x = x` where nothing else is assigned to `x`. Only what can lead to a lock is kept.
 */
export function keptFields(
  cls: Ts.ClassLikeDeclaration,
  given: readonly (Value | undefined)[],
  code: Code,
): ReadonlyMap<string, Value> {
  const fields = new Map<string, Value>();
  for (const [name, index] of parametersKept(cls, code)) {
    const value = shallow(given[index], MAX_NESTING);
    if (value) fields.set(name, value);
  }
  return fields;
}

/** The value without what lies deeper in it than objects are told apart. */
function shallow(value: Value | undefined, depth: number): Value | undefined {
  if (!value || value.kind === 'opaque' || value.kind === 'constant') return undefined;
  if (value.kind !== 'instance') return value;
  if (depth === 0) return { ...value, fields: new Map() };
  const fields = new Map<string, Value>();
  for (const [name, field] of value.fields) {
    const kept = shallow(field, depth - 1);
    if (kept) fields.set(name, kept);
  }
  return { ...value, fields };
}

const known = new WeakMap<Ts.ClassLikeDeclaration, ReadonlyMap<string, number>>();

/** Fields by name, with the index of the constructor's parameter that they keep. */
function parametersKept(cls: Ts.ClassLikeDeclaration, code: Code): ReadonlyMap<string, number> {
  const before = known.get(cls);
  if (before) return before;
  const making = cls.members.find((member) => ts.isConstructorDeclaration(member) && hasBody(member));
  const base = making ? undefined : code.superclass(cls);
  const fields = new Map<string, number>(base ? parametersKept(base, code) : []);
  const assignments = fieldAssignments(cls);
  if (making && ts.isConstructorDeclaration(making)) {
    for (const [index, parameter] of making.parameters.entries()) {
      const name = nameText(parameter.name);
      if (name !== undefined && isParameterProperty(parameter) && !assignments.has(name)) {
        fields.set(name, index);
      }
    }
    for (const [name, values] of assignments) {
      const [only, another] = values;
      const isKept = only?.operator === ts.SyntaxKind.EqualsToken && !another;
      const value = isKept ? skipParentheses(only.value) : undefined;
      const parameter = value && ts.isIdentifier(value) ? resolveLocal(value) : undefined;
      const index = parameter && ts.isParameter(parameter) ? making.parameters.indexOf(parameter) : -1;
      if (index >= 0) fields.set(name, index);
    }
  }
  known.set(cls, fields);
  return fields;
}

/** Whether what a class does depends on locks or functions that its maker hands in. */
export function keepsCarriers(fields: ReadonlyMap<string, Value>): boolean {
  return [...fields.values()].some((field) =>
    membersOf(field).some(
      ({ kind }) => kind === 'lock' || kind === 'closure' || kind === 'operation' || kind === 'object',
    ),
  );
}

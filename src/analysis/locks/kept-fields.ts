import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, hasBody, isParameterProperty, nameText } from '../code.ts';
import { type Given, givenPart } from './constructor-parts.ts';
import { fieldAssignments } from './field-assignments.ts';
import { membersOf, type Value } from './values.ts';
import { joinValues } from './world.ts';

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
  for (const [name, { index, members }] of parametersKept(cls, code)) {
    const value = shallow(partAt(given[index], members), MAX_NESTING);
    if (value) fields.set(name, value);
  }
  return fields;
}

/** What lies in an object behind a chain of members: `locks.table` of the options. */
export function partAt(whole: Value | undefined, members: readonly string[]): Value | undefined {
  return members.reduce((object, member) => partOf(object, member), whole);
}

function partOf(object: Value | undefined, member: string): Value | undefined {
  if (object?.kind === 'object') return object.properties.get(member);
  return object?.kind === 'instance' ? object.fields.get(member) : undefined;
}

/** The value without what lies deeper in it than objects are told apart. */
function shallow(value: Value | undefined, depth: number): Value | undefined {
  if (!value || value.kind === 'opaque' || value.kind === 'constant') return undefined;
  switch (value.kind) {
    case 'union':
      return value.members.reduce<Value | undefined>(
        (joined, member) => joinValues(joined, shallowPart(member, depth)),
        undefined,
      );
    case 'object': {
      const properties = new Map<string, Value>();
      for (const [name, part] of value.properties) properties.set(name, shallowPart(part, depth));
      return { ...value, properties };
    }
    case 'instance': {
      const fields = new Map<string, Value>();
      for (const [name, field] of depth === 0 ? [] : value.fields) {
        const kept = shallow(field, depth - 1);
        if (kept) fields.set(name, kept);
      }
      return { ...value, fields };
    }
    default:
      return value;
  }
}

function shallowPart(value: Value, depth: number): Value {
  return shallow(value, depth) ?? value;
}

const known = new WeakMap<Ts.ClassLikeDeclaration, ReadonlyMap<string, Given>>();

/** Fields by name, with what they keep of the constructor's parameters. */
function parametersKept(cls: Ts.ClassLikeDeclaration, code: Code): ReadonlyMap<string, Given> {
  const before = known.get(cls);
  if (before) return before;
  const making = cls.members.find((member) => ts.isConstructorDeclaration(member) && hasBody(member));
  const base = making ? undefined : code.superclass(cls);
  const fields = new Map<string, Given>(base ? parametersKept(base, code) : []);
  const assignments = fieldAssignments(cls);
  if (making && ts.isConstructorDeclaration(making)) {
    for (const [index, parameter] of making.parameters.entries()) {
      const name = nameText(parameter.name);
      if (name !== undefined && isParameterProperty(parameter) && !assignments.has(name)) {
        fields.set(name, { index, members: [] });
      }
    }
    for (const [name, values] of assignments) {
      const [only, another] = values;
      const isKept = only?.operator === ts.SyntaxKind.EqualsToken && !another;
      const kept = isKept ? givenPart(only.value, making) : undefined;
      if (kept) fields.set(name, kept);
    }
  }
  known.set(cls, fields);
  return fields;
}

/** The constructor that `new` runs: the class's own, or the one that it inherits. */
export function constructorOf(
  cls: Ts.ClassLikeDeclaration,
  code: Code,
): Ts.ConstructorDeclaration | undefined {
  const own = cls.members.filter((member) => ts.isConstructorDeclaration(member)).find(hasBody);
  if (own) return own;
  const base = code.superclass(cls);
  return base && constructorOf(base, code);
}

/** Whether what a class does depends on locks or functions that its maker hands in. */
export function keepsCarriers(fields: ReadonlyMap<string, Value>): boolean {
  return [...fields.values()].some((field) =>
    membersOf(field).some(
      ({ kind }) => kind === 'lock' || kind === 'closure' || kind === 'operation' || kind === 'object',
    ),
  );
}

import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, nameText, rightmostName, skipParentheses } from '../code.ts';
import { isSetOnce } from '../dispatch/fields.ts';
import { globalFunction } from '../shapes.ts';
import { changeOfFirst } from './collection-methods.ts';

/** A call that gives a field another value, or takes it away, by its name. */
export interface ChangeByName {
  readonly call: Ts.CallExpression;
  /** `=` or `delete`. */
  readonly how: string;
  /** The object that has the field. */
  readonly owner: Ts.Expression;
  /** What the field is given, where that stands in the call itself. */
  readonly value: Ts.Expression | undefined;
}

/**
 * `Object.assign(owner, { field: value })`, `Reflect.set(owner, 'field', value)` and the like.
 *
 * @param isField tells the field from others of its name by a declaration
 */
export function changesByName(
  member: string,
  isField: (declaration: Ts.Node) => boolean,
  code: Code,
): readonly ChangeByName[] {
  const isMeant = (owner: Ts.Expression): boolean => {
    const found = code.memberOfType(owner, member);
    if (typeof found === 'string') return false;
    return found.declarations.some((one) => {
      const declaration = code.nodeOf(one);
      return declaration !== undefined && isField(declaration);
    });
  };
  return filesToLookIn(member, code).flatMap((file) => {
    const source = code.program.tree(file)?.source;
    const calls = source ? callsIn(source) : [];
    return calls.flatMap(({ call, callee }): ChangeByName[] => {
      const [owner] = call.arguments;
      const how = changeOfFirst(callee);
      const given = BY_KEY.has(callee) ? byKey(call, code) : byLiteral(call);
      return owner && how && given.has(member) && isMeant(owner)
        ? [{ call, how, owner, value: GIVING.has(callee) ? given.get(member) : undefined }]
        : [];
    });
  });
}

/** Functions whose second argument is the name of what they change. */
const BY_KEY: ReadonlySet<string> = new Set([
  'Object.defineProperty',
  'Reflect.defineProperty',
  'Reflect.deleteProperty',
  'Reflect.set',
]);
/** Functions that change what the literals after their first argument name. */
const BY_LITERAL = ['Object.assign', 'Object.defineProperties'];

/** Functions that are given values, and no descriptions of properties. */
const GIVING: ReadonlySet<string> = new Set(['Object.assign', 'Reflect.set']);

/** A key may come from another file; a literal names its members where it stands. */
function filesToLookIn(member: string, { program }: Code): readonly string[] {
  // No text names a private field.
  if (member.startsWith('#')) return [];
  const naming = new Set(program.filesNaming([member]));
  const merging = program.filesWith(BY_LITERAL).filter((file) => naming.has(file));
  return [...new Set([...merging, ...program.filesWith([...BY_KEY])])];
}

/** The calls of functions of the language in a file, with the names of these. */
function callsIn(source: Ts.SourceFile): readonly { call: Ts.CallExpression; callee: string }[] {
  const found: { call: Ts.CallExpression; callee: string }[] = [];
  const visit = (node: Ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const callee = globalFunction(node.expression);
      if (callee) found.push({ call: node, callee });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** The members that a call is certain to name, and what it gives them. */
type Given = ReadonlyMap<string, Ts.Expression | undefined>;

/** The texts that a key may be, by its type. */
function byKey({ arguments: [, key, value] }: Ts.CallExpression, code: Code): Given {
  if (!key) return new Map();
  const bare = skipParentheses(key);
  if (ts.isStringLiteralLike(bare)) return new Map([[bare.text, value]]);
  const name = rightmostName(bare);
  const literals = (name && code.typeOf(name)?.literals) ?? [];
  return new Map(literals.map((one) => [String(one), value]));
}

function byLiteral({ arguments: [, ...given] }: Ts.CallExpression): Given {
  const found = new Map<string, Ts.Expression | undefined>();
  for (const property of given.flatMap((one) => literalOf(one)?.properties ?? [])) {
    const name = property.name && nameText(property.name);
    if (name !== undefined) {
      found.set(name, ts.isPropertyAssignment(property) ? property.initializer : undefined);
    }
  }
  return found;
}

/** The object literal that an expression is, also through a variable that is set once. */
function literalOf(expression: Ts.Expression): Ts.ObjectLiteralExpression | undefined {
  const bare = skipParentheses(expression);
  if (ts.isObjectLiteralExpression(bare)) return bare;
  const variable = ts.isIdentifier(bare) ? resolveLocal(bare) : undefined;
  if (!variable || !ts.isVariableDeclaration(variable) || !isSetOnce(variable)) return undefined;
  const value = variable.initializer && skipParentheses(variable.initializer);
  return value && ts.isObjectLiteralExpression(value) ? value : undefined;
}

import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, memberName, nameText, skipParentheses } from '../code.ts';
import { isSetOnce } from '../dispatch/fields.ts';
import type { Target, Targets } from '../dispatch/targets.ts';
import { globalFunction } from '../shapes.ts';
import { changeOfFirst } from './collection-methods.ts';

/** A call that gives a field another value, or takes it away, by its name. */
export interface ChangeByName {
  readonly call: Ts.CallExpression;
  /** `=` or `delete`. */
  readonly how: string;
  /** The object that has the field. */
  readonly owner: Ts.Expression;
}

/** `Object.assign(owner, { field: value })`, `Reflect.set(owner, 'field', value)` and the like. */
export function changesByName(
  field: Target,
  { code, targets }: { readonly code: Code; readonly targets: Targets },
): readonly ChangeByName[] {
  const isMeant = (owner: Ts.Expression): boolean => {
    const member = code.memberOfType(owner, field.member);
    if (typeof member === 'string') return false;
    return member.declarations.some((one) => {
      const declaration = code.nodeOf(one);
      return declaration !== undefined && targets.relation(declaration, field) !== undefined;
    });
  };
  return filesToLookIn(field, code).flatMap((file) =>
    callsIn(file, code).filter(
      ({ call, owner }) => namesGiven(call, code).has(field.member) && isMeant(owner),
    ),
  );
}

/** Functions whose second argument is the name of what they change. */
const BY_KEY = ['Object.defineProperty', 'Reflect.defineProperty', 'Reflect.deleteProperty', 'Reflect.set'];
/** Functions that change what the literals after their first argument name. */
const BY_LITERAL = ['Object.assign', 'Object.defineProperties'];

/** A key may come from another file; a literal names its members where it stands. */
function filesToLookIn({ member }: Target, { program }: Code): readonly string[] {
  if (member.startsWith('#')) return [];
  const naming = new Set(program.filesWith([member]));
  const merging = program.filesWith(BY_LITERAL).filter((file) => naming.has(file));
  return [...new Set([...merging, ...program.filesWith(BY_KEY)])];
}

function callsIn(file: string, code: Code): readonly ChangeByName[] {
  const found: ChangeByName[] = [];
  const visit = (node: Ts.Node): void => {
    const callee = ts.isCallExpression(node) ? globalFunction(node.expression) : undefined;
    const how = callee === undefined ? undefined : changeOfFirst(callee);
    if (how !== undefined && ts.isCallExpression(node) && node.arguments[0]) {
      found.push({ call: node, how, owner: node.arguments[0] });
    }
    ts.forEachChild(node, visit);
  };
  const source = code.program.tree(file)?.source;
  if (source) visit(source);
  return found;
}

/** The members that a call is certain to name. */
function namesGiven(call: Ts.CallExpression, code: Code): ReadonlySet<string> {
  const [, ...given] = call.arguments;
  if (BY_KEY.includes(globalFunction(call.expression) ?? '')) return keysOf(given[0], code);
  const literals = given.map(literalOf).filter((one) => one !== undefined);
  return new Set(
    literals.flatMap(({ properties }) =>
      properties.flatMap(({ name }) => (name ? (nameText(name) ?? []) : [])),
    ),
  );
}

/** The texts that a key may be, by its type. */
function keysOf(key: Ts.Expression | undefined, code: Code): ReadonlySet<string> {
  const bare = key && skipParentheses(key);
  if (bare && ts.isStringLiteralLike(bare)) return new Set([bare.text]);
  const name = bare && (ts.isIdentifier(bare) ? bare : memberName(bare));
  const literals = (name && code.typeOf(name)?.literals) ?? [];
  return new Set(literals.filter((one) => typeof one === 'string'));
}

/** The object literal that an expression is, also through a variable that is set once. */
function literalOf(expression: Ts.Expression): Ts.ObjectLiteralExpression | undefined {
  const bare = skipParentheses(expression);
  if (ts.isObjectLiteralExpression(bare)) return bare;
  const variable = ts.isIdentifier(bare) ? resolveLocal(bare) : undefined;
  if (!variable || !ts.isVariableDeclaration(variable) || !variable.initializer) return undefined;
  const value = skipParentheses(variable.initializer);
  return ts.isObjectLiteralExpression(value) && isSetOnce(variable) ? value : undefined;
}

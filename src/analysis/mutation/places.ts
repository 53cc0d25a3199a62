import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, memberName, type NameNode, nameText, skipParentheses } from '../code.ts';
import { isSetOnce } from '../dispatch/fields.ts';
import { idOf } from '../inserts/frames.ts';

/** What the names of a function stand for, where its caller has said so: its parameters, and `this`. */
export interface Naming {
  readonly self: string;
  readonly parameters: ReadonlyMap<Ts.Node, string>;
  /** The getters that lead here: one that leads back to itself has no place. */
  readonly getters?: ReadonlySet<Ts.Node>;
}

/** The names of a function that anybody may have called. */
export const OWN_NAMES: Naming = { self: 'this', parameters: new Map() };

/**
 * Where an expression finds its value, as a text: a variable or `this`, and the members that lead on from there. Two
 * expressions of one place have one value, as long as nobody assigns in between. Undefined for what is computed.
 */
export function placeOf(expression: Ts.Node, naming: Naming, code: Code): string | undefined {
  const node = skipParentheses(expression);
  if (node.kind === ts.SyntaxKind.ThisKeyword) return naming.self;
  if (ts.isIdentifier(node)) return placeOfVariable(node, naming, code);
  const isAccess = ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node);
  const name = isAccess ? memberName(node) : undefined;
  const object = isAccess && name ? placeOf(node.expression, naming, code) : undefined;
  if (object === undefined || !name) return undefined;
  return placeOfGetter(name, object, naming, code) ?? `${object}.${name.text}`;
}

/** A getter that does nothing but return a member of its object is that member. */
function placeOfGetter(name: NameNode, self: string, { getters }: Naming, code: Code): string | undefined {
  const [entity, ...others] = code.entities(name);
  const getter = entity?.kind === 'node' && others.length === 0 ? entity.node : undefined;
  if (!getter || !ts.isGetAccessor(getter) || getters?.has(getter)) return undefined;
  const [statement, ...more] = getter.body?.statements ?? [];
  if (!statement || more.length > 0 || !ts.isReturnStatement(statement) || !statement.expression)
    return undefined;
  const within = new Set(getters).add(getter);
  return placeOf(statement.expression, { self, parameters: new Map(), getters: within }, code);
}

function placeOfVariable(name: Ts.Identifier, naming: Naming, code: Code): string | undefined {
  const local = resolveLocal(name);
  if (!local) return undefined;
  const given = naming.parameters.get(local);
  if (given !== undefined) return given;
  const own = String(idOf(code.declarationNode(name) ?? local));
  if (!isSetOnce(local)) return own;
  if (ts.isVariableDeclaration(local)) {
    return (local.initializer && placeOf(local.initializer, naming, code)) ?? own;
  }
  if (!ts.isBindingElement(local) || local.dotDotDotToken || !ts.isObjectBindingPattern(local.parent))
    return own;
  const member = nameText(local.propertyName ?? local.name);
  const holder = local.parent.parent;
  if (member === undefined || !(ts.isVariableDeclaration(holder) || ts.isParameter(holder))) return own;
  const object =
    naming.parameters.get(holder) ??
    (holder.initializer ? placeOf(holder.initializer, naming, code) : undefined);
  return object === undefined ? own : `${object}.${member}`;
}

import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, nameText, rightmostName } from '../code.ts';
import { functionOf } from '../doc-tags.ts';
import { effectiveConstructor } from '../inserts/constructions.ts';

const known = new WeakMap<Ts.Node, readonly Ts.Node[]>();

/** The properties of object literals that stand for a member of an interface, where the literal is said to be of it. */
export function literalsOf(member: Ts.Node, code: Code): readonly Ts.Node[] {
  const type = member.parent;
  const named = ts.isInterfaceDeclaration(type)
    ? type
    : ts.isTypeLiteralNode(type) && ts.isTypeAliasDeclaration(type.parent)
      ? type.parent
      : undefined;
  const { name } = member as { name?: Ts.Node };
  const text = name && nameText(name);
  if (!named || text === undefined) return [];
  let found = known.get(member);
  if (!found) {
    found = findLiterals(text, named, code);
    known.set(member, found);
  }
  return found;
}

type NamedType = Ts.InterfaceDeclaration | Ts.TypeAliasDeclaration;

function findLiterals(text: string, named: NamedType, code: Code): readonly Ts.Node[] {
  const found: Ts.Node[] = [];
  for (const file of code.program.filesNaming([named.name.text])) {
    if (!code.program.text(file)?.includes(text)) continue;
    const visit = (node: Ts.Node): void => {
      if (ts.isObjectLiteralExpression(node)) {
        const property = node.properties.find((one) => one.name && nameText(one.name) === text);
        if (property && isOfType(node, named, code)) found.push(property);
      }
      ts.forEachChild(node, visit);
    };
    const tree = code.program.tree(file);
    if (tree) visit(tree.source);
  }
  return found;
}

function isOfType(literal: Ts.Expression, wanted: Ts.Node, code: Code): boolean {
  const type = declaredType(literal, code);
  if (!type || !ts.isTypeReferenceNode(type)) return false;
  const { typeName } = type;
  const name = ts.isIdentifier(typeName) ? typeName : typeName.right;
  return code.entities(name).some((entity) => entity.kind === 'node' && entity.node === wanted);
}

/** What the code around an expression says that it is: a variable, `satisfies`, or what a function hands back. */
function declaredType(value: Ts.Node, code: Code): Ts.TypeNode | undefined {
  const { parent } = value;
  if (ts.isParenthesizedExpression(parent)) return declaredType(parent, code);
  if (ts.isAsExpression(parent) || ts.isSatisfiesExpression(parent)) return parent.type;
  if (ts.isVariableDeclaration(parent) || ts.isPropertyDeclaration(parent) || ts.isParameter(parent)) {
    return parent.type;
  }
  if (ts.isArrowFunction(parent)) return parent.type;
  if (ts.isCallExpression(parent) || ts.isNewExpression(parent)) return parameterType(value, parent, code);
  if (!ts.isReturnStatement(parent)) return undefined;
  const fn = ts.findAncestor(parent, ts.isFunctionLike);
  return fn?.type;
}

/** What a function of the program says of a parameter that an expression is handed in for. */
function parameterType(
  argument: Ts.Node,
  call: Ts.CallExpression | Ts.NewExpression,
  code: Code,
): Ts.TypeNode | undefined {
  const given: readonly Ts.Node[] = call.arguments ?? [];
  const index = given.indexOf(argument);
  const name = rightmostName(call.expression);
  for (const entity of index >= 0 && name ? code.entities(name) : []) {
    if (entity.kind !== 'node') continue;
    const fn = ts.isClassLike(entity.node)
      ? effectiveConstructor(code, entity.node)
      : functionOf(entity.node);
    const type = fn?.parameters[index]?.type;
    if (type) return type;
  }
  return undefined;
}

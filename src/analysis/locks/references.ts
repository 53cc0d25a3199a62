import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, memberName, type NameNode, nameText } from '../code.ts';
import { namesIn } from '../name-index.ts';
import { hasModifier } from '../shapes.ts';

/** The places that use a variable, field, function or method, in all files that may know it. */
export function referencesTo(
  declaration: Ts.Node,
  code: Code,
  isLikely: (file: string, text: string) => boolean = () => true,
): readonly NameNode[] {
  const { name } = declaration as { name?: Ts.Node };
  const text = name && nameText(name);
  if (!name || text === undefined) return [];
  const own = declaration.getSourceFile().fileName;
  const files = isOfItsFile(declaration) ? [own] : code.program.filesNaming([text]);
  return files.flatMap((file) => {
    if (!isLikely(file, code.program.text(file) ?? '')) return [];
    const tree = code.program.tree(file);
    const names = (tree && namesIn(tree.source).get(text)) ?? [];
    code.prefetchNames(
      file,
      names.filter((one) => memberName(one.parent) === one),
    );
    return names.filter((one) => one !== name && isOf(one, declaration, code));
  });
}

function isOf(name: NameNode, declaration: Ts.Node, code: Code): boolean {
  return code.entities(name).some((entity) => {
    if (entity.kind !== 'node') return false;
    const { node } = entity;
    return node === declaration || isOverriddenBy(declaration, node, code);
  });
}

/** Whether a method may be called by the name of another, of a class or interface above its own. */
function isOverriddenBy(declaration: Ts.Node, above: Ts.Node, code: Code): boolean {
  if (!ts.isMethodDeclaration(declaration)) return false;
  const [cls, owner] = [declaration.parent, above.parent];
  return (
    ts.isClassLike(cls) &&
    owner !== undefined &&
    (ts.isClassLike(owner) || ts.isInterfaceDeclaration(owner)) &&
    code.subtypes(owner).includes(cls)
  );
}

/** Nothing outside of its file can name it. */
function isOfItsFile(declaration: Ts.Node): boolean {
  const { name } = declaration as { name?: Ts.Node };
  if (name && ts.isPrivateIdentifier(name)) return true;
  const holder = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
  if (ts.isClassElement(declaration) || ts.isParameter(declaration)) {
    return hasModifier(holder, ts.SyntaxKind.PrivateKeyword);
  }
  const isPlain = ts.isVariableDeclaration(declaration) || ts.isFunctionDeclaration(declaration);
  // A list of exports elsewhere in the file may name it.
  return (
    isPlain &&
    !hasModifier(holder, ts.SyntaxKind.ExportKeyword) &&
    !/\bexport\s*\{|\bexport\s+default\b/.test(holder.getSourceFile().text)
  );
}

/** The uses of a local variable in its file. */
export function usesOf(variable: Ts.VariableDeclaration): readonly Ts.Identifier[] {
  if (!ts.isIdentifier(variable.name)) return [];
  return (namesIn(variable.getSourceFile()).get(variable.name.text) ?? []).filter(
    (name): name is Ts.Identifier =>
      ts.isIdentifier(name) &&
      name !== variable.name &&
      memberName(name.parent) !== name &&
      resolveLocal(name) === variable,
  );
}

/** The expression that a name is the last part of: `a.b` for `b`. */
export function accessOf(name: NameNode): Ts.Expression {
  return memberName(name.parent) === name ? (name.parent as Ts.Expression) : (name as Ts.Identifier);
}

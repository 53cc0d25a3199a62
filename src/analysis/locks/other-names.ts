import path from 'node:path';
import type { Program } from '../../engine/program.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { moduleSpecifier, nameText, rightmostName, skipParentheses } from '../code.ts';
import { hasModifier } from '../shapes.ts';

/**
 * The names by which a program calls what has one of some names, beside these: `export { exclusively as inTurn }`, an
 * import by another name, a default import, or a constant of a module, `const inTurn = lock.exclusively`. They go by
 * their text alone, so they only say where to look.
 */
export function otherNames(names: readonly string[], program: Program): readonly string[] {
  const known = new Set(names);
  for (let fresh: readonly string[] = names; fresh.length > 0; ) {
    const found = new Set<string>();
    for (const file of program.filesNaming(fresh)) {
      const tree = program.tree(file);
      if (!tree) continue;
      const { renamed, byDefault } = renamesIn(tree.source);
      for (const name of fresh) {
        for (const other of renamed.get(name) ?? []) found.add(other);
        if (byDefault.has(name)) for (const other of defaultImportsOf(file, program)) found.add(other);
      }
    }
    fresh = [...found].filter((name) => !known.has(name)).sort();
    for (const name of fresh) known.add(name);
  }
  return [...known].slice(names.length);
}

/** The names by which other files import what a file exports by default. */
export function defaultImportsOf(file: string, program: Program): readonly string[] {
  const { dir, name } = path.parse(file);
  // An index may go by the name of its folder.
  const base = name === 'index' ? path.basename(dir) : name;
  return program.filesWith([base, ...(name === 'index' ? ["'.'", "'..'", 'index'] : [])]).flatMap((other) => {
    const tree = program.tree(other);
    return tree
      ? renamesIn(tree.source).defaultImports.flatMap((one) =>
          meansFile(one.from, base, name) ? one.name : [],
        )
      : [];
  });
}

function meansFile(specifier: string, base: string, name: string): boolean {
  const last = path.basename(specifier).replace(/\.[cm]?[jt]sx?$/, '');
  return last === base || last === name || (name === 'index' && /^\.{1,2}$/.test(last));
}

interface Renames {
  /** Other names of what is called by a name. */
  readonly renamed: ReadonlyMap<string, ReadonlySet<string>>;
  /** The names of what the file exports by default. */
  readonly byDefault: ReadonlySet<string>;
  readonly defaultImports: readonly { readonly name: string; readonly from: string }[];
}

const known = new WeakMap<Ts.SourceFile, Renames>();

function renamesIn(source: Ts.SourceFile): Renames {
  let found = known.get(source);
  if (!found) {
    found = collect(source);
    known.set(source, found);
  }
  return found;
}

function collect(source: Ts.SourceFile): Renames {
  const renamed = new Map<string, Set<string>>();
  const byDefault = new Set<string>();
  const defaultImports: { name: string; from: string }[] = [];
  const add = (name: string | undefined, other: string | undefined): void => {
    if (name === undefined || other === undefined || name === other) return;
    if (other === 'default') byDefault.add(name);
    else renamed.set(name, (renamed.get(name) ?? new Set()).add(other));
  };
  const visit = (node: Ts.Node): void => {
    if (ts.isExportSpecifier(node)) add(node.propertyName?.text ?? node.name.text, node.name.text);
    else if (ts.isImportSpecifier(node)) {
      const from = moduleSpecifier(node);
      if (node.propertyName?.text === 'default' && from) defaultImports.push({ name: node.name.text, from });
      else add(node.propertyName?.text, node.name.text);
    } else if (ts.isImportClause(node) && node.name) {
      const from = moduleSpecifier(node);
      if (from !== undefined) defaultImports.push({ name: node.name.text, from });
    } else if (ts.isExportAssignment(node)) add(nameOf(node.expression), 'default');
    else if (ts.isFunctionDeclaration(node) && hasModifier(node, ts.SyntaxKind.DefaultKeyword))
      add(node.name?.text, 'default');
    else if (ts.isVariableDeclaration(node)) add(nameOf(node.initializer), nameText(node.name));
    // What is local to a function is used there, and that mentions the name.
    if (!ts.isFunctionLike(node) && !ts.isClassLike(node)) ts.forEachChild(node, visit);
  };
  ts.forEachChild(source, visit);
  return { renamed, byDefault, defaultImports };
}

/** The name of what an expression only hands on: `exclusively`, `lock.exclusively`, `lock.exclusively.bind(lock)`. */
function nameOf(expression: Ts.Expression | undefined): string | undefined {
  const bare = expression && skipParentheses(expression);
  if (!bare) return undefined;
  if (ts.isCallExpression(bare)) {
    const { expression: bind } = bare;
    const isBound = ts.isPropertyAccessExpression(bind) && bind.name.text === 'bind';
    return isBound ? nameOf(bind.expression) : undefined;
  }
  if (!ts.isIdentifier(bare) && !ts.isPropertyAccessExpression(bare)) return undefined;
  const name = rightmostName(bare);
  return name && nameText(name);
}

import { hasModifier } from '../../src/analysis/shapes.ts';
import { applied, insert, parse, type TextEdit } from '../../src/proof/nodes.ts';
import { namesOf, rewrites as ofFile, type RewriteOfFile } from '../../src/proof/rewrites.ts';
import { type Ts, ts } from '../../src/syntax/ts.ts';

/** The files of a program, by name. */
export type Files = ReadonlyMap<string, string>;

/**
 * A rewrite that changes how a program is written, and nothing that it does.
 *
 * @param isNamed whether a config counts on a function's being called so
 */
export type Rewrite = (files: Files, isNamed: (name: string) => boolean) => Files;

/** The rewrites, by name: those that `ws-gate prove` makes in real code, and one of whole programs. */
export const rewrites: Readonly<Record<string, Rewrite>> = {
  ...Object.fromEntries(Object.entries(ofFile).map(([name, editsOf]) => [name, perFile(editsOf)])),
  'split into files': splitIntoFiles,
};

function perFile(editsOf: RewriteOfFile): Rewrite {
  return (files, isNamed) =>
    new Map([...files].map(([file, text]) => [file, applied(text, editsOf(parse(text, file), isNamed))]));
}

/** The last class or function of a program of one file gets a file of its own; the two import each other. */
function splitIntoFiles(files: Files, isNamed: (name: string) => boolean): Files {
  const [only, another] = files;
  if (!only || another) return files;
  const [file, text] = only;
  const source = parse(text, file);
  const { statements } = source;
  const isSplittable = statements.every(
    (statement) =>
      ts.isImportDeclaration(statement) ||
      ts.isClassDeclaration(statement) ||
      ts.isFunctionDeclaration(statement) ||
      ts.isInterfaceDeclaration(statement) ||
      ts.isTypeAliasDeclaration(statement) ||
      (ts.isVariableStatement(statement) && (statement.declarationList.flags & ts.NodeFlags.Const) !== 0) ||
      ts.isExpressionStatement(statement),
  );
  const isMovable = (statement: Ts.Statement): boolean =>
    (ts.isClassDeclaration(statement) || ts.isFunctionDeclaration(statement)) &&
    statement.name !== undefined &&
    !hasModifier(statement, ts.SyntaxKind.DefaultKeyword) &&
    !hasModifier(statement, ts.SyntaxKind.DeclareKeyword) &&
    !hasModifier(statement, ts.SyntaxKind.AbstractKeyword);
  const moved = statements.filter(isMovable).at(-1);
  const [name] = moved ? namesOf(moved) : [];
  const others = statements.filter((statement) => statement !== moved && !ts.isImportDeclaration(statement));
  const isOverloading = others.some((statement) => namesOf(statement).includes(name ?? ''));
  if (!isSplittable || !moved || name === undefined || isOverloading || !/\.ts$/.test(file)) return files;
  // A config that says in which file it is would be wrong.
  const members = ts.isClassDeclaration(moved)
    ? moved.members.flatMap((one) => one.name?.getText() ?? [])
    : [];
  const places = [`#${name}`, ...members.map((member) => `#${name}.${member}`)];
  if (places.some(isNamed)) return files;
  const exported = (statement: Ts.Statement): readonly TextEdit[] =>
    hasModifier(statement, ts.SyntaxKind.ExportKeyword) || ts.isExpressionStatement(statement)
      ? []
      : [insert(statement.getStart(), 'export ')];
  const imports = statements
    .filter(ts.isImportDeclaration)
    .map((one) => one.getText())
    .join('\n');
  const names = [...new Set(others.flatMap(namesOf))];
  const stem = file.replace(/\.ts$/, '');
  const body = moved.getText();
  // What is written above it, annotations among it, goes with it.
  const start = moved.getStart(source, true);
  const above = text.slice(start, moved.getStart());
  const part = `${imports}\nimport { ${names.join(', ')} } from './${stem}.ts';\n${above}${exported(moved).length > 0 ? 'export ' : ''}${body}\n`;
  const rest = applied(text, [
    insert(0, `import { ${name} } from './${stem}_part.ts';\n`),
    ...others.flatMap(exported),
    { start, end: moved.end, text: '' },
  ]);
  const isPublic = hasModifier(moved, ts.SyntaxKind.ExportKeyword);
  return new Map([
    [file, isPublic ? `${rest}\nexport { ${name} };\n` : rest],
    [`${stem}_part.ts`, part],
  ]);
}

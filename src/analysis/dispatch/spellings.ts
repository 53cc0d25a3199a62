import path from 'node:path';
import type { Program } from '../../engine/program.ts';
import { type Ts, ts } from '../../syntax/ts.ts';

/**
 * The words under which the files of a program may speak of what a module calls `name`, by file: imports and
 * re-exports that rename it are followed, default exports included. Whether a word does stand for it where it is
 * used, only the compiler can tell.
 */
export function spellings(program: Program, name: string): ReadonlyMap<string, ReadonlySet<string>> {
  return new Spellings(program).of(name);
}

/** The words under which the files of a program may speak of what is a module's default export, and has no name. */
export function spellingsOfDefault(
  program: Program,
  modules: Iterable<string>,
): ReadonlyMap<string, ReadonlySet<string>> {
  return new Spellings(program).ofDefault(modules);
}

class Spellings {
  readonly #program: Program;
  readonly #words = new Map<string, Set<string>>();
  /** Names under which modules export it. A set grows while it is walked, and every addition is walked in turn. */
  readonly #exports = new Set<string>();
  /** Modules whose default export it is. */
  readonly #defaultExporters = new Set<string>();

  constructor(program: Program) {
    this.#program = program;
  }

  of(name: string): ReadonlyMap<string, ReadonlySet<string>> {
    this.#exports.add(name);
    return this.#follow();
  }

  ofDefault(modules: Iterable<string>): ReadonlyMap<string, ReadonlySet<string>> {
    for (const module of modules) this.#export(module, 'default');
    for (const module of this.#defaultExporters) this.#followDefault(module);
    return this.#follow();
  }

  #follow(): ReadonlyMap<string, ReadonlySet<string>> {
    for (const word of this.#exports) {
      for (const file of this.#program.filesNaming([word])) {
        this.#learn(file, word);
        for (const { propertyName, name: local } of this.#imports(file)) {
          if ((propertyName ?? local).text === word) this.#learn(file, local.text);
        }
      }
      for (const module of this.#defaultExporters) this.#followDefault(module);
    }
    return this.#words;
  }

  /** Notes a word of a file, and the names under which the file exports what it stands for. */
  #learn(file: string, word: string): void {
    if (!this.#note(file, word)) return;
    for (const statement of this.#statements(file)) {
      for (const name of exportsOf(statement, word)) this.#export(file, name);
    }
  }

  /** @returns whether the word is new */
  #note(file: string, word: string): boolean {
    const known = this.#words.get(file) ?? new Set();
    const isNew = !known.has(word);
    this.#words.set(file, known.add(word));
    return isNew;
  }

  #export(file: string, name: string): void {
    if (name === 'default') this.#defaultExporters.add(file);
    else this.#exports.add(name);
  }

  #followDefault(module: string): void {
    const words = moduleWords(module);
    for (const file of this.#program.filesWith(words)) {
      // The module as an object, by `import()` or a namespace, has it under this name.
      this.#note(file, 'default');
      for (const statement of this.#statements(file)) {
        if (!mentionsModule(statement, words)) continue;
        for (const local of defaultImports(statement)) this.#learn(file, local);
        for (const name of specifiersOf(statement, ts.isExportDeclaration).flatMap(renamedDefault)) {
          this.#export(file, name);
        }
      }
    }
  }

  #imports(file: string): readonly Specifier[] {
    return this.#statements(file).flatMap((statement) => specifiersOf(statement, ts.isImportDeclaration));
  }

  #statements(file: string): readonly Ts.Statement[] {
    return this.#program.tree(file)?.source.statements ?? [];
  }
}

type Specifier = Ts.ImportSpecifier | Ts.ExportSpecifier;
type ModuleStatement = Ts.ImportDeclaration | Ts.ExportDeclaration;

/** The names under which a statement exports what its file calls by this word. */
function exportsOf(statement: Ts.Statement, word: string): readonly string[] {
  if (ts.isExportAssignment(statement)) {
    return ts.isIdentifier(statement.expression) && statement.expression.text === word ? ['default'] : [];
  }
  if (ts.isFunctionDeclaration(statement)) {
    const isDefault = statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword) ?? false;
    return isDefault && statement.name?.text === word ? ['default'] : [];
  }
  return specifiersOf(statement, ts.isExportDeclaration)
    .filter(({ propertyName, name }) => (propertyName ?? name).text === word)
    .map(({ name }) => name.text);
}

/** What an import calls the default export of its module. */
function defaultImports(statement: ModuleStatement): readonly string[] {
  const own = ts.isImportDeclaration(statement) ? statement.importClause?.name : undefined;
  const renamed = specifiersOf(statement, ts.isImportDeclaration).flatMap(renamedDefault);
  return own ? [own.text, ...renamed] : renamed;
}

function renamedDefault({ propertyName, name }: Specifier): readonly string[] {
  return propertyName?.text === 'default' ? [name.text] : [];
}

function specifiersOf(
  statement: Ts.Statement,
  isWanted: (statement: Ts.Statement) => statement is ModuleStatement,
): readonly Specifier[] {
  if (!isWanted(statement)) return [];
  const bindings = ts.isImportDeclaration(statement)
    ? statement.importClause?.namedBindings
    : statement.exportClause;
  return bindings && (ts.isNamedImports(bindings) || ts.isNamedExports(bindings))
    ? [...bindings.elements]
    : [];
}

function mentionsModule(statement: Ts.Statement, words: readonly string[]): statement is ModuleStatement {
  if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return false;
  const { moduleSpecifier } = statement;
  return (
    moduleSpecifier !== undefined &&
    ts.isStringLiteral(moduleSpecifier) &&
    words.some((word) => moduleSpecifier.text.includes(word))
  );
}

/** Words that the specifiers of a module hold one of: its file name, and its directory's where the file is an index. */
export function moduleWords(file: string): readonly string[] {
  const { name, dir } = path.posix.parse(file);
  return name === 'index' ? [name, path.posix.basename(dir)] : [name];
}

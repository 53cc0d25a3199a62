import path from 'node:path';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, skipParentheses } from '../code.ts';
import { soleValueOf } from '../dispatch/presence.ts';

/** An import of a module that is a test, by its specifier. */
export interface TestImport {
  readonly node: Ts.StringLiteralLike;
  /** Absolute. */
  readonly module: string;
}

/** Tells the files that are tests by their paths. */
export class TestFiles {
  readonly #root: string;
  readonly #matches: (relative: string) => boolean;

  private constructor(root: string, matches: (relative: string) => boolean) {
    this.#root = root;
    this.#matches = matches;
  }

  /** @param root what the patterns are relative to; absolute */
  static async load(root: string, patterns: readonly string[]): Promise<TestFiles> {
    const { default: picomatch } = await import('picomatch');
    return new TestFiles(root, patterns.length > 0 ? picomatch([...patterns], { dot: true }) : () => false);
  }

  /** @param file absolute */
  has(file: string): boolean {
    return this.#matches(path.relative(this.#root, file).split(path.sep).join('/'));
  }
}

/** The imports of tests in a file that are there when it runs: those of types alone are not. */
export function testImports(code: Code, file: string, tests: TestFiles): readonly TestImport[] {
  const source = code.program.tree(file)?.source;
  const found: TestImport[] = [];
  const visit = (node: Ts.Node): void => {
    const specifier = runningSpecifier(node);
    const module = specifier && testModule(code, specifier, tests);
    if (specifier && module !== undefined) found.push({ node: specifier, module });
    ts.forEachChild(node, visit);
  };
  if (source) visit(source);
  return found;
}

function testModule(code: Code, specifier: Ts.StringLiteralLike, tests: TestFiles): string | undefined {
  const file = code.fileOf(specifier);
  const { text } = specifier;
  if (isPath(text)) {
    const paths = modulePaths(file, text);
    const known = paths.filter((one) => code.program.text(one) !== undefined);
    return (known.length > 0 ? known : paths).find((one) => tests.has(one));
  }
  if (!readsLikeTest(file, text, tests)) return undefined;
  const [module] = code.program.oracle.symbols(file, [specifier.getStart()]);
  return module?.declarations.find((one) => !one.file.includes('/node_modules/') && tests.has(one.file))
    ?.file;
}

function readsLikeTest(file: string, specifier: string, tests: TestFiles): boolean {
  const paths = isPath(specifier)
    ? modulePaths(file, specifier)
    : modulePaths(file, `./${specifier.replace(/^\W+/, '')}`);
  return paths.some((one) => tests.has(one));
}

function isPath(specifier: string): boolean {
  return /^(?:\.{0,2}\/|\.\.?$)/.test(specifier);
}

const EXTENSIONS = ['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs'];

/** The files that a specifier may mean. */
function modulePaths(file: string, specifier: string): readonly string[] {
  const target = path.posix.resolve(path.posix.dirname(file), specifier);
  const stem = target.replace(/\.[cm]?jsx?$/, '');
  const ends = EXTENSIONS.flatMap((extension) => [`${stem}${extension}`, `${target}/index${extension}`]);
  return /\.[cm]?tsx?$/.test(target) ? [target] : [...(stem === target ? [] : [target]), ...ends];
}

/** The specifier of an import or re-export that stays when the types are gone. */
function runningSpecifier(node: Ts.Node): Ts.StringLiteralLike | undefined {
  if (ts.isImportDeclaration(node)) {
    const { importClause, moduleSpecifier } = node;
    return importClause && isOfTypes(importClause) ? undefined : literal(moduleSpecifier);
  }
  if (ts.isExportDeclaration(node)) {
    const { exportClause, moduleSpecifier, isTypeOnly } = node;
    const areTypes =
      exportClause && ts.isNamedExports(exportClause) && exportClause.elements.length > 0
        ? exportClause.elements.every((one) => one.isTypeOnly)
        : false;
    return isTypeOnly || areTypes ? undefined : literal(moduleSpecifier);
  }
  if (ts.isImportEqualsDeclaration(node)) {
    const { isTypeOnly, moduleReference } = node;
    return !isTypeOnly && ts.isExternalModuleReference(moduleReference)
      ? literal(moduleReference.expression)
      : undefined;
  }
  if (!ts.isCallExpression(node)) return undefined;
  const { expression } = node;
  const isImport =
    expression.kind === ts.SyntaxKind.ImportKeyword ||
    (ts.isIdentifier(expression) && expression.text === 'require');
  return isImport ? constant(node.arguments[0]) : undefined;
}

/** A text that is written in place, or the one that a variable of the file was given. */
function constant(node: Ts.Node | undefined): Ts.StringLiteralLike | undefined {
  const value = node && (soleValueOf(node) ?? node);
  return value && literal(skipParentheses(value));
}

function isOfTypes({ isTypeOnly, name, namedBindings }: Ts.ImportClause): boolean {
  if (isTypeOnly) return true;
  if (name || !namedBindings || !ts.isNamedImports(namedBindings)) return false;
  return namedBindings.elements.length > 0 && namedBindings.elements.every((one) => one.isTypeOnly);
}

function literal(node: Ts.Node | undefined): Ts.StringLiteralLike | undefined {
  return node && ts.isStringLiteralLike(node) ? node : undefined;
}

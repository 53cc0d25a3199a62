import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { NativeCompiler } from '../../src/oracle/native.ts';
import type { OpenRequest, Oracle, SymbolInfo, TypeInfo } from '../../src/oracle/oracle.ts';
import { ReferenceCompiler } from '../../src/oracle/reference.ts';
import { type Ts, ts } from '../../src/syntax/ts.ts';
import { tempDir } from '../support/temp-dir.ts';

const root = path.resolve(import.meta.dirname, '../..');
const fixtures = path.join(root, 'fixtures');

vi.setConfig({ testTimeout: 240_000 });

describe('the native compiler and the reference', () => {
  it('give the same answers about every name of the lock fixtures', () => {
    const tsconfig = path.join(fixtures, 'tsconfig.json');
    const files = new NativeCompilerForTest(fixtures).readProject(tsconfig).files;
    const asked = compare({
      cwd: fixtures,
      projects: [tsconfig],
      files: files.filter((file) => file.startsWith(path.join(fixtures, 'lock-'))),
    });
    expect(asked.differences).toEqual([]);
    expect(asked.names).toBeGreaterThan(10_000);
  });

  it.each([
    {
      name: 'ajv',
      sources: 'ajv/lib',
      module: 'commonjs',
      asked: /^(?:compile\/codegen|runtime|vocabularies\/format|core)/,
      names: 4_000,
    },
    {
      name: '@supabase/auth-js',
      sources: '@supabase/auth-js/src',
      module: 'esnext',
      // The files that take locks.
      asked: /^(?:GoTrueClient|lib\/locks)\.ts$/,
      names: 5_000,
    },
  ])('give the same answers about every name of $name', ({ sources, module, asked, names }) => {
    const folder = path.join(root, 'node_modules', sources);
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .sort();
    const absolute = (file: string): string => path.join(folder, file);
    const compilerOptions = {
      target: 'es2022',
      lib: ['es2022', 'dom'],
      module,
      moduleResolution: 'bundler',
      strict: true,
      resolveJsonModule: true,
      esModuleInterop: true,
      types: [],
    };
    const dir = tempDir({
      'tsconfig.json': JSON.stringify({ compilerOptions, files: files.map(absolute) }),
    });
    const compared = compare({
      cwd: dir,
      projects: [path.join(dir, 'tsconfig.json')],
      files: files.filter((file) => asked.test(file)).map(absolute),
    });
    expect(compared.differences).toEqual([]);
    expect(compared.names).toBeGreaterThan(names);
  });

  it('give the same answers about files that no tsconfig owns', () => {
    const dir = tempDir({
      'lib/locks.ts':
        'export class Mutex { async acquire() { return () => {}; } }\nexport default new Mutex();\n',
      'lib/index.ts':
        "export * from './locks';\nexport { default as shared } from './locks';\nexport { gone } from 'gone';\n",
      'main.ts': [
        "import { Mutex, shared, gone } from './lib';",
        "import AwaitLock from 'await-lock-that-is-not-installed';",
        "import { missing } from './lib/locks';",
        'class Box { #mu = new Mutex(); get mu() { return this.#mu; } }',
        'const box: Box | undefined = Math.random() > 0.5 ? new Box() : undefined;',
        'box?.mu.acquire(); shared.acquire(); gone(); new AwaitLock(); missing;',
        "const locks = { a: new Mutex(), 'b-c': new Mutex() };",
        "locks['b-c'].acquire(); Promise.all([locks.a.acquire()]).then((grants) => grants[0]?.());",
        "type State = 'open' | 'closed'; declare const state: State; state;",
      ].join('\n'),
      'old.js':
        "const { Mutex } = require('./lib/locks');\nexports.mu = new Mutex();\nexports.mu.acquire();\n",
    });
    const files = ['lib/index.ts', 'lib/locks.ts', 'main.ts', 'old.js'].map((file) => path.join(dir, file));
    expect(compare({ cwd: dir, projects: [], files })).toEqual({ differences: [], names: 55 });
  });
});

interface Comparison {
  /** One for each name that is not answered alike. */
  readonly differences: readonly unknown[];
  readonly names: number;
}

function compare({ cwd, ...request }: OpenRequest & { readonly cwd: string }): Comparison {
  const native = new NativeCompilerForTest(cwd).open(request);
  const reference = new ReferenceCompiler({ cwd }).open(request);
  const differences: unknown[] = [];
  let names = 0;
  for (const file of request.files) {
    const asked = namesIn(file);
    names += asked.length;
    const [one, other] = [answersOf(native, file, asked), answersOf(reference, file, asked)];
    for (const [index, name] of asked.entries()) {
      if (JSON.stringify(one[index]) === JSON.stringify(other[index])) continue;
      differences.push({
        file,
        name: name.text,
        at: name.start,
        native: one[index],
        reference: other[index],
      });
    }
  }
  return { differences, names };
}

class NativeCompilerForTest extends NativeCompiler {
  constructor(cwd: string) {
    super({ cwd });
    onTestFinished(() => this.close());
  }
}

interface Name {
  readonly text: string;
  readonly start: number;
  /** The type of an expression; a name in a type has none. */
  readonly hasType: boolean;
}

function namesIn(file: string): Name[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ESNext, true);
  const names: Name[] = [];
  const visit = (node: Ts.Node): void => {
    const isKey = ts.isStringLiteralLike(node) && ts.isElementAccessExpression(node.parent);
    // `exports` of a CommonJS file: one compiler speaks of the object, the other of the member that is assigned.
    const isExports = /\.js$/.test(file) && ts.isIdentifier(node) && node.text === 'exports';
    if ((ts.isIdentifier(node) && !isExports) || ts.isPrivateIdentifier(node) || isKey) {
      names.push({ text: node.text, start: node.getStart(source), hasType: !isInType(node) });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names;
}

function isInType(node: Ts.Node): boolean {
  const { parent } = node;
  if (ts.isQualifiedName(parent)) return isInType(parent);
  if (ts.isExpressionWithTypeArguments(parent)) {
    const { parent: clause } = parent;
    return (
      ts.isHeritageClause(clause) &&
      (clause.token === ts.SyntaxKind.ImplementsKeyword || ts.isInterfaceDeclaration(clause.parent))
    );
  }
  return ts.isTypeNode(parent) && !ts.isTypeQueryNode(parent);
}

function answersOf(oracle: Oracle, file: string, names: readonly Name[]): unknown[] {
  const positions = names.map(({ start }) => start);
  const symbols = oracle.symbols(file, positions);
  const types = oracle.types(file, positions);
  return names.map(({ hasType }, index) => ({
    symbol: plainSymbol(symbols[index]),
    ...(hasType ? { type: plainType(types[index]) } : {}),
  }));
}

function plainSymbol(symbol: SymbolInfo | undefined): unknown {
  if (!symbol) return undefined;
  const declarations = symbol.declarations.map(({ file, start, end, name, kind, container }) => {
    // The two compilers are of different versions, and so are the libraries they bring along: the same
    // declarations, in other places of files in another directory.
    const library = /\/typescript(?:-[\w-]+)?\/lib\/(lib\.[^/]*)$/.exec(file)?.[1];
    return library ? { library, kind, container } : { file, start, end, name, kind, container };
  });
  // What is sorted by path comes out in another order when the library lies elsewhere.
  const inLibrary = declarations.filter((one) => 'library' in one);
  const inProgram = declarations.filter((one) => !('library' in one));
  return { name: symbol.name, unresolvedImport: symbol.unresolvedImport, inLibrary, inProgram };
}

function plainType(type: TypeInfo | undefined): unknown {
  if (!type) return undefined;
  const { any, callable, literals, present, symbols } = type;
  // Of symbols of one name (`__type`), those of the library come in another place, too.
  const plain = symbols.map(plainSymbol).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  return { any, callable, literals, present, symbols: plain };
}

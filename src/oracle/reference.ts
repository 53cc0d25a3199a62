import path from 'node:path';
import { libraryFiles } from '../syntax/lib-files.ts';
import { type Ts, ts } from '../syntax/ts.ts';
import { isEndless } from './endless.ts';
import type {
  Compiler,
  CompilerOptions,
  Declaration,
  NoMember,
  OpenRequest,
  Oracle,
  ProjectConfig,
  ReadOverlay,
  Stretch,
  SymbolInfo,
  TypeInfo,
} from './oracle.ts';
import { literalsInOrder, symbolsInOrder } from './order.ts';
import { nodeOver } from './stretch.ts';

/**
 * The checker that ts-morph bundles, behind the same interface. Slower and heavier than the native compiler; it
 * serves platforms without a native binary, and holds the native one to account in the differential test.
 */
export class ReferenceCompiler implements Compiler {
  readonly kind = 'reference';
  readonly #cwd: string;
  readonly #overlay: ReadOverlay | undefined;
  #last: OpenRequest | undefined;

  constructor({ cwd, overlay }: CompilerOptions) {
    this.#cwd = cwd;
    this.#overlay = overlay;
  }

  readProject(tsconfig: string): ProjectConfig {
    const { fileNames, options } = this.#parse(tsconfig);
    return { files: fileNames, allowJs: options.allowJs === true };
  }

  open(request: OpenRequest): Oracle {
    this.#last = request;
    const { projects, files } = request;
    const owned = new Set<string>();
    const programs: Ts.Program[] = [];
    for (const project of projects) {
      const { fileNames, options } = this.#parse(project);
      for (const file of fileNames) owned.add(file);
      programs.push(this.#program(fileNames, options));
    }
    for (const [tsconfig, strays] of this.#owners(files.filter((file) => !owned.has(file)))) {
      const options = tsconfig === undefined ? INFERRED_OPTIONS : this.#parse(tsconfig).options;
      programs.push(this.#program(strays, options));
    }
    return new ReferenceOracle(programs);
  }

  /** Reads all of it again: slow, and sure. */
  reopen(_changed: readonly string[]): Oracle {
    if (!this.#last) throw new Error('no program was opened');
    return this.open(this.#last);
  }

  close(): void {}

  /** Groups files by the nearest tsconfig that lists them. */
  #owners(files: readonly string[]): Map<string | undefined, string[]> {
    const lists = new Map<string, ReadonlySet<string>>();
    const owners = new Map<string | undefined, string[]>();
    for (const file of files) {
      const tsconfig = ts.findConfigFile(path.dirname(file), ts.sys.fileExists);
      if (tsconfig !== undefined && !lists.has(tsconfig)) {
        lists.set(tsconfig, new Set(this.#parse(tsconfig).fileNames));
      }
      const owner = tsconfig !== undefined && lists.get(tsconfig)?.has(file) ? tsconfig : undefined;
      const group = owners.get(owner);
      if (group) group.push(file);
      else owners.set(owner, [file]);
    }
    return owners;
  }

  #parse(tsconfig: string): Ts.ParsedCommandLine {
    const { config } = ts.readConfigFile(tsconfig, ts.sys.readFile);
    return ts.parseJsonConfigFileContent(
      config ?? {},
      ts.sys,
      path.dirname(tsconfig),
      undefined,
      path.basename(tsconfig),
    );
  }

  #program(rootNames: readonly string[], options: Ts.CompilerOptions): Ts.Program {
    const host = ts.createCompilerHost({ ...options, noEmit: true });
    const { folder, texts } = libraryFiles();
    host.getDefaultLibLocation = () => folder;
    host.getDefaultLibFileName = (forOptions) => `${folder}/${ts.getDefaultLibFileName(forOptions)}`;
    const overlay = this.#overlay;
    const textOf = (file: string): string | null | undefined => texts.get(file) ?? overlay?.(file);
    const { readFile, fileExists, directoryExists } = host;
    host.readFile = (file) => {
      const text = textOf(file);
      if (text !== undefined) return text ?? undefined;
      return isEndless(file) ? undefined : readFile.call(host, file);
    };
    host.fileExists = (file) => {
      const text = textOf(file);
      return text === undefined ? fileExists.call(host, file) : text !== null;
    };
    if (overlay && directoryExists) {
      // A file of the overlay may lie in a directory that is not there; packages do not.
      host.directoryExists = (directory) =>
        directoryExists.call(host, directory) || !directory.includes('/node_modules');
    }
    host.getCurrentDirectory = () => this.#cwd;
    return ts.createProgram({ rootNames: [...rootNames], options: { ...options, noEmit: true }, host });
  }
}

/** What the native compiler infers for a file that no tsconfig owns. */
const INFERRED_OPTIONS: Ts.CompilerOptions = {
  allowJs: true,
  allowImportingTsExtensions: true,
  jsx: ts.JsxEmit.Preserve,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  noEmit: true,
  resolveJsonModule: true,
  strictNullChecks: true,
  target: ts.ScriptTarget.ESNext,
};

class ReferenceOracle implements Oracle {
  readonly kind = 'reference';
  queries = 0;
  readonly #programs: readonly Ts.Program[];

  constructor(programs: readonly Ts.Program[]) {
    this.#programs = programs;
  }

  symbols(file: string, positions: readonly number[]): (SymbolInfo | undefined)[] {
    return this.#ask(file, positions, (node, checker) => {
      const symbol = checker.getSymbolAtLocation(node);
      return symbol && symbolInfo(symbol, checker);
    });
  }

  types(file: string, positions: readonly number[]): (TypeInfo | undefined)[] {
    return this.#ask(file, positions, (node, checker, isStrict) =>
      typeInfo(checker.getTypeAtLocation(node), checker, isStrict),
    );
  }

  expressionTypes(file: string, stretches: readonly Stretch[]): (TypeInfo | undefined)[] {
    return this.#askAt(file, stretches, nodeOver<Ts.Node>, (node, checker, isStrict) =>
      typeInfo(checker.getTypeAtLocation(node), checker, isStrict),
    );
  }

  member(file: string, of: Stretch, name: string): SymbolInfo | NoMember {
    const [found] = this.#askAt(
      file,
      [of],
      nodeOver<Ts.Node>,
      (node, checker): SymbolInfo | NoMember | undefined => {
        const present = checker.getNonNullableType(checker.getTypeAtLocation(node));
        if ((present.flags & ts.TypeFlags.Any) !== 0) return 'unknown';
        const symbol = checker.getPropertyOfType(checker.getApparentType(present), name);
        return symbol ? symbolInfo(symbol, checker) : 'none';
      },
    );
    return found ?? 'unknown';
  }

  #ask<T>(
    file: string,
    positions: readonly number[],
    answer: (node: Ts.Node, checker: Ts.TypeChecker, isStrict: boolean) => T | undefined,
  ): (T | undefined)[] {
    return this.#askAt(file, positions, tokenAt, answer);
  }

  #askAt<Place, T>(
    file: string,
    places: readonly Place[],
    find: (source: Ts.SourceFile, place: Place) => Ts.Node | undefined,
    answer: (node: Ts.Node, checker: Ts.TypeChecker, isStrict: boolean) => T | undefined,
  ): (T | undefined)[] {
    this.queries += places.length;
    for (const program of this.#programs) {
      const source = program.getSourceFile(file);
      if (!source) continue;
      const checker = program.getTypeChecker();
      const { strict, strictNullChecks = strict ?? true } = program.getCompilerOptions();
      return places.map((place) => {
        const node = find(source, place);
        return node && answer(node, checker, strictNullChecks);
      });
    }
    return places.map(() => undefined);
  }
}

function symbolInfo(symbol: Ts.Symbol, checker: Ts.TypeChecker): SymbolInfo | undefined {
  if ((symbol.flags & ts.SymbolFlags.Alias) === 0) return describe(symbol, false);
  const target = checker.getAliasedSymbol(symbol);
  return checker.isUnknownSymbol(target)
    ? describe(lastReachable(symbol, checker), true)
    : describe(target, false);
}

function lastReachable(symbol: Ts.Symbol, checker: Ts.TypeChecker): Ts.Symbol {
  const next = checker.getImmediateAliasedSymbol(symbol);
  if (!next || next === symbol || (next.declarations?.length ?? 0) === 0) return symbol;
  return (next.flags & ts.SymbolFlags.Alias) === 0 ? symbol : lastReachable(next, checker);
}

function describe(symbol: Ts.Symbol, unresolvedImport: boolean): SymbolInfo {
  return {
    name: symbol.name,
    declarations: [...new Set((symbol.declarations ?? []).flatMap(declarationNode))]
      .map(declaration)
      .sort(byPlace),
    unresolvedImport,
  };
}

/** `f.member = …` declares the member, by the whole assignment, and is no further declaration of `f`. */
function declarationNode(node: Ts.Declaration): Ts.Node[] {
  if (ts.isIdentifier(node)) return [];
  const isTarget =
    (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) &&
    ts.isBinaryExpression(node.parent) &&
    node.parent.left === node;
  return [isTarget ? node.parent : node];
}

function byPlace(a: Declaration, b: Declaration): number {
  return a.file < b.file ? -1 : a.file > b.file ? 1 : a.start - b.start;
}

function declaration(node: Ts.Node): Declaration {
  const source = node.getSourceFile();
  const container = node.parent && nameOf(node.parent);
  return {
    file: source.fileName,
    start: node.getStart(source),
    end: node.end,
    name: nameOf(node)?.getStart(source),
    kind: ts.SyntaxKind[node.kind] ?? 'Unknown',
    container: container && 'text' in container ? String(container.text) : undefined,
  };
}

/** The name that stands in a declaration itself, and not the one that an anonymous function goes by. */
function nameOf(node: Ts.Node): Ts.Node | undefined {
  return 'name' in node ? ((node as { name?: Ts.Node }).name ?? undefined) : undefined;
}

function typeInfo(type: Ts.Type, checker: Ts.TypeChecker, isStrict: boolean): TypeInfo {
  const members = partsOf(type);
  const isOpen = (type.flags & ts.TypeFlags.Instantiable) !== 0;
  const bound = isOpen ? checker.getBaseConstraintOfType(type) : undefined;
  return {
    any: (type.flags & ts.TypeFlags.Any) !== 0,
    symbols: symbolsInOrder(
      members
        .map((member) => member.getSymbol())
        .map((symbol) => symbol && symbolInfo(symbol, checker))
        .filter((info) => info !== undefined),
    ),
    literals: literalsInOrder(literalsOf(bound ? partsOf(bound) : members, checker)),
    callable: members.some((member) => member.getCallSignatures().length > 0),
    present: isStrict && isPresent(bound ?? type),
  };
}

function isPresent(type: Ts.Type): boolean {
  if (type.isUnionOrIntersection()) return type.types.every(isPresent);
  return (type.flags & (ts.TypeFlags.Object | ts.TypeFlags.NonPrimitive)) !== 0;
}

function partsOf(type: Ts.Type): readonly Ts.Type[] {
  return type.isUnionOrIntersection() ? type.types : [type];
}

function literalsOf(members: readonly Ts.Type[], checker: Ts.TypeChecker): TypeInfo['literals'] {
  const values: (string | number | boolean)[] = [];
  for (const member of members) {
    if (member.isStringLiteral() || member.isNumberLiteral()) values.push(member.value);
    else if (member.flags & ts.TypeFlags.BooleanLiteral) values.push(checker.typeToString(member) === 'true');
    else return undefined;
  }
  return values;
}

/** The smallest token that starts at or contains a position. */
function tokenAt(source: Ts.SourceFile, position: number): Ts.Node | undefined {
  let found: Ts.Node | undefined;
  const visit = (node: Ts.Node): void => {
    if (position < node.getStart(source) || position >= node.end) return;
    found = node;
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(source, visit);
  return found;
}

import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type Node, SyntaxKind } from 'typescript/unstable/ast';
import {
  API,
  type Checker,
  type NodeHandle,
  type Project,
  SignatureKind,
  type Snapshot,
  SymbolFlags,
  type Symbol as TsSymbol,
  type Type,
  TypeFlags,
} from 'typescript/unstable/sync';
import { isEndless } from './endless.ts';
import { type Project as FocusableProject, FocusedProject, isFocusable } from './focus.ts';
import type {
  Compiler,
  CompilerOptions,
  Declaration,
  Focus,
  NoMember,
  OpenRequest,
  Oracle,
  ProjectConfig,
  Stretch,
  SymbolInfo,
  TypeInfo,
} from './oracle.ts';
import { literalsInOrder, symbolsInOrder } from './order.ts';
import { nodeOver } from './stretch.ts';

type APIOptions = NonNullable<ConstructorParameters<typeof API>[0]>;
type UpdateSnapshotParams = NonNullable<Parameters<API['updateSnapshot']>[0]>;

/** The native TypeScript compiler, spoken to over a pipe: one process for the whole run, and one for a focus. */
export class NativeCompiler implements Compiler {
  readonly kind = 'native';
  readonly #options: CompilerOptions;
  readonly #process: CompilerProcess;
  readonly #configs = new Map<string, FocusableProject>();
  #snapshot: Snapshot | undefined;
  /** The program with other texts, and the files that have them. */
  #variant: Snapshot | undefined;
  #varied: readonly string[] = [];
  #focused: FocusedOracle | undefined;
  /** What is open: opens are counted by the compiler, so nothing is opened twice. */
  #projects: readonly string[] = [];
  #files: readonly string[] = [];

  constructor(options: CompilerOptions) {
    this.#options = options;
    this.#process = new CompilerProcess(options);
  }

  readProject(tsconfig: string): ProjectConfig {
    const { fileNames, options } = this.#process.api.parseConfigFile(tsconfig);
    const paths = (options['paths'] ?? {}) as FocusableProject['paths'];
    this.#configs.set(tsconfig, { tsconfig, files: fileNames, paths });
    return { files: fileNames, allowJs: options['allowJs'] === true };
  }

  open(request: OpenRequest): Oracle {
    this.#focused?.close();
    this.#focused = undefined;
    const project = this.#focusable(request);
    if (!project || !request.focus) return this.#openWhole(request);
    this.#focused = new FocusedOracle({
      project,
      focus: request.focus,
      options: this.#options,
      openWhole: () => this.#openWhole(request),
    });
    return this.#focused;
  }

  /** The project that holds all of a program, where it is one that can be cut down. */
  #focusable({ projects, files }: OpenRequest): FocusableProject | undefined {
    const [tsconfig = ''] = projects;
    const project = projects.length === 1 ? this.#configs.get(tsconfig) : undefined;
    if (!project) return undefined;
    const owned = new Set(project.files);
    return files.every((file) => owned.has(file)) && isFocusable(project) ? project : undefined;
  }

  #openWhole({ projects, files }: OpenRequest): NativeOracle {
    // A project that is opened by its tsconfig owns its files; opening a file by name makes the compiler search
    // for the tsconfig that owns it, and fall back to a project inferred from nothing.
    const added = projects.filter((project) => !this.#projects.includes(project));
    let snapshot = this.#update({ openProjects: added });
    const owned = new Set(snapshot.getProjects().flatMap((project) => project.rootFiles));
    const strays = files.filter((file) => !owned.has(file));
    // What the last program had is let go only now, so that the libraries both need stay parsed.
    const closeProjects = this.#projects.filter((project) => !projects.includes(project));
    const closeFiles = this.#files.filter((file) => !strays.includes(file));
    if (strays.length + closeProjects.length + closeFiles.length > 0) {
      snapshot = this.#update({ openFiles: strays, closeProjects, closeFiles });
    }
    this.#projects = projects;
    this.#files = strays;
    return new NativeOracle(snapshot);
  }

  reopen(changed: readonly string[]): Oracle {
    // The compiler takes over what it knows only as long as one file changes at a time: 13 ms instead of 130.
    for (const file of new Set([...this.#varied, ...changed])) {
      // What is open by name keeps the text that it was opened with.
      const isOpen = this.#files.includes(file);
      if (isOpen) this.#vary({ closeFiles: [file] });
      this.#vary({ fileChanges: { changed: [file] } });
      if (isOpen) this.#vary({ openFiles: [file] });
    }
    this.#varied = changed;
    const opened = this.#variant ?? this.#snapshot;
    if (!opened) throw new Error('no program was opened');
    return new NativeOracle(opened);
  }

  #vary(params: UpdateSnapshotParams): void {
    const before = this.#variant;
    this.#variant = this.#process.update(params);
    before?.dispose();
  }

  #update(params: UpdateSnapshotParams): Snapshot {
    const before = this.#snapshot;
    this.#snapshot = this.#process.update(params);
    before?.dispose();
    return this.#snapshot;
  }

  close(): void {
    this.#focused?.close();
    this.#process.close();
  }
}

/** The process of the compiler, and what was opened in it. */
class CompilerProcess {
  readonly api: API;
  readonly #process: ChildProcess | undefined;
  readonly #snapshots: Snapshot[] = [];

  /** @param virtual files that are neither on disk nor in the overlay, by name */
  constructor(options: CompilerOptions, virtual?: (file: string) => string | undefined) {
    const { api, process } = startApi(apiOptions(options, virtual));
    this.api = api;
    this.#process = process;
  }

  update(params: UpdateSnapshotParams): Snapshot {
    const snapshot = this.api.updateSnapshot(params);
    this.#snapshots.push(snapshot);
    return snapshot;
  }

  close(): void {
    // The signal that the API sends makes the process say `context canceled` on our stderr, unless it sees the end of
    // its input first. It has nothing to save, so it is stopped before; the snapshots still need it to be released.
    for (const snapshot of this.#snapshots) snapshot.dispose();
    this.#process?.kill('SIGKILL');
    this.api.close();
  }
}

function apiOptions(
  { cwd, overlay }: CompilerOptions,
  virtual?: (file: string) => string | undefined,
): APIOptions {
  const guard = (file: string): null | undefined => (isEndless(file) ? null : undefined);
  if (!overlay) return { cwd, fs: { readFile: (file) => virtual?.(file) ?? guard(file) } };
  return {
    cwd,
    fs: {
      readFile: (file) => {
        const text = virtual?.(file) ?? overlay(file);
        return text === undefined ? guard(file) : text;
      },
      fileExists: (file) => {
        const text = overlay(file);
        return text === undefined ? undefined : text !== null;
      },
      // A file of the overlay may lie in a directory that is not there; packages do not.
      directoryExists: (directory) => (directory.includes('/node_modules') ? undefined : true),
    },
  };
}

/** Starts the API, and gets hold of the process that it starts in turn and keeps to itself. */
function startApi(options: APIOptions): { readonly api: API; readonly process: ChildProcess | undefined } {
  let started: ChildProcess | undefined;
  const onStart = (message: unknown): void => {
    started = (message as { readonly process: ChildProcess }).process;
  };
  subscribe('child_process', onStart);
  try {
    const api = new API(options);
    return { api, process: started };
  } finally {
    unsubscribe('child_process', onStart);
  }
}

interface FocusParts {
  readonly project: FocusableProject;
  readonly focus: Focus;
  readonly options: CompilerOptions;
  readonly openWhole: () => NativeOracle;
}

/**
 * Answers from a project cut down to the files that were looked at, so that the price of opening it follows their
 * number. It grows with the questions; what asks all over the project gets all of it.
 */
class FocusedOracle implements Oracle {
  readonly kind = 'native';
  readonly #parts: FocusParts;
  readonly #project: FocusedProject;
  readonly #earlier: NativeOracle[] = [];
  #process: CompilerProcess | undefined;
  #oracle: NativeOracle | undefined;
  #isWhole = false;

  constructor(parts: FocusParts) {
    this.#parts = parts;
    this.#project = new FocusedProject(parts.project, parts.focus);
  }

  get queries(): number {
    return [...this.#earlier, this.#oracle].reduce((sum, oracle) => sum + (oracle?.queries ?? 0), 0);
  }

  symbols(file: string, positions: readonly number[]): (SymbolInfo | undefined)[] {
    return this.#oracleFor(file).symbols(file, positions);
  }

  types(file: string, positions: readonly number[]): (TypeInfo | undefined)[] {
    return this.#oracleFor(file).types(file, positions);
  }

  expressionTypes(file: string, stretches: readonly Stretch[]): (TypeInfo | undefined)[] {
    return this.#oracleFor(file).expressionTypes(file, stretches);
  }

  member(file: string, of: Stretch, name: string): SymbolInfo | NoMember {
    return this.#oracleFor(file).member(file, of, name);
  }

  /** What was answered so far may still be looked at, so nothing is let go before the end. */
  close(): void {
    this.#process?.close();
  }

  #oracleFor(file: string): NativeOracle {
    if (this.#oracle && (this.#isWhole || !this.#project.owns(file) || this.#oracle.holds(file))) {
      return this.#oracle;
    }
    if (this.#oracle) this.#earlier.push(this.#oracle);
    this.#project.include([...this.#parts.focus.files(), file]);
    this.#isWhole = this.#earlier.length === GROWTHS || this.#isLarge();
    this.#oracle = this.#isWhole ? this.#parts.openWhole() : this.#openFocus();
    return this.#oracle;
  }

  #isLarge(): boolean {
    const all = this.#parts.project.files;
    const held = this.#oracle ? all.filter((file) => this.#oracle?.holds(file)).length : this.#project.size;
    return held > all.length * LARGE;
  }

  #openFocus(): NativeOracle {
    const { tsconfig } = this.#project;
    this.#process ??= new CompilerProcess(this.#parts.options, (file) => this.#project.read(file));
    const isOpen = this.#oracle !== undefined;
    return new NativeOracle(
      this.#process.update(isOpen ? { fileChanges: { changed: [tsconfig] } } : { openProjects: [tsconfig] }),
    );
  }
}

/** How often a project may grow before all of it is opened: each time costs as much as some hundred files. */
const GROWTHS = 6;

/** The share of a project's files from which on leaving out the others saves nothing. */
const LARGE = 0.5;

class NativeOracle implements Oracle {
  readonly kind = 'native';
  queries = 0;
  readonly #snapshot: Snapshot;
  readonly #owners = new Map<string, Project>();
  readonly #fileName: (path: string) => string;
  readonly #symbols = new Map<TsSymbol, SymbolInfo>();
  readonly #types = new Map<Type, NativeType>();
  #held: ReadonlySet<string> | undefined;

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
    for (const project of snapshot.getProjects()) {
      for (const file of project.rootFiles) if (!this.#owners.has(file)) this.#owners.set(file, project);
    }
    const names = (): string[] =>
      snapshot.getProjects().flatMap((project) => project.program.getSourceFileNames());
    this.#fileName = IGNORES_CASE ? spelling(names) : (path) => path;
  }

  /** Whether a file is part of what was opened. */
  holds(file: string): boolean {
    this.#held ??= new Set(
      this.#snapshot.getProjects().flatMap((project) => project.program.getSourceFileNames()),
    );
    return this.#held.has(file);
  }

  symbols(file: string, positions: readonly number[]): (SymbolInfo | undefined)[] {
    const checker = this.#checkerFor(file);
    if (!checker || positions.length === 0) return positions.map(() => undefined);
    this.queries += positions.length;
    return checker
      .getSymbolAtPosition(file, positions)
      .map((symbol) => symbol && this.#symbolInfo(symbol, checker));
  }

  types(file: string, positions: readonly number[]): (TypeInfo | undefined)[] {
    const project = this.#ownerOf(file);
    if (!project || positions.length === 0) return positions.map(() => undefined);
    this.queries += positions.length;
    return project.checker
      .getTypeAtPosition(file, positions)
      .map((type) => type && this.#typeInfo(type, project));
  }

  expressionTypes(file: string, stretches: readonly Stretch[]): (TypeInfo | undefined)[] {
    this.queries += stretches.length;
    return stretches.map((stretch) => {
      const { project, type } = this.#typeOver(file, stretch) ?? {};
      return project && type && this.#typeInfo(type, project);
    });
  }

  member(file: string, of: Stretch, name: string): SymbolInfo | NoMember {
    this.queries += 1;
    const { project, type } = this.#typeOver(file, of) ?? {};
    return project && type ? this.#typeInfo(type, project).member(name) : 'unknown';
  }

  /** The compiler's tree of the file is fetched on the first question, and kept by the API. */
  #typeOver(file: string, stretch: Stretch): { readonly project: Project; readonly type: Type } | undefined {
    const project = this.#ownerOf(file);
    const source = project?.program.getSourceFile(file);
    const node = source && nodeOver<Node>(source, stretch);
    const type = node && project?.checker.getTypeAtLocation(node);
    return project && type ? { project, type } : undefined;
  }

  #checkerFor(file: string): Checker | undefined {
    return this.#ownerOf(file)?.checker;
  }

  #ownerOf(file: string): Project | undefined {
    let owner = this.#owners.get(file);
    if (!owner) {
      const projects = this.#snapshot.getProjects();
      owner =
        this.#snapshot.getDefaultProjectForFile(file) ??
        projects.find((project) => project.program.getSourceFileMetadata(file) !== undefined);
      if (owner) this.#owners.set(file, owner);
    }
    return owner;
  }

  #symbolInfo(symbol: TsSymbol, checker: Checker): SymbolInfo {
    const known = this.#symbols.get(symbol);
    if (known) return known;
    const info = symbolInfo(symbol, checker, this.#fileName);
    this.#symbols.set(symbol, info);
    return info;
  }

  #typeInfo(type: Type, project: Project): NativeType {
    let info = this.#types.get(type);
    if (!info) {
      info = new NativeType(type, project, (symbol) => this.#symbolInfo(symbol, project.checker));
      this.#types.set(type, info);
    }
    return info;
  }
}

/** Every question about a type is a way to the compiler and back, and few are asked of each: so none is asked twice, or ahead. */
class NativeType implements TypeInfo {
  readonly any: boolean;
  readonly #type: Type;
  readonly #project: Project;
  readonly #describe: (symbol: TsSymbol) => SymbolInfo;
  readonly #members = new Map<string, SymbolInfo | NoMember>();
  #parts: readonly Type[] | undefined;
  #symbols: readonly SymbolInfo[] | undefined;
  /** In objects, since there may be none: then that is known. */
  #literals: { readonly values: TypeInfo['literals'] } | undefined;
  #constraint: { readonly type: Type | undefined } | undefined;
  #callable: boolean | undefined;
  #present: boolean | undefined;

  constructor(type: Type, project: Project, describe: (symbol: TsSymbol) => SymbolInfo) {
    this.any = (type.flags & TypeFlags.Any) !== 0;
    this.#type = type;
    this.#project = project;
    this.#describe = describe;
  }

  get symbols(): readonly SymbolInfo[] {
    this.#symbols ??= symbolsInOrder(
      this.#ownParts.flatMap((part) => {
        const symbol = part.getSymbol();
        return symbol ? [this.#describe(symbol)] : [];
      }),
    );
    return this.#symbols;
  }

  get literals(): TypeInfo['literals'] {
    const bound = this.#bound;
    this.#literals ??= { values: literalsInOrder(literalsOf(bound ? partsOf(bound) : this.#ownParts)) };
    return this.#literals.values;
  }

  get callable(): boolean {
    const { checker } = this.#project;
    this.#callable ??= this.#ownParts.some(
      (part) => checker.getSignaturesOfType(part, SignatureKind.Call).length > 0,
    );
    return this.#callable;
  }

  get present(): boolean {
    const { strict, strictNullChecks: isStrict = strict ?? true } = this.#project.compilerOptions;
    this.#present ??= isStrict && isPresent(this.#bound ?? this.#type);
    return this.#present;
  }

  member(name: string): SymbolInfo | NoMember {
    let found = this.#members.get(name);
    if (found === undefined) {
      found = this.#findMember(name);
      this.#members.set(name, found);
    }
    return found;
  }

  #findMember(name: string): SymbolInfo | NoMember {
    const { checker } = this.#project;
    const present = checker.getNonNullableType(this.#type);
    if (!present || (present.flags & TypeFlags.Any) !== 0) return 'unknown';
    const symbol = checker.getPropertyOfType(checker.getApparentType(present) ?? present, name);
    return symbol ? this.#describe(symbol) : 'none';
  }

  get #ownParts(): readonly Type[] {
    this.#parts ??= partsOf(this.#type);
    return this.#parts;
  }

  /** What a type parameter is constrained to. */
  get #bound(): Type | undefined {
    const isOpen = (this.#type.flags & TypeFlags.Instantiable) !== 0;
    this.#constraint ??= {
      type: isOpen ? this.#project.checker.getBaseConstraintOfType(this.#type) : undefined,
    };
    return this.#constraint.type;
  }
}

function partsOf(type: Type): readonly Type[] {
  if (!type.isUnionType() && !type.isIntersectionType()) return [type];
  try {
    return type.getTypes();
  } catch {
    // The compiler fails to hand out some tuples as parts of a union. It goes on; of this type nothing is known.
    return [type];
  }
}

function isPresent(type: Type): boolean {
  const parts = partsOf(type);
  if (parts.some((part) => part !== type)) return parts.every(isPresent);
  return (type.flags & (TypeFlags.Object | TypeFlags.NonPrimitive)) !== 0;
}

function literalsOf(members: readonly Type[]): TypeInfo['literals'] {
  const values: (string | number | boolean)[] = [];
  for (const member of members) {
    if (!member.isStringLiteralType() && !member.isNumberLiteralType() && !member.isBooleanLiteralType()) {
      return undefined;
    }
    values.push(member.value);
  }
  return values;
}

function symbolInfo(symbol: TsSymbol, checker: Checker, fileName: (path: string) => string): SymbolInfo {
  const describe = (one: TsSymbol, unresolvedImport: boolean): SymbolInfo => ({
    // A private name is known inside the compiler as `__#3@#mu`.
    name: one.name.replace(/^__#\d+@/, ''),
    declarations: distinct(one.declarations)
      .sort(byPlace)
      .map((handle) => new NativeDeclaration(handle, fileName(handle.path))),
    unresolvedImport,
  });
  if ((symbol.flags & SymbolFlags.Alias) === 0) return describe(symbol, false);
  return new ImportedSymbol(() => {
    const target = checker.getAliasedSymbol(symbol);
    return checker.isUnknownSymbol(target)
      ? describe(lastReachable(symbol, checker), true)
      : describe(target, false);
  });
}

/** An import is followed only when somebody looks at it: a file's are asked about together, and few of them matter. */
class ImportedSymbol implements SymbolInfo {
  readonly #follow: () => SymbolInfo;
  #target: SymbolInfo | undefined;

  constructor(follow: () => SymbolInfo) {
    this.#follow = follow;
  }

  get name(): string {
    return this.#followed.name;
  }

  get declarations(): readonly Declaration[] {
    return this.#followed.declarations;
  }

  get unresolvedImport(): boolean {
    return this.#followed.unresolvedImport;
  }

  get #followed(): SymbolInfo {
    this.#target ??= this.#follow();
    return this.#target;
  }
}

/** The last import or re-export on the way to a module that is not there. */
function lastReachable(symbol: TsSymbol, checker: Checker): TsSymbol {
  const next = checker.getImmediateAliasedSymbol(symbol);
  if (!next || next.id === symbol.id || next.declarations.length === 0) return symbol;
  return (next.flags & SymbolFlags.Alias) === 0 ? symbol : lastReachable(next, checker);
}

/** A member of a union or of a mapped type is declared once for each way it comes in. */
function distinct(handles: readonly NodeHandle[]): NodeHandle[] {
  return [...new Map(handles.map((handle) => [`${handle.path}:${handle.index}`, handle])).values()];
}

/** The nodes of a file are numbered in the order of the source. */
function byPlace(a: NodeHandle, b: NodeHandle): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : a.index - b.index;
}

/**
 * Positions are fetched only when asked for: they need the declaring file's tree, and most questions end at
 * the path.
 */
class NativeDeclaration implements Declaration {
  readonly file: string;
  readonly #handle: NodeHandle;
  #node: Node | undefined;

  constructor(handle: NodeHandle, file: string) {
    this.#handle = handle;
    this.file = file;
  }

  get kind(): string {
    return SyntaxKind[this.#handle.kind] ?? 'Unknown';
  }

  get start(): number {
    return this.#resolve()?.getStart() ?? 0;
  }

  get end(): number {
    return this.#resolve()?.end ?? 0;
  }

  get name(): number | undefined {
    const node = this.#resolve();
    return node && declarationName(node)?.getStart();
  }

  get container(): string | undefined {
    const parent = this.#resolve()?.parent;
    const name = parent && declarationName(parent);
    return name && 'text' in name ? String(name.text) : undefined;
  }

  #resolve(): Node | undefined {
    this.#node ??= this.#handle.resolve();
    return this.#node;
  }
}

/** The usual file systems of these ignore case, and the compiler speaks of their files in lower case. */
const IGNORES_CASE = process.platform === 'win32' || process.platform === 'darwin';

/** From a path in lower case to the name of the file as the program spells it. */
function spelling(names: () => readonly string[]): (path: string) => string {
  let spelled: ReadonlyMap<string, string> | undefined;
  return (path) => {
    spelled ??= new Map(names().map((name) => [name.toLowerCase(), name]));
    return spelled.get(path.toLowerCase()) ?? path;
  };
}

function declarationName(node: Node): Node | undefined {
  return 'name' in node ? ((node as { name?: Node }).name ?? undefined) : undefined;
}

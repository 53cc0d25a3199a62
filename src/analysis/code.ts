import type { Span } from '../engine/finding.ts';
import type { Program } from '../engine/program.ts';
import type { Analysis } from '../engine/rule.ts';
import type { Declaration, NoMember, Stretch, SymbolInfo, TypeInfo } from '../oracle/oracle.ts';
import { type LocalDeclaration, resolveLocal, resolveLocalType } from '../syntax/scopes.ts';
import { type Ts, ts } from '../syntax/ts.ts';
import type { CfgOwner } from './cfg.ts';
import { HeritageIndex } from './heritage-index.ts';

/** What a name stands for: a declaration in the source under analysis, or something outside of it. */
export type Entity =
  | { readonly kind: 'node'; readonly node: Ts.Node }
  | {
      readonly kind: 'external';
      /** The package or module specifier; `lib` for the language's own library, `global` for a free name. */
      readonly module: string;
      readonly name: string;
      /** The class or interface that declares it, for a member. */
      readonly container: string | undefined;
    };

/** A name in an expression that the compiler can be asked about. */
export type NameNode = Ts.Identifier | Ts.PrivateIdentifier | Ts.StringLiteralLike;

/** What was known of a program before the texts of some files changed. */
interface EarlierCode {
  readonly code: Code;
  readonly changed: ReadonlySet<string>;
}

/**
 * Names, declarations and places of the program under analysis: syntax and oracle joined. After a change, what was
 * known before is taken over wherever neither the name nor what it stands for lies in a file that has changed.
 */
export class Code {
  readonly program: Program;
  readonly #earlier: EarlierCode | undefined;
  readonly #symbols = new Map<string, Map<number, SymbolInfo | undefined>>();
  readonly #entities = new WeakMap<NameNode, readonly Entity[]>();
  readonly #types = new WeakMap<NameNode, TypeInfo | undefined>();
  readonly #typeEntities = new WeakMap<NameNode, readonly Entity[]>();
  readonly #prefetched = new WeakSet<Ts.Node>();
  readonly #imports = new WeakSet<Ts.SourceFile>();
  readonly #subtypes = new Map<Ts.Node, readonly Ts.ClassLikeDeclaration[]>();
  #heritage: HeritageIndex | undefined;
  readonly #constructions = new Map<Ts.Node, readonly Ts.NewExpression[]>();

  constructor(program: Program, earlier?: EarlierCode) {
    this.program = program;
    this.#earlier = earlier;
  }

  fileOf(node: Ts.Node): string {
    return node.getSourceFile().fileName;
  }

  span(node: Ts.Node): Span {
    return { file: this.fileOf(node), start: node.getStart(), end: node.end };
  }

  /** A stable name for a node, unique in the program. */
  key(node: Ts.Node): string {
    return `${this.program.relative(this.fileOf(node))}:${node.pos}:${node.end}:${node.kind}`;
  }

  /** Asks about every member name in a function at once, so that its evaluation costs one round trip. */
  prefetch(owner: CfgOwner): void {
    if (this.#prefetched.has(owner)) return;
    this.#prefetched.add(owner);
    const names: NameNode[] = [];
    const visit = (node: Ts.Node): void => {
      if (node !== owner && ts.isFunctionLike(node)) return;
      const name = memberName(node);
      if (name) names.push(name);
      ts.forEachChild(node, visit);
    };
    visit(owner);
    this.#ask(owner.getSourceFile().fileName, names);
  }

  /** Asks about names of one file at once, so that {@link entities} has their answers ready. */
  prefetchNames(file: string, names: readonly NameNode[]): void {
    this.#ask(file, names);
  }

  /** What a name in an expression, a type or an import stands for; several for overloads and unions. */
  entities(name: NameNode): readonly Entity[] {
    let found = this.#entities.get(name);
    if (!found) {
      found = this.#find(name);
      this.#entities.set(name, found);
    }
    return found;
  }

  #find(name: NameNode): readonly Entity[] {
    const before = this.#before(name, (code) => code.entities(name));
    if (before?.every((entity) => entity.kind !== 'node' || !this.#hasChanged(entity.node))) return before;
    if (ts.isIdentifier(name) && !namesMember(name)) {
      const local = isTypePosition(name) ? resolveLocalType(name) : resolveLocal(name);
      if (!local) return [{ kind: 'external', module: 'global', name: name.text, container: undefined }];
      if (!isImport(local)) return this.#loaded(local) ?? [{ kind: 'node', node: local }];
      return this.#imported(local);
    }
    const symbol = this.#symbol(name);
    return symbol ? this.#entitiesOf(symbol) : namespaceMember(name);
  }

  /** What was known of a node before a change; undefined for a node of a changed file. */
  #before<T>(node: Ts.Node, ask: (code: Code) => T): T | undefined {
    return this.#earlier && !this.#hasChanged(node) ? ask(this.#earlier.code) : undefined;
  }

  #hasChanged(node: Ts.Node): boolean {
    return this.#earlier?.changed.has(this.fileOf(node)) ?? false;
  }

  /** Whether a word stands in a file that has changed, as it was or as it is. */
  #isWordOfChange(word: string): boolean {
    const { code, changed } = this.#earlier ?? {};
    return [...(changed ?? [])].some((file) =>
      [code?.program, this.program].some((program) => program?.text(file)?.includes(word)),
    );
  }

  /** The function that `const { load } = await import('./loader.ts')` gives: its type names it. */
  #loaded(local: Ts.Node): readonly Entity[] | undefined {
    if (!ts.isBindingElement(local) || !ts.isIdentifier(local.name) || !isOfLoadedModule(local)) {
      return undefined;
    }
    const functions = this.typeEntities(local.name).filter(
      (entity) => entity.kind === 'node' && ts.isFunctionLike(entity.node),
    );
    return functions.length > 0 ? functions : undefined;
  }

  /** The single declaration that a name stands for, if it is in the source. */
  declarationNode(name: NameNode): Ts.Node | undefined {
    const nodes = this.entities(name).filter((entity) => entity.kind === 'node');
    return nodes.length === 1 ? nodes[0]?.node : undefined;
  }

  /** What the type of the expression that ends in this name is declared as. */
  typeEntities(name: NameNode): readonly Entity[] {
    let found = this.#typeEntities.get(name);
    if (!found) {
      found = this.typeOf(name)?.symbols.flatMap((symbol) => this.#entitiesOf(symbol)) ?? [];
      this.#typeEntities.set(name, found);
    }
    return found;
  }

  typeOf(name: NameNode): TypeInfo | undefined {
    if (!this.#types.has(name)) this.#types.set(name, this.#askType(name));
    return this.#types.get(name);
  }

  /** Asks for the types of names of one file at once, so that {@link typeOf} has them ready. */
  prefetchTypes(names: readonly NameNode[]): void {
    const wanted = names.filter((name) => !this.#types.has(name));
    const [first, second] = wanted;
    // What was known before a change is asked about one by one.
    if (!first || !second || this.#earlier) return;
    const positions = wanted.map((name) => name.getStart());
    const types = this.program.oracle.types(this.fileOf(first), positions);
    for (const [at, name] of wanted.entries()) this.#types.set(name, types[at]);
  }

  #askType(name: NameNode): TypeInfo | undefined {
    const before = this.#before(name, (code) => code.typeOf(name));
    const isOfChange = before?.symbols.some(({ declarations }) =>
      declarations.some(({ file }) => this.#earlier?.changed.has(file)),
    );
    if (before && !isOfChange) return before;
    return this.program.oracle.types(this.fileOf(name), [name.getStart()])[0];
  }

  /** The type of a whole expression or pattern, where no name tells it. */
  expressionType(node: Ts.Node): TypeInfo | undefined {
    return this.program.oracle.expressionTypes(this.fileOf(node), [stretchOf(node)])[0];
  }

  /** What the type of a whole expression is declared as, in the source. */
  declaredTypes(node: Ts.Node): readonly Ts.Node[] {
    return (this.expressionType(node)?.symbols ?? []).flatMap(({ declarations }) =>
      declarations.flatMap((one) => this.nodeOf(one) ?? []),
    );
  }

  /** A member of the type of a whole expression or pattern, by name. */
  memberOfType(node: Ts.Node, name: string): SymbolInfo | NoMember {
    return this.program.oracle.member(this.fileOf(node), stretchOf(node), name);
  }

  #heritageIndex(): HeritageIndex {
    const { code, changed } = this.#earlier ?? {};
    this.#heritage ??= new HeritageIndex(
      this.program,
      code && changed ? { index: code.#heritageIndex(), changed } : undefined,
    );
    return this.#heritage;
  }

  /** The classes in the program that implement or extend a class or interface, at any distance. */
  subtypes(base: Ts.ClassLikeDeclaration | Ts.InterfaceDeclaration): readonly Ts.ClassLikeDeclaration[] {
    const known = this.#subtypes.get(base);
    if (known) return known;
    const name = base.name?.text;
    const before = name !== undefined && !this.#isWordOfChange(name);
    const earlier = before ? this.#before(base, (code) => code.subtypes(base)) : undefined;
    if (earlier?.every((heir) => !this.#hasChanged(heir))) return earlier;
    this.#subtypes.set(base, []);
    const found = new Set<Ts.ClassLikeDeclaration>();
    const interfaces: Ts.InterfaceDeclaration[] = [];
    for (const file of name === undefined ? [] : this.#heritageIndex().filesWithHeirs(name)) {
      const tree = this.program.tree(file);
      for (const type of tree ? heirsIn(tree.source) : []) {
        if (!this.#inherits(type, base)) continue;
        if (ts.isInterfaceDeclaration(type)) interfaces.push(type);
        else found.add(type);
      }
    }
    for (const direct of [...found, ...interfaces]) {
      for (const further of this.subtypes(direct)) found.add(further);
    }
    const all = [...found];
    this.#subtypes.set(base, all);
    return all;
  }

  /** Every `new X()` of a class in the files in scope. */
  constructions(cls: Ts.ClassLikeDeclaration): readonly Ts.NewExpression[] {
    const known = this.#constructions.get(cls);
    if (known) return known;
    const name = cls.name?.text;
    const isUntouched = name !== undefined && !this.#isWordOfChange(name);
    const earlier = isUntouched ? this.#before(cls, (code) => code.constructions(cls)) : undefined;
    if (earlier) return earlier;
    const found: Ts.NewExpression[] = [];
    for (const file of name === undefined ? [] : this.program.filesWith([`new ${name}`])) {
      const tree = this.program.tree(file);
      if (!tree) continue;
      const visit = (node: Ts.Node): void => {
        if (ts.isNewExpression(node)) {
          const callee = rightmostName(node.expression);
          if (callee && nameText(callee) === name && this.declarationNode(callee) === cls) found.push(node);
        }
        ts.forEachChild(node, visit);
      };
      visit(tree.source);
    }
    this.#constructions.set(cls, found);
    return found;
  }

  /** The class that a class extends, if it is in the source. */
  superclass(node: Ts.ClassLikeDeclaration): Ts.ClassLikeDeclaration | undefined {
    for (const clause of node.heritageClauses ?? []) {
      if (clause.token !== ts.SyntaxKind.ExtendsKeyword) continue;
      const [type] = clause.types;
      const name = type && rightmostName(type.expression);
      const parent = name && this.declarationNode(name);
      if (parent && ts.isClassLike(parent)) return parent;
    }
    return undefined;
  }

  /** A class, and those that it extends one after the other, as far as they are in the source. */
  *lineage(node: Ts.ClassLikeDeclaration): Iterable<Ts.ClassLikeDeclaration> {
    // A class that extends itself does not compile, and is looked at all the same.
    const seen = new Set<Ts.Node>();
    for (
      let cls: Ts.ClassLikeDeclaration | undefined = node;
      cls && !seen.has(cls);
      cls = this.superclass(cls)
    ) {
      seen.add(cls);
      yield cls;
    }
  }

  /** A member of a class by name, its own or inherited. */
  member(node: Ts.ClassLikeDeclaration, name: string): Ts.ClassElement | Ts.ParameterDeclaration | undefined {
    for (const cls of this.lineage(node)) {
      const own = ownMember(cls, name);
      if (own) return own;
    }
    return undefined;
  }

  #inherits(heir: Ts.ClassLikeDeclaration | Ts.InterfaceDeclaration, base: Ts.Node): boolean {
    const wanted = (base as Ts.ClassLikeDeclaration).name?.text;
    return (heir.heritageClauses ?? []).some((clause) =>
      clause.types.some((type) => {
        const name = rightmostName(type.expression);
        if (!name) return false;
        const local = ts.isIdentifier(name) && name.parent === type ? resolveLocalType(name) : undefined;
        if (local && !isImport(local)) return local === base || sameMerged(local, base);
        // An import may rename the base; what it is called where it comes from rules most others out.
        const original = local ? importedName(local) : name.text;
        if (original !== wanted && original !== 'default') return false;
        return this.entities(name).some((entity) => entity.kind === 'node' && entity.node === base);
      }),
    );
  }

  #imported(local: ImportBinding): readonly Entity[] {
    const name = importedNameNode(local);
    const symbol = name && this.#symbol(name);
    const entities = symbol ? this.#entitiesOf(symbol) : [];
    const outside = entities.length === 0 || entities.every(({ kind }) => kind === 'external');
    if (!outside) return entities;
    // The specifier says which package was meant, whatever file its types come from.
    const specifier = moduleSpecifier(local);
    const written = specifier === undefined || specifier.startsWith('.') ? undefined : specifier;
    if (written === undefined) return entities;
    return [{ kind: 'external', module: written, name: importedName(local), container: undefined }];
  }

  /** The imports of a file are asked about together, with whatever else is asked first. */
  #importsOf(source: Ts.SourceFile): readonly NameNode[] {
    if (this.#imports.has(source)) return [];
    this.#imports.add(source);
    const names: Ts.Identifier[] = [];
    for (const statement of source.statements) {
      if (!ts.isImportDeclaration(statement) || !statement.importClause) continue;
      const { name, namedBindings } = statement.importClause;
      if (name) names.push(name);
      if (namedBindings && ts.isNamespaceImport(namedBindings)) names.push(namedBindings.name);
      if (namedBindings && ts.isNamedImports(namedBindings))
        names.push(...namedBindings.elements.map((one) => one.name));
    }
    return names;
  }

  #entitiesOf(symbol: SymbolInfo): Entity[] {
    const entities = symbol.declarations.map((declaration) => this.#entity(declaration, symbol));
    const bodies = entities.filter((entity) => entity.kind === 'node' && hasBody(entity.node));
    return bodies.length > 0 &&
      entities.every((entity) => entity.kind === 'node' && isFunctionDeclared(entity.node))
      ? bodies
      : entities;
  }

  #entity(declaration: Declaration, symbol: SymbolInfo): Entity {
    const node = this.nodeOf(declaration);
    if (node && !(symbol.unresolvedImport && isImportOrExport(node))) return { kind: 'node', node };
    if (node) {
      return {
        kind: 'external',
        module: moduleSpecifier(node) ?? '',
        name: importedName(node),
        container: undefined,
      };
    }
    return {
      kind: 'external',
      module: this.#ambientModule(declaration) ?? packageOf(declaration.file),
      name: symbol.name,
      container: declaration.container,
    };
  }

  /** `declare module 'knex' { … }`, in a declaration file of the project itself: the package that it describes. */
  #ambientModule({ file, start }: Declaration): string | undefined {
    if (file.includes('/node_modules/') || file.startsWith('bundled:') || !/\.d\.[cm]?ts$/.test(file))
      return undefined;
    const source = this.program.tree(file)?.source;
    const around = source?.statements.find((one) => one.pos <= start && start < one.end);
    return around && ts.isModuleDeclaration(around) && ts.isStringLiteral(around.name)
      ? around.name.text
      : undefined;
  }

  /** The declaration's node in our own tree; undefined for declaration files and dependencies. */
  nodeOf(declaration: Declaration): Ts.Node | undefined {
    const { file } = declaration;
    if (/\.d\.[cm]?ts$/.test(file) || file.includes('/node_modules/') || file.startsWith('bundled:')) {
      return undefined;
    }
    const tree = this.program.tree(file);
    if (!tree) return undefined;
    const { name } = declaration;
    if (name === undefined) {
      const { start, end } = declaration;
      if (declaration.kind === 'SourceFile') return tree.source;
      return tree.nodeAt(start, end);
    }
    return tree.nodeAt(name, name + 1).parent;
  }

  #symbol(name: NameNode): SymbolInfo | undefined {
    const file = this.fileOf(name);
    const position = name.getStart();
    if (!this.#symbols.get(file)?.has(position)) this.#ask(file, [name]);
    return this.#symbols.get(file)?.get(position);
  }

  #ask(file: string, names: readonly NameNode[]): void {
    let known = this.#symbols.get(file);
    if (!known) {
      known = new Map();
      this.#symbols.set(file, known);
    }
    const table = known;
    if (this.#earlier && !this.#earlier.changed.has(file)) {
      this.#askAgain(file, names, { table, ...this.#earlier });
      return;
    }
    const source = names[0]?.getSourceFile();
    const wanted = source ? [...names, ...this.#importsOf(source)] : [];
    const positions = [...new Set(wanted.map((name) => name.getStart()))].filter((at) => !table.has(at));
    if (positions.length === 0) return;
    const answers = this.program.oracle.symbols(file, positions);
    for (const [index, position] of positions.entries()) table.set(position, answers[index]);
  }

  /** Takes over what was answered before the change, but for what leads to a file that has changed. */
  #askAgain(
    file: string,
    names: readonly NameNode[],
    { table, code, changed }: EarlierCode & { readonly table: Map<number, SymbolInfo | undefined> },
  ): void {
    code.#ask(file, names);
    const before = code.#symbols.get(file);
    const stale: number[] = [];
    for (const position of new Set(names.map((name) => name.getStart()))) {
      if (table.has(position)) continue;
      const symbol = before?.get(position);
      const isStale = symbol?.declarations.some((declaration) => changed.has(declaration.file)) ?? false;
      if (isStale) stale.push(position);
      else table.set(position, symbol);
    }
    if (stale.length === 0) return;
    const answers = this.program.oracle.symbols(file, stale);
    for (const [index, position] of stale.entries()) table.set(position, answers[index]);
  }
}

/** Where an expression or a pattern begins and ends, for questions about all of it. */
export function stretchOf(node: Ts.Node): Stretch {
  return { start: node.getStart(), end: node.end };
}

type ImportBinding = Ts.ImportClause | Ts.ImportSpecifier | Ts.NamespaceImport | Ts.ImportEqualsDeclaration;

export function isImport(node: LocalDeclaration): node is ImportBinding & LocalDeclaration {
  return (
    ts.isImportClause(node) ||
    ts.isImportSpecifier(node) ||
    ts.isNamespaceImport(node) ||
    ts.isImportEqualsDeclaration(node)
  );
}

/** `Name` in a type, or in an `implements` or interface `extends` clause. */
function isTypePosition({ parent }: Ts.Identifier): boolean {
  if (ts.isTypeReferenceNode(parent) || ts.isTypeQueryNode(parent)) return ts.isTypeReferenceNode(parent);
  if (!ts.isExpressionWithTypeArguments(parent) || !ts.isHeritageClause(parent.parent)) return false;
  return (
    parent.parent.token === ts.SyntaxKind.ImplementsKeyword || ts.isInterfaceDeclaration(parent.parent.parent)
  );
}

function isImportOrExport(node: Ts.Node): boolean {
  return isImport(node as LocalDeclaration) || ts.isExportSpecifier(node) || ts.isExportDeclaration(node);
}

/** `ns.Name` after `import * as ns` or `import ns = require()` of a package that is not installed: the compiler knows of no member of it. */
function namespaceMember(name: NameNode): readonly Entity[] {
  const { parent } = name;
  const object = ts.isQualifiedName(parent)
    ? parent.left
    : ts.isPropertyAccessExpression(parent)
      ? parent.expression
      : undefined;
  const local = object && ts.isIdentifier(object) ? resolveLocal(object) : undefined;
  const isNamespace = local && (ts.isNamespaceImport(local) || ts.isImportEqualsDeclaration(local));
  const specifier = isNamespace ? moduleSpecifier(local) : undefined;
  if (specifier === undefined || specifier.startsWith('.')) return [];
  return [{ kind: 'external', module: specifier, name: name.text, container: undefined }];
}

function importedNameNode(local: ImportBinding): Ts.Identifier | undefined {
  return local.name;
}

function importedName(node: Ts.Node): string {
  if (ts.isImportSpecifier(node) || ts.isExportSpecifier(node)) return (node.propertyName ?? node.name).text;
  // `import X = require()` is what the module exports as a whole, as a default import of a CommonJS module is.
  if (ts.isImportClause(node) || ts.isImportEqualsDeclaration(node)) return 'default';
  return '*';
}

/** The module that an import or re-export names. */
export function moduleSpecifier(node: Ts.Node): string | undefined {
  for (let at: Ts.Node | undefined = node; at; at = at.parent) {
    if (ts.isImportEqualsDeclaration(at)) {
      const { moduleReference: reference } = at;
      return ts.isExternalModuleReference(reference) && ts.isStringLiteral(reference.expression)
        ? reference.expression.text
        : undefined;
    }
    if (ts.isImportDeclaration(at) || ts.isExportDeclaration(at)) {
      return at.moduleSpecifier && ts.isStringLiteral(at.moduleSpecifier)
        ? at.moduleSpecifier.text
        : undefined;
    }
  }
  return undefined;
}

/** What the compiler has said about the program: asked once, whichever rules want to know. */
export const programCode: Analysis<Code> = {
  id: 'code',
  compute: async ({ program, earlier }) => {
    if (!earlier) return new Code(program);
    return new Code(program, { code: await earlier.context.use(programCode), changed: earlier.changed });
  },
};

/** Whether a name is that of a member that is read or written: `a.b`, or `{ b: c }` where an object is taken apart. */
export function namesMember(name: Ts.Node): boolean {
  const { parent } = name;
  return memberName(parent) === name || (ts.isBindingElement(parent) && parent.propertyName === name);
}

/** The member's name in `a.b`, `a["b"]` and `a.#b`. */
export function memberName(node: Ts.Node): NameNode | undefined {
  if (ts.isPropertyAccessExpression(node)) return node.name as Ts.Identifier | Ts.PrivateIdentifier;
  if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)) {
    return node.argumentExpression;
  }
  if (ts.isQualifiedName(node)) return node.right;
  return undefined;
}

/** The last name of `a`, `a.b`, `a["b"]`: the one whose symbol is the expression's. */
export function rightmostName(node: Ts.Node): NameNode | undefined {
  const bare = skipParentheses(node);
  if (ts.isIdentifier(bare)) return bare;
  return memberName(bare);
}

/** Takes off what does not change a value: parentheses, `!`, `as`, `satisfies`, type assertions. */
export function skipParentheses(node: Ts.Node): Ts.Node {
  let bare = node;
  while (
    ts.isParenthesizedExpression(bare) ||
    ts.isNonNullExpression(bare) ||
    ts.isAsExpression(bare) ||
    ts.isSatisfiesExpression(bare) ||
    ts.isTypeAssertionExpression(bare) ||
    ts.isExpressionWithTypeArguments(bare)
  ) {
    bare = bare.expression;
  }
  return bare;
}

/**
 * A class member by name, constructor parameter properties included; accessors as their getter. Where the class has one
 * for itself and one for its objects, it is that of the objects.
 */
export function ownMember(
  node: Ts.ClassLikeDeclaration,
  name: string,
): Ts.ClassElement | Ts.ParameterDeclaration | undefined {
  let found: Ts.ClassElement | undefined;
  for (const member of node.members) {
    if (ts.isConstructorDeclaration(member)) {
      for (const parameter of member.parameters) {
        if (isParameterProperty(parameter) && nameText(parameter.name) === name) return parameter;
      }
    } else if (member.name && nameText(member.name) === name) {
      if (found && isStatic(found) !== isStatic(member)) found = isStatic(found) ? member : found;
      else if (!found || (hasBody(member) && !ts.isSetAccessor(member))) found = member;
    }
  }
  return found;
}

function isStatic(node: Ts.ClassElement): boolean {
  const { modifiers } = node as { modifiers?: readonly Ts.ModifierLike[] };
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword) ?? false;
}

export function isParameterProperty(node: Ts.ParameterDeclaration): boolean {
  return (
    node.modifiers?.some(({ kind }) =>
      [
        ts.SyntaxKind.PublicKeyword,
        ts.SyntaxKind.PrivateKeyword,
        ts.SyntaxKind.ProtectedKeyword,
        ts.SyntaxKind.ReadonlyKeyword,
        ts.SyntaxKind.OverrideKeyword,
      ].includes(kind),
    ) ?? false
  );
}

/** The text of a property name, `#` included; undefined for a computed one. */
export function nameText(name: Ts.Node): string | undefined {
  if (ts.isIdentifier(name) || ts.isPrivateIdentifier(name) || ts.isStringLiteralLike(name)) return name.text;
  if (ts.isNumericLiteral(name)) return name.text;
  if (ts.isComputedPropertyName(name) && ts.isStringLiteralLike(name.expression)) return name.expression.text;
  return undefined;
}

export function hasBody(node: Ts.Node): boolean {
  return 'body' in node && (node as { body?: Ts.Node }).body !== undefined;
}

function isFunctionDeclared(node: Ts.Node): boolean {
  return ts.isFunctionLike(node);
}

function sameMerged(a: Ts.Node, b: Ts.Node): boolean {
  return (
    (ts.isInterfaceDeclaration(a) || ts.isClassDeclaration(a)) &&
    (ts.isInterfaceDeclaration(b) || ts.isClassDeclaration(b)) &&
    a.parent === b.parent &&
    a.name?.text === b.name?.text
  );
}

type Heir = Ts.ClassLikeDeclaration | Ts.InterfaceDeclaration;

const heirs = new WeakMap<Ts.SourceFile, readonly Heir[]>();

/** The types of a file that inherit. Files are walked once, however many types are asked about. */
function heirsIn(source: Ts.SourceFile): readonly Heir[] {
  let found = heirs.get(source);
  if (!found) {
    found = /\b(?:implements|extends)\b/.test(source.text) ? findHeirs(source) : [];
    heirs.set(source, found);
  }
  return found;
}

function findHeirs(source: Ts.SourceFile): readonly Heir[] {
  const found: Heir[] = [];
  const visit = (node: Ts.Node): void => {
    if ((ts.isClassLike(node) || ts.isInterfaceDeclaration(node)) && node.heritageClauses) found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(source);
  heirs.set(source, found);
  return found;
}

/** The npm package of a file under `node_modules`; `lib` for the language's own declarations. */
function packageOf(file: string): string {
  const at = file.lastIndexOf('/node_modules/');
  if (
    /(?:^|\/)lib(?:\.[\w.]+)?\.d\.ts$/.test(file) &&
    (at < 0 || /\/(?:@typescript\/|typescript\/)/.test(file.slice(at)))
  ) {
    return 'lib';
  }
  if (file.startsWith('bundled:')) return 'lib';
  if (at < 0) return file;
  const parts = file.slice(at + '/node_modules/'.length).split('/');
  const name = parts[0]?.startsWith('@') ? `${parts[0]}/${parts[1]}` : (parts[0] ?? '');
  return name.startsWith('@types/') ? name.slice('@types/'.length) : name;
}

/** `const { load } = await import('./loader.ts')` */
function isOfLoadedModule(element: Ts.BindingElement): boolean {
  const variable = element.parent.parent;
  const value = ts.isVariableDeclaration(variable) ? variable.initializer : undefined;
  const awaited = value && ts.isAwaitExpression(value) ? skipParentheses(value.expression) : undefined;
  return (
    awaited !== undefined &&
    ts.isCallExpression(awaited) &&
    awaited.expression.kind === ts.SyntaxKind.ImportKeyword
  );
}

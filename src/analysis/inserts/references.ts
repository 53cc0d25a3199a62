import path from 'node:path';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, memberName, type NameNode, nameText, rightmostName, skipParentheses } from '../code.ts';
import { containerOf, type Heritage } from '../dispatch/heritage.ts';
import { moduleWords } from '../dispatch/spellings.ts';
import { namesIn } from '../name-index.ts';
import { declarationRoot, isValueUse, localDeclaration } from './identifiers.ts';

/** A use of a class's or object's member. */
export interface MemberUse {
  readonly at: Ts.Expression;
  /** `dispatch`: through a type above or below it, so that another member of the name may be meant. */
  readonly by: 'symbol' | 'dispatch';
}

/** Where a declared name is used, across the program: found by name, confirmed by symbol. */
export class References {
  readonly #code: Code;
  readonly #heritage: Heritage;
  readonly #uses = new Map<Ts.Node, Map<string, readonly Ts.Expression[]>>();
  readonly #memberUses = new Map<Ts.Node, readonly MemberUse[]>();

  constructor(code: Code, heritage: Heritage) {
    this.#code = code;
    this.#heritage = heritage;
  }

  /** The expressions that have the value of a variable, parameter, function or default export. */
  of(declaration: Ts.Node, name: string): readonly Ts.Expression[] {
    const byName = this.#uses.get(declaration) ?? new Map<string, readonly Ts.Expression[]>();
    this.#uses.set(declaration, byName);
    let uses = byName.get(name);
    if (!uses) {
      uses = [
        ...localUses(declaration, name),
        ...this.#foreignUses(declaration, exportedNames(declaration, name)),
      ];
      byName.set(name, uses);
    }
    return uses;
  }

  /** The expressions that read a member: `x.member`, and what destructuring binds it to. */
  ofMember(member: Ts.Node): readonly MemberUse[] {
    const known = this.#memberUses.get(member);
    if (known) return known;
    this.#memberUses.set(member, []);
    const name = nameText((member as { name?: Ts.Node }).name ?? member);
    const uses =
      name === undefined
        ? []
        : this.#filesFor(member, name).flatMap((file) => this.#usesIn(file, member, name));
    this.#memberUses.set(member, uses);
    return uses;
  }

  #filesFor(member: Ts.Node, name: string): readonly string[] {
    return name.startsWith('#') ? [this.#code.fileOf(member)] : this.#code.program.filesNaming([name]);
  }

  #usesIn(file: string, member: Ts.Node, name: string): readonly MemberUse[] {
    const source = this.#code.program.tree(file)?.source;
    const names = source ? (namesIn(source).get(name) ?? []) : [];
    const accesses = names.filter((one) => memberName(one.parent) === one);
    this.#code.prefetchNames(file, accesses);
    const found: MemberUse[] = [];
    for (const access of accesses) {
      const by = this.#relation(access, member);
      if (by) found.push({ at: access.parent as Ts.Expression, by });
    }
    for (const one of names) {
      const element = one.parent;
      if (!ts.isBindingElement(element) || !this.#takesFrom(element, one, member)) continue;
      if (!ts.isIdentifier(element.name)) continue;
      const uses = this.of(declarationRoot(element), element.name.text);
      found.push(...uses.map((at): MemberUse => ({ at, by: 'dispatch' })));
    }
    return found;
  }

  /** Whether a member access means a member, or may mean it because its type stands above or below. */
  #relation(access: NameNode, member: Ts.Node): MemberUse['by'] | undefined {
    const entities = this.#code.entities(access);
    const nodes = entities.flatMap((entity) => (entity.kind === 'node' ? [entity.node] : []));
    if (nodes.includes(member)) return 'symbol';
    // The compilers do not tell what a string stands for as the key of what may be missing.
    if (entities.length === 0 && ts.isElementAccessExpression(access.parent)) {
      const isMeant = this.#declaresMember(access.parent.expression, nameText(access) ?? '', member);
      return isMeant ? 'symbol' : undefined;
    }
    const container = containerOf(member);
    if (!container || !ts.isPropertyAccessExpression(access.parent)) return undefined;
    // `super.m()` and a class by its own name mean exactly what they name.
    if (access.parent.expression.kind === ts.SyntaxKind.SuperKeyword) return undefined;
    const above = this.#heritage.above(container);
    const isAbove = nodes.some((node) => {
      const other = containerOf(node);
      return other !== undefined && other !== container && above.has(other);
    });
    return isAbove ? 'dispatch' : undefined;
  }

  /** Whether `{ name }` in a pattern takes a member of this container out of the value it is applied to. */
  #takesFrom(element: Ts.BindingElement, name: NameNode, member: Ts.Node): boolean {
    const key = element.propertyName ?? element.name;
    const holder = element.parent.parent;
    if (key !== name) return false;
    if (!ts.isVariableDeclaration(holder) || !holder.initializer) {
      return this.#declaresMember(element.parent, nameText(name) ?? '', member);
    }
    const container = containerOf(member);
    if (!container) return false;
    if (holder.initializer.kind === ts.SyntaxKind.ThisKeyword) {
      const around = ts.findAncestor(holder, ts.isClassLike);
      return around !== undefined && (around === container || this.#heritage.above(around).has(container));
    }
    const value = rightmostName(holder.initializer);
    if (!value) return false;
    // Of a private name where it is used the compilers do not tell the type.
    if (ts.isPrivateIdentifier(value))
      return this.#declaresMember(element.parent, nameText(name) ?? '', member);
    const types = this.#code
      .typeEntities(value)
      .flatMap((entity) => (entity.kind === 'node' ? [entity.node] : []));
    return types.some((node) =>
      this.#heritage
        .containersIn(node)
        .some((type) => type === container || this.#heritage.above(type).has(container)),
    );
  }

  /** Whether a member is what its name stands for in an expression's type, or in that of a pattern. */
  #declaresMember(node: Ts.Node, name: string, member: Ts.Node): boolean {
    const found = this.#code.memberOfType(node, name);
    return typeof found !== 'string' && found.declarations.some((one) => this.#code.nodeOf(one) === member);
  }

  #foreignUses(declaration: Ts.Node, exported: readonly string[]): readonly Ts.Expression[] {
    const own = declaration.getSourceFile().fileName;
    const found: Ts.Expression[] = [];
    // A set grows while it is walked: a re-export may rename.
    const names = new Set(exported);
    for (const name of names) {
      const files = name === 'default' ? this.#filesNaming(own) : this.#code.program.filesNaming([name]);
      for (const file of files) {
        // A namespace exports to its own file, too.
        if (file === own && !ts.isModuleBlock(statementOf(declaration).parent)) continue;
        const source = this.#code.program.tree(file)?.source;
        if (source) found.push(...this.#usesOfImport(source, name, declaration, names));
      }
    }
    return [...new Set(found)];
  }

  #usesOfImport(
    source: Ts.SourceFile,
    name: string,
    declaration: Ts.Node,
    names: Set<string>,
  ): readonly Ts.Expression[] {
    const found: Ts.Expression[] = [];
    const isMeant = (at: NameNode): boolean =>
      this.#code
        .entities(at)
        .some((entity) => entity.kind === 'node' && declarationRoot(entity.node) === declaration);
    const spelt = namesIn(source).get(name) ?? [];
    this.#code.prefetchNames(
      source.fileName,
      spelt.filter((one) => memberName(one.parent) === one),
    );
    for (const one of spelt) {
      const { parent } = one;
      if (ts.isImportSpecifier(parent) && (parent.propertyName ?? parent.name) === one) {
        if (isMeant(parent.name)) found.push(...localUses(parent, parent.name.text));
      } else if (ts.isExportSpecifier(parent) && (parent.propertyName ?? parent.name) === one) {
        names.add(parent.name.text);
      } else if (memberName(parent) === one && ts.isPropertyAccessExpression(parent) && isMeant(one)) {
        found.push(parent);
      } else if (ts.isBindingElement(parent) && isTakenFromModule(parent, one, declaration)) {
        if (ts.isIdentifier(parent.name)) found.push(...localUses(declarationRoot(parent), parent.name.text));
      }
    }
    if (name === 'default') {
      for (const clause of importClauses(source)) {
        if (clause.name && isMeant(clause.name)) found.push(...localUses(clause, clause.name.text));
      }
    }
    return found;
  }

  /** Files that may import a module: its own name, or its directory's where it is an index, stands in them. */
  #filesNaming(file: string): readonly string[] {
    return this.#code.program.filesWith(moduleWords(file));
  }
}

/** `const { name } = await import('./module.ts')`, as far as the specifier tells. */
function isTakenFromModule(element: Ts.BindingElement, name: NameNode, declaration: Ts.Node): boolean {
  const holder = element.parent.parent;
  if ((element.propertyName ?? element.name) !== name || !ts.isVariableDeclaration(holder)) return false;
  const value = holder.initializer && skipParentheses(holder.initializer);
  const call = value && ts.isAwaitExpression(value) ? skipParentheses(value.expression) : value;
  if (!call || !ts.isCallExpression(call)) return false;
  const isImport =
    call.expression.kind === ts.SyntaxKind.ImportKeyword || call.expression.getText() === 'require';
  const [specifier] = call.arguments;
  if (!isImport || !specifier || !ts.isStringLiteralLike(specifier)) return false;
  const module = path.posix.parse(declaration.getSourceFile().fileName).name;
  return path.posix.parse(specifier.text).name === module;
}

/** The uses of a name in its own file. */
function localUses(declaration: Ts.Node, name: string): readonly Ts.Expression[] {
  const names = namesIn(declaration.getSourceFile()).get(name) ?? [];
  return names.filter(
    (one): one is Ts.Identifier =>
      ts.isIdentifier(one) && isValueUse(one) && localDeclaration(one) === declaration,
  );
}

/** The statement that declares: that of the whole list for a variable. */
function statementOf(declaration: Ts.Node): Ts.Node {
  return ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
}

/** The names under which other files can import it. */
function exportedNames(declaration: Ts.Node, name: string): readonly string[] {
  if (ts.isExportAssignment(declaration)) return ['default'];
  const statement = statementOf(declaration);
  const kinds = ts.canHaveModifiers(statement) ? (statement.modifiers ?? []).map(({ kind }) => kind) : [];
  const isExported = kinds.includes(ts.SyntaxKind.ExportKeyword);
  const isDefault = kinds.includes(ts.SyntaxKind.DefaultKeyword);
  const found = isExported ? [isDefault ? 'default' : name] : [];
  if (!ts.isSourceFile(statement.parent)) return found;
  for (const one of namesIn(declaration.getSourceFile()).get(name) ?? []) {
    const { parent } = one;
    if (ts.isExportAssignment(parent) && parent.expression === one) found.push('default');
    if (!ts.isExportSpecifier(parent) || (parent.propertyName ?? parent.name) !== one) continue;
    if (!parent.parent.parent.moduleSpecifier) found.push(parent.name.text);
  }
  return found;
}

function importClauses(source: Ts.SourceFile): readonly Ts.ImportClause[] {
  return source.statements.flatMap((statement) =>
    ts.isImportDeclaration(statement) && statement.importClause ? [statement.importClause] : [],
  );
}

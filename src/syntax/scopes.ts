import { type Ts, ts } from './ts.ts';

/**
 * Lexical name resolution inside one file, by the scoping rules of ECMAScript: which declaration does this
 * identifier stand for? Most names in a function are locals, parameters and imports; answering those here keeps
 * them from costing a question to the compiler.
 */

/** A node that introduces a name: a variable, parameter, binding element, function, class, import, enum … */
export type LocalDeclaration = Ts.NamedDeclaration;

const tables = new WeakMap<Ts.Node, ReadonlyMap<string, LocalDeclaration>>();

/** The declaration that a reference stands for, or undefined for a global. */
export function resolveLocal(reference: Ts.Identifier): LocalDeclaration | undefined {
  let found = resolved.get(reference);
  if (found === undefined) {
    found = resolveName(reference.text, reference) ?? null;
    resolved.set(reference, found);
  }
  return found ?? undefined;
}

/** `null` for a global. */
const resolved = new WeakMap<Ts.Identifier, LocalDeclaration | null>();

/** The declaration that a reference in a type stands for. */
export function resolveLocalType(reference: Ts.Identifier): LocalDeclaration | undefined {
  for (let node: Ts.Node | undefined = reference; node; node = node.parent) {
    const declared = typesOf(node)?.get(reference.text);
    if (declared) return declared;
    const { typeParameters } = node as { typeParameters?: readonly Ts.TypeParameterDeclaration[] };
    const parameter = typeParameters?.find(({ name }) => name.text === reference.text);
    if (parameter) return parameter;
    const found = isScope(node) ? tableOf(node).get(reference.text) : undefined;
    if (found && isTypeDeclaration(found)) return found;
  }
  return undefined;
}

const typeTables = new WeakMap<Ts.Node, ReadonlyMap<string, LocalDeclaration>>();

/** The interfaces and type aliases that a block of statements declares. */
function typesOf(scope: Ts.Node): ReadonlyMap<string, LocalDeclaration> | undefined {
  if (!ts.isSourceFile(scope) && !ts.isBlock(scope) && !ts.isModuleBlock(scope) && !ts.isCaseBlock(scope)) {
    return undefined;
  }
  let table = typeTables.get(scope);
  if (!table) {
    const made = new Map<string, LocalDeclaration>();
    for (const statement of statementsOf(scope)) {
      const isType = ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement);
      if (isType && !made.has(statement.name.text)) made.set(statement.name.text, statement);
    }
    table = made;
    typeTables.set(scope, table);
  }
  return table;
}

function isTypeDeclaration(node: LocalDeclaration): boolean {
  return (
    ts.isClassLike(node) ||
    ts.isEnumDeclaration(node) ||
    ts.isModuleDeclaration(node) ||
    ts.isImportSpecifier(node) ||
    ts.isImportClause(node) ||
    ts.isNamespaceImport(node) ||
    ts.isImportEqualsDeclaration(node)
  );
}

/** The declaration that a name stands for where `from` is. */
export function resolveName(name: string, from: Ts.Node): LocalDeclaration | undefined {
  for (let scope = scopeAround(from); scope; scope = scope.parent && scopeAround(scope.parent)) {
    const found = tableOf(scope).get(name);
    if (found) return found;
  }
  return undefined;
}

const STRIDE = 32;
/** The scope around some of the nodes that lie deep in it. */
const scopes = new WeakMap<Ts.Node, Ts.Node>();

/**
 * The innermost scope that a node is part of. Generated code joins thousands of terms in one expression, each a level
 * below the last: what a long way up has led to is kept, so that not every term goes the whole way.
 */
function scopeAround(from: Ts.Node): Ts.Node | undefined {
  const passed: Ts.Node[] = [];
  let node: Ts.Node | undefined = from;
  for (let step = 1; node && !isScope(node); step += 1) {
    const known: Ts.Node | undefined = step % STRIDE === 0 ? scopes.get(node) : undefined;
    if (!known && step % STRIDE === 0) passed.push(node);
    node = known ?? node.parent;
  }
  if (node) for (const one of passed) scopes.set(one, node);
  return node;
}

function tableOf(scope: Ts.Node): ReadonlyMap<string, LocalDeclaration> {
  let table = tables.get(scope);
  if (!table) {
    table = declarationsOf(scope);
    tables.set(scope, table);
  }
  return table;
}

/** The function, or the file, in which a declaration's variable lives. */
export function owningFunction(declaration: Ts.Node): Ts.Node {
  let node: Ts.Node = declaration.parent ?? declaration;
  while (!ts.isFunctionLike(node) && !ts.isSourceFile(node) && !ts.isClassStaticBlockDeclaration(node)) {
    node = node.parent;
  }
  return node;
}

function isScope(node: Ts.Node): boolean {
  return (
    ts.isSourceFile(node) ||
    ts.isModuleBlock(node) ||
    ts.isBlock(node) ||
    ts.isCaseBlock(node) ||
    ts.isForStatement(node) ||
    ts.isForInStatement(node) ||
    ts.isForOfStatement(node) ||
    ts.isCatchClause(node) ||
    ts.isClassLike(node) ||
    ts.isClassStaticBlockDeclaration(node) ||
    ts.isFunctionLike(node)
  );
}

function declarationsOf(scope: Ts.Node): ReadonlyMap<string, LocalDeclaration> {
  const table = new Map<string, LocalDeclaration>();
  const declare = (name: Ts.Node | undefined, declaration: LocalDeclaration): void => {
    if (name && ts.isIdentifier(name) && !table.has(name.text)) table.set(name.text, declaration);
  };
  const bind = (name: Ts.BindingName, declaration: LocalDeclaration): void => {
    if (ts.isIdentifier(name)) return declare(name, declaration);
    for (const element of name.elements) if (ts.isBindingElement(element)) bind(element.name, element);
  };
  const list = (declarations: Ts.VariableDeclarationList): void => {
    for (const declaration of declarations.declarations) bind(declaration.name, declaration);
  };

  if (ts.isFunctionLike(scope)) {
    for (const parameter of scope.parameters) bind(parameter.name, parameter);
    if (ts.isFunctionExpression(scope)) declare(scope.name, scope);
    if ('body' in scope && scope.body) hoistVars(scope.body as Ts.Node, bind);
  } else if (ts.isClassLike(scope)) {
    declare(scope.name, scope);
  } else if (ts.isCatchClause(scope)) {
    if (scope.variableDeclaration) bind(scope.variableDeclaration.name, scope.variableDeclaration);
  } else if (ts.isForStatement(scope) || ts.isForInStatement(scope) || ts.isForOfStatement(scope)) {
    if (scope.initializer && ts.isVariableDeclarationList(scope.initializer)) list(scope.initializer);
  } else if (ts.isClassStaticBlockDeclaration(scope)) {
    hoistVars(scope.body, bind);
  } else {
    for (const statement of statementsOf(scope)) declareStatement(statement, declare, list);
    if (ts.isSourceFile(scope)) hoistVars(scope, bind);
  }
  return table;
}

function statementsOf(scope: Ts.Node): readonly Ts.Statement[] {
  if (ts.isSourceFile(scope) || ts.isBlock(scope) || ts.isModuleBlock(scope)) return scope.statements;
  if (ts.isCaseBlock(scope)) return scope.clauses.flatMap((clause) => [...clause.statements]);
  return [];
}

function declareStatement(
  statement: Ts.Statement,
  declare: (name: Ts.Node | undefined, declaration: LocalDeclaration) => void,
  list: (declarations: Ts.VariableDeclarationList) => void,
): void {
  if (ts.isVariableStatement(statement)) {
    list(statement.declarationList);
  } else if (
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isEnumDeclaration(statement) ||
    ts.isModuleDeclaration(statement) ||
    ts.isImportEqualsDeclaration(statement)
  ) {
    declare(statement.name, statement);
  } else if (ts.isImportDeclaration(statement) && statement.importClause) {
    const { name, namedBindings } = statement.importClause;
    declare(name, statement.importClause);
    if (namedBindings && ts.isNamespaceImport(namedBindings)) declare(namedBindings.name, namedBindings);
    if (namedBindings && ts.isNamedImports(namedBindings)) {
      for (const element of namedBindings.elements) declare(element.name, element);
    }
  }
}

/** `var` belongs to the function, however deep the block it stands in. */
function hoistVars(body: Ts.Node, bind: (name: Ts.BindingName, declaration: LocalDeclaration) => void): void {
  const visit = (node: Ts.Node): void => {
    if (ts.isFunctionLike(node) || ts.isClassLike(node) || ts.isClassStaticBlockDeclaration(node)) return;
    if (ts.isVariableDeclarationList(node) && (node.flags & ts.NodeFlags.BlockScoped) === 0) {
      for (const declaration of node.declarations) bind(declaration.name, declaration);
    }
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(body, visit);
}

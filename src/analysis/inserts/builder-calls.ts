import { type Ts, ts } from '../../syntax/ts.ts';
import { type Chain, chainOf, type Link, linkAfter, optionOf } from '../builder-chains.ts';
import { type Code, type Entity, skipParentheses } from '../code.ts';
import { outermost } from '../shapes.ts';
import type { InsertGuard, InsertRows, InsertStatement, TableName } from '../sql/index.ts';
import { sameTable } from '../sql/index.ts';
import {
  type BuilderLibrary,
  type BuilderMethod,
  type InsertMethod,
  librariesOf,
} from './builder-libraries.ts';
import { BuilderTables } from './builder-tables.ts';
import { ClientOrigins, isOfModule, isUntyped, moduleOf } from './client-origins.ts';
import { Frames } from './frames.ts';
import { type FunctionNode, isFunctionNode, ownerOf } from './functions.ts';
import type { CallGraph } from './invocations.ts';

/** A chain of a query builder that inserts. */
export interface BuiltInsert {
  /** The last link of the chain. */
  readonly call: Ts.CallExpression;
  readonly statement: InsertStatement;
  /** Where it is run: where the chain stands, or the uses of the variable that keeps it. */
  readonly runs: readonly Ts.Expression[];
}

/** A chain of a query builder that asks for rows: it gives them, their number, or an object that tells the number. */
export interface BuiltQuery {
  readonly call: Ts.CallExpression;
  readonly gives: 'rows' | 'count' | 'outcome';
}

/** Finds what query builders insert and ask for. They are told by the package that declares their methods. */
export class BuilderCalls {
  readonly #code: Code;
  readonly #graph: CallGraph;
  readonly #tables: BuilderTables;
  readonly #origins: ClientOrigins;
  readonly #libraries: readonly BuilderLibrary[];

  constructor(code: Code, graph: CallGraph) {
    this.#code = code;
    this.#graph = graph;
    this.#tables = new BuilderTables(code);
    this.#origins = new ClientOrigins(code);
    this.#libraries = librariesOf(code.program);
  }

  inserts(): readonly BuiltInsert[] {
    return this.#calls(({ inserts }) => inserts).map(({ chain, call, verb, method, library }) => {
      const table = this.#tables.of(method.table, chain, verb, library);
      const statement: InsertStatement = {
        kind: 'insert',
        offset: 0,
        tables: table === 'unknown' ? [] : [table],
        parsed: true,
        table,
        guard: this.#guard({ chain, call, verb, method, library }),
        rows: rowsOf(verb, chain),
      };
      return { call, statement, runs: this.#runs(call) };
    });
  }

  /** The chains that ask for rows of a table, and of no other. */
  queries(wanted: TableName): readonly BuiltQuery[] {
    const asking = this.#about(wanted, ({ queries }) => queries);
    const updating = this.#about(wanted, ({ updates = [] }) => updates);
    return [
      ...asking.map(({ call }): BuiltQuery => ({ call, gives: 'rows' })),
      ...updating.map(({ call, chain, method }): BuiltQuery => {
        const hasRows = chain.links.some(({ name }) => name.startsWith('returning'));
        return { call, gives: hasRows ? 'rows' : method.isCount ? 'count' : 'outcome' };
      }),
    ];
  }

  #about<M extends BuilderMethod>(
    wanted: TableName,
    methodsOf: (library: BuilderLibrary) => readonly M[],
  ): readonly Found<M>[] {
    return this.#calls(methodsOf).filter(({ chain, verb, method, library }) => {
      const isOther = chain.links.some((link) => link !== verb && OTHER_VERBS.test(link.name));
      return !isOther && sameTable(this.#tables.of(method.table, chain, verb, library), wanted) === 'yes';
    });
  }

  #calls<M extends BuilderMethod>(methodsOf: (library: BuilderLibrary) => readonly M[]): readonly Found<M>[] {
    const names = new Set(this.#libraries.flatMap((one) => methodsOf(one).map(({ name }) => name)));
    if (names.size === 0) return [];
    const found = new Map<Ts.Node, Found<M>>();
    for (const file of this.#code.program.filesWith([...names].map((name) => `${name}(`))) {
      const source = this.#code.program.tree(file)?.source;
      const verbs = source ? verbsIn(source, names) : [];
      this.#code.prefetchNames(file, verbs);
      for (const at of verbs) {
        const one = this.#found(at, methodsOf);
        if (one && !found.has(one.call)) found.set(one.call, one);
      }
    }
    return [...found.values()];
  }

  #found<M extends BuilderMethod>(
    at: VerbName,
    methodsOf: (library: BuilderLibrary) => readonly M[],
  ): Found<M> | undefined {
    const first = callOf(at);
    const call = first && (lastLink(first) ?? first);
    const chain = call && chainOf(call);
    const verb = chain?.links.find((link) => link.at === at);
    if (!call || !chain || !verb) return undefined;
    for (const library of this.#libraries) {
      const declared = this.#declaredBy(at, library);
      if (!declared) continue;
      const methods = methodsOf(library).filter(({ name, of }) => {
        return name === at.text && (!of || declared === true || of.test(declared));
      });
      // Where no type tells which of them is called, the one does that leads to a table.
      const method =
        methods.find(({ table }) => this.#tables.of(table, chain, verb, library) !== 'unknown') ?? methods[0];
      if (method) return { chain, call, verb, method, library };
    }
    return undefined;
  }

  /** By which type of a library a method is declared; `true` where only the library is known. */
  #declaredBy(at: VerbName, library: BuilderLibrary): string | true | undefined {
    const entities = this.#code.entities(at);
    for (const entity of entities) {
      const container = containerOf(entity);
      const isGenerated = library.generated?.test(container ?? '');
      if (isGenerated || library.modules.some((one) => isOfModule(moduleOf(entity), one)))
        return container ?? true;
    }
    // What is not installed has no members: the import says where the client comes from.
    const isKnown = entities.some((entity) => entity.kind === 'node' || entity.module !== '');
    if (isKnown && !entities.every(isUntyped)) return undefined;
    return chainParts(at).some((part) => this.#origins.isOf(part, library)) ? true : undefined;
  }

  #guard(found: Found<InsertMethod>): InsertGuard {
    const { chain, call, verb, method, library } = found;
    if (method.isIdempotent) return 'on-conflict';
    const own = guardOfLinks(chain.links, library);
    if (own !== 'none') return own;
    const option = guardOfOptions(verb, method);
    return option !== 'none' ? option : this.#guardOfKept(call, library);
  }

  /** `const query = db.insert(…); await query.onConflictDoNothing()`: what is done with the chain that is kept. */
  #guardOfKept(call: Ts.CallExpression, library: BuilderLibrary): InsertGuard {
    const kept = this.#keptBy(call);
    const uses = kept?.uses ?? this.#results(call);
    if (kept && !kept.isConstant) return kept.uses.some((use) => linkAfter(use)) ? 'unknown' : 'none';
    if (uses.length === 0) return this.#handedOn(call);
    const guards = uses.map((use): InsertGuard => {
      const last = lastLink(use);
      return last ? guardOfLinks(chainOf(last).links, library) : this.#handedOn(use);
    });
    return guards.includes('none') ? 'none' : guards.includes('unknown') ? 'unknown' : 'on-conflict';
  }

  /** The variable that keeps a chain. */
  #keptBy(call: Ts.CallExpression): Kept | undefined {
    const holder = outermost(call).parent;
    if (!ts.isVariableDeclaration(holder) || !ts.isIdentifier(holder.name)) return undefined;
    const isConstant = (holder.parent.flags & ts.NodeFlags.Const) !== 0;
    return { isConstant, uses: this.#graph.references.of(holder, holder.name.text) };
  }

  /** The calls of a function that answers with a chain: they may go on with it. */
  #results(call: Ts.CallExpression): readonly Ts.Expression[] {
    const value = outermost(call);
    const isResult =
      ts.isReturnStatement(value.parent) || (ts.isArrowFunction(value.parent) && value.parent.body === value);
    const fn = isResult ? ownerOf(call) : undefined;
    if (!fn || !isFunctionNode(fn)) return [];
    return this.#graph.callSites(fn, Frames.none).flatMap(({ node, how }) => {
      return how === 'call' && ts.isCallExpression(node) && calls(node, fn, this.#graph) ? [node] : [];
    });
  }

  #runs(call: Ts.CallExpression): readonly Ts.Expression[] {
    const uses = this.#keptBy(call)?.uses ?? [];
    return uses.length === 0 ? [call] : uses.map((use) => lastLink(use) ?? use);
  }

  /** A function of the program that is handed a chain may add to it. */
  #handedOn(value: Ts.Expression): InsertGuard {
    const { parent } = outermost(value);
    const isArgument =
      ts.isCallExpression(parent) && parent.arguments.some((one) => skipParentheses(one) === value);
    if (!isArgument) return 'none';
    const isOwn = this.#graph.callees.entities(parent.expression).some(({ kind }) => kind === 'node');
    return isOwn ? 'unknown' : 'none';
  }
}

/** A variable and where it is read. */
interface Kept {
  readonly isConstant: boolean;
  readonly uses: readonly Ts.Expression[];
}

interface Found<M> {
  readonly chain: Chain;
  readonly call: Ts.CallExpression;
  readonly verb: Link;
  readonly method: M;
  readonly library: BuilderLibrary;
}

type VerbName = Ts.Identifier | Ts.PrivateIdentifier;

/** Links by which a chain does something else than ask one table for rows. */
const OTHER_VERBS = /^(?:insert|update|upsert|del|delete|truncate)$|join/i;

function verbsIn(source: Ts.SourceFile, names: ReadonlySet<string>): readonly VerbName[] {
  const found: VerbName[] = [];
  const visit = (node: Ts.Node): void => {
    if (ts.isPropertyAccessExpression(node) && names.has(node.name.text) && callOf(node.name))
      found.push(node.name);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function callOf({ parent: access }: Ts.Node): Ts.CallExpression | undefined {
  const { parent } = outermost(access);
  return ts.isCallExpression(parent) && skipParentheses(parent.expression) === access ? parent : undefined;
}

/** The last of the links that go on with an expression. */
function lastLink(expression: Ts.Node): Ts.CallExpression | undefined {
  let last: Ts.CallExpression | undefined;
  for (let next = linkAfter(outermost(expression)); next; next = linkAfter(outermost(next))) last = next;
  return last;
}

/** Whether a call calls a function itself, and is not merely handed it. */
function calls(call: Ts.CallExpression, fn: FunctionNode, graph: CallGraph): boolean {
  return graph.callees.bodies(call, Frames.none).includes(fn);
}

/** What a chain begins with, and the members on the way: `deps`, `deps.prisma` and `deps.prisma.order`. */
function chainParts(at: VerbName): readonly Ts.Node[] {
  const parts: Ts.Node[] = [];
  let node: Ts.Node = at.parent;
  for (;;) {
    const bare = skipParentheses(node);
    if (ts.isPropertyAccessExpression(bare)) parts.push(bare);
    if (ts.isCallExpression(bare)) node = bare.expression;
    else if (ts.isPropertyAccessExpression(bare) && bare.expression.kind !== ts.SyntaxKind.ThisKeyword)
      node = bare.expression;
    else return [...parts.slice(1), bare];
  }
}

function containerOf(entity: Entity): string | undefined {
  if (entity.kind === 'external') return entity.container;
  const { parent } = entity.node;
  return ts.isInterfaceDeclaration(parent) || ts.isClassLike(parent) ? parent.name?.text : undefined;
}

function guardOfLinks(links: readonly Link[], { guards, completedBy }: BuilderLibrary): InsertGuard {
  const at = links.findIndex(({ name }) => guards.includes(name));
  if (at >= 0) {
    const isComplete = !completedBy || links.slice(at + 1).some(({ name }) => completedBy.includes(name));
    if (isComplete) return 'on-conflict';
  }
  return links.some(({ name }) => OPEN_LINKS.has(name)) ? 'unknown' : 'none';
}

/** Links that are handed a function which may add to the chain. */
const OPEN_LINKS: ReadonlySet<string> = new Set(['$if', '$call', 'modify', '$dynamic']);

function guardOfOptions({ args }: Link, { options }: InsertMethod): InsertGuard {
  if (!options) return 'none';
  const literals = args.map(skipParentheses);
  for (const literal of literals.filter(ts.isObjectLiteralExpression)) {
    for (const name of options) {
      const value = optionOf(literal, name);
      const bare = value && skipParentheses(value);
      if (!bare || bare.kind === ts.SyntaxKind.FalseKeyword) continue;
      const isOn = bare.kind === ts.SyntaxKind.TrueKeyword || ts.isArrayLiteralExpression(bare);
      return isOn ? 'on-conflict' : 'unknown';
    }
  }
  const last = literals.at(-1);
  const isSpread = last && ts.isObjectLiteralExpression(last) && last.properties.some(ts.isSpreadAssignment);
  // The first argument holds the values of a model; options of it are what stands beside them.
  const isValues = literals.length === 1 && last?.parent && !literals.some(hasData);
  return isSpread && !isValues ? 'unknown' : 'none';
}

function hasData(node: Ts.Node): boolean {
  return ts.isObjectLiteralExpression(node) && optionOf(node, 'data') !== undefined;
}

function rowsOf(verb: Link, { links }: Chain): InsertRows {
  const values = links.find(({ name }) => name === 'values')?.args[0] ?? verb.args.at(-1);
  const bare = values && skipParentheses(values);
  if (!bare) return 'unknown';
  if (/Many|^bulk|^batch/.test(verb.name)) return 'multi';
  if (ts.isObjectLiteralExpression(bare)) return 'single';
  return ts.isArrayLiteralExpression(bare) ? 'multi' : 'unknown';
}

// Cuts the compiler that ts-morph bundles down to what a parser needs: a fifth of the text, so that it is loaded in a
// quarter of the time and with 30 MB less (Node 20). All else is still there, and loads the whole when it is asked for.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Without it, nodes would have no methods: it gives the compiler the classes of its language service. */
const ALWAYS = ['setObjectAllocator'];

/** What leads to one of these is no parser's, and left to the whole. */
const HEAVY = ['createTypeChecker', 'createPrinter', 'createLanguageService'];

const NOTICE = `
// Taken from TypeScript as @ts-morph/common bundles it (Apache License 2.0, see compiler.LICENSE.txt), and changed:
// declarations that no parser needs are left out.
`;

/**
 * @param {typeof import('ts-morph').ts} ts
 * @param {string} bundle the text of `@ts-morph/common/dist/typescript.js`: one function with all declarations
 * @param {ReadonlySet<string>} used the names of the compiler's that must be there without the whole; all predicates are
 * @returns {string} a CommonJS module of the same names
 */
export function cutCompiler(ts, bundle, used) {
  const file = ts.createSourceFile('typescript.js', bundle, ts.ScriptTarget.Latest, false, ts.ScriptKind.JS);
  const statements = statementsOfBundle(ts, file);
  const exported = exportsIn(bundle);
  const parts = new Parts(ts, statements);
  const heavy = HEAVY.map((name) => parts.declaring(name));
  const plain = [...exported].filter(([name, local]) => {
    if (!used.has(name) && !/^is[A-Z]/.test(name)) return false;
    const needed = parts.neededFor([local]);
    return !heavy.some((statement) => needed.has(statement));
  });
  const kept = parts.neededFor([...ALWAYS, ...plain.map(([, local]) => local)]);
  const names = new Set(plain.map(([name]) => name));
  const rest = [...exported.keys()].filter((name) => !names.has(name));
  return [
    bundle.slice(0, bundle.indexOf('*/') + 2),
    NOTICE,
    '"use strict";',
    ...statements.filter((statement) => kept.has(statement)).map(({ pos, end }) => bundle.slice(pos, end)),
    'const rest = {};',
    'const { createRequire } = require("node:module");',
    'const whole = () => createRequire(require.resolve("ts-morph"))("@ts-morph/common/dist/typescript.js");',
    `for (const name of ${JSON.stringify(rest)}) {`,
    '  Object.defineProperty(rest, name, { get: () => whole()[name], enumerable: true });',
    '}',
    // The rest is inherited: an object with so many getters of its own is slow to read.
    `module.exports = { __proto__: rest, ${plain.map(([name, local]) => `${name}: ${local}`).join(', ')} };`,
    '',
  ].join('\n');
}

/**
 * The names of the compiler's that compiled modules use.
 *
 * @param {string} directory
 */
export function namesUsedIn(directory) {
  const modules = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.js'),
  );
  const texts = modules.map((file) => readFileSync(path.join(directory, file), 'utf8'));
  return new Set(texts.flatMap((text) => [...text.matchAll(/\bts\.(\w+)/g)].map(([, name = '']) => name)));
}

/**
 * @param {typeof import('ts-morph').ts} ts
 * @param {import('ts-morph').ts.SourceFile} file
 */
function statementsOfBundle(ts, file) {
  const [call] = file.statements.flatMap((statement) =>
    ts.isExpressionStatement(statement) && ts.isCallExpression(statement.expression)
      ? statement.expression
      : [],
  );
  const wrapper =
    call && ts.isParenthesizedExpression(call.expression) ? call.expression.expression : undefined;
  if (!wrapper || !ts.isArrowFunction(wrapper) || !ts.isBlock(wrapper.body)) {
    throw new Error('@ts-morph/common bundles TypeScript in another way than it did');
  }
  return wrapper.body.statements;
}

/**
 * The names that the bundle exports, each with the one that it has inside.
 *
 * @param {string} bundle
 */
function exportsIn(bundle) {
  const start = bundle.indexOf('__export(typescript_exports, {');
  const list = bundle.slice(start, bundle.indexOf('});', start));
  return new Map(
    [...list.matchAll(/^ {2}(\w+): \(\) => (\w+)/gm)].map(([, name = '', local = '']) => [name, local]),
  );
}

/** The statements of the bundle, and what each needs: by name, so that it is rather too much than too little. */
class Parts {
  #ts;
  /** @type {Map<string, import('ts-morph').ts.Statement>} */
  #declaring = new Map();
  /** Statements that declare nothing, by the declared name that they begin with: it is what they change.
   *  @type {Map<string, import('ts-morph').ts.Statement[]>} */
  #changing = new Map();
  /** @type {Map<import('ts-morph').ts.Statement, ReadonlySet<string>>} */
  #names = new Map();

  /**
   * @param {typeof import('ts-morph').ts} ts
   * @param {readonly import('ts-morph').ts.Statement[]} statements
   */
  constructor(ts, statements) {
    this.#ts = ts;
    for (const statement of statements) {
      for (const name of declaredBy(ts, statement)) this.#declaring.set(name, statement);
    }
    const declaring = new Set(this.#declaring.values());
    for (const statement of statements) {
      if (declaring.has(statement)) continue;
      const changed = beginningOf(ts, statement);
      if (changed) this.#changing.set(changed, [...(this.#changing.get(changed) ?? []), statement]);
    }
  }

  /** @param {string} name */
  declaring(name) {
    const statement = this.#declaring.get(name);
    if (!statement) throw new Error(`TypeScript has no ${name} any more`);
    return statement;
  }

  /** @param {readonly string[]} roots */
  neededFor(roots) {
    /** @type {Set<import('ts-morph').ts.Statement>} */
    const needed = new Set();
    const seen = new Set(roots);
    for (const name of seen) {
      const declaring = this.#declaring.get(name);
      if (!declaring) continue;
      for (const statement of [declaring, ...(this.#changing.get(name) ?? [])]) {
        needed.add(statement);
        for (const next of this.#namesIn(statement)) seen.add(next);
      }
    }
    return needed;
  }

  /** @param {import('ts-morph').ts.Statement} statement */
  #namesIn(statement) {
    const known = this.#names.get(statement);
    if (known) return known;
    const ts = this.#ts;
    /** @type {Set<string>} */
    const names = new Set();
    /** @param {import('ts-morph').ts.Node} node */
    const visit = (node) => {
      if (ts.isIdentifier(node)) names.add(node.text);
      else if (ts.isPropertyAccessExpression(node)) visit(node.expression);
      else if (ts.isPropertyAssignment(node) && ts.isIdentifier(node.name)) visit(node.initializer);
      else ts.forEachChild(node, visit);
    };
    visit(statement);
    this.#names.set(statement, names);
    return names;
  }
}

/**
 * @param {typeof import('ts-morph').ts} ts
 * @param {import('ts-morph').ts.Statement} statement
 * @returns {string[]}
 */
function declaredBy(ts, statement) {
  if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) {
    return statement.name ? [statement.name.text] : [];
  }
  if (!ts.isVariableStatement(statement)) return [];
  /** @param {import('ts-morph').ts.BindingName} name @returns {string[]} */
  const bound = (name) =>
    ts.isIdentifier(name)
      ? [name.text]
      : name.elements.flatMap((element) => (ts.isBindingElement(element) ? bound(element.name) : []));
  return statement.declarationList.declarations.flatMap(({ name }) => bound(name));
}

/**
 * The name that a statement begins with: of a function that is called where it stands, the one that it is handed.
 *
 * @param {typeof import('ts-morph').ts} ts
 * @param {import('ts-morph').ts.Node} node
 * @returns {string | undefined}
 */
function beginningOf(ts, node) {
  if (ts.isIdentifier(node)) return node.text;
  const isCalled = ts.isCallExpression(node) && ts.isParenthesizedExpression(node.expression);
  const [first] = isCalled ? node.arguments : [];
  return ts.forEachChild(first ?? node, (child) => beginningOf(ts, child));
}

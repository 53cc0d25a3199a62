import { type Ts, ts } from '../../syntax/ts.ts';
import { type Chain, declaredTable, type Link, optionOf } from '../builder-chains.ts';
import { type Code, nameText, rightmostName, skipParentheses } from '../code.ts';
import { namesIn } from '../name-index.ts';
import type { TableRef } from '../sql/index.ts';
import type { BuilderLibrary, TablePlace } from './builder-libraries.ts';

/** Names of names of …: further than this nobody looks. */
const DEEPEST = 6;

/** Tells the table that a call of a builder is about, by its name in the database where that is written. */
export class BuilderTables {
  readonly #code: Code;

  constructor(code: Code) {
    this.#code = code;
  }

  of(place: TablePlace, { links }: Chain, verb: Link, library: BuilderLibrary): TableRef {
    const [argument] = verb.args;
    if (place === 'argument') return this.#named(argument, 0);
    if (place === 'chain') {
      const from = links.find(({ name, args }) => FROM.test(name) && args.length > 0);
      // `this.knex('orders')`: the chain begins with a client that is called.
      const first = links[0] === verb ? undefined : links[0];
      return this.#named((from ?? first)?.args[0], 0);
    }
    const access = verb.at?.parent;
    if (!access || !ts.isPropertyAccessExpression(access)) return 'unknown';
    const receiver = skipParentheses(access.expression);
    if (library.generated) return modelOf(receiver);
    const table = this.#kept(receiver, 0) ?? this.#named(receiver, 0);
    return table === 'unknown' ? relationOf(receiver) : table;
  }

  /** The table that an expression stands for, wherever a table must stand. */
  named(expression: Ts.Node): TableRef {
    return this.#named(expression, 0);
  }

  /** A table by the expression that stands for it: a text, a schema object, a class. */
  #named(expression: Ts.Node | undefined, depth: number): TableRef {
    const value = expression && skipParentheses(expression);
    if (!value || depth > DEEPEST) return 'unknown';
    if (ts.isStringLiteralLike(value)) return tableOf(value.text);
    if (value.kind === ts.SyntaxKind.ThisKeyword) {
      const cls = ts.findAncestor(value, ts.isClassLike);
      return cls ? this.#declared(cls, cls.name?.text, depth) : 'unknown';
    }
    const name = ts.isCallExpression(value) ? undefined : rightmostName(value);
    if (!name) return 'unknown';
    const declaration = this.#code.declarationNode(name);
    return declaration ? this.#declared(declaration, nameText(name), depth) : 'unknown';
  }

  #declared(node: Ts.Node, name: string | undefined, depth: number): TableRef {
    if (ts.isClassLike(node)) {
      const written = declaredTable(node) ?? initialisedTable(node);
      if (written !== undefined) return tableOf(written);
      const own = node.name?.text ?? name;
      return own === undefined ? 'unknown' : { name: own, others: namesMadeOf(own) };
    }
    if (ts.isShorthandPropertyAssignment(node)) return this.#named(node.name, depth + 1);
    if (ts.isParameter(node) || !('initializer' in node)) return 'unknown';
    const { initializer } = node as { initializer?: Ts.Expression };
    const made = initializer && skipParentheses(initializer);
    if (!made) return 'unknown';
    if (ts.isCallExpression(made) || ts.isNewExpression(made)) {
      const [first, , options] = made.arguments ?? [];
      const bare = first && skipParentheses(first);
      const own = bare && ts.isObjectLiteralExpression(bare) ? tableOption(bare) : bare;
      const text = definedTable(made, options) ?? own;
      return text && ts.isStringLiteralLike(text) ? tableOf(text.text) : 'unknown';
    }
    return this.#named(made, depth + 1);
  }

  /** What a repository keeps: `getRepository(Account)`, a field or parameter that is a `Repository<Account>`, or `typeof Account`. */
  #kept(receiver: Ts.Node, depth: number): TableRef | undefined {
    const value = skipParentheses(receiver);
    if (depth > DEEPEST) return undefined;
    if (ts.isCallExpression(value)) {
      const method = rightmostName(value.expression);
      const isRepository = method !== undefined && /[rR]epository$/.test(nameText(method) ?? '');
      return isRepository ? this.#named(value.arguments[0], depth + 1) : undefined;
    }
    const name = rightmostName(value);
    const declaration = name && this.#code.declarationNode(name);
    if (!declaration) return undefined;
    const { type, initializer } = declaration as { type?: Ts.Node; initializer?: Ts.Node };
    if (type && ts.isTypeReferenceNode(type) && type.typeArguments?.[0]) {
      const [kept] = type.typeArguments;
      return ts.isTypeReferenceNode(kept) ? this.#typed(kept.typeName) : undefined;
    }
    if (type && ts.isTypeQueryNode(type)) return this.#typed(type.exprName);
    return initializer ? this.#kept(initializer, depth + 1) : undefined;
  }

  #typed(name: Ts.EntityName): TableRef {
    const last = rightmostName(name) ?? (ts.isQualifiedName(name) ? name.right : name);
    const declaration = this.#code.declarationNode(last);
    return declaration ? this.#declared(declaration, nameText(last), 0) : tableOf(nameText(last) ?? '');
  }
}

/** Links, and the root of a chain, that say which table it is about. */
const FROM = /^(?:|from|into|table|createQueryBuilder|getRepository)$/;

/** `'orders'`, `'public.orders'`, `'orders as o'` */
function tableOf(text: string): TableRef {
  const [spelt = ''] = text.trim().split(/\s+/);
  const [name = '', schema] = spelt.split('.').reverse();
  if (name === '') return 'unknown';
  return schema === undefined ? { name } : { name, schema };
}

/** `db.query.orders` of drizzle, by the name of a variable of the schema; `sequelize.models.Order`, by that of the model. */
function relationOf(receiver: Ts.Node): TableRef {
  if (!ts.isPropertyAccessExpression(receiver)) return 'unknown';
  const owner = rightmostName(receiver.expression);
  const keeper = owner && nameText(owner);
  return keeper === 'query' || keeper === 'models' ? modelOf(receiver) : 'unknown';
}

/** `prisma.userProfile`: the model by the name that the client has for it. */
function modelOf(receiver: Ts.Node): TableRef {
  const name = rightmostName(receiver);
  const text = name && nameText(name);
  return text === undefined ? 'unknown' : { name: text, others: namesMadeOf(text) };
}

/** What libraries make of the name of a model: `user_profile`, `UserProfiles` … */
function namesMadeOf(model: string): readonly string[] {
  const snake = model.replace(/(?<=[a-z\d])(?=[A-Z])/g, '_').toLowerCase();
  const first = model.charAt(0).toLowerCase() + model.slice(1);
  const all = [model, first, snake, model.toLowerCase()];
  return [...new Set([...all, ...all.map(pluralOf)])].filter((name) => name !== model);
}

function pluralOf(name: string): string {
  if (/[^aeiou]y$/i.test(name)) return `${name.slice(0, -1)}ies`;
  return /(?:s|x|z|ch|sh)$/i.test(name) ? `${name}es` : `${name}s`;
}

/** `Order.init({ … }, { tableName: 'orders' })`, in the file of the class. */
function initialisedTable(cls: Ts.ClassLikeDeclaration): string | undefined {
  const uses = cls.name ? (namesIn(cls.getSourceFile()).get(cls.name.text) ?? []) : [];
  for (const use of uses) {
    const access = use.parent;
    if (!ts.isPropertyAccessExpression(access) || access.name.text !== 'init') continue;
    const call = access.parent;
    const options = ts.isCallExpression(call) ? call.arguments[1] : undefined;
    const bare = options && skipParentheses(options);
    const named = bare && ts.isObjectLiteralExpression(bare) ? tableOption(bare) : undefined;
    if (named && ts.isStringLiteralLike(named)) return named.text;
  }
  return undefined;
}

/** `sequelize.define('Order', { … }, { tableName: 'orders' })`: the first name is that of the model. */
function definedTable(
  made: Ts.CallExpression | Ts.NewExpression,
  options: Ts.Expression | undefined,
): Ts.Expression | undefined {
  const callee = rightmostName(made.expression);
  const bare = options && skipParentheses(options);
  if (!callee || nameText(callee) !== 'define' || !bare) return undefined;
  return ts.isObjectLiteralExpression(bare) ? optionOf(bare, 'tableName') : undefined;
}

function tableOption(options: Ts.ObjectLiteralExpression): Ts.Expression | undefined {
  return optionOf(options, 'tableName') ?? optionOf(options, 'name') ?? optionOf(options, 'modelName');
}

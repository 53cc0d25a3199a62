import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { nameText, skipParentheses } from '../code.ts';
import type { Constants } from '../dispatch/constants.ts';
import { isFunctionExpression, outermost, receiverOf } from '../shapes.ts';
import type { RouteContexts } from './contexts.ts';
import { isCovered } from './contexts.ts';
import type { Guards } from './guards.ts';
import { pathsOf } from './path-texts.ts';
import { join } from './paths.ts';
import { HANDLERS, type Registration, type Registrations } from './registrations.ts';
import type { RouterCall, RouterCalls } from './router-calls.ts';
import { entriesOf, type Walk, walkAt } from './table-walks.ts';

interface Parts {
  readonly constants: Constants;
  readonly guards: Guards;
  readonly calls: RouterCalls;
  readonly registrations: Registrations;
  readonly contexts: RouteContexts;
  /** The calls of routers by their nodes. */
  readonly byNode: ReadonlyMap<Ts.Node, RouterCall>;
}

/** A row of a table, and the table that is walked to register it. */
export interface Row extends Registration {
  readonly table: Ts.Node;
}

/** Finds tables of routes, and tells whether those who walk them put the guard before every row. */
export class RouteTables {
  readonly #parts: Parts;
  /** What walks a table, by the literal of that. */
  readonly #walks = new Map<Ts.Node, Walk[]>();

  constructor(sources: readonly Ts.SourceFile[], parts: Parts) {
    this.#parts = parts;
    for (const source of sources) this.#findWalks(source);
  }

  in(source: Ts.SourceFile): readonly Row[] {
    const found: Row[] = [];
    const visit = (node: Ts.Node): void => {
      if (ts.isObjectLiteralExpression(node)) found.push(...this.#rowOf(node), ...this.#keyedRowsOf(node));
      if (ts.isArrayLiteralExpression(node)) found.push(...this.#tupleOf(node));
      ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
  }

  /** Whether whoever walks the table of a row registers it behind the guard. */
  isGuardedByWalks({ table, paths, verb }: Row): boolean {
    const registrars = (this.#walks.get(table) ?? []).flatMap((walk) => this.#registrarsIn(walk));
    return (
      registrars.length > 0 &&
      registrars.every((call) => {
        if (this.#parts.registrations.isGuarded([...call.arguments])) return true;
        const callee = skipParentheses(call.expression) as Ts.AccessExpression;
        const router = this.#parts.calls.routerOf(callee.expression);
        if (!router) return false;
        const contexts = this.#parts.contexts.at({ router, node: call, at: call.getStart() });
        return contexts.every(({ prefix, covers }) =>
          paths.every((path) => isCovered(join(prefix, path), verb, covers)),
        );
      })
    );
  }

  /** `{ method: 'GET', path: '/admin/users', handler }`. */
  #rowOf(object: Ts.ObjectLiteralExpression): readonly Row[] {
    const { registrations } = this.#parts;
    const properties = registrations.propertiesOf(object);
    const handlers = [...properties].filter(([name]) => HANDLERS.has(name)).map(([, value]) => value);
    const isRow = handlers.some((one) => this.#mayHandle(one));
    const own = isRow ? this.#pathsIn(properties) : undefined;
    if (!own) return [];
    const { prefixes, guarded } = this.#around(object);
    const paths = prefixes.flatMap((prefix) => own.map((path) => join(prefix, path)));
    if (prefixes.length === 1 && prefixes[0] === '' && !own.some(isRooted)) return [];
    const isGuarded = guarded === 'yes' || this.#isGuardedRow(object, handlers);
    const verb = this.#verbIn(properties);
    return [this.#row(object, { verb, paths, guarded: isGuarded ? 'yes' : 'no' })];
  }

  #isGuardedRow(object: Ts.ObjectLiteralExpression, handlers: readonly Ts.Expression[]): boolean {
    const { registrations, guards } = this.#parts;
    return registrations.hooksIn(object).some((hook) => guards.is(hook)) || guards.isIn(handlers);
  }

  /** `{ 'GET /admin/users': handler }`, `{ '/admin/users': { get: handler } }`. */
  #keyedRowsOf(object: Ts.ObjectLiteralExpression): readonly Row[] {
    const { registrations, guards } = this.#parts;
    return object.properties.flatMap((property) => {
      const key = property.name && nameText(property.name);
      const [, verb = 'all', path] = /^(?:([A-Z]+) +)?(\/.*)$/.exec(key ?? '') ?? [];
      if (path === undefined) return [];
      const node = property.name ?? property;
      if (ts.isMethodDeclaration(property)) {
        return [this.#row(node, { verb: verb.toLowerCase(), paths: [path], guarded: 'no' }, object)];
      }
      if (!ts.isPropertyAssignment(property)) return [];
      const value = property.initializer;
      const options = registrations.optionsOf(value);
      if (options) {
        // A row that has a path of its own is found by that.
        const parts = registrations.propertiesOf(options);
        const handlers = [...parts].filter(([name, one]) => HANDLERS.has(name) || this.#isVerb(name, one));
        if (handlers.length === 0 || this.#pathsIn(parts)) return [];
        const others = (name: string): boolean => !handlers.some(([handler]) => handler === name);
        const isGuarded =
          registrations.hooksIn(options, others).some((hook) => guards.is(hook)) ||
          handlers.every(([, one]) => guards.isIn([one]));
        return [
          this.#row(
            node,
            { verb: verb.toLowerCase(), paths: [path], guarded: isGuarded ? 'yes' : 'no' },
            object,
          ),
        ];
      }
      if (!this.#mayHandle(value)) return [];
      const guarded = guards.isIn([value]) ? 'yes' : 'no';
      return [this.#row(node, { verb: verb.toLowerCase(), paths: [path], guarded }, object)];
    });
  }

  /** `options` holds settings as often as the handler of a verb. */
  #isVerb(name: string, value: Ts.Expression): boolean {
    return VERB_NAMES.test(name) && (name !== 'options' || this.#mayHandle(value));
  }

  /** `['GET', '/admin/users', adminAuth, handler]`. */
  #tupleOf(node: Ts.ArrayLiteralExpression): readonly Row[] {
    const [method, path, ...handlers] = node.elements;
    const last = handlers.at(-1);
    if (!method || !path || !last || !this.#mayHandle(last)) return [];
    const verb = this.#parts.constants.of(method)?.value;
    const paths = pathsOf(path, this.#parts.constants);
    if (typeof verb !== 'string' || !VERB_NAMES.test(verb) || !paths?.some(isRooted)) return [];
    const guarded = this.#parts.registrations.isGuarded(handlers) ? 'yes' : 'no';
    return [this.#row(node, { verb: verb.toLowerCase(), paths, guarded })];
  }

  #row(
    node: Ts.Node,
    parts: Pick<Registration, 'verb' | 'paths' | 'guarded'>,
    table: Ts.Node = tableOf(node),
  ): Row {
    const call = this.#parts.byNode.get(outermost(node).parent);
    return { node, ...parts, table, call: call?.method === 'route' ? call : undefined };
  }

  /** The rows above a row of a tree: their paths come before its own, and their guards too. */
  #around(object: Ts.Node): { readonly prefixes: readonly string[]; readonly guarded: 'yes' | 'no' } {
    const list = outermost(object).parent;
    const property = ts.isArrayLiteralExpression(list) ? outermost(list).parent : undefined;
    const isBelow =
      property && ts.isPropertyAssignment(property) && CHILDREN.has(nameText(property.name) ?? '');
    if (!isBelow) return { prefixes: [''], guarded: 'no' };
    const outer = property.parent;
    const properties = this.#parts.registrations.propertiesOf(outer);
    const own = this.#pathsIn(properties) ?? [''];
    const { prefixes, guarded } = this.#around(outer);
    const isGuarded = guarded === 'yes' || this.#isGuardedRow(outer, []);
    return {
      prefixes: prefixes.flatMap((prefix) => own.map((path) => join(prefix, path))),
      guarded: isGuarded ? 'yes' : 'no',
    };
  }

  #pathsIn(properties: ReadonlyMap<string, Ts.Expression>): readonly string[] | undefined {
    for (const [name, value] of properties) {
      if (!PATHS.has(name)) continue;
      const text = this.#parts.constants.of(value)?.value;
      return typeof text === 'string' ? [text] : pathsOf(value, this.#parts.constants);
    }
    return undefined;
  }

  #verbIn(properties: ReadonlyMap<string, Ts.Expression>): string {
    const method = properties.get('method');
    const verb = method && this.#parts.constants.of(method)?.value;
    return typeof verb === 'string' ? verb.toLowerCase() : 'all';
  }

  #mayHandle(expression: Ts.Node): boolean {
    const node = skipParentheses(expression);
    if (ts.isMethodDeclaration(node) || isFunctionExpression(node)) return true;
    if (ts.isCallExpression(node)) return true;
    const definition = this.#parts.constants.definitionOf(node);
    if (ts.isArrayLiteralExpression(definition))
      return definition.elements.some((one) => this.#mayHandle(one));
    if (ts.isFunctionLike(definition)) return true;
    const isName = ts.isIdentifier(node) || ts.isPropertyAccessExpression(node);
    const declaration = ts.isIdentifier(node) ? this.#parts.constants.declarationOf(node) : undefined;
    if (declaration && ts.isFunctionLike(declaration)) return true;
    return isName && this.#parts.constants.of(node) === undefined && definition === node;
  }

  #findWalks(source: Ts.SourceFile): void {
    const visit = (node: Ts.Node): void => {
      const walk = walkAt(node);
      if (walk) {
        const table = this.#parts.constants.definitionOf(entriesOf(walk.over) ?? walk.over);
        const known = this.#walks.get(table);
        if (known) known.push(walk);
        else this.#walks.set(table, [walk]);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }

  /** The calls in a loop that are told of its row. */
  #registrarsIn({ body, row }: Walk): readonly Ts.CallExpression[] {
    const found: Ts.CallExpression[] = [];
    const visit = (node: Ts.Node): void => {
      if (ts.isCallExpression(node)) {
        const receiver = receiverOf(node);
        if (receiver && !mentions(receiver, row) && node.arguments.some((one) => mentions(one, row))) {
          found.push(node);
          return;
        }
      }
      ts.forEachChild(node, visit);
    };
    visit(body);
    return found;
  }
}

function mentions(expression: Ts.Node, row: Ts.Node): boolean {
  let found = false;
  const visit = (node: Ts.Node): void => {
    if (ts.isIdentifier(node)) {
      const local = resolveLocal(node);
      if (local && ts.findAncestor(local, (at) => at === row)) found = true;
    }
    if (!found) ts.forEachChild(node, visit);
  };
  visit(expression);
  return found;
}

/** The outermost literal that a row is part of. */
function tableOf(row: Ts.Node): Ts.Node {
  let node = row;
  for (;;) {
    const { parent } = outermost(node);
    if (ts.isPropertyAssignment(parent)) node = parent.parent;
    else if (ts.isArrayLiteralExpression(parent)) node = parent;
    else return node;
  }
}

function isRooted(path: string): boolean {
  return path.startsWith('/');
}

const PATHS: ReadonlySet<string> = new Set(['path', 'url', 'route', 'pattern', 'uri', 'prefix']);
const CHILDREN: ReadonlySet<string> = new Set(['children', 'routes']);
const VERB_NAMES = /^(?:get|post|put|patch|delete|head|options|all)$/i;

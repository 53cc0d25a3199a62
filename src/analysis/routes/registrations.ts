import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, nameText, rightmostName, skipParentheses } from '../code.ts';
import type { Constants } from '../dispatch/constants.ts';
import { isFunctionExpression } from '../shapes.ts';
import type { Guards } from './guards.ts';
import { pathsOf } from './path-texts.ts';
import { type RouterCall, VERBS } from './router-calls.ts';

/** A place where a handler is put under a path. */
export interface Registration {
  readonly node: Ts.Node;
  /** In lower case; `all` where it is for every verb. */
  readonly verb: string;
  readonly paths: readonly string[];
  /** Whether the guard stands in the chain of the route itself. */
  readonly guarded: 'yes' | 'no';
  /** The call of a router; absent for a row of a table. */
  readonly call: RouterCall | undefined;
}

interface Parts {
  readonly code: Code;
  readonly constants: Constants;
  readonly guards: Guards;
}

/** Reads registrations off calls of routers and off tables of routes. */
export class Registrations {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The route that a call of a router registers. */
  ofCall(call: RouterCall): Registration | undefined {
    const { node, method } = call;
    if (!VERBS.has(method) || this.#isOfClient(call)) return undefined;
    const split = this.#split(call);
    if (!split) return undefined;
    const { verb, paths, handlers } = split;
    const last = handlers.at(-1);
    if (!last || !this.#mayHandle(last)) return undefined;
    // A guard alone handles nothing: it is middleware that happens to have a verb.
    const links = handlers.flatMap((one) => this.#parts.guards.linksOf(one));
    const isMiddleware =
      links.every((link) => this.#parts.guards.is(link)) && !ts.isCallExpression(skipParentheses(last));
    if (isMiddleware) return undefined;
    return { node, verb, paths, guarded: this.isGuarded(handlers) ? 'yes' : 'no', call };
  }

  /** Whether a chain, with the hooks of options in it, comes by the guard. */
  isGuarded(handlers: readonly Ts.Expression[]): boolean {
    const { guards } = this.#parts;
    if (handlers.some((one) => this.#hooksOf(one).some((hook) => guards.is(hook)))) return true;
    return guards.isIn(handlers.filter((one) => !this.optionsOf(one)));
  }

  /** The object that an expression stands for, also what a function of the source makes. */
  optionsOf(expression: Ts.Node): Ts.ObjectLiteralExpression | undefined {
    const definition = this.#parts.constants.definitionOf(expression);
    if (ts.isObjectLiteralExpression(definition)) return definition;
    const [made, ...others] = ts.isCallExpression(definition)
      ? this.#parts.guards.returnedBy(definition)
      : [];
    const bare = made && skipParentheses(made);
    return bare && others.length === 0 && ts.isObjectLiteralExpression(bare) ? bare : undefined;
  }

  /** The properties of an object with what is spread into it, the last of each name. */
  propertiesOf(object: Ts.ObjectLiteralExpression, depth = 0): ReadonlyMap<string, Ts.Expression> {
    const found = new Map<string, Ts.Expression>();
    for (const property of object.properties) {
      if (ts.isSpreadAssignment(property)) {
        const inner = depth < 4 ? this.optionsOf(property.expression) : undefined;
        for (const [name, value] of inner ? this.propertiesOf(inner, depth + 1) : []) found.set(name, value);
        continue;
      }
      const name = nameText(property.name);
      if (name === undefined) continue;
      if (ts.isPropertyAssignment(property)) found.set(name, property.initializer);
      if (ts.isShorthandPropertyAssignment(property)) found.set(name, property.name);
      if (ts.isMethodDeclaration(property)) found.set(name, property as unknown as Ts.Expression);
    }
    return found;
  }

  /** What options have run before the handler. */
  #hooksOf(expression: Ts.Node): readonly Ts.Expression[] {
    const options = this.optionsOf(expression);
    return options ? this.hooksIn(options) : [];
  }

  /** The functions of options that run before the handler, among the properties that are wanted. */
  hooksIn(
    options: Ts.ObjectLiteralExpression,
    isWanted: (name: string) => boolean = () => true,
  ): readonly Ts.Expression[] {
    return [...this.propertiesOf(options)].flatMap(([name, value]) => {
      if (RUNS_LATER.has(name) || HANDLERS.has(name) || !isWanted(name)) return [];
      const inner = NESTED.has(name) ? this.optionsOf(value) : undefined;
      return inner ? this.hooksIn(inner) : this.#parts.guards.linksOf(value);
    });
  }

  #split({ node, method, router }: RouterCall): Split | undefined {
    const { constants } = this.#parts;
    const [first, second, ...others] = node.arguments;
    if (!first) return undefined;
    if (method === 'on') {
      const verb = constants.of(first)?.value;
      const paths = second && pathsOf(second, constants);
      return paths
        ? { verb: typeof verb === 'string' ? verb.toLowerCase() : 'all', paths, handlers: others }
        : undefined;
    }
    const verb = method === 'del' ? 'delete' : method;
    const rest = second ? [second, ...others] : others;
    const paths = pathsOf(first, constants);
    if (paths && rest.length > 0) return { verb, paths, handlers: rest };
    // koa-router gives routes a name, which comes first.
    const named =
      second && typeof constants.of(first)?.value === 'string' ? pathsOf(second, constants) : undefined;
    if (named && others.length > 0) return { verb, paths: named, handlers: others };
    const isOfRoute = router.prefix !== '' && !paths;
    return isOfRoute ? { verb, paths: [''], handlers: [first, ...rest] } : undefined;
  }

  /** Whether an expression may be the function that answers. */
  #mayHandle(expression: Ts.Expression): boolean {
    const node = skipParentheses(expression) as Ts.Expression;
    if (isFunctionExpression(node) || ts.isArrayLiteralExpression(node) || ts.isSpreadElement(node))
      return true;
    const options = this.optionsOf(node);
    if (options) return [...this.propertiesOf(options).keys()].some((name) => HANDLERS.has(name));
    const definition = this.#parts.constants.definitionOf(node);
    if (ts.isArrayLiteralExpression(definition) || ts.isFunctionLike(definition)) return true;
    return this.#isCallable(node);
  }

  #isCallable(node: Ts.Expression): boolean {
    const { code } = this.#parts;
    const name = rightmostName(node);
    const type = name ? code.typeOf(name) : ts.isCallExpression(node) ? code.expressionType(node) : undefined;
    return type !== undefined && (type.callable || type.any);
  }

  /** What asks others, and serves nobody. */
  #isOfClient({ node }: RouterCall): boolean {
    const callee = skipParentheses(node.expression);
    const receiver = ts.isPropertyAccessExpression(callee) ? skipParentheses(callee.expression) : undefined;
    const base = receiver && ts.isCallExpression(receiver) ? receiver.expression : receiver;
    const name = base && rightmostName(base);
    if (!name) return false;
    const entities = [...this.#parts.code.entities(name), ...this.#parts.code.typeEntities(name)];
    return entities.some((one) => one.kind === 'external' && CLIENTS.has(one.module.replace(/^node:/, '')));
  }
}

interface Split {
  readonly verb: string;
  readonly paths: readonly string[];
  readonly handlers: readonly Ts.Expression[];
}

/** Properties of options and rows that hold the handler itself. */
export const HANDLERS: ReadonlySet<string> = new Set([
  'handler',
  'handlers',
  'handle',
  'action',
  'controller',
  'run',
  'fn',
  'execute',
  'callback',
  'respond',
]);

/** Properties of options that run after the handler, or are no functions of the request. */
const RUNS_LATER: ReadonlySet<string> = new Set([
  'preSerialization',
  'onSend',
  'onResponse',
  'onError',
  'onTimeout',
  'onRequestAbort',
  'errorHandler',
  'after',
  'afterHandler',
  'schema',
]);

const NESTED: ReadonlySet<string> = new Set(['options', 'config', 'hooks', 'meta']);

const CLIENTS: ReadonlySet<string> = new Set([
  'axios',
  'got',
  'ky',
  'supertest',
  'superagent',
  'undici',
  'http',
  'https',
  'http2',
  'request',
  'msw',
  'nock',
  'needle',
  'light-my-request',
]);

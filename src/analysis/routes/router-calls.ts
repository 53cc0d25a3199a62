import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, memberName, rightmostName, skipParentheses } from '../code.ts';
import type { Constants } from '../dispatch/constants.ts';
import { isFunctionExpression, outermost, returnedBy } from '../shapes.ts';
import { pathsOf } from './path-texts.ts';
import { join } from './paths.ts';

/** The methods by which a route is registered for a verb of HTTP. */
export const VERBS: ReadonlySet<string> = new Set([
  'get',
  'post',
  'put',
  'patch',
  'delete',
  'del',
  'head',
  'options',
  'all',
  'on',
]);

/** The methods by which a router is told of middleware, or of another router. */
const OTHERS: ReadonlySet<string> = new Set([
  'use',
  'addHook',
  'register',
  'route',
  'group',
  'mount',
  'prefix',
  'basePath',
]);

/** Methods that yield the router itself, or one that shares its routes. */
const CHAINS: ReadonlySet<string> = new Set([
  ...VERBS,
  ...OTHERS,
  'withTypeProvider',
  'routes',
  'middleware',
  'after',
]);

/** A router by its declaration: a variable, field or parameter; or by the call that makes it. */
export interface Router {
  readonly declaration: Ts.Node;
  /** What was added to its path on the way: by `basePath`, or by `route` of a path alone. */
  readonly prefix: string;
}

/** A call of a method of a router. */
export interface RouterCall {
  readonly node: Ts.CallExpression;
  readonly method: string;
  readonly router: Router;
  /** Where in its file it happens: the links of a chain one after the other. */
  readonly at: number;
}

/** Finds routers and the calls of their methods. */
export class RouterCalls {
  readonly #code: Code;
  readonly #constants: Constants;

  constructor(code: Code, constants: Constants) {
    this.#code = code;
    this.#constants = constants;
  }

  in(source: Ts.SourceFile): readonly RouterCall[] {
    const found: RouterCall[] = [];
    const visit = (node: Ts.Node): void => {
      const call = ts.isCallExpression(node) ? this.#callAt(node) : undefined;
      if (call) found.push(call);
      ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
  }

  /** The router that an expression stands for, also through chained calls; undefined for what is none. */
  routerOf(expression: Ts.Node, depth = 0): Router | undefined {
    const node = skipParentheses(expression);
    if (depth > DEEPEST) return undefined;
    if (ts.isAwaitExpression(node)) return this.routerOf(node.expression, depth + 1);
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) return this.#ofCall(node, depth);
    const name = rightmostName(node);
    if (!name) return undefined;
    if (isProtocolOf(node)) return this.routerOf((node as Ts.AccessExpression).expression, depth + 1);
    const declaration = this.#code.declarationNode(name);
    return declaration && this.#ofDeclaration(declaration, depth + 1);
  }

  #ofDeclaration(declaration: Ts.Node, depth: number): Router {
    if (ts.isExportAssignment(declaration)) {
      return this.routerOf(declaration.expression, depth) ?? { declaration, prefix: '' };
    }
    const { initializer } = declaration as { initializer?: Ts.Expression };
    const isValue = ts.isVariableDeclaration(declaration) || ts.isPropertyAssignment(declaration);
    const value = initializer && skipParentheses(initializer);
    if (!isValue || !value) return { declaration, prefix: '' };
    // Another name of a router, and not the place where one is made.
    const isAlias = ts.isCallExpression(value) ? isChained(value) : !ts.isNewExpression(value);
    const of = isAlias ? this.routerOf(value, depth) : undefined;
    return of && of.declaration !== declaration && !isMade(of.declaration)
      ? of
      : { declaration, prefix: of?.prefix ?? '' };
  }

  #ofCall(node: Ts.CallExpression | Ts.NewExpression, depth: number): Router | undefined {
    const callee = skipParentheses(node.expression);
    if (ts.isCallExpression(node) && isChained(node) && ts.isPropertyAccessExpression(callee)) {
      const of = this.routerOf(callee.expression, depth + 1);
      const added = of && this.#addedBy(node, callee.name.text);
      return of && added !== undefined ? { ...of, prefix: join(of.prefix, added) } : of;
    }
    const made = this.#madeBy(callee);
    if (made) return this.routerOf(made, depth + 1);
    return { declaration: holderOf(node) ?? node, prefix: '' };
  }

  #addedBy(node: Ts.CallExpression, method: string): string | undefined {
    const [path, ...others] = node.arguments;
    if (!path || others.length > 0 || (method !== 'basePath' && method !== 'route')) return undefined;
    return pathsOf(path, this.#constants)?.[0];
  }

  /** The router that a function of the source returns. */
  #madeBy(callee: Ts.Node): Ts.Expression | undefined {
    const definition = this.#constants.definitionOf(callee);
    const name = ts.isIdentifier(callee) ? callee : memberName(callee);
    const declaration = name && this.#code.declarationNode(name);
    const fn = [definition, declaration].find((one) => one !== undefined && ts.isFunctionLike(one));
    const [returned, ...others] = returnedBy((fn as { body?: Ts.Node } | undefined)?.body);
    return others.length === 0 ? returned : undefined;
  }

  #callAt(node: Ts.CallExpression): RouterCall | undefined {
    const callee = skipParentheses(node.expression);
    if (ts.isElementAccessExpression(callee)) return this.#chosenAt(node, callee);
    if (!ts.isPropertyAccessExpression(callee)) return undefined;
    const method = callee.name.text;
    if (!VERBS.has(method) && !OTHERS.has(method)) return undefined;
    if (!this.#looksRight(node, method)) return undefined;
    const router = this.routerOf(callee.expression);
    return router && { node, method, router, at: callee.name.getStart() };
  }

  /** `app[verb]('/admin', handler)`: it may be any verb. */
  #chosenAt(node: Ts.CallExpression, callee: Ts.ElementAccessExpression): RouterCall | undefined {
    const [path, ...handlers] = node.arguments;
    const paths = path && handlers.length > 0 ? pathsOf(path, this.#constants) : undefined;
    if (!paths?.every((one) => one.startsWith('/'))) return undefined;
    const router = this.routerOf(callee.expression);
    return router && { node, method: 'all', router, at: callee.argumentExpression.getStart() };
  }

  /** What by its arguments alone is no business of a router need not be asked about. */
  #looksRight({ arguments: args, expression }: Ts.CallExpression, method: string): boolean {
    if (method === 'use' || method === 'register' || method === 'route') return args.length > 0;
    if (!VERBS.has(method)) return args.length > 0;
    const isOfRoute = /\.\s*route\s*\(/.test(
      (expression as Ts.PropertyAccessExpression).expression.getText(),
    );
    const [first] = args;
    if (!first) return false;
    if (isOfRoute) return true;
    return args.length > 1 && !isFunctionExpression(skipParentheses(first));
  }
}

const DEEPEST = 40;

function isChained(node: Ts.CallExpression): boolean {
  const callee = skipParentheses(node.expression);
  return ts.isPropertyAccessExpression(callee) && CHAINS.has(callee.name.text);
}

/** The variable or field that is given a new router, with all that is chained to it. */
export function holderOf(made: Ts.Node): Ts.Node | undefined {
  let node = outermost(made);
  for (;;) {
    const { parent } = node;
    const call = ts.isPropertyAccessExpression(parent) ? outermost(parent).parent : undefined;
    if (!call || !ts.isCallExpression(call) || !isChained(call)) break;
    node = outermost(call);
  }
  if (ts.isAwaitExpression(node.parent)) node = outermost(node.parent);
  const { parent } = node;
  const isHeld =
    ts.isVariableDeclaration(parent) || ts.isPropertyDeclaration(parent) || ts.isPropertyAssignment(parent);
  return isHeld && parent.initializer === node ? parent : undefined;
}

function isMade(declaration: Ts.Node): boolean {
  return ts.isCallExpression(declaration) || ts.isNewExpression(declaration);
}

/** `app.fetch`: the router as a function. */
function isProtocolOf(node: Ts.Node): boolean {
  return ts.isPropertyAccessExpression(node) && ['fetch', 'handler', 'callback'].includes(node.name.text);
}

import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, memberName, nameText, skipParentheses } from '../code.ts';
import type { Constants } from '../dispatch/constants.ts';
import { isFunctionExpression, propertyOf, returnedBy } from '../shapes.ts';
import { takesPathsAsTheyStand } from './frameworks.ts';
import type { Guards } from './guards.ts';
import type { KnownCallSites } from './known-call-sites.ts';
import { type Instance, instancesOf } from './mount-instances.ts';
import { pathsOf } from './path-texts.ts';
import { isCoveredBy, join } from './paths.ts';
import { holderOf, type Router, type RouterCall, type RouterCalls, VERBS } from './router-calls.ts';

/** Paths for which the guard comes before all else. */
export interface Cover {
  readonly path: string;
  readonly extent: 'below' | 'exact';
  /** Of one verb only. */
  readonly verb: string | undefined;
}

/** A way by which requests come to a router. */
export interface RouteContext {
  readonly prefix: string;
  readonly covers: readonly Cover[];
}

/** Where a router is put into another one, or handed to the function that fills it. */
interface Mount {
  readonly parent: Router | undefined;
  readonly node: Ts.Node;
  readonly at: number;
  readonly paths: readonly string[];
  /** The guard stands between the two. */
  readonly guarded: 'yes' | 'no';
}

interface Parts {
  readonly code: Code;
  readonly constants: Constants;
  readonly calls: RouterCalls;
  readonly guards: Guards;
  readonly sites: KnownCallSites;
}

/** Of one router mounted in many ways, as many are looked at. */
const MOST = 32;
const FARTHEST = 4;

/** Knows by which paths and past which guards requests come to a router, at any place of the program. */
export class RouteContexts {
  readonly #parts: Parts;
  readonly #byRouter = new Map<Ts.Node, RouterCall[]>();
  readonly #mounts = new Map<Ts.Node, Mount[]>();
  readonly #known = new Map<Ts.Node, readonly RouteContext[]>();
  readonly #visiting = new Set<Ts.Node>();
  #covers: ReadonlyMap<Ts.Node, readonly PlacedCover[]> | undefined;

  constructor(all: readonly RouterCall[], parts: Parts) {
    this.#parts = parts;
    for (const call of all) {
      const known = this.#byRouter.get(call.router.declaration);
      if (known) known.push(call);
      else this.#byRouter.set(call.router.declaration, [call]);
    }
    for (const call of all) this.#findMounts(call);
  }

  /** The ways to a router, as they are where one of its methods is called. */
  at({ router, node, at }: Pick<RouterCall, 'router' | 'node' | 'at'>): readonly RouteContext[] {
    return this.#contextsAt(router, { node, at });
  }

  #contextsAt(router: Router, place: Place): readonly RouteContext[] {
    const { declaration } = router;
    const own = this.#coversBefore(declaration, place);
    return this.#contextsOf(declaration).map(({ prefix, covers }) => ({
      prefix: join(prefix, router.prefix),
      covers: [...covers, ...own.map((cover) => ({ ...cover, path: join(prefix, cover.path) }))],
    }));
  }

  #contextsOf(declaration: Ts.Node): readonly RouteContext[] {
    const known = this.#known.get(declaration);
    if (known) return known;
    const root: readonly RouteContext[] = [{ prefix: '', covers: [] }];
    if (this.#visiting.has(declaration)) return root;
    this.#visiting.add(declaration);
    const own = this.#ownPrefix(declaration);
    const mounts = [
      ...(this.#mounts.get(declaration) ?? []),
      ...this.#handedIn(declaration),
      ...this.#handedOut(declaration),
    ];
    const found = mounts.flatMap(({ parent, node, at, paths, guarded }) => {
      const outer = parent ? this.#contextsAt(parent, { node, at }) : root;
      return outer.flatMap(({ prefix, covers }) =>
        paths.map((path) => {
          const whole = join(prefix, path, own);
          const between: readonly Cover[] =
            guarded === 'yes' ? [{ path: whole, extent: 'below', verb: undefined }] : [];
          return { prefix: whole, covers: [...covers, ...between] };
        }),
      );
    });
    this.#visiting.delete(declaration);
    const contexts = found.length > 0 ? found.slice(0, MOST) : [{ prefix: join(own), covers: [] }];
    this.#known.set(declaration, contexts);
    return contexts;
  }

  /** `new Router({ prefix: '/admin' })`, `router.prefix('/admin')`. */
  #ownPrefix(declaration: Ts.Node): string {
    const { initializer } = declaration as { initializer?: Ts.Node };
    const made = skipParentheses(initializer ?? declaration);
    const options = ts.isNewExpression(made) || ts.isCallExpression(made) ? made.arguments?.[0] : undefined;
    const definition = options && this.#parts.constants.definitionOf(options);
    const prefix = definition && ts.isExpression(definition) ? propertyOf(definition, 'prefix') : undefined;
    const calls = (this.#byRouter.get(declaration) ?? []).filter(({ method }) => method === 'prefix');
    const paths = [prefix, ...calls.map(({ node }) => node.arguments[0])].map((one) => this.#pathOf(one));
    return join(...paths);
  }

  #pathOf(expression: Ts.Expression | undefined): string {
    if (!expression) return '';
    const constant = this.#parts.constants.of(expression);
    return constant ? String(constant.value) : (pathsOf(expression, this.#parts.constants)?.[0] ?? '');
  }

  #findMounts(call: RouterCall): void {
    const { node, method, router, at } = call;
    if (!['use', 'route', 'register', 'group', 'mount'].includes(method)) return;
    const args = [...node.arguments];
    const [first] = args;
    const paths = first && method !== 'register' ? pathsOf(first, this.#parts.constants) : undefined;
    const rest = paths ? args.slice(1) : args;
    const given = method === 'register' ? [this.#prefixOption(args[1])] : (paths ?? ['']);
    const links = rest.flatMap((one) => this.#parts.guards.linksOf(one));
    const instances = instancesOf(node, this.#parts);
    for (const [index, argument] of links.entries()) {
      if (instances.some((one) => one.valueOf(argument))) continue;
      const guarded = links.slice(0, index).some((link) => this.#parts.guards.is(link));
      const mount: Mount = { parent: router, node, at, paths: given, guarded: guarded ? 'yes' : 'no' };
      for (const child of this.#childrenOf(argument)) this.#addMount(child, mount);
    }
    for (const instance of instances) this.#findHanded(call, instance, given);
  }

  /** What a helper mounts that is handed the router, or a loop that takes it from a table. */
  #findHanded({ node, router }: RouterCall, instance: Instance, given: readonly string[]): void {
    const [first] = node.arguments;
    const path = first && instance.valueOf(first);
    const paths = (path && pathsOf(path, this.#parts.constants)) ?? given;
    const callee = skipParentheses(node.expression);
    const receiver = ts.isPropertyAccessExpression(callee) ? instance.valueOf(callee.expression) : undefined;
    const parent = (receiver && this.#parts.calls.routerOf(receiver)) ?? router;
    const { guards } = this.#parts;
    const links = node.arguments
      .flatMap((one) => guards.linksOf(one))
      .flatMap((link) => {
        const value = instance.valueOf(link);
        // A row may hold a chain too.
        return value
          ? guards.linksOf(value).map((one) => ({ link: one, isHanded: true }))
          : [{ link, isHanded: false }];
      });
    for (const [index, { link, isHanded }] of links.entries()) {
      const guarded = links.slice(0, index).some((one) => guards.is(one.link)) ? 'yes' : 'no';
      const mount: Mount = { parent, node: instance.node, at: instance.node.getStart(), paths, guarded };
      for (const child of isHanded ? this.#childrenOf(link) : []) this.#addMount(child, mount);
    }
  }

  #addMount(child: Ts.Node, mount: Mount): void {
    const known = this.#mounts.get(child);
    if (known) known.push(mount);
    else this.#mounts.set(child, [mount]);
  }

  #prefixOption(options: Ts.Expression | undefined): string {
    const definition = options && this.#parts.constants.definitionOf(options);
    const prefix = definition && ts.isExpression(definition) ? propertyOf(definition, 'prefix') : undefined;
    return this.#pathOf(prefix);
  }

  /** What an argument puts below a router: another router, or the parameter of a function that fills one. */
  #childrenOf(argument: Ts.Expression): readonly Ts.Node[] {
    const node = skipParentheses(argument) as Ts.Expression;
    const fn = this.#functionOf(node);
    if (fn) return fn.parameters.slice(0, 1);
    const router = this.#parts.calls.routerOf(node);
    return router ? [router.declaration] : [];
  }

  /** A function by itself or its name, also wrapped by a package: `fp(plugin)`. */
  #functionOf(expression: Ts.Expression): Ts.SignatureDeclaration | undefined {
    const node = skipParentheses(expression);
    if (isFunctionExpression(node)) return node;
    if (ts.isCallExpression(node)) {
      const isOutside = this.#declarationOf(node.expression) === undefined;
      const [first] = node.arguments;
      return isOutside && first ? this.#functionOf(first) : undefined;
    }
    const value = this.#valueOf(expression);
    if (isFunctionExpression(value)) return value;
    if (ts.isCallExpression(value)) return this.#functionOf(value);
    const declaration = this.#declarationOf(value);
    return declaration && ts.isFunctionDeclaration(declaration) ? declaration : undefined;
  }

  /** What a name stands for, also that of a default export. */
  #valueOf(expression: Ts.Expression): Ts.Expression {
    const value = this.#parts.constants.definitionOf(expression);
    const declaration = this.#declarationOf(value);
    const exported = declaration && ts.isExportAssignment(declaration) ? declaration.expression : undefined;
    return exported ? this.#valueOf(exported) : (value as Ts.Expression);
  }

  #declarationOf(expression: Ts.Node): Ts.Node | undefined {
    const node = skipParentheses(expression);
    const name = ts.isIdentifier(node) ? node : memberName(node);
    return name && this.#parts.code.declarationNode(name);
  }

  /** A parameter is the router that callers hand in. */
  #handedIn(declaration: Ts.Node): readonly Mount[] {
    if (!ts.isParameter(declaration)) return [];
    return this.#argumentsFor(declaration).flatMap(({ node, argument }) => {
      const parent = this.#parts.calls.routerOf(argument);
      return [{ parent, node, at: node.getStart(), paths: [''], guarded: 'no' as const }];
    });
  }

  /** What a factory makes is known to its callers by the names that they give it: `const users = usersRouter()`. */
  #handedOut(declaration: Ts.Node): readonly Mount[] {
    const fn = functionAround(declaration);
    const [returned, ...others] = returnedBy((fn as { body?: Ts.Node } | undefined)?.body);
    if (!fn || !returned || others.length > 0) return [];
    if (this.#parts.calls.routerOf(returned)?.declaration !== declaration) return [];
    return this.#parts.sites.of(fn).flatMap(({ node }) => {
      const holder = ts.isCallExpression(node) ? holderOf(node) : undefined;
      if (!holder) return [];
      const parent: Router = { declaration: holder, prefix: '' };
      return [{ parent, node: holder, at: holder.getStart(), paths: [''], guarded: 'no' as const }];
    });
  }

  /** What a factory has told the router of that a variable or field keeps. */
  #coversOfFactory(declaration: Ts.Node): readonly PlacedCover[] {
    const { initializer } = declaration as { initializer?: Ts.Node };
    const made = initializer && this.#parts.calls.routerOf(initializer)?.declaration;
    const fn = made && made !== declaration ? functionAround(made) : undefined;
    if (!made || !fn) return [];
    return (this.#covers?.get(made) ?? [])
      .filter(({ node }) => isUnconditional(node, fn))
      .map((one) => ({ ...one, node: declaration, at: declaration.getStart() }));
  }

  #argumentsFor(parameter: Ts.ParameterDeclaration): readonly { node: Ts.Node; argument: Ts.Expression }[] {
    const fn = parameter.parent;
    const index = fn.parameters.indexOf(parameter);
    return this.#parts.sites.of(fn).flatMap(({ node, args }) => {
      const argument = args[index];
      return argument ? [{ node, argument }] : [];
    });
  }

  /** The guards that a router has been told of before it comes to a place. */
  #coversBefore(declaration: Ts.Node, place: Place): readonly Cover[] {
    return this.#coversOf(declaration).flatMap(({ cover, node, at, order }) =>
      this.#precedes({ node, at }, place, order, 0) ? [cover] : [],
    );
  }

  #coversOf(declaration: Ts.Node): readonly PlacedCover[] {
    this.#covers ??= this.#allCovers();
    return [...(this.#covers.get(declaration) ?? []), ...this.#coversOfFactory(declaration)];
  }

  /** What routers are told of, by themselves and by the functions that are handed them. */
  #allCovers(): ReadonlyMap<Ts.Node, readonly PlacedCover[]> {
    const covers = new Map<Ts.Node, PlacedCover[]>();
    const add = (declaration: Ts.Node, more: readonly PlacedCover[]): void => {
      if (more.length > 0) covers.set(declaration, [...(covers.get(declaration) ?? []), ...more]);
    };
    for (const [declaration, calls] of this.#byRouter) {
      add(
        declaration,
        calls.flatMap((call) => this.#coversBy(call)),
      );
    }
    const shared = [...this.#byRouter.keys()].flatMap((declaration) =>
      this.#sharedPlugins(declaration).map((plugin) => ({ declaration, ...plugin })),
    );
    let helpers = [...covers.keys()].filter(ts.isParameter);
    for (let step = 0; step < FARTHEST && helpers.length > 0; step += 1) {
      const told: Ts.ParameterDeclaration[] = [];
      for (const helper of helpers) {
        const inner = (covers.get(helper) ?? []).filter(({ node }) => isUnconditional(node, helper.parent));
        if (inner.length === 0) continue;
        const handed = this.#argumentsFor(helper).flatMap(({ node, argument }) => {
          const router = this.#parts.calls.routerOf(argument);
          return router ? [{ declaration: router.declaration, node }] : [];
        });
        const plugged = shared.filter(({ fn }) => fn === helper.parent);
        for (const { declaration, node } of [...handed, ...plugged]) {
          add(
            declaration,
            inner.map((one) => ({ ...one, node, at: node.getStart() })),
          );
          if (ts.isParameter(declaration)) told.push(declaration);
        }
      }
      helpers = told;
    }
    return covers;
  }

  /** `app.register(fp(plugin))`: what such a plugin adds is added to the router itself. */
  #sharedPlugins(declaration: Ts.Node): readonly { fn: Ts.SignatureDeclaration; node: Ts.Node }[] {
    return (this.#byRouter.get(declaration) ?? []).flatMap(({ node, method }) => {
      const [plugin] = node.arguments;
      const bare = plugin && method === 'register' ? this.#valueOf(plugin) : undefined;
      if (!bare || !ts.isCallExpression(bare)) return [];
      const fn = this.#functionOf(bare);
      return fn ? [{ fn, node }] : [];
    });
  }

  #coversBy({ node, method, router, at }: RouterCall): readonly PlacedCover[] {
    const { guards, constants } = this.#parts;
    const [first, ...others] = node.arguments;
    if (!first) return [];
    if (method === 'addHook') {
      const isEarly = HOOKS_BEFORE.has(String(constants.of(first)?.value));
      const isGuard = isEarly && others.some((one) => guards.linksOf(one).some((link) => guards.is(link)));
      const cover: Cover = { path: join(router.prefix), extent: 'below', verb: undefined };
      return isGuard ? [{ cover, node, at, order: 'any' }] : [];
    }
    const isVerb = VERBS.has(method);
    if (method !== 'use' && !isVerb) return [];
    const paths = pathsOf(first, constants);
    const isOfRoute = isVerb && !paths;
    const chain = paths ? others : [first, ...others];
    const links = chain.flatMap((one) => guards.linksOf(one));
    // A guard that stands before a handler is that route's alone.
    const isForAll = links.every((link) => guards.is(link)) || method === 'use';
    if (!isForAll || !links.some((link) => guards.is(link))) return [];
    const isExact = isVerb || takesPathsAsTheyStand(this.#parts.code, node);
    // Without a path, middleware is for all of the router.
    const extent = isExact && (isOfRoute || paths) ? 'exact' : 'below';
    const verb = isVerb && method !== 'all' ? method : undefined;
    return (isOfRoute ? [''] : (paths ?? [''])).map((path) => ({
      cover: { path: join(router.prefix, path), extent, verb },
      node,
      at,
      order: 'before',
    }));
  }

  /** Whether one place has been passed, for certain, when another one is come to. */
  #precedes(one: Place, other: Place, order: PlacedCover['order'], depth: number): boolean {
    const block = blockAround(one.node);
    const isAround = ts.findAncestor(other.node, (at) => at === block) !== undefined;
    if (isAround) return order === 'any' || one.at < other.at;
    if (depth >= FARTHEST) return false;
    const inside = functionAround(other.node);
    const callers = inside ? this.#parts.sites.of(inside) : [];
    const isBeforeCallers =
      callers.length > 0 &&
      callers.every(({ node }) => this.#precedes(one, { node, at: node.getStart() }, order, depth + 1));
    if (isBeforeCallers) return true;
    const helper = functionAround(one.node);
    if (!helper || !isUnconditional(one.node, helper)) return false;
    return this.#parts.sites
      .of(helper)
      .some(({ node }) => this.#precedes({ node, at: node.getStart() }, other, order, depth + 1));
  }
}

interface Place {
  readonly node: Ts.Node;
  readonly at: number;
}

interface PlacedCover extends Place {
  readonly cover: Cover;
  /** Hooks of a plugin are for all of its routes, also for those that come before. */
  readonly order: 'before' | 'any';
}

/** The hooks that run before a handler does. */
const HOOKS_BEFORE: ReadonlySet<string> = new Set(['onRequest', 'preParsing', 'preValidation', 'preHandler']);

/** Whether the guard comes before a route. */
export function isCovered(path: string, verb: string, covers: readonly Cover[]): boolean {
  return covers.some((cover) => {
    const isOfVerb = cover.verb === undefined || cover.verb === verb;
    return isOfVerb && isCoveredBy(path, cover.path, cover.extent);
  });
}

function blockAround(node: Ts.Node): Ts.Node | undefined {
  return ts.findAncestor(
    node.parent,
    (at) =>
      (ts.isBlock(at) && !isPassed(at)) ||
      ts.isSourceFile(at) ||
      ts.isCaseOrDefaultClause(at) ||
      ts.isFunctionLike(at) ||
      ts.isConditionalExpression(at) ||
      isBranch(at) ||
      isShortCircuit(at),
  );
}

/** A block that is run from end to end whenever what is around it is: `{ … }`, `try { … } finally { … }`. */
function isPassed(block: Ts.Block): boolean {
  const { parent } = block;
  if (ts.isTryStatement(parent)) return parent.catchClause === undefined || parent.finallyBlock === block;
  return ts.isBlock(parent) || ts.isSourceFile(parent);
}

/** A statement that is a branch without braces. */
function isBranch(node: Ts.Node): boolean {
  const { parent } = node;
  if (!ts.isStatement(node) || !parent) return false;
  if (ts.isIfStatement(parent)) return parent.thenStatement === node || parent.elseStatement === node;
  return ts.isIterationStatement(parent, false) && parent.statement === node;
}

function isShortCircuit(node: Ts.Node): boolean {
  if (!ts.isBinaryExpression(node)) return false;
  const { kind } = node.operatorToken;
  return kind === ts.SyntaxKind.AmpersandAmpersandToken || kind === ts.SyntaxKind.BarBarToken;
}

function functionAround(node: Ts.Node): Ts.SignatureDeclaration | undefined {
  return ts.findAncestor(node.parent, ts.isFunctionLike) as Ts.SignatureDeclaration | undefined;
}

function isUnconditional(node: Ts.Node, fn: Ts.Node): boolean {
  const block = blockAround(node);
  return block !== undefined && (block === fn || block.parent === fn) && nameText(node) === undefined;
}

import { type Code, programCode } from '../../src/analysis/code.ts';
import { lastSegment, parseConfigName, reportName } from '../../src/analysis/config-name.ts';
import { Constants } from '../../src/analysis/dispatch/constants.ts';
import { Heritage } from '../../src/analysis/dispatch/heritage.ts';
import { Targets } from '../../src/analysis/dispatch/targets.ts';
import { isCovered, RouteContexts } from '../../src/analysis/routes/contexts.ts';
import { isOfFramework } from '../../src/analysis/routes/frameworks.ts';
import { type GuardName, Guards } from '../../src/analysis/routes/guards.ts';
import { KnownCallSites } from '../../src/analysis/routes/known-call-sites.ts';
import { isBelow, join, UNKNOWN } from '../../src/analysis/routes/paths.ts';
import { type Registration, Registrations } from '../../src/analysis/routes/registrations.ts';
import { routeFiles } from '../../src/analysis/routes/route-files.ts';
import { type RouterCall, RouterCalls } from '../../src/analysis/routes/router-calls.ts';
import { RouteTables, type Row } from '../../src/analysis/routes/tables.ts';
import type { Span } from '../../src/engine/finding.ts';
import type { Pass } from '../../src/engine/rule.ts';
import { type Ts, ts } from '../../src/syntax/ts.ts';
import type { GuardedRoutes, MessageId, RouteGuardOptions } from './rule.ts';

type RouteGuardPass = Pass<RouteGuardOptions, MessageId>;

export async function run(pass: RouteGuardPass): Promise<void> {
  const code = await pass.use(programCode);
  const constants = new Constants(code);
  const calls = new RouterCalls(code, constants);
  const sources = routeFiles(pass.program).flatMap((file) => pass.program.tree(file)?.source ?? []);
  const all = sources.flatMap((source) => calls.in(source));
  const targets = new Targets(code, new Heritage(code), pass.root);
  const sites = new KnownCallSites(code);
  for (const routes of pass.options.routes) {
    const guard = resolveGuard(routes.guard, { pass, code, targets });
    const guards = new Guards(guard, { code, constants, targets, sites });
    const contexts = new RouteContexts(all, { code, constants, calls, guards, sites });
    const registrations = new Registrations({ code, constants, guards });
    const byNode = new Map(all.map((call) => [call.node, call]));
    const tables = new RouteTables(sources, { constants, guards, calls, registrations, contexts, byNode });
    new RoutesRun(routes, { pass, code, contexts, registrations, tables }).run(sources, all);
  }
}

interface NameTools {
  readonly pass: RouteGuardPass;
  readonly code: Code;
  readonly targets: Targets;
}

function resolveGuard(text: string, { pass, code, targets }: NameTools): GuardName {
  const name = lastSegment(parseConfigName(text).name);
  const resolution = targets.resolve(text);
  if ('target' in resolution) return { name, target: resolution.target };
  const isImported = pass.program
    .filesWith([name])
    .some((file) => new RegExp(`import[^;]*\\b${name}\\b`).test(code.program.text(file) ?? ''));
  if (resolution.kind === 'ambiguous' || !isImported) reportName(pass, 'route-guard.guard', text, resolution);
  return { name, target: undefined };
}

interface Tools {
  readonly pass: RouteGuardPass;
  readonly code: Code;
  readonly contexts: RouteContexts;
  readonly registrations: Registrations;
  readonly tables: RouteTables;
}

class RoutesRun {
  readonly #routes: GuardedRoutes;
  readonly #tools: Tools;
  readonly #excused = new Set<string>();
  #sites = 0;

  constructor(routes: GuardedRoutes, tools: Tools) {
    this.#routes = routes;
    this.#tools = tools;
  }

  run(sources: readonly Ts.SourceFile[], all: readonly RouterCall[]): void {
    const { pass, registrations, tables } = this.#tools;
    for (const call of all) {
      const registration = registrations.ofCall(call);
      if (registration) this.#judge(registration);
    }
    for (const source of sources) for (const row of tables.in(source)) this.#judge(row, row);
    if (this.#sites === 0) pass.unknownName('route-guard.prefix', this.#routes.prefix, []);
    for (const open of this.#routes.except.filter((one) => !this.#excused.has(one))) {
      pass.stale(
        `route-guard.except lists ${open}, where no route lacks its guard`,
        'remove the entry, or correct it',
      );
    }
  }

  #judge(registration: Registration, row?: Row): void {
    const { pass, code, contexts, tables } = this.#tools;
    const { node, verb, paths, guarded, call } = registration;
    const ways = call ? contexts.at(call) : [{ prefix: '', covers: [] }];
    let isSite = false;
    for (const { prefix, covers } of ways) {
      for (const path of paths) {
        const whole = join(prefix, path);
        const below = isBelow(whole, this.#routes.prefix);
        if (below === 'no') continue;
        const isGuarded =
          guarded === 'yes' || isCovered(whole, verb, covers) || (row && tables.isGuardedByWalks(row));
        if (below === 'maybe') {
          const isOpen = !isGuarded && call && isOfFramework(code, call.node);
          if (isOpen)
            pass.unresolved(code.span(node), `the path of this route may lie below ${this.#routes.prefix}`);
          if (isOpen) return;
          continue;
        }
        if (!isSite) pass.site(placeOf(node, code));
        if (!isSite) this.#sites += 1;
        isSite = true;
        if (isGuarded || this.#isExcused(whole)) continue;
        pass.report({
          messageId: 'unguarded',
          at: placeOf(node, code),
          data: { route: labelOf(verb, whole), guard: this.#routes.guard },
        });
        return;
      }
    }
  }

  #isExcused(path: string): boolean {
    const open = this.#routes.except.find((one) => isBelow(path, one) === 'yes');
    if (open !== undefined) this.#excused.add(open);
    return open !== undefined;
  }
}

/** The method and the path: handlers are long, and chains begin far above. */
function placeOf(node: Ts.Node, code: Code): Span {
  const span = code.span(node);
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return span;
  return { ...span, start: node.expression.name.getStart(), end: node.arguments[0]?.end ?? node.end };
}

function labelOf(verb: string, path: string): string {
  const readable = path.replaceAll(UNKNOWN, '…');
  return verb === 'all' ? readable : `${verb.toUpperCase()} ${readable}`;
}

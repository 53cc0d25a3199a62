import { lastSegment, parseConfigName } from '../../src/analysis/config-name.ts';
import { defineRule } from '../../src/engine/rule.ts';

/** Routes that nobody comes to without passing a guard. */
export interface GuardedRoutes {
  /** The path above them. */
  readonly prefix: string;
  /** The function that lets requests through, or that makes what does. */
  readonly guard: string;
  /** Paths below the prefix that are open to all. */
  readonly except: readonly string[];
}

export interface RouteGuardOptions {
  readonly routes: readonly GuardedRoutes[];
}

export type MessageId = 'unguarded';

/** Every route below a path has its guard in the chain before its handler. */
export const routeGuard = defineRule<RouteGuardOptions, MessageId>({
  id: 'route-guard',
  summary: 'routes below a path have their guard before the handler',
  defaultSeverity: 'off',
  defaultOptions: { routes: [] },
  messages: {
    unguarded: {
      message: 'registers {route} without {guard} before its handler',
      why: 'whoever knows the path gets in',
      help: 'put {guard} into the chain of the route, or before it into that of its router',
    },
  },
  options(zod) {
    const text = zod.string().min(1, 'a name must not be empty');
    const path = zod.string().startsWith('/', 'a path begins with a slash');
    const routes = zod.strictObject({ prefix: path, guard: text, except: zod.array(path).default([]) });
    return zod.strictObject({
      routes: zod.array(routes).min(1, 'without routes there is nothing to guard'),
    });
  },
  // The guard is missing where the rule is broken, and a path may be put together: only both together say nothing.
  relevance: ({ routes }) => ({
    words: routes.flatMap(({ prefix, guard }) => [
      lastSegment(parseConfigName(guard).name),
      prefix.split('/').find((segment) => /^[\w-]+$/.test(segment)) ?? '/',
    ]),
  }),
  run: async (pass) => (await import('./run.ts')).run(pass),
  prove: async () => (await import('./prove.ts')).operators,
  idle(pass) {
    for (const { guard } of pass.options.routes) pass.unknownName('route-guard.guard', guard, []);
  },
});

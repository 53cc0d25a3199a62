import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, type NameNode, rightmostName, skipParentheses } from '../code.ts';

/** Whether a router is one of the frameworks' for certain: by its type, or by what makes it. */
export function isOfFramework(code: Code, call: Ts.CallExpression): boolean {
  return isOfPackage(code, call, FRAMEWORKS);
}

/**
 * Whether the middleware of a router is for its path alone, unless that ends in a wildcard. Hono's is; that of the
 * others is for all below the path.
 */
export function takesPathsAsTheyStand(code: Code, call: Ts.CallExpression): boolean {
  return isOfPackage(code, call, EXACT);
}

function isOfPackage(code: Code, { expression }: Ts.CallExpression, packages: RegExp): boolean {
  const callee = skipParentheses(expression);
  let base = ts.isPropertyAccessExpression(callee) ? skipParentheses(callee.expression) : undefined;
  while (base && ts.isCallExpression(base)) {
    const inner = skipParentheses(base.expression);
    // Links of a chain lead back to the router; any other call is what makes it.
    base = ts.isPropertyAccessExpression(inner) ? skipParentheses(inner.expression) : inner;
  }
  if (!base) return false;
  const name = ts.isNewExpression(base) ? undefined : rightmostName(base);
  const maker = ts.isNewExpression(base) ? rightmostName(base.expression) : name && makerOf(name);
  const entities = [...(name ? code.typeEntities(name) : []), ...(maker ? code.entities(maker) : [])];
  return entities.some((one) => one.kind === 'external' && packages.test(one.module));
}

/** The class or function that makes the value of a variable, past all that is chained to it. */
function makerOf(name: NameNode): NameNode | undefined {
  const local = ts.isIdentifier(name) ? resolveLocal(name) : undefined;
  let made =
    local && ts.isVariableDeclaration(local) && local.initializer && skipParentheses(local.initializer);
  while (made && ts.isCallExpression(made)) {
    const inner = skipParentheses(made.expression);
    if (!ts.isPropertyAccessExpression(inner)) break;
    const next = skipParentheses(inner.expression);
    if (!ts.isCallExpression(next) && !ts.isNewExpression(next)) break;
    made = next;
  }
  return made && (ts.isCallExpression(made) || ts.isNewExpression(made))
    ? rightmostName(made.expression)
    : undefined;
}

const FRAMEWORKS =
  /^(?:express|express-serve-static-core|fastify|hono|koa-router|@koa\/router|router|find-my-way|polka|restify|elysia)(?:\/|$)/;

const EXACT = /^hono(?:\/|$)/;

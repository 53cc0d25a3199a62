import type { Program } from '../../engine/program.ts';

/** A route for a verb: a path, or what may be one, and more after it. A look into a map has one argument. */
const VERB_CALL =
  /(?:\.\s*(?:get|post|put|patch|delete|del|head|options|all|on)|\])\s*(?:<[^()]*>)?\(\s*(?:['"`[/(]|[\w$.]+\s*[,+?[(])/;
/** Middleware, or another router. */
const ROUTER_CALL = /\.\s*(?:use|addHook|register|route|group|mount|prefix|basePath)\s*(?:<[^()]*>)?\(/;
/** `{ path: '/x', handler }`. */
const PATH_KEY = /\b(?:path|url|route|pattern|uri)\b['"]?\s*[:,}]/;
const HANDLER_KEY = /\b(?:handlers?|handle|action|controller|run|fn|execute|callback|respond)\b/;
/** `'GET /x': handler`, `['GET', '/x', handler]`. */
const KEYED =
  /['"](?:[A-Z]+ +)?\/[^'"\n]*['"]\s*[:(]|['"](?:get|post|put|patch|delete|head|options|all)['"]\s*,/i;
const SOME_PATH = /['"`]\//;

/** The files that may register routes, or tell routers of middleware, by their texts. */
export function routeFiles(program: Program): readonly string[] {
  return program.files.filter((file) => {
    const text = program.text(file) ?? '';
    if (VERB_CALL.test(text) || ROUTER_CALL.test(text)) return true;
    return SOME_PATH.test(text) && (KEYED.test(text) || (PATH_KEY.test(text) && HANDLER_KEY.test(text)));
  });
}

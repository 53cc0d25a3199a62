import { lastSegment, parseConfigName } from '../../src/analysis/config-name.ts';
import type { Edit, Mutant, Operator } from '../../src/engine/proof.ts';
import { resolveLocal } from '../../src/syntax/scopes.ts';
import { type Ts, ts } from '../../src/syntax/ts.ts';
import type { RouteGuardOptions } from './rule.ts';

const dropGuard: Operator<RouteGuardOptions> = {
  id: 'drop-guard',
  summary: 'takes the guard out of the chain of one route',
  mutants: ({ program, sites, options }) =>
    sites.flatMap((site): Mutant[] => {
      const route = routeAt(program.tree(site.file)?.nodeAt(site.start, site.end));
      if (!route) return [];
      return guardsOf(options).flatMap((guard) => {
        const edits = namesIn(route, guard).flatMap((name) => withoutPart(name, route));
        return edits.length === 1 ? [{ edits, expect: [site] }] : [];
      });
    }),
};

const openGuard: Operator<RouteGuardOptions> = {
  id: 'open-guard',
  summary: 'puts a function that lets everybody through where the guard is made or handed on',
  mutants: ({ program, sites, options }) =>
    guardsOf(options).flatMap((guard) =>
      program.filesWith([guard]).flatMap((file) => {
        const source = program.tree(file)?.source;
        return (source ? namesIn(source, guard) : []).filter(isUse).map((name): Mutant => {
          const made =
            ts.isCallExpression(name.parent) && name.parent.expression === name ? name.parent : name;
          return {
            edits: [{ file, start: made.getStart(), end: made.end, text: '(async () => {})' }],
            expect: sites,
          };
        });
      }),
    ),
};

function guardsOf({ routes }: RouteGuardOptions): readonly string[] {
  return [...new Set(routes.map(({ guard }) => lastSegment(parseConfigName(guard).name)))];
}

/** The call that registers a route, or the row of a table. */
function routeAt(node: Ts.Node | undefined): Ts.Node | undefined {
  return node && ts.findAncestor(node, (at) => ts.isCallExpression(at) || ts.isObjectLiteralExpression(at));
}

function namesIn(root: Ts.Node, guard: string): readonly Ts.Identifier[] {
  const found: Ts.Identifier[] = [];
  const visit = (node: Ts.Node): void => {
    if (ts.isIdentifier(node) && node.text === guard) found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(root);
  return found;
}

/** The argument, element or property that a guard stands in, taken away with its comma. */
function withoutPart(name: Ts.Identifier, route: Ts.Node): readonly Edit[] {
  const part = ts.findAncestor(name, ({ parent }) => listOf(parent) !== undefined);
  const list = part && listOf(part.parent);
  if (!part || !list || ts.findAncestor(part, (at) => at === route) === undefined) return [];
  const isValue = ts.isPropertyAssignment(part) ? part.initializer : part;
  if (ts.isObjectLiteralExpression(isValue) || ts.isFunctionLike(isValue)) return [];
  const index = list.indexOf(part);
  const next = list[index + 1];
  const before = list[index - 1];
  const file = part.getSourceFile().fileName;
  if (next) return [{ file, start: part.getStart(), end: next.getStart(), text: '' }];
  return [{ file, start: before ? before.end : part.getStart(), end: part.end, text: '' }];
}

function listOf(node: Ts.Node | undefined): readonly Ts.Node[] | undefined {
  if (!node) return undefined;
  if (ts.isCallExpression(node)) return node.arguments;
  if (ts.isArrayLiteralExpression(node)) return node.elements;
  return ts.isObjectLiteralExpression(node) ? node.properties : undefined;
}

/** A name that stands for the guard itself, where it is used; not a parameter of the same name. */
function isUse(name: Ts.Identifier): boolean {
  const { parent } = name;
  if ((parent as { name?: Ts.Node }).name === name && !ts.isShorthandPropertyAssignment(parent)) return false;
  const local = resolveLocal(name);
  if (!local) return false;
  if (ts.findAncestor(local, (at) => ts.isParameter(at) || ts.isBindingElement(at))) return false;
  return !ts.findAncestor(name, (at) => ts.isImportDeclaration(at) || ts.isExportDeclaration(at));
}

export const operators: readonly Operator<RouteGuardOptions>[] = [dropGuard, openGuard];

import { type Ts, ts } from '../syntax/ts.ts';
import { nameText } from './code.ts';
import { outermost } from './shapes.ts';

const tables = new WeakMap<Ts.SourceFile, ReadonlyMap<string, readonly Ts.Node[]>>();

/**
 * Everything in a file that a config can name. Overloads, merged interfaces, and an accessor pair share a name. What
 * an anonymous function or a loose object literal declares has none.
 */
export function declaredNames(source: Ts.SourceFile): ReadonlyMap<string, readonly Ts.Node[]> {
  const known = tables.get(source);
  if (known) return known;
  const table = new Map<string, Ts.Node[]>();
  const visit = (node: Ts.Node, around: readonly string[]): void => {
    const own = ownName(node, around.length > 0);
    const names = own === undefined ? around : [...around, own];
    if (own !== undefined && !names.includes(ANONYMOUS)) {
      const name = names.join('.');
      const nodes = table.get(name);
      if (nodes) nodes.push(node);
      else table.set(name, [node]);
    }
    ts.forEachChild(node, (child) => visit(child, names));
  };
  ts.forEachChild(source, (node) => visit(node, []));
  tables.set(source, table);
  return table;
}

/** The names of the declarations that a node lies in, itself included, outermost first: `Api`, `Api.stop`. */
export function namesAround(node: Ts.Node): readonly string[] {
  const ancestors: Ts.Node[] = [];
  for (let at = node; !ts.isSourceFile(at); at = at.parent) ancestors.unshift(at);
  const segments: string[] = [];
  const names: string[] = [];
  for (const at of ancestors) {
    const own = ownName(at, segments.length > 0);
    if (own === undefined) continue;
    segments.push(own);
    names.push(segments.join('.'));
  }
  return names;
}

/** Stands for a scope without a name. No config can spell it, and what lies below it stays out of reach. */
const ANONYMOUS = '<anonymous>';

/** What a node adds to a dotted name; undefined when it adds nothing. */
function ownName(node: Ts.Node, isInsideNamed: boolean): string | undefined {
  if (ts.isConstructorDeclaration(node)) return 'constructor';
  if (ts.isExportAssignment(node)) return 'default';
  if (ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node)) return node.name?.text ?? 'default';
  if (ts.isVariableDeclaration(node)) return ts.isIdentifier(node.name) ? node.name.text : undefined;
  if (ts.isArrowFunction(node) || ts.isFunctionExpression(node) || ts.isClassExpression(node)) {
    return isValueOfNamed(node) ? undefined : (node.name?.text ?? ANONYMOUS);
  }
  if (ts.isObjectLiteralExpression(node)) return isInsideNamed ? undefined : ANONYMOUS;
  if (
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isModuleDeclaration(node) ||
    ts.isClassElement(node) ||
    ts.isTypeElement(node) ||
    ts.isObjectLiteralElement(node)
  ) {
    return node.name && nameText(node.name);
  }
  return undefined;
}

/** Whether a function or class is what a name is given to, so that it goes by that name. */
function isValueOfNamed(node: Ts.Node): boolean {
  const value = outermost(node);
  const holder = value.parent;
  return (
    (ts.isVariableDeclaration(holder) ||
      ts.isPropertyDeclaration(holder) ||
      ts.isPropertyAssignment(holder)) &&
    holder.initializer === value
  );
}

import { type Ts, ts } from '../../syntax/ts.ts';
import { buildCfg, type Cfg, type CfgOwner } from '../cfg.ts';
import { hasBody, nameText } from '../code.ts';

/** A function with a body. */
export type FunctionNode = Ts.FunctionLikeDeclaration;

export function isFunctionNode(node: Ts.Node): node is FunctionNode {
  return ts.isFunctionLike(node) && hasBody(node);
}

/** The function, static block or file whose body a node is part of. */
export function ownerOf(node: Ts.Node): CfgOwner {
  let at = node.parent;
  while (!isFunctionNode(at) && !ts.isClassStaticBlockDeclaration(at) && !ts.isSourceFile(at)) at = at.parent;
  return at;
}

const graphs = new WeakMap<CfgOwner, Cfg>();

/** The control-flow graph of a function, built once. */
export function cfgOf(owner: CfgOwner): Cfg {
  let cfg = graphs.get(owner);
  if (!cfg) {
    cfg = buildCfg(owner);
    graphs.set(owner, cfg);
  }
  return cfg;
}

/** What a function is called in the source; undefined for a callback. */
export function functionName(fn: Ts.Node): string | undefined {
  if (ts.isConstructorDeclaration(fn)) return withClass('constructor', fn.parent);
  const own = (fn as { name?: Ts.Node }).name;
  if (own) return withClass(nameText(own) ?? 'function', fn.parent);
  if (ts.isFunctionDeclaration(fn)) return 'default';
  const value = valueHolding(fn);
  const holder = value.parent;
  if (ts.isVariableDeclaration(holder) || ts.isPropertyAssignment(holder)) return nameText(holder.name);
  if (ts.isPropertyDeclaration(holder)) return withClass(nameText(holder.name) ?? 'function', holder.parent);
  if (ts.isExportAssignment(holder)) return 'default';
  return undefined;
}

/** The innermost function with a name, or the file, that a node is part of; a function is part of itself. */
export function namedFunctionAround(node: Ts.Node): Ts.Node {
  let at = node;
  while (!ts.isSourceFile(at) && !(isFunctionNode(at) && functionName(at) !== undefined)) at = at.parent;
  return at;
}

function withClass(name: string, owner: Ts.Node): string {
  return ts.isClassLike(owner) && owner.name ? `${owner.name.text}.${name}` : name;
}

/** The outermost expression that has the function as its value. */
function valueHolding(fn: Ts.Node): Ts.Node {
  let value = fn;
  while (
    ts.isParenthesizedExpression(value.parent) ||
    ts.isAsExpression(value.parent) ||
    ts.isSatisfiesExpression(value.parent)
  ) {
    value = value.parent;
  }
  return value;
}

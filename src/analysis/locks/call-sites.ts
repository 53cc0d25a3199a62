import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, hasBody } from '../code.ts';
import { callWith } from '../shapes.ts';
import { accessOf, referencesTo } from './references.ts';

/** A place where a function is called, or a property with a setter assigned. */
export interface CallSite {
  /** The call, `new` or assignment. */
  readonly node: Ts.Node;
  readonly args: readonly Ts.Expression[];
  /** What it is called on. */
  readonly object: Ts.Expression | undefined;
}

export interface CallSites {
  readonly sites: readonly CallSite[];
  /** Nobody calls it in a way that is not seen: as a value that is handed on. */
  readonly isWhole: boolean;
}

const NONE: CallSites = { sites: [], isWhole: false };

/** Where the program calls a function by its name. */
export function callSitesOf(fn: Ts.SignatureDeclaration, code: Code): CallSites {
  if (ts.isConstructorDeclaration(fn)) return constructions(fn, code);
  const inPlace = (ts.isArrowFunction(fn) || ts.isFunctionExpression(fn)) && callOf(fn);
  if (inPlace) return { sites: [inPlace], isWhole: true };
  const declaration = namedBy(fn);
  if (!declaration) return NONE;
  const sites: CallSite[] = [];
  let isWhole = true;
  for (const name of referencesTo(declaration, code)) {
    if (isMention(name)) continue;
    const access = accessOf(name);
    const site = ts.isSetAccessor(fn) ? assignmentTo(access) : callOf(access);
    if (site) sites.push(site);
    else if (!ts.isSetAccessor(fn)) isWhole = false;
  }
  return { sites, isWhole };
}

/** The declaration by whose name a function is called. */
function namedBy(fn: Ts.SignatureDeclaration): Ts.Node | undefined {
  if (ts.isFunctionDeclaration(fn) || ts.isMethodDeclaration(fn) || ts.isSetAccessor(fn)) return fn;
  const { parent } = fn;
  const isNamed =
    ts.isVariableDeclaration(parent) || ts.isPropertyDeclaration(parent) || ts.isPropertyAssignment(parent);
  return isNamed ? parent : undefined;
}

/** Imports, exports and types run nothing. */
function isMention(name: Ts.Node): boolean {
  const { parent } = name;
  return (
    ts.isImportSpecifier(parent) ||
    ts.isExportSpecifier(parent) ||
    ts.isImportClause(parent) ||
    ts.isTypeQueryNode(parent) ||
    ts.isMethodSignature(parent) ||
    (ts.isMethodDeclaration(parent) && parent.name === name)
  );
}

function callOf(callee: Ts.Expression): CallSite | undefined {
  const call = callWith(callee);
  return call && { node: call, args: call.arguments, object: objectOf(callee) };
}

function assignmentTo(target: Ts.Expression): CallSite | undefined {
  const { parent } = target;
  const isAssignment =
    ts.isBinaryExpression(parent) &&
    parent.left === target &&
    parent.operatorToken.kind === ts.SyntaxKind.EqualsToken;
  return isAssignment ? { node: parent, args: [parent.right], object: objectOf(target) } : undefined;
}

/** The `a` of `a.b`. */
export function objectOf(access: Ts.Expression): Ts.Expression | undefined {
  return ts.isPropertyAccessExpression(access) || ts.isElementAccessExpression(access)
    ? access.expression
    : undefined;
}

/** `new X()`, of the class itself and of those that have no constructor of their own, and `super()`. */
function constructions(fn: Ts.ConstructorDeclaration, code: Code): CallSites {
  const cls = fn.parent;
  const sites: CallSite[] = code.constructions(cls).map((made) => ({
    node: made,
    args: made.arguments ?? [],
    object: undefined,
  }));
  for (const heir of code.subtypes(cls)) {
    const own = heir.members.find((member) => ts.isConstructorDeclaration(member) && hasBody(member));
    if (own) {
      for (const call of superCalls(own)) sites.push({ node: call, args: call.arguments, object: undefined });
    } else {
      for (const made of code.constructions(heir))
        sites.push({ node: made, args: made.arguments ?? [], object: undefined });
    }
  }
  return { sites, isWhole: true };
}

function superCalls(within: Ts.Node): readonly Ts.CallExpression[] {
  const found: Ts.CallExpression[] = [];
  const visit = (node: Ts.Node): void => {
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.SuperKeyword) found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(within);
  return found;
}

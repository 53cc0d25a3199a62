import { type Ts, ts } from '../../syntax/ts.ts';
import type { CallLike, Cfg, CfgOwner } from '../cfg.ts';
import { skipParentheses } from '../code.ts';
import { hasModifier, isFunctionExpression, outermost } from '../shapes.ts';

/** Something that code does, which may let others run. */
export type Step =
  /** It pauses here. */
  | { readonly kind: 'pause'; readonly node: Ts.Node; readonly by: PauseKind }
  | { readonly kind: 'call'; readonly node: CallLike }
  /** A member is read, or given a value: by a getter or setter it may run code. */
  | { readonly kind: 'member'; readonly node: MemberAccess; readonly writes: boolean }
  /** An iterator is gone through. */
  | { readonly kind: 'iterate'; readonly node: Ts.Expression }
  /** At the end of its block a resource is disposed of. */
  | { readonly kind: 'dispose'; readonly node: Ts.Expression };

/** `chain`: what is left to do waits for a promise, in a function that is handed to its `then`. */
export type PauseKind = 'await' | 'chain' | 'yield' | 'yield*' | 'for await' | 'await using';

/** `a.b`, `a['b']`, or the `b` of `const { b } = a`. */
export type MemberAccess = Ts.PropertyAccessExpression | Ts.ElementAccessExpression | Ts.BindingElement;

/**
 * What some code does when it is run, in the order of the source; functions that are only defined in it do nothing.
 * What is awaited in place is part of the pause. Code that cannot be reached does nothing either, as far as `cfg`
 * knows the way there.
 */
export function stepsOf(code: readonly Ts.Node[], cfg: Cfg | undefined): readonly Step[] {
  const steps: Step[] = [];
  const performed = cfg && performedIn(cfg);
  // The graph sees no exception where nothing is called; a `catch` is written for one.
  const isReached = (node: Ts.Node): boolean =>
    performed === undefined ||
    performed.has(node) ||
    ts.findAncestor(node, isCatchOrFunction)?.kind === CATCH;
  const visitAll = (nodes: readonly Ts.Node[]): void => {
    for (const node of nodes) visit(node);
  };
  const visit = (node: Ts.Node): void => {
    if (ts.isFunctionLike(node) || isOfTypes(node)) return;
    if (ts.isClassLike(node)) {
      visitAll(runByDefinition(node));
      return;
    }
    if (ts.isAwaitExpression(node)) {
      if (isReached(node)) steps.push({ kind: 'pause', node, by: 'await' });
      // What is awaited in what is awaited is a pause of its own.
      visitAwaits(node.expression);
      return;
    }
    if (ts.isYieldExpression(node)) {
      if (isReached(node)) steps.push({ kind: 'pause', node, by: node.asteriskToken ? 'yield*' : 'yield' });
    } else if (ts.isForOfStatement(node) && isReached(node)) {
      if (node.awaitModifier) steps.push({ kind: 'pause', node: node.expression, by: 'for await' });
      else steps.push({ kind: 'iterate', node: node.expression });
    } else if (ts.isVariableDeclaration(node)) {
      steps.push(...ofDeclaration(node));
    } else if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent)) {
      steps.push({ kind: 'member', node, writes: false });
    } else if (ts.isSpreadElement(node)) {
      steps.push({ kind: 'iterate', node: node.expression });
    } else if (isCall(node)) {
      if (!isReached(node)) return;
      if (goesOnLater(node)) steps.push({ kind: 'pause', node, by: 'chain' });
      else steps.push({ kind: 'call', node });
    } else if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) {
      if (!isCallee(node)) steps.push({ kind: 'member', node, writes: isWritten(node) });
    }
    ts.forEachChild(node, visit);
  };
  const visitAwaits = (node: Ts.Node): void => {
    if (ts.isFunctionLike(node)) return;
    if (ts.isAwaitExpression(node) && isReached(node)) steps.push({ kind: 'pause', node, by: 'await' });
    ts.forEachChild(node, visitAwaits);
  };
  visitAll(code);
  return steps;
}

const performedBy = new WeakMap<Cfg, ReadonlySet<Ts.Node>>();

/** What control can come to. */
function performedIn(cfg: Cfg): ReadonlySet<Ts.Node> {
  let performed = performedBy.get(cfg);
  if (!performed) {
    const reached = new Set([cfg.entry]);
    for (const id of reached) for (const { to } of cfg.nodes[id]?.successors ?? []) reached.add(to);
    const nodes = [...reached].flatMap((id) => {
      const { node } = (cfg.nodes[id]?.action ?? {}) as { node?: Ts.Node };
      return node ?? [];
    });
    performed = new Set(nodes);
    performedBy.set(cfg, performed);
  }
  return performed;
}

function ofDeclaration(node: Ts.VariableDeclaration): readonly Step[] {
  const flags = ts.getCombinedNodeFlags(node) & ts.NodeFlags.BlockScoped;
  if (flags === ts.NodeFlags.AwaitUsing) return [{ kind: 'pause', node, by: 'await using' }];
  const { initializer, name } = node;
  if (!initializer) return [];
  if (flags === ts.NodeFlags.Using) return [{ kind: 'dispose', node: initializer }];
  return ts.isArrayBindingPattern(name) ? [{ kind: 'iterate', node: initializer }] : [];
}

/** What of a class runs where the class is defined: what it extends, and all that is static. */
function runByDefinition(cls: Ts.ClassLikeDeclaration): readonly Ts.Node[] {
  const bases = (cls.heritageClauses ?? [])
    .filter(({ token }) => token === ts.SyntaxKind.ExtendsKeyword)
    .flatMap(({ types }) => types.map(({ expression }) => expression));
  const own = cls.members.flatMap((member): readonly Ts.Node[] => {
    if (ts.isClassStaticBlockDeclaration(member)) return [member.body];
    const isStatic = ts.isPropertyDeclaration(member) && hasModifier(member, ts.SyntaxKind.StaticKeyword);
    return isStatic && member.initializer ? [member.initializer] : [];
  });
  return [...bases, ...own];
}

function isOfTypes(node: Ts.Node): boolean {
  return (
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isImportDeclaration(node) ||
    ts.isExportDeclaration(node) ||
    (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node))
  );
}

function isCall(node: Ts.Node): node is CallLike {
  return ts.isCallExpression(node) || ts.isNewExpression(node) || ts.isTaggedTemplateExpression(node);
}

const CATCH = ts.SyntaxKind.CatchClause;

function isCatchOrFunction(node: Ts.Node): boolean {
  return ts.isCatchClause(node) || ts.isFunctionLike(node);
}

/** `return p.then((value) => …)`: an `await` by another name. */
function goesOnLater(node: CallLike): boolean {
  if (!ts.isCallExpression(node)) return false;
  const callee = skipParentheses(node.expression);
  if (!ts.isPropertyAccessExpression(callee) || !/^(?:then|finally)$/.test(callee.name.text)) return false;
  const [first] = node.arguments;
  if (!first || !isFunctionExpression(skipParentheses(first))) return false;
  let value: Ts.Node = node;
  while (skipParentheses(value.parent) === node || isLinkAfter(value)) value = nextLink(value);
  const { parent } = value;
  return ts.isReturnStatement(parent) || (ts.isArrowFunction(parent) && parent.body === value);
}

/** Whether a promise is what another link of the chain waits for. */
function isLinkAfter({ parent }: Ts.Node): boolean {
  return ts.isPropertyAccessExpression(parent) && ts.isCallExpression(parent.parent);
}

function nextLink({ parent }: Ts.Node): Ts.Node {
  return ts.isPropertyAccessExpression(parent) ? parent.parent : parent;
}

/** Whether a member is what is called: reading it is part of the call. */
function isCallee(node: Ts.Node): boolean {
  const value = outermost(node);
  const { parent } = value;
  return (
    (ts.isCallExpression(parent) && parent.expression === value) ||
    (ts.isTaggedTemplateExpression(parent) && parent.tag === value)
  );
}

function isWritten(node: Ts.Node): boolean {
  const { parent } = node;
  return (
    ts.isBinaryExpression(parent) &&
    parent.left === node &&
    parent.operatorToken.kind === ts.SyntaxKind.EqualsToken
  );
}

/** The function, static block or file that some code is part of: what its graph is built of. */
export function graphOwner(node: Ts.Node): CfgOwner | undefined {
  for (let at: Ts.Node | undefined = node; at; at = at.parent) {
    // The graph of a class or file is not that of the fields of its objects.
    if (ts.isPropertyDeclaration(at)) return undefined;
    if (ts.isSourceFile(at) || ts.isClassStaticBlockDeclaration(at)) return at;
    if (ts.isFunctionLike(at)) return at as Ts.FunctionLikeDeclaration;
  }
  return undefined;
}

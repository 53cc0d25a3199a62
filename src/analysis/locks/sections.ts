import type { Span } from '../../engine/finding.ts';
import type { Program } from '../../engine/program.ts';
import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { bodyOf, type CfgOwner } from '../cfg.ts';
import { isCfgOwner } from './evaluator.ts';
import type { Taking } from './record.ts';
import type { LockClass } from './values.ts';

/** The code that runs under a lock from the place where it is taken on, as it is written. */
export interface Section {
  readonly lock: LockClass;
  readonly call: Ts.CallExpression;
  /** The call with the `await` before it. */
  readonly taking: Ts.Expression;
  /**
   * `using` binds what is disposed of at the end of the block; `bound` keeps a grant that a call gives back; `plain` binds
   * nothing; `scoped` runs a function under the lock.
   */
  readonly style: 'using' | 'bound' | 'plain' | 'scoped';
  /** The statement that takes it; the call itself for a function. */
  readonly statement: Ts.Node;
  /** What the grant is called. */
  readonly grant: Ts.Identifier | undefined;
  /** Where a further statement runs under the lock, before all others. */
  readonly start: number;
  /** What runs under the lock. */
  readonly body: Span;
  /** The function in which the lock is held. */
  readonly owner: CfgOwner;
}

/** The sections that takings begin, as far as they are written in one of the usual ways. */
export function sectionsOf(takings: readonly Taking[], program: Program): readonly Section[] {
  return takings
    .flatMap((taking) => sectionOf(taking, program) ?? [])
    .sort((a, b) => (a.body.file < b.body.file ? -1 : a.body.file > b.body.file ? 1 : a.start - b.start));
}

function sectionOf({ at, lock }: Taking, program: Program): Section | undefined {
  const tree = program.tree(at.file);
  const call = tree && callAround(tree.nodeAt(at.start, at.end), at);
  if (!call) return undefined;
  const taking = ts.isAwaitExpression(call.parent) ? call.parent : call;
  const common = { lock: lock.cls, call, taking };
  const run = call.arguments.find(
    (argument) => ts.isArrowFunction(argument) || ts.isFunctionExpression(argument),
  );
  if (run && (ts.isArrowFunction(run) || ts.isFunctionExpression(run))) {
    if (!ts.isBlock(run.body)) return undefined;
    const start = run.body.getStart() + 1;
    const body = { file: at.file, start, end: run.body.end - 1 };
    return { ...common, style: 'scoped', statement: call, grant: undefined, start, body, owner: run };
  }
  const statement = statementOf(taking);
  const owner = statement && functionAround(statement);
  if (!statement || !owner || !ts.isBlock(statement.parent)) return undefined;
  const body = { file: at.file, start: statement.end, end: statement.parent.end - 1 };
  const place = { statement, start: statement.end, body, owner };
  if (ts.isExpressionStatement(statement)) return { ...common, ...place, style: 'plain', grant: undefined };
  const [declaration] = statement.declarationList.declarations;
  const grant = declaration && ts.isIdentifier(declaration.name) ? declaration.name : undefined;
  const isUsing = (statement.declarationList.flags & ts.NodeFlags.Using) !== 0;
  return { ...common, ...place, style: isUsing ? 'using' : 'bound', grant };
}

function callAround(node: Ts.Node, at: Span): Ts.CallExpression | undefined {
  for (let one: Ts.Node | undefined = node; one && one.getStart() >= at.start - 1000; one = one.parent) {
    if (ts.isCallExpression(one)) return one;
    if (ts.isStatement(one)) return undefined;
  }
  return undefined;
}

/** The statement that consists of an expression, or binds its value to one name. */
function statementOf(taking: Ts.Expression): Ts.ExpressionStatement | Ts.VariableStatement | undefined {
  const { parent } = taking;
  if (ts.isExpressionStatement(parent)) return parent;
  const list = ts.isVariableDeclaration(parent) && parent.initializer === taking ? parent.parent : undefined;
  if (!list || !ts.isVariableDeclarationList(list) || list.declarations.length !== 1) return undefined;
  return ts.isVariableStatement(list.parent) ? list.parent : undefined;
}

/** The function whose own code a node is. */
export function functionAround(node: Ts.Node): CfgOwner | undefined {
  for (let at: Ts.Node | undefined = node.parent; at; at = at.parent)
    if (isCfgOwner(at) && bodyOf(at)) return at;
  return undefined;
}

/**
 * Whether an expression means at another place what it means where it stands: it is made of `this`, where that is the
 * same, of constants, and of names that stand for the same there.
 */
export function means(expression: Ts.Node, from: Ts.Node, to: Section): boolean {
  let same = true;
  const visit = (node: Ts.Node): void => {
    if (node.kind === ts.SyntaxKind.ThisKeyword) same &&= classAround(node) === classAround(to.call);
    else if (ts.isFunctionLike(node) || ts.isAwaitExpression(node)) same = false;
    else if (ts.isIdentifier(node) && !isPropertyName(node)) same &&= isVisible(node, to);
    ts.forEachChild(node, visit);
  };
  visit(expression);
  return same && (from === to.call || from.getSourceFile() === to.call.getSourceFile());
}

/** Whether a name of one place stands for the same at the start of a section. */
function isVisible(name: Ts.Identifier, to: Section): boolean {
  const declaration = resolveLocal(name);
  if (!declaration) return true;
  const scope = functionAround(declaration);
  if (scope && ts.isSourceFile(scope)) return true;
  for (let owner: CfgOwner | undefined = to.owner; owner; owner = functionAround(owner)) {
    if (ts.isParameter(declaration) && declaration.parent === owner) return true;
    if (scope !== owner) continue;
    const block = blockAround(declaration);
    return (
      declaration.end <= to.start && block !== undefined && block.pos <= to.start && to.start <= block.end
    );
  }
  return false;
}

function blockAround(node: Ts.Node): Ts.Node | undefined {
  for (let at: Ts.Node | undefined = node.parent; at; at = at.parent) {
    if (ts.isBlock(at) || ts.isSourceFile(at) || ts.isIterationStatement(at, false) || ts.isCatchClause(at))
      return at;
  }
  return undefined;
}

function classAround(node: Ts.Node): Ts.Node | undefined {
  for (let at: Ts.Node | undefined = node; at; at = at.parent) {
    if (ts.isClassLike(at)) return at;
    // A function of its own has a `this` of its own.
    if (ts.isFunctionDeclaration(at) || ts.isFunctionExpression(at) || ts.isObjectLiteralExpression(at))
      return at;
  }
  return undefined;
}

function isPropertyName(node: Ts.Identifier): boolean {
  const { parent } = node;
  return (
    (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
    (ts.isPropertyAssignment(parent) && parent.name === node)
  );
}

/** The text of an expression that takes the lock of a section once more, and does nothing under it. */
export function takingAgain({ taking, call }: Section): string {
  const source = taking.getText();
  const offset = taking.getStart();
  let text = source;
  for (const argument of [...call.arguments].reverse()) {
    if (!ts.isFunctionLike(argument)) continue;
    const [from, to] = [argument.getStart() - offset, argument.end - offset];
    text = `${text.slice(0, from)}async () => {}${text.slice(to)}`;
  }
  return text;
}

/** Whether a statement may wait in the function that holds the lock. */
export function mayWait({ owner }: Section): boolean {
  return (
    ts.canHaveModifiers(owner) &&
    (ts.getModifiers(owner) ?? []).some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword)
  );
}

import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import type { NameNode } from '../code.ts';
import { type Usage, usageOf } from './usage.ts';

/** The names to look for. */
export interface Wanted {
  /** Names of members. */
  readonly members: ReadonlySet<string>;
  /** Names of functions of modules, as their modules declare them. */
  readonly functions: ReadonlySet<string>;
  /** The files that declare them, or what they override or implement. */
  readonly declaring: ReadonlySet<string>;
  /**
   * Whether it counts when something is merely looked at: tested for being there, replaced, asked for a member. Absent
   * where it is about functions, which run only when they are called.
   */
  readonly looks?: 'count';
}

type Judging = Pick<Wanted, 'functions' | 'looks'>;

/** What looks like a reference by its spelling and its place. */
export interface Candidate {
  readonly leaf: NameNode;
  /** The member expression, the name, or the element of a destructuring pattern. */
  readonly node: Ts.Node;
  readonly usage: Exclude<Usage, 'none'>;
  readonly lookup: Lookup;
  /** The expression that the member is taken from, where there is one. */
  readonly receiver: Ts.Node | undefined;
  /** What has the member: the receiver, or the pattern that takes a value apart. */
  readonly source: Ts.Node | undefined;
}

/** A member whose name is computed: `backend[verb]`, `const { [verb]: run } = backend`. */
export interface KeyedAccess extends Pick<Candidate, 'node' | 'usage' | 'receiver' | 'source'> {
  readonly key: Ts.Expression;
}

/** What tells which declaration a candidate stands for. */
export type Lookup =
  /** The member's own name, or what has it. */
  | 'name'
  /** The type of the variable that the pattern declares, or what is taken apart. */
  | 'pattern'
  /** The scope: it is a plain name, or the short form of a property that speaks of a variable. */
  | 'variable';

/** Judges a name, or a string that may be a key, by what is around it. */
export function candidateAt(leaf: NameNode, judging: Judging): Candidate | undefined {
  const { parent } = leaf;
  const { functions } = judging;
  if (ts.isPropertyAccessExpression(parent) && parent.name === leaf) {
    return expression(leaf, { node: parent, lookup: 'name', receiver: parent.expression }, judging);
  }
  const isKey = ts.isStringLiteralLike(leaf);
  if (isKey && ts.isElementAccessExpression(parent) && parent.argumentExpression === leaf) {
    return expression(leaf, { node: parent, lookup: 'name', receiver: parent.expression }, judging);
  }
  if (isKey && ts.isCallExpression(parent)) return reflected(leaf, parent, judging);
  if (isKey && ts.isComputedPropertyName(parent)) {
    return isPatternKey(parent) ? element(leaf, { node: parent.parent, lookup: 'pattern' }) : undefined;
  }
  if (ts.isBindingElement(parent) && ts.isObjectBindingPattern(parent.parent)) {
    if (parent.initializer === leaf) return variableOf(leaf, judging);
    if (parent.dotDotDotToken) return undefined;
    const isNamed = parent.propertyName === leaf && ts.isIdentifier(leaf);
    if (parent.propertyName && parent.propertyName !== leaf) return undefined;
    return element(leaf, { node: parent, lookup: isNamed ? 'name' : 'pattern' });
  }
  if (ts.isPropertyAssignment(parent) && parent.name === leaf) {
    return isAssignedPattern(parent.parent) ? element(leaf, { node: parent, lookup: 'pattern' }) : undefined;
  }
  if (ts.isShorthandPropertyAssignment(parent) && parent.name === leaf) {
    if (isAssignedPattern(parent.parent)) return element(leaf, { node: parent, lookup: 'pattern' });
    if (functions.size === 0) return undefined;
    return { leaf, node: leaf, usage: 'value', lookup: 'variable', receiver: undefined, source: undefined };
  }
  return variableOf(leaf, judging);
}

/** `Reflect.get(backend, 'stop')`: the language's own way to take a member by a string. */
function reflected(leaf: NameNode, call: Ts.CallExpression, judging: Judging): Candidate | undefined {
  const [receiver, key] = call.arguments;
  if (!receiver || key !== leaf || !READS_MEMBER.has(call.expression.getText())) return undefined;
  const { expression: callee } = call;
  const owner = ts.isPropertyAccessExpression(callee) ? callee.expression : callee;
  if (!ts.isIdentifier(owner) || resolveLocal(owner) !== undefined) return undefined;
  return expression(leaf, { node: call, lookup: 'name', receiver }, judging);
}

const READS_MEMBER: ReadonlySet<string> = new Set(['Reflect.get', 'Object.getOwnPropertyDescriptor']);

/** Judges a node that may take a member by a key that is computed, and not by a string. */
export function keyedAccessAt(node: Ts.Node, { looks }: Pick<Judging, 'looks'>): KeyedAccess | undefined {
  if (ts.isElementAccessExpression(node)) {
    const { argumentExpression: key, expression: receiver } = node;
    const usage = mayBeName(key) ? countedUsage(node, looks) : 'none';
    return usage === 'none' ? undefined : { node, usage, key, receiver, source: receiver };
  }
  if (!ts.isComputedPropertyName(node) || !isPatternKey(node) || !mayBeName(node.expression))
    return undefined;
  return { node: node.parent, usage: 'value', key: node.expression, ...takenApart(node.parent.parent) };
}

/** Whether a key may hold a name that is not written in it: no number, no sum, no string. */
function mayBeName(key: Ts.Expression): boolean {
  if (ts.isBinaryExpression(key)) return CHOICES.has(key.operatorToken.kind);
  return !(
    ts.isStringLiteralLike(key) ||
    ts.isNumericLiteral(key) ||
    ts.isPrefixUnaryExpression(key) ||
    ts.isPostfixUnaryExpression(key)
  );
}

/** Operators that yield one of their operands. */
const CHOICES: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.QuestionQuestionToken,
  ts.SyntaxKind.CommaToken,
]);

type Parts = Pick<Candidate, 'node' | 'lookup' | 'receiver'>;

function expression(leaf: NameNode, parts: Parts, { looks }: Judging): Candidate | undefined {
  const usage = countedUsage(parts.node, looks);
  return usage === 'none' ? undefined : { leaf, usage, ...parts, source: parts.receiver };
}

/** What is done with an expression; to look at it is to take it as a value, where looks count. */
function countedUsage(node: Ts.Node, looks: Wanted['looks']): Usage {
  const usage = usageOf(node);
  return usage === 'none' && looks ? 'value' : usage;
}

/** An element of a pattern gives the member to a variable. */
function element(leaf: NameNode, parts: Omit<Parts, 'receiver'>): Candidate {
  return { leaf, usage: 'value', ...parts, ...takenApart(parts.node.parent) };
}

/** A plain name where an expression may stand: only functions of modules are referred to like this. */
function variableOf(leaf: NameNode, judging: Judging): Candidate | undefined {
  if (judging.functions.size === 0 || !ts.isIdentifier(leaf) || !isExpression(leaf)) return undefined;
  return expression(leaf, { node: leaf, lookup: 'variable', receiver: undefined }, judging);
}

function isExpression(name: Ts.Identifier): boolean {
  const { parent } = name;
  const { name: declared, propertyName, label } = parent as NodeWithNames;
  if (declared === name || propertyName === name || label === name) return false;
  if (ts.isExpressionWithTypeArguments(parent)) return isBaseOfClass(parent);
  return !(
    ts.isTypeNode(parent) ||
    ts.isQualifiedName(parent) ||
    ts.isTypePredicateNode(parent) ||
    ts.isExportAssignment(parent) ||
    ts.isImportEqualsDeclaration(parent)
  );
}

/** `class Heir extends Base`: the only one of such clauses that runs. */
function isBaseOfClass({ parent }: Ts.ExpressionWithTypeArguments): boolean {
  return (
    ts.isHeritageClause(parent) &&
    parent.token === ts.SyntaxKind.ExtendsKeyword &&
    ts.isClassLike(parent.parent)
  );
}

/** The places of a node where a name is no expression. */
interface NodeWithNames extends Ts.Node {
  readonly name?: Ts.Node;
  readonly propertyName?: Ts.Node;
  readonly label?: Ts.Node;
}

function isPatternKey(name: Ts.ComputedPropertyName): boolean {
  const { parent } = name;
  if (ts.isBindingElement(parent)) return parent.propertyName === name;
  return ts.isPropertyAssignment(parent) && parent.name === name && isAssignedPattern(parent.parent);
}

/** Whether a literal is, or is part of, what an assignment takes a value apart by: `({ stop } = backend)`. */
function isAssignedPattern(node: Ts.Node): boolean {
  const { parent } = node;
  if (ts.isBinaryExpression(parent)) {
    return parent.left === node && parent.operatorToken.kind === ts.SyntaxKind.EqualsToken;
  }
  if (ts.isForOfStatement(parent)) return parent.initializer === node;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node && isAssignedPattern(parent.parent);
  return ts.isArrayLiteralExpression(parent) && isAssignedPattern(parent);
}

/** The expression that a pattern takes apart, and what has the type of its value: a declared pattern has it itself. */
function takenApart(pattern: Ts.Node): Pick<Candidate, 'receiver' | 'source'> {
  const { parent } = pattern;
  if (ts.isBinaryExpression(parent)) return { receiver: parent.right, source: parent.right };
  const isDeclared = ts.isVariableDeclaration(parent) || ts.isParameter(parent);
  const receiver = isDeclared ? parent.initializer : undefined;
  return { receiver, source: ts.isObjectBindingPattern(pattern) ? pattern : undefined };
}

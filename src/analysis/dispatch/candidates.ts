import { type Ts, ts } from '../../syntax/ts.ts';
import type { NameNode } from '../code.ts';
import { type Usage, usageOf } from './usage.ts';

/** The names to look for. */
export interface Wanted {
  /** Names of members. */
  readonly members: ReadonlySet<string>;
  /** Names of functions of modules, as their modules declare them. */
  readonly functions: ReadonlySet<string>;
}

/** What looks like a reference by its spelling and its place. */
export interface Candidate {
  readonly leaf: NameNode;
  /** The member expression, the name, or the element of a destructuring pattern. */
  readonly node: Ts.Node;
  readonly usage: Exclude<Usage, 'none'>;
  readonly lookup: Lookup;
  /** What the member is taken from; where only its type is written, the type's name. */
  readonly receiver: Ts.Node | undefined;
}

/** What tells which declaration a candidate stands for. */
export type Lookup =
  /** The member's own name. */
  | 'name'
  /** The value of the constant that is its key, and the type of the receiver. */
  | 'key'
  /** The type of what is destructured, or of the variable that the pattern declares. */
  | 'pattern'
  /** The scope: it is a plain name, or the short form of a property that speaks of a variable. */
  | 'variable';

/** Judges a name, or a string that may be a key, by what is around it. */
export function candidateAt(leaf: NameNode, { functions }: Pick<Wanted, 'functions'>): Candidate | undefined {
  const { parent } = leaf;
  if (ts.isPropertyAccessExpression(parent) && parent.name === leaf) {
    return expression(leaf, { node: parent, lookup: 'name', receiver: parent.expression });
  }
  if (ts.isElementAccessExpression(parent) && parent.argumentExpression === leaf) {
    const lookup = ts.isIdentifier(leaf) ? 'key' : 'name';
    return expression(leaf, { node: parent, lookup, receiver: parent.expression });
  }
  if (ts.isComputedPropertyName(parent)) {
    const lookup = ts.isIdentifier(leaf) ? 'key' : 'pattern';
    return isPatternKey(parent) ? element(leaf, { node: parent.parent, lookup }) : undefined;
  }
  if (ts.isBindingElement(parent) && ts.isObjectBindingPattern(parent.parent)) {
    if (parent.initializer === leaf) return variableOf(leaf, functions);
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
    return { leaf, node: leaf, usage: 'value', lookup: 'variable', receiver: undefined };
  }
  return variableOf(leaf, functions);
}

type Parts = Pick<Candidate, 'node' | 'lookup' | 'receiver'>;

function expression(leaf: NameNode, parts: Parts): Candidate | undefined {
  const usage = usageOf(parts.node);
  return usage === 'none' ? undefined : { leaf, usage, ...parts };
}

/** An element of a pattern gives the member to a variable. */
function element(leaf: NameNode, parts: Omit<Parts, 'receiver'>): Candidate {
  return { leaf, usage: 'value', ...parts, receiver: sourceOf(parts.node.parent) };
}

/** A plain name where an expression may stand: only functions of modules are referred to like this. */
function variableOf(leaf: NameNode, functions: ReadonlySet<string>): Candidate | undefined {
  if (functions.size === 0 || !ts.isIdentifier(leaf) || !isExpression(leaf)) return undefined;
  return expression(leaf, { node: leaf, lookup: 'variable', receiver: undefined });
}

function isExpression(name: Ts.Identifier): boolean {
  const { parent } = name;
  const { name: declared, propertyName, label } = parent as NodeWithNames;
  if (declared === name || propertyName === name || label === name) return false;
  return !(
    ts.isTypeNode(parent) ||
    ts.isQualifiedName(parent) ||
    ts.isTypePredicateNode(parent) ||
    ts.isExportAssignment(parent) ||
    ts.isImportEqualsDeclaration(parent)
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

/** What a pattern takes apart: an expression, or the name of its type. */
function sourceOf(pattern: Ts.Node): Ts.Node | undefined {
  const { parent } = pattern;
  if (ts.isBinaryExpression(parent)) return parent.right;
  if (!ts.isVariableDeclaration(parent) && !ts.isParameter(parent)) return undefined;
  if (parent.initializer) return parent.initializer;
  if (!parent.type || !ts.isTypeReferenceNode(parent.type)) return undefined;
  const { typeName } = parent.type;
  return ts.isIdentifier(typeName) ? typeName : typeName.right;
}

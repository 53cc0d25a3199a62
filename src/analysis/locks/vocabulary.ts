import type { LockPrimitive } from '../../config/types.ts';
import type { Program } from '../../engine/program.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { memberName, nameText, skipParentheses } from '../code.ts';
import { acquiringMethods, lockTypeNames, lockWords, SHAPE_ACQUIRE, SHAPE_SCOPED } from './primitives.ts';

/**
 * The names by which the program speaks of locks: lock types, and the fields, variables, parameters and functions
 * that hold or return one. A function that uses none of them neither hands out a lock nor gives one back.
 */
export function lockVocabulary(program: Program, primitives: readonly LockPrimitive[]): ReadonlySet<string> {
  const types = new Set(lockTypeNames(primitives));
  const trees = program
    .filesWith([...types, ...lockWords(primitives)])
    .map((file) => program.tree(file))
    .filter((tree) => tree !== undefined);
  for (const { source } of trees) {
    for (const name of ownLockTypes(source, types)) types.add(name);
  }
  const names = new Set(types);
  const methods = acquiringMethods(primitives);
  for (const { source } of trees) collectHolders(source, types, methods, names);
  return names;
}

/** Classes that offer what a lock offers, and names under which lock types are imported. */
function ownLockTypes(source: Ts.SourceFile, known: ReadonlySet<string>): string[] {
  const found: string[] = [];
  const offers = new Set([...SHAPE_SCOPED, ...SHAPE_ACQUIRE]);
  const visit = (node: Ts.Node): void => {
    if (ts.isClassLike(node) || ts.isInterfaceDeclaration(node)) {
      const isLock = [...node.members].some(
        (member) => isMethod(member) && member.name && offers.has(nameText(member.name) ?? ''),
      );
      if (isLock && node.name) found.push(node.name.text);
    }
    if (ts.isImportSpecifier(node) && node.propertyName && known.has(node.propertyName.text)) {
      found.push(node.name.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function isMethod(member: Ts.ClassElement | Ts.TypeElement): boolean {
  if (ts.isMethodDeclaration(member) || ts.isMethodSignature(member)) return true;
  if (ts.isPropertySignature(member)) return member.type !== undefined && ts.isFunctionTypeNode(member.type);
  return (
    ts.isPropertyDeclaration(member) &&
    member.initializer !== undefined &&
    ts.isArrowFunction(member.initializer)
  );
}

/** The names that a lock of these types, or what its methods grant, is bound to. */
function collectHolders(
  source: Ts.SourceFile,
  types: ReadonlySet<string>,
  methods: ReadonlySet<string>,
  names: Set<string>,
): void {
  const visit = (node: Ts.Node): void => {
    const isLock =
      (ts.isNewExpression(node) && ts.isIdentifier(node.expression) && types.has(node.expression.text)) ||
      (ts.isTypeReferenceNode(node) && ts.isIdentifier(node.typeName) && types.has(node.typeName.text));
    const holds = isLock || isKeptGrant(node, methods) || isBoundOperation(node, methods);
    const holder = holds ? holderOf(node) : undefined;
    if (holder !== undefined) names.add(holder);
    ts.forEachChild(node, visit);
  };
  visit(source);
}

/** The call in `this.release = await this.mu.acquire()`: the field outlives the function. */
function isKeptGrant(node: Ts.Node, methods: ReadonlySet<string>): boolean {
  if (!ts.isCallExpression(node)) return false;
  const name = memberName(skipParentheses(node.expression));
  if (!name || !methods.has(nameText(name) ?? '')) return false;
  let at: Ts.Node = node;
  while (ts.isAwaitExpression(at.parent) || ts.isParenthesizedExpression(at.parent)) at = at.parent;
  return ts.isBinaryExpression(at.parent) && at.parent.right === at;
}

/** The method in `mu.runExclusive.bind(mu)`: a value that is called under another name. */
function isBoundOperation(node: Ts.Node, methods: ReadonlySet<string>): boolean {
  const name = memberName(node);
  if (!name || node.kind === ts.SyntaxKind.QualifiedName || !methods.has(nameText(name) ?? '')) return false;
  const { parent } = node;
  return (
    ts.isVariableDeclaration(parent) || (ts.isPropertyAccessExpression(parent) && parent.name.text === 'bind')
  );
}

function holderOf(node: Ts.Node): string | undefined {
  for (let at = node.parent; at && !ts.isSourceFile(at); at = at.parent) {
    if (ts.isBinaryExpression(at)) {
      const target = ts.isElementAccessExpression(at.left) ? at.left.expression : at.left;
      if (ts.isPropertyAccessExpression(target)) return nameText(target.name);
      if (ts.isIdentifier(target)) return target.text;
    }
    const { name } = at as { name?: Ts.Node };
    const declares =
      ts.isVariableDeclaration(at) ||
      ts.isPropertyDeclaration(at) ||
      ts.isPropertyAssignment(at) ||
      ts.isPropertySignature(at) ||
      ts.isParameter(at) ||
      ts.isFunctionLike(at);
    if (declares && name) return nameText(name)?.replace(/^#/, '');
    if (ts.isClassLike(at)) return undefined;
  }
  return undefined;
}

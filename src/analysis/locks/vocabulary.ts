import type { LockPrimitive } from '../../config/types.ts';
import type { Program } from '../../engine/program.ts';
import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { hasBody, isImport, moduleSpecifier, nameText } from '../code.ts';
import { filesWithChains } from './chain-texts.ts';
import { chainsShape } from './keyed-chains.ts';
import { spokenName } from './lock-tags.ts';
import {
  acquiringMethods,
  isEveryday,
  lockTypeNames,
  lockWords,
  SHAPE_ACQUIRE,
  SHAPE_SCOPED,
} from './primitives.ts';
import { isTakingCall, isTakingMethod } from './taking.ts';

/** How a program speaks of locks: by their types, and by what holds one. */
export interface LockVocabulary {
  readonly types: ReadonlySet<string>;
  /** The declarations of fields, variables and parameters that hold a lock, or return one without a body, by name. */
  readonly holders: ReadonlyMap<string, ReadonlySet<Ts.Node>>;
  /** Names under which a lock is kept where it cannot be told which declaration is meant. */
  readonly loose: ReadonlySet<string>;
  /** Names under which methods of locks are kept, to be called by. */
  readonly bound: ReadonlySet<string>;
  /** Fields and functions that an annotation ties to a lock, by name: whoever uses them has to do with it. */
  readonly tagged: ReadonlyMap<string, ReadonlySet<Ts.Node>>;
}

/** A function that uses none of these neither hands out a lock nor gives one back. */
export function lockVocabulary(program: Program, primitives: readonly LockPrimitive[]): LockVocabulary {
  const types = new Set(lockTypeNames(primitives));
  const files = new Set([
    ...program.filesWith([...types, ...lockWords(primitives)]),
    ...filesWithChains(program),
  ]);
  const trees = [...files].map((file) => program.tree(file)).filter((tree) => tree !== undefined);
  for (const { source } of trees) {
    for (const name of ownLockTypes(source, types)) types.add(name);
  }
  const holders = new Map<string, Set<Ts.Node>>();
  const loose = new Set<string>();
  const bound = new Set(trees.flatMap(({ source }) => chainMethods(source)));
  const methods = acquiringMethods(primitives);
  const called = calledNames(primitives.filter(isEveryday));
  for (const { source } of trees) {
    for (const { name, declaration, isBound } of holdersIn(source, types, methods, called)) {
      if (isBound) bound.add(isPrivate(declaration) ? `#${name}` : name);
      if (!declaration) loose.add(name);
      else holders.set(name, (holders.get(name) ?? new Set()).add(declaration));
    }
  }
  return { types, holders, loose, bound, tagged: new Map() };
}

function isPrivate(declaration: Ts.Node | undefined): boolean {
  const { name } = (declaration ?? {}) as { name?: Ts.Node };
  return name !== undefined && ts.isPrivateIdentifier(name);
}

/** A vocabulary of a program that annotates some declarations. */
export function withTagged(vocabulary: LockVocabulary, declarations: Iterable<Ts.Node>): LockVocabulary {
  const tagged = new Map<string, Set<Ts.Node>>();
  for (const node of declarations) {
    const text = spokenName(node);
    if (text !== undefined) tagged.set(text, (tagged.get(text) ?? new Set()).add(node));
  }
  return { ...vocabulary, tagged };
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
      const isQueue = ts.isClassLike(node) && chainsShape(node) !== undefined;
      if ((isLock || isQueue) && node.name) found.push(node.name.text);
    }
    if (ts.isImportSpecifier(node) && node.propertyName && known.has(node.propertyName.text)) {
      found.push(node.name.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** The methods by which classes of a file run things one at a time, on a promise chain. */
function chainMethods(source: Ts.SourceFile): readonly string[] {
  const found: string[] = [];
  const visit = (node: Ts.Node): void => {
    if (ts.isClassLike(node)) found.push(...(chainsShape(node)?.scoped ?? []));
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

/** Locks that no name of a method gives away: how their types are called, and which modules make them. */
interface CalledNames {
  readonly types: ReadonlySet<string>;
  readonly modules: ReadonlySet<string>;
}

function calledNames(called: readonly LockPrimitive[]): CalledNames {
  return {
    types: new Set(lockTypeNames(called)),
    modules: new Set(called.flatMap(({ module }) => module ?? [])),
  };
}

/** `pLimit(1)`, by the import that its name stands for. */
function isMadeBy({ expression }: Ts.CallExpression, { modules }: CalledNames): boolean {
  const local = ts.isIdentifier(expression) ? resolveLocal(expression) : undefined;
  const specifier = local && isImport(local) ? moduleSpecifier(local) : undefined;
  return [...modules].some((module) => specifier === module || specifier?.startsWith(`${module}/`));
}

/** What a lock of these types, or what its methods grant, is bound to. */
function holdersIn(
  source: Ts.SourceFile,
  types: ReadonlySet<string>,
  methods: ReadonlySet<string>,
  called: CalledNames,
): readonly (Holder & { readonly isBound: boolean })[] {
  const found: (Holder & { readonly isBound: boolean })[] = [];
  const visit = (node: Ts.Node): void => {
    const isLock =
      (ts.isNewExpression(node) && ts.isIdentifier(node.expression) && types.has(node.expression.text)) ||
      (ts.isTypeReferenceNode(node) && ts.isIdentifier(node.typeName) && types.has(node.typeName.text));
    const type = ts.isNewExpression(node)
      ? node.expression
      : ts.isTypeReferenceNode(node)
        ? node.typeName
        : undefined;
    const isCalledByName =
      (ts.isCallExpression(node) && isMadeBy(node, called)) ||
      (type !== undefined && ts.isIdentifier(type) && called.types.has(type.text));
    const isBound = isCalledByName || isBoundOperation(node, methods);
    const holder = isLock || isBound || isKeptGrant(node, methods) ? holderOf(node) : undefined;
    if (holder) found.push({ ...holder, isBound });
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** The call in `this.release = await this.mu.acquire()`: the field outlives the function. */
function isKeptGrant(node: Ts.Node, methods: ReadonlySet<string>): boolean {
  if (!ts.isCallExpression(node) || !isTakingCall(node, methods)) return false;
  let at: Ts.Node = node;
  while (ts.isAwaitExpression(at.parent) || ts.isParenthesizedExpression(at.parent)) at = at.parent;
  return ts.isBinaryExpression(at.parent) && at.parent.right === at;
}

/** The method in `mu.runExclusive.bind(mu)`: a value that is called under another name. */
function isBoundOperation(node: Ts.Node, methods: ReadonlySet<string>): boolean {
  if (node.kind === ts.SyntaxKind.QualifiedName || !isTakingMethod(node, methods)) return false;
  const { parent } = node;
  return (
    ts.isVariableDeclaration(parent) || (ts.isPropertyAccessExpression(parent) && parent.name.text === 'bind')
  );
}

interface Holder {
  readonly name: string;
  readonly declaration?: Ts.Node;
}

function named(name: string | undefined, declaration?: Ts.Node): Holder | undefined {
  return name === undefined ? undefined : declaration ? { name, declaration } : { name };
}

function holderOf(node: Ts.Node): Holder | undefined {
  for (let at = node.parent; at && !ts.isSourceFile(at); at = at.parent) {
    if (ts.isBinaryExpression(at)) {
      const target = ts.isElementAccessExpression(at.left) ? at.left.expression : at.left;
      if (ts.isPropertyAccessExpression(target)) return named(nameText(target.name));
      if (ts.isIdentifier(target)) return named(target.text, resolveLocal(target));
    }
    const { name } = at as { name?: Ts.Node };
    const declares =
      ts.isVariableDeclaration(at) ||
      ts.isPropertyDeclaration(at) ||
      ts.isPropertyAssignment(at) ||
      ts.isPropertySignature(at) ||
      ts.isParameter(at) ||
      ts.isFunctionLike(at);
    // A function with a body is known by what it does.
    if (ts.isFunctionLike(at) && hasBody(at)) return undefined;
    if (declares && name) return named(nameText(name)?.replace(/^#/, ''), at);
    if (ts.isClassLike(at)) return undefined;
  }
  return undefined;
}

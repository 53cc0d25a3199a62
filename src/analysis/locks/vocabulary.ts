import type { LockPrimitive } from '../../config/types.ts';
import type { Program } from '../../engine/program.ts';
import { resolveLocal } from '../../syntax/scopes.ts';
import type { SourceTree } from '../../syntax/tree.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { hasBody, isImport, moduleSpecifier, nameText } from '../code.ts';
import { filesWithChains } from './chain-texts.ts';
import { chainsShape } from './keyed-chains.ts';
import { spokenName } from './lock-tags.ts';
import { otherNames } from './other-names.ts';
import {
  acquiringMethods,
  isCalled,
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
  const files = new Set([...program.filesWith(lockWords(primitives)), ...filesWithChains(program)]);
  let trees: readonly SourceTree[] = [];
  // A class that is a lock by its shape is known by its own name, also where nothing else speaks of locks.
  for (let known = 0; known < types.size; ) {
    known = types.size;
    for (const file of program.filesNaming(types)) files.add(file);
    trees = [...files].flatMap((file) => program.tree(file) ?? []);
    for (const { source } of trees) {
      const { names, aliases } = lockTypesIn(source);
      const imported = aliases.filter(({ original }) => types.has(original));
      for (const name of [...names, ...imported.map(({ alias }) => alias)]) types.add(name);
    }
  }
  const holders = new Map<string, Set<Ts.Node>>();
  const loose = new Set<string>();
  const bound = new Set(trees.flatMap(({ source }) => lockTypesIn(source).chained));
  const words: LockWords = {
    types,
    methods: acquiringMethods(primitives),
    called: calledNames(
      primitives.filter((one) => isEveryday(one) || (one.module === undefined && isCalled(one))),
    ),
  };
  const key = JSON.stringify([
    [...types],
    [...words.methods],
    [...words.called.types],
    [...words.called.modules],
  ]);
  for (const { source } of trees) {
    for (const { name, declaration, isBound } of knownHolders(source, words, key)) {
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
export function withTagged(
  vocabulary: LockVocabulary,
  declarations: Iterable<Ts.Node>,
  program: Program,
): LockVocabulary {
  const tagged = new Map<string, Set<Ts.Node>>();
  for (const node of declarations) {
    const text = spokenName(node);
    if (text !== undefined) tagged.set(text, (tagged.get(text) ?? new Set()).add(node));
  }
  for (const [name, nodes] of [...tagged]) {
    for (const other of otherNames([name], program)) {
      tagged.set(other, new Set([...(tagged.get(other) ?? []), ...nodes]));
    }
  }
  return { ...vocabulary, tagged };
}

/** The types of a file that may be locks. */
interface LockTypes {
  /** Classes that offer what a lock offers. */
  readonly names: readonly string[];
  /** Names under which types are imported, and their own. */
  readonly aliases: readonly { readonly original: string; readonly alias: string }[];
  /** The methods by which classes run things one at a time, on a promise chain. */
  readonly chained: readonly string[];
}

const typesBySource = new WeakMap<Ts.SourceFile, LockTypes>();

function lockTypesIn(source: Ts.SourceFile): LockTypes {
  const known = typesBySource.get(source);
  if (known) return known;
  const names: string[] = [];
  const aliases: LockTypes['aliases'][number][] = [];
  const chained: string[] = [];
  const visit = (node: Ts.Node): void => {
    if (ts.isClassLike(node) || ts.isInterfaceDeclaration(node)) {
      const isLock = [...node.members].some(
        (member) => isMethod(member) && member.name && OFFERS.has(nameText(member.name) ?? ''),
      );
      const chain = ts.isClassLike(node) ? chainsShape(node) : undefined;
      if (chain) chained.push(...(chain.scoped ?? []));
      if ((isLock || chain) && node.name) names.push(node.name.text);
    }
    if (ts.isImportSpecifier(node) && node.propertyName) {
      aliases.push({ original: node.propertyName.text, alias: node.name.text });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  const found = { names, aliases, chained };
  typesBySource.set(source, found);
  return found;
}

const OFFERS: ReadonlySet<string> = new Set([...SHAPE_SCOPED, ...SHAPE_ACQUIRE]);

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

/** `pLimit(1)`, by the import that its name stands for; `makeLock()`, by its own. */
function isMadeBy({ expression }: Ts.CallExpression, { types, modules }: CalledNames): boolean {
  const local = ts.isIdentifier(expression) ? resolveLocal(expression) : undefined;
  if (local && ts.isIdentifier(expression) && types.has(expression.text)) return true;
  const specifier = local && isImport(local) ? moduleSpecifier(local) : undefined;
  return [...modules].some((module) => specifier === module || specifier?.startsWith(`${module}/`));
}

/** By what holders of locks are found. */
interface LockWords {
  readonly types: ReadonlySet<string>;
  readonly methods: ReadonlySet<string>;
  readonly called: CalledNames;
}

type FoundHolder = Holder & { readonly isBound: boolean };

const holdersBySource = new WeakMap<
  Ts.SourceFile,
  { readonly key: string; readonly found: readonly FoundHolder[] }
>();

/** The holders of a file, which are the same in every run that has the same words. */
function knownHolders(source: Ts.SourceFile, words: LockWords, key: string): readonly FoundHolder[] {
  const known = holdersBySource.get(source);
  if (known?.key === key) return known.found;
  const found = holdersIn(source, words);
  holdersBySource.set(source, { key, found });
  return found;
}

/** What a lock of these types, or what its methods grant, is bound to. */
function holdersIn(source: Ts.SourceFile, { types, methods, called }: LockWords): readonly FoundHolder[] {
  const found: FoundHolder[] = [];
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
    // A function with a body is known by what it does, unless it only makes what an array is filled with.
    if (ts.isFunctionLike(at) && hasBody(at) && !isFilling(at)) return undefined;
    if (declares && name) return named(nameText(name)?.replace(/^#/, ''), at);
    if (ts.isClassLike(at)) return undefined;
  }
  return undefined;
}

/** `Array.from({ length }, () => new Mutex())`, and `map` likewise. */
function isFilling(fn: Ts.SignatureDeclaration): boolean {
  if (!ts.isArrowFunction(fn) || ts.isBlock(fn.body) || !ts.isCallExpression(fn.parent)) return false;
  const callee = fn.parent.expression;
  return ts.isPropertyAccessExpression(callee) && /^(?:from|map)$/.test(callee.name.text);
}

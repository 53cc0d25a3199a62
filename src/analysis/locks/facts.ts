import type { LocksConfig } from '../../config/types.ts';
import type { Span } from '../../engine/finding.ts';
import type { Program } from '../../engine/program.ts';
import type { Analysis, AnalysisContext } from '../../engine/rule.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { bodyOf, type CfgOwner } from '../cfg.ts';
import { type Code, hasBody, programCode } from '../code.ts';
import type { NameProblem } from '../config-name.ts';
import { functionOf } from '../doc-tags.ts';
import { hasModifier, isPrivateMember } from '../shapes.ts';
import { filesWithChains } from './chain-texts.ts';
import { DatabaseWords } from './database-words.ts';
import { LockEngine } from './engine.ts';
import { usersWithin } from './entries.ts';
import { isCfgOwner } from './evaluator.ts';
import { handedOutAs, namesOf } from './function-name.ts';
import { LockIdentity } from './identity.ts';
import { KeptResults } from './kept-results.ts';
import { readsChain } from './keyed-chains.ts';
import { runAsPartOf } from './links.ts';
import { LockAnnotations } from './lock-annotations.ts';
import { type LockTags, readLockTags } from './lock-tags.ts';
import { functionsMentioning } from './mentions.ts';
import { defaultImportsOf, otherNames } from './other-names.ts';
import { ownedLocks } from './owned-locks.ts';
import { acquiringMethods, lockWords } from './primitives.ts';
import { LockReach } from './reach.ts';
import type { LockEdge, Taking } from './record.ts';
import { TaggedUses } from './tagged-uses.ts';
import { isTakingCall } from './taking.ts';
import type { LockClass, LockRef } from './values.ts';
import { type LockVocabulary, lockVocabulary, withTagged } from './vocabulary.ts';
import { together } from './watcher.ts';
import { allOf, type Watchers, watchersFor } from './watchers.ts';

/** All that the lock rules judge by. */
export interface LockFacts {
  readonly classes: readonly LockClass[];
  readonly edges: readonly LockEdge[];
  /** Where several rows of a table are locked, in no fixed order. */
  readonly unordered: readonly { readonly at: Span; readonly lock: LockRef }[];
  /** Every place where a lock is taken. */
  readonly sites: readonly Span[];
  /** The same, with the lock, where it is known which. */
  readonly takings: readonly Taking[];
  readonly unresolved: readonly { readonly at: Span; readonly what: string }[];
  /** What was seen on the way, for the rules that asked for it. */
  readonly watchers: Watchers;
  /** What the code says of its own locks. */
  readonly annotations: LockAnnotations;
  /** The name under which reports and config speak of a lock: with its file where two share a name. */
  nameOf(cls: LockClass): string;
  /** The locks that a name in the config stands for, or why there are none. */
  find(name: string): { readonly locks: readonly LockClass[] } | NameProblem;
}

/** Where locks are taken, and what is held there. Shared by the lock rules, all but `lock-callback`. */
export const lockFacts: Analysis<LockFacts> = {
  id: 'lock-facts',
  compute: async (context) =>
    factsFor(
      context,
      await context.use(lockGround),
      [...context.rules].filter((rule) => rule !== CALLBACKS),
    ),
};

/**
 * The same for `lock-callback`, which has functions run that lead to no lock. The more of them are told apart, the
 * sooner an analysis comes to its bounds: no other rule is to miss anything for that.
 */
export const callbackFacts: Analysis<LockFacts> = {
  id: 'lock-facts-callbacks',
  compute: async (context) => factsFor(context, await context.use(lockGround), [CALLBACKS]),
};

const CALLBACKS = 'lock-callback';

/** What does not depend on any run of the engine: all runs stand on it, and share what it has learned. */
interface LockGround {
  readonly code: Code;
  readonly identity: LockIdentity;
  readonly tags: LockTags;
  readonly reach: LockReach;
  /** The functions to begin with, where all of the program is looked at. */
  readonly roots: () => readonly CfgOwner[];
  /** Where the program speaks of locks that a database keeps, if it does. */
  readonly databases: DatabaseWords | undefined;
}

const lockGround: Analysis<LockGround> = {
  id: 'lock-ground',
  async compute({ program, locks, use }) {
    const code = await use(programCode);
    const identity = new LockIdentity(code, locks.primitives);
    const methods = acquiringMethods(identity.primitives);
    const tags = readLockTags(program, code);
    const vocabulary = withTagged(lockVocabulary(program, identity.primitives), tags.keys(), program);
    const database = new DatabaseWords(program);
    const reach = new LockReach(
      code,
      vocabulary,
      (node) => (ts.isCallExpression(node) && isTakingCall(node, methods)) || database.isAbout(node),
      (entity) => identity.primitiveOf(entity) !== undefined,
    );
    return {
      code,
      identity,
      tags,
      reach,
      roots: () => rootsOf(program, { code, identity, tags, reach, vocabulary, database }),
      databases: database.files.length > 0 ? database : undefined,
    };
  },
};

interface RootParts extends Pick<LockGround, 'code' | 'identity' | 'tags' | 'reach'> {
  readonly vocabulary: LockVocabulary;
  readonly database: DatabaseWords;
}

/** The functions that have to do with locks by themselves. */
function rootsOf(
  program: Program,
  { code, identity, tags, reach, vocabulary, database }: RootParts,
): readonly CfgOwner[] {
  const methods = acquiringMethods(identity.primitives);
  const roots: CfgOwner[] = [];
  for (const file of program.filesWith(lockWords(identity.primitives))) {
    const tree = program.tree(file);
    if (tree) roots.push(...functionsTaking(tree.source, methods));
  }
  for (const file of filesWithChains(program)) {
    const tree = program.tree(file);
    if (tree) roots.push(...functionsWith(tree.source, readsChain));
  }
  for (const file of database.files.length > 0
    ? [...new Set([...database.files, ...program.filesWith([...database.names])])]
    : []) {
    const tree = program.tree(file);
    if (tree) roots.push(...functionsWith(tree.source, (node) => database.isAbout(node)));
  }
  // A lock's method is called by whatever name it was given.
  for (const file of vocabulary.bound.size > 0 ? program.filesNaming(vocabulary.bound) : []) {
    const tree = program.tree(file);
    if (!tree) continue;
    roots.push(...functionsMentioning(tree.source, vocabulary.bound).filter((fn) => reach.leads(fn)));
  }
  // What is annotated is of interest to whoever uses it, though it take no lock.
  const uses = new TaggedUses(code, vocabulary.tagged);
  for (const file of tags.size > 0 ? program.filesNaming(vocabulary.tagged.keys()) : []) {
    const tree = program.tree(file);
    const used = tree ? uses.in(tree.source) : new Set();
    if (tree && used.size > 0) roots.push(...functionsWith(tree.source, (node) => used.has(node)));
  }
  // What is to take no lock is looked into, though it only starts what does.
  for (const [on, all] of tags) {
    const fn = all.some(({ kind }) => kind === 'lockless') ? functionOf(on) : undefined;
    if (fn && isCfgOwner(fn) && hasBody(fn) && reach.leads(fn)) roots.push(fn);
  }
  return roots;
}

/** The names of functions whose callers are to be looked at. */
interface NewNames {
  readonly all: readonly string[];
  readonly locking: readonly string[];
  /** All that are known so far. */
  readonly carriers: ReadonlySet<CfgOwner>;
}

function factsFor(
  { program, locks, focus }: AnalysisContext,
  { code, identity, tags, reach, roots, databases }: LockGround,
  rules: readonly string[],
): LockFacts {
  const engine = new LockEngine(code, identity, reach);
  engine.databases = databases;
  const annotations = new LockAnnotations(tags, code, engine.evaluator);
  if (tags.size > 0) engine.annotations = annotations;
  const watchers = watchersFor(engine, annotations, new Set(rules));
  engine.watcher = together(allOf(watchers));
  const done = new Set<CfgOwner>();
  const analyse = (one: CfgOwner): void => {
    const fn = runAsPartOf(one);
    if (done.has(fn)) return;
    done.add(fn);
    engine.analyse(fn);
  };
  /** What only its own file can call is looked at through its callers there: they know what they hand in. */
  const analyseAll = (fns: readonly CfgOwner[]): void => {
    for (const fn of fns.filter(isReachable)) analyse(fn);
    for (const fn of fns.filter((one) => !isReachable(one))) {
      for (const caller of callersInFile(fn)) if (isReachable(caller)) analyse(caller);
      for (const caller of callersInFile(fn)) if (!engine.hasAnalysed(caller)) analyse(caller);
      if (!engine.hasAnalysed(fn)) analyse(fn);
    }
  };
  analyseAll(focus ? functionsAround(focus, program) : roots());
  // Who calls a function that hands out locks, or runs what it is given under one, is under a lock as well.
  const followed = { carriers: new Set<CfgOwner>(), locking: new Set<CfgOwner>() };
  const lockingNames = new Set<string>();
  /** Who hands on what its callers hand in is looked at by itself: to its other callers it may mean nothing. */
  const carriers = (): LockEngine['carriers'] => {
    for (const fn of engine.carriers.asCalled) if (isReachable(fn)) analyse(fn);
    const { always, asCalled } = engine.carriers;
    return { always, asCalled: asCalled.filter((fn) => !isReachable(fn)) };
  };
  const iterators = new Set<CfgOwner>();
  const followIterators = (): void => {
    const { always, asCalled } = carriers();
    for (const method of [...always, ...asCalled].filter(isIterator)) {
      if (iterators.has(method)) continue;
      iterators.add(method);
      analyseAll(loopsNear(method, program).filter((fn) => reach.leads(fn)));
    }
  };
  const kept = new KeptResults(program);
  /**
   * The names of new carriers, and of what keeps the functions that some of them make; apart, those of the ones that have
   * to do with locks by themselves, not by what they are given. A name comes again with each function that has it.
   */
  const newNames = (): NewNames => {
    const { locking: touching } = engine;
    const { always, asCalled } = carriers();
    const carrying = [...always, ...asCalled];
    const own = carrying.filter((fn) => touching.has(fn) || reach.leads(fn));
    const fresh = own.filter((fn) => !followed.locking.has(fn));
    for (const fn of fresh) followed.locking.add(fn);
    const given = carrying.filter((fn) => !followed.carriers.has(fn));
    for (const fn of given) followed.carriers.add(fn);
    // `export const save = guard(async () => …)`: whoever calls it need not be of the program.
    for (const holder of kept.holders(always, given).filter(isReachableHolder)) engine.analyseMade(holder);
    const named = [...namesOf(fresh), ...kept.fresh(always, given), ...exportedByDefault(fresh, program)];
    const locking = [...new Set([...named, ...otherNames(named, program)])];
    for (const name of locking) lockingNames.add(name);
    const names = namesOf(given);
    const all = [...new Set([...locking, ...names, ...otherNames(names, program)])];
    return { all, locking, carriers: new Set(carrying) };
  };
  // What is found in a few functions is found without their callers, or else all of the program must be looked at.
  if (!focus) followIterators();
  for (let names = focus ? NO_NAMES : newNames(); names.all.length > 0; names = newNames()) {
    for (const file of program.filesNaming(names.all)) {
      const tree = program.tree(file);
      if (!tree) continue;
      const open = new Set(functionsMentioning(tree.source, new Set(names.locking)));
      // A name says little: only what leads to a lock by its symbols is a caller, or what calls something unknown.
      const callers = functionsMentioning(tree.source, new Set(names.all)).filter(
        (fn) =>
          (reach.leads(fn) && reach.calls(fn, names.carriers)) ||
          (open.has(fn) && reach.callsUnknown(fn, lockingNames)),
      );
      analyseAll(callers);
    }
    followIterators();
  }
  // What is exported for the program alone, and called behind a gate: who else calls it may be behind none.
  const asked = new Set<CfgOwner>();
  const newEntries = (): readonly CfgOwner[] => [...engine.entriesBehindGates].filter((fn) => !asked.has(fn));
  for (let entries = newEntries(); entries.length > 0; entries = newEntries()) {
    for (const fn of entries) {
      asked.add(fn);
      const users = usersWithin(fn, code);
      if (!users) continue;
      engine.forgetOutside(fn);
      analyseAll(users.filter((user) => !engine.hasAnalysed(user)));
    }
  }
  const declared = engine.locks.classes;
  const { edges, byClass } = ownedLocks(
    engine.edges(),
    engine.record.owners,
    declared,
    spokenOf(locks),
    code,
  );
  const classes = [...declared, ...[...byClass.values()].flat()];
  const nameOf = namer(classes, (file) => program.relative(file));
  return {
    classes,
    edges: sortEdges([...edges]),
    unordered: engine.record.unordered,
    sites: engine.record.sites,
    takings: engine.record.takings,
    unresolved: engine.unresolved(),
    watchers,
    annotations,
    nameOf,
    find: (name) => withOwned(findLocks(name, classes, nameOf), byClass),
  };
}

const NO_NAMES: NewNames = { all: [], locking: [], carriers: new Set() };

/** The functions around stretches of code, outermost first, and those within. */
function functionsAround(focus: readonly Span[], program: Program): readonly CfgOwner[] {
  const found = new Set<CfgOwner>();
  for (const { file, start, end } of focus) {
    const visit = (node: Ts.Node): void => {
      if (node.end < start || node.pos > end) return;
      if (isCfgOwner(node) && bodyOf(node)) found.add(node);
      ts.forEachChild(node, visit);
    };
    const tree = program.tree(file);
    if (tree) visit(tree.source);
  }
  return [...found];
}

/** The names by which files import functions that have none of their own. */
function exportedByDefault(fns: readonly CfgOwner[], program: Program): readonly string[] {
  const nameless = fns.filter(
    (fn) =>
      (ts.isFunctionDeclaration(fn) && !fn.name) ||
      (fn.parent !== undefined && ts.isExportAssignment(fn.parent)),
  );
  const found = nameless.flatMap((fn) => defaultImportsOf(fn.getSourceFile().fileName, program));
  return [...new Set(found)].sort();
}

/** A method that loops call without a word: `[Symbol.asyncIterator]`. */
function isIterator(fn: CfgOwner): boolean {
  const { name } = fn as { name?: Ts.Node };
  return (
    name !== undefined &&
    ts.isComputedPropertyName(name) &&
    /\b[aA]?(?:sync)?[iI]terator$/.test(name.expression.getText())
  );
}

/** The functions with loops, in all files that know the class of an iterator. */
function loopsNear(method: CfgOwner, program: Program): readonly CfgOwner[] {
  const owner = method.parent;
  const name = ts.isClassLike(owner) ? owner.name?.text : undefined;
  const files = new Set([method.getSourceFile().fileName, ...(name ? program.filesNaming([name]) : [])]);
  return [...files].flatMap((file) => {
    const tree = program.tree(file);
    return tree ? functionsWith(tree.source, (node) => ts.isForOfStatement(node)) : [];
  });
}

/** Whether code elsewhere may call the function: it is exported, or a member that is not private, also of what a factory makes. */
function isReachable(fn: CfgOwner): boolean {
  if (ts.isSourceFile(fn)) return true;
  if (ts.isArrowFunction(fn) || ts.isFunctionExpression(fn)) {
    const holder = fn.parent;
    if (ts.isPropertyDeclaration(holder) || ts.isPropertyAssignment(holder)) return !isPrivateMember(holder);
    if (!ts.isVariableDeclaration(holder)) return false;
    return isExported(holder.parent.parent) || handedOutAs(fn).length > 0;
  }
  if (ts.isFunctionDeclaration(fn)) return isExported(fn) || handedOutAs(fn).length > 0;
  return !isPrivateMember(fn);
}

/** The same of what keeps a function that another has made. */
function isReachableHolder(holder: Ts.Node): boolean {
  if (ts.isVariableDeclaration(holder)) return isExported(holder.parent.parent);
  return ts.isExportAssignment(holder) || (ts.isPropertyDeclaration(holder) && !isPrivateMember(holder));
}

function isExported(node: Ts.Node): boolean {
  return hasModifier(node, ts.SyntaxKind.ExportKeyword);
}

/** Functions, and files, whose own code calls a method by which locks are taken. */
function functionsTaking(source: Ts.SourceFile, methods: ReadonlySet<string>): CfgOwner[] {
  return functionsWith(source, (node) => ts.isCallExpression(node) && isTakingCall(node, methods));
}

/** The functions of its file that mention a function by name, those around it, and theirs in turn. */
function callersInFile(fn: CfgOwner): CfgOwner[] {
  const callers = new Set<CfgOwner>();
  const waiting = new Set<CfgOwner>([fn]);
  for (const next of waiting) {
    const names = namesOf([next]);
    const mentioning = names.length === 0 ? [] : functionsMentioning(next.getSourceFile(), new Set(names));
    const around = enclosing(next);
    for (const caller of around ? [...mentioning, around] : mentioning) {
      if (caller === fn || callers.has(caller)) continue;
      callers.add(caller);
      if (!isReachable(caller)) waiting.add(caller);
    }
  }
  return [...callers].reverse();
}

/** The function around a nested one. */
function enclosing(fn: CfgOwner): CfgOwner | undefined {
  for (let at: Ts.Node | undefined = fn.parent; at; at = at.parent) {
    if (isCfgOwner(at) && bodyOf(at)) return at;
  }
  return undefined;
}

/** Functions, outermost first, whose own body (nested functions left out) holds a matching node. */
function functionsWith(source: Ts.SourceFile, matches: (node: Ts.Node) => boolean): CfgOwner[] {
  const found = new Set<CfgOwner>();
  const visit = (node: Ts.Node, owner: CfgOwner): void => {
    const inner = isCfgOwner(node) && bodyOf(node) ? node : owner;
    if (matches(node)) {
      found.add(inner);
      // A function around it may hand it out: a decorator, a factory.
      for (let around = enclosing(inner); around; around = enclosing(around)) found.add(around);
    }
    ts.forEachChild(node, (child) => visit(child, inner));
  };
  ts.forEachChild(source, (child) => visit(child, source));
  return [...found];
}

/** By place, so that nothing depends on the order of discovery. */
function sortEdges(edges: LockEdge[]): LockEdge[] {
  return edges.sort(
    (a, b) =>
      compare(a.inner.at.file, b.inner.at.file) ||
      a.inner.at.start - b.inner.at.start ||
      compare(a.outer.at.file, b.outer.at.file) ||
      a.outer.at.start - b.outer.at.start ||
      pathLength(a) - pathLength(b),
  );
}

function pathLength({ outer, inner }: LockEdge): number {
  return (outer.via?.length ?? 0) + (inner.via?.length ?? 0);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function namer(
  classes: readonly LockClass[],
  relative: (file: string) => string,
): (cls: LockClass) => string {
  const owners = new Map<string, Set<string>>();
  for (const { name, id } of classes) {
    const ids = owners.get(name) ?? new Set();
    ids.add(id);
    owners.set(name, ids);
  }
  return (cls) => ((owners.get(cls.name)?.size ?? 0) > 1 ? `${relative(cls.file)}#${cls.name}` : cls.name);
}

/** The names of locks in the config. */
function spokenOf({ order, leaf, reentrant, brief, disjoint }: LocksConfig): readonly string[] {
  return [...order.flat(), ...leaf, ...reentrant, ...brief, ...disjoint.flat()];
}

/** The name of a class of locks stands for those of them that are told apart by owner, too. */
function withOwned(
  found: ReturnType<LockFacts['find']>,
  byClass: ReadonlyMap<LockClass, readonly LockClass[]>,
): ReturnType<LockFacts['find']> {
  if ('kind' in found) return found;
  return { locks: found.locks.flatMap((cls) => [cls, ...(byClass.get(cls) ?? [])]) };
}

/** By full name, by its last segments where that is unambiguous. */
function findLocks(
  name: string,
  classes: readonly LockClass[],
  nameOf: (cls: LockClass) => string,
): ReturnType<LockFacts['find']> {
  const exact = classes.filter((cls) => nameOf(cls) === name);
  if (exact.length > 0) return { locks: exact };
  const ending = classes.filter((cls) => {
    const full = nameOf(cls);
    return full.endsWith(`.${name}`) || full.endsWith(`#${name}`);
  });
  const names = [...new Set(ending.map(nameOf))].sort();
  if (names.length === 1) return { locks: ending };
  return names.length > 0
    ? { kind: 'ambiguous', candidates: names }
    : { kind: 'unknown', candidates: closest(name, classes.map(nameOf)) };
}

/** Names with the same last segment, or else every name there is, if they are few. */
function closest(name: string, all: readonly string[]): string[] {
  const last = name.split(/[.#]/).at(-1);
  const names = [...new Set(all)].sort();
  const similar = names.filter((other) => other.split(/[.#]/).at(-1) === last);
  return similar.length > 0 ? similar : names.slice(0, 8);
}

import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { bodyOf, type CfgOwner } from '../cfg.ts';
import {
  type Code,
  type Entity,
  hasBody,
  isImport,
  memberName,
  type NameNode,
  namesMember,
  nameText,
  ownMember,
  rightmostName,
  skipParentheses,
} from '../code.ts';
import { isAssignedPattern } from '../shapes.ts';
import { ITERATING, isEmit, isMemberSignature } from './callback-origins.ts';
import { hasPoolCall } from './database-words.ts';
import { isCfgOwner } from './evaluator.ts';
import { functionType } from './function-types.ts';
import { goesThrough, symbolMethods } from './implicit-uses.ts';
import { readsChain } from './keyed-chains.ts';
import { idOf } from './keys.ts';
import { givenTo, makerIn, makingOf } from './makers.ts';
import { replacementsOf } from './replaced-methods.ts';
import { isWaitingFor, worksKeptIn } from './started-fields.ts';
import { TaggedUses } from './tagged-uses.ts';
import { Thenables } from './thenables.ts';
import { isSettable, isUnknownValue } from './unknown-callees.ts';
import { membersOf, type Value } from './values.ts';
import type { LockVocabulary } from './vocabulary.ts';

/** A function is followed through so many other names. */
const MAX_ALIASES = 4;
/** So many functions of a file are asked about one by one, before all of it is. */
const FUNCTIONS_BEFORE_FILE = 4;

/**
 * Whether a function can lead to a lock at all, by its calls alone. Most cannot, and are not worth running on
 * abstract values: this walk over the call graph costs one question per name, once per function.
 */
export class LockReach {
  readonly thenables: Thenables;
  readonly #code: Code;
  readonly #vocabulary: LockVocabulary;
  readonly #uses: TaggedUses;
  readonly #isTaking: (node: Ts.Node) => boolean;
  readonly #isLock: (entity: Entity) => boolean;
  readonly #leading = new Map<CfgOwner, boolean>();
  readonly #callees = new Map<CfgOwner, Callees>();
  readonly #mentions = new Map<string, boolean>();
  readonly #lookedInto = new Map<Ts.SourceFile, number>();
  readonly #open = new Map<CfgOwner, boolean>();
  readonly #connecting = new Map<CfgOwner, boolean>();
  readonly #callingBack = new Map<CfgOwner, boolean>();

  /** `isTaking` tells of a call that takes a lock, and of SQL that does; `isLock` of a type of locks. */
  constructor(
    code: Code,
    vocabulary: LockVocabulary,
    isTaking: (node: Ts.Node) => boolean,
    isLock: (entity: Entity) => boolean,
  ) {
    this.thenables = new Thenables(code);
    this.#code = code;
    this.#vocabulary = vocabulary;
    this.#uses = new TaggedUses(code, vocabulary.tagged);
    this.#isTaking = isTaking;
    this.#isLock = isLock;
  }

  /** True if the function, or anything it calls or mentions as a value, takes, hands out or gives back a lock. */
  leads(fn: CfgOwner): boolean {
    return this.#reaches(fn, this.#leading, ({ takes }) => takes);
  }

  /** True if a function that gets this value leads to a lock by awaiting it, or by going through it. */
  isPending(value: Value | undefined, fn: CfgOwner): boolean {
    return membersOf(value).some((member) => {
      if (member.kind !== 'instance') return false;
      const then = this.thenables.of(member.cls);
      const symbols = symbolMethods(member.cls, this.#code);
      const used = symbols.length > 0 && goesThrough(fn) ? symbols : [];
      return [...(then ? [then] : []), ...used].some((method) => isCfgOwner(method) && this.leads(method));
    });
  }

  /** True if the function itself, or a function in it, has to do with locks, or calls any of some functions. */
  calls(fn: CfgOwner, wanted: ReadonlySet<CfgOwner>): boolean {
    const { takes, functions } = this.#calleesOf(fn);
    return takes || functions.some((one) => wanted.has(one));
  }

  /** True if the function itself, or a function in it, calls something of which nothing is known but one of some names. */
  callsUnknown(fn: CfgOwner, names: ReadonlySet<string>): boolean {
    return this.#calleesOf(fn).unknown.some((name) => name === undefined || names.has(name));
  }

  /** True if the function, or anything it calls, calls something of which nothing is known. */
  isOpen(fn: CfgOwner): boolean {
    return this.#reaches(fn, this.#open, ({ unknown }) => unknown.length > 0);
  }

  /** True if the function, or anything it calls, calls what was handed to it or kept for it. */
  callsBack(fn: CfgOwner): boolean {
    return this.#reaches(fn, this.#callingBack, ({ callsBack }) => callsBack());
  }

  /** True if the function, or anything it calls, takes a connection from a pool, by the names of both. */
  takesConnections(fn: CfgOwner): boolean {
    return this.#reaches(fn, this.#connecting, (_callees, one) => hasPoolCall(one));
  }

  /** True if the function, or anything it calls, is of a kind; what is learned on the way is kept in `known`. */
  leadsTo(fn: CfgOwner, known: Map<CfgOwner, boolean>, isOfKind: (one: CfgOwner) => boolean): boolean {
    return this.#reaches(fn, known, (_callees, one) => isOfKind(one));
  }

  /** Whether a function of a kind can be reached; what is learned on the way is kept in `known`. */
  #reaches(
    fn: CfgOwner,
    known: Map<CfgOwner, boolean>,
    isOfKind: (callees: Callees, fn: CfgOwner) => boolean,
  ): boolean {
    const before = known.get(fn);
    if (before !== undefined) return before;
    /** What was reached, and from where. */
    const reached = new Map<CfgOwner, CfgOwner | undefined>([[fn, undefined]]);
    for (const [next] of reached) {
      if (known.get(next) === false) continue;
      const callees = this.#calleesOf(next);
      if (isOfKind(callees, next) || known.get(next) === true) {
        // So does all that lies on the way, which is not to be walked again from each of them.
        for (let at: CfgOwner | undefined = next; at; at = reached.get(at)) known.set(at, true);
        return true;
      }
      for (const callee of callees.functions) if (!reached.has(callee)) reached.set(callee, next);
    }
    for (const one of reached.keys()) known.set(one, false);
    return false;
  }

  /** True if the function, or anything it calls, uses the name of a declaration. */
  mentions(fn: CfgOwner, declaration: Ts.Node): boolean {
    const { name } = declaration as { name?: Ts.Node };
    const text = name && nameText(name);
    if (text === undefined) return false;
    const key = `${text}|${idOf(fn)}`;
    let known = this.#mentions.get(key);
    if (known === undefined) {
      known = this.#findMention(fn, text);
      this.#mentions.set(key, known);
    }
    return known;
  }

  #findMention(fn: CfgOwner, name: string): boolean {
    const seen = new Set<CfgOwner>([fn]);
    for (const next of seen) {
      if (bodyOf(next)?.getText().includes(name)) return true;
      for (const callee of this.#calleesOf(next).functions) seen.add(callee);
    }
    return false;
  }

  #calleesOf(fn: CfgOwner): Callees {
    let callees = this.#callees.get(fn);
    if (!callees) {
      callees = this.#collect(fn);
      this.#callees.set(fn, callees);
    }
    return callees;
  }

  #collect(fn: CfgOwner): Callees {
    const body = bodyOf(fn);
    if (!body) return { takes: false, unknown: [], callsBack: () => false, functions: [] };
    const names: NameNode[] = [];
    const called: Ts.Expression[] = [];
    const suspects: NameNode[] = [];
    const types: NameNode[] = [];
    const awaited: NameNode[] = [];
    const receivers: NameNode[] = [];
    const tagged: NameNode[] = [];
    let takes = this.#uses.isTagged(fn);
    const visit = (node: Ts.Node): void => {
      const spoken = this.#isOfLocks(node);
      const use = this.#uses.isUse(node);
      if (use === 'ask') tagged.push(node as NameNode);
      else if (use) takes = true;
      if (spoken === 'member') suspects.push(node as NameNode);
      else if (spoken === 'type') types.push(node as NameNode);
      else if (spoken || readsChain(node)) takes = true;
      if (this.#isTaking(node)) takes = true;
      if (ts.isCallExpression(node)) {
        addName(node.expression, names);
        called.push(node.expression);
        if (ts.isPropertyAccessExpression(node.expression)) addName(node.expression.expression, receivers);
        for (const argument of node.arguments) addName(argument, names);
      } else if (ts.isTaggedTemplateExpression(node)) {
        addName(node.tag, names);
        called.push(node.tag);
        const { template } = node;
        for (const { expression } of ts.isTemplateExpression(template) ? template.templateSpans : []) {
          addName(expression, names);
        }
      } else if (ts.isNewExpression(node)) {
        addName(node.expression, names);
      } else if (ts.isYieldExpression(node) && node.expression) addName(node.expression, names);
      else if (isWaitingFor(node)) addName(node.expression, awaited);
      ts.forEachChild(node, visit);
    };
    // Its signature tells what it is handed and what it hands out.
    if (ts.isSourceFile(fn)) visit(fn);
    else ts.forEachChild(fn, visit);
    // A decorated method is what its decorators make of it.
    const decorators = ts.canHaveDecorators(fn) ? (ts.getDecorators(fn) ?? []) : [];
    for (const { expression } of decorators) addName(expression, names);
    if (!takes && types.length > 0) takes = types.some((name) => this.#isTypeOfLocks(name));
    if (!takes && suspects.length > 0) takes = this.#isHolder(suspects);
    if (!takes && tagged.length > 0) takes = this.#uses.amongst(tagged).length > 0;
    if (takes) return { takes, unknown: [], callsBack: () => false, functions: [] };
    this.#prefetch(fn, [...names, ...awaited, ...receivers]);
    const functions = new Set<CfgOwner>();
    for (const name of names) for (const callee of this.#resolve(name)) functions.add(callee);
    for (const name of awaited) for (const starter of this.#startersOf(name)) functions.add(starter);
    for (const callee of called) for (const maker of this.#makersOf(callee)) functions.add(maker);
    return {
      takes,
      unknown: called
        .filter((callee) => this.#isUnknown(callee))
        .map((callee) => {
          const name = rightmostName(callee);
          return name && nameText(name);
        }),
      callsBack: once(() =>
        called.some((callee) => this.#isCallback(callee) || this.#isLoopOfCallback(callee)),
      ),
      functions: [...functions],
    };
  }

  /**
   * Asks what names mean, all at once. Locals are answered by their scope: only members are worth a question. A file of
   * which several functions were looked into will have most of them looked into.
   */
  #prefetch(fn: CfgOwner, names: readonly NameNode[]): void {
    const source = fn.getSourceFile();
    const count = (this.#lookedInto.get(source) ?? 0) + 1;
    this.#lookedInto.set(source, count);
    if (count > FUNCTIONS_BEFORE_FILE) return;
    const wanted = count === FUNCTIONS_BEFORE_FILE ? calledNames(source) : names;
    this.#code.prefetchNames(source.fileName, wanted.filter(namesMember));
  }

  /** Whether a name is one that the program uses for locks; of a type's name, and of a member's, the compiler must tell. */
  #isOfLocks(node: Ts.Node): boolean | 'type' | 'member' {
    const { types, holders, loose } = this.#vocabulary;
    const text = nameText(node);
    if (text === undefined) return false;
    const name = ts.isPrivateIdentifier(node) ? text.slice(1) : text;
    if (ts.isStringLiteralLike(node) && !ts.isElementAccessExpression(node.parent)) return false;
    if (isKey(node)) return false;
    if (loose.has(name)) return true;
    if (types.has(name)) return 'type';
    const declarations = holders.get(name);
    if (!declarations) return false;
    if (namesMember(node)) return 'member';
    const local = ts.isIdentifier(node) ? resolveLocal(node) : undefined;
    return !local || isImport(local) || (declarations.has(local) && !this.#keepsPlainPart(local));
  }

  /** `const lock = held.lock`, which sounds like the method of a lock, and is a part that has nothing to do with any. */
  #keepsPlainPart(declaration: Ts.Node): boolean {
    const { initializer } = declaration as { initializer?: Ts.Expression };
    const name = initializer && memberName(skipParentheses(initializer));
    if (!name) return false;
    const entities = this.#code.entities(name);
    return (
      entities.length > 0 && entities.every((entity) => entity.kind === 'node' && this.#isPlain(entity.node))
    );
  }

  /** A member that is declared, and as neither a lock nor a function. */
  #isPlain(member: Ts.Node): boolean {
    if (!ts.isPropertySignature(member) && !ts.isPropertyDeclaration(member)) return false;
    const { holders } = this.#vocabulary;
    const isHolder = holders.get((nameText(member.name) ?? '').replace(/^#/, ''))?.has(member) ?? false;
    return member.type !== undefined && !isHolder && functionType(member, this.#code) === undefined;
  }

  /** Whether a name that types of locks have is one of a lock's type, by what it stands for. */
  #isTypeOfLocks(name: NameNode): boolean {
    const entities = this.#code.entities(name);
    return entities.length === 0 || entities.some((entity) => !isOtherType(entity) || this.#isLock(entity));
  }

  /** Whether one of some members is declared to hold a lock, or nobody knows what it is. */
  #isHolder(names: readonly NameNode[]): boolean {
    const [first] = names;
    if (!first) return false;
    this.#code.prefetchNames(first.getSourceFile().fileName, names);
    return names.some((name) => {
      const text = (nameText(name) ?? '').replace(/^#/, '');
      const declarations = this.#vocabulary.holders.get(text);
      const entities = this.#code.entities(name);
      return (
        entities.length === 0 ||
        entities.some((entity) => entity.kind === 'node' && declarations?.has(entity.node))
      );
    });
  }

  /** A callee that the compiler knows nothing about, or a function that an object was given. */
  #isUnknown(callee: Ts.Expression): boolean {
    const bare = skipParentheses(callee);
    const name = memberName(bare);
    if (!name) return isUnknownValue(bare) && (!ts.isIdentifier(bare) || this.#resolve(bare).length === 0);
    const entities = this.#code.entities(name);
    if (entities.length === 0) return true;
    return entities.every(
      (entity) =>
        entity.kind === 'node' &&
        (isSettable(entity.node) || (isField(entity.node) && this.#resolve(name).length === 0)),
    );
  }

  /** A callee that keeps a function of somebody else's, by its declaration. */
  #isCallback(callee: Ts.Expression): boolean {
    const bare = skipParentheses(callee);
    if (ts.isIdentifier(bare)) {
      const local = resolveLocal(bare);
      return (
        local !== undefined && (ts.isParameter(local) || ts.isBindingElement(local) || isUnknownValue(bare))
      );
    }
    if (!memberName(bare)) return isUnknownValue(bare);
    if (isEmit(bare, this.#code)) return true;
    const name = memberName(bare);
    const entities = name ? this.#code.entities(name) : [];
    return (
      entities.some((entity) => entity.kind === 'node' && isKeeper(entity.node)) ||
      (entities.every(({ kind }) => kind === 'external') &&
        /^(?:call|apply)$/.test((name && nameText(name)) ?? ''))
    );
  }

  /** `rows.map(transform)`: what is handed to a loop of the language is called. */
  #isLoopOfCallback(callee: Ts.Expression): boolean {
    const bare = skipParentheses(callee);
    const { parent } = callee;
    if (!ts.isPropertyAccessExpression(bare) || !ITERATING.has(bare.name.text)) return false;
    const argument = ts.isCallExpression(parent) ? parent.arguments[0] : undefined;
    return argument !== undefined && this.#isCallback(argument);
  }

  /**
   * The functions that made what is called, where its declaration shows no body: `const run = guard(mu)`. What they were
   * given for it may be all that it runs: `const save = debounced(() => …)`.
   */
  #makersOf(callee: Ts.Expression): readonly CfgOwner[] {
    const bare = skipParentheses(callee);
    const name = rightmostName(bare);
    if (!name || this.#resolve(name).length > 0) return [];
    const receiver = memberName(bare)
      ? rightmostName((bare as Ts.PropertyAccessExpression).expression)
      : undefined;
    return [name, receiver]
      .flatMap((one) => (one ? this.#code.entities(one) : []))
      .flatMap((entity) => {
        const making = entity.kind === 'node' ? makingOf(entity.node) : undefined;
        return making ? this.#partsOf(making) : [];
      });
  }

  /** The function that makes something, and those that it is made of. */
  #partsOf(making: Ts.CallExpression, aliases = 0): readonly CfgOwner[] {
    const maker = makerIn(making);
    return [
      ...(maker ? this.#resolve(maker, aliases) : []),
      ...givenTo(making).flatMap((one) => this.#functionOf(one, aliases)),
    ];
  }

  /** A function that is written in place, or named. */
  #functionOf(value: Ts.Node, aliases = 0): readonly CfgOwner[] {
    if (isCfgOwner(value)) return [value];
    const name = rightmostName(value);
    return name ? this.#resolve(name, aliases) : [];
  }

  /** The functions that may have started what is kept in a field. */
  #startersOf(name: NameNode): readonly CfgOwner[] {
    return this.#code.entities(name).flatMap((entity) => {
      const works = entity.kind === 'node' ? worksKeptIn(entity.node) : [];
      return works.flatMap(({ owner, callees }) => [
        ...(owner && isCfgOwner(owner) ? [owner] : []),
        ...callees.flatMap((callee) => this.#resolve(callee)),
      ]);
    });
  }

  #implicitMethods(cls: Ts.ClassLikeDeclaration): readonly Ts.Node[] {
    const then = this.thenables.of(cls);
    const symbols = symbolMethods(cls, this.#code);
    return then ? [then, ...symbols] : symbols;
  }

  /** What stands in the place of a method: a function that is written there, named, or made by a call. */
  #replacing(value: Ts.Expression, aliases: number): readonly CfgOwner[] {
    return ts.isCallExpression(value) ? this.#partsOf(value, aliases) : this.#functionOf(value, aliases);
  }

  #resolve(name: NameNode, aliases = 0): CfgOwner[] {
    const found: CfgOwner[] = [];
    for (const entity of this.#code.entities(name)) {
      if (entity.kind !== 'node') continue;
      const { node } = entity;
      add(node, found);
      const meant = aliases < MAX_ALIASES ? handedOn(node) : undefined;
      if (meant) found.push(...this.#resolve(meant, aliases + 1));
      for (const other of aliases < MAX_ALIASES ? replacementsOf(node, this.#code) : []) {
        found.push(...this.#replacing(other, aliases + 1));
      }
      // Whoever awaits such an object calls its `then`; loops and `using` call others without a word.
      for (const implicit of ts.isClassLike(node) ? this.#implicitMethods(node) : []) add(implicit, found);
      const owner = node.parent;
      if (!owner || !(ts.isClassLike(owner) || ts.isInterfaceDeclaration(owner))) continue;
      const text = nameText(name) ?? '';
      for (const heir of this.#code.subtypes(owner)) {
        const member = ownMember(heir, text);
        if (member) add(member, found);
      }
    }
    return found;
  }
}

interface Callees {
  readonly takes: boolean;
  /** The names by which it calls something of which nothing is known; undefined for what goes by none. */
  readonly unknown: readonly (string | undefined)[];
  /** It calls what was handed to it, or what is kept in a field. */
  readonly callsBack: () => boolean;
  readonly functions: readonly CfgOwner[];
}

/** A class, an interface or a package's type; other declarations may stand for one. */
function isOtherType(entity: Entity): boolean {
  if (entity.kind === 'external') return true;
  const { node } = entity;
  return ts.isClassLike(node) || ts.isInterfaceDeclaration(node) || ts.isSourceFile(node);
}

/** What a file calls, and what it hands to calls, by their names. */
function calledNames(source: Ts.SourceFile): readonly NameNode[] {
  const names: NameNode[] = [];
  const visit = (node: Ts.Node): void => {
    if (ts.isCallExpression(node))
      for (const one of [node.expression, ...node.arguments]) addName(one, names);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names;
}

/** The name that a literal or a type gives to a part of its own: what the part is, its value or its type says. */
function isKey(node: Ts.Node): boolean {
  const { parent } = node;
  if (ts.isPropertySignature(parent) || ts.isMethodSignature(parent)) return parent.name === node;
  return ts.isPropertyAssignment(parent) && parent.name === node && !isAssignedPattern(parent.parent);
}

/** What a function may be put into: a member, or a parameter. */
export function isField(node: Ts.Node): boolean {
  return (
    ts.isPropertyDeclaration(node) ||
    ts.isPropertySignature(node) ||
    ts.isMethodSignature(node) ||
    ts.isParameter(node)
  );
}

/** An answer that costs questions to the compiler: looked for when somebody asks. */
function once(answer: () => boolean): () => boolean {
  let known: boolean | undefined;
  return () => {
    known ??= answer();
    return known;
  };
}

/** A member that may hold a function of somebody else's. */
function isKeeper(node: Ts.Node): boolean {
  return ts.isPropertyDeclaration(node) || ts.isParameter(node) || isMemberSignature(node);
}

function addName(node: Ts.Node, names: NameNode[]): void {
  const name = rightmostName(node);
  if (name) names.push(name);
}

/** The function behind a declaration: itself, its initializer, or the constructor of a class. */
/** A function by another name: `const inTurn = lock.exclusively`. */
function handedOn(node: Ts.Node): NameNode | undefined {
  const keeps =
    ts.isVariableDeclaration(node) || ts.isPropertyDeclaration(node) || ts.isPropertyAssignment(node);
  const value = keeps && node.initializer ? skipParentheses(node.initializer) : undefined;
  const isName = value !== undefined && (ts.isIdentifier(value) || ts.isPropertyAccessExpression(value));
  return isName ? rightmostName(value) : undefined;
}

function add(node: Ts.Node, found: CfgOwner[]): void {
  if (isCfgOwner(node) && hasBody(node)) found.push(node);
  else if (ts.isClassLike(node)) {
    const making = node.members.find((member) => ts.isConstructorDeclaration(member) && hasBody(member));
    if (making && isCfgOwner(making)) found.push(making);
  } else if (ts.isShorthandPropertyAssignment(node)) {
    const local = resolveLocal(node.name);
    if (local) add(local, found);
  } else if (
    ts.isVariableDeclaration(node) ||
    ts.isPropertyDeclaration(node) ||
    ts.isPropertyAssignment(node)
  ) {
    const value = node.initializer && skipParentheses(node.initializer);
    if (value && isCfgOwner(value)) found.push(value);
    // `{ run: start }` is another way to write `{ run }`.
    const local = ts.isPropertyAssignment(node) && value && ts.isIdentifier(value) && resolveLocal(value);
    if (local) add(local, found);
  } else if (ts.isExportAssignment(node)) {
    const value = skipParentheses(node.expression);
    if (isCfgOwner(value)) found.push(value);
  }
}

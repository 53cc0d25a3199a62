import type { LockPrimitive } from '../../config/types.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { isParameterProperty, type NameNode, rightmostName, skipParentheses } from '../code.ts';
import type { Activation } from './activation.ts';
import type { LockIdentity } from './identity.ts';
import { classOfThis, isSelf } from './inherited-locks.ts';
import { idOf } from './keys.ts';
import { placePath, UNKNOWN_PATH } from './paths.ts';
import { acquiringMethods, MODULE, primitiveOfModule } from './primitives.ts';
import {
  type LockClass,
  type LockRef,
  type LockValue,
  membersOf,
  type Path,
  pathOf,
  type Value,
} from './values.ts';
import type { World } from './world.ts';

/** The type of `navigator.locks`, of which there is one. */
const WEB_LOCKS = 'LockManager';

/** Locks that are known by the way they are written: by the method called on them, or by their key. */
export class LockNames {
  readonly #identity: LockIdentity;
  readonly #methods: ReadonlySet<string>;
  readonly #hasModules: boolean;
  readonly #families = new Map<string, LockClass>();

  constructor(identity: LockIdentity) {
    this.#identity = identity;
    this.#methods = acquiringMethods(identity.primitives);
    this.#hasModules = identity.primitives.some(({ type }) => type === MODULE);
  }

  /** Every lock class met, members of families included. */
  get classes(): readonly LockClass[] {
    return [...this.#identity.classes, ...this.#families.values()];
  }

  /** Whether a method of this name may be one of a lock. */
  isMethod(name: string): boolean {
    return this.#methods.has(name) || /^(?:release|unlock)$/.test(name);
  }

  /** The lock behind the receiver of a call whose method belongs to a lock, though its value is not known. */
  byMethod(
    activation: Activation,
    receiverNode: Ts.Expression,
    receiver: Value | undefined,
    name: NameNode,
    method: string,
    world: World,
  ): LockValue | 'parameter' | undefined {
    if (isSelf(receiverNode)) return this.#inherited(activation, receiverNode);
    if (!this.isMethod(method)) return undefined;
    if (method === 'request' && isNavigatorLocks(receiverNode)) return this.#webLocks(receiverNode);
    const primitive = this.#identity.primitiveOfMethod(name);
    if (primitive?.type === WEB_LOCKS) return this.#webLocks(receiverNode);
    if (!primitive) return this.ofModule(activation, [name, rightmostName(receiverNode)]);
    const own = receiver?.kind === 'instance' ? this.#ofClass(receiver.cls, receiver) : undefined;
    if (own) return own;
    const { declaration, suffix, holder } = this.#receiver(activation, receiverNode, world);
    if (!declaration) return undefined;
    if (ts.isParameter(declaration) && !isParameterProperty(declaration)) return 'parameter';
    const path = suffix === '' ? holder : (pathOf(receiver) ?? UNKNOWN_PATH);
    return {
      kind: 'lock',
      lock: { cls: this.#identity.classOf(declaration, primitive, suffix), path },
      tries: false,
    };
  }

  /**
   * `this.runExclusive(…)` in a class that extends a lock: the object is the lock. The lock's own code calls its own
   * methods.
   */
  #inherited({ call: { self } }: Activation, receiverNode: Ts.Expression): LockValue | undefined {
    const around = classOfThis(receiverNode);
    return around && this.#ofClass(around, self);
  }

  #ofClass(heir: Ts.ClassLikeDeclaration, object: Value | undefined): LockValue | undefined {
    const primitive = this.#identity.inheritedBy(heir);
    if (!primitive || !this.#identity.isOfClass(primitive)) return undefined;
    const cls = this.#identity.classOf(heir, primitive);
    return { kind: 'lock', lock: { cls, path: pathOf(object) ?? UNKNOWN_PATH }, tries: false };
  }

  /** The lock that a module is, where a name is one of its functions, or stands for all of it. */
  ofModule({ engine }: Activation, names: readonly (NameNode | undefined)[]): LockValue | undefined {
    if (!this.#hasModules) return undefined;
    for (const name of names) {
      for (const entity of name ? engine.code.entities(name) : []) {
        if (entity.kind !== 'external' || entity.container !== undefined || !name) continue;
        const primitive = primitiveOfModule(this.#identity.primitives, entity.module);
        if (!primitive) continue;
        const cls = this.#identity.builtinClass(entity.module, primitive, name.getSourceFile());
        return { kind: 'lock', lock: { cls, path: 'g:' }, tries: false };
      }
    }
    return undefined;
  }

  /** The locks of a keyed family that a call names. */
  keyed(activation: Activation, lock: LockRef, node: Ts.CallExpression, world: World): readonly LockRef[] {
    const { keyArg, keyMember } = lock.cls.primitive;
    // A key that may be left out: then it is the lock itself.
    if (keyArg === undefined || node.arguments.length <= keyArg) return [lock];
    const given = activation.evaluate(node.arguments[keyArg], world);
    const value = keyMember === undefined ? given : memberKey(given, keyMember);
    // `readLock(callback)`: where the key may be left out, what stands in its place is a function.
    if (membersOf(value).some(({ kind }) => kind === 'closure')) return [lock];
    // `acquire(['a', 'b'])` takes a lock for each.
    if (value?.kind === 'collection' && value.items) {
      return value.items.map((key) => this.#memberUnder(lock, key));
    }
    const isList = lock.cls.primitive.keysInTurn && isListOfKeys(activation, node.arguments[keyArg], value);
    return (isList ? anyTwo(value) : [value]).map((key) => this.#memberUnder(lock, key));
  }

  #memberUnder({ cls, path }: LockRef, key: Value | undefined): LockRef {
    if (key?.kind === 'constant') {
      return { cls: this.#member(cls, `[${JSON.stringify(key.value)}]`), path };
    }
    const member = pathOf(key) ?? UNKNOWN_PATH;
    return { cls: this.#member(cls, '[*]'), path: `${path ?? UNKNOWN_PATH}[${member}]` };
  }

  /** A lock that a database keeps, by its key or table. */
  ofDatabase(
    kind: NonNullable<LockClass['database']>,
    primitive: LockPrimitive,
    suffix: string,
    source: Ts.SourceFile,
  ): LockClass {
    const known = this.#families.get(`database:${primitive.type}${suffix}`);
    if (known) return known;
    const family = this.#identity.builtinClass(primitive.type, primitive, source);
    const cls: LockClass = {
      ...family,
      id: `database:${primitive.type}${suffix}`,
      name: primitive.type + suffix,
      database: kind,
    };
    this.#families.set(cls.id, cls);
    return cls;
  }

  #receiver(
    activation: Activation,
    node: Ts.Expression,
    world: World,
  ): { declaration?: Ts.Node | undefined; suffix: string; holder?: Path | undefined } {
    const bare = skipParentheses(node);
    if (ts.isCallExpression(bare)) {
      const callee = skipParentheses(bare.expression);
      const isGet = ts.isPropertyAccessExpression(callee) && /^(?:get|at)$/.test(callee.name.text);
      const name = rightmostName(isGet ? callee.expression : callee);
      return { declaration: name && activation.engine.code.declarationNode(name), suffix: '[*]' };
    }
    if (ts.isElementAccessExpression(bare) && !ts.isStringLiteralLike(bare.argumentExpression)) {
      const name = rightmostName(bare.expression);
      return { declaration: name && activation.engine.code.declarationNode(name), suffix: '[*]' };
    }
    const name = rightmostName(bare);
    const declaration = name && activation.engine.code.declarationNode(name);
    const owner = ts.isPropertyAccessExpression(bare) ? bare.expression : undefined;
    const holder = owner ? pathOf(activation.evaluate(owner, world)) : undefined;
    return { declaration, suffix: '', holder: holder ?? (declaration && `v${idOf(declaration)}`) };
  }

  #webLocks(node: Ts.Expression): LockValue | undefined {
    const primitive = this.#identity.primitives.find(({ type }) => type === WEB_LOCKS);
    if (!primitive) return undefined;
    return {
      kind: 'lock',
      lock: { cls: this.#identity.builtinClass('locks', primitive, node.getSourceFile()), path: 'g:' },
      tries: false,
    };
  }

  #member(cls: LockClass, suffix: string): LockClass {
    const id = cls.id + suffix;
    let member = this.#families.get(id);
    if (!member) {
      member = { ...cls, id, name: cls.name + suffix };
      this.#families.set(id, member);
    }
    return member;
  }
}

/** Whether a key that is nothing constant is an array of keys. */
function isListOfKeys(
  { engine }: Activation,
  node: Ts.Expression | undefined,
  value: Value | undefined,
): boolean {
  if (value?.kind === 'collection') return true;
  if (!node || value?.kind === 'constant') return false;
  const symbols = engine.code.expressionType(node)?.symbols ?? [];
  return symbols.length > 0 && symbols.every(({ name }) => name === 'Array' || name === 'ReadonlyArray');
}

/** Two elements of a list that stand for any two, one before the other. */
function anyTwo(list: Value | undefined): readonly Value[] {
  const path = pathOf(list) ?? UNKNOWN_PATH;
  const sorted = list?.kind === 'collection' && list.sorted;
  return [0, 1].map((index) => ({
    kind: 'opaque',
    path: sorted ? placePath(path, sorted, index) : `${path}[${index}]`,
  }));
}

/** The key in an object that a method is given: `{ id: 'a' }`. */
function memberKey(given: Value | undefined, member: string): Value | undefined {
  const own = given?.kind === 'object' ? given.properties.get(member) : undefined;
  const path = pathOf(given);
  return own ?? (path === undefined ? undefined : { kind: 'opaque', path: `${path}.${member}` });
}

function isNavigatorLocks(node: Ts.Expression): boolean {
  const bare = skipParentheses(node);
  return (
    ts.isPropertyAccessExpression(bare) &&
    bare.name.text === 'locks' &&
    /\bnavigator$/.test(bare.expression.getText())
  );
}

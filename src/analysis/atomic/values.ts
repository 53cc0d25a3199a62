import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import {
  type Code,
  type Entity,
  isImport,
  memberName,
  nameText,
  ownMember,
  rightmostName,
  skipParentheses,
} from '../code.ts';
import { type FunctionNode, isFunctionNode } from '../inserts/functions.ts';
import { ITERATIONS } from '../inserts/iteration.ts';
import { functionType } from '../locks/function-types.ts';
import { hasModifier, isFunctionExpression, propertyOf, returnedBy } from '../shapes.ts';
import type { Frame } from './frames.ts';
import { argumentsFor, hasAccessModifier } from './given.ts';
import { literalsOf } from './literals.ts';
import { Lookup, type Makers, ProgramFacts } from './lookup.ts';
import { assignedTo, type GivenObject, isChoice, objectsOf } from './objects.ts';

/** A function that may be run, and the calls being made as it knows them. */
export interface Target {
  readonly fn: FunctionNode;
  readonly frame: Frame | undefined;
  /** What `bind` has handed in already. */
  readonly bound: readonly Ts.Expression[];
}

/** The functions that an expression may stand for. */
export interface Found {
  readonly targets: readonly Target[];
  /** It may be something else of the program as well, of which nothing is known. */
  readonly isOpen: boolean;
  /** What it is outside of the program. */
  readonly external: readonly Extract<Entity, { kind: 'external' }>[];
}

/** Finds the functions behind expressions: through variables, parameters, fields, containers and types. */
export class Values {
  readonly #facts: ProgramFacts;

  /** `isStrict`: what only the type of an object tells is not known, since who uses the program may hand in others. */
  constructor(code: Code, { isStrict = false } = {}) {
    this.#facts = new ProgramFacts(code, isStrict);
  }

  functionsOf(expression: Ts.Expression, frame: Frame | undefined): Found {
    const search = new Search(new Lookup(this.#facts));
    search.value(expression, frame, 0);
    return search;
  }

  /** The object literals that an expression may stand for. */
  objectsOf(expression: Ts.Expression, frame: Frame | undefined): readonly GivenObject[] {
    const lookup = new Lookup(this.#facts);
    return objectsOf(expression, undefined, frame, lookup, makersIn(lookup)).objects;
  }

  /** The functions behind a declaration: for a member, of the types that implement or extend its own, too. */
  declared(node: Ts.Node, frame: Frame | undefined): Found {
    const search = new Search(new Lookup(this.#facts));
    search.declaration(node, frame, 0);
    return search;
  }
}

/** Who makes what a call hands out. */
function makersIn(lookup: Lookup): Makers {
  return (callee, frame) => {
    const search = new Search(lookup);
    search.value(callee, frame, 0);
    return search.targets;
  };
}

class Search implements Found {
  readonly #lookup: Lookup;
  readonly #code: Code;
  readonly #targets = new Map<Ts.Node, Target>();
  readonly #seen = new Set<Ts.Node>();
  readonly external: Extract<Entity, { kind: 'external' }>[] = [];
  isOpen = false;
  readonly #makers: Makers;

  constructor(lookup: Lookup) {
    this.#lookup = lookup;
    this.#code = lookup.code;
    this.#makers = makersIn(lookup);
  }

  get targets(): readonly Target[] {
    return [...this.#targets.values()];
  }

  value(expression: Ts.Node, frame: Frame | undefined, depth: number): void {
    const value = skipParentheses(expression);
    if (!this.#lookup.step(depth)) {
      this.isOpen = true;
      return;
    }
    if (isFunctionNode(value)) {
      this.#add(value, frame);
    } else if (ts.isConditionalExpression(value)) {
      this.value(value.whenTrue, frame, depth + 1);
      this.value(value.whenFalse, frame, depth + 1);
    } else if (ts.isBinaryExpression(value)) {
      if (!isChoice(value)) this.value(value.left, frame, depth + 1);
      else if (value.operatorToken.kind !== ts.SyntaxKind.CommaToken)
        this.value(value.left, frame, depth + 1);
      this.value(value.right, frame, depth + 1);
    } else if (ts.isIdentifier(value)) {
      this.#identifier(value, frame, depth);
    } else if (ts.isPropertyAccessExpression(value)) {
      this.#member(value, frame, depth);
    } else if (ts.isElementAccessExpression(value)) {
      if (memberName(value)) this.#member(value, frame, depth);
      else this.#element(value.expression, frame, depth);
    } else if (ts.isCallExpression(value)) {
      this.#result(value, frame, depth);
    } else if (!isNothing(value)) {
      this.isOpen = true;
    }
  }

  declaration(node: Ts.Node, frame: Frame | undefined, depth: number): void {
    if (this.#seen.has(node)) return;
    this.#seen.add(node);
    if (this.#lookup.isStrict && isLooseMember(node)) {
      this.isOpen = true;
      return;
    }
    const { parent } = node;
    const isMember = parent && (ts.isClassLike(parent) || ts.isInterfaceDeclaration(parent));
    const heirs = isMember ? [...this.#heirs(node, parent), ...literalsOf(node, this.#code)] : [];
    for (const heir of heirs) this.declaration(heir, frame, depth + 1);
    if (isFunctionNode(node)) this.#add(node, frame);
    else if (ts.isParameter(node)) this.#parameter(node, frame, depth);
    else if (ts.isBindingElement(node)) this.#bound(node, frame, depth);
    else if (ts.isShorthandPropertyAssignment(node)) this.value(node.name, frame, depth + 1);
    else if (ts.isPropertyAssignment(node)) this.value(node.initializer, frame, depth + 1);
    else if (ts.isExportAssignment(node)) this.value(node.expression, frame, depth + 1);
    else if (ts.isVariableDeclaration(node)) this.#variable(node, frame, depth);
    else if (ts.isPropertyDeclaration(node)) this.#field(node, depth);
    else if (heirs.length === 0) this.#undefinedHere(node);
  }

  /** A signature without a body: what is declared to be there is outside of the program, of others nothing is known. */
  #undefinedHere(node: Ts.Node): void {
    const { name } = node as { name?: Ts.Node };
    const text = name && nameText(name);
    if (text === undefined || !isDeclaredOnly(node)) this.isOpen = true;
    else
      this.external.push({
        kind: 'external',
        module: this.#code.key(node),
        name: text,
        container: undefined,
      });
  }

  #heirs(node: Ts.Node, owner: Ts.ClassLikeDeclaration | Ts.InterfaceDeclaration): readonly Ts.Node[] {
    const { name } = node as { name?: Ts.Node };
    const text = name && nameText(name);
    const isOwn =
      text === undefined || text.startsWith('#') || hasModifier(node, ts.SyntaxKind.StaticKeyword);
    if (isOwn) return [];
    return this.#code.subtypes(owner).flatMap((heir) => {
      const own = ownMember(heir, text);
      if (own) return [own];
      const inherited = ts.isInterfaceDeclaration(owner) ? this.#code.member(heir, text) : undefined;
      return inherited ? [inherited] : [];
    });
  }

  #identifier(name: Ts.Identifier, frame: Frame | undefined, depth: number): void {
    const local = resolveLocal(name);
    if (local && !isImport(local)) {
      this.declaration(local, frame, depth + 1);
      return;
    }
    if (!local && name.text === 'undefined') return;
    this.#entities(this.#code.entities(name), frame, depth);
  }

  #entities(entities: readonly Entity[], frame: Frame | undefined, depth: number): void {
    if (entities.length === 0) this.isOpen = true;
    for (const entity of entities) {
      if (entity.kind === 'node') this.declaration(entity.node, frame, depth + 1);
      else this.external.push(entity);
    }
  }

  #member(
    access: Ts.PropertyAccessExpression | Ts.ElementAccessExpression,
    frame: Frame | undefined,
    depth: number,
  ): void {
    const name = memberName(access);
    if (!name) return;
    const text = nameText(name) ?? '';
    const entities = this.#code.entities(name);
    const object = skipParentheses(access.expression);
    if (object.kind === ts.SyntaxKind.SuperKeyword) {
      for (const entity of entities) {
        if (entity.kind === 'node' && isFunctionNode(entity.node)) this.#add(entity.node, frame);
      }
      return;
    }
    const made = ts.isNewExpression(object);
    if (made) {
      // Nothing else than what is made here.
      for (const entity of entities) {
        if (entity.kind === 'node' && isFunctionNode(entity.node)) this.#add(entity.node, frame);
        else this.#entities([entity], frame, depth);
      }
      return;
    }
    const isLoose = entities.every(
      (entity) =>
        entity.kind === 'node' &&
        (isLooseMember(entity.node) || (this.#lookup.isStrict && isOfLiteral(entity.node))),
    );
    const given = isLoose ? objectsOf(object, text, frame, this.#lookup, this.#makers) : undefined;
    if (given && given.objects.length > 0) {
      for (const { object: literal, frame: inner } of given.objects) {
        const value = propertyOf(literal, text) ?? methodOf(literal, text);
        if (value && isFunctionNode(value)) this.#add(value, inner);
        else if (value) this.value(value, inner, depth + 1);
      }
      if (!given.isOpen) return;
      // Other members than that of the literal by which the compiler knows them.
      if (this.#lookup.isStrict) this.isOpen = true;
    }
    this.#entities(entities, frame, depth);
  }

  #parameter(parameter: Ts.ParameterDeclaration, frame: Frame | undefined, depth: number): void {
    const fn = parameter.parent;
    if (ts.isConstructorDeclaration(fn) && hasAccessModifier(parameter)) {
      this.#field(parameter, depth);
      return;
    }
    // Who calls the `resolve` of a promise only settles it.
    if (isExecutor(fn)) return;
    const walked = elementsFor(parameter);
    if (walked) {
      this.#element(walked, frame, depth + 1);
      return;
    }
    for (const given of argumentsFor(parameter, frame, this.#lookup)) {
      if (given) this.value(given.value, given.frame, depth + 1);
      else this.isOpen = true;
    }
    if (parameter.initializer) this.value(parameter.initializer, frame, depth + 1);
  }

  /** `const { onDone } = options`, or a parameter that is taken apart. */
  #bound(element: Ts.BindingElement, frame: Frame | undefined, depth: number): void {
    const pattern = element.parent;
    const holder = pattern.parent;
    if (element.initializer) this.value(element.initializer, frame, depth + 1);
    const name = element.propertyName ?? element.name;
    const key = nameText(name);
    if (!ts.isObjectBindingPattern(pattern) || key === undefined || ts.isBindingElement(holder)) {
      this.isOpen = true;
      return;
    }
    const objects = ts.isParameter(holder)
      ? objectsOf(holder, key, frame, this.#lookup, this.#makers)
      : holder.initializer && objectsOf(holder.initializer, key, frame, this.#lookup, this.#makers);
    for (const { object, frame: inner } of objects?.objects ?? []) {
      const value = propertyOf(object, key) ?? methodOf(object, key);
      if (value && isFunctionNode(value)) this.#add(value, inner);
      else if (value) this.value(value, inner, depth + 1);
    }
    if (objects && objects.objects.length > 0 && !objects.isOpen) return;
    const member = this.#code.memberOfType(pattern, key);
    const declared = typeof member === 'string' ? [] : member.declarations;
    const nodes = declared.flatMap((one) => this.#code.nodeOf(one) ?? []);
    for (const node of nodes) this.declaration(node, frame, depth + 1);
    if (declared.length === 0) this.isOpen = true;
    else if (nodes.length === 0) {
      this.external.push({
        kind: 'external',
        module: this.#code.key(pattern),
        name: key,
        container: undefined,
      });
    }
  }

  #variable(variable: Ts.VariableDeclaration, frame: Frame | undefined, depth: number): void {
    const loop = variable.parent.parent;
    if (ts.isForOfStatement(loop)) {
      this.#element(loop.expression, frame, depth);
      return;
    }
    if (variable.initializer) this.value(variable.initializer, frame, depth + 1);
    if (isDeclaredOnly(variable)) this.#undefinedHere(variable);
    for (const value of assignedTo(variable)) this.value(value, frame, depth + 1);
  }

  /** All that the program puts into a field. */
  #field(slot: Ts.PropertyDeclaration | Ts.ParameterDeclaration, depth: number): void {
    const { stores, isWhole } = this.#lookup.stores(slot, 0);
    const values = new Set(stores.map(({ value }) => value));
    const { initializer } = slot;
    if (initializer) values.add(initializer);
    for (const value of values) {
      if (ts.isIdentifier(value) && value.parent === slot && ts.isParameter(slot)) {
        for (const given of argumentsFor(slot, undefined, this.#lookup)) {
          if (given) this.value(given.value, given.frame, depth + 1);
          else this.isOpen = true;
        }
      } else this.value(value, undefined, depth + 1);
    }
    if (!isWhole || values.size === 0) this.isOpen = true;
  }

  /** What a container holds, of which one element is taken. */
  #element(container: Ts.Expression, frame: Frame | undefined, depth: number, levels = 1): void {
    const value = skipParentheses(container);
    if (!this.#lookup.step(depth)) this.isOpen = true;
    else if (ts.isArrayLiteralExpression(value)) {
      for (const element of value.elements) {
        if (ts.isSpreadElement(element)) this.#element(element.expression, frame, depth + 1, levels);
        else if (levels > 1) this.#element(element, frame, depth + 1, levels - 1);
        else this.value(element, frame, depth + 1);
      }
    } else if (ts.isObjectLiteralExpression(value)) {
      for (const property of value.properties) {
        if (ts.isPropertyAssignment(property)) this.value(property.initializer, frame, depth + 1);
        else if (ts.isShorthandPropertyAssignment(property)) this.value(property.name, frame, depth + 1);
        else if (ts.isMethodDeclaration(property) && isFunctionNode(property)) this.#add(property, frame);
        else this.isOpen = true;
      }
    } else if (ts.isElementAccessExpression(value) && !memberName(value)) {
      this.#element(value.expression, frame, depth + 1, levels + 1);
    } else if (ts.isCallExpression(value)) {
      this.#viewed(value, frame, depth, levels);
    } else if (ts.isBinaryExpression(value) && isChoice(value)) {
      this.#element(value.left, frame, depth + 1, levels);
      this.#element(value.right, frame, depth + 1, levels);
    } else if (ts.isNewExpression(value)) {
      const [first] = value.arguments ?? [];
      const pairs = first && pairsOf(value, first);
      for (const pair of pairs ?? []) {
        if (levels > 1) this.#element(pair, frame, depth + 1, levels - 1);
        else this.value(pair, frame, depth + 1);
      }
      if (first && !pairs) this.#element(first, frame, depth + 1, levels);
    } else {
      this.#held(value, frame, depth, levels);
    }
  }

  /** `handlers.get(key)`, `handlers.values()`, `handlers.slice()` */
  #viewed(call: Ts.CallExpression, frame: Frame | undefined, depth: number, levels: number): void {
    const callee = skipParentheses(call.expression);
    const [first] = call.arguments;
    if (!ts.isPropertyAccessExpression(callee)) this.isOpen = true;
    else if (PICKING.has(callee.name.text)) this.#element(callee.expression, frame, depth + 1, levels + 1);
    else if (VIEWS.has(callee.name.text)) {
      const isStatic =
        ts.isIdentifier(callee.expression) && /^(?:Array|Object)$/.test(callee.expression.text);
      if (!isStatic) this.#element(callee.expression, frame, depth + 1, levels);
      else if (first) this.#element(first, frame, depth + 1, levels);
    } else this.isOpen = true;
  }

  /** A container that a variable, parameter or field holds. */
  #held(container: Ts.Node, frame: Frame | undefined, depth: number, levels: number): void {
    const name = rightmostName(container);
    const slot = name && this.#code.declarationNode(name);
    if (!slot) {
      this.isOpen = true;
      return;
    }
    if (ts.isParameter(slot) && !hasAccessModifier(slot)) {
      for (const given of argumentsFor(slot, frame, this.#lookup)) {
        if (!given) this.isOpen = true;
        else if (given.isRest) this.value(given.value, given.frame, depth + 1);
        else this.#element(given.value, given.frame, depth + 1, levels);
      }
      return;
    }
    if (this.#seen.has(slot)) return;
    this.#seen.add(slot);
    const type = functionType(slot, this.#code);
    const { stores, isWhole } = this.#lookup.stores(slot, type?.depth ?? levels);
    if (!isWhole) this.isOpen = true;
    for (const { value, depth: left } of stores) {
      if (left > 0) this.#element(value, undefined, depth + 1, left);
      else this.value(value, undefined, depth + 1);
    }
  }

  /** What a call hands out: a function that was bound, or made by a function of the program. */
  #result(call: Ts.CallExpression, frame: Frame | undefined, depth: number): void {
    const callee = skipParentheses(call.expression);
    if (ts.isPropertyAccessExpression(callee)) {
      if (callee.name.text === 'bind') {
        this.#bind(callee.expression, call.arguments.slice(1), frame, depth);
        return;
      }
      if (PICKING.has(callee.name.text)) {
        const found = this.#code.entities(callee.name as Ts.Identifier);
        if (found.every((entity) => entity.kind === 'external')) {
          this.#element(callee.expression, frame, depth + 1);
          return;
        }
      }
    }
    const makers = new Search(this.#lookup);
    makers.value(callee, frame, depth + 1);
    if (makers.isOpen || makers.targets.length === 0) this.isOpen = true;
    for (const { fn, frame: outer } of makers.targets) {
      const inner: Frame = { fn, args: call.arguments, caller: frame, made: outer };
      for (const value of returnedBy(fn.body)) this.value(value, inner, depth + 1);
    }
  }

  #bind(
    callee: Ts.Expression,
    args: readonly Ts.Expression[],
    frame: Frame | undefined,
    depth: number,
  ): void {
    const inner = new Search(this.#lookup);
    inner.value(callee, frame, depth + 1);
    for (const target of inner.targets) {
      this.#targets.set(target.fn, { ...target, bound: [...target.bound, ...args] });
    }
    this.external.push(...inner.external);
    if (inner.isOpen) this.isOpen = true;
  }

  #add(fn: FunctionNode, frame: Frame | undefined): void {
    if (this.#targets.has(fn)) return;
    this.#targets.set(fn, { fn, frame, bound: [] });
    // A decorator may make another function of it, which calls this one or not.
    const decorators = ts.canHaveDecorators(fn) ? (ts.getDecorators(fn) ?? []) : [];
    for (const { expression } of decorators) this.#decorator(expression);
  }

  #decorator(expression: Ts.Expression): void {
    const decorators = new Search(this.#lookup);
    decorators.value(expression, undefined, 0);
    for (const { fn } of decorators.targets) {
      const made: Frame = { fn, args: undefined, caller: undefined, made: undefined };
      for (const value of returnedBy(fn.body)) {
        const wrapper = skipParentheses(value);
        if (isFunctionNode(wrapper) && !this.#targets.has(wrapper)) {
          this.#targets.set(wrapper, { fn: wrapper, frame: made, bound: [] });
        }
      }
    }
  }
}

/** The function of `new Promise((resolve, reject) => …)`. */
function isExecutor(fn: Ts.Node): boolean {
  const made = fn.parent;
  return made && ts.isNewExpression(made) && made.expression.getText() === 'Promise';
}

/** The `list` of which a parameter is one element: `list.forEach((element) => …)`. */
function elementsFor(parameter: Ts.ParameterDeclaration): Ts.Expression | undefined {
  const fn = parameter.parent;
  const call = fn.parent;
  if (!isFunctionExpression(fn) || !ts.isCallExpression(call) || call.arguments[0] !== fn) return undefined;
  const callee = skipParentheses(call.expression);
  if (!ts.isPropertyAccessExpression(callee) || !ITERATIONS.has(callee.name.text)) return undefined;
  const index = callee.name.text.startsWith('reduce') ? 1 : 0;
  return fn.parameters[index] === parameter ? callee.expression : undefined;
}

/** The values in `new Map([[key, value], …])`, where they are all written out. */
function pairsOf(made: Ts.NewExpression, list: Ts.Expression): readonly Ts.Expression[] | undefined {
  const bare = skipParentheses(list);
  if (!/^(?:Weak)?Map$/.test(made.expression.getText()) || !ts.isArrayLiteralExpression(bare))
    return undefined;
  const values = bare.elements.flatMap((one) => {
    const pair = skipParentheses(one);
    return ts.isArrayLiteralExpression(pair) ? (pair.elements[1] ?? []) : [];
  });
  return values.length === bare.elements.length ? values : undefined;
}

/** A member whose function is whatever the object was made with. */
function isLooseMember(node: Ts.Node): boolean {
  const owner = node.parent;
  return (
    (ts.isPropertySignature(node) || ts.isMethodSignature(node)) &&
    (ts.isInterfaceDeclaration(owner) || ts.isTypeLiteralNode(owner))
  );
}

/** What an object literal has for a member: of an object that is made from it, others may have come over it. */
export function isOfLiteral(node: Ts.Node): boolean {
  return node.parent !== undefined && ts.isObjectLiteralExpression(node.parent);
}

function methodOf(literal: Ts.ObjectLiteralExpression, name: string): Ts.MethodDeclaration | undefined {
  return literal.properties.find(
    (one): one is Ts.MethodDeclaration => ts.isMethodDeclaration(one) && nameText(one.name) === name,
  );
}

/** `declare function f(): void`, and what a `declare class` or `declare namespace` holds. */
function isDeclaredOnly(node: Ts.Node): boolean {
  return ts.findAncestor(node, (at) => hasModifier(at, ts.SyntaxKind.DeclareKeyword)) !== undefined;
}

/** A value that cannot be called. */
function isNothing(value: Ts.Node): boolean {
  return (
    ts.isLiteralExpression(value) ||
    value.kind === ts.SyntaxKind.NullKeyword ||
    value.kind === ts.SyntaxKind.TrueKeyword ||
    value.kind === ts.SyntaxKind.FalseKeyword ||
    ts.isVoidExpression(value)
  );
}

/** Methods that hand out one element of a container. */
const PICKING: ReadonlySet<string> = new Set(['get', 'at', 'pop', 'shift', 'find', 'findLast']);

/** Methods that hand out the elements of a container. */
const VIEWS: ReadonlySet<string> = new Set([
  'values',
  'slice',
  'splice',
  'filter',
  'reverse',
  'toReversed',
  'toSorted',
  'sort',
  'concat',
  'from',
]);

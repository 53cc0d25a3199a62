import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, nameText, skipParentheses } from '../code.ts';
import { hasModifier, outermost } from '../shapes.ts';
import { accessOf, referencesTo, usesOf } from './references.ts';

/** A key as it is written: `handlers.get(key)`, or the name in `handlers.closed`. */
export type Key = Ts.Expression | string;

/** A value that is put into a field or variable, or into a container that it holds. */
export interface Store {
  readonly value: Ts.Expression;
  /** The key under which the container keeps it. */
  readonly key: Key | undefined;
  /** The object whose field it is. */
  readonly object: Ts.Expression | undefined;
  /** How many containers the value has around its functions. */
  readonly depth: number;
}

export interface Stores {
  readonly stores: readonly Store[];
  /** Nobody else was handed the container, to put more into it. */
  readonly isWhole: boolean;
}

/** Variables that stand for a part of a container are followed through so many others. */
const MAX_ALIASES = 3;

/** All that the program puts into a field or variable. `depth` is that of the containers it holds. */
export function storesTo(slot: Ts.Node, depth: number, code: Code): Stores {
  const found = new StoreSearch();
  const whole: Part = { depth, key: undefined, object: undefined, aliases: 0 };
  const { initializer, name } = slot as { initializer?: Ts.Expression; name?: Ts.Node };
  if (ts.isParameter(slot) && name && ts.isIdentifier(name)) found.add(name, whole);
  if (initializer) found.add(initializer, whole);
  for (const reference of isSetOnce(slot, depth) ? [] : referencesTo(slot, code, mayStore(slot, depth))) {
    const access = accessOf(reference);
    const object =
      ts.isPropertyAccessExpression(access) || ts.isElementAccessExpression(access)
        ? access.expression
        : undefined;
    found.follow(access, { ...whole, object });
  }
  return found;
}

/** A field that its constructor alone gives a value, by a parameter. */
function isSetOnce(slot: Ts.Node, depth: number): boolean {
  return depth === 0 && ts.isParameter(slot) && hasModifier(slot, ts.SyntaxKind.ReadonlyKeyword);
}

/** Files without an assignment to a name give it no value; what goes into a container may go by any way. */
function mayStore(slot: Ts.Node, depth: number): (file: string, text: string) => boolean {
  const own = slot.getSourceFile().fileName;
  const name = nameText((slot as { name?: Ts.Node }).name ?? slot) ?? '';
  if (depth > 0) return () => true;
  if (hasModifier(slot, ts.SyntaxKind.ReadonlyKeyword)) return (file) => file === own;
  const assignment = new RegExp(`${name.replace(/\W/g, '\\$&')}['"]?\\]?\\s*(?:\\?\\?|\\|\\|)?=(?![=>])`);
  return (file, text) => file === own || assignment.test(text);
}

/** What is known of an expression that stands for the slot, or for a container in it. */
interface Part {
  /** Containers that are still around the functions. */
  readonly depth: number;
  readonly key: Key | undefined;
  readonly object: Ts.Expression | undefined;
  readonly aliases: number;
}

class StoreSearch implements Stores {
  readonly #stores: Store[] = [];
  readonly #aliases = new Set<Ts.Node>();
  isWhole = true;

  /** A part that is put back where it came from adds nothing. */
  get stores(): readonly Store[] {
    return this.#stores.filter(({ value }) => {
      const bare = skipParentheses(value);
      const local = ts.isIdentifier(bare) ? resolveLocal(bare) : undefined;
      return !local || !this.#aliases.has(local);
    });
  }

  add(value: Ts.Expression, { key, object, depth }: Part): void {
    this.#stores.push({ value, key, object, depth });
  }

  /** Looks at what is done with an expression that stands for the slot, or for a container in it. */
  follow(at: Ts.Expression, part: Part): void {
    const node = outermost(at) as Ts.Expression;
    const { parent } = node;
    if (ts.isBinaryExpression(parent)) this.#binary(node, parent, part);
    else if (part.depth > 0) this.#inContainer(node, parent, part);
  }

  #binary(node: Ts.Expression, parent: Ts.BinaryExpression, part: Part): void {
    const { kind } = parent.operatorToken;
    if (GIVING.has(kind) && parent.left === node) this.add(parent.right, part);
    else if (kind === ts.SyntaxKind.EqualsToken && part.depth > 0) this.#alias(parent.left, part);
    // `(this.lists[event] ??= [])` and `(a ?? b)` are the container as well.
    if (part.depth > 0 && (GIVING.has(kind) || CHOOSING.has(kind))) this.follow(parent, part);
  }

  #inContainer(node: Ts.Expression, parent: Ts.Node, part: Part): void {
    if (ts.isElementAccessExpression(parent) && parent.expression === node) {
      this.follow(parent, inside(part, parent.argumentExpression));
    } else if (ts.isPropertyAccessExpression(parent) && parent.expression === node) {
      this.#member(parent, part);
    } else if (ts.isConditionalExpression(parent) && parent.condition !== node) {
      this.follow(parent, part);
    } else if (ts.isVariableDeclaration(parent)) {
      this.#variable(parent, part);
    } else if (ts.isReturnStatement(parent) || (ts.isArrowFunction(parent) && parent.body === node)) {
      this.isWhole = false;
    } else if (ts.isCallExpression(parent) && parent.expression !== node) {
      if (!isHarmless(parent.expression, part)) this.isWhole = false;
    }
  }

  #member(access: Ts.PropertyAccessExpression, part: Part): void {
    const call = access.parent;
    const { text } = access.name;
    if (!ts.isCallExpression(call) || call.expression !== access) {
      // `hooks.started = f`, where `hooks` is a dictionary.
      this.follow(access, inside(part, text));
      return;
    }
    const args = call.arguments;
    const [first, second] = args;
    if (text === 'get' || text === 'at') this.follow(call, inside(part, first));
    else if (text === 'set' && second) this.add(second, inside(part, first));
    else if (ADDING.has(text)) {
      for (const value of args) {
        if (ts.isSpreadElement(value)) this.add(value.expression, part);
        else this.add(value, { ...part, depth: part.depth - 1 });
      }
    }
    if (text === 'set' || text === 'add') this.follow(call, part);
  }

  #alias(target: Ts.Expression, part: Part): void {
    const bare = skipParentheses(target);
    const local = ts.isIdentifier(bare) ? resolveLocal(bare) : undefined;
    if (local && ts.isVariableDeclaration(local)) this.#variable(local, part);
    else this.isWhole = false;
  }

  #variable(variable: Ts.VariableDeclaration, part: Part): void {
    if (part.aliases >= MAX_ALIASES) {
      this.isWhole = false;
      return;
    }
    this.#aliases.add(variable);
    for (const use of usesOf(variable)) this.follow(use, { ...part, aliases: part.aliases + 1 });
  }
}

/** Built-in functions only look at what they are given, and a part may be put back where it came from. */
function isHarmless(callee: Ts.Expression, { aliases }: Part): boolean {
  const bare = skipParentheses(callee);
  const member = ts.isPropertyAccessExpression(bare) ? bare : undefined;
  if (member && aliases > 0 && (member.name.text === 'set' || ADDING.has(member.name.text))) return true;
  const root = member ? member.expression : bare;
  return ts.isIdentifier(root) && !resolveLocal(root);
}

function inside(part: Part, key: Key | undefined): Part {
  return { ...part, depth: part.depth - 1, key: part.key ?? key };
}

const GIVING: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.EqualsToken,
  ts.SyntaxKind.QuestionQuestionEqualsToken,
  ts.SyntaxKind.BarBarEqualsToken,
]);

const CHOOSING: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.QuestionQuestionToken,
  ts.SyntaxKind.BarBarToken,
]);

const ADDING: ReadonlySet<string> = new Set(['push', 'unshift', 'add']);

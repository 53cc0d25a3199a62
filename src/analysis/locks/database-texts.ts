import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import type { CallLike } from '../cfg.ts';
import { nameText, rightmostName, skipParentheses } from '../code.ts';
import type { KeyPart } from '../sql/lock-operations.ts';
import type { Activation } from './activation.ts';
import { templateText, UNKNOWN_PATH } from './paths.ts';
import { type Value, valueUnder } from './values.ts';
import type { World } from './world.ts';

/** SQL as a call sends it: its text, and what stands for the placeholders in it. */
export interface SentSql {
  readonly text: string;
  readonly valueFor: (placeholder: string) => Value | undefined;
}

/** Placeholders that stand for what a template fills in: numbers that nobody counts up to. */
const FIRST_HOLE = 100_000;

/** The SQL that a call sends, as far as it is known. */
export function sentSql(activation: Activation, node: CallLike, world: World): SentSql | undefined {
  const reader = new Reader(activation, world);
  if (ts.isTaggedTemplateExpression(node)) return reader.ofTemplate(node.template);
  const [first, second] = node.arguments ?? [];
  if (!first) return undefined;
  if (!/Unsafe$/.test(lastName(node.expression)))
    return reader.ofText(first, activation.evaluate(second, world));
  // Those of Prisma take the values one by one.
  const values = (node.arguments ?? []).slice(1).map((argument) => activation.evaluate(argument, world));
  return reader.ofText(first, {
    kind: 'collection',
    path: UNKNOWN_PATH,
    items: values,
    element: undefined,
    sorted: false,
  });
}

/** The SQL of a text, with what it is given for its placeholders. */
export function sqlOf(
  activation: Activation,
  text: Ts.Expression,
  bindings: Ts.Expression | undefined,
  world: World,
): SentSql | undefined {
  return new Reader(activation, world).ofText(text, activation.evaluate(bindings, world));
}

/** The SQL of a template: `sql\`…\``. */
export function templateSql(activation: Activation, template: Ts.TemplateLiteral, world: World): SentSql {
  return new Reader(activation, world).ofTemplate(template);
}

/** The template behind an expression that makes a piece of SQL of it; undefined for any other. */
export function sqlTemplate(node: Ts.Node): Ts.TaggedTemplateExpression | undefined {
  const bare = skipParentheses(node);
  if (ts.isTaggedTemplateExpression(bare)) return bare;
  const local = ts.isIdentifier(bare) ? resolveLocal(bare) : undefined;
  const value = local && ts.isVariableDeclaration(local) ? local.initializer : undefined;
  return value && ts.isTaggedTemplateExpression(skipParentheses(value))
    ? (skipParentheses(value) as Ts.TaggedTemplateExpression)
    : undefined;
}

class Reader {
  readonly #activation: Activation;
  readonly #world: World;
  readonly #holes: (Value | undefined)[] = [];

  constructor(activation: Activation, world: World) {
    this.#activation = activation;
    this.#world = world;
  }

  ofTemplate(template: Ts.TemplateLiteral): SentSql {
    return { text: this.#template(template), valueFor: (placeholder) => this.#hole(placeholder) };
  }

  ofText(expression: Ts.Node, bindings: Value | undefined): SentSql | undefined {
    const tagged = sqlTemplate(expression);
    if (tagged) return this.ofTemplate(tagged.template);
    const bare = skipParentheses(expression);
    // `sql.raw('…')`, `new Query('…')`
    if ((ts.isCallExpression(bare) || ts.isNewExpression(bare)) && bare.arguments?.[0]) {
      return PIECES.test(lastName(bare.expression))
        ? this.ofText(bare.arguments[0], this.#evaluate(bare.arguments[1]))
        : undefined;
    }
    if (ts.isTemplateExpression(bare)) return this.#with(this.#template(bare), bindings);
    const value = this.#evaluate(bare);
    if (value?.kind === 'object') {
      const { properties } = value;
      const text = this.#textOf(properties.get('text') ?? properties.get('sql'));
      return text === undefined ? undefined : this.#with(text, properties.get('values') ?? bindings);
    }
    const text = this.#textOf(value);
    return text === undefined ? undefined : this.#with(text, bindings);
  }

  #evaluate(node: Ts.Node | undefined): Value | undefined {
    return this.#activation.evaluate(node, this.#world);
  }

  #with(text: string, bindings: Value | undefined): SentSql {
    return { text, valueFor: (placeholder) => this.#hole(placeholder) ?? bound(placeholder, bindings) };
  }

  #template(template: Ts.TemplateLiteral): string {
    if (ts.isNoSubstitutionTemplateLiteral(template)) return template.text;
    const parts = template.templateSpans.map(
      ({ expression, literal }) => this.#filled(expression) + literal.text,
    );
    return template.head.text + parts.join('');
  }

  /** What is filled into a template: a text of its own where that is known, or a placeholder. */
  #filled(expression: Ts.Expression): string {
    const bare = skipParentheses(expression);
    if (ts.isTaggedTemplateExpression(bare)) return this.#template(bare.template);
    if (ts.isCallExpression(bare) && PIECES.test(lastName(bare.expression)) && bare.arguments[0]) {
      const raw = this.#evaluate(bare.arguments[0]);
      if (raw?.kind === 'constant') return String(raw.value);
    }
    return this.#placeholder(this.#evaluate(expression));
  }

  #placeholder(value: Value | undefined): string {
    this.#holes.push(value);
    return `$${FIRST_HOLE + this.#holes.length - 1}`;
  }

  #hole(placeholder: string): Value | undefined {
    const number = Number(placeholder.slice(1));
    return number >= FIRST_HOLE ? this.#holes[number - FIRST_HOLE] : undefined;
  }

  /** A text that is known, or the known parts of one with placeholders between them. */
  #textOf(value: Value | undefined): string | undefined {
    if (value?.kind === 'constant') return typeof value.value === 'string' ? value.value : undefined;
    const template = value?.kind === 'opaque' ? templateText(value.path) : undefined;
    return template?.replace(/\$\{([^}]*)\}/g, (_, path: string) =>
      this.#placeholder({ kind: 'opaque', path }),
    );
  }
}

/** Functions that make a piece of SQL of a text. */
const PIECES = /^(?:raw|unsafe|sql|literal|SQL|query|Query|type|text)$/;

function lastName(node: Ts.Node): string {
  const name = rightmostName(node);
  return (name && nameText(name)) ?? '';
}

/** What a query is given for a placeholder: by its number, by its place, or by its name. */
function bound(placeholder: string, bindings: Value | undefined): Value | undefined {
  const [, sign, name = ''] = /^([$?:@])(.+)$/.exec(placeholder) ?? [];
  if (sign === undefined) return undefined;
  const index = /^\d+$/.test(name) ? Number(name) - 1 : undefined;
  if (bindings?.kind === 'collection') {
    if (index === undefined) return valueUnder(bindings, name);
    return (
      bindings.items?.[index] ??
      (bindings.items ? undefined : { kind: 'opaque', path: `${bindings.path}[${index}]` })
    );
  }
  if (bindings?.kind === 'object') return bindings.properties.get(name);
  return index === 0 && bindings?.kind === 'constant' ? bindings : undefined;
}

/** What the parts of a key stand for. */
export function partsOfKey(
  parts: readonly KeyPart[],
  { valueFor }: SentSql,
): readonly (string | Value | undefined)[] {
  return parts.map((part) => (typeof part === 'string' ? part : valueFor(part.placeholder)));
}

import { type Ts, ts } from '../../syntax/ts.ts';
import type { CallLike } from '../cfg.ts';
import { hasBody, nameText, rightmostName, skipParentheses } from '../code.ts';
import type { Aliases } from './aliases.ts';
import { type Carried, ELEMENT, type FlowHandler, type Gathering, type MemberAccess } from './flow.ts';
import { Frames } from './frames.ts';
import type { CallGraph } from './invocations.ts';
import { callbackUse, ITERATIONS } from './iteration.ts';
import { entryStep, mapOfPair } from './maps.ts';
import { keepsStatement, methodUse, type QueryUse, queryUse, runsStatement } from './query-calls.ts';
import { indirectCall, isTextOf } from './text-arguments.ts';

/** SQL text as an expression, and how to get to it from the expression's value. */
export interface SqlText {
  readonly at: Ts.Expression;
  readonly path: readonly string[];
  readonly frames: Frames;
}

/** A call that runs SQL text. */
export interface Execution {
  readonly call: CallLike;
  /** The text where the call, or the one that prepared its statement, takes it. */
  readonly sql: SqlText;
  /** The literal that the text is made from. */
  readonly origin: SqlText;
  /** Whether the literal is all of the text as far as it could be followed, or a part of it. */
  readonly extent: 'whole' | 'part';
  /** What runs it as often as it is run: the call itself, one that calls it back, or what gathers a batch. */
  readonly starts: readonly Gathering[];
}

/** Finds the calls that run a piece of SQL text, from the literal on. */
export function executionsOf(graph: CallGraph, literal: Ts.Expression): readonly Execution[] {
  return new TextFlow(graph, literal).find();
}

/**
 * What a value is to us: the text; a text that it is part of; a piece of SQL that a client makes of it, by its number;
 * a prepared statement, with the number of the text that it was prepared from; the method that runs such a statement.
 */
type Form = 'text' | 'part' | `piece ${number}` | `statement ${number}` | `runner ${number}`;

class TextFlow implements FlowHandler<Form> {
  readonly #graph: CallGraph;
  readonly #aliases: Aliases;
  readonly #origin: SqlText;
  readonly #found: Execution[] = [];
  /** Calls of functions of the program that are named like query functions: executions if nothing inside is one. */
  readonly #outer: Execution[] = [];
  /** Calls that make a piece of SQL: executions if no other call runs the piece. */
  readonly #pieces: Execution[] = [];
  /** The pieces that another call runs, or makes part of its own. */
  readonly #taken = new Set<Execution>();
  readonly #prepared: SqlText[] = [];

  constructor(graph: CallGraph, literal: Ts.Expression) {
    this.#graph = graph;
    this.#aliases = graph.aliases;
    this.#origin = { at: literal, path: [], frames: Frames.none };
  }

  find(): readonly Execution[] {
    this.#graph.flow.follow<Form>([{ ...this.#origin, form: 'text' }], this);
    const entered = this.#found.flatMap(({ sql }) => sql.frames.calls);
    return [
      ...this.#found,
      ...this.#outer.filter(({ call }) => !entered.includes(call)),
      ...this.#pieces.filter((piece) => !this.#taken.has(piece)),
    ];
  }

  called(call: CallLike, value: Carried<Form>): readonly Carried<Form>[] {
    if (isRunner(value.form) && !ts.isTaggedTemplateExpression(call))
      this.#found.push(this.#run(call, value));
    return [];
  }

  taken(name: string, { form }: Carried<Form>): Form | undefined {
    return isStatement(form) && runsStatement(name) ? `runner ${numberOf(form)}` : undefined;
  }

  argument(
    call: Ts.CallExpression | Ts.NewExpression,
    index: number,
    value: Carried<Form>,
  ): readonly Carried<Form>[] {
    const entities = this.#graph.callees.entities(call.expression);
    const use = queryUse(call, entities);
    // Behind a signature stand implementations; the call of the signature is the execution all the same.
    const isSignature = entities.some((entity) => entity.kind === 'node' && isBodiless(entity.node));
    const bodies = isSignature && use === 'executes' ? [] : this.#graph.callees.bodies(call, value.frames);
    if (bodies.length > 0) {
      if (use === 'executes' && !isStatement(value.form) && !isRunner(value.form))
        this.#outer.push(this.#execution(call, value));
      return bodies.flatMap((fn) => this.#graph.flow.enterFunction(fn, call, index, value));
    }
    const stored = this.#stored(call, value);
    if (stored) return stored;
    if (isRunner(value.form)) return this.#calledBack(call, index, value);
    if (isStatement(value.form)) {
      // A batch of prepared statements.
      if (use === 'executes' && value.path.every((step) => step === ELEMENT))
        this.#found.push(this.#run(call, value));
      return [];
    }
    if (use !== 'ignores') return this.#handedOver({ call, args: call.arguments ?? [], index, use }, value);
    return this.#handedToAlias(call, index, value);
  }

  /** The callee is only a name for the function, or for a method of it: `go(text)`, `query.call(db, text)`. */
  #handedToAlias(
    call: Ts.CallExpression | Ts.NewExpression,
    index: number,
    value: Carried<Form>,
  ): readonly Carried<Form>[] {
    const indirect = indirectCall(call, index, value.path);
    const callee = indirect?.callee ?? call.expression;
    const own = indirect && rightmostName(callee);
    const meanings = [
      ...(own ? [{ kind: 'method', name: nameText(own) ?? '', callee } as const] : []),
      ...this.#aliases.meanings(callee, value.frames),
    ];
    return meanings.flatMap((meaning) => {
      if (meaning.kind === 'function') {
        return indirect ? [] : this.#graph.flow.enterFunction(meaning.fn, call, index, value);
      }
      const entities = meaning.callee ? this.#graph.callees.entities(meaning.callee) : [];
      const use = methodUse(meaning.name, meaning.callee, entities);
      const { args, index: at, path } = indirect ?? { args: call.arguments ?? [], index, path: value.path };
      if (indirect?.isBound && use === 'executes' && isTextOf(args, at, path))
        return [{ ...this.#statement(call, value), form: this.#runner() }];
      return indirect?.isBound ? [] : this.#handedOver({ call, args, index: at, use, path }, value);
    });
  }

  member(access: MemberAccess, value: Carried<Form>): readonly Carried<Form>[] {
    const name = rightmostName(access);
    const method = name && nameText(name);
    const call = access.parent;
    if (method === undefined) {
      // `texts[i]`, `queries[kind]`: any of them.
      return value.path.length > 0 ? [{ ...value, at: access, path: value.path.slice(1) }] : [];
    }
    if (!ts.isCallExpression(call) || call.expression !== access) {
      const form = value.path.length === 0 ? this.taken(method, value) : undefined;
      return form ? [{ ...value, at: access, form }] : [];
    }
    const [first] = call.arguments;
    if (method === 'get' && first && ts.isStringLiteralLike(first) && value.path[0] === entryStep(first.text))
      return [{ ...value, at: call, path: value.path.slice(1) }];
    if (value.path[0] === ELEMENT) return this.#arrayMethod(call, method, value);
    if (value.path.length > 0) return [];
    const isRunnable = isPiece(value.form) || isStatement(value.form);
    if (isRunnable && runsStatement(method)) {
      this.#take(value);
      this.#found.push(this.#run(call, value));
      return [];
    }
    if (isRunner(value.form)) {
      if (method === 'call' || method === 'apply') this.#found.push(this.#run(call, value));
      return method === 'bind' ? [{ ...value, at: call }] : [];
    }
    if (isStatement(value.form)) return keepsStatement(method) ? [{ ...value, at: call }] : [];
    return TEXT_METHODS.has(method) ? [partAt(call, value)] : [];
  }

  operand(parent: Ts.Expression, value: Carried<Form>): readonly Carried<Form>[] {
    const map = mapOfPair(parent);
    if (map?.key && ts.isStringLiteralLike(map.key))
      return [{ ...value, at: map.made, path: [entryStep(map.key.text), ...value.path] }];
    if (ts.isArrayLiteralExpression(parent))
      return [{ ...value, at: parent, path: [ELEMENT, ...value.path] }];
    if (isStatement(value.form) || isRunner(value.form) || value.path.length > 0) return [];
    if (ts.isTemplateExpression(parent)) {
      // A value in the text of a tag is sent beside the text; only another piece of SQL becomes part of it.
      const isPart = !ts.isTaggedTemplateExpression(parent.parent) || isPiece(value.form);
      if (isPart) this.#take(value);
      return isPart ? [partAt(parent, value)] : [];
    }
    if (ts.isTaggedTemplateExpression(parent))
      return parent.template === value.at ? this.#tagged(parent, value) : [];
    if (!isSum(parent)) return [];
    let whole = parent;
    while (isSum(whole.parent)) whole = whole.parent;
    return [partAt(whole, value)];
  }

  #handedOver({ call, args, index, use, path }: Handover, value: Carried<Form>): readonly Carried<Form>[] {
    if (use === 'ignores' || !isTextOf(args, index, path ?? value.path)) return [];
    this.#take(value);
    if (use === 'executes') {
      this.#found.push(this.#execution(call, value));
      return isKeptQuery(call) ? [this.#statement(call, value)] : [];
    }
    if (use === 'formats') return [partAt(call, { ...value, path: [] })];
    if (use === 'prepares') return [this.#statement(call, value)];
    return use === 'wraps'
      ? [{ at: call, path: [], frames: value.frames, form: this.#piece(call, value) }]
      : [];
  }

  /** A call whose value is a statement that runs the text when it is told to. */
  #statement(call: Ts.CallExpression | Ts.NewExpression, value: Carried<Form>): Carried<Form> {
    this.#prepared.push(value);
    return { at: call, path: [], frames: value.frames, form: `statement ${this.#prepared.length - 1}` };
  }

  /** The method that runs the latest statement. */
  #runner(): Form {
    return `runner ${this.#prepared.length - 1}`;
  }

  /** `names.forEach(statement.run)` */
  #calledBack(
    call: Ts.CallExpression | Ts.NewExpression,
    index: number,
    value: Carried<Form>,
  ): readonly Carried<Form>[] {
    const use = callbackUse(call, index, this.#graph.callees.entities(call.expression));
    const how = use === 'iterates' ? 'iteration' : 'call';
    if (use !== 'keeps') this.#found.push({ ...this.#run(call, value), starts: [{ node: call, how }] });
    return [];
  }

  /** A call that runs a statement or a piece of SQL that has been made before. */
  #run(call: CallLike, value: Carried<Form>): Execution {
    const starts = startsOf(call, value);
    return { call, sql: this.#textOf(value), origin: this.#origin, extent: 'part', starts };
  }

  /** A call that makes a piece of SQL of a text. */
  #piece(call: CallLike, value: Carried<Form>): Form {
    this.#pieces.push(this.#execution(call, value));
    return `piece ${this.#pieces.length - 1}`;
  }

  /** The piece that a value is, if it is one, becomes part of something else, or is run. */
  #take({ form }: Carried<Form>): void {
    const piece = isPiece(form) ? this.#pieces[numberOf(form)] : undefined;
    if (piece) this.#taken.add(piece);
  }

  #execution(call: CallLike, value: Carried<Form>): Execution {
    const { at, path, frames, form } = value;
    const extent = form === 'text' ? 'whole' : 'part';
    const made = { call, origin: this.#origin, extent, starts: startsOf(call, value) } as const;
    if (!ts.isSpreadElement(at)) return { ...made, sql: { at, path, frames } };
    // Which of the spread values it is cannot be read off the call.
    const spread = { at: at.expression, path: [ELEMENT, ...path], frames };
    return { ...made, sql: form === 'text' ? { ...this.#origin, frames } : spread };
  }

  /** `` sql`…` `` runs its text, unless its value goes to a call that does. */
  #tagged(call: Ts.TaggedTemplateExpression, value: Carried<Form>): readonly Carried<Form>[] {
    const use = queryUse(call, this.#graph.callees.entities(call.tag));
    if (use === 'ignores') return [];
    this.#take(value);
    const form = use === 'executes' ? this.#piece(call, { ...value, at: call }) : value.form;
    return [{ ...value, at: call, form }];
  }

  #arrayMethod(call: Ts.CallExpression, method: string, value: Carried<Form>): readonly Carried<Form>[] {
    const path = value.path.slice(1);
    if (method === 'join') return path.length === 0 ? [partAt(call, { ...value, path })] : [];
    if (ARRAY_PICKS.has(method)) return [{ ...value, at: call, path }];
    if (ARRAY_COPIES.has(method)) return [{ ...value, at: call }];
    const [callback] = call.arguments;
    const bare = callback && skipParentheses(callback);
    if (!bare || !ITERATIONS.has(method) || !(ts.isArrowFunction(bare) || ts.isFunctionExpression(bare)))
      return [];
    const [parameter] = bare.parameters;
    return parameter ? this.#graph.flow.enterParameter(parameter, { ...value, path }) : [];
  }

  /** `texts.push(text)`: the array has it from now on; `statement.append(text)`: so has the statement, and gives itself back. */
  #stored(
    call: Ts.CallExpression | Ts.NewExpression,
    value: Carried<Form>,
  ): readonly Carried<Form>[] | undefined {
    const callee = skipParentheses(call.expression);
    if (!ts.isCallExpression(call) || !ts.isPropertyAccessExpression(callee)) return undefined;
    const { text: method } = callee.name;
    if (method === 'append' && value.path.length === 0) {
      const whole = partAt(call, value);
      return [whole, ...this.#graph.flow.assigned(skipParentheses(callee.expression), whole)];
    }
    if (method !== 'push' && method !== 'unshift') return undefined;
    return this.#graph.flow.assigned(skipParentheses(callee.expression), {
      ...value,
      path: [ELEMENT, ...value.path],
      gathered: { node: call, how: 'call' },
    });
  }

  #textOf({ at, path, frames, form }: Carried<Form>): SqlText {
    const prepared = isStatement(form) || isRunner(form) ? this.#prepared[numberOf(form)] : undefined;
    return prepared ?? { at, path, frames };
  }
}

/** A text among the arguments of a call. */
interface Handover {
  readonly call: Ts.CallExpression | Ts.NewExpression;
  readonly args: readonly Ts.Expression[];
  readonly index: number;
  readonly use: QueryUse;
  /** How to get to the text from the argument; that of the value unless the call is indirect. */
  readonly path?: readonly string[];
}

/** A text that the value is part of. */
function partAt(at: Ts.Expression, value: Carried<Form>): Carried<Form> {
  return { ...value, at, form: value.form === 'text' ? 'part' : value.form };
}

function numberOf(form: Form): number {
  return Number(form.slice(form.indexOf(' ')));
}

function isPiece(form: Form): form is `piece ${number}` {
  return form.startsWith('piece');
}

/** A call runs as often as it is reached; the texts of a batch as often as they were gathered, too. */
function startsOf(call: CallLike, { path, gathered }: Carried<Form>): readonly Gathering[] {
  const own: Gathering = { node: call, how: 'call' };
  return path[0] === ELEMENT && gathered ? [own, gathered] : [own];
}

/** `const insert = db.query(text)`: some clients answer with a statement, which is run later. */
function isKeptQuery(call: Ts.CallExpression | Ts.NewExpression): boolean {
  const name = rightmostName(call.expression);
  const { parent } = call;
  const isKept =
    ts.isVariableDeclaration(parent) || ts.isPropertyDeclaration(parent) || ts.isPropertyAssignment(parent);
  return isKept && name !== undefined && nameText(name) === 'query';
}

function isRunner(form: Form): form is `runner ${number}` {
  return form.startsWith('runner');
}

function isStatement(form: Form): form is `statement ${number}` {
  return form.startsWith('statement');
}

function isBodiless(node: Ts.Node): boolean {
  return ts.isFunctionLike(node) ? !hasBody(node) : ts.isPropertySignature(node);
}

/** Methods of strings, and of statements, whose result holds the text. */
const TEXT_METHODS: ReadonlySet<string> = new Set([
  'append',
  'concat',
  'normalize',
  'padEnd',
  'replace',
  'replaceAll',
  'slice',
  'toLowerCase',
  'toString',
  'toUpperCase',
  'trim',
  'trimEnd',
  'trimStart',
  'valueOf',
]);

const ARRAY_PICKS: ReadonlySet<string> = new Set(['at', 'pop', 'shift', 'find']);
const ARRAY_COPIES: ReadonlySet<string> = new Set([
  'concat',
  'filter',
  'reverse',
  'slice',
  'sort',
  'toReversed',
  'toSorted',
  'entries',
  'values',
]);

function isSum(node: Ts.Node): node is Ts.BinaryExpression {
  return ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken;
}

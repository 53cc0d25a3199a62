import fc from 'fast-check';
import { ts } from '../../src/syntax/ts.ts';

/**
 * Random programs of calls, and runs of them. Every call has a number of its own; a list of decisions says what each
 * returns, or that it throws. A run yields the trace of what happened.
 *
 * `t(1)` returns a boolean or null. `await a(1)` waits for the same. `o(1)?.m(2).k(3)`: `o` and `m` return an object
 * or null, `b` and `k` always an object. `p(1)` returns an object with a property `v` that may be undefined. `i(1)`
 * is an iterable, `d(1)` a disposable or null; `ai` and `ad` are their asynchronous kin.
 */
export type Expression =
  | { readonly kind: 'call' | 'await' | 'variable' }
  | { readonly kind: 'not'; readonly operand: Expression }
  | { readonly kind: '&&' | '||' | '??' | ','; readonly left: Expression; readonly right: Expression }
  | { readonly kind: '?:'; readonly test: Expression; readonly yes: Expression; readonly no: Expression }
  | { readonly kind: '=' | '??=' | '&&=' | '||='; readonly value: Expression }
  | { readonly kind: 'pattern'; readonly shape: 'object' | 'array' | 'deep'; readonly fallback: Expression }
  | { readonly kind: 'chain'; readonly links: readonly Link[] }
  | { readonly kind: 'template' | 'object'; readonly parts: readonly Expression[] };

export interface Link {
  readonly access: '.' | '?.' | '[]' | '?.[]';
  readonly mayMiss: boolean;
  readonly argument: Expression | undefined;
  /** How the link is wrapped: `o!`, `(o)`. */
  readonly wrap: 'none' | 'non-null' | 'parentheses';
}

export type Statement =
  | { readonly kind: 'expression' | 'return' | 'throw'; readonly value: Expression }
  | { readonly kind: 'declare'; readonly value: Expression }
  | { readonly kind: 'destructure'; readonly key: Expression; readonly fallback: Expression }
  | { readonly kind: 'if'; readonly test: Expression; readonly yes: Block; readonly no: Block | undefined }
  | { readonly kind: 'while' | 'do' | 'for'; readonly test: Expression; readonly step: Expression; readonly body: Block; readonly label: boolean }
  | { readonly kind: 'for-of'; readonly awaits: boolean; readonly head: 'const' | 'pattern' | 'using'; readonly fallback: Expression; readonly body: Block; readonly label: boolean }
  | { readonly kind: 'switch'; readonly value: Expression; readonly clauses: readonly Clause[]; readonly label: boolean }
  | { readonly kind: 'try'; readonly body: Block; readonly handler: Block | undefined; readonly finalizer: Block | undefined }
  | { readonly kind: 'block'; readonly body: Block; readonly label: boolean }
  | { readonly kind: 'jump'; readonly how: 'break' | 'continue'; readonly target: number; readonly plain: boolean }
  | { readonly kind: 'using'; readonly awaits: boolean }
  | { readonly kind: 'class'; readonly parts: readonly Expression[]; readonly body: Block };

type Block = readonly Statement[];

interface Clause {
  /** Undefined for `default`. */
  readonly test: Expression | undefined;
  readonly body: Block;
}

/** A program, and what its calls are going to do. */
export interface Scenario {
  readonly parameter: Expression;
  readonly body: Block;
  /** One number for each event of the run. */
  readonly decisions: readonly number[];
}

const { expression, block } = fc.letrec<{ expression: Expression; statement: Statement; block: Block }>((tie) => {
  const part = tie('expression') as fc.Arbitrary<Expression>;
  const body = tie('block') as fc.Arbitrary<Block>;
  const flag = fc.boolean();
  const link: fc.Arbitrary<Link> = fc.record({
    access: fc.constantFrom('.', '?.', '[]', '?.[]'),
    mayMiss: flag,
    argument: fc.option(part, { nil: undefined, freq: 3 }),
    wrap: fc.constantFrom('none', 'none', 'none', 'non-null', 'parentheses'),
  });
  const clause = fc.record({ test: fc.option(part, { nil: undefined, freq: 4 }), body });
  return {
    expression: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      fc.record({ kind: fc.constantFrom('call', 'call', 'call', 'await', 'variable') }),
      fc.record({ kind: fc.constant('not'), operand: part }),
      fc.record({ kind: fc.constantFrom('&&', '||', '??', ','), left: part, right: part }),
      fc.record({ kind: fc.constant('?:'), test: part, yes: part, no: part }),
      fc.record({ kind: fc.constantFrom('=', '??=', '&&=', '||='), value: part }),
      fc.record({ kind: fc.constant('pattern'), shape: fc.constantFrom('object', 'array', 'deep'), fallback: part }),
      fc.record({ kind: fc.constant('chain'), links: fc.array(link, { minLength: 1, maxLength: 3 }) }),
      fc.record({ kind: fc.constantFrom('template', 'object'), parts: fc.array(part, { minLength: 1, maxLength: 2 }) }),
    ) as fc.Arbitrary<Expression>,
    statement: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      fc.record({ kind: fc.constantFrom('expression', 'expression', 'return', 'throw'), value: part }),
      fc.record({ kind: fc.constant('jump'), how: fc.constantFrom('break', 'continue'), target: fc.nat(3), plain: flag }),
      fc.record({ kind: fc.constant('using'), awaits: flag }),
      fc.record({ kind: fc.constant('declare'), value: part }),
      fc.record({ kind: fc.constant('destructure'), key: part, fallback: part }),
      fc.record({ kind: fc.constant('if'), test: part, yes: body, no: fc.option(body, { nil: undefined }) }),
      fc.record({ kind: fc.constantFrom('while', 'do', 'for'), test: part, step: part, body, label: flag }),
      fc.record({
        kind: fc.constant('for-of'),
        awaits: flag,
        head: fc.constantFrom('const', 'pattern', 'using'),
        fallback: part,
        body,
        label: flag,
      }),
      fc.record({ kind: fc.constant('switch'), value: part, clauses: fc.array(clause, { maxLength: 3 }), label: flag }),
      fc.record({
        kind: fc.constant('try'),
        body,
        handler: fc.option(body, { nil: undefined }),
        finalizer: fc.option(body, { nil: undefined }),
      }),
      fc.record({ kind: fc.constant('block'), body, label: flag }),
      fc.record({ kind: fc.constant('class'), parts: fc.array(part, { maxLength: 3 }), body }),
    ) as fc.Arbitrary<Statement>,
    block: fc.array(tie('statement') as fc.Arbitrary<Statement>, { maxLength: 4, depthIdentifier: 'block' }),
  };
});

export const scenario: fc.Arbitrary<Scenario> = fc.record({
  parameter: expression,
  body: block,
  decisions: fc.array(fc.nat(99), { maxLength: 60, size: 'max' }),
});

/** The text of a program. The guarded one ends for good when the decisions have run out, and is the one to run. */
export function textOf({ parameter, body }: Scenario, kind: 'plain' | 'guarded'): string {
  return new Printer(kind === 'guarded').program(parameter, body);
}

interface Target {
  readonly label: string | undefined;
  readonly isLoop: boolean;
  /** Whether a `break` without a label ends it. */
  readonly isPlain: boolean;
}

class Printer {
  readonly #guarded: boolean;
  #last = 0;
  #targets: readonly Target[] = [];
  /** Class bodies hold no `await`, and a jump does not leave them. */
  #inClass = false;

  constructor(guarded: boolean) {
    this.#guarded = guarded;
  }

  program(parameter: Expression, body: Block): string {
    const head = `async function f(argument = ${this.#expression(parameter)})`;
    return `${head} {\nlet x;\n${this.#statements(body)}\n}`;
  }

  #number(): number {
    this.#last += 1;
    return this.#last;
  }

  #expression(node: Expression): string {
    switch (node.kind) {
      case 'call':
        return `t(${this.#number()})`;
      case 'await':
        return this.#inClass ? `t(${this.#number()})` : `(await a(${this.#number()}))`;
      case 'variable':
        return 'x';
      case 'not':
        return `!${this.#expression(node.operand)}`;
      case '&&':
      case '||':
      case '??':
      case ',':
        return `(${this.#expression(node.left)} ${node.kind} ${this.#expression(node.right)})`;
      case '?:':
        return `(${this.#expression(node.test)} ? ${this.#expression(node.yes)} : ${this.#expression(node.no)})`;
      case '=':
      case '??=':
      case '&&=':
      case '||=':
        return `(x ${node.kind} ${this.#expression(node.value)})`;
      case 'pattern': {
        const value = `p(${this.#number()})`;
        const fallback = this.#expression(node.fallback);
        if (node.shape === 'object') return `({ v: x = ${fallback} } = ${value})`;
        if (node.shape === 'array') return `([x = ${fallback}] = [${value}.v])`;
        return `({ ['v']: [x] = [${fallback}] } = ${value})`;
      }
      case 'chain':
        return this.#chain(node.links);
      case 'template':
        return `\`${node.parts.map((part) => `\${${this.#expression(part)}}`).join('')}\``;
      case 'object':
        return `({ ${node.parts.map((part, index) => `[${this.#expression(part)}${index > 0 ? '' : " + 'm'"}]() {}`).join(', ')} })`;
    }
  }

  /** An object that may be missing takes a link with a question mark, or nothing would be left to call. */
  #chain(links: readonly Link[]): string {
    let mayMiss = links[0]?.access.startsWith('?') ?? false;
    let text = `${mayMiss ? 'o' : 'b'}(${this.#number()})`;
    for (const [index, link] of links.entries()) {
      if (link.wrap === 'non-null') text += '!';
      // Parentheses end a chain: what is missing inside of them is missing for the next link.
      if (link.wrap === 'parentheses' && (!mayMiss || link.access.startsWith('?'))) {
        const isShort = text.includes('?.');
        if (!isShort || link.access.startsWith('?')) text = `(${text})`;
      }
      const optional = mayMiss || link.access.startsWith('?') ? '?.' : '';
      mayMiss = link.mayMiss && index < links.length - 1;
      const method = mayMiss ? 'm' : 'k';
      const name = link.access.endsWith('[]') ? `${optional}['${method}']` : `${optional === '' ? '.' : optional}${method}`;
      const number = this.#number();
      const argument = link.argument ? `, ${this.#expression(link.argument)}` : '';
      text += `${name}(${number}${argument})`;
    }
    return text;
  }

  #statements(statements: Block): string {
    return statements.map((statement) => this.#statement(statement)).join('\n');
  }

  #block(statements: Block): string {
    return `{\n${this.#statements(statements)}\n}`;
  }

  #statement(node: Statement): string {
    switch (node.kind) {
      case 'expression':
        return `;${this.#expression(node.value)};`;
      case 'return':
      case 'throw':
        return this.#inClass && node.kind === 'return'
          ? `;${this.#expression(node.value)};`
          : `${node.kind} ${this.#expression(node.value)};`;
      case 'declare':
        return `const v${this.#number()} = ${this.#expression(node.value)};`;
      case 'destructure': {
        const key = this.#expression(node.key);
        const number = this.#number();
        return `const { [(${key}, 'v')]: v${number} = ${this.#expression(node.fallback)} } = p(${this.#number()});`;
      }
      case 'if':
        return `if (${this.#expression(node.test)}) ${this.#block(node.yes)}${node.no ? ` else ${this.#block(node.no)}` : ''}`;
      case 'while':
      case 'do':
      case 'for':
      case 'for-of':
      case 'switch':
      case 'block':
        return this.#target(node);
      case 'try':
        return this.#try(node);
      case 'jump':
        return this.#jump(node);
      case 'using': {
        const awaits = node.awaits && !this.#inClass;
        return `${awaits ? 'await ' : ''}using v${this.#number()} = ${awaits ? 'ad' : 'd'}(${this.#number()});`;
      }
      case 'class':
        return this.#class(node);
    }
  }

  #target(node: Extract<Statement, { label: boolean }>): string {
    const label = node.label ? `l${this.#number()}` : undefined;
    const isLoop = node.kind !== 'switch' && node.kind !== 'block';
    const outer = this.#targets;
    this.#targets = [...outer, { label, isLoop, isPlain: node.kind !== 'block' }];
    const text = this.#targetBody(node, outer);
    this.#targets = outer;
    return `${label === undefined ? '' : `${label}: `}${text}`;
  }

  #targetBody(node: Extract<Statement, { label: boolean }>, outer: readonly Target[]): string {
    switch (node.kind) {
      case 'while':
        return `while (t(${this.#number()}) && ${this.#expression(node.test)}) ${this.#block(node.body)}`;
      case 'do':
        return `do ${this.#block(node.body)} while (t(${this.#number()}) && ${this.#expression(node.test)});`;
      case 'for': {
        const step = this.#expression(node.step);
        return `for (; t(${this.#number()}); ${step}) ${this.#block(node.body)}`;
      }
      case 'for-of': {
        const awaits = node.awaits && !this.#inClass;
        const iterable = `${awaits ? 'ai' : 'i'}(${this.#number()})`;
        const head = {
          const: () => `const v${this.#number()}`,
          using: () => `using v${this.#number()}`,
          pattern: () => `{ v: x = ${this.#expression(node.fallback)} }`,
        }[node.head]();
        return `for ${awaits ? 'await ' : ''}(${head} of ${iterable}) ${this.#block(node.body)}`;
      }
      case 'switch': {
        const value = this.#expression(node.value);
        const hasDefault = node.clauses.findIndex(({ test }) => test === undefined);
        const clauses = node.clauses.map(({ test, body }, index) => {
          const head = test ? `case ${this.#expression(test)}:` : index === hasDefault ? 'default:' : `case t(${this.#number()}):`;
          return `${head} ${this.#block(body)}`;
        });
        return `switch (${value}) {\n${clauses.join('\n')}\n}`;
      }
      case 'block':
        this.#targets = node.label ? this.#targets : outer;
        return this.#block(node.body);
    }
  }

  #try({ body, handler, finalizer }: Extract<Statement, { kind: 'try' }>): string {
    const guard = this.#guarded ? 'guard();\n' : '';
    const guarded = (block: Block): string => `{\n${guard}${this.#statements(block)}\n}`;
    const parts = [`try ${this.#block(body)}`];
    if (handler || !finalizer) parts.push(`catch (e) ${guarded(handler ?? [])}`);
    if (finalizer) parts.push(`finally ${guarded(finalizer)}`);
    return parts.join(' ');
  }

  #jump({ how, target, plain }: Extract<Statement, { kind: 'jump' }>): string {
    const fitting = this.#targets.filter(({ isLoop }) => how === 'break' || isLoop);
    const labels = fitting.flatMap(({ label }) => label ?? []);
    const label = labels[target % Math.max(labels.length, 1)];
    if (!plain && label !== undefined) return `${how} ${label};`;
    return fitting.some(({ isPlain, isLoop }) => (how === 'break' ? isPlain : isLoop)) ? `${how};` : ';';
  }

  #class({ parts, body }: Extract<Statement, { kind: 'class' }>): string {
    const outer = { targets: this.#targets, inClass: this.#inClass };
    const [parent, key, field] = parts;
    const heritage = parent ? ` extends (${this.#expression(parent)}, Object)` : '';
    const computed = key ? `[(${this.#expression(key)}, 'm')]() {}\n` : '';
    this.#targets = [];
    this.#inClass = true;
    const statics = field ? `static s = ${this.#expression(field)};\n` : '';
    const block = `static ${this.#block(body)}`;
    this.#targets = outer.targets;
    this.#inClass = outer.inClass;
    return `class C${this.#number()}${heritage} {\n${statics}${block}\n${computed}}`;
  }
}

/** Something that happened: what a call, an `await`, a step of an iteration or the end of one came to. */
export interface Event {
  readonly kind: 'call' | 'await' | 'next' | 'close' | 'dispose';
  readonly number: number;
  readonly outcome: 'value' | 'done' | 'throw';
  readonly value: unknown;
}

export interface Run {
  readonly events: readonly Event[];
  /** How it ended; undefined when the decisions ran out before the end. */
  readonly end: 'return' | 'throw' | undefined;
}

/** Runs a program. `undefined` stands for an argument that is left to its default. */
export async function run(scenario: Scenario, argument: unknown): Promise<Run> {
  const events: Event[] = [];
  const decisions = scenario.decisions[Symbol.iterator]();
  const over = new Error('the decisions have run out');
  let isOver = false;
  const guard = (): void => {
    if (isOver) throw over;
  };
  const decide = (): number => {
    guard();
    const { done, value } = decisions.next();
    if (!done) return value;
    isOver = true;
    throw over;
  };
  /** One event: one in eight throws, the others come to one of the given values. */
  const happen = <T>(kind: Event['kind'], number: number, values: readonly T[]): T => {
    const decision = decide();
    if (decision % 8 === 0) {
      const error = new Error(`${kind} ${number}`);
      events.push({ kind, number, outcome: 'throw', value: error });
      throw error;
    }
    const value = values[Math.floor(decision / 8) % values.length] as T;
    events.push({ kind, number, outcome: kind === 'next' && value === null ? 'done' : 'value', value });
    return value;
  };
  const object = {
    m: (number: number) => happen('call', number, [object, null]),
    k: (number: number) => happen('call', number, [object]),
  };
  const disposable = (number: number) => {
    const dispose = (): void => happen('dispose', number, [undefined]);
    return { [Symbol.dispose]: dispose, [Symbol.asyncDispose]: async () => dispose() };
  };
  /** An element of an iteration: it can be taken apart, and disposed of without a trace. */
  const element = (value: number | undefined) => ({ v: value, [Symbol.dispose]: () => {} });
  const elements = [null, element(1), element(undefined), element(1)];
  const iterator = (number: number) => ({
    next: () => {
      const value = happen('next', number, elements);
      return { done: value === null, value };
    },
    return: () => {
      happen('close', number, [undefined]);
      return { done: true, value: undefined };
    },
  });
  const scope = {
    guard,
    t: (number: number) => happen('call', number, [true, false, true, null]),
    a: (number: number) => {
      const promised = happen('call', number, ['fulfilled', 'rejected']);
      const settle = async () => happen('await', number, [true, false, null]);
      return promised === 'fulfilled' ? settle() : settle();
    },
    o: (number: number) => happen('call', number, [object, null]),
    b: (number: number) => happen('call', number, [object]),
    p: (number: number) => happen('call', number, [{ v: undefined }, { v: [1] }]),
    i: (number: number) => {
      happen('call', number, [true]);
      return { [Symbol.iterator]: () => iterator(number) };
    },
    ai: (number: number) => {
      happen('call', number, [true]);
      const { next, return: close } = iterator(number);
      return { [Symbol.asyncIterator]: () => ({ next: async () => next(), return: async () => close() }) };
    },
    d: (number: number) => happen('call', number, [disposable(number), null]),
    ad: (number: number) => happen('call', number, [disposable(number), null]),
  };
  try {
    await compile(textOf(scenario, 'guarded'), scope)(argument);
    return { events, end: isOver ? undefined : 'return' };
  } catch (error) {
    if (!isOver && !(error instanceof Error) && !isThrown(error)) throw error;
    return { events, end: isOver ? undefined : 'throw' };
  }
}

/** What a `throw` statement of a program may throw. */
function isThrown(error: unknown): boolean {
  return error === null || ['boolean', 'string', 'object', 'undefined'].includes(typeof error);
}

/** `using` is newer than the oldest Node that the tests run on. */
function compile(text: string, scope: Readonly<Record<string, unknown>>): (argument: unknown) => Promise<unknown> {
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  });
  return new Function(...Object.keys(scope), `${outputText}\nreturn f;`)(...Object.values(scope));
}

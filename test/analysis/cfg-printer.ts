import type { Block, Expression, Link, Member, Parameter, Program, Statement } from './cfg-programs.ts';

/**
 * The text of a program, a function `f`. The one to analyse is plain; the one to execute has no types, and calls
 * `guard()` wherever an exception could be lost, so that a run can be ended from outside.
 *
 * `t(1)` returns a boolean or null. `await a(1)` and `yield y(1)` come to the same. `o` and `m` return an object or
 * null, `b` and `k` always an object, `p` an object whose property `v` may be undefined. `i` is an iterable, `n` has
 * keys for a `for-in`, `d` is a disposable or null; `ai` and `ad` are their asynchronous kin. `D` is a decorator that
 * changes nothing.
 *
 * The zero in `(0, x = y)` keeps the parser from trying whether that is the head of an arrow function, which takes a
 * time exponential in the depth and, before a colon, is believed.
 */
export function printProgram(program: Program, purpose: Purpose): string {
  return new Printer(purpose).program(program);
}

export type Purpose = 'analyse' | 'execute';

interface Target {
  readonly labels: readonly string[];
  readonly isLoop: boolean;
  /** Whether a `break` without a label ends it. */
  readonly isPlain: boolean;
}

/** What may be written at a place. */
interface Place {
  readonly canAwait: boolean;
  readonly canYield: boolean;
  readonly canReturn: boolean;
  readonly targets: readonly Target[];
}

/** A parameter, or the body of a class. */
const APART: Place = { canAwait: false, canYield: false, canReturn: false, targets: [] };

class Printer {
  readonly #purpose: Purpose;
  #last = 0;
  #place = APART;

  constructor(purpose: Purpose) {
    this.#purpose = purpose;
  }

  program({ isAsync, isGenerator, parameter, body }: Program): string {
    const head = `${isAsync ? 'async ' : ''}function${isGenerator ? '*' : ''} f(${this.#parameter(parameter)})`;
    const place = { canAwait: isAsync, canYield: isGenerator, canReturn: true, targets: [] };
    return `let x, z;\n${head} ${this.#at(place, () => this.#block(body))}`;
  }

  #parameter({ shape, fallback }: Parameter): string {
    if (shape === 'name') return `argument = ${this.#expression(fallback)}`;
    const whole = `p(${this.#number()})`;
    return `{ v: argument = ${this.#expression(fallback)} } = ${whole}`;
  }

  #at(place: Place, print: () => string): string {
    const outer = this.#place;
    this.#place = place;
    const text = print();
    this.#place = outer;
    return text;
  }

  #number(): number {
    this.#last += 1;
    return this.#last;
  }

  // -- expressions

  #expression(node: Expression): string {
    switch (node.kind) {
      case 'call':
        return `t(${this.#number()})`;
      case 'await':
        return this.#place.canAwait ? `(await a(${this.#number()}))` : `t(${this.#number()})`;
      case 'yield':
        return this.#place.canYield ? `(yield y(${this.#number()}))` : `t(${this.#number()})`;
      case 'new':
        return `new N(${this.#number()})`;
      case 'tagged':
        return `g\`\${${this.#number()}}\``;
      case 'function':
        return `(() => t(${this.#number()}))`;
      case 'literal':
        return node.text;
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
      case '||=': {
        const target = node.target === 'variable' ? 'x' : `b(${this.#number()}).w`;
        return `(0, ${target} ${node.kind} ${this.#expression(node.value)})`;
      }
      case 'pattern':
        return this.#pattern(node);
      case 'chain':
        return this.#chain(node.links);
      case 'template': {
        const parts = node.parts.map((part) => `\${${this.#expression(part)}}`);
        return `\`${this.#number()}-${parts.join('')}\``;
      }
      case 'object': {
        const members = node.parts.map((part) => named(`[(${this.#expression(part)}, 'm')]`, node.member));
        return `(0, { ${members.join(', ')} })`;
      }
    }
  }

  #pattern({ shape, fallback }: Extract<Expression, { kind: 'pattern' }>): string {
    const value = `p(${this.#number()})`;
    const target = shape === 'member' ? `b(${this.#number()}).w` : 'x';
    const other = this.#expression(fallback);
    if (shape === 'array') return `(0, [x = ${other}] = [${value}.v])`;
    if (shape === 'deep') return `(0, { ['v']: [x] = [${other}] } = ${value})`;
    return `(0, { v: ${target} = ${other} } = ${value})`;
  }

  /** An object that may be missing takes a link with a question mark, or nothing would be left to call. */
  #chain(links: readonly Link[]): string {
    let mayMiss = links[0]?.access.startsWith('?') ?? false;
    let text = `${mayMiss ? 'o' : 'b'}(${this.#number()})`;
    for (const [index, link] of links.entries()) {
      const isOptional = mayMiss || link.access.startsWith('?');
      if (link.wrap === 'non-null' && this.#purpose === 'analyse') text += '!';
      // Parentheses end a chain: what is missing inside of them is missing for the next link.
      if (link.wrap === 'parentheses' && (isOptional || !text.includes('?.'))) text = `(${text})`;
      const isCall = link.access.endsWith('()');
      mayMiss = link.mayMiss && !isCall && index < links.length - 1;
      const method = mayMiss ? 'm' : 'k';
      if (isCall) text += isOptional ? '?.' : '';
      else if (link.access.endsWith('[]')) text += `${isOptional ? '?.' : ''}['${method}']`;
      else text += `${isOptional ? '?.' : '.'}${method}`;
      const number = this.#number();
      text += `(${number}${link.argument ? `, ${this.#expression(link.argument)}` : ''})`;
    }
    return text;
  }

  // -- statements

  #statements(statements: Block): string {
    return statements.map((statement) => this.#statement(statement)).join('\n');
  }

  #block(statements: Block, first = ''): string {
    return `{\n${first}${this.#statements(statements)}\n}`;
  }

  #statement(node: Statement): string {
    switch (node.kind) {
      case 'expression':
        return `;${this.#expression(node.value)};`;
      case 'return':
        return `${this.#place.canReturn ? 'return ' : ';'}${this.#expression(node.value)};`;
      case 'throw':
        return `throw ${this.#expression(node.value)};`;
      case 'declare':
        return `const v${this.#number()} = ${this.#expression(node.value)};`;
      case 'destructure': {
        const key = this.#expression(node.key);
        const name = `v${this.#number()}`;
        const fallback = this.#expression(node.fallback);
        return `const { [(${key}, 'v')]: ${name} = ${fallback} } = p(${this.#number()});`;
      }
      case 'if': {
        const test = this.#expression(node.test);
        const yes = this.#block(node.yes);
        return `if (${test}) ${yes}${node.no ? ` else ${this.#block(node.no)}` : ''}`;
      }
      case 'while':
      case 'do':
      case 'for':
      case 'for-of':
      case 'for-in':
      case 'switch':
      case 'block':
        return this.#target(node);
      case 'try':
        return this.#try(node);
      case 'jump':
        return this.#jump(node);
      case 'using': {
        const declarations = Array.from({ length: 1 + node.others }, () => this.#resource(node.awaits));
        return `${this.#using(node.awaits)} ${declarations.join(', ')};`;
      }
      case 'class': {
        const { own, ofMembers } = node.decorators;
        const isDecorated = own.length + ofMembers.length > 0;
        // Lowered, it stands in a function of its own, which can neither wait nor yield for the outer one.
        return this.#at(isDecorated ? APART : this.#place, () => this.#class(node));
      }
    }
  }

  #using(awaits: boolean): string {
    return awaits && this.#place.canAwait ? 'await using' : 'using';
  }

  #resource(awaits: boolean): string {
    const name = `v${this.#number()}`;
    return `${name} = ${awaits && this.#place.canAwait ? 'ad' : 'd'}(${this.#number()})`;
  }

  /** A statement that a jump can end. */
  #target(node: Extract<Statement, { label: boolean }>): string {
    const isLoop = node.kind !== 'switch' && node.kind !== 'block';
    const number = this.#number();
    // A lowered `for (using …)` is a block around the loop, which `continue` cannot name.
    const hasLabel = node.label && !(node.kind === 'for' && node.first === 'using');
    const labels = hasLabel ? [`l${number}`, `m${number}`] : [];
    const target: Target = { labels, isLoop, isPlain: node.kind !== 'block' };
    const outer = this.#place;
    // What stands in the head of a loop is no place to jump from, but no expression jumps.
    const text = this.#at({ ...outer, targets: [...outer.targets, target] }, () => this.#targetBody(node));
    return labels.map((label) => `${label}: `).join('') + text;
  }

  #targetBody(node: Extract<Statement, { label: boolean }>): string {
    switch (node.kind) {
      case 'while':
        return `while (${this.#test(node.test)}) ${this.#loopBody(node)}`;
      case 'do':
        return `do ${this.#loopBody(node)} while (${this.#test(node.test)});`;
      case 'for': {
        const first = {
          nothing: () => '',
          value: () => `t(${this.#number()})`,
          using: () => `using ${this.#resource(false)}`,
        }[node.first]();
        const test = node.test ? this.#test(node.test) : '';
        const step = this.#expression(node.step);
        return `for (${first}; ${test}; ${step}) ${this.#loopBody(node)}`;
      }
      case 'for-of': {
        const awaits = node.awaits && this.#place.canAwait;
        const iterable = `${awaits ? 'ai' : 'i'}(${this.#number()})`;
        const head = {
          const: () => `const v${this.#number()}`,
          using: () => `using v${this.#number()}`,
          'await using': () => `${this.#place.canAwait ? 'await using' : 'using'} v${this.#number()}`,
          pattern: () => `{ v: z = ${this.#expression(node.fallback)} }`,
        }[node.head]();
        return `for ${awaits ? 'await ' : ''}(${head} of ${iterable}) ${this.#block(node.body)}`;
      }
      case 'for-in':
        return `for (const v${this.#number()} in n(${this.#number()})) ${this.#block(node.body)}`;
      case 'switch':
        return this.#switch(node);
      case 'block':
        return this.#block(node.body);
    }
  }

  /** Every turn of a loop makes a call, or a run might never come to its end. */
  #test(test: Expression | undefined): string {
    return test ? `t(${this.#number()}) && ${this.#expression(test)}` : 'true';
  }

  #loopBody({ test, body }: Extract<Statement, { step: Expression }>): string {
    return this.#block(body, test ? '' : `t(${this.#number()});\n`);
  }

  #switch({ value, clauses }: Extract<Statement, { kind: 'switch' }>): string {
    const head = `switch (${this.#expression(value)})`;
    const fallback = clauses.findIndex(({ test }) => test === undefined);
    const printed = clauses.map(({ test, body }, index) => {
      if (test) return `case ${this.#expression(test)}: ${this.#block(body)}`;
      return `${index === fallback ? 'default' : `case t(${this.#number()})`}: ${this.#block(body)}`;
    });
    return `${head} {\n${printed.join('\n')}\n}`;
  }

  #try({ body, handler, finalizer }: Extract<Statement, { kind: 'try' }>): string {
    const guard = this.#purpose === 'execute' ? 'guard();\n' : '';
    const parts = [`try ${this.#block(body)}`];
    if (handler || !finalizer) parts.push(`catch (e) ${this.#block(handler ?? [], guard)}`);
    if (finalizer) parts.push(`finally ${this.#block(finalizer, guard)}`);
    return parts.join(' ');
  }

  /** A jump that leads nowhere is left out. */
  #jump({ how, target, plain }: Extract<Statement, { kind: 'jump' }>): string {
    const fitting = this.#place.targets.filter(({ isLoop }) => how === 'break' || isLoop);
    const labels = fitting.flatMap((one) => one.labels);
    const label = labels[target % Math.max(labels.length, 1)];
    if (!plain && label !== undefined) return `${how} ${label};`;
    return fitting.some(({ isPlain }) => isPlain) ? `${how};` : ';';
  }

  #class({ parts, body, ...node }: Extract<Statement, { kind: 'class' }>): string {
    const [parent, key, fieldKey, own, ownStatic] = parts;
    const decorated = this.#decorators(node.decorators.own);
    const heritage = parent ? ` extends (${this.#expression(parent)}, Object)` : '';
    const members: string[] = [];
    if (ownStatic) members.push(`static s = ${this.#at(APART, () => this.#expression(ownStatic))};`);
    members.push(`static ${this.#at(APART, () => this.#block(body))}`);
    const [onMember = [], onField = []] = node.decorators.ofMembers.map((one) => [one]);
    if (key) {
      const decorators = this.#decorators(onMember);
      members.push(`${decorators}${named(`[(${this.#expression(key)}, 'm')]`, node.member)}`);
    }
    if (fieldKey) {
      const head = `${this.#decorators(onField)}static ${node.isAccessor ? 'accessor ' : ''}`;
      members.push(`${head}[(${this.#expression(fieldKey)}, 'c')] = t(${this.#number()});`);
    }
    if (own) members.push(`own = ${this.#at(APART, () => this.#expression(own))};`);
    return `${decorated}class C${this.#number()}${heritage} {\n${members.join('\n')}\n}`;
  }

  #decorators(parts: readonly Expression[]): string {
    return parts.map((part) => `@(${this.#expression(part)}, D) `).join('');
  }
}

/** Something with a computed name, which does nothing itself. */
function named(key: string, member: Member): string {
  switch (member) {
    case 'method':
      return `${key}() {}`;
    case 'getter':
      return `get ${key}() { return 1; }`;
    case 'setter':
      return `set ${key}(_) {}`;
    case 'generator':
      return `async *${key}() {}`;
  }
}

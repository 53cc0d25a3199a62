import { ts } from '../../src/syntax/ts.ts';
import { printProgram } from './cfg-printer.ts';
import type { Program } from './cfg-programs.ts';

/** Something that happened: what a call, an `await`, a `yield`, a step of an iteration or its end came to. */
export interface Event {
  readonly kind: 'call' | 'await' | 'yield' | 'next' | 'close' | 'dispose';
  readonly number: number;
  readonly outcome: 'value' | 'done' | 'throw';
  readonly value: unknown;
}

export interface Run {
  readonly events: readonly Event[];
  /** How it ended; undefined when the decisions ran out before the end. */
  readonly end: 'return' | 'throw' | undefined;
}

/** One number decides what each event comes to; when none is left, the run is over. */
export type Runner = (argument: unknown, decisions: readonly number[]) => Promise<Run>;

/** Undefined for a program that cannot be lowered. */
export function compile(program: Program): Runner | undefined {
  const names = Object.keys(scopeOf(new Recorder([])));
  const text = lowered(program);
  if (text === undefined) return undefined;
  const instantiate = new Function(...names, `'use strict';\n${text}\nreturn f;`);
  return async (argument, decisions) => {
    const record = new Recorder(decisions);
    const f: (argument: unknown) => unknown = instantiate(...Object.values(scopeOf(record)));
    try {
      await finish(f(argument), record);
      return { events: record.events, end: record.isOver ? undefined : 'return' };
    } catch (error) {
      // What the language itself throws would be a flaw of the program that was made up.
      if (error instanceof TypeError || error instanceof ReferenceError) throw error;
      return { events: record.events, end: record.isOver ? undefined : 'throw' };
    }
  };
}

/** `using` and decorators are newer than the oldest Node that the tests run on. */
function lowered(program: Program): string | undefined {
  const text = printProgram(program, 'execute');
  if (!/using |@\(|accessor /.test(text)) return text;
  try {
    return ts.transpileModule(text, {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
    }).outputText;
  } catch (error) {
    // The compiler goes round in circles over the type of a `yield` in the name of a method.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

class Recorder {
  readonly events: Event[] = [];
  readonly #decisions: readonly number[];
  isOver = false;

  constructor(decisions: readonly number[]) {
    this.#decisions = decisions;
  }

  /** Throws once the decisions have run out, so that no `catch` or `finally` can go on. */
  guard(): void {
    if (this.isOver) throw new Error('the run is over');
  }

  /** One event: some of them throw, the others come to one of the given values. */
  happen<T>(kind: Event['kind'], number: number, values: readonly T[]): T {
    const decision = this.#decisions[this.events.length];
    if (decision === undefined) this.isOver = true;
    this.guard();
    const ways = kind === 'call' ? 24 : 6;
    if (decision === undefined || decision % ways === 0) {
      const error = new Error(`${kind} ${number}`);
      this.events.push({ kind, number, outcome: 'throw', value: error });
      throw error;
    }
    const value = values[Math.floor(decision / ways) % values.length] as T;
    const outcome = kind === 'next' && value === null ? 'done' : 'value';
    this.events.push({ kind, number, outcome, value });
    return value;
  }
}

/** What the programs call. */
function scopeOf(record: Recorder): Readonly<Record<string, unknown>> {
  const call = <T>(number: number, values: readonly T[]): T => record.happen('call', number, values);
  const object = Object.defineProperty((number: number): unknown => call(number, [object]), 'w', {
    get: () => undefined,
    set: () => {},
  });
  Object.assign(object, {
    m: (number: number) => call(number, [object, null]),
    k: (number: number) => call(number, [object]),
  });
  const disposable = (number: number) => {
    const dispose = (): void => record.happen('dispose', number, [undefined]);
    return { v: undefined, [Symbol.dispose]: dispose, [Symbol.asyncDispose]: async () => dispose() };
  };
  const iterator = (number: number) => ({
    next: () => {
      const elements = [null, { ...disposable(number), v: object }, disposable(number)];
      const value = record.happen('next', number, elements);
      return { done: value === null, value };
    },
    return: () => {
      record.happen('close', number, [undefined]);
      return { done: true, value: undefined };
    },
  });
  return {
    guard: () => record.guard(),
    t: (number: number) => call(number, [true, false, true, null]),
    a: (number: number) => {
      call(number, [true]);
      return (async () => record.happen('await', number, [true, false, null]))();
    },
    y: (number: number) => {
      call(number, [true]);
      return number;
    },
    N: function N(number: number) {
      return call(number, [object]);
    },
    g: (_: unknown, number: number) => call(number, [true, false, null]),
    o: (number: number) => call(number, [object, null]),
    b: (number: number) => call(number, [object]),
    p: (number: number) => call(number, [{ v: undefined }, { v: [object] }]),
    i: (number: number) => {
      call(number, [true]);
      return { [Symbol.iterator]: () => iterator(number) };
    },
    ai: (number: number) => {
      call(number, [true]);
      const { next, return: close } = iterator(number);
      return { [Symbol.asyncIterator]: () => ({ next: async () => next(), return: async () => close() }) };
    },
    n: (number: number) => call(number, [{}, { one: 1 }, { one: 1, two: 2 }]),
    d: (number: number) => call(number, [disposable(number), null]),
    D: () => {},
    ad: (number: number) => call(number, [disposable(number), null]),
  };
}

/** Waits for what a function returned. A generator is asked for all it has: each `yield` is answered or thrown at. */
async function finish(result: unknown, record: Recorder): Promise<void> {
  if (!isGenerator(result)) {
    await result;
    return;
  }
  let step = await result.next();
  while (!step.done) {
    let answer: unknown;
    try {
      answer = record.happen('yield', step.value, [true, false, null]);
    } catch (error) {
      step = await result.throw(error);
      continue;
    }
    step = await result.next(answer);
  }
}

type AnyGenerator = Generator<number> | AsyncGenerator<number>;

function isGenerator(value: unknown): value is AnyGenerator {
  const tag = Object.prototype.toString.call(value);
  return tag === '[object Generator]' || tag === '[object AsyncGenerator]';
}

import type { Pass } from '../../src/engine/rule.ts';

/** What a rule said to its pass, to be said to another. */
export interface Said {
  readonly calls: readonly Call[];
  sayTo(pass: Pass): void;
}

const SAYING = [
  'site',
  'report',
  'unknownName',
  'ambiguousName',
  'stale',
  'heeded',
  'misplaced',
  'unresolved',
] as const satisfies readonly (keyof Pass)[];

interface Call {
  readonly method: (typeof SAYING)[number];
  readonly args: readonly unknown[];
}

/** A pass that writes down what a rule says. */
export class Recorder {
  readonly #calls: Call[] = [];
  readonly pass: Pass;

  constructor(pass: Pass) {
    const note =
      (method: Call['method']) =>
      (...args: readonly unknown[]): void => {
        this.#calls.push({ method, args });
      };
    this.pass = { ...pass, ...Object.fromEntries(SAYING.map((method) => [method, note(method)])) };
  }

  get said(): Said {
    const calls = [...this.#calls];
    return {
      calls,
      sayTo(pass) {
        for (const { method, args } of calls) (pass[method] as (...all: readonly unknown[]) => void)(...args);
      },
    };
  }
}

/**
 * What a verdict can depend on, as a text: how many sites there are matters only where there are none, and traces are
 * not looked at.
 */
export function textOf({ calls }: Said): string {
  const hasSites = calls.some(({ method }) => method === 'site');
  const others = calls.filter(({ method }) => method !== 'site');
  const plain = (key: string, value: unknown): unknown => {
    if (key === 'trace') return undefined;
    // A mutant may say nonsense, such as a node of the program.
    return typeof value === 'object' && value !== null && 'getSourceFile' in value ? 'a node' : value;
  };
  return JSON.stringify([hasSites, others], plain);
}

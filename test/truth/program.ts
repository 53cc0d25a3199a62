import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { type Ts, ts } from '../../src/syntax/ts.ts';
import { stacks } from './disposable-stack.ts';
import type { Schedule } from './schedule.ts';
import { webLocks } from './web-locks.ts';

const require = createRequire(import.meta.url);

/**
 * A program in TypeScript that can be run again and again, from its start, under one schedule after another: every
 * `await`, and every `then`, `catch` and `finally` of a promise, is a point where the schedule decides.
 */
export class Program {
  readonly #compiled = new Map<string, Module>();

  /** Runs the modules, and gives the exports of the main one. */
  load(main: string, schedule: Schedule): Readonly<Record<string, unknown>> {
    const exports = new Map<string, Record<string, unknown>>();
    const globals = [
      schedule.point,
      schedule.chained,
      schedule.setTimeout,
      schedule.clearTimeout,
      (callback: () => void) => schedule.setTimeout(callback),
      { locks: webLocks(schedule) },
      ...Object.values(stacks),
    ];
    const load = (file: string): Record<string, unknown> => {
      const known = exports.get(file);
      if (known) return known;
      const own = {};
      exports.set(file, own);
      const importing = (name: string): unknown => {
        if (name.startsWith('.')) return load(resolved(path.dirname(file), name));
        if (name === 'node:timers/promises') return sleeping(schedule);
        if (name === 'tslib') return { ...require(name), __awaiter: awaiterOf(schedule) };
        return LOCK_PACKAGES.has(name) ? load(LOCK_PACKAGES.get(name) as string) : require(name);
      };
      this.#compile(file)(importing, own, ...globals);
      return own;
    };
    return load(main);
  }

  #compile(file: string): Module {
    let compiled = this.#compiled.get(file);
    if (!compiled) {
      const { outputText } = ts.transpileModule(readFileSync(file, 'utf8'), {
        fileName: file,
        compilerOptions: {
          target: ts.ScriptTarget.ES2022,
          module: ts.ModuleKind.CommonJS,
          esModuleInterop: true,
          allowJs: true,
        },
        transformers: { before: [withPoints] },
      });
      compiled = new Function(
        ...['require', 'exports', POINT, CHAINED, 'setTimeout', 'clearTimeout', 'setImmediate', 'navigator'],
        ...Object.keys(stacks),
        outputText,
      ) as Module;
      this.#compiled.set(file, compiled);
    }
    return compiled;
  }
}

type Module = (require: (name: string) => unknown, exports: object, ...globals: unknown[]) => void;

/** Packages that run under the schedule as well: a lock that is granted is granted at some point or other. */
const LOCK_PACKAGES: ReadonlyMap<string, string> = new Map([
  ['async-mutex', require.resolve('async-mutex')],
  ['await-lock', path.resolve(import.meta.dirname, '../../node_modules/await-lock/build/AwaitLock.js')],
  ['ws-gate/locks', path.resolve(import.meta.dirname, '../../src/locks/index.ts')],
]);

const POINT = '__point';
const CHAINED = '__chained';

const withPoints: Ts.TransformerFactory<Ts.SourceFile> = (context) => (source) => {
  const { factory } = context;
  const call = (name: string, argument: Ts.Expression): Ts.Expression =>
    factory.createCallExpression(factory.createIdentifier(name), undefined, [argument]);
  const visit = (node: Ts.Node): Ts.Node => {
    const inner = ts.visitEachChild(node, visit, context);
    if (ts.isAwaitExpression(inner)) {
      return factory.updateAwaitExpression(inner, call(POINT, inner.expression));
    }
    if (
      ts.isPropertyAccessExpression(inner) &&
      ts.isCallExpression(node.parent) &&
      node.parent.expression === node &&
      ['then', 'catch', 'finally'].includes(inner.name.text) &&
      inner.expression.kind !== ts.SyntaxKind.SuperKeyword
    ) {
      return factory.updatePropertyAccessExpression(inner, call(CHAINED, inner.expression), inner.name);
    }
    return inner;
  };
  return ts.visitNode(source, visit, ts.isSourceFile);
};

/** What compiled `async` functions run on: each `await` of theirs is a point of the schedule. */
function awaiterOf({ point }: Schedule) {
  return (self: unknown, args: unknown[], _promise: unknown, body: (...args: unknown[]) => Generator) =>
    new Promise((resolve, reject) => {
      const generator = body.apply(self, args ?? []);
      const go = (step: () => IteratorResult<unknown>): void => {
        try {
          const { done, value } = step();
          if (done) resolve(value);
          else
            point(value).then(
              (settled) => go(() => generator.next(settled)),
              (error) => go(() => generator.throw(error)),
            );
        } catch (error) {
          reject(error);
        }
      };
      go(() => generator.next());
    });
}

function resolved(dir: string, name: string): string {
  const file = path.join(dir, name);
  const found = [file, file.replace(/\.js$/, '.ts'), `${file}.ts`, `${file}.js`].find((one) =>
    existsSync(one),
  );
  if (!found) throw new Error(`${name} is not there, seen from ${dir}`);
  return found;
}

function sleeping(schedule: Schedule): object {
  const sleep = <T>(ms?: number, value?: T): Promise<T | undefined> =>
    new Promise((resolve) => schedule.setTimeout(() => resolve(value), ms));
  return { setTimeout: sleep, setImmediate: (value: unknown) => sleep(0, value) };
}

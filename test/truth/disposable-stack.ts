type Disposer = () => unknown;

/** `DisposableStack` and `AsyncDisposableStack` for engines that have none, as far as programs here use them. */
export const stacks = {
  DisposableStack: globalThis.DisposableStack ?? stackOf(Symbol.dispose),
  AsyncDisposableStack: globalThis.AsyncDisposableStack ?? stackOf(Symbol.asyncDispose),
};

function stackOf(how: symbol) {
  const isAsync = how === Symbol.asyncDispose;
  return class Stack {
    #disposers: Disposer[] = [];

    use(resource: Partial<Record<symbol, Disposer>> | null | undefined): unknown {
      const dispose = resource?.[how] ?? resource?.[Symbol.dispose];
      if (dispose) this.#disposers.push(() => dispose.call(resource));
      return resource;
    }

    adopt(value: unknown, dispose: (value: unknown) => unknown): unknown {
      this.#disposers.push(() => dispose(value));
      return value;
    }

    defer(dispose: Disposer): void {
      this.#disposers.push(dispose);
    }

    move(): Stack {
      const moved = new Stack();
      moved.#disposers = this.#disposers;
      this.#disposers = [];
      return moved;
    }

    /** In reverse order, once. */
    [how](): unknown {
      const all = this.#disposers.reverse();
      this.#disposers = [];
      if (!isAsync) for (const dispose of all) dispose();
      if (!isAsync) return undefined;
      return (async () => {
        for (const dispose of all) await dispose();
      })();
    }

    dispose(): unknown {
      return this[how]?.();
    }

    disposeAsync(): unknown {
      return this[how]?.();
    }
  };
}

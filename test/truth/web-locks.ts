import type { Schedule } from './schedule.ts';

interface Waiting {
  readonly mode: 'exclusive' | 'shared';
  readonly go: () => void;
}

interface Options {
  readonly mode?: 'exclusive' | 'shared';
  readonly ifAvailable?: boolean;
}

/** A lock manager as browsers have it: requests of one name are granted in the order in which they were made. */
export function webLocks({ point }: Schedule): { readonly request: (...args: never[]) => Promise<unknown> } {
  const holders = new Map<string, { count: number; mode: Options['mode']; readonly waiting: Waiting[] }>();
  const stateOf = (name: string) => {
    let state = holders.get(name);
    if (!state) {
      state = { count: 0, mode: undefined, waiting: [] };
      holders.set(name, state);
    }
    return state;
  };
  const request = (
    name: string,
    ...rest: readonly (Options | ((lock: object | null) => unknown))[]
  ): Promise<unknown> => {
    const callback = rest.at(-1) as (lock: object | null) => unknown;
    const { mode = 'exclusive', ifAvailable = false } = rest.length > 1 ? (rest[0] as Options) : {};
    const state = stateOf(name);
    const isFree = (wanted: Options['mode']): boolean =>
      state.count === 0 || (state.mode === 'shared' && wanted === 'shared');
    const grant = (): void => {
      for (let next = state.waiting[0]; next && isFree(next.mode); next = state.waiting[0]) {
        state.waiting.shift();
        state.count += 1;
        state.mode = next.mode;
        next.go();
      }
    };
    if (ifAvailable && (state.waiting.length > 0 || !isFree(mode))) {
      return Promise.resolve().then(() => callback(null));
    }
    return new Promise((resolve, reject) => {
      const go = async (): Promise<void> => {
        try {
          await point(null);
          resolve(await callback({ name, mode }));
        } catch (error) {
          reject(error);
        } finally {
          state.count -= 1;
          grant();
        }
      };
      state.waiting.push({ mode, go: () => void go() });
      grant();
    });
  };
  return { request };
}

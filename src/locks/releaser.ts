/**
 * What an acquisition resolves to: call it, or bind it with `using`, to give the lock back.
 *
 * Only the first call has an effect, so an early release inside a `using` block is safe, and a late second
 * release cannot free the lock under its next owner.
 */
export interface Releaser extends Disposable {
  (): void;
}

/** Turns `release` into a {@link Releaser} that runs it at most once. */
export function createReleaser(release: () => void): Releaser {
  let spent = false;
  const once = (): void => {
    if (spent) return;
    spent = true;
    release();
  };
  return Object.assign(once, { [Symbol.dispose]: once });
}

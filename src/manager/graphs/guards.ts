import type { Undertaking } from '../undertaking.ts';
import { GraphBuildFailedError, type GraphError } from './errors.ts';
import type { GraphCell } from './lease.ts';
import type { LoadedWorkspace } from './loaded.ts';
import type { GraphState } from './state.ts';

/**
 * Holds a workspace in `loading` or `rebuilding`, and sees to it that it does not stay there: whoever leaves the
 * block without having said how the build ended has failed.
 */
export class BuildGuard<G> implements Disposable {
  #armed = true;
  readonly #workspace: LoadedWorkspace<G>;
  readonly #build: Undertaking;

  /** The state has been set by the caller: that is how it won the workspace. */
  constructor(workspace: LoadedWorkspace<G>) {
    this.#workspace = workspace;
    this.#build = workspace.beginBuild();
  }

  /** Aborts when the build is not wanted any more. */
  get signal(): AbortSignal {
    return this.#build.signal;
  }

  /** The build has succeeded. @param epoch - In milliseconds since the Unix epoch. */
  succeed(epoch: number): void {
    this.#workspace.recordSuccess(epoch);
    this.settle('loaded');
  }

  /** The build has failed. The error takes the place of any older one. */
  fail(error: GraphError): void {
    this.#workspace.recordFailure(error);
    this.settle('failed');
  }

  /** The build has ended in `state`, neither as a success nor as a failure. */
  settle(state: GraphState): void {
    if (!this.#armed) return;
    this.#armed = false;
    this.#workspace.state.set(state);
    this.#build.end();
  }

  [Symbol.dispose](): void {
    if (!this.#armed) return;
    const { root, state } = this.#workspace;
    const what = state.current === 'rebuilding' ? 'rebuild' : 'load';
    this.fail(new GraphBuildFailedError(root, `workspace ${what} aborted unexpectedly`));
  }
}

/** Puts the graph of a workspace back, and its size, unless the publish was completed. */
export class RollbackGuard<G> implements Disposable {
  #armed = true;
  readonly #workspace: LoadedWorkspace<G>;
  readonly #cell: GraphCell<G> | undefined;
  readonly #bytes: number;

  /** Remembers what the workspace has. To be made before anything is swapped. */
  constructor(workspace: LoadedWorkspace<G>) {
    this.#workspace = workspace;
    this.#cell = workspace.cell;
    this.#bytes = workspace.memoryBytes;
  }

  /** The publish is complete. */
  disarm(): void {
    this.#armed = false;
  }

  [Symbol.dispose](): void {
    if (!this.#armed) return;
    this.#armed = false;
    this.#workspace.cell = this.#cell;
    this.#workspace.memoryBytes = this.#bytes;
  }
}

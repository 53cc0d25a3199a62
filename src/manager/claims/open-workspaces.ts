import { Lane } from './lane.ts';
import type { PathIndex } from './path-index.ts';
import type { Workspace } from './workspace.ts';

/** A workspace that is no longer open, and has yet to shut down. */
export interface Closing<Config> {
  readonly workspace: Workspace<Config>;
  readonly lane: Lane;
  /** Why the workspace is still in the path index, if it is. */
  readonly indexError?: unknown;
}

/**
 * Which workspaces are open, and which keys are taken. The caller holds `Backend.mu` around every method but
 * {@link OpenWorkspaces.get} and {@link OpenWorkspaces.list}; the gate sees to it where the set is changed.
 */
export class OpenWorkspaces<Config> {
  // Written only with a complete workspace that has its first claim, so that a single look without the lock is safe;
  // whoever acts on what it finds must look again under the lock.
  readonly #byId = new Map<string, Workspace<Config>>();
  readonly #index: PathIndex;
  readonly #lanes = new Map<string, Lane>();

  constructor(index: PathIndex) {
    this.#index = index;
  }

  /** The open workspace with this id. */
  get(id: string): Workspace<Config> | undefined {
    return this.#byId.get(id);
  }

  /** All open workspaces, the oldest first. */
  list(): Workspace<Config>[] {
    return [...this.#byId.values()];
  }

  /** Whether `workspace` is open. */
  has(workspace: Workspace<Config>): boolean {
    return this.#byId.get(workspace.id) === workspace;
  }

  /** Whether nothing is open, being built or shutting down. */
  get isEmpty(): boolean {
    return this.#byId.size === 0 && this.#lanes.size === 0;
  }

  /** The builds and shutdowns that take a key. */
  get lanes(): Lane[] {
    return [...this.#lanes.values()];
  }

  /**
   * The workspace that is open at `key`. An entry of the index that leads nowhere is dropped.
   *
   * @requiresLock Backend.mu
   */
  async at(key: string): Promise<Workspace<Config> | undefined> {
    const id = await this.#index.get(key);
    if (id === undefined) return undefined;
    const workspace = this.#byId.get(id);
    if (!workspace) await this.#index.delete(key);
    return workspace;
  }

  /**
   * Whoever takes `key` at present.
   *
   * @requiresLock Backend.mu
   */
  laneOf(key: string): Lane | undefined {
    return this.#lanes.get(key);
  }

  /**
   * Takes `key`.
   *
   * @requiresLock Backend.mu
   */
  take(key: string): Lane {
    const lane = new Lane();
    this.#lanes.set(key, lane);
    return lane;
  }

  /**
   * Gives `key` back, unless `lane` has lost it: a workspace that closed right after it opened takes it anew.
   *
   * @requiresLock Backend.mu
   */
  giveBack(key: string, lane: Lane): void {
    if (this.#lanes.get(key) === lane) this.#lanes.delete(key);
  }

  /**
   * Enters the key of `workspace`, which {@link OpenWorkspaces.open} then makes possible to find.
   *
   * @requiresLock Backend.mu
   */
  async enter(workspace: Workspace<Config>): Promise<void> {
    await this.#index.set(workspace.resolvedPath, workspace.id);
  }

  /**
   * Makes `workspace` possible to find.
   *
   * @requiresLock Backend.mu
   */
  open(workspace: Workspace<Config>): void {
    this.#byId.set(workspace.id, workspace);
  }

  /**
   * Makes `workspace` impossible to find, and its key taken until it has shut down.
   *
   * @requiresLock Backend.mu
   */
  async unpublish(workspace: Workspace<Config>): Promise<Closing<Config>> {
    const { id, resolvedPath } = workspace;
    this.#byId.delete(id);
    const lane = this.take(resolvedPath);
    try {
      if ((await this.#index.get(resolvedPath)) === id) await this.#index.delete(resolvedPath);
      return { workspace, lane };
    } catch (indexError) {
      // No reason to leave the workspace running: an entry that leads nowhere is dropped by the next create.
      return { workspace, lane, indexError };
    }
  }
}

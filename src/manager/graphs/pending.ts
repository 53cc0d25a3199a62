/** What happened to a repository: nothing of interest, a commit, another branch, or another history altogether. */
export type GitChange = 'noise' | 'local-commit' | 'branch-switch' | 'tree-diverged';

/** What a watcher saw. */
export interface ChangeSet {
  /** Paths, in any order. */
  readonly files: readonly string[];
  readonly gitStateChanged?: boolean;
  readonly gitChange?: GitChange;
  /** What the repository looks like afterwards, in the watcher's own words. */
  readonly gitState?: string;
}

/** Changes that wait for the next rebuild. */
export class PendingRebuild {
  /** Sorted, each once. */
  readonly files: readonly string[];
  readonly gitStateChanged: boolean;
  readonly gitChange: GitChange | undefined;
  readonly gitState: string | undefined;
  /** When the latest of the changes came, by the clock's `now`. */
  readonly enqueuedAt: number;

  constructor(changes: ChangeSet, enqueuedAt: number) {
    this.files = [...new Set(changes.files)].sort();
    this.gitStateChanged = changes.gitStateChanged ?? false;
    this.gitChange = changes.gitChange;
    this.gitState = changes.gitState;
    this.enqueuedAt = enqueuedAt;
  }

  /** Whether what changed is too much to build upon the old graph. */
  get requiresFull(): boolean {
    return this.gitChange === 'branch-switch' || this.gitChange === 'tree-diverged';
  }

  /** These changes and `later` ones as one. */
  coalesceWith(later: PendingRebuild): PendingRebuild {
    const full = this.requiresFull || later.requiresFull;
    const gitChange = full ? 'tree-diverged' : (later.gitChange ?? this.gitChange);
    const gitState = later.gitState ?? this.gitState;
    const changes = {
      files: [...this.files, ...later.files],
      gitStateChanged: this.gitStateChanged || later.gitStateChanged,
      ...(gitChange !== undefined && { gitChange }),
      ...(gitState !== undefined && { gitState }),
    };
    return new PendingRebuild(changes, Math.max(this.enqueuedAt, later.enqueuedAt));
  }
}

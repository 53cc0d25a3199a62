import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { withDeadline } from '../deadline.ts';
import type { ProvisionLog } from '../obs/provlog.ts';
import type { Supervisor } from '../obs/supervise.ts';
import type { FleetClaims } from './claims.ts';
import type { Dispatchers } from './dispatchers.ts';
import { FleetClosedError, FleetInvalidError, FleetLostRowError } from './errors.ts';
import { completed, validName, type WorkspaceInput } from './input.ts';
import type { FleetRows } from './rows.ts';
import type { Slots } from './slots.ts';
import type { FleetWorkspace } from './workspace-row.ts';

const LOOKUP_TIMEOUT_MS = 5_000;
const MAX_DEPTH = 32;
const MAX_NODES = 5_000;

/** A workspace to import, with those below it. What runs in it is, unless said, what runs in its parent. */
export interface TreeNode extends Omit<WorkspaceInput, 'runtime'> {
  readonly runtime?: string | undefined;
  readonly children?: readonly TreeNode[] | undefined;
}

/** A workspace of a tree that has been imported. */
export interface ImportedWorkspace {
  readonly id: string;
  readonly name: string;
  readonly tier: number;
  /** Present if it was there before: then nothing of it was changed. */
  readonly skipped?: true;
}

/** What {@link OrgImport} works with. */
export interface OrgImportOptions {
  readonly rows: FleetRows;
  readonly claims: FleetClaims;
  readonly dispatchers: Dispatchers;
  readonly supervisor: Supervisor;
  readonly clock: Clock;
  readonly provisionLog: ProvisionLog;
  readonly slots: Slots;
  /** A pause, in milliseconds, after each workspace that is started. */
  readonly pacingMs: number;
}

/**
 * Imports trees of workspaces. An import only adds: what is there stays as it is, and gets the children that it lacks.
 * So an import that ended half way is completed by another, and of imports that run at once, here or in other managers,
 * each finds what the others have made.
 */
export class OrgImport {
  readonly #options: OrgImportOptions;

  constructor(options: OrgImportOptions) {
    this.#options = options;
  }

  /**
   * Imports `roots` under a parent, or at the top.
   *
   * @returns What was imported and what was there, parents first.
   * @throws {@link FleetInvalidError} before anything is written; later what the database throws: then what has been
   * written stays, and another import completes it.
   */
  async importTrees(roots: readonly TreeNode[], parentId: string | null): Promise<ImportedWorkspace[]> {
    const tier = this.#options.dispatchers.defaultTier();
    const planned = plan(roots, undefined, tier);
    const results: ImportedWorkspace[] = [];
    await this.#recurseChildrenForImport(planned, parentId, results);
    return results;
  }

  /** The one recursion, for what is new and for what was there. */
  async #recurseChildrenForImport(
    children: readonly PlannedNode[],
    parentId: string | null,
    results: ImportedWorkspace[],
  ): Promise<void> {
    for (const child of children) {
      const id = await this.#createWorkspaceTree(child, parentId, results);
      await this.#recurseChildrenForImport(child.children, id, results);
    }
  }

  /** Enters one node and starts it, or finds it. Returns its id. */
  async #createWorkspaceTree(
    node: PlannedNode,
    parentId: string | null,
    results: ImportedWorkspace[],
  ): Promise<string> {
    const { claims, dispatchers, supervisor, slots, provisionLog, pacingMs } = this.#options;
    if (supervisor.signal.aborted) throw new FleetClosedError();
    const id = randomUUID();
    const claim = await dispatchers.provisionWorkspaceAutoClaiming(
      id,
      () => claims.insert({ id, parentId, ...node.workspace }),
      slots,
    );
    if (!claim) {
      const existing = await this.#existing(node.workspace.name, parentId);
      provisionLog('provision.skip_existing', { workspace_id: existing.id, name: existing.name });
      results.push({ id: existing.id, name: existing.name, tier: existing.tier, skipped: true });
      return existing.id;
    }
    results.push({ id, name: claim.workspace.name, tier: claim.workspace.tier });
    if (dispatchers.hasProvisioner() && pacingMs > 0) await supervisor.sleep(pacingMs);
    return id;
  }

  /** Looked for only after the database has refused a second row of the name, so that not finding it is an error. */
  async #existing(name: string, parentId: string | null): Promise<FleetWorkspace> {
    const { rows, clock } = this.#options;
    const found = await withDeadline(clock, LOOKUP_TIMEOUT_MS, 'lookup of a workspace', () =>
      rows.lookupExistingChild(name, parentId),
    );
    if (!found) throw new FleetLostRowError(name);
    return found;
  }
}

interface PlannedNode {
  readonly workspace: ReturnType<typeof completed>;
  readonly children: readonly PlannedNode[];
}

/** The whole tree with its defaults, checked before the first row of it is written. */
function plan(roots: readonly TreeNode[], runtime: string | undefined, tier: number): PlannedNode[] {
  let count = 0;
  const walk = (nodes: readonly TreeNode[], inherited: string | undefined, depth: number): PlannedNode[] => {
    if (depth > MAX_DEPTH) throw new FleetInvalidError(`a tree has at most ${MAX_DEPTH} levels`);
    const names = new Set<string>();
    return nodes.map((node) => {
      if (++count > MAX_NODES) throw new FleetInvalidError(`an import has at most ${MAX_NODES} workspaces`);
      const name = validName(node.name);
      if (names.has(name))
        throw new FleetInvalidError(`'${name}' occurs twice among the children of one workspace`);
      names.add(name);
      const own = node.runtime ?? inherited;
      if (own === undefined)
        throw new FleetInvalidError(`'${name}' has no runtime, and no parent to take it from`);
      return {
        workspace: completed({ ...node, runtime: own }, tier),
        children: walk(node.children ?? [], own, depth + 1),
      };
    });
  };
  return walk(roots, runtime, 1);
}

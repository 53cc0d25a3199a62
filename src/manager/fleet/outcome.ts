import { FleetStatusError } from './errors.ts';
import type { FleetWorkspace } from './workspace-row.ts';

/** What became of one of several workspaces. */
export type WorkspaceOutcome =
  | { readonly id: string; readonly name: string; readonly outcome: 'done' | 'skipped' }
  | { readonly id: string; readonly name: string; readonly outcome: 'failed'; readonly error: string };

/**
 * What became of a workspace and those below it: `ok` if nothing failed, `failed` if nothing was done, `partial` in
 * between. Over HTTP these are 200, 500 and 207.
 */
export interface TreeOutcome {
  readonly status: 'ok' | 'partial' | 'failed';
  /** Parents first. */
  readonly results: readonly WorkspaceOutcome[];
}

/** Sums up. */
export function treeOutcome(results: readonly WorkspaceOutcome[]): TreeOutcome {
  const failed = results.some(({ outcome }) => outcome === 'failed');
  const done = results.some(({ outcome }) => outcome === 'done');
  return { status: failed ? (done ? 'partial' : 'failed') : 'ok', results };
}

/**
 * The outcome of one workspace.
 *
 * @param body - Does it. One that meets a status in which there is nothing to do has skipped.
 */
export async function outcomeOf(
  { id, name }: FleetWorkspace,
  body: () => Promise<void>,
): Promise<WorkspaceOutcome> {
  try {
    await body();
    return { id, name, outcome: 'done' };
  } catch (error) {
    if (error instanceof FleetStatusError) return { id, name, outcome: 'skipped' };
    return { id, name, outcome: 'failed', error: error instanceof Error ? error.message : String(error) };
  }
}

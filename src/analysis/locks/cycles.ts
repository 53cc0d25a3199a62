import type { DeclaredLocks } from './declared.ts';
import { gatesOfEdge, isGateOf } from './gates.ts';
import { UNKNOWN_PATH } from './paths.ts';
import type { LockEdge } from './record.ts';

/**
 * Cycles in the graph of acquisitions: the shortest through each edge that lies on one, and one for each set of
 * locks. The edges of a cycle are in order, starting with the one whose inner acquisition comes first in the source.
 *
 * A cycle counts only if all its edges can be under way at the same time: what their tasks hold is disjoint, so that
 * no lock around two of them shuts one out (a gate), they are not steps of one sequence, and not all of them are
 * batches, which enqueue on all their locks at once.
 *
 * A semaphore of several permits, or of a number that is not known, takes as many tasks to fill. They may be there,
 * unless one task at a time gets as far as to wait while it holds a permit.
 *
 * A cycle has an edge whose order is not declared: along declared ones the rank only ever grows.
 *
 * `cutOff` is told of edges through which there may be a cycle that was not found.
 */
export function findCycles(
  edges: readonly LockEdge[],
  declared: DeclaredLocks,
  cutOff: (edge: LockEdge) => void = () => {},
): LockEdge[][] {
  const graph = new Graph(edges.filter((edge) => mayDeadlock(edge, declared)));
  const cycles = new Map<string, LockEdge[]>();
  for (const start of graph.steps) {
    // Each cycle has an edge that is no batch, and is found from there.
    if (start.edge.batch) continue;
    const cycle = graph.shortestCycle(start);
    if (!cycle) {
      if (graph.isCutOff) cutOff(start.edge);
      continue;
    }
    const locks = cycle
      .map(({ from }) => from)
      .sort()
      .join('|');
    if (!cycles.has(locks)) cycles.set(locks, fromFirst(cycle.map(({ edge }) => edge)));
  }
  return [...cycles.values()];
}

function mayDeadlock(edge: LockEdge, declared: DeclaredLocks): boolean {
  const [outer, inner] = [edge.outer.lock.cls, edge.inner.lock.cls];
  if (outer === inner || (outer.permits !== 1 && isOneTask(edge))) return false;
  // A task that waits for what it holds itself is stuck by itself, which is a re-entry.
  if (isHeldAround(edge)) return false;
  // Nobody waits for a lock that is granted or refused at once.
  if (inner.primitive.immediate) return false;
  const [outerRank, innerRank] = [declared.rank(outer), declared.rank(inner)];
  // Against the declared order is lock-order's finding; with it, an edge may still be part of a longer cycle.
  return outerRank === undefined || innerRank === undefined || outerRank < innerRank;
}

/** Whether the very lock that is waited for is held around the edge. */
function isHeldAround({ inner: { lock }, gates }: LockEdge): boolean {
  if (lock.path?.includes(UNKNOWN_PATH)) return false;
  return [...gatesOfEdge([lock], [lock])].some((gate) => gates.has(gate));
}

/** Whether one task at a time can be at an edge: it holds one permit, and of several the others stay free. */
function isOneTask({ gates, sequence }: LockEdge): boolean {
  return gates.size > 0 || sequence !== undefined;
}

/** An edge, seen as a task that holds some locks and waits for another. */
interface Step {
  readonly edge: LockEdge;
  readonly from: string;
  readonly to: string;
  /** What one task at a time can have: the outer lock, the gates around it, its turn in a sequence. */
  readonly holds: ReadonlySet<string>;
}

/** The way from a first step to the lock that its last one waits for. */
interface Way {
  readonly steps: readonly Step[];
  /** What its tasks hold, as far as a step elsewhere may need the same. */
  readonly holds: ReadonlySet<string>;
}

/** So many ways to one lock are told apart by what they hold; whether a further one closes a cycle is not known. */
export const MAX_WAYS = 200;

class Graph {
  /** Whether the last search has left out a way. */
  isCutOff = false;
  readonly steps: readonly Step[];
  readonly #from = new Map<string, Step[]>();
  readonly #to = new Map<string, Step[]>();
  readonly #leading = new Map<string, ReadonlySet<string>>();
  /** What tells ways apart that lead to one lock: whatever else is held counts for the step that starts there alone. */
  readonly #contested = new Set<string>();

  constructor(edges: readonly LockEdge[]) {
    this.steps = edges.map(stepOf);
    for (const step of this.steps) {
      add(this.#from, step.from, step);
      add(this.#to, step.to, step);
      // Which of a lock's steps follow depends on how it was waited for, so a way through it is one of its own.
      if (step.edge.outer.lock.cls.primitive.readers === 'recursive') this.#contested.add(step.from);
      for (const held of [...step.edge.gates, turnOf(step.edge)]) this.#contested.add(held);
    }
  }

  /**
   * The shortest cycle through a step, breadth first. Of two ways to one lock, the longer one is dropped if it holds
   * all that the shorter one holds: whatever leads on from it leads on from the other, or back into it.
   */
  shortestCycle(start: Step): readonly Step[] | undefined {
    this.isCutOff = false;
    const leading = this.#leadingTo(start.from);
    const known = new Map<string, ReadonlySet<string>[]>();
    let ways: Way[] = leading.has(start.to) ? [{ steps: [start], holds: this.#contestedOf(start) }] : [];
    while (ways.length > 0) {
      const longer: Way[] = [];
      for (const way of ways) {
        for (const step of this.#next(way)) {
          if (step.to === start.from && blocks(step, start)) return [...way.steps, step];
          if (!leading.has(step.to) || way.steps.some(({ from }) => from === step.to)) continue;
          const holds = new Set([...way.holds, ...this.#contestedOf(step)]);
          const end = `${step.edge.inner.mode} ${step.to}`;
          const others = known.get(end) ?? [];
          if (others.some((other) => isSubset(other, holds))) continue;
          if (others.length >= MAX_WAYS) {
            this.isCutOff = true;
            continue;
          }
          known.set(end, [...others, holds]);
          longer.push({ steps: [...way.steps, step], holds });
        }
      }
      ways = longer;
    }
    return undefined;
  }

  /** The steps that can be under way together with all of a way, where the last of them waits. */
  #next({ steps, holds }: Way): Step[] {
    const last = steps.at(-1);
    const next = last ? (this.#from.get(last.to) ?? []) : [];
    return next.filter((step) => last && blocks(last, step) && isDisjoint(step.holds, holds));
  }

  /** The locks from which there is any way to a lock. */
  #leadingTo(goal: string): ReadonlySet<string> {
    let leading = this.#leading.get(goal);
    if (!leading) {
      const found = new Set([goal]);
      for (const lock of found) for (const { from } of this.#to.get(lock) ?? []) found.add(from);
      leading = found;
      this.#leading.set(goal, leading);
    }
    return leading;
  }

  #contestedOf({ holds }: Step): ReadonlySet<string> {
    return new Set([...holds].filter((held) => this.#contested.has(held)));
  }
}

function stepOf(edge: LockEdge): Step {
  const { outer, inner, gates, sequence } = edge;
  const [from, to] = [outer.lock.cls.id, inner.lock.cls.id];
  // To a step that is gated by it, the outer lock is a gate as well.
  const held = [from, ...gatesOfEdge([outer.lock], [inner.lock]), ...gates];
  // What is held and waited for is two objects of one class, and says nothing of a third.
  const holds = new Set(held.filter((gate) => !isGateOf(to, gate)));
  if (sequence !== undefined) holds.add(turnOf(edge));
  return { edge, from, to, holds };
}

/** A step's turn in its sequence, as something to hold. */
function turnOf({ sequence }: LockEdge): string {
  return `sequence ${sequence}`;
}

/** Whether what one task holds keeps the other waiting: a reader passes readers, where no writer stops it. */
function blocks(waiting: Step, holding: Step): boolean {
  const { lock, mode } = waiting.edge.inner;
  const areReaders = mode === 'shared' && holding.edge.outer.mode === 'shared';
  return !areReaders || lock.cls.primitive.readers !== 'recursive';
}

function add(steps: Map<string, Step[]>, lock: string, step: Step): void {
  const known = steps.get(lock);
  if (known) known.push(step);
  else steps.set(lock, [step]);
}

function isDisjoint(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  for (const item of a) if (b.has(item)) return false;
  return true;
}

function isSubset(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  for (const item of a) if (!b.has(item)) return false;
  return true;
}

function fromFirst(cycle: readonly LockEdge[]): LockEdge[] {
  let first = 0;
  for (const [index, edge] of cycle.entries()) {
    const best = cycle[first];
    if (best && before(edge, best)) first = index;
  }
  return [...cycle.slice(first), ...cycle.slice(0, first)];
}

function before(a: LockEdge, b: LockEdge): boolean {
  const [x, y] = [a.inner.at, b.inner.at];
  return x.file === y.file ? x.start < y.start : x.file < y.file;
}

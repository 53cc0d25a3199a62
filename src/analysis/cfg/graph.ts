import type { Ts } from '../../syntax/ts.ts';
import type { Action, Cfg, CfgEdge, CfgLoop } from '../cfg.ts';

/** A statement that `break` or `continue` may name, or end without a name. */
export interface JumpTarget {
  readonly labels: readonly string[];
  readonly breakTo: number;
  readonly continueTo: number | undefined;
  /** Whether a `break` or `continue` without a label is for it. */
  readonly isPlain: boolean;
}

/** What a `return` leaves: the function itself, or one that is built as a part of it. */
interface Body {
  /** The number of frames around it, and where its exceptions go. */
  readonly depth: number;
  readonly handler: number;
  readonly exit: number;
  /** The expression that takes the value; undefined where the function itself returns it. */
  readonly result: Ts.Expression | undefined;
}

/** A graph under construction. Control stands at one point, from which the next action is reached. */
export class FlowGraph {
  readonly entry: number;
  readonly exit: number;
  readonly throwExit: number;
  readonly #nodes: MutableNode[] = [];
  readonly #loops: CfgLoop[] = [];
  /** Nodes that some edge leads to. */
  readonly #reached = new Set<number>();
  #at: Point | undefined;
  #frames: readonly Frame[] = [];
  /** Where an exception goes. */
  #handler: number;
  #body: Body;

  constructor() {
    this.entry = this.#node({ kind: 'entry' });
    this.exit = this.#node({ kind: 'exit' });
    this.throwExit = this.#node({ kind: 'throw-exit' });
    this.#handler = this.throwExit;
    this.#body = { depth: 0, handler: this.throwExit, exit: this.exit, result: undefined };
    this.#at = { from: this.entry, when: 'next' };
  }

  /** The graph of a body that has been built to its end. */
  finish(): Omit<Cfg, 'owner' | 'links'> {
    this.goto(this.exit);
    const { entry, exit, throwExit } = this;
    return { nodes: this.#nodes, entry, exit, throwExit, loops: this.#loops };
  }

  // -- nodes and edges

  #node(action: Action): number {
    const id = this.#nodes.length;
    this.#nodes.push({ id, action, successors: [] });
    return id;
  }

  /** A node for several ways to meet in. */
  join(): number {
    return this.#node({ kind: 'join' });
  }

  /** A join that every turn of a loop starts with. */
  loopHead(statement: CfgLoop['statement']): number {
    const head = this.join();
    this.#loops.push({ statement, head });
    return head;
  }

  link(from: number, when: CfgEdge['when'], to: number): void {
    const { successors } = this.#nodes[from] as MutableNode;
    this.#reached.add(to);
    if (!successors.some((edge) => edge.to === to && edge.when === when)) successors.push({ to, when });
  }

  /** Whether control can get to the point where the graph is being built. */
  get isReachable(): boolean {
    return this.#at !== undefined;
  }

  /** Appends an action; code that cannot be reached is left out. */
  emit(action: Action): number | undefined {
    if (!this.#at) return undefined;
    const id = this.#node(action);
    this.link(this.#at.from, this.#at.when, id);
    this.continueFrom(id, 'next');
    return id;
  }

  /** Appends an action that may fail. */
  emitThrowing(action: Action): number | undefined {
    const id = this.emit(action);
    if (id !== undefined) this.link(id, 'throw', this.#handler);
    return id;
  }

  continueFrom(from: number, when: CfgEdge['when']): void {
    this.#at = { from, when };
  }

  stop(): void {
    this.#at = undefined;
  }

  goto(target: number): void {
    if (this.#at) this.link(this.#at.from, this.#at.when, target);
    this.stop();
  }

  /** Goes on at a join, if any way leads there. */
  resume(node: number): void {
    this.#at = this.#reached.has(node) ? { from: node, when: 'next' } : undefined;
  }

  // -- what surrounds the point

  /** Builds `body` inside of a statement that it may jump out of. */
  inside(target: JumpTarget, body: () => void): void {
    const outer = this.#frames;
    this.#frames = [...outer, { kind: 'target', ...target }];
    body();
    this.#frames = outer;
  }

  /** Builds `body` so that its exceptions go to `handler`. */
  catching(handler: number, body: () => void): void {
    const outer = this.#handler;
    this.#handler = handler;
    body();
    this.#handler = outer;
  }

  /** Builds `body` so that `emit` runs however control leaves it. */
  guarded(emit: () => void, body: () => void): void {
    const frames = this.#frames;
    const outer = this.#handler;
    const onThrow = this.join();
    this.#frames = [...frames, { kind: 'finally', emit, handler: outer, copies: new Map() }];
    this.catching(onThrow, body);
    this.#frames = frames;
    if (this.#at) emit();
    const normal = this.#at;
    this.resume(onThrow);
    if (this.#at) {
      emit();
      this.#rethrow(outer);
    }
    this.#at = normal;
  }

  /** Goes on with the exception that what was built last has been run for. */
  #rethrow(handler: number): void {
    if (!this.#at) return;
    const last = this.#nodes[this.#at.from];
    // The exception edge of an action is for its own failure.
    if (last && CAN_FAIL.has(last.action.kind)) {
      const join = this.join();
      this.goto(join);
      this.resume(join);
    }
    this.link(this.#at.from, 'throw', handler);
    this.stop();
  }

  /** Builds the body of another function in its place; control goes on where that one returns. */
  body(result: Ts.Expression, build: () => void): void {
    const outer = this.#body;
    const exit = this.join();
    this.#body = { depth: this.#frames.length, handler: this.#handler, exit, result };
    build();
    this.goto(exit);
    this.#body = outer;
    this.resume(exit);
  }

  /** The expression that takes what is returned here, unless the function itself returns it. */
  get result(): Ts.Expression | undefined {
    return this.#body.result;
  }

  /** Whether nothing runs, and nothing catches, between a `return` here and the end of the body. */
  get returnsAtOnce(): boolean {
    const { depth, handler } = this.#body;
    return this.#handler === handler && this.#frames.slice(depth).every(({ kind }) => kind === 'target');
  }

  /** Leaves the body; `settle` is built where all in between has been left. */
  return(settle?: () => void): void {
    const { depth, handler, exit } = this.#body;
    if (!settle) return this.#jump(depth, exit);
    const left = this.join();
    this.#jump(depth, left);
    this.resume(left);
    const frames = this.#frames;
    this.#frames = frames.slice(0, depth);
    this.catching(handler, settle);
    this.goto(exit);
    this.#frames = frames;
  }

  breakOrContinue(how: 'breakTo' | 'continueTo', label: string | undefined): void {
    for (const [depth, frame] of [...this.#frames.entries()].reverse()) {
      if (frame.kind !== 'target') continue;
      if (label === undefined ? !frame.isPlain : !frame.labels.includes(label)) continue;
      const target = frame[how];
      if (target === undefined) continue;
      this.#jump(depth + 1, target);
      return;
    }
    this.stop();
  }

  /** Leaves all frames above `depth`, running what must run, and goes to the target. */
  #jump(depth: number, target: number): void {
    if (!this.#at) return;
    const saved = { frames: this.#frames, handler: this.#handler };
    while (this.#frames.length > depth) {
      const frame = this.#frames[this.#frames.length - 1] as Frame;
      this.#frames = this.#frames.slice(0, -1);
      if (frame.kind !== 'finally') continue;
      this.#handler = frame.handler;
      const copy = frame.copies.get(target);
      if (copy !== undefined) {
        this.goto(copy);
        break;
      }
      const start = this.join();
      frame.copies.set(target, start);
      this.goto(start);
      this.continueFrom(start, 'next');
      frame.emit();
      if (!this.#at) break;
    }
    this.goto(target);
    this.#frames = saved.frames;
    this.#handler = saved.handler;
  }
}

/** Where control stands while building: a node, and the edge by which to leave it. */
interface Point {
  readonly from: number;
  readonly when: CfgEdge['when'];
}

/** Something that surrounds the statement being built, innermost last. */
type Frame =
  | ({ readonly kind: 'target' } & JumpTarget)
  /** Code that runs whenever control leaves: `finally`, a disposal, the closing of an iterator. */
  | {
      readonly kind: 'finally';
      readonly emit: () => void;
      readonly handler: number;
      /** The copies made so far, by the place that control goes on to after them. */
      readonly copies: Map<number, number>;
    };

interface MutableNode {
  readonly id: number;
  readonly action: Action;
  readonly successors: CfgEdge[];
}

/** The actions with an exception edge of their own. */
const CAN_FAIL: ReadonlySet<Action['kind']> = new Set(['call', 'await', 'yield', 'next', 'close']);

import type { ReportStep } from '../../engine/rule.ts';
import type { Ts } from '../../syntax/ts.ts';
import type { CfgOwner } from '../cfg.ts';
import type { Context } from './contexts.ts';
import { idOf } from './keys.ts';
import { UNKNOWN_PATH } from './paths.ts';
import type { SectionNotes } from './stale-sections.ts';
import type { StaleState } from './stale-state.ts';
import type { SectionHold } from './stale-values.ts';
import { callSteps } from './trace.ts';
import type { Held, LockRef, Path } from './values.ts';

/** One call of a function, on the way from where a walk begins. */
export interface Frame {
  /** That of each caller is a prefix of it. */
  readonly key: string;
  readonly fn: CfgOwner;
  /** What the engine has run it as, if it has. */
  readonly context: Context | undefined;
  readonly parent: Frame | undefined;
  readonly site: Ts.Node | undefined;
  readonly self: Path | undefined;
  readonly args: readonly (Path | undefined)[];
  /** What the callers hold as long as it runs. */
  readonly around: Holding;
  /** The calls that lead here. */
  readonly steps: readonly ReportStep[];
}

/** The locks that are held at a place. */
export interface Holding {
  /** In any case. */
  readonly sure: readonly SectionHold[];
  /** Perhaps; these as well. */
  readonly possible: ReadonlySet<string>;
}

export const NO_HOLDING: Holding = { sure: [], possible: new Set() };

/** A place in a program, on one way from where a walk begins. */
export interface Point {
  readonly frame: Frame;
  readonly node: number;
  readonly state: StaleState;
  readonly holding: Holding;
}

/** What is held where a function performs an action, by itself and by its callers. */
export function holdingAt(frame: Frame, node: number, notes: SectionNotes): Holding {
  const own = notes.holdsAt(frame.context, node);
  const { around } = frame;
  if (own.possible.size + own.givenBack.size + own.givenBackClasses.size === 0) return around;
  const gone = new Set([...own.givenBack].map((token) => qualified(token, frame)));
  const isLeft = ({ token, cls }: SectionHold): boolean =>
    !gone.has(token) && !own.givenBackClasses.has(cls.id);
  const lost = new Set(around.sure.filter((hold) => !isLeft(hold)).map(({ token }) => token));
  return {
    sure: [
      ...around.sure.filter(isLeft),
      ...[...own.sure.values()]
        // What an annotation asks of callers is what the caller on this way has taken.
        .filter(({ isAssumed }) => !(isAssumed && frame.parent))
        .map((held) => sectionHold(held, frame)),
    ],
    possible: new Set([
      ...[...around.possible].filter((token) => !gone.has(token) && !lost.has(token)),
      ...[...own.possible].map((token) => qualified(token, frame)),
    ]),
  };
}

/** A lock that a function holds, by names that are the same all along the walk. */
export function sectionHold(held: Held, frame: Frame): SectionHold {
  const { lock, via } = held;
  const path = lock.cls.permits === 1 ? lockPath(lock, frame) : undefined;
  const token = qualified(held.token, frame);
  return {
    token,
    // Of what is not known, nothing is the same.
    key: path === undefined ? `?${token}` : `${lock.cls.id} ${path}`,
    cls: lock.cls,
    held,
    steps: [...frame.steps, ...callSteps(via)],
  };
}

/** The name of a grant in the function that a walk begins with. */
export function qualified(token: string, frame: Frame): string {
  let name = token;
  let at: Frame | undefined = frame;
  while (name.startsWith('^')) {
    name = name.slice(1);
    at = at?.parent;
  }
  for (; at?.site; at = at.parent) {
    const mark = `@${idOf(at.site)}`;
    if (!name.includes(mark)) name += mark;
  }
  return name;
}

function lockPath({ path }: LockRef, frame: Frame): Path | undefined {
  if (path === undefined || path.includes(UNKNOWN_PATH)) return undefined;
  let at: Frame | undefined = frame;
  let name = path;
  while (name.startsWith('^')) {
    name = name.slice(1);
    at = at?.parent;
  }
  if (!at) return undefined;
  const owner = at;
  let isKnown = true;
  const renamed = name.replace(ROOTS, (_all, before: string, root: string) => {
    const actual = root === 'this' ? owner.self : root === 'e' ? 'v' : owner.args[Number(root.slice(1))];
    if (actual === undefined) isKnown = false;
    return `${before}${actual}`;
  });
  return isKnown ? renamed : undefined;
}

/** Names that a function has for what its callers know by other names, where a path or a key begins. */
const ROOTS = /(^|\[)(this\b|p\d+|e(?=\d))/g;

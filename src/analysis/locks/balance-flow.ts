import type { Cfg, CfgEdge, CfgNode } from '../cfg.ts';
import type { Held } from './values.ts';
import type { World } from './world.ts';

/** What a function knows of one grant at a point: not taken yet, held, or given back. */
export type State = 'never' | 'held' | 'gone';

/** One way on from an action, by the grants that are certain to be held before and after it. */
export interface Passage {
  readonly node: CfgNode;
  readonly way: CfgEdge['when'];
  /** The states before and after it, as the function was run in them. */
  readonly from: string;
  readonly to: string;
  readonly before: ReadonlySet<string>;
  readonly after: ReadonlySet<string>;
  /** Grants that were asked for before, and have not come: the wait failed, or ended in a way without them. */
  readonly refused: ReadonlySet<string>;
  /** Grants of which it is not certain whether they are held before or after it. */
  readonly unsure: ReadonlySet<string>;
}

/** A place on the way of a grant through a function, and how one gets there. */
export interface Place {
  readonly node: number;
  readonly state: State;
  /** The state of the function there, if it was told apart from others. */
  readonly world: string | undefined;
  readonly from: Place | undefined;
  /** The kind of edge by which the action before was left. */
  readonly way: CfgEdge['when'] | undefined;
}

/** What is asked of a walk along the passages of a function. */
export interface Walk {
  readonly cfg: Cfg;
  /** By the node that they leave. */
  readonly passages: ReadonlyMap<number, ReadonlyMap<string, Passage>>;
  /** Whether an exception edge behind an action is of this world. */
  mayThrow(node: CfgNode): boolean;
  /** Whether an action hands the grant to somebody else. */
  handsOn(node: CfgNode): boolean;
}

/**
 * Every place to which control may come with a grant in some state, by the shortest way: by the name of the place, and
 * by that of the place in one state of the function. Where states were merged on the way, all that stand there follow.
 */
export function walk(
  { cfg, passages, mayThrow, handsOn }: Walk,
  token: string,
  start: { readonly node: number; readonly state: State },
): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  const waiting: Place[] = [];
  const reach = (place: Place): void => {
    const { node, state, world } = place;
    if (places.has(placeKey(node, state, world ?? ''))) return;
    places.set(placeKey(node, state, world ?? ''), place);
    if (!places.has(placeKey(node, state))) places.set(placeKey(node, state), place);
    waiting.push(place);
  };
  reach({ ...start, world: undefined, from: undefined, way: undefined });
  for (const place of waiting) {
    const node = cfg.nodes[place.node];
    if (!node) continue;
    const onward = onwardFrom(place, passages);
    // What gives it back when all goes well does so in any case.
    const isGivingBack =
      node.action.kind === 'call' &&
      onward.some(({ way, before, after }) => way === 'next' && before.has(token) && !after.has(token));
    const isHandedOn = place.state === 'held' && handsOn(node);
    for (const passage of onward) {
      if (passage.before.has(token) !== (place.state === 'held') || passage.unsure.has(token)) continue;
      if (passage.way === 'throw' && (isGivingBack || !mayThrow(node))) continue;
      const state = stateAfter(place.state, passage, token);
      if (isHandedOn && state === 'held') continue;
      for (const { to, when } of node.successors) {
        if (when === passage.way) reach({ node: to, state, world: passage.to, from: place, way: when });
      }
    }
  }
  return places;
}

/** How control comes to a place in one state of the function, or in one that was merged with others into that one. */
export function arrivalAt(
  places: ReadonlyMap<string, Place>,
  passages: Walk['passages'],
  { node, state, world }: Pick<Place, 'node' | 'state' | 'world'>,
): Place | undefined {
  return [...places.values()].find(
    (place) =>
      place.node === node &&
      place.state === state &&
      onwardFrom(place, passages).some(({ from }) => from === world),
  );
}

function onwardFrom({ node, world }: Place, passages: Walk['passages']): readonly Passage[] {
  const all = [...(passages.get(node)?.values() ?? [])];
  const own = world === undefined ? [] : all.filter(({ from }) => from === world);
  return own.length > 0 ? own : all;
}

export function placeKey(node: number, state: State, world?: string): string {
  return world === undefined ? `${node}/${state}` : `${node}/${state}/${world}`;
}

function stateAfter(before: State, { after, refused }: Passage, token: string): State {
  if (after.has(token)) return 'held';
  if (before !== 'held') return before;
  return refused.has(token) ? 'never' : 'gone';
}

/** The grants that are certain to be held; of one place that gives several there is one. */
export function surelyHeld({ held }: World): readonly Held[] {
  return held.filter(({ perhaps }) => !perhaps);
}

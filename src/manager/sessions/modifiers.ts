import type { Modifier } from './rows.ts';
import { SessionGraph } from './session-graph.ts';

/** As many symbols of one session are named. */
const MAX_NAMED = 3;

/** Tells who modifies the file `path`, by agent, whichever order `modifiers` come in. */
export function describeModifiers(path: string, modifiers: readonly Modifier[]): string {
  return [...modifiers]
    .sort((a, b) => compare(a.agent_name, b.agent_name) || compare(a.session_id, b.session_id))
    .map(({ agent_name, graph }) => {
      const names = new SessionGraph(undefined, graph).changedSymbolsForFile(path);
      if (names.length === 0) return `modified by ${agent_name}`;
      const more = names.length > MAX_NAMED ? ',...' : '';
      return `${names.slice(0, MAX_NAMED).join(', ')}${more} modified by ${agent_name}`;
    })
    .join('; ');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

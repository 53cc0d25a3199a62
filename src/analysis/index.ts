/**
 * `ws-gate/analysis`: what a rule of one's own may ask about the program. Imported by `run`, and not by the file that
 * declares the rule, it costs nothing where there is nothing to look at. docs/writing-rules.md shows how to use it.
 */

export { type Ts, ts } from '../syntax/ts.ts';
export type { Cfg, CfgLoop, CfgOwner } from './cfg.ts';
export { type Code, type Entity, type NameNode, programCode, rightmostName } from './code.ts';
export { reportName } from './config-name.ts';
export { Targets } from './dispatch/targets.ts';
export { type ProgramCalls, programCalls } from './inserts/call-graph.ts';
export { type InsertFacts, type InsertSite, insertFacts } from './inserts/facts.ts';
export { cfgOf, ownerOf } from './inserts/functions.ts';
export type { CallGraph, Invocation } from './inserts/invocations.ts';
export { type LockFacts, lockFacts } from './locks/facts.ts';
export { type Section, sectionsOf } from './locks/sections.ts';
export { repeatingLoops } from './loops.ts';
export { callsOf, type EventSite } from './must/events.ts';

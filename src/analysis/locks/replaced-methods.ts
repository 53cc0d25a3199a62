import type { Program } from '../../engine/program.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, hasBody, nameText, skipParentheses } from '../code.ts';
import { storesTo } from './stores.ts';

/** Names that are assigned to as members, in any file. Few methods have one of them. */
const assigned = new WeakMap<Program, ReadonlySet<string>>();

/** Whether the program may put another function in the place of a method: `store.put = async () => …`. */
export function mayBeReplaced(method: Ts.Node, { program }: Code): boolean {
  if (!ts.isMethodDeclaration(method) || !hasBody(method)) return false;
  const name = nameText(method.name);
  if (name === undefined) return false;
  let names = assigned.get(program);
  if (!names) {
    names = namesAssigned(program);
    assigned.set(program, names);
  }
  return names.has(name);
}

/** What it puts there. */
export function replacementsOf(method: Ts.Node, code: Code): readonly Ts.Expression[] {
  if (!mayBeReplaced(method, code)) return [];
  // A change elsewhere in the program may put another there.
  const known = replacements.get(code) ?? new Map<Ts.Node, readonly Ts.Expression[]>();
  replacements.set(code, known);
  let values = known.get(method);
  if (!values) {
    values = storesTo(method, 0, code).stores.map(({ value }) => skipParentheses(value) as Ts.Expression);
    known.set(method, values);
  }
  return values;
}

const replacements = new WeakMap<Code, Map<Ts.Node, readonly Ts.Expression[]>>();

function namesAssigned(program: Program): ReadonlySet<string> {
  const names = new Set<string>();
  for (const file of program.filesWith(['='])) {
    for (const [, name = ''] of (program.text(file) ?? '').matchAll(ASSIGNED)) names.add(name);
  }
  return names;
}

const ASSIGNED = /(?:\.|\[['"])([\w$]+)(?:['"]\])?\s*(?:\?\?|\|\|)?=(?![=>])/g;

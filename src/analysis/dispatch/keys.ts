import type { TypeInfo } from '../../oracle/oracle.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, memberName, stretchOf } from '../code.ts';
import { type KeyedAccess, keyedAccessAt, type Wanted } from './candidates.ts';
import type { Reference } from './references.ts';
import type { Resolver } from './resolver.ts';

/**
 * The places of a file where a member of a wanted name may be taken by a key that is computed. Which names a key may
 * hold, its type says: that of a constant, of a member of an enum, of one of two. A key that may hold several wanted
 * names refers to each of them; one that may hold any text at all refers to none.
 */
export function keyedReferences(
  code: Code,
  resolver: Resolver,
  file: string,
  wanted: Pick<Wanted, 'members' | 'looks'>,
): readonly Reference[] {
  const source = COMPUTED_KEY.test(code.program.text(file) ?? '') && code.program.tree(file)?.source;
  const accesses = source ? accessesIn(source, wanted) : [];
  const types = keyTypes(code, file, accesses);
  return accesses.flatMap((access, index) => {
    const { node, usage, receiver } = access;
    const held = (types[index]?.literals ?? []).filter((value) => typeof value === 'string');
    return held
      .filter((name) => wanted.members.has(name))
      .map((name) => {
        return { node, usage, receiver, name, declarations: resolver.membersOf(access.source, name) };
      });
  });
}

/** `x[key]` or `{ [key]: … }`, but not `x[0]` or `x['key']`: most files hold none, and need not be parsed. */
const COMPUTED_KEY = /[\w$)\]!.,{]\s*\[\s*[^\s\]'"\d]/;

function accessesIn(source: Ts.SourceFile, wanted: Pick<Wanted, 'looks'>): readonly KeyedAccess[] {
  const accesses: KeyedAccess[] = [];
  const visit = (node: Ts.Node): void => {
    const access = keyedAccessAt(node, wanted);
    if (access) accesses.push(access);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return accesses;
}

/** A key that is a name, or ends in one, is asked about by that: it is cheaper, and nearly all keys are. */
function keyTypes(
  { program }: Code,
  file: string,
  accesses: readonly KeyedAccess[],
): readonly (TypeInfo | undefined)[] {
  const keys = accesses.map(({ key }) => ({ key, name: lastName(key) }));
  const named = keys.flatMap(({ name }) => name ?? []);
  const others = keys.flatMap(({ key, name }) => (name ? [] : [stretchOf(key)]));
  const ofNamed =
    named.length > 0
      ? program.oracle.types(
          file,
          named.map((name) => name.getStart()),
        )
      : [];
  const ofOthers = others.length > 0 ? program.oracle.expressionTypes(file, others) : [];
  const answers = { named: ofNamed.values(), others: ofOthers.values() };
  return keys.map(({ name }) => (name ? answers.named : answers.others).next().value);
}

/** The name that a key ends in. Of a private name where it is used, and of a string, the compilers tell no such type. */
function lastName(key: Ts.Expression): Ts.Identifier | undefined {
  const name = ts.isIdentifier(key) ? key : memberName(key);
  return name && ts.isIdentifier(name) ? name : undefined;
}

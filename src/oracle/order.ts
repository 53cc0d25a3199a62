import type { SymbolInfo, TypeInfo } from './oracle.ts';

/** The members of a union have no order of their own, and the order a compiler keeps them in may be that of its work. */
export function symbolsInOrder(symbols: readonly SymbolInfo[]): readonly SymbolInfo[] {
  return [...symbols].sort(byName);
}

/** The values of a union, in an order that says nothing about the work of a compiler. */
export function literalsInOrder(literals: TypeInfo['literals']): TypeInfo['literals'] {
  return literals && [...literals].sort(byValue);
}

function byName(a: SymbolInfo, b: SymbolInfo): number {
  if (a.name !== b.name) return compare(a.name, b.name);
  const [x, y] = [a.declarations[0], b.declarations[0]];
  return compare(x?.file ?? '', y?.file ?? '') || (x?.start ?? 0) - (y?.start ?? 0);
}

function byValue(a: string | number | boolean, b: string | number | boolean): number {
  return compare(typeof a, typeof b) || compare(a, b);
}

function compare<T extends string | number | boolean>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

import type { SymbolInfo, TypeInfo } from '../../oracle/oracle.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, skipParentheses } from '../code.ts';
import type { Candidate, Lookup } from './candidates.ts';
import { containerOf } from './heritage.ts';

/** What a candidate stands for: declarations in the source, or undefined where the compiler cannot tell. */
export interface Meaning {
  readonly candidate: Candidate;
  /** The member or function that is meant, by its name. */
  readonly name: string;
  readonly declarations: readonly Ts.Node[] | undefined;
}

/** Asks the compiler what candidates stand for. */
export class Resolver {
  readonly #code: Code;

  constructor(code: Code) {
    this.#code = code;
  }

  /** The meanings of the candidates in one file: two round trips, and a few for each that its name does not tell. */
  resolve(file: string, candidates: readonly Candidate[]): readonly Meaning[] {
    const { oracle } = this.#code.program;
    const leavesOf = (lookup: Lookup): readonly Ts.Node[] =>
      candidates.flatMap((candidate) => (candidate.lookup === lookup ? [candidate.leaf] : []));
    const symbols = answers(leavesOf('name'), (positions) => oracle.symbols(file, positions));
    const types = answers(leavesOf('pattern'), (positions) => oracle.types(file, positions));
    return candidates.map((candidate) => this.#meaning(candidate, { symbols, types }));
  }

  /** The declarations of a member of the values that a node stands for; undefined where their type is not known. */
  membersOf(source: Ts.Node | undefined, name: string): readonly Ts.Node[] | undefined {
    if (!source) return undefined;
    const found = this.#code.memberOfType(source, name);
    if (found === 'unknown') return undefined;
    return found === 'none' ? [] : this.#nodes(found);
  }

  #meaning(candidate: Candidate, known: Answers): Meaning {
    const { leaf, lookup, source } = candidate;
    switch (lookup) {
      case 'name': {
        // The compilers do not tell what a string stands for as the key of what may be missing: `backend?.['stop']`.
        const symbol = known.symbols.get(leaf);
        const isString = ts.isStringLiteralLike(leaf);
        const written = symbol && this.#nodes(symbol);
        const declarations = written ?? (isString ? this.membersOf(source, leaf.text) : undefined);
        return { candidate, name: leaf.text, declarations };
      }
      case 'variable': {
        const declarations = this.#code
          .entities(leaf)
          .flatMap((one) => (one.kind === 'node' ? [one.node] : []));
        return { candidate, name: leaf.text, declarations };
      }
      case 'pattern': {
        return { candidate, name: leaf.text, declarations: this.#takenApart(candidate, known) };
      }
    }
  }

  /** What a variable of a pattern gets: told by its own type, or by that of what is taken apart. */
  #takenApart({ leaf, source }: Candidate, known: Answers): readonly Ts.Node[] | undefined {
    const type = known.types.get(leaf);
    const own = this.#holdersOf(type);
    if (own.length > 0) return own;
    const isNoFunction = type !== undefined && !type.any && !type.callable;
    return this.membersOf(source, leaf.text) ?? (isNoFunction ? [] : undefined);
  }

  #nodes(symbol: SymbolInfo): readonly Ts.Node[] {
    return symbol.declarations.map((one) => this.#code.nodeOf(one)).filter((node) => node !== undefined);
  }

  /** The members and functions that values of a type come from. */
  #holdersOf(type: TypeInfo | undefined): readonly Ts.Node[] {
    const nodes = type?.symbols.flatMap((symbol) => this.#nodes(symbol)) ?? [];
    return nodes
      .map(holderOf)
      .filter(
        (node) => containerOf(node) || ts.isFunctionDeclaration(node) || ts.isVariableDeclaration(node),
      );
  }
}

interface Answers {
  readonly symbols: ReadonlyMap<Ts.Node, SymbolInfo>;
  readonly types: ReadonlyMap<Ts.Node, TypeInfo>;
}

function answers<T>(
  nodes: readonly Ts.Node[],
  ask: (positions: readonly number[]) => readonly (T | undefined)[],
): ReadonlyMap<Ts.Node, T> {
  const found = new Map<Ts.Node, T>();
  if (nodes.length === 0) return found;
  for (const [index, answer] of ask(nodes.map((node) => node.getStart())).entries()) {
    const node = nodes[index];
    if (node && answer) found.set(node, answer);
  }
  return found;
}

/** What holds a function that is written in place: `stop = () => …`, `stop: (id: string) => void`. */
function holderOf(node: Ts.Node): Ts.Node {
  const isWrittenInPlace =
    ts.isFunctionTypeNode(node) || ts.isArrowFunction(node) || ts.isFunctionExpression(node);
  if (!isWrittenInPlace) return node;
  let { parent } = node;
  while (ts.isParenthesizedTypeNode(parent) || skipParentheses(parent) === node) parent = parent.parent;
  return parent;
}

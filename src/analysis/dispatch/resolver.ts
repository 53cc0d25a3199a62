import type { SymbolInfo, TypeInfo } from '../../oracle/oracle.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, rightmostName, skipParentheses } from '../code.ts';
import type { Candidate } from './candidates.ts';
import { containerOf, type Heritage, ownMembers } from './heritage.ts';

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
  readonly #heritage: Heritage;

  constructor(code: Code, heritage: Heritage) {
    this.#code = code;
    this.#heritage = heritage;
  }

  /** The meanings of the candidates in one file: two round trips, and one for each name that is imported. */
  resolve(file: string, candidates: readonly Candidate[]): readonly Meaning[] {
    const { oracle } = this.#code.program;
    const indirect = candidates.filter(({ lookup }) => lookup === 'key' || lookup === 'pattern');
    const anchors = indirect.flatMap(({ receiver }) => (receiver && anchorOf(receiver)) ?? []);
    const members = candidates.filter(({ lookup }) => lookup !== 'variable');
    const symbols = answers([...members.map(({ leaf }) => leaf), ...anchors], (positions) =>
      oracle.symbols(file, positions),
    );
    const types = answers([...indirect.map(({ leaf }) => leaf), ...anchors], (positions) =>
      oracle.types(file, positions),
    );
    return candidates.map((candidate) => this.#meaning(candidate, { symbols, types }));
  }

  #meaning(candidate: Candidate, known: Answers): Meaning {
    const { leaf, lookup } = candidate;
    const symbol = known.symbols.get(leaf);
    switch (lookup) {
      case 'name':
        return { candidate, name: leaf.text, declarations: symbol && this.#nodes(symbol) };
      case 'variable': {
        const declarations = this.#code
          .entities(leaf)
          .flatMap((one) => (one.kind === 'node' ? [one.node] : []));
        return { candidate, name: leaf.text, declarations };
      }
      case 'key': {
        const name = (symbol && this.#constantValue(symbol)) ?? '';
        return { candidate, name, declarations: this.#membersOf(candidate, name, known) };
      }
      case 'pattern': {
        return { candidate, name: leaf.text, declarations: this.#takenApart(candidate, known) };
      }
    }
  }

  /** What a variable of a pattern gets: told by its own type, or by that of what is taken apart. */
  #takenApart(candidate: Candidate, known: Answers): readonly Ts.Node[] | undefined {
    const { leaf } = candidate;
    const type = known.types.get(leaf);
    const own = this.#holdersOf(type);
    if (own.length > 0) return own;
    const isNoFunction = type !== undefined && !type.any && !type.callable;
    return this.#membersOf(candidate, leaf.text, known) ?? (isNoFunction ? [] : undefined);
  }

  #nodes(symbol: SymbolInfo): readonly Ts.Node[] {
    return symbol.declarations.map((one) => this.#code.nodeOf(one)).filter((node) => node !== undefined);
  }

  /** The text that a constant holds. */
  #constantValue(symbol: SymbolInfo): string | undefined {
    const [node] = this.#nodes(symbol);
    if (!node || !ts.isVariableDeclaration(node) || !node.initializer) return undefined;
    const value = skipParentheses(node.initializer);
    const isConstant = (ts.getCombinedNodeFlags(node) & ts.NodeFlags.Const) !== 0;
    return isConstant && ts.isStringLiteralLike(value) ? value.text : undefined;
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

  /** The members of that name in the types of the receiver; undefined where the type is not known. */
  #membersOf(
    { receiver }: Candidate,
    name: string,
    { symbols, types }: Answers,
  ): readonly Ts.Node[] | undefined {
    const anchor = receiver && anchorOf(receiver);
    const type = anchor && types.get(anchor);
    const written = anchor && symbols.get(anchor);
    const owners = [...(type?.symbols ?? []), ...(written ? [written] : [])];
    const containers = owners.flatMap((owner) => this.#heritage.containersOf(owner));
    if (containers.length === 0 && (!type || type.any)) return undefined;
    return containers.flatMap((container) => this.#heritage.members(container, name));
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

/** The token whose type is that of an expression, or of the type that a name stands for. */
function anchorOf(expression: Ts.Node): Ts.Node | undefined {
  const bare = skipParentheses(expression);
  if (bare.kind === ts.SyntaxKind.ThisKeyword) return bare;
  const name = rightmostName(bare);
  return name && ts.isPrivateIdentifier(name) ? privateName(name) : name;
}

/** The name of a private member where it is declared: the compilers tell no type where one is used. */
function privateName(use: Ts.PrivateIdentifier): Ts.Node | undefined {
  for (let node: Ts.Node = use; !ts.isSourceFile(node); node = node.parent) {
    const [member] = ts.isClassLike(node) ? ownMembers(node, use.text) : [];
    if (member) return ts.getNameOfDeclaration(member as Ts.Declaration);
  }
  return undefined;
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

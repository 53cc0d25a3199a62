import { type Ts, ts } from '../../syntax/ts.ts';
import { bodyOf, type CfgOwner } from '../cfg.ts';
import { hasBody } from '../code.ts';
import { isCfgOwner } from './evaluator.ts';

/** The functions of a file, outermost first, whose own code uses one of some names; decorated ones among them. */
export function functionsMentioning(source: Ts.SourceFile, names: ReadonlySet<string>): CfgOwner[] {
  const index = mentionsIn(source);
  const found = new Set<CfgOwner>();
  for (const name of names) {
    for (const alias of [name, ...(index.aliases.get(name) ?? [])]) {
      for (const fn of index.functions.get(alias) ?? []) found.add(fn);
    }
  }
  return [...found].sort((a, b) => a.pos - b.pos);
}

interface Mentions {
  readonly functions: ReadonlyMap<string, ReadonlySet<CfgOwner>>;
  /** What imports are called in this file, by their own names. */
  readonly aliases: ReadonlyMap<string, readonly string[]>;
}

const mentionsBySource = new WeakMap<Ts.SourceFile, Mentions>();

function mentionsIn(source: Ts.SourceFile): Mentions {
  const known = mentionsBySource.get(source);
  if (known) return known;
  const functions = new Map<string, Set<CfgOwner>>();
  const aliases = new Map<string, string[]>();
  const add = (name: string, fn: CfgOwner): void => {
    const set = functions.get(name) ?? new Set();
    functions.set(name, set.add(fn));
  };
  const visit = (node: Ts.Node, owners: readonly CfgOwner[]): void => {
    const inner = isCfgOwner(node) && bodyOf(node) ? [...owners, node] : owners;
    if (ts.isImportSpecifier(node) && node.propertyName) {
      const { text } = node.propertyName;
      aliases.set(text, [...(aliases.get(text) ?? []), node.name.text]);
    }
    const isName = ts.isIdentifier(node) || ts.isPrivateIdentifier(node);
    // A function around it may hand it out: a decorator, a factory.
    if (isName && !isDeclarationName(node)) for (const fn of inner) add(node.text, fn);
    // A decorated method runs under whatever its decorator takes.
    if (ts.isMethodDeclaration(node) && hasBody(node)) {
      for (const { expression } of ts.getDecorators(node) ?? []) {
        for (const name of namesIn(expression)) add(name, node);
      }
    }
    ts.forEachChild(node, (child) => visit(child, inner));
  };
  ts.forEachChild(source, (child) => visit(child, [source]));
  const made = { functions, aliases };
  mentionsBySource.set(source, made);
  return made;
}

function namesIn(node: Ts.Node): readonly string[] {
  const found: string[] = [];
  const visit = (at: Ts.Node): void => {
    if (ts.isIdentifier(at)) found.push(at.text);
    ts.forEachChild(at, visit);
  };
  visit(node);
  return found;
}

function isDeclarationName(node: Ts.Node): boolean {
  const { parent } = node;
  return (
    (parent as { name?: Ts.Node }).name === node &&
    (isCfgOwner(parent) ||
      ts.isVariableDeclaration(parent) ||
      ts.isPropertyDeclaration(parent) ||
      ts.isMethodSignature(parent))
  );
}

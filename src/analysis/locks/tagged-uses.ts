import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, isImport, memberName, type NameNode, nameText } from '../code.ts';
import { functionOf } from '../doc-tags.ts';
import { spokenName } from './lock-tags.ts';
import { memberTaken, takenName } from './pattern-members.ts';

/** Where code uses what an annotation ties to a lock: fields, variables and functions. */
export class TaggedUses {
  readonly #code: Code;
  readonly #tagged: ReadonlyMap<string, ReadonlySet<Ts.Node>>;

  constructor(code: Code, tagged: ReadonlyMap<string, ReadonlySet<Ts.Node>>) {
    this.#code = code;
    this.#tagged = tagged;
  }

  /** Whether an annotation is about the function itself. */
  isTagged(fn: Ts.Node): boolean {
    const on = fn.parent && functionOf(fn.parent) === fn ? fn.parent : fn;
    return this.#tagged.get(spokenName(on) ?? '')?.has(on) ?? false;
  }

  /** Whether a node is a use: of a member, and of what is imported, the compiler must tell. */
  isUse(node: Ts.Node): boolean | 'ask' {
    if (this.#tagged.size === 0) return false;
    if (ts.isBindingElement(node)) {
      const members = this.#tagged.get(takenName(node) ?? '');
      return members !== undefined && memberTaken(node, members, this.#code) !== undefined;
    }
    const declarations = this.#tagged.get((nameText(node) ?? '').replace(/^#/, ''));
    if (!declarations) return false;
    if (memberName(node.parent) === node) return 'ask';
    const local = ts.isIdentifier(node) ? resolveLocal(node) : undefined;
    if (!local) return false;
    return isImport(local) ? 'ask' : declarations.has(local);
  }

  /** Those of some names of one file that are uses. */
  amongst(names: readonly NameNode[]): readonly NameNode[] {
    const [first] = names;
    const members = names.filter((name) => memberName(name.parent) === name);
    if (first) this.#code.prefetchNames(first.getSourceFile().fileName, members);
    return names.filter((name) => {
      const declarations = this.#tagged.get((nameText(name) ?? '').replace(/^#/, ''));
      return this.#code
        .entities(name)
        .some((entity) => entity.kind === 'node' && declarations?.has(entity.node));
    });
  }

  /** Every use in a file. */
  in(source: Ts.SourceFile): ReadonlySet<Ts.Node> {
    const uses = new Set<Ts.Node>();
    const asked: NameNode[] = [];
    const visit = (node: Ts.Node): void => {
      const answer = this.isUse(node);
      if (answer === 'ask') asked.push(node as NameNode);
      else if (answer) uses.add(node);
      ts.forEachChild(node, visit);
    };
    ts.forEachChild(source, visit);
    for (const name of this.amongst(asked)) uses.add(name);
    return uses;
  }
}

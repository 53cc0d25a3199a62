import path from 'node:path';
import type { Compiler, Oracle } from '../oracle/oracle.ts';
import type { SourceTree } from '../syntax/tree.ts';
import { isStackOverflow, TooDeepError } from './error.ts';
import type { Program } from './program.ts';
import type { Search } from './text-search.ts';
import type { SourceTexts } from './texts.ts';

/** What {@link ProgramHost} is built from. */
export interface ProgramParts {
  readonly cwd: string;
  readonly files: readonly string[];
  readonly projects: readonly string[];
  readonly texts: SourceTexts;
  readonly compiler: () => Promise<Compiler>;
  /** Open all of the program at once: it is to be opened again with changes. */
  readonly isWhole?: boolean;
  /** The program before a change; all files but the changed ones are shared with it. */
  readonly base?: { readonly host: ProgramHost; readonly changed: readonly string[] };
}

/** The program over the disk and the overlay: texts and trees are kept, the compiler is opened on first use. */
export class ProgramHost implements Program {
  readonly cwd: string;
  readonly files: readonly string[];
  readonly #parts: ProgramParts;
  readonly #searches = new Map<string, readonly string[]>();
  readonly #trees = new Map<string, SourceTree | undefined>();
  #compiler: Compiler | undefined;
  #syntax: typeof import('../syntax/tree.ts') | undefined;
  #oracle: Oracle | undefined;

  constructor(parts: ProgramParts) {
    this.#parts = parts;
    this.cwd = parts.cwd;
    this.files = parts.files;
  }

  text(file: string): string | undefined {
    return this.#parts.texts.read(file);
  }

  filesWith(words: readonly string[], ignoreCase = false): readonly string[] {
    return this.#found({ words, match: ignoreCase ? 'anyCase' : 'part' });
  }

  filesNaming(names: Iterable<string>): readonly string[] {
    return this.#found({ words: [...names], match: 'whole' });
  }

  #found(search: Search): readonly string[] {
    const key = [search.match, ...search.words].join('\0');
    let found = this.#searches.get(key);
    if (!found) {
      found = this.#search(search);
      this.#searches.set(key, found);
    }
    return found;
  }

  #search(search: Search): readonly string[] {
    const { texts, base } = this.#parts;
    if (!base) return texts.filesWith(this.files, search);
    const before = base.host.#found(search);
    const others = before.filter((file) => !base.changed.includes(file));
    const changed = texts.filesWith(base.changed, search);
    if (changed.length === 0 && others.length === before.length) return before;
    return [...others, ...changed].sort();
  }

  tree(file: string): SourceTree | undefined {
    const { base } = this.#parts;
    if (base && !base.changed.includes(file)) return base.host.tree(file);
    if (!this.#trees.has(file)) this.#trees.set(file, this.#parse(file));
    return this.#trees.get(file);
  }

  treeIf(file: string, isOfInterest: (tree: SourceTree) => boolean): SourceTree | undefined {
    // A program that is to be changed is gone through again after each change.
    const isKept = this.#parts.isWhole || this.#parts.base || this.#trees.has(file);
    if (isKept) return this.tree(file);
    const tree = this.#parse(file);
    // What is wrong with a file is told from its tree.
    if (!tree || (tree.problems.length === 0 && !isOfInterest(tree))) return undefined;
    this.#trees.set(file, tree);
    return tree;
  }

  #parse(file: string): SourceTree | undefined {
    const text = this.text(file);
    if (!this.#syntax) throw new Error('the parser was not loaded');
    if (text === undefined) return undefined;
    try {
      return new this.#syntax.SourceTree(file, text);
    } catch (error) {
      throw isStackOverflow(error) ? new TooDeepError(this.relative(file), error) : error;
    }
  }

  /** The trees parsed so far. */
  get parsed(): readonly SourceTree[] {
    return [...this.#trees.values()].filter((tree) => tree !== undefined);
  }

  /** Starts the compiler, so that {@link oracle} can be asked; the program itself is opened by the first question. */
  async open(): Promise<void> {
    this.#compiler ??= await this.#parts.compiler();
    await this.#parts.base?.host.open();
    await this.openSyntax();
  }

  /** Loads the parser, so that {@link tree} can be asked: a run with nothing to look at does without. */
  async openSyntax(): Promise<void> {
    this.#syntax ??= await import('../syntax/tree.ts');
    await this.#parts.base?.host.openSyntax();
  }

  get oracle(): Oracle {
    if (!this.#compiler) throw new Error('the compiler was not started');
    const { base, isWhole } = this.#parts;
    if (base) {
      // The program itself is opened first: a change is a change of that.
      this.#oracle ??= base.host.oracle && this.#compiler.reopen(base.changed);
      return this.#oracle;
    }
    this.#oracle ??= this.#compiler.open({
      projects: this.#parts.projects,
      // What cannot be read is kept from the compiler as well: it would wait for the end of a pipe.
      files: this.files.filter((file) => this.text(file) !== undefined),
      ...(isWhole
        ? {}
        : { focus: { files: () => [...this.#trees.keys()], text: (file: string) => this.text(file) } }),
    });
    return this.#oracle;
  }

  /** How many questions the compiler was asked; 0 when it was never opened. */
  get queries(): number {
    return this.#oracle?.queries ?? 0;
  }

  get oracleKind(): 'native' | 'reference' | 'none' {
    return this.#oracle?.kind ?? 'none';
  }

  relative(file: string): string {
    return path.relative(this.cwd, file).split(path.sep).join('/');
  }
}

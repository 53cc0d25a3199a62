import path from 'node:path';
import { closest } from '../../engine/suggest.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, nameText } from '../code.ts';
import {
  type ConfigName,
  lastSegment,
  type NameProblem,
  parseConfigName,
  resolvePath,
} from '../config-name.ts';
import { declaredName } from '../doc-tags.ts';
import { declaredNames, namesAround } from '../names.ts';
import { type Container, containerOf, type Heritage } from './heritage.ts';
import { leavesSpelt } from './leaves.ts';
import { declarationOf } from './words.ts';

/** A method or function that a config names. */
export interface Target {
  /** As reports speak of it: without the file. */
  readonly name: string;
  /** The last part of the name: the word that references hold. */
  readonly member: string;
  /** Overloads and merged declarations, or what a class inherits under the name. */
  readonly declarations: ReadonlySet<Ts.Node>;
  /** The types that the member was named by; empty for a function of a module. */
  readonly containers: readonly Container[];
}

/** How a declaration stands to a target: the target itself, one that overrides or implements it, or the reverse. */
export type Relation = 'same' | 'below' | 'above';

/** The target that a name in the config stands for, or why there is none. */
export type TargetResolution = { readonly target: Target } | NameProblem;

/** Finds targets by name, and tells what belongs to them. */
export class Targets {
  readonly #code: Code;
  readonly #heritage: Heritage;
  readonly #root: string;

  /** @param root what the files in names are relative to; absolute */
  constructor(code: Code, heritage: Heritage, root: string) {
    this.#code = code;
    this.#heritage = heritage;
    this.#root = root;
  }

  /** @param isSubject what the name may stand for; absent for functions, and for what may hold one */
  resolve(text: string, isSubject: (node: Ts.Node) => boolean = isCallable): TargetResolution {
    const wanted = parseConfigName(text);
    const owners = this.#ownersOf(wanted, isSubject);
    const [only, second] = owners;
    if (!only) return { kind: 'unknown', candidates: this.#similar(wanted) };
    if (second) {
      const candidates = owners.map(({ source }) => `${this.#relative(source)}#${wanted.name}`);
      return { kind: 'ambiguous', candidates };
    }
    const containers = [...only.declarations].flatMap((one) => containerOf(one) ?? []);
    const named = this.#containersNamed(only.source, wanted.name);
    return {
      target: {
        name: wanted.name,
        member: lastSegment(wanted.name),
        declarations: new Set(only.declarations),
        containers: named.length > 0 ? named : containers,
      },
    };
  }

  /** The target that a declaration is, with its overloads and what it is merged with. */
  of(declaration: Ts.Node): Target {
    const { name } = declaration as { name?: Ts.Node };
    const container = containerOf(declaration);
    const spoken = namesAround(declaration).at(-1) ?? '';
    const others = (declaredNames(declaration.getSourceFile()).get(spoken) ?? []).filter(
      (one) => one.kind === declaration.kind && one.parent === declaration.parent,
    );
    return {
      name: name ? declaredName(declaration) : spoken,
      member: (name && nameText(name)) ?? lastSegment(spoken),
      declarations: new Set([declaration, ...others]),
      containers: container ? [container] : [],
    };
  }

  /** The files of the target, and of the types that its own stand below. */
  filesOf({ declarations, containers }: Target): readonly string[] {
    const above = containers.flatMap((one) => [...this.#heritage.above(one)]);
    return [...declarations, ...above].map((node) => this.#code.fileOf(node));
  }

  /** Whether a declaration is the target, overrides or implements it, or is overridden or implemented by it. */
  relation(declaration: Ts.Node, target: Target): Relation | undefined {
    if (target.declarations.has(declaration)) return 'same';
    const container = containerOf(declaration);
    const { name } = declaration as { name?: Ts.Node };
    if (!container || !name || nameText(name) !== target.member) return undefined;
    const above = this.#heritage.above(container);
    if (target.containers.some((one) => above.has(one))) return 'below';
    return target.containers.some((one) => this.#heritage.above(one).has(container)) ? 'above' : undefined;
  }

  /** Whether something goes by a name: it is declared, or at least every part of the name is written in some code. */
  isSpoken(text: string): boolean {
    const { file, name } = parseConfigName(text);
    const resolution = this.resolve(text);
    if ('target' in resolution || resolution.kind === 'ambiguous') return true;
    return file === undefined && name.split('.').every((word) => this.#isIdentifier(word));
  }

  #isIdentifier(word: string): boolean {
    const { program } = this.#code;
    return program
      .filesWith([word])
      .some((file) =>
        leavesSpelt(this.#code, file, new Set([word])).some((leaf) => !ts.isStringLiteralLike(leaf)),
      );
  }

  /** The files that declare what a name says. */
  #ownersOf({ file, name }: ConfigName, isSubject: (node: Ts.Node) => boolean): readonly Owner[] {
    const { program } = this.#code;
    if (file !== undefined) return this.#ownersAmong([resolvePath(this.#root, file)], name, isSubject);
    const declaration = declarationOf(firstSegment(name));
    const declaring = program
      .filesWith([firstSegment(name)])
      .filter((one) => declaration.test(program.text(one) ?? ''));
    return this.#ownersAmong(declaring, name, isSubject);
  }

  #ownersAmong(
    files: readonly string[],
    name: string,
    isSubject: (node: Ts.Node) => boolean,
  ): readonly Owner[] {
    return files.flatMap((file) => {
      const source = this.#code.program.tree(file)?.source;
      const declarations = source ? this.#declarationsIn(source, name, isSubject) : [];
      return source && declarations.length > 0 ? [{ source, declarations }] : [];
    });
  }

  /** What goes by the name in a file, or what its type inherits under it. */
  #declarationsIn(
    source: Ts.SourceFile,
    name: string,
    isSubject: (node: Ts.Node) => boolean,
  ): readonly Ts.Node[] {
    const own = (declaredNames(source).get(name) ?? []).filter(isSubject);
    if (own.length > 0) return own;
    const inherited = this.#containersNamed(source, name).flatMap((container) =>
      this.#heritage.members(container, lastSegment(name)),
    );
    return [...new Set(inherited)];
  }

  #containersNamed(source: Ts.SourceFile, name: string): readonly Container[] {
    const owner = name.slice(0, Math.max(0, name.lastIndexOf('.')));
    return (declaredNames(source).get(owner) ?? []).flatMap((node) => this.#heritage.containersIn(node));
  }

  #similar({ name }: ConfigName): readonly string[] {
    const { program } = this.#code;
    const names = new Set<string>();
    for (const file of program.filesWith([firstSegment(name), lastSegment(name)])) {
      const tree = program.tree(file);
      for (const [known, nodes] of tree ? declaredNames(tree.source) : []) {
        if (nodes.some(isCallable)) names.add(known);
      }
    }
    const meant = closest(name, [...names].sort());
    if (meant !== undefined) return [meant];
    return [...names]
      .filter((known) => lastSegment(known) === lastSegment(name))
      .sort()
      .slice(0, MOST_CANDIDATES);
  }

  #relative(source: Ts.SourceFile): string {
    return path.relative(this.#root, source.fileName).split(path.sep).join('/');
  }
}

interface Owner {
  readonly source: Ts.SourceFile;
  readonly declarations: readonly Ts.Node[];
}

const MOST_CANDIDATES = 8;

function firstSegment(name: string): string {
  return name.split('.')[0] ?? name;
}

/** Types and namespaces cannot be called; a variable or property may hold a function. */
export function isCallable(node: Ts.Node): boolean {
  return (
    ts.isFunctionLike(node) ||
    ts.isVariableDeclaration(node) ||
    ts.isPropertyDeclaration(node) ||
    ts.isPropertySignature(node) ||
    ts.isObjectLiteralElement(node) ||
    ts.isParameter(node)
  );
}

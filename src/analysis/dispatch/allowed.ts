import path from 'node:path';
import type { Program } from '../../engine/program.ts';
import { closest } from '../../engine/suggest.ts';
import type { Ts } from '../../syntax/ts.ts';
import { parseConfigName, resolvePath } from '../config-name.ts';
import { declaredNames, namesAround } from '../names.ts';

/** An entry that names a file or a declaration that is not there. */
export interface UnknownPlace {
  readonly entry: string;
  /** What it may have been meant to be. */
  readonly candidates: readonly string[];
}

/** The files and functions that a config lists: `src/dispatchers.ts`, `src/fleet.ts#Dispatcher.stop`. */
export class AllowedPlaces {
  readonly unknown: readonly UnknownPlace[];
  readonly #program: Program;
  readonly #places: readonly Place[];

  /** @param root what the paths are relative to; absolute */
  constructor(program: Program, root: string, entries: readonly string[]) {
    this.#program = program;
    const unknown: UnknownPlace[] = [];
    const places: Place[] = [];
    for (const entry of entries) {
      const place = parsePlace(root, entry);
      const candidates = meantBy(program, root, place);
      if (candidates) unknown.push({ entry, candidates });
      else places.push(place);
    }
    this.unknown = unknown;
    this.#places = places;
  }

  /** The entries that can be told right from wrong by what they allow. */
  get known(): readonly string[] {
    return this.#places.map(({ entry }) => entry);
  }

  /** The files that the entries are about. */
  get files(): readonly string[] {
    return [...new Set(this.#places.map(({ file }) => file))];
  }

  /** The entries whose every place another entry allows too, and that entry. */
  get redundant(): readonly RedundantPlace[] {
    return this.#places.flatMap((place, index) => {
      const wider = this.#places.find((other, at) => {
        return other !== place && contains(other, place) && (at < index || !contains(place, other));
      });
      return wider ? [{ entry: place.entry, by: wider.entry }] : [];
    });
  }

  /** What a name may have been meant to be of what the listed files declare. */
  similarTo(name: string): readonly string[] {
    const sources = this.#places.flatMap(({ file }) => this.#program.tree(file)?.source ?? []);
    const similar = closest(name, new Set(sources.flatMap((source) => [...declaredNames(source).keys()])));
    return similar === undefined ? [] : [similar];
  }

  /** The entries in which a node lies: closures belong to the function around them. */
  around(node: Ts.Node): readonly string[] {
    const { fileName } = node.getSourceFile();
    const inFile = this.#places.filter(({ file }) => file === fileName);
    if (inFile.length === 0) return [];
    const names = namesAround(node);
    return inFile.filter(({ name }) => name === undefined || names.includes(name)).map(({ entry }) => entry);
  }
}

/** An entry that could as well not be there. */
export interface RedundantPlace {
  readonly entry: string;
  readonly by: string;
}

/** Whether a place is another one, or has it in it. */
function contains(outer: Place, inner: Place): boolean {
  if (outer.file !== inner.file) return false;
  return (
    outer.name === undefined || inner.name === outer.name || inner.name?.startsWith(`${outer.name}.`) === true
  );
}

interface Place {
  readonly entry: string;
  /** Absolute. */
  readonly file: string;
  /** Of a function, or of a class or object with all its functions; absent for the whole file. */
  readonly name: string | undefined;
}

function parsePlace(root: string, entry: string): Place {
  const { file, name } = parseConfigName(entry);
  return file === undefined
    ? { entry, file: resolvePath(root, entry), name: undefined }
    : { entry, file: resolvePath(root, file), name };
}

/** What an entry may have been meant to be; undefined when it is what it should be. */
function meantBy(program: Program, root: string, { file, name }: Place): readonly string[] | undefined {
  const relative = (other: string): string => path.relative(root, other).split(path.sep).join('/');
  const source = program.text(file) === undefined ? undefined : program.tree(file)?.source;
  if (!source) {
    const suffix = name === undefined ? '' : `#${name}`;
    return similarFiles(relative(file), program.files.map(relative)).map((other) => other + suffix);
  }
  const names = declaredNames(source);
  if (name === undefined || names.has(name)) return undefined;
  const similar = closest(name, names.keys());
  return similar === undefined ? [] : [`${relative(file)}#${similar}`];
}

/** The files of that name in other directories, or else the one that is spelt almost alike. */
function similarFiles(file: string, files: readonly string[]): readonly string[] {
  const sameName = files.filter((other) => path.basename(other) === path.basename(file));
  if (sameName.length > 0) return sameName;
  const similar = closest(file, files);
  return similar === undefined ? [] : [similar];
}

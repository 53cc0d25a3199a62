import { createRequire } from 'node:module';

/** The declarations of the language's own library. */
export interface LibraryFiles {
  /** The directory that they pretend to lie in. */
  readonly folder: string;
  /** Text by absolute path. */
  readonly texts: ReadonlyMap<string, string>;
}

/** The library of the bundled compiler. It lies inside of the bundle: there are no such files on disk. */
export function libraryFiles(): LibraryFiles {
  // The library is not part of ts-morph's own interface; the package it is built on is found from there.
  const fromTsMorph = createRequire(createRequire(import.meta.url).resolve('ts-morph'));
  const { getLibFiles, libFolderInMemoryPath: folder } = fromTsMorph('@ts-morph/common') as Bundle;
  return {
    folder,
    texts: new Map(getLibFiles().map(({ fileName, text }) => [`${folder}/${fileName}`, text])),
  };
}

interface Bundle {
  readonly libFolderInMemoryPath: string;
  getLibFiles(): readonly { readonly fileName: string; readonly text: string }[];
}

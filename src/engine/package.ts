import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The directory of this package: the same whether the code runs from `src` or from `dist/src`. Absolute. */
export const packageRoot: string = findRoot(import.meta.dirname);

/** The version in this package's manifest. */
export function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(path.join(packageRoot, 'package.json'), 'utf8'));
  const { version } = manifest as { readonly version: string };
  return version;
}

function findRoot(from: string): string {
  for (let dir = from; ; dir = path.dirname(dir)) {
    if (existsSync(path.join(dir, 'package.json'))) return dir;
    if (dir === path.dirname(dir)) throw new Error(`no package.json above ${from}`);
  }
}

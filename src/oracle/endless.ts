import { statSync } from 'node:fs';

/** Whether a file may have no end to read to, as a pipe or a device: a compiler would wait for it, or fill the memory. */
export function isEndless(file: string): boolean {
  try {
    const stats = statSync(file, { throwIfNoEntry: false });
    return stats !== undefined && !stats.isFile() && !stats.isDirectory();
  } catch {
    // Of what cannot be looked at, the compiler finds out by itself.
    return false;
  }
}

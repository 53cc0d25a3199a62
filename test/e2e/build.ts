import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');

/** Builds the package when the output is older than the source. `WS_GATE_SKIP_BUILD=1` takes it as it is. */
export default function setup(): void {
  if (process.env.WS_GATE_SKIP_BUILD === '1') return;
  const built = statSync(path.join(root, 'dist/src/cli/main.js'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const newest = Math.max(newestIn(path.join(root, 'src')), newestIn(path.join(root, 'rules')));
  if (newest > built) execFileSync('npm', ['run', 'build'], { cwd: root, stdio: 'inherit' });
}

function newestIn(directory: string): number {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .reduce(
      (newest, entry) => Math.max(newest, statSync(path.join(entry.parentPath, entry.name)).mtimeMs),
      0,
    );
}

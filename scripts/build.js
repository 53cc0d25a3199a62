// Compiles the package. The new output replaces the old one in one step, so that a program that runs from `dist`
// meanwhile never sees half of it.
import { spawnSync } from 'node:child_process';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
const dist = path.join(root, 'dist');
const fresh = path.join(root, 'node_modules', `.ws-gate-build-${process.pid}`);
const old = `${fresh}.old`;

try {
  process.exitCode = compile();
  if (process.exitCode === 0) {
    if (existsSync(dist)) renameSync(dist, old);
    renameSync(fresh, dist);
  }
} finally {
  for (const leftover of [fresh, old]) rmSync(leftover, { recursive: true, force: true });
}

function compile() {
  const manifest = createRequire(import.meta.url).resolve('typescript/package.json');
  const tsc = path.join(path.dirname(manifest), 'bin', 'tsc');
  const project = path.join(root, 'tsconfig.build.json');
  const { status, error } = spawnSync(
    process.execPath,
    [tsc, '-p', project, '--noEmit', 'false', '--outDir', fresh],
    { stdio: 'inherit' },
  );
  if (error) throw error;
  return status ?? 1;
}

// Compiles the package. The new output replaces the old one in one step, so that a program that runs from `dist`
// meanwhile never sees half of it.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { cutCompiler, namesUsedIn } from './cut-compiler.js';

const root = path.dirname(import.meta.dirname);
const dist = path.join(root, 'dist');
const fresh = path.join(root, 'node_modules', `.ws-gate-build-${process.pid}`);
const old = `${fresh}.old`;

try {
  process.exitCode = compile();
  if (process.exitCode === 0) {
    addCompiler();
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

/** What `src/syntax/ts.ts` loads where it is there. */
function addCompiler() {
  const { resolve } = createRequire(createRequire(import.meta.url).resolve('ts-morph'));
  const bundle = resolve('@ts-morph/common/dist/typescript.js');
  const ts = createRequire(import.meta.url)(bundle);
  const target = path.join(fresh, 'src', 'syntax', 'compiler.cjs');
  writeFileSync(target, cutCompiler(ts, readFileSync(bundle, 'utf8'), namesUsedIn(fresh)));
  const license = createRequire(import.meta.url).resolve('typescript/package.json');
  copyFileSync(path.join(path.dirname(license), 'LICENSE'), target.replace(/cjs$/, 'LICENSE.txt'));
}

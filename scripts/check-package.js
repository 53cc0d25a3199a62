// Packs the package as `npm publish` would, and has publint and attw look at the tarball.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
const temp = mkdtempSync(path.join(tmpdir(), 'ws-gate-package-'));
try {
  run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', temp]);
  const [name] = readdirSync(temp);
  const tarball = path.join(temp, name);
  run('npx', ['--no-install', 'publint', 'run', '--strict', tarball]);
  // Published as ES modules only, for Node and bundlers: the profile leaves CommonJS resolution out.
  run('npx', ['--no-install', 'attw', '--profile', 'esm-only', '--quiet', tarball]);
} finally {
  rmSync(temp, { recursive: true, force: true });
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed with ${status}`);
}

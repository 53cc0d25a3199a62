import { createRequire } from 'node:module';
import { GateError } from '../engine/error.ts';
import type { Compiler, CompilerOptions } from './oracle.ts';

/**
 * Starts the native compiler where this platform has one, and the reference otherwise.
 * `WS_GATE_ORACLE=native|reference` chooses by hand.
 *
 * @throws {GateError} for another choice
 */
export async function startCompiler(options: CompilerOptions): Promise<Compiler> {
  const kind = chosenByHand() ?? (hasNativeBinary() ? 'native' : 'reference');
  if (kind === 'reference') {
    const { ReferenceCompiler } = await import('./reference.ts');
    return new ReferenceCompiler(options);
  }
  const { NativeCompiler } = await import('./native.ts');
  return new NativeCompiler(options);
}

/**
 * What `WS_GATE_ORACLE` chooses, if anything.
 *
 * @throws {GateError} when there is no such compiler
 */
export function chosenByHand(): Compiler['kind'] | undefined {
  const wish = process.env['WS_GATE_ORACLE'];
  if (wish === undefined || wish === '') return undefined;
  if (wish === 'native' || wish === 'reference') return wish;
  throw new GateError(
    `WS_GATE_ORACLE is '${wish}'`,
    "set it to 'native' or 'reference', or leave it unset to let ws-gate choose",
  );
}

function hasNativeBinary(): boolean {
  const require = createRequire(import.meta.url);
  try {
    const typescript = createRequire(require.resolve('typescript/package.json'));
    typescript.resolve(`@typescript/typescript-${process.platform}-${process.arch}/package.json`);
    return true;
  } catch {
    return false;
  }
}

import { createRequire } from 'node:module';
import { GateError } from '../engine/error.ts';
import type { Compiler, CompilerOptions } from './oracle.ts';

/**
 * Starts the native compiler where this platform has one, and the reference otherwise.
 * `WS_GATE_ORACLE=native|reference` chooses by hand.
 */
export async function startCompiler(options: CompilerOptions): Promise<Compiler> {
  if ((await chosen()) === 'reference') {
    const { ReferenceCompiler } = await import('./reference.ts');
    return new ReferenceCompiler(options);
  }
  const { NativeCompiler } = await import('./native.ts');
  return new NativeCompiler(options);
}

async function chosen(): Promise<'native' | 'reference'> {
  const wish = process.env['WS_GATE_ORACLE'];
  if (wish === 'native' || wish === 'reference') return wish;
  if (wish !== undefined && wish !== '') {
    throw new GateError(
      `WS_GATE_ORACLE is '${wish}'`,
      "set it to 'native' or 'reference', or leave it unset to let ws-gate choose",
    );
  }
  return hasNativeBinary() ? 'native' : 'reference';
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

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { ts as Ts } from 'ts-morph';

/**
 * The TypeScript syntax API that ts-morph bundles, and its types as `ts.Node`, `ts.CallExpression` and so on.
 *
 * Only the compiler inside of ts-morph is loaded: what ts-morph builds on top of it takes as long again, and is not
 * needed here. The package has it cut down to the parser (`scripts/cut-compiler.js`); what is not in there loads the whole.
 * Loaded with `require`: an ES `import` of a CommonJS bundle lexes all nine megabytes of it in search of export names,
 * which doubles the time (0.75 s against 0.36 s for all of ts-morph, Node 20).
 */
const fromHere = createRequire(import.meta.url);
const fromTsMorph = createRequire(fromHere.resolve('ts-morph'));
const isBuilt = existsSync(new URL('./compiler.cjs', import.meta.url));

export const ts = (
  isBuilt ? fromHere('./compiler.cjs') : fromTsMorph('@ts-morph/common/dist/typescript.js')
) as typeof Ts;
export type { Ts };

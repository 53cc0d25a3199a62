import fc from 'fast-check';
import { expect, it } from 'vitest';
import { buildCfg } from '../../src/analysis/cfg.ts';
import { printProgram } from './cfg-printer.ts';
import { program } from './cfg-programs.ts';
import { compile } from './cfg-runs.ts';
import { ownerIn } from './cfg-text.ts';
import { walk } from './cfg-walk.ts';

const argument = fc.constantFrom(undefined, { v: undefined }, { v: 1 });
/** One number for each event of a run. A run for which they do not suffice is compared as far as it goes. */
const decisions = fc.array(fc.nat(999), { maxLength: 60, size: 'max' });
const runs = fc.array(fc.record({ argument, decisions }), { minLength: 1, maxLength: 8, size: 'max' });

it('what a program does is the one path through its graph', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(program, runs, async (program, runs) => {
      const text = printProgram(program, 'analyse');
      const cfg = buildCfg(ownerIn(text));
      const run = compile(program);
      for (const { argument, decisions } of runs) {
        const { events, end } = await run(argument, decisions);
        expect(walk(cfg, argument, events), text).toBe(end);
      }
    }),
    { numRuns: 300, seed: 20_260_104 },
  );
});

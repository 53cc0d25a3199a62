import { appendFileSync } from 'node:fs';
import { it } from 'vitest';
import { tryMutants } from './trial.ts';

const ids = (process.env.RULES ?? 'lock-order').split(',');
it.each(ids)('%s', { timeout: 3_000_000 }, async (id) => {
  const s = performance.now();
  const c = process.cpuUsage();
  const { branches, mutants, noticed, survivors } = await tryMutants(id);
  const u = process.cpuUsage(c);
  appendFileSync(
    process.env.OUT ?? '/tmp/loadb-scratch/out2.txt',
    `${id} branches ${branches} mutants ${mutants.length} noticed ${noticed.size} wall ${Math.round(performance.now() - s)} cpu ${Math.round((u.user + u.system) / 1000)}\n${survivors.map((m) => `   ${m.branch.file} ${m.name}\n`).join('')}`,
  );
});

import { expect, test } from 'vitest';
import { prove } from '../../src/proof/prove.ts';
import { tempDir } from '../support/temp-dir.ts';

/** How the mutants of the rule end, in a class whose two maps are changed by some methods. */
async function endings(methods: string, order: boolean): Promise<readonly string[]> {
  const text = `export class Sessions {
  readonly open = new Map<string, object>();
  readonly touched = new Map<string, number>();
${methods}
}
function drop(open: Map<string, object>, touched: Map<string, number>, id: string): void {
  open.delete(id);
  touched.delete(id);
}
`;
  const pairs = [{ remove: 'Sessions.open', also: ['Sessions.touched'], order }];
  const { rules } = await prove({
    cwd: tempDir({ 'app.ts': text }),
    inlineConfig: { include: ['**/*.ts'], rules: { 'paired-mutation': ['error', { pairs }] } },
    rules: ['paired-mutation'],
    threads: 0,
  });
  return rules.flatMap(({ operators }) =>
    operators.flatMap(({ id, trials }) => trials.map(({ status }) => `${id} ${status}`)),
  );
}

test('a removal is not moved to where its companion comes once more after it', async () => {
  const twice = `  close(a: string, b: string): void {
    this.open.delete(a);
    this.touched.delete(a);
    this.open.delete(b);
    this.touched.delete(b);
  }`;
  expect(await endings(twice, true)).toEqual([
    'drop-companion killed',
    'swap-with-companion killed',
    'swap-with-companion killed',
  ]);
  const inHelper = `  close(id: string): void {
    this.open.delete(id);
    this.touched.delete(id);
    this.#clean();
  }
  #clean(): void {
    this.touched.clear();
  }`;
  expect(await endings(inHelper, true)).toEqual(['drop-companion killed']);
});

test('a call that does both is not taken for what leaves a removal behind', async () => {
  const methods = `  close(id: string): void {
    drop(this.open, this.touched, id);
  }
  expire(id: string): void {
    this.open.delete(id);
    this.touched.delete(id);
  }`;
  expect(await endings(methods, false)).toEqual(['drop-companion killed']);
});

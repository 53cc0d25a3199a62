import { describe, expect, it } from 'vitest';

interface Stock {
  take(pause: () => Promise<void>): Promise<void>;
  count(): Promise<number>;
}

/** Two take one of two each, and pause in the middle. */
async function leftAfterTwo(fixture: string): Promise<number> {
  const path = `../../fixtures/guarded-by/${fixture}`;
  const { Stock: Made } = (await import(path)) as { Stock: new () => Stock };
  const stock = new Made();
  await Promise.all([stock.take(() => Promise.resolve()), stock.take(() => Promise.resolve())]);
  return stock.count();
}

describe('what guarded-by says of a program shows when it runs', () => {
  it('loses an update where the field is read before the lock is held', async () => {
    expect(await leftAfterTwo('lost-update.bad.ts')).toBe(1);
  });

  it('loses none in its twin', async () => {
    expect(await leftAfterTwo('lost-update.good.ts')).toBe(0);
  });
});

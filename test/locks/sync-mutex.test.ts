import { describe, expect, test } from 'vitest';
import { HeldAcrossAwaitError, SyncMutex, SyncReentryError } from '../../src/locks/index.ts';

describe('SyncMutex', () => {
  test('carries the name it was given', () => {
    expect(new SyncMutex({ name: 'Manager.admission' }).name).toBe('Manager.admission');
    expect(new SyncMutex().name).toBe('SyncMutex');
  });

  test('is held for the block, and can be entered again after it', () => {
    const mu = new SyncMutex();
    for (let i = 0; i < 2; i++) {
      using _mu = mu.acquire();
      expect(mu.locked).toBe(true);
    }
    expect(mu.locked).toBe(false);
  });

  test('throws when its section enters it again, and stays held by the section', () => {
    const mu = new SyncMutex({ name: 'Manager.admission' });
    using _mu = mu.acquire();
    expect(() => mu.acquire()).toThrow(new SyncReentryError('Manager.admission'));
    expect(mu.locked).toBe(true);
  });

  test('is free after a section that throws', () => {
    const mu = new SyncMutex();
    expect(() => {
      using _mu = mu.acquire();
      throw new Error('inside');
    }).toThrow('inside');
    expect(mu.locked).toBe(false);
  });

  test('throws at the end of a section with an await in it, and is free', async () => {
    const mu = new SyncMutex({ name: 'Manager.admission' });
    const section = async () => {
      using _mu = mu.acquire();
      await undefined;
    };
    await expect(section()).rejects.toThrow(new HeldAcrossAwaitError('Manager.admission'));
    expect(mu.locked).toBe(false);
  });

  test('a section is not blamed for the turns after it', async () => {
    const mu = new SyncMutex();
    const release = mu.acquire();
    release();
    await undefined;
    release();
    using _mu = mu.acquire();
    expect(mu.locked).toBe(true);
  });
});

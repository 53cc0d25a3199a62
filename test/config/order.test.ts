import { describe, expect, it } from 'vitest';
import { assertConsistentLocks } from '../../src/config/order.ts';
import type { LocksConfig } from '../../src/config/types.ts';
import { gateErrorOf } from '../support/gate-error.ts';

const none: LocksConfig = { order: [], leaf: [], brief: [], reentrant: [], disjoint: [], primitives: [] };

describe('assertConsistentLocks', () => {
  it('accepts an order with siblings, a leaf at its end, and disjoint pairs', () => {
    const locks: LocksConfig = {
      ...none,
      order: ['A', ['B', 'C'], ['D', 'E']],
      leaf: ['D', 'elsewhere'],
      disjoint: [['A', 'E']],
    };
    expect(() => assertConsistentLocks(locks, 'config')).not.toThrow();
  });

  it.each<{ case: string; locks: Partial<LocksConfig>; message: string; why: string; help: string }>([
    {
      case: 'a lock named twice: the order would be a cycle',
      locks: { order: ['A', 'B', 'A'] },
      message: 'locks.order names A twice, at positions 1 and 3',
      why: 'A would have to come before itself',
      help: 'keep one of the two entries of A',
    },
    {
      case: 'a lock in the order and in a set of siblings',
      locks: { order: ['A', ['B', 'A']] },
      message: 'locks.order names A twice, at positions 1 and 2',
      why: 'A would have to come before itself',
      help: 'keep one of the two entries of A',
    },
    {
      case: 'a lock that is its own sibling',
      locks: { order: [['A', 'A']] },
      message: 'locks.order names A twice, at positions 1 and 1',
      why: 'A cannot be its own sibling',
      help: 'keep one of the two entries of A',
    },
    {
      case: 'a leaf that others come after',
      locks: { order: ['A', 'B'], leaf: ['A'] },
      message: 'A is declared a leaf, and locks.order places it before B',
      why: 'the holder of a leaf acquires nothing, so nothing can come after it',
      help: 'take A out of locks.leaf, or move it to the end of locks.order',
    },
    {
      case: 'a lock disjoint with itself',
      locks: { disjoint: [['A', 'A']] },
      message: 'locks.disjoint pairs A with itself',
      why: 'a lock is always held together with itself',
      help: 'name two different locks; nesting two instances of one lock is reported without any declaration',
    },
  ])('refuses $case', async ({ locks, message, why, help }) => {
    const error = await gateErrorOf(() => assertConsistentLocks({ ...none, ...locks }, 'ws-gate.config.ts'));
    expect(error).toEqual({ message: `ws-gate.config.ts: ${message}`, why, help });
  });
});

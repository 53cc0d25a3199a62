import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  Broker,
  type BrokerOptions,
  type CounterName,
  type Subscription,
  silentMetrics,
} from '../../../src/manager/index.ts';
import { FakeClock, settle, turns } from '../fakes.ts';

function startBroker(options: BrokerOptions = {}) {
  const clock = new FakeClock();
  const drops = { count: 0 };
  const count = (name: CounterName): void => {
    if (name === 'ws_manager_event_drops_total') drops.count++;
  };
  return {
    broker: new Broker<number>({ clock, metrics: { ...silentMetrics, count }, ...options }),
    clock,
    drops,
  };
}

/** What waits for a subscriber. */
async function rest(subscription: Subscription<number>): Promise<number[]> {
  const events: number[] = [];
  while (subscription.waiting > 0) events.push((await subscription.next()).value ?? Number.NaN);
  return events;
}

test('C-F7 every subscriber receives every event from its subscription on', async () => {
  const { broker } = startBroker();
  broker.publish(0);
  const first = broker.subscribe();
  broker.publish(1);
  const second = broker.subscribe();
  broker.publish(2);
  expect([await rest(first), await rest(second)]).toEqual([[1, 2], [2]]);
});

test('what waits can be taken at once: in order, no more than is asked for, and each only once', async () => {
  const { broker } = startBroker({ buffer: 4 });
  const subscription = broker.subscribe();
  expect(subscription.takeWaiting(2)).toEqual([]);
  for (const event of [1, 2, 3, 4]) broker.publish(event);
  // One more, for which there is no room yet.
  const late = broker.publishMustDeliver(5);
  expect((await subscription.next()).value).toBe(1);
  expect(subscription.takeWaiting(2)).toEqual([2, 3]);
  expect(await late).toBe(0);
  expect(subscription.takeWaiting(9)).toEqual([4, 5]);
  subscription.close();
  expect(subscription.takeWaiting(9)).toEqual([]);
});

test('C-F7 who subscribes before it attaches misses nothing of what the attach causes', async () => {
  const { broker } = startBroker();
  const attach = async (): Promise<void> => broker.publish(1);
  using subscription = broker.subscribe();
  await attach();
  expect(await subscription.next()).toEqual({ done: false, value: 1 });
});

test('a buffer holds 4096 events; a publish to a full one drops the event for its subscriber alone', async () => {
  const { broker, drops } = startBroker();
  const [slow, fast] = [broker.subscribe(), broker.subscribe()];
  const received: number[] = [];
  for (let i = 0; i < 4_097; i++) {
    broker.publish(i);
    received.push((await fast.next()).value ?? Number.NaN);
  }
  expect([slow.waiting, slow.dropped, fast.dropped, drops.count]).toEqual([4_096, 1, 0, 1]);
  expect(received.at(-1)).toBe(4_096);
  expect((await rest(slow)).at(-1)).toBe(4_095);
});

test('what must be delivered waits 50 ms for room, for all slow subscribers at once', async () => {
  const { broker, clock, drops } = startBroker({ buffer: 1 });
  const [slow, slower, fast] = [broker.subscribe(), broker.subscribe(), broker.subscribe()];
  broker.publish(1);
  await fast.next();
  let lost: number | undefined;
  void broker.publishMustDeliver(2).then((count) => {
    lost = count;
  });
  expect(await fast.next()).toEqual({ done: false, value: 2 });
  clock.advance(49);
  expect(await rest(slow)).toEqual([1, 2]);
  await settle();
  expect(lost).toBeUndefined();
  clock.advance(1);
  await settle();
  expect([lost, slow.dropped, slower.dropped, drops.count]).toEqual([1, 0, 1, 1]);
  expect(await rest(slower)).toEqual([1]);
  expect(clock.running).toEqual([]);
});

test('a subscriber that leaves its loop is gone, with what waits for it and who waits for it', async () => {
  const { broker, clock, drops } = startBroker({ buffer: 1 });
  const subscription = broker.subscribe();
  broker.publish(1);
  const delivered = broker.publishMustDeliver(2);
  for await (const event of subscription) {
    expect(event).toBe(1);
    break;
  }
  expect(await delivered).toBe(0);
  broker.publish(3);
  expect([broker.size, subscription.waiting, drops.count]).toEqual([0, 0, 0]);
  expect(clock.running).toEqual([]);
  expect(await subscription.next()).toEqual({ done: true, value: undefined });
});

test('a close ends who waits at once, and the others with what they have; later subscribers receive nothing', async () => {
  const { broker } = startBroker();
  const [waiting, behind] = [broker.subscribe(), broker.subscribe()];
  broker.publish(1);
  await waiting.next();
  const next = waiting.next();
  broker.close();
  expect(await next).toEqual({ done: true, value: undefined });
  expect([await behind.next(), await behind.next()]).toEqual([
    { done: false, value: 1 },
    { done: true, value: undefined },
  ]);
  broker.publish(2);
  expect(await broker.subscribe().next()).toEqual({ done: true, value: undefined });
  expect(broker.size).toBe(0);
});

test('a subscription has one reader', async () => {
  const { broker } = startBroker();
  const subscription = broker.subscribe();
  void subscription.next();
  await expect(subscription.next()).rejects.toThrow('one reader');
});

test('whatever is published and read, each subscriber receives in order, and counts what it does not receive', async () => {
  const step = fc.oneof(
    fc.constant('publish' as const),
    fc.constant('must' as const),
    fc.constant('read' as const),
    fc.constant('wait' as const),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(step, { maxLength: 60 }),
      async (buffer, steps) => {
        const { broker, clock, drops } = startBroker({ buffer });
        const subscription = broker.subscribe();
        const [received, must]: [number[], Promise<number>[]] = [[], []];
        let published = 0;
        for (const each of steps) {
          if (each === 'publish') broker.publish(published++);
          if (each === 'must') must.push(broker.publishMustDeliver(published++));
          if (each === 'read') received.push(...(await rest(subscription)).slice(0));
          if (each === 'wait') clock.advance(20);
          expect(subscription.waiting).toBeLessThanOrEqual(buffer);
          await turns(4);
        }
        clock.advance(50);
        await Promise.all(must);
        received.push(...(await rest(subscription)));
        expect(received).toEqual([...received].sort((a, b) => a - b));
        expect(new Set(received).size).toBe(received.length);
        expect(received.length + subscription.dropped).toBe(published);
        expect(drops.count).toBe(subscription.dropped);
        expect(clock.running).toEqual([]);
      },
    ),
  );
});

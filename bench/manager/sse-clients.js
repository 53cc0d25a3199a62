import { randomUUID } from 'node:crypto';
import http from 'node:http';

/** Where an event begins and ends: single bytes, which no boundary of a chunk can split. */
const [OPEN, CLOSE] = [0x7b, 0x7d];

/** Attaches so many clients, each over a connection of its own. They count every event, and time one of each chunk. */
export async function listen(url, workspaceId, count) {
  const latencies = [];
  let received = 0;
  const requests = await Promise.all(
    Array.from({ length: count }, async () => {
      const target = `${url}/v1/workspaces/${workspaceId}/events?client_id=${randomUUID()}`;
      const request = http.get(target, { agent: false });
      request.on('error', () => {});
      const response = await new Promise((resolve) => request.once('response', resolve));
      response.on('error', () => {});
      response.on('data', (chunk) => {
        for (let at = chunk.indexOf(OPEN); at !== -1; at = chunk.indexOf(OPEN, at + 1)) received++;
        const end = chunk.lastIndexOf(CLOSE);
        const start = chunk.lastIndexOf(OPEN, end);
        if (end === -1 || start === -1) return;
        const { at } = JSON.parse(chunk.subarray(start, end + 1).toString());
        latencies.push(performance.timeOrigin + performance.now() - at);
      });
      return request;
    }),
  );
  return {
    /** Waits until all has come that was published, or nothing comes any more. */
    async settled(published) {
      for (let before = -1; received < published * count && received > before; ) {
        before = received;
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
    },
    close() {
      for (const request of requests) request.destroy();
    },
    result() {
      const sorted = Float64Array.from(latencies).sort();
      const part = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
      return { received, p50: part(0.5), p99: part(0.99), max: part(1) };
    },
  };
}

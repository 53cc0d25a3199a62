import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** The line between a manager and a server, and can be cut. */
export class FaultyLine {
  /** Where the server is to be found: its URL, through this line. */
  readonly url: string;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;
  readonly #port: number;

  private constructor(server: Server, sockets: Set<Socket>, target: URL) {
    this.#server = server;
    this.#sockets = sockets;
    this.#port = (server.address() as AddressInfo).port;
    const url = new URL(target);
    url.host = `127.0.0.1:${this.#port}`;
    this.url = url.href;
  }

  /** Listens on a free port of the loopback interface, until the test is over. */
  static async start(targetUrl: string): Promise<FaultyLine> {
    const target = new URL(targetUrl);
    const sockets = new Set<Socket>();
    const server = createServer((client) => {
      const upstream = connect(Number(target.port), target.hostname);
      for (const [one, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        sockets.add(one);
        one.on('error', () => {});
        one.once('close', () => {
          sockets.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const line = new FaultyLine(server, sockets, target);
    onTestFinished(() => line.cut());
    return line;
  }

  /** Leads to a server that takes every connection and never says a word. */
  static async toNowhere(): Promise<FaultyLine> {
    const server = createServer(() => {});
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const line = await FaultyLine.start(`redis://127.0.0.1:${(server.address() as AddressInfo).port}`);
    onTestFinished(() => void server.close());
    return line;
  }

  /** Carries nothing any more, and says nothing of it. */
  freeze(): void {
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  /** Breaks every connection, and takes no more. */
  cut(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Takes connections again. */
  async restore(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
  }
}

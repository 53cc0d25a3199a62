import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

interface PlaneInstance {
  readonly workspace_id: string;
  readonly instance_id: string;
  health: string;
}

/** A small control plane, for tests: `PUT`, `DELETE` and `GET` of instances, for who knows the token. */
export class ControlPlane {
  readonly token = 'sesame';
  readonly instances = new Map<string, PlaneInstance>();
  readonly bodies: unknown[] = [];
  /** Answers the next requests, instead of the plane. */
  readonly answers: ((response: ServerResponse) => void)[] = [];
  /** Which requests are never answered, by method and path, and by the body of a `PUT`. */
  hangs: (method: string, path: string, body: { readonly name?: string }) => boolean = () => false;
  /** Called for each `PUT` of what does not run yet, which goes on when `proceed` is called. */
  whenStarting: (proceed: () => void) => void = (proceed) => proceed();
  /** Requests so far, of which some may still hang. */
  requests = 0;
  url = '';
  #started = 0;

  /** Listens on a free port of the loopback interface, until the test is over. */
  static async start(): Promise<ControlPlane> {
    const plane = new ControlPlane();
    const server = createServer((request, response) => void plane.#serve(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    plane.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return plane;
  }

  /** Starts an instance. */
  put(id: string): PlaneInstance {
    const made = { workspace_id: id, instance_id: `i-${++this.#started}`, health: 'healthy' };
    this.instances.set(id, made);
    return made;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests++;
    let body = '';
    for await (const chunk of request) body += chunk;
    const answer = this.answers.shift();
    if (answer) return answer(response);
    if (this.hangs(request.method ?? '', request.url ?? '', body === '' ? {} : JSON.parse(body))) return;
    if (request.headers.authorization !== `Bearer ${this.token}`)
      return reply(response, 401, { error: 'token' });
    const [, id] = /^\/v1\/instances(?:\/([^/]+))?$/.exec(request.url ?? '') ?? [];
    if (request.method === 'PUT' && id !== undefined) {
      this.bodies.push(JSON.parse(body));
      const running = this.instances.get(id);
      if (running) return reply(response, 200, running);
      return this.whenStarting(() => reply(response, 201, this.put(id)));
    }
    if (request.method === 'DELETE' && id !== undefined) {
      return reply(response, this.instances.delete(id) ? 204 : 404);
    }
    reply(response, 200, { instances: [...this.instances.values()] });
  }
}

export function reply(response: ServerResponse, status: number, body?: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

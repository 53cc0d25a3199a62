import { z } from 'zod';
import type { Fleet } from '../../fleet/index.ts';
import type { PendingUploads } from '../../uploads/index.ts';
import type { App } from '../server.ts';
import type { WorkspaceAuth } from '../workspace-auth.ts';

const byId = z.object({ id: z.string() });
const byFile = z.object({ id: z.string(), file: z.string() });
const putBody = z.object({
  files: z
    .array(z.object({ filename: z.string(), mimetype: z.string().optional(), content: z.base64() }))
    .min(1)
    .max(100),
});

/** What the routes of pending uploads need. */
export interface UploadRoutes {
  readonly uploads: PendingUploads;
  readonly fleet: Fleet;
  readonly auth: WorkspaceAuth;
}

/** Files on their way to a workspace of the fleet: left for it by anyone, taken only by itself. */
export function uploadRoutes(app: App, { uploads, fleet, auth }: UploadRoutes): void {
  app.post(
    '/v1/fleet/workspaces/:id/pending-uploads',
    { schema: { params: byId, body: putBody } },
    async ({ params, body }, reply) => {
      await fleet.get(params.id);
      const files = body.files.map(({ content, ...file }) => ({
        ...file,
        content: Buffer.from(content, 'base64'),
      }));
      return reply.code(201).send({ file_ids: await uploads.putBatch(params.id, files) });
    },
  );

  app.get(
    '/v1/fleet/workspaces/:id/pending-uploads/:file/content',
    { schema: { params: byFile }, onRequest: auth.hook },
    async ({ params }, reply) => {
      const { filename, mimetype, content } = await uploads.get(params.id, params.file);
      await uploads.markFetched(params.id, params.file);
      // Never shown by a browser as a page of this server, whatever it says it is.
      return reply
        .header('x-content-type-options', 'nosniff')
        .header('content-disposition', `attachment; filename="${filename}"`)
        .type(mimetype === '' ? 'application/octet-stream' : mimetype)
        .send(Buffer.from(content));
    },
  );

  app.post(
    '/v1/fleet/workspaces/:id/pending-uploads/:file/ack',
    { schema: { params: byFile }, onRequest: auth.hook },
    async ({ params }) => {
      await uploads.ack(params.id, params.file);
      return {};
    },
  );
}

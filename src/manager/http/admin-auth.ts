import { createHash, timingSafeEqual } from 'node:crypto';
import { HttpError } from './error-map.ts';

/** Looks at a request before anything else does, and refuses it by throwing. */
export type AuthHook = (
  request: { readonly headers: { readonly authorization?: string | undefined }; readonly params: unknown },
  reply: { header(name: string, value: string): unknown },
) => Promise<void>;

/**
 * Lets only bearers of the admin token through. Without a token in the configuration nobody is an administrator: an
 * installation that nobody has configured is closed, not open.
 */
export function adminAuth(token: string | undefined): AuthHook {
  return async (request, reply) => {
    const given = bearerOf(request.headers.authorization);
    if (token !== undefined && given !== undefined && sameSecret(given, token)) return;
    reply.header('www-authenticate', 'Bearer');
    throw new HttpError(
      401,
      token === undefined
        ? 'administration is off: no admin token is configured'
        : 'an admin token is required',
    );
  };
}

/** The token of an `Authorization` header. */
export function bearerOf(header: string | undefined): string | undefined {
  return header === undefined ? undefined : /^Bearer +(\S+)$/i.exec(header)?.[1];
}

/** Compares two secrets in a time that tells nothing of either, whatever their lengths. */
export function sameSecret(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other));
}

function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

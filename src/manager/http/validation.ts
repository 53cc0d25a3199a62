import type { FastifySchemaCompiler, FastifyTypeProvider } from 'fastify';
import type { output, ZodError, ZodType } from 'zod';
import { HttpError } from './error-map.ts';

/** Lets a handler see its body, query and path as its schema describes them. */
export interface ZodTypes extends FastifyTypeProvider {
  validator: this['schema'] extends ZodType ? output<this['schema']> : unknown;
  serializer: unknown;
}

/** The deepest nesting of a request, its body included. */
const MAX_NESTING = 200;

/** Checks requests against zod schemas. The first thing that is wrong is told, by the name it has in the request. */
export const zodCompiler: FastifySchemaCompiler<ZodType> = ({ schema }) => {
  return (data: unknown) => {
    if (isTooDeep(data)) return { error: new HttpError(400, 'the request is nested too deeply') };
    const result = schema.safeParse(data ?? {});
    return result.success
      ? { value: result.data }
      : { error: new HttpError(400, firstIssue(result.error, data)) };
  };
};

/** Whether objects and lists lie in each other more than {@link MAX_NESTING} deep: too deep for what calls itself. */
function isTooDeep(data: unknown): boolean {
  let level = [data];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_NESTING) return true;
    level = level.flatMap((each) => (typeof each === 'object' && each !== null ? Object.values(each) : []));
  }
  return false;
}

function firstIssue(error: ZodError, data: unknown): string {
  const [issue] = error.issues;
  if (!issue) return 'invalid request';
  const name = issue.path.join('.');
  if (name === '') return issue.message;
  return valueAt(data, issue.path) === undefined ? `${name} is required` : `${name}: ${issue.message}`;
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  let value = data;
  for (const key of path) value = (value as Record<PropertyKey, unknown> | undefined)?.[key];
  return value;
}

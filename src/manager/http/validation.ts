import type { FastifySchemaCompiler, FastifyTypeProvider } from 'fastify';
import type { output, ZodError, ZodType } from 'zod';
import { HttpError } from './error-map.ts';

/** Lets a handler see its body, query and path as its schema describes them. */
export interface ZodTypes extends FastifyTypeProvider {
  validator: this['schema'] extends ZodType ? output<this['schema']> : unknown;
  serializer: unknown;
}

/** Checks requests against zod schemas. The first thing that is wrong is told, by the name it has in the request. */
export const zodCompiler: FastifySchemaCompiler<ZodType> = ({ schema }) => {
  return (data: unknown) => {
    const result = schema.safeParse(data ?? {});
    return result.success
      ? { value: result.data }
      : { error: new HttpError(400, firstIssue(result.error, data)) };
  };
};

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

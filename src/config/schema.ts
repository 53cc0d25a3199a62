import type { z } from 'zod';
import { GateError } from '../engine/error.ts';
import type { AnyRule } from '../engine/rule.ts';
import { didYouMean } from '../engine/suggest.ts';
import type { UserConfig } from './types.ts';

/**
 * Checks a config that a user wrote. zod is loaded on the first call, so that commands without a config never
 * pay for it.
 *
 * @param where the name of the config in error messages
 * @throws {GateError} that names every wrong entry
 */
export async function parseUserConfig(value: unknown, where: string): Promise<UserConfig> {
  const { z } = await import('zod');
  const schema = configSchema(z);
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    throw new GateError(`${where} is not a valid config`, 'correct the entries named above', {
      why: describeIssues(parsed.error, schema).join('\n'),
    });
  }
  const { $schema: _, ...config } = parsed.data;
  return config as UserConfig;
}

/** The schema of the config file, also the source of its JSON Schema. */
export function configSchema(zod: typeof z) {
  const name = zod.string().min(1, 'a name must not be empty');
  const names = zod.array(name);
  const globs = zod.array(zod.string().min(1, 'a pattern must not be empty'));
  const severity = zod.enum(['off', 'warn', 'error'], { error: SEVERITY });
  const setting = zod.union([severity, zod.tuple([severity]), zod.tuple([severity, zod.unknown()])], {
    error: `${SEVERITY}, alone or in a pair with the options of the rule`,
  });
  const index = zod.int().min(0);
  const primitive = zod.strictObject({
    module: name.optional(),
    type: name,
    acquire: names.optional(),
    acquireShared: names.optional(),
    release: names.optional(),
    scoped: names.optional(),
    scopedShared: names.optional(),
    callback: names.optional(),
    callbackShared: names.optional(),
    views: names.optional(),
    try: names.optional(),
    releasedTwice: zod.enum(['frees', 'throws', 'harmless']).optional(),
    releaserTwice: zod.enum(['frees', 'throws', 'harmless']).optional(),
    grants: zod.enum(['releaser', 'disposable', 'value-and-releaser', 'token', 'void']).optional(),
    renews: names.optional(),
    immediate: zod.boolean().optional(),
    waits: names.optional(),
    drains: names.optional(),
    takesFree: names.optional(),
    keyArg: index.optional(),
    keyMember: name.optional(),
    keysInTurn: zod.boolean().optional(),
    reentrant: zod.boolean().optional(),
    reentrantMember: name.optional(),
    permitsArg: index.optional(),
    permitsMember: name.optional(),
    wrappers: names.optional(),
    tryWrappers: names.optional(),
    readers: zod.enum(['recursive', 'fair']).optional(),
  });
  const locks = zod.strictObject({
    order: zod
      .array(
        zod.union([name, names.min(1, 'a set of siblings must not be empty')], {
          error: 'expected the name of a lock, or a non-empty array of siblings',
        }),
      )
      .optional(),
    leaf: names.optional(),
    brief: names.optional(),
    reentrant: names.optional(),
    disjoint: zod.array(zod.tuple([name, name], { error: 'expected a pair of lock names' })).optional(),
    primitives: zod.array(primitive).optional(),
  });
  const rules = zod.record(zod.string(), setting);
  const override = zod.strictObject({
    files: globs.min(1, 'an override without files applies to nothing'),
    rules,
  });
  const customRule = zod.custom<AnyRule>(isRule, 'expected a rule made with defineRule()');
  return zod.strictObject({
    $schema: zod.string().optional(),
    include: globs.min(1, 'an empty include matches nothing').optional(),
    exclude: globs.optional(),
    tsconfig: name.optional(),
    locks: locks.optional(),
    rules: rules.optional(),
    overrides: zod.array(override).optional(),
    customRules: zod.array(customRule).optional(),
  });
}

/** One line per wrong entry, its path first: `locks.oder: unknown key (did you mean "order"?)`. */
export function describeIssues(error: z.ZodError, schema: z.ZodType): string[] {
  return error.issues.flatMap((issue) => {
    const at = formatPath(issue.path);
    if (issue.code !== 'unrecognized_keys') return [at === '' ? issue.message : `${at}: ${issue.message}`];
    const known = keysAt(schema, issue.path);
    return issue.keys.map(
      (key) => `${formatPath([...issue.path, key])}: unknown key${didYouMean(key, known)}`,
    );
  });
}

const SEVERITY = "expected a severity: 'off', 'warn' or 'error'";

/** The keys that the object at a path of a schema may have. Empty where the schema is not an object. */
function keysAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  const def = (schema as z.core.$ZodTypes)._zod.def;
  switch (def.type) {
    case 'optional':
    case 'default':
    case 'prefault':
    case 'nullable':
    case 'readonly':
      return keysAt(def.innerType, path);
    case 'object': {
      const [key, ...rest] = path;
      if (key === undefined) return Object.keys(def.shape).filter((name) => name !== '$schema');
      const next = def.shape[String(key)];
      return next === undefined ? [] : keysAt(next, rest);
    }
    case 'array':
      return keysAt(def.element, path.slice(1));
    case 'record':
      return keysAt(def.valueType, path.slice(1));
    case 'tuple': {
      const next = def.items[Number(path[0])];
      return next === undefined ? [] : keysAt(next, path.slice(1));
    }
    case 'union':
      return def.options.flatMap((option) => keysAt(option, path));
    default:
      return [];
  }
}

function formatPath(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[\w$]+$/.test(String(part))) text += text === '' ? String(part) : `.${String(part)}`;
    else text += `["${String(part)}"]`;
  }
  return text;
}

function isRule(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const rule = value as Partial<Record<keyof AnyRule, unknown>>;
  return (
    typeof rule.id === 'string' &&
    typeof rule.summary === 'string' &&
    typeof rule.messages === 'object' &&
    typeof rule.relevance === 'function' &&
    typeof rule.run === 'function'
  );
}

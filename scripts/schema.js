// The JSON Schema of `ws-gate.config.json`, from the very schemas that the program checks configs with.
import { z } from 'zod';

/**
 * @param {string} dist the directory that the package is compiled to
 * @returns {Promise<object>}
 */
export async function configJsonSchema(dist) {
  const { configSchema } = await import(`${dist}/src/config/schema.js`);
  const { builtinRules } = await import(`${dist}/rules/index.js`);
  // What JSON cannot hold (rules of one's own) may be anything here; the program tells on loading.
  const generate = (schema) => z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });

  const schema = generate(configSchema(z));
  const { rules } = schema.properties;
  const severity = rules.additionalProperties.anyOf[0];
  rules.properties = Object.fromEntries(
    builtinRules.map(({ id, summary, options }) => [
      id,
      { description: summary, anyOf: [severity, ...pairs(severity, options && generate(options(z)))] },
    ]),
  );
  return { ...schema, title: 'ws-gate.config.json' };
}

/** A severity in an array, alone or with the options of the rule if it has any. */
function pairs(severity, options) {
  const alone = { type: 'array', prefixItems: [severity], items: false, minItems: 1, maxItems: 1 };
  if (!options) return [alone];
  const { $schema: _, ...schema } = options;
  return [alone, { ...alone, prefixItems: [severity, schema], minItems: 2, maxItems: 2 }];
}

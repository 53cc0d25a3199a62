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
      {
        description: summary,
        anyOf: [severity, ...pairs(severity, withEngineKeys(options && generate(options(z))))],
      },
    ]),
  );
  return { ...schema, title: 'ws-gate.config.json' };
}

/** The options of a rule with what the engine takes beside them; the engine's key alone stands for no options. */
function withEngineKeys(options) {
  const expectNoSites = {
    description: 'why the rule finds nothing to examine',
    type: 'string',
    minLength: 1,
  };
  const alone = {
    type: 'object',
    properties: { expectNoSites },
    required: ['expectNoSites'],
    additionalProperties: false,
  };
  if (!options) return alone;
  const { $schema: _, properties, ...schema } = options;
  return { anyOf: [{ ...schema, properties: { ...properties, expectNoSites } }, alone] };
}

/** A severity in an array, alone or with the options of the rule. */
function pairs(severity, options) {
  const alone = { type: 'array', prefixItems: [severity], items: false, minItems: 1, maxItems: 1 };
  return [alone, { ...alone, prefixItems: [severity, options], minItems: 2, maxItems: 2 }];
}

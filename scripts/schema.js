// The JSON Schema of `ws-gate.config.json`, from the very schemas that the program checks configs with.
import { z } from 'zod';

/**
 * @param {object} parts
 * @param {Function} parts.configSchema makes the schema of the config
 * @param {Function} parts.optionsSchema makes the schema of the options of a rule
 * @param {readonly object[]} parts.builtinRules the rules that the config may name; one in JSON declares none of its own
 * @param {(id: string) => string} parts.pageOf the page of a rule, which describes its options
 * @returns {object}
 */
export function configJsonSchema({ configSchema, optionsSchema, builtinRules, pageOf }) {
  const { properties, ...schema } = generate(configSchema(z));
  // Rules of one's own are code.
  const { customRules: _, rules, ...rest } = properties;
  const [severity] = rules.additionalProperties.anyOf;
  const $defs = { severity };
  const describe = (id, summary, settings) => [id, { description: summary, anyOf: settings }];
  const alone = [{ $ref: '#/$defs/severity' }, pair([{ $ref: '#/$defs/severity' }])];
  // The gate always speaks, and always of errors.
  const gate = [
    'gate-integrity',
    { description: 'the gate sees what it was told to look at', enum: ['error', ['error']] },
  ];
  const settings = builtinRules.map((rule) => {
    const declared = optionsSchema(rule, z);
    const options = withEngineKeys(
      declared && hoisted(described(generate(declared), pageOf(rule.id)), `${rule.id}.`, $defs),
    );
    return describe(rule.id, rule.summary, [...alone, pair([{ $ref: '#/$defs/severity' }, options])]);
  });
  rest.overrides.items.properties.rules = ruleMap([
    ...builtinRules.map(({ id, summary }) => describe(id, summary, alone)),
    gate,
  ]);
  return {
    title: 'ws-gate.config.json',
    ...schema,
    properties: { ...rest, rules: ruleMap([...settings, gate]) },
    $defs,
  };
}

function generate(schema) {
  return z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override({ jsonSchema }) {
      // A format that only zod knows; the pattern says the same to all.
      if (jsonSchema.pattern) delete jsonSchema.format;
    },
  });
}

function ruleMap(settings) {
  return { type: 'object', properties: Object.fromEntries(settings), additionalProperties: false };
}

/** A schema with what the page says of options, wherever the schema says nothing of them itself. */
function described(schema, page) {
  const texts = optionTexts(page);
  return JSON.parse(JSON.stringify(schema), (key, value) => {
    if (key !== 'properties' || typeof value !== 'object') return value;
    const entries = Object.entries(value).map(([name, property]) => {
      const description = property.description ?? texts.get(name);
      return [name, description === undefined ? property : { ...property, description }];
    });
    return Object.fromEntries(entries);
  });
}

/** What a page says of options: in a list (`- \`name\`: …`, `- \`one\`, \`two\`: …`), or in a table whose last column tells. */
function optionTexts(page) {
  const [, after = ''] = page.split(/^## Options$/m);
  const [section] = after.split(/^## /m);
  const items = section.matchAll(/^- (`\w+`(?:(?:, | or )`\w+`)*): (.*(?:\n {2}.*)*)/gm);
  const rows = section.matchAll(/^\| (`\w+`) +\|.*\| (.*?) *\|$/gm);
  return new Map(
    [...items, ...rows].flatMap(([, names, text]) =>
      names.match(/\w+(?=`)/g).map((name) => [name, text.replace(/\s+/g, ' ')]),
    ),
  );
}

/** What a schema calls its own definitions stands at the root of the document, under a name that no other rule has. */
function hoisted({ $schema: _, $defs = {}, ...schema }, prefix, target) {
  const renamed = (part) =>
    JSON.parse(JSON.stringify(part), (key, value) =>
      key === '$ref' ? value.replace('#/$defs/', `#/$defs/${prefix}`) : value,
    );
  for (const [name, definition] of Object.entries($defs)) target[prefix + name] = renamed(definition);
  return renamed(schema);
}

/** The options of a rule with what the engine takes beside them; the engine's key alone stands for no options. */
function withEngineKeys(options) {
  const expectNoSites = {
    description: 'why the rule finds nothing to examine',
    type: 'string',
    pattern: '\\S',
  };
  const alone = {
    type: 'object',
    properties: { expectNoSites },
    required: ['expectNoSites'],
    additionalProperties: false,
  };
  if (!options) return alone;
  return { anyOf: [{ ...options, properties: { ...options.properties, expectNoSites } }, alone] };
}

/** An array of just these. */
function pair(prefixItems) {
  const length = prefixItems.length;
  return { type: 'array', prefixItems, items: false, minItems: length, maxItems: length };
}

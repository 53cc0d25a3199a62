// What is made from the metadata of the rules, and kept in the repository for those who read it there.
import { configJsonSchema } from './schema.js';

const BEGIN = '<!-- rules: made by `npm run generate` -->';
const END = '<!-- end of rules -->';

/**
 * The files that are generated, as they must be.
 *
 * @param {object} parts
 * @param {Function} parts.configSchema
 * @param {Function} parts.optionsSchema
 * @param {readonly object[]} parts.builtinRules
 * @param {(file: string) => string} parts.read the present text of a file
 * @returns {Record<string, string>} text by path, relative to the repository
 */
export function generatedFiles({ configSchema, optionsSchema, builtinRules, read }) {
  const schema = configJsonSchema({
    configSchema,
    optionsSchema,
    builtinRules,
    pageOf: (id) => read(`rules/${id}/rule.md`),
  });
  return {
    'ws-gate.schema.json': `${JSON.stringify(schema, null, 2)}\n`,
    'README.md': withTable(read('README.md'), ruleTable(builtinRules)),
  };
}

/** One row per rule, with a link to its page. */
function ruleTable(rules) {
  const rows = rules.map(
    ({ id, defaultSeverity, summary }) =>
      `| [\`${id}\`](rules/${id}/rule.md) | ${defaultSeverity} | ${summary} |`,
  );
  return ['| rule | without a config | what it holds true |', '|---|---|---|', ...rows].join('\n');
}

function withTable(text, table) {
  const start = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (start < 0 || end < start) throw new Error(`no table between ${BEGIN} and ${END}`);
  return `${text.slice(0, start)}${BEGIN}\n${table}\n${text.slice(end)}`;
}

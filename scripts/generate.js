// Writes what is generated from the metadata of the rules. Needs a build; a test tells when a file is stale.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { builtinRules } from '../dist/rules/index.js';
import { optionsSchema } from '../dist/src/config/rules.js';
import { configSchema } from '../dist/src/config/schema.js';
import { generatedFiles } from './generated.js';

const root = path.dirname(import.meta.dirname);
const read = (file) => readFileSync(path.join(root, file), 'utf8');
for (const [file, text] of Object.entries(
  generatedFiles({ configSchema, optionsSchema, builtinRules, read }),
)) {
  writeFileSync(path.join(root, file), text);
}

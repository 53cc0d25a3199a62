import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { builtinRules } from '../../../rules/index.ts';
import { loadConfig } from '../../config/load.ts';
import { assertRuleId, INTEGRITY } from '../../config/rules.ts';
import { GateError } from '../../engine/error.ts';
import type { CommandLine } from '../args.ts';
import { configChoice, workingDirectory } from '../context.ts';
import type { Outcome } from '../main.ts';
import { configFor, nameOfRule, scaffold } from '../scaffold.ts';
import type { Terminal } from '../terminal.ts';

/** `ws-gate new rule <id>`: a rule of the project's own to begin with, and its fixtures. Nothing is overwritten. */
export async function newCommand({ flags, positionals }: CommandLine, terminal: Terminal): Promise<Outcome> {
  const [what, id, ...rest] = positionals;
  if (what !== 'rule' || id === undefined || rest.length > 0) {
    throw new GateError('new takes the word `rule` and one id', 'write ws-gate new rule no-raw-clock');
  }
  const cwd = workingDirectory(flags);
  assertRuleId(id);
  const { file: config, customRules } = await loadConfig({ cwd, ...configChoice(flags) });
  assertFree(id, [INTEGRITY, ...[...builtinRules, ...customRules].map((rule) => rule.id)]);
  if (config !== undefined && !/\.m?ts$/.test(config)) {
    throw new GateError(
      `the config ${path.relative(cwd, config)} cannot take a rule in TypeScript`,
      'move the config to ws-gate.config.ts: `export default defineConfig({ … })`',
      { why: 'rules are values, which JSON cannot hold, and JavaScript does not load TypeScript' },
    );
  }

  const source = `rules/${id}.ts`;
  const files = scaffold(id);
  const fresh = config === undefined ? { 'ws-gate.config.ts': configFor(id, `./${source}`) } : {};
  writeAll(cwd, { ...files, ...fresh });
  for (const file of Object.keys({ ...files, ...fresh })) terminal.stdout.write(`wrote ${file}\n`);
  if (config !== undefined) {
    const specifier = path.relative(path.dirname(config), path.join(cwd, source)).split(path.sep).join('/');
    terminal.stdout.write(
      `\nPut it into ${path.relative(cwd, config).split(path.sep).join('/')}, and leave its fixtures out of what is checked:\n\n` +
        `import { ${nameOfRule(id)} } from '${specifier.startsWith('.') ? specifier : `./${specifier}`}';\n` +
        `customRules: [${nameOfRule(id)}],\nexclude: ['fixtures/**'],\n`,
    );
  }
  terminal.stdout.write(`\nRun \`ws-gate test --rule ${id}\`, and go on in ${source}.\n`);
  return 'clean';
}

function assertFree(id: string, taken: readonly string[]): void {
  if (!taken.includes(id)) return;
  throw new GateError(`there is a rule "${id}" already`, 'choose another id', {
    why: 'configs and suppressions name a rule by its id, so two cannot share one',
  });
}

/** Writes all or nothing, as far as what is there already decides it. */
function writeAll(cwd: string, files: Readonly<Record<string, string>>): void {
  const present = Object.keys(files).filter((file) => existsSync(path.join(cwd, file)));
  if (present.length > 0) {
    throw new GateError(`${present.join(', ')} exists already`, 'choose another id, or move the file away', {
      why: 'nothing is overwritten, and nothing was written',
    });
  }
  for (const [file, text] of Object.entries(files)) {
    try {
      mkdirSync(path.dirname(path.join(cwd, file)), { recursive: true });
      writeFileSync(path.join(cwd, file), text, { flag: 'wx' });
    } catch (error) {
      throw new GateError(`${file} cannot be written`, 'make its directory one that can be written to', {
        why: error instanceof Error ? error.message : String(error),
        cause: error,
      });
    }
  }
}

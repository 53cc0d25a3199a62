/**
 * The files of a rule to begin with: it holds for calls of one function, and so do its fixtures.
 *
 * @returns text by path, relative to the project
 */
export function scaffold(id: string): Readonly<Record<string, string>> {
  return {
    [`rules/${id}.ts`]: ruleSource(id),
    [`fixtures/${id}/called.bad.ts`]: fixture(`legacySend(text); // want ${id}/called "calls legacySend"`),
    [`fixtures/${id}/called.good.ts`]: fixture('send(text);'),
  };
}

/** The config of a project that has none. */
export function configFor(id: string, specifier: string): string {
  return `import { defineConfig } from 'ws-gate';
import { ${nameOfRule(id)} } from '${specifier}';

export default defineConfig({
  exclude: ['fixtures/**'],
  customRules: [${nameOfRule(id)}],
});
`;
}

/** What the rule is called in code. No id makes a reserved word of it. */
export function nameOfRule(id: string): string {
  return `${id.replace(/-([a-z\d])/g, (_, letter: string) => letter.toUpperCase())}Rule`;
}

function ruleSource(id: string): string {
  return `import { defineRule } from 'ws-gate';
import type { Ts } from 'ws-gate/analysis';

interface Options {
  readonly functions: readonly string[];
}

/** Say here what the rule holds true, and what it assumes. */
export const ${nameOfRule(id)} = defineRule<Options, 'called'>({
  id: '${id}',
  summary: 'functions that are to go are not called',
  // \`off\` for a rule that says nothing before a config gives it options.
  defaultSeverity: 'error',
  messages: {
    called: {
      message: 'calls {name}',
      why: 'say here what goes wrong where it is called',
      help: 'say here what to do instead of calling {name}',
    },
  },
  defaultOptions: { functions: ['legacySend'] },
  options: (zod) =>
    zod.strictObject({
      functions: zod.array(zod.string().min(1)).min(1).describe('the functions that are not called'),
    }),
  // Only files that hold one of these words are parsed.
  relevance: ({ functions }) => ({ words: functions }),
  async run(pass) {
    const { programCode, rightmostName, ts } = await import('ws-gate/analysis');
    const code = await pass.use(programCode);
    const { functions } = pass.options;
    for (const file of pass.program.filesWith(functions)) {
      const visit = (node: Ts.Node): void => {
        const name = ts.isCallExpression(node) ? rightmostName(node.expression) : undefined;
        if (name && functions.includes(name.text)) {
          const at = code.span(name);
          // Whatever was examined is a site: a rule of the config that examines nothing is red.
          pass.site(at);
          pass.report({ messageId: 'called', at, data: { name: name.text } });
        }
        ts.forEachChild(node, visit);
      };
      const tree = pass.program.tree(file);
      if (tree) visit(tree.source);
    }
  },
});
`;
}

function fixture(statement: string): string {
  return `declare function legacySend(text: string): void;
declare function send(text: string): void;

export function greet(text: string): void {
  ${statement}
}

export const known = [legacySend, send];
`;
}

import { lastSegment } from '../../src/analysis/config-name.ts';
import { AllowedPlaces } from '../../src/analysis/dispatch/allowed.ts';
import { functionAround } from '../../src/analysis/locks/sections.ts';
import type { Mutant, Operator, ProofView } from '../../src/engine/proof.ts';
import { type Ts, ts } from '../../src/syntax/ts.ts';
import { allowancesOf, type InsertAllowlistOptions } from './rule.ts';

const insertElsewhere: Operator<InsertAllowlistOptions> = {
  id: 'insert-elsewhere',
  summary: 'gives what a listed function does to a second function, which is not listed',
  mutants: (view) =>
    listed(view).flatMap(({ owner }): Mutant[] => {
      const isPlain = ts.isMethodDeclaration(owner) || ts.isFunctionDeclaration(owner);
      const name = isPlain ? owner.name : undefined;
      if (!name) return [];
      const source = owner.getSourceFile();
      const before = source.text.slice(owner.getStart(), name.getStart());
      const after = source.text.slice(name.end, owner.end);
      const copy = `${before}${COPY}${after}`;
      return [{ edits: [{ file: source.fileName, start: owner.end, end: owner.end, text: `\n\n${copy}` }] }];
    }),
};

const dropClause: Operator<InsertAllowlistOptions> = {
  id: 'drop-clause',
  summary: 'takes away what a statement says of rows that are there already',
  mutants: (view) =>
    listed(view).flatMap(({ owner, mechanism, table }): Mutant[] => {
      if (mechanism !== 'on-conflict') return [];
      const clauses = textsIn(owner).flatMap((text) => {
        const [start, end] = [text.getStart() + 1, text.end - 1];
        const sql = owner.getSourceFile().text.slice(start, end);
        const clause = CLAUSE.exec(sql);
        const isOwn = new RegExp(`\\binto\\s+"?(?:\\w+\\.)?"?${lastSegment(table)}\\b`, 'i').test(sql);
        return clause && isOwn
          ? [{ start: start + clause.index, end: start + clause.index + clause[0].length }]
          : [];
      });
      const [clause, second] = clauses;
      if (!clause || second) return [];
      const { fileName: file } = owner.getSourceFile();
      return [
        {
          edits: [{ file, ...clause, text: ' ' }],
          expect: [{ file, start: owner.getStart(), end: owner.end }],
        },
      ];
    }),
};

const COPY = 'insertsElsewhere';

/** What a statement says of rows that are there already; what it returns stays. */
const CLAUSE = /\s*\bON\s+CONFLICT\b[\s\S]*?(?=\bRETURNING\b|$)/i;

interface Listed {
  readonly owner: Exclude<ReturnType<typeof functionAround>, undefined>;
  readonly table: string;
  readonly mechanism: string;
}

/** The functions around the inserts that lists name, each once for its table. */
function listed({ program, root, sites, options }: ProofView<InsertAllowlistOptions>): readonly Listed[] {
  const found = new Map<string, Listed>();
  for (const { table, allow } of allowancesOf(options)) {
    const places = new AllowedPlaces(program, root, Object.keys(allow));
    for (const site of sites) {
      const node = program.tree(site.file)?.nodeAt(site.start, site.end);
      const entries = node ? places.around(node) : [];
      const owner = node && outermost(node);
      // A whole file in the list lets everything in it through.
      const [entry] = entries;
      if (!owner || entry === undefined || entries.length > 1 || !entry.includes('#')) continue;
      found.set(`${table} ${site.file} ${owner.pos}`, { owner, table, mechanism: allow[entry] ?? '' });
    }
  }
  return [...found.values()];
}

/** The function with a name that a call is in, past the callbacks in between. */
function outermost(node: Ts.Node): Listed['owner'] | undefined {
  let owner = functionAround(node);
  while (owner && !ts.isSourceFile(owner) && !('name' in owner && owner.name))
    owner = functionAround(owner.parent);
  return owner;
}

function textsIn(root: Ts.Node): readonly Ts.Node[] {
  const found: Ts.Node[] = [];
  const visit = (node: Ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(root);
  return found;
}

export const operators: readonly Operator<InsertAllowlistOptions>[] = [insertElsewhere, dropClause];

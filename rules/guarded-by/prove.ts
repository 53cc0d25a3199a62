import { type Code, memberName, programCode } from '../../src/analysis/code.ts';
import { type LockFacts, lockFacts } from '../../src/analysis/locks/facts.ts';
import { type Section, sectionsOf } from '../../src/analysis/locks/sections.ts';
import type { Mutant, Operator } from '../../src/engine/proof.ts';
import { type Ts, ts } from '../../src/syntax/ts.ts';

const dropGuard: Operator = {
  id: 'drop-guard',
  summary: 'takes away the lock around the use of a field that it guards',
  async mutants(view) {
    const facts = await view.use(lockFacts);
    const code = await view.use(programCode);
    return sectionsOf(facts.takings, view.program)
      .filter(({ style }) => style === 'using')
      .flatMap((section) => withoutGuard(section, guardedUses(section, facts, code)));
  },
};

/** The uses of guarded fields in the block of a section, in its own function. */
function guardedUses(
  { statement, lock }: Section,
  { annotations }: LockFacts,
  code: Code,
): readonly Ts.Node[] {
  const found: Ts.Node[] = [];
  const visit = (node: Ts.Node): void => {
    if (ts.isFunctionLike(node)) return;
    const name = memberName(node);
    const declaration = name && code.declarationNode(name);
    const guards = declaration ? annotations.of(declaration, 'guardedBy') : [];
    if (guards.some(({ tag }) => lock.name.split('.').at(-1) === tag.name.replace(/^this\./, '')))
      found.push(node);
    ts.forEachChild(node, visit);
  };
  const { parent } = statement;
  const statements = ts.isBlock(parent) ? parent.statements : [];
  for (const one of statements) if (one.pos >= statement.end) visit(one);
  return found;
}

function withoutGuard({ statement, body: { file } }: Section, uses: readonly Ts.Node[]): readonly Mutant[] {
  if (uses.length === 0) return [];
  return [
    {
      edits: [{ file, start: statement.getStart(), end: statement.end, text: ';' }],
      expect: uses.map((use) => ({ file, start: use.getStart(), end: use.end })),
    },
  ];
}

export const operators: readonly Operator[] = [dropGuard];

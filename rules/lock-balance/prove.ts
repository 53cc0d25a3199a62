import { lockFacts } from '../../src/analysis/locks/facts.ts';
import { type Section, sectionsOf } from '../../src/analysis/locks/sections.ts';
import type { Mutant, Operator } from '../../src/engine/proof.ts';
import { type Ts, ts } from '../../src/syntax/ts.ts';

const dropUsing: Operator = {
  id: 'drop-using',
  summary: 'keeps the grant in a constant that nobody disposes of',
  async mutants(view) {
    const { takings } = await view.use(lockFacts);
    return sectionsOf(takings, view.program)
      .filter(({ style }) => style === 'using')
      .map(({ statement, taking, body: { file } }) => {
        const head = statement.getText().match(/^(?:await\s+)?using\b/)?.[0] ?? '';
        const start = statement.getStart();
        return {
          edits: [{ file, start, end: start + head.length, text: 'const' }],
          expect: [{ file, start: taking.getStart(), end: taking.end }],
        };
      });
  },
};

const dropRelease: Operator = {
  id: 'drop-release',
  summary: 'takes away the call in a `finally` that gives the lock back',
  async mutants(view) {
    const { takings } = await view.use(lockFacts);
    return sectionsOf(takings, view.program).flatMap((section) => {
      const releases = releasesOf(section);
      // Where several calls may give it back, one of them may be enough.
      const [release] = releases;
      return release && releases.length === 1 ? [withoutRelease(release, section)] : [];
    });
  },
};

function withoutRelease(release: Ts.ExpressionStatement, { taking, body: { file } }: Section): Mutant {
  return {
    edits: [{ file, start: release.getStart(), end: release.end, text: ';' }],
    expect: [{ file, start: taking.getStart(), end: taking.end }],
  };
}

/** The statements that give a lock back, of those that stand in a `finally`. */
function releasesOf({ grant, call, style, statement }: Section): readonly Ts.ExpressionStatement[] {
  if (style !== 'bound' && style !== 'plain') return [];
  const receiver = ts.isPropertyAccessExpression(call.expression)
    ? call.expression.expression.getText()
    : undefined;
  const found: Ts.ExpressionStatement[] = [];
  const visit = (node: Ts.Node, isFinal: boolean): void => {
    if (isFinal && ts.isExpressionStatement(node)) {
      const called = ts.isCallExpression(node.expression) ? node.expression.expression : undefined;
      const owner =
        called && ts.isPropertyAccessExpression(called) ? called.expression.getText() : called?.getText();
      if (called && owner === (grant ? grant.text : receiver)) found.push(node);
    }
    if (ts.isTryStatement(node)) {
      visit(node.tryBlock, isFinal);
      if (node.catchClause) visit(node.catchClause, isFinal);
      if (node.finallyBlock) visit(node.finallyBlock, true);
    } else if (!ts.isFunctionLike(node)) ts.forEachChild(node, (child) => visit(child, isFinal));
  };
  visit(statement.parent, false);
  return found;
}

export const operators: readonly Operator[] = [dropUsing, dropRelease];

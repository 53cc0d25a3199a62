import { lockFacts } from '../../src/analysis/locks/facts.ts';
import { mayWait, type Section, sectionsOf } from '../../src/analysis/locks/sections.ts';
import type { Mutant, Operator } from '../../src/engine/proof.ts';
import { type Ts, ts } from '../../src/syntax/ts.ts';

const splitSection: Operator = {
  id: 'split-section',
  summary: 'gives the lock back between a reading and what is written by it, and takes it again',
  async mutants(view) {
    const { takings } = await view.use(lockFacts);
    return sectionsOf(takings, view.program)
      .filter((section) => section.style === 'using' && !section.lock.database && mayWait(section))
      .flatMap(split);
  },
};

/** `using mu = …; const x = this.x; … this.x = x + 1` with the lock given back behind the reading. */
function split(section: Section): readonly Mutant[] {
  const {
    statement,
    taking,
    grant,
    body: { file },
  } = section;
  const block = statement.parent;
  if (!ts.isBlock(block) || !grant) return [];
  const rest = block.statements.filter(({ pos }) => pos >= statement.end);
  for (const [index, reading] of rest.entries()) {
    const read = readingOf(reading);
    const writes = read ? rest.slice(index + 1).flatMap((one) => writesBy(one, read)) : [];
    if (!read || writes.length === 0) continue;
    const head = statement.getText().match(/^using\b/)?.[0];
    if (head === undefined) return [];
    const start = statement.getStart();
    const again = `\n${FIRST}[Symbol.dispose]();\nusing ${grant.text} = ${taking.getText()};`;
    return [
      {
        edits: [
          { file, start, end: grant.end, text: `const ${FIRST}` },
          { file, start: reading.end, end: reading.end, text: again },
        ],
        expect: writes.map((write) => ({ file, start: write.getStart(), end: write.end })),
      },
    ];
  }
  return [];
}

const FIRST = 'firstGrant';

interface Reading {
  /** What the value is kept in. */
  readonly name: string;
  /** What was read: `this.count`. */
  readonly path: string;
}

/** `const x = this.count;` */
function readingOf(statement: Ts.Statement): Reading | undefined {
  if (!ts.isVariableStatement(statement)) return undefined;
  const [declaration, ...others] = statement.declarationList.declarations;
  if (others.length > 0 || !declaration || !ts.isIdentifier(declaration.name) || !declaration.initializer)
    return undefined;
  const { initializer } = declaration;
  if (ts.isPropertyAccessExpression(initializer) && isPath(initializer)) {
    return { name: declaration.name.text, path: initializer.getText() };
  }
  const called = ts.isCallExpression(initializer) ? initializer.expression : undefined;
  if (!called || !ts.isPropertyAccessExpression(called) || !/^(?:get|has)$/.test(called.name.text))
    return undefined;
  return isPath(called.expression)
    ? { name: declaration.name.text, path: called.expression.getText() }
    : undefined;
}

function isPath(node: Ts.Expression): boolean {
  if (node.kind === ts.SyntaxKind.ThisKeyword || ts.isIdentifier(node)) return true;
  return ts.isPropertyAccessExpression(node) && isPath(node.expression);
}

/** The writes of what was read that its value decides: by what is written, or whether it is. */
function writesBy(statement: Ts.Statement, { name, path }: Reading): readonly Ts.Node[] {
  const found: Ts.Node[] = [];
  const visit = (node: Ts.Node, isDecided: boolean): void => {
    if (ts.isFunctionLike(node)) return;
    const decides = ts.isIfStatement(node) && mentions(node.expression, name);
    if (isWriteOf(node, path) && (isDecided || mentions(node, name))) found.push(node);
    ts.forEachChild(node, (child) => visit(child, isDecided || decides));
  };
  visit(statement, false);
  return found;
}

function isWriteOf(node: Ts.Node, path: string): boolean {
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
    return node.left.getText() === path;
  }
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
  const { name, expression } = node.expression;
  return /^(?:set|delete|add|clear)$/.test(name.text) && expression.getText() === path;
}

function mentions(node: Ts.Node, name: string): boolean {
  if (ts.isIdentifier(node)) return node.text === name;
  return ts.forEachChild(node, (child) => mentions(child, name) || undefined) ?? false;
}

export const operators: readonly Operator[] = [splitSection];

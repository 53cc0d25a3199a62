import fc from 'fast-check';
import { expect, it } from 'vitest';
import { buildCfg } from '../../src/analysis/cfg.ts';
import { type Ts, ts } from '../../src/syntax/ts.ts';
import { printProgram } from './cfg-printer.ts';
import { program } from './cfg-programs.ts';
import { compile } from './cfg-runs.ts';
import { ownerIn } from './cfg-text.ts';
import { walk } from './cfg-walk.ts';

const argument = fc.constantFrom(undefined, { v: undefined }, { v: 1 });
/** One number for each event of a run. A run for which they do not suffice is compared as far as it goes. */
const decisions = fc.array(fc.nat(999), { maxLength: 60, size: 'max' });
const runs = fc.array(fc.record({ argument, decisions }), { minLength: 1, maxLength: 8, size: 'max' });

it('what a program does is the one path through its graph', { timeout: 120_000 }, async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(program, runs, async (program, runs) => {
      const run = compile(program);
      if (!run) return fc.pre(false);
      const text = printProgram(program, 'analyse');
      const owner = ownerIn(text);
      noteConstructs(owner, seen);
      const cfg = buildCfg(owner);
      for (const { argument, decisions } of runs) {
        const { events, end } = await run(argument, decisions);
        expect(walk(cfg, argument, events), text).toBe(end);
      }
    }),
    { numRuns: 300, seed: 20_260_104 },
  );
  expect([...seen].sort()).toEqual(Object.keys(CONSTRUCTS).sort());
});

const isStatic = (node: Ts.PropertyDeclaration): boolean =>
  node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword) ?? false;
const isUsing = (flags: Ts.NodeFlags, wanted: Ts.NodeFlags): boolean =>
  (flags & ts.NodeFlags.AwaitUsing) === wanted;
const isOwn = (node: Ts.Node, kind: 'async' | 'generator'): boolean =>
  ts.isFunctionDeclaration(node) &&
  (kind === 'generator' ? node.asteriskToken !== undefined : node.modifiers !== undefined);
const operator = (node: Ts.Node, kind: Ts.SyntaxKind): boolean =>
  ts.isBinaryExpression(node) && node.operatorToken.kind === kind;

/** What the random programs have to be made of: without any of these, their agreement would say nothing about it. */
const CONSTRUCTS: Readonly<Record<string, (node: Ts.Node) => boolean>> = {
  'decorator of a class': (node) => ts.isDecorator(node) && ts.isClassLike(node.parent),
  'decorator of a member': (node) => ts.isDecorator(node) && ts.isClassElement(node.parent),
  'getter of a class': (node) => ts.isGetAccessor(node) && ts.isClassLike(node.parent),
  'setter of a class': (node) => ts.isSetAccessor(node) && ts.isClassLike(node.parent),
  'getter of an object': (node) => ts.isGetAccessor(node) && ts.isObjectLiteralExpression(node.parent),
  'setter of an object': (node) => ts.isSetAccessor(node) && ts.isObjectLiteralExpression(node.parent),
  'accessor field': (node) => ts.isPropertyDeclaration(node) && ts.isAutoAccessorPropertyDeclaration(node),
  'field of an object': (node) => ts.isPropertyDeclaration(node) && !isStatic(node),
  'static field': (node) => ts.isPropertyDeclaration(node) && isStatic(node),
  'static block': (node) => ts.isClassStaticBlockDeclaration(node),
  'parent class': (node) => ts.isHeritageClause(node),
  'computed name': (node) => ts.isComputedPropertyName(node),
  'default of a parameter': (node) => ts.isParameter(node) && node.initializer !== undefined,
  'default in a declaration': (node) => ts.isBindingElement(node) && node.initializer !== undefined,
  'default in an assignment': (node) =>
    operator(node, ts.SyntaxKind.EqualsToken) && ts.isArrayLiteralExpression(node.parent),
  using: (node) => ts.isVariableDeclarationList(node) && isUsing(node.flags, ts.NodeFlags.Using),
  'await using': (node) => ts.isVariableDeclarationList(node) && isUsing(node.flags, ts.NodeFlags.AwaitUsing),
  'async function': (node) => isOwn(node, 'async'),
  generator: (node) => isOwn(node, 'generator'),
  'async generator': (node) => isOwn(node, 'async') && isOwn(node, 'generator'),
  await: (node) => ts.isAwaitExpression(node),
  yield: (node) => ts.isYieldExpression(node),
  'for of': (node) => ts.isForOfStatement(node) && !node.awaitModifier,
  'for await': (node) => ts.isForOfStatement(node) && node.awaitModifier !== undefined,
  'for in': (node) => ts.isForInStatement(node),
  label: (node) => ts.isLabeledStatement(node),
  'jump to a label': (node) => ts.isBreakOrContinueStatement(node) && node.label !== undefined,
  '??=': (node) => operator(node, ts.SyntaxKind.QuestionQuestionEqualsToken),
  '&&=': (node) => operator(node, ts.SyntaxKind.AmpersandAmpersandEqualsToken),
  '||=': (node) => operator(node, ts.SyntaxKind.BarBarEqualsToken),
  'optional call': (node) => ts.isCallExpression(node) && node.questionDotToken !== undefined,
  'optional member': (node) =>
    (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) &&
    node.questionDotToken !== undefined,
  'tagged template': (node) => ts.isTaggedTemplateExpression(node),
  switch: (node) => ts.isSwitchStatement(node),
  finally: (node) => ts.isTryStatement(node) && node.finallyBlock !== undefined,
};

function noteConstructs(node: Ts.Node, seen: Set<string>): void {
  for (const [name, is] of Object.entries(CONSTRUCTS)) if (is(node)) seen.add(name);
  ts.forEachChild(node, (child) => noteConstructs(child, seen));
}

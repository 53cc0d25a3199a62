import { describe, expect, test } from 'vitest';
import { isCfgOwner } from '../../../src/analysis/locks/evaluator.ts';
import { sequenceOf } from '../../../src/analysis/locks/sequence.ts';
import { ts } from '../../../src/syntax/ts.ts';
import { nodesIn, parse } from './parts.ts';

/** Whether `step`, or else the first callback of the text, runs as a step of the top level. */
function isStep(text: string): boolean {
  const source = parse(text);
  const owners = nodesIn(source, isCfgOwner);
  const fn =
    owners.find((owner) => ts.isFunctionDeclaration(owner) && owner.name?.text === 'step') ??
    owners.find((owner) => !ts.isSourceFile(owner));
  if (!fn) throw new Error('the text has a function');
  const file = sequenceOf(fn);
  if (file !== undefined) expect(file).toBe(source.fileName);
  return file !== undefined;
}

const STEP = 'async function step() {}';

describe('a function is a step of its file', () => {
  test.each([
    `${STEP} await step();`,
    `${STEP} await step(); await step();`,
    `${STEP} if (ready) await step();`,
    `${STEP} await step().catch(report).finally(stop);`,
    `${STEP} const done = first().then(() => step());`,
    `${STEP} async function main() { await step(); } await main();`,
    `${STEP} async function main() { return step(); } await main();`,
    `${STEP} await run(async () => { await step(); }).then(stop);`,
    `${STEP} step();`,
    `${STEP} void step();`,
    `${STEP} async function main() { await step(); } main().catch(report);`,
    'await run(async () => {});',
  ])('%s', (text) => {
    expect(isStep(text)).toBe(true);
  });
});

describe('a function may be under way beside another step', () => {
  test.each([
    STEP,
    `export ${STEP} await step();`,
    `${STEP} step(); step();`,
    `${STEP} step(); other();`,
    `${STEP} step(); const later = await other();`,
    `${STEP} if (ready) step();`,
    `${STEP} void step(); await step();`,
    `${STEP} for (const x of xs) await step();`,
    `${STEP} while (busy) { await step(); }`,
    `${STEP} await Promise.all([step(), step()]);`,
    `${STEP} await run(step);`,
    `${STEP} const again = step; await step();`,
    `${STEP} const done = step();`,
    `${STEP} export async function main() { await step(); } await main();`,
    `${STEP} async function main() { step(); } main();`,
    `${STEP} class Job { async run() { await step(); } }`,
    'async function step() { await step(); }',
    'const fn = async () => {}; await fn();',
  ])('%s', (text) => {
    expect(isStep(text)).toBe(false);
  });
});

test('a file is a step of itself', () => {
  const source = parse('await step();');
  expect(sequenceOf(source)).toBe(source.fileName);
});

test('another function of the name is another function', () => {
  expect(isStep(`${STEP} await step(); function other() { const step = () => {}; step(); }`)).toBe(true);
});

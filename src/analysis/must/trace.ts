import type { ReportStep } from '../../engine/rule.ts';
import type { Ts } from '../../syntax/ts.ts';
import type { Code } from '../code.ts';
import { functionName, isFunctionNode, ownerOf } from '../inserts/functions.ts';
import type { Step } from './approach.ts';

/** The steps from where a way begins to where it ends. */
export function wayTrace(code: Code, start: Step, without: string, last: string): readonly ReportStep[] {
  const steps: ReportStep[] = [entryStep(code, start.node, without)];
  for (let at: Step | undefined = start; at; at = at.towards) {
    const next = at.towards;
    const message = next ? `runs ${nameOf(ownerOf(next.node))}` : last;
    steps.push({ at: code.span(at.node), message });
  }
  return steps;
}

function entryStep(code: Code, node: Ts.Node, without: string): ReportStep {
  const owner = ownerOf(node);
  if (!isFunctionNode(owner)) return { at: code.span(node), message: `the module begins ${without}` };
  const { name } = owner as { name?: Ts.Node };
  return { at: code.span(name ?? owner), message: `${nameOf(owner)} is entered ${without}` };
}

function nameOf(owner: Ts.Node): string {
  return functionName(owner) ?? 'a function';
}

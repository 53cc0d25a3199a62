import { type Action, buildCfg, type Cfg, type CfgEdge, type CfgOwner } from '../../src/analysis/cfg.ts';
import { SourceTree } from '../../src/syntax/tree.ts';
import { type Ts, ts } from '../../src/syntax/ts.ts';

/**
 * The graph of a function body as text: a line for each action, in the order in which control first gets there, with
 * the actions it goes on to. Joins are left out, and so is the end of an expression statement. `!` marks an action
 * whose exception leaves the function; `f() #2` is the second copy of an action.
 */
export function graphOf(body: string, head = 'async function f()'): string[] {
  return describe(buildCfg(ownerIn(`${head} {${body}}`)));
}

/** The graph of the top level of a file. */
export function graphOfFile(text: string): string[] {
  return describe(buildCfg(new SourceTree('/a.tsx', text).source));
}

/** The first function, or static block, of a text. */
export function ownerIn(text: string): CfgOwner {
  let found: CfgOwner | undefined;
  const visit = (node: Ts.Node): void => {
    if (found) return;
    const isOwner = ts.isFunctionLike(node) || ts.isClassStaticBlockDeclaration(node);
    if (isOwner && 'body' in node && node.body) found = node as CfgOwner;
    else ts.forEachChild(node, visit);
  };
  const tree = new SourceTree('/a.ts', text);
  const [problem] = tree.problems;
  if (problem) throw new Error(`${problem.message} at ${problem.start}`);
  visit(tree.source);
  if (!found) throw new Error('no function in the text');
  return found;
}

function describe(cfg: Cfg): string[] {
  const hidden = new Set<Action['kind']>(['join', 'discard']);
  const isShown = (id: number): boolean => !hidden.has(cfg.nodes[id]?.action.kind ?? 'join');
  /** The shown nodes behind an edge, and whether an exception goes on the way there. */
  const targets = (edge: CfgEdge): readonly Target[] => {
    const found: Target[] = [];
    const seen = new Set<number>();
    const walk = (to: number, rethrows: boolean): void => {
      if (isShown(to)) found.push({ to, rethrows });
      else if (!seen.has(to)) {
        seen.add(to);
        for (const next of cfg.nodes[to]?.successors ?? []) walk(next.to, rethrows || next.when === 'throw');
      }
    };
    walk(edge.to, false);
    return found;
  };

  const names = new Map<number, string>();
  const counts = new Map<string, number>();
  const lines: string[] = [];
  const queue = [cfg.entry];
  for (const id of queue) {
    if (names.has(id)) continue;
    const node = cfg.nodes[id];
    if (!node) throw new Error(`an edge leads to node ${id}, which does not exist`);
    const name = nameOf(node.action);
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    names.set(id, count === 1 ? name : `${name} #${count}`);
    const edges = ORDER.flatMap((when) => node.successors.filter((edge) => edge.when === when));
    queue.push(...edges.flatMap(targets).map(({ to }) => to));
  }
  for (const [id, name] of names) {
    const node = cfg.nodes[id];
    if (!node || id === cfg.exit || id === cfg.throwExit) continue;
    const isUncaught = node.successors.some((edge) => edge.when === 'throw' && edge.to === cfg.throwExit);
    const parts = ORDER.flatMap((when) =>
      node.successors
        .filter((edge) => edge.when === when && !(when === 'throw' && edge.to === cfg.throwExit))
        .flatMap((edge) =>
          targets(edge).map((target) => ({ when: target.rethrows ? 'rethrow' : when, target })),
        )
        .map(({ when: label, target }) => `${label === 'next' ? '' : `${label} `}${names.get(target.to)}`),
    );
    lines.push(`${name}${isUncaught ? '!' : ''}${parts.length > 0 ? ` → ${parts.join(', ')}` : ''}`);
  }
  return lines;
}

interface Target {
  readonly to: number;
  readonly rethrows: boolean;
}

const ORDER: readonly CfgEdge['when'][] = ['next', 'true', 'false', 'throw'];

function nameOf(action: Action): string {
  switch (action.kind) {
    case 'declare':
    case 'dispose':
      return `${action.kind === 'dispose' && action.awaits ? 'await dispose' : action.kind} ${action.node.name.getText()}`;
    case 'pick':
      return `pick ${action.from?.getText() ?? 'undefined'}`;
    case 'branch':
      return `${action.condition.getText()} ${action.test}?`;
    case 'return':
      return action.value ? `return ${action.value.getText()}` : 'return';
    case 'throw':
      return 'throw';
    case 'next':
    case 'close':
      return `${action.kind} ${action.node.expression.getText()}`;
    case 'call':
    case 'await':
    case 'yield':
    case 'assign':
    case 'discard':
      return action.node.getText();
    default:
      return action.kind;
  }
}

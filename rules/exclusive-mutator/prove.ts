import { Targets } from '../../src/analysis/dispatch/targets.ts';
import { programCalls } from '../../src/analysis/inserts/call-graph.ts';
import { type Mutation, mutationsOf } from '../../src/analysis/mutation/mutations.ts';
import { Owners } from '../../src/analysis/mutation/owners.ts';
import { hasModifier } from '../../src/analysis/shapes.ts';
import type { Mutant, Operator, ProofView } from '../../src/engine/proof.ts';
import { type Ts, ts } from '../../src/syntax/ts.ts';
import type { ExclusiveMutatorOptions } from './rule.ts';

const changeElsewhere: Operator<ExclusiveMutatorOptions> = {
  id: 'change-elsewhere',
  summary: 'makes the same change in another method of the class',
  mutants: (view) => inOtherMethods(view, ({ receiver, change }) => `\n${receiver}${change};`),
};

const changeAlias: Operator<ExclusiveMutatorOptions> = {
  id: 'change-alias',
  summary: 'makes the same change in another method, through a variable that holds what the field holds',
  mutants: (view) =>
    inOtherMethods(view, ({ receiver, change, isContents }) =>
      isContents ? `\n{ const alias = ${receiver}; alias${change}; }` : undefined,
    ),
};

/** A change, cut in two: what is changed, and how. */
interface Change {
  readonly receiver: string;
  readonly change: string;
  /** What the field holds is changed, and not the field. */
  readonly isContents: boolean;
}

async function inOtherMethods(
  { use, root, options, program }: ProofView<ExclusiveMutatorOptions>,
  textOf: (change: Change) => string | undefined,
): Promise<readonly Mutant[]> {
  const { code, heritage, graph } = await use(programCalls);
  const targets = new Targets(code, heritage, root);
  return options.fields.flatMap(({ field, methods, only }) => {
    const resolution = targets.resolve(field);
    if (!('target' in resolution)) return [];
    const owners = new Owners({ program, root, targets }, only);
    const { found } = mutationsOf(resolution.target, methods && new Set(methods), { code, targets, graph });
    const seen = new Set<string>();
    return found.flatMap((mutation): Mutant[] => {
      const change = changeOf(mutation);
      const body = otherMethod(mutation.node, owners);
      const text = change && textOf(change);
      if (!body || text === undefined || seen.has(text)) return [];
      seen.add(text);
      const at = body.getStart() + 1;
      return [{ edits: [{ file: code.fileOf(body), start: at, end: at, text }] }];
    });
  });
}

/** Only what names the field by `this` means the same in every method. */
function changeOf({ node, via }: Mutation): Change | undefined {
  if (via.length > 0) return undefined;
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    const { expression, name } = node.expression;
    if (!isOwnField(expression)) return undefined;
    return {
      receiver: expression.getText(),
      change: `.${name.text}(undefined as never)`,
      isContents: true,
    };
  }
  if (ts.isBinaryExpression(node) && isOwnField(node.left)) {
    return { receiver: node.left.getText(), change: ' = undefined as never', isContents: false };
  }
  return undefined;
}

function isOwnField(node: Ts.Node): boolean {
  return ts.isPropertyAccessExpression(node) && node.expression.kind === ts.SyntaxKind.ThisKeyword;
}

/** The body of a method of the same class that is no owner. */
function otherMethod(node: Ts.Node, owners: Owners): Ts.Block | undefined {
  const cls = ts.findAncestor(node, ts.isClassLike);
  for (const member of cls?.members ?? []) {
    if (!ts.isMethodDeclaration(member) || !member.body) continue;
    const isStatic = hasModifier(member, ts.SyntaxKind.StaticKeyword);
    if (!isStatic && owners.around(member.body).length === 0) return member.body;
  }
  return undefined;
}

export const operators: readonly Operator<ExclusiveMutatorOptions>[] = [changeElsewhere, changeAlias];

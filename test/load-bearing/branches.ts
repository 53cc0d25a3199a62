import { parse } from '../../src/proof/nodes.ts';
import { type Ts, ts } from '../../src/syntax/ts.ts';

/** A place where code goes one of two ways. */
export interface Branch {
  /** Unique among the branches of a rule. */
  readonly id: number;
  /** Relative to the repository. */
  readonly file: string;
  /** The function that it is in, and what is decided: `judge: innerRank === outerRank`. Unique in the file. */
  readonly name: string;
  readonly kind: BranchKind;
}

/**
 * A `condition` is what is asked before one of two ways is taken: by an `if`, a loop, a conditional expression, or a
 * callback that chooses elements. An `operator` decides whether its right side counts: `&&`, `||` and `??`.
 */
type BranchKind = 'condition' | 'operator';

/** The two ways of a branch, as the lists of mutants call them: the first for yes, the second for no. */
export const WAYS = {
  condition: ['always true', 'always false'],
  operator: ['without its left side', 'without its right side'],
} as const satisfies Record<BranchKind, readonly [string, string]>;

/** A module as CommonJS, in which each branch asks `__decide(id, outcome)` which way to go. */
export interface Instrumented {
  readonly code: string;
  readonly branches: readonly Branch[];
}

/** Finds the branches of a module and makes them ask. */
export function instrument(text: string, file: string, firstId: number): Instrumented {
  const names = new Map<string, number>();
  const branches: Branch[] = [];
  const ids = new Map<Ts.Node, number>();
  const note = (node: Ts.Expression, kind: BranchKind): void => {
    const said = `${functionName(node)}: ${node.getText().replace(/\s+/g, ' ')}`;
    const nth = (names.get(`${kind} ${said}`) ?? 0) + 1;
    names.set(`${kind} ${said}`, nth);
    const id = firstId + branches.length;
    branches.push({ id, file, name: nth === 1 ? said : `${said} (${nth})`, kind });
    ids.set(kind === 'operator' ? (node as Ts.BinaryExpression).operatorToken : node, id);
  };
  const find = (node: Ts.Node): void => {
    const condition = conditionOf(node);
    if (condition) note(condition, 'condition');
    if (isChoice(node)) note(node, 'operator');
    ts.forEachChild(node, find);
  };
  find(parse(text, file));
  // The program is parsed once more there: a node is known again by where it stands.
  const byPlace = new Map([...ids].map(([node, id]) => [placeOf(node), id]));
  const { outputText } = ts.transpileModule(text, {
    fileName: file,
    compilerOptions: {
      module: ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2023,
      esModuleInterop: false,
    },
    transformers: { before: [(context) => (source) => asking(source, byPlace, context)] },
  });
  return { code: outputText, branches };
}

function placeOf(node: Ts.Node): string {
  return `${node.kind} ${node.pos} ${node.end}`;
}

/** What a node asks before it goes one of two ways. */
function conditionOf(node: Ts.Node): Ts.Expression | undefined {
  if (ts.isIfStatement(node) || ts.isWhileStatement(node) || ts.isDoStatement(node)) return node.expression;
  if (ts.isConditionalExpression(node) || ts.isForStatement(node)) return node.condition;
  if (!ts.isArrowFunction(node) || ts.isBlock(node.body) || !ts.isCallExpression(node.parent))
    return undefined;
  const { expression: called } = node.parent;
  return ts.isPropertyAccessExpression(called) && CHOOSERS.has(called.name.text) ? node.body : undefined;
}

/** The methods of collections whose callback says yes or no to an element. */
const CHOOSERS = new Set('every filter find findIndex findLast findLastIndex some'.split(' '));

type Choice = Ts.BinaryExpression & { readonly operatorToken: { readonly kind: ChoiceKind } };
type ChoiceKind =
  | Ts.SyntaxKind.AmpersandAmpersandToken
  | Ts.SyntaxKind.BarBarToken
  | Ts.SyntaxKind.QuestionQuestionToken;

function isChoice(node: Ts.Node): node is Choice {
  return (
    ts.isBinaryExpression(node) &&
    [
      ts.SyntaxKind.AmpersandAmpersandToken,
      ts.SyntaxKind.BarBarToken,
      ts.SyntaxKind.QuestionQuestionToken,
    ].includes(node.operatorToken.kind)
  );
}

/** The name of the nearest function around that has one. */
function functionName(node: Ts.Node): string {
  if (ts.isSourceFile(node)) return 'module';
  if (ts.isConstructorDeclaration(node)) return 'constructor';
  if (ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node))
    return node.name?.getText() ?? 'default';
  const holds =
    ts.isVariableDeclaration(node) || ts.isPropertyAssignment(node) ? node.initializer : undefined;
  if (holds && ts.isArrowFunction(holds) && 'name' in node) return (node.name as Ts.Node).getText();
  return functionName(node.parent);
}

/** The module with each branch put to the question; what is asked is evaluated as before. */
function asking(
  source: Ts.SourceFile,
  ids: ReadonlyMap<string, number>,
  context: Ts.TransformationContext,
): Ts.SourceFile {
  const { factory } = context;
  const left = factory.createIdentifier('__left');
  const decide = (id: number, outcome: Ts.Expression): Ts.Expression =>
    factory.createCallExpression(factory.createIdentifier('__decide'), undefined, [
      factory.createNumericLiteral(id),
      outcome,
    ]);
  const rewritten = (node: Ts.Node): Ts.Node => {
    const inner = ts.visitEachChild(node, visit, context);
    const choice = isChoice(node) ? ids.get(placeOf(node.operatorToken)) : undefined;
    if (choice === undefined || !isChoice(inner)) return inner;
    // `left = a, decide(…) ? b : left`: nothing else runs between the two uses of the variable.
    const keep = factory.createAssignment(left, inner.left);
    const takesRight = {
      [ts.SyntaxKind.AmpersandAmpersandToken]: factory.createLogicalNot(factory.createLogicalNot(left)),
      [ts.SyntaxKind.BarBarToken]: factory.createLogicalNot(left),
      [ts.SyntaxKind.QuestionQuestionToken]: factory.createEquality(left, factory.createNull()),
    }[inner.operatorToken.kind];
    const question = factory.createParenthesizedExpression(
      factory.createComma(keep, decide(choice, takesRight)),
    );
    return factory.createParenthesizedExpression(
      factory.createConditionalExpression(question, undefined, inner.right, undefined, left),
    );
  };
  const visit = (node: Ts.Node): Ts.Node => {
    const id = ids.get(placeOf(node));
    const inner = rewritten(node);
    return id === undefined ? inner : decide(id, inner as Ts.Expression);
  };
  return ts.visitEachChild(source, visit, context);
}

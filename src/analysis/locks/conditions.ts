import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, rightmostName, skipParentheses } from '../code.ts';
import { isAssignmentOperator, isUpdate } from '../shapes.ts';

/** What the compiler and the scopes tell about conditions. */
export class Conditions {
  readonly #code: Code;
  readonly #reassigned = new WeakMap<Ts.Node, ReadonlySet<Ts.Node>>();

  constructor(code: Code) {
    this.#code = code;
  }

  /** Whether a `case` is the last one of a `switch` that covers every value its subject can have. */
  isLastOfAll(label: Ts.Expression, statement: Ts.SwitchStatement): boolean {
    const { clauses } = statement.caseBlock;
    const labels = clauses.filter(ts.isCaseClause).map(({ expression }) => expression);
    if (labels.length < clauses.length || labels[labels.length - 1] !== label) return false;
    const name = rightmostName(statement.expression);
    const values = name && this.#code.typeOf(name)?.literals;
    const covered = labels.map((one) => literalValue(one));
    return values !== undefined && values.length > 0 && values.every((value) => covered.includes(value));
  }

  /** Whether a variable keeps its first value. */
  isNeverReassigned(declaration: Ts.Node): boolean {
    const source = declaration.getSourceFile();
    let reassigned = this.#reassigned.get(source);
    if (!reassigned) {
      reassigned = reassignedIn(source, this.#code);
      this.#reassigned.set(source, reassigned);
    }
    return !reassigned.has(declaration);
  }
}

function reassignedIn(source: Ts.SourceFile, code: Code): ReadonlySet<Ts.Node> {
  const found = new Set<Ts.Node>();
  const mark = (node: Ts.Node): void => {
    const bare = skipParentheses(node);
    if (ts.isIdentifier(bare)) {
      const declaration = code.declarationNode(bare);
      if (declaration) found.add(declaration);
    } else if (ts.isArrayLiteralExpression(bare)) for (const element of bare.elements) mark(element);
  };
  const visit = (node: Ts.Node): void => {
    if (ts.isBinaryExpression(node) && isAssignmentOperator(node.operatorToken.kind)) mark(node.left);
    else if (isUpdate(node)) mark(node.operand);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function literalValue(node: Ts.Expression): string | number | boolean | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isNumericLiteral(node)) return Number(node.text);
  if (node.kind === ts.SyntaxKind.TrueKeyword) return true;
  return node.kind === ts.SyntaxKind.FalseKeyword ? false : undefined;
}

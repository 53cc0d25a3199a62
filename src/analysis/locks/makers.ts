import { type Ts, ts } from '../../syntax/ts.ts';
import { type NameNode, nameText, rightmostName, skipParentheses } from '../code.ts';

/**
 * The call whose result, or a part of it, a declaration holds: `guard(mu)` in `const run = guard(mu)`, `export default
 * guard(mu)` and `const { run } = guard(mu)`.
 */
export function makingOf(declaration: Ts.Node): Ts.CallExpression | undefined {
  if (ts.isBindingElement(declaration)) return makingOf(declaration.parent.parent);
  const holds =
    ts.isVariableDeclaration(declaration) ||
    ts.isPropertyDeclaration(declaration) ||
    ts.isPropertyAssignment(declaration);
  const value = holds
    ? declaration.initializer
    : ts.isExportAssignment(declaration)
      ? declaration.expression
      : undefined;
  const bare = value && skipParentheses(value);
  return bare && ts.isCallExpression(bare) ? bare : undefined;
}

/** The name of the function that makes something: `guard` in `guard(mu)`, and in `guard(options)(work)`. */
export function makerIn(making: Ts.CallExpression): NameNode | undefined {
  const callee = skipParentheses(making.expression);
  return ts.isCallExpression(callee) ? makerIn(callee) : rightmostName(callee);
}

/** All that something is made of: `once(logged(work))` of `work`, too, and `compose([outer, inner])` of both. */
export function givenTo(making: Ts.CallExpression): readonly Ts.Node[] {
  return making.arguments.flatMap(partsGiven);
}

function partsGiven(given: Ts.Node): readonly Ts.Node[] {
  const bare = skipParentheses(given);
  if (ts.isCallExpression(bare)) return givenTo(bare);
  if (ts.isArrayLiteralExpression(bare)) return bare.elements.flatMap(partsGiven);
  if (!ts.isObjectLiteralExpression(bare)) return [bare];
  return bare.properties.flatMap((property) =>
    ts.isPropertyAssignment(property)
      ? partsGiven(property.initializer)
      : ts.isMethodDeclaration(property)
        ? [property]
        : ts.isShorthandPropertyAssignment(property)
          ? [property.name]
          : [],
  );
}

/** The name of the function whose result a declaration holds: `guard` in `const run = guard(mu)`. */
export function makerOf(declaration: Ts.Node): NameNode | undefined {
  const making = makingOf(declaration);
  return making && rightmostName(making.expression);
}

/**
 * The name of the function that returns another: the `guard` of `const guard = (mu) => (task) => …`. What returns it may
 * have no name and be returned itself.
 */
export function makerNameOf(made: Ts.Node): string | undefined {
  const maker = ts.findAncestor(made.parent, ts.isFunctionLike);
  if (!maker || !isReturned(made, maker)) return undefined;
  const holder = maker.name ?? (maker.parent as { name?: Ts.Node }).name;
  return holder ? nameText(holder) : makerNameOf(maker);
}

function isReturned(made: Ts.Node, maker: Ts.Node): boolean {
  const whole = wholeOf(made);
  const { parent } = whole;
  if (ts.isReturnStatement(parent) || parent === maker) return true;
  const declaration = ts.isFunctionDeclaration(made) ? made : parent;
  const name =
    ts.isFunctionDeclaration(declaration) || ts.isVariableDeclaration(declaration)
      ? declaration.name
      : undefined;
  return name !== undefined && ts.isIdentifier(name) && returns(maker, name.text);
}

/** The value that a part belongs to: a choice it is one of, a literal that it is a member of. */
function wholeOf(part: Ts.Node): Ts.Node {
  const { parent } = part;
  const isPart =
    ts.isParenthesizedExpression(parent) ||
    ts.isAsExpression(parent) ||
    ts.isSatisfiesExpression(parent) ||
    (ts.isConditionalExpression(parent) && parent.condition !== part) ||
    (ts.isBinaryExpression(parent) && CHOICES.has(parent.operatorToken.kind)) ||
    ts.isArrayLiteralExpression(parent) ||
    ts.isPropertyAssignment(parent) ||
    ts.isObjectLiteralExpression(parent);
  return isPart ? wholeOf(parent) : part;
}

const CHOICES: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.QuestionQuestionToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.AmpersandAmpersandToken,
]);

function returns(node: Ts.Node, name: string): boolean {
  if (ts.isReturnStatement(node) && node.expression) {
    const bare = skipParentheses(node.expression);
    if (ts.isIdentifier(bare) && bare.text === name) return true;
  }
  return ts.forEachChild(node, (child) => returns(child, name)) ?? false;
}

/** What holds something that a function has made. */
export interface KeptResult {
  readonly holder: Ts.Node;
  /** The name that it goes by; undefined for what a file exports by default. */
  readonly name: string | undefined;
  readonly making: Ts.CallExpression;
}

const keptBySource = new WeakMap<Ts.SourceFile, readonly KeptResult[]>();

/** What a file keeps of what functions have made. */
export function keptIn(source: Ts.SourceFile): readonly KeptResult[] {
  const known = keptBySource.get(source);
  if (known) return known;
  const found: KeptResult[] = [];
  const visit = (node: Ts.Node): void => {
    const making = ts.isBinaryExpression(node) ? makingAssigned(node) : makingOf(node);
    const name = nameOfHolder(node);
    if (making && (name !== undefined || ts.isExportAssignment(node)))
      found.push({ holder: node, name, making });
    ts.forEachChild(node, visit);
  };
  visit(source);
  keptBySource.set(source, found);
  return found;
}

/** `this.run = guard(mu)` */
function makingAssigned({ operatorToken, right }: Ts.BinaryExpression): Ts.CallExpression | undefined {
  const value = skipParentheses(right);
  const isPlain = operatorToken.kind === ts.SyntaxKind.EqualsToken;
  return isPlain && ts.isCallExpression(value) ? value : undefined;
}

function nameOfHolder(node: Ts.Node): string | undefined {
  const name = ts.isBinaryExpression(node) ? rightmostName(node.left) : (node as { name?: Ts.Node }).name;
  return name && nameText(name);
}

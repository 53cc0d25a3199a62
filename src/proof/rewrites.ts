import { memberName, skipParentheses } from '../analysis/code.ts';
import { docComments } from '../analysis/doc-tags.ts';
import { makesListOf } from '../analysis/lifecycle/takers.ts';
import { hasModifier } from '../analysis/shapes.ts';
import { owningFunction, resolveLocal } from '../syntax/scopes.ts';
import { type Ts, ts } from '../syntax/ts.ts';
import { dependsOnFunction, insert, nodesIn, type TextEdit } from './nodes.ts';

/**
 * A rewrite of one file.
 *
 * @param isNamed whether somebody counts on a function's being called so; what it does must stay where it is
 */
export type RewriteOfFile = (
  source: Ts.SourceFile,
  isNamed: (name: string) => boolean,
) => readonly TextEdit[];

/** Rewrites of a file that change how it is written and nothing that it does, by name. What cannot be rewritten is left as it is. */
export const rewrites: Readonly<Record<string, RewriteOfFile>> = {
  'rename locals': renameLocals,
  'arrows to functions': arrowsToFunctions,
  'await to then': awaitToThen,
  'wrap in try and finally': wrapInTry,
  'extract methods': extractMethods,
  'inline a method': inlineMethod,
  'reorder members': reorderMembers,
  'reorder statements': reorderStatements,
};

/** What renamed variables are called, behind their old names. */
export const RENAMED = '_renamed';

/** Every parameter and variable of a function gets another name. */
function renameLocals(source: Ts.SourceFile): readonly TextEdit[] {
  const isRenamed = (declaration: Ts.Node | undefined): boolean => {
    if (!declaration) return false;
    if (ts.isParameter(declaration) && (declaration.modifiers?.length ?? 0) > 0) return false;
    const isVariable =
      ts.isVariableDeclaration(declaration) ||
      ts.isParameter(declaration) ||
      ts.isBindingElement(declaration);
    return isVariable && !ts.isSourceFile(owningFunction(declaration));
  };
  return nodesIn(source).flatMap((node) => {
    if (!ts.isIdentifier(node) || node.text === 'this') return [];
    const { parent } = node;
    const after = insert(node.end, RENAMED);
    if ((parent as { name?: Ts.Node }).name === node) {
      if (ts.isShorthandPropertyAssignment(parent)) {
        return isRenamed(resolveLocal(node)) ? [insert(node.end, `: ${node.text}${RENAMED}`)] : [];
      }
      if (!isRenamed(parent)) return [];
      const isShort =
        ts.isBindingElement(parent) &&
        ts.isObjectBindingPattern(parent.parent) &&
        !parent.propertyName &&
        !parent.dotDotDotToken;
      return [isShort ? insert(node.end, `: ${node.text}${RENAMED}`) : after];
    }
    const isOther =
      (ts.isBindingElement(parent) && parent.propertyName === node) ||
      ts.isTypeReferenceNode(parent) ||
      ts.isLabeledStatement(parent) ||
      ts.isBreakOrContinueStatement(parent) ||
      ts.isQualifiedName(parent);
    return !isOther && isRenamed(resolveLocal(node)) ? [after] : [];
  });
}

/** Arrow functions that have no use for being arrows. */
function arrowsToFunctions(source: Ts.SourceFile): readonly TextEdit[] {
  return nodesIn(source).flatMap((node) => {
    if (!ts.isArrowFunction(node) || dependsOnFunction(node)) return [];
    const { body, parameters, equalsGreaterThanToken: arrow } = node;
    const [first] = parameters;
    const isBare =
      first !== undefined &&
      parameters.length === 1 &&
      source.text[first.getStart() - 1] !== '(' &&
      !hasModifier(node, ts.SyntaxKind.AsyncKeyword) &&
      node.getStart() === first.getStart();
    if (first && !isBare && !/\(\s*$/.test(source.text.slice(node.getStart(), first.getStart()))) return [];
    const asyncEnd = node.modifiers?.at(-1)?.end;
    const edits: TextEdit[] = [
      insert(asyncEnd ?? node.getStart(), `${asyncEnd ? ' ' : ''}function ${isBare ? '(' : ''}`),
    ];
    if (isBare && first) edits.push(insert(first.end, ')'));
    edits.push({ start: arrow.getStart(), end: arrow.end, text: '' });
    if (!ts.isBlock(body)) edits.push(insert(body.getStart(), '{ return '), insert(body.end, '; }'));
    // Where an expression begins with it, a function must not look like a declaration.
    return edits;
  });
}

/** `const v = await call(); rest` at the top of an async function becomes `return call().then(async (v) => { rest })`. */
function awaitToThen(source: Ts.SourceFile): readonly TextEdit[] {
  return nodesIn(source).flatMap((node) => {
    const isFunction =
      ts.isMethodDeclaration(node) || ts.isFunctionDeclaration(node) || ts.isFunctionExpression(node);
    if (!isFunction || !node.body || node.asteriskToken) return [];
    if (!hasModifier(node, ts.SyntaxKind.AsyncKeyword)) return [];
    const { statements } = node.body;
    const isBound = statements.some(
      (statement) =>
        ts.isFunctionDeclaration(statement) ||
        (ts.isVariableStatement(statement) && (statement.declarationList.flags & ts.NodeFlags.Using) !== 0),
    );
    // What is not an arrow has an `arguments` of its own.
    if (isBound || nodesIn(node.body).some((one) => ts.isIdentifier(one) && one.text === 'arguments'))
      return [];
    const index = statements.findIndex((statement) => awaitedBy(statement) !== undefined);
    const statement = statements[index];
    const found = statement && awaitedBy(statement);
    if (!statement || !found) return [];
    const { call, name } = found;
    return [
      { start: statement.getStart(), end: call.getStart(), text: 'return (' },
      { start: call.end, end: statement.end, text: `).then(async (${name}) => {` },
      insert(node.body.end - 1, '}); '),
    ];
  });
}

function awaitedBy(
  statement: Ts.Statement,
): { readonly call: Ts.Expression; readonly name: string } | undefined {
  if (ts.isExpressionStatement(statement)) {
    const { expression } = statement;
    return ts.isAwaitExpression(expression) && isChainable(expression.expression)
      ? { call: expression.expression, name: '' }
      : undefined;
  }
  if (!ts.isVariableStatement(statement) || (statement.declarationList.flags & ts.NodeFlags.Const) === 0)
    return undefined;
  const [declaration, another] = statement.declarationList.declarations;
  const value = declaration?.initializer;
  if (!declaration || another || !value || !ts.isAwaitExpression(value) || !isChainable(value.expression)) {
    return undefined;
  }
  return {
    call: value.expression,
    name: declaration.name.getText() + (declaration.type ? `: ${declaration.type.getText()}` : ''),
  };
}

/** A call, but for one that makes a list: that can be awaited, and has no `then`. */
function isChainable(value: Ts.Expression): value is Ts.CallExpression {
  if (!ts.isCallExpression(value)) return false;
  return !makesListOf(memberName(skipParentheses(value.expression))?.text ?? '');
}

function wrapInTry(source: Ts.SourceFile): readonly TextEdit[] {
  return nodesIn(source).flatMap((node) => {
    const isFunction = ts.isFunctionLike(node) && !ts.isConstructorDeclaration(node) && 'body' in node;
    const body = isFunction ? (node.body as Ts.Node | undefined) : undefined;
    if (!body || !ts.isBlock(body)) return [];
    return [insert(body.getStart() + 1, ' try {'), insert(body.end - 1, '} finally {} ')];
  });
}

/** The body of a method moves into a method of its own, which the old one calls. */
function extractMethods(source: Ts.SourceFile, isNamed: (name: string) => boolean): readonly TextEdit[] {
  return nodesIn(source).flatMap((node) => {
    if (!ts.isMethodDeclaration(node) || !node.body || !ts.isClassLike(node.parent)) return [];
    const isPlain =
      !node.asteriskToken &&
      !node.typeParameters &&
      (ts.isIdentifier(node.name) || ts.isPrivateIdentifier(node.name)) &&
      !isNamed(node.name.text) &&
      !ts.getDecorators(node) &&
      !hasModifier(node, ts.SyntaxKind.StaticKeyword) &&
      node.parameters.every(
        ({ name, initializer, dotDotDotToken }) =>
          ts.isIdentifier(name) && name.text !== 'this' && !initializer && !dotDotDotToken,
      ) &&
      !(node.type && ts.isTypePredicateNode(node.type)) &&
      !isOverloaded(node) &&
      !isTagged(node) &&
      !nodesIn(node.body).some(
        (one) =>
          one.kind === ts.SyntaxKind.SuperKeyword || (ts.isIdentifier(one) && one.text === 'arguments'),
      );
    if (!isPlain) return [];
    const name = `extracted_${node.parent.name?.text ?? 'class'}_${node.name.text.replace('#', '')}`;
    const args = node.parameters.map((parameter) => parameter.name.getText()).join(', ');
    const parameters = node.parameters.map((parameter) => parameter.getText()).join(', ');
    const type = node.type ? `: ${node.type.getText()}` : '';
    const isAsync = hasModifier(node, ts.SyntaxKind.AsyncKeyword) ? 'async ' : '';
    return [
      insert(
        node.body.getStart() + 1,
        ` return this.${name}(${args}); } private ${isAsync}${name}(${parameters})${type} {`,
      ),
    ];
  });
}

/** What a tag says of a method is about its name and its body together. */
function isTagged(method: Ts.MethodDeclaration): boolean {
  return docComments(method).some(({ text }) => /[\s*]@\w/.test(text));
}

function isOverloaded(method: Ts.MethodDeclaration): boolean {
  const name = method.name.getText();
  return (method.parent as Ts.ClassLikeDeclaration).members.some(
    (member) => member !== method && member.name?.getText() === name,
  );
}

/** The first private method that is only ever called moves to where it is called. */
function inlineMethod(source: Ts.SourceFile, isNamed: (name: string) => boolean): readonly TextEdit[] {
  const all = nodesIn(source);
  for (const node of all) {
    if (!ts.isMethodDeclaration(node) || !node.body || node.asteriskToken || node.typeParameters) continue;
    const isPrivate = hasModifier(node, ts.SyntaxKind.PrivateKeyword) || ts.isPrivateIdentifier(node.name);
    if (
      !isPrivate ||
      isOverloaded(node) ||
      ts.getDecorators(node) ||
      hasModifier(node, ts.SyntaxKind.StaticKeyword)
    )
      continue;
    const name = node.name.getText();
    if (isNamed(name) || isTagged(node)) continue;
    const uses = all.filter(
      (one) =>
        (ts.isIdentifier(one) || ts.isPrivateIdentifier(one)) && one.text === name && one !== node.name,
    );
    const calls = uses
      .map(({ parent }) => parent)
      .filter(
        (access): access is Ts.PropertyAccessExpression =>
          ts.isPropertyAccessExpression(access) &&
          access.expression.kind === ts.SyntaxKind.ThisKeyword &&
          ts.isCallExpression(access.parent) &&
          access.parent.expression === access,
      );
    const isInside = (use: Ts.Node): boolean => use.pos >= node.pos && use.end <= node.end;
    const isBound = nodesIn(node.body).some(
      (one) => one.kind === ts.SyntaxKind.SuperKeyword || (ts.isIdentifier(one) && one.text === 'arguments'),
    );
    if (uses.length === 0 || calls.length < uses.length || uses.some(isInside) || isBound) continue;
    const isAsync = hasModifier(node, ts.SyntaxKind.AsyncKeyword) ? 'async ' : '';
    const parameters = node.parameters.map((parameter) => parameter.getText()).join(', ');
    const type = node.type ? `: ${node.type.getText()}` : '';
    const arrow = `(${isAsync}(${parameters})${type} => ${node.body.getText()})`;
    return [
      ...calls.map((call) => ({ start: call.getStart(), end: call.end, text: arrow })),
      { start: node.getStart(), end: node.end, text: '' },
    ];
  }
  return [];
}

/** The methods of each class in the opposite order. */
function reorderMembers(source: Ts.SourceFile): readonly TextEdit[] {
  return nodesIn(source).flatMap((node) => {
    if (!ts.isClassLike(node)) return [];
    const methods = node.members.filter((member) => ts.isMethodDeclaration(member) && member.body);
    const isNested = methods.some((method) => nodesIn(method).some(ts.isClassLike));
    const isOverloading = node.members.some((member) => ts.isMethodDeclaration(member) && !member.body);
    if (isNested || isOverloading) return [];
    // What is written above a method, annotations among it, goes with it.
    const starts = methods.map((method) => method.getStart(source, true));
    const texts = methods.map(({ end }, index) => source.text.slice(starts[index], end)).reverse();
    return methods.map((method, index) => ({
      start: starts[index] ?? method.end,
      end: method.end,
      text: texts[index] ?? '',
    }));
  });
}

/** Two neighbours that only make something each, and do not know of each other, change places. */
function reorderStatements(source: Ts.SourceFile): readonly TextEdit[] {
  const edits: TextEdit[] = [];
  for (const node of [source, ...nodesIn(source)]) {
    if (!ts.isSourceFile(node) && !ts.isBlock(node)) continue;
    const { statements } = node;
    for (let index = 0; index + 1 < statements.length; index += 1) {
      const [a, b] = [statements[index], statements[index + 1]];
      if (!a || !b || !isMaking(a) || !isMaking(b)) continue;
      const declared = new Set([...namesOf(a), ...namesOf(b)]);
      const isTold = [a, b].some((one) =>
        nodesIn(one).some(
          (part) =>
            ts.isIdentifier(part) &&
            declared.has(part.text) &&
            (part.parent as { name?: Ts.Node }).name !== part,
        ),
      );
      if (isTold) continue;
      edits.push(
        { start: a.getStart(), end: a.end, text: b.getText() },
        { start: b.getStart(), end: b.end, text: a.getText() },
      );
      index += 1;
    }
  }
  return edits;
}

function isMaking(statement: Ts.Statement): boolean {
  if (!ts.isVariableStatement(statement) || (statement.declarationList.flags & ts.NodeFlags.Const) === 0)
    return false;
  return statement.declarationList.declarations.every(
    ({ initializer, name }) =>
      ts.isIdentifier(name) &&
      initializer !== undefined &&
      (ts.isLiteralExpression(initializer) ||
        (ts.isNewExpression(initializer) &&
          (initializer.arguments ?? []).every((one) => ts.isLiteralExpression(one)))),
  );
}

/** The names that a statement declares. */
export function namesOf(statement: Ts.Statement): readonly string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) =>
      ts.isIdentifier(name) ? [name.text] : [],
    );
  }
  const { name } = statement as { name?: Ts.Node };
  return name && ts.isIdentifier(name) ? [name.text] : [];
}

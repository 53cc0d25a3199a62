import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import { type Code, type NameNode, rightmostName, skipParentheses } from '../code.ts';
import { isConst } from '../shapes.ts';
import { isMember } from './members.ts';

/**
 * Values that come from another package, types or no types: what an import of it gives, what its functions return, and
 * what is declared under a type of it. Their methods are calls of that package, like those of its own exports.
 */

const MAX_STEPS = 8;

/**
 * Whether a callee is another package's: a method of a foreign object, or a function that came of the package itself.
 * What is only declared under a type of the package may be a function of ours: a callback has such a type as well.
 */
export function isCallOfForeign(callee: Ts.Node, code: Code): boolean {
  if (isMember(callee)) return isForeign(callee.expression, code);
  const local = ts.isIdentifier(callee) ? resolveLocal(callee) : undefined;
  if (!local || !(ts.isBindingElement(local) || ts.isVariableDeclaration(local))) return false;
  const { type } = local as { type?: Ts.TypeNode };
  return type === undefined && isForeignDeclaration(local, code, 0);
}

/** Whether an expression is, for certain, a value of another package. */
function isForeign(expression: Ts.Node, code: Code, steps = 0): boolean {
  if (steps > MAX_STEPS) return false;
  const from = (node: Ts.Node): boolean => isForeign(node, code, steps + 1);
  const bare = skipParentheses(expression);
  if (ts.isAwaitExpression(bare)) return from(bare.expression);
  if (ts.isNewExpression(bare)) return isOfPackage(rightmostName(bare.expression), code);
  if (ts.isIdentifier(bare)) {
    const local = resolveLocal(bare);
    return isOfPackage(bare, code) || (local !== undefined && isForeignDeclaration(local, code, steps + 1));
  }
  if (ts.isCallExpression(bare)) {
    const [specifier] = bare.arguments;
    if (bare.expression.kind === ts.SyntaxKind.ImportKeyword) return isPackage(specifier, code);
    return from(bare.expression) || isForeignResult(bare.expression, code);
  }
  if (!isMember(bare)) return false;
  if (from(bare.expression)) return true;
  const name = rightmostName(bare);
  const declaration = name && code.declarationNode(name);
  return declaration !== undefined && isForeignDeclaration(declaration, code, steps + 1);
}

/** `import('x')`: the module is loaded, as one is by an import at the top of a file. */
export function isImportOfModule(callee: Ts.Node, node: Ts.Node): boolean {
  if (callee.kind !== ts.SyntaxKind.ImportKeyword || !ts.isCallExpression(node)) return false;
  const [specifier] = node.arguments;
  return specifier !== undefined && ts.isStringLiteralLike(specifier);
}

/** `import('x')` of a package, and not of a file of the program. */
function isPackage(specifier: Ts.Expression | undefined, code: Code): boolean {
  if (!specifier || !ts.isStringLiteralLike(specifier)) return false;
  const isNamed = /^(?:@[a-z0-9][^/]*\/)?[a-z0-9]/i.test(specifier.text);
  // An alias of a tsconfig may name a file of the program.
  return isNamed && code.entities(specifier).every(({ kind }) => kind === 'external');
}

function isForeignDeclaration(node: Ts.Node, code: Code, steps: number): boolean {
  if (ts.isBindingElement(node)) {
    let root: Ts.Node = node;
    while (ts.isBindingElement(root) || ts.isObjectBindingPattern(root) || ts.isArrayBindingPattern(root)) {
      root = root.parent;
    }
    return ts.isVariableDeclaration(root) && isConst(root) && isForeignDeclaration(root, code, steps);
  }
  const { type, initializer } = node as { type?: Ts.TypeNode; initializer?: Ts.Expression };
  if (type) return isForeignType(type, code);
  if (ts.isVariableDeclaration(node)) {
    return initializer !== undefined && isConst(node) && isForeign(initializer, code, steps);
  }
  return false;
}

/** What a function of the program returns, by what it is declared to. */
function isForeignResult(callee: Ts.Expression, code: Code): boolean {
  const name = rightmostName(callee);
  const declaration = name && code.declarationNode(name);
  const { type } = (declaration ?? {}) as { type?: Ts.TypeNode };
  return declaration !== undefined && ts.isFunctionLike(declaration) && isForeignType(type, code);
}

/** A type of another package, unless a class of the program implements it. */
function isForeignType(type: Ts.TypeNode | undefined, code: Code): boolean {
  if (!type || !ts.isTypeReferenceNode(type)) return false;
  const name = ts.isIdentifier(type.typeName) ? type.typeName : type.typeName.right;
  const [argument] = type.typeArguments ?? [];
  if (/^(?:Promise|PromiseLike|Awaited|NonNullable|Readonly)$/.test(name.text)) {
    return isForeignType(argument, code);
  }
  return isOfPackage(name, code) && !isImplemented(name.text, code);
}

function isImplemented(name: string, { program }: Code): boolean {
  const clause = new RegExp(`\\b(?:implements|extends)\\b[^{]*\\b${name.replaceAll('$', '\\$')}\\b`);
  return program.filesWith([name]).some((file) => clause.test(program.text(file) ?? ''));
}

/** Whether a name stands for something of a package, and not for a part of the language. */
function isOfPackage(name: NameNode | undefined, code: Code): boolean {
  const entities = name ? code.entities(name) : [];
  return (
    entities.length > 0 &&
    entities.every((entity) => entity.kind === 'external' && !LANGUAGE.has(entity.module))
  );
}

const LANGUAGE: ReadonlySet<string> = new Set(['lib', 'global', 'typescript']);

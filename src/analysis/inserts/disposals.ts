import { type Ts, ts } from '../../syntax/ts.ts';
import { Values } from '../atomic/values.ts';
import { type Code, skipParentheses } from '../code.ts';
import { type FunctionNode, isFunctionNode } from './functions.ts';

/** Which `using` declarations run which methods at the end of their blocks. */
export class Disposals {
  readonly #code: Code;
  readonly #values: Values;
  readonly #methods = new Map<Ts.VariableDeclaration, readonly FunctionNode[]>();
  #uses: ReadonlyMap<FunctionNode, readonly Ts.VariableDeclaration[]> | undefined;

  constructor(code: Code) {
    this.#code = code;
    this.#values = new Values(code);
  }

  /** The methods of which one disposes of what a `using` declaration holds; none where nobody knows. */
  methodsOf(declaration: Ts.VariableDeclaration): readonly FunctionNode[] {
    let methods = this.#methods.get(declaration);
    if (!methods) {
      methods = this.#find(declaration);
      this.#methods.set(declaration, methods);
    }
    return methods;
  }

  /** The declarations that a method disposes of. */
  usesOf(method: FunctionNode): readonly Ts.VariableDeclaration[] {
    if (!isDisposing(method)) return [];
    this.#uses ??= this.#index();
    return this.#uses.get(method) ?? [];
  }

  #index(): ReadonlyMap<FunctionNode, readonly Ts.VariableDeclaration[]> {
    const uses = new Map<FunctionNode, Ts.VariableDeclaration[]>();
    const { program } = this.#code;
    for (const file of program.filesWith(['using'])) {
      const source = program.tree(file)?.source;
      for (const declaration of source ? usingsIn(source) : []) {
        for (const method of this.methodsOf(declaration)) {
          uses.set(method, [...(uses.get(method) ?? []), declaration]);
        }
      }
    }
    return uses;
  }

  #find(declaration: Ts.VariableDeclaration): readonly FunctionNode[] {
    const { initializer } = declaration;
    if (!initializer) return [];
    const isAsync = (declaration.parent.flags & ts.NodeFlags.AwaitUsing) === ts.NodeFlags.AwaitUsing;
    // What has no method of its own for `await using` is disposed of like any other.
    const symbols = isAsync ? [ASYNC_DISPOSE, DISPOSE] : [DISPOSE];
    const objects = this.#values.objectsOf(initializer, undefined).map(({ object }) => object);
    const classes = this.#code.declaredTypes(initializer);
    for (const symbol of symbols) {
      const own = objects.flatMap(({ properties }) => methodIn(properties, symbol) ?? []);
      const methods = [...own, ...classes.flatMap((cls) => this.#ofClass(cls, symbol))];
      if (methods.length > 0) return [...new Set(methods)];
    }
    return [];
  }

  #ofClass(cls: Ts.Node, symbol: RegExp): readonly FunctionNode[] {
    if (ts.isObjectLiteralExpression(cls)) return [methodIn(cls.properties, symbol) ?? []].flat();
    if (!ts.isClassLike(cls) && !ts.isInterfaceDeclaration(cls)) return [];
    const kinds = ts.isClassLike(cls) ? [cls, ...this.#code.subtypes(cls)] : this.#code.subtypes(cls);
    return kinds.flatMap((kind) => this.#inherited(kind, symbol) ?? []);
  }

  #inherited(cls: Ts.ClassLikeDeclaration, symbol: RegExp): FunctionNode | undefined {
    for (const at of this.#code.lineage(cls)) {
      const own = methodIn(at.members, symbol);
      if (own) return own;
    }
    return undefined;
  }
}

/** Whether a function is what a type or an object is disposed of by. */
function isDisposing(fn: FunctionNode): boolean {
  const member = ts.isMethodDeclaration(fn) ? fn : fn.parent;
  const { name } = member as { name?: Ts.Node };
  return name !== undefined && ts.isComputedPropertyName(name) && /dispose/i.test(name.getText());
}

function methodIn(members: readonly Ts.Node[], symbol: RegExp): FunctionNode | undefined {
  for (const member of members) {
    const { name, initializer } = member as { name?: Ts.Node; initializer?: Ts.Expression };
    if (!name || !ts.isComputedPropertyName(name) || !symbol.test(name.expression.getText())) continue;
    const value = initializer ? skipParentheses(initializer) : member;
    if (isFunctionNode(value)) return value;
  }
  return undefined;
}

function usingsIn(source: Ts.SourceFile): readonly Ts.VariableDeclaration[] {
  const found: Ts.VariableDeclaration[] = [];
  const visit = (node: Ts.Node): void => {
    // `await using` has the flag as well.
    if (ts.isVariableDeclarationList(node) && (node.flags & ts.NodeFlags.Using) !== 0) {
      found.push(...node.declarations);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

const DISPOSE = /^Symbol\s*\.\s*dispose$/;
const ASYNC_DISPOSE = /^Symbol\s*\.\s*asyncDispose$/;

import { type Ts, ts } from '../../syntax/ts.ts';
import { type NameNode, nameText, rightmostName, skipParentheses } from '../code.ts';
import type { LockEngine } from './engine.ts';
import { accessOf, referencesTo } from './references.ts';
import type { LockClass } from './values.ts';

/** Which locks of the program somebody gives back by their name: `mutex.release()`. */
export class ReleasedByName {
  readonly #engine: LockEngine;
  readonly #receivers = new Map<string, Receivers>();
  readonly #handedOut = new Map<LockClass, boolean>();

  constructor(engine: LockEngine) {
    this.#engine = engine;
  }

  /**
   * Whether some code, wherever it is, may give a lock of the class back by name.
   *
   * @param isOwn tells the receivers of releases that do not count
   */
  has(cls: LockClass, isOwn: (receiver: NameNode) => boolean): boolean {
    const last =
      cls.name
        .replace(/\[[^\]]*\]$/, '')
        .split(/[.#]/)
        .at(-1) ?? cls.name;
    return (cls.primitive.release ?? []).some((method) => {
      const { names, isAny } = this.#receiversOf(method);
      const places = [...(names.get(last) ?? []), ...(names.get(`#${last}`) ?? [])];
      return (
        (isAny && this.#isHandedOut(cls)) || places.some((name) => !this.#isOther(name, cls) && !isOwn(name))
      );
    });
  }

  /** Whether a lock is ever used as a value, so that a parameter or variable may hold it: its methods are all else there is. */
  #isHandedOut(cls: LockClass): boolean {
    let is = this.#handedOut.get(cls);
    if (is === undefined) {
      const declaration = this.#declarationOf(cls);
      is = !declaration || referencesTo(declaration, this.#engine.code).some(isUsedAsValue);
      this.#handedOut.set(cls, is);
    }
    return is;
  }

  /** The variable or field that a lock is made for, if it is made there. */
  #declarationOf({ declaredAt: { file, start, end }, name }: LockClass): Ts.Node | undefined {
    if (name.endsWith(']') || end === 0) return undefined;
    const declaration = this.#engine.code.program.tree(file)?.nodeAt(start, end).parent;
    return declaration && isMadeThere(declaration) ? declaration : undefined;
  }

  /** Whether a name stands for a lock that is made where it is declared, and that is elsewhere. */
  #isOther(name: NameNode, { declaredAt }: LockClass): boolean {
    const { code } = this.#engine;
    const declaration = code.declarationNode(name);
    if (!declaration || !isMadeThere(declaration)) return false;
    const own = code.span(declaration.name);
    return own.file !== declaredAt.file || own.start !== declaredAt.start;
  }

  #receiversOf(method: string): Receivers {
    const known = this.#receivers.get(method);
    if (known) return known;
    const found: Receivers = { names: new Map(), isAny: false };
    const { program } = this.#engine.code;
    for (const file of program.filesWith([`.${method}`])) {
      const tree = program.tree(file);
      if (tree) receiversIn(tree.source, method, found);
    }
    this.#receivers.set(method, found);
    return found;
  }
}

/** Whether a declaration gives its name to a lock that it makes. */
function isMadeThere(declaration: Ts.Node): declaration is (
  | Ts.PropertyDeclaration
  | Ts.VariableDeclaration
) & {
  readonly initializer: Ts.Expression;
} {
  if (!ts.isPropertyDeclaration(declaration) && !ts.isVariableDeclaration(declaration)) return false;
  return (
    declaration.initializer !== undefined && ts.isNewExpression(skipParentheses(declaration.initializer))
  );
}

/** Whether a mention of a lock is more than a call of one of its methods. */
function isUsedAsValue(name: NameNode): boolean {
  let access: Ts.Node = accessOf(name);
  while (ts.isParenthesizedExpression(access.parent) || ts.isNonNullExpression(access.parent)) {
    access = access.parent;
  }
  const { parent } = access;
  if (ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent)) return parent.propertyName !== undefined;
  if (ts.isTypeQueryNode(parent)) return false;
  if (!ts.isPropertyAccessExpression(parent) || parent.expression !== access) return true;
  return !ts.isCallExpression(parent.parent) || parent.parent.expression !== parent;
}

/** What a method is called on, by name. */
interface Receivers {
  readonly names: Map<string, NameNode[]>;
  /** It is called on a variable or parameter that goes by a name of its own, and so on what may be any lock. */
  isAny: boolean;
}

function receiversIn(source: Ts.Node, method: string, found: Receivers): void {
  const visit = (node: Ts.Node): void => {
    if (ts.isPropertyAccessExpression(node) && node.name.text === method) {
      const object = skipParentheses(node.expression);
      const name = rightmostName(object);
      const text = name && nameText(name);
      if (text === undefined || isLocalName(object)) found.isAny = true;
      if (name && text !== undefined) {
        found.names.set(text, [...(found.names.get(text) ?? []), name]);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
}

/** A parameter or variable of a function, by its own name. */
function isLocalName(node: Ts.Node): boolean {
  return (
    ts.isIdentifier(node) &&
    ts.findAncestor(node, (at) => ts.isFunctionLike(at) && declaresParameter(at, node.text)) !== undefined
  );
}

function declaresParameter(fn: Ts.SignatureDeclaration, name: string): boolean {
  return fn.parameters.some((parameter) => ts.isIdentifier(parameter.name) && parameter.name.text === name);
}

import { type Ts, ts } from '../../syntax/ts.ts';
import { nameText, rightmostName, skipParentheses } from '../code.ts';
import type { LockEngine } from './engine.ts';
import type { LockClass } from './values.ts';

/** Which locks of the program somebody gives back by their name: `mutex.release()`. */
export class ReleasedByName {
  readonly #engine: LockEngine;
  readonly #receivers = new Map<string, ReadonlySet<string>>();

  constructor(engine: LockEngine) {
    this.#engine = engine;
  }

  /** Whether some code, wherever it is, may give a lock of the class back by name. */
  has({ name, primitive }: LockClass): boolean {
    const last =
      name
        .replace(/\[[^\]]*\]$/, '')
        .split(/[.#]/)
        .at(-1) ?? name;
    return (primitive.release ?? []).some((method) => {
      const receivers = this.#receiversOf(method);
      // By a variable or parameter that goes by another name, it may be any lock.
      return receivers.has(last) || receivers.has(`#${last}`) || receivers.has('');
    });
  }

  /** The names of what a method is called on; empty for a name of a function's own, which may stand for anything. */
  #receiversOf(method: string): ReadonlySet<string> {
    const known = this.#receivers.get(method);
    if (known) return known;
    const found = new Set<string>();
    this.#receivers.set(method, found);
    const { program } = this.#engine.code;
    for (const file of program.filesWith([`.${method}`])) {
      const tree = program.tree(file);
      if (tree) receiversIn(tree.source, method, found);
    }
    return found;
  }
}

function receiversIn(source: Ts.Node, method: string, found: Set<string>): void {
  const visit = (node: Ts.Node): void => {
    if (ts.isPropertyAccessExpression(node) && node.name.text === method) {
      const object = skipParentheses(node.expression);
      const name = rightmostName(object);
      const text = name && nameText(name);
      found.add(text === undefined || isLocalName(object) ? '' : text);
      if (text !== undefined) found.add(text);
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

import { resolveLocal } from '../../syntax/scopes.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import type { Action, Cfg } from '../cfg.ts';
import { type Code, memberName, type NameNode, nameText } from '../code.ts';
import { isAssignmentOperator } from '../shapes.ts';
import { isCfgOwner } from './evaluator.ts';
import { spokenName } from './lock-tags.ts';
import { memberTaken, takenName } from './pattern-members.ts';

/** A place where a guarded field or variable is read or written. */
export interface Access {
  /** What is reported: the member access, the name, the element of a pattern. */
  readonly node: Ts.Node;
  readonly declaration: Ts.Node;
  readonly kind: 'read' | 'write';
  /** The object that has the field; undefined for a variable. */
  readonly object: Ts.Expression | undefined;
}

/** Where the code of functions touches some declarations. */
export class GuardedAccesses {
  readonly #code: Code;
  readonly #byName = new Map<string, Set<Ts.Node>>();
  readonly #known = new Map<Cfg, ReadonlyMap<number, readonly Access[]>>();

  constructor(code: Code, declarations: Iterable<Ts.Node>) {
    this.#code = code;
    for (const node of declarations) {
      const name = spokenName(node);
      if (name !== undefined) this.#byName.set(name, (this.#byName.get(name) ?? new Set()).add(node));
    }
  }

  /** The accesses of a function, by the actions that perform them. */
  in(cfg: Cfg): ReadonlyMap<number, readonly Access[]> {
    let known = this.#known.get(cfg);
    if (!known) {
      known = this.#attach(cfg, this.#find(cfg));
      this.#known.set(cfg, known);
    }
    return known;
  }

  #attach({ nodes }: Cfg, accesses: readonly Access[]): ReadonlyMap<number, readonly Access[]> {
    const attached = new Map<number, Access[]>();
    if (accesses.length === 0) return attached;
    // A copy of a `finally` block performs the same code again.
    const performers = new Map<Ts.Node, number[]>();
    for (const { id, action } of nodes) {
      for (const node of performed(action)) performers.set(node, [...(performers.get(node) ?? []), id]);
    }
    for (const access of accesses) {
      // Code that control cannot get to is performed by nobody, and not by what a link of a chain stands in.
      for (let at: Ts.Node | undefined = access.node; at && !ts.isFunctionLike(at); at = at.parent) {
        const ids = performers.get(at);
        if (!ids) continue;
        for (const id of ids) attached.set(id, [...(attached.get(id) ?? []), access]);
        break;
      }
    }
    return attached;
  }

  #find({ owner, links }: Cfg): readonly Access[] {
    const found: Access[] = [];
    const visit = (node: Ts.Node): void => {
      const isOwn = node === owner || (isCfgOwner(node) && links.has(node));
      if (!isOwn && (ts.isFunctionLike(node) || ts.isClassLike(node))) return;
      const access = this.#accessAt(node);
      if (access) found.push(access);
      ts.forEachChild(node, visit);
    };
    visit(owner);
    return found;
  }

  #accessAt(node: Ts.Node): Access | undefined {
    if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) {
      const name = memberName(node);
      const declaration = name && this.#guarded(name);
      return declaration && { node, declaration, kind: kindOf(node), object: node.expression };
    }
    if (ts.isBindingElement(node)) return this.#partOf(node);
    if (!ts.isIdentifier(node) || !isVariableUse(node)) return undefined;
    const declaration = this.#guarded(node);
    return declaration && ts.isVariableDeclaration(declaration)
      ? { node, declaration, kind: kindOf(node), object: undefined }
      : undefined;
  }

  #guarded(name: NameNode): Ts.Node | undefined {
    const declarations = this.#byName.get((nameText(name) ?? '').replace(/^#/, ''));
    if (!declarations) return undefined;
    for (const entity of this.#code.entities(name)) {
      if (entity.kind === 'node' && declarations.has(entity.node)) return entity.node;
    }
    return undefined;
  }

  /** `const { items } = this`: a read of the field. */
  #partOf(node: Ts.BindingElement): Access | undefined {
    const declarations = this.#byName.get(takenName(node) ?? '');
    const declaration = declarations && memberTaken(node, declarations, this.#code);
    const { initializer: object } = node.parent.parent as { initializer?: Ts.Expression };
    return declaration && { node, declaration, kind: 'read', object };
  }
}

/** The code that an action performs; what lies deeper belongs to the actions before it. */
function performed(action: Action): readonly Ts.Node[] {
  switch (action.kind) {
    case 'branch':
      return [action.condition, ...subjectOf(action.condition)];
    case 'pick':
      return [action.from ?? action.node];
    case 'return':
      return action.value ? [action.value, action.node] : [action.node];
    case 'call':
    case 'await':
    case 'yield':
    case 'declare':
    case 'assign':
    case 'throw':
    case 'discard':
      return [action.node];
    case 'next':
      return [action.node.expression, action.node.initializer];
    default:
      return [];
  }
}

/** What a `switch` looks at is looked at before its first case. */
function subjectOf(label: Ts.Expression): readonly Ts.Node[] {
  const clause = label.parent;
  if (!ts.isCaseClause(clause) || clause.expression !== label) return [];
  const block = clause.parent;
  const isFirst = block.clauses.find(ts.isCaseClause) === clause;
  return isFirst ? [block.parent.expression] : [];
}

function isVariableUse(node: Ts.Identifier): boolean {
  const { parent } = node;
  if (memberName(parent) === node || ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent))
    return false;
  const { name } = parent as { name?: Ts.Node };
  if (name === node && !ts.isShorthandPropertyAssignment(parent)) return false;
  if (ts.isTypeNode(parent) || ts.isBindingElement(parent))
    return parent.kind === ts.SyntaxKind.BindingElement && name !== node;
  return resolveLocal(node) !== undefined;
}

/** Whether what an expression names is given another value, or is only looked at. */
function kindOf(access: Ts.Node): 'read' | 'write' {
  for (let at = access; ; ) {
    const { parent } = at;
    if (ts.isParenthesizedExpression(parent) || ts.isNonNullExpression(parent) || ts.isAsExpression(parent)) {
      at = parent;
    } else if (ts.isDeleteExpression(parent)) return 'write';
    else if (ts.isPrefixUnaryExpression(parent) || ts.isPostfixUnaryExpression(parent)) {
      const { operator } = parent;
      const steps = [ts.SyntaxKind.PlusPlusToken, ts.SyntaxKind.MinusMinusToken];
      return steps.includes(operator) ? 'write' : 'read';
    } else if (ts.isBinaryExpression(parent)) {
      return parent.left === at && isAssignmentOperator(parent.operatorToken.kind) ? 'write' : 'read';
    } else if (ts.isForOfStatement(parent) || ts.isForInStatement(parent)) {
      return parent.initializer === at ? 'write' : 'read';
    } else if (isTargetPart(parent, at)) at = parent;
    else return 'read';
  }
}

/** Part of what may be the left side of `[a.b, c.d] = pair`, `({ x: a.b } = point)`. */
function isTargetPart(node: Ts.Node, part: Ts.Node): boolean {
  return (
    ts.isArrayLiteralExpression(node) ||
    ts.isObjectLiteralExpression(node) ||
    ts.isSpreadElement(node) ||
    (ts.isPropertyAssignment(node) && node.initializer === part)
  );
}

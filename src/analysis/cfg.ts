import { type Ts, ts } from '../syntax/ts.ts';

/**
 * The control-flow graph of one function body, or of the top level of a file. A node is one action that an
 * evaluator performs (a call, an `await`, a binding …), in the order of evaluation; its operands were evaluated
 * by the nodes before it. Exceptions are edges: every action that may throw leads to the handler in force.
 *
 * `finally` blocks and disposals are copied, once for each place that control goes on to after them.
 */
export interface Cfg {
  readonly owner: CfgOwner;
  readonly nodes: readonly CfgNode[];
  readonly entry: number;
  /** Reached by every `return` and by the end of the body. */
  readonly exit: number;
  /** Reached by an exception that nobody catches. */
  readonly throwExit: number;
  /** The loops that control can enter; one statement several times where a `finally` block was copied. */
  readonly loops: readonly CfgLoop[];
}

/** A loop statement, and the node that every turn of it starts with. */
export interface CfgLoop {
  readonly statement: Ts.IterationStatement;
  readonly head: number;
}

/** What has a body of its own. */
export type CfgOwner = Ts.FunctionLikeDeclaration | Ts.ClassStaticBlockDeclaration | Ts.SourceFile;

export interface CfgNode {
  readonly id: number;
  readonly action: Action;
  readonly successors: readonly CfgEdge[];
}

export interface CfgEdge {
  readonly to: number;
  readonly when: 'next' | 'true' | 'false' | 'throw';
}

export type Action =
  | { readonly kind: 'entry' | 'exit' | 'throw-exit' | 'join' }
  /** A call, `new`, tagged template or `import()`; arguments are already evaluated. */
  | { readonly kind: 'call'; readonly node: CallLike }
  | { readonly kind: 'await'; readonly node: Ts.AwaitExpression }
  /** Goes on with what the consumer sends, or throws. That the consumer leaves for good is no edge. */
  | { readonly kind: 'yield'; readonly node: Ts.YieldExpression }
  /** Binds the names of a declaration to its value: the initializer, or what the loop or caller hands in. */
  | { readonly kind: 'declare'; readonly node: Ts.VariableDeclaration | Ts.ParameterDeclaration }
  | { readonly kind: 'assign'; readonly node: Ts.BinaryExpression }
  /** `node` takes the value of `from`, or `undefined`: the arms of `?:`, `&&`, `||`, `??` and `?.`. */
  | { readonly kind: 'pick'; readonly node: Ts.Expression; readonly from: Ts.Expression | undefined }
  /**
   * Goes on by `true` or `false`. For `nullish`, `true` means that the value is null or undefined; for `case`, that
   * the value of the `switch` equals it.
   */
  | {
      readonly kind: 'branch';
      readonly condition: Ts.Expression;
      readonly test: 'truthy' | 'nullish' | 'case';
    }
  /** `value` is undefined for a bare `return`. */
  | { readonly kind: 'return'; readonly node: Ts.Node; readonly value: Ts.Expression | undefined }
  | { readonly kind: 'throw'; readonly node: Ts.ThrowStatement }
  /** Goes on by `true` with the next element, by `false` when there is none. */
  | { readonly kind: 'next'; readonly node: IterationStatement }
  /** The iteration is over, or is being left: the iterator is closed. May throw when it is done. */
  | { readonly kind: 'close'; readonly node: IterationStatement }
  /** The end of a `using` declaration's block. May throw when it is done. */
  | { readonly kind: 'dispose'; readonly node: Ts.VariableDeclaration; readonly awaits: boolean }
  /** A value that nobody takes: the end of an expression statement. */
  | { readonly kind: 'discard'; readonly node: Ts.Expression };

export type CallLike = Ts.CallExpression | Ts.NewExpression | Ts.TaggedTemplateExpression;

export type IterationStatement = Ts.ForOfStatement | Ts.ForInStatement;

/** Builds the graph. Linear in the size of the body, but for nested `finally` blocks. */
export function buildCfg(owner: CfgOwner): Cfg {
  return new CfgBuilder(owner).build();
}

/** The statements or the expression that a function runs, if it has any. */
export function bodyOf(owner: CfgOwner): Ts.Node | undefined {
  if (ts.isSourceFile(owner)) return owner;
  return owner.body;
}

/** Where control stands while building: a node, and the edge by which to leave it. */
interface Point {
  readonly from: number;
  readonly when: CfgEdge['when'];
}

/** Something that surrounds the statement being built, innermost last. */
type Frame =
  | {
      readonly kind: 'target';
      readonly labels: readonly string[];
      readonly breakTo: number;
      readonly continueTo: number | undefined;
      readonly plainBreak: boolean;
    }
  /** Code that runs whenever control leaves: `finally`, a disposal, the closing of an iterator. */
  | {
      readonly kind: 'finally';
      readonly emit: () => void;
      readonly handler: number;
      readonly copies: Map<number, number>;
    };

interface MutableNode {
  readonly id: number;
  readonly action: Action;
  readonly successors: CfgEdge[];
}

class CfgBuilder {
  readonly #owner: CfgOwner;
  readonly #nodes: MutableNode[] = [];
  readonly #loops: CfgLoop[] = [];
  /** Nodes that some edge leads to. */
  readonly #reached = new Set<number>();
  #at: Point | undefined;
  #frames: Frame[] = [];
  #handler: number;
  readonly #entry: number;
  readonly #exit: number;
  readonly #throwExit: number;
  /** Where the optional chain being built goes when a link is missing. */
  #chainEnd: number | undefined;

  constructor(owner: CfgOwner) {
    this.#owner = owner;
    this.#entry = this.#node({ kind: 'entry' });
    this.#exit = this.#node({ kind: 'exit' });
    this.#throwExit = this.#node({ kind: 'throw-exit' });
    this.#handler = this.#throwExit;
    this.#at = { from: this.#entry, when: 'next' };
  }

  build(): Cfg {
    const owner = this.#owner;
    if (!ts.isSourceFile(owner) && 'parameters' in owner) {
      for (const parameter of owner.parameters) this.#parameter(parameter);
    }
    const body = bodyOf(owner);
    if (body && ts.isSourceFile(body)) this.#statements(body.statements);
    else if (body && ts.isBlock(body)) this.#statements(body.statements);
    else if (body) {
      this.#expression(body as Ts.Expression);
      this.#emit({ kind: 'return', node: body, value: body as Ts.Expression });
    }
    this.#goto(this.#exit);
    return {
      owner,
      nodes: this.#nodes,
      entry: this.#entry,
      exit: this.#exit,
      throwExit: this.#throwExit,
      loops: this.#loops,
    };
  }

  // -- nodes and edges

  #node(action: Action): number {
    const id = this.#nodes.length;
    this.#nodes.push({ id, action, successors: [] });
    return id;
  }

  #join(): number {
    return this.#node({ kind: 'join' });
  }

  #link(point: Point | undefined, to: number): void {
    if (!point) return;
    const { successors } = this.#nodes[point.from] as MutableNode;
    this.#reached.add(to);
    if (!successors.some((edge) => edge.to === to && edge.when === point.when)) {
      successors.push({ to, when: point.when });
    }
  }

  /** Appends an action; code that cannot be reached is left out. */
  #emit(action: Action): number | undefined {
    if (!this.#at) return undefined;
    const id = this.#node(action);
    this.#link(this.#at, id);
    this.#at = { from: id, when: 'next' };
    return id;
  }

  #emitThrowing(action: Action): void {
    const id = this.#emit(action);
    if (id !== undefined) this.#link({ from: id, when: 'throw' }, this.#handler);
  }

  #goto(target: number): void {
    this.#link(this.#at, target);
    this.#at = undefined;
  }

  #resume(node: number): void {
    this.#at = this.#reached.has(node) ? { from: node, when: 'next' } : undefined;
  }

  /** Leaves all frames above `depth`, running what must run, and goes to the target. */
  #jump(depth: number, target: number): void {
    if (!this.#at) return;
    const saved = { frames: this.#frames, handler: this.#handler };
    while (this.#frames.length > depth) {
      const frame = this.#frames[this.#frames.length - 1] as Frame;
      this.#frames = this.#frames.slice(0, -1);
      if (frame.kind !== 'finally') continue;
      this.#handler = frame.handler;
      const copy = frame.copies.get(target);
      if (copy !== undefined) {
        this.#goto(copy);
        break;
      }
      const start = this.#join();
      frame.copies.set(target, start);
      this.#goto(start);
      this.#at = { from: start, when: 'next' };
      frame.emit();
      if (!this.#at) break;
    }
    this.#goto(target);
    this.#frames = saved.frames;
    this.#handler = saved.handler;
  }

  /** Builds `body` so that `emit` runs however control leaves it. */
  #guarded(emit: () => void, body: () => void): void {
    const outer = this.#handler;
    const onThrow = this.#join();
    this.#frames = [...this.#frames, { kind: 'finally', emit, handler: outer, copies: new Map() }];
    this.#handler = onThrow;
    body();
    this.#frames = this.#frames.slice(0, -1);
    this.#handler = outer;
    if (this.#at) emit();
    const normal = this.#at;
    this.#resume(onThrow);
    if (this.#at) {
      emit();
      this.#rethrow(outer);
    }
    this.#at = normal;
  }

  /** Goes on with the exception that what was built last has been run for. */
  #rethrow(handler: number): void {
    if (!this.#at) return;
    const last = this.#nodes[this.#at.from];
    // The exception edge of an action is for its own failure.
    if (last && CAN_FAIL.has(last.action.kind)) {
      const join = this.#join();
      this.#goto(join);
      this.#resume(join);
    }
    this.#link({ from: this.#at.from, when: 'throw' }, handler);
    this.#at = undefined;
  }

  // -- statements

  #statements(statements: readonly Ts.Statement[]): void {
    for (const [index, statement] of statements.entries()) {
      if (ts.isVariableStatement(statement) && isUsing(statement.declarationList)) {
        this.#using(statement.declarationList, () => this.#statements(statements.slice(index + 1)));
        return;
      }
      this.#statement(statement, []);
    }
  }

  #using(list: Ts.VariableDeclarationList, rest: () => void): void {
    const awaits = (list.flags & ts.NodeFlags.AwaitUsing) === ts.NodeFlags.AwaitUsing;
    const [first, ...others] = list.declarations;
    if (!first) return rest();
    const declare = (declaration: Ts.VariableDeclaration, then: () => void): void => {
      this.#variable(declaration);
      this.#guarded(() => this.#emitThrowing({ kind: 'dispose', node: declaration, awaits }), then);
    };
    const chain = others.reduceRight<() => void>(
      (then, declaration) => () => declare(declaration, then),
      rest,
    );
    declare(first, chain);
  }

  #statement(node: Ts.Statement, labels: readonly string[]): void {
    if (!this.#at) return;
    if (ts.isBlock(node)) this.#statements(node.statements);
    else if (ts.isVariableStatement(node)) this.#variables(node.declarationList);
    else if (ts.isExpressionStatement(node)) {
      this.#expression(node.expression);
      this.#emit({ kind: 'discard', node: node.expression });
    } else if (ts.isIfStatement(node)) this.#if(node);
    else if (ts.isForStatement(node)) this.#for(node, labels);
    else if (ts.isForOfStatement(node) || ts.isForInStatement(node)) this.#iteration(node, labels);
    else if (ts.isWhileStatement(node)) this.#while(node, labels);
    else if (ts.isDoStatement(node)) this.#do(node, labels);
    else if (ts.isReturnStatement(node)) {
      if (node.expression) this.#expression(node.expression);
      this.#emit({ kind: 'return', node, value: node.expression });
      this.#jump(0, this.#exit);
    } else if (ts.isThrowStatement(node)) {
      this.#expression(node.expression);
      const id = this.#emit({ kind: 'throw', node });
      if (id !== undefined) this.#link({ from: id, when: 'throw' }, this.#handler);
      this.#at = undefined;
    } else if (ts.isBreakOrContinueStatement(node)) this.#breakOrContinue(node);
    else if (ts.isSwitchStatement(node)) this.#switch(node, labels);
    else if (ts.isTryStatement(node)) this.#try(node);
    else if (ts.isLabeledStatement(node)) this.#labeled(node, labels);
    else if (ts.isClassDeclaration(node)) this.#class(node);
    else if (ts.isExportAssignment(node)) {
      this.#expression(node.expression);
      this.#emit({ kind: 'discard', node: node.expression });
    } else if (ts.isWithStatement(node)) {
      this.#expression(node.expression);
      this.#statement(node.statement, []);
    } else if (ts.isModuleDeclaration(node)) this.#namespace(node.body);
    else if (ts.isEnumDeclaration(node)) {
      for (const { initializer } of node.members) if (initializer) this.#expression(initializer);
    }
  }

  #namespace(body: Ts.ModuleDeclaration['body']): void {
    if (body && ts.isModuleBlock(body)) this.#statements(body.statements);
    else if (body && ts.isModuleDeclaration(body)) this.#namespace(body.body);
  }

  #variables(list: Ts.VariableDeclarationList): void {
    for (const declaration of list.declarations) this.#variable(declaration);
  }

  #variable(node: Ts.VariableDeclaration): void {
    if (node.initializer) this.#expression(node.initializer);
    this.#bindingDefaults(node.name);
    this.#emit({ kind: 'declare', node });
  }

  #parameter(node: Ts.ParameterDeclaration): void {
    if (node.initializer) this.#optionally(node.initializer);
    this.#bindingDefaults(node.name);
    this.#emit({ kind: 'declare', node });
  }

  /** The defaults of a destructuring pattern: each may or may not be evaluated. */
  #bindingDefaults(name: Ts.BindingName): void {
    if (ts.isIdentifier(name)) return;
    for (const element of name.elements) {
      if (!ts.isBindingElement(element)) continue;
      this.#computedName(element.propertyName);
      if (element.initializer) this.#optionally(element.initializer);
      this.#bindingDefaults(element.name);
    }
  }

  /** The key in `{ [key()]: value }`. */
  #computedName(name: Ts.Node | undefined): void {
    if (name && ts.isComputedPropertyName(name)) this.#expression(name.expression);
  }

  #optionally(value: Ts.Expression): void {
    if (!hasActions(value)) return;
    const after = this.#join();
    const branch = this.#emit({ kind: 'branch', condition: value, test: 'nullish' });
    if (branch === undefined) return;
    this.#link({ from: branch, when: 'false' }, after);
    this.#at = { from: branch, when: 'true' };
    this.#expression(value);
    this.#goto(after);
    this.#resume(after);
  }

  #if(node: Ts.IfStatement): void {
    const yes = this.#join();
    const no = this.#join();
    const after = this.#join();
    this.#condition(node.expression, yes, no);
    this.#resume(yes);
    this.#statement(node.thenStatement, []);
    this.#goto(after);
    this.#resume(no);
    if (node.elseStatement) this.#statement(node.elseStatement, []);
    this.#goto(after);
    this.#resume(after);
  }

  #loop(labels: readonly string[], continueTo: number, breakTo: number, body: () => void): void {
    this.#frames = [...this.#frames, { kind: 'target', labels, breakTo, continueTo, plainBreak: true }];
    body();
    this.#frames = this.#frames.slice(0, -1);
  }

  #loopHead(statement: Ts.IterationStatement): number {
    const head = this.#join();
    this.#loops.push({ statement, head });
    return head;
  }

  #while(node: Ts.WhileStatement, labels: readonly string[]): void {
    const head = this.#loopHead(node);
    const body = this.#join();
    const after = this.#join();
    this.#goto(head);
    this.#resume(head);
    this.#condition(node.expression, body, after);
    this.#resume(body);
    this.#loop(labels, head, after, () => this.#statement(node.statement, []));
    this.#goto(head);
    this.#resume(after);
  }

  #do(node: Ts.DoStatement, labels: readonly string[]): void {
    const head = this.#loopHead(node);
    const test = this.#join();
    const after = this.#join();
    this.#goto(head);
    this.#resume(head);
    this.#loop(labels, test, after, () => this.#statement(node.statement, []));
    this.#goto(test);
    this.#resume(test);
    if (this.#at) this.#condition(node.expression, head, after);
    this.#resume(after);
  }

  #for(node: Ts.ForStatement, labels: readonly string[]): void {
    const { initializer } = node;
    if (initializer && ts.isVariableDeclarationList(initializer)) {
      if (isUsing(initializer)) return this.#using(initializer, () => this.#forLoop(node, labels));
      this.#variables(initializer);
    } else if (initializer) {
      this.#expression(initializer);
      this.#emit({ kind: 'discard', node: initializer });
    }
    this.#forLoop(node, labels);
  }

  #forLoop(node: Ts.ForStatement, labels: readonly string[]): void {
    const { condition, incrementor, statement } = node;
    const head = this.#loopHead(node);
    const body = this.#join();
    const step = this.#join();
    const after = this.#join();
    this.#goto(head);
    this.#resume(head);
    if (condition) this.#condition(condition, body, after);
    else this.#goto(body);
    this.#resume(body);
    this.#loop(labels, step, after, () => this.#statement(statement, []));
    this.#goto(step);
    this.#resume(step);
    if (incrementor) {
      this.#expression(incrementor);
      this.#emit({ kind: 'discard', node: incrementor });
    }
    this.#goto(head);
    this.#resume(after);
  }

  #iteration(node: IterationStatement, labels: readonly string[]): void {
    this.#expression(node.expression);
    const after = this.#join();
    this.#guarded(
      () => this.#close(node),
      () => {
        const head = this.#loopHead(node);
        const done = this.#join();
        this.#goto(head);
        this.#resume(head);
        this.#emitThrowing({ kind: 'next', node });
        const next = this.#at?.from;
        if (next === undefined) return;
        this.#link({ from: next, when: 'false' }, done);
        this.#at = { from: next, when: 'true' };
        this.#loop(labels, head, done, () => this.#iterationBody(node));
        this.#goto(head);
        this.#resume(done);
      },
    );
    this.#goto(after);
    this.#resume(after);
  }

  #close(node: IterationStatement): void {
    // The keys of an object come without an iterator that could fail.
    if (ts.isForInStatement(node)) this.#emit({ kind: 'close', node });
    else this.#emitThrowing({ kind: 'close', node });
  }

  #iterationBody({ initializer, statement }: IterationStatement): void {
    if (!ts.isVariableDeclarationList(initializer)) {
      this.#assignmentTarget(initializer);
      this.#statement(statement, []);
    } else if (isUsing(initializer)) {
      this.#using(initializer, () => this.#statement(statement, []));
    } else {
      this.#variables(initializer);
      this.#statement(statement, []);
    }
  }

  #breakOrContinue(node: Ts.BreakOrContinueStatement): void {
    const label = node.label?.text;
    const isContinue = ts.isContinueStatement(node);
    for (let depth = this.#frames.length - 1; depth >= 0; depth--) {
      const frame = this.#frames[depth];
      if (frame?.kind !== 'target') continue;
      if (label === undefined ? !frame.plainBreak : !frame.labels.includes(label)) continue;
      const target = isContinue ? frame.continueTo : frame.breakTo;
      if (target === undefined) continue;
      this.#jump(depth + 1, target);
      return;
    }
    this.#at = undefined;
  }

  #switch(node: Ts.SwitchStatement, labels: readonly string[]): void {
    this.#expression(node.expression);
    const after = this.#join();
    const { clauses } = node.caseBlock;
    const entries = clauses.map(() => this.#join());
    let fallback = after;
    for (const [index, clause] of clauses.entries()) {
      const entry = entries[index] as number;
      if (ts.isDefaultClause(clause)) {
        fallback = entry;
        continue;
      }
      this.#expression(clause.expression);
      const branch = this.#emit({ kind: 'branch', condition: clause.expression, test: 'case' });
      if (branch === undefined) continue;
      this.#link({ from: branch, when: 'true' }, entry);
      this.#at = { from: branch, when: 'false' };
    }
    this.#goto(fallback);
    this.#frames = [
      ...this.#frames,
      { kind: 'target', labels, breakTo: after, continueTo: undefined, plainBreak: true },
    ];
    for (const [index, clause] of clauses.entries()) {
      const entry = entries[index] as number;
      this.#goto(entry);
      this.#resume(entry);
      this.#statements(clause.statements);
    }
    this.#frames = this.#frames.slice(0, -1);
    this.#goto(after);
    this.#resume(after);
  }

  #try(node: Ts.TryStatement): void {
    const { finallyBlock } = node;
    if (!finallyBlock) return this.#tryCatch(node);
    this.#guarded(
      () => this.#statements(finallyBlock.statements),
      () => this.#tryCatch(node),
    );
  }

  #tryCatch({ tryBlock, catchClause }: Ts.TryStatement): void {
    if (!catchClause) return this.#statements(tryBlock.statements);
    const outer = this.#handler;
    const caught = this.#join();
    const after = this.#join();
    this.#handler = caught;
    this.#statements(tryBlock.statements);
    this.#handler = outer;
    this.#goto(after);
    this.#resume(caught);
    if (catchClause.variableDeclaration) this.#variable(catchClause.variableDeclaration);
    this.#statements(catchClause.block.statements);
    this.#goto(after);
    this.#resume(after);
  }

  #labeled(node: Ts.LabeledStatement, labels: readonly string[]): void {
    const all = [...labels, node.label.text];
    if (isLoop(node.statement) || ts.isLabeledStatement(node.statement)) {
      this.#statement(node.statement, all);
      return;
    }
    const after = this.#join();
    this.#frames = [
      ...this.#frames,
      { kind: 'target', labels: all, breakTo: after, continueTo: undefined, plainBreak: false },
    ];
    this.#statement(node.statement, all);
    this.#frames = this.#frames.slice(0, -1);
    this.#goto(after);
    this.#resume(after);
  }

  /** What a class definition evaluates at once: its parent, computed names, static fields and blocks. */
  #class(node: Ts.ClassLikeDeclaration): void {
    for (const clause of node.heritageClauses ?? []) {
      for (const type of clause.types) {
        if (clause.token === ts.SyntaxKind.ExtendsKeyword) this.#expression(type.expression);
      }
    }
    for (const { name } of node.members) this.#computedName(name);
    for (const member of node.members) {
      if (ts.isClassStaticBlockDeclaration(member)) this.#statements(member.body.statements);
      else if (ts.isPropertyDeclaration(member) && member.initializer && isStatic(member)) {
        this.#expression(member.initializer);
      }
    }
  }

  // -- expressions

  /** Builds a condition so that each way out of it keeps its own path. */
  #condition(node: Ts.Expression, yes: number, no: number): void {
    if (ts.isParenthesizedExpression(node)) return this.#condition(node.expression, yes, no);
    if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken) {
      return this.#condition(node.operand, no, yes);
    }
    if (ts.isBinaryExpression(node)) {
      const { kind } = node.operatorToken;
      if (kind === ts.SyntaxKind.AmpersandAmpersandToken || kind === ts.SyntaxKind.BarBarToken) {
        const right = this.#join();
        if (kind === ts.SyntaxKind.AmpersandAmpersandToken) this.#condition(node.left, right, no);
        else this.#condition(node.left, yes, right);
        this.#resume(right);
        if (this.#at) this.#condition(node.right, yes, no);
        return;
      }
    }
    this.#expression(node);
    const constant = literalTruth(node);
    const branch = this.#emit({ kind: 'branch', condition: node, test: 'truthy' });
    if (branch === undefined) return;
    if (constant !== false) this.#link({ from: branch, when: 'true' }, yes);
    if (constant !== true) this.#link({ from: branch, when: 'false' }, no);
    this.#at = undefined;
  }

  #expression(node: Ts.Expression): void {
    if (!this.#at) return;
    if (ts.isOptionalChain(node)) return this.#optionalChain(node);
    this.#plainExpression(node);
  }

  #optionalChain(node: Ts.Expression): void {
    const saved = this.#chainEnd;
    const missing = this.#join();
    const after = this.#join();
    this.#chainEnd = missing;
    this.#plainExpression(node);
    this.#goto(after);
    this.#chainEnd = saved;
    this.#resume(missing);
    this.#emit({ kind: 'pick', node, from: undefined });
    this.#goto(after);
    this.#resume(after);
  }

  /** The object of a link of a chain, and the way out if it is missing. */
  #linkObject(object: Ts.Expression, questionDot: Ts.Node | undefined): void {
    if (ts.isOptionalChain(object)) this.#plainExpression(object);
    else this.#expression(object);
    if (!questionDot || this.#chainEnd === undefined) return;
    const branch = this.#emit({ kind: 'branch', condition: object, test: 'nullish' });
    if (branch === undefined) return;
    this.#link({ from: branch, when: 'true' }, this.#chainEnd);
    this.#at = { from: branch, when: 'false' };
  }

  #plainExpression(node: Ts.Expression): void {
    if (!this.#at) return;
    if (ts.isCallExpression(node)) {
      this.#linkObject(node.expression, node.questionDotToken);
      for (const argument of node.arguments) this.#expression(argument);
      this.#emitThrowing({ kind: 'call', node });
    } else if (ts.isPropertyAccessExpression(node)) {
      this.#linkObject(node.expression, node.questionDotToken);
    } else if (ts.isElementAccessExpression(node)) {
      this.#linkObject(node.expression, node.questionDotToken);
      this.#expression(node.argumentExpression);
    } else if (ts.isNonNullExpression(node) || ts.isParenthesizedExpression(node)) {
      if (ts.isNonNullExpression(node) && ts.isOptionalChain(node)) this.#plainExpression(node.expression);
      else this.#expression(node.expression);
    } else if (ts.isNewExpression(node)) {
      this.#expression(node.expression);
      for (const argument of node.arguments ?? []) this.#expression(argument);
      this.#emitThrowing({ kind: 'call', node });
    } else if (ts.isTaggedTemplateExpression(node)) {
      this.#expression(node.tag);
      if (ts.isTemplateExpression(node.template)) {
        for (const span of node.template.templateSpans) this.#expression(span.expression);
      }
      this.#emitThrowing({ kind: 'call', node });
    } else if (ts.isAwaitExpression(node)) {
      this.#expression(node.expression);
      this.#emitThrowing({ kind: 'await', node });
    } else if (ts.isYieldExpression(node)) {
      if (node.expression) this.#expression(node.expression);
      this.#emitThrowing({ kind: 'yield', node });
    } else if (ts.isBinaryExpression(node)) {
      this.#binary(node);
    } else if (ts.isConditionalExpression(node)) {
      this.#conditional(node);
    } else if (ts.isClassExpression(node)) {
      this.#class(node);
    } else if (!ts.isFunctionExpression(node) && !ts.isArrowFunction(node)) {
      this.#children(node);
    }
  }

  /** Any other expression evaluates its parts from left to right and does nothing that we track. */
  #children(node: Ts.Node): void {
    ts.forEachChild(node, (child) => {
      if (ts.isTypeNode(child)) return;
      if (ts.isFunctionLike(child)) this.#computedName(child.name);
      else if (ts.isExpression(child)) this.#expression(child);
      else this.#children(child);
    });
  }

  #conditional(node: Ts.ConditionalExpression): void {
    const yes = this.#join();
    const no = this.#join();
    const after = this.#join();
    this.#condition(node.condition, yes, no);
    for (const [entry, arm] of [
      [yes, node.whenTrue],
      [no, node.whenFalse],
    ] as const) {
      this.#resume(entry);
      if (this.#at) this.#expression(arm);
      this.#emit({ kind: 'pick', node, from: arm });
      this.#goto(after);
    }
    this.#resume(after);
  }

  #binary(node: Ts.BinaryExpression): void {
    const { kind } = node.operatorToken;
    if (SHORT_CIRCUITS.has(kind)) return this.#shortCircuit(node, kind);
    if (!isAssignment(kind)) {
      this.#expression(node.left);
      this.#expression(node.right);
      return;
    }
    // A reference is evaluated before the value, a pattern takes the value apart.
    if (!isPattern(node.left)) this.#assignmentTarget(node.left);
    this.#expression(node.right);
    if (isPattern(node.left)) this.#assignmentTarget(node.left);
    this.#emit({ kind: 'assign', node });
  }

  #shortCircuit(node: Ts.BinaryExpression, kind: Ts.SyntaxKind): void {
    const after = this.#join();
    const test = NULLISH.has(kind) ? 'nullish' : 'truthy';
    const assigns = isAssignment(kind);
    const takesRight = OR.has(kind) ? 'false' : 'true';
    this.#expression(node.left);
    const branch = this.#emit({ kind: 'branch', condition: node.left, test });
    if (branch === undefined) return;
    this.#at = { from: branch, when: takesRight === 'true' ? 'false' : 'true' };
    this.#emit({ kind: 'pick', node, from: node.left });
    this.#goto(after);
    this.#at = { from: branch, when: takesRight };
    this.#expression(node.right);
    this.#emit(assigns ? { kind: 'assign', node } : { kind: 'pick', node, from: node.right });
    this.#goto(after);
    this.#resume(after);
  }

  #assignmentTarget(target: Ts.Expression): void {
    if (ts.isPropertyAccessExpression(target)) this.#expression(target.expression);
    else if (ts.isElementAccessExpression(target)) {
      this.#expression(target.expression);
      this.#expression(target.argumentExpression);
    } else if (ts.isArrayLiteralExpression(target)) {
      for (const element of target.elements) this.#patternElement(element);
    } else if (ts.isObjectLiteralExpression(target)) {
      for (const property of target.properties) this.#patternProperty(property);
    } else if (ts.isParenthesizedExpression(target) || ts.isSpreadElement(target)) {
      this.#assignmentTarget(target.expression);
    } else if (!ts.isIdentifier(target)) this.#children(target);
  }

  #patternProperty(property: Ts.ObjectLiteralElementLike): void {
    this.#computedName(property.name);
    if (ts.isPropertyAssignment(property)) this.#patternElement(property.initializer);
    else if (ts.isSpreadAssignment(property)) this.#assignmentTarget(property.expression);
    else if (ts.isShorthandPropertyAssignment(property) && property.objectAssignmentInitializer) {
      this.#optionally(property.objectAssignmentInitializer);
    }
  }

  /** A target in a pattern, with its default if there is one. */
  #patternElement(element: Ts.Expression): void {
    if (!ts.isBinaryExpression(element) || element.operatorToken.kind !== ts.SyntaxKind.EqualsToken) {
      return this.#assignmentTarget(element);
    }
    const { left, right } = element;
    if (!isPattern(left)) this.#assignmentTarget(left);
    this.#optionally(right);
    if (isPattern(left)) this.#assignmentTarget(left);
  }
}

/** The actions with an exception edge of their own. */
const CAN_FAIL: ReadonlySet<Action['kind']> = new Set(['call', 'await', 'yield', 'next']);

function isPattern(target: Ts.Expression): boolean {
  return ts.isArrayLiteralExpression(target) || ts.isObjectLiteralExpression(target);
}

const SHORT_CIRCUITS: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.QuestionQuestionToken,
  ts.SyntaxKind.AmpersandAmpersandEqualsToken,
  ts.SyntaxKind.BarBarEqualsToken,
  ts.SyntaxKind.QuestionQuestionEqualsToken,
]);

const NULLISH: ReadonlySet<Ts.SyntaxKind> = new Set([
  ts.SyntaxKind.QuestionQuestionToken,
  ts.SyntaxKind.QuestionQuestionEqualsToken,
]);

const OR: ReadonlySet<Ts.SyntaxKind> = new Set([ts.SyntaxKind.BarBarToken, ts.SyntaxKind.BarBarEqualsToken]);

function isAssignment(kind: Ts.SyntaxKind): boolean {
  return kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
}

function isUsing(list: Ts.VariableDeclarationList): boolean {
  return (list.flags & ts.NodeFlags.Using) !== 0;
}

function isLoop(node: Ts.Node): boolean {
  return (
    ts.isForStatement(node) ||
    ts.isForOfStatement(node) ||
    ts.isForInStatement(node) ||
    ts.isWhileStatement(node) ||
    ts.isDoStatement(node)
  );
}

function isStatic(member: Ts.PropertyDeclaration): boolean {
  return member.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword) ?? false;
}

function literalTruth(node: Ts.Expression): boolean | undefined {
  if (node.kind === ts.SyntaxKind.TrueKeyword) return true;
  if (node.kind === ts.SyntaxKind.FalseKeyword) return false;
  return undefined;
}

/** Whether evaluating the expression performs any action of the graph. */
function hasActions(node: Ts.Node): boolean {
  if (ts.isFunctionLike(node)) {
    return node.name !== undefined && ts.isComputedPropertyName(node.name) && hasActions(node.name);
  }
  if (
    ts.isCallExpression(node) ||
    ts.isNewExpression(node) ||
    ts.isTaggedTemplateExpression(node) ||
    ts.isAwaitExpression(node) ||
    ts.isYieldExpression(node) ||
    ts.isConditionalExpression(node) ||
    (ts.isBinaryExpression(node) &&
      (SHORT_CIRCUITS.has(node.operatorToken.kind) || isAssignment(node.operatorToken.kind)))
  ) {
    return true;
  }
  return ts.forEachChild(node, hasActions) ?? false;
}

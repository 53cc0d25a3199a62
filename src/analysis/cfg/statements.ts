import { type Ts, ts } from '../../syntax/ts.ts';
import type { Action, CfgOwner, IterationStatement } from '../cfg.ts';
import { ExpressionFlow } from './expressions.ts';
import type { FlowGraph } from './graph.ts';
import { type IsPromise, LinkFlow } from './link-flow.ts';
import { mayBeRejected } from './links.ts';

/** Builds what the statements of a body do. */
export class StatementFlow {
  readonly #graph: FlowGraph;
  readonly #expressions: ExpressionFlow;
  readonly #links: LinkFlow | undefined;
  /** Whether a promise that the body at hand returns is waited for before anybody goes on. */
  #isWaitedFor = false;

  /**
   * @param isPromise whether the links of a chain that begins so are built as what they are, one step after another;
   *   without it, no chain is
   */
  constructor(graph: FlowGraph, isPromise: IsPromise | undefined) {
    this.#graph = graph;
    if (isPromise) {
      this.#links = new LinkFlow(graph, isPromise, {
        expression: (node) => this.#expressions.expression(node),
        function: (fn, given) => this.owner(fn, given),
      });
    }
    this.#expressions = new ExpressionFlow(
      graph,
      (statements) => this.#statements(statements),
      (value) => this.#links?.chain(value) ?? false,
    );
  }

  /** The functions that were built as a part of this one. */
  get links(): ReadonlySet<CfgOwner> {
    return this.#links?.built ?? new Set();
  }

  /** The parameters of a function, then its body. */
  owner(owner: CfgOwner, given?: Ts.Expression): void {
    if (!ts.isSourceFile(owner) && 'parameters' in owner) {
      for (const [index, parameter] of owner.parameters.entries()) {
        this.#parameter(parameter, index === 0 ? given : undefined);
      }
    }
    const body = ts.isSourceFile(owner) ? owner : owner.body;
    if (!body) return;
    const isWaitedFor = this.#isWaitedFor;
    this.#isWaitedFor = this.#graph.result !== undefined || (this.#links?.isTask(owner) ?? false);
    if (ts.isSourceFile(body) || ts.isBlock(body)) this.#statements(body.statements);
    else this.#return(body, body);
    this.#isWaitedFor = isWaitedFor;
    const { result } = this.#graph;
    if (result) this.#graph.emit({ kind: 'pick', node: result, from: undefined });
  }

  /** What is returned is waited for by whoever goes on after it: a promise, where all in between has been left. */
  #return(node: Ts.Node, value: Ts.Expression | undefined): void {
    const isWaitedFor = this.#isWaitedFor && this.#graph.returnsAtOnce;
    const isSettled = value !== undefined && isWaitedFor && (this.#links?.chain(value) ?? false);
    if (value && !isSettled) this.#expressions.expression(value);
    const { result } = this.#graph;
    // It is the last thing that the function does, and it fails where that does.
    if (value && !isSettled && isWaitedFor && !result && mayBeRejected(value))
      this.#graph.emitThrowing({ kind: 'await', node: value, promise: value, origin: value });
    this.#graph.emit({ kind: 'return', node, value, isWaitedFor, ...(result && { into: result }) });
    if (!result) return this.#graph.return();
    if (!value || isSettled) return this.#graph.return();
    const settling: Action = { kind: 'await', node: result, promise: result, origin: value };
    this.#graph.return(() => {
      if (mayBeRejected(value)) this.#graph.emitThrowing(settling);
      else this.#graph.emit(settling);
    });
  }

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
      this.#graph.guarded(
        () => this.#graph.emitThrowing({ kind: 'dispose', node: declaration, awaits }),
        then,
      );
    };
    const chain = others.reduceRight<() => void>(
      (then, declaration) => () => declare(declaration, then),
      rest,
    );
    declare(first, chain);
  }

  #statement(node: Ts.Statement, labels: readonly string[]): void {
    if (!this.#graph.isReachable) return;
    if (ts.isBlock(node)) this.#statements(node.statements);
    else if (ts.isVariableStatement(node)) this.#variables(node.declarationList);
    else if (ts.isExpressionStatement(node)) {
      this.#expressions.expression(node.expression);
      this.#graph.emit({ kind: 'discard', node: node.expression });
    } else if (ts.isIfStatement(node)) this.#if(node);
    else if (ts.isForStatement(node)) this.#for(node, labels);
    else if (ts.isForOfStatement(node) || ts.isForInStatement(node)) this.#iteration(node, labels);
    else if (ts.isWhileStatement(node)) this.#while(node, labels);
    else if (ts.isDoStatement(node)) this.#do(node, labels);
    else if (ts.isReturnStatement(node)) this.#return(node, node.expression);
    else if (ts.isThrowStatement(node)) {
      this.#expressions.expression(node.expression);
      this.#graph.emitThrowing({ kind: 'throw', node });
      this.#graph.stop();
    } else if (ts.isBreakOrContinueStatement(node)) {
      this.#graph.breakOrContinue(ts.isBreakStatement(node) ? 'breakTo' : 'continueTo', node.label?.text);
    } else if (ts.isSwitchStatement(node)) this.#switch(node, labels);
    else if (ts.isTryStatement(node)) this.#try(node);
    else if (ts.isLabeledStatement(node)) this.#labeled(node, labels);
    else if (ts.isClassDeclaration(node)) this.#expressions.class(node);
    else if (ts.isExportAssignment(node)) {
      this.#expressions.expression(node.expression);
      this.#graph.emit({ kind: 'discard', node: node.expression });
    } else if (ts.isWithStatement(node)) {
      this.#expressions.expression(node.expression);
      this.#statement(node.statement, []);
    } else if (ts.isModuleDeclaration(node)) this.#namespace(node.body);
    else if (ts.isEnumDeclaration(node)) {
      for (const { initializer } of node.members) if (initializer) this.#expressions.expression(initializer);
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
    if (node.initializer) this.#expressions.expression(node.initializer);
    this.#expressions.bindingDefaults(node.name);
    this.#graph.emit({ kind: 'declare', node });
  }

  #parameter(node: Ts.ParameterDeclaration, given: Ts.Expression | undefined): void {
    if (node.initializer) this.#expressions.optionally(node.initializer);
    this.#expressions.bindingDefaults(node.name);
    this.#graph.emit({ kind: 'declare', node, ...(given && { given }) });
  }

  #if(node: Ts.IfStatement): void {
    const yes = this.#graph.join();
    const no = this.#graph.join();
    const after = this.#graph.join();
    this.#expressions.condition(node.expression, yes, no);
    this.#graph.resume(yes);
    this.#statement(node.thenStatement, []);
    this.#graph.goto(after);
    this.#graph.resume(no);
    if (node.elseStatement) this.#statement(node.elseStatement, []);
    this.#graph.goto(after);
    this.#graph.resume(after);
  }

  #loop(labels: readonly string[], continueTo: number, breakTo: number, body: () => void): void {
    this.#graph.inside({ labels, breakTo, continueTo, isPlain: true }, body);
  }

  #while(node: Ts.WhileStatement, labels: readonly string[]): void {
    const head = this.#graph.loopHead(node);
    const body = this.#graph.join();
    const after = this.#graph.join();
    this.#graph.goto(head);
    this.#graph.resume(head);
    this.#expressions.condition(node.expression, body, after);
    this.#graph.resume(body);
    this.#loop(labels, head, after, () => this.#statement(node.statement, []));
    this.#graph.goto(head);
    this.#graph.resume(after);
  }

  #do(node: Ts.DoStatement, labels: readonly string[]): void {
    const head = this.#graph.loopHead(node);
    const test = this.#graph.join();
    const after = this.#graph.join();
    this.#graph.goto(head);
    this.#graph.resume(head);
    this.#loop(labels, test, after, () => this.#statement(node.statement, []));
    this.#graph.goto(test);
    this.#graph.resume(test);
    if (this.#graph.isReachable) this.#expressions.condition(node.expression, head, after);
    this.#graph.resume(after);
  }

  #for(node: Ts.ForStatement, labels: readonly string[]): void {
    const { initializer } = node;
    if (initializer && ts.isVariableDeclarationList(initializer)) {
      if (isUsing(initializer)) return this.#using(initializer, () => this.#forLoop(node, labels));
      this.#variables(initializer);
    } else if (initializer) {
      this.#expressions.expression(initializer);
      this.#graph.emit({ kind: 'discard', node: initializer });
    }
    this.#forLoop(node, labels);
  }

  #forLoop(node: Ts.ForStatement, labels: readonly string[]): void {
    const { condition, incrementor, statement } = node;
    const head = this.#graph.loopHead(node);
    const body = this.#graph.join();
    const step = this.#graph.join();
    const after = this.#graph.join();
    this.#graph.goto(head);
    this.#graph.resume(head);
    if (condition) this.#expressions.condition(condition, body, after);
    else this.#graph.goto(body);
    this.#graph.resume(body);
    this.#loop(labels, step, after, () => this.#statement(statement, []));
    this.#graph.goto(step);
    this.#graph.resume(step);
    if (incrementor) {
      this.#expressions.expression(incrementor);
      this.#graph.emit({ kind: 'discard', node: incrementor });
    }
    this.#graph.goto(head);
    this.#graph.resume(after);
  }

  #iteration(node: IterationStatement, labels: readonly string[]): void {
    this.#expressions.expression(node.expression);
    const after = this.#graph.join();
    this.#graph.guarded(
      () => this.#close(node),
      () => {
        const head = this.#graph.loopHead(node);
        const done = this.#graph.join();
        this.#graph.goto(head);
        this.#graph.resume(head);
        const next = this.#graph.emitThrowing({ kind: 'next', node });
        if (next === undefined) return;
        this.#graph.link(next, 'false', done);
        this.#graph.continueFrom(next, 'true');
        this.#loop(labels, head, done, () => this.#iterationBody(node));
        this.#graph.goto(head);
        this.#graph.resume(done);
      },
    );
    this.#graph.goto(after);
    this.#graph.resume(after);
  }

  #close(node: IterationStatement): void {
    // The keys of an object come without an iterator that could fail.
    if (ts.isForInStatement(node)) this.#graph.emit({ kind: 'close', node });
    else this.#graph.emitThrowing({ kind: 'close', node });
  }

  #iterationBody({ initializer, statement }: IterationStatement): void {
    if (!ts.isVariableDeclarationList(initializer)) {
      this.#expressions.assignmentTarget(initializer);
      this.#statement(statement, []);
    } else if (isUsing(initializer)) {
      this.#using(initializer, () => this.#statement(statement, []));
    } else {
      this.#variables(initializer);
      this.#statement(statement, []);
    }
  }

  #switch(node: Ts.SwitchStatement, labels: readonly string[]): void {
    this.#expressions.expression(node.expression);
    const after = this.#graph.join();
    const { clauses } = node.caseBlock;
    const entries = clauses.map(() => this.#graph.join());
    let fallback = after;
    for (const [index, clause] of clauses.entries()) {
      const entry = entries[index] as number;
      if (ts.isDefaultClause(clause)) {
        fallback = entry;
        continue;
      }
      this.#expressions.expression(clause.expression);
      const branch = this.#graph.emit({ kind: 'branch', condition: clause.expression, test: 'case' });
      if (branch === undefined) continue;
      this.#graph.link(branch, 'true', entry);
      this.#graph.continueFrom(branch, 'false');
    }
    this.#graph.goto(fallback);
    this.#graph.inside({ labels, breakTo: after, continueTo: undefined, isPlain: true }, () => {
      for (const [index, clause] of clauses.entries()) {
        const entry = entries[index] as number;
        this.#graph.goto(entry);
        this.#graph.resume(entry);
        this.#statements(clause.statements);
      }
    });
    this.#graph.goto(after);
    this.#graph.resume(after);
  }

  #try(node: Ts.TryStatement): void {
    const { finallyBlock } = node;
    // An empty one is passed in no time: what is returned is returned at once.
    if (!finallyBlock || finallyBlock.statements.length === 0) return this.#tryCatch(node);
    this.#graph.guarded(
      () => this.#statements(finallyBlock.statements),
      () => this.#tryCatch(node),
    );
  }

  #tryCatch({ tryBlock, catchClause }: Ts.TryStatement): void {
    if (!catchClause) return this.#statements(tryBlock.statements);
    const caught = this.#graph.join();
    const after = this.#graph.join();
    this.#graph.catching(caught, () => this.#statements(tryBlock.statements));
    this.#graph.goto(after);
    this.#graph.resume(caught);
    if (catchClause.variableDeclaration) this.#variable(catchClause.variableDeclaration);
    this.#statements(catchClause.block.statements);
    this.#graph.goto(after);
    this.#graph.resume(after);
  }

  #labeled(node: Ts.LabeledStatement, labels: readonly string[]): void {
    const all = [...labels, node.label.text];
    if (isLoop(node.statement) || ts.isLabeledStatement(node.statement)) {
      this.#statement(node.statement, all);
      return;
    }
    const after = this.#graph.join();
    this.#graph.inside({ labels: all, breakTo: after, continueTo: undefined, isPlain: false }, () =>
      this.#statement(node.statement, all),
    );
    this.#graph.goto(after);
    this.#graph.resume(after);
  }
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

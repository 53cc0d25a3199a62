import { type Ts, ts } from '../../syntax/ts.ts';
import type { CallLike } from '../cfg.ts';
import { type Code, memberName, type NameNode, nameText, skipParentheses } from '../code.ts';
import type { SqlParts } from '../sql/index.ts';
import { type Binding, bindingOf } from './bindings.ts';
import { BuilderTables } from './builder-tables.ts';
import { argumentFor, type Callees } from './callees.ts';
import type { SqlText } from './executions.ts';
import { valuesOf } from './field-values.ts';
import { ELEMENT } from './flow.ts';
import { changesOf } from './fold-arrays.ts';
import { foldTextMethod, isRawCall } from './fold-calls.ts';
import { FlagFold, isComparison, isNegation } from './fold-flags.ts';
import { foldRowsHelper, foldTableHelper } from './fold-helpers.ts';
import type { Frames } from './frames.ts';
import { type FunctionNode, isFunctionNode } from './functions.ts';
import { declarationRoot, localDeclaration } from './identifiers.ts';
import {
  ABSENT,
  distinct,
  isAbsent,
  isFlag,
  isHoleOnly,
  joined,
  limited,
  merge,
  NO,
  orElse,
  type Texts,
  UNKNOWN,
  VALUE,
  YES,
} from './parts.ts';
import { reachingDefinitions } from './reaching.ts';
import { resultsOf, yieldsOf } from './results.ts';

/** What an expression may be as text. */
export interface Folded {
  /** Never empty. */
  readonly texts: Texts;
  /** Functions on whose parameters the holes depend: knowing the call that entered one may fill them. */
  readonly open: ReadonlySet<FunctionNode>;
  /** Whether a parameter of one of these decides which of the texts it is. */
  readonly isChosen: boolean;
}

/** What adds to a statement in place: `statement.append(clause)` of sql-template-strings and its like. */
const APPEND: ReadonlySet<string> = new Set(['append']);

/** Expressions made of expressions made of …: deeper than this, a hole. */
const DEEPEST = 60;

/** Folds expressions to text: the parts that are in the code, and holes for the rest. */
export class Folder {
  readonly #code: Code;
  readonly #callees: Callees;

  constructor(code: Code, callees: Callees) {
    this.#code = code;
    this.#callees = callees;
  }

  fold({ at, path, frames }: SqlText): Folded {
    const open = new Set<FunctionNode>();
    const run = new FoldRun(this.#code, this.#callees, open);
    const texts = distinct(run.text(at, path, frames).map((parts) => merge(parts.map(unlessAbsent))));
    return { texts, open, isChosen: run.isChosen && texts.length > 1 };
  }
}

/** Where nothing has taken its place, what is absent is a hole like any other. */
function unlessAbsent(part: SqlParts[number]): SqlParts[number] {
  return part === ABSENT ? UNKNOWN : part;
}

class FoldRun {
  readonly #code: Code;
  readonly #callees: Callees;
  readonly #open: Set<FunctionNode>;
  readonly #tables: BuilderTables;
  /** What is being folded: a value made from itself, as a text that a loop adds to, is a hole. */
  readonly #active = new Set<Ts.Node>();
  readonly #flags = new FlagFold((expression, frames) => this.text(expression, [], frames));
  #isChosen = false;

  constructor(code: Code, callees: Callees, open: Set<FunctionNode>) {
    this.#code = code;
    this.#callees = callees;
    this.#open = open;
    this.#tables = new BuilderTables(code);
  }

  /** Whether a parameter, of which nothing is known, decides what something comes to. */
  get isChosen(): boolean {
    return this.#isChosen;
  }

  text(expression: Ts.Node, path: readonly string[], frames: Frames): Texts {
    const node = skipParentheses(expression);
    if (this.#active.has(node) || this.#active.size > DEEPEST) return [[UNKNOWN]];
    this.#active.add(node);
    const texts = this.#evaluate(node, path, frames);
    this.#active.delete(node);
    return texts.length > 0 ? texts : [[UNKNOWN]];
  }

  #evaluate(node: Ts.Node, path: readonly string[], frames: Frames): Texts {
    if (ts.isAwaitExpression(node)) return this.text(node.expression, path, frames);
    if (ts.isConditionalExpression(node)) {
      const decided = this.#flags.decide(node.condition, frames);
      if (decided !== undefined) return this.text(decided ? node.whenTrue : node.whenFalse, path, frames);
      return this.#either([node.whenTrue, node.whenFalse], path, frames);
    }
    if (ts.isIdentifier(node)) {
      return isUndefined(node) ? [[ABSENT]] : this.#identifier(node, path, frames);
    }
    if (ts.isCallExpression(node)) return this.#call(node, path, frames);
    if (ts.isBinaryExpression(node)) return this.#binary(node, path, frames);
    if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) {
      return this.#member(node, path, frames);
    }
    if (ts.isNewExpression(node))
      return node.arguments?.[0] ? this.text(node.arguments[0], path, frames) : [];
    const [next, ...rest] = path;
    if (next !== undefined) return this.#within(node, next, rest, frames);
    if (ts.isStringLiteralLike(node) || ts.isNumericLiteral(node)) return [[node.text]];
    if (ts.isTemplateExpression(node)) return this.#template(node, (part) => this.text(part, [], frames));
    if (ts.isTaggedTemplateExpression(node)) return this.#tagged(node, frames);
    if (node.kind === ts.SyntaxKind.TrueKeyword) return [[YES]];
    if (node.kind === ts.SyntaxKind.FalseKeyword) return [[NO]];
    // An object of options is there, whatever is in it.
    if (this.#flags.isDeciding && ts.isObjectLiteralExpression(node)) return [[YES]];
    if (isNegation(node)) return this.#flags.negation(node, frames);
    return ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node) ? [[VALUE]] : [];
  }

  /** A property of an object literal, or an element of an array literal. */
  #within(node: Ts.Node, next: string, rest: readonly string[], frames: Frames): Texts {
    if (ts.isArrayLiteralExpression(node)) {
      if (next !== ELEMENT) return [];
      return node.elements.flatMap((element) =>
        ts.isSpreadElement(element)
          ? this.text(element.expression, [next, ...rest], frames)
          : this.text(element, rest, frames),
      );
    }
    if (!ts.isObjectLiteralExpression(node)) return [];
    const named = node.properties.filter(({ name }) => name && (next === ELEMENT || nameText(name) === next));
    const texts = named.flatMap((property) => {
      if (ts.isPropertyAssignment(property)) return this.text(property.initializer, rest, frames);
      return ts.isShorthandPropertyAssignment(property) ? this.text(property.name, rest, frames) : [];
    });
    if (texts.length > 0) return texts;
    const spreads = node.properties.filter(ts.isSpreadAssignment);
    if (spreads.length === 0 && next !== ELEMENT && isComplete(node)) return [[ABSENT]];
    return spreads.flatMap(({ expression }) => this.text(expression, [next, ...rest], frames));
  }

  #either(nodes: readonly Ts.Node[], path: readonly string[], frames: Frames): Texts {
    return limited(nodes.flatMap((node) => this.text(node, path, frames)));
  }

  #binary(node: Ts.BinaryExpression, path: readonly string[], frames: Frames): Texts {
    const { kind } = node.operatorToken;
    if (kind === ts.SyntaxKind.PlusToken && path.length === 0) {
      return joined(
        termsOf(node).map((term) => this.text(term, [], frames)),
        '',
      );
    }
    if (kind === ts.SyntaxKind.QuestionQuestionToken || kind === ts.SyntaxKind.BarBarToken) {
      const operator = kind === ts.SyntaxKind.BarBarToken ? '||' : '??';
      return orElse(this.text(node.left, path, frames), operator, () => this.text(node.right, path, frames));
    }
    if (kind === ts.SyntaxKind.AmpersandAmpersandToken) {
      // `${isStrict && clause}`: the clause, or nothing worth speaking of.
      const decided = this.#flags.decide(node.left, frames);
      if (decided === false) return [['']];
      const texts = this.text(node.right, path, frames);
      return decided ? texts : [...texts, ['']];
    }
    if (path.length === 0 && isComparison(node)) return this.#flags.equality(node, frames);
    if (kind === ts.SyntaxKind.EqualsToken || kind === ts.SyntaxKind.CommaToken) {
      return this.text(node.right, path, frames);
    }
    return path.length === 0 ? [[VALUE]] : [];
  }

  #template(node: Ts.TemplateExpression, fold: (part: Ts.Expression) => Texts): Texts {
    const spans = node.templateSpans.flatMap(({ expression, literal }) => [
      fold(expression),
      [[literal.text]],
    ]);
    return joined([[[node.head.text]], ...spans], '');
  }

  #tagged(node: Ts.TaggedTemplateExpression, frames: Frames): Texts {
    const { tag, template } = node;
    if (ts.isNoSubstitutionTemplateLiteral(template)) return [[template.text]];
    const bare = skipParentheses(tag);
    const isText = ts.isPropertyAccessExpression(bare) && bare.expression.getText() === 'String';
    const isOwn = this.#callees.functionsOf(tag, frames).length > 0;
    return this.#template(template, (part) => {
      if (isText) return this.text(part, [], frames);
      const written = isOwn
        ? undefined
        : (foldRowsHelper(part, node) ?? foldTableHelper(part, node, this.#tables));
      return written ?? this.#bound(part, frames);
    });
  }

  /** In the text of a tag a value is bound, not spliced in; what another tag or a call makes may be a piece of SQL. */
  #bound(part: Ts.Expression, frames: Frames): Texts {
    const bare = skipParentheses(part);
    if (ts.isConditionalExpression(bare)) {
      return [...this.#bound(bare.whenTrue, frames), ...this.#bound(bare.whenFalse, frames)];
    }
    if (ts.isTaggedTemplateExpression(bare) || ts.isCallExpression(bare)) return this.text(bare, [], frames);
    if (!ts.isIdentifier(bare)) return [[VALUE]];
    const local = localDeclaration(bare);
    const value = local && ts.isVariableDeclaration(local) && local.initializer;
    return value && ts.isTaggedTemplateExpression(skipParentheses(value))
      ? this.text(value, [], frames)
      : [[VALUE]];
  }

  #identifier(node: Ts.Identifier, path: readonly string[], frames: Frames): Texts {
    const local = localDeclaration(node);
    if (!local) return [];
    if (ts.isParameter(local)) return this.#parameter(local, node.text, path, frames);
    if (ts.isVariableDeclaration(local)) return this.#variable(local, node, path, frames);
    return this.#declared(node, path, frames);
  }

  #parameter(
    parameter: Ts.ParameterDeclaration,
    name: string,
    path: readonly string[],
    frames: Frames,
  ): Texts {
    const fn = parameter.parent;
    const binding = bindingOf(parameter.name, name);
    if (!isFunctionNode(fn) || !binding) return [];
    const call = frames.callOf(fn);
    if (!call) {
      this.#open.add(fn);
      if (this.#flags.isDeciding) this.#isChosen = true;
      return [];
    }
    const inValue = [...binding.path, ...path];
    const argument = argumentFor(parameter, call);
    const passed = argument ? this.text(argument, inValue, frames.leave(fn)) : absentUnlessSpread(call);
    const { initializer } = parameter;
    const whole = initializer
      ? orElse(passed, 'default', () => this.text(initializer, inValue, frames))
      : passed;
    return this.#orDefault(whole, binding, path, frames);
  }

  /** `{ clause = 'ON CONFLICT …' }`: what stands for a property that is not there. */
  #orDefault(texts: Texts, { fallback }: Binding, path: readonly string[], frames: Frames): Texts {
    if (!fallback) return texts;
    return orElse(texts, 'default', () => this.text(fallback, path, frames));
  }

  #variable(
    variable: Ts.VariableDeclaration,
    use: Ts.Identifier,
    path: readonly string[],
    frames: Frames,
  ): Texts {
    const binding = bindingOf(variable.name, use.text);
    if (!binding) return [];
    const loop = variable.parent.parent;
    const value = ts.isForOfStatement(loop) ? loop.expression : variable.initializer;
    const inValue = [...(ts.isForOfStatement(loop) ? [ELEMENT] : []), ...binding.path, ...path];
    const changes = path.length === 0 ? changesOf(variable, use.text, APPEND) : [];
    return limited(
      reachingDefinitions(variable, use.text, use, {
        changes: changes.map(({ call }) => call),
        decide: (condition) => this.#flags.decide(condition, frames),
      }).flatMap((definition) => {
        if (definition.kind === 'assignment') return this.#assigned(definition.node, path, frames);
        if (definition.kind === 'change' && !definition.isElsewhere) {
          return this.text(definition.node, path, frames);
        }
        if (!value) return [];
        const texts = this.#orDefault(this.text(value, inValue, frames), binding, path, frames);
        return definition.kind === 'change' ? joined([texts, [[UNKNOWN]]], '') : texts;
      }),
    );
  }

  #assigned(node: Ts.BinaryExpression, path: readonly string[], frames: Frames): Texts {
    const { kind } = node.operatorToken;
    if (kind === ts.SyntaxKind.EqualsToken) return this.text(node.right, path, frames);
    if (kind !== ts.SyntaxKind.PlusEqualsToken || path.length > 0) return [[UNKNOWN]];
    if (this.#active.has(node)) return [[UNKNOWN]];
    this.#active.add(node);
    const texts = joined([this.text(node.left, [], frames), this.text(node.right, [], frames)], '');
    this.#active.delete(node);
    return texts;
  }

  #member(
    node: Ts.PropertyAccessExpression | Ts.ElementAccessExpression,
    path: readonly string[],
    frames: Frames,
  ): Texts {
    const name = memberName(node);
    const key = name ? nameText(name) : ELEMENT;
    if (key === undefined) return [];
    const object = skipParentheses(node.expression);
    if (object.kind !== ts.SyntaxKind.ThisKeyword && object.kind !== ts.SyntaxKind.SuperKeyword) {
      const texts = this.text(object, [key, ...path], frames);
      if (!texts.every(isHole)) return texts;
    }
    return name ? this.#declared(name, path, frames) : [];
  }

  /** What a name stands for by its declaration: a constant of another file, a field, a static, an enum member. */
  #declared(name: NameNode, path: readonly string[], frames: Frames): Texts {
    return this.#code.entities(name).flatMap((entity): Texts => {
      if (entity.kind !== 'node') return [];
      const { node } = entity;
      if (ts.isShorthandPropertyAssignment(node)) return this.text(node.name, path, frames);
      if (ts.isParameter(node)) return this.#parameter(node, nameText(node.name) ?? '', path, frames);
      if (ts.isExportAssignment(node)) return this.text(node.expression, path, frames);
      const { initializer } = node as { initializer?: Ts.Node };
      if (initializer && declarationRoot(node) === node) return this.text(initializer, path, frames);
      return ts.isPropertyDeclaration(node) || ts.isGetAccessor(node) ? this.#field(node, path, frames) : [];
    });
  }

  #field(
    member: Ts.PropertyDeclaration | Ts.GetAccessorDeclaration,
    path: readonly string[],
    frames: Frames,
  ): Texts {
    return limited(
      valuesOf(member, this.#code).flatMap((value) =>
        ts.isGetAccessor(value) ? this.#results(value, path, frames) : this.text(value, path, frames),
      ),
    );
  }

  #call(node: Ts.CallExpression, path: readonly string[], frames: Frames): Texts {
    if (path.length === 0) {
      const made = foldTextMethod(
        node,
        (part, at = []) => this.text(part, at, frames),
        (condition) => this.#flags.decide(condition, frames),
      );
      if (made) return made;
    }
    const bodies = this.#callees.bodies(node, frames);
    if (bodies.length > 0) {
      const entered = bodies.filter((fn) => !frames.callOf(fn));
      return limited(entered.flatMap((fn) => this.#results(fn, path, frames.enter(fn, node))));
    }
    const [argument] = node.arguments;
    return argument && isRawCall(node) ? this.text(argument, path, frames) : [];
  }

  #results(fn: FunctionNode, path: readonly string[], frames: Frames): Texts {
    if (this.#active.has(fn)) return [];
    this.#active.add(fn);
    const texts = limited(
      path[0] === ELEMENT && fn.asteriskToken
        ? yieldsOf(fn).flatMap(({ value, isAll }) => this.text(value, isAll ? path : path.slice(1), frames))
        : resultsOf(fn).flatMap((value) => this.text(value, path, frames)),
    );
    this.#active.delete(fn);
    return texts;
  }
}

/** Whether nothing is known of a text; of an empty one, and of one that is absent, everything is. */
function isHole(parts: SqlParts): boolean {
  return (
    isHoleOnly(parts) && parts.some((part) => typeof part !== 'string') && !isAbsent(parts) && !isFlag(parts)
  );
}

function isUndefined(node: Ts.Identifier): boolean {
  return node.text === 'undefined' && !localDeclaration(node);
}

/** What a parameter gets that a call passes nothing for. */
function absentUnlessSpread(call: CallLike): Texts {
  const isKnown = !ts.isTaggedTemplateExpression(call) && !call.arguments?.some(ts.isSpreadElement);
  return isKnown ? [[ABSENT]] : [[UNKNOWN]];
}

/** What a chain of `+` joins, in order: one level to its reader, however many to the parser. */
function termsOf(sum: Ts.BinaryExpression): readonly Ts.Expression[] {
  const terms: Ts.Expression[] = [];
  let left: Ts.Expression = sum;
  while (ts.isBinaryExpression(left) && left.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    terms.push(left.right);
    left = left.left;
  }
  return [left, ...terms.reverse()];
}

/**
 * Whether an object literal has no other properties than those in it: their names are all known, and it is handed over
 * as it is rather than kept in a variable, where more may be added.
 */
function isComplete(literal: Ts.ObjectLiteralExpression): boolean {
  const isKnown = literal.properties.every(({ name }) => !name || nameText(name) !== undefined);
  let { parent } = literal as { parent: Ts.Node };
  while (skipParentheses(parent) === literal) ({ parent } = parent);
  return isKnown && !ts.isVariableDeclaration(parent) && !ts.isBinaryExpression(parent);
}

import fc from 'fast-check';

/**
 * Random programs of calls. Each call has a number of its own, so that a run can be told from the list of numbers.
 * A program is shaped freely; what would make no sense where it stands is left out when it is printed.
 */
export interface Program {
  readonly isAsync: boolean;
  readonly isGenerator: boolean;
  readonly parameter: Parameter;
  readonly body: Block;
}

export interface Parameter {
  readonly shape: 'name' | 'pattern';
  readonly fallback: Expression;
}

export type Expression =
  | { readonly kind: 'call' | 'await' | 'yield' | 'new' | 'tagged' | 'function' }
  | { readonly kind: 'literal'; readonly text: 'true' | 'false' | 'null' }
  | { readonly kind: 'not'; readonly operand: Expression }
  | { readonly kind: '&&' | '||' | '??' | ','; readonly left: Expression; readonly right: Expression }
  | { readonly kind: '?:'; readonly test: Expression; readonly yes: Expression; readonly no: Expression }
  | {
      readonly kind: '=' | '??=' | '&&=' | '||=';
      readonly target: 'variable' | 'member';
      readonly value: Expression;
    }
  | {
      readonly kind: 'pattern';
      readonly shape: 'object' | 'array' | 'deep' | 'member';
      readonly fallback: Expression;
    }
  | { readonly kind: 'chain'; readonly links: readonly Link[] }
  | { readonly kind: 'template'; readonly parts: readonly Expression[] }
  | { readonly kind: 'object'; readonly parts: readonly Expression[]; readonly member: Member };

/** What has a computed name. */
export type Member = 'method' | 'getter' | 'setter' | 'generator';

export interface Link {
  readonly access: '.' | '?.' | '[]' | '?.[]' | '()' | '?.()';
  /** Whether the call of the link may return null. */
  readonly mayMiss: boolean;
  readonly argument: Expression | undefined;
  /** How the link is wrapped: `o!`, `(o)`. */
  readonly wrap: 'none' | 'non-null' | 'parentheses';
}

export type Statement =
  | { readonly kind: 'expression' | 'return' | 'throw'; readonly value: Expression }
  | { readonly kind: 'declare'; readonly value: Expression }
  | { readonly kind: 'destructure'; readonly key: Expression; readonly fallback: Expression }
  | { readonly kind: 'if'; readonly test: Expression; readonly yes: Block; readonly no: Block | undefined }
  | {
      readonly kind: 'while' | 'do' | 'for';
      /** Undefined for a loop that only a jump or an exception ends. */
      readonly test: Expression | undefined;
      readonly step: Expression;
      readonly first: 'nothing' | 'value' | 'using';
      readonly body: Block;
      readonly label: boolean;
    }
  | {
      readonly kind: 'for-of';
      readonly awaits: boolean;
      readonly head: 'const' | 'pattern' | 'using' | 'await using';
      readonly fallback: Expression;
      readonly body: Block;
      readonly label: boolean;
    }
  | { readonly kind: 'for-in'; readonly body: Block; readonly label: boolean }
  | {
      readonly kind: 'switch';
      readonly value: Expression;
      readonly clauses: readonly Clause[];
      readonly label: boolean;
    }
  | {
      readonly kind: 'try';
      readonly body: Block;
      readonly handler: Block | undefined;
      readonly finalizer: Block | undefined;
    }
  | { readonly kind: 'block'; readonly body: Block; readonly label: boolean }
  | {
      readonly kind: 'jump';
      readonly how: 'break' | 'continue';
      /** Which of the labels around it. */
      readonly target: number;
      /** Whether to do without a label. */
      readonly plain: boolean;
    }
  | { readonly kind: 'using'; readonly awaits: boolean; readonly others: 0 | 1 }
  | {
      readonly kind: 'class';
      readonly parts: readonly Expression[];
      readonly body: Block;
      readonly member: Member;
      /** Whether the static field is an accessor. */
      readonly isAccessor: boolean;
      /** Of the class itself, and of what has a computed name. */
      readonly decorators: { readonly own: readonly Expression[]; readonly ofMembers: readonly Expression[] };
    };

export type Block = readonly Statement[];

export interface Clause {
  /** Undefined for `default`. */
  readonly test: Expression | undefined;
  readonly body: Block;
}

interface Tied {
  readonly expression: Expression;
  readonly statement: Statement;
  readonly block: Block;
}

const flag = fc.boolean();
const member = fc.constantFrom('method', 'getter', 'setter', 'generator');

const { expression, statement } = fc.letrec<Tied>((tie) => {
  const part = tie('expression') as fc.Arbitrary<Expression>;
  const body = tie('block') as fc.Arbitrary<Block>;
  const link = fc.record({
    access: fc.constantFrom('.', '?.', '[]', '?.[]', '()', '?.()'),
    mayMiss: flag,
    argument: fc.option(part, { nil: undefined, freq: 3 }),
    wrap: fc.constantFrom('none', 'none', 'none', 'non-null', 'parentheses'),
  });
  const clause = fc.record({ test: fc.option(part, { nil: undefined, freq: 4 }), body });
  return {
    expression: fc.oneof(
      { maxDepth: 3, depthSize: 'medium' },
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constantFrom('call', 'call', 'await', 'yield', 'new', 'tagged', 'function'),
        }),
      },
      fc.record({ kind: fc.constant('literal'), text: fc.constantFrom('true', 'false', 'null') }),
      fc.record({ kind: fc.constant('not'), operand: part }),
      fc.record({ kind: fc.constantFrom('&&', '||', '??', ','), left: part, right: part }),
      fc.record({ kind: fc.constant('?:'), test: part, yes: part, no: part }),
      fc.record({
        kind: fc.constantFrom('=', '??=', '&&=', '||='),
        target: fc.constantFrom('variable', 'member'),
        value: part,
      }),
      fc.record({
        kind: fc.constant('pattern'),
        shape: fc.constantFrom('object', 'array', 'deep', 'member'),
        fallback: part,
      }),
      fc.record({ kind: fc.constant('chain'), links: fc.array(link, { minLength: 1, maxLength: 3 }) }),
      fc.record({ kind: fc.constant('template'), parts: fc.array(part, { minLength: 1, maxLength: 2 }) }),
      fc.record({
        kind: fc.constant('object'),
        parts: fc.array(part, { minLength: 1, maxLength: 2 }),
        member,
      }),
    ) as fc.Arbitrary<Expression>,
    statement: fc.oneof(
      { maxDepth: 3, depthSize: 'medium' },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('expression'), value: part }) },
      fc.record({ kind: fc.constantFrom('return', 'throw'), value: part }),
      {
        weight: 3,
        arbitrary: fc.record({
          kind: fc.constant('jump'),
          how: fc.constantFrom('break', 'continue'),
          target: fc.nat(3),
          plain: flag,
        }),
      },
      fc.record({ kind: fc.constant('using'), awaits: flag, others: fc.constantFrom(0, 1) }),
      fc.record({ kind: fc.constant('declare'), value: part }),
      fc.record({ kind: fc.constant('destructure'), key: part, fallback: part }),
      fc.record({ kind: fc.constant('if'), test: part, yes: body, no: fc.option(body, { nil: undefined }) }),
      {
        weight: 3,
        arbitrary: fc.record({
          kind: fc.constantFrom('while', 'do', 'for'),
          test: fc.option(part, { nil: undefined }),
          step: part,
          first: fc.constantFrom('nothing', 'nothing', 'nothing', 'value', 'using'),
          body,
          label: flag,
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          kind: fc.constant('for-of'),
          awaits: flag,
          head: fc.constantFrom('const', 'const', 'pattern', 'using', 'await using'),
          fallback: part,
          body,
          label: flag,
        }),
      },
      fc.record({ kind: fc.constant('for-in'), body, label: flag }),
      fc.record({
        kind: fc.constant('switch'),
        value: part,
        clauses: fc.array(clause, { maxLength: 3 }),
        label: flag,
      }),
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant('try'),
          body,
          handler: fc.option(body, { nil: undefined }),
          finalizer: fc.option(body, { nil: undefined }),
        }),
      },
      fc.record({ kind: fc.constant('block'), body, label: flag }),
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant('class'),
          parts: fc.array(part, { maxLength: 5 }),
          body,
          member,
          isAccessor: flag,
          decorators: fc.record({
            own: fc.array(part, { maxLength: 2 }),
            ofMembers: fc.array(part, { maxLength: 2 }),
          }),
        }),
      },
    ) as fc.Arbitrary<Statement>,
    block: fc.array(tie('statement') as fc.Arbitrary<Statement>, { maxLength: 3, depthIdentifier: 'block' }),
  };
});

export const program: fc.Arbitrary<Program> = fc.record({
  isAsync: flag,
  isGenerator: flag,
  parameter: fc.record({
    shape: fc.constantFrom('name', 'pattern') as fc.Arbitrary<Parameter['shape']>,
    fallback: expression,
  }),
  body: fc.array(statement, { minLength: 2, maxLength: 5, size: 'max' }),
});

import { rightmostName } from '../../src/analysis/code.ts';
import { lockFacts } from '../../src/analysis/locks/facts.ts';
import { mayWait, type Section, sectionsOf, takingAgain } from '../../src/analysis/locks/sections.ts';
import type { Edit, Mutant, Operator } from '../../src/engine/proof.ts';
import { type Ts, ts } from '../../src/syntax/ts.ts';

const crossWithTwin: Operator = {
  id: 'cross-with-twin',
  summary:
    'gives a class a second lock like the one it has, and takes the two in one order here and in the other there',
  async mutants(view) {
    const { takings } = await view.use(lockFacts);
    const sections = sectionsOf(takings, view.program).filter(
      ({ lock, taking, call }) => !lock.database && taking !== call,
    );
    const byField = new Map<Ts.PropertyDeclaration, Section[]>();
    for (const section of sections.filter(mayWait)) {
      const field = ownField(section);
      if (field) byField.set(field, [...(byField.get(field) ?? []), section]);
    }
    return [...byField].flatMap(([field, own]) => crossed(field, own));
  },
};

/** The field of its own class that a section takes its lock from, made where it is declared. */
function ownField({ call, taking }: Section): Ts.PropertyDeclaration | undefined {
  const method = call.expression;
  const receiver = ts.isPropertyAccessExpression(method) ? method.expression : undefined;
  if (!receiver || !ts.isPropertyAccessExpression(receiver)) return undefined;
  if (receiver.expression.kind !== ts.SyntaxKind.ThisKeyword) return undefined;
  const name = rightmostName(receiver)?.text;
  for (let at: Ts.Node = taking; at; at = at.parent) {
    if (!ts.isClassLike(at)) continue;
    return at.members
      .filter((member) => ts.isPropertyDeclaration(member))
      .find(
        (member) =>
          member.name.getText() === name && member.initializer && ts.isNewExpression(member.initializer),
      );
  }
  return undefined;
}

/** Under the lock in the first function; around it in another, which must not be called by the first. */
function crossed(field: Ts.PropertyDeclaration, [first, ...others]: readonly Section[]): readonly Mutant[] {
  const second = others.find(({ owner, style }) => owner !== first?.owner && style !== 'scoped');
  if (!first || !second) return [];
  const { file } = first.body;
  const name = field.name.getText();
  const twin = `${name}Twin`;
  const declaration = field.getText().replace(name, twin);
  const taken = (section: Section): string => takingAgain(section).replace(`this.${name}`, `this.${twin}`);
  const before = second.statement.getStart();
  const edits: readonly Edit[] = [
    { file, start: field.end, end: field.end, text: `\n${declaration}` },
    { file, start: first.start, end: first.start, text: `\n${taken(first)};` },
    { file, start: before, end: before, text: `${taken(second)};\n` },
  ];
  const { taking } = second;
  return [{ edits, expect: [...edits.slice(1), { file, start: taking.getStart(), end: taking.end }] }];
}

export const operators: readonly Operator[] = [crossWithTwin];

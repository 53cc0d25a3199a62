import { markedSections } from '../../src/analysis/atomic/markers.ts';
import { readAtomicTags } from '../../src/analysis/atomic/tags.ts';
import { ATOMIC_MARKERS } from '../../src/analysis/atomic/words.ts';
import { bodyOf } from '../../src/analysis/cfg.ts';
import { programCode } from '../../src/analysis/code.ts';
import type { Operator } from '../../src/engine/proof.ts';
import { ts } from '../../src/syntax/ts.ts';

const makeAsync: Operator = {
  id: 'make-async',
  summary: 'makes a function async that is one step for everybody else',
  async mutants(view) {
    const { functions } = readAtomicTags(view.program, await view.use(programCode));
    return [...functions.keys()].flatMap((fn) => {
      const isMade = ts.isMethodDeclaration(fn) || ts.isFunctionDeclaration(fn) || ts.isArrowFunction(fn);
      if (!isMade || !bodyOf(fn) || fn.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword))
        return [];
      const file = fn.getSourceFile().fileName;
      // After the modifiers, before the name or `function`.
      const start = ts.isMethodDeclaration(fn) ? fn.name.getStart() : (fn.modifiers?.end ?? fn.getStart());
      return [
        {
          edits: [{ file, start, end: start, text: ' async ' }],
          expect: [{ file, start: fn.getStart(), end: fn.end }],
        },
      ];
    });
  },
};

const pauseInSection: Operator = {
  id: 'pause-in-section',
  summary: 'waits between the markers of an atomic section',
  mutants: ({ program }) =>
    program.filesWith(ATOMIC_MARKERS).flatMap((file) =>
      markedSections(program, file).sections.map(({ at }) => {
        const start = lineEnd(program.text(file) ?? '', at.end);
        return { edits: [{ file, start, end: start, text: '\nawait Promise.resolve();' }] };
      }),
    ),
};

function lineEnd(text: string, offset: number): number {
  const end = text.indexOf('\n', offset);
  return end < 0 ? text.length : end;
}

export const operators: readonly Operator[] = [makeAsync, pauseInSection];

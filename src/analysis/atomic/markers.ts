import type { Span } from '../../engine/finding.ts';
import type { Program } from '../../engine/program.ts';
import type { Report } from '../../engine/rule.ts';
import { type Hatch, readDirectives } from '../../engine/suppressions.ts';
import { symbolAround } from '../../syntax/symbols.ts';
import type { SourceTree } from '../../syntax/tree.ts';
import { type Ts, ts } from '../../syntax/ts.ts';
import type { Section } from './section.ts';

/** What can be wrong with a pair of markers. */
export type MarkerProblemId = 'unpairedMarker' | 'nestedMarker' | 'crossingMarkers' | 'emptySection';

/** The sections between markers of a file, and the markers that make none. */
export interface MarkedSections {
  readonly sections: readonly Section[];
  readonly problems: readonly Report<MarkerProblemId>[];
}

const BEGIN = 'atomic-begin';
const END = 'atomic-end';

/** Reads the markers of a file: `// ws-gate: atomic-begin` up to `// ws-gate: atomic-end`, in one list of statements. */
export function markedSections(program: Program, file: string): MarkedSections {
  const tree = program.text(file)?.includes('ws-gate') ? program.tree(file) : undefined;
  const { hatches = [] } = tree
    ? readDirectives({ file, text: tree.text, comments: tree.comments })
    : { hatches: [] };
  const sections: Section[] = [];
  const problems: Report<MarkerProblemId>[] = [];
  let open: Hatch | undefined;
  for (const marker of hatches) {
    if (marker.name === BEGIN) {
      if (open) problems.push({ messageId: 'nestedMarker', at: marker.at, data: { marker: BEGIN } });
      else open = marker;
    } else if (marker.name === END) {
      if (!open) problems.push(unpaired(marker.at, END, BEGIN));
      else if (tree) {
        const made = sectionBetween(tree, open.at, marker.at);
        if ('messageId' in made) problems.push(made);
        else sections.push(made);
        open = undefined;
      }
    }
  }
  if (open) problems.push(unpaired(open.at, BEGIN, END));
  return { sections, problems };
}

function unpaired(at: Span, marker: string, other: string): Report<MarkerProblemId> {
  return { messageId: 'unpairedMarker', at, data: { marker, other } };
}

function sectionBetween(tree: SourceTree, begin: Span, end: Span): Section | Report<MarkerProblemId> {
  const list = listAround(tree, begin);
  if (!list || list !== listAround(tree, end)) return { messageId: 'crossingMarkers', at: end };
  const code = list.statements.filter(
    (statement) => statement.getStart() >= begin.end && statement.end <= end.start,
  );
  if (code.length === 0) return { messageId: 'emptySection', at: begin, data: { begin: BEGIN, end: END } };
  const around = symbolAround(list);
  return {
    kind: 'markers',
    at: begin,
    name: around === '' ? 'the section' : `the section in ${around}`,
    owner: list,
    code,
  };
}

type StatementList = Ts.SourceFile | Ts.Block | Ts.ModuleBlock | Ts.CaseOrDefaultClause;

/** The list of statements that a comment stands in, between two of them or at an end. */
function listAround(tree: SourceTree, { start, end }: Span): StatementList | undefined {
  const node = tree.nodeAt(start, end);
  if (ts.isCaseBlock(node)) {
    // What follows the last statement of a clause is in front of the next one.
    return node.clauses.findLast((clause) => clause.getStart() < start);
  }
  const isList =
    ts.isSourceFile(node) || ts.isBlock(node) || ts.isModuleBlock(node) || ts.isCaseOrDefaultClause(node);
  return isList ? node : undefined;
}

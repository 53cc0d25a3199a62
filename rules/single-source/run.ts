import { type Code, nameText, programCode } from '../../src/analysis/code.ts';
import { AllowedPlaces } from '../../src/analysis/dispatch/allowed.ts';
import { Comparisons } from '../../src/analysis/dispatch/comparisons.ts';
import { type Constant, Constants } from '../../src/analysis/dispatch/constants.ts';
import { Defaults } from '../../src/analysis/dispatch/defaults.ts';
import { leavesSpelt } from '../../src/analysis/dispatch/leaves.ts';
import type { Span } from '../../src/engine/finding.ts';
import type { Pass, ReportStep } from '../../src/engine/rule.ts';
import { type Ts, ts } from '../../src/syntax/ts.ts';
import { type MessageId, type SingleSourceOptions, type SourceOption, wordsOf } from './rule.ts';

type SingleSourcePass = Pass<SingleSourceOptions, MessageId>;

const ONLY = 'single-source.only';

export async function run(pass: SingleSourcePass): Promise<void> {
  const code = await pass.use(programCode);
  const constants = new Constants(code);
  for (const option of pass.options.sources) new SourceRun(option, { pass, code, constants }).run();
}

interface Tools {
  readonly pass: SingleSourcePass;
  readonly code: Code;
  readonly constants: Constants;
}

/** A literal that decides something. */
interface Decided {
  readonly constant: Constant;
  /** Where, if it is not a whole node. */
  readonly at?: Span;
  readonly steps?: readonly ReportStep[];
}

class SourceRun {
  readonly #option: SourceOption;
  readonly #tools: Tools;
  readonly #places: AllowedPlaces;
  readonly #wanted: ReadonlySet<string | number>;
  readonly #reported = new Set<string>();
  /** Entries of `only` in which something is decided. */
  readonly #used = new Set<string>();

  constructor(option: SourceOption, tools: Tools) {
    this.#option = option;
    this.#tools = tools;
    this.#places = new AllowedPlaces(tools.pass.program, tools.pass.root, option.only);
    this.#wanted = new Set([...option.numbers, ...option.strings]);
  }

  run(): void {
    const { pass, code } = this.#tools;
    const { property, compare } = this.#option;
    for (const { entry, candidates } of this.#places.unknown) pass.unknownName(ONLY, entry, candidates);
    const name = property ?? compare ?? '';
    const files = pass.program.filesWith(wordsOf(this.#option));
    if (!files.some((file) => leavesSpelt(code, file, new Set([name])).length > 0)) {
      pass.unknownName(`single-source.${property === undefined ? 'compare' : 'property'}`, name, []);
      return;
    }
    for (const file of files) {
      const source = pass.program.tree(file)?.source;
      if (!source) continue;
      if (property === undefined) this.#compare(source, name);
      else this.#defaults(source, name);
    }
    this.#reportStale(name);
  }

  #defaults(source: Ts.SourceFile, name: string): void {
    const { pass, code, constants } = this.#tools;
    const defaults = new Defaults(code, name);
    for (const { at, to } of defaults.in(source)) {
      pass.site(code.span(at));
      const constant = constants.of(at);
      if (!constant || !this.#wanted.has(constant.value) || this.#isDecidedBefore(constant, name)) continue;
      const given = to && { at: code.span(to), message: `is given to ${name} here` };
      this.#report('literalDefault', at, name, { constant, steps: given ? [given] : [] });
    }
    for (const { node, at, value } of defaults.texts(source)) {
      const meant = [...this.#wanted].find((one) => String(one) === value);
      if (meant !== undefined)
        this.#report('literalDefault', node, name, { constant: { value: meant, via: [] }, at });
    }
  }

  /** A constant that has the name of the property is where the literal is: that is reported, and not who uses it. */
  #isDecidedBefore({ via }: Constant, name: string): boolean {
    return via.some((declaration) => {
      const { name: declared } = declaration as { name?: Ts.Node };
      return declared !== undefined && nameText(declared) === name;
    });
  }

  #compare(source: Ts.SourceFile, name: string): void {
    const { pass, code, constants } = this.#tools;
    const comparisons = new Comparisons(code, constants, { name, wanted: this.#wanted });
    for (const { node, with: others, table } of comparisons.in(source)) {
      pass.site(code.span(node));
      const constant = others.find(({ value }) => this.#wanted.has(value));
      if (!constant || (table && this.#enter(table))) continue;
      const isElsewhere = table && table.pos !== node.pos;
      const steps = isElsewhere ? [{ at: code.span(table), message: 'the table is written here' }] : [];
      this.#report('literalComparison', node, name, { constant, steps });
    }
  }

  #report(
    messageId: MessageId,
    node: Ts.Node,
    property: string,
    { constant, at, steps = [] }: Decided,
  ): void {
    const { pass, code } = this.#tools;
    const place = at ?? code.span(node);
    const key = `${place.file}:${place.start}`;
    if (this.#reported.has(key)) return;
    this.#reported.add(key);
    const isFromSource = constant.via.some((declaration) => this.#enter(declaration));
    if (this.#enter(node) || isFromSource) return;
    const via = constant.via.map((declaration) => ({
      at: code.span(declaration),
      message: 'has its value here',
    }));
    pass.report({
      messageId,
      at: place,
      data: { property, value: JSON.stringify(constant.value), only: this.#option.only.join(' or ') },
      trace: [...via, ...steps],
    });
  }

  /** Whether a node lies in one of the places, which is thereby of use. */
  #enter(node: Ts.Node): boolean {
    const entries = this.#places.around(node);
    for (const entry of entries) this.#used.add(entry);
    return entries.length > 0;
  }

  #reportStale(name: string): void {
    const { pass } = this.#tools;
    for (const { entry, by } of this.#places.redundant) {
      pass.stale(`${ONLY} lists ${entry}, which ${by} allows already`, 'remove one of the two entries');
    }
    const redundant = new Set(this.#places.redundant.map(({ entry }) => entry));
    this.#lookForValues();
    for (const entry of this.#places.known.filter((one) => !this.#used.has(one) && !redundant.has(one))) {
      const values = [...this.#wanted].map((value) => JSON.stringify(value)).join(', ');
      pass.stale(
        `${ONLY} lists ${entry}, which decides nothing about ${name}: it has none of ${values}`,
        'remove the entry, or correct it',
      );
    }
  }

  /** A place may return its values to whoever gives them to the property: it is of use if it has any of them. */
  #lookForValues(): void {
    const { pass, constants } = this.#tools;
    for (const file of this.#places.files) {
      const visit = (node: Ts.Node): void => {
        const mayBeValue = ts.isStringLiteralLike(node) || ts.isNumericLiteral(node) || ts.isIdentifier(node);
        const value = mayBeValue ? constants.of(node)?.value : undefined;
        if (value !== undefined && this.#wanted.has(value)) this.#enter(node);
        ts.forEachChild(node, visit);
      };
      const source = pass.program.tree(file)?.source;
      if (source) visit(source);
    }
  }
}

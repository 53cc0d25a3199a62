import { type Code, programCode } from '../../src/analysis/code.ts';
import { reportName } from '../../src/analysis/config-name.ts';
import { AllowedPlaces } from '../../src/analysis/dispatch/allowed.ts';
import { type FieldTest, findFieldTests } from '../../src/analysis/dispatch/field-tests.ts';
import { FieldReads } from '../../src/analysis/dispatch/fields.ts';
import { Heritage } from '../../src/analysis/dispatch/heritage.ts';
import { type Target, Targets } from '../../src/analysis/dispatch/targets.ts';
import { isName } from '../../src/analysis/dispatch/words.ts';
import type { Pass } from '../../src/engine/rule.ts';
import { type Ts, ts } from '../../src/syntax/ts.ts';
import type { BareCheckOption, MessageId, NoBareCheckOptions } from './rule.ts';

type BareCheckPass = Pass<NoBareCheckOptions, MessageId>;

const FIELDS = 'no-bare-check.fields';
const USE = 'no-bare-check.use';
const ALLOW_IN = 'no-bare-check.allowIn';

export async function run(pass: BareCheckPass): Promise<void> {
  const code = await pass.use(programCode);
  const targets = new Targets(code, new Heritage(code), pass.root);
  for (const option of pass.options.checks) {
    const check = resolveCheck(option, targets, pass);
    if (check.fields.length === option.fields.length) new CheckRun(check, { pass, code, targets }).run();
  }
}

interface Check {
  readonly option: BareCheckOption;
  readonly fields: readonly Target[];
  readonly places: AllowedPlaces;
  /** The accessor, where `use` is its name: it has to test the fields. */
  readonly accessor: ReadonlySet<Ts.Node>;
}

function resolveCheck(option: BareCheckOption, targets: Targets, pass: BareCheckPass): Check {
  const fields: Target[] = [];
  for (const name of option.fields) {
    const resolution = targets.resolve(name);
    if ('target' in resolution) fields.push(resolution.target);
    else reportName(pass, FIELDS, name, resolution);
  }
  const places = new AllowedPlaces(pass.program, pass.root, option.allowIn);
  for (const { entry, candidates } of places.unknown) pass.unknownName(ALLOW_IN, entry, candidates);
  const isNamed = isName(option.use);
  if (isNamed && !targets.isSpoken(option.use)) {
    pass.unknownName(USE, option.use, places.similarTo(option.use));
  }
  const accessor = isNamed ? targets.resolve(option.use) : undefined;
  const declarations = accessor && 'target' in accessor ? accessor.target.declarations : [];
  return { option, fields, places, accessor: new Set(declarations) };
}

interface Tools {
  readonly pass: BareCheckPass;
  readonly code: Code;
  readonly targets: Targets;
}

class CheckRun {
  readonly #check: Check;
  readonly #tools: Tools;
  readonly #reads: FieldReads;
  /** Entries of `allowIn` that something is allowed by. */
  readonly #used = new Set<string>();

  constructor(check: Check, tools: Tools) {
    this.#check = check;
    this.#tools = tools;
    this.#reads = new FieldReads(tools.code, tools.targets, check.fields);
  }

  run(): void {
    const { fields, places } = this.#check;
    const { program } = this.#tools.code;
    for (const file of program.filesNaming(fields.map(({ member }) => member))) {
      const source = program.tree(file)?.source;
      if (source) this.#look(file, source);
    }
    this.#reportStale(places);
  }

  #look(file: string, source: Ts.SourceFile): void {
    const { pass, code } = this.#tools;
    const { fields, places } = this.#check;
    this.#reads.prefetch(file);
    const { asked, tests, choices } = findFieldTests(source, fields, this.#reads);
    for (const node of asked) pass.site(code.span(node));
    for (const node of [...choices, ...tests.map((test) => test.node)]) {
      for (const entry of places.around(node)) this.#used.add(entry);
    }
    for (const test of tests) {
      if (places.around(test.node).length === 0 && !this.#isInAccessor(test.node)) this.#report(test);
    }
  }

  #report({ node, before, certainty }: FieldTest): void {
    const { pass, code } = this.#tools;
    const { fields, option } = this.#check;
    const names = listed(fields.map(({ name }) => name));
    if (certainty === 'unclear') {
      pass.unresolved(code.span(node), `what is tested here is of unknown type, and may be ${names}`);
      return;
    }
    pass.report({
      messageId: 'bareCheck',
      at: code.span(node),
      data: { fields: names, use: option.use },
      trace: before.map((one) => ({ at: code.span(one), message: 'is known to be missing' })),
    });
  }

  #isInAccessor(node: Ts.Node): boolean {
    return ts.findAncestor(node, (at) => this.#check.accessor.has(at)) !== undefined;
  }

  #reportStale(places: AllowedPlaces): void {
    const { pass } = this.#tools;
    for (const { entry, by } of places.redundant) {
      pass.stale(`${ALLOW_IN} lists ${entry}, which ${by} allows already`, 'remove one of the two entries');
    }
    const redundant = new Set(places.redundant.map(({ entry }) => entry));
    const names = listed(this.#check.fields.map(({ name }) => name));
    for (const entry of places.known.filter((known) => !this.#used.has(known) && !redundant.has(known))) {
      pass.stale(
        `${ALLOW_IN} lists ${entry}, which does not test ${names}`,
        'remove the entry, or correct it',
      );
    }
  }
}

function listed(names: readonly string[]): string {
  const head = names.slice(0, -1);
  return head.length === 0 ? names.join('') : `${head.join(', ')} and ${names.at(-1)}`;
}

import path from 'node:path';
import { type Code, isImport, programCode } from '../../src/analysis/code.ts';
import { reportName } from '../../src/analysis/config-name.ts';
import type { Wanted } from '../../src/analysis/dispatch/candidates.ts';
import { Heritage } from '../../src/analysis/dispatch/heritage.ts';
import { findReferences, type Reference } from '../../src/analysis/dispatch/references.ts';
import { spellings, spellingsOfDefault } from '../../src/analysis/dispatch/spellings.ts';
import { type Target, Targets } from '../../src/analysis/dispatch/targets.ts';
import { findSubjects } from '../../src/analysis/lifecycle/subjects.ts';
import { TestFiles, testImports } from '../../src/analysis/lifecycle/test-modules.ts';
import { filesSpeakingOfTests } from '../../src/analysis/lifecycle/test-words.ts';
import { TEST_ONLY_TAG } from '../../src/analysis/lifecycle/words.ts';
import { namesIn } from '../../src/analysis/name-index.ts';
import type { Pass, ReportStep } from '../../src/engine/rule.ts';
import { resolveLocal } from '../../src/syntax/scopes.ts';
import { type Ts, ts } from '../../src/syntax/ts.ts';
import type { MessageId, TestOnlyOptions } from './rule.ts';

type TestOnlyPass = Pass<TestOnlyOptions, MessageId>;

export async function run(pass: TestOnlyPass): Promise<void> {
  const code = await pass.use(programCode);
  const tests = await TestFiles.load(pass.root, pass.options.tests);
  const targets = new Targets(code, new Heritage(code), pass.root);
  const subjects = subjectsOf(pass, code, targets);
  const use = new ProductionUse(pass, code, { targets, subjects, tests });
  if (subjects.length > 0) use.reportReferences();
  use.reportUnusedImports();
  for (const file of filesSpeakingOfTests(pass.program, pass.options.tests)) {
    if (tests.has(file)) continue;
    for (const { node, module } of testImports(code, file, tests)) {
      const at = code.span(node);
      pass.site(at);
      const name = path.relative(pass.root, module).split(path.sep).join('/');
      pass.report({ messageId: 'importsTest', at, data: { module: name } });
    }
  }
}

/** What only tests may refer to, each a thing that was looked at. */
function subjectsOf(pass: TestOnlyPass, code: Code, targets: Targets): readonly Target[] {
  const found = findSubjects(pass.program, targets, {
    tag: TEST_ONLY_TAG,
    functions: pass.options.functions,
  });
  for (const at of found.idle) pass.misplaced({ messageId: 'idleTag', at, data: { tag: TEST_ONLY_TAG } });
  for (const problem of found.problems) reportName(pass, 'test-only.functions', problem.name, problem);
  for (const { declarations } of found.targets) for (const one of declarations) pass.site(code.span(one));
  return found.targets;
}

interface Subjects {
  readonly targets: Targets;
  readonly subjects: readonly Target[];
  readonly tests: TestFiles;
}

/** What production does with what is for tests. */
class ProductionUse {
  readonly #pass: TestOnlyPass;
  readonly #code: Code;
  readonly #targets: Targets;
  readonly #subjects: readonly Target[];
  readonly #tests: TestFiles;

  constructor(pass: TestOnlyPass, code: Code, { targets, subjects, tests }: Subjects) {
    this.#pass = pass;
    this.#code = code;
    this.#targets = targets;
    this.#subjects = subjects;
    this.#tests = tests;
  }

  reportReferences(): void {
    for (const reference of findReferences(this.#code, this.#wanted())) {
      if (this.#isForTests(reference.node)) continue;
      const at = this.#code.span(reference.node);
      const match = this.#matchOf(reference);
      if (!match) {
        this.#reportUnclear(reference);
        continue;
      }
      this.#pass.site(at);
      this.#pass.report({
        messageId: reference.usage === 'call' ? 'called' : 'taken',
        at,
        data: { target: match.target.name },
        trace: this.#overriding(match),
      });
    }
  }

  /** An import that is used is told of by its uses. */
  reportUnusedImports(): void {
    for (const target of this.#subjects.filter(({ containers }) => containers.length === 0)) {
      for (const [file, words] of this.#spellings(target)) {
        const source = this.#tests.has(file) ? undefined : this.#pass.program.tree(file)?.source;
        for (const name of source ? importedNames(source, words) : []) {
          const stands = this.#code
            .entities(name)
            .some((one) => one.kind === 'node' && target.declarations.has(one.node));
          if (!stands || isUsed(name)) continue;
          const at = this.#code.span(name);
          this.#pass.site(at);
          this.#pass.report({ messageId: 'imported', at, data: { target: target.name } });
        }
      }
    }
  }

  #spellings({ member, declarations }: Target): ReadonlyMap<string, ReadonlySet<string>> {
    const { program } = this.#pass;
    return member === 'default'
      ? spellingsOfDefault(
          program,
          [...declarations].map((one) => this.#code.fileOf(one)),
        )
      : spellings(program, member);
  }

  #wanted(): Wanted {
    const names = (some: readonly Target[]): ReadonlySet<string> => new Set(some.map(({ member }) => member));
    return {
      members: names(this.#subjects),
      functions: names(this.#subjects.filter(({ containers }) => containers.length === 0)),
      declaring: new Set(this.#subjects.flatMap((target) => this.#targets.filesOf(target))),
      looks: 'count',
    };
  }

  /** Whether a place is in a test, or in what only tests may use. */
  #isForTests(node: Ts.Node): boolean {
    if (this.#tests.has(this.#code.fileOf(node))) return true;
    return (
      ts.findAncestor(node, (at) => this.#subjects.some((target) => this.#isOf(at, target))) !== undefined
    );
  }

  /** Whether a declaration is the target, or overrides or implements it. */
  #isOf(declaration: Ts.Node, target: Target): boolean {
    const relation = this.#targets.relation(declaration, target);
    return relation === 'same' || relation === 'below';
  }

  #matchOf({ declarations = [] }: Reference): Match | undefined {
    for (const declaration of declarations) {
      const target = this.#subjects.find((one) => this.#isOf(declaration, one));
      if (target) return { target, declaration };
    }
    return undefined;
  }

  /** Lists what goes by the name of a target and may be it, for all the compiler can tell. */
  #reportUnclear({ node, name, declarations }: Reference): void {
    const target = this.#subjects.find(({ member }) => member === name);
    if (declarations !== undefined || !target) return;
    this.#pass.unresolved(
      this.#code.span(node),
      `\`${name}\` of a value of unknown type may be ${target.name}`,
    );
  }

  #overriding({ target, declaration }: Match): readonly ReportStep[] {
    if (target.declarations.has(declaration)) return [];
    return [{ at: this.#code.span(declaration), message: `overrides or implements ${target.name}` }];
  }
}

interface Match {
  readonly target: Target;
  readonly declaration: Ts.Node;
}

/** The names that imports of more than types give to what goes by one of these words. */
function importedNames(source: Ts.SourceFile, words: ReadonlySet<string>): readonly Ts.Identifier[] {
  return source.statements.flatMap((statement) => {
    const clause = ts.isImportDeclaration(statement) ? statement.importClause : undefined;
    if (!clause || clause.isTypeOnly) return [];
    const { name, namedBindings } = clause;
    const elements = namedBindings && ts.isNamedImports(namedBindings) ? [...namedBindings.elements] : [];
    const names = elements.filter(({ isTypeOnly }) => !isTypeOnly).map((element) => element.name);
    return [...(name ? [name] : []), ...names].filter(({ text }) => words.has(text));
  });
}

/** Whether a file does anything with what it imports under a name, if only in a type. */
function isUsed(name: Ts.Identifier): boolean {
  const others = namesIn(name.getSourceFile()).get(name.text) ?? [];
  return others.some((one) => {
    if (one === name || !ts.isIdentifier(one) || one.parent === name.parent) return false;
    const local = resolveLocal(one);
    return local !== undefined && isImport(local) && local.name === name;
  });
}

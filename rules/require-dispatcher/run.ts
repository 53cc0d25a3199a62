import { type Code, programCode } from '../../src/analysis/code.ts';
import { reportName } from '../../src/analysis/config-name.ts';
import { AllowedPlaces } from '../../src/analysis/dispatch/allowed.ts';
import type { Wanted } from '../../src/analysis/dispatch/candidates.ts';
import { Heritage } from '../../src/analysis/dispatch/heritage.ts';
import { findReferences, type Reference } from '../../src/analysis/dispatch/references.ts';
import { isSelfUse } from '../../src/analysis/dispatch/self-use.ts';
import { type Relation, type Target, Targets } from '../../src/analysis/dispatch/targets.ts';
import { isName } from '../../src/analysis/dispatch/words.ts';
import { namesAround } from '../../src/analysis/names.ts';
import type { Pass, ReportStep } from '../../src/engine/rule.ts';
import type { Ts } from '../../src/syntax/ts.ts';
import type { DispatcherOption, MessageId, RequireDispatcherOptions } from './rule.ts';

export async function run(pass: Pass<RequireDispatcherOptions, MessageId>): Promise<void> {
  const code = await pass.use(programCode);
  const heritage = new Heritage(code);
  const targets = new Targets(code, heritage, pass.root);
  const dispatchers = pass.options.dispatchers.map((option) => resolveDispatcher(option, targets, pass));
  for (const reference of findReferences(code, wantedNames(dispatchers, targets))) {
    const at = code.span(reference.node);
    const matches = matchesOf(reference, dispatchers, targets);
    const [match] = matches;
    if (!match) {
      reportUnclear(reference, dispatchers, (message) => pass.unresolved(at, message));
      continue;
    }
    pass.site(at);
    const isSelf = matches.some(({ target }) => isSelfUse(reference, target, targets));
    if (isAllowed(reference, matches) || isSelf) continue;
    const { dispatcher, target } = match;
    pass.report({
      messageId: reference.usage === 'call' ? 'bypassed' : 'escapes',
      at,
      data: { target: target.name, use: dispatcher.use },
      trace: relationStep(match, code),
    });
  }
  for (const dispatcher of dispatchers) reportStale(dispatcher, pass);
}

const CALLS = 'require-dispatcher.calls';
const ALLOW_IN = 'require-dispatcher.allowIn';
const USE = 'require-dispatcher.use';

type DispatcherPass = Pass<RequireDispatcherOptions, MessageId>;

interface Dispatcher extends DispatcherOption {
  readonly targets: readonly Target[];
  readonly places: AllowedPlaces;
  /** Entries of `allowIn` that something is allowed by. */
  readonly used: Set<string>;
}

function resolveDispatcher(option: DispatcherOption, targets: Targets, pass: DispatcherPass): Dispatcher {
  const found: Target[] = [];
  for (const name of option.calls) {
    const resolution = targets.resolve(name);
    if ('target' in resolution) found.push(resolution.target);
    else reportName(pass, CALLS, name, resolution);
  }
  const places = new AllowedPlaces(pass.program, pass.root, option.allowIn);
  for (const { entry, candidates } of places.unknown) pass.unknownName(ALLOW_IN, entry, candidates);
  if (isName(option.use) && !targets.isSpoken(option.use)) {
    pass.unknownName(USE, option.use, places.similarTo(option.use));
  }
  return { ...option, targets: found, places, used: new Set() };
}

function wantedNames(dispatchers: readonly Dispatcher[], targets: Targets): Wanted {
  const all = dispatchers.flatMap(({ targets }) => targets);
  const names = (some: readonly Target[]): ReadonlySet<string> => new Set(some.map(({ member }) => member));
  return {
    members: names(all),
    functions: names(all.filter(({ containers }) => containers.length === 0)),
    declaring: new Set(all.flatMap((target) => targets.filesOf(target))),
  };
}

interface Match {
  readonly dispatcher: Dispatcher;
  readonly target: Target;
  readonly declaration: Ts.Node;
  readonly relation: Relation;
}

/** The targets that a reference reaches, the very ones first. */
function matchesOf(
  reference: Reference,
  dispatchers: readonly Dispatcher[],
  targets: Targets,
): readonly Match[] {
  const matches = dispatchers.flatMap((dispatcher) =>
    dispatcher.targets.flatMap((target) =>
      (reference.declarations ?? []).flatMap((declaration): Match[] => {
        const relation = targets.relation(declaration, target);
        return relation ? [{ dispatcher, target, declaration, relation }] : [];
      }),
    ),
  );
  const isExact = ({ relation }: Match): number => (relation === 'same' ? 0 : 1);
  return matches.sort((a, b) => isExact(a) - isExact(b));
}

/** Two dispatchers of one target are both in the right. */
function isAllowed({ node }: Reference, matches: readonly Match[]): boolean {
  const entries = matches.flatMap(({ dispatcher }) =>
    dispatcher.places.around(node).map((entry) => ({ dispatcher, entry })),
  );
  for (const { dispatcher, entry } of entries) dispatcher.used.add(entry);
  return entries.length > 0;
}

/** Lists what goes by the name of a target and may be it, for all the compiler can tell. */
function reportUnclear(
  { node, name, declarations }: Reference,
  dispatchers: readonly Dispatcher[],
  report: (message: string) => void,
): void {
  if (declarations !== undefined) return;
  const open = dispatchers.filter(({ places }) => places.around(node).length === 0);
  const target = open.flatMap(({ targets }) => targets).find(({ member }) => member === name);
  if (target) report(`\`${name}\` of a value of unknown type may be ${target.name}`);
}

/** Why what is referred to counts as the target, where it is not the target itself. */
function relationStep({ target, declaration, relation }: Match, code: Code): readonly ReportStep[] {
  if (relation === 'same') return [];
  const own = namesAround(declaration).at(-1) ?? target.member;
  const [lower, upper] = relation === 'below' ? [own, target.name] : [target.name, own];
  return [{ at: code.span(declaration), message: `${lower} overrides or implements ${upper}` }];
}

/** What an entry allows is judged only when every target of its dispatcher is known: it may be there for the missing one. */
function reportStale({ calls, targets, places, used }: Dispatcher, pass: DispatcherPass): void {
  for (const { entry, by } of places.redundant) {
    pass.stale(`${ALLOW_IN} lists ${entry}, which ${by} allows already`, 'remove one of the two entries');
  }
  if (targets.length < calls.length) return;
  const redundant = new Set(places.redundant.map(({ entry }) => entry));
  for (const entry of places.known.filter((known) => !used.has(known) && !redundant.has(known))) {
    pass.stale(
      `${ALLOW_IN} lists ${entry}, which does not call ${targets.map(({ name }) => name).join(' or ')}`,
      'remove the entry, or correct it',
    );
  }
}

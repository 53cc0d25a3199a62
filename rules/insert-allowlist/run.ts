import { AllowedPlaces } from '../../src/analysis/dispatch/allowed.ts';
import { type InsertFacts, type InsertSite, insertFacts } from '../../src/analysis/inserts/facts.ts';
import { inserterOf, type LookupJudge, lookupJudge } from '../../src/analysis/inserts/inserters.ts';
import { Preflights } from '../../src/analysis/inserts/preflight.ts';
import type { Reading } from '../../src/analysis/inserts/readings.ts';
import { findRepetition } from '../../src/analysis/inserts/repetition.ts';
import { unmentionedTables } from '../../src/analysis/inserts/sql-literals.ts';
import { callSpan, describeLoop } from '../../src/analysis/inserts/trace.ts';
import { namesAround } from '../../src/analysis/names.ts';
import { type InsertStatement, tableMatches, tableMayMatch } from '../../src/analysis/sql/index.ts';
import type { Pass } from '../../src/engine/rule.ts';
import type { Ts } from '../../src/syntax/ts.ts';
import { allowancesOf, type InsertAllowlistOptions, type MessageId, type TableAllowance } from './rule.ts';

type AllowlistPass = Pass<InsertAllowlistOptions, MessageId>;

const ALLOW = 'insert-allowlist.allow';

export async function run(pass: AllowlistPass): Promise<void> {
  const facts = await pass.use(insertFacts);
  const allowances = allowancesOf(pass.options);
  for (const allowance of allowances) new TableJudge(pass, facts, allowance).judge();
  const inserted = facts.sites.flatMap(insertsOf);
  const tables = allowances.map(({ table }) => table);
  const unseen = tables.filter((table) => !inserted.some((insert) => tableMatches(table, insert.table)));
  for (const table of unmentionedTables(pass.program, unseen)) {
    pass.unknownName('insert-allowlist.table', table, []);
  }
}

function insertsOf({ readings }: InsertSite): readonly InsertStatement[] {
  return readings.flatMap(({ inserts }) => inserts);
}

/** One insert of a site, and the call by which its function makes it. */
interface Entry {
  readonly site: InsertSite;
  readonly reading: Reading;
  readonly insert: InsertStatement;
  readonly place: Ts.Node;
}

/** Holds the inserts into one table against its list. */
class TableJudge {
  readonly #pass: AllowlistPass;
  readonly #facts: InsertFacts;
  readonly #allowance: TableAllowance;
  readonly #places: AllowedPlaces;
  readonly #used = new Set<string>();
  readonly #nobody: Preflights;
  readonly #lookups: LookupJudge;

  constructor(pass: AllowlistPass, facts: InsertFacts, allowance: TableAllowance) {
    this.#pass = pass;
    this.#facts = facts;
    this.#allowance = allowance;
    this.#places = new AllowedPlaces(pass.program, pass.root, Object.keys(allowance.allow));
    this.#nobody = new Preflights(facts.graph, []);
    this.#lookups = lookupJudge(facts);
  }

  judge(): void {
    for (const { entry, candidates } of this.#places.unknown)
      this.#pass.unknownName(ALLOW, entry, candidates);
    for (const [place, entries] of this.#byPlace()) this.#judgePlace(place, entries);
    this.#reportStale();
  }

  /** The inserts that are or may be into the table, by the call that makes them. */
  #byPlace(): ReadonlyMap<Ts.Node, readonly Entry[]> {
    const found = new Map<Ts.Node, Entry[]>();
    for (const site of this.#facts.sites) {
      for (const reading of site.readings) {
        for (const insert of reading.inserts) {
          if (!tableMayMatch(this.#allowance.table, insert)) continue;
          const place = inserterOf(site.call, reading);
          const entries = found.get(place) ?? [];
          found.set(place, [...entries, { site, reading, insert, place }]);
        }
      }
    }
    return found;
  }

  #judgePlace(place: Ts.Node, entries: readonly Entry[]): void {
    const { table, allow } = this.#allowance;
    const at = callSpan(this.#facts.code, place);
    const certain = entries.filter(({ insert }) => tableMatches(table, insert.table));
    const listed = this.#places.around(place);
    for (const one of listed) this.#used.add(one);
    if (certain.length > 0 || listed.length > 0) this.#pass.site(at);
    if (listed.length === 0) {
      if (certain.length > 0)
        this.#pass.report({ messageId: 'unlisted', at, data: { table, place: this.#nameOf(place) } });
      else this.#pass.unresolved(at, `an INSERT whose table cannot be read, and may be ${table}`);
      return;
    }
    for (const one of listed) {
      const mechanism = allow[one] ?? '';
      const fact = entries
        .map((entry) => this.#contradiction(mechanism, entry))
        .find((found) => found !== undefined);
      if (fact !== undefined)
        this.#pass.report({ messageId: 'contradicted', at, data: { mechanism, table, fact } });
    }
  }

  /** What the code says against a mechanism. Of a reason in words it says nothing. */
  #contradiction(mechanism: string, entry: Entry): string | undefined {
    if (mechanism === 'on-conflict') return clauseMissing(entry.insert);
    if (mechanism === 'single-row') return this.#severalRows(entry);
    if (mechanism !== 'lookup-then-insert') return undefined;
    return this.#lookups.decides(entry.place, entry.insert.table)
      ? undefined
      : 'no lookup of the row decides it';
  }

  #severalRows({ site, reading, insert }: Entry): string | undefined {
    if (insert.rows === 'multi') return 'the statement inserts several rows';
    if (insert.rows === 'select') return 'the statement inserts what a query finds';
    const { starts, origins } = site;
    const repetition = findRepetition(
      { starts, origins, frames: reading.frames },
      this.#facts.graph,
      this.#nobody,
    );
    if (repetition === undefined) return undefined;
    if (repetition === 'gave-up') return 'it has too many callers to follow';
    return `it runs once per iteration of ${describeLoop(this.#facts.code, repetition.loop)}`;
  }

  #reportStale(): void {
    const { table } = this.#allowance;
    for (const { entry, by } of this.#places.redundant) {
      this.#pass.stale(
        `${ALLOW} lists ${entry}, which ${by} allows already`,
        'remove one of the two entries',
      );
    }
    const redundant = new Set(this.#places.redundant.map(({ entry }) => entry));
    for (const entry of this.#places.known) {
      if (this.#used.has(entry) || redundant.has(entry)) continue;
      this.#pass.stale(
        `${ALLOW} lists ${entry}, which does not insert into ${table}`,
        'remove the entry, or correct it',
      );
    }
  }

  #nameOf(place: Ts.Node): string {
    const file = this.#pass.program.relative(this.#facts.code.fileOf(place));
    const name = namesAround(place).findLast((one) => !one.includes('<'));
    return name === undefined ? file : `${file}#${name}`;
  }
}

function clauseMissing({ guard }: InsertStatement): string | undefined {
  if (guard === 'none') return 'the statement has no such clause';
  return guard === 'unknown' ? 'the clause of the statement cannot be read' : undefined;
}

// The ordinary files of a feature: nothing in them is of interest to any rule.
import { ADJECTIVES, SENTENCES, VERBS } from './vocabulary.js';

/**
 * @typedef {object} Feature
 * @property {string} dir `src/billing/invoice`
 * @property {string} Name `BillingInvoice`
 * @property {string} name `billingInvoice`
 * @property {string} CONSTANT `BILLING_INVOICE`
 * @property {string} table `billing_invoices`
 * @property {string} label `billing invoice`
 * @property {readonly (readonly [name: string, type: string])[]} fields
 * @property {readonly string[]} statuses
 * @property {readonly Feature[]} uses earlier features that this one imports
 */

/** @typedef {import('./random.js').Random} Random */

/** @type {readonly { file: string, write: (feature: Feature, random: Random, lines: number) => string }[]} */
export const KINDS = [
  { file: 'model.ts', write: model },
  { file: 'errors.ts', write: errors },
  { file: 'validate.ts', write: validate },
  { file: 'repository.ts', write: repository },
  { file: 'service.ts', write: service },
  { file: 'handlers.ts', write: handlers },
  { file: 'mapper.ts', write: mapper },
  { file: 'events.ts', write: events },
  { file: 'report.ts', write: report },
  { file: 'client.ts', write: client },
];

/**
 * Repeats a block, each time with other words, until the file is as long as wanted.
 *
 * @param {string} head
 * @param {number} lines
 * @param {(index: number) => string} block
 * @param {string} [tail]
 */
function fill(head, lines, block, tail = '') {
  let text = head;
  let length = countLines(head) + countLines(tail);
  for (let index = 0; index === 0 || length < lines; index += 1) {
    const next = block(index);
    text += next;
    length += countLines(next);
  }
  return text + tail;
}

/** @param {string} text */
function countLines(text) {
  return text.split('\n').length - 1;
}

/** @param {string} text */
export function capitalise(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/**
 * A word of the list with a number once the list is used up.
 *
 * @param {readonly string[]} list
 * @param {number} index
 */
function worded(list, index) {
  const round = Math.floor(index / list.length);
  return `${list[index % list.length]}${round === 0 ? '' : round + 1}`;
}

/** @param {string} type @param {string} name */
function defaultOf(type, name) {
  switch (type) {
    case 'string':
      return `'${name}'`;
    case 'number':
      return '0';
    case 'boolean':
      return 'false';
    case 'Date':
      return 'new Date(0)';
    case 'Money':
      return 'ZERO';
    default:
      return '[]';
  }
}

/** @param {string} value an expression @param {string} type */
function asText(value, type) {
  switch (type) {
    case 'Date':
      return `${value}.toISOString()`;
    case 'Money':
      return `formatMoney(${value})`;
    case 'string[]':
      return `${value}.join(', ')`;
    case 'string':
      return value;
    default:
      return `String(${value})`;
  }
}

/** @param {string} name */
function column(name) {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** @param {Feature} feature @param {Random} random @param {number} lines */
function model({ Name, name, CONSTANT, label, fields, statuses }, random, lines) {
  const head = `import type { Id } from '../../core/ids.js';
import { formatMoney, type Money, ZERO } from '../../core/money.js';

export type ${Name}Id = Id<'${name}'>;

export const ${CONSTANT}_STATUSES = [${statuses.map((status) => `'${status}'`).join(', ')}] as const;

export type ${Name}Status = (typeof ${CONSTANT}_STATUSES)[number];

/** A ${label}, as it is kept. ${random.pick(SENTENCES)} */
export interface ${Name} {
  readonly id: ${Name}Id;
  readonly tenantId: string;
  readonly status: ${Name}Status;
  readonly createdAt: Date;
${fields.map(([field, type]) => `  /** ${random.pick(SENTENCES)} */\n  readonly ${field}: ${type === 'string[]' ? 'readonly string[]' : type};`).join('\n')}
  readonly total: Money;
}

export type ${Name}Input = Omit<${Name}, 'id' | 'status' | 'createdAt'>;
export type ${Name}Patch = Partial<Omit<${Name}Input, 'tenantId'>>;

export type ${Name}Dto = {
  readonly [Key in keyof ${Name}]: ${Name}[Key] extends Date ? string : ${Name}[Key];
};

export function is${Name}Status(value: string): value is ${Name}Status {
  return (${CONSTANT}_STATUSES as readonly string[]).includes(value);
}

export function blank${Name}(tenantId: string): ${Name}Input {
  return {
    tenantId,
${fields.map(([field, type]) => `    ${field}: ${defaultOf(type, field)},`).join('\n')}
    total: ZERO,
  };
}
`;
  return fill(head, lines, (index) => {
    const view = `${Name}${capitalise(worded(ADJECTIVES, index))}View`;
    const shown = random.sample(fields, 3);
    return `
/** ${random.pick(SENTENCES)} */
export interface ${view} {
  readonly id: ${Name}Id;
  readonly heading: string;
${shown.map(([field]) => `  readonly ${field}: string;`).join('\n')}
}

export function to${view}(source: ${Name}): ${view} {
  return {
    id: source.id,
    heading: \`${label} \${source.id} (\${source.status}), \${formatMoney(source.total)}\`,
${shown.map(([field, type]) => `    ${field}: ${asText(`source.${field}`, type)},`).join('\n')}
  };
}
`;
  });
}

/** @param {Feature} feature @param {Random} random @param {number} lines */
function errors({ Name, label, table }, random, lines) {
  const head = `import type { ${Name}Id } from './model.js';

/** What all errors of a ${label} have in common. ${random.pick(SENTENCES)} */
export abstract class ${Name}Error extends Error {
  abstract readonly code: string;
  abstract readonly status: number;
  readonly id: ${Name}Id | undefined;

  constructor(message: string, id?: ${Name}Id) {
    super(message);
    this.name = new.target.name;
    this.id = id;
  }

  toJSON(): { readonly code: string; readonly message: string; readonly id: string | null } {
    return { code: this.code, message: this.message, id: this.id ?? null };
  }
}

export class ${Name}NotFoundError extends ${Name}Error {
  readonly code = '${table}.not_found';
  readonly status = 404;

  constructor(id: ${Name}Id) {
    super(\`there is no ${label} \${id}\`, id);
  }
}

export function is${Name}Error(error: unknown): error is ${Name}Error {
  return error instanceof ${Name}Error;
}
`;
  return fill(head, lines, (index) => {
    const verb = worded(VERBS, index);
    const status = random.pick([400, 403, 409, 412, 422, 423]);
    return `
/** ${random.pick(SENTENCES)} */
export class ${Name}Cannot${capitalise(verb)}Error extends ${Name}Error {
  readonly code = '${table}.cannot_${verb}';
  readonly status = ${status};
  readonly reason: string;

  constructor(id: ${Name}Id, reason: string) {
    super(\`the ${label} \${id} cannot be used to ${verb}: \${reason}\`, id);
    this.reason = reason;
  }
}
`;
  });
}

/** @param {Feature} feature @param {Random} random @param {number} lines */
function validate({ Name, label, fields }, random, lines) {
  const head = `import { fail, type Issue, issue, ok, type Result } from '../../core/result.js';
import { isMoney } from '../../core/money.js';
import { blank${Name}, type ${Name}Input } from './model.js';

type Fields = Readonly<Record<string, unknown>>;

/** Reads the input for a ${label}. ${random.pick(SENTENCES)} */
export function parse${Name}(tenantId: string, value: unknown): Result<${Name}Input, readonly Issue[]> {
  if (typeof value !== 'object' || value === null) {
    return fail([issue('', 'type', 'the input of a ${label} is an object')]);
  }
  const given = value as Fields;
  const issues = CHECKS.flatMap((check) => check(given));
  return issues.length > 0 ? fail(issues) : ok({ ...blank${Name}(tenantId), ...given, tenantId });
}

function has(fields: Fields, name: string): boolean {
  return Object.hasOwn(fields, name) && fields[name] !== undefined && fields[name] !== null;
}
`;
  /** @type {string[]} */
  const checks = [];
  const block = (/** @type {number} */ index) => {
    const [field, type] = /** @type {readonly [string, string]} */ (fields[index % fields.length]);
    const round = Math.floor(index / fields.length);
    const check = `check${capitalise(field)}${round === 0 ? '' : round + 1}`;
    checks.push(check);
    const least = random.below(3);
    const most = 10 + random.below(200);
    return `
/** ${random.pick(SENTENCES)} */
function ${check}(fields: Fields): Issue[] {
  if (!has(fields, '${field}')) return [];
  const value = fields['${field}'];
${checkOf(field, type, least, most)}
  return [];
}
`;
  };
  const text = fill(head, lines - 4, block);
  return `${text}
const CHECKS: readonly ((fields: Fields) => Issue[])[] = [
  ${checks.join(',\n  ')},
];
`;
}

/** @param {string} field @param {string} type @param {number} least @param {number} most */
function checkOf(field, type, least, most) {
  switch (type) {
    case 'number':
      return `  if (typeof value !== 'number' || !Number.isFinite(value)) return [issue('${field}', 'type', '${field} is a number')];
  if (value < ${least} || value > ${most}) return [issue('${field}', 'range', \`${field} is \${value}, allowed is ${least} to ${most}\`)];`;
    case 'boolean':
      return `  if (typeof value !== 'boolean') return [issue('${field}', 'type', '${field} is true or false')];`;
    case 'Date':
      return `  if (!(value instanceof Date)) return [issue('${field}', 'type', '${field} is a point in time')];
  if (Number.isNaN(value.getTime())) return [issue('${field}', 'range', '${field} is not a day of any calendar')];`;
    case 'Money':
      return `  if (!isMoney(value)) return [issue('${field}', 'type', '${field} is an amount with a currency')];
  if (value.amount < 0) return [issue('${field}', 'range', \`${field} is negative: \${value.amount} \${value.currency}\`)];`;
    case 'string[]':
      return `  if (!Array.isArray(value)) return [issue('${field}', 'type', '${field} is a list of texts')];
  if (value.length > ${most}) return [issue('${field}', 'length', \`${field} holds \${value.length} texts, at most ${most} are allowed\`)];`;
    default:
      return `  if (typeof value !== 'string') return [issue('${field}', 'type', '${field} is a text')];
  if (value.trim().length < ${least} || value.length > ${most}) {
    return [issue('${field}', 'length', \`${field} has \${value.length} characters, allowed are ${least} to ${most}\`)];
  }`;
  }
}

/** @param {Feature} feature @param {Random} random @param {number} lines */
function repository({ Name, label, table, fields }, random, lines) {
  const columns = ['id', 'tenant_id', 'status', 'created_at', ...fields.map(([field]) => column(field))];
  const head = `import { clampPage, type Db, firstRow, type Page } from '../../core/db.js';
import { ${Name}NotFoundError } from './errors.js';
import { type ${Name}Row, from${Name}Row } from './mapper.js';
import type { ${Name}, ${Name}Id } from './model.js';

const COLUMNS = '${columns.join(', ')}';

/** Where a ${label} is kept. ${random.pick(SENTENCES)} */
export class ${Name}Repository {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  async byId(tenantId: string, id: ${Name}Id): Promise<${Name}> {
    const row = await firstRow(
      this.#db.query<${Name}Row>(\`SELECT \${COLUMNS} FROM ${table} WHERE tenant_id = $1 AND id = $2\`, [tenantId, id]),
    );
    if (!row) throw new ${Name}NotFoundError(id);
    return from${Name}Row(row);
  }

  async remove(tenantId: string, id: ${Name}Id): Promise<boolean> {
    const { rowCount } = await this.#db.query('DELETE FROM ${table} WHERE tenant_id = $1 AND id = $2', [tenantId, id]);
    return rowCount > 0;
  }
`;
  return fill(
    head,
    lines,
    (index) => {
      const [field, type] = /** @type {readonly [string, string]} */ (fields[index % fields.length]);
      const round = Math.floor(index / fields.length);
      const name = `${capitalise(field)}${round === 0 ? '' : round + 1}`;
      if (type === 'boolean' || type === 'number') {
        return `
  /** ${random.pick(SENTENCES)} */
  async count${name}(tenantId: string, ${field}: ${type}): Promise<number> {
    const text = 'SELECT count(*) AS total FROM ${table} WHERE tenant_id = $1 AND ${column(field)} = $2';
    const row = await firstRow(this.#db.query<{ total: string }>(text, [tenantId, ${field}]));
    return Number(row?.total ?? 0);
  }
`;
      }
      if (type === 'string') {
        return `
  /** ${random.pick(SENTENCES)} */
  async listBy${name}(tenantId: string, ${field}: string, page: Partial<Page> = {}): Promise<readonly ${Name}[]> {
    const { limit, offset } = clampPage(page, ${50 + random.below(400)});
    const { rows } = await this.#db.query<${Name}Row>(
      \`SELECT \${COLUMNS}
         FROM ${table}
        WHERE tenant_id = $1 AND lower(${column(field)}) = lower($2)
        ORDER BY created_at DESC
        LIMIT \${limit} OFFSET \${offset}\`,
      [tenantId, ${field}],
    );
    return rows.map(from${Name}Row);
  }
`;
      }
      return `
  /** ${random.pick(SENTENCES)} */
  async reset${name}(tenantId: string, ids: readonly ${Name}Id[]): Promise<number> {
    if (ids.length === 0) return 0;
    const { rowCount } = await this.#db.query(
      'UPDATE ${table} SET ${column(field)} = DEFAULT WHERE tenant_id = $1 AND id = ANY($2)',
      [tenantId, ids],
    );
    return rowCount;
  }
`;
    },
    '}\n',
  );
}

/** @param {Feature} feature @param {Random} random @param {number} lines */
function service({ Name, name, label, fields, statuses, uses }, random, lines) {
  const [other] = uses;
  const head = `import type { Logger } from '../../core/log.js';
import { type Clock, daysBetween, systemClock } from '../../core/clock.js';
import type { EventBus } from '../../core/events.js';
import { fail, type Issue, issue, ok, type Result } from '../../core/result.js';
${other ? `import type { ${other.Name}Service } from '../../${other.dir.slice(4)}/service.js';\n` : ''}import { is${Name}Error } from './errors.js';
import type { ${Name}Event } from './events.js';
import type { ${Name}, ${Name}Id, ${Name}Status } from './model.js';
import type { ${Name}Repository } from './repository.js';

export interface ${Name}ServiceParts {
  readonly repository: ${Name}Repository;
  readonly bus: EventBus<${Name}Event>;
  readonly logger: Logger;
  readonly clock?: Clock;
${other ? `  readonly ${other.name}: ${other.Name}Service;\n` : ''}}

const NEXT: Readonly<Record<${Name}Status, readonly ${Name}Status[]>> = {
${statuses.map((status, at) => `  ${status}: [${at + 1 < statuses.length ? `'${statuses[at + 1]}'` : ''}],`).join('\n')}
};

/** The use cases of a ${label}. ${random.pick(SENTENCES)} */
export class ${Name}Service {
  readonly #parts: ${Name}ServiceParts;
  readonly #clock: Clock;
  readonly #cache = new Map<${Name}Id, ${Name}>();

  constructor(parts: ${Name}ServiceParts) {
    this.#parts = parts;
    this.#clock = parts.clock ?? systemClock;
  }

  async find(tenantId: string, id: ${Name}Id): Promise<Result<${Name}, readonly Issue[]>> {
    const known = this.#cache.get(id);
    if (known) return ok(known);
    try {
      const found = await this.#parts.repository.byId(tenantId, id);
      this.#cache.set(id, found);
      return ok(found);
    } catch (error) {
      if (!is${Name}Error(error)) throw error;
      return fail([issue('id', error.code, error.message)]);
    }
  }

  ageInDays(${name}: ${Name}): number {
    return daysBetween(${name}.createdAt, this.#clock.now());
  }

  canBecome(${name}: ${Name}, next: ${Name}Status): boolean {
    return NEXT[${name}.status].includes(next);
  }
`;
  const others = other
    ? `
  async ${other.name}Of(tenantId: string, ids: readonly string[]): Promise<number> {
    const found = await Promise.all(ids.map((id) => this.#parts.${other.name}.find(tenantId, id)));
    return found.filter((one) => one.ok).length;
  }
`
    : '';
  return fill(
    head + others,
    lines,
    (index) => {
      const verb = worded(VERBS, index);
      const [field, type] = random.pick(fields);
      return `
  /** ${random.pick(SENTENCES)} */
  async ${verb}(tenantId: string, id: ${Name}Id, note = ''): Promise<Result<${Name}, readonly Issue[]>> {
    const found = await this.find(tenantId, id);
    if (!found.ok) return found;
    if (this.ageInDays(found.value) > ${30 + random.below(700)}) {
      return fail([issue('id', 'too_old', \`the ${label} \${id} is too old to ${verb}\`)]);
    }
    const text = [note.trim(), ${asText(`found.value.${field}`, type).replace('formatMoney(', 'JSON.stringify(')}].filter((part) => part.length > 0).join(' / ');
    this.#parts.logger.log('info', '${label}: ${verb}', { id, text });
    await this.#parts.bus.emit({ type: '${verb.replace(/\d+$/, '')}', id, at: this.#clock.now(), text });
    this.#cache.delete(id);
    return ok(found.value);
  }
`;
    },
    '}\n',
  );
}

/** @param {Feature} feature @param {Random} random @param {number} lines */
function handlers({ Name, name, label, table }, random, lines) {
  const head = `import { type Handler, json, param, problem, respond, type Route } from '../../core/http.js';
import { to${Name}Dto } from './mapper.js';
import type { ${Name}Service } from './service.js';
import { parse${Name} } from './validate.js';

const BASE = '/tenants/:tenant/${table.replace('_', '/')}';

export interface ${Name}Context {
  readonly ${name}: ${Name}Service;
}

export function show${Name}({ ${name} }: ${Name}Context): Handler {
  return async (incoming) => {
    const found = await ${name}.find(param(incoming, 'tenant'), param(incoming, 'id'));
    return found.ok ? json(200, to${Name}Dto(found.value)) : problem(404, 'there is no such ${label}', found.error);
  };
}

export function check${Name}(): Handler {
  return async (incoming) => respond(parse${Name}(param(incoming, 'tenant'), incoming.body));
}
`;
  const routes = [
    `  { method: 'GET', path: \`\${BASE}/:id\`, handler: show${Name}(context) },`,
    `  { method: 'POST', path: \`\${BASE}/check\`, handler: check${Name}() },`,
  ];
  const text = fill(head, lines - 8, (index) => {
    const verb = VERBS[index % VERBS.length];
    const round = Math.floor(index / VERBS.length);
    const handler = `${verb}${Name}${round === 0 ? '' : round + 1}`;
    const role = random.pick(['editor', 'owner', 'admin', 'clerk']);
    routes.push(
      `  { method: 'POST', path: \`\${BASE}/:id/${verb}${round === 0 ? '' : round + 1}\`, handler: ${handler}(context) },`,
    );
    return `
/** ${random.pick(SENTENCES)} */
export function ${handler}({ ${name} }: ${Name}Context): Handler {
  return async (incoming) => {
    if (!incoming.user.roles.includes('${role}')) {
      return problem(403, \`\${incoming.user.id} is no ${role}, who alone may ${verb} a ${label}\`);
    }
    const found = await ${name}.find(param(incoming, 'tenant'), param(incoming, 'id'));
    if (!found.ok) return problem(404, 'there is no such ${label}', found.error);
    const { ok, ...rest } = { ...found, days: ${name}.ageInDays(found.value) };
    return json(ok ? 200 : 409, { ...rest, value: to${Name}Dto(found.value) });
  };
}
`;
  });
  return `${text}
export function ${name}Routes(context: ${Name}Context): readonly Route[] {
  return [
${routes.map((route) => `  ${route}`).join('\n')}
  ];
}
`;
}

/** @param {Feature} feature @param {Random} random @param {number} lines */
function mapper({ Name, name, label, fields }, random, lines) {
  const rowType = (/** @type {string} */ type) =>
    type === 'Money' ? 'string' : type === 'string[]' ? 'readonly string[]' : type;
  const read = (/** @type {string} */ field, /** @type {string} */ type) =>
    type === 'Money' ? `readMoney(row.${column(field)})` : `row.${column(field)}`;
  const dto = (/** @type {string} */ field, /** @type {string} */ type) =>
    type === 'Date' ? `${name}.${field}.toISOString()` : `${name}.${field}`;
  const head = `import { isMoney, type Money, ZERO } from '../../core/money.js';
import { is${Name}Status, type ${Name}, type ${Name}Dto } from './model.js';

/** A ${label} as the database has it. ${random.pick(SENTENCES)} */
export interface ${Name}Row {
  readonly id: string;
  readonly tenant_id: string;
  readonly status: string;
  readonly created_at: Date;
  readonly total: string;
${fields.map(([field, type]) => `  readonly ${column(field)}: ${rowType(type)};`).join('\n')}
}

function readMoney(text: string): Money {
  const value: unknown = text === '' ? ZERO : JSON.parse(text);
  return isMoney(value) ? value : ZERO;
}

export function from${Name}Row(row: ${Name}Row): ${Name} {
  if (!is${Name}Status(row.status)) throw new TypeError(\`the ${label} \${row.id} has the status \${row.status}\`);
  return {
    id: row.id,
    tenantId: row.tenant_id,
    status: row.status,
    createdAt: row.created_at,
    total: readMoney(row.total),
${fields.map(([field, type]) => `    ${field}: ${read(field, type)},`).join('\n')}
  };
}

export function to${Name}Dto(${name}: ${Name}): ${Name}Dto {
  return {
    ...${name},
    createdAt: ${name}.createdAt.toISOString(),
${fields
  .filter(([, type]) => type === 'Date')
  .map(([field, type]) => `    ${field}: ${dto(field, type)},`)
  .join('\n')}
  };
}
`;
  return fill(head, lines, (index) => {
    const shape = `${Name}${capitalise(worded(ADJECTIVES, index))}Columns`;
    const chosen = random.sample(fields, 2 + random.below(3));
    return `
/** ${random.pick(SENTENCES)} */
export type ${shape} = Pick<${Name}Row, 'id' | ${chosen.map(([field]) => `'${column(field)}'`).join(' | ')}>;

export function group${shape}(rows: readonly ${shape}[]): ReadonlyMap<string, readonly ${shape}[]> {
  const groups = new Map<string, ${shape}[]>();
  for (const row of rows) {
    const key = String(row.${column(/** @type {readonly [string, string]} */ (chosen[0])[0])});
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return groups;
}
`;
  });
}

/** @param {Feature} feature @param {Random} random @param {number} lines */
function events({ Name, name, label }, random, lines) {
  const head = `import type { EventBus } from '../../core/events.js';
import type { Logger } from '../../core/log.js';
import type { ${Name}Id } from './model.js';

interface ${Name}EventOf<Type extends string> {
  readonly type: Type;
  readonly id: ${Name}Id;
  readonly at: Date;
  readonly text: string;
}

export type ${Name}Event =
${VERBS.map((verb) => `  | ${Name}EventOf<'${verb}'>`).join('\n')};

export function describe${Name}Event(event: ${Name}Event): string {
  switch (event.type) {
    case 'archive':
    case 'withdraw':
      return \`the ${label} \${event.id} left the stage: \${event.text}\`;
    case 'restore':
    case 'reopen':
      return \`the ${label} \${event.id} is back: \${event.text}\`;
    default:
      return \`\${event.type} of the ${label} \${event.id} at \${event.at.toISOString()}: \${event.text}\`;
  }
}

export function watch${Name}(bus: EventBus<${Name}Event>, logger: Logger): () => void {
  const undo = [
    bus.on('approve', (event) => logger.log('info', describe${Name}Event(event))),
    bus.on('notify', async (event) => logger.child({ ${name}: event.id }).log('debug', event.text)),
  ];
  return () => undo.forEach((one) => one());
}
`;
  return fill(head, lines, (index) => {
    const verb = worded(VERBS, index);
    const type = verb.replace(/\d+$/, '');
    return `
/** ${random.pick(SENTENCES)} */
export function count${Name}${capitalise(verb)}(events: readonly ${Name}Event[], since: Date): number {
  let count = 0;
  for (const event of events) {
    if (event.type !== '${type}' || event.at < since) continue;
    if (event.text.startsWith('#') && event.text.length > ${random.below(40)}) continue;
    count += 1;
  }
  return count;
}
`;
  });
}

/** @param {Feature} feature @param {Random} random @param {number} lines */
function report({ Name, name, label, fields }, random, lines) {
  const head = `import { isoDay } from '../../core/clock.js';
import { addMoney, formatMoney, type Money, ZERO } from '../../core/money.js';
import type { ${Name} } from './model.js';

export interface ${Name}Section {
  readonly heading: string;
  readonly lines: readonly string[];
}

/** Everything a reader wants to know of a number of them. ${random.pick(SENTENCES)} */
export function ${name}Totals(all: readonly ${Name}[]): Money {
  return all.reduce((sum, { total }) => (total.currency === sum.currency ? addMoney(sum, total) : sum), ZERO);
}

export function ${name}Header(all: readonly ${Name}[], day: Date): string {
  return \`
    <h1>${label}: \${all.length} on \${isoDay(day)}</h1>
    <p class="total">\${formatMoney(${name}Totals(all))}</p>
    <p class="hint">${random.pick(SENTENCES)}</p>
  \`;
}
`;
  return fill(head, lines, (index) => {
    const [field, type] = random.pick(fields);
    const section = `${name}${capitalise(worded(ADJECTIVES, index))}Section`;
    return `
/** ${random.pick(SENTENCES)} */
export function ${section}(all: readonly ${Name}[], limit = ${5 + random.below(40)}): ${Name}Section {
  const byStatus = new Map<string, ${Name}[]>();
  for (const one of all) byStatus.set(one.status, [...(byStatus.get(one.status) ?? []), one]);
  const lines = [...byStatus].map(([status, group]) => {
    const shown = group.slice(0, limit).map((one) => ${asText(`one.${field}`, type)});
    return \`<li class="\${status}"><b>\${status}</b> (\${group.length}): \${shown.join(', ')}</li>\`;
  });
  return { heading: 'The ${worded(ADJECTIVES, index)} by ${field}', lines };
}
`;
  });
}

/** @param {Feature} feature @param {Random} random @param {number} lines */
function client({ Name, label, table }, random, lines) {
  const head = `import type { Transport } from '../../core/http.js';
import type { ${Name}Dto, ${Name}Id } from './model.js';

export interface ${Name}ClientOptions {
  readonly baseUrl: string;
  readonly attempts?: number;
  readonly wait?: (milliseconds: number) => Promise<void>;
}

/** How another service speaks of a ${label}. ${random.pick(SENTENCES)} */
export class ${Name}Client {
  readonly #transport: Transport;
  readonly #options: Required<${Name}ClientOptions>;

  constructor(transport: Transport, options: ${Name}ClientOptions) {
    this.#transport = transport;
    this.#options = {
      attempts: 3,
      wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
      ...options,
    };
  }

  async show(id: ${Name}Id): Promise<${Name}Dto | undefined> {
    const { status, body } = await this.#repeat(() => this.#transport.send('GET', this.#url(id)));
    return status === 200 ? (body as ${Name}Dto) : undefined;
  }

  #url(...parts: readonly string[]): string {
    return [this.#options.baseUrl, '${table}', ...parts.map(encodeURIComponent)].join('/');
  }

  async #repeat<T extends { readonly status: number }>(send: () => Promise<T>): Promise<T> {
    let answer = await send();
    for (let attempt = 1; answer.status >= 500 && attempt < this.#options.attempts; attempt += 1) {
      await this.#options.wait(50 * 2 ** attempt);
      answer = await send();
    }
    return answer;
  }
`;
  return fill(
    head,
    lines,
    (index) => {
      const verb = worded(VERBS, index);
      return `
  /** ${random.pick(SENTENCES)} */
  async ${verb}(id: ${Name}Id, note: string, force = false): Promise<'done' | 'refused' | 'unknown'> {
    const body = { note: note.slice(0, ${80 + random.below(400)}), force, source: '${label}' };
    const { status } = await this.#repeat(() => this.#transport.send('POST', this.#url(id, '${verb}'), body));
    if (status === 404) return 'unknown';
    return status < 300 ? 'done' : 'refused';
  }
`;
    },
    '}\n',
  );
}

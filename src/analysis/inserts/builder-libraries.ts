import type { Program } from '../../engine/program.ts';

/** Where a call of a builder says which table it is about. */
export type TablePlace =
  /** Its first argument: `db.insert(users)`, `db.insertInto('users')`. */
  | 'argument'
  /** Another link, or the call that the chain begins with: `.into('users')`, `knex('users')`. */
  | 'chain'
  /** What it is called on: a model class, a repository, `prisma.user`. */
  | 'receiver';

/** A method that inserts, or that asks for rows. */
export interface BuilderMethod {
  readonly name: string;
  readonly table: TablePlace;
  /** The type that declares it, where others of the library have one of the name that means something else. */
  readonly of?: RegExp;
}

export interface InsertMethod extends BuilderMethod {
  /** It skips or overwrites rows that are there by itself. */
  readonly isIdempotent?: true;
  /** Options by which it does: `createMany({ skipDuplicates: true })`. */
  readonly options?: readonly string[];
}

export interface UpdateMethod extends BuilderMethod {
  /** It answers with the number alone, and not with an object that has it. */
  readonly isCount?: true;
}

/** A query builder or object-relational mapper. */
export interface BuilderLibrary {
  /** The packages that declare its types. */
  readonly modules: readonly string[];
  /** For types that are generated into the program: what the type of the methods is called. */
  readonly generated?: RegExp;
  readonly inserts: readonly InsertMethod[];
  readonly queries: readonly BuilderMethod[];
  /** Methods that change rows, and answer with how many there were. */
  readonly updates?: readonly UpdateMethod[];
  /** Links by which the statement skips or overwrites rows that are there. */
  readonly guards: readonly string[];
  /** Where one of these links has to follow a guard: knex has `onConflict(…)` do nothing by itself. */
  readonly completedBy?: readonly string[];
}

function methods(names: readonly string[], table: TablePlace, of?: RegExp): readonly BuilderMethod[] {
  return names.map((name) => ({ name, table, ...(of && { of }) }));
}

const FINDS = [
  'find',
  'findBy',
  'findOne',
  'findOneBy',
  'findOneOrFail',
  'findOneByOrFail',
  'findAndCount',
  'findAndCountBy',
];
const COUNTS = ['count', 'countBy', 'exist', 'exists', 'existsBy'];

/** The query builders that are recognised, by the packages of their types. */
export const BUILDER_LIBRARIES: readonly BuilderLibrary[] = [
  {
    modules: ['drizzle-orm'],
    inserts: [{ name: 'insert', table: 'argument' }],
    queries: [
      { name: 'select', table: 'chain' },
      { name: 'selectDistinct', table: 'chain' },
      { name: '$count', table: 'argument' },
      ...methods(['findFirst', 'findMany'], 'receiver'),
    ],
    updates: [{ name: 'update', table: 'argument' }],
    guards: ['onConflictDoNothing', 'onConflictDoUpdate', 'onDuplicateKeyUpdate', 'ignore'],
  },
  {
    modules: ['kysely'],
    inserts: [
      { name: 'insertInto', table: 'argument' },
      { name: 'replaceInto', table: 'argument', isIdempotent: true },
      { name: 'mergeInto', table: 'argument', isIdempotent: true },
    ],
    queries: [{ name: 'selectFrom', table: 'argument' }],
    updates: [{ name: 'updateTable', table: 'argument' }],
    guards: ['onConflict', 'onDuplicateKeyUpdate', 'ignore', 'orIgnore', 'orReplace'],
  },
  {
    modules: ['knex'],
    inserts: [
      { name: 'insert', table: 'chain' },
      { name: 'upsert', table: 'chain', isIdempotent: true },
      { name: 'batchInsert', table: 'argument' },
    ],
    queries: methods(['select', 'first', 'where', 'count', 'pluck'], 'chain'),
    updates: [{ name: 'update', table: 'chain', isCount: true }],
    guards: ['onConflict'],
    completedBy: ['ignore', 'merge'],
  },
  {
    modules: ['typeorm'],
    inserts: [
      { name: 'insert', table: 'argument', of: /^EntityManager$/ },
      { name: 'insert', table: 'receiver', of: /Repository$|^BaseEntity$/ },
      { name: 'insert', table: 'chain', of: /QueryBuilder$/ },
      { name: 'upsert', table: 'argument', of: /^EntityManager$/, isIdempotent: true },
      { name: 'upsert', table: 'receiver', of: /Repository$|^BaseEntity$/, isIdempotent: true },
    ],
    queries: [
      ...methods([...FINDS, ...COUNTS], 'argument', /^EntityManager$/),
      ...methods([...FINDS, ...COUNTS], 'receiver', /Repository$|^BaseEntity$/),
    ],
    updates: [
      { name: 'update', table: 'argument', of: /^EntityManager$/ },
      { name: 'update', table: 'receiver', of: /Repository$|^BaseEntity$/ },
    ],
    guards: ['orIgnore', 'orUpdate', 'onConflict'],
  },
  {
    modules: ['@prisma/client', '.prisma'],
    generated: /Delegate$/,
    inserts: [
      { name: 'create', table: 'receiver' },
      { name: 'createMany', table: 'receiver', options: ['skipDuplicates'] },
      { name: 'createManyAndReturn', table: 'receiver', options: ['skipDuplicates'] },
      { name: 'upsert', table: 'receiver', isIdempotent: true },
    ],
    queries: methods(
      ['findUnique', 'findUniqueOrThrow', 'findFirst', 'findFirstOrThrow', 'findMany', 'count'],
      'receiver',
    ),
    updates: methods(['updateMany'], 'receiver'),
    guards: [],
  },
  {
    modules: ['sequelize', 'sequelize-typescript', '@sequelize/core'],
    inserts: [
      { name: 'create', table: 'receiver', options: ['ignoreDuplicates'] },
      { name: 'bulkCreate', table: 'receiver', options: ['ignoreDuplicates', 'updateOnDuplicate'] },
      { name: 'upsert', table: 'receiver', isIdempotent: true },
      { name: 'findOrCreate', table: 'receiver', isIdempotent: true },
      { name: 'findCreateFind', table: 'receiver', isIdempotent: true },
    ],
    queries: methods(['findOne', 'findByPk', 'findAll', 'count', 'findAndCountAll'], 'receiver'),
    guards: [],
  },
  {
    modules: ['@supabase/supabase-js', '@supabase/postgrest-js'],
    inserts: [
      { name: 'insert', table: 'chain' },
      { name: 'upsert', table: 'chain', isIdempotent: true },
    ],
    queries: methods(['select'], 'chain'),
    guards: [],
  },
];

/** The files in which a query builder may insert: none where no text speaks of one. */
export function filesWithBuilders(program: Pick<Program, 'filesWith' | 'text'>): readonly string[] {
  const spoken = librariesOf(program);
  const verbs = spoken.flatMap(({ inserts }) => inserts.map(({ name }) => `${name}(`));
  return verbs.length === 0 ? [] : program.filesWith([...new Set(verbs)]);
}

/** The libraries that some text of the program speaks of. */
export function librariesOf(program: Pick<Program, 'filesWith'>): readonly BuilderLibrary[] {
  return BUILDER_LIBRARIES.filter(({ modules, generated }) => {
    return program.filesWith([...modules, ...(generated ? ['prisma'] : [])]).length > 0;
  });
}

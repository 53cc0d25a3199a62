/** How one family of dialects cuts text into tokens. */
export interface LexicalRules {
  readonly dialect: 'postgres' | 'generic' | 'mysql';
  /** `/* /* *\/ *\/` is one comment. */
  readonly nestedComments: boolean;
  /** `#` starts a comment; `--` does only before white space. */
  readonly mysqlComments: boolean;
  /** A backslash escapes in every string, not only in `E'…'`. */
  readonly backslashEscapes: boolean;
  /** `` `name` `` is an identifier. */
  readonly backticks: boolean;
  /** `[name]` is an identifier where no subscript can stand. */
  readonly brackets: boolean;
  /** `?`, `:name`, `@name`, `%s`, `$name` and the like are placeholders, not operators. */
  readonly placeholders: boolean;
}

/** PostgreSQL as its own scanner reads it. */
export const POSTGRES: LexicalRules = {
  dialect: 'postgres',
  nestedComments: true,
  mysqlComments: false,
  backslashEscapes: false,
  backticks: false,
  brackets: false,
  placeholders: false,
};

/** SQLite, and PostgreSQL behind a driver or query library with its own placeholders. */
export const GENERIC: LexicalRules = {
  ...POSTGRES,
  dialect: 'generic',
  backticks: true,
  brackets: true,
  placeholders: true,
};

export const MYSQL: LexicalRules = {
  dialect: 'mysql',
  nestedComments: false,
  mysqlComments: true,
  backslashEscapes: true,
  backticks: true,
  brackets: false,
  placeholders: true,
};

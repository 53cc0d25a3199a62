/** Structured fields of a log line. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where the manager reports to. It is never called while a lock is held that others wait for but a moment. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** Drops everything. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
};

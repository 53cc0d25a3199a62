import type { LogFields, Logger } from './log.ts';

const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** From which level on lines are written. */
export type LogLevel = (typeof LEVELS)[number];

/**
 * Writes one JSON object per line: time, level, message, fields.
 *
 * @param write - Receives a line without its end.
 * @param now - Milliseconds since the Unix epoch.
 */
export function lineLogger(level: LogLevel, write: (line: string) => void, now: () => number): Logger {
  const from = LEVELS.indexOf(level);
  const log = (at: LogLevel) => {
    if (LEVELS.indexOf(at) < from) return () => {};
    return (message: string, fields: LogFields = {}): void =>
      write(JSON.stringify({ time: new Date(now()).toISOString(), level: at, message, ...fields }, readable));
  };
  return { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
}

/** Errors have no fields of their own that JSON would see. */
function readable(_key: string, value: unknown): unknown {
  if (value instanceof Error) return { name: value.name, message: value.message, stack: value.stack };
  return typeof value === 'bigint' ? String(value) : value;
}

import type { LogFields } from './log.ts';

/** The boundaries of a provision that are told. Names are a contract with whoever reads the log; fields may grow. */
export type ProvisionEvent =
  | 'provision.start'
  | 'provision.skip_existing'
  | 'provision.instance_started'
  | 'provision.instance_stopped'
  | 'restart.pre_stop';

/** Tells a provision event. */
export type ProvisionLog = (event: ProvisionEvent, fields?: LogFields) => void;

/**
 * Writes provision events as lines that a machine can find among others and read: `evt: <name> {json}`.
 *
 * @param write - Receives one line at a time, without an end of line.
 */
export function provisionLog(write: (line: string) => void): ProvisionLog {
  return (event, fields = {}) => write(`evt: ${event} ${toJson(fields)}`);
}

/** Says nothing. */
export const silentProvisionLog: ProvisionLog = () => {};

/** Fields that cannot be written must not cost the event: that it happened is what counts. */
function toJson(fields: LogFields): string {
  try {
    return JSON.stringify(fields);
  } catch (error) {
    return JSON.stringify({ _marshal_err: error instanceof Error ? error.message : String(error) });
  }
}

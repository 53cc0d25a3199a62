/** What a deployment has turned on. All of it is off by default, and each independent of the others. */
export interface LedgerFlags {
  /** `DELEGATION_LEDGER_WRITE`: delegations are written to the ledger. */
  readonly write: boolean;
  /** `DELEGATION_RESULT_INBOX_PUSH`: results are pushed to the caller's inbox. */
  readonly inboxPush: boolean;
  /** `DELEGATION_SYNC_VIA_INBOX`: a synchronous delegation waits for its inbox. */
  readonly syncViaInbox: boolean;
}

/** How long after its last heartbeat a delegation counts as stuck. */
export const DEFAULT_STUCK_THRESHOLD_S = 600;

/** Reads the flags. Only `1` is on: whoever writes `true` learns it at once, and not from half of the programs. */
export function ledgerFlags(env: Readonly<Record<string, string | undefined>>): LedgerFlags {
  return {
    write: env['DELEGATION_LEDGER_WRITE'] === '1',
    inboxPush: env['DELEGATION_RESULT_INBOX_PUSH'] === '1',
    syncViaInbox: env['DELEGATION_SYNC_VIA_INBOX'] === '1',
  };
}

/** Reads `DELEGATION_STUCK_THRESHOLD_S`, a number of seconds above zero; anything else is the default. */
export function stuckThresholdS(env: Readonly<Record<string, string | undefined>>): number {
  const text = env['DELEGATION_STUCK_THRESHOLD_S'] ?? '';
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : DEFAULT_STUCK_THRESHOLD_S;
}

import { CodedError } from '../coded-error.ts';
import type { DelegationStatus } from './status.ts';

/** The stable identifier of each kind of {@link LedgerError}. */
export type LedgerErrorCode = 'ERR_LEDGER_TRANSITION' | 'ERR_LEDGER_QUERY' | 'ERR_LEDGER_NOT_FOUND';

/** An error that a caller of the ledger can cause. Decide by `code`. */
export abstract class LedgerError extends CodedError<LedgerErrorCode> {}

/** A delegation cannot go from where it is to where it was sent: it is over, or further along. */
export class InvalidTransitionError extends LedgerError {
  readonly code = 'ERR_LEDGER_TRANSITION';
  readonly from: DelegationStatus;
  readonly to: DelegationStatus;

  constructor(delegationId: string, from: DelegationStatus, to: DelegationStatus) {
    super(`delegation ${delegationId} is ${from} and cannot become ${to}; read its row for how it ended`);
    this.from = from;
    this.to = to;
  }
}

/** There is no delegation with this id that the workspace has a part in. */
export class DelegationNotFoundError extends LedgerError {
  readonly code = 'ERR_LEDGER_NOT_FOUND';
  constructor(delegationId: string) {
    super(`delegation ${delegationId} not found: it was not recorded, or by and for other workspaces`);
  }
}

/** A question that the ledger does not answer. */
export class LedgerQueryError extends LedgerError {
  readonly code = 'ERR_LEDGER_QUERY';
}

export {
  DelegationNotFoundError,
  InvalidTransitionError,
  LedgerError,
  type LedgerErrorCode,
  LedgerQueryError,
} from './errors.ts';
export { DEFAULT_STUCK_THRESHOLD_S, type LedgerFlags, ledgerFlags, stuckThresholdS } from './flags.ts';
export {
  type Arbitration,
  Ledger,
  type LedgerOptions,
  type NewDelegation,
  type StatusDetails,
} from './ledger.ts';
export { PREVIEW_BYTES, preview } from './preview.ts';
export {
  type DelegationFilter,
  type DelegationQuery,
  type DelegationRow,
  delegationStats,
  listDelegations,
} from './queries.ts';
export { type DelegationActivity, recordDelegationStatus } from './recorder.ts';
export { DELEGATION_STATUSES, type DelegationStatus, isDelegationStatus, mayBecome } from './status.ts';
export { type DelegationSweep, DelegationSweeper, type DelegationSweeperOptions } from './sweeper.ts';

import type { Arbitration, Ledger, StatusDetails } from './ledger.ts';
import type { DelegationStatus } from './status.ts';

/** The place where a delegation's status is shown, beside the ledger. It may write the ledger too, without a preview. */
export interface DelegationActivity {
  updateDelegationStatus(id: string, status: DelegationStatus): Promise<void>;
}

/**
 * Writes a status to both places that keep it: the ledger first, with everything that is known. The other place may
 * write the ledger again, which then is a replay; the other way round the replay would be the write with the result.
 *
 * @throws What the ledger throws; then the other place is not touched.
 */
export async function recordDelegationStatus(
  ledger: Ledger,
  activity: DelegationActivity,
  id: string,
  status: DelegationStatus,
  details: StatusDetails = {},
): Promise<Arbitration> {
  const arbitration = await ledger.setStatus(id, status, details);
  await activity.updateDelegationStatus(id, status);
  return arbitration;
}

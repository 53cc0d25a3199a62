import type { Clock } from '../clock.ts';
import { withDeadline } from '../deadline.ts';
import type { Logger } from '../obs/log.ts';
import type { Metrics } from '../obs/metrics.ts';
import type { Supervisor } from '../obs/supervise.ts';
import type { PendingUploads, UploadSweep } from './uploads.ts';

const SWEEP_INTERVAL_MS = 5 * 60_000;
const SWEEP_DEADLINE_MS = 30_000;
const ACK_RETENTION_S = 60 * 60;

/** What the sweeper of uploads works with. */
export interface UploadSweeperOptions {
  /** Without uploads there is nothing to sweep. */
  readonly uploads: Pick<PendingUploads, 'sweep'> | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** How long, in seconds, an acked upload stays in the table. Default one hour. */
  readonly ackRetentionS?: number | undefined;
}

/** Sweeps uploads now, and every 5 minutes. A sweep that fails is counted, and the next one comes all the same. */
export function startUploadSweeper(supervisor: Supervisor, options: UploadSweeperOptions): void {
  const { uploads } = options;
  if (!uploads) return;
  supervisor.every('upload sweeper', SWEEP_INTERVAL_MS, async () => {
    await sweepUploads(uploads, options);
  });
}

async function sweepUploads(
  uploads: Pick<PendingUploads, 'sweep'>,
  { clock, logger, metrics, ackRetentionS = ACK_RETENTION_S }: UploadSweeperOptions,
): Promise<void> {
  let swept: UploadSweep;
  try {
    swept = await withDeadline(clock, SWEEP_DEADLINE_MS, 'sweep of uploads', () =>
      uploads.sweep(ackRetentionS),
    );
  } catch (error) {
    metrics.count('ws_manager_pending_uploads_swept_total', 'error');
    logger.warn('Sweep of uploads failed', { error });
    return;
  }
  const { acked, expired } = swept;
  metrics.count('ws_manager_pending_uploads_swept_total', 'acked', acked);
  metrics.count('ws_manager_pending_uploads_swept_total', 'expired', expired);
  if (acked + expired > 0) logger.info('Uploads swept', { acked, expired });
}

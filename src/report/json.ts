import type { Reporter } from './reporter.ts';

/** The report as data; the shape is public and stable. */
export const json: Reporter = ({ report }) => `${JSON.stringify(report, null, 2)}\n`;

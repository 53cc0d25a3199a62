import type { Reporter } from './reporter.ts';
import { oneLine } from './text.ts';

/** One line per finding, in the form that editors and `grep` take apart: `file:line:column: severity rule: message`. */
export const compact: Reporter = ({ report }) =>
  report.findings
    .map(({ file, line, column, severity, ruleId, messageId, message }) => {
      const place = file === '' ? 'ws-gate' : `${oneLine(file)}:${line}:${column}`;
      return `${place}: ${severity} ${ruleId}/${messageId}: ${oneLine(message)}\n`;
    })
    .join('');

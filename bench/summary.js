// From single measurements to the table that a reader wants.

/**
 * @typedef {object} Summary
 * @property {string} id
 * @property {string} label
 * @property {string} group
 * @property {number} wall median, milliseconds
 * @property {number} least the fastest run, milliseconds
 * @property {number} most the slowest run, milliseconds
 * @property {number} cpu median, milliseconds
 * @property {number} rss median of the peaks, bytes
 * @property {number} treeRss median of the peaks, bytes
 * @property {number} runs
 * @property {string | undefined} problem why the figures do not count
 */

/**
 * @param {{ id: string, label: string, group: string }} scenario
 * @param {readonly import('./measure.js').Measurement[]} runs
 * @param {string | undefined} problem
 * @returns {Summary}
 */
export function summarise({ id, label, group }, runs, problem) {
  const walls = runs.map(({ wall }) => wall);
  return {
    id,
    label,
    group,
    wall: median(walls),
    least: Math.min(...walls),
    most: Math.max(...walls),
    cpu: median(runs.map(({ cpu }) => cpu)),
    rss: median(runs.map(({ rss }) => rss)),
    treeRss: median(runs.map(({ treeRss }) => treeRss)),
    runs: runs.length,
    problem,
  };
}

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = Number.NaN] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}

/**
 * @param {readonly Summary[]} summaries
 * @param {string} base the scenario that the ratios are relative to
 * @returns {string} a Markdown table
 */
export function resultTable(summaries, base) {
  const reference = summaries.find(({ id }) => id === base);
  const head = ['', 'wall, ms', 'range', '× all rules', 'CPU, ms', 'process, MB', 'tree, MB'];
  const rows = summaries.map((one) => [
    one.problem ? `${one.label} — does not count: ${one.problem}` : one.label,
    whole(one.wall),
    `${whole(one.least)} to ${whole(one.most)}`,
    reference && !reference.problem ? (one.wall / reference.wall).toFixed(2) : '',
    whole(one.cpu),
    megabytes(one.rss),
    megabytes(one.treeRss),
  ]);
  return table(head, rows);
}

/**
 * @param {readonly import('./scenarios.js').Goal[]} goals
 * @param {readonly Summary[]} summaries
 * @returns {readonly { what: string, needs: string, unit: 'x' | 'MB', most: number, value: number | undefined, met: boolean | undefined }[]}
 *   `met` is undefined where something that the goal takes was not measured
 */
export function judge(goals, summaries) {
  const byId = new Map(summaries.filter(({ problem }) => problem === undefined).map((one) => [one.id, one]));
  return goals.map(({ what, needs, of, most, value, unit }) => {
    if (of.some((id) => !byId.has(id))) return { what, needs, unit, most, value: undefined, met: undefined };
    const measured = value((id) => /** @type {Summary} */ (byId.get(id)));
    // Where the system does not tell the memory, there is nothing to judge.
    const met = measured > 0 ? measured <= most : undefined;
    return { what, needs, unit, most, value: measured, met };
  });
}

/** @param {ReturnType<typeof judge>} verdicts @returns {string} a Markdown table */
export function goalTable(verdicts) {
  const rows = verdicts.map(({ what, needs, unit, most, value, met }) => {
    const shown = value === undefined ? '' : unit === 'MB' ? `${whole(value)} MB` : `${value.toFixed(3)} ×`;
    const bound = unit === 'MB' ? `${most} MB` : `${most.toFixed(3)} ×`;
    return [
      what,
      `at most ${needs}`,
      bound,
      shown,
      met === undefined ? 'not measured' : met ? 'met' : '**missed**',
    ];
  });
  return table(['what', 'goal', 'bound', 'measured', ''], rows);
}

/** @param {readonly string[]} head @param {readonly (readonly string[])[]} rows */
function table(head, rows) {
  const line = (/** @type {readonly string[]} */ cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, column) => (column === 0 ? '---' : '---:'))), ...rows.map(line)].join(
    '\n',
  );
}

/** @param {number} value */
function whole(value) {
  return Number.isFinite(value) ? Math.round(value).toLocaleString('en') : '';
}

/** @param {number} bytes */
function megabytes(bytes) {
  return bytes > 0 ? whole(bytes / 1024 / 1024) : '';
}

// Adds up reports of vitest, and prints one line: `120 passed, 0 failed`.
//
//   node scripts/count-tests.js <exit status of the whole run> <report>...
//
// A report tells nothing of a runner that crashed, so whatever is not known to have passed counts as one failure: a
// report that is missing, broken or empty, and a run that failed although none of its tests did. A test that was
// skipped has not passed either: here everything is there that a test may need.
import { readFileSync } from 'node:fs';

const [status, ...reports] = process.argv.slice(2);
const counts = { passed: 0, failed: 0, skipped: 0 };
for (const report of reports) {
  const { passed, failed, skipped } = countsOf(report);
  counts.passed += passed;
  counts.failed += passed + failed === 0 ? 1 : failed + skipped;
  counts.skipped += skipped;
}
const { passed, skipped } = counts;
const isClean = status === '0' && passed > 0;
const failed = isClean ? counts.failed : Math.max(counts.failed, 1);
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed === 0 ? 0 : 1;

function countsOf(report) {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(
      readFileSync(report, 'utf8'),
    );
    // A file that could not even be loaded holds no test that could have failed.
    const broken = testResults.filter(
      ({ status, assertionResults }) =>
        status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
    );
    return {
      passed: numPassedTests,
      failed: numFailedTests + broken.length,
      skipped: numPendingTests,
    };
  } catch (error) {
    console.log(`no report of the tests: ${error.message}`);
    return { passed: 0, failed: 0, skipped: 0 };
  }
}

import { describe, expect, it } from 'vitest';
import { plain } from '../../src/cli/terminal.ts';
import { describeProof } from '../../src/proof/report.ts';
import { result, rewrite, ruleProof, trial } from '../support/proof.ts';

const DIFF = `--- a/src/a.ts
+++ b/src/a.ts
@@ -1,2 +1,2 @@
 const one = 1;
-const two = 2;
+const two = 3;
`;

describe('describeProof', () => {
  it('shows what holds as a table', () => {
    const proven = ruleProof('proven', [trial('killed', 'no-two'), trial('invalid', 'no-two')]);
    const report = describeProof(
      result({ rules: [proven, ruleProof('idle')], preserving: [rewrite('quiet')], holds: true }),
      plain,
    );
    expect(report).toBe(`no-two       ✔ count               1/2  1 invalid
rule-idle    · nothing to protect
(all rules)  ✔ rename locals       1/1

✔ every rule bites · 1 of 2 mutants killed · 0 of 1 rewrite noisy · 1.2 s
`);
  });

  it('shows the change that nobody has noticed', () => {
    const failed = ruleProof('failed', [trial('survived', 'no-two'), trial('killed', 'no-two')]);
    expect(describeProof(result({ rules: [failed] }), plain)).toBe(`no-two  ✖ count  1/2  1 survived

survived  no-two · count
${DIFF}
✖ the gate has holes · 1 of 2 mutants killed · 0 of 0 rewrites noisy · 1.2 s
`);
  });

  it('shows what was reported elsewhere, and of a rewrite', () => {
    const at = { file: '/p/src/b.ts', start: 0, end: 1 };
    const failed = ruleProof('failed', [
      trial('elsewhere', 'no-two', { found: [{ ...at, ruleId: 'no-two', messageId: 'two' }] }),
    ]);
    const report = describeProof(result({ rules: [failed], preserving: [rewrite('noisy', [at])] }), plain);
    expect(report).toBe(`no-two       ✖ count          0/1  1 elsewhere
(all rules)  ✖ rename locals  0/1  1 noisy

elsewhere  no-two · count
  reported: no-two/two in src/b.ts
${DIFF}
noisy  rename locals
  reported: no-two/two in src/b.ts
${DIFF}
✖ the gate has holes · 0 of 1 mutant killed · 1 of 1 rewrite noisy · 1.2 s
`);
  });

  it('counts the rules of which nothing is shown', () => {
    const rules = [ruleProof('unproven'), ruleProof('unseen')];
    expect(describeProof(result({ rules }), plain)).toBe(`rule-unproven  ✖ no mutant    unproven
rule-unseen    ✖ no sites     unseen

✖ the gate has holes · 0 of 0 mutants killed · 0 of 0 rewrites noisy · 1 rule unproven · 1 rule without sites · 1.2 s
`);
  });

  it('says that there was nothing to prove', () => {
    expect(describeProof(result({ rules: [ruleProof('idle')] }), plain)).toBe(`rule-idle  · nothing to protect

✖ there was nothing to prove · 0 of 0 mutants killed · 0 of 0 rewrites noisy · 1.2 s
`);
  });
});

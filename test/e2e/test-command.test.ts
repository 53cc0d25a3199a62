import { describe, expect, it } from 'vitest';
import { BANG_CONFIG, bangProject, ws } from '../support/cli.ts';
import { tempDir } from '../support/temp-dir.ts';

const BAD = 'BANG; // want no-bang/found "a B.NG"\n';
const POP = { 'fixtures/no-pop/a.bad.ts': 'POP; // want no-pop "a P.P"\n' };

function run(fixtures: Record<string, string>, ...args: string[]) {
  const { code, stdout, stderr } = ws(tempDir(bangProject(fixtures)), ['test', ...args]);
  return { code, stdout: stdout.replace(/ · \d+\.\d s/, ''), stderr };
}

describe('ws-gate test', () => {
  it('passes when every fixture holds', () => {
    expect(
      run({ ...POP, 'fixtures/no-bang/a.bad.ts': BAD, 'fixtures/no-bang/a.good.ts': 'quiet;\n' }),
    ).toEqual({
      code: 0,
      stdout: '✔ all fixtures hold · 2 rules · 3 fixtures · 2 wants\n',
      stderr: '',
    });
  });

  it('fails on findings and expectations without each other', () => {
    expect(
      run({ ...POP, 'fixtures/no-bang/a.bad.ts': `${BAD}BANG;\n\nquiet; // want no-bang "a B.NG"\n` }),
    ).toEqual({
      code: 1,
      stdout: `fixtures/no-bang/a.bad.ts:2  unexpected no-bang/found: there is a BANG
fixtures/no-bang/a.bad.ts:4  no finding matches want no-bang "a B.NG"

✖ 2 problems · 2 rules · 2 fixtures · 3 wants
`,
      stderr: '',
    });
  });

  it('a hole of other gates: fails on a rule that reports nothing', () => {
    const { code, stdout } = run({
      ...POP,
      'fixtures/no-bang/a.bad.ts': 'quiet; // want no-bang "a B.NG"\n',
    });
    expect([code, stdout.split('\n').slice(0, 3)]).toEqual([
      1,
      [
        'fixtures/no-bang/a.bad.ts:1  no finding matches want no-bang "a B.NG"',
        'fixtures/no-bang  the rule never fires',
        'fixtures/no-bang  no fixture produces the message found',
      ],
    ]);
  });

  it('a hole of other gates: fails on a rule with good fixtures only', () => {
    const { code, stdout } = run({ ...POP, 'fixtures/no-bang/a.good.ts': 'quiet;\n' });
    expect([code, stdout.split('\n')[0]]).toEqual([1, 'fixtures/no-bang  the rule has no .bad fixture']);
  });

  it('a hole of other gates: fails on a rule of the config without any fixture', () => {
    const { code, stdout } = run({ 'fixtures/no-bang/a.bad.ts': BAD });
    expect([code, stdout.split('\n')[0]]).toEqual([1, 'fixtures/no-pop  the rule has no fixtures']);
  });

  it('runs the selected rules, in the named directory', () => {
    expect(run({ 'specs/no-bang/a.bad.ts': BAD }, 'specs', '--rule', 'no-bang')).toEqual({
      code: 0,
      stdout: '✔ all fixtures hold · 1 rule · 1 fixture · 1 want\n',
      stderr: '',
    });
  });

  it('applies the suppressions in a fixture', () => {
    const hatch = '// ws-gate-disable-next-line no-bang -- shows the hatch\nBANG;\n';
    expect(run({ ...POP, 'fixtures/no-bang/a.bad.ts': BAD, 'fixtures/no-bang/a.hatch.ts': hatch }).code).toBe(
      0,
    );
  });

  it('exits with 2 when there is nothing to test', () => {
    const { code, stdout, stderr } = run({ 'fixtures/readme.md': '' });
    expect([code, stdout, stderr.split('\n')[0]]).toEqual([
      2,
      '',
      expect.stringMatching(/^ws-gate: .* holds no fixtures$/),
    ]);
  });

  it('fails on a message that no fixture produces', () => {
    const { code, stdout } = run({
      ...POP,
      'rules.mjs': BANG_CONFIG.replace(
        'messages: {',
        "messages: { muffled: { message: 'm', why: 'w', help: 'h' },",
      ),
      'fixtures/no-bang/a.bad.ts': BAD,
    });
    expect([code, stdout.split('\n').slice(0, 2)]).toEqual([
      1,
      [
        'fixtures/no-bang  no fixture produces the message muffled',
        'fixtures/no-pop  no fixture produces the message muffled',
      ],
    ]);
  });

  it.each([
    ['bad', 'BANG;\n', 'a .bad fixture needs a // want comment: it shows what is reported'],
    ['good', BAD, 'a .good fixture cannot want a finding: it shows what is not reported'],
  ])('fails on a .%s fixture whose expectations are not those of its kind', (kind, text, message) => {
    const { code, stdout } = run({
      ...POP,
      'fixtures/no-bang/a.bad.ts': BAD,
      [`fixtures/no-bang/b.${kind}.ts`]: text,
    });
    expect([code, stdout.split('\n')[0]]).toEqual([1, `fixtures/no-bang/b.${kind}.ts  ${message}`]);
  });

  it('exits with 2 when the directory is not there', () => {
    expect(run({}, 'gone').code).toBe(2);
  });
});

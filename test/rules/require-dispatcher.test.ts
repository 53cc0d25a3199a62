import { describe, expect, test } from 'vitest';
import { check } from '../../src/engine/check.ts';
import { tempDir } from '../support/temp-dir.ts';
import { messages, runRule } from './run.ts';

const FILES = {
  'backend.ts': 'export class Docker { async stop(id: string): Promise<void> {} }\n',
  'app.ts': `import { Docker } from './backend.ts';
const docker = new Docker();
export declare function stopWorkspace(id: string): Promise<void>;
export const pause = () => docker.stop('a');
export const later = (queue: ((id: string) => void)[]) => queue.push(docker.stop);
`,
};

describe('require-dispatcher', () => {
  test('has a message for a call and one for a function taken as a value', async () => {
    const { report } = await check({
      cwd: tempDir(FILES),
      rules: ['require-dispatcher'],
      inlineConfig: {
        include: ['**/*.ts'],
        rules: {
          'require-dispatcher': [
            'error',
            { dispatchers: [{ calls: ['Docker.stop'], allowIn: [], use: 'stopWorkspace' }] },
          ],
        },
      },
    });
    expect(report.findings.map(({ messageId, message, help }) => [messageId, message, help])).toEqual([
      ['bypassed', 'calls Docker.stop outside its dispatcher', 'call stopWorkspace instead'],
      [
        'escapes',
        'takes Docker.stop as a value outside its dispatcher',
        'pass a function that calls stopWorkspace instead',
      ],
    ]);
  });

  test('finds nothing without a dispatcher, and reads no file for it', async () => {
    const result = await runRule('require-dispatcher', FILES);
    expect([messages(result), result.rules[0]?.sites, result.counts.parsed]).toEqual([[], 0, 0]);
  });
});

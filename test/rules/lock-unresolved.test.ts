import { expect, it } from 'vitest';
import { check } from '../../src/engine/check.ts';
import { tempDir } from '../support/temp-dir.ts';

it('lists a call that may lead anywhere while a lock is held, and none of what another package exports', async () => {
  const { report } = await check({
    cwd: tempDir({
      'src/report.ts': `import { Mutex } from 'async-mutex';
import fs from 'node:fs';
import { Packet } from 'some-protocol';
export class Report {
  readonly #mu = new Mutex();
  listener: any;
  async write(text: string): Promise<void> {
    const release = await this.#mu.acquire();
    fs.writeFileSync('report', Packet.parse(text));
    globalThis.console.log(text);
    this.listener.notify(text);
    release();
  }
}
`,
    }),
    inlineConfig: { include: ['src/**/*.ts'] },
    rules: ['lock-cycle'],
  });
  expect(report.unresolved).toEqual([
    {
      file: 'src/report.ts',
      line: 11,
      column: 5,
      message: 'call of this.listener.notify while holding Report.mu',
    },
  ]);
});

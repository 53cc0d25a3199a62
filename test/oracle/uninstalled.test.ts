import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { check } from '../../src/engine/check.ts';
import { tempDir } from '../support/temp-dir.ts';

vi.setConfig({ testTimeout: 60_000 });

type Take = (lock: string, body: string) => string;

const scoped: Take = (lock, body) => `await ${lock}.runExclusive(async () => { ${body} });`;
const releaser: Take = (lock, body) =>
  `{ const free = await ${lock}.acquire(); try { ${body} } finally { free(); } }`;
const paired =
  (acquire: string, release = 'release'): Take =>
  (lock, body) =>
    `await ${lock}.${acquire}(); try { ${body} } finally { ${lock}.${release}(); }`;

interface Library {
  readonly imports: string;
  /** The expression that makes a lock, and the type of a field that holds one. */
  readonly make: string;
  readonly type: string;
  readonly take: Take;
}

/** By the name of the file that uses it. */
const LIBRARIES: Readonly<Record<string, Library>> = {
  'async-mutex.ts': {
    imports: "import { Mutex } from 'async-mutex';",
    ...{ make: 'new Mutex()', type: 'Mutex', take: scoped },
  },
  'async-mutex-renamed.ts': {
    imports: "import { Mutex as Lock } from 'async-mutex';",
    ...{ make: 'new Lock()', type: 'Lock', take: releaser },
  },
  'async-mutex-namespace.ts': {
    imports: "import * as locks from 'async-mutex';",
    ...{ make: 'new locks.Mutex()', type: 'locks.Mutex', take: scoped },
  },
  'async-mutex-required.ts': {
    imports: "import locks = require('async-mutex');",
    ...{ make: 'new locks.Mutex()', type: 'locks.Mutex', take: scoped },
  },
  'await-lock-required.ts': {
    imports: "import AwaitLock = require('await-lock');",
    ...{ make: 'new AwaitLock()', type: 'AwaitLock', take: paired('acquireAsync') },
  },
  'async-mutex-wrapped.ts': {
    imports: "import { Mutex, type MutexInterface, withTimeout } from 'async-mutex';",
    ...{ make: 'withTimeout(new Mutex(), 100)', type: 'MutexInterface', take: releaser },
  },
  'async-mutex-re-exported.ts': {
    imports: "import { Mutex } from './locks.js';",
    ...{ make: 'new Mutex()', type: 'Mutex', take: scoped },
  },
  'semaphore.ts': {
    imports: "import { Semaphore } from 'async-mutex';",
    ...{ make: 'new Semaphore(1)', type: 'Semaphore', take: scoped },
  },
  'await-lock.ts': {
    imports: "import AwaitLock from 'await-lock';",
    ...{ make: 'new AwaitLock()', type: 'AwaitLock', take: paired('acquireAsync') },
  },
  'async-sema.ts': {
    imports: "import { Sema } from 'async-sema';",
    ...{ make: 'new Sema(1)', type: 'Sema', take: paired('acquire') },
  },
  'async-rwlock.ts': {
    imports: "import { RWLock } from 'async-rwlock';",
    ...{ make: 'new RWLock()', type: 'RWLock', take: paired('writeLock', 'unlock') },
  },
  'es-toolkit.ts': {
    imports: "import { Mutex } from 'es-toolkit';",
    ...{ make: 'new Mutex()', type: 'Mutex', take: paired('acquire') },
  },
  'ws-gate.ts': {
    imports: "import { Mutex } from 'ws-gate/locks';",
    ...{ make: 'new Mutex()', type: 'Mutex', take: scoped },
  },
};

/** Two locks that are taken in both orders. */
function deadlock({ imports, make, type, take }: Library, annotated: 'annotated' | 'inferred'): string {
  const field = annotated === 'annotated' ? `readonly mu: ${type} = ${make};` : `readonly mu = ${make};`;
  return `${imports}
class Shelf { ${field} }
class Desk {
  ${field}
  async fetch(shelf: Shelf) { ${take('this.mu', take('shelf.mu', ''))} }
  async giveBack(shelf: Shelf) { ${take('shelf.mu', take('this.mu', ''))} }
}
export { Desk };
`;
}

describe.each(['native', 'reference'])('with the %s compiler, a library that is not installed', (kind) => {
  it.each(['annotated', 'inferred'] as const)(
    'is recognised by its import, in a field whose type is %s',
    async (annotated) => {
      const sources = Object.entries(LIBRARIES).map(([file, library]) => [
        file,
        deadlock(library, annotated),
      ]);
      const dir = tempDir({
        ...Object.fromEntries(sources),
        'locks.ts': "export { Mutex } from 'async-mutex';\n",
      });
      vi.stubEnv('WS_GATE_ORACLE', kind);
      onTestFinished(() => {
        vi.unstubAllEnvs();
      });
      const { report, counts } = await check({
        cwd: dir,
        inlineConfig: { rules: { 'lock-cycle': 'error' } },
      });
      expect(counts.oracle).toBe(kind);
      const found = report.findings.map(({ file, ruleId, messageId }) => [file, `${ruleId}/${messageId}`]);
      expect(Object.fromEntries(found)).toEqual(
        Object.fromEntries(Object.keys(LIBRARIES).map((file) => [file, 'lock-cycle/cycle'])),
      );
    },
  );
});

// Measures the workspace manager, and checks what it counts.
//
//   npm run bench:manager -- [--seconds N] [--clients N] [--rate N] [--write]
import { execFileSync, fork } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { measureAdmission } from './admission.js';
import { measureAttach } from './attach.js';
import { listen } from './sse-clients.js';

const PAGE = path.resolve(import.meta.dirname, '../../docs/manager-bench.md');

const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    clients: { type: 'string', default: '200' },
    rate: { type: 'string', default: '1000' },
    write: { type: 'boolean', default: false },
  },
});

execFileSync('npm', ['run', 'build'], { stdio: ['ignore', 'ignore', 'inherit'] });
const before = os.loadavg();
const report = [await attachTable(), await streamTable(), await admissionTable()].join('\n\n');
const machine = `Node ${process.versions.node}, ${os.platform()} ${os.arch()}, ${os.cpus().length} cores. Load average over one minute ${before[0].toFixed(1)} before, ${os.loadavg()[0].toFixed(1)} after${before[0] > 0.5 ? ': the machine had other work to do' : ''}.`;
const text = `${machine}\n\n${report}\n`;
process.stdout.write(text);
if (flags.write) {
  const [head, , tail] = readFileSync(PAGE, 'utf8').split(/<!-- \/?results -->\n/);
  writeFileSync(PAGE, `${head}<!-- results -->\n\n${text}\n<!-- /results -->\n${tail}`);
}

async function attachTable() {
  const rows = [];
  for (const clients of [1, 50, 1_000]) {
    const { perSecond } = await measureAttach({ clients, pairs: 100_000 });
    rows.push([
      `${clients} client${clients === 1 ? '' : 's'} at once`,
      '≥ 10,000',
      round(perSecond),
      met(perSecond >= 10_000),
    ]);
  }
  return table(['attach and detach, in process', 'bound, pairs/s', 'pairs/s', ''], rows);
}

async function streamTable() {
  const [clients, rate, seconds] = [flags.clients, flags.rate, flags.seconds].map(Number);
  const server = fork(path.join(import.meta.dirname, 'sse-server.js'), { execArgv: ['--expose-gc'] });
  const answer = (kind) =>
    new Promise((resolve) => {
      const look = (message) => {
        if (message.kind !== kind) return;
        server.off('message', look);
        resolve(message);
      };
      server.on('message', look);
    });
  const { url, workspaceId } = await answer('listening');
  const streams = await listen(url, workspaceId, clients);
  server.send({ kind: 'publish', rate, seconds });
  const { published, dropped, heap, cpu } = await answer('published');
  await streams.settled(published);
  streams.close();
  const gone = answer('gone');
  server.send({ kind: 'end' });
  const { workspaces } = await gone;
  const { received, p50, p99, max } = streams.result();
  const wanted = published * clients;
  const growth = heap.at(-1) / heap[0];
  return [
    table(
      [`${clients} clients over HTTP, ${seconds} s`, 'bound', 'measured', ''],
      [
        [
          'events published per second',
          `≥ ${round(rate)}`,
          round(published / seconds),
          met(published / seconds >= rate * 0.99),
        ],
        [
          'events delivered per second',
          `≥ ${round(rate * clients)}`,
          round(received / seconds),
          met(received >= wanted * 0.99),
        ],
        ['events lost', '0', round(wanted - received), met(received === wanted)],
        ['of these dropped for slow readers', '0', round(dropped), met(dropped === 0)],
        ['heap after a collection, after 5 s', '', mib(heap[0]), ''],
        ['heap after a collection, at the end', '≤ 1.2 × that', mib(heap.at(-1)), met(growth <= 1.2)],
        ['latency, median', '', `${p50.toFixed(1)} ms`, ''],
        ['latency, 99 of 100', '', `${p99.toFixed(1)} ms`, ''],
        ['latency, worst', '', `${max.toFixed(1)} ms`, ''],
        ['processor time of the server', '', `${((100 * cpu) / seconds).toFixed(0)} % of a core`, ''],
        ['workspaces left when all had gone', '0', String(workspaces), met(workspaces === 0)],
      ],
    ),
    `Heap every 5 s, each after a collection: ${heap.map(mib).join(', ')}.`,
  ].join('\n\n');
}

async function admissionTable() {
  const { operations, violations, reserved, retained, perSecond } = await measureAdmission(100_000);
  return table(
    [`admission, ${round(operations)} random operations`, 'bound', 'measured', ''],
    [
      [
        'times an account was negative, over the limit, or not what there is',
        '0',
        String(violations),
        met(violations === 0),
      ],
      [
        'bytes reserved or retained at the end',
        '0',
        String(reserved + retained),
        met(reserved + retained === 0),
      ],
      ['operations per second, with the check of each', '', round(perSecond), ''],
    ],
  );
}

function table(head, rows) {
  const lines = [head, head.map((_, n) => (n === 0 ? '---' : '---:')), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function round(value) {
  return Math.round(value).toLocaleString('en-US');
}

function mib(bytes) {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

function met(isMet) {
  return isMet ? 'met' : '**missed**';
}

// Runs one command as a user would, and tells what it took.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';

/**
 * @typedef {object} Command
 * @property {string} file
 * @property {readonly string[]} args
 * @property {string} cwd
 * @property {Readonly<Record<string, string>>} [env]
 */

/**
 * @typedef {object} Measurement
 * @property {number} wall milliseconds from the start of the process to its end
 * @property {number} cpu milliseconds of processor time, of the process and all that it started
 * @property {number} rss peak of the process itself, in bytes; 0 where the system does not tell
 * @property {number} treeRss peak of the process and all that it started, in bytes; shared pages count for each
 * @property {number | null} code exit code; null when the time was up
 * @property {string} stdout
 * @property {string} stderr
 */

/** Milliseconds between two looks at the memory. One look takes about a tenth of one. */
const INTERVAL = 20;

/** Milliseconds in a tick of the kernel's clock, which is 100 Hz on every platform that has /proc. */
const TICK = 10;

/**
 * @param {Command} command
 * @param {number} timeout milliseconds
 * @returns {Promise<Measurement>}
 */
export async function measure({ file, args, cwd, env = {} }, timeout) {
  const cpuBefore = childrenCpu();
  const started = performance.now();
  const child = spawn(file, args, {
    cwd,
    // Node 22 and later can keep compiled code between runs; what is measured is the first run.
    env: { ...process.env, NO_COLOR: '1', NODE_DISABLE_COMPILE_CACHE: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that everything it started goes when its time is up.
    detached: true,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const watch = watchMemory(child.pid);
  const deadline = setTimeout(() => killGroup(child.pid), timeout);
  let wall = 0;
  try {
    const code = await new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', () => {
        wall = performance.now() - started;
      });
      child.on('close', resolve);
    });
    const { rss, treeRss, cpu } = watch.stop();
    // The one misses what nobody waited for, the other what was used after the last look.
    return { wall, cpu: Math.max(cpu, childrenCpu() - cpuBefore), rss, treeRss, code, stdout, stderr };
  } finally {
    watch.stop();
    clearTimeout(deadline);
  }
}

/** @param {number | undefined} pid */
function killGroup(pid) {
  if (pid === undefined) return;
  try {
    process.kill(os.platform() === 'win32' ? pid : -pid, 'SIGKILL');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
  }
}

/** @param {number | undefined} pid */
function watchMemory(pid) {
  const peak = { rss: 0, treeRss: 0 };
  /** @type {Map<number, number>} */
  const ticks = new Map();
  const look = () => {
    let sum = 0;
    for (const one of processTree(pid)) {
      const memory = readMemory(one);
      if (one === pid) peak.rss = Math.max(peak.rss, memory.peak);
      sum += memory.now;
      ticks.set(one, Math.max(ticks.get(one) ?? 0, readTicks(one).own));
    }
    peak.treeRss = Math.max(peak.treeRss, sum);
  };
  const timer = setInterval(look, INTERVAL);
  return {
    stop() {
      clearInterval(timer);
      return { ...peak, cpu: [...ticks.values()].reduce((sum, own) => sum + own, 0) * TICK };
    },
  };
}

/**
 * @param {number | undefined} pid
 * @returns {number[]}
 */
function processTree(pid) {
  if (pid === undefined || os.platform() !== 'linux') return [];
  const children = readProc(pid, `task/${pid}/children`).split(' ').filter(Boolean).map(Number);
  return [pid, ...children.flatMap(processTree)];
}

/** @param {number} pid */
function readMemory(pid) {
  const status = readProc(pid, 'status');
  const read = (/** @type {string} */ key) =>
    Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024;
  return { peak: read('VmHWM'), now: read('VmRSS') };
}

/** Processor time in ticks: of the process, and of its children that have ended. @param {number | 'self'} pid */
function readTicks(pid) {
  const stat = readProc(pid, 'stat');
  // The second field is the name, which may hold anything, brackets and blanks included.
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15);
  return { own: user + system, children: childUser + childSystem };
}

function childrenCpu() {
  return readTicks('self').children * TICK;
}

/** @param {number | 'self'} pid @param {string} name */
function readProc(pid, name) {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}

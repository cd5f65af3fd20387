// What processes take while something runs, out of /proc: memory as the kernel's own peak, CPU as it counts it.
import { readdirSync, readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';

const kTicks = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
const kEvery = 100; // milliseconds

/** Watches processes below some others, by the names of their programs. */
export class Watch {
  /**
   * `roots`: {name: {pid, program}}: the processes called `program` that are `pid` or come from it.
   * What several of them take at once is summed.
   */
  constructor(roots) {
    this.roots = roots;
    this.begun = {};
    this.last = {}; // name → {pid: {…}}
    for (const name of Object.keys(roots)) this.last[name] = {};
    this.#look();
    for (const [name, found] of Object.entries(this.last)) this.begun[name] = cpuOf(found);
    this.timer = setInterval(() => this.#look(), kEvery).unref();
  }

  /** {name: {peak_mib, pss_mib, cpu_s}}: the most memory, the CPU since the watch began. */
  stop() {
    clearInterval(this.timer);
    this.#look();
    const results = {};
    for (const [name, found] of Object.entries(this.last)) {
      const all = Object.values(found);
      results[name] = {
        peak_mib: all.reduce((sum, one) => sum + one.peak, 0) / 1024,
        pss_mib: all.reduce((sum, one) => sum + one.pss, 0) / 1024,
        cpu_s: (cpuOf(found) - this.begun[name]) / kTicks,
      };
    }
    return results;
  }

  #look() {
    const processes = processTable();
    for (const [name, { pid, program }] of Object.entries(this.roots)) {
      for (const one of processes.values()) {
        if (one.program !== program.slice(0, 15) || !isBelow(one, pid, processes)) continue;
        const known = this.last[name][one.pid] ?? { peak: 0, pss: 0 };
        const memory = memoryOf(one.pid);
        this.last[name][one.pid] = {
          cpu: one.cpu,
          peak: Math.max(known.peak, memory.peak),
          pss: Math.max(known.pss, memory.pss),
        };
      }
    }
  }
}

const cpuOf = (found) => Object.values(found).reduce((sum, one) => sum + one.cpu, 0);

function isBelow(one, root, processes) {
  for (let at = one; at !== undefined; at = processes.get(at.parent)) {
    if (at.pid === root) return true;
  }
  return false;
}

/** {pid: {pid, program, parent, cpu}}; `cpu` in ticks, without that of children. */
function processTable() {
  const table = new Map();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const text = read(`/proc/${entry}/stat`);
    const close = text.lastIndexOf(')');
    if (close < 0) continue; // gone meanwhile
    const fields = text.slice(close + 2).split(' ');
    const program = text.slice(text.indexOf('(') + 1, close);
    const pid = Number(entry);
    table.set(pid, {
      pid, program, parent: Number(fields[1]), cpu: Number(fields[11]) + Number(fields[12]),
    });
  }
  return table;
}

/** KiB: the most that was resident ever, and what is this process's share now. */
function memoryOf(pid) {
  const line = (text, name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  return {
    peak: line(read(`/proc/${pid}/status`), 'VmHWM'),
    pss: line(read(`/proc/${pid}/smaps_rollup`), 'Pss'),
  };
}

function read(file) {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

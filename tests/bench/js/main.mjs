// Runs the benchmarks one after the other and writes the table. Started by ../run.sh.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { diffBench } from './diff.mjs';
import { isolationBench, limitedBench, unlimitedBench } from './push.mjs';
import { readBench } from './read.mjs';
import { salesforceBench } from './salesforce.mjs';
import { syncBench } from './sync.mjs';
import { fillReadme, machine, Table } from './table.mjs';
import { Place } from './tools.mjs';

const kSizes = {
  quick: {
    repeats: 3, readRows: 300e3, diffRows: [1e6], syncRows: 100e3, planRows: 0,
    limitedSeconds: 20, latencies: [80], pushRows: 30e3, jobRows: [20e3, 100e3],
  },
  default: {
    repeats: 3, readRows: 2e6, diffRows: [1e6, 10e6], syncRows: 1e6, planRows: 0,
    limitedSeconds: 60, latencies: [80], pushRows: 100e3, jobRows: [200e3, 500e3],
  },
  full: {
    repeats: 5, readRows: 2e6, diffRows: [1e6, 10e6], syncRows: 1e6, planRows: 10e6,
    limitedSeconds: 60, latencies: [5, 80, 400], pushRows: 100e3, jobRows: [200e3, 2e6],
  },
};

const kBenches = {
  read: readBench,
  diff: diffBench,
  sync: syncBench,
  limited: limitedBench,
  push: unlimitedBench,
  isolation: isolationBench,
  salesforce: salesforceBench,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean' },
    full: { type: 'boolean' },
    only: { type: 'string' },
    readme: { type: 'string' },
  },
});
const place = new Place(positionals[0]);
const results = path.join(place.build, 'bench.md');

if (values.readme !== undefined) {
  await fillReadme(values.readme, (await readFile(results, 'utf8')).trimEnd());
} else {
  const only = values.only?.split(',') ?? Object.keys(kBenches);
  const unknown = only.filter((name) => !(name in kBenches));
  if (unknown.length > 0) {
    const known = Object.keys(kBenches).join(', ');
    process.stderr.write(`No benchmark is called ${unknown.join(', ')}; there are ${known}.\n`);
    process.exit(2);
  }
  await measureAll(only);
}

async function measureAll(only) {
  const sizeName = values.quick ? 'quick' : values.full ? 'full' : 'default';
  const table = new Table();
  const loadBefore = os.loadavg()[0];
  await rm(place.work, { recursive: true, force: true });
  await mkdir(place.work, { recursive: true });
  for (const name of only) {
    process.stderr.write(`${name}\n`);
    try {
      await kBenches[name]({ place, size: kSizes[sizeName], table });
    } catch (error) {
      process.stderr.write(`${error.stack}\n`);
      table.skip(name, 'failed: see the output');
      process.exitCode = 1;
    }
  }
  await rm(place.work, { recursive: true });
  const text = `${machine(sizeName, loadBefore)}\n\n${table.text()}\n`;
  await writeFile(results, text);
  process.stdout.write(`\n${text}`);
}

// The diff alone, hashing included, against DuckDB joining hashes that are stored already.
import { mkdir, rm } from 'node:fs/promises';

import { millions } from './read.mjs';
import { interleaved, median, middle, run } from './tools.mjs';

const kMemoryMiB = 64;

export async function diffBench({ place, size, table }) {
  for (const rows of size.diffRows) {
    const folder = place.file('diff');
    await mkdir(folder, { recursive: true });
    const file = place.file('join.duckdb');
    const duckdb = (args) => run(process.execPath, [place.script('duckdb_join.mjs'), ...args]);
    await duckdb(['make', file, String(rows)]);
    const [ours, theirs] = await interleaved(
      size.repeats,
      () => diff(place, folder, rows),
      async () => JSON.parse((await duckdb(['join', file])).stdout),
    );
    for (const { counts } of theirs) expectCounts('DuckDB', rows, counts);
    for (const { counts } of ours) expectCounts('diff_bench', rows, counts);
    addRows(table, rows, ours, theirs);
    await addRealMapper(table, rows, await diff(place, folder, rows, ['--real-mapper']));
    await rm(folder, { recursive: true });
    await rm(file);
  }
}

function addRows(table, rows, ours, theirs) {
  const cpu = median(ours.map((one) => one.diff.cpu - one.rows.cpu));
  const joined = middle(theirs, 'cpu_s');
  table.add({
    work: `diff ${millions(rows)} records, 1 % changed, hashing included`,
    measured: `${cpu.toFixed(2)} CPU s`,
    baseline: `${joined.toFixed(2)} CPU s (DuckDB joining stored hashes)`,
    ratio: cpu / joined,
    most: 1,
    below: true,
  });
  const peak = median(ours.map((one) => one.diff.peak));
  const other = middle(theirs, 'peak_mib');
  table.add({
    work: `its memory (setting: ${kMemoryMiB} MiB)`,
    measured: `${peak.toFixed(0)} MiB`,
    baseline: `${other.toFixed(0)} MiB (DuckDB's process)`,
    ratio: peak / other,
    target: `≤ ${kMemoryMiB} MiB`,
    met: peak <= kMemoryMiB,
  });
}

async function addRealMapper(table, rows, one) {
  table.add({
    work: `the same with the real mapping, ${millions(rows)}`,
    measured: `${(one.diff.cpu - one.rows.cpu).toFixed(2)} CPU s`,
    baseline: `${(one.mapping.cpu - one.rows.cpu).toFixed(2)} CPU s (the mapping of it)`,
    ratio: (one.diff.cpu - one.rows.cpu) / (one.mapping.cpu - one.rows.cpu),
  });
}

/** One diff_bench: CPU seconds and peak of its three parts, and the counts. */
async function diff(place, folder, rows, more = []) {
  const mapper = more.length > 0 ? 'real' : 'hashing';
  const args = ['--dir', `${folder}/${mapper}`, '--rows', String(rows), ...more];
  args.push('--memory', String(kMemoryMiB));
  const { stdout } = await run(place.program('diff_bench'), args);
  const part = (name) => {
    const line = new RegExp(`^${name} +([0-9.]+) CPU-s .* ([0-9.]+) MiB$`, 'm').exec(stdout);
    if (line === null) throw new Error(`diff_bench does not tell of "${name}":\n${stdout}`);
    return { cpu: Number(line[1]), peak: Number(line[2]) };
  };
  const count = (name) => Number(new RegExp(`\\b${name} ([0-9]+)`).exec(stdout)?.[1]);
  return {
    rows: part('rows alone'),
    mapping: part('rows and mapping'),
    diff: part('rows, mapping and diff'),
    counts: { new: count('insert'), departed: count('delete'), changed: count('update') },
  };
}

function expectCounts(who, rows, counts) {
  const near = (found, share) => Math.abs(Number(found) - rows * share) <= rows * share * 0.05;
  if (near(counts.new, 0.005) && near(counts.departed, 0.005) && near(counts.changed, 0.01)) return;
  throw new Error(`${who} counted ${JSON.stringify(counts)} in ${rows} rows`);
}

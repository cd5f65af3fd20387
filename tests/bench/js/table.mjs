// The table of results, for people and as Markdown.
import { readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';

const kHeads = ['work', 'measured', 'baseline', 'ratio', 'target', 'met?'];
const kBegin = '<!-- table: written by run.sh --readme -->';
const kEnd = '<!-- end of the table -->';

export class Table {
  rows = [];

  /**
   * A result. `ratio` is measured over baseline; `most` (or `below`, then excluded) and `least` are
   * what it should be; else `target` and `met` say it. Without any: for information.
   */
  add({ work, measured, baseline = '', ratio, most, least, below, target, met }) {
    if (most !== undefined) {
      target = `${below ? '<' : '≤'} ${most}x`;
      met = below ? ratio < most : ratio <= most;
    }
    if (least !== undefined) {
      target = `≥ ${least}x`;
      met = ratio >= least;
    }
    const shown = ratio === undefined ? '' : `${ratio.toFixed(2)}x`;
    const answer = met === undefined ? '' : met ? 'yes' : '**no**';
    this.rows.push([work, measured, baseline, shown, target ?? '', answer]);
    process.stderr.write(`  ${work}: ${[measured, baseline, shown].filter(Boolean).join(' | ')}\n`);
  }

  /** A row for what was not measured, and why. */
  skip(work, why, target = '') {
    this.rows.push([work, why, '', '', target, '']);
  }

  text() {
    const lines = [kHeads, ...this.rows];
    const width = kHeads.map((_, i) => Math.max(...lines.map((row) => row[i].length)));
    const line = (row) => '| ' + row.map((cell, i) => cell.padEnd(width[i])).join(' | ') + ' |';
    const rule = '| ' + width.map((n) => '-'.repeat(n)).join(' | ') + ' |';
    return [line(kHeads), rule, ...this.rows.map(line)].join('\n');
  }
}

/** What the figures were measured on. */
export function machine(sizeName, loadBefore) {
  const cpus = os.cpus();
  const memory = Math.round(os.totalmem() / 2 ** 30);
  return (
    `${cpus.length} cores (${cpus[0].model.trim()}), ${memory} GiB, Linux ${os.release()}; ` +
    `commit ${process.env.BENCH_COMMIT}, ${new Date().toISOString().slice(0, 10)}, size ${sizeName}; ` +
    `load before: ${loadBefore.toFixed(1)}.`
  );
}

/** Puts bench.md into the README's block. */
export async function fillReadme(readme, markdown) {
  const text = await readFile(readme, 'utf8');
  const [begin, end] = [text.indexOf(kBegin), text.indexOf(kEnd)];
  if (begin < 0 || end < begin) throw new Error(`${readme} has no block for the table.`);
  const filled = `${text.slice(0, begin + kBegin.length)}\n${markdown}\n${text.slice(end)}`;
  await writeFile(readme, filled);
}

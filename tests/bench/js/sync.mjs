// Whole syncs by the program: with nothing changed against only reading the model, and memory.
import { fillPostgres, kMapping } from './rows.mjs';
import { millions } from './read.mjs';
import { interleaved, measured, middle, Project, Sandbox, Warehouse } from './tools.mjs';

export async function syncBench({ place, size, table }) {
  const rows = size.syncRows;
  const warehouse = await Warehouse.start(place);
  const sandbox = await Sandbox.start(place, ['--no-limits']);
  try {
    await fillPostgres(warehouse, rows);
    const few = await firstSync('sync-few', rows / 10);
    const many = await firstSync('sync-many', rows);
    addMemory(table, 'first sync', [few, rows / 10], [many, rows]);
    await unchanged(many.project);
    if (size.planRows > 0) await planOnly(many);
  } finally {
    await sandbox.stop();
    await warehouse.stop();
  }

  /** All rows are new. */
  async function firstSync(name, count) {
    await sandbox.control('POST', 'reset');
    const settings = { warehouse, sandbox, sql: select(count), mapping: kMapping };
    const project = await Project.create(place, name, settings);
    const done = await project.sync();
    expectRun(done.document, { succeeded: count });
    return { ...done, project };
  }

  async function unchanged(project) {
    await sandbox.control('POST', 'reset?only=stats');
    const read = () =>
      measured(place, place.program('read_bench'), ['postgres-source', warehouse.url, select(rows)]);
    const [synced, reads] = await interleaved(size.repeats, () => project.sync(), read);
    for (const { document } of synced) expectRun(document, { unchanged: rows });
    const { total } = await sandbox.stats();
    for (const [what, key, most] of [['', 'wall_s', 1.25], [', CPU', 'cpu_s']]) {
      const [mine, other] = [middle(synced, key), middle(reads, key)];
      const unit = key === 'wall_s' ? 's' : 'CPU s';
      table.add({
        work: `sync ${millions(rows)} rows with nothing changed${what}`,
        measured: `${mine.toFixed(2)} ${unit}`,
        baseline: `${other.toFixed(2)} ${unit} (reading the model)`,
        ratio: mine / other,
        most,
      });
    }
    table.add({
      work: 'its calls to the destination',
      measured: `${total}`,
      target: '0',
      met: total === 0,
    });
    const peak = middle(synced, 'peak_mib');
    table.add({ work: 'its memory', measured: `${peak.toFixed(0)} MiB` });
  }

  async function planOnly(many) {
    await fillPostgres(warehouse, size.planRows);
    const settings = { warehouse, sandbox, sql: select(size.planRows), mapping: kMapping };
    const project = await Project.create(place, 'plan', settings);
    const planned = await project.penstock(['plan', 'contacts']);
    addMemory(table, 'plan of new rows', [many, rows], [planned, size.planRows]);
  }
}

export const select = (count, where = '') =>
  `SELECT id, email, firstname, lastname, company, address, city, phone, zip, annualrevenue, ` +
  `active, closedate FROM customers WHERE id <= ${count}${where}`;

/** The whole process is to fit what the diff may take: its setting's default, 64 MiB. */
function addMemory(table, what, [few, fewRows], [many, manyRows]) {
  table.add({
    work: `memory of a ${what}, ${millions(manyRows)} rows`,
    measured: `${many.peak_mib.toFixed(0)} MiB`,
    baseline: `${few.peak_mib.toFixed(0)} MiB (${millions(fewRows)} rows, first sync)`,
    ratio: many.peak_mib / few.peak_mib,
    target: '≤ 64 MiB',
    met: many.peak_mib <= 64,
  });
}

/** Throws unless the document's only run did what is expected and nothing else. */
export function expectRun(document, { succeeded = 0, unchanged = 0 }) {
  const run = document.runs[0];
  const same =
    run.status === 'succeeded' &&
    run.outcomes.succeeded === succeeded &&
    run.rows.unchanged === unchanged &&
    run.rows.read === succeeded + unchanged;
  if (!same) throw new Error(`The run is not what was asked for: ${JSON.stringify(run)}`);
}

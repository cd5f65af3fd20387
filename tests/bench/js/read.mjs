// Reading a model: host/sources with every value touched, against the database's own library with
// the rows thrown away.
import { rm } from 'node:fs/promises';

import { fillPostgres, sqliteStatements } from './rows.mjs';
import { interleaved, middle, run, Warehouse } from './tools.mjs';

const kSql = 'SELECT * FROM customers';

export async function readBench({ place, size, table }) {
  const rows = size.readRows;
  const warehouse = await Warehouse.start(place);
  try {
    await fillPostgres(warehouse, rows);
    const peer = { side: 'libpq', name: 'libpq, single rows, discarded', most: 1.3 };
    await compare('PostgreSQL', 'postgres-source', peer, warehouse.url);
  } finally {
    await warehouse.stop();
  }
  const database = place.file('shop.db');
  await run('sqlite3', [database], { input: sqliteStatements(rows) });
  const step = { side: 'sqlite3', name: 'sqlite3_step, discarded', most: 1.3 };
  await compare('SQLite', 'sqlite-source', step, database);
  const values = { side: 'sqlite3-values', name: 'sqlite3_step, values fetched' };
  await compare('SQLite', 'sqlite-source', values, database);
  await rm(database);

  async function compare(name, ours, peer, where) {
    const side = (which) => async () =>
      JSON.parse((await run(place.program('read_bench'), [which, where, kSql])).stdout);
    const [source, raw] = await interleaved(size.repeats, side(ours), side(peer.side));
    for (const result of [...source, ...raw]) {
      if (result.rows !== rows) throw new Error(`${name}: ${result.rows} rows, not ${rows}`);
    }
    const add = (what, key, unit, most) => {
      const [mine, other] = [middle(source, key), middle(raw, key)];
      table.add({
        work: `read ${millions(rows)} rows x 12 columns from ${name}${what}`,
        measured: `${mine.toFixed(2)} ${unit} (${perSecond(rows / mine)})`,
        baseline: `${other.toFixed(2)} ${unit} (${peer.name})`,
        ratio: mine / other,
        most,
      });
    };
    add('', 'wall_s', 's', peer.most);
    add(", the reader's CPU", 'cpu_s', 'CPU s');
  }
}

export const millions = (n) => (n >= 1e6 ? `${n / 1e6} M` : `${n / 1e3} k`);
export const perSecond = (rate) =>
  rate >= 1e6 ? `${(rate / 1e6).toFixed(2)} M/s` : `${Math.round(rate / 1e3)} k/s`;

// DuckDB comparing two tables of stored (key, hash) in SQL: what it costs.
//   duckdb_join.mjs make FILE ROWS | join FILE
// 1 % of the rows changed, half a percent is new, half a percent has left, as in diff_bench.
import { DuckDBInstance } from '@duckdb/node-api';

const [verb, file, rows] = process.argv.slice(2);
const instance = await DuckDBInstance.create(file, { threads: '2' });
const connection = await instance.connect();

const hugeint = (seed) => `hash(i, ${seed})::HUGEINT * 1000003 + hash(${seed}, i)::HUGEINT`;

if (verb === 'make') {
  const moved = Math.floor(Number(rows) / 200);
  const end = Number(rows) + moved;
  await connection.run(`CREATE TABLE prev AS
    SELECT ${hugeint(1)} AS k, ${hugeint(2)} AS h FROM range(${rows}) AS t(i)`);
  await connection.run(`CREATE TABLE cur AS
    SELECT ${hugeint(1)} AS k, ${hugeint(2)} + (i % 100 = 0)::INT AS h
    FROM range(${moved}, ${end}) AS t(i)`);
  await connection.run('CHECKPOINT');
} else {
  const cpu = process.cpuUsage();
  const begun = performance.now();
  const reader = await connection.runAndReadAll(`
    SELECT count(*) FILTER (p.k IS NULL) AS new, count(*) FILTER (c.k IS NULL) AS departed,
      count(*) FILTER (p.h <> c.h) AS changed
    FROM prev AS p FULL OUTER JOIN cur AS c ON p.k = c.k`);
  const { user, system } = process.cpuUsage(cpu);
  const counts = reader.getRowObjectsJson()[0];
  console.log(
    JSON.stringify({
      cpu_s: (user + system) / 1e6,
      wall_s: (performance.now() - begun) / 1e3,
      peak_mib: process.resourceUsage().maxRSS / 1024,
      counts,
    }),
  );
}
connection.closeSync();

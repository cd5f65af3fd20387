// Pushing contacts: as fast as a destination permits, and as fast as we can.
import { fillPostgres, kMapping } from './rows.mjs';
import { millions } from './read.mjs';
import { expectRun, select } from './sync.mjs';
import {
  interleaved, kToken, measured, middle, Project, Sandbox, Warehouse, writeCalls,
} from './tools.mjs';

const kPerWindow = 190; // profile pro: 190 requests in any 10 s
const kWindow = 10;
const kBatch = 100;

/** The sandbox permits what HubSpot does; Penstock is to use all of it and be refused nothing. */
export async function limitedBench({ place, size, table }) {
  const seconds = size.limitedSeconds;
  const permitted = (seconds / kWindow) * kPerWindow;
  // Half a window more than fits, so that there is work to the last second.
  const rows = (permitted + kPerWindow / 2) * kBatch;
  const warehouse = await Warehouse.start(place);
  try {
    await fillPostgres(warehouse, rows);
    for (const latency of size.latencies) {
      await limited(`push under a limit, ${latency} ms latency`, latency, [select(rows)]);
    }
    const halves = [0, 1].map((half) => select(rows, ` AND id % 2 = ${half}`));
    await limited('two projects share that limit, 80 ms latency', 80, halves);
  } finally {
    await warehouse.stop();
  }

  async function limited(work, latency, models) {
    const args = ['--profile', 'pro', '--latency', String(latency)];
    const sandbox = await Sandbox.start(place, args);
    try {
      const projects = [];
      for (const [i, sql] of models.entries()) {
        const shared = `limited-${latency}`;
        const settings = { warehouse, sandbox, sql, mapping: kMapping, shared };
        projects.push(await Project.create(place, `limited-${i}`, settings));
      }
      const done = await Promise.all(projects.map((project) => project.sync()));
      for (const one of done) expectRun(one.document, { succeeded: rows / models.length });
      const calls = models.length * Math.ceil(rows / models.length / kBatch);
      add(work, await sandbox.stats(), calls);
    } finally {
      await sandbox.stop();
    }
  }

  function add(work, stats, calls) {
    const arrived = stats.per_second.slice(0, seconds).reduce((sum, n) => sum + n, 0);
    const made = arrived - stats.throttled;
    table.add({
      work,
      measured: `${made} requests in ${seconds} s, ${stats.throttled} times 429`,
      baseline: `${permitted} permitted`,
      ratio: made / permitted,
      least: 0.98,
    });
    addCalls(table, stats, calls);
  }
}

/** No limit: what a record costs us, against the vendor's own client. */
export async function unlimitedBench({ place, size, table }) {
  const rows = size.pushRows;
  const warehouse = await Warehouse.start(place);
  const sandbox = await Sandbox.start(place, ['--no-limits']);
  let stats;
  try {
    await fillPostgres(warehouse, rows);
    const [ours, theirs] = await interleaved(size.repeats, penstock, client, { warm: false });
    const rate = rows / middle(ours, 'cpu_s');
    const other = rows / middle(theirs, 'cpu_s');
    table.add({
      work: `push ${millions(rows)} contacts without a limit, records per CPU second`,
      measured: `${Math.round(rate / 100) / 10} k`,
      baseline: `${Math.round(other / 100) / 10} k (@hubspot/api-client, 10 in flight)`,
      ratio: rate / other,
      least: 3,
    });
    const [wall, otherWall] = [middle(ours, 'wall_s'), middle(theirs, 'wall_s')];
    table.add({
      work: 'its time, the sandbox on the same cores',
      measured: `${wall.toFixed(1)} s`,
      baseline: `${otherWall.toFixed(1)} s (the same client)`,
      ratio: wall / otherWall,
    });
    addCalls(table, stats, Math.ceil(rows / kBatch));
  } finally {
    await sandbox.stop();
    await warehouse.stop();
  }

  async function penstock() {
    await sandbox.control('POST', 'reset');
    const settings = { warehouse, sandbox, sql: select(rows), mapping: kMapping };
    const project = await Project.create(place, 'push', settings);
    const done = await project.sync();
    expectRun(done.document, { succeeded: rows });
    stats = await sandbox.stats();
    return done;
  }
  async function client() {
    await sandbox.control('POST', 'reset');
    const args = [place.script('vendor_client.mjs'), sandbox.url, String(rows), kToken];
    const done = await measured(place, process.execPath, args);
    const { written } = JSON.parse(done.stdout);
    if (written !== rows) throw new Error(`The client wrote ${written} of ${rows} contacts.`);
    return done;
  }
}

/** What a process of its own costs a connector: the same push through the worker and without it. */
export async function isolationBench({ place, size, table }) {
  const rows = size.pushRows;
  const warehouse = await Warehouse.start(place);
  const sandbox = await Sandbox.start(place, ['--no-limits'], 'loopback');
  try {
    await fillPostgres(warehouse, rows);
    const push = (isolation) => async () => {
      await sandbox.control('POST', 'reset');
      const destination = {
        connector: 'loopback', secret: 'token', object: 'things', key: 'key', isolation,
      };
      const mapping = [['name', 'firstname']];
      const settings = { warehouse, sandbox, sql: select(rows), mapping, destination };
      const project = await Project.create(place, 'isolation', settings);
      const done = await project.sync();
      expectRun(done.document, { succeeded: rows });
      return done;
    };
    const results = await interleaved(size.repeats, push('worker'), push('in_process'));
    const [worker, inside] = results.map((one) => rows / middle(one, 'wall_s'));
    table.add({
      work: `push ${millions(rows)} records through the worker, loopback connector`,
      measured: `${Math.round(worker / 100) / 10} k/s`,
      baseline: `${Math.round(inside / 100) / 10} k/s (in process)`,
      ratio: worker / inside,
      least: 0.95,
    });
    const [workerCpu, insideCpu] = results.map((one) => middle(one, 'cpu_s'));
    table.add({
      work: 'its CPU, worker and all',
      measured: `${workerCpu.toFixed(2)} CPU s`,
      baseline: `${insideCpu.toFixed(2)} CPU s (in process)`,
      ratio: workerCpu / insideCpu,
    });
  } finally {
    await sandbox.stop();
    await warehouse.stop();
  }
}

function addCalls(table, stats, least) {
  const calls = writeCalls(stats);
  table.add({
    work: 'its write calls',
    measured: `${calls}`,
    baseline: `${least} (records / 100)`,
    ratio: calls / least,
    most: 1,
  });
}

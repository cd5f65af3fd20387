// Accounts and contacts from PostgreSQL into Salesforce: below the threshold by collections, above it by jobs.
import { millions } from './read.mjs';
import * as people from './people.mjs';
import { Project, Sandbox, Warehouse } from './tools.mjs';
import { Watch } from './watch.mjs';

const kBatch = 200; // records of a collection
const kThreshold = 2000; // changes, above which jobs are used
const kJob = 50e3; // records
const kWriters = 2;

/** What is counted is counted exactly, and what the organization holds is compared value by value. */
export async function salesforceBench({ place, size, table }) {
  const warehouse = await Warehouse.start(place);
  try {
    const few = await whole(size.jobRows[0]);
    const many = await whole(size.jobRows[1]);
    addRows(table, few, many);
  } finally {
    await warehouse.stop();
  }

  async function whole(rows) {
    const sandbox = await Sandbox.start(place, ['--no-limits'], 'salesforce');
    try {
      await people.fillAccounts(warehouse);
      await people.fillPeople(warehouse, rows);
      return await new Story(place, warehouse, sandbox, rows).run();
    } finally {
      await sandbox.stop();
    }
  }
}

/** One organization, from its first sync to its deletes. */
class Story {
  constructor(place, warehouse, sandbox, rows) {
    Object.assign(this, { place, warehouse, sandbox, rows });
  }

  async run() {
    const { place, warehouse, sandbox, rows } = this;
    const settings = {
      warehouse, sandbox, text: people.projectText(), env: { SALESFORCE_SECRET: 'sandbox-secret' },
    };
    this.project = await Project.create(place, 'salesforce', settings);
    const [badMails, noAccounts, changes, deletes] = [
      people.isMailBad, people.isAccountMissing, people.isChanged, people.isDeleted,
    ].map((is) => people.howMany(rows, is));
    const rejected = badMails + noAccounts;
    const accounts = await this.sync('accounts', { created: people.kAccounts });
    const first = await this.sync('contacts', { created: rows - rejected, rejected });
    await people.compare(sandbox, rows);
    // The account may have come meanwhile: these are tried once more at once, then with pauses.
    await this.sync('contacts', { rejected: noAccounts });
    const idle = await this.sync('contacts', {});
    await people.change(warehouse);
    const changed = await this.sync('contacts', { updated: changes, created: noAccounts });
    await people.compare(sandbox, rows, { changed: true });
    await people.remove(warehouse);
    const deleted = await this.sync('contacts', { deleted: deletes });
    await people.compare(sandbox, rows, { changed: true, deleted: true });
    return { rows, rejected, accounts, first, idle, changed, deleted };
  }

  /** A sync that has to have exactly these outcomes, and the calls that they need. */
  async sync(integration, { created = 0, updated = 0, deleted = 0, rejected = 0 }) {
    await this.sandbox.control('POST', 'reset?only=stats');
    let watch;
    const begun = (pid) => {
      watch = new Watch({
        host: { pid, program: 'penstock' },
        worker: { pid, program: 'penstock-worker' },
        sandbox: { pid: this.sandbox.child.pid, program: 'salesforce-sandbox' },
        postgres: { pid: this.warehouse.child.pid, program: 'postgres' },
      });
    };
    const args = ['sync', integration, ...(deleted > 0 ? ['--allow', `deletes=${deleted}`] : [])];
    const expect = [rejected > 0 ? 3 : 0];
    const done = await this.project.penstock(args, { expect, begun });
    const used = watch.stop();
    const run = done.document.runs[0];
    const { outcomes, applied } = run;
    const same =
      applied.created === created && applied.updated === updated && applied.deleted === deleted &&
      outcomes.succeeded === created + updated + deleted && outcomes.rejected === rejected &&
      outcomes.skipped + outcomes.in_doubt + outcomes.unsent === 0;
    if (!same) throw new Error(`The run is not what was asked for: ${JSON.stringify(run)}`);
    const calls = callsOf(await this.sandbox.stats());
    const changes = created + updated + deleted + rejected;
    // What is rejected was never there, so it is to be created.
    checkCalls(calls, [created + rejected, updated, deleted]);
    process.stderr.write(`  ${integration}, ${changes} changes: ${done.wall_s.toFixed(1)} s, ${JSON.stringify(calls)}, ${JSON.stringify(used)}\n`);
    return { ...done, used, calls, changes };
  }
}

/** Requests by what they are for. */
function callsOf(stats) {
  const calls = {
    collections: 0, create: 0, upload: 0, complete: 0, poll: 0, results: 0, login: 0, other: 0,
  };
  for (const [route, statuses] of Object.entries(stats.requests)) {
    for (const [status, count] of Object.entries(statuses)) {
      calls[purposeOf(route)] += count;
      if (!/^20\d$/.test(status)) throw new Error(`${count} times ${status} for ${route}`);
    }
  }
  return calls;
}

function purposeOf(route) {
  if (/^(POST|PATCH|DELETE) .*\/composite\/sobjects/.test(route)) return 'collections';
  if (/^POST .*\/jobs\/ingest$/.test(route)) return 'create';
  if (/^PUT .*\/batches$/.test(route)) return 'upload';
  if (/^PATCH .*\/jobs\/ingest\//.test(route)) return 'complete';
  if (/^GET .*\/(successfulResults|failedResults|unprocessedrecords)$/.test(route)) return 'results';
  if (/^GET .*\/jobs\/ingest\//.test(route)) return 'poll';
  return /\/oauth2\//.test(route) ? 'login' : 'other';
}

/** `operations`: changes of each: the threshold is for one operation. */
function checkCalls(calls, operations) {
  let [collections, jobs, more] = [0, 0, 0];
  for (const changes of operations) {
    if (changes <= kThreshold) {
      collections += Math.ceil(changes / kBatch);
    } else {
      jobs += Math.ceil(changes / kJob);
      more += kWriters - 1; // each writer has a last job that is not full
    }
  }
  const right =
    calls.collections === collections && calls.create >= jobs && calls.create <= jobs + more &&
    calls.upload === calls.create && calls.complete === calls.create &&
    calls.results === 3 * calls.create && calls.poll >= calls.create;
  if (right) return;
  throw new Error(`For ${operations} changes these calls are wrong: ${JSON.stringify(calls)}`);
}

function addRows(table, few, many) {
  const contacts = `${millions(many.rows)} contacts`;
  const { first } = many;
  table.add({
    work: `500 accounts into Salesforce, write calls`,
    measured: `${many.accounts.calls.collections}`,
    baseline: `${Math.ceil(people.kAccounts / kBatch)} (records / ${kBatch})`,
    ratio: many.accounts.calls.collections / Math.ceil(people.kAccounts / kBatch),
    most: 1,
  });
  table.add({
    work: `${contacts} into Salesforce, ${many.rejected} of them bad`,
    measured: `${first.wall_s.toFixed(1)} s (${Math.round(many.rows / first.wall_s / 100) / 10} k/s)`,
  });
  const jobs = first.calls.create;
  table.add({
    work: 'its jobs',
    measured: `${jobs}, with ${first.calls.poll} polls`,
    baseline: `${Math.ceil(many.rows / kJob)} (records / ${kJob})`,
    target: '≤ 1 more',
    met: jobs <= Math.ceil(many.rows / kJob) + 1,
  });
  const cpu = (name) => first.used[name].cpu_s;
  const ours = cpu('host') + cpu('worker');
  table.add({
    work: 'its CPU, worker and all',
    measured: `${ours.toFixed(1)} CPU s (worker ${cpu('worker').toFixed(1)})`,
    baseline: `${cpu('sandbox').toFixed(1)} CPU s (the sandbox; PostgreSQL ${cpu('postgres').toFixed(1)})`,
    ratio: ours / cpu('sandbox'),
  });
  for (const name of ['host', 'worker']) {
    const [one, ten] = [few.first.used[name], first.used[name]];
    table.add({
      work: `its memory, ${name}`,
      measured: `${ten.peak_mib.toFixed(0)} MiB`,
      baseline: `${one.peak_mib.toFixed(0)} MiB (${millions(few.rows)} contacts)`,
      ratio: ten.peak_mib / one.peak_mib,
      most: 1.2,
    });
  }
  for (const [what, run] of [['nothing', 'idle'], ['1 %', 'changed'], ['1 % to delete', 'deleted']]) {
    const { wall_s, calls, changes, used } = many[run];
    const written = calls.collections + calls.create + calls.upload + calls.complete;
    table.add({
      work: `the same with ${what}${run === 'deleted' ? '' : ' changed'}`,
      measured: `${wall_s.toFixed(1)} s, ${written} write calls for ${changes} records, ` +
        `${used.host.peak_mib.toFixed(0)} MiB`,
    });
  }
}

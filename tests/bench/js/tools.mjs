// What every benchmark needs: programs run and measured, numbers, a warehouse, a sandbox, a project.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import readline from 'node:readline';

export const kToken = 'pat-sandbox';

/** Where things are: the build folder, and a folder to work in that goes at the end. */
export class Place {
  constructor(buildDir) {
    this.build = path.resolve(buildDir);
    this.work = path.join(this.build, 'bench');
    this.files = 0;
  }
  program(name) {
    return path.join(this.build, 'bin', name);
  }
  file(name) {
    return path.join(this.work, name);
  }
  script(name) {
    return path.join(import.meta.dirname, name);
  }
}

/** Runs a program to its end; throws with its last words when it ends with a code not expected. */
export async function run(program, args, { cwd, env, input, expect = [0], begun } = {}) {
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env } });
  begun?.(child.pid);
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => (out[name] += text));
  }
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  if (!expect.includes(code)) {
    const words = (out.stderr + out.stdout).trim().split('\n').slice(-12).join('\n');
    throw new Error(`${path.basename(program)} ${args.join(' ')} ended with ${code}:\n${words}`);
  }
  return { code, ...out };
}

/** The same, with what the process used: {wall_s, cpu_s, peak_mib} of the process alone. */
export async function measured(place, program, args, options) {
  const file = place.file(`usage-${++place.files}.json`);
  const done = await run(place.program('bench_measure'), [file, program, ...args], options);
  const usage = JSON.parse(await readFile(file, 'utf8'));
  await rm(file);
  return { ...done, ...usage };
}

/** A B A B …: the results of both sides, each once before that to warm up. */
export async function interleaved(times, a, b, { warm = true } = {}) {
  if (warm) {
    await a();
    await b();
  }
  const results = [[], []];
  for (let i = 0; i < times; ++i) {
    results[0].push(await a());
    results[1].push(await b());
  }
  return results;
}

export function median(values) {
  const sorted = [...values].sort((x, y) => x - y);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The median of one number of several results. */
export const middle = (results, name) => median(results.map((result) => result[name]));

/** A PostgreSQL server; rows.mjs fills it. */
export class Warehouse {
  static async start(place) {
    const it = new Warehouse();
    it.child = spawn(place.program('bench_warehouse'), [], { stdio: ['pipe', 'pipe', 'inherit'] });
    it.lines = readline.createInterface({ input: it.child.stdout })[Symbol.asyncIterator]();
    it.url = await it.line();
    await it.exec('ALTER SYSTEM SET jit = off');
    await it.exec("ALTER SYSTEM SET client_min_messages = 'error'");
    await it.exec('SELECT pg_reload_conf()');
    return it;
  }
  async line() {
    const { value, done } = await this.lines.next();
    if (done) throw new Error('The PostgreSQL server did not start or has ended.');
    return value;
  }
  async exec(sql) {
    this.child.stdin.write(sql.replace(/\s+/g, ' ') + '\n');
    const answer = await this.line();
    if (answer !== 'ok') throw new Error(`${answer}\n${sql}`);
  }
  async stop() {
    const ended = once(this.child, 'close');
    this.child.stdin.end();
    await ended;
  }
}

/** A connector's sandbox: HubSpot's, Salesforce's, or the loopback one. */
export class Sandbox {
  static async start(place, args, connector = 'hubspot') {
    const it = new Sandbox();
    const own = connector === 'hubspot' ? ['--search-lag', '0'] : [];
    it.child = spawn(
      path.join(place.build, `lib/penstock/connectors/${connector}-sandbox`),
      ['--port', '0', '--token', kToken, '--die-with-parent', ...own, ...args],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [line] = await once(readline.createInterface({ input: it.child.stdout }), 'line');
    it.url = line.replace('listening on ', '');
    return it;
  }
  async control(method, name, body) {
    const response = await fetch(`${this.url}/_sandbox/${name}`, {
      method,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${method} /_sandbox/${name}: ${text}`);
    return JSON.parse(text);
  }
  stats() {
    return this.control('GET', 'stats');
  }
  async stop() {
    const ended = once(this.child, 'close');
    this.child.kill();
    await ended;
  }
}

/** Requests of the sandbox's stats that write records. */
export function writeCalls(stats) {
  let calls = 0;
  for (const [route, statuses] of Object.entries(stats.requests)) {
    if (!/^POST .*\/batch\/(create|update|upsert|archive)$/.test(route)) continue;
    for (const count of Object.values(statuses)) calls += count;
  }
  return calls;
}

/** A Penstock project, by default with one integration, `contacts`. Projects share budgets by `shared`. */
export class Project {
  static async create(place, name, settings) {
    const { warehouse, sandbox, sql, mapping, shared = name, destination = kHubSpot } = settings;
    const text = settings.text ?? projectText(sql, mapping, destination);
    const it = new Project();
    it.place = place;
    it.folder = place.file(name);
    it.env = {
      PENSTOCK_SHARED_DIR: place.file(`${shared}-shared`),
      HUBSPOT_TOKEN: kToken,
      WAREHOUSE_URL: warehouse.url,
      SANDBOX_URL: sandbox.url,
      ...settings.env,
    };
    await rm(it.folder, { recursive: true, force: true });
    await mkdir(it.folder, { recursive: true });
    await mkdir(it.env.PENSTOCK_SHARED_DIR, { recursive: true });
    await writeFile(path.join(it.folder, 'penstock.yaml'), text);
    return it;
  }
  /** `penstock …` measured; the answer's JSON document as `document`. */
  async penstock(args, { expect, begun } = {}) {
    const program = this.place.program('penstock');
    const options = { cwd: this.folder, env: this.env, expect, begun };
    const done = await measured(this.place, program, [...args, '--json'], options);
    return { ...done, document: JSON.parse(done.stdout) };
  }
  sync() {
    return this.penstock(['sync', 'contacts']);
  }
}

/** What the project file says of its destination. */
const kHubSpot = { connector: 'hubspot', secret: 'access_token', object: 'contacts', key: 'email' };

function projectText(sql, mapping, { connector, secret, object, key, isolation = 'worker' }) {
  const fields = mapping.map(([field, column]) => `      ${field}: ${column}`).join('\n');
  return `sources:
  warehouse: {type: postgres, url: "\${env:WAREHOUSE_URL}"}
destinations:
  crm:
    connector: ${connector}
    isolation: ${isolation}
    base_url: "\${env:SANDBOX_URL}"
    config: {${secret}: "\${env:HUBSPOT_TOKEN}"}
integrations:
  contacts:
    source: warehouse
    model: {sql: "${sql}"}
    destination: crm
    object: ${object}
    mode: mirror
    key: {${key}: email}
    mapping:
${fields}
`;
}

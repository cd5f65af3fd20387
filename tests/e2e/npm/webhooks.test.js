// The library of Standard Webhooks as the receiver of a sync, and as a sender to our own receiver.
'use strict';

const assert = require('node:assert/strict');
const { spawn, execFileSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');
const { test } = require('node:test');

const { Webhook } = require('standardwebhooks');

const { PENSTOCK, HTTP_SANDBOX } = process.env;
const secret = `whsec_${Buffer.from('thirty-two bytes of a test key..').toString('base64')}`;

// Answers `status(n)` to the n-th request and keeps what the library says of its signature.
async function receiver(status) {
  const webhook = new Webhook(secret);
  const seen = [];
  const server = http.createServer((request, response) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts).toString('utf8');
      const entry = { id: request.headers['webhook-id'], at: request.headers['webhook-timestamp'] };
      seen.push(entry);
      try {
        entry.payload = webhook.verify(body, request.headers);
      } catch (error) {
        entry.error = error;
      }
      response.writeHead(status(seen.length), { 'Retry-After': '1' });
      response.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, seen, url: `http://127.0.0.1:${server.address().port}` };
}

// A project of three rows that posts each of them; returns the exit code of its sync.
async function sync(url, rows) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'penstock-webhooks-'));
  try {
    execFileSync('sqlite3', [
      path.join(folder, 'shop.db'),
      `CREATE TABLE customers (email TEXT, name TEXT);${rows
        .map(([email, name]) => `INSERT INTO customers VALUES ('${email}', '${name}');`)
        .join('')}`,
    ]);
    fs.writeFileSync(
      path.join(folder, 'penstock.yaml'),
      `sources: {warehouse: {type: sqlite, path: shop.db}}
destinations:
  hook:
    connector: http
    base_url: "${url}"
    config:
      auth: standard_webhooks
      secret: "\${env:HOOK_SECRET}"
      objects:
        customers:
          key: email
          fields: {email: string, name: string}
          operations:
            upsert: {path: /hook, body: {type: customer.changed, data: "{$record}"}}
integrations:
  customers:
    source: warehouse
    model: {table: customers}
    destination: hook
    object: customers
    mode: upsert
    key: {email: email}
    mapping: {name: name}
`,
    );
    const child = spawn(PENSTOCK, ['sync', 'customers'], {
      cwd: folder,
      env: { ...process.env, HOOK_SECRET: secret, PENSTOCK_SHARED_DIR: folder, HOME: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (text) => (output += text));
    child.stderr.on('data', (text) => (output += text));
    const [code] = await once(child, 'exit');
    return { code, output };
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

test('the library accepts every signature, whatever the body holds', async () => {
  const { server, seen, url } = await receiver(() => 204);
  const rows = [
    ['a@example.com', 'Łucja "quoted" 名'],
    ['b@example.com', '1.50'],
    ['c@example.com', ''],
  ];
  const { code, output } = await sync(url, rows);
  server.close();
  assert.equal(code, 0, output);
  assert.deepEqual(
    seen.map((entry) => entry.error),
    [undefined, undefined, undefined],
  );
  assert.deepEqual(
    seen.map(({ payload }) => [payload.data.email, payload.data.name]).sort(),
    rows,
  );
  assert.equal(new Set(seen.map((entry) => entry.id)).size, 3);
});

test('an attempt has the same id and a new signature', async () => {
  const { server, seen, url } = await receiver((n) => (n === 1 ? 429 : 204));
  const { code, output } = await sync(url, [['a@example.com', 'Ann']]);
  server.close();
  assert.equal(code, 0, output);
  assert.equal(seen.length, 2);
  assert.equal(seen[0].id, seen[1].id);
  assert.ok(Number(seen[1].at) > Number(seen[0].at));
  assert.equal(seen[1].error, undefined);
});

test('our receiver accepts what the library signs, and nothing else', async () => {
  const sandbox = spawn(HTTP_SANDBOX, ['--port', '0', '--secret', secret, '--die-with-parent'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = await once(readline.createInterface({ input: sandbox.stdout }), 'line');
    const url = `${line.replace('listening on ', '')}/hooks/customers`;
    const body = JSON.stringify({ email: 'a@example.com', name: 'Ann' });
    const send = async (id, at, key, text = body) => {
      const response = await fetch(url, {
        method: 'POST',
        body: text,
        headers: {
          'webhook-id': id,
          'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
          'webhook-signature': new Webhook(key).sign(id, at, body),
        },
      });
      const answer = await response.json();
      return `${response.status} ${answer.error?.code ?? answer.status}`;
    };
    const now = new Date();
    const old = new Date(now.getTime() - 6 * 60 * 1000);
    const other = `whsec_${Buffer.from('another key of thirty-two bytes.').toString('base64')}`;
    assert.equal(await send('msg_1', now, other), '401 signature_bad');
    assert.equal(await send('msg_1', now, secret, `${body} `), '401 signature_bad');
    assert.equal(await send('msg_1', old, secret), '401 timestamp_stale');
    assert.equal(await send('msg_1', now, secret), '201 created');
    assert.equal(await send('msg_1', now, secret), '201 created'); // the same message
    assert.equal(await send('msg_2', now, secret), '409 EXISTS');
    const keyed = async (key, name) => {
      const response = await fetch(url.replace('/hooks/', '/api/'), {
        method: 'POST',
        body: JSON.stringify({ email: 'b@example.com', name }),
        headers: { authorization: 'Bearer http-sandbox', 'idempotency-key': key },
      });
      const answer = await response.json();
      const replayed = response.headers.get('idempotent-replayed');
      return `${response.status} ${answer.error?.code ?? answer.status}${replayed ? ' again' : ''}`;
    };
    assert.equal(await keyed('k1', 'Bob'), '201 created');
    assert.equal(await keyed('k1', 'Bob'), '201 created again');
    assert.equal(await keyed('k1', 'Rob'), '422 idempotency_key_reused');
    assert.equal(await keyed('k2', 'Bob'), '409 EXISTS');
  } finally {
    sandbox.kill();
  }
});

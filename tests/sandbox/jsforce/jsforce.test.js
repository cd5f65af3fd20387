// jsforce against the Salesforce sandbox: requests it makes, answers it understands.
'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const readline = require('node:readline');
const { after, before, beforeEach, test } = require('node:test');

const jsforce = require('jsforce');

const program = process.env.SALESFORCE_SANDBOX;
let sandbox;
let loginUrl;
let conn;

const connection = () =>
  new jsforce.Connection({
    version: '62.0',
    loginUrl,
    oauth2: { loginUrl, clientId: 'sandbox-client', clientSecret: 'sandbox-secret' },
  });

before(async () => {
  sandbox = spawn(program, ['--port', '0', '--die-with-parent'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(readline.createInterface({ input: sandbox.stdout }), 'line');
  loginUrl = line.replace('listening on ', '');
});

after(() => sandbox.kill());

beforeEach(async () => {
  await control('POST', 'reset');
  conn = connection();
  await conn.authorize({ grant_type: 'client_credentials' });
});

async function control(method, path, body) {
  const response = await fetch(`${loginUrl}/_sandbox/${path}`, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
}

async function fails(promise, code) {
  const error = await promise.then(
    () => assert.fail('the call succeeded'),
    (reason) => reason,
  );
  assert.equal(error.errorCode ?? error.name, code, error.stack);
  return error;
}

test('logs in, knows who it is, and is told of its limits', async () => {
  assert.equal(conn.instanceUrl, loginUrl);
  assert.match(conn.userInfo.organizationId, /^00D/);
  const identity = await conn.identity();
  assert.equal(identity.username, 'admin@example.com');
  assert.equal(identity.user_id, conn.userInfo.id);
  await conn.limits();
  assert.equal(conn.limitInfo.apiUsage.limit, 15000);

  const person = connection();
  const who = await person.login('admin@example.com', 'sandbox-password');
  assert.equal(who.organizationId, conn.userInfo.organizationId);
  await fails(connection().login('admin@example.com', 'wrong'), 'invalid_grant');

  await conn.oauth2.revokeToken(conn.accessToken);
  const { accessToken, instanceUrl, version } = conn;
  const revoked = new jsforce.Connection({ version, instanceUrl, accessToken });
  await fails(revoked.sobject('Account').describe(), 'INVALID_SESSION_ID');
});

test('gets a new token when its own expires', async () => {
  const lasting = new jsforce.Connection({
    version: '62.0',
    instanceUrl: loginUrl,
    oauth2: { loginUrl, clientId: 'sandbox-client', clientSecret: 'sandbox-secret' },
    accessToken: conn.accessToken,
    refreshToken: 'sandbox-refresh',
  });
  await control('PUT', 'config', { expire_tokens: true });
  assert.equal((await lasting.sobject('Account').describe()).name, 'Account');
  assert.notEqual(lasting.accessToken, conn.accessToken);
});

test('describes the org and its objects', async () => {
  const org = await conn.describeGlobal();
  assert.ok(org.sobjects.some((object) => object.name === 'Order__c' && object.custom));
  const account = await conn.sobject('Account').describe();
  const balance = account.fields.find((field) => field.name === 'Balance__c');
  assert.equal(balance.type, 'currency');
  assert.equal(balance.precision, 18);
  assert.equal(account.recordTypeInfos.length, 4);
  await fails(conn.sobject('Nothing').describe(), 'NOT_FOUND');
});

test('creates, reads, upserts, updates and deletes rows', async () => {
  const accounts = conn.sobject('Account');
  const created = await accounts.create({ Name: 'Acme', Ext__c: 'A1', Balance__c: 12.5 });
  assert.equal(created.success, true);
  assert.equal((await accounts.retrieve(created.id)).Balance__c, 12.5);
  const upserted = await accounts.upsert({ Ext__c: 'A1', Name: 'Acme 2' }, 'Ext__c');
  assert.equal(upserted.id, created.id);
  assert.equal(upserted.created, false);
  assert.equal((await accounts.upsert({ Ext__c: 'A2', Name: 'B' }, 'Ext__c')).created, true);
  assert.equal((await accounts.update({ Id: created.id, Phone: '1' })).success, true);
  assert.equal((await accounts.findOne({ Ext__c: 'A1' })).Phone, '1');
  assert.equal((await accounts.destroy(created.id)).success, true);
  await fails(accounts.retrieve(created.id), 'ENTITY_IS_DELETED');
  await fails(accounts.create({ Name: 'C', Ext__c: 'A2' }), 'DUPLICATE_VALUE');
  await fails(accounts.create({ Nmae: 'C' }), 'INVALID_FIELD');
});

test('writes collections, each record with its own result', async () => {
  const accounts = conn.sobject('Account');
  const many = Array.from({ length: 250 }, (_, i) => ({ Ext__c: `A${i}`, Name: `Name ${i}` }));
  many[7].Name = '';
  const results = await accounts.upsert(many, 'Ext__c', { allowRecursive: true });
  assert.equal(results.length, 250);
  assert.deepEqual(
    results.map((result, i) => [result.success, i]).filter(([success]) => !success),
    [[false, 7]],
  );
  assert.equal(results[7].errors[0].errorCode ?? results[7].errors[0].statusCode, 'REQUIRED_FIELD_MISSING');
  const made = await accounts.create([{ Name: 'X' }, { Phone: '1' }]);
  assert.deepEqual(made.map((result) => result.success), [true, false]);
  const changed = await accounts.update([{ Id: made[0].id, Phone: '2' }]);
  assert.equal(changed[0].success, true);
  const read = await accounts.retrieve([made[0].id]);
  assert.equal(read[0].Phone, '2');
  const gone = await accounts.destroy([made[0].id, made[0].id]);
  assert.deepEqual(gone.map((result) => result.success), [true, false]);
});

test('queries page by page', async () => {
  const lines = Array.from({ length: 4500 }, (_, i) =>
    JSON.stringify({ properties: { LastName: `N${i}`, Ext__c: `C${i}` } }),
  );
  await fetch(`${loginUrl}/_sandbox/objects/Contact`, { method: 'POST', body: lines.join('\n') });
  const found = await conn.query('SELECT Id, Ext__c FROM Contact', { autoFetch: true, maxFetch: 10000 });
  assert.equal(found.totalSize, 4500);
  assert.equal(new Set(found.records.map((record) => record.Ext__c)).size, 4500);
  const [org] = (await conn.query('SELECT Id, Name FROM Organization')).records;
  assert.equal(org.Id, conn.userInfo.organizationId);
  await fails(conn.query('SELECT Nope FROM Contact'), 'INVALID_FIELD');
  await fails(conn.query('SELECT FROM Contact'), 'MALFORMED_QUERY');
});

test('loads by Bulk API 2.0, successes and failures', async () => {
  await control('PUT', 'config', { bulk_polls: 1 });
  const input = Array.from({ length: 300 }, (_, i) => ({
    Ext__c: `C${i}`,
    LastName: i % 100 === 5 ? '' : `Name "${i}", of\nmany`,
  }));
  const results = await conn.bulk2.loadAndWaitForResults({
    object: 'Contact',
    operation: 'upsert',
    externalIdFieldName: 'Ext__c',
    input,
    pollInterval: 10,
    pollTimeout: 60000,
  });
  assert.equal(results.successfulResults.length, 297);
  assert.deepEqual(results.failedResults.map((row) => row.Ext__c).sort(), ['C105', 'C205', 'C5']);
  assert.match(results.failedResults[0].sf__Error, /^REQUIRED_FIELD_MISSING:/);
  assert.equal(results.unprocessedRecords.length, 0);
  assert.equal(results.successfulResults[0].LastName.includes('of\nmany'), true);

  await control('PUT', 'config', { bulk_faults: [{ kind: 'fail', at: 100 }] });
  const job = conn.bulk2.createJob({ object: 'Contact', operation: 'update' });
  await job.open();
  await job.uploadData(results.successfulResults.map((row) => ({ Id: row.sf__Id, Phone: '1' })));
  await job.close();
  await assert.rejects(job.poll(10, 60000), /TooManyLockFailure/);
  const ended = await job.getAllResults();
  assert.equal(ended.successfulResults.length, 100);
  assert.equal(ended.unprocessedRecords.length, 197);
  assert.equal(job.getInfo().numberRecordsProcessed, 100);
});

// The vendor's own client against the HubSpot sandbox: requests it makes, answers it understands.
'use strict';

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const readline = require('node:readline');
const { after, before, beforeEach, test } = require('node:test');

const { Client } = require('@hubspot/api-client');

const program = process.env.HUBSPOT_SANDBOX;
let sandbox;
let basePath;
let client;
let contacts;

before(async () => {
  sandbox = spawn(program, ['--port', '0', '--search-lag', '0', '--die-with-parent'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(readline.createInterface({ input: sandbox.stdout }), 'line');
  basePath = line.replace('listening on ', '');
  client = new Client({ accessToken: 'pat-sandbox', basePath });
  contacts = client.crm.contacts;
});

after(() => sandbox.kill());

beforeEach(() => control('POST', 'reset'));

async function control(method, path, body) {
  const response = await fetch(`${basePath}/_sandbox/${path}`, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
}

const byEmail = (email, properties, trace) => ({
  id: email,
  idProperty: 'email',
  objectWriteTraceId: trace,
  properties,
});

async function fails(promise, code, category) {
  const error = await promise.then(
    () => assert.fail('the call succeeded'),
    (reason) => reason,
  );
  assert.equal(error.code, code);
  assert.equal(error.body.category, category);
  return error;
}

test('upserts contacts and reads them back', async () => {
  const written = await contacts.batchApi.upsert({
    inputs: [byEmail('Ann@Example.com', { firstname: 'Ann' }, '1'), byEmail('b@example.com', {}, '2')],
  });
  assert.equal(written.status, 'COMPLETE');
  assert.ok(written.completedAt instanceof Date);
  assert.deepEqual(written.results.map((result) => result._new), [true, true]);
  const ann = written.results.find((result) => result.properties.email === 'ann@example.com');
  assert.ok(ann.createdAt instanceof Date);

  const again = await contacts.batchApi.upsert({
    inputs: [byEmail('ann@example.com', { lastname: 'Lee' }, '1')],
  });
  assert.equal(again.results[0]._new, false);
  assert.equal(again.results[0].id, ann.id);

  const one = await contacts.basicApi.getById(ann.id, ['firstname', 'lastname', 'phone']);
  assert.equal(one.properties.firstname, 'Ann');
  assert.equal(one.properties.lastname, 'Lee');
  assert.equal(one.properties.phone, null);

  const read = await contacts.batchApi.read({
    idProperty: 'email',
    inputs: [{ id: 'ann@example.com' }, { id: 'nobody@example.com' }],
    properties: ['firstname'],
    propertiesWithHistory: [],
  });
  assert.equal(read.results.length, 1);
  assert.equal(read.numErrors, 1);
  assert.deepEqual(read.errors[0].context.ids, ['nobody@example.com']);
});

test('tells the good records of a batch from the bad ones', async () => {
  const answer = await contacts.batchApi.upsert({
    inputs: [byEmail('a@example.com', {}, 'good'), byEmail('b@example.com', { nope: '1' }, 'bad')],
  });
  assert.equal(answer.results.length, 1);
  assert.equal(answer.numErrors, 1);
  assert.deepEqual(answer.errors[0].context.objectWriteTraceId, ['bad']);
  assert.equal(answer.errors[0].category, 'VALIDATION_ERROR');
});

test('creates, updates, finds, lists and archives contacts', async () => {
  const created = await contacts.basicApi.create({
    associations: [],
    properties: { email: 'c@example.com', city: 'Bonn' },
  });
  const many = await contacts.batchApi.create({
    inputs: [{ associations: [], properties: { email: 'd@example.com' } }],
  });
  assert.equal(many.results.length, 1);
  await contacts.basicApi.update(created.id, { properties: { city: '' } });
  const updated = await contacts.batchApi.update({
    inputs: [{ id: created.id, properties: { phone: '1' } }],
  });
  assert.equal(updated.results[0].properties.phone, '1');

  const found = await contacts.searchApi.doSearch({
    filterGroups: [
      { filters: [{ propertyName: 'email', operator: 'EQ', value: 'c@example.com' }] },
    ],
    sorts: [],
    properties: ['phone', 'city'],
    limit: 10,
    after: '0',
  });
  assert.equal(found.total, 1);
  assert.equal(found.results[0].properties.phone, '1');
  assert.equal(found.results[0].properties.city, null);

  const all = await contacts.getAll();
  assert.equal(all.length, 2);

  await contacts.batchApi.archive({ inputs: [{ id: created.id }] });
  await contacts.basicApi.archive(many.results[0].id);
  await fails(contacts.basicApi.getById(created.id), 404, 'OBJECT_NOT_FOUND');
  assert.equal((await contacts.getAll()).length, 0);
});

test('reads and makes properties', async () => {
  const api = client.crm.properties.coreApi;
  const all = await api.getAll('contacts');
  const email = all.results.find((property) => property.name === 'email');
  assert.equal(email.type, 'string');
  assert.equal(email.modificationMetadata.readOnlyValue, false);
  const made = await api.create('contacts', {
    name: 'external_id',
    label: 'External id',
    type: 'string',
    fieldType: 'text',
    groupName: 'contactinformation',
    hasUniqueValue: true,
  });
  assert.equal(made.hasUniqueValue, true);
  assert.equal((await api.getByName('contacts', 'external_id')).label, 'External id');
  const answer = await contacts.batchApi.upsert({
    inputs: [{ id: 'X-1', idProperty: 'external_id', properties: { firstname: 'X' } }],
  });
  assert.equal(answer.results[0]._new, true);
  await api.archive('contacts', 'external_id');
  await fails(api.getByName('contacts', 'external_id'), 404, 'OBJECT_NOT_FOUND');
});

test('companies and deals speak the same way', async () => {
  const company = await client.crm.companies.basicApi.create({
    associations: [],
    properties: { name: 'Acme' },
  });
  assert.equal((await client.crm.companies.basicApi.getById(company.id)).properties.name, 'Acme');
  const deal = await client.crm.deals.basicApi.create({
    associations: [],
    properties: { dealname: 'First', amount: '12.50' },
  });
  assert.equal((await client.crm.deals.basicApi.getById(deal.id)).properties.amount, '12.50');
  const error = await fails(
    client.crm.companies.batchApi.upsert({
      inputs: [{ id: 'acme.com', idProperty: 'domain', properties: {} }],
    }),
    400,
    'VALIDATION_ERROR',
  );
  assert.match(error.body.message, /non-unique 0-2 property domain/);
});

test('errors have the classes that the client reports', async () => {
  await contacts.basicApi.create({ associations: [], properties: { email: 'a@example.com' } });
  const conflict = await fails(
    contacts.basicApi.create({ associations: [], properties: { email: 'A@example.com' } }),
    409,
    'CONFLICT',
  );
  assert.match(conflict.body.message, /Existing ID: \d+/);
  const invalid = await fails(
    contacts.basicApi.create({ associations: [], properties: { email: 'nonsense' } }),
    400,
    'VALIDATION_ERROR',
  );
  const list = JSON.parse(invalid.body.message.slice(invalid.body.message.indexOf('[')));
  assert.equal(list[0].error, 'INVALID_EMAIL');
  const twice = await fails(
    contacts.batchApi.upsert({
      inputs: [byEmail('x@example.com', {}, '1'), byEmail('X@example.com', {}, '2')],
    }),
    400,
    'VALIDATION_ERROR',
  );
  assert.match(twice.body.message, /^Duplicate IDs found in batch input: \[/);

  const stranger = new Client({ accessToken: 'pat-wrong', basePath });
  await fails(stranger.crm.contacts.basicApi.getPage(), 401, 'INVALID_AUTHENTICATION');
  await control('PUT', 'config', { scopes: ['crm.objects.contacts.read'] });
  await fails(contacts.batchApi.archive({ inputs: [{ id: '1' }] }), 403, 'MISSING_SCOPES');
});

test('the client retries what the sandbox says is a limit or a failure', async () => {
  const patient = new Client({ accessToken: 'pat-sandbox', basePath, numberOfApiCallRetries: 3 });
  await control('PUT', 'faults', [
    { match: { path: '/crm/v3/objects/contacts' }, fault: { status: 502 }, times: 1 },
  ]);
  assert.deepEqual((await patient.crm.contacts.basicApi.getPage()).results, []);
  const search = { filterGroups: [], sorts: [], properties: [], limit: 1, after: '0' };
  await control('PUT', 'faults', [{ match: { path: '*/search' }, fault: { status: 429 } }]);
  assert.equal((await patient.crm.contacts.searchApi.doSearch(search)).total, 0);
});

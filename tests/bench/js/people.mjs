// Accounts and contacts of a Salesforce organization: the tables, and what the organization has to hold of them.
import readline from 'node:readline';
import { Readable } from 'node:stream';

export const kAccounts = 500;

export const isMailBad = (n) => n % 1000 === 7;
export const isAccountMissing = (n) => n % 5000 === 11;
export const isChanged = (n) => n % 100 === 3;
export const isDeleted = (n) => n % 100 === 5;

/** How many of 1 … rows. */
export function howMany(rows, is) {
  let count = 0;
  for (let n = 1; n <= rows; ++n) count += is(n) ? 1 : 0;
  return count;
}

export async function fillAccounts(warehouse) {
  await warehouse.exec('DROP TABLE IF EXISTS accounts');
  await warehouse.exec(
    `CREATE TABLE accounts AS SELECT 'A' || n AS ext, 'Company ' || n || ' Ltd' AS name,
       'City ' || n % 80 AS city, n * 1000 AS revenue FROM generate_series(1, ${kAccounts}) AS n`,
  );
}

/** One in 1,000 has an e-mail that is none, one in 5,000 an account that is not there. */
export async function fillPeople(warehouse, rows) {
  await warehouse.exec('DROP TABLE IF EXISTS people');
  await warehouse.exec(
    `CREATE TABLE people AS SELECT n, 'C' || n AS ext,
       CASE WHEN n % 5000 = 11 THEN 'NOBODY' ELSE 'A' || n % ${kAccounts} + 1 END AS account,
       'First' || n % 5000 AS first_name, 'Łast "' || n % 70000 || '", Jr' AS last_name,
       CASE WHEN n % 1000 = 7 THEN 'nobody' ELSE 'user' || n || '@shop' || n % 97 || '.example' END
         AS email,
       '+1555' || lpad((n % 10000000)::text, 7, '0') AS phone, 'City ' || n % 800 AS city,
       (n % 1000000)::numeric(12, 2) / 100 AS spend, n % 3 = 0 AS opted_out,
       timestamptz '2020-01-01 00:00Z' + n * interval '1 minute' AS seen
     FROM generate_series(1::bigint, ${rows}) AS n`,
  );
  await warehouse.exec('VACUUM ANALYZE people');
}

/** 1 % have another phone, and accounts that were missing are named right. */
export async function change(warehouse) {
  await warehouse.exec(`UPDATE people SET phone = '+44' || n WHERE n % 100 = 3`);
  await warehouse.exec(
    `UPDATE people SET account = 'A' || n % ${kAccounts} + 1 WHERE account = 'NOBODY'`,
  );
}
export const remove = (warehouse) => warehouse.exec('DELETE FROM people WHERE n % 100 = 5');

/** The project: both integrations. */
export function projectText(options = '{}') {
  return `sources:
  warehouse: {type: postgres, url: "\${env:WAREHOUSE_URL}"}
destinations:
  crm:
    connector: salesforce
    base_url: "\${env:SANDBOX_URL}"
    config:
      grant: client_credentials
      client_id: sandbox-client
      client_secret: "\${env:SALESFORCE_SECRET}"
integrations:
  accounts:
    source: warehouse
    model: {table: accounts}
    destination: crm
    object: Account
    mode: mirror
    key: {Ext__c: ext}
    mapping: {Name: name, BillingCity: city, AnnualRevenue: revenue}
  contacts:
    source: warehouse
    model: {sql: "SELECT * FROM people"}
    destination: crm
    object: Contact
    mode: mirror
    key: {Ext__c: ext}
    options: ${options}
    mapping:
      Account.Ext__c: account
      FirstName: first_name
      LastName: last_name
      Email: email
      Phone: phone
      MailingCity: city
      Spend__c: spend
      HasOptedOutOfEmail: opted_out
      LastSeen__c: seen
`;
}

/** What the contact of row `n` has in the organization. */
function expected(n, { changed }) {
  return {
    FirstName: `First${n % 5000}`,
    LastName: `Łast "${n % 70000}", Jr`,
    Email: `user${n}@shop${n % 97}.example`,
    Phone: changed && isChanged(n) ? `+44${n}` : '+1555' + String(n % 10000000).padStart(7, '0'),
    MailingCity: `City ${n % 800}`,
    Spend__c: (n % 1000000) / 100,
    HasOptedOutOfEmail: String(n % 3 === 0),
    LastSeen__c: Date.parse('2020-01-01T00:00:00Z') + n * 60000,
  };
}

async function* linesOf(sandbox, object) {
  const response = await fetch(`${sandbox.url}/_sandbox/objects/${object}`);
  if (response.status !== 200) throw new Error(`The sandbox refuses its ${object}s.`);
  const lines = readline.createInterface({ input: Readable.fromWeb(response.body) });
  for await (const line of lines) yield JSON.parse(line);
}

/**
 * Compares each contact, value by value, and the accounts with the tables; throws at the first that
 * differs, is missing or is too many. {accounts, contacts}: how many there are.
 */
export async function compare(sandbox, rows, { changed = false, deleted = false } = {}) {
  const accounts = new Map();
  for await (const { id, properties } of linesOf(sandbox, 'Account')) {
    const n = Number(properties.Ext__c.slice(1));
    const same = properties.Name === `Company ${n} Ltd` && Number(properties.AnnualRevenue) === n * 1000;
    if (!same) throw new Error(`An account is wrong: ${JSON.stringify(properties)}`);
    accounts.set(id, properties.Ext__c);
  }
  if (accounts.size !== kAccounts) throw new Error(`There are ${accounts.size} accounts.`);
  const isLeftOut = (n) =>
    isMailBad(n) || (!changed && isAccountMissing(n)) || (deleted && isDeleted(n));
  const seen = new Uint8Array(rows + 1);
  let contacts = 0;
  for await (const { properties, archived } of linesOf(sandbox, 'Contact')) {
    const n = Number(properties.Ext__c.slice(1));
    const there = n >= 1 && n <= rows && !isLeftOut(n);
    if (archived && deleted && isDeleted(n)) continue;
    if (archived || !there || seen[n]++ > 0) {
      throw new Error(`A contact should not be there: ${JSON.stringify(properties)}`);
    }
    checkContact(n, properties, accounts, changed);
    ++contacts;
  }
  const wanted = howMany(rows, (n) => !isLeftOut(n));
  if (contacts !== wanted) throw new Error(`There are ${contacts} contacts, not ${wanted}.`);
  return { accounts: accounts.size, contacts };
}

function checkContact(n, properties, accounts, changed) {
  const wanted = expected(n, { changed });
  const held = { ...properties };
  held.Spend__c = Number(held.Spend__c);
  held.LastSeen__c = Date.parse(held.LastSeen__c.replace('+0000', 'Z'));
  for (const [name, value] of Object.entries(wanted)) {
    if (held[name] === value) continue;
    throw new Error(`Contact ${n} has ${name} ${held[name]}, not ${value}.`);
  }
  const account = accounts.get(properties.AccountId);
  if (account !== `A${(n % kAccounts) + 1}`) throw new Error(`Contact ${n} belongs to ${account}.`);
}

// The rows that are read, mapped and sent: twelve columns of the usual types, about 170 bytes each.

/** Makes the table `customers` of PostgreSQL with `count` rows. */
export async function fillPostgres(warehouse, count) {
  await warehouse.exec('DROP TABLE IF EXISTS customers');
  await warehouse.exec(
    `CREATE TABLE customers AS
     SELECT n AS id, 'user' || n || '@shop' || n % 97 || '.example' AS email,
       'First' || n % 5000 AS firstname, 'Last' || n % 70000 AS lastname,
       'Company ' || n % 9000 || ' Ltd' AS company, 'Some street ' || n % 300 AS address,
       'City ' || n % 800 AS city, '+1555' || lpad((n % 10000000)::text, 7, '0') AS phone,
       (10000 + n % 90000)::int AS zip, (n % 1000000)::numeric(12, 2) / 100 AS annualrevenue,
       n % 3 = 0 AS active, timestamptz '2020-01-01 00:00Z' + n * interval '1 minute' AS closedate
     FROM generate_series(1::bigint, ${count}) AS n`,
  );
  await warehouse.exec('VACUUM ANALYZE customers');
}

/** Statements that make the same table in SQLite. */
export function sqliteStatements(count) {
  return `PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
    CREATE TABLE customers (id INTEGER, email TEXT, firstname TEXT, lastname TEXT, company TEXT,
      address TEXT, city TEXT, phone TEXT, zip INTEGER, annualrevenue DECIMAL(12, 2),
      active BOOLEAN, closedate TIMESTAMP);
    WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < ${count})
    INSERT INTO customers
    SELECT n, 'user' || n || '@shop' || n % 97 || '.example', 'First' || n % 5000,
      'Last' || n % 70000, 'Company ' || n % 9000 || ' Ltd', 'Some street ' || n % 300,
      'City ' || n % 800, printf('+1555%07d', n % 10000000), 10000 + n % 90000,
      (n % 1000000) / 100.0, n % 3 = 0, datetime(1577836800 + n * 60, 'unixepoch') || 'Z'
    FROM series;`;
}

/** All columns but id and active have a property of HubSpot's own. */
export const kMapping = [
  'firstname', 'lastname', 'company', 'address', 'city', 'phone', 'zip', 'annualrevenue',
  'closedate',
].map((name) => [name, name]);

/** One contact as the vendor's client sends it, the same values as the table's row `n`. */
export function contact(n) {
  return {
    firstname: `First${n % 5000}`,
    lastname: `Last${n % 70000}`,
    company: `Company ${n % 9000} Ltd`,
    address: `Some street ${n % 300}`,
    city: `City ${n % 800}`,
    phone: '+1555' + String(n % 10000000).padStart(7, '0'),
    zip: String(10000 + (n % 90000)),
    annualrevenue: String((n % 1000000) / 100),
    closedate: new Date(1577836800000 + n * 60000).toISOString(),
  };
}

export const email = (n) => `user${n}@shop${n % 97}.example`;

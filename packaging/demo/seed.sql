-- A small shop's warehouse, the same on every machine: 4,000 customers and 30,000 orders, with the dirt real data has.
CREATE TABLE customers (
  id INTEGER PRIMARY KEY,
  email TEXT,
  first_name TEXT,
  last_name TEXT,
  phone TEXT,
  country TEXT,
  stage TEXT  -- set by hand now and then
);
CREATE TABLE orders (
  id INTEGER PRIMARY KEY,
  customer_id INTEGER NOT NULL REFERENCES customers (id),
  ordered_on DATE NOT NULL,
  cents INTEGER NOT NULL,
  state TEXT NOT NULL
);

WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000),
first (k, name) AS (
  VALUES (0, 'Ana'), (1, 'Bram'), (2, 'Chloé'), (3, 'Dmitri'), (4, 'Edda'), (5, 'Farid'), (6, 'Grace'), (7, 'Hélène'),
         (8, 'Ivo'), (9, 'Jun'), (10, 'Kwame'), (11, 'Łucja'), (12, 'Mateo'), (13, 'Nour'), (14, 'Oğuz'), (15, '山田')),
last (k, name) AS (
  VALUES (0, 'Abe'), (1, 'Berg'), (2, 'Costa'), (3, 'Duarte'), (4, 'Eriksen'), (5, 'Fontaine'), (6, 'García'),
         (7, 'Horvat'), (8, 'Ito'), (9, 'Jansen'), (10, 'Kovač'))
INSERT INTO customers
SELECT i,
       'customer' || i || '@example.com',
       (SELECT name FROM first WHERE k = i * 7 % 16),
       (SELECT name FROM last WHERE k = i * 5 % 11),
       printf('+49 30 %07d', i * 7919 % 10000000),
       CASE i * 13 % 5 WHEN 0 THEN 'Germany' WHEN 1 THEN 'France' WHEN 2 THEN 'Japan' WHEN 3 THEN 'Brazil' ELSE 'Ghana' END,
       NULL
FROM n;

WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)
INSERT INTO orders
SELECT i,
       1 + i * 48271 % 3800,
       date('2026-01-01', '+' || (i * 31 % 320) || ' days'),
       500 + i * 7907 % 40000,
       CASE WHEN i % 29 = 0 THEN 'returned' ELSE 'paid' END
FROM n;

-- The dirt.
UPDATE customers SET email = upper(email) WHERE id % 40 = 3;              -- another spelling of the same address
UPDATE customers SET email = ' ' || email || ' ' WHERE id % 170 = 5;      -- stray blanks
UPDATE customers SET email = NULL WHERE id % 400 = 7;                     -- no address: cannot be synced
UPDATE customers SET email = 'Customer11@Example.com' WHERE id = 12;      -- twice the same person
UPDATE customers SET email = 'customer' || id || '@example' WHERE id % 500 = 9;  -- HubSpot will refuse these
UPDATE customers SET phone = NULL WHERE id % 50 = 1;
UPDATE customers SET stage = 'vip' WHERE id % 600 = 13;                      -- no stage that HubSpot knows

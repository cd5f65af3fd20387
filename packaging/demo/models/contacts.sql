-- One row per customer, with what support and marketing ask for.
SELECT
  c.email,
  c.first_name,
  c.last_name,
  c.phone,
  c.country,
  coalesce(c.stage, CASE WHEN count(o.id) > 0 THEN 'customer' ELSE 'lead' END) AS stage,
  count(o.id) AS orders,
  printf('%d.%02d', coalesce(sum(o.cents), 0) / 100, coalesce(sum(o.cents), 0) % 100) AS revenue,
  max(o.ordered_on) AS last_order
FROM customers AS c
LEFT JOIN orders AS o ON o.customer_id = c.id AND o.state = 'paid'
GROUP BY c.id

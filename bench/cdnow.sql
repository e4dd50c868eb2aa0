-- Run by bench/cdnow, with the file of purchases as standard input.
CREATE EXTENSION engage;
SET search_path = pg_temp, engage, public;
SET timezone = 'UTC';

CREATE TEMP TABLE line (text text);
\copy line FROM pstdin
CREATE TEMP TABLE purchase AS
SELECT f[1]::bigint AS customer, to_date(f[3], 'YYYYMMDD') AS day
FROM line, regexp_split_to_array(btrim(text), '\s+') AS f;

\echo The purchases
SELECT count(*) AS purchases, count(DISTINCT customer) AS customers, min(day) AS first_day, max(day) AS last_day,
	count(*) - count(DISTINCT (customer, day)) AS again_on_a_day
FROM purchase;

-- by the toolkit: the three ways it has
CREATE TEMP TABLE toolkit_customer AS
SELECT customer, (peak_window(t, '28 days')).*, first_met(t, '3 in 28 days') AS first_met_at
FROM (SELECT customer, timeline_agg(day::timestamptz) AS t FROM purchase GROUP BY customer) AS c
WHERE meets(t, '3 in 28 days');

CREATE TEMP TABLE toolkit_episode AS
SELECT customer, e.*
FROM (SELECT customer, timeline_agg(day::timestamptz) AS t FROM purchase GROUP BY customer) AS c, episodes(t, criterion '3 in 28 days') AS e;

CREATE TEMP TABLE toolkit_repeat AS
SELECT m.caller AS customer, m.first_met_at, m.last_met_at, m.episodes, m.peak, m.peak_started_at, m.peak_ended_at, m.contacts
FROM (SELECT repeat_callers(customer, day::timestamptz, '{3 in 28 days}') AS found FROM purchase) AS r, unnest(r.found) AS m;

-- by plain SQL: 28 days up to a day are that day and the 27 before it
CREATE TEMP TABLE counted AS
SELECT customer, day, count(*) OVER w AS contacts, first_value(day) OVER w AS from_day
FROM purchase
WINDOW w AS (PARTITION BY customer ORDER BY day RANGE BETWEEN '27 days' PRECEDING AND CURRENT ROW);

CREATE TEMP TABLE sql_customer AS
SELECT DISTINCT ON (customer) customer, contacts, from_day::timestamptz AS started_at, day::timestamptz AS ended_at,
	(SELECT min(day) FROM counted AS m WHERE m.customer = c.customer AND m.contacts >= 3)::timestamptz AS first_met_at
FROM counted AS c
WHERE customer IN (SELECT customer FROM counted WHERE contacts >= 3)
ORDER BY customer, contacts DESC, day;

CREATE TEMP TABLE sql_episode AS
SELECT customer, row_number() OVER (PARTITION BY customer ORDER BY met_at)::integer AS episode_no, started_at, met_at, ended_at,
	(SELECT count(*) FROM purchase AS p WHERE p.customer = e.customer AND p.day BETWEEN started_at AND ended_at) AS contacts, peak
FROM (
	SELECT customer, min(from_day)::timestamptz AS started_at, min(day)::timestamptz AS met_at, max(day)::timestamptz AS ended_at, max(contacts) AS peak
	FROM (SELECT *, count(*) FILTER (WHERE contacts < 3) OVER (PARTITION BY customer ORDER BY day) AS run FROM counted) AS runs
	WHERE contacts >= 3
	GROUP BY customer, run
) AS e;

CREATE TEMP TABLE sql_repeat AS
SELECT customer, min(e.met_at) AS first_met_at, max(e.ended_at) AS last_met_at, count(*) AS episodes, c.contacts AS peak, c.started_at AS peak_started_at, c.ended_at AS peak_ended_at,
	(SELECT count(*) FROM purchase AS p WHERE p.customer = e.customer) AS contacts
FROM sql_episode AS e JOIN sql_customer AS c USING (customer)
GROUP BY customer, c.contacts, c.started_at, c.ended_at;

\echo At least three times in any 28 days
SELECT (SELECT count(*) FROM toolkit_customer) AS customers, (SELECT count(*) FROM toolkit_episode) AS episodes,
	(SELECT max(contacts) FROM toolkit_customer) AS highest_peak, (SELECT round(avg(contacts), 2) FROM toolkit_episode) AS purchases_an_episode;

SELECT customer, peak, peak_started_at::date AS peak_from, peak_ended_at::date AS peak_to, episodes, first_met_at::date AS first_met, contacts AS purchases
FROM toolkit_repeat
ORDER BY peak DESC, contacts DESC, customer
LIMIT 5;

\echo Rows that only the toolkit or only plain SQL has
SELECT 'peak_window, meets, first_met' AS by_toolkit, (SELECT count(*) FROM sql_customer) AS rows,
	(SELECT count(*) FROM (TABLE toolkit_customer EXCEPT ALL TABLE sql_customer) AS a) + (SELECT count(*) FROM (TABLE sql_customer EXCEPT ALL TABLE toolkit_customer) AS b) AS differences
UNION ALL
SELECT 'episodes', (SELECT count(*) FROM sql_episode),
	(SELECT count(*) FROM (TABLE toolkit_episode EXCEPT ALL TABLE sql_episode) AS a) + (SELECT count(*) FROM (TABLE sql_episode EXCEPT ALL TABLE toolkit_episode) AS b)
UNION ALL
SELECT 'repeat_callers', (SELECT count(*) FROM sql_repeat),
	(SELECT count(*) FROM (TABLE toolkit_repeat EXCEPT ALL TABLE sql_repeat) AS a) + (SELECT count(*) FROM (TABLE sql_repeat EXCEPT ALL TABLE toolkit_repeat) AS b);

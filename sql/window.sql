-- Rolling windows and calendar periods: what oracle.sql checks at random is
-- here in examples that can be checked by eye.
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\i :helpers

-- a contact exactly a width later does not count, one a microsecond sooner does
SELECT width, peak(t, width), (peak_window(t, width)).*
FROM (SELECT '{2026-01-01T10:00:00Z,2026-01-02T10:00:00Z,2026-01-02T10:00:00Z,2026-01-03T09:59:59.999999Z}'::timeline AS t) AS c,
	unnest(ARRAY['1 microsecond', '23:59:59.999998', '23:59:59.999999', '1 day', '24 hours 1 microsecond', '2 days', '1 week']::interval[]) AS width;
SELECT peak('{2026-01-01T10:00:00Z,2026-01-02T10:00:00Z}', '1 day') AS a_day_later, peak('{2026-01-01T10:00:00Z,2026-01-02T09:59:59.999999Z}', '1 day') AS just_before;

-- equal instants all count for each other, the first among them too
SELECT * FROM rolling_counts('{2026-01-01T10:00:00Z,2026-01-01T10:00:00Z,2026-01-01T10:00:00Z,2026-01-01T10:30:00Z,2026-01-01T11:00:00Z}', '1 hour');
SELECT first_met('{2026-01-01T10:00:00Z,2026-01-01T10:00:00Z,2026-01-01T10:00:00Z}', '3 in 1 second') AS tie_meets,
	meets('{2026-01-01T10:00:00Z,2026-01-01T10:00:00Z,2026-01-01T10:00:00Z}', '4 in 36525 days') AS four_of_three;

-- five calls; three of them within a day, twice
CREATE TABLE example AS
SELECT '{2025-03-03T10:00:00Z,2025-03-03T18:00:00Z,2025-03-04T10:00:00Z,2025-03-04T17:59:59Z,2025-03-04T18:00:00Z,2025-03-09T08:00:00Z,2025-03-09T09:00:00Z,2025-03-09T10:00:00Z}'::timeline AS t;
SELECT r.* FROM example, rolling_counts(t, '1 day') AS r;
SELECT peak(t, '1 day'), peak_window(t, '1 day'), meets(t, '3 in 1 day'), first_met(t, '3 in 1 day'), meets(t, '4 in 1 day'), first_met(t, '4 in 1 day') FROM example;
SELECT e.* FROM example, episodes(t, criterion '3 in 1 day') AS e;
SELECT e.* FROM example, episodes(t, criterion '2 in 1 day') AS e;
SELECT e.* FROM example, episodes(t, criterion '1 in 1 second') AS e;
SELECT e.* FROM example, episodes(t, criterion '9 in 30 days') AS e;

-- several criteria: a run at each contact of which any is met, and which
SELECT e.* FROM example, episodes(t, '{3 in 1 day,5 in 7 days,4 per day in Europe/London}'::criterion[]) AS e;
-- contacts outside the bounds meet nothing but fill the windows of those inside
SELECT e.* FROM example, episodes(t, '{3 in 1 day}'::criterion[], '2025-03-04 17:59:59', '2025-03-09 10:00') AS e;
SELECT e.* FROM example, episodes(t, '{3 in 1 day}'::criterion[], '2025-03-04 17:59:59.000001', '2025-03-09 10:00:00.000001') AS e;
SELECT count(*) AS nothing FROM example, episodes(t, '{3 in 1 day}'::criterion[], '2025-03-09', '2025-03-01') AS e;
SELECT e.* FROM example, LATERAL (SELECT num_contacts(t) AS n) AS n, LATERAL (SELECT episodes(t, criterion '3 in 1 day')) AS e(e);
DROP TABLE example;

-- over midnight: two days in the calendar, one rolling day
SELECT meets(t, '3 in 1 day') AS rolling, meets(t, '3 per day in UTC') AS utc, meets(t, '3 per day in Europe/London') AS london
FROM (VALUES ('{2026-06-30T22:30:00Z,2026-06-30T23:30:00Z,2026-07-01T00:30:00Z}'::timeline), ('{2026-06-30T23:00:00Z,2026-06-30T23:30:00Z,2026-07-01T22:59:59.999999Z}'), ('{2026-06-30T23:00:00Z,2026-07-01T22:59:59Z,2026-07-01T23:00:00Z}')) AS v(t);
-- weeks begin on Monday; months have their own lengths
SELECT meets('{2026-01-04T23:59:59Z,2026-01-05T00:00:00Z,2026-01-11T23:59:59Z}', '2 per week in Europe/London') AS same_week,
	first_met('{2026-01-04T23:59:59Z,2026-01-05T00:00:00Z,2026-01-11T23:59:59Z}', '2 per week in Europe/London') AS sunday_night,
	meets('{2026-01-31T23:59:59Z,2026-02-01T00:00:00Z}', '2 per month in Europe/London') AS two_months,
	meets('{2026-02-01T00:00:00Z,2026-02-28T23:59:59Z}', '2 per month in Europe/London') AS february,
	meets('{2024-12-31T23:59:59Z,2025-01-01T00:00:00Z}', '2 per month in Europe/London') AS two_years;

-- the days when clocks change in London: 23 hours on 2026-03-29, 25 on 2026-10-25
SELECT day, width, meets(t, '2 per day in Europe/London') AS one_local_day, meets(t, '2 in 24 hours') AS within_24_hours
FROM (VALUES
	('spring', '23 h', '{2026-03-29T00:00:00Z,2026-03-29T22:59:59Z}'::timeline), ('spring', '23 h and more', '{2026-03-29T00:00:00Z,2026-03-29T23:00:00Z}'),
	('autumn', '25 h', '{2026-10-24T23:00:00Z,2026-10-25T23:59:59Z}'), ('autumn', '25 h and more', '{2026-10-24T23:00:00Z,2026-10-26T00:00:00Z}')) AS v(day, width, t);
-- the hour that comes twice is of the same day
SELECT e.* FROM episodes('{2026-10-25T00:30:00Z,2026-10-25T01:30:00Z,2026-10-25T02:30:00Z}', criterion '3 per day in Europe/London') AS e;
-- a day that a country left out, and one whose midnight came twice
SELECT meets('{2011-12-30T09:59:59Z,2011-12-30T10:00:00Z}', '2 per day in Pacific/Apia') AS friday_was_left_out;
SELECT first_met('{1990-10-28T02:29:00Z,1990-10-28T02:30:30Z,1990-10-28T02:31:00Z,1990-10-28T03:45:00Z}', '3 per day in America/St_Johns') AS begun_days_go_on;

-- the whole range of time
SELECT peak('{-4713-11-24T00:00:00Z,294276-12-31T23:59:59.999999Z}', '106751991 days') AS apart, peak('{-4713-11-24T00:00:00Z,2026-01-01T00:00:00Z}', '2147483647 days') AS widest,
	meets('{-4713-11-24T00:00:00Z,294276-12-31T23:59:59.999999Z}', '2 per month in Europe/London') AS months,
	first_met('{294276-12-31T22:00:00Z,294276-12-31T23:59:59.999999Z}', '2 per day in Pacific/Kiritimati') AS last_day;

-- nothing in an empty timeline, NULL for NULL
SELECT peak('{}', '1 day'), peak_window('{}', '1 day') IS NULL AS no_window, meets('{}', '1 in 1 day'), first_met('{}', '1 in 1 day'), meets('{}', '1 per day in UTC') AS calendar,
	(SELECT count(*) FROM episodes('{}', criterion '1 in 1 day')) AS episodes, (SELECT count(*) FROM episodes('{}', '{1 in 1 day}'::criterion[])) AS any, (SELECT count(*) FROM rolling_counts('{}', '1 day')) AS rolling_counts;
SELECT peak(NULL, '1 day'), peak('{}', NULL), meets(NULL, '1 in 1 day'), meets('{}', NULL), first_met(NULL, NULL), peak_window(NULL, NULL) IS NULL AS null,
	(SELECT count(*) FROM episodes(NULL, criterion '1 in 1 day')) AS episodes, (SELECT count(*) FROM rolling_counts(NULL, '1 day')) AS rolling_counts;

-- the criterion is prepared once, and anew where it changes from row to row
SELECT c, meets('{2026-01-01T10:00:00Z,2026-01-01T20:00:00Z,2026-01-02T09:00:00Z}', c) FROM unnest('{3 in 1 day,3 in 2 hours,3 in 1 day,3 per day in UTC,2 per day in UTC,3 per day in Asia/Tokyo,3 per day in Pacific/Honolulu,3 in 1 day}'::criterion[]) AS c;

-- rolling_count(at, width) OVER
CREATE TABLE calls (caller text, at timestamptz, place integer);
INSERT INTO calls VALUES ('a', '2026-01-01 10:00', 1), ('a', '2026-01-01 10:00', 1), ('a', '2026-01-01 22:00', 2), ('a', '2026-01-02 10:00', 3), ('a', NULL, 4), ('b', '2026-01-01 10:00', 1), ('c', NULL, 1), ('c', NULL, 1);
SELECT caller, at, rolling_count(at, '1 day') OVER (PARTITION BY caller ORDER BY at) FROM calls ORDER BY caller, at;
SELECT caller, at, rolling_count(at, '1 day') OVER (PARTITION BY caller ORDER BY at NULLS FIRST) FROM calls ORDER BY caller, at NULLS FIRST;
SELECT caller, at, rolling_count(at, '12 hours') OVER (ORDER BY at) AS all_callers, rolling_count(at, NULL) OVER (ORDER BY at) AS null FROM calls ORDER BY at, caller;
SELECT caller, at, rolling_count(at, '1 day') OVER (PARTITION BY caller ORDER BY at ROWS BETWEEN CURRENT ROW AND CURRENT ROW) AS any_frame, rolling_count(at, '2 days') OVER (PARTITION BY caller ORDER BY place) AS other_order FROM calls WHERE caller = 'a' ORDER BY place;
SELECT caller, rolling_count(at, '1 day') OVER (PARTITION BY caller ORDER BY at) FROM calls WHERE caller <> 'c' ORDER BY caller, at LIMIT 1;
-- more contacts in a window than its ring first holds, and ties beyond it
SELECT count(*) AS rows, count(*) FILTER (WHERE rolling <> least(i, 300)) AS wrong
FROM (SELECT i, rolling_count('2026-01-01'::timestamptz + i * interval '1 second', '300 seconds') OVER (ORDER BY i) AS rolling FROM generate_series(1, 1000) AS i) AS r;
SELECT min(rolling), max(rolling) FROM (SELECT rolling_count('2026-01-01', '1 second') OVER () AS rolling FROM generate_series(1, 1000)) AS r;

-- what is refused
\pset format unaligned
\pset tuples_only on
SELECT format('%s: %s', statement, pg_temp.refused('SELECT ' || statement))
FROM (VALUES
	($$peak('{}', '0 seconds')$$), ($$peak('{}', '-1 day')$$), ($$peak('{}', '1 day -24 hours')$$), ($$peak('{}', '-2147483648 days')$$), ($$peak('{}', '1 month')$$), ($$peak('{}', '1 year 2 days')$$), ($$peak('{}', '-1 month 60 days')$$),
	($$peak_window('{}', '1 month')$$), ($$rolling_counts('{}', '0')$$), ($$peak('{}', '24')$$), ($$peak_window('{}', ' 7 ')$$), ($$rolling_count(now(), '1.5') OVER ()$$), ($$peak('{}', interval '-1 day')$$), ($$peak('{}', '1 day -1 hour')$$), ($$peak('{}', 'some days')$$), ($$rolling_counts('{}', '1 month')$$), ($$rolling_count(now(), '1 month') OVER ()$$), ($$rolling_count(now(), '-1 day') OVER ()$$), ($$rolling_count('infinity', '1 day') OVER ()$$),
	($$rolling_count(now(), '1 day')$$), ($$rolling_count(at, '1 day') OVER (PARTITION BY caller ORDER BY at DESC) FROM calls$$), ($$rolling_count(at, place * interval '1 day') OVER (ORDER BY at) FROM calls$$),
	($$meets('{}', '5 in 1 month')$$), ($$meets('{}', '5 per day')$$), ($$episodes('{}', '{}'::criterion[])$$), ($$episodes('{}', '{NULL}'::criterion[])$$), ($$episodes('{}', '{5 in 1 day,NULL}'::criterion[])$$),
	($$episodes('{}', array_fill('5 in 1 day'::criterion, '{65}'))$$), ($$count(*) FROM episodes('{}', array_fill('5 in 1 day'::criterion, '{64}'))$$)) AS t(statement);
\pset tuples_only off
\pset format aligned
DROP TABLE calls;

-- Purchases in a shop, with no table of ours: who came at least 3 times in any
-- 28 days, with peaks and episodes, by the toolkit and by plain SQL.
CREATE TABLE purchase AS
WITH RECURSIVE lcg(i, x) AS (
	SELECT 1, 19970101::bigint UNION ALL SELECT i + 1, (x * 1103515245 + 12345) % 2147483648 FROM lcg WHERE i < 4000
)
SELECT (a.x >> 16) % (1 + b.i % 100) AS customer, date '1997-01-01' + ((b.x >> 16) % 546)::integer AS day FROM lcg AS a JOIN lcg AS b ON b.i = a.i + 2000;
CREATE TABLE by_toolkit AS
SELECT c.customer, peak(c.t, '28 days') AS highest, e.*
FROM (SELECT customer, timeline_agg(day::timestamptz) AS t FROM purchase GROUP BY customer) AS c, episodes(c.t, criterion '3 in 28 days') AS e
WHERE meets(c.t, '3 in 28 days');
CREATE TABLE by_sql AS
WITH counted AS (
	SELECT customer, day, count(*) OVER w AS contacts, first_value(day) OVER w AS from_day
	FROM purchase WINDOW w AS (PARTITION BY customer ORDER BY day RANGE BETWEEN '27 days' PRECEDING AND CURRENT ROW)
), runs AS (
	SELECT *, max(contacts) OVER (PARTITION BY customer) AS highest, count(*) FILTER (WHERE contacts < 3) OVER (PARTITION BY customer ORDER BY day) AS run FROM counted
), episode AS (
	SELECT customer, highest, min(from_day) AS started, min(day) AS met, max(day) AS ended, max(contacts) AS peak FROM runs WHERE contacts >= 3 GROUP BY customer, highest, run
)
SELECT customer, highest, row_number() OVER (PARTITION BY customer ORDER BY met)::integer AS episode_no, started::timestamptz AS started_at, met::timestamptz AS met_at, ended::timestamptz AS ended_at,
	(SELECT count(*) FROM purchase AS p WHERE p.customer = e.customer AND p.day BETWEEN started AND ended) AS contacts, peak
FROM episode AS e;
SELECT count(DISTINCT customer) AS customers, count(*) AS episodes, max(highest) AS highest_peak,
	(SELECT count(*) FROM (TABLE by_sql EXCEPT ALL TABLE by_toolkit) AS d) + (SELECT count(*) FROM (TABLE by_toolkit EXCEPT ALL TABLE by_sql) AS d) AS differences
FROM by_toolkit;
SELECT m.caller AS customer, m.first_met_at, m.last_met_at, m.episodes, m.peak, m.contacts
FROM (SELECT repeat_callers(customer, day, '{3 in 28 days}') AS found FROM purchase) AS r, unnest(r.found) AS m ORDER BY m.peak DESC, m.caller LIMIT 3;
DROP TABLE purchase, by_toolkit, by_sql;

-- a width that is written and one that is an interval are the same
WITH c AS (SELECT timeline(ARRAY(SELECT '2026-01-01T00:00:00Z'::timestamptz + i * i * interval '7 minutes' FROM generate_series(1, 50) AS i)) AS t)
SELECT w.written, peak(t, w.written) = peak(t, w.width) AS peak, peak_window(t, w.written) = peak_window(t, w.width) AS peak_window,
	(SELECT array_agg(r ORDER BY r) FROM rolling_counts(t, w.written) AS r) = (SELECT array_agg(r ORDER BY r) FROM rolling_counts(t, w.width) AS r) AS rolling_counts
FROM c, (VALUES ('1 hour', interval '1 hour'), ('24 hours', '1 day'), ('P7D', '7 days'), ('36:30', '36 hours 30 minutes')) AS w(written, width);
SELECT count(*) AS rows, count(*) FILTER (WHERE a <> b) AS different
FROM (SELECT rolling_count(at, w.written) OVER (PARTITION BY w.written, n ORDER BY at) AS a, rolling_count(at, w.width) OVER (PARTITION BY w.written, n ORDER BY at) AS b
	FROM (VALUES ('1 hour', interval '1 hour'), ('24 hours', '1 day'), ('7 days', '7 days')) AS w(written, width),
		LATERAL (SELECT i % 7 AS n, '2026-01-01T00:00:00Z'::timestamptz + i * i % 1009 * interval '11 minutes' AS at FROM generate_series(1, 700) AS i) AS c) AS r;
SELECT rolling_count(now(), NULL::text) OVER () IS NULL AS is_null, peak(NULL, '1 day') IS NULL AS no_timeline, rolling_width(NULL) IS NULL AS no_width;

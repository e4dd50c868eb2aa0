-- Many thresholds at once: equal to asking for each of them, by episodes(), by
-- back_test() and by plain SQL.
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\i :helpers

-- five calls, three of them within a day, twice: what window.sql has for 2 and 3 in 1 day
CREATE TABLE example AS
SELECT '{2025-03-03T10:00:00Z,2025-03-03T18:00:00Z,2025-03-04T10:00:00Z,2025-03-04T17:59:59Z,2025-03-04T18:00:00Z,2025-03-09T08:00:00Z,2025-03-09T09:00:00Z,2025-03-09T10:00:00Z}'::timeline AS t;
SELECT g.* FROM example, threshold_grid(t, '{1 day, 7 days}', 2, 9) AS g ORDER BY width, threshold, episode_no;
-- contacts outside the bounds meet nothing but fill the windows of those inside
SELECT g.* FROM example, threshold_grid(t, '{1 day}', 2, 4, '2025-03-04 17:59:59', '2025-03-09 10:00') AS g ORDER BY threshold, episode_no;
SELECT g.* FROM example, threshold_grid(t, '{1 day}', 2, 4, '2025-03-04 17:59:59.000001', '2025-03-09 10:00:00.000001') AS g ORDER BY threshold, episode_no;
SELECT count(*) AS nothing FROM example, threshold_grid(t, '{1 day}', 1, 4, '2025-03-09', '2025-03-01') AS g;
DROP TABLE example;

-- equal instants all count for each other, the first among them too; exactly a width later does not count
SELECT g.* FROM threshold_grid('{2026-01-01T10:00:00Z,2026-01-01T10:00:00Z,2026-01-01T10:00:00Z,2026-01-01T10:59:59.999999Z,2026-01-01T11:00:00Z}', '{1 hour}', 1, 5) AS g ORDER BY threshold, episode_no;
-- widths as they were given, in their order; a width may be as short as time is fine
SELECT g.* FROM threshold_grid('{2026-01-01T10:00:00Z,2026-01-01T10:00:00.000001Z}', '{48 hours, 1 microsecond, 2 microseconds, 106751991 days}', 2, 2) AS g;
-- thresholds that nobody reaches cost nothing, however many
SELECT count(*) AS rows, max(threshold) AS highest, count(*) FILTER (WHERE episode_no <> 1 OR met_at <> ended_at) AS wrong
FROM (SELECT timeline_agg('2026-01-01') AS t FROM generate_series(1, 20000)) AS c, threshold_grid(t, '{1 day}', 1, 2147483647);
SELECT count(*) AS none FROM threshold_grid('{2026-01-01T10:00:00Z}', '{1 day}', 2147483647, 2147483647);
SELECT g.* FROM threshold_grid('{-4713-11-24T00:00:00Z,2026-01-01T00:00:00Z,294276-12-31T23:59:59.999999Z,294276-12-31T23:59:59.999999Z}', '{1 second, 2147483647 days}', 2, 4) AS g;

-- nothing in an empty timeline, nor for NULL
SELECT (SELECT count(*) FROM threshold_grid('{}', '{1 day}', 1, 10)) AS of_nothing, (SELECT count(*) FROM threshold_grid(NULL, '{1 day}', 1, 10)) AS of_null,
	(SELECT count(*) FROM threshold_grid('{2026-01-01T10:00:00Z}', NULL, 1, 10)) AS no_widths, (SELECT count(*) FROM threshold_grid('{2026-01-01T10:00:00Z}', '{1 day}', NULL, 10)) AS no_lowest,
	(SELECT count(*) FROM threshold_grid('{2026-01-01T10:00:00Z}', '{1 day}', 1, NULL)) AS no_highest, (SELECT count(*) FROM threshold_grid('{2026-01-01T10:00:00Z}', '{1 day}', 1, 10, NULL)) AS no_from,
	(SELECT count(*) FROM threshold_grid('{2026-01-01T10:00:00Z}', '{1 day}', 1, 10, to_at => NULL)) AS no_to;

-- what is refused
\pset format unaligned
\pset tuples_only on
SELECT format('%s: %s', statement, pg_temp.refused('SELECT ' || statement))
FROM (VALUES
	($$threshold_grid('{}', '{}', 1, 10)$$), ($$threshold_grid('{}', '{0 seconds}', 1, 10)$$), ($$threshold_grid('{}', '{1 day, -7 days}', 1, 10)$$), ($$threshold_grid('{}', '{1 month}', 1, 10)$$), ($$threshold_grid('{}', '{1 day, NULL}', 1, 10)$$),
	($$threshold_grid('{}', '{7 days, 1 day, 24 hours}', 1, 10)$$), ($$count(*) FROM threshold_grid('{}', (SELECT array_agg(n * interval '1 day') FROM generate_series(1, 32) AS n), 1, 10)$$), ($$threshold_grid('{}', (SELECT array_agg(n * interval '1 day') FROM generate_series(1, 33) AS n), 1, 10)$$),
	($$threshold_grid('{}', '{1 day}', 0, 10)$$), ($$threshold_grid('{}', '{1 day}', -1, 10)$$), ($$threshold_grid('{}', '{1 day}', 10, 9)$$)) AS t(statement);
\pset tuples_only off
\pset format aligned

-- 2,000 generated timelines: up to 30 contacts on few instants (dense ties), on
-- multiples of the widths and a microsecond beside them, or over a month
CREATE TABLE draw AS
WITH RECURSIVE lcg(i, x) AS (
	SELECT 0, 20260203::bigint UNION ALL SELECT i + 1, (x * 1103515245 + 12345) % 2147483648 FROM lcg WHERE i < 2000 * 34 - 1
)
SELECT i / 34 AS case_no, i % 34 AS place, x >> 8 AS r FROM lcg;
CREATE TABLE call AS
SELECT d.case_no, '2026-01-05'::timestamptz + CASE d.case_no % 3
		WHEN 0 THEN d.r % 8 * interval '20 minutes'
		WHEN 1 THEN d.r % 10 * interval '6 hours' + (d.r / 10 % 3 - 1) * (d.r / 30 % 2) * interval '1 microsecond'
		ELSE d.r % 2592000 * interval '1 second' END AS at
FROM draw AS d JOIN draw AS size ON size.case_no = d.case_no AND size.place = 0
WHERE d.place BETWEEN 4 AND 3 + size.r % 31;
CREATE TABLE "case" AS
SELECT n.case_no, coalesce(c.t, '{}') AS t,
	CASE WHEN a.r % 3 = 0 THEN '-infinity' ELSE '2026-01-05'::timestamptz + a.r / 3 % 10 * interval '20 minutes' + (a.r / 30 % 3 - 1) * interval '1 microsecond' END AS from_at,
	CASE WHEN b.r % 3 = 0 THEN 'infinity' ELSE '2026-01-05'::timestamptz + b.r / 3 % 12 * CASE WHEN n.case_no % 3 = 0 THEN interval '20 minutes' ELSE interval '6 hours' END END AS to_at
FROM generate_series(0, 1999) AS n(case_no) LEFT JOIN (SELECT case_no, timeline_agg(at) AS t FROM call GROUP BY case_no) AS c USING (case_no)
	JOIN draw AS a ON a.case_no = n.case_no AND a.place = 1 JOIN draw AS b ON b.case_no = n.case_no AND b.place = 2;
ANALYZE call, "case";
CREATE TABLE by_grid AS
SELECT case_no, g.* FROM "case", threshold_grid(t, '{00:20:00, 06:00:00, 24:00:00, 168:00:00}', 1, 2147483647, from_at, to_at) AS g;
CREATE TABLE by_episodes AS
SELECT case_no, w.width, k.threshold, e.episode_no, e.met_at, e.ended_at
FROM "case", unnest('{00:20:00, 06:00:00, 24:00:00, 168:00:00}'::interval[]) AS w(width), generate_series(1, num_contacts(t)::integer + 1) AS k(threshold),
	episodes(t, ARRAY[format('%s in %s seconds', k.threshold, extract(epoch FROM w.width)::integer)::criterion], from_at, to_at) AS e;
CREATE TABLE by_sql AS
WITH counted AS (
	SELECT case_no, '00:20:00'::interval AS width, at, count(*) OVER (PARTITION BY case_no ORDER BY at RANGE '00:19:59.999999' PRECEDING) AS contacts FROM call
	UNION ALL SELECT case_no, '06:00:00', at, count(*) OVER (PARTITION BY case_no ORDER BY at RANGE '05:59:59.999999' PRECEDING) FROM call
	UNION ALL SELECT case_no, '24:00:00', at, count(*) OVER (PARTITION BY case_no ORDER BY at RANGE '23:59:59.999999' PRECEDING) FROM call
	UNION ALL SELECT case_no, '168:00:00', at, count(*) OVER (PARTITION BY case_no ORDER BY at RANGE '167:59:59.999999' PRECEDING) FROM call
), tested AS (
	SELECT case_no, width, threshold, at, contacts >= threshold AND at >= from_at AND at < to_at AS met
	FROM (SELECT *, max(contacts) OVER (PARTITION BY case_no, width) AS most FROM counted) AS c JOIN "case" USING (case_no), generate_series(1, most::integer) AS threshold
), runs AS (
	SELECT *, count(*) FILTER (WHERE NOT met) OVER (PARTITION BY case_no, width, threshold ORDER BY at) AS run FROM tested
)
SELECT case_no, width, threshold, (row_number() OVER (PARTITION BY case_no, width, threshold ORDER BY min(at)))::integer AS episode_no, min(at) AS met_at, max(at) AS ended_at
FROM runs WHERE met GROUP BY case_no, width, threshold, run;
SELECT count(*) AS episodes, count(DISTINCT case_no) AS cases, max(threshold) AS highest, max(episode_no) AS most_of_one,
	(SELECT count(*) FROM (TABLE by_grid EXCEPT ALL TABLE by_episodes) AS d) + (SELECT count(*) FROM (TABLE by_episodes EXCEPT ALL TABLE by_grid) AS d) AS other_by_episodes,
	(SELECT count(*) FROM (TABLE by_grid EXCEPT ALL TABLE by_sql) AS d) + (SELECT count(*) FROM (TABLE by_sql EXCEPT ALL TABLE by_grid) AS d) AS other_by_sql
FROM by_grid;
-- any part of a grid is that part of the whole; no more rows than contacts, for each width
SELECT count(*) AS differences FROM (
	(SELECT case_no, g.* FROM "case", threshold_grid(t, '{24:00:00}', 3, 7, from_at, to_at) AS g EXCEPT ALL SELECT * FROM by_grid WHERE width = '24:00:00' AND threshold BETWEEN 3 AND 7)
	UNION ALL (SELECT * FROM by_grid WHERE width = '24:00:00' AND threshold BETWEEN 3 AND 7 EXCEPT ALL SELECT case_no, g.* FROM "case", threshold_grid(t, '{24:00:00}', 3, 7, from_at, to_at) AS g)) AS d;
SELECT count(*) AS too_many FROM (SELECT case_no, width, count(*) AS rows FROM by_grid GROUP BY case_no, width) AS g JOIN "case" USING (case_no) WHERE rows > num_contacts(t);
DROP TABLE draw, call, "case", by_grid, by_episodes, by_sql;

-- ------------------------------------------------------------ the register

-- 80 callers over twelve weeks, in the middle of which clocks go forward
SELECT pg_temp.refused($$SELECT engage.back_test_grid(1, 2, '{1 day}', '2026-03-01', '2026-04-01')$$);
SELECT setup(rules => NULL);
INSERT INTO contact (source, source_ref, occurred_at, channel, number_raw)
WITH RECURSIVE lcg(i, x) AS (
	SELECT 0, 20260303::bigint UNION ALL SELECT i + 1, (x * 1103515245 + 12345) % 2147483648 FROM lcg WHERE i < 6000
)
SELECT 'acd', a.i, '2026-02-02'::timestamptz + CASE WHEN b.r % 2 = 0 THEN b.r / 2 % 8064 ELSE b.r / 2 % 96 + a.who % 21 * 384 END * interval '15 minutes',
	(ARRAY['999_voice', '101_voice', 'email'])[1 + b.r / 20000 % 3]::contact_channel, '07700 900' || lpad(a.who::text, 3, '0')
FROM (SELECT i, least(x >> 8, 8388607) % 80 * ((x >> 18) % 80) / 80 AS who FROM lcg WHERE i < 3000) AS a JOIN (SELECT i - 3000 AS i, x >> 8 AS r FROM lcg) AS b USING (i);
CALL refresh();
SELECT count(*) FILTER (WHERE contacts > 0) AS callers, sum(contacts) AS contacts, max(contacts) AS most FROM caller;

-- episodes of every criterion from the contacts themselves
CREATE FUNCTION plain_episodes(channels contact_channel[], from_at timestamptz, to_at timestamptz, highest integer)
	RETURNS TABLE (caller_id bigint, width interval, threshold integer, met_at timestamptz) STABLE LANGUAGE sql AS $$
	WITH call AS (
		SELECT k.caller_id, c.occurred_at AS at FROM engage.contact AS c JOIN engage.contact_caller AS k USING (contact_id)
		WHERE $1 IS NULL OR c.channel = ANY ($1)
	), counted AS (
		SELECT caller_id, '1 day'::interval AS width, at, count(*) OVER (PARTITION BY caller_id ORDER BY at RANGE '23:59:59.999999' PRECEDING) AS contacts FROM call
		UNION ALL SELECT caller_id, '7 days', at, count(*) OVER (PARTITION BY caller_id ORDER BY at RANGE '167:59:59.999999' PRECEDING) FROM call
	), tested AS (
		SELECT *, contacts >= threshold AND at >= $2 AND at < $3 AS met
		FROM (SELECT *, max(contacts) OVER (PARTITION BY caller_id, width) AS most FROM counted) AS c, generate_series(1, least(most, $4)::integer) AS threshold
	), runs AS (
		SELECT *, count(*) FILTER (WHERE NOT met) OVER (PARTITION BY caller_id, width, threshold ORDER BY at) AS run FROM tested
	)
	SELECT caller_id, width, threshold, min(at) FROM runs WHERE met GROUP BY caller_id, width, threshold, run
$$;
-- what of a grid follows from episodes, and from when other criteria flagged whom
CREATE TABLE episode (caller_id bigint, width interval, threshold integer, met_at timestamptz);
CREATE INDEX ON episode (width, threshold);
CREATE TABLE there (caller_id bigint, met_at timestamptz);
CREATE FUNCTION expected_grid(lowest integer, highest integer, from_at timestamptz, to_at timestamptz)
	RETURNS TABLE (width interval, threshold integer, criterion criterion, callers bigint, episodes bigint, episodes_per_week double precision, busiest_week bigint,
		new_callers_per_week double precision, only_here bigint, only_there bigint, here_and_there bigint, days_earlier double precision) STABLE LANGUAGE sql AS $$
	SELECT c.width, c.threshold, format('%s in %s', c.threshold, c.width)::engage.criterion, count(DISTINCT e.caller_id), count(e.caller_id),
		count(e.caller_id) / ((to_at::date - from_at::date) / 7.0::double precision),
		coalesce((SELECT max(n) FROM (SELECT count(*) AS n FROM episode AS b WHERE (b.width, b.threshold) = (c.width, c.threshold)
			GROUP BY date_trunc('week', b.met_at AT TIME ZONE 'Europe/London')) AS w), 0),
		count(DISTINCT e.caller_id) / ((to_at::date - from_at::date) / 7.0::double precision),
		count(DISTINCT e.caller_id) FILTER (WHERE t.caller_id IS NULL),
		(SELECT count(*) FROM there AS o WHERE NOT EXISTS (SELECT FROM episode AS b WHERE (b.width, b.threshold, b.caller_id) = (c.width, c.threshold, o.caller_id))),
		count(DISTINCT e.caller_id) FILTER (WHERE t.caller_id IS NOT NULL),
		(SELECT (avg(extract(epoch FROM o.met_at - b.met_at)) / 86400)::double precision
			FROM there AS o JOIN (SELECT b.caller_id, min(b.met_at) AS met_at FROM episode AS b WHERE (b.width, b.threshold) = (c.width, c.threshold) GROUP BY 1) AS b USING (caller_id))
	FROM (SELECT w.width, k.threshold FROM unnest('{1 day, 7 days}'::interval[]) AS w(width), generate_series(lowest, highest) AS k(threshold)) AS c
	LEFT JOIN episode AS e USING (width, threshold) LEFT JOIN there AS t USING (caller_id)
	GROUP BY c.width, c.threshold
$$;
CREATE FUNCTION differences(compared_with criterion[], channels contact_channel[], lowest integer, highest integer, from_at timestamptz, to_at timestamptz, OUT cells bigint, OUT episodes numeric, OUT differences bigint) STABLE LANGUAGE sql AS $$
	WITH grid AS MATERIALIZED (
		SELECT g.* FROM engage.back_test_grid(lowest, highest, '{1 day, 7 days}', from_at, to_at, compared_with, channels) AS g
	), expected AS MATERIALIZED (
		SELECT e.* FROM expected_grid(lowest, highest, from_at, to_at) AS e
	), rounded AS (
		SELECT 'grid' AS source, width, threshold, criterion, callers, episodes, round(episodes_per_week::numeric, 9), busiest_week, round(new_callers_per_week::numeric, 9), only_here, only_there, here_and_there, round(days_earlier::numeric, 9) FROM grid
		UNION ALL
		SELECT 'expected', width, threshold, criterion, callers, episodes, round(episodes_per_week::numeric, 9), busiest_week, round(new_callers_per_week::numeric, 9), only_here, only_there, here_and_there, round(days_earlier::numeric, 9) FROM expected
	), cell AS (
		SELECT (r - 'source') AS cell, r->>'source' AS source FROM rounded AS x, LATERAL (SELECT to_jsonb(x)) AS j(r)
	)
	SELECT (SELECT count(*) FROM grid), (SELECT sum(g.episodes) FROM grid AS g), count(*) FROM (SELECT cell FROM cell GROUP BY cell HAVING count(*) <> 2) AS d
$$;

-- every cell, by back_test() ...
INSERT INTO episode
SELECT b.caller_id, w.width, k.threshold, b.met_at
FROM unnest('{1 day, 7 days}'::interval[]) AS w(width), generate_series(1, 40) AS k(threshold), back_test(ARRAY[format('%s in %s', k.threshold, w.width)::criterion], '2026-02-16', '2026-04-20') AS b;
INSERT INTO there SELECT caller_id, min(met_at) FROM back_test('{5 in 1 day, 10 in 7 days}', '2026-02-16', '2026-04-20') GROUP BY 1;
SELECT count(*) AS flagged_there FROM there;
SELECT * FROM differences('{5 in 1 day, 10 in 7 days}', NULL, 1, 40, '2026-02-16', '2026-04-20');
-- ... and by plain SQL
TRUNCATE episode, there;
INSERT INTO episode SELECT * FROM plain_episodes(NULL, '2026-02-16', '2026-04-20', 40);
INSERT INTO there SELECT caller_id, min(met_at) FROM episode WHERE (width, threshold) IN (('1 day', 5), ('7 days', 10)) GROUP BY 1;
SELECT * FROM differences('{5 in 1 day, 10 in 7 days}', NULL, 1, 40, '2026-02-16', '2026-04-20');

-- some channels
TRUNCATE episode, there;
INSERT INTO episode SELECT * FROM plain_episodes('{999_voice, 101_voice}', '2026-02-16', '2026-04-20', 20);
INSERT INTO there SELECT caller_id, min(met_at) FROM episode WHERE (width, threshold) = ('7 days', 6) GROUP BY 1;
SELECT * FROM differences('{6 in 7 days}', '{999_voice, 101_voice}', 3, 20, '2026-02-16', '2026-04-20');

-- no rule to compare with; then those in force at the end, each on its own channels
SELECT count(*) AS cells, count(only_here) AS only_here, count(only_there) AS only_there, count(here_and_there) AS here_and_there, count(days_earlier) AS days_earlier FROM back_test_grid(3, 6, '{1 day, 7 days}', '2026-02-16', '2026-04-20');
SELECT adopt_rules('kent_v1') > 0 AS v1, adopt_rules('kent_v2', '2026-04-20') > 0 AS v2, adopt_rules('kent_v0') > 0 AS v0;
TRUNCATE episode, there;
INSERT INTO episode SELECT * FROM plain_episodes(NULL, '2026-02-16', '2026-04-20', 12);
INSERT INTO there SELECT caller_id, min(met_at) FROM episode WHERE (width, threshold) IN (('1 day', 6), ('7 days', 6)) GROUP BY 1;
-- at the end of the stretch version 2 has just begun
SELECT * FROM differences(NULL, NULL, 3, 12, '2026-02-16', '2026-04-20');
SELECT criterion, callers, only_here, only_there, here_and_there, days_earlier FROM back_test_grid(6, 6, '{7 days}', '2026-02-16', '2026-04-20');
-- a day sooner, version 1, which counts calls alone, while the grid counts all
TRUNCATE episode, there;
INSERT INTO episode SELECT * FROM plain_episodes(NULL, '2026-02-16', '2026-04-19', 12);
INSERT INTO there SELECT caller_id, min(met_at) FROM plain_episodes('{999_voice, 101_voice}', '2026-02-16', '2026-04-19', 10) WHERE (width, threshold) IN (('1 day', 5), ('7 days', 10)) GROUP BY 1;
SELECT * FROM differences(NULL, NULL, 3, 12, '2026-02-16', '2026-04-19');
SELECT g.criterion, g.callers, g.only_here, g.only_there, g.here_and_there, round(g.days_earlier::numeric, 3) AS days_earlier FROM back_test_grid(5, 7, '{7 days}', '2026-02-16', '2026-04-19') AS g;
-- two rules: by whichever flagged somebody first
INSERT INTO rule (name, version, kind, criteria, channels) VALUES ('mail', 1, 'criteria', '{4 in 7 days}', '{email}');
INSERT INTO there SELECT caller_id, min(met_at) FROM plain_episodes('{email}', '2026-02-16', '2026-04-19', 4) WHERE (width, threshold) = ('7 days', 4) GROUP BY 1;
CREATE TABLE first_of_both AS SELECT caller_id, min(met_at) AS met_at FROM there GROUP BY 1;
TRUNCATE there;
INSERT INTO there SELECT * FROM first_of_both;
SELECT * FROM differences(NULL, NULL, 3, 12, '2026-02-16', '2026-04-19');

-- what nobody meets, and criteria that nobody met
SELECT * FROM back_test_grid(200, 201, '{1 day}', '2026-02-16', '2026-04-20', '{300 in 1 day}');
SELECT callers > 0 AS some, only_here = callers AS all_only_here, only_there, here_and_there, days_earlier FROM back_test_grid(3, 3, '{1 day}', '2026-02-16', '2026-04-20', '{300 in 1 day}');
-- Sunday 23:00 in UTC is Monday in London's summer
SELECT callers, episodes, episodes_per_week, busiest_week FROM back_test_grid(1, 1, '{1 hour}', '2026-05-01', '2026-06-05');
INSERT INTO contact (source, source_ref, occurred_at, channel, number_raw) VALUES
	('acd', 's1', '2026-05-17 22:59:59Z', '101_voice', '07700 900900'), ('acd', 's2', '2026-05-17 23:00:00Z', '101_voice', '07700 900901'),
	('acd', 's3', '2026-05-20 12:00:00Z', '101_voice', '07700 900902'), ('acd', 's4', '2026-05-24 22:59:59Z', '101_voice', '07700 900903');
CALL refresh();
SELECT callers, episodes, episodes_per_week, busiest_week, new_callers_per_week FROM back_test_grid(1, 1, '{1 hour}', '2026-05-01', '2026-06-05');

-- the lowest threshold that a team can work, against trying each
TRUNCATE episode, there;
INSERT INTO episode SELECT * FROM plain_episodes(NULL, '2026-02-16', '2026-04-20', 150);
CREATE TABLE tried AS SELECT * FROM expected_grid(1, 150, '2026-02-16', '2026-04-20');
SELECT count(*) AS answers, count(*) FILTER (WHERE (e.threshold, e.criterion, e.callers, e.episodes, e.busiest_week) IS DISTINCT FROM (w.threshold, w.criterion, w.callers, w.episodes, w.busiest_week)) AS differences,
	count(*) FILTER (WHERE round(e.episodes_per_week::numeric, 9) IS DISTINCT FROM round(w.episodes_per_week::numeric, 9)) AS wrong
FROM unnest('{1, 2, 3, 5, 8, 13, 21, 1000}'::integer[]) AS c(capacity), LATERAL workable_threshold(capacity, '2026-02-16', '2026-04-20') AS w
	LEFT JOIN LATERAL (SELECT t.* FROM tried AS t WHERE t.width = w.width AND t.threshold > 1 AND CASE w.fits WHEN 'mean week' THEN t.episodes_per_week ELSE t.busiest_week END <= capacity ORDER BY t.threshold LIMIT 1) AS e ON true;
SELECT width, fits, threshold, criterion, callers, episodes, round(episodes_per_week::numeric, 3) AS a_week, busiest_week FROM workable_threshold(5, '2026-02-16', '2026-04-20');
SELECT width, fits, criterion, callers, episodes, busiest_week FROM workable_threshold(3, '2026-02-16', '2026-04-20', '{28 days}', '{email}');
-- nobody called at all
SELECT * FROM workable_threshold(3, '2020-02-16', '2020-04-20');

-- what is refused
\pset format unaligned
\pset tuples_only on
SELECT format('%s: %s', statement, pg_temp.refused('SELECT ' || statement))
FROM (VALUES
	($$back_test_grid(3, 6, '{1 day}', '2026-04-01', '2026-03-01')$$), ($$back_test_grid(3, 6, '{1 day}', '2026-03-01', '2026-03-01')$$), ($$back_test_grid(3, 6, '{1 day}', '-infinity', '2026-03-01')$$), ($$back_test_grid(3, 6, '{1 day}', '2026-03-01', 'infinity')$$), ($$back_test_grid(3, 6, '{1 day}', NULL, '2026-03-01')$$),
	($$back_test_grid(3, 6, NULL, '2026-03-01', '2026-04-01')$$), ($$back_test_grid(NULL, 6, '{1 day}', '2026-03-01', '2026-04-01')$$), ($$back_test_grid(3, NULL, '{1 day}', '2026-03-01', '2026-04-01')$$), ($$back_test_grid(1, 1001, '{1 day}', '2026-03-01', '2026-04-01')$$), ($$count(*) FROM back_test_grid(1, 1000, '{1 day}', '2026-03-01', '2026-04-01')$$),
	($$back_test_grid(0, 6, '{1 day}', '2026-03-01', '2026-04-01')$$), ($$back_test_grid(6, 3, '{1 day}', '2026-03-01', '2026-04-01')$$), ($$back_test_grid(3, 6, '{1 month}', '2026-03-01', '2026-04-01')$$), ($$back_test_grid(3, 6, '{24, 7}', '2026-03-01', '2026-04-01')$$), ($$back_test_grid(3, 6, '{61.5 seconds}', '2026-03-01', '2026-04-01')$$), ($$back_test_grid(3, 6, '{1 day, 40000 days}', '2026-03-01', '2026-04-01')$$),
	($$back_test_grid(3, 6, '{1 day}', '2026-03-01', '2026-04-01', '{}')$$), ($$back_test_grid(3, 6, '{1 day}', '2026-03-01', '2026-04-01', '{NULL}')$$),
	($$workable_threshold(0, '2026-03-01', '2026-04-01')$$), ($$workable_threshold(NULL, '2026-03-01', '2026-04-01')$$), ($$workable_threshold(1, '2026-03-01', '2026-04-01', NULL)$$), ($$workable_threshold(1, '2026-03-01', '2026-04-01', '{}')$$), ($$workable_threshold(1, '2026-03-01', '2026-04-01', '{1 second, 1 day}')$$), ($$workable_threshold(1, '2026-04-01', '2026-03-01')$$)) AS t(statement);
\pset tuples_only off
\pset format aligned

-- analysts try thresholds without rights on personas; others do not
CREATE ROLE regress_analyst LOGIN IN ROLE engage_analyst;
CREATE ROLE regress_bi LOGIN IN ROLE engage_bi;
SET SESSION AUTHORIZATION regress_analyst;
SELECT count(*) AS cells, sum(episodes) > 0 AS some FROM engage.back_test_grid(3, 6, '{1 day, 7 days}', '2026-02-16', '2026-04-20', channels => '{email}');
SELECT count(*) AS answers FROM engage.workable_threshold(5, '2026-02-16', '2026-04-20');
SELECT count(*) FROM engage.persona_timeline;
SELECT count(*) FROM engage_internal.caller_timelines(NULL);
SET SESSION AUTHORIZATION regress_bi;
SELECT count(*) FROM engage.threshold_grid('{2026-01-01T10:00:00Z}', '{1 day}', 1, 1);
SELECT count(*) FROM engage.back_test_grid(3, 6, '{1 day, 7 days}', '2026-02-16', '2026-04-20');
SELECT count(*) FROM engage.workable_threshold(5, '2026-02-16', '2026-04-20');
RESET SESSION AUTHORIZATION;
DROP ROLE regress_analyst, regress_bi;

-- as other files want to find it
SET client_min_messages = warning;
DROP FUNCTION plain_episodes, expected_grid, differences;
DROP TABLE episode, there, first_of_both, tried;
DROP EXTENSION engage;
CREATE EXTENSION engage;

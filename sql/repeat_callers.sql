-- The aggregates over whole tables: repeat_callers and top_callers.
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\i :helpers

CREATE TABLE contacts (caller bigint, name text, at timestamptz);
INSERT INTO contacts VALUES
	(7, 'seven', '2026-01-01 10:00'), (7, 'seven', '2026-01-01 10:00'), (7, 'seven', '2026-01-02 09:59:59.999999'), (7, 'seven', '2026-01-09 12:00'), (7, 'seven', '2026-01-09 13:00'), (7, 'seven', '2026-01-09 14:00'), (7, 'seven', '2026-01-09 15:00'),
	(-3, '', '2026-01-01 10:00'), (-3, '', '2026-01-02 10:00'), (-3, '', '2026-01-03 10:00'),
	(9223372036854775807, 'Ünïcødé', '2026-01-05 00:00'), (9223372036854775807, 'Ünïcødé', '2026-01-11 23:59:59'), (9223372036854775807, 'Ünïcødé', '2026-01-12 00:00'),
	(-9223372036854775808, 'z', '2026-06-30 23:30'), (0, 'a', '2026-06-30 22:30'), (0, 'a', '2026-06-30 23:30'), (0, 'a', '2026-07-01 22:30'),
	(NULL, NULL, '2026-01-01 10:00'), (5, 'five', NULL), (NULL, NULL, NULL);

-- one row a caller and criterion met, in that order: peaks, their windows, episodes
SELECT m.* FROM (SELECT repeat_callers(caller, at, '{3 in 1 day,2 in 7 days,2 per week in Europe/London,2 per day in Europe/London}') AS found FROM contacts) AS r, unnest(r.found) AS m;
SELECT m.* FROM (SELECT repeat_callers(name, at, '{3 in 1 day,2 in 7 days,2 per week in Europe/London,2 per day in Europe/London}') AS found FROM contacts) AS r, unnest(r.found) AS m;
-- the order of the array is kept, and a criterion asked twice is answered twice
SELECT m.caller, m.criterion, m.episodes FROM (SELECT repeat_callers(caller, at, '{2 in 7 days,3 in 1 day,3 in 1 day}') AS found FROM contacts WHERE caller = 7) AS r, unnest(r.found) AS m;
-- no row gives NULL, nobody found an empty array
SELECT repeat_callers(caller, at, '{3 in 1 day}') IS NULL AS null FROM contacts WHERE false;
SELECT repeat_callers(caller, at, '{3 in 1 day}') IS NULL AS null FROM contacts WHERE caller IS NULL OR at IS NULL;
SELECT repeat_callers(caller, at, NULL) IS NULL AS null, repeat_callers(name, at, NULL) IS NULL AS null FROM contacts;
SELECT repeat_callers(caller, at, '{3 in 1 second}') AS nobody, repeat_callers(name, at, '{3 in 1 second}') AS nobody FROM contacts;
SELECT cardinality(repeat_callers(caller, at, '{1 in 1 second}')) AS everybody, cardinality(repeat_callers(caller, at, array_fill('1 in 1 second'::criterion, '{64}'))) AS sixty_four_times FROM contacts;
-- in groups, with a filter, in order, of a prepared statement and of other expressions
SELECT extract(month FROM at) AS month, repeat_callers(caller, at, '{2 in 1 day}') FROM contacts WHERE at IS NOT NULL GROUP BY 1 ORDER BY 1;
SELECT cardinality(repeat_callers(caller, at, '{2 in 1 day}') FILTER (WHERE caller = 7)) AS filtered, cardinality(repeat_callers(caller, at, '{2 in 1 day}' ORDER BY at DESC)) AS ordered, cardinality(repeat_callers(DISTINCT caller, at, '{2 in 1 day}')) AS distinct_times FROM contacts;
PREPARE ask(criterion[]) AS SELECT cardinality(repeat_callers(caller, at, $1)) FROM contacts;
EXECUTE ask('{2 in 1 day}');
EXECUTE ask('{2 in 1 day,3 in 1 day}');
SET plan_cache_mode = force_generic_plan;
EXECUTE ask('{2 in 1 day,3 in 1 day,4 in 1 day}');
RESET plan_cache_mode;
DEALLOCATE ask;
SELECT cardinality(repeat_callers(caller, at, ARRAY[c])) FROM contacts, (VALUES ('2 in 1 day'::criterion)) AS v(c);
SELECT cardinality(repeat_callers(caller, at, c)) FROM contacts, (SELECT array_agg(c ORDER BY c) AS c FROM unnest('{2 in 1 day,2 in 7 days}'::criterion[]) AS c) AS v;

-- top_callers: most contacts first, equal contacts share a rank, ties with the last are kept
SELECT n, t.* FROM generate_series(1, 5) AS n, LATERAL (SELECT top_callers(caller, at, n) AS top FROM contacts) AS r, unnest(r.top) AS t ORDER BY n, t.rank, t.caller;
SELECT t.* FROM (SELECT top_callers(name, at, 2) AS top FROM contacts) AS r, unnest(r.top) AS t;
SELECT top_callers(caller, at, 3) IS NULL AS null FROM contacts WHERE false;
SELECT top_callers(caller, at, NULL) IS NULL AS null, cardinality(top_callers(caller, at, 2147483647)) AS everybody FROM contacts;

-- names of every length, and names that differ in their last byte
SELECT count(*) AS names, bool_and(m.contacts = 2) AS twice_each, bool_and(m.caller = repeat('x', place::integer * 97)) AS in_order
FROM (SELECT repeat_callers(repeat('x', i * 97), '2026-01-01'::timestamptz + j * interval '1 hour', '{2 in 1 day}') AS found FROM generate_series(1, 60) AS i, generate_series(1, 2) AS j) AS r, unnest(r.found) WITH ORDINALITY AS m(caller, criterion, first_met_at, last_met_at, episodes, peak, peak_started_at, peak_ended_at, contacts, place);
SELECT count(*) AS names, count(DISTINCT m.caller) AS different
FROM (SELECT repeat_callers(repeat('x', 10000) || i % 100, '2026-01-01'::timestamptz + i * interval '1 hour', '{2 in 365 days}') AS found FROM generate_series(1, 300) AS i) AS r, unnest(r.found) AS m;

-- a caller of 100,000 contacts among 1,000 of one, in reverse order
SELECT m.caller, m.first_met_at, m.last_met_at, m.episodes, m.peak, m.contacts
FROM (SELECT repeat_callers(CASE WHEN i % 101 = 0 THEN i ELSE 0 END, '2026-01-01'::timestamptz - i * interval '1 minute', '{1441 in 1 day,1440 in 1 day,1426 in 1 day}') AS found FROM generate_series(1, 101000) AS i) AS r, unnest(r.found) AS m;

-- what is refused
\pset format unaligned
\pset tuples_only on
SELECT format('%s: %s', statement, pg_temp.refused('SELECT ' || statement))
FROM (VALUES
	($$repeat_callers(caller, at, '{}') FROM contacts$$), ($$repeat_callers(caller, at, '{NULL}') FROM contacts$$), ($$repeat_callers(name, at, '{5 in 1 day,NULL}') FROM contacts$$),
	($$repeat_callers(caller, at, array_fill('1 in 1 second'::criterion, '{65}')) FROM contacts$$), ($$repeat_callers(caller, at, '{5 in 1 month}') FROM contacts$$), ($$repeat_callers(caller, at, '{5 per day in Mars/Base1}') FROM contacts$$),
	($$repeat_callers(caller, at, ARRAY[format('%s in 1 day', 1 + abs(caller % 2))::criterion]) FROM contacts$$), ($$repeat_callers(1, 'infinity', '{1 in 1 day}')$$), ($$repeat_callers('a'::text, '-infinity', '{1 in 1 day}')$$),
	($$repeat_callers(caller, at, '{1 in 1 day}') OVER (ORDER BY at) FROM contacts$$), ($$top_callers(caller, at, 3) OVER (ORDER BY at) FROM contacts$$),
	($$top_callers(caller, at, 0) FROM contacts$$), ($$top_callers(name, at, -1) FROM contacts$$), ($$top_callers(caller, at, 1 + abs(caller % 2)::integer) FROM contacts$$), ($$top_callers(1, 'infinity', 1)$$)) AS t(statement);
\pset tuples_only off
\pset format aligned
DROP TABLE contacts;

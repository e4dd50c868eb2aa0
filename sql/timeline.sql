-- The type timeline and the aggregates that make one.
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\set any_zone
\i :helpers

-- what may be written, and the canonical text: UTC, whatever the session's settings
SELECT written, written::timeline AS canonical
FROM (VALUES
	('{}'), (' { } '), ('{2026-01-31T21:05:00Z}'), ('{2026-01-31 21:05z}'), ('{ 2026-01-31T21:05:00Z , "2026-01-31T21:05:00Z" }'),
	('{2026-07-01T00:30:00+01:00,2026-07-01T00:30:00+00}'), ('{2026-01-31T21:05:00.120Z,2026-01-31T21:05:00.123456Z}'),
	('{2026-02-01T02:35:00+0530}'), ('{1960-02-29T12:00:00Z,2000-02-29T12:00:00Z}'), ('{0000-12-31T00:00:00Z}'),
	('{-4713-11-24T00:00:00Z,294276-12-31T23:59:59.999999Z}')) AS t(written);
SET timezone = 'Asia/Kolkata';
SET datestyle = 'German';
SELECT '{2026-01-31T21:05:00Z}'::timeline, timeline(ARRAY['2026-02-01 02:35:00+05:30'::timestamptz]), '{2026-01-31T21:05:00Z}'::timeline::jsonb;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';

-- text that is no timeline
\pset format unaligned
\pset tuples_only on
SELECT format(E'%s\n    %s', quote_literal(left(text, 90)), pg_temp.refused(format('SELECT %L::engage.timeline', text)))
FROM (VALUES
	(''), ('2026-01-31T21:05:00Z'), ('['), ('{'), ('{,}'), ('{2026-01-31T21:05:00Z,}'), ('{2026-01-31T21:05:00Z'), ('{2026-01-31T21:05:00Z}}'), ('{{}}'),
	('{2026-01-31T21:05:00}'), ('{2026-01-31}'), ('{now}'), ('{infinity}'), ('{-infinity}'), ('{NULL}'), ('{"2026-01-31T21:05:00Z}'), ('{2026-02-29T00:00:00Z}'),
	('{2026-01-31T24:00:00Z}'), ('{2026-01-31T21:05:60Z}'), ('{2026-01-31T21:05:00.1234567Z}'), ('{2026-01-31T21:05:00 Europe/London}'), ('{2026-01-31T21:05:00BST}'),
	('{2026-01-31T21:05:00+16:00}'), ('{294277-01-01T00:00:00Z}'), ('{-4713-11-23T23:59:59Z}'), ('{99999999-01-01T00:00:00Z}'),
	('{2026-01-31T21:05:01Z,2026-01-31T21:05:00Z}'), (repeat('{', 10000)), ('{' || repeat('2026-01-31T21:05:00Z,', 500)), (repeat('x', 10000)),
	('{' || repeat('9', 10000) || '}')) AS t(text);
SELECT pg_temp.refused($$SELECT '{infinity}'::timestamptz[]::timeline$$);
SELECT pg_temp.refused($$SELECT timeline(ARRAY[now(), '-infinity'])$$);
SELECT pg_temp.refused($$SELECT timeline_agg('infinity'::timestamptz)$$);
SELECT pg_temp.refused($$SELECT slice('{}', '2026-02-01', '2026-01-01')$$);
SELECT pg_temp.refused($$SELECT num_contacts('{}', '2026-02-01', '2026-01-01')$$);

-- binary form, version 1: these bytes will be read for ever
SELECT format('%s %s %s', name, pg_temp.received(bytes, 'engage.timeline') = text, timeline_send(text::timeline) = bytes)
FROM (VALUES
	('nothing', '\x010100'::bytea, '{}'),
	('seconds', '\x010104f8ab899106009022b0ba4d', '{2026-01-31T21:05:00Z,2026-01-31T21:05:00Z,2026-01-31T22:17:48Z,2026-02-15T14:48:28Z}'),
	('before 2000', '\x010101859899d60a', '{1954-08-09T10:20:45Z}'),
	('microseconds', '\x01000380dc9de286adf6020180897a', '{2026-01-31T21:05:00Z,2026-01-31T21:05:00.000001Z,2026-01-31T21:05:02.000001Z}'),
	('the first and the last', '\x010002ffff82eed7cfc1f005ffffcb94a7d3a0f88201', '{-4713-11-24T00:00:00Z,294276-12-31T23:59:59.999999Z}')) AS t(name, bytes, text);

SELECT format(E'%s\n    %s', what, pg_temp.received(bytes, 'engage.timeline'))
FROM (VALUES
	('empty', '\x'::bytea), ('a version alone', '\x01'), ('no count', '\x0101'), ('version 0', '\x000100'), ('version 2', '\x020100'), ('unit 2', '\x010200'),
	('microseconds where seconds do', '\x01000100'), ('nothing in microseconds', '\x010000'),
	('a contact too few', '\x01010200'), ('a contact too many', '\x01010100 00'), ('bytes behind nothing', '\x01010000'), ('a count that goes on', '\x0101ff'),
	('a count of 2^64 - 1', '\x0101ffffffffffffffffff01'), ('a count of 2^64', '\x0101ffffffffffffffffff02'), ('a count of 2^40', '\x0101808080808020 00000000'),
	('a count in a long form', '\x01018000'), ('a time in a long form', '\x0101018000'), ('a time cut short', '\x0101018080'), ('a step cut short', '\x010102 00 80'),
	('a time beyond the last', '\x010101ffffffffffffffffff01'), ('a step beyond the last', '\x010102 00 ffffffffffffffffff01'), ('10,000 bytes of ff', decode('0101' || repeat('ff', 10000), 'hex')),
	('10,000 zero bytes', decode(repeat('00', 10000), 'hex')), ('5,000 equal times and one byte less', decode('01018827' || repeat('00', 4999), 'hex'))) AS t(what, bytes);
\pset tuples_only off
\pset format aligned
SELECT num_contacts(pg_temp.received(decode('01018827' || repeat('00', 5000), 'hex'), 'engage.timeline')::timeline) AS equal_times;

-- casts: arrays in any order, without NULLs, of any dimension
SELECT ARRAY['2026-01-02', NULL, '2026-01-01', '2026-01-02']::timestamptz[]::timeline, '{{2026-01-02,2026-01-01}}'::timestamptz[]::timeline AS two_dimensions,
	'{}'::timestamptz[]::timeline AS empty, '{NULL}'::timestamptz[]::timeline AS only_null, NULL::timestamptz[]::timeline IS NULL AS null;
SELECT '{2026-01-01T00:00:00Z,2026-01-02T00:00:00.5Z}'::timeline::timestamptz[], '{}'::timeline::timestamptz[] AS empty;
SELECT '{2026-01-01T00:00:00Z,2026-01-02T00:00:00.5Z}'::timeline::jsonb, '{}'::timeline::jsonb AS empty;

-- accessors, also of nothing and of NULL
CREATE TABLE timelines (name text PRIMARY KEY, t timeline);
INSERT INTO timelines VALUES
	('empty', '{}'), ('null', NULL), ('one', '{2026-01-31T21:05:00Z}'), ('ties', '{2026-01-31T21:05:00Z,2026-01-31T21:05:00Z,2026-01-31T21:05:00Z}'),
	('seconds', '{2026-01-31T21:05:00Z,2026-01-31T21:05:30Z,2026-02-01T09:00:00Z}'), ('micros', '{2026-01-31T21:05:00.000001Z,2026-02-01T09:00:00Z}'),
	('old', '{1954-08-09T10:20:45Z,1999-12-31T23:59:59.999999Z}');
SELECT name, num_contacts(t), first_at(t), last_at(t), (SELECT array_agg(at) FROM contact_times(t) AS at) AS contact_times FROM timelines ORDER BY name;
SELECT name, slice(t, '2026-01-31 21:05:00', '2026-01-31 21:05:30') AS half_open, slice(t, '-infinity', 'infinity') = t AS same, slice(t, '2026-02-01', '2026-02-01') AS nothing
FROM timelines ORDER BY name;
SELECT slice(t, '2026-01-31 21:05:00.000001', 'infinity') AS from_on, slice(t, '-infinity', '2026-01-31 21:05:00.000001') AS up_to, slice(t, NULL, 'infinity') IS NULL AS null_bound
FROM timelines WHERE name IN ('seconds', 'micros') ORDER BY name;
-- num_contacts() with bounds is (after, up_to], slice() is [from_at, to_at)
SELECT name, num_contacts(t, '2026-01-31 21:05:00', '2026-01-31 21:05:30') AS half_open, num_contacts(t, '-infinity', 'infinity') = num_contacts(t) AS same,
	num_contacts(t, '2026-01-31 21:05:00', '2026-01-31 21:05:00') AS nothing, num_contacts(t, NULL, 'infinity') IS NULL AS null_bound
FROM timelines ORDER BY name;
SELECT count(*) AS compared, count(*) FILTER (WHERE num_contacts(t, a.after, b.up_to) <> num_contacts(slice(t, a.after + interval '1 microsecond', b.up_to + interval '1 microsecond'))) AS other_than_slice,
	count(*) FILTER (WHERE num_contacts(t, a.after, b.up_to) <> (SELECT count(*) FROM contact_times(t) AS at WHERE at > a.after AND at <= b.up_to)) AS other_than_rows
FROM (SELECT t FROM timelines UNION ALL SELECT timeline_agg('2026-01-01'::timestamptz + g * g % 9973 * interval '0.7 seconds') FROM generate_series(1, 9000) g) x,
	(VALUES ('-infinity'::timestamptz), ('2026-01-01 00:00:00.7'), ('2026-01-31 21:05:00'), ('2026-01-31 21:05:00.000001')) AS a (after),
	(VALUES ('2026-01-31 21:05:00.000001'::timestamptz), ('2026-02-01 09:00:00'), ('infinity')) AS b (up_to);
SELECT at FROM timelines, contact_times(t) AS at WHERE name = 'seconds' LIMIT 1;

-- unions keep every contact
SELECT a.name, b.name, a.t || b.t AS union, (a.t || b.t) = (b.t || a.t) AS commutes FROM timelines AS a, timelines AS b WHERE a.name <= b.name AND a.name <> 'old' AND b.name <> 'old' ORDER BY a.name, b.name;
SELECT timeline_agg(at) AS from_times, rollup(timeline(ARRAY[at])) AS from_timelines FROM (VALUES ('2026-01-02'::timestamptz), (NULL), ('2026-01-01'), ('2026-01-02')) AS t(at);
SELECT timeline_agg(NULL) IS NULL AS null, rollup(NULL) IS NULL AS null, rollup('{}') AS empty, timeline_agg(at) IS NULL AS none FROM (SELECT now() AS at WHERE false) AS t;
SELECT rollup(t) = (SELECT timeline_agg(at) FROM timelines, contact_times(t) AS at) AS same, num_contacts(rollup(t)) FROM timelines;
SELECT timeline_agg(at ORDER BY at DESC), timeline_agg(DISTINCT at), timeline_agg(at) FILTER (WHERE at < '2026-01-02') FROM (VALUES ('2026-01-01'::timestamptz), ('2026-01-02'), ('2026-01-01')) AS t(at);
SELECT at, timeline_agg(at) OVER (ORDER BY at) FROM (VALUES ('2026-01-01'::timestamptz), ('2026-01-02'), ('2026-01-03')) AS t(at);

-- order: by the first time that differs, and a part before the whole
CREATE TABLE sorted_timelines AS
SELECT place, t::timeline AS t
FROM unnest(ARRAY['{}', '{1954-08-09T10:20:45Z}', '{2026-01-01T00:00:00Z}', '{2026-01-01T00:00:00Z,2026-01-01T00:00:00Z}', '{2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,2026-01-03T00:00:00Z}',
	'{2026-01-01T00:00:00Z,2026-01-02T00:00:00Z}', '{2026-01-01T00:00:00.000001Z}', '{2026-01-02T00:00:00Z}', '{2027-01-01T00:00:00Z}']) WITH ORDINALITY AS u(t, place);
SELECT count(*) AS pairs,
	count(*) FILTER (WHERE (a.t = b.t) <> (a.place = b.place)) AS eq,
	count(*) FILTER (WHERE (a.t <> b.t) <> (a.place <> b.place)) AS ne,
	count(*) FILTER (WHERE (a.t < b.t) <> (a.place < b.place)) AS lt,
	count(*) FILTER (WHERE (a.t <= b.t) <> (a.place <= b.place)) AS le,
	count(*) FILTER (WHERE (a.t > b.t) <> (a.place > b.place)) AS gt,
	count(*) FILTER (WHERE (a.t >= b.t) <> (a.place >= b.place)) AS ge,
	count(*) FILTER (WHERE sign(timeline_cmp(a.t, b.t)) <> sign(a.place - b.place)) AS cmp,
	count(*) FILTER (WHERE (timeline_hash(a.t) = timeline_hash(b.t)) <> (a.place = b.place)) AS hash,
	count(*) FILTER (WHERE (timeline_hash_extended(a.t, 7) = timeline_hash_extended(b.t, 7)) <> (a.place = b.place)) AS hash_extended,
	count(*) FILTER (WHERE sign(timeline_cmp(a.t, b.t)) <> CASE WHEN a.t::timestamptz[] < b.t::timestamptz[] THEN -1 WHEN a.t::timestamptz[] > b.t::timestamptz[] THEN 1 ELSE 0 END) AS not_as_arrays
FROM sorted_timelines AS a, sorted_timelines AS b;

-- indexes, joins and partitions
CREATE TABLE many_timelines AS
SELECT i, timeline(ARRAY(SELECT '2026-01-01'::timestamptz + (i * 7919 * j) % 100 * interval '1 hour' FROM generate_series(1, i % 4) AS j)) AS t FROM generate_series(1, 3000) AS i;
CREATE INDEX many_btree ON many_timelines USING btree (t);
ANALYZE many_timelines;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SELECT pg_temp.plan_has($$SELECT FROM many_timelines WHERE t = '{2026-01-01T19:00:00Z}'$$, 'many_btree') AS uses_btree;
SELECT count(*), (SELECT count(*) FROM many_timelines WHERE t::text = '{2026-01-01T19:00:00Z}') AS expected FROM many_timelines WHERE t = '{2026-01-01T19:00:00Z}';
SELECT count(*) AS sorted_wrongly FROM (SELECT t, lag(t) OVER (ORDER BY t) AS before FROM many_timelines) AS s WHERE before > t;
DROP INDEX many_btree;
CREATE INDEX many_hash ON many_timelines USING hash (t);
SELECT pg_temp.plan_has($$SELECT FROM many_timelines WHERE t = '{2026-01-01T19:00:00Z}'$$, 'many_hash') AS uses_hash;
SELECT count(*) FROM many_timelines WHERE t = '{2026-01-01T19:00:00Z}';
RESET enable_seqscan;
RESET enable_bitmapscan;
SELECT count(DISTINCT t), count(DISTINCT t::text) AS expected FROM many_timelines;
SET enable_mergejoin = off;
SET enable_nestloop = off;
SELECT pg_temp.plan_has('SELECT FROM many_timelines AS a JOIN many_timelines AS b USING (t)', 'Hash Join') AS hash_join;
SELECT count(*), (SELECT sum(n * n) FROM (SELECT count(*) AS n FROM many_timelines GROUP BY t::text) AS s) AS expected FROM many_timelines AS a JOIN many_timelines AS b USING (t);
SET enable_hashjoin = off;
SET enable_mergejoin = on;
SELECT pg_temp.plan_has('SELECT FROM many_timelines AS a JOIN many_timelines AS b USING (t)', 'Merge Join') AS merge_join;
SELECT count(*) FROM many_timelines AS a JOIN many_timelines AS b USING (t);
RESET enable_hashjoin;
RESET enable_nestloop;
CREATE TABLE spread_timelines (t timeline) PARTITION BY HASH (t);
CREATE TABLE spread_timelines_0 PARTITION OF spread_timelines FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE spread_timelines_1 PARTITION OF spread_timelines FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO spread_timelines SELECT t FROM many_timelines;
SELECT count(*) AS in_two_partitions FROM (SELECT DISTINCT t FROM spread_timelines_0 INTERSECT SELECT t FROM spread_timelines_1) AS s;

-- binary COPY there and back
\getenv results PG_ABS_BUILDDIR
\cd :results
\copy timelines to 'results/timeline.copy' (format binary)
CREATE TABLE copied_timelines (LIKE timelines);
\copy copied_timelines from 'results/timeline.copy' (format binary)
SELECT count(*) AS copied, count(*) FILTER (WHERE timeline_send(a.t) IS DISTINCT FROM timeline_send(b.t)) AS different FROM timelines AS a FULL JOIN copied_timelines AS b USING (name);

-- a big value in every storage mode, and a small one beside it
CREATE TABLE stored_timelines (mode text, small timeline, big timeline);
CREATE TABLE big_timeline AS SELECT timeline_agg('2026-01-01'::timestamptz + i * interval '10 seconds') AS t FROM generate_series(0, 99999) AS i;
ALTER TABLE stored_timelines ALTER small SET STORAGE plain, ALTER big SET STORAGE main;
INSERT INTO stored_timelines SELECT 'main', '{2026-01-31T21:05:00Z}', slice(t, '-infinity', '2026-01-02') FROM big_timeline;
ALTER TABLE stored_timelines ALTER big SET STORAGE extended;
INSERT INTO stored_timelines SELECT 'extended', '{2026-01-31T21:05:00Z}', t FROM big_timeline;
ALTER TABLE stored_timelines ALTER big SET STORAGE external;
INSERT INTO stored_timelines SELECT 'external', '{2026-01-31T21:05:00Z}', t FROM big_timeline;
ALTER TABLE stored_timelines ALTER big SET STORAGE plain;
INSERT INTO stored_timelines SELECT 'plain', '{2026-01-31T21:05:00Z}', slice(t, '-infinity', '2026-01-01 12:00') FROM big_timeline;
SELECT mode, pg_column_size(big) < num_contacts(big) / 2 AS compressed, num_contacts(big), first_at(big), last_at(big), peak(big, '1 hour'), meets(big, '361 in 1 hour'), num_contacts(big || small),
	big = (SELECT slice(t, '-infinity', last_at(big) + interval '1 microsecond') FROM big_timeline) AS same
FROM stored_timelines ORDER BY mode;
SELECT num_contacts(rollup(big)), num_contacts(rollup(small)) FROM stored_timelines;

-- stored bytes that are none, as of a newer version or a broken disk
CREATE CAST (bytea AS timeline) WITHOUT FUNCTION;
SELECT '\x010104f8ab899106009022b0ba4d'::bytea::timeline AS version_1;
\pset format unaligned
\pset tuples_only on
SELECT format(E'%s: %s', statement, pg_temp.refused(replace('SELECT ' || statement, '$', $$'\x0201057f'::bytea::timeline$$)))
FROM (VALUES ('$::text'), ('num_contacts($)'), ('first_at($)'), ('last_at($)'), ($$slice($, '-infinity', 'infinity')$$), ('contact_times($)'), ('$::timestamptz[]'), ('$::jsonb'), ('$ || $'), ('$ = $'),
	('rollup($)'), ($$peak($, '1 day')$$), ($$peak_window($, '1 day')$$), ($$meets($, '2 in 1 day')$$), ($$first_met($, '2 in 1 day')$$), ($$episodes($, criterion '2 in 1 day')$$), ($$episodes($, '{2 in 1 day}'::criterion[])$$),
	($$rolling_counts($, '1 day')$$), ($$daily_counts($, 'UTC')$$), ($$hour_of_week($, 'UTC')$$), ($$decayed_count($, '1 day', now())$$), ('burstiness($)'), ('sparkline($)'), ($$heatmap($, 'UTC')$$)) AS t(statement);
SELECT format(E'%s: %s', bytes, pg_temp.refused(format('SELECT last_at(%L::bytea::timeline)', bytes)))
FROM (VALUES ('\x'::bytea), ('\x01'), ('\x0101'), ('\x010200'), ('\x01010200'), ('\x0101ffffffffffffffffff01'), ('\x010102 00 80'), ('\x010101ffffffffffffffffff01'), ('\x010102 00 ffffffffffffffffff01')) AS t(bytes);
\pset tuples_only off
\pset format aligned
DROP CAST (bytea AS timeline);

DROP TABLE timelines, sorted_timelines, many_timelines, spread_timelines, copied_timelines, stored_timelines, big_timeline;

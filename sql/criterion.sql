-- The type criterion.
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\set any_zone
\i :helpers

-- what may be written, and the canonical text
SELECT written, written::criterion AS canonical
FROM (VALUES
	('5 in 1 day'), ('  5  IN  1  Day '), (E'5\tin\n1 day'), ('5 in 24 hours'), ('5 in 1440 minutes'), ('5 in 86400 sec'),
	('5 in 1 day 12 hours'), ('5 in 36 hours'), ('5 in 90 mins'), ('5 in 1 hour 30 min'), ('5 in 1 week'), ('5 in 2 weeks'),
	('10 or more in 7 days'), ('at least 10 in 7 days'), ('more than 5 in 7 days'), ('more than 0 in 1 second'),
	('0000000005 in 0001 day'), ('2147483647 in 36525 days'), ('1 in 3155760000 seconds'), ('1 in 1 second'),
	('5 per day in Europe/London'), ('more than 5 per week in Europe/London'), ('5 or more per month in Europe/London'),
	('5 per day in europe/LONDON'), ('5 per day in UTC'), ('5 per day in Etc/GMT+5'), ('5 per day in etc/gmt-14')) AS t(written);

-- what comes out goes in again
SELECT count(*) AS not_the_same
FROM unnest('{5 in 1 day, 6 in 7 days, 1 in 1 second, 7 in 61 seconds, 5 per day in Europe/London, 5 per week in UTC, 5 per month in Pacific/Apia}'::criterion[]) AS c
WHERE c::text::criterion IS DISTINCT FROM c OR pg_temp.received(criterion_send(c), 'engage.criterion')::criterion IS DISTINCT FROM c;

-- as people write them
SELECT written, written::criterion AS criterion
FROM unnest(ARRAY['5 in 24h', '5 in 24 h', '5 in 1d', '5 in a day', '5 in one day', 'five in 1 day', '5+ in 7 days', '>=5 in 24h', '>5 in 7 days', 'over 5 in 7 days',
	'5 calls within 7 days', '5 contacts in 7 days', '5 within 24 hours', '5 times in a week', '5 in any 7 days', '5 in 7 rolling days',
	'5 or more calls in 24 hours', '5 in 7d', '5 in 24hrs', '5 in 1 wk', 'twenty-one calls in a fortnight', '5x in a 24-hour period',
	'5 a day in Europe/London', '5/day in europe/london']) WITH ORDINALITY AS t(written, place) ORDER BY place;
SELECT E'\u2265 5 in 24\u00a0h'::criterion AS criterion;
SELECT written, criteria(written)
FROM unnest(ARRAY['5 in 24h', ' {5 in 24h, over 9 in 7 days}', '{}']) WITH ORDINALITY AS t(written, place) ORDER BY place;
SELECT criteria(NULL) IS NULL AS is_null;

-- text that is no criterion
\pset format unaligned
\pset tuples_only on
SELECT format(E'%s\n    %s', quote_literal(left(text, 90)), pg_temp.refused(format('SELECT %L::engage.criterion', text)))
FROM (VALUES
	(''), ('-5 in 1 day'), ('0 in 1 day'), ('2147483648 in 1 day'), ('more than 2147483647 in 1 day'), ('5.5 in 1 day'),
	('5'), ('5 in'), ('5 in day'), ('5 in 1'), ('5 in 1.5 days'), ('5 in 0 days'), ('5 in -1 day'),
	('5 in 36525 days 1 second'), ('5 in 99999999999 seconds'), ('5 in 1 month'), ('5 in 1 day 2 months'), ('5 in 1 year'), ('5 in 1 quarter'),
	('5 or in 1 day'), ('at 5 in 1 day'), ('more 5 in 1 day'), ('5 in 1 day in Europe/London'), ('5 in 1 day, 10 in 7 days'),
	('5 per hour in Europe/London'), ('5 per year in Europe/London'), ('5 per 2 days in Europe/London'), ('5 per day'), ('5 per day in'),
	('5 per day Europe/London'), ('5 per day in Europe/London, please'), ('5 per day in Atlantis'), ('5 per day in Mars/Base1'), ('5 per day in Mars1'),
	('5 per day in Etc/GMT5'), ('5 per day in Etc/GMT+99'), ('5 per day in BST'), ('5 per day in +01'), ('5 per day in <X>5'),
	('5 per day in right/Europe/London'), ('5 per day in ../Europe/London'), ('5 per day in /Europe/London'), ('5 per day in Europe'),
	('  '), ('>='), ('in 24 hours'), ('7 days'), ('5 calls'), ('5 in 24'), ('5 a day'), ('5/day'), ('5 calls a day'), ('5 daily'), ('5 per week'), ('5 monthly'),
	('5 in the same day'), ('5 every 7 days'), ('fewer than 5 in 1 day'), ('5-10 in 7 days'), ('5 999 calls in 24h'), ('5 in 1 day or 10 in 7 days'), ('{5 in 1 day}'),
	(repeat('5', 10000)), ('5 in 1 ' || repeat('x', 10000)), ('5 in ' || repeat('9', 10000) || ' days'), ('5 per day in ' || repeat('Z', 10000)),
	(repeat(' ', 10000) || '5 in 1 day' || repeat(' ', 9980) || 'x')) AS t(text);

-- binary form: version, kind, threshold, and the width or the zone's name
SELECT criterion_send('5 in 1 day'), criterion_send('10 per week in Europe/London');
SELECT pg_temp.received('\x01000000000500000014 1dd76000', 'engage.criterion');
SELECT pg_temp.received('\x01020000000a4575726f70652f4c6f6e646f6e', 'engage.criterion');
SELECT format(E'%s\n    %s', what, pg_temp.received(bytes, 'engage.criterion'))
FROM (VALUES
	('empty', '\x'::bytea), ('version 0', '\x0000000000050000 00141dd76000'), ('version 2', '\x0200000000050000 00141dd76000'),
	('cut short', '\x0100000000050000 00141dd760'), ('cut shorter', '\x01'), ('a byte too many', '\x0100000000050000 00141dd7600000'),
	('no such kind', '\x0104000000050000 00141dd76000'), ('a kind of 255', '\x01ff000000050000 00141dd76000'),
	('threshold 0', '\x0100000000000000 00141dd76000'), ('threshold -1', '\x0100ffffffff0000 00141dd76000'), ('threshold 2^31', '\x0100800000000000 00141dd76000'),
	('width 0', '\x010000000005000000 0000000000'), ('width -1', '\x010000000005ffffff ffffffffff'), ('half a second', '\x010000000005000000 000007a120'),
	('a century and a second', '\x010000000005000b3625a1db2240'), ('no zone', '\x010100000005'), ('no such zone', '\x01010000000541746c616e746973'),
	('a zone with a zero byte', '\x01010000000555540043'), ('a zone of 10,000 characters', '\x010100000005' || convert_to(repeat('Z', 10000), 'UTF8')),
	('10,000 zero bytes', decode(repeat('00', 10000), 'hex'))) AS t(what, bytes);
\pset tuples_only off
\pset format aligned

-- the longest width there is, and a zone of any spelling
SELECT pg_temp.received('\x010000000005000b3625a1cbe000', 'engage.criterion') AS century,
	pg_temp.received('\x0101000000056575726f70652f6c6f6e646f6e', 'engage.criterion') AS zone;

-- order: rolling windows before periods, narrow before wide, then threshold, then zone
CREATE TABLE some_criteria AS
SELECT place, c::criterion AS c
FROM unnest('{1 in 1 second,2 in 1 minute,5 in 1 day,6 in 1 day,1 in 7 days,1 in 36525 days,1 per day in Europe/London,1 per day in UTC,2 per day in Europe/London,1 per week in Europe/London,1 per month in Europe/London}'::text[]) WITH ORDINALITY AS t(c, place);
SELECT string_agg(c::text, ', ' ORDER BY c) AS ascending FROM some_criteria;
SELECT string_agg(c::text, ', ' ORDER BY c DESC) = (SELECT string_agg(c::text, ', ' ORDER BY place DESC) FROM some_criteria) AS descending FROM some_criteria;
SELECT count(*) AS pairs,
	count(*) FILTER (WHERE (a.c = b.c) <> (a.place = b.place)) AS eq,
	count(*) FILTER (WHERE (a.c <> b.c) <> (a.place <> b.place)) AS ne,
	count(*) FILTER (WHERE (a.c < b.c) <> (a.place < b.place)) AS lt,
	count(*) FILTER (WHERE (a.c <= b.c) <> (a.place <= b.place)) AS le,
	count(*) FILTER (WHERE (a.c > b.c) <> (a.place > b.place)) AS gt,
	count(*) FILTER (WHERE (a.c >= b.c) <> (a.place >= b.place)) AS ge,
	count(*) FILTER (WHERE sign(criterion_cmp(a.c, b.c)) <> sign(a.place - b.place)) AS cmp,
	count(*) FILTER (WHERE (criterion_hash(a.c) = criterion_hash(b.c)) <> (a.place = b.place)) AS hash,
	count(*) FILTER (WHERE (criterion_hash_extended(a.c, 7) = criterion_hash_extended(b.c, 7)) <> (a.place = b.place)) AS hash_extended
FROM some_criteria AS a, some_criteria AS b;
SELECT '5 in 1 day'::criterion = '5 in 24 hours' AS same_width, '5 per day in Europe/London'::criterion = '5 per day in EUROPE/LONDON' AS same_zone;
SELECT '5 in 1 day'::criterion = NULL AS unknown, NULL::criterion IS NULL AS is_null;

-- indexes, joins and partitions
CREATE TABLE many_criteria AS
SELECT format('%s in %s %s', 1 + i % 7, 1 + i % 50, (ARRAY['seconds', 'minutes', 'hours', 'days'])[1 + i % 4])::criterion AS c FROM generate_series(1, 3000) AS i;
CREATE INDEX many_btree ON many_criteria USING btree (c);
ANALYZE many_criteria;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SELECT pg_temp.plan_has($$SELECT FROM many_criteria WHERE c = '3 in 2 days'$$, 'many_btree') AS uses_btree;
SELECT count(*), (SELECT count(*) FROM many_criteria WHERE c::text = '3 in 2 days') AS expected FROM many_criteria WHERE c = '3 in 2 days';
SELECT count(*) AS narrow FROM many_criteria WHERE c < '1 in 1 minute';
SELECT count(*) AS sorted_wrongly FROM (SELECT c, lag(c) OVER (ORDER BY c) AS before FROM many_criteria) AS t WHERE before > c;
DROP INDEX many_btree;
CREATE INDEX many_hash ON many_criteria USING hash (c);
SELECT pg_temp.plan_has($$SELECT FROM many_criteria WHERE c = '3 in 2 days'$$, 'many_hash') AS uses_hash;
SELECT count(*) FROM many_criteria WHERE c = '3 in 2 days';
RESET enable_seqscan;
RESET enable_bitmapscan;
SELECT count(DISTINCT c), count(DISTINCT c::text) AS expected FROM many_criteria;
SET enable_mergejoin = off;
SET enable_nestloop = off;
SELECT pg_temp.plan_has('SELECT FROM many_criteria AS a JOIN many_criteria AS b USING (c)', 'Hash Join') AS hash_join;
SELECT count(*), (SELECT sum(n * n) FROM (SELECT count(*) AS n FROM many_criteria GROUP BY c::text) AS t) AS expected FROM many_criteria AS a JOIN many_criteria AS b USING (c);
SET enable_hashjoin = off;
SET enable_mergejoin = on;
SELECT pg_temp.plan_has('SELECT FROM many_criteria AS a JOIN many_criteria AS b USING (c)', 'Merge Join') AS merge_join;
SELECT count(*) FROM many_criteria AS a JOIN many_criteria AS b USING (c);
RESET enable_hashjoin;
RESET enable_nestloop;
CREATE TABLE spread_criteria (c criterion) PARTITION BY HASH (c);
CREATE TABLE spread_criteria_0 PARTITION OF spread_criteria FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE spread_criteria_1 PARTITION OF spread_criteria FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO spread_criteria SELECT c FROM many_criteria;
SELECT count(*) AS in_two_partitions FROM (SELECT DISTINCT c FROM spread_criteria_0 INTERSECT SELECT c FROM spread_criteria_1) AS t;
CREATE UNIQUE INDEX ON some_criteria (c);
SELECT pg_temp.refused($$INSERT INTO some_criteria VALUES (99, '5 in 24 hours')$$);

-- binary COPY there and back
\getenv results PG_ABS_BUILDDIR
\cd :results
\copy some_criteria to 'results/criterion.copy' (format binary)
CREATE TABLE copied_criteria (LIKE some_criteria);
\copy copied_criteria from 'results/criterion.copy' (format binary)
SELECT count(*) AS copied, count(*) FILTER (WHERE a.c IS NULL OR criterion_send(a.c) <> criterion_send(b.c)) AS different FROM some_criteria AS a FULL JOIN copied_criteria AS b USING (place);

-- stored bytes that are none, as of a newer version or a broken disk
CREATE CAST (bytea AS criterion) WITHOUT FUNCTION;
\pset format unaligned
\pset tuples_only on
SELECT format(E'%s: %s', statement, pg_temp.refused('SELECT ' || statement))
FROM (VALUES
	($$'\x0100000000050000 00141dd76000'::bytea::criterion::text$$), ($$'\x0200000000050000 00141dd76000'::bytea::criterion::text$$), ($$'\x'::bytea::criterion::text$$),
	($$'\x0200000000050000 00141dd76000'::bytea::criterion = '5 in 1 day'$$), ($$meets('{}', '\x01ff'::bytea::criterion)$$),
	($$repeat_callers(1, now(), ARRAY['\x01ff'::bytea::criterion])$$),
	($$meets('{2026-01-31T21:05:00Z}', '\x01010000000141746c616e746973'::bytea::criterion)$$)) AS t(statement);
\pset tuples_only off
\pset format aligned
DROP CAST (bytea AS criterion);

DROP TABLE some_criteria, many_criteria, spread_criteria, copied_criteria;

-- When and how steadily somebody calls.
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\i :helpers

-- local days, also where clocks change
SELECT zone, d.* FROM unnest('{UTC,Europe/London,Pacific/Apia}'::text[]) AS zone, daily_counts('{2026-06-30T22:59:59Z,2026-06-30T23:00:00Z,2026-06-30T23:59:59.999999Z,2026-07-01T00:00:00Z,2026-07-05T12:00:00Z}', zone) AS d;
SELECT d.* FROM daily_counts('{2026-03-28T23:59:59Z,2026-03-29T00:00:00Z,2026-03-29T22:59:59Z,2026-03-29T23:00:00Z}', 'Europe/London') AS d;
SELECT d.* FROM daily_counts('{2026-10-24T22:59:59Z,2026-10-24T23:00:00Z,2026-10-25T00:30:00Z,2026-10-25T01:30:00Z,2026-10-25T23:59:59Z,2026-10-26T00:00:00Z}', 'europe/london') AS d;
SELECT d.* FROM daily_counts('{2011-12-30T09:59:59Z,2011-12-30T10:00:00Z}', 'Pacific/Apia') AS d;
SELECT d.* FROM daily_counts('{-4713-11-24T12:00:00Z,1999-12-31T23:59:59Z,294276-12-31T23:59:59Z}', 'UTC') AS d;
-- a midnight that comes twice: the day that has begun goes on
SELECT d.* FROM daily_counts('{1990-10-28T02:29:00Z,1990-10-28T02:30:30Z,1990-10-28T02:31:00Z,1990-10-28T03:45:00Z}', 'America/St_Johns') AS d;
SELECT (SELECT count(*) FROM daily_counts('{}', 'UTC')) AS of_nothing, (SELECT count(*) FROM daily_counts(NULL, 'UTC')) AS of_null, (SELECT count(*) FROM daily_counts('{2026-01-01T00:00:00Z}', NULL)) AS null_zone;

-- hours of the week, from Monday 00:00
SELECT zone, array_length(h, 1), (SELECT sum(n) FROM unnest(h) AS n) AS contacts, (SELECT array_agg(format('%s x %s', place - 1, n) ORDER BY place) FROM unnest(h) WITH ORDINALITY AS u(n, place) WHERE n > 0) AS hours
FROM unnest('{UTC,Europe/London,America/New_York,Asia/Kathmandu}'::text[]) AS zone,
	hour_of_week('{1999-12-31T23:30:00Z,2026-06-28T22:59:59Z,2026-06-28T23:00:00Z,2026-06-29T00:00:00Z,2026-07-05T23:59:59Z,2026-07-05T23:59:59.999999Z}', zone) AS h;
SELECT hour_of_week('{2026-10-25T00:30:00Z,2026-10-25T01:30:00Z}', 'Europe/London') = array_fill(0, '{145}') || 2 || array_fill(0, '{22}') AS hour_twice;
SELECT hour_of_week('{}', 'UTC') = array_fill(0, '{168}') AS of_nothing, hour_of_week(NULL, 'UTC') IS NULL AS of_null, hour_of_week('{}', NULL) IS NULL AS null_zone;

-- decayed count: half-life 7 days, contacts on days 0, 1, 2, 6 and 6.5, read on day 7
CREATE TABLE decaying AS SELECT '{2026-01-01T00:00:00Z,2026-01-02T00:00:00Z,2026-01-03T00:00:00Z,2026-01-07T00:00:00Z,2026-01-07T12:00:00Z}'::timeline AS t;
SELECT decayed_count(t, '7 days', '2026-01-08')::numeric AS count, abs(decayed_count(t, '7 days', '2026-01-08') - 3.51897040121367) < 1e-14 AS same FROM decaying;
SELECT decayed_count(t, '1 day', '2026-01-01') AS now, decayed_count(t, '1 day', '2026-01-02') AS a_half_life_later, decayed_count(t, '1 day', '2025-12-31') AS before,
	decayed_count(t, '1 day', '2100-01-01') < 1e-300 AS long_after, round(decayed_count(t, '36525 days', '2026-01-08')::numeric, 3) AS slow FROM decaying;
-- the sum over two timelines is that of their union
SELECT abs(decayed_count(slice(t, '-infinity', '2026-01-03'), '7 days', '2026-01-08') + decayed_count(slice(t, '2026-01-03', 'infinity'), '7 days', '2026-01-08') - decayed_count(t, '7 days', '2026-01-08')) < 1e-14 AS additive FROM decaying;
SELECT decayed_count('{}', '1 day', '2026-01-01') AS of_nothing, decayed_count(NULL, '1 day', '2026-01-01') AS of_null;
-- the same from rows: the same bits, whatever the order; what is NULL is skipped, what comes later does not count
SELECT decayed_count_agg(at, '7 days', '2026-01-08')::numeric AS count, decayed_count_agg(at, '7 days', '2026-01-08') = decayed_count(timeline_agg(at), '7 days', '2026-01-08') AS same,
	decayed_count_agg(at, '7 days', '2026-01-08' ORDER BY at DESC) = decayed_count(timeline_agg(at), '7 days', '2026-01-08') AS backwards FROM decaying, contact_times(t) AS at;
SELECT decayed_count_agg(at, '1 day', '2026-01-03') AS count FROM (VALUES ('2026-01-01'::timestamptz), (NULL), ('2026-01-03'), ('2026-01-03 00:00:00.000001'), ('2026-02-01'), ('1900-01-01')) AS v(at);
SELECT decayed_count_agg(NULL, '1 day', '2026-01-03') AS of_null, decayed_count_agg('2026-01-01', NULL, '2026-01-03') AS null_half_life, decayed_count_agg('2026-01-01', '1 day', NULL) AS null_as_of,
	(SELECT decayed_count_agg(at, '1 day', '2026-01-03') FROM unnest('{}'::timestamptz[]) AS at) AS of_nothing, decayed_count_agg('2026-02-01', '1 day', '2026-01-03') AS of_later_ones;
-- a contact weighs something for 160 half-lives
SELECT decayed_count_agg('2026-01-01 00:00:00Z', '1 hour', '2026-01-07 16:00:00Z') = power(2::float8, -160) AS of_160, decayed_count_agg('2026-01-01 00:00:00Z', '1 hour', '2026-01-07 17:00:00Z') AS of_161;
-- as a window aggregate
SELECT at::date, decayed_count_agg(at, '1 day', '2026-01-03') OVER (ORDER BY at) FROM generate_series('2026-01-01'::timestamptz, '2026-01-03', '1 day') AS at;

-- a stored count is carried forward: merged at the later time, it is that of the whole
SELECT aged_count(4, '2026-01-01', '1 day', '2026-01-03') AS two_half_lives, aged_count(4, '2026-01-01', '1 day', '2026-01-01') AS at_once, aged_count(0, '2026-01-01', '1 day', '2100-01-01') AS nothing,
	aged_count(1e308, '4000-01-01 BC', '1 microsecond', '2100-01-01') AS long_after, aged_count(NULL, '2026-01-01', '1 day', '2026-01-03') AS of_null;
SELECT abs(aged_count(decayed_count(slice(t, '-infinity', '2026-01-03'), '7 days', '2026-01-04'), '2026-01-04', '7 days', '2026-01-08') + decayed_count(slice(t, '2026-01-03', 'infinity'), '7 days', '2026-01-08') - decayed_count(t, '7 days', '2026-01-08')) < 1e-12 AS merge_is_whole FROM decaying;
DROP TABLE decaying;

-- whatever the order, the split and the plan: the same bits; and merging partial counts by ageing comes to the whole
CREATE TABLE scattered AS
WITH RECURSIVE lcg(i, x) AS (
	SELECT 1, 20260101::bigint UNION ALL SELECT i + 1, (x * 1103515245 + 12345) % 2147483648 FROM lcg WHERE i < 20000
)
SELECT i, i % 40 AS caller, '2025-01-01'::timestamptz + (x >> 8) * interval '1.000001 seconds' AS at FROM lcg;
CREATE FUNCTION pg_temp.bits_of(setting text, forced boolean, query text) RETURNS TABLE (as_wanted boolean, bits text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config(name, CASE WHEN forced THEN '0' ELSE reset_val END, true) FROM pg_settings WHERE name IN ('min_parallel_table_scan_size', 'parallel_setup_cost', 'parallel_tuple_cost');
	PERFORM set_config('max_parallel_workers_per_gather', CASE WHEN forced THEN '3' ELSE '0' END, true), set_config('enable_hashagg', setting, true);
	as_wanted := pg_temp.plan_has(query, 'Partial') = forced;
	EXECUTE 'SELECT md5(string_agg(encode(float8send(d), ''hex''), '','' ORDER BY caller)) FROM (' || query || ') AS q(caller, d)' INTO bits;
	RETURN NEXT;
END $$;
SELECT count(*) FILTER (WHERE as_wanted) AS plans_as_wanted, count(DISTINCT bits) AS results
FROM (VALUES ('on', true), ('off', true), ('on', false), ('off', false)) AS s(setting, forced), LATERAL (VALUES ('scattered'), ('(SELECT * FROM scattered ORDER BY at OFFSET 0) AS s')) AS r(rows),
	LATERAL pg_temp.bits_of(setting, forced AND rows = 'scattered', format($$SELECT caller, decayed_count_agg(at, '30 days', '2025-03-20') FROM %s GROUP BY caller$$, rows)) AS b;
SELECT count(*) AS callers, count(*) FILTER (WHERE whole = from_timeline) AS same_bits, count(*) FILTER (WHERE abs(merged / whole - 1) < 1e-12) AS merge_is_whole, count(*) FILTER (WHERE abs(plain / whole - 1) < 1e-12) AS as_plain_sql
FROM (SELECT caller, decayed_count_agg(at, '30 days', '2025-03-20') AS whole, decayed_count(timeline_agg(at), '30 days', '2025-03-20') AS from_timeline,
		aged_count(decayed_count_agg(at, '30 days', '2025-02-15') FILTER (WHERE at <= '2025-02-15'), '2025-02-15', '30 days', '2025-03-20') + decayed_count_agg(at, '30 days', '2025-03-20') FILTER (WHERE at > '2025-02-15') AS merged,
		sum(exp(-ln(2) * extract(epoch FROM '2025-03-20' - at)::float8 / 2592000)) FILTER (WHERE at <= '2025-03-20') AS plain
	FROM scattered GROUP BY caller) AS c;
DROP TABLE scattered;

-- gaps, with the published values to the digits printed
CREATE FUNCTION pg_temp.timeline_of(gaps integer[]) RETURNS timeline LANGUAGE sql AS $$
	SELECT timeline(ARRAY['2026-01-01'::timestamptz] || (SELECT array_agg('2026-01-01'::timestamptz + s * interval '1 hour') FROM (SELECT sum(gap) OVER (ORDER BY place) AS s FROM unnest(gaps) WITH ORDINALITY AS u(gap, place)) AS t))
$$;
CREATE TABLE published (gaps integer[], r double precision, b double precision, bn double precision, m double precision);
INSERT INTO published VALUES ('{1,1,1,1,1,1,1,1,1,1}', 0, -1, -1, NULL), ('{1,1,1,1,16}', 1.5, 0.2, 0.6260612308660186, NULL), ('{13,6,4,6,2,2,39,1,5,2,4,2,2}', 1.4452830086895132, 0.18209876202761138, 0.3249553877573496, -0.20108561110026157),
	('{10,1,1,10,1,1,10,1,1}', 1.0606601717798212, 0.029437251522859375, 0.12943802552265823, -0.447213595499958), ('{1,2,3,4,5}', 0.47140452079103173, -0.3592455179659184, -0.38216135956250097, 1), ('{0,0,0,0,5}', 2, 1 / 3.0::float8, 1, NULL);
SELECT p.gaps, g.gaps, mean_gap, round(variation::numeric, 9) AS variation, round(burstiness::numeric, 9) AS burstiness, round(corrected::numeric, 9) AS corrected, round(memory::numeric, 9) AS memory, longest_gap
FROM published AS p, gap_profile(pg_temp.timeline_of(p.gaps)) AS g;
SELECT g.gaps, abs(variation - r) < 1e-15 AS r, abs(burstiness - b) < 1e-15 AS b, abs(corrected - bn) < 1e-15 AS bn, memory IS NULL AND m IS NULL OR abs(memory - m) < 1e-15 AS m, corrected = burstiness(pg_temp.timeline_of(p.gaps)) AS shared
FROM published AS p, gap_profile(pg_temp.timeline_of(p.gaps)) AS g;
DROP TABLE published;
SELECT t, g.*, burstiness(t) AS burstiness_alone
FROM unnest('{"{}","{2026-01-01T00:00:00Z}","{2026-01-01T00:00:00Z,2026-01-02T12:00:00Z}","{2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z}","{2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,2026-01-02T00:00:00Z}","{2026-01-01T00:00:00Z,2026-01-01T01:00:00Z,2026-01-02T00:00:00Z,2026-01-05T00:00:00.000001Z}",NULL}'::timeline[]) AS t, gap_profile(t) AS g;
SELECT longest_gap, mean_gap FROM gap_profile('{-4713-11-24T12:00:00Z,294276-12-31T23:59:59Z}');

-- what is refused
\pset format unaligned
\pset tuples_only on
SELECT format('%s: %s', statement, pg_temp.refused('SELECT ' || statement))
FROM (VALUES
	($$daily_counts('{}', 'Atlantis')$$), ($$daily_counts('{}', '')$$), ($$daily_counts('{}', 'Mars/Base1')$$), ($$daily_counts('{}', 'Etc/GMT5')$$), ($$daily_counts('{}', '+01')$$), ($$daily_counts('{}', 'BST')$$),
	($$daily_counts('{}', '../../etc/passwd')$$), ($$daily_counts('{}', repeat('Z', 10000))$$), ($$hour_of_week('{}', 'Atlantis')$$), ($$hour_of_week('{}', 'right/UTC')$$),
	($$decayed_count('{}', '0 days', now())$$), ($$decayed_count('{}', '-7 days', now())$$), ($$decayed_count('{}', '1 month', now())$$), ($$decayed_count('{}', '7 days', 'infinity')$$), ($$decayed_count('{}', '7 days', '-infinity')$$),
	($$decayed_count_agg(at, '7 days', '2026-01-08') FROM unnest('{2026-01-01,infinity}'::timestamptz[]) AS at$$), ($$decayed_count_agg('2026-01-01', '7 days', 'infinity')$$), ($$decayed_count_agg('2026-01-01', '0 days', '2026-01-08')$$), ($$decayed_count_agg('2026-01-01', '1 year', '2026-01-08')$$),
	($$decayed_count_agg('2026-01-01', half_life, '2026-01-08') FROM unnest('{7 days,8 days}'::interval[]) AS half_life$$), ($$decayed_count_agg('2026-01-01', '7 days', as_of) FROM unnest('{2026-01-08,2026-01-09}'::timestamptz[]) AS as_of$$),
	($$decayed_count_agg('2026-01-01', half_life, '2026-01-08') FROM unnest('{1 day,24 hours}'::interval[]) AS half_life$$),
	($$aged_count(-1, '2026-01-01', '7 days', '2026-01-08')$$), ($$aged_count('NaN', '2026-01-01', '7 days', '2026-01-08')$$), ($$aged_count('Infinity', '2026-01-01', '7 days', '2026-01-08')$$), ($$aged_count(1, '2026-01-08', '7 days', '2026-01-01')$$),
	($$aged_count(1, '-infinity', '7 days', '2026-01-08')$$), ($$aged_count(1, '2026-01-01', '7 days', 'infinity')$$), ($$aged_count(1, '2026-01-01', '-1 days', '2026-01-08')$$)) AS t(statement);
\pset tuples_only off
\pset format aligned

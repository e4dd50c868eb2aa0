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
DROP TABLE decaying;

-- burstiness, with the published values to the digits printed
CREATE FUNCTION pg_temp.burstiness_of(gaps integer[]) RETURNS double precision LANGUAGE sql AS $$
	SELECT burstiness(timeline(ARRAY['2026-01-01'::timestamptz] || (SELECT array_agg('2026-01-01'::timestamptz + s * interval '1 hour') FROM (SELECT sum(gap) OVER (ORDER BY place) AS s FROM unnest(gaps) WITH ORDINALITY AS u(gap, place)) AS t)))
$$;
SELECT gaps, pg_temp.burstiness_of(gaps)::numeric AS burstiness, abs(pg_temp.burstiness_of(gaps) - published) < 1e-15 AS same
FROM (VALUES ('{1,1,1,1,1,1,1,1,1,1}'::integer[], -1::double precision), ('{1,1,1,1,16}', 0.6260612308660186), ('{13,6,4,6,2,2,39,1,5,2,4,2,2}', 0.3249553877573496),
	('{10,1,1,10,1,1,10,1,1}', 0.12943802552265823), ('{1,2,3,4,5}', -0.38216135956250097), ('{0,0,0,0,5}', 1)) AS v(gaps, published);
SELECT burstiness('{}') AS nothing, burstiness(NULL) AS null, burstiness('{2026-01-01T00:00:00Z}') AS one, burstiness('{2026-01-01T00:00:00Z,2026-01-02T00:00:00Z}') AS two,
	burstiness('{2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z}') AS at_once, burstiness('{2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,2026-01-02T00:00:00Z}') AS three;

-- what is refused
\pset format unaligned
\pset tuples_only on
SELECT format('%s: %s', statement, pg_temp.refused('SELECT ' || statement))
FROM (VALUES
	($$daily_counts('{}', 'Atlantis')$$), ($$daily_counts('{}', '')$$), ($$daily_counts('{}', 'Mars/Base1')$$), ($$daily_counts('{}', 'Etc/GMT5')$$), ($$daily_counts('{}', '+01')$$), ($$daily_counts('{}', 'BST')$$),
	($$daily_counts('{}', '../../etc/passwd')$$), ($$daily_counts('{}', repeat('Z', 10000))$$), ($$hour_of_week('{}', 'Atlantis')$$), ($$hour_of_week('{}', 'right/UTC')$$),
	($$decayed_count('{}', '0 days', now())$$), ($$decayed_count('{}', '-7 days', now())$$), ($$decayed_count('{}', '1 month', now())$$), ($$decayed_count('{}', '7 days', 'infinity')$$), ($$decayed_count('{}', '7 days', '-infinity')$$)) AS t(statement);
\pset tuples_only off
\pset format aligned

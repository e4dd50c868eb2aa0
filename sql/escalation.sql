-- Who contacts more often than before, bursts allowed for.
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\set any_zone
\i :helpers

-- a caller by hand: occasions are contacts more than two hours after the first of the one before
CREATE TABLE person AS SELECT '2026-04-01T00:00:00Z'::timestamptz AS as_of, timeline(array_agg('2026-04-01T00:00:00Z'::timestamptz - hours * interval '1 hour')) AS t
FROM unnest('{-1,0,0.5,1.9,2,2.1,5,167.9,168,169,170.5,400,800,2183.9,2184,2185,2351}'::double precision[]) AS hours;
SELECT (e).recent_contacts, (e).baseline_contacts, (e).recent_occasions, (e).baseline_occasions, (e).recent_per_day = 3 / 7.0::double precision AS recent_per_day, abs((e).baseline_per_day - 4 / 84.0) < 1e-15 AS baseline_per_day, abs((e).ratio - 9) < 1e-12 AS ratio, (e).dispersion
FROM (SELECT escalation(t, as_of, dispersion => 1) AS e FROM person) AS t;
-- and by SQL alone: windows, and the chain of occasions
CREATE FUNCTION pg_temp.counted(t timeline, as_of timestamptz, width interval, OUT recent bigint, OUT baseline bigint) LANGUAGE sql AS $$
	WITH RECURSIVE at AS (SELECT a, row_number() OVER (ORDER BY a) AS i FROM contact_times(t) AS a),
	chain AS (SELECT i, a, a AS first FROM at WHERE i = 1
		UNION ALL SELECT at.i, at.a, CASE WHEN at.a > c.first + width / 84 THEN at.a ELSE c.first END FROM chain AS c JOIN at ON at.i = c.i + 1)
	SELECT count(*) FILTER (WHERE first > as_of - width AND first <= as_of AND i = least_i), count(*) FILTER (WHERE first <= as_of - width AND first > as_of - 13 * width AND i = least_i)
	FROM (SELECT *, min(i) OVER (PARTITION BY first) AS least_i FROM chain) AS c
$$;
SELECT width, e.recent_occasions = c.recent AS recent, e.baseline_occasions = c.baseline AS baseline
FROM person, unnest('{7 days,1 day,30 days,1 hour,14 days}'::interval[]) AS width, escalation(t, as_of, recent => width) AS e, pg_temp.counted(t, as_of, width) AS c;

-- with a dispersion known, against its definition: an urn that returns a ball with others of its colour
CREATE FUNCTION pg_temp.urn(least_recent bigint, n bigint, dispersion double precision, ratio double precision) RETURNS double precision LANGUAGE sql AS $$
	SELECT sum(p) FROM (
		SELECT k, (SELECT exp(sum(ln(CASE WHEN i < k THEN (n - i)::double precision / (k - i) * (a + i) ELSE b + i - k END / (a + b + i)))) FROM generate_series(0, n - 1) AS i) AS p
		FROM (SELECT n / (dispersion - 1) * ratio / (ratio + 12) AS a, n / (dispersion - 1) * 12 / (ratio + 12) AS b) AS t, generate_series(least_recent, n) AS k) AS t
$$;
CREATE TABLE example AS SELECT n, m, timeline(array_agg('2026-04-01'::timestamptz - at)) AS t
FROM (VALUES (9, 4), (3, 20), (20, 18), (0, 6), (5, 0), (1, 1), (0, 0)) AS v(n, m),
	LATERAL (SELECT i * interval '3 hours' AS at FROM generate_series(1, n) AS i UNION ALL SELECT interval '8 days' + i * interval '4 days' FROM generate_series(1, m) AS i UNION ALL SELECT interval '1000 days') AS at GROUP BY n, m;
SELECT n, m, d, abs(e.p_value - pg_temp.urn(n, n + m, d, 1)) < 1e-12 AS p_value, abs(pg_temp.urn(n, n + m, d, e.lower) - 0.05) < 1e-8 AS lower, abs(pg_temp.urn(n + 1, n + m, d, e.upper) - 0.95) < 1e-8 AS upper, (e.p_value <= 0.05) = (e.lower >= 1) AS agree
FROM example, unnest('{1.5,4}'::double precision[]) AS d, escalation(t, '2026-04-01', dispersion => d, level => 0.9) AS e WHERE n > 0 AND m > 0 ORDER BY n, m, d;
-- of dispersion 1 it is the exact ratio of Poisson rates
SELECT n, m, abs(e.lower / r.lower - 1) < 1e-8 AS lower, abs(e.upper / r.upper - 1) < 1e-8 AS upper, abs(e.ratio - r.ratio) < 1e-12 AS ratio, abs(e.p_value - r.p_value / 2) < 1e-12 AS p_value
FROM example, escalation(t, '2026-04-01', dispersion => 1) AS e, rate_ratio(n, 7, m, 84) AS r WHERE n > 0 AND m > 0 AND n / 7.0 > m / 84.0 ORDER BY n, m;
-- edges: nothing recent, nothing before, neither
SELECT n, m, e.ratio, round(e.lower::numeric, 3) AS lower, round(e.upper::numeric, 3) AS upper, round(e.p_value::numeric, 6) AS p_value, round(e.dispersion::numeric, 2) AS dispersion FROM example, escalation(t, '2026-04-01') AS e WHERE n = 0 OR m = 0 ORDER BY n, m;
SELECT escalation(NULL, now()), escalation('{}', NULL), escalation('{}', now(), level => NULL);
SELECT e.* FROM escalation('{}', '2026-04-01') AS e;

-- a population: 1,000 who call in bursts as they always did, and one who did
-- so once or twice a week, and 20 times in the last
CREATE FUNCTION pg_temp.draw(stream bigint, key bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT hashint8extended(stream * 2654435769, key) >> 20 & 4294967295 $$;
CREATE TABLE call AS
WITH burst AS (
	SELECT caller, b, pg_temp.draw(1000000 + caller * 100 + b, 1) % 9072000 AS second, 1 + pg_temp.draw(caller, 2) % 1000 * (pg_temp.draw(caller, 3) % 1000) / 200000 AS size
	FROM generate_series(1, 1000) AS caller, generate_series(1, 3 + pg_temp.draw(caller, 1) % 16 * (pg_temp.draw(caller, 4) % 16) / 7) AS b
)
SELECT caller, '2026-04-01'::timestamptz - (second + pg_temp.draw(caller * 10000 + b * 100 + i, 5) % 5000) * interval '1 second' AS at
FROM burst, generate_series(1, 1 + pg_temp.draw(caller * 100 + b, 6) % (2 * size)) AS i
UNION ALL SELECT 1001, '2026-04-01'::timestamptz - (604800 + pg_temp.draw(i, 7) % 7257600) * interval '1 second' FROM generate_series(1, 18) AS i
UNION ALL SELECT 1001, '2026-04-01'::timestamptz - (pg_temp.draw(i, 8) % 604800) * interval '1 second' FROM generate_series(1, 20) AS i;
CREATE TABLE population AS SELECT caller, timeline_agg(at) AS calls FROM call GROUP BY caller;
SELECT count(*) AS callers, sum(num_contacts(calls)) AS contacts, count(*) FILTER (WHERE meets(calls, '5 in 1 day')) AS with_5_in_a_day FROM population;
CREATE TABLE prior AS SELECT escalation_prior(calls, '2026-04-01') AS prior FROM population;
CREATE TABLE told AS SELECT caller, calls, e.* FROM population, prior, escalation(calls, '2026-04-01', prior) AS e;
WITH adjusted AS (
	SELECT u.* FROM (SELECT array_agg(caller ORDER BY caller) AS callers, benjamini_hochberg(array_agg(p_value ORDER BY caller)) AS qs FROM told) AS a, unnest(a.callers, a.qs) AS u(caller, q)
)
SELECT caller, recent_contacts, baseline_contacts, lower > 2 AS much_more, p_value < 1e-5 AS hardly_by_chance FROM told JOIN adjusted USING (caller) WHERE q <= 0.05 AND lower > 1 AND recent_contacts >= 5;
-- by Poisson alone, of contacts, many are flagged who do as ever
WITH plain AS (SELECT caller, CASE WHEN r.ratio > 1 THEN r.p_value / 2 ELSE 1 END AS p FROM told, rate_ratio(recent_contacts, 7, baseline_contacts, 84) AS r)
SELECT count(*) FILTER (WHERE q <= 0.05) > 10 AS many FROM (SELECT unnest(benjamini_hochberg(array_agg(p))) AS q FROM plain) AS t;
-- the prior's moments in plain SQL
SELECT (prior).callers, (prior).recent, (prior).occasions = (SELECT sum(baseline_occasions) FROM told) AS occasions, (SELECT bool_and(c.baseline = baseline_occasions AND c.recent = recent_occasions) FROM told, pg_temp.counted(calls, '2026-04-01', '7 days') AS c WHERE caller % 20 = 1) AS counted, abs((prior).mean - (SELECT avg(baseline_occasions) / 84 FROM told)) < 1e-12 AS mean,
	array_dims((prior).weights) AS dims, (SELECT bool_and(abs(s - 1) < 1e-12) FROM (SELECT sum((prior).weights[c][d]) AS s FROM generate_series(1, 18) AS c, generate_series(1, 18) AS d GROUP BY c) AS t) AS weights, round((prior).dispersion::numeric, 2) AS dispersion
FROM prior;
-- drawn towards the population's mean
SELECT bool_and(abs(t.baseline_per_day - (baseline_occasions / t.dispersion + days * (prior).mean) / (84 / t.dispersion + days)) < 1e-12) AS shrunk, bool_and(ratio BETWEEN lower AND upper) FILTER (WHERE recent_occasions > 0 AND baseline_occasions > 0) AS ratio_within_limits
FROM told AS t, prior, LATERAL (SELECT least((prior).shape / (prior).mean, 28 / t.dispersion) AS days) AS d;
-- the same bytes in any order, split and overlap
SELECT count(DISTINCT record_send(p)) AS values
FROM (SELECT escalation_prior(calls, '2026-04-01' ORDER BY caller) AS p FROM population UNION ALL SELECT escalation_prior(calls, '2026-04-01' ORDER BY hashint8(caller)) FROM population UNION ALL SELECT escalation_prior(calls, '2026-04-01', '168 hours' ORDER BY caller DESC) FROM population UNION ALL SELECT prior FROM prior) AS t;
BEGIN;
SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0; SET LOCAL min_parallel_table_scan_size = 0; SET LOCAL max_parallel_workers_per_gather = 2;
ALTER TABLE population SET (parallel_workers = 2);
SELECT pg_temp.plan_has('SELECT escalation_prior(calls, ''2026-04-01'') FROM population', 'Partial Aggregate') AS parallel;
SELECT record_send(escalation_prior(calls, '2026-04-01')) = (SELECT record_send(prior) FROM prior) AS same FROM population;
COMMIT;
SELECT escalation_prior(NULL, '2026-04-01') IS NULL AS null, (SELECT escalation_prior(calls, '2026-04-01') IS NULL FROM population WHERE false) AS none, (SELECT (escalation_prior(calls, d)).callers FROM (VALUES ('2026-04-01'::timestamptz), (NULL)) AS v(d), population) AS with_null;
SELECT (p).callers, (p).occasions, (p).mean, (p).shape, (p).dispersion FROM (SELECT escalation_prior('{}', '2026-04-01') AS p) AS t;
SELECT e.ratio, e.p_value FROM (SELECT escalation_prior('{}', '2026-04-01') AS p) AS t, escalation('{}', '2026-04-01', p) AS e;

-- what is refused
CREATE FUNCTION pg_temp.changed(field text, value text) RETURNS escalation_prior LANGUAGE plpgsql AS $$
DECLARE
	p engage.escalation_prior := (SELECT prior.prior FROM prior);
BEGIN
	RETURN jsonb_populate_record(p, jsonb_build_object(field, value::jsonb));
END $$;
\pset format unaligned
\pset tuples_only on
SELECT format('%s: %s', statement, pg_temp.refused('SELECT ' || statement))
FROM (VALUES
	($$escalation('{}', 'infinity')$$), ($$escalation('{}', '-infinity')$$), ($$escalation('{}', now(), dispersion => 0.99)$$), ($$escalation('{}', now(), dispersion => 'NaN')$$), ($$escalation('{}', now(), dispersion => 'Infinity')$$),
	($$escalation('{}', now(), level => 1)$$), ($$escalation('{}', now(), level => 'NaN')$$), ($$escalation('{}', now(), recent => '1 month')$$), ($$escalation('{}', now(), recent => '-7 days')$$), ($$escalation('{}', now(), recent => '1 minute')$$),
	($$escalation('{}', now(), prior, recent => '8 days') FROM prior$$), ($$escalation('{}', now(), pg_temp.changed('weights', '[1]'))$$), ($$escalation('{}', now(), pg_temp.changed('weights', 'null'))$$), ($$escalation('{}', now(), pg_temp.changed('dispersions', '[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18]'))$$),
	($$escalation('{}', now(), pg_temp.changed('mean', '-1'))$$), ($$escalation('{}', now(), pg_temp.changed('mean', '"NaN"'))$$), ($$escalation('{}', now(), pg_temp.changed('shape', '0'))$$), ($$escalation('{}', now(), pg_temp.changed('recent', '"1 second"'))$$),
	($$escalation('{}', now(), pg_temp.changed('weights', to_jsonb(array_fill(0.5, '{324}'))::text))$$), ($$escalation('{}', now(), pg_temp.changed('weights', to_jsonb(array_fill(-1, '{324}'))::text))$$),
	($$escalation_prior('{}', 'infinity')$$), ($$escalation_prior('{}', now(), '1 month')$$), ($$escalation_prior('{}', now(), '1 minute')$$), ($$escalation_prior('{}', d) FROM (VALUES ('2026-01-01'::timestamptz), ('2026-01-02')) AS v(d)$$), ($$escalation_prior('{}', '2026-01-01', d) FROM (VALUES ('1 day'::interval), ('2 days')) AS v(d)$$)) AS t(statement);
\pset tuples_only off
\pset format aligned
DROP FUNCTION pg_temp.changed(text, text);
DROP TABLE person, example, call, population, prior, told;

-- Run by bench/demand: a million callers drawn from a known model, within a
-- year, in whole seconds.
SET search_path = engage, public;
SET timezone = 'UTC';
SET max_parallel_workers_per_gather = 0;

\echo A million simulated callers: r = 1, alpha = 40 days, a = 1, b = 3
SELECT setseed(0.2026) \g /dev/null
CREATE TABLE drawn AS
SELECT caller, floor(300 * random()) AS began, -ln(1 - random()) / 40 AS rate, 1 - power(random(), 1 / 3.0) AS stop
FROM generate_series(1, 1000000) AS caller;
CREATE TABLE simulated AS
WITH RECURSIVE occasion(caller, day, rate, stop, number) AS (
	SELECT caller, began, rate, stop, 0 FROM drawn
	UNION ALL
	SELECT caller, day - ln(1 - random()) / rate, rate, stop, number + 1
	FROM occasion
	WHERE day < 365 AND (number = 0 OR random() >= stop)
)
SELECT caller, timeline_agg(timestamptz '2025-01-01' + make_interval(secs => floor(86400 * day))) AS t FROM occasion WHERE day < 365 GROUP BY caller;
VACUUM ANALYZE simulated;
SELECT count(*) AS callers, sum(num_contacts(t)) AS contacts FROM simulated;

\timing on
\echo Reading them: decoding alone
SELECT sum((demand_summary(t, '2026-01-01', '1 second')).frequency) AS repeats FROM simulated;
\echo The fit, by one process
CREATE TABLE fitted AS SELECT demand_model_agg(t, '2026-01-01', '1 second') AS m FROM simulated;
\echo The fit, in parallel
SET max_parallel_workers_per_gather = 2;
CREATE TABLE fitted_in_parallel AS SELECT demand_model_agg(t, '2026-01-01', '1 second') AS m FROM simulated;
SET max_parallel_workers_per_gather = 0;
\echo What to expect of each: occasions, contacts, and whether they are active, one after the other
SELECT round(sum(expected_occasions(t, m, '2026-01-01', '28 days'))::numeric) AS occasions FROM simulated, fitted;
SELECT round(sum(expected_contacts(t, m, '2026-01-01', '28 days'))::numeric) AS contacts FROM simulated, fitted;
SELECT round(sum(probability_active(t, m, '2026-01-01'))::numeric) AS active FROM simulated, fitted;
\timing off

\echo What was found
SELECT round((m).r::numeric, 4) AS r, round((m).alpha::numeric, 3) AS alpha, round((m).a::numeric, 4) AS a, round((m).b::numeric, 4) AS b, (m).iterations, (m).converged, m *= (SELECT p.m FROM fitted_in_parallel AS p) AS same_in_parallel
FROM fitted;

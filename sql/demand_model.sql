-- How often somebody will get in touch, and whether they have stopped.
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\i :helpers

-- occasions: a contact at least a day after the start of one starts the next
SELECT s.* FROM (VALUES (1, '{2026-01-01T00:00:00Z}'::timeline), (2, '{2026-01-01T00:00:00Z,2026-01-01T23:59:59.999999Z}'), (3, '{2026-01-01T00:00:00Z,2026-01-02T00:00:00Z}'),
	(4, '{2026-01-01T00:00:00Z,2026-01-01T20:00:00Z,2026-01-02T10:00:00Z,2026-01-02T20:00:00Z,2026-01-03T12:00:00Z}'), (5, '{2026-01-01T00:00:00Z,2026-01-10T00:00:00Z,2026-01-10T00:00:00.000001Z}'),
	(6, '{2026-01-10T00:00:00.000001Z}'), (7, '{}')) AS v(place, t), demand_summary(t, '2026-01-10', '1 day') AS s ORDER BY place;
SELECT demand_summary('{-4713-11-24T12:00:00Z,294276-12-31T23:59:59Z}', '294276-12-31T23:59:59.999999Z', '1 microsecond') AS all_time, demand_summary('{2026-01-01T00:00:00Z,2026-01-01T00:00:00Z}', '2026-01-01', '1 microsecond') AS at_once,
	demand_summary(NULL, '2026-01-01', '1 day') IS NULL AS null_timeline, demand_summary('{2026-01-01T00:00:00Z}', NULL, '1 day') IS NULL AS null_as_of, demand_summary('{2026-01-01T00:00:00Z}', '2026-01-02', NULL) IS NULL AS null_occasion;

-- A population drawn from the model: rates with r = 2 and alpha = 20 days, chances to stop with a = 1 and b = 3, and
-- contacts of an occasion within the hour, of which some callers make more than others.
CREATE FUNCTION pg_temp.draw(callers integer) RETURNS TABLE (caller integer, at timestamptz) LANGUAGE plpgsql AS $$
DECLARE
	x bigint := 20260101;
	u double precision[];
	day double precision;
	until double precision;
	rate double precision;
	stop double precision;
	more double precision;
BEGIN
	FOR i IN 1 .. callers LOOP
		u := '{}';
		FOR j IN 1 .. 4 LOOP
			x := x * 48271 % 2147483647;
			u := u || x / 2147483647.0::double precision;
		END LOOP;
		caller := i;
		day := floor(260 * u[1]);
		until := 365;
		rate := -ln(u[2] * u[3]) / 20;
		stop := 1 - power(u[4], 1 / 3.0);
		more := 0.7 * ((i * 7919) % 100) / 100;
		WHILE day < until LOOP
			at := timestamptz '2025-01-01' + make_interval(secs => floor(86400 * day));
			RETURN NEXT;
			FOR j IN 1 .. 5 LOOP
				x := x * 48271 % 2147483647;
				EXIT WHEN x / 2147483647.0 > more;
				at := at + interval '10 minutes';
				RETURN NEXT;
			END LOOP;
			x := x * 48271 % 2147483647;
			EXIT WHEN day > floor(260 * u[1]) AND x / 2147483647.0 < stop;
			x := x * 48271 % 2147483647;
			day := day - ln(x / 2147483647.0) / rate;
		END LOOP;
	END LOOP;
END $$;
CREATE TABLE contacts AS SELECT * FROM pg_temp.draw(3000);
CREATE INDEX contacts_of_caller ON contacts (caller, at);
ANALYZE contacts;
CREATE TABLE callers AS SELECT caller, timeline_agg(at) AS t FROM contacts GROUP BY caller;

-- against plain SQL: the rule of occasions, one contact after another
CREATE TABLE occasions AS
WITH RECURSIVE run(caller, at, started_at) AS (
	SELECT caller, min(at), min(at) FROM contacts WHERE at <= '2025-12-30' GROUP BY caller
	UNION ALL
	SELECT caller, n.at, CASE WHEN n.at >= started_at + interval '1 hour' THEN n.at ELSE started_at END
	FROM run, LATERAL (SELECT min(c.at) AS at FROM contacts AS c WHERE c.caller = run.caller AND c.at > run.at AND c.at <= '2025-12-30') AS n
	WHERE n.at IS NOT NULL
)
SELECT caller, started_at, count(*) AS contacts FROM run GROUP BY caller, started_at;
CREATE TABLE history AS
SELECT caller, count(*) - 1 AS frequency, extract(epoch FROM max(started_at) - min(started_at))::double precision / 86400 AS recency,
	extract(epoch FROM timestamptz '2025-12-30' - min(started_at))::double precision / 86400 AS age, sum(contacts)::bigint AS contacts
FROM occasions GROUP BY caller;
SELECT count(*) AS callers, max(h.frequency) AS most_repeats, sum(h.contacts) AS contacts, count(*) FILTER (WHERE (h.frequency, h.contacts) IS DISTINCT FROM (s.frequency, s.contacts)) AS counts_differ,
	count(*) FILTER (WHERE abs(h.recency - s.recency) > 1e-9 OR abs(h.age - s.age) > 1e-9) AS times_differ
FROM history AS h JOIN callers USING (caller), demand_summary(t, '2025-12-30', '1 hour') AS s;

CREATE TABLE fitted AS SELECT (demand_model_agg(t, '2025-12-30', '1 hour')).* FROM callers;
SELECT round(r::numeric, 3) AS r, round(alpha::numeric, 2) AS alpha, round(a::numeric, 3) AS a, round(b::numeric, 3) AS b, occasion, callers, converged, iterations < 20 AS quickly FROM fitted;

-- against plain SQL: the likelihood as the paper has it, with rising products in place of gamma functions
CREATE FUNCTION pg_temp.log_likelihood(r double precision, alpha double precision, a double precision, b double precision) RETURNS double precision LANGUAGE sql AS $$
	SELECT sum(n * ((SELECT coalesce(sum(ln(r + i) + ln(b + i) - ln(a + b + i)), 0) FROM generate_series(0, frequency - 1) AS i) + r * ln(alpha) - (r + frequency) * ln(alpha + recency)
		+ ln(power((alpha + recency) / (alpha + age), r + frequency) + CASE WHEN frequency > 0 THEN a / (b + frequency - 1) ELSE 0 END)))
	FROM (SELECT frequency, recency, age, count(*) AS n FROM history GROUP BY frequency, recency, age) AS h
$$;
SELECT abs(pg_temp.log_likelihood(r, alpha, a, b) - log_likelihood) < 1e-8 * abs(log_likelihood) AS likelihood_agrees,
	2 * (log_likelihood - pg_temp.log_likelihood(2, 20, 1, 3)) BETWEEN 0 AND 9.488 AS truth_within_95_percent
FROM fitted;
-- at the top: no slope by any parameter, and lower all around
SELECT count(*) AS places, count(*) FILTER (WHERE abs(high - low) / 2e-4 < 1e-3) AS without_slope, count(*) FILTER (WHERE greatest(far_low, far_high) < log_likelihood) AS lower_around
FROM fitted, (VALUES (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1), (1, 1, 0, 0), (1, -1, 0, 0), (0, 0, 1, 1), (0, 0, 1, -1), (1, 1, 1, 1)) AS v(dr, dalpha, da, db),
	pg_temp.log_likelihood(r * exp(1e-4 * dr), alpha * exp(1e-4 * dalpha), a * exp(1e-4 * da), b * exp(1e-4 * db)) AS high,
	pg_temp.log_likelihood(r * exp(-1e-4 * dr), alpha * exp(-1e-4 * dalpha), a * exp(-1e-4 * da), b * exp(-1e-4 * db)) AS low,
	pg_temp.log_likelihood(r * exp(1e-2 * dr), alpha * exp(1e-2 * dalpha), a * exp(1e-2 * da), b * exp(1e-2 * db)) AS far_high,
	pg_temp.log_likelihood(r * exp(-1e-2 * dr), alpha * exp(-1e-2 * dalpha), a * exp(-1e-2 * da), b * exp(-1e-2 * db)) AS far_low;

-- 400 callers whose values come from another program (mpmath, 30 digits)
CREATE TABLE small AS
SELECT frequency::bigint, recency::double precision, age::double precision
FROM (VALUES
	(0, 0, 20, 13), (0, 0, 30, 51), (0, 0, 40, 41), (0, 0, 50, 36), (0, 0, 60, 40), (1, 0, 30, 8), (1, 0, 40, 10), (1, 0, 50, 7),
	(1, 0, 60, 7), (1, 5, 20, 3), (1, 7.5, 30, 11), (1, 10, 40, 10), (1, 12.5, 50, 15), (1, 15, 30, 3), (1, 15, 60, 10), (1, 20, 40, 6),
	(1, 22.5, 30, 5), (1, 25, 50, 6), (1, 30, 30, 2), (1, 30, 40, 1), (1, 30, 60, 5), (1, 37.5, 50, 5), (1, 40, 40, 1), (1, 45, 60, 2),
	(2, 0, 30, 1), (2, 0, 40, 1), (2, 0, 50, 1), (2, 0, 60, 3), (2, 7.5, 30, 1), (2, 10, 20, 1), (2, 10, 40, 2), (2, 12.5, 50, 2),
	(2, 15, 20, 1), (2, 15, 30, 6), (2, 20, 40, 4), (2, 22.5, 30, 3), (2, 25, 50, 3), (2, 30, 40, 7), (2, 30, 60, 4), (2, 37.5, 50, 5),
	(2, 40, 40, 1), (2, 45, 60, 1), (2, 60, 60, 3), (3, 0, 50, 2), (3, 10, 20, 1), (3, 10, 40, 2), (3, 12.5, 50, 2), (3, 20, 40, 2),
	(3, 22.5, 30, 3), (3, 30, 40, 2), (3, 30, 60, 1), (3, 37.5, 50, 1), (3, 40, 40, 2), (3, 45, 60, 3), (3, 60, 60, 2), (4, 7.5, 30, 1),
	(4, 12.5, 50, 1), (4, 20, 40, 2), (4, 22.5, 30, 1), (4, 30, 60, 2), (4, 37.5, 50, 1), (4, 40, 40, 1), (4, 45, 60, 2), (5, 12.5, 50, 1),
	(5, 15, 30, 1), (5, 25, 50, 1), (5, 30, 40, 1), (5, 45, 60, 1), (6, 15, 60, 1), (6, 20, 40, 1), (6, 30, 60, 1), (6, 60, 60, 2),
	(7, 50, 50, 1), (8, 30, 40, 1), (8, 37.5, 50, 1), (9, 10, 40, 1), (9, 15, 30, 1), (11, 30, 40, 1), (11, 45, 60, 1), (12, 50, 50, 1)) AS v(frequency, recency, age, n), generate_series(1, n);
SELECT callers, converged, greatest(abs(r / 0.24984259751439797 - 1), abs(alpha / 2.1177368282023177 - 1), abs(a / 2.4452617240047656 - 1), abs(b / 3.866770028569752 - 1)) < 1e-8 AS parameters,
	abs(log_likelihood / -1959.9603994161938 - 1) < 1e-14 AS likelihood, occasion, contacts_per_occasion, occasion_weight
FROM (SELECT (demand_model_agg(frequency, recency, age)).* FROM small) AS m;

-- contacts an occasion, by moments
SELECT abs(contacts_per_occasion - mean) < 1e-12 AS mean_agrees, abs(occasion_weight / (within / between) - 1) < 1e-9 AS weight_agrees, round(contacts_per_occasion::numeric, 3) AS contacts_per_occasion, round(occasion_weight::numeric, 2) AS occasion_weight
FROM fitted, (
	SELECT mean, within, (sum(n * (own - mean) ^ 2) - (count(*) - 1) * within) / (sum(n) - sum(n * n) / sum(n)) AS between
	FROM (SELECT caller, count(*) AS n, avg(contacts) AS own FROM occasions GROUP BY caller) AS c, (SELECT avg(contacts) AS mean FROM occasions) AS m,
		(SELECT sum((o.contacts - c.own) ^ 2) / (count(*) - count(DISTINCT caller)) AS within FROM occasions AS o JOIN (SELECT caller, avg(contacts) AS own FROM occasions GROUP BY caller) AS c USING (caller)) AS w
	GROUP BY mean, within
) AS moments;
-- all alike, each as ever, and nobody twice
SELECT (demand_model_agg(t::timeline, '2026-02-01', '1 day')).contacts_per_occasion AS mean, (demand_model_agg(t::timeline, '2026-02-01', '1 day')).occasion_weight AS weight
FROM (VALUES (1, '{2026-01-01T00:00:00Z,2026-01-03T00:00:00Z}'), (1, '{2026-01-02T00:00:00Z,2026-01-05T00:00:00Z}'), (2, '{2026-01-01T00:00:00Z,2026-01-03T00:00:00Z}'), (2, '{2026-01-02T00:00:00Z,2026-01-02T12:00:00Z,2026-01-05T00:00:00Z,2026-01-05T12:00:00Z}'),
	(3, '{2026-01-01T00:00:00Z}'), (3, '{2026-01-02T00:00:00Z,2026-01-02T12:00:00Z}')) AS v(place, t) GROUP BY place ORDER BY place;

-- the same bytes in any order, split and plan
SELECT m *= descending AS descending, m *= by_length AS by_length FROM (
	SELECT demand_model_agg(t, '2025-12-30', '1 hour' ORDER BY caller) AS m, demand_model_agg(t, '2025-12-30', '1 hour' ORDER BY caller DESC) AS descending,
		demand_model_agg(t, '2025-12-30', '1 hour' ORDER BY num_contacts(t), caller) AS by_length FROM callers) AS d;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET enable_indexscan = off;
ALTER TABLE callers SET (parallel_workers = 3);
ALTER TABLE small SET (parallel_workers = 3);
ANALYZE callers, small;
SET max_parallel_workers_per_gather = 3;
SELECT pg_temp.plan_has($$SELECT demand_model_agg(t, '2025-12-30', '1 hour') FROM callers$$, 'Partial Aggregate') AS parallel;
CREATE TABLE by_workers AS SELECT (SELECT demand_model_agg(t, '2025-12-30', '1 hour') FROM callers) AS m, (SELECT demand_model_agg(frequency, recency, age) FROM small) AS of_summaries;
SET max_parallel_workers_per_gather = 0;
SELECT m *= (SELECT demand_model_agg(t, '2025-12-30', '1 hour') FROM callers) AS same, of_summaries *= (SELECT demand_model_agg(frequency, recency, age) FROM small) AS same_of_summaries FROM by_workers;
RESET max_parallel_workers_per_gather;
RESET enable_indexscan;
RESET min_parallel_table_scan_size;
RESET parallel_tuple_cost;
RESET parallel_setup_cost;
-- as a window aggregate, whose state goes on after each result
SELECT (last_value(m) OVER (ORDER BY frequency ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)) *= (SELECT demand_model_agg(frequency, recency, age) FROM (SELECT * FROM small ORDER BY frequency, recency, age LIMIT 210) AS s) AS same
FROM (SELECT frequency, demand_model_agg(frequency, recency, age) OVER (ORDER BY frequency, recency, age ROWS UNBOUNDED PRECEDING) AS m FROM small ORDER BY frequency, recency, age LIMIT 210) AS w LIMIT 1;

-- expectations against another program (the hypergeometric function of mpmath, 50 digits), where a = 1 and a + b = 1 by their limits
SELECT frequency, recency, age, horizon, round(found::numeric, 6) AS occasions, round(active::numeric, 6) AS active, abs(found / occasions - 1) < 1e-12 AS occasions_agree, abs(active / probability - 1) < 1e-12 AS active_agrees
FROM (VALUES (0.243, 4.414, 0.793, 2.426, 2, 30.43, 38.86, 39, 1.2260281747671444, 0.72657857008067291),
	(0.243, 4.414, 0.793, 2.426, 0, 0, 38.86, 39, 0.19509805201126264, 1),
	(0.243, 4.414, 0.793, 2.426, 26, 37, 38.86, 39, 16.76512035387068, 0.91609921326240034),
	(0.243, 4.414, 1, 2.426, 3, 20, 38.86, 39, 0.94111948834617619, 0.40883547028396341),
	(0.5, 10, 0.3, 0.4, 0, 0, 30, 60, 0.55588737783634873, 1),
	(0.5, 10, 0.3, 0.7, 0, 0, 30, 60, 0.60265580694274835, 1),
	(2, 20, 0.01, 3, 150, 360, 365, 28, 11.045321055061587, 0.99952040761656806),
	(3, 5, 2, 1.5, 700, 90, 90, 365, 555.91326988063244, 0.99715302491103203),
	(0.2, 0.5, 0.8, 1.2, 1, 1, 1, 1000, 13.334310039960381, 0.6),
	(4, 100, 30, 200, 12, 300, 365, 90, 0.98716091122257893, 0.38734054311205188),
	(2, 20, 0.01, 3, 400, 100, 365, 28, 3.5127143847868938e-198, 1.2019148521369236e-199)) AS v(r, alpha, a, b, frequency, recency, age, horizon, occasions, probability),
	CAST(ROW(r, alpha, a, b, NULL, NULL, NULL, NULL, NULL, NULL, NULL) AS demand_model) AS m,
	expected_occasions(frequency, recency, age, m, horizon) AS found, probability_active(frequency, recency, age, m) AS active;
-- a new caller is one with no repeat and no age
SELECT expected_occasions(m, 39) = expected_occasions(0, 0, 0, m, 39) AS same, round(expected_occasions(m, 39)::numeric, 4) AS in_39, round(expected_occasions(m, 1e-9)::numeric, 15) AS at_once, expected_occasions(m, 1e12) > 1000 AS in_the_end
FROM CAST(ROW(0.243, 4.414, 0.793, 2.426, NULL, NULL, NULL, NULL, NULL, NULL, NULL) AS demand_model) AS m;
-- of timelines the same as of their summaries, and contacts as the rule says
SELECT count(*) AS callers, count(*) FILTER (WHERE expected_occasions(t, m, '2025-12-30', '28 days') = expected_occasions(s.frequency, s.recency, s.age, m, 28)) AS occasions_agree,
	count(*) FILTER (WHERE probability_active(t, m, '2025-12-30') = probability_active(s.frequency, s.recency, s.age, m)) AS active_agrees,
	count(*) FILTER (WHERE abs(expected_contacts(t, m, '2025-12-30', '28 days') / (expected_occasions(t, m, '2025-12-30', '28 days') * (m.occasion_weight * m.contacts_per_occasion + s.contacts) / (m.occasion_weight + s.frequency + 1)) - 1) < 1e-12) AS contacts_agree
FROM callers, CAST((SELECT f FROM fitted AS f)::text AS demand_model) AS m, demand_summary(t, '2025-12-30', '1 hour') AS s;
-- weights at their ends: the population's mean, or the caller's own
SELECT weight, round((expected_contacts(t, m, '2026-01-10', '7 days') / expected_occasions(t, m, '2026-01-10', '7 days'))::numeric, 10) AS contacts_per_occasion
FROM (VALUES (0::double precision), (2), ('infinity')) AS v(weight), CAST(ROW(1, 10, 1, 2, '1 day'::interval, 2, weight, NULL, NULL, NULL, NULL) AS demand_model) AS m,
	CAST('{2026-01-01T00:00:00Z,2026-01-01T01:00:00Z,2026-01-01T02:00:00Z,2026-01-05T00:00:00Z,2026-01-05T01:00:00Z}' AS timeline) AS t;
-- one model after another in one call
SELECT array_agg(round(expected_occasions(m, 10)::numeric, 6) ORDER BY place) FROM (VALUES (1, 1), (2, 1), (3, 2), (4, 1)) AS v(place, r), CAST(ROW(r, 10, 1, 2, CASE WHEN r = 2 THEN '1 day'::interval END, 1, 1, NULL, NULL, NULL, NULL) AS demand_model) AS m;
SELECT expected_contacts('{}', m, '2026-01-01', '1 day') AS of_nothing, expected_occasions('{2026-01-02T00:00:00Z}', m, '2026-01-01', '1 day') AS of_later, probability_active('{}', m, '2026-01-01') AS active, expected_contacts(NULL, m, '2026-01-01', '1 day') AS of_null,
	expected_contacts('{2026-01-01T00:00:00Z}', NULL, '2026-01-01', '1 day') AS null_model
FROM CAST(ROW(1, 10, 1, 2, '1 day'::interval, 1, 1, NULL, NULL, NULL, NULL) AS demand_model) AS m;

-- populations that tell too little: numbers, but not converged
SELECT name, (m).callers, (m).converged, 0 < ALL (ARRAY[(m).r, (m).alpha, (m).a, (m).b]) AND 1e30 > ALL (ARRAY[(m).r, (m).alpha, (m).a, (m).b]) AND abs((m).log_likelihood) < 1e30 AS numbers, expected_occasions(m, 7) BETWEEN 0 AND 1e30 AS expects
FROM (SELECT place, name, demand_model_agg(frequency, recency, age) AS m FROM (
		SELECT 1 AS place, 'nobody repeats' AS name, 0::bigint AS frequency, 0::double precision AS recency, 5 + n::double precision AS age FROM generate_series(1, 100) AS n
		UNION ALL SELECT 2, 'all alike', 5, 50, 50 FROM generate_series(1, 100)
		UNION ALL SELECT 3, 'one caller', 3, 5, 9
		UNION ALL SELECT 4, 'one contact', 0, 0, 9
		UNION ALL SELECT 5, 'just begun', 0, 0, 0 FROM generate_series(1, 5)
		UNION ALL SELECT 6, 'at once', 2, 0, 0 FROM generate_series(1, 5)
		UNION ALL SELECT 7, 'never ends', n, 50, 50 FROM generate_series(1, 100) AS n
		UNION ALL SELECT 8, 'the most', 1000000000, 3, 5 FROM generate_series(1, 5)) AS v
	GROUP BY place, name ORDER BY place) AS d;
SELECT demand_model_agg(t, '2025-12-30', '1 day') AS before_all FROM (VALUES ('{2026-01-01T00:00:00Z}'::timeline), ('{}'), (NULL)) AS v(t);
SELECT demand_model_agg(NULL::bigint, 1, 1) IS NULL AND demand_model_agg(1, NULL, 1) IS NULL AND demand_model_agg(1, 1, NULL) IS NULL AS null_summary, demand_model_agg(t, NULL, '1 day') IS NULL AND demand_model_agg(t, '2026-01-02', NULL) IS NULL AS null_argument,
	(SELECT demand_model_agg(t, '2026-01-02', '1 day') IS NULL FROM callers WHERE false) AS none FROM (VALUES ('{2026-01-01T00:00:00Z}'::timeline)) AS v(t);
-- each caller's own end
SELECT (demand_model_agg(t, as_of, '36 hours')).occasion, (demand_model_agg(t, as_of, '36 hours')).callers FROM (VALUES ('{2026-01-01T00:00:00Z}'::timeline, '2026-01-05'::timestamptz), ('{2026-01-01T00:00:00Z}', '2026-01-09'), ('{2026-01-01T00:00:00Z}', '2025-01-09')) AS v(t, as_of);
DROP TABLE contacts, callers, occasions, history, fitted, small, by_workers;

-- what is refused
\pset format unaligned
\pset tuples_only on
SELECT format('%s: %s', statement, pg_temp.refused('SELECT ' || statement))
FROM (VALUES
	($$demand_model_agg(-1, 0, 0)$$), ($$demand_model_agg(1000000001, 0, 0)$$), ($$demand_model_agg(1, 2, 1)$$), ($$demand_model_agg(1, -1, 1)$$), ($$demand_model_agg(1, 'NaN', 1)$$), ($$demand_model_agg(1, 1, 'NaN')$$), ($$demand_model_agg(1, 1, 'infinity')$$),
	($$demand_model_agg(1, 0, -1)$$), ($$demand_model_agg(1, 0, 1e101)$$), ($$demand_model_agg(1, 0, 1e-101)$$), ($$demand_model_agg(0, 1, 1)$$),
	($$demand_model_agg('{2026-01-01T00:00:00Z}'::timeline, 'infinity', '1 day')$$), ($$demand_model_agg('{2026-01-01T00:00:00Z}'::timeline, '2026-01-02', '0 days')$$), ($$demand_model_agg('{2026-01-01T00:00:00Z}'::timeline, '2026-01-02', '1 month')$$),
	($$demand_model_agg(t, '2026-01-02', o) FROM (VALUES ('{2026-01-01T00:00:00Z}'::timeline, '1 day'::interval), ('{2026-01-01T00:00:00Z}', '1 hour')) AS v(t, o)$$),
	($$demand_summary('{}', '2026-01-01', '-1 day')$$), ($$demand_summary('{}', '-infinity', '1 day')$$),
	($$expected_occasions('{}', m, '2026-01-01', '0 days') FROM (SELECT demand_model_agg('{2026-01-01T00:00:00Z}'::timeline, '2026-01-02', '1 day') AS m) AS d$$),
	($$expected_occasions('{}', m, 'infinity', '1 day') FROM (SELECT demand_model_agg('{2026-01-01T00:00:00Z}'::timeline, '2026-01-02', '1 day') AS m) AS d$$),
	($$expected_contacts('{}', m, '2026-01-01', '1 day') FROM (SELECT demand_model_agg(1, 1, 1) AS m) AS d$$), ($$probability_active('{}', m, '2026-01-01') FROM (SELECT demand_model_agg(1, 1, 1) AS m) AS d$$),
	($$expected_occasions(1, 1, 1, m, 0) FROM (SELECT demand_model_agg(1, 1, 1) AS m) AS d$$), ($$expected_occasions(m, 'NaN') FROM (SELECT demand_model_agg(1, 1, 1) AS m) AS d$$), ($$expected_occasions(m, 'infinity') FROM (SELECT demand_model_agg(1, 1, 1) AS m) AS d$$),
	($$expected_occasions(1, 2, 1, m, 1) FROM (SELECT demand_model_agg(1, 1, 1) AS m) AS d$$), ($$probability_active(-1, 0, 1, m) FROM (SELECT demand_model_agg(1, 1, 1) AS m) AS d$$),
	($$expected_occasions(ROW(0, 1, 1, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::demand_model, 1)$$), ($$expected_occasions(ROW(1, 'NaN', 1, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::demand_model, 1)$$),
	($$expected_occasions(ROW(1, 1, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::demand_model, 1)$$), ($$expected_occasions(ROW(1, 1, 1, 'infinity', NULL, NULL, NULL, NULL, NULL, NULL, NULL)::demand_model, 1)$$),
	($$expected_occasions(ROW(1e10, 1, 1, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::demand_model, 1)$$),
	($$expected_occasions(ROW(1, 1, 1, 1, '1 month', 1, 1, NULL, NULL, NULL, NULL)::demand_model, 1)$$), ($$expected_occasions(ROW(1, 1, 1, 1, '1 day', NULL, 1, NULL, NULL, NULL, NULL)::demand_model, 1)$$),
	($$expected_occasions(ROW(1, 1, 1, 1, '1 day', 0.5, 1, NULL, NULL, NULL, NULL)::demand_model, 1)$$), ($$expected_occasions(ROW(1, 1, 1, 1, '1 day', 1, -1, NULL, NULL, NULL, NULL)::demand_model, 1)$$), ($$expected_occasions(ROW(1, 1, 1, 1, '1 day', 1, 'NaN', NULL, NULL, NULL, NULL)::demand_model, 1)$$)) AS t(statement);
\pset tuples_only off
\pset format aligned

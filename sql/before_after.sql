-- Did it help, with regression to the mean taken out.
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\set any_zone
\i :helpers

-- a road of 1.8 km in a year and in three, as Hauer et al. (2002) print it: 2.40885 accidents a km and year are usual
SELECT round((0.0224 * power(4000, 0.564))::numeric, 5) AS usual;
SELECT years, observed, round(weight::numeric, 5) AS weight, round(expected::numeric, 3) AS expected, round(sd::numeric, 3) AS sd,
	round((expected / unit)::numeric, 2) AS per_unit, round((sd / unit)::numeric, 2) AS sd_per_unit
FROM (VALUES (1, 12, 1.8), (3, 27, 3)) AS v(years, observed, unit), empirical_bayes(observed, years, 0.0224 * power(4000, 0.564) * 1.8, 2.05 * 1.8);
SELECT e.* FROM empirical_bayes(12, 2, 3, 'Infinity') AS e;
SELECT e.* FROM empirical_bayes(0, 1, 0, 2) AS e;

-- a fall from nothing: all who had 10 contacts or more in a week, of a population in which nothing changes
SELECT shape, mean, round(sum(p * k) / sum(p), 2) AS before, round(sum(p * e.expected::numeric) / sum(p), 2) AS expected, round(100 * (1 - sum(p * e.expected::numeric) / sum(p * k))) AS percent
FROM (VALUES (0.2, 0.5), (0.1, 0.3), (0.05, 0.2)) AS v(shape, mean),
	LATERAL (WITH RECURSIVE pmf(k, p) AS (
			SELECT 0, power(shape / (shape + mean), shape) UNION ALL SELECT k + 1, p * (shape + k) / (k + 1) * mean / (shape + mean) FROM pmf WHERE k < 400)
		SELECT * FROM pmf) AS pmf,
	LATERAL empirical_bayes(k, 1, mean, shape) AS e
WHERE k >= 10 GROUP BY shape, mean ORDER BY shape DESC;

-- an effect: against the tails of a binomial distribution, summed up.  A count Y around a mean that is gamma of shape 12 with
-- variance mean ^ 2 / 12 is at most y if of y + 12 trials at least 12 succeed, of which each does with 12 / (12 + mean)
CREATE FUNCTION pg_temp.at_most(y integer, mean double precision) RETURNS double precision LANGUAGE sql AS $$
	SELECT sum(factorial(y + 12) / factorial(j) / factorial(y + 12 - j) * power(12 / (12 + mean), j) * power(mean / (12 + mean), y + 12 - j)) FROM generate_series(12, y + 12) AS j
$$;
SELECT y, round(effect::numeric, 4) AS effect, round(sd::numeric, 4) AS sd, round(lower::numeric, 4) AS lower, round(upper::numeric, 4) AS upper, round(p_value::numeric, 4) AS p_value,
	abs(pg_temp.at_most(y, 20 * upper) - 0.025) < 1e-9 AS upper_right, y = 0 OR abs(1 - pg_temp.at_most(y - 1, 20 * lower) - 0.025) < 1e-9 AS lower_right,
	abs(p_value - least(1, 2 * least(pg_temp.at_most(y, 20), CASE WHEN y = 0 THEN 1 ELSE 1 - pg_temp.at_most(y - 1, 20) END))) < 1e-9 AS p_right,
	abs(effect - y / 20.0 / (1 + 1 / 12.0)) < 1e-12 AS effect_right, y = 0 OR abs(sd - effect * sqrt(1.0 / y + 1 / 12.0) / (1 + 1 / 12.0)) < 1e-12 AS sd_right
FROM unnest('{0,3,11,20,45}'::integer[]) AS y, effect_size(y, 20, 400 / 12.0);
-- an expectation that is known: Garwood's interval
SELECT y, round((4 * lower)::numeric, 6) AS lower, round((4 * upper)::numeric, 6) AS upper FROM unnest('{0,1,5,25,600}'::integer[]) AS y, effect_size(y, 4, 0);
SELECT level, round(lower::numeric, 3) AS lower, round(upper::numeric, 3) AS upper FROM unnest('{0.9,0.95,0.99}'::float8[]) AS level, effect_size(84, 120, 180, level);

-- hours
SELECT round(contacts_fewer::numeric, 1) AS fewer, round(hours_per_month::numeric, 2) AS hours, round(lower::numeric, 2) AS lower, round(upper::numeric, 2) AS upper, formula FROM hours_saved(96, 142.5, 200, 900, 3);
SELECT formula FROM hours_saved(96, 142.5, 200, 900, 3, 60, 0.9);
SELECT formula FROM hours_saved(96, 100, 0, 600, 1);
SELECT formula FROM hours_saved(0, 0, 0, 600, 12);
SELECT abs(lower - (40 - 36.9049317)) < 1e-6 AS lower, abs(upper - (40 - 16.1786819)) < 1e-6 AS upper FROM hours_saved(25, 40, 0, 3600, 1);

-- a force as it is expected: 20,000 callers, of shape 0.2 and mean 0.5; afterwards, given what they did before
CREATE TABLE force AS
WITH RECURSIVE prior(k, p) AS (
	SELECT 0, power(0.2::float8 / 0.7, 0.2) UNION ALL SELECT k + 1, p * (0.2 + k) / (k + 1) * 0.5 / 0.7 FROM prior WHERE k < 60
), callers AS (
	SELECT k AS before, round(20000 * p)::integer AS n FROM prior WHERE round(20000 * p) > 0
), after(before, n, k, p, below) AS (
	SELECT before, n, 0, power(1.4::float8 / 2.4, 0.2 + before), 0::float8 FROM callers
	UNION ALL SELECT before, n, k + 1, p * (0.2 + before + k) / (k + 1) / 2.4, below + p FROM after WHERE k < 80
)
SELECT row_number() OVER (ORDER BY before, number) AS caller, before::bigint,
	(SELECT max(a.k) FROM after AS a WHERE a.before = c.before AND a.below <= (number - 0.5) / n)::bigint AS after, number % 2 = 0 AS even
FROM callers AS c, generate_series(1, n) AS number;
SELECT count(*) AS callers, sum(before) AS before, sum(after) AS after, count(*) FILTER (WHERE before >= 10) AS ten_or_more FROM force;

-- the prior: mean and likelihood by plain SQL, the likelihood lower to all sides
CREATE FUNCTION pg_temp.log_likelihood(mean float8, shape float8) RETURNS float8 LANGUAGE sql AS $$
	SELECT sum(n * ((SELECT coalesce(sum(ln(shape + j) - ln(j + 1)), 0) FROM generate_series(0, before - 1) AS j) + shape * ln(shape / (shape + mean)) + before * ln(mean / (shape + mean))))
	FROM (SELECT before, count(*) AS n FROM force GROUP BY before) AS c
$$;
CREATE TABLE prior AS SELECT (gamma_prior_agg(before, 1)).* FROM force;
SELECT round(mean::numeric, 4) AS mean, round(shape::numeric, 4) AS shape, callers, round(log_likelihood::numeric, 4) AS log_likelihood, iterations < 10 AS quick, converged FROM prior;
SELECT abs(mean - (SELECT avg(before) FROM force)) < 1e-9 AS mean, abs(log_likelihood - pg_temp.log_likelihood(mean, shape)) < 1e-6 AS log_likelihood,
	(SELECT bool_and(log_likelihood > pg_temp.log_likelihood(mean * a, shape * b)) FROM (VALUES (1, 0.999), (1, 1.001), (0.999, 1), (1.001, 1), (1.001, 1.001), (0.999, 0.999)) AS v(a, b)) AS top
FROM prior;
-- exposures that differ: twice as long for some, in another unit for all
SELECT round(a.mean::numeric, 6) = round((7 * b.mean)::numeric, 6) AS mean, round(a.shape::numeric, 6) = round(b.shape::numeric, 6) AS shape
FROM (SELECT (gamma_prior_agg(before, 1 + caller % 2)).* FROM force) AS a, (SELECT (gamma_prior_agg(before, 7 * (1 + caller % 2))).* FROM force) AS b;
-- no more spread than by chance; nobody who called; a single caller
SELECT name, (p).mean, (p).shape, (p).callers, round((p).log_likelihood::numeric, 6) AS log_likelihood, (p).converged
FROM (SELECT name, gamma_prior_agg(x, 1) AS p FROM (VALUES ('alike', '{2,2,2,2}'::bigint[]), ('nothing', '{0,0,0}'), ('one', '{5}')) AS v(name, counts), unnest(counts) AS x GROUP BY name) AS t ORDER BY name;
SELECT gamma_prior_agg(NULL, 1) IS NULL AS contacts, gamma_prior_agg(1, NULL) IS NULL AS exposure, (SELECT gamma_prior_agg(before, 1) IS NULL FROM force WHERE false) AS none FROM force;

-- nothing is done, and yet those with 10 contacts or more fall by a quarter
CREATE TABLE result AS
SELECT name, (before_after(before, after, managed)).* FROM (
	SELECT 'all' AS name, before, after, before >= 10 AS managed FROM force
	UNION ALL SELECT 'half', before, after, before >= 10 AND even FROM force
	UNION ALL SELECT 'half, 30 % fewer', before, CASE WHEN before >= 10 AND even THEN round(0.7 * after) ELSE after END::bigint, before >= 10 AND even FROM force
	UNION ALL SELECT 'nobody', before, after, false FROM force
	UNION ALL SELECT 'the chosen alone', before, after, true FROM force WHERE before >= 10
	UNION ALL SELECT 'twice as many', before, 2 * after, before >= 10 FROM force) AS t
GROUP BY name;
SELECT name, managed, before, after, round(naive_ratio::numeric, 3) AS naive, round(expected_before::numeric, 1) AS expected_before, round(comparison_ratio::numeric, 3) AS ratio, round(calibration::numeric, 3) AS calibration,
	round(expected_after::numeric, 1) AS expected_after, round(expected_sd::numeric, 1) AS sd, round(dispersion::numeric, 3) AS dispersion FROM result ORDER BY name;
SELECT name, round(effect::numeric, 3) AS effect, round(lower::numeric, 3) AS lower, round(upper::numeric, 3) AS upper, round(p_value::numeric, 4) AS p_value, round(power::numeric, 3) AS power, round(detectable::numeric, 3) AS detectable,
	comparable, comparable_managed AS managed, round(effect_comparable::numeric, 3) AS effect, round(lower_comparable::numeric, 3) AS lower, round(upper_comparable::numeric, 3) AS upper, round(p_value_comparable::numeric, 4) AS p_value FROM result ORDER BY name;
SELECT name, warning FROM result, unnest(warnings) AS warning ORDER BY name, warning COLLATE "C";
-- against plain SQL: moments, what was expected before, and what follows from the numbers that are shown
SELECT name, r.before = t.before AS before, r.after = t.after AS after, abs(r.expected_before - t.expected) < 1e-9 AS expected_before,
	abs(expected_after - comparison_ratio * (managed * prior_mean + calibration * (expected_before - managed * prior_mean))) < 1e-9 AS expected_after,
	(e.effect, e.lower, e.upper, e.p_value) = (r.effect, r.lower, r.upper, r.p_value) AS effect, p.mean = r.prior_mean AND p.shape = r.prior_shape AS prior
FROM result AS r, prior AS p, effect_size(r.after, expected_after, expected_sd ^ 2) AS e, LATERAL (
	SELECT sum(before) AS before, sum(after) AS after, sum(1 / (1 + p.mean / p.shape) * p.mean + (1 - 1 / (1 + p.mean / p.shape)) * before) AS expected FROM force WHERE before >= 10 AND (even OR name = 'all')) AS t
WHERE name IN ('all', 'half') ORDER BY name;
-- the comparable: callers with like counts before, those with equal floor(2 sqrt(before)), weighed to the managed
WITH strata AS (
	SELECT floor(2 * sqrt(before)) AS stratum, count(*) FILTER (WHERE managed) AS managed, count(*) FILTER (WHERE NOT managed) AS unmanaged, sum(after) FILTER (WHERE managed) AS after,
		sum(expected) FILTER (WHERE managed) * sum(after) FILTER (WHERE NOT managed) / sum(expected) FILTER (WHERE NOT managed) AS expected
	FROM (SELECT before, after, before >= 10 AND even AS managed, (empirical_bayes(before, 1, mean, shape)).expected FROM force, prior) AS t GROUP BY 1
)
SELECT sum(unmanaged) = max(r.comparable) AS comparable, sum(s.managed) = max(comparable_managed) AS managed, abs(sum(s.after) / sum(s.expected) / max(effect_comparable) - 1) < 0.1 AS near_the_ratio
FROM strata AS s, result AS r WHERE name = 'half' AND s.managed > 0 AND unmanaged > 1;

-- the same bytes in any order, in parts, and by several workers
CREATE FUNCTION pg_temp.bytes(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	change before_after_result;
	prior gamma_prior;
BEGIN
	EXECUTE 'SELECT (before_after(before, after, before >= 10 AND even)).* FROM (' || query || ') AS f' INTO change;
	EXECUTE 'SELECT (gamma_prior_agg(before, 1 + caller % 3)).* FROM (' || query || ') AS f' INTO prior;
	RETURN md5(record_send(change) || record_send(prior));
END $$;
SELECT count(DISTINCT pg_temp.bytes(query)) AS different
FROM unnest('{"SELECT * FROM force ORDER BY caller","SELECT * FROM force ORDER BY caller DESC","SELECT * FROM force ORDER BY md5(caller::text)","SELECT * FROM force ORDER BY after, even"}'::text[]) AS query;
SELECT pg_temp.bytes('SELECT * FROM force ORDER BY caller') AS alone \gset
SET max_parallel_workers_per_gather = 4;
SET min_parallel_table_scan_size = 0;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
ALTER TABLE force SET (parallel_workers = 4);
SELECT pg_temp.plan_has('SELECT before_after(before, after, even), gamma_prior_agg(before, 1) FROM force', 'Partial Aggregate') AS partial,
	pg_temp.bytes('SELECT * FROM force') = :'alone' AS same,
	pg_temp.bytes('SELECT * FROM force WHERE caller = 3') = pg_temp.bytes('SELECT * FROM force WHERE caller = 3 ORDER BY caller') AS one,
	(SELECT before_after(before, after, even) IS NULL AND gamma_prior_agg(before, 1) IS NULL FROM force WHERE caller < 0) AS none;
RESET max_parallel_workers_per_gather;
RESET min_parallel_table_scan_size;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;

-- NULL
SELECT before_after(NULL, 1, true) IS NULL AS before, before_after(1, NULL, true) IS NULL AS after, before_after(1, 1, NULL) IS NULL AS managed FROM generate_series(1, 3);
SELECT empirical_bayes(NULL, 1, 1, 1) AS empirical_bayes, effect_size(1, NULL, 1) AS effect_size, hours_saved(1, 1, 1, NULL, 1) AS hours_saved;
-- hardly any data
SELECT (r).managed, (r).before, (r).after, (r).naive_ratio, (r).expected_after, (r).effect, (r).warnings
FROM (SELECT case_no, before_after(before, after, managed) AS r FROM (VALUES (1, 0, 0, true), (1, 0, 0, false), (2, 3, 0, true), (2, 0, 0, false), (3, 3, 0, true), (4, 0, 1, false)) AS v(case_no, before, after, managed) GROUP BY case_no) AS t ORDER BY case_no;

-- what is refused
\pset format unaligned
\pset tuples_only on
SELECT format('%s: %s', statement, pg_temp.refused('SELECT ' || statement))
FROM unnest(ARRAY['gamma_prior_agg(-1, 1)', 'gamma_prior_agg(2147483648, 1)', 'gamma_prior_agg(1, 0)', $$gamma_prior_agg(1, 'NaN')$$, $$gamma_prior_agg(1, 'Infinity')$$,
	'before_after(-1, 1, true)', 'before_after(1, 2147483648, true)', 'before_after(1, 2147483647, true) FROM generate_series(1, 3)',
	'empirical_bayes(-1, 1, 1, 1)', 'empirical_bayes(1, 0, 1, 1)', $$empirical_bayes(1, 1, 'NaN', 1)$$, 'empirical_bayes(1, 1, 1, 0)', $$empirical_bayes(1, 1, 1, '-Infinity')$$, $$empirical_bayes(1, 1, 1, 'NaN')$$,
	'effect_size(-1, 1, 1)', 'effect_size(1, 0, 1)', 'effect_size(1, 1, -1)', $$effect_size('Infinity', 1, 1)$$, 'effect_size(1, 1, 1, 1)', 'effect_size(1, 1, 1, 0)', $$effect_size(1, 1, 1, 'NaN')$$,
	'hours_saved(1, 1, 1, -1, 1)', 'hours_saved(1, 1, 1, 1, 0)', 'hours_saved(1, 1, 1, 1, 1, -1)', 'hours_saved(1, 1, 1, 1, 1, 0, 2)']) AS statement;
\pset tuples_only off
\pset format aligned
DROP TABLE force, prior, result;

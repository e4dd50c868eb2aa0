-- Logistic regression, how good predictions were, and interrupted time series.
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\set any_zone
\i :helpers
SET extra_float_digits = 1;

-- 800 rows with three measures, and outcomes that follow them
CREATE TABLE seen AS
WITH RECURSIVE lcg(i, x) AS (
	SELECT 0, 20260101::bigint UNION ALL SELECT i + 1, (x * 1103515245 + 12345) % 2147483648 FROM lcg WHERE i < 3999
), draw AS (
	SELECT i / 5 AS row, array_agg((x >> 8) % 1000 ORDER BY i) AS u FROM lcg GROUP BY i / 5
)
SELECT row, ARRAY[u[1] % 10, (u[2] % 21 - 10) / 4.0, u[3]]::float8[] AS m,
	u[4] / 1000.0 < 1 / (1 + exp(-(-3 + 0.3 * (u[1] % 10) - 0.6 * (u[2] % 21 - 10) / 4.0 + 0.003 * u[3]))) AS happened
FROM draw;
CREATE TABLE model AS SELECT penalty, (logistic_agg(happened, m, penalty)).* FROM seen, (VALUES (0::float8), (25), (1e6)) AS v(penalty) GROUP BY penalty;
SELECT penalty, observations, events, iterations, converged, array_length(weights, 1) AS weights, round(log_likelihood::numeric, 6) AS log_likelihood FROM model ORDER BY penalty;
-- penalty 0: by statsmodels 0.15.0 (Python 3.11), Logit, method newton, tol 1e-15;
-- penalty 25: by 50 Newton steps in NumPy on standardised measures
SELECT penalty, max(abs(v / expected - 1)) < 1e-11 AS as_computed
FROM model, LATERAL (SELECT weights || standard_errors || log_likelihood) AS a(found), LATERAL (SELECT CASE penalty
	WHEN 0 THEN '{-3.11239093167317,0.352219289115414,-0.671089853755019,0.00320325242539344,0.265366675177915,0.0346443179902926,0.0681815116871637,0.000332912498468636,-397.838943549238}'
	ELSE '{-2.36556629198492,0.269115641125945,-0.499994009979973,0.00244613785602554,0.210604498542553,0.0281319448948252,0.0545065148436278,0.000272774623665249,-403.95285918523}' END::float8[]) AS b(wanted),
	unnest(found, wanted) AS u(v, expected)
WHERE penalty <= 25 GROUP BY penalty ORDER BY penalty;
-- in plain SQL: what residuals and a measure have in common is the penalty times weight and variance, which is so at the maximum alone
SELECT penalty, max(abs(common - penalty * weight * variance) / (1 + abs(common))) < 1e-9 AS at_maximum, count(*) AS equations
FROM (SELECT penalty, j, sum(residual * z) AS common, max(weights[j]) AS weight, CASE j WHEN 1 THEN 0 ELSE var_pop(z) END AS variance
	FROM (SELECT penalty, weights, happened::integer - logistic_probability(weights, m) AS residual, 1 || m AS m FROM seen, model) AS r, unnest(m) WITH ORDINALITY AS u(z, j)
	GROUP BY penalty, j) AS t
GROUP BY penalty ORDER BY penalty;
SELECT max(abs(logistic_probability(weights, m) - 1 / (1 + exp(-(weights[1] + weights[2] * m[1] + weights[3] * m[2] + weights[4] * m[3]))))) < 1e-15 AS probabilities FROM seen, model;
-- however rows come, alone or at once, the same bytes
SELECT count(*) AS ways, count(DISTINCT fit) AS fits FROM (
	SELECT logistic_agg(happened, m, 25 ORDER BY row)::text AS fit FROM seen
	UNION ALL SELECT logistic_agg(happened, m, 25 ORDER BY row DESC)::text FROM seen
	UNION ALL SELECT logistic_agg(happened, m, 25 ORDER BY row % 17, row)::text FROM seen
	UNION ALL SELECT logistic_agg(happened, m || '{}'::float8[], 25 ORDER BY m, happened)::text FROM seen
	UNION ALL SELECT logistic_agg(happened, m, 25)::text FROM (SELECT happened, m FROM seen UNION ALL SELECT NULL, '{1,2,3}' UNION ALL SELECT true, '{1,NULL,3}' UNION ALL SELECT true, NULL) AS t
	UNION ALL SELECT (weights, standard_errors, observations, events, log_likelihood, iterations, converged)::text FROM model WHERE penalty = 25) AS t;
-- ten of each row: weights stay, standard errors shrink, where there is no penalty
SELECT max(abs(a / b - 1)) < 1e-10 AS weights, max(abs(c / d - sqrt(0.1))) < 1e-10 AS standard_errors
FROM (SELECT (logistic_agg(happened, m, 0)).* FROM seen, generate_series(1, 10)) AS ten, model AS one, unnest(ten.weights, one.weights, ten.standard_errors, one.standard_errors) AS u(a, b, c, d) WHERE penalty = 0;
-- as a window aggregate it fits each row's past
SELECT count(*) FILTER (WHERE (w).observations = n) AS windows FROM (SELECT row_number() OVER v AS n, logistic_agg(happened, m, 1) OVER v AS w FROM seen WHERE row < 50 WINDOW v AS (ORDER BY row)) AS t;

-- a table of four: log odds, and roots of sums of inverses; no measure at all
SELECT (weights[1] - ln(30 / 70.0))::numeric(20, 12) AS intercept, (weights[2] - ln(3 * 70 / 30.0))::numeric(20, 12) AS log_odds_ratio, (standard_errors[2] - sqrt(1 / 30.0 + 1 / 70.0 + 1 / 45.0 + 1 / 15.0))::numeric(20, 12) AS standard_error
FROM (SELECT (logistic_agg(happened, ARRAY[m], 0)).* FROM (VALUES (0, true, 30), (0, false, 70), (1, true, 45), (1, false, 15)) AS v(m, happened, n), generate_series(1, n)) AS t;
SELECT (weights[1] - ln(3 / 7.0))::numeric(20, 12) AS intercept, array_length(weights, 1) AS weights FROM (SELECT (logistic_agg(i <= 3, '{}', 0)).* FROM generate_series(1, 10) AS i) AS t;
-- a measure that is constant, or made of others, has no weight of its own
SELECT weights[3] AS constant, weights[5] AS doubled, weights[6] AS summed, standard_errors[3] IS NULL AND standard_errors[5] IS NULL AND standard_errors[6] IS NULL AS no_errors, array_position(standard_errors, NULL) AS first, converged,
	abs(weights[2] - 0.352219289115414) < 1e-12 AS as_without
FROM (SELECT (logistic_agg(happened, ARRAY[m[1], 7, m[2], m[1] * 2 + 1, m[1] + m[2], m[3]], 0)).* FROM seen) AS t;
-- a measure that separates: no maximum without a penalty
SELECT penalty, converged, standard_errors[2] IS NULL AS no_errors, weights[2] > 3 AS steep FROM (SELECT penalty, (logistic_agg(m[1] > 4, m, penalty)).* FROM seen, (VALUES (0), (1)) AS v(penalty) GROUP BY penalty) AS t ORDER BY penalty;
SELECT happened, (fit).* FROM (SELECT happened, logistic_agg(happened, m, 1) AS fit FROM seen GROUP BY happened) AS t ORDER BY happened;
SELECT logistic_agg(NULL, '{1}', 0) IS NULL AND logistic_agg(true, NULL, 0) IS NULL AND logistic_agg(true, '{1,NULL}', 0) IS NULL AS skipped, (SELECT logistic_agg(happened, m, 0) IS NULL FROM seen WHERE false) AS none;
-- -0 is 0
SELECT (logistic_agg(i % 3 = 0, ARRAY[m], 1)).weights[1] = (logistic_agg(i % 3 = 0, ARRAY[abs(m)], 1)).weights[1] AS zero FROM (SELECT i, CASE i % 2 WHEN 0 THEN '-0'::float8 ELSE 0 END AS m FROM generate_series(1, 30) AS i UNION ALL SELECT 31, 1) AS t;

SELECT logistic_probability('{0,1}', '{0}') AS even, logistic_probability('{-2}', '{}')::numeric(10, 6) AS base, logistic_probability('{0,800}', '{1}') AS sure, logistic_probability('{0,-700}', '{1}') > 0 AS never_quite, logistic_probability('{0,1e308,1}', '{1e308,1}') AS beyond,
	logistic_probability('{0,1}', '{NULL}') IS NULL AND logistic_probability(NULL, '{1}') IS NULL AS unknown, logistic_probability('[5:6]={0,1}', '[0:0]={0}') AS bounds;

-- Predictions, against counting every pair.
CREATE TABLE predicted AS
SELECT row % 7 AS town, CASE row % 7 WHEN 0 THEN round(p::numeric, 1) WHEN 1 THEN 0.4 WHEN 2 THEN p * p ELSE p END::float8 AS p, happened AND row % 7 <> 6 AS happened
FROM (SELECT row, logistic_probability(weights, m) AS p, happened FROM seen, model WHERE penalty = 0) AS t;
CREATE TABLE quality AS SELECT town, (prediction_quality(p, happened)).* FROM predicted GROUP BY town;
SELECT town, predictions, events, round(mean_predicted::numeric, 6) AS mean_predicted, round(brier::numeric, 6) AS brier, round(brier_reference::numeric, 6) AS reference, round(skill::numeric, 6) AS skill, round(auc::numeric, 6) AS auc, round(log_loss::numeric, 6) AS log_loss FROM quality ORDER BY town;
SELECT count(*) AS towns, count(*) FILTER (WHERE q.predictions = s.predictions AND q.events = s.events) AS counts,
	max(greatest(abs(q.mean_predicted - s.mean_predicted), abs(q.brier - s.brier), abs(q.log_loss - s.log_loss), abs(q.brier_reference - share * (1 - share)))) < 1e-13 AS means,
	max(abs(q.auc - s.auc)) < 1e-14 AS auc, max(abs(q.skill - (1 - s.brier / (share * (1 - share))))) < 1e-13 AS skill, count(*) FILTER (WHERE q.auc IS NULL AND q.skill IS NULL) AS one_class
FROM quality AS q JOIN (
	SELECT town, count(*) AS predictions, sum(happened::integer) AS events, avg(p) AS mean_predicted, avg((p - happened::integer) ^ 2) AS brier, avg(-ln(CASE WHEN happened THEN p ELSE 1 - p END)) AS log_loss, nullif(avg(happened::integer), 0)::float8 AS share,
		(SELECT avg(CASE WHEN a.p > b.p THEN 1 WHEN a.p = b.p THEN 0.5 ELSE 0 END) FROM predicted AS a JOIN predicted AS b USING (town) WHERE a.town = c.town AND a.happened AND NOT b.happened) AS auc
	FROM predicted AS c GROUP BY town) AS s USING (town);
SELECT name, predictions, events, mean_predicted, brier, brier_reference, skill, auc, round(log_loss::numeric, 9) AS log_loss FROM (SELECT place, name, (prediction_quality(p, happened)).* FROM (VALUES (1, 'perfect', 1, true), (1, 'perfect', 0, false), (2, 'wrong', 0, true), (2, 'wrong', 1, false), (3, 'always', 1, true), (4, 'with NULL', 0.5, true), (4, 'with NULL', 0.5, false), (4, 'with NULL', NULL, true), (4, 'with NULL', 0.9, NULL)) AS v(place, name, p, happened) GROUP BY place, name) AS t ORDER BY place;
SELECT prediction_quality(NULL, true) IS NULL AND prediction_quality(0.5, NULL) IS NULL AND reliability(NULL, true, 5) IS NULL AND top_share(1, NULL, 5) IS NULL AS null,
	(SELECT prediction_quality(p, happened) IS NULL AND reliability(p, happened, 5) IS NULL AND top_share(p, happened, 5) IS NULL FROM predicted WHERE false) AS none;

-- Reliability: bins of one size where all differ; what is equal stays together.
SELECT bin, predictions, round(mean_predicted::numeric, 6) AS mean_predicted, happened, round(share::numeric, 6) AS share, round(lower::numeric, 6) AS lower, round(upper::numeric, 6) AS upper, within
FROM (SELECT (unnest(reliability(p, happened, 4))).* FROM predicted WHERE town = 3) AS t;
CREATE TABLE bins AS SELECT town, wanted, b.* FROM (SELECT town, wanted, reliability(p, happened, wanted) AS r FROM predicted, (VALUES (1), (5), (10), (200)) AS v(wanted) GROUP BY town, wanted) AS t, unnest(r) AS b;
SELECT wanted, count(*) AS bins, bool_and(bin = place) AS numbered, bool_and(mean_predicted > before) AS ascending, bool_and(within = (mean_predicted BETWEEN lower AND upper)) AS within, count(*) FILTER (WHERE within) AS are_within,
	max(predictions) FILTER (WHERE town > 1) - min(predictions) FILTER (WHERE town > 1) AS size_differs
FROM (SELECT *, row_number() OVER w AS place, lag(mean_predicted) OVER w AS before FROM bins WINDOW w AS (PARTITION BY town, wanted ORDER BY bin)) AS t GROUP BY wanted ORDER BY wanted;
-- by ranks in plain SQL
SELECT count(*) AS bins, count(*) FILTER (WHERE a.predictions = b.predictions AND a.happened = b.happened AND abs(a.mean_predicted - b.mean_predicted) < 1e-14 AND abs(a.share - b.share) < 1e-14) AS agree
FROM bins AS a FULL JOIN (
	SELECT town, wanted, row_number() OVER (PARTITION BY town, wanted ORDER BY place) AS bin, count(*) AS predictions, sum(happened::integer) AS happened, avg(p) AS mean_predicted, avg(happened::integer) AS share
	FROM (SELECT *, div(wanted * (2 * rank() OVER (PARTITION BY town, wanted ORDER BY p) - 2 + count(*) OVER (PARTITION BY town, wanted, p)), 2 * count(*) OVER (PARTITION BY town, wanted)) AS place FROM predicted, (VALUES (1), (5), (10), (200)) AS v(wanted)) AS t
	GROUP BY town, wanted, place) AS b USING (town, wanted, bin);
-- the bounds by their definition: outside each is 2.5 % of a binomial distribution
CREATE FUNCTION pg_temp.tail(p float8, n bigint, first bigint, last bigint) RETURNS float8 LANGUAGE sql AS $$
	SELECT coalesce(sum(exp(ln(factorial(n) / (factorial(k) * factorial(n - k)))::float8 + k * ln(p) + (n - k) * ln(1 - p))), 0) FROM generate_series(first, last) AS k
$$;
SELECT count(*) AS bins, count(*) FILTER (WHERE CASE happened WHEN 0 THEN lower = 0 ELSE abs(pg_temp.tail(lower, predictions, happened, predictions) - 0.025) < 1e-10 END) AS lower,
	count(*) FILTER (WHERE CASE happened WHEN predictions THEN upper = 1 ELSE abs(pg_temp.tail(upper, predictions, 0, happened) - 0.025) < 1e-10 END) AS upper FROM bins;

-- The top by lot among equals, against ranks.
SELECT n, top_share(score, happened, n) FROM (VALUES (5, true), (5, false), (4, true), (4, true), (4, false), (1, true)) AS v(score, happened), (VALUES (1), (2), (3), (4), (5), (6), (7)) AS w(n) GROUP BY n ORDER BY n;
SELECT count(*) AS cases, max(abs(by_toolkit - by_sql)) < 1e-14 AS agree FROM (
	SELECT town, n, top_share(p - 0.5, happened, n) AS by_toolkit, sum(least(greatest(n - above, 0), same) / same::float8) FILTER (WHERE happened) / least(n, count(*)) AS by_sql
	FROM (SELECT *, rank() OVER (PARTITION BY town ORDER BY p DESC) - 1 AS above, count(*) OVER (PARTITION BY town, p) AS same FROM predicted) AS r, (VALUES (1), (10), (57), (1000)) AS v(n) WHERE town < 6 GROUP BY town, n) AS t;
SELECT count(DISTINCT (a, b, c)::text) AS results FROM (
	SELECT prediction_quality(p, happened ORDER BY p) AS a, reliability(p, happened, 7 ORDER BY p) AS b, top_share(p, happened, 99 ORDER BY p) AS c FROM predicted
	UNION ALL SELECT prediction_quality(p, happened ORDER BY happened, p DESC), reliability(p, happened, 7 ORDER BY happened, p DESC), top_share(p, happened, 99 ORDER BY happened, p DESC) FROM predicted) AS t;

-- Interrupted time series: by statsmodels (GLM, Poisson), SciPy (t) and NumPy; the second lacks periods 6 and 22.
CREATE TABLE series AS
SELECT name, change, c AS contacts, (CASE name WHEN 'steady' THEN 100 + i WHEN 'waves' THEN i + (i > 5)::integer + (i > 20)::integer ELSE i - 6 END)::integer AS period
FROM (VALUES ('steady', 121, '{52,47,61,55,49,58,66,60,57,71,63,59,68,75,70,64,78,72,69,80,61,50,58,47,55,44,49,52,40,46,38,45,41,36,42,33}'::bigint[]), ('waves', 17, '{14,11,12,19,25,28,24,20,15,12,9,8,13,18,22,21,26,30,35,31,27,19,16,13,11,15,17,24}'), ('few', 0, '{3,0,2,5,1,4,2,6,3,5}')) AS v(name, change, counts), unnest(counts) WITH ORDINALITY AS u(c, i);
CREATE TABLE changes AS SELECT name, (interrupted_time_series(contacts, period, change)).* FROM series GROUP BY name;
SELECT name, periods_before, periods_after, warnings FROM changes ORDER BY name;
SELECT name, max(abs(found / expected - 1)) < 1e-11 AS as_computed
FROM changes JOIN (VALUES
	('steady', '{0.72809633806842,0.610512657054881,0.86832643251979,0.950465960707714,0.93243539914907,0.96884518036151,1.02085833168756,0.433767757574943,-0.452298150591948,0.000876971938154496,6.14841456827148e-06}'::float8[]),
	('waves', '{1.85272245100566,0.599390693592235,5.72678307680834,0.957354057749389,0.837046303646272,1.09495351439547,0.99503739175011,2.15016362987553,0.464102347609907,0.270554920508308,0.50938466435944}'),
	('few', '{1.35989468122193,0.124208457686544,14.8887892053428,1.03013332805496,0.465705752118375,2.27863767785253,1.04654608683191,1.48761238854602,-0.545264038566359,0.763930209281975,0.930070243361442}')) AS v(name, wanted) USING (name),
	unnest(ARRAY[level_ratio, level_lower, level_upper, slope_ratio, slope_lower, slope_upper, trend_ratio, dispersion, autocorrelation, p_level, p_slope], wanted) AS u(found, expected)
GROUP BY name ORDER BY name;
-- rows of one period are added up, in any order
SELECT count(*) AS ways, count(DISTINCT c) AS changes FROM (
	SELECT interrupted_time_series(contacts, period, 121 ORDER BY period DESC)::text AS c FROM series WHERE name = 'steady'
	UNION ALL SELECT interrupted_time_series(1, period, 121)::text FROM series, generate_series(1, contacts) WHERE name = 'steady'
	UNION ALL SELECT interrupted_time_series(c, period, 121)::text FROM (SELECT contacts AS c, period FROM series WHERE name = 'steady' UNION ALL SELECT NULL, 121 UNION ALL SELECT 5, NULL UNION ALL SELECT 0, 136) AS t
	UNION ALL SELECT interrupted_time_series(contacts, period - 2000, -1879)::text FROM series WHERE name = 'steady') AS t;
-- doubled each period, then half of what was to come, for ever
SELECT level_ratio::numeric(12, 9), slope_ratio::numeric(12, 9), trend_ratio::numeric(12, 9), dispersion < 1e-9 AS exact FROM (SELECT (interrupted_time_series((64 * 2 ^ least(i, 4))::bigint, i, 5)).* FROM generate_series(0, 9) AS i) AS t;
-- what cannot be told
SELECT name, level_ratio::numeric(6, 3), level_lower::numeric(6, 3), p_level::numeric(6, 3), slope_ratio::numeric(6, 3), trend_ratio::numeric(6, 3), dispersion, autocorrelation, periods_before AS before, periods_after AS after, warnings
FROM (SELECT place, name, (interrupted_time_series(c, i::integer, change)).* FROM (VALUES (1, 'two and two', 3, '{10,20,30,20}'::bigint[]), (2, 'one after', 4, '{10,20,30,20}'), (3, 'none before', 1, '{10,20,30,20}'), (4, 'nobody after', 4, '{5,6,7,0,0,0}'), (5, 'nobody', 3, '{0,0,0,0,0}')) AS v(place, name, change, counts), unnest(counts) WITH ORDINALITY AS u(c, i) GROUP BY place, name) AS t ORDER BY place;
SELECT interrupted_time_series(NULL, 1, 1) IS NULL AND interrupted_time_series(1, NULL, 1) IS NULL AS null, (SELECT interrupted_time_series(contacts, period, 1) IS NULL FROM series WHERE false) AS none;

-- parallel plans, and the same answer
CREATE TABLE queries AS SELECT * FROM (VALUES ('logistic_agg', $$SELECT logistic_agg(happened, m, 1) FROM seen$$), ('prediction_quality', $$SELECT prediction_quality(p, happened) FROM predicted$$), ('reliability', $$SELECT reliability(p, happened, 9) FROM predicted$$), ('top_share', $$SELECT top_share(p, happened, 50) FROM predicted$$), ('interrupted_time_series', $$SELECT interrupted_time_series(contacts, period, 17) FROM series$$)) AS v(name, query);
CREATE FUNCTION pg_temp.answer(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE format('SELECT (%s)::text', query) INTO answer;
	RETURN answer;
END $$;
SET max_parallel_workers_per_gather = 0;
CREATE TABLE answers AS SELECT name, pg_temp.answer(query) FROM queries;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT name, pg_temp.plan_has(query, 'Partial') AS partial, pg_temp.plan_has(query, 'Gather') AS gather, pg_temp.answer(query) = answer AS same FROM queries JOIN answers USING (name) ORDER BY name;
RESET max_parallel_workers_per_gather;

-- what is refused
\pset format unaligned
\pset tuples_only on
SELECT format('%s: %s', statement, pg_temp.refused('SELECT ' || statement))
FROM (VALUES ($$logistic_agg(true, '{NaN}', 0)$$), ($$logistic_agg(true, '{1,-Infinity}', 0)$$), ($$logistic_agg(true, '{{1},{2}}', 0)$$), ($$logistic_agg(true, array_fill(1::float8, '{32}'), 0)$$),
	($$logistic_agg(true, m, 0) FROM (VALUES ('{1,2}'::float8[]), ('{1}')) AS t(m)$$), ($$logistic_agg(true, '{1}', -1)$$), ($$logistic_agg(true, '{1}', 'NaN')$$), ($$logistic_agg(true, '{1}', 'Infinity')$$), ($$logistic_agg(true, '{1}', NULL)$$), ($$logistic_agg(true, '{1}', n) FROM generate_series(1, 2) AS n$$),
	($$logistic_probability('{1}', '{1}')$$), ($$logistic_probability('{}', '{}')$$), ($$logistic_probability('{1,NULL}', '{1}')$$), ($$logistic_probability('{1,NaN}', '{1}')$$), ($$logistic_probability('{1,1}', '{Infinity}')$$), ($$logistic_probability('{{1,1}}', '{1}')$$), ($$logistic_probability('{0,1e308,-1e308}', '{1e308,1e308}')$$),
	($$prediction_quality(1.5, true)$$), ($$prediction_quality(-0.1, true)$$), ($$prediction_quality('NaN', true)$$), ($$reliability(2, true, 5)$$), ($$reliability(0.5, true, 0)$$), ($$reliability(0.5, true, 10001)$$), ($$reliability(0.5, true, NULL)$$), ($$reliability(0.5, true, n) FROM generate_series(1, 2) AS n$$),
	($$top_share('NaN', true, 5)$$), ($$top_share('Infinity', true, 5)$$), ($$top_share(1, true, 0)$$), ($$top_share(1, true, NULL)$$), ($$top_share(1, true, n) FROM generate_series(1, 2) AS n$$),
	($$interrupted_time_series(-1, 1, 1)$$), ($$interrupted_time_series(1, 1, NULL)$$), ($$interrupted_time_series(1, 1, n) FROM generate_series(1, 2) AS n$$), ($$interrupted_time_series(9223372036854775807, 1, 1) FROM generate_series(1, 2)$$)) AS t(statement);
\pset tuples_only off
\pset format aligned
DROP TABLE seen, model, predicted, quality, bins, series, changes, queries, answers;

-- What agreement is worth, learnt from pairs of which nobody said which match.
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\set any_zone
\i :helpers

-- a model known: m and u of each level, and how often a value is missing
CREATE TABLE known (comparison integer, level integer, m double precision, u double precision);
INSERT INTO known VALUES
	(1, 0, 0.90, 0.010), (1, 1, 0.07, 0.040), (1, 2, 0.03, 0.950),
	(2, 0, 0.80, 0.100), (2, 1, 0.20, 0.900),
	(3, 0, 0.70, 0.002), (3, 1, 0.15, 0.018), (3, 2, 0.10, 0.080), (3, 3, 0.05, 0.900),
	(4, 0, 0.95, 0.300), (4, 1, 0.05, 0.700);
-- as many pairs of each pattern as it expects among 10^12, of which 0.1 % match;
-- what is missing is NULL in the even comparisons, -1 in the odd
CREATE FUNCTION pg_temp.expected(missing double precision) RETURNS TABLE (pattern integer[], n bigint) LANGUAGE sql AS $$
	WITH RECURSIVE shown AS (
		SELECT comparison, level, m * (1 - missing) AS m, u * (1 - missing) AS u FROM known
		UNION ALL SELECT DISTINCT comparison, CASE WHEN comparison % 2 = 1 THEN -1 END, missing, missing FROM known WHERE missing > 0
	), grown(pattern, m, u) AS (
		SELECT ARRAY[]::integer[], 1::double precision, 1::double precision
		UNION ALL SELECT g.pattern || s.level, g.m * s.m, g.u * s.u FROM grown AS g JOIN shown AS s ON s.comparison = cardinality(g.pattern) + 1
	)
	SELECT g.pattern, round(1e12 * (0.001 * g.m + 0.999 * g.u))::bigint FROM grown AS g WHERE cardinality(g.pattern) = 4
$$;
CREATE TABLE learnt AS SELECT missing, match_weights_agg(pattern, n) AS w FROM (VALUES (0.0), (0.25)) AS v(missing), pg_temp.expected(missing) GROUP BY missing;
SELECT missing, (w).levels, (w).patterns, (w).pairs, (w).converged, (w).warnings, abs((w).lambda - 0.001) < 1e-8 AS lambda,
	(SELECT max(abs(k.m - (w).m[comparison][level + 1])) < 1e-7 FROM known AS k) AS m,
	(SELECT max(abs(k.u - (w).u[comparison][level + 1])) < 1e-9 FROM known AS k) AS u,
	array_dims((w).m) AS dims, (w).m[2][3] IS NULL AND (w).u[4][4] IS NULL AS padded
FROM learnt ORDER BY missing;
-- weights, against their definition
SELECT count(*) AS patterns,
	max(abs(match_weight(pattern, w) - expected)) < 1e-12 AS weights,
	max(abs(match_probability(pattern, w) - 1 / (1 + power(2, -expected)))) < 1e-15 AS probabilities,
	bool_and(waterfall = match_weight(pattern, w)) AS waterfalls
FROM (SELECT pattern, w,
		ln((w).lambda / (1 - (w).lambda)) / ln(2::double precision) + (SELECT sum(ln((w).m[i][pattern[i] + 1] / (w).u[i][pattern[i] + 1])) / ln(2::double precision) FROM generate_subscripts(pattern, 1) AS i WHERE pattern[i] >= 0) AS expected,
		(SELECT running FROM match_weight_waterfall(pattern, w) WHERE comparison = 4) AS waterfall
	FROM learnt, pg_temp.expected(missing) AS e WHERE pattern <> '{-1,NULL,-1,NULL}') AS t;
SELECT comparison, level, round(weight::numeric, 4) AS weight, round(running::numeric, 4) AS running
FROM learnt, match_weight_waterfall('{0,NULL,3,1}', w) WHERE missing = 0 ORDER BY comparison;
SELECT round(match_weight('{NULL,-1,NULL,-1}', w)::numeric, 4) AS prior, round(match_probability('{NULL,-1,NULL,-1}', w)::numeric, 6) AS lambda, round(match_weight('[5:8]={0,0,0,0}', w)::numeric, 4) AS best
FROM learnt WHERE missing = 0;
DROP TABLE learnt;

-- the same fit in plain SQL, iteration by iteration
CREATE TABLE pairs AS
WITH RECURSIVE lcg(i, x) AS (
	SELECT 1, 20260101::bigint UNION ALL SELECT i + 1, (x * 1103515245 + 12345) % 2147483648 FROM lcg WHERE i < 24000
), draw AS (
	SELECT (i - 1) / 6 AS pair, (i - 1) % 6 AS part, (x >> 8) % 1000 AS x FROM lcg
), parts AS (
	SELECT pair, array_agg(x ORDER BY part) AS x FROM draw GROUP BY pair
)
SELECT pair, ARRAY[
	CASE WHEN x[1] < 150 THEN NULL WHEN x[2] < CASE WHEN x[6] < 200 THEN 850 ELSE 40 END THEN 0 WHEN x[2] < 900 THEN 1 ELSE 2 END,
	CASE WHEN x[3] < CASE WHEN x[6] < 200 THEN 800 ELSE 100 END THEN 0 ELSE 1 END,
	CASE WHEN x[4] < CASE WHEN x[6] < 200 THEN 900 ELSE 30 END THEN 0 WHEN x[4] < 950 THEN 1 ELSE -1 END,
	CASE WHEN x[5] < CASE WHEN x[6] < 200 THEN 800 ELSE 300 END THEN 0 WHEN x[5] < 970 THEN 1 ELSE 2 END] AS pattern
FROM parts;
CREATE TABLE shows AS SELECT p.pattern, n, comparison, level FROM (SELECT pattern, count(*)::double precision AS n FROM pairs GROUP BY pattern) AS p, unnest(pattern) WITH ORDINALITY AS l(level, comparison);
-- 3/4 of matches start at level 0, half as many at each further level; others the other way round
CREATE TABLE em AS
WITH start AS (
	SELECT comparison, level, levels, CASE level WHEN 0 THEN 0.75 ELSE 0.25 / (2 ^ (levels - 1) - 1) * 2 ^ (levels - 1 - level) END AS m
	FROM (SELECT comparison, max(level) + 1 AS levels FROM shows GROUP BY comparison) AS c, generate_series(0, levels - 1) AS level
)
SELECT a.comparison, a.level, a.levels, a.m AS start_m, b.m AS start_u, a.m, b.m AS u FROM start AS a JOIN start AS b ON b.comparison = a.comparison AND b.level = a.levels - 1 - a.level;
SELECT comparison, level, round(m::numeric, 4) AS m, round(u::numeric, 4) AS u FROM em WHERE comparison < 3 ORDER BY comparison, level;
CREATE FUNCTION pg_temp.fit(iterations integer, OUT lambda double precision, OUT log_likelihood double precision) LANGUAGE plpgsql AS $$
BEGIN
	lambda := 0.05;
	FOR i IN 1 .. iterations LOOP
		CREATE TEMP TABLE expectation AS
		SELECT pattern, n, m * lambda / (m * lambda + u * (1 - lambda)) AS p
		FROM (SELECT pattern, n, exp(coalesce(sum(ln(m)), 0)) AS m, exp(coalesce(sum(ln(u)), 0)) AS u FROM shows LEFT JOIN em USING (comparison, level) GROUP BY pattern, n) AS t;
		UPDATE em SET m = (t.m + 0.5 * levels * start_m) / (t.all_m + 0.5 * levels), u = (t.u + 0.5 * levels * start_u) / (t.all_u + 0.5 * levels)
		FROM (SELECT comparison, level, sum(p * x.n) AS m, sum((1 - p) * x.n) AS u, sum(sum(p * x.n)) OVER w AS all_m, sum(sum((1 - p) * x.n)) OVER w AS all_u
			FROM shows JOIN expectation AS x USING (pattern) WHERE level >= 0 GROUP BY comparison, level WINDOW w AS (PARTITION BY comparison)) AS t
		WHERE t.comparison = em.comparison AND t.level = em.level;
		SELECT sum(p * n) / sum(n) INTO lambda FROM expectation;
		DROP TABLE expectation;
	END LOOP;
	SELECT sum(n * ln(lambda * m + (1 - lambda) * u)) INTO log_likelihood
	FROM (SELECT pattern, n, exp(coalesce(sum(ln(m)), 0)) AS m, exp(coalesce(sum(ln(u)), 0)) AS u FROM shows LEFT JOIN em USING (comparison, level) GROUP BY pattern, n) AS t;
END $$;
CREATE TABLE learnt AS SELECT match_weights_agg(pattern, 1) AS w FROM pairs;
SELECT (w).patterns, (w).pairs, (w).levels, (w).converged, (w).warnings, (w).iterations, round((w).lambda::numeric, 4) AS lambda FROM learnt;
CREATE TABLE fitted AS SELECT e.* FROM learnt, pg_temp.fit((w).iterations) AS e;
SELECT abs(e.lambda - (w).lambda) < 1e-9 AS lambda, abs(e.log_likelihood - (w).log_likelihood) < 1e-6 AS log_likelihood,
	(SELECT count(*) FILTER (WHERE abs(m - (w).m[comparison][level + 1]) < 1e-9) FROM em) AS m, (SELECT count(*) FILTER (WHERE abs(u - (w).u[comparison][level + 1]) < 1e-9) FROM em) AS u, (SELECT count(*) FROM em) AS levels
FROM learnt, fitted AS e;
SELECT abs(sum(match_probability(pattern, w)) / count(*) - (min((w).lambda))) < 1e-8 AS lambda_is_mean FROM learnt, pairs;

-- the same bytes in any order, counted before, in parts, or by several workers
CREATE FUNCTION pg_temp.learn(query text) RETURNS match_weights LANGUAGE plpgsql AS $$
DECLARE
	result match_weights;
BEGIN
	EXECUTE 'SELECT (match_weights_agg(pattern, n)).* FROM (' || query || ') AS p(pattern, n)' INTO result;
	RETURN result;
END $$;
CREATE FUNCTION pg_temp.bytes(query text) RETURNS text LANGUAGE sql AS $$ SELECT md5(record_send(pg_temp.learn(query))) $$;
SELECT count(*) AS ways, count(*) FILTER (WHERE pg_temp.bytes(query) = (SELECT md5(record_send(w)) FROM learnt)) AS same
FROM (VALUES ('SELECT pattern, 1 FROM pairs ORDER BY pair DESC'), ('SELECT pattern, 1 FROM pairs ORDER BY md5(pair::text)'), ('SELECT pattern, 1 FROM pairs ORDER BY pattern'), ('SELECT pattern, count(*) FROM pairs GROUP BY pattern'),
	('SELECT pattern, count(*) FROM pairs GROUP BY pattern, pair % 7 ORDER BY pattern DESC'), ('SELECT array_replace(pattern, NULL, -1), 1 FROM pairs')) AS v(query);
SET max_parallel_workers_per_gather = 4;
SET min_parallel_table_scan_size = 0;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
ALTER TABLE pairs SET (parallel_workers = 4);
SELECT pg_temp.plan_has('SELECT match_weights_agg(pattern, 1) FROM pairs', 'Partial Aggregate') AS partial,
	pg_temp.bytes('SELECT pattern, 1 FROM pairs') = (SELECT md5(record_send(w)) FROM learnt) AS same;
-- nothing in some of the parts, or in all
SELECT pg_temp.bytes('SELECT pattern, 1 FROM pairs WHERE pair = 3') = pg_temp.bytes('SELECT pattern, 1 FROM (SELECT pattern FROM pairs WHERE pair = 3 OFFSET 0) AS p') AS one,
	pg_temp.learn('SELECT pattern, 1 FROM pairs WHERE pair < 0') IS NULL AS none;
RESET max_parallel_workers_per_gather;
RESET min_parallel_table_scan_size;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;

-- where matches and others are alike there is nothing to learn, and it is said
SELECT (w).converged, (w).iterations, (w).warnings FROM (SELECT match_weights_agg(ARRAY[a, b, c], 1000) AS w FROM generate_series(0, 1) AS a, generate_series(0, 1) AS b, generate_series(0, 1) AS c) AS t;
UPDATE known SET m = u;
SELECT (w).converged, warning FROM (SELECT match_weights_agg(pattern, n) AS w FROM pg_temp.expected(0)) AS t, unnest((w).warnings) AS warning;
-- one comparison that tells nothing beside three that do; two; a level not seen; values not there; too few pairs
SELECT name, (w).converged, (w).levels, warning
FROM (VALUES (1, 'one idle', 'SELECT pattern || i, n FROM (SELECT pattern, count(*) AS n FROM pairs GROUP BY pattern) AS p, generate_series(0, 1) AS i'), (2, 'two only', 'SELECT pattern[1:2], count(*) FROM pairs GROUP BY 1'),
	(3, 'unseen', 'SELECT ARRAY[CASE pattern[1] WHEN 2 THEN 4 ELSE pattern[1] END] || pattern[2:4], count(*) FROM pairs GROUP BY 1'), (4, 'no value', 'SELECT pattern || NULL::integer, count(*) FROM pairs GROUP BY 1'),
	(5, 'all alike', $q$VALUES ('{0,0,0,0}'::integer[], 7)$q$), (6, 'two patterns', $q$VALUES ('{0,0,0}'::integer[], 7), ('{1,1,1}', 70)$q$), (7, 'fine', 'SELECT pattern, 1 FROM pairs')) AS v(place, name, query),
	LATERAL pg_temp.learn(query) AS w LEFT JOIN LATERAL unnest((w).warnings) AS warning ON true
ORDER BY place, warning COLLATE "C";
-- matches are the pairs that agree more, if they are most
SELECT (w).lambda > 0.7 AS most, (w).m[1][1] > (w).u[1][1] AND (w).m[3][1] > (w).u[3][1] AS agree, (w).converged
FROM (SELECT match_weights_agg(pattern, CASE WHEN match_probability(pattern, (SELECT w FROM learnt)) > 0.5 THEN 20 ELSE 1 END) AS w FROM pairs) AS t;

-- NULL and nothing
SELECT match_weights_agg(NULL, 1) IS NULL AS pattern, match_weights_agg('{0,1}', NULL) IS NULL AS n, match_weights_agg('{0,1}', 0) IS NULL AS zero, (SELECT match_weights_agg(pattern, 1) IS NULL FROM pairs WHERE false) AS none FROM generate_series(1, 3);
SELECT pg_temp.bytes($q$SELECT pattern, 1 FROM pairs UNION ALL VALUES (NULL::integer[], 3), ('{0,0,0,0}', NULL), ('{7,0,0,0}', 0), ('{0}', 0)$q$) = md5(record_send(w)) AS skipped FROM learnt;
SELECT match_weight(NULL, w) IS NULL AS pattern, match_weight('{0}', NULL) IS NULL AS model, match_probability(NULL, w) IS NULL AS probability, (SELECT count(*) FROM match_weight_waterfall(NULL, w)) AS waterfall FROM learnt;
-- certainty: lambda or a share that is 0 or 1
SELECT lambda, match_weight('{0}', w), match_probability('{0}', w), match_weight('{1}', w) > 900 AS certain
FROM (VALUES (0.0), (0.5), (1.0)) AS v(lambda), LATERAL (SELECT ROW(lambda, '{{0.5,0.5}}', '{{0.5,0}}', '{2}', NULL, NULL, NULL, NULL, NULL, NULL)::match_weights AS w) AS m;

-- what is refused
\pset format unaligned
\pset tuples_only on
SELECT format('%s: %s', statement, pg_temp.refused('SELECT ' || statement))
FROM (VALUES ($$match_weights_agg('{0,1}', -1)$$), ($$match_weights_agg('{0,8}', 1)$$), ($$match_weights_agg('{-2}', 1)$$), ($$match_weights_agg('{}', 1)$$), ($$match_weights_agg('{{0,1}}', 1)$$),
	($$match_weights_agg(array_fill(0, ARRAY[25]), 1)$$), ($$match_weights_agg(array_fill(0, ARRAY[24]), 1)$$), ($$match_weights_agg(array_fill(0, ARRAY[n]), 1) FROM generate_series(2, 3) AS n$$),
	($$match_weights_agg('{0}', 9223372036854775807) FROM generate_series(1, 2)$$), ($$match_weights_agg(ARRAY[n % 8, n / 8 % 8, n / 64 % 8, n / 512 % 8, n / 4096 % 8, n / 32768 % 8, n / 262144 % 8], 1) FROM generate_series(0, 1000000) AS n$$)) AS t(statement);
SELECT format('%s: %s', statement, pg_temp.refused(statement || ' FROM learnt'))
FROM (VALUES ($$SELECT match_weight('{0,1,0}', w)$$), ($$SELECT match_weight('{0,2,0,0}', w)$$), ($$SELECT match_probability('{0,9,0,0}', w)$$), ($$SELECT match_weight_waterfall('{}', w)$$), ($$SELECT match_weight_waterfall('{0}', w)$$)) AS t(statement);
SELECT format('%s: %s', model, pg_temp.refused(format('SELECT match_weight(%L, %L)', '{0}', model)))
FROM (VALUES ('(0.1,"{{1}}","{{1}}",{1},,,,,,)'), ('(,"{{1}}","{{1}}",{1},,,,,,)'), ('(0.1,,"{{1}}",{1},,,,,,)'), ('(0.1,"{{1}}","{{1}}",,,,,,,)'), ('(NaN,"{{1}}","{{1}}",{1},,,,,,)'), ('(1.5,"{{1}}","{{1}}",{1},,,,,,)'),
	('(0.1,"{{1}}","{{1}}",{},,,,,,)'), ('(0.1,"{{1}}","{{1}}",{9},,,,,,)'), ('(0.1,"{{1}}","{{1}}",{NULL},,,,,,)'), ('(0.1,"{{1}}","{{1}}",{2},,,,,,)'), ('(0.1,{1},"{{1}}",{1},,,,,,)'), ('(0.1,"{{1},{1}}","{{1}}",{1},,,,,,)'),
	('(0.1,"{{NULL}}","{{1}}",{1},,,,,,)'), ('(0.1,"{{1}}","{{-1}}",{1},,,,,,)'), ('(0.1,"{{1}}","{{NaN}}",{1},,,,,,)'), ('(0.1,"{{1}}","{{1}}","{{1}}",,,,,,)')) AS t(model);
\pset tuples_only off
\pset format aligned
DROP TABLE known, pairs, learnt, fitted, shows, em;

-- A score that is the sum of its contributions.
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\set any_zone
\i :helpers

SELECT (risk_score('{3,NULL,1,0.5,0}', '{1.5,20,0.25,-4,7}')).*;
-- halves go away from zero, as decimals have them, though 1.0005 is a little less than that as float8
SELECT (risk_score('{1,-1,1,3,-3,1,1,1.005}', '{0.0005,0.0005,1.0005,0.0335,0.0335,0.0004999,1.0004999,0.1}')).contributions;
SELECT (risk_score('{}', '{}')).*, (risk_score('{NULL}', '{5}')).*;
SELECT risk_score(NULL, '{1}') AS null, risk_score('{1}', NULL) AS null, (risk_score('[0:1]={1,2}', '{1,1}')).score AS bounds;

-- generated measures and weights with two and three decimals, some not known
CREATE TABLE cases AS
WITH RECURSIVE lcg(i, x) AS (
	SELECT 0, 20260101::bigint UNION ALL SELECT i + 1, (x * 1103515245 + 12345) % 2147483648 FROM lcg WHERE i < 39999
)
SELECT i / 20 AS no, array_agg(CASE WHEN (x >> 8) % 11 > 0 THEN ((x >> 8) % 20001 - 10000) / 100.0 END ORDER BY i) FILTER (WHERE i % 2 = 0) AS m, array_agg(((x >> 8) % 4001 - 2000) / 1000.0 ORDER BY i) FILTER (WHERE i % 2 = 1) AS w
FROM lcg WHERE i % 20 < 2 * (1 + i / 20 % 10) GROUP BY i / 20;
CREATE TABLE scores AS SELECT no, m, w, (risk_score(m::float8[], w::float8[])).* FROM cases;
SELECT count(*) AS cases, sum(cardinality(m)) AS measures, count(*) FILTER (WHERE array_position(m, NULL) > 0) AS some_unknown, count(*) FILTER (WHERE score < 0) AS negative,
	count(*) FILTER (WHERE contributions = (SELECT array_agg(round(coalesce(a * b, 0), 3) ORDER BY i) FROM unnest(m, w) WITH ORDINALITY AS u(a, b, i))) AS by_numeric,
	count(*) FILTER (WHERE score = (SELECT sum(c) FROM unnest(contributions) AS c)) AS add_up, count(*) FILTER (WHERE scale(score) = 3) AS thousandths FROM scores;
SELECT count(*) AS products, count(*) FILTER (WHERE a * b * 1000 % 1 IN (0.5, -0.5)) AS halves FROM scores, unnest(m, w) AS u(a, b);
-- in any order
SELECT count(*) FILTER (WHERE (r).score = score AND (r).contributions = (SELECT array_agg(c ORDER BY i DESC) FROM unnest(contributions) WITH ORDINALITY AS u(c, i))) AS turned
FROM (SELECT scores.*, risk_score(a, b) AS r FROM scores, LATERAL (SELECT array_agg(x ORDER BY i DESC), array_agg(y ORDER BY i DESC) FROM unnest(m::float8[], w::float8[]) WITH ORDINALITY AS u(x, y, i)) AS v(a, b)) AS t;
-- one weight more: its contribution alone changes, and the score by as much
SELECT count(*) AS changed, count(*) FILTER (WHERE others = cardinality(m) - 1) AS others_stay, count(*) FILTER (WHERE (r).score - score = (r).contributions[k] - contributions[k]) AS score_follows,
	count(*) FILTER (WHERE (r).contributions[k] = contributions[k]) AS own_stays, count(*) FILTER (WHERE m[k] IS NULL OR m[k] = 0) AS nothing_to_weigh
FROM (SELECT scores.*, k, r, (SELECT count(*) FROM generate_subscripts(m, 1) AS i WHERE i <> k AND (r).contributions[i] = contributions[i]) AS others
	FROM scores, generate_subscripts(m, 1) AS k, LATERAL (SELECT risk_score(m::float8[], (w[:k - 1] || w[k] + 0.5 || w[k + 1:])::float8[])) AS v(r)) AS t;
DROP TABLE cases, scores;

-- the largest there are
SELECT (risk_score('{9e15,9e15,-9e15}', '{1,1,1}')).score AS passes_over, (risk_score('{9e15,0.2}', '{1,1}')).score, (risk_score('{1e12,4503599627370}', '{0.001,-1.001}')).contributions;

-- what is refused
\pset format unaligned
\pset tuples_only on
SELECT format('%s: %s', statement, pg_temp.refused('SELECT ' || statement))
FROM (VALUES ($$risk_score('{1}', '{1,2}')$$), ($$risk_score('{}', '{1}')$$), ($$risk_score('{NaN}', '{1}')$$), ($$risk_score('{1}', '{-Infinity}')$$), ($$risk_score('{1}', '{NULL}')$$), ($$risk_score('{{1}}', '{1}')$$), ($$risk_score('{1e300}', '{1e300}')$$), ($$risk_score('{9.3e15}', '{1}')$$), ($$risk_score('{9e15,9e15}', '{1,1}')$$)) AS t(statement);
\pset tuples_only off
\pset format aligned

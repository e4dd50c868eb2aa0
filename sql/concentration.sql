-- How much of the demand comes from how few callers.
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\set any_zone
\i :helpers

-- four callers alike; one who makes all the contacts; 1 to 4 contacts; nobody has any
SELECT name, (c).* FROM (
	SELECT name, concentration(n) AS c
	FROM (VALUES (1, 'alike', '{5,5,5,5}'::bigint[]), (2, 'one of four', '{0,8,0,0}'), (3, 'alone', '{3}'), (4, '1 to 4', '{2,4,1,3}'), (5, 'none', '{0,0}'), (6, 'with NULL', '{NULL,2,NULL,2}')) AS v(place, name, counts), unnest(counts) AS n
	GROUP BY place, name ORDER BY place) AS t;
SELECT concentration(NULL) IS NULL AS null, (SELECT concentration(n) IS NULL FROM (SELECT 1::bigint AS n WHERE false) AS t) AS none;

-- against plain SQL: shares by rank, Gini by all pairs
CREATE TABLE counts AS
WITH RECURSIVE lcg(i, x) AS (
	SELECT 1, 20260101::bigint UNION ALL SELECT i + 1, (x * 1103515245 + 12345) % 2147483648 FROM lcg WHERE i < 30000
)
SELECT i % 150 AS town, (10 / (0.002 + ((x >> 8) % 100000) / 100000.0))::bigint - 9 AS contacts FROM lcg WHERE i % 150 < 100 OR i % 13 = 0;
CREATE TABLE by_toolkit AS SELECT town, (concentration(contacts)).* FROM counts GROUP BY town;
CREATE TABLE by_sql AS
SELECT town, count(*) AS callers, sum(contacts) AS contacts,
	sum(contacts) FILTER (WHERE place <= 1) / sum(contacts) AS top_1, sum(contacts) FILTER (WHERE place <= 10) / sum(contacts) AS top_10, sum(contacts) FILTER (WHERE place <= 100) / sum(contacts) AS top_100,
	sum(contacts) FILTER (WHERE place <= ceil(n * 0.01)) / sum(contacts) AS top_1_percent, sum(contacts) FILTER (WHERE place <= ceil(n * 0.05)) / sum(contacts) AS top_5_percent, sum(contacts) FILTER (WHERE place <= ceil(n * 0.10)) / sum(contacts) AS top_10_percent,
	(SELECT sum(abs(a.contacts - b.contacts)) FROM counts AS a JOIN counts AS b USING (town) WHERE a.town = c.town) / (2 * count(*) * sum(contacts)) AS gini
FROM (SELECT *, row_number() OVER (PARTITION BY town ORDER BY contacts DESC) AS place, count(*) OVER (PARTITION BY town) AS n FROM counts) AS c
GROUP BY town;
SELECT count(*) AS towns, min(a.callers) AS fewest_callers, max(a.callers) AS most_callers, count(*) FILTER (WHERE a.callers <> b.callers OR a.contacts <> b.contacts) AS sums_differ,
	count(*) FILTER (WHERE greatest(abs(a.top_1 - b.top_1), abs(a.top_10 - b.top_10), abs(a.top_100 - b.top_100), abs(a.top_1_percent - b.top_1_percent), abs(a.top_5_percent - b.top_5_percent), abs(a.top_10_percent - b.top_10_percent)) < 1e-14) AS shares_agree,
	count(*) FILTER (WHERE abs(a.gini - b.gini) < 1e-12) AS ginis_agree, round(min(a.gini)::numeric, 3) AS lowest_gini, round(max(a.gini)::numeric, 3) AS highest_gini
FROM by_toolkit AS a JOIN by_sql AS b USING (town);
-- the order of the counts does not matter
SELECT count(*) FILTER (WHERE c = d) AS same FROM (SELECT concentration(contacts ORDER BY contacts) AS c, concentration(contacts ORDER BY contacts DESC) AS d FROM counts GROUP BY town) AS t;
-- as a window aggregate
SELECT n, (concentration(n) OVER (ORDER BY n)).top_1 FROM generate_series(1, 3) AS n;
DROP TABLE counts, by_toolkit, by_sql;

-- what is refused
\pset format unaligned
\pset tuples_only on
SELECT format('%s: %s', statement, pg_temp.refused('SELECT ' || statement))
FROM (VALUES ($$concentration(-1)$$), ($$concentration(n) FROM (VALUES (9223372036854775807), (1)) AS t(n)$$), ($$concentration(n) FROM (VALUES (5000000000000000000), (5000000000000000000)) AS t(n)$$),
	($$(concentration(n)).contacts FROM (VALUES (9223372036854775806), (1)) AS t(n)$$)) AS t(statement);
\pset tuples_only off
\pset format aligned

-- The aggregates over pairs of nodes: caller_clusters and connected_components.
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\set any_zone
\i :helpers

-- small cases, worked out by hand
CREATE TABLE cases (place integer, name text, a bigint, b bigint, weight double precision);
INSERT INTO cases VALUES
	(1, 'one bit', 1, 2, 1), (2, 'no evidence', 1, 2, 0), (3, 'less than a thousandth', 1, 2, 0.0004), (4, 'a thousandth', 1, 2, 0.001), (5, 'against', 1, 2, -0.001),
	(6, 'two for, one strongly against', 1, 2, 3), (6, '', 2, 3, 2), (6, '', 1, 3, -4), (7, 'two for, one a little against', 1, 2, 3), (7, '', 2, 3, 2), (7, '', 1, 3, -1),
	(8, 'equal evidence: the lowest first', 1, 2, 2), (8, '', 2, 3, 2), (8, '', 1, 3, -3), (9, 'evidence of groups outweighs that of a pair', 1, 2, 10), (9, '', 3, 4, 10), (9, '', 1, 3, 2), (9, '', 2, 4, -3),
	(10, 'and just does not', 1, 2, 10), (10, '', 3, 4, 10), (10, '', 1, 3, 3.001), (10, '', 2, 4, -3), (11, 'must', 1, 2, 'Infinity'), (11, '', 1, 3, 4), (11, '', 2, 3, -5), (12, 'must, with enough for a third', 1, 2, 'Infinity'), (12, '', 1, 3, 5), (12, '', 2, 3, -4),
	(13, 'cannot', 1, 2, 100), (13, '', 2, 3, 99), (13, '', 1, 3, '-Infinity'), (14, 'cannot is stronger than must', 1, 2, 'Infinity'), (14, '', 2, 1, '-Infinity'), (15, 'must is stronger than weights', 1, 2, -1000000), (15, '', 1, 2, 'Infinity'),
	(16, 'must all along, but the ends cannot', 1, 2, 'Infinity'), (16, '', 2, 3, 'Infinity'), (16, '', 3, 4, 'Infinity'), (16, '', 4, 1, '-Infinity'), (17, 'a pair several times, both ways', 1, 2, 3), (17, '', 2, 1, -1), (17, '', 1, 2, -1.999), (18, 'a node and itself', 1, 1, 5), (18, '', 2, 2, '-Infinity'),
	(19, 'both ends of a million bits', 1, 2, 1000000), (19, '', 1, 3, -1000000), (19, '', 2, 3, 999999.999), (20, 'groups of one side of a refusal grow', 1, 2, 9), (20, '', 3, 4, 8), (20, '', 2, 3, 7), (20, '', 1, 4, '-Infinity');
SELECT place, max(name) AS name, array_agg(DISTINCT (a, b, weight)::text) AS pairs,
	(SELECT string_agg(members, ' | ' ORDER BY cluster) FROM (SELECT c.cluster, string_agg(c.node::text, ' ' ORDER BY c.node) AS members FROM unnest(caller_clusters(a, b, weight)) AS c GROUP BY c.cluster) AS m) AS clusters
FROM cases GROUP BY place ORDER BY place;

-- what is given back, for numbers and names: nodes in order, names by their bytes
SELECT (unnest(caller_clusters(a, b, w))).* FROM (VALUES (9223372036854775807, -9223372036854775808, 1.0), (0, -1, 2), (5, 5, NULL)) AS v(a, b, w);
SELECT (unnest(caller_clusters(a, b, w))).* FROM (VALUES ('zoë', 'Zoe', 1.0), ('', 'é', 2), ('b', 'a', -1), ('b', 'c', 1), ('c', 'd', 1)) AS v(a, b, w);
SELECT (unnest(connected_components(a, b))).* FROM (VALUES (3, 2), (2, 3), (1, 3), (-7, 9), (4, 4)) AS v(a, b);
SELECT (unnest(connected_components(a, b))).* FROM (VALUES ('zoë', 'Zoe'), ('', 'é'), ('é', 'b'), ('c', 'c')) AS v(a, b);

-- NULL: a row without a pair makes its node known, no node gives NULL
SELECT (unnest(caller_clusters(a, b, w))).* FROM (VALUES (1, NULL, 1), (NULL, 2, NULL), (3, 4, NULL), (NULL, NULL, 1), (NULL, NULL, NULL)) AS v(a, b, w);
SELECT (unnest(connected_components(a, b))).* FROM (VALUES (NULL, 'b'), ('a', NULL), (NULL, NULL)) AS v(a, b);
SELECT caller_clusters(1, 2, 3) IS NULL AS null FROM cases WHERE false;
SELECT caller_clusters(NULL::bigint, NULL, 1) IS NULL AS null, caller_clusters(NULL::text, NULL, 1) IS NULL AS null, connected_components(NULL::bigint, NULL) IS NULL AS null, connected_components(NULL::text, NULL) IS NULL AS null FROM cases;
-- with a filter, in groups, distinct
SELECT place, caller_clusters(a, b, weight) FILTER (WHERE weight > 2) AS over_two, connected_components(DISTINCT a, b) AS distinct FROM cases WHERE place IN (1, 6, 7) GROUP BY place ORDER BY place;

-- a long chain of weak likeness: the closure is one, but neighbours but one are not
CREATE TABLE chain AS SELECT i::bigint AS a, i + 1::bigint AS b, 0.5::double precision AS weight FROM generate_series(1, 19999) AS i UNION ALL SELECT i, i + 2, -6 FROM generate_series(1, 19998) AS i;
SELECT count(DISTINCT c.cluster) AS components FROM (SELECT connected_components(a, b) AS found FROM chain WHERE weight > 0) AS r, unnest(r.found) AS c;
SELECT size, count(*) AS clusters, max(reach) AS reach FROM (SELECT count(*) AS size, max(c.node) - min(c.node) AS reach FROM (SELECT caller_clusters(a, b, weight) AS found FROM chain) AS r, unnest(r.found) AS c GROUP BY c.cluster) AS t GROUP BY size ORDER BY size;
-- one node with evidence to all others
SELECT count(*) AS nodes, count(DISTINCT c.cluster) AS clusters FROM (SELECT caller_clusters(i, 100001, i % 7 + 1) AS found FROM generate_series(1, 100000) AS i) AS r, unnest(r.found) AS c;

-- pairs as if drawn by lot: several small worlds, some pairs twice, some certain
CREATE TABLE drawn AS
WITH RECURSIVE lcg(i, x) AS (
	SELECT 1, 20260101::bigint UNION ALL SELECT i + 1, (x * 1103515245 + 12345) % 2147483648 FROM lcg WHERE i < 8000
)
SELECT i, world, world * 100 + (x >> 5) % size AS a, world * 100 + (x >> 14) % size AS b,
	CASE WHEN (x >> 8) % 40 = 0 THEN 'Infinity' WHEN (x >> 8) % 40 = 1 THEN '-Infinity' WHEN world % 2 = 0 THEN (x >> 20) % 7 - 3 ELSE ((x >> 4) % 20000) / 1000.0 - 10.5 END::double precision AS weight
FROM (SELECT i, x, i % 80 AS world, 2 + i % 80 % 11 AS size FROM lcg) AS t WHERE i / 80 < 3 * size;

-- connected components against a closure in plain SQL
WITH RECURSIVE link AS (
	SELECT a, b FROM drawn WHERE weight > 2 UNION SELECT b, a FROM drawn WHERE weight > 2
), reached(node, other) AS (
	SELECT n, n FROM (SELECT a FROM drawn WHERE weight > 2 UNION SELECT b FROM drawn WHERE weight > 2) AS t(n) UNION SELECT r.node, l.b FROM reached AS r JOIN link AS l ON l.a = r.other
), by_sql AS (
	SELECT node, min(other) AS cluster FROM reached GROUP BY node
), by_toolkit AS (
	SELECT c.* FROM (SELECT connected_components(a, b) AS found FROM drawn WHERE weight > 2) AS r, unnest(r.found) AS c
)
SELECT count(*) AS nodes, count(DISTINCT s.cluster) AS components, count(*) FILTER (WHERE s.cluster IS DISTINCT FROM t.cluster) AS differ FROM by_sql AS s FULL JOIN by_toolkit AS t USING (node);

-- caller clusters against the rule as it is written, without any index, heap or sum that is kept
CREATE FUNCTION pg_temp.clusters_by_rule(of_world integer) RETURNS TABLE (node bigint, cluster bigint) LANGUAGE plpgsql AS $$
DECLARE
	pair record;
BEGIN
	CREATE TEMPORARY TABLE pair_sum ON COMMIT DROP AS
		SELECT least(a, b) AS a, greatest(a, b) AS b, bool_or(weight = 'Infinity') AS must, bool_or(weight = '-Infinity') AS cannot,
			coalesce(sum(round(weight::numeric, 3)) FILTER (WHERE abs(weight) < 'Infinity'), 0) AS weight
		FROM drawn WHERE world = of_world AND a <> b GROUP BY 1, 2;
	CREATE TEMPORARY TABLE member ON COMMIT DROP AS SELECT n AS node, n AS cluster FROM (SELECT a FROM drawn WHERE world = of_world UNION SELECT b FROM drawn WHERE world = of_world) AS t(n);
	FOR pair IN SELECT * FROM pair_sum WHERE must AND NOT cannot ORDER BY a, b LOOP
		UPDATE member AS m SET cluster = least(x.cluster, y.cluster) FROM member AS x, member AS y
		WHERE x.node = pair.a AND y.node = pair.b AND m.cluster IN (x.cluster, y.cluster)
			AND NOT EXISTS (SELECT FROM pair_sum AS p JOIN member AS s ON s.node = p.a JOIN member AS t ON t.node = p.b
				WHERE p.cannot AND ((s.cluster = x.cluster AND t.cluster = y.cluster) OR (s.cluster = y.cluster AND t.cluster = x.cluster)));
	END LOOP;
	LOOP
		SELECT least(s.cluster, t.cluster) AS a, greatest(s.cluster, t.cluster) AS b, sum(p.weight) AS weight INTO pair
		FROM pair_sum AS p JOIN member AS s ON s.node = p.a JOIN member AS t ON t.node = p.b
		WHERE s.cluster <> t.cluster GROUP BY 1, 2 HAVING sum(p.weight) > 0 AND NOT bool_or(p.cannot)
		ORDER BY 3 DESC, 1, 2 LIMIT 1;
		EXIT WHEN NOT FOUND;
		UPDATE member AS m SET cluster = pair.a WHERE m.cluster = pair.b;
	END LOOP;
	RETURN QUERY SELECT m.node, m.cluster FROM member AS m;
	DROP TABLE pair_sum, member;
END
$$;
WITH by_rule AS (
	SELECT w AS world, s.* FROM generate_series(0, 79) AS w, LATERAL pg_temp.clusters_by_rule(w) AS s
), by_toolkit AS (
	SELECT c.* FROM (SELECT caller_clusters(a, b, weight) AS found FROM drawn) AS r, unnest(r.found) AS c
)
SELECT count(DISTINCT world) AS worlds, count(*) AS nodes, count(DISTINCT s.cluster) AS clusters, count(*) FILTER (WHERE s.cluster IS DISTINCT FROM t.cluster) AS differ
FROM by_rule AS s FULL JOIN by_toolkit AS t USING (node);

-- the same for every order, whichever side is which, for names, and world by world
CREATE TABLE expected AS SELECT caller_clusters(a, b, weight) AS clusters, connected_components(a, b) AS components FROM drawn;
SELECT reversed = clusters AS reversed, mixed = clusters AS mixed, turned = clusters AS turned
FROM expected, (SELECT caller_clusters(a, b, weight ORDER BY i DESC) AS reversed, caller_clusters(a, b, weight ORDER BY hashint8(i)) AS mixed, caller_clusters(b, a, weight ORDER BY weight) AS turned FROM drawn) AS r;
SELECT reversed = components AS reversed, mixed = components AS mixed, turned = components AS turned
FROM expected, (SELECT connected_components(a, b ORDER BY i DESC) AS reversed, connected_components(a, b ORDER BY hashint8(i)) AS mixed, connected_components(b, a ORDER BY weight) AS turned FROM drawn) AS r;
SELECT count(*) AS nodes, count(*) FILTER (WHERE n.cluster::bigint <> c.cluster) AS clusters_differ FROM expected, unnest(clusters) AS c
	JOIN (SELECT m.* FROM (SELECT caller_clusters(to_char(a, 'FM000000'), to_char(b, 'FM000000'), weight) AS found FROM drawn) AS r, unnest(r.found) AS m) AS n ON n.node::bigint = c.node;
SELECT count(*) AS nodes, count(*) FILTER (WHERE n.cluster::bigint <> c.cluster) AS components_differ FROM expected, unnest(components) AS c
	JOIN (SELECT m.* FROM (SELECT connected_components(to_char(a, 'FM000000'), to_char(b, 'FM000000')) AS found FROM drawn) AS r, unnest(r.found) AS m) AS n ON n.node::bigint = c.node;
SELECT (SELECT array_agg(c ORDER BY c.node) FROM (SELECT caller_clusters(a, b, weight) AS found FROM drawn GROUP BY world) AS r, unnest(r.found) AS c) = clusters AS same FROM expected;

-- a parallel plan gives the same, bit by bit
SET max_parallel_workers_per_gather = 3;
SET min_parallel_table_scan_size = 0;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
ALTER TABLE drawn SET (parallel_workers = 3);
EXPLAIN (COSTS OFF) SELECT caller_clusters(a, b, weight), connected_components(a::text, b::text) FROM drawn;
CREATE TABLE by_workers AS SELECT caller_clusters(a, b, weight) AS clusters, connected_components(a, b) AS components, caller_clusters(a::text, b::text, weight) AS names, connected_components(a::text, b::text) AS named_components FROM drawn;
SET max_parallel_workers_per_gather = 0;
CREATE TABLE alone AS SELECT caller_clusters(a, b, weight) AS clusters, connected_components(a, b) AS components, caller_clusters(a::text, b::text, weight) AS names, connected_components(a::text, b::text) AS named_components FROM drawn;
SELECT array_send(w.clusters) = array_send(a.clusters) AS clusters, array_send(w.components) = array_send(a.components) AS components, array_send(w.names) = array_send(a.names) AS names, array_send(w.named_components) = array_send(a.named_components) AS named_components, w.clusters = e.clusters AS as_before FROM by_workers AS w, alone AS a, expected AS e;
-- where some workers had nothing, and where all had nothing
SET max_parallel_workers_per_gather = 3;
SELECT caller_clusters(a, b, weight) AS few, connected_components(a::text, b::text) AS few FROM drawn WHERE i IN (7, 87);
SELECT caller_clusters(a, b, weight) IS NULL AS null, connected_components(a::text, b::text) IS NULL AS null FROM drawn WHERE i < 0;
RESET max_parallel_workers_per_gather;
RESET min_parallel_table_scan_size;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
DROP TABLE chain, expected, by_workers, alone, drawn;

-- names of every length, and names that differ in their last byte
SELECT count(*) AS names, count(DISTINCT c.cluster) AS clusters, bool_and(length(c.node) > 97) AS long FROM (SELECT caller_clusters(repeat('x', i * 97) || 'a', repeat('x', i * 97) || 'b', 1) AS found FROM generate_series(1, 120) AS i) AS r, unnest(r.found) AS c;
SELECT count(*) AS names, count(DISTINCT c.cluster) AS components FROM (SELECT connected_components(repeat('x', 3000) || i, repeat('x', 3000) || i % 10) AS found FROM generate_series(1, 300) AS i) AS r, unnest(r.found) AS c;

-- what is refused
\pset format unaligned
\pset tuples_only on
SELECT format('%s: %s', statement, pg_temp.refused('SELECT ' || statement))
FROM (VALUES
	($$caller_clusters(1, 2, 'NaN')$$), ($$caller_clusters('a'::text, NULL, 'NaN')$$), ($$caller_clusters(1, 2, 1000000.001)$$), ($$caller_clusters(1, 2, -1e300)$$),
	($$caller_clusters(a, b, weight) OVER (ORDER BY place) FROM cases$$), ($$connected_components(a, b) OVER (ORDER BY place) FROM cases$$)) AS t(statement);
\pset tuples_only off
\pset format aligned
DROP TABLE cases;

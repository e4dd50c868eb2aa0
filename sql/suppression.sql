-- Small counts left out of tables, and what is published: against an adversary
-- who tries all differences.
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\set any_zone
\i :helpers
-- a database as it is at first
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS engage_demo;
DROP EXTENSION engage CASCADE;
CREATE EXTENSION engage;
RESET client_min_messages;
SELECT setup(zone => 'Europe/London');
-- thousands of small queries
SET jit = off;

-- ------------------------------------------------------------- the function
-- 3 is small; three more hide it, since each of them is in two totals
CREATE TABLE example AS SELECT * FROM (VALUES
	(1, 1, 3), (1, 2, 90), (1, 3, 80), (2, 1, 60), (2, 2, 20), (2, 3, 70), (3, 1, 100), (3, 2, 110), (3, 3, 120)) v (r, c, n);
CREATE VIEW suppressed AS
SELECT s.* FROM (SELECT array_agg(r) AS r, array_agg(c) AS c, array_agg(n) AS n FROM example) e, suppress_table(e.r, e.c, e.n) s;
SELECT row_no, string_agg(COALESCE(count::text, '-'), ' ' ORDER BY column_no) AS counts, bool_and(is_suppressed = (count IS NULL)) AS consistent
FROM suppressed GROUP BY row_no ORDER BY row_no;
-- what is dear stays
SELECT row_no, string_agg(COALESCE(count::text, '-'), ' ' ORDER BY column_no) AS counts
FROM (SELECT array_agg(r) AS r, array_agg(c) AS c, array_agg(n) AS n, array_agg(CASE WHEN n = 20 THEN 1000 ELSE 0 END) AS w FROM example) e,
	suppress_table(e.r, e.c, e.n, weights => e.w) s
GROUP BY row_no ORDER BY row_no;
-- in whatever order cells come, and whatever their numbers; what is not given is 0
SELECT count(*) AS different FROM (
	(SELECT s.* FROM (SELECT array_agg(r ORDER BY n) AS r, array_agg(c ORDER BY n) AS c, array_agg(n ORDER BY n) AS n FROM example) e, suppress_table(e.r, e.c, e.n) s
	EXCEPT SELECT * FROM suppressed)
) x;
SELECT * FROM suppress_table('{-5,2147483647}', '{7,9}', '{30,40}') ORDER BY 1, 2;
-- one row, one column, one cell, nothing
SELECT * FROM suppress_table('{1,2,3,4}', '{1,1,1,1}', '{3,40,0,60}') WHERE column_no IS NULL ORDER BY 1;
SELECT * FROM suppress_table('{1,1,1,1}', '{1,2,3,4}', '{3,40,0,60}') WHERE row_no IS NULL ORDER BY 2;
SELECT * FROM suppress_table('{1}', '{1}', '{4}');
SELECT * FROM suppress_table('{1}', '{1}', '{5}');
SELECT count(*) AS nothing FROM suppress_table('{}', '{}', '{}');
SELECT count(*) AS nothing FROM suppress_table(NULL, '{}', '{}');
SELECT count(*) AS nothing FROM suppress_table('{1}', '{1}', '{1}', NULL);
-- four ones, and a total that is small: nothing tells how many of them there are
SELECT row_no, column_no, is_suppressed FROM suppress_table('{1,1,1,1,2,2,2,2}', '{1,2,3,4,1,2,3,4}', '{1,1,0,1,90,80,70,60}') WHERE row_no = 1 ORDER BY 2;

SELECT pg_temp.refused(format('SELECT * FROM suppress_table(%s)', a)) FROM (VALUES
	(1, $$'{1,2}', '{1}', '{1}'$$), (2, $$'{1,2}', '{1,2}', '{1}'$$), (3, $$'{1}', '{1}', '{1}', 5, '{1,2}'$$), (4, $$'{1,1}', '{1,1}', '{1,2}'$$),
	(5, $$'{1}', '{1}', '{-1}'$$), (6, $$'{1,2}', '{1,1}', '{9007199254740992,1}'$$), (7, $$'{1}', '{1}', '{1}', 1$$),
	(8, $$'{NULL}', '{1}', '{1}'$$), (9, $$'{1}', '{NULL}', '{1}'$$), (10, $$'{1}', '{1}', '{NULL}'$$), (11, $$'{1}', '{1}', '{1}', 5, '{NULL}'$$)
) v (i, a) ORDER BY i;
SELECT pg_temp.refused('SELECT s.* FROM (SELECT array_agg(g) AS a, array_agg(1) AS b, array_agg(1::bigint) AS c FROM generate_series(1, 1001) g) x, suppress_table(a, b, c) s');

-- ------------------------------------------------------------ the adversary
-- Knows what is published, that what is not is no zero (but where a small total
-- may hide zeros), and each total to be the sum of its row or column; goes on
-- taking differences until they tell nothing more.  NULL is hidden; the last
-- row and column are the totals.  Gives how many hidden counts are in a range
-- of fewer than the minimum of values.
CREATE FUNCTION differences_tell(published bigint[], minimum integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	r constant integer := array_length(published, 1);
	c constant integer := array_length(published, 2);
	low bigint[] := array_fill(0::bigint, ARRAY[r, c]);
	high bigint[] := array_fill(1000000000::bigint, ARRAY[r, c]);
	zeros_hidden boolean;
	changed boolean := true;
	sum_low bigint;
	sum_high bigint;
	bound bigint;
	told integer := 0;
BEGIN
	FOR i IN 1..r LOOP
		FOR j IN 1..c LOOP
			zeros_hidden := published[i][c] IS NULL OR published[r][j] IS NULL OR published[r][c] IS NULL;
			low[i][j] := COALESCE(published[i][j], CASE WHEN zeros_hidden THEN 0 ELSE 1 END);
			high[i][j] := COALESCE(published[i][j], 1000000000);
		END LOOP;
	END LOOP;
	WHILE changed LOOP
		changed := false;
		FOR i IN 1..r LOOP
			sum_low := 0;
			sum_high := 0;
			FOR j IN 1..c - 1 LOOP
				sum_low := sum_low + low[i][j];
				sum_high := sum_high + high[i][j];
			END LOOP;
			IF low[i][c] < sum_low OR high[i][c] > sum_high THEN
				low[i][c] := GREATEST(low[i][c], sum_low);
				high[i][c] := LEAST(high[i][c], sum_high);
				changed := true;
			END IF;
			FOR j IN 1..c - 1 LOOP
				bound := high[i][c] - (sum_low - low[i][j]);
				IF high[i][j] > bound THEN
					sum_high := sum_high - high[i][j] + bound;
					high[i][j] := bound;
					changed := true;
				END IF;
				bound := low[i][c] - (sum_high - high[i][j]);
				IF low[i][j] < bound THEN
					sum_low := sum_low - low[i][j] + bound;
					low[i][j] := bound;
					changed := true;
				END IF;
			END LOOP;
		END LOOP;
		FOR j IN 1..c LOOP
			sum_low := 0;
			sum_high := 0;
			FOR i IN 1..r - 1 LOOP
				sum_low := sum_low + low[i][j];
				sum_high := sum_high + high[i][j];
			END LOOP;
			IF low[r][j] < sum_low OR high[r][j] > sum_high THEN
				low[r][j] := GREATEST(low[r][j], sum_low);
				high[r][j] := LEAST(high[r][j], sum_high);
				changed := true;
			END IF;
			FOR i IN 1..r - 1 LOOP
				bound := high[r][j] - (sum_low - low[i][j]);
				IF high[i][j] > bound THEN
					sum_high := sum_high - high[i][j] + bound;
					high[i][j] := bound;
					changed := true;
				END IF;
				bound := low[r][j] - (sum_high - high[i][j]);
				IF low[i][j] < bound THEN
					sum_low := sum_low - low[i][j] + bound;
					low[i][j] := bound;
					changed := true;
				END IF;
			END LOOP;
		END LOOP;
	END LOOP;
	FOR i IN 1..r LOOP
		FOR j IN 1..c LOOP
			IF published[i][j] IS NULL AND high[i][j] - low[i][j] < minimum - 1 THEN
				told := told + 1;
			END IF;
		END LOOP;
	END LOOP;
	RETURN told;
END $$;

-- 43 - 40 is 3; two unknowns in each row and column can be many things
SELECT differences_tell('{{NULL,40,43},{50,60,110},{53,100,153}}', 5) AS one, differences_tell('{{NULL,NULL,7},{NULL,NULL,110},{53,64,117}}', 5) AS none;

-- 600 tables of 13 districts and 4 channel groups, from nearly empty to full ones
CREATE TABLE random_table AS
SELECT t, i, j, (CASE WHEN hashint8(t * 1000003 + i * 1009 + j) % 4 = 0 THEN 0 ELSE 1 END
	* (abs(hashint8extended(t * 100003 + i * 101 + j, 7)) % (ARRAY[3, 6, 12, 30, 200, 2000])[1 + t % 6] * (ARRAY[1, 1, 2, 5])[j] / 2))::bigint AS n
FROM generate_series(1, 600) t, generate_series(1, 13) i, generate_series(1, 4) j;
CREATE TABLE suppressed_table AS
SELECT t.t, s.* FROM (SELECT t, array_agg(i) AS i, array_agg(j) AS j, array_agg(n) AS n FROM random_table GROUP BY t) t, suppress_table(t.i, t.j, t.n) s;
CREATE VIEW true_table AS
SELECT t, i AS row_no, j AS column_no, sum(n)::bigint AS n FROM random_table GROUP BY GROUPING SETS ((t, i, j), (t, i), (t, j), (t));
SELECT count(*) AS all_counts, count(*) FILTER (WHERE s.is_suppressed) > 1000 AS many_suppressed, count(*) FILTER (WHERE s.is_suppressed AND u.n BETWEEN 1 AND 4) > 1000 AS many_small,
	count(*) FILTER (WHERE NOT s.is_suppressed AND u.n BETWEEN 1 AND 4) AS small_published, count(*) FILTER (WHERE s.count <> u.n) AS wrong
FROM suppressed_table s JOIN true_table u ON u.t = s.t AND u.row_no IS NOT DISTINCT FROM s.row_no AND u.column_no IS NOT DISTINCT FROM s.column_no;
CREATE VIEW as_arrays AS
SELECT x.t, array_agg(x.counts ORDER BY x.row_no) AS published, array_agg(x.naive ORDER BY x.row_no) AS naive
FROM (
	SELECT s.t, s.row_no, array_agg(s.count ORDER BY s.column_no) AS counts, array_agg(CASE WHEN u.n NOT BETWEEN 1 AND 4 THEN u.n END ORDER BY s.column_no) AS naive
	FROM suppressed_table s JOIN true_table u ON u.t = s.t AND u.row_no IS NOT DISTINCT FROM s.row_no AND u.column_no IS NOT DISTINCT FROM s.column_no
	GROUP BY s.t, s.row_no
) x GROUP BY x.t;
SELECT sum(differences_tell(published, 5)) AS told, sum(differences_tell(naive, 5)) > 1000 AS naive_tells_many FROM as_arrays;

-- ---------------------------------------------------------- the publication
INSERT INTO district (district, label, csu) SELECT 'D' || g, 'District ' || chr(64 + g), NULL FROM generate_series(1, 9) g;
SELECT fill_calendar('2024-01-01', '2025-12-31');
-- 24 months of contacts and two rules' repeat callers, in large and small districts
INSERT INTO daily_count (date_key, channel_key, contact_type_key, district_key, contacts, answered, answered_within_10s, abandoned, answer_seconds, handling_seconds, deployed, incidents)
SELECT date_key(m.day::date + d), h.channel_key, -1, x.district_key, n.n, 0, 0, 0, 0, 0, 0, 0
FROM generate_series(timestamp '2024-01-01', '2025-12-01', '1 month') m (day), generate_series(0, 27, 9) d, preset_channel h,
	(SELECT district_key, row_number() OVER (ORDER BY district_key) AS i FROM engage_bi.dim_district) x,
	LATERAL (SELECT (abs(hashint8extended(extract(epoch FROM m.day)::bigint + d * 31 + h.channel_key * 7 + x.i, 3)) % (1 + x.i * x.i / h.channel_key))::integer AS n) n
WHERE n.n > 0;
INSERT INTO roster_month (rule_id, caller_id, month_start, contacts, district_key, is_new, is_returned, is_dropped)
SELECT r.rule_id, x.i * 1000 + k, m.day::date, 6, x.district_key, false, false, false
FROM rule r, generate_series(timestamp '2024-01-01', '2025-12-01', '1 month') m (day),
	(SELECT district_key, row_number() OVER (ORDER BY district_key) AS i FROM engage_bi.dim_district) x,
	LATERAL generate_series(1, abs(hashint8extended(extract(epoch FROM m.day)::bigint + x.i, r.rule_id)) % (2 + x.i)) k;
SELECT publish_months('{2025-03-01,2025-04-01}');
SELECT publish_months() AS others, publish_months() AS nothing_more;
SELECT count_level, count(*), count(*) FILTER (WHERE is_suppressed) > 0 AS some_suppressed, count(*) FILTER (WHERE contact_count BETWEEN 1 AND 4) AS small
FROM engage_bi_public.contact_monthly GROUP BY count_level ORDER BY count_level;
SELECT count_level, count(*), count(*) FILTER (WHERE is_suppressed) > 0 AS some_suppressed, count(*) FILTER (WHERE repeat_caller_count BETWEEN 1 AND 4) AS small
FROM engage_bi_public.repeat_caller_monthly GROUP BY count_level ORDER BY count_level;
-- published counts are right, each total is the sum of its counts
CREATE VIEW true_monthly AS
SELECT to_date((c.date_key / 100)::text, 'YYYYMM') AS month_start, COALESCE(i.district_name, 'All districts') AS district_name,
	COALESCE(h.channel_group, 'All channel groups') AS channel_group, sum(c.daily_contact_count) AS n
FROM engage_bi.fact_contact_daily c JOIN engage_bi.dim_district i USING (district_key) JOIN engage_bi.dim_channel h USING (channel_key)
GROUP BY to_date((c.date_key / 100)::text, 'YYYYMM'), CUBE (i.district_name, h.channel_group);
SELECT count(*) FILTER (WHERE c.contact_count <> COALESCE(t.n, 0)) AS wrong, count(*) FILTER (WHERE COALESCE(t.n, 0) BETWEEN 1 AND 4 AND NOT c.is_suppressed) AS small
FROM engage_bi_public.contact_monthly c LEFT JOIN true_monthly t USING (month_start, district_name, channel_group);
-- the adversary, over both views; of two rules' callers one is published, so nothing is told by those of the other
SELECT count(*) AS months, sum(differences_tell(x.published, 5)) AS told FROM (
	SELECT month_start, array_agg(counts ORDER BY is_total, district_name) AS published FROM (
		SELECT month_start, district_name, count_level IN ('force', 'channel group') AS is_total,
			array_agg(contact_count::bigint ORDER BY count_level IN ('force', 'district'), channel_group) AS counts
		FROM engage_bi_public.contact_monthly GROUP BY month_start, district_name, count_level IN ('force', 'channel group')
	) r GROUP BY month_start
) x;
SELECT count(*) AS months, sum(differences_tell(x.published, 5)) AS told FROM (
	-- a column beside the callers that is nobody makes it a table with totals
	SELECT month_start, array_agg(ARRAY[repeat_caller_count::bigint, 0, repeat_caller_count] ORDER BY count_level = 'force', district_name) AS published
	FROM engage_bi_public.repeat_caller_monthly GROUP BY month_start
) x;
SELECT count(DISTINCT rule_label) AS rules, count(*) FILTER (WHERE repeat_contact_count IS NULL) < 24 AS contacts_of_repeat_callers FROM engage_bi_public.published_month;

-- a month stays as it was published, unless it is to be published anew
UPDATE daily_count SET contacts = contacts + 1000 WHERE date_key = 20250310;
CREATE TABLE before AS SELECT * FROM engage_bi_public.contact_monthly;
SELECT publish_months('{2025-03-01}') AS none, (SELECT count(*) FROM (TABLE engage_bi_public.contact_monthly EXCEPT TABLE before) x) AS changed;
SELECT publish_months('{2025-03-01}', republish => true) AS one;
SELECT publication_version, minimum_count FROM engage_bi_public.published_month WHERE month_start = '2025-03-01';
SELECT count(*) > 0 AS changed FROM (TABLE engage_bi_public.contact_monthly EXCEPT TABLE before) x;
SELECT publication_version, count(*) FROM engage_bi_public.published_month GROUP BY publication_version ORDER BY 1;
SELECT publish_months('{}') AS none;
-- by policy
UPDATE policy SET minimum_cell = 10;
SELECT publish_months('{2025-04-01}', true) AS one;
SELECT minimum_count, min(contact_count) FILTER (WHERE contact_count > 0) >= 10 AS none_below
FROM engage_bi_public.contact_monthly JOIN engage_bi_public.published_month USING (month_start) WHERE month_start = '2025-04-01' GROUP BY minimum_count;

SELECT pg_temp.refused($$SELECT publish_months('{2025-03-02}')$$);
SELECT pg_temp.refused($$SELECT publish_months('{2199-01-01}')$$);
SELECT pg_temp.refused($$SELECT publish_months('{NULL}')$$);
-- not before the policy is there
ALTER TABLE policy DISABLE TRIGGER policy_kept;
DELETE FROM policy;
SELECT pg_temp.refused('SELECT publish_months()');

-- dashboards of the public see nothing else
SET ROLE engage_bi_public;
SELECT count(*) > 0 AS readable FROM engage_bi_public.contact_monthly JOIN engage_bi_public.repeat_caller_monthly USING (month_start) JOIN engage_bi_public.published_month USING (month_start);
RESET ROLE;
SELECT has_schema_privilege('engage_bi_public', 'engage', 'USAGE') AS register, has_schema_privilege('engage_bi_public', 'engage_bi', 'USAGE') AS pseudonyms,
	has_schema_privilege('engage_bi', 'engage_bi_public', 'USAGE') AS others;

\set ECHO none
SET client_min_messages = warning;
DROP TABLE example, random_table, suppressed_table, before CASCADE;
DROP VIEW true_monthly;
DROP FUNCTION differences_tell;
DROP EXTENSION engage CASCADE;
CREATE EXTENSION engage;

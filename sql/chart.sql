-- Timelines as pictures.
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\i :helpers
\pset format unaligned
\pset tuples_only on

-- one character a bucket, eight heights, a dot for none
CREATE TABLE chart AS
SELECT timeline(ARRAY(SELECT '2026-01-05'::timestamptz + day * interval '1 day' + n * interval '1 minute' FROM generate_series(0, 9) AS day, generate_series(1, day) AS n)) AS t;
SELECT sparkline(t, 10, '2026-01-05', '2026-01-15') FROM chart;
SELECT sparkline(t, 5, '2026-01-05', '2026-01-15') FROM chart;
SELECT sparkline(t, 20, '2026-01-05', '2026-01-15') FROM chart;
SELECT sparkline(t, 12, '2026-01-04', '2026-01-16') FROM chart;
SELECT sparkline(t, 1) FROM chart;
SELECT sparkline(t) FROM chart;
SELECT sparkline(t, 3, '2026-01-05', '2026-01-08') FROM chart;
SELECT sparkline(t, 3, from_at => '2026-01-12') FROM chart;
SELECT sparkline(t, 3, to_at => '2026-01-08') FROM chart;
-- nothing, NULL, one contact, a span of nothing
SELECT sparkline('{}'), sparkline('{}', 3, '2026-01-01', '2026-01-02'), sparkline(NULL) IS NULL, sparkline('{2026-01-01T00:00:00Z}', 5), sparkline('{2026-01-01T00:00:00Z,2026-01-01T00:00:00Z}', 5);
-- an end that is not after the beginning is refused
SELECT sparkline(t, 3, '2026-01-08', '2026-01-08') FROM chart;
SELECT sparkline(t, 3, '2026-01-08', '2026-01-05') FROM chart;
SELECT sparkline(t, 3, 'infinity', '-infinity') FROM chart;
-- the first instant of a bucket is in it, to the microsecond, and the whole range of time can be drawn
SELECT count(*), bool_and(sparkline(timeline(ARRAY(SELECT '2026-01-01'::timestamptz + i * width FROM generate_series(0, n - 1) AS i)), n, '2026-01-01', '2026-01-01'::timestamptz + n * width) = repeat('█', n))
FROM generate_series(1, 400) AS n, unnest(ARRAY['1 microsecond', '7 microseconds', '1 hour', '29 days']::interval[]) AS width;
SELECT sparkline('{-4713-11-24T00:00:00Z,294276-12-31T23:59:59.999999Z}', 8), length(sparkline('{}', 1000));
-- against plain SQL
SELECT count(*) AS pictures, count(*) FILTER (WHERE drawn IS DISTINCT FROM expected) AS different
FROM (
	SELECT buckets, days, sparkline(t, buckets, '2026-01-05', '2026-01-05'::timestamptz + days * interval '1 day') AS drawn, (
		SELECT string_agg(substr('·▁▂▃▄▅▆▇█', 1 + ceil(coalesce(n, 0) * 8.0 / most)::integer, 1), '' ORDER BY bucket)
		FROM (
			SELECT bucket, n, coalesce(max(n) OVER (), 1) AS most
			FROM generate_series(0, buckets - 1) AS bucket LEFT JOIN (
				SELECT floor(extract(epoch FROM at - '2026-01-05') * buckets / (days * 86400)) AS bucket, count(*) AS n
				FROM contact_times(t) AS at WHERE at < '2026-01-05'::timestamptz + days * interval '1 day' GROUP BY 1
			) AS filled USING (bucket)
		) AS counts) AS expected
	FROM chart, generate_series(1, 60, 7) AS buckets, generate_series(1, 12) AS days
) AS pictures;
DROP TABLE chart;

-- a week: office hours, and the nights before Saturday and Sunday
SELECT heatmap(timeline(ARRAY(
	SELECT '2026-06-01'::timestamptz + h * interval '1 hour' + n * interval '1 minute'
	FROM generate_series(0, 167) AS h, LATERAL generate_series(1, CASE WHEN h % 24 BETWEEN 9 AND 16 AND h / 24 < 5 THEN 2 + h % 3 WHEN h % 24 = 23 AND h / 24 IN (4, 5) THEN 8 ELSE 0 END) AS n)), 'UTC');
-- the same contact in other zones
SELECT heatmap('{2026-06-28T23:30:00Z}', 'Europe/London');
SELECT heatmap('{2026-06-28T23:30:00Z}', 'America/New_York');
SELECT heatmap('{}', 'UTC');
SELECT heatmap(NULL, 'UTC') IS NULL, heatmap('{}', NULL) IS NULL;

-- what is refused
SELECT format('%s: %s', statement, pg_temp.refused('SELECT ' || statement))
FROM (VALUES ($$sparkline('{}', 0)$$), ($$sparkline('{}', -1)$$), ($$sparkline('{}', 1001)$$), ($$heatmap('{}', 'Atlantis')$$), ($$heatmap('{}', 'Mars/Base1')$$)) AS t(statement);

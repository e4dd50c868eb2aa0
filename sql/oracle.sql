-- Every window function against plain SQL, on 2,401 generated cases: serial,
-- parallel, partition-wise, and with hardly any memory.
--
-- A case is a caller with its contacts.  Shapes: a month of whole seconds,
-- ties, exact multiples of a window's width (and a microsecond beside them),
-- one contact, clocks going forward and back, a midnight that comes twice, a
-- day that was left out, microseconds, centuries; and case 0 of 100,000.
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\i :helpers
\set ECHO none
SET client_min_messages = warning;
SET jit = off;
CREATE SCHEMA oracle;
SET search_path = oracle, engage, engage_internal, public;

-- ------------------------------------------------------------------- cases

-- the windows that are asked about: a width or a calendar unit, and the
-- threshold that is asked of all cases at once
CREATE TABLE window_def (window_no integer PRIMARY KEY, width interval, unit text, zone text, threshold integer);
INSERT INTO window_def VALUES
	(1, '00:01:00', NULL, NULL, 2), (2, '00:15:00', NULL, NULL, 3), (3, '01:00:00', NULL, NULL, 3), (4, '24:00:00', NULL, NULL, 5),
	(5, '168:00:00', NULL, NULL, 4), (6, '672:00:00', NULL, NULL, 6), (7, '00:00:01', NULL, NULL, 1), (8, NULL, 'day', 'America/St_Johns', 3),
	(9, NULL, 'day', 'Europe/London', 2), (10, NULL, 'week', 'Europe/London', 4), (11, NULL, 'month', 'Europe/London', 5), (12, NULL, 'week', 'Pacific/Apia', 3);
CREATE FUNCTION criterion_of(window_no integer, threshold bigint) RETURNS criterion STABLE LANGUAGE sql AS $$
	SELECT format(CASE WHEN w.unit IS NULL THEN '%s in %s seconds' ELSE '%s per %s in %s' END, criterion_of.threshold, coalesce(w.unit, extract(epoch FROM w.width)::bigint::text), w.zone)::criterion
	FROM window_def AS w WHERE w.window_no = criterion_of.window_no
$$;

-- numbers that look random, 48 for each case
CREATE TABLE draw AS
WITH RECURSIVE lcg(i, x) AS (
	SELECT 0, 20260131::bigint UNION ALL SELECT i + 1, (x * 1103515245 + 12345) % 2147483648 FROM lcg WHERE i < 2401 * 48
)
SELECT i / 48 AS case_no, i % 48 AS place, x >> 8 AS r FROM lcg;

CREATE TABLE contact (case_no bigint, id integer, at timestamptz) PARTITION BY HASH (case_no);
CREATE TABLE contact_0 PARTITION OF contact FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE contact_1 PARTITION OF contact FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE contact_2 PARTITION OF contact FOR VALUES WITH (MODULUS 3, REMAINDER 2);
INSERT INTO contact
SELECT d.case_no, (row_number() OVER (ORDER BY d.r, d.case_no, d.place))::integer,
	CASE d.case_no % 10
		WHEN 1 THEN '2026-01-31 21:05'::timestamptz + d.r % 5 * interval '20 minutes'
		WHEN 2 THEN '2026-01-05 10:00'::timestamptz + d.r % 6 * w.width + (d.r / 6 % 4 - 1) * (d.r / 24 % 2) * (d.r / 48 % 2) * interval '1 microsecond'
		WHEN 4 THEN '2026-03-28 12:00'::timestamptz + d.r % 144 * interval '15 minutes'
		WHEN 5 THEN '2025-10-25 12:00'::timestamptz + d.r % 144 * interval '15 minutes'
		WHEN 6 THEN '1990-10-28 02:20'::timestamptz + d.r % 160 * interval '30 seconds'
		WHEN 7 THEN '2011-12-28 00:00'::timestamptz + d.r % 96 * interval '1 hour'
		WHEN 8 THEN '2026-06-01'::timestamptz + d.r * interval '1.000003 seconds'
		WHEN 9 THEN '1890-01-01'::timestamptz + d.r * interval '25 minutes'
		ELSE '2026-01-05'::timestamptz + d.r % 2592000 * interval '1 second'
	END
FROM draw AS d JOIN draw AS size ON size.case_no = d.case_no AND size.place = 0 JOIN draw AS pick ON pick.case_no = d.case_no AND pick.place = 1
	JOIN window_def AS w ON w.window_no = 1 + pick.r % 7
WHERE d.case_no BETWEEN 1 AND 2400 AND d.place BETWEEN 8 AND CASE WHEN d.case_no % 10 = 3 THEN 8 ELSE 8 + size.r % 40 END;
INSERT INTO contact SELECT 0, 1000000 + i, '2024-01-01'::timestamptz + i * 7919::bigint * i % 63072000 * interval '1 second' FROM generate_series(1, 100000) AS i;
CREATE INDEX ON contact (case_no, at);
ANALYZE contact;

-- what is asked of each case: thresholds of its own, three criteria together,
-- bounds that are often contacts, a zone
CREATE TABLE asked AS
SELECT c.case_no, w.window_no, 1 + (c.case_no * 7 + w.window_no * 3) % 6 AS threshold
FROM generate_series(0::bigint, 2400) AS c(case_no), window_def AS w
WHERE c.case_no > 0 OR w.window_no IN (4, 10);
ALTER TABLE asked ADD PRIMARY KEY (case_no, window_no);
CREATE TABLE together AS
SELECT case_no, CASE WHEN case_no = 0 THEN '{4,10}' ELSE ARRAY[1 + case_no % 4, 5 + case_no / 4 % 4, 9 + case_no / 16 % 4] END::integer[] AS windows,
	(SELECT CASE WHEN a.r % 3 = 0 THEN '-infinity' ELSE min(c.at) + a.r / 3 % 4 * (max(c.at) - min(c.at)) / 4 + (a.r / 12 % 3 - 1) * interval '1 microsecond' END) AS from_at,
	(SELECT CASE WHEN b.r % 3 = 0 THEN 'infinity' ELSE max(c.at) - b.r / 3 % 4 * (max(c.at) - min(c.at)) / 5 + (b.r / 12 % 3 - 1) * interval '1 microsecond' END) AS to_at,
	(ARRAY['UTC', 'Europe/London', 'America/St_Johns', 'Pacific/Apia', 'Asia/Kathmandu', 'America/Sao_Paulo', 'Europe/Dublin'])[1 + (case_no + case_no / 10) % 7] AS zone
FROM contact AS c JOIN draw AS a USING (case_no) JOIN draw AS b USING (case_no) WHERE a.place = 2 AND b.place = 3 GROUP BY case_no, a.r, b.r;
UPDATE together SET to_at = from_at WHERE from_at > to_at;

-- -------------------------------------------------------------- plain SQL

-- contacts in every contact's window, and the first of them; a window of
-- (at - width, at] is a frame of a microsecond less, as times have no finer step
CREATE UNLOGGED TABLE plain_count (case_no bigint, window_no integer, id integer, at timestamptz, contacts bigint, window_start timestamptz);
DO $$
DECLARE
	w oracle.window_def;
BEGIN
	FOR w IN SELECT * FROM oracle.window_def LOOP
		IF w.unit IS NULL THEN
			EXECUTE format('INSERT INTO oracle.plain_count SELECT case_no, %s, id, at, count(*) OVER w, first_value(at) OVER w FROM oracle.contact
				JOIN oracle.asked USING (case_no) WHERE window_no = %1$s WINDOW w AS (PARTITION BY case_no ORDER BY at RANGE BETWEEN %L PRECEDING AND CURRENT ROW)',
				w.window_no, w.width - interval '1 microsecond');
		ELSE
			-- the period of a contact is the latest that has begun
			INSERT INTO oracle.plain_count
			SELECT case_no, w.window_no, id, at, count(*) OVER (PARTITION BY case_no, period ORDER BY at), min(at) OVER (PARTITION BY case_no, period)
			FROM (SELECT case_no, id, at, max(date_trunc(w.unit, at AT TIME ZONE w.zone)) OVER (PARTITION BY case_no ORDER BY at) AS period
				FROM oracle.contact JOIN oracle.asked AS a USING (case_no) WHERE a.window_no = w.window_no) AS c;
		END IF;
	END LOOP;
END $$;
ANALYZE plain_count;

CREATE TABLE plain_peak AS
SELECT DISTINCT ON (case_no, window_no) case_no, window_no, contacts AS peak, window_start AS started_at, at AS ended_at FROM plain_count ORDER BY case_no, window_no, contacts DESC, at;

-- runs of contacts at each of which a threshold is met
CREATE FUNCTION plain_episodes(own_thresholds boolean) RETURNS TABLE (case_no bigint, window_no integer, episode_no integer, started_at timestamptz, met_at timestamptz, ended_at timestamptz, contacts bigint, peak bigint) STABLE LANGUAGE sql AS $$
	WITH tested AS (
		SELECT p.*, CASE WHEN own_thresholds THEN a.threshold ELSE w.threshold END AS threshold
		FROM oracle.plain_count AS p JOIN oracle.asked AS a USING (case_no, window_no) JOIN oracle.window_def AS w USING (window_no)
	), runs AS (
		SELECT *, count(*) FILTER (WHERE contacts < threshold) OVER (PARTITION BY case_no, window_no ORDER BY at) AS run FROM tested
	), episode AS (
		SELECT case_no, window_no, min(window_start) AS started_at, min(at) AS met_at, max(at) AS ended_at, max(contacts) AS peak
		FROM runs WHERE contacts >= threshold GROUP BY case_no, window_no, run
	)
	SELECT case_no, window_no, (row_number() OVER (PARTITION BY case_no, window_no ORDER BY met_at))::integer, started_at, met_at, ended_at,
		(SELECT count(*) FROM oracle.contact AS c WHERE c.case_no = e.case_no AND c.at BETWEEN e.started_at AND e.ended_at), peak
	FROM episode AS e
$$;
CREATE TABLE plain_episode AS SELECT * FROM plain_episodes(true);

-- several criteria together, within bounds
CREATE TABLE plain_together AS
WITH tested AS (
	SELECT t.case_no, p.id, p.at, min(p.window_start) FILTER (WHERE m.met) AS window_start, max(p.contacts) FILTER (WHERE m.met) AS contacts, bit_or(1 << p.window_no) FILTER (WHERE m.met) AS windows
	FROM together AS t JOIN plain_count AS p ON p.case_no = t.case_no AND p.window_no = ANY (t.windows) JOIN asked AS a ON a.case_no = p.case_no AND a.window_no = p.window_no,
		LATERAL (SELECT p.contacts >= a.threshold AND p.at >= t.from_at AND p.at < t.to_at AS met) AS m
	GROUP BY t.case_no, p.id, p.at
), runs AS (
	SELECT *, count(*) FILTER (WHERE windows IS NULL) OVER (PARTITION BY case_no ORDER BY at) AS run FROM tested
), episode AS (
	SELECT case_no, (array_agg(window_start ORDER BY at))[1] AS started_at, min(at) AS met_at, max(at) AS ended_at, max(contacts) AS peak, bit_or(windows) AS windows FROM runs WHERE windows IS NOT NULL GROUP BY case_no, run
)
SELECT case_no, (row_number() OVER (PARTITION BY case_no ORDER BY met_at))::integer AS episode_no, started_at, met_at, ended_at,
	(SELECT count(*) FROM contact AS c WHERE c.case_no = e.case_no AND c.at BETWEEN e.started_at AND e.ended_at) AS contacts, peak, windows
FROM episode AS e;
CREATE TABLE plain_repeat AS
SELECT e.case_no AS caller, e.window_no, min(e.met_at) AS first_met_at, max(e.ended_at) AS last_met_at, count(*) AS episodes, p.peak, p.started_at AS peak_started_at, p.ended_at AS peak_ended_at,
	(SELECT count(*) FROM contact AS c WHERE c.case_no = e.case_no) AS contacts
FROM plain_episodes(false) AS e JOIN plain_peak AS p USING (case_no, window_no) GROUP BY e.case_no, e.window_no, p.peak, p.started_at, p.ended_at;
-- the stored form as timeline.h describes it
CREATE FUNCTION plain_varint(value numeric) RETURNS bytea IMMUTABLE LANGUAGE plpgsql AS $$
DECLARE
	bytes bytea := '';
BEGIN
	WHILE value >= 128 LOOP
		bytes := bytes || decode(to_hex((value % 128)::integer + 128), 'hex');
		value := div(value, 128);
	END LOOP;
	RETURN bytes || decode(lpad(to_hex(value::integer), 2, '0'), 'hex');
END $$;
CREATE TABLE plain_caller AS SELECT case_no, count(*) AS contacts, min(at) AS first_at, max(at) AS last_at FROM contact GROUP BY case_no;

-- -------------------------------------------------------------- comparing

-- Two tables as multisets: how many rows of either the other does not have.
CREATE FUNCTION difference(ours text, plain text) RETURNS bigint LANGUAGE plpgsql SET work_mem = '64MB' SET max_parallel_workers_per_gather = 0 AS $$
DECLARE
	different bigint;
BEGIN
	EXECUTE format('SELECT (SELECT count(*) FROM (TABLE %1$s EXCEPT ALL TABLE %2$s) AS a) + (SELECT count(*) FROM (TABLE %2$s EXCEPT ALL TABLE %1$s) AS b)', ours, plain) INTO different;
	RETURN different;
END $$;
-- A query against a table of what plain SQL gives.  It is run as a statement of
-- its own, so that it may be parallel.
CREATE FUNCTION compare(ours text, plain text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	different bigint;
BEGIN
	EXECUTE 'CREATE UNLOGGED TABLE oracle.ours AS ' || ours;
	different := oracle.difference('oracle.ours', plain);
	DROP TABLE oracle.ours;
	RETURN different;
END $$;
-- The same, against a query.
CREATE FUNCTION compare_with_query(ours text, plain text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	different bigint;
BEGIN
	EXECUTE 'CREATE UNLOGGED TABLE oracle.theirs AS ' || plain;
	different := oracle.compare(ours, 'oracle.theirs');
	DROP TABLE oracle.theirs;
	RETURN different;
END $$;

CREATE TABLE comparison (place serial, name text, ours text, plain text, rows bigint);
INSERT INTO comparison (name, ours, plain) VALUES
('contact_times', 'SELECT case_no, at FROM timelines, contact_times(t) AS at', 'SELECT case_no, at FROM contact'),
('timeline_send', 'SELECT case_no, timeline_send(t) FROM timelines',
	$$SELECT case_no, '\x01'::bytea || CASE WHEN whole THEN '\x01'::bytea ELSE '\x00'::bytea END || plain_varint(count(*)) || string_agg(plain_varint(CASE WHEN before IS NOT NULL THEN units - before WHEN units < 0 THEN -2 * units - 1 ELSE 2 * units END), '' ORDER BY place)
	FROM (SELECT case_no, whole, place, units, lag(units) OVER (PARTITION BY case_no ORDER BY place) AS before
		FROM (SELECT case_no, whole, place, div(micros, CASE WHEN whole THEN 1000000 ELSE 1 END) AS units
			FROM (SELECT case_no, micros, row_number() OVER (PARTITION BY case_no ORDER BY at) AS place, bool_and(micros % 1000000 = 0) OVER (PARTITION BY case_no) AS whole
				FROM (SELECT case_no, at, (extract(epoch FROM at) - 946684800) * 1000000 AS micros FROM contact) AS m) AS p) AS u) AS d
	GROUP BY case_no, whole$$),
('accessors', 'SELECT case_no, num_contacts(t), first_at(t), last_at(t) FROM timelines', 'SELECT * FROM plain_caller'),
('slice', 'SELECT case_no, slice(t, from_at, to_at)::timestamptz[] FROM timelines JOIN together USING (case_no)',
	$$SELECT t.case_no, coalesce(array_agg(c.at ORDER BY c.at) FILTER (WHERE c.at >= t.from_at AND c.at < t.to_at), '{}') FROM together AS t JOIN contact AS c USING (case_no) GROUP BY t.case_no$$),
('peak', 'SELECT case_no, window_no, peak(t, width) FROM timelines JOIN asked USING (case_no) JOIN window_def USING (window_no) WHERE unit IS NULL', 'SELECT case_no, window_no, peak FROM plain_peak JOIN window_def USING (window_no) WHERE unit IS NULL'),
('peak_window', 'SELECT case_no, window_no, (peak_window(t, width)).* FROM timelines JOIN asked USING (case_no) JOIN window_def USING (window_no) WHERE unit IS NULL', 'SELECT p.* FROM plain_peak AS p JOIN window_def USING (window_no) WHERE unit IS NULL'),
('meets', 'SELECT case_no, window_no FROM timelines JOIN asked AS a USING (case_no) WHERE meets(t, a.criterion)', 'SELECT DISTINCT case_no, window_no FROM plain_episode'),
('first_met', 'SELECT case_no, window_no, first_met(t, a.criterion) FROM timelines JOIN asked AS a USING (case_no)', 'SELECT case_no, window_no, met_at FROM asked LEFT JOIN plain_episode AS e USING (case_no, window_no) WHERE coalesce(episode_no, 1) = 1'),
('episodes', 'SELECT case_no, window_no, e.* FROM timelines JOIN asked AS a USING (case_no), episodes(t, a.criterion) AS e', 'TABLE plain_episode'),
('episodes of several criteria', 'SELECT case_no, e.* FROM timelines JOIN together USING (case_no), episodes(t, criteria, from_at, to_at) AS e',
	'SELECT case_no, episode_no, started_at, met_at, ended_at, contacts, peak, (SELECT array_agg(a.criterion ORDER BY a.window_no) FROM asked AS a WHERE a.case_no = p.case_no AND (p.windows & (1 << a.window_no)) <> 0) FROM plain_together AS p'),
('rolling_counts', 'SELECT case_no, window_no, r.* FROM timelines JOIN asked USING (case_no) JOIN window_def USING (window_no), rolling_counts(t, width) AS r WHERE unit IS NULL', 'SELECT case_no, window_no, at, contacts FROM plain_count JOIN window_def USING (window_no) WHERE unit IS NULL'),
('rolling_count', 'SELECT case_no, window_no, at, rolling_count(at, width) OVER (PARTITION BY case_no, window_no ORDER BY at) FROM contact JOIN asked USING (case_no) JOIN window_def USING (window_no) WHERE unit IS NULL',
	'SELECT case_no, window_no, at, contacts FROM plain_count JOIN window_def USING (window_no) WHERE unit IS NULL'),
('daily_counts', 'SELECT case_no, d.* FROM timelines JOIN together USING (case_no), daily_counts(t, zone) AS d',
	'SELECT case_no, day, count(*) FROM (SELECT case_no, max((at AT TIME ZONE zone)::date) OVER (PARTITION BY case_no ORDER BY at) AS day FROM contact JOIN together USING (case_no)) AS c GROUP BY case_no, day'),
('hour_of_week', 'SELECT case_no, hour, n FROM timelines JOIN together USING (case_no), unnest(hour_of_week(t, zone)) WITH ORDINALITY AS h(n, hour) WHERE n > 0',
	'SELECT case_no, (extract(isodow FROM local) - 1) * 24 + extract(hour FROM local) + 1, count(*) FROM contact JOIN together USING (case_no), LATERAL (SELECT at AT TIME ZONE zone AS local) AS l GROUP BY 1, 2'),
('decayed_count', $$SELECT case_no, round(decayed_count(t, '100 hours', to_at)::numeric, 9) FROM timelines JOIN together USING (case_no) WHERE isfinite(to_at)$$,
	$$SELECT case_no, round(coalesce(sum(exp(greatest(-ln(2) * extract(epoch FROM to_at - at)::double precision / 360000, -700))) FILTER (WHERE at <= to_at), 0)::numeric, 9) FROM contact JOIN together USING (case_no) WHERE isfinite(to_at) GROUP BY case_no$$),
('burstiness', 'SELECT case_no, round(burstiness(t)::numeric, 9) FROM timelines',
	$$SELECT case_no, CASE WHEN n > 1 THEN round(((sqrt(n + 1) * r - sqrt(n - 1)) / ((sqrt(n + 1) - 2) * r + sqrt(n - 1)))::numeric, 9) END
	FROM (SELECT case_no, count(gap)::double precision AS n, stddev_pop(gap) / nullif(avg(gap), 0) AS r
		FROM (SELECT case_no, extract(epoch FROM at - lag(at) OVER (PARTITION BY case_no ORDER BY at))::double precision AS gap FROM contact) AS g GROUP BY case_no) AS s$$),
('decayed_count_agg', $$SELECT case_no, round(decayed_count_agg(at, '100 hours', to_at)::numeric, 9) FROM contact JOIN together USING (case_no) WHERE isfinite(to_at) GROUP BY case_no$$,
	$$SELECT case_no, round(coalesce(sum(exp(greatest(-ln(2) * extract(epoch FROM to_at - at)::double precision / 360000, -700))) FILTER (WHERE at <= to_at), 0)::numeric, 9) FROM contact JOIN together USING (case_no) WHERE isfinite(to_at) GROUP BY case_no$$),
('gap_profile', 'SELECT case_no, gaps, extract(epoch FROM mean_gap) AS mean, round(variation::numeric, 9) AS variation, round(burstiness::numeric, 9) AS burstiness, round(memory::numeric, 9) AS memory, extract(epoch FROM longest_gap) AS longest FROM timelines, gap_profile(t)',
	$$SELECT case_no, n, mean, CASE WHEN n > 1 THEN round((sigma / nullif(mu, 0))::numeric, 9) END AS variation, CASE WHEN n > 1 AND mu > 0 THEN round(((sigma - mu) / (sigma + mu))::numeric, 9) END AS burstiness, round(memory::numeric, 9), longest
	FROM (SELECT case_no, count(gap) AS n, round(avg(gap), 6) AS mean, stddev_pop(gap::double precision) AS sigma, avg(gap)::double precision AS mu, max(gap) AS longest,
			CASE WHEN count(DISTINCT next) FILTER (WHERE gap IS NOT NULL) > 1 AND count(DISTINCT gap) FILTER (WHERE next IS NOT NULL) > 1 THEN corr(next::double precision, gap::double precision) END AS memory
		FROM (SELECT case_no, gap, lead(gap) OVER (PARTITION BY case_no ORDER BY at, id) AS next FROM (SELECT case_no, id, at, extract(epoch FROM at - lag(at) OVER (PARTITION BY case_no ORDER BY at, id)) AS gap FROM contact) AS c) AS g GROUP BY case_no) AS s$$),
('repeat_callers', 'SELECT m.* FROM (SELECT repeat_callers(case_no, at, $criteria$) AS found FROM contact WHERE case_no > 0) AS r, unnest(r.found) AS m',
	'SELECT caller, w.criterion, first_met_at, last_met_at, episodes, peak, peak_started_at, peak_ended_at, contacts FROM plain_repeat JOIN window_def AS w USING (window_no) WHERE caller > 0'),
('repeat_callers of everybody', $$SELECT m.* FROM (SELECT repeat_callers(case_no, at, '{5 in 1 day,4 per week in Europe/London}') AS found FROM contact) AS r, unnest(r.found) AS m$$,
	'SELECT caller, w.criterion, first_met_at, last_met_at, episodes, peak, peak_started_at, peak_ended_at, contacts FROM plain_repeat JOIN window_def AS w USING (window_no) WHERE window_no IN (4, 10)'),
('repeat_callers by name', $$SELECT m.* FROM (SELECT repeat_callers('caller ' || case_no, at, $criteria$) AS found FROM contact WHERE case_no > 0) AS r, unnest(r.found) AS m$$,
	$$SELECT 'caller ' || caller, w.criterion, first_met_at, last_met_at, episodes, peak, peak_started_at, peak_ended_at, contacts FROM plain_repeat JOIN window_def AS w USING (window_no) WHERE caller > 0$$),
('repeat_callers in groups', 'SELECT shape, m.* FROM (SELECT case_no % 10 AS shape, repeat_callers(case_no, at, $criteria$) AS found FROM contact WHERE case_no > 0 GROUP BY 1) AS r, unnest(r.found) AS m',
	'SELECT caller % 10, caller, w.criterion, first_met_at, last_met_at, episodes, peak, peak_started_at, peak_ended_at, contacts FROM plain_repeat JOIN window_def AS w USING (window_no) WHERE caller > 0'),
('top_callers', 'SELECT n, t.* FROM (SELECT top_callers(case_no, at, 1) AS a, top_callers(case_no, at, 7) AS b, top_callers(case_no, at, 100) AS c, top_callers(case_no, at, 5000) AS d FROM contact) AS r, LATERAL (VALUES (1, a), (7, b), (100, c), (5000, d)) AS v(n, top), unnest(v.top) AS t',
	'SELECT n, p.* FROM (SELECT rank() OVER (ORDER BY contacts DESC) AS rank, * FROM plain_caller) AS p, unnest(ARRAY[1, 7, 100, 5000]) AS n WHERE rank <= n'),
('top_callers by name', $$SELECT t.* FROM (SELECT top_callers(case_no::text, at, 300) AS top FROM contact) AS r, unnest(r.top) AS t$$, 'SELECT * FROM (SELECT rank() OVER (ORDER BY contacts DESC) AS rank, case_no::text, contacts, first_at, last_at FROM plain_caller) AS p WHERE rank <= 300'),
('top_callers in groups', $$SELECT shape, t.* FROM (SELECT case_no % 97 AS shape, top_callers(case_no, at, 3) AS top FROM contact GROUP BY 1) AS r, unnest(r.top) AS t$$, 'SELECT case_no % 97, p.* FROM (SELECT rank() OVER (PARTITION BY case_no % 97 ORDER BY contacts DESC) AS rank, * FROM plain_caller) AS p WHERE rank <= 3'),
('concentration', 'SELECT shape, s.callers, s.contacts, ARRAY(SELECT round(share::numeric, 12) FROM unnest(ARRAY[s.top_1, s.top_10, s.top_100, s.top_1_percent, s.top_5_percent, s.top_10_percent, s.gini]) AS share) AS shares
	FROM (SELECT shape, (concentration(contacts)).* FROM (SELECT case_no, case_no % 97 AS shape, count(*) AS contacts FROM contact GROUP BY 1) AS c GROUP BY shape) AS s',
	'SELECT shape, count(*) AS callers, sum(contacts) AS contacts, ARRAY[round(sum(contacts) FILTER (WHERE place <= 1) / sum(contacts), 12), round(sum(contacts) FILTER (WHERE place <= 10) / sum(contacts), 12), round(sum(contacts) FILTER (WHERE place <= 100) / sum(contacts), 12),
		round(sum(contacts) FILTER (WHERE place <= ceil(n * 0.01)) / sum(contacts), 12), round(sum(contacts) FILTER (WHERE place <= ceil(n * 0.05)) / sum(contacts), 12), round(sum(contacts) FILTER (WHERE place <= ceil(n * 0.10)) / sum(contacts), 12),
		round(sum((2 * (n - place + 1) - n - 1) * contacts) / (max(n) * sum(contacts)), 12)] AS shares
	FROM (SELECT case_no % 97 AS shape, contacts, row_number() OVER w AS place, count(*) OVER (PARTITION BY case_no % 97) AS n FROM plain_caller WINDOW w AS (PARTITION BY case_no % 97 ORDER BY contacts DESC)) AS c GROUP BY shape');

-- the criteria are written once
ALTER TABLE window_def ADD criterion criterion;
UPDATE window_def SET criterion = criterion_of(window_no, threshold);
ALTER TABLE asked ADD criterion criterion;
UPDATE asked SET criterion = criterion_of(window_no, threshold);
ALTER TABLE together ADD criteria criterion[];
UPDATE together AS t SET criteria = (SELECT array_agg(a.criterion ORDER BY a.window_no) FROM asked AS a WHERE a.case_no = t.case_no AND a.window_no = ANY (t.windows));
UPDATE comparison SET ours = replace(ours, '$criteria$', (SELECT quote_literal(array_agg(criterion ORDER BY window_no)) FROM window_def));
ANALYZE asked, together, window_def, plain_episode, plain_peak;

DO $$
DECLARE
	c oracle.comparison;
	n bigint;
BEGIN
	FOR c IN SELECT * FROM oracle.comparison LOOP
		EXECUTE format('CREATE UNLOGGED TABLE oracle.plain_%s AS %s', c.place, c.plain);
		GET DIAGNOSTICS n = ROW_COUNT;
		UPDATE oracle.comparison SET rows = n WHERE place = c.place;
	END LOOP;
END $$;

-- All comparisons under the settings of the moment.
CREATE TABLE outcome (mode text, place integer, different bigint);
CREATE FUNCTION run_comparisons(mode text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	DROP TABLE IF EXISTS oracle.timelines;
	CREATE TABLE oracle.timelines AS SELECT case_no, timeline_agg(at) AS t FROM oracle.contact GROUP BY case_no;
	ANALYZE oracle.timelines;
	INSERT INTO oracle.outcome SELECT run_comparisons.mode, c.place, oracle.compare(c.ours, 'oracle.plain_' || c.place) FROM oracle.comparison AS c;
END $$;
\set ECHO all

-- compiled, where a run of the tests asks for it; in parallel that would take
-- most of the time
RESET jit;
SET max_parallel_workers_per_gather = 0;
SELECT run_comparisons('serial');
SET jit = off;

SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET min_parallel_index_scan_size = 0;
SELECT name, pg_temp.plan_has(ours, 'Gather') AS parallel FROM comparison WHERE name ~ 'callers|^peak$|^episodes' ORDER BY place;
SELECT run_comparisons('parallel');

SET enable_partitionwise_aggregate = on;
SELECT name, pg_temp.plan_lines(ours, 'Aggregate') >= 4 AS by_partition FROM comparison WHERE name ~ '^(repeat_callers|top_callers)' ORDER BY place;
SELECT run_comparisons('partition-wise');
RESET enable_partitionwise_aggregate;

SET work_mem = '64kB';
SET max_parallel_workers_per_gather = 0;
SELECT name, pg_temp.blocks_spilled(ours) > 50 AS spills FROM comparison WHERE name ~ '^(repeat_callers|top_callers)' ORDER BY place;
SELECT run_comparisons('64 kB');
SET max_parallel_workers_per_gather = 2;
SELECT run_comparisons('64 kB, parallel');
RESET work_mem;

SELECT name, rows, serial, parallel, "partition-wise", "64 kB", "64 kB, parallel"
FROM (
	SELECT place, sum(different) FILTER (WHERE mode = 'serial') AS serial, sum(different) FILTER (WHERE mode = 'parallel') AS parallel, sum(different) FILTER (WHERE mode = 'partition-wise') AS "partition-wise",
		sum(different) FILTER (WHERE mode = '64 kB') AS "64 kB", sum(different) FILTER (WHERE mode = '64 kB, parallel') AS "64 kB, parallel" FROM outcome GROUP BY place
) AS o JOIN comparison USING (place) ORDER BY place;
SELECT (SELECT count(DISTINCT case_no) FROM contact) AS cases, (SELECT count(*) FROM contact) AS contacts, (SELECT count(*) FROM asked) AS cases_and_criteria, sum(rows) AS compared, sum(different) AS mismatches FROM outcome JOIN comparison USING (place);

-- The comparison can fail: with a closed window, with ties that do not count
-- for each other, with local days taken for rolling ones, with bounds that
-- include their end, there are differences.
SELECT compare_with_query('SELECT case_no, at, contacts FROM timelines, rolling_counts(t, ''1 hour'')',
		$$SELECT case_no, at, count(*) OVER (PARTITION BY case_no ORDER BY at RANGE BETWEEN '1 hour' PRECEDING AND CURRENT ROW) FROM contact$$) > 0 AS closed_window,
	compare_with_query('SELECT case_no, at, contacts FROM timelines, rolling_counts(t, ''36525 days'') WHERE case_no % 10 = 1',
		'SELECT case_no, at, row_number() OVER (PARTITION BY case_no ORDER BY at) FROM contact WHERE case_no % 10 = 1') > 0 AS ties_in_order,
	compare_with_query('SELECT case_no, d.* FROM timelines, daily_counts(t, ''Europe/London'') AS d', $$SELECT case_no, (at AT TIME ZONE 'UTC')::date, count(*) FROM contact GROUP BY 1, 2$$) > 0 AS utc_for_london,
	compare_with_query('SELECT case_no, num_contacts(slice(t, from_at, to_at)) FROM timelines JOIN together USING (case_no)', 'SELECT case_no, count(*) FILTER (WHERE at BETWEEN from_at AND to_at) FROM contact JOIN together USING (case_no) GROUP BY 1') > 0 AS end_included;

-- Any split, order and overlap of a timeline gives the same bytes: parts by
-- chance, rolled up in any order, or united by || in a random tree; and the
-- union of two timelines that interleave is that of their contacts.
CREATE TABLE part AS
SELECT case_no, way, (d.r / (way + 3) + c.id * (way * 2 + 1)) % (2 + way * 3) AS part_no, timeline_agg(at ORDER BY (c.id::bigint * 7919 * (way + 1)) % 10007) AS t
FROM contact AS c JOIN draw AS d USING (case_no), generate_series(0, 3) AS way WHERE d.place = 4 GROUP BY 1, 2, 3;
CREATE FUNCTION in_a_random_tree(parts timeline[], seed bigint) RETURNS timeline LANGUAGE plpgsql AS $$
DECLARE
	i integer;
	j integer;
BEGIN
	WHILE cardinality(parts) > 1 LOOP
		seed := (seed * 1103515245 + 12345) % 2147483648;
		i := 1 + (seed >> 8) % cardinality(parts);
		j := 1 + (seed >> 16) % (cardinality(parts) - 1);
		j := j + (j >= i)::integer;
		parts[i] := parts[i] || parts[j];
		parts := parts[:j - 1] || parts[j + 1:];
	END LOOP;
	RETURN parts[1];
END $$;
SELECT way, sum(parts) AS parts, count(*) AS cases,
	count(*) FILTER (WHERE timeline_send(up) <> bytes) AS rollup_differs, count(*) FILTER (WHERE timeline_send(down) <> bytes) AS reverse_differs, count(*) FILTER (WHERE timeline_send(tree) <> bytes) AS tree_differs
FROM (
	SELECT way, count(*) AS parts, rollup(p.t ORDER BY part_no) AS up, rollup(p.t ORDER BY part_no DESC) AS down, in_a_random_tree(array_agg(p.t ORDER BY part_no), case_no * 31 + way) AS tree, timeline_send(w.t) AS bytes
	FROM part AS p JOIN timelines AS w USING (case_no) GROUP BY way, case_no, w.t
) AS united GROUP BY way ORDER BY way;
SELECT count(*) AS pairs, count(*) FILTER (WHERE timeline_send(a.t || b.t) <> timeline_send(timeline(a.t::timestamptz[] || b.t::timestamptz[]))) AS differ, count(*) FILTER (WHERE timeline_send(a.t || b.t) <> timeline_send(b.t || a.t)) AS not_commutative
FROM timelines AS a JOIN timelines AS b ON b.case_no = a.case_no % 2400 + 1;
SELECT count(*) AS modes, count(DISTINCT bytes) AS different FROM (SELECT timeline_send(rollup(t)) AS bytes FROM part WHERE way = 0 UNION ALL SELECT timeline_send(timeline_agg(at)) FROM contact UNION ALL SELECT timeline_send(timeline_agg(at ORDER BY at DESC)) FROM contact) AS t;

SET client_min_messages = warning;
DROP SCHEMA oracle CASCADE;

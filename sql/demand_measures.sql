-- What a caller's contacts tell about those to come.
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\i :helpers

-- 240 callers in 2026: some with gaps of minutes, some of days, as a plain generator of random numbers has it
CREATE TABLE contacts AS
WITH RECURSIVE lcg(caller, i, x, at) AS (
	SELECT c, 0, (20260101::bigint * c) % 2147483647, timestamptz '2026-01-01' + (c % 60) * interval '1 day 3 hours' FROM generate_series(1, 240) c
	UNION ALL
	SELECT caller, i + 1, x * 48271 % 2147483647,
		at + make_interval(secs => CASE WHEN x % (2 + caller % 4) = 0 THEN 86400 * (1 + x % 9) ELSE 300 + x % 20000 END)
	FROM lcg WHERE i < (caller * 7) % 41
)
SELECT caller, at FROM lcg;
CREATE TABLE callers AS SELECT caller, timeline_agg(at) AS t FROM contacts GROUP BY caller;
CREATE TABLE model AS
SELECT jsonb_populate_record(demand_model_agg(t, '2026-03-20', '1 day'), '{"r": 0.6, "alpha": 12, "a": 1.4, "b": 2.5}') AS m FROM callers;

-- against plain SQL, at instants of which one is that of a contact, and at one before most
CREATE TABLE instants AS
SELECT at AS as_of FROM (SELECT at FROM contacts WHERE caller = 40 ORDER BY at LIMIT 1 OFFSET 17) x
UNION ALL VALUES (timestamptz '2026-01-10 12:00'), ('2026-02-01 00:00'), ('2026-03-29 12:00'), ('2026-12-31 23:59:59.999999');
CREATE TABLE windows(criterion, width, threshold) AS VALUES
	('5 in 1 day'::criterion, interval '1 day', 5), ('8 in 7 days', '7 days', 8), ('4 per day in Europe/London', NULL, 4);
-- thousands of small queries from here on
SET max_parallel_workers_per_gather = 0;
CREATE TABLE known AS
SELECT n.as_of, c.caller, c.at, (timezone('Europe/London', c.at))::date AS day FROM instants n JOIN contacts c ON c.at <= n.as_of;
CREATE INDEX ON known (as_of, caller, at);
ANALYZE known;
CREATE TABLE windowed AS
SELECT k.as_of, k.caller, k.at, w.criterion, w.threshold,
	(SELECT count(*) FROM known o WHERE o.as_of = k.as_of AND o.caller = k.caller AND o.at <= k.at
		AND CASE WHEN w.width IS NULL THEN o.day = k.day ELSE o.at > k.at - w.width END) AS contacts
FROM known k, windows w;
CREATE INDEX ON windowed (as_of, caller);
ANALYZE windowed;
CREATE TABLE plain AS
SELECT k.as_of, k.caller, count(*) AS contacts, 1::double precision AS base,
	ln(1 + count(*) FILTER (WHERE k.at > k.as_of - interval '28 days'))::double precision AS latest,
	ln(1 + sum(power(2, -extract(epoch FROM k.as_of - k.at)::double precision / 86400 / 7))) AS recent,
	ln(1 + sum(power(2, -extract(epoch FROM k.as_of - k.at)::double precision / 86400 / 56))) AS usual,
	(SELECT LEAST(max(x.n::double precision / w.threshold), 2) FROM windows w, LATERAL (
		SELECT count(*) AS n FROM known o WHERE o.as_of = k.as_of AND o.caller = k.caller
			AND CASE WHEN w.width IS NULL THEN o.day = (timezone('Europe/London', k.as_of))::date ELSE o.at > k.as_of - w.width END) x) AS nearness,
	(SELECT LEAST(max(w.contacts::double precision / w.threshold), 2) FROM windowed w WHERE w.as_of = k.as_of AND w.caller = k.caller) AS peak,
	COALESCE((SELECT power(2, -extract(epoch FROM k.as_of - max(w.at))::double precision / 86400 / 28)
		FROM windowed w WHERE w.as_of = k.as_of AND w.caller = k.caller AND w.contacts >= w.threshold), 0) AS met
FROM known k GROUP BY k.as_of, k.caller;
CREATE TABLE measured AS
SELECT p.*, d.measures, d.expected_contacts, d.probability_active, expected_contacts(c.t, m, p.as_of, '28 days') AS own_expected, probability_active(c.t, m, p.as_of) AS own_active
FROM plain p JOIN callers c USING (caller) CROSS JOIN model,
	LATERAL demand_measures(c.t, p.as_of, ARRAY(SELECT criterion FROM windows), m, '28 days') d;
SELECT count(*) AS compared, max(contacts) AS most, count(*) FILTER (WHERE met > 0) AS met, count(*) FILTER (WHERE nearness = 2) AS twice, count(DISTINCT nearness) AS nearnesses,
	count(*) FILTER (WHERE abs(measures[1] - base) > 1e-9 OR measures[1] IS NULL) AS base, count(*) FILTER (WHERE abs(measures[2] - latest) > 1e-9 OR measures[2] IS NULL) AS latest,
	count(*) FILTER (WHERE abs(measures[3] - recent) > 1e-9 OR measures[3] IS NULL) AS recent, count(*) FILTER (WHERE abs(measures[4] - usual) > 1e-9 OR measures[4] IS NULL) AS usual,
	count(*) FILTER (WHERE abs(measures[5] - ln(1 + own_expected)) > 1e-9 OR expected_contacts IS DISTINCT FROM own_expected) AS expected,
	count(*) FILTER (WHERE abs(measures[6] - nearness) > 1e-9 OR measures[6] IS NULL) AS nearness, count(*) FILTER (WHERE abs(measures[7] - peak) > 1e-9 OR measures[7] IS NULL) AS peak,
	count(*) FILTER (WHERE abs(measures[8] - met) > 1e-9 OR measures[8] IS NULL) AS met, count(*) FILTER (WHERE measures[9] IS DISTINCT FROM own_active OR probability_active IS DISTINCT FROM own_active) AS active
FROM measured;
-- contacts that are not there yet change nothing
SELECT count(*) FILTER (WHERE d IS DISTINCT FROM e) AS looks_ahead
FROM instants n, callers c, model, LATERAL (SELECT demand_measures(c.t, n.as_of, '{5 in 1 day}', m, '28 days')) x(d),
	LATERAL (SELECT demand_measures(slice(c.t, '-infinity', n.as_of + interval '1 microsecond'), n.as_of, '{5 in 1 day}', m, '28 days')) y(e);
-- nor does whose criteria came before, as rows with different ones follow each other
SELECT count(*) FILTER (WHERE d.measures <> e.measures) AS mixed_up
FROM (SELECT c.t, ARRAY[w.criterion] AS criteria FROM callers c, windows w ORDER BY c.caller, w.threshold) r,
	LATERAL demand_measures(r.t, '2026-02-01', r.criteria, NULL, '28 days') d, LATERAL demand_measures(r.t, '2026-02-01', ARRAY[r.criteria[1], r.criteria[1]], NULL, '28 days') e;

-- nothing to go by: no model, no criteria, no contacts, none by then
SELECT s.what, d.measures, d.expected_contacts, d.probability_active
FROM model, LATERAL (VALUES (1, 'no model', '{2026-01-01T00:00:00Z}'::timeline, '{5 in 1 day}'::criterion[], NULL::demand_model), (2, 'no criteria', '{2026-01-01T00:00:00Z}', '{}', NULL),
	(3, 'no contacts', '{}', '{5 in 1 day}', m), (4, 'none by then', '{2026-01-03T00:00:00Z}', '{5 in 1 day}', m)) s(no, what, t, criteria, model),
	demand_measures(s.t, '2026-01-01', s.criteria, s.model, '28 days') d ORDER BY s.no;
SELECT demand_measures(NULL, '2026-01-01', '{}', NULL, '1 day') IS NULL AS timeline, demand_measures('{}', NULL, '{}', NULL, '1 day') IS NULL AS as_of,
	demand_measures('{}', '2026-01-01', NULL, NULL, '1 day') IS NULL AS criteria, demand_measures('{}', '2026-01-01', '{}', NULL, NULL) IS NULL AS horizon;

-- what is refused
\pset format unaligned
\pset tuples_only on
SELECT pg_temp.refused('SELECT ' || statement)
FROM (VALUES ($$demand_measures('{}', 'infinity', '{}', NULL, '1 day')$$), ($$demand_measures('{}', '2026-01-01', '{}', NULL, '0')$$), ($$demand_measures('{}', '2026-01-01', '{}', NULL, '-1 day')$$),
	($$demand_measures('{}', '2026-01-01', '{}', NULL, '1 month')$$), ($$demand_measures('{}', '2026-01-01', '{NULL}', NULL, '1 day')$$),
	($$demand_measures('{}', '2026-01-01', '{}', (SELECT demand_model_agg(i, i::float8, 10.0 + i) FROM generate_series(0, 9) i), '1 day')$$)) AS t(statement);
\pset tuples_only off
\pset format aligned
DROP TABLE contacts, callers, model, instants, windows, known, windowed, plain, measured;

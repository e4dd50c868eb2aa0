-- Who changes: how often they contact, and how, against plain SQL.
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\i :helpers
-- a database as it is at first
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS engage_demo;
DROP EXTENSION engage CASCADE;
CREATE EXTENSION engage;
RESET client_min_messages;
SELECT setup(zone => 'Europe/London');

-- ------------------------------------------------------------ escalations
-- 1,000 callers who go on as ever, in bursts: 13 weeks, in each as many bursts
-- as their rate has it, of one to eight contacts some minutes apart.  One called
-- once or twice a week, and then 14 times in the last.
CREATE FUNCTION draw(a bigint, b bigint) RETURNS float8 LANGUAGE sql IMMUTABLE
	RETURN ((pg_catalog.hashint8extended(a * 100003 + b, 42) >> 11) & 9007199254740991)::float8 / 9007199254740992::float8;
INSERT INTO caller (timeline, contacts, first_at, last_at)
SELECT timeline_agg(at), count(*), min(at), max(at)
FROM (
	SELECT i, timestamptz '2025-04-07' - (draw(i, 10 * b) * 91) * interval '1 day' + n * (60 + draw(i, 10 * b + 1) * 3000) * interval '1 second' AS at
	FROM generate_series(1, 1000) i, generate_series(1, 2 + floor(60 * draw(i, 1) ^ 3)::integer) b, generate_series(0, floor(8 * draw(i, 10 * b + 2))::integer) n
) c
WHERE at <= '2025-04-07' GROUP BY i ORDER BY i;
INSERT INTO caller (timeline, contacts, first_at, last_at)
SELECT timeline_agg(at), count(*), min(at), max(at)
FROM (
	SELECT timestamptz '2025-03-31' - k * interval '110 hours' AS at FROM generate_series(1, 18) k
	UNION ALL SELECT timestamptz '2025-04-07' - k * interval '11 hours' FROM generate_series(0, 13) k
) c;
SELECT count(*) AS callers, sum(contacts) AS contacts FROM caller;
SELECT caller_id, recent_contacts, baseline_contacts, round(ratio::numeric, 1) AS ratio, lower > 1 AS more, q_value <= 0.05 AS found
FROM escalations_at('2025-04-07') WHERE q_value <= 0.05;
-- naive: the ratio of contacts alone, as if each were by itself
SELECT count(*) FILTER (WHERE q <= 0.05) > 10 AS poisson_finds_many
FROM (SELECT unnest(benjamini_hochberg(array_agg(CASE WHEN r.ratio > 1 THEN r.p_value / 2 ELSE 1 END))) AS q FROM escalations_at('2025-04-07') e, rate_ratio(e.recent_contacts, 7, e.baseline_contacts, 84) r) x;
-- each row is escalation() by the prior of all; q over all
WITH prior AS (
	SELECT escalation_prior(timeline, timestamptz '2025-04-07') AS p FROM caller
), plain AS (
	SELECT c.caller_id, e.* FROM caller c, prior, escalation(c.timeline, '2025-04-07', p) e WHERE e.p_value IS NOT NULL
), q AS (
	SELECT u.* FROM (SELECT array_agg(caller_id) AS ids, benjamini_hochberg(array_agg(p_value)) AS qs FROM plain) a, unnest(ids, qs) u (caller_id, q)
)
SELECT count(*) AS callers, count(*) FILTER (WHERE (e.recent_contacts, e.baseline_contacts, e.recent_occasions, e.baseline_occasions, e.p_value, e.lower, e.dispersion, e.q_value)
	IS DISTINCT FROM (p.recent_contacts, p.baseline_contacts, p.recent_occasions, p.baseline_occasions, p.p_value, p.lower, p.dispersion, q.q)) AS different
FROM plain p JOIN q USING (caller_id) FULL JOIN escalations_at('2025-04-07') e USING (caller_id);
-- counts from the times themselves
SELECT count(*) FILTER (WHERE e.recent_contacts <> n.recent OR e.baseline_contacts <> n.baseline) AS different
FROM escalations_at('2025-04-07') e JOIN caller c USING (caller_id), LATERAL (
	SELECT count(*) FILTER (WHERE at > timestamptz '2025-04-07' - interval '168 hours') AS recent,
		count(*) FILTER (WHERE at <= timestamptz '2025-04-07' - interval '168 hours' AND at > timestamptz '2025-04-07' - interval '2184 hours') AS baseline
	FROM unnest(c.timeline::timestamptz[]) at) n;
-- another window; whom nothing is known of at a time; errors
SELECT count(*) AS callers, max(recent_contacts) AS most FROM escalations_at('2025-04-07', recent => '3 days');
SELECT count(*) AS callers FROM escalations_at('2024-12-01');
SELECT count(*) AS callers FROM escalations_at(NULL);
SELECT pg_temp.refused($$SELECT engage.escalations_at('2025-04-07', recent => '1 month')$$);
SELECT pg_temp.refused($$SELECT engage.escalations_at('2025-04-07', recent => '0')$$);
SELECT pg_temp.refused($$SELECT engage.escalations_at('infinity')$$);
-- later contacts change nothing
CREATE TEMP TABLE before AS SELECT * FROM escalations_at('2025-03-20');
BEGIN;
UPDATE caller SET timeline = slice(timeline, '-infinity', timestamptz '2025-03-20' + interval '1 microsecond');
SELECT count(*) AS differences FROM (TABLE before EXCEPT SELECT * FROM escalations_at('2025-03-20')) x;
ROLLBACK;
SELECT count(*) AS now FROM escalating_caller;	-- all long ago
TRUNCATE caller;

-- ------------------------------------------------------------------ shifts
-- 40 callers, around the night of 30 March 2025 when the clocks went forward.
-- Callers 1 to 5 call as often as ever, and more by 999; 6 to 10 more at night.
INSERT INTO contact (source, source_ref, occurred_at, channel, number_raw, subject, qualifiers)
SELECT 'acd', i || ' ' || k, at, CASE WHEN draw(i, 5000 + k) < CASE WHEN i <= 5 AND at > '2025-04-01' THEN 0.9 ELSE 0.15 END THEN '999_voice' ELSE '101_voice' END::contact_channel,
	'+44770090' || lpad(i::text, 4, '0'), CASE k % 4 WHEN 0 THEN 'noise' WHEN 1 THEN 'theft' END, CASE WHEN k % 5 = 0 THEN ARRAY['alcohol'] ELSE '{}' END
FROM generate_series(1, 40) i, generate_series(1, 120) k, LATERAL (
	SELECT timestamptz '2025-01-01' + floor(draw(i, k) * 120) * interval '1 day'
		+ CASE WHEN i BETWEEN 6 AND 10 AND draw(i, k) > 0.75 THEN (23.1 + 6.8 * draw(i, 9000 + k)) ELSE 24 * draw(i, 9000 + k) END * interval '1 hour' AS at) t;
-- something new; and what does not count: outbound, second legs
INSERT INTO contact (source, source_ref, occurred_at, channel, number_raw, subject, qualifiers, direction)
VALUES ('acd', 'new 1', '2025-04-20', '101_voice', '+447700900020', 'knife', '{domestic, alcohol}', 'inbound'),
	('acd', 'new 2', '2025-04-21', '101_voice', '+447700900020', 'knife', '{domestic}', 'inbound'),
	('acd', 'out', '2025-04-21', '999_voice', '+447700900021', 'fire', '{gun}', 'outbound'),
	('acd', 'young', '2025-04-30', '999_voice', '+447700900022', 'flood', NULL, 'inbound'),	-- after as_of
	('acd', 'old', '2024-12-30', '999_voice', '+447700900023', 'wind', NULL, 'inbound');
INSERT INTO contact (source, source_ref, occurred_at, channel, number_raw, subject, duplicate_of)
SELECT 'acd', 'leg', '2025-04-21', '999_voice', '+447700900024', 'leg', contact_id FROM contact WHERE source_ref = '24 1';
CALL refresh();
SELECT count(*) AS callers, sum(contacts) AS contacts FROM caller;

-- the oracle: Clopper and Pearson's p-values are rate_ratio()'s, all else is counted here
CREATE FUNCTION plain_shifts(as_of timestamptz, recent interval, baseline interval, at_least integer)
RETURNS TABLE (caller_id bigint, kind text, value text, recent_contacts bigint, recent_of bigint, baseline_contacts bigint, baseline_of bigint) LANGUAGE sql AS $$
	WITH seen AS (
		SELECT p.caller_id, c.occurred_at > as_of - recent AS young, c.channel = '999_voice' AS emergency,
			(c.occurred_at AT TIME ZONE 'Europe/London')::time >= '23:00' OR (c.occurred_at AT TIME ZONE 'Europe/London')::time < '07:00' AS night,
			c.subject, c.qualifiers
		FROM contact c JOIN persona p USING (persona_key)
		WHERE c.occurred_at > as_of - recent - baseline AND c.occurred_at <= as_of AND c.direction = 'inbound' AND c.duplicate_of IS NULL AND c.callback_of IS NULL
	), busy AS (
		SELECT caller_id, count(*) FILTER (WHERE young) AS r, count(*) FILTER (WHERE NOT young) AS b FROM seen GROUP BY 1
		HAVING count(*) FILTER (WHERE young) >= at_least AND count(*) FILTER (WHERE NOT young) > 0
	), feature AS (
		SELECT caller_id, young, 'emergency' AS kind, NULL AS value FROM seen WHERE emergency
		UNION ALL SELECT caller_id, young, 'night', NULL FROM seen WHERE night
		UNION ALL SELECT caller_id, young, 'subject', subject FROM seen WHERE subject IS NOT NULL
		UNION ALL SELECT caller_id, young, 'qualifier', q FROM seen, unnest(qualifiers) q
	), counted AS (
		SELECT caller_id, kind, value, count(*) FILTER (WHERE young) AS recent_contacts, count(*) FILTER (WHERE NOT young) AS baseline_contacts FROM feature GROUP BY 1, 2, 3
	)
	SELECT c.caller_id, kind, value, recent_contacts, r, baseline_contacts, b FROM counted c JOIN busy USING (caller_id)
	WHERE kind IN ('emergency', 'night') OR recent_contacts > 0 AND baseline_contacts = 0
$$;
SELECT count(*) AS rows, count(*) FILTER (WHERE s.caller_id IS NULL OR p.caller_id IS NULL) AS different
FROM (SELECT caller_id, kind, COALESCE(value, '-') AS value, recent_contacts, recent_of, baseline_contacts, baseline_of FROM shifts_at('2025-04-28')) s
FULL JOIN (SELECT caller_id, kind, COALESCE(value, '-') AS value, recent_contacts, recent_of, baseline_contacts, baseline_of FROM plain_shifts('2025-04-28', '672 hours', '2016 hours', 5)) p
	USING (caller_id, kind, value, recent_contacts, recent_of, baseline_contacts, baseline_of);
SELECT count(*) AS rows, count(*) FILTER (WHERE s.caller_id IS NULL OR p.caller_id IS NULL) AS different
FROM (SELECT caller_id, kind, COALESCE(value, '-') AS value, recent_contacts, recent_of, baseline_contacts, baseline_of FROM shifts_at('2025-04-02', '7 days', '14 days', 9)) s
FULL JOIN (SELECT caller_id, kind, COALESCE(value, '-') AS value, recent_contacts, recent_of, baseline_contacts, baseline_of FROM plain_shifts('2025-04-02', '168 hours', '336 hours', 9)) p
	USING (caller_id, kind, value, recent_contacts, recent_of, baseline_contacts, baseline_of);
-- ratio and p-value from the binomial distribution; Benjamini and Hochberg by ranks
WITH s AS (
	SELECT *, recent_contacts + baseline_contacts AS n, recent_of::float8 / (recent_of + baseline_of) AS share FROM shifts_at('2025-04-28') WHERE kind IN ('emergency', 'night')
), tails AS (
	SELECT s.*, (SELECT sum(exp(lgamma_n - ln_k - ln_rest + k * ln(share) + (n - k) * ln(1 - share))) FROM (
		SELECT k, (SELECT COALESCE(sum(ln(x::float8)), 0) FROM generate_series(1, n) x) AS lgamma_n, (SELECT COALESCE(sum(ln(x::float8)), 0) FROM generate_series(1, k) x) AS ln_k,
			(SELECT COALESCE(sum(ln(x::float8)), 0) FROM generate_series(1, n - k) x) AS ln_rest FROM generate_series(recent_contacts, n) k) t) AS upper_tail,
		(SELECT sum(exp(lgamma_n - ln_k - ln_rest + k * ln(share) + (n - k) * ln(1 - share))) FROM (
		SELECT k, (SELECT COALESCE(sum(ln(x::float8)), 0) FROM generate_series(1, n) x) AS lgamma_n, (SELECT COALESCE(sum(ln(x::float8)), 0) FROM generate_series(1, k) x) AS ln_k,
			(SELECT COALESCE(sum(ln(x::float8)), 0) FROM generate_series(1, n - k) x) AS ln_rest FROM generate_series(0, recent_contacts) k) t) AS lower_tail
	FROM s
), adjusted AS (
	SELECT *, LEAST(1, 2 * LEAST(upper_tail, lower_tail)) AS p, count(*) OVER () AS m, count(*) OVER (ORDER BY p_value) AS rank FROM tails
)
SELECT count(*) AS tests, count(*) FILTER (WHERE abs(a.p - a.p_value) > 1e-9) AS p_different,
	count(*) FILTER (WHERE abs(a.q_value - (SELECT min(LEAST(1, b.p_value * b.m / b.rank)) FROM adjusted b WHERE b.p_value >= a.p_value)) > 1e-12) AS q_different,
	count(*) FILTER (WHERE a.baseline_contacts > 0 AND abs(a.ratio - (a.recent_contacts::float8 / a.recent_of) / (a.baseline_contacts::float8 / a.baseline_of)) > 1e-9) AS ratio_different
FROM adjusted a;
-- who was planted
SELECT right(number, 2)::integer AS caller, kind, lower > 1 AS more
FROM shifts_at('2025-04-28') s JOIN persona p USING (caller_id) WHERE q_value <= 0.05 ORDER BY kind, caller;
SELECT right(number, 2)::integer AS caller, kind, value, recent_contacts, recent_of, baseline_contacts, baseline_of, ratio, lower, upper, p_value, q_value
FROM shifts_at('2025-04-28') s JOIN persona p USING (caller_id) WHERE kind IN ('subject', 'qualifier') ORDER BY 1, 2, 3;

-- night is local: 22:30 UTC is 23:30 from 30 March on, and no night before; 06:30 UTC is 07:30
DELETE FROM contact;
INSERT INTO contact (source, source_ref, occurred_at, channel, number_raw)
SELECT 'acd', 'n ' || d, timestamptz '2025-03-25 22:30' + d * interval '24 hours', '101_voice'::contact_channel, '07700 900001' FROM generate_series(0, 9) d
UNION ALL SELECT 'acd', 'm ' || d, timestamptz '2025-03-25 06:30' + d * interval '24 hours', '101_voice', '07700 900002' FROM generate_series(0, 9) d;
CALL refresh();
SELECT right(number, 2) AS caller, kind, recent_contacts, recent_of, baseline_contacts, baseline_of
FROM shifts_at('2025-04-04', recent => '5 days', baseline => '28 days') JOIN persona USING (caller_id) ORDER BY caller;
-- the clock of the session does not matter
SET timezone = 'Pacific/Apia';
SELECT right(number, 2) AS caller, kind, recent_contacts, recent_of, baseline_contacts, baseline_of
FROM shifts_at('2025-04-04 00:00+00', recent => '5 days', baseline => '28 days') JOIN persona USING (caller_id) ORDER BY caller;
SET timezone = 'UTC';
-- too few lately, or none before
SELECT count(*) AS shifts FROM shifts_at('2025-04-04', recent => '5 days', baseline => '28 days', at_least => 6);
SELECT count(*) AS shifts FROM shifts_at('2025-04-04', recent => '28 days', baseline => '28 days');
-- a contact that refresh does not know to be gone
DELETE FROM contact WHERE occurred_at < '2025-03-30';
SELECT count(*) AS shifts FROM shifts_at('2025-04-04', recent => '5 days', baseline => '28 days');
-- errors
SELECT pg_temp.refused($$SELECT engage.shifts_at(NULL)$$);
SELECT pg_temp.refused($$SELECT engage.shifts_at('infinity')$$);
SELECT pg_temp.refused($$SELECT engage.shifts_at('2025-04-04', recent => '0 days')$$);
SELECT pg_temp.refused($$SELECT engage.shifts_at('2025-04-04', baseline => NULL)$$);
SELECT pg_temp.refused($$SELECT engage.shifts_at('2025-04-04', at_least => 0)$$);

-- the view: as of now
DELETE FROM contact;
INSERT INTO contact (source, source_ref, occurred_at, channel, number_raw, subject)
SELECT 'acd', 'v ' || d, now() - d * interval '3 days' - interval '1 hour', CASE WHEN d < 9 THEN '999_voice' ELSE '101_voice' END::contact_channel, '07700 900003',
	CASE WHEN d < 2 THEN 'stalking' END
FROM generate_series(0, 36) d;
CALL refresh();
SELECT kind, value, recent_contacts, recent_of, baseline_contacts FROM caller_shift WHERE kind <> 'night' ORDER BY kind;
-- an emergency line is what the force says, and what is shipped if it says nothing: as in dashboards
BEGIN;
DELETE FROM channel WHERE channel = '999_voice';
SELECT kind, recent_contacts, recent_of, baseline_contacts FROM caller_shift WHERE kind = 'emergency';
INSERT INTO channel VALUES ('999_voice', 'Nines', false);
SELECT count(*) AS shifts FROM caller_shift WHERE kind = 'emergency';
SELECT channel_name, channel_group, is_emergency FROM engage_bi.dim_channel WHERE channel_code = '999_voice';
ROLLBACK;
-- night is one thing in shifts and in dashboards
SELECT min(time_key) FILTER (WHERE NOT is_night) AS ends, max(time_key) FILTER (WHERE NOT is_night) + 1 AS begins FROM engage_bi.dim_time;
SELECT place, q_value FROM with_q_values('{0.01, NULL, 0.04}');

-- as other files want to find it
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS engage_demo;
DROP EXTENSION engage CASCADE;
CREATE EXTENSION engage;
RESET client_min_messages;

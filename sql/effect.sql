-- Did it help?  Cohorts of a force that was made here, against before_after()
-- and interrupted_time_series() over counts in plain SQL.
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
CREATE EXTENSION engage_demo;
SELECT setup();

-- 2,500 callers with exponential rates, 0.1 a day on average, from 10 March to
-- 5 May 2025; each was known since January.  Nothing is done about any.
CREATE FUNCTION draw(a bigint, b bigint) RETURNS float8 LANGUAGE sql IMMUTABLE
	RETURN (((pg_catalog.hashint8extended(a * 100003 + b, 7) >> 11) & 9007199254740991)::float8 + 0.5) / 9007199254740992::float8;
CREATE TABLE drawn AS
SELECT i, at FROM (
	SELECT i, timestamptz '2025-03-10 00:00' + sum(-ln(draw(i, k)) / (-0.1 * ln(draw(i, 0)))) OVER (PARTITION BY i ORDER BY k) * interval '1 day' AS at
	FROM generate_series(1, 2500) i, generate_series(1, 100) k
) x WHERE at < '2025-05-05' UNION ALL SELECT i, '2025-01-15' FROM generate_series(1, 2500) i;
INSERT INTO contact (source, source_ref, occurred_at, channel, number_raw, handling_seconds)
SELECT 'acd', i || ' ' || at, at, '101_voice', engage_demo.drama_number(i), 300 + (600 * draw(i, 777))::integer FROM drawn ORDER BY i, at;
-- what does not count
INSERT INTO contact (source, source_ref, occurred_at, channel, number_raw, direction, handling_seconds)
SELECT 'acd', 'out ' || i, timestamptz '2025-04-06' + i * interval '1 minute', '101_voice', engage_demo.drama_number(i), 'outbound', 9999 FROM generate_series(1, 2500) i;
CALL refresh();
SELECT count(*) AS callers, sum(contacts) AS contacts FROM caller;

-- all windows of 28 days around 7 April, by hand
CREATE VIEW counted AS
SELECT p.caller_id, count(*) FILTER (WHERE occurred_at > timestamptz '2025-04-07' - interval '672 hours' AND occurred_at <= '2025-04-07') AS before,
	count(*) FILTER (WHERE occurred_at > '2025-04-07' AND occurred_at <= timestamptz '2025-04-07' + interval '672 hours') AS after
FROM contact c JOIN persona p USING (persona_key)
WHERE direction = 'inbound' AND duplicate_of IS NULL AND callback_of IS NULL
GROUP BY p.caller_id HAVING min(occurred_at) <= '2025-04-07';
SELECT count(*) FILTER (WHERE c.caller_id IS NULL OR a.caller_id IS NULL) AS different
FROM counted c FULL JOIN (SELECT caller_id, contacts_before AS before, contacts_after AS after FROM contacts_around('2025-04-07', '672 hours', '672 hours')) a USING (caller_id, before, after);

-- ------------------------------------------------- nothing was done
-- those who called ten times or more in four weeks: every other one is managed
CREATE TABLE peaked AS SELECT caller_id, row_number() OVER (ORDER BY number) % 2 = 0 AS even FROM counted JOIN persona USING (caller_id) WHERE before >= 10;
SELECT count(*) AS peaked FROM peaked;
CREATE TABLE cohort AS SELECT array_agg(caller_id ORDER BY caller_id) AS ids FROM peaked WHERE even;
SELECT managed_effect(ids, '2025-04-07') = (SELECT before_after(before, after, caller_id = ANY (ids)) FROM counted) AS as_by_plain_sql FROM cohort;
SELECT managed, before, after, round(naive_ratio::numeric, 3) AS naive_ratio, round(expected_after::numeric, 1) AS expected_after, round(effect::numeric, 3) AS effect,
	round(lower::numeric, 3) AS lower, round(upper::numeric, 3) AS upper, naive_ratio < 0.9 AS naive_falls, lower < 1 AND upper > 1 AS covers_none,
	lower_comparable < 1 AND upper_comparable > 1 AS comparable_covers_none, warnings
FROM cohort, managed_effect(ids, '2025-04-07');
SELECT managed, round(naive_ratio::numeric, 3) AS naive_ratio, round(effect::numeric, 3) AS effect, lower < 1 AND upper > 1 AS covers_none, warnings
FROM managed_effect((SELECT array_agg(caller_id) FROM peaked), '2025-04-07');
-- other windows; a cohort in any order, twice, with strangers
SELECT managed_effect(ids, '2025-04-07', '14 days', '7 days') = (
	SELECT before_after(before, after, caller_id = ANY (ids))
	FROM (SELECT caller_id, count(*) FILTER (WHERE at <= '2025-04-07') AS before, count(*) FILTER (WHERE at > '2025-04-07') AS after
	FROM (SELECT caller_id, at FROM caller c, unnest(c.timeline::timestamptz[]) at WHERE at > timestamptz '2025-04-07' - interval '336 hours' AND at <= timestamptz '2025-04-07' + interval '168 hours'
		UNION ALL SELECT caller_id, NULL FROM caller) x GROUP BY caller_id) y) AS other_windows
FROM cohort;
SELECT to_jsonb(m) - 'warnings' = to_jsonb(n) - 'warnings' AS same, m.warnings
FROM cohort, managed_effect(ids || ids || '{-1, -2}', '2025-04-07') m, managed_effect(ids, '2025-04-07') n;
SELECT managed, warnings FROM cohort, managed_effect(ids[:3] || '{-1}', '2020-04-07');
-- the session's clock, which goes forward on 30 March, does not matter
SET timezone = 'Europe/London';
SELECT m.before = (SELECT sum(before) FROM counted WHERE caller_id = ANY (ids)) AS counts FROM cohort, managed_effect(ids, '2025-04-07 00:00+00') m;
SET timezone = 'UTC';

-- ------------------------------------------------- a fall of 30 %
DELETE FROM contact WHERE direction = 'inbound' AND occurred_at > '2025-04-07' AND draw(contact_id, 31) < 0.3
	AND persona_key IN (SELECT persona_key FROM persona, cohort WHERE caller_id = ANY (ids));
CALL refresh();
SELECT managed_effect(ids, '2025-04-07') = (SELECT before_after(before, after, caller_id = ANY (ids)) FROM counted) AS as_by_plain_sql FROM cohort;
SELECT after, round(naive_ratio::numeric, 3) AS naive_ratio, round(expected_after::numeric, 1) AS expected_after, round(effect::numeric, 3) AS effect,
	round(lower::numeric, 3) AS lower, round(upper::numeric, 3) AS upper, lower < 0.7 AND upper > 0.7 AS covers_planted, upper < 1 AS found,
	upper_comparable < 1 AS comparable_found
FROM cohort, managed_effect(ids, '2025-04-07');

-- each of them: the parts add up to the cohort's
SELECT count(*) = min(m.managed) AS all_of_them, sum(e.contacts_before) = min(m.before) AND sum(e.contacts_after) = min(m.after) AS counts,
	abs(sum(e.expected_after) / min(m.expected_after) - 1) < 1e-9 AS expected_adds_up
FROM cohort, managed_effect(ids, '2025-04-07') m, caller_effect(ids, '2025-04-07') e;
WITH cohort_result AS (
	SELECT ids, m.* FROM cohort, managed_effect(ids, '2025-04-07') m
), each AS (
	SELECT c.*, r.expected_sd ^ 2 * b.sd ^ 2 / sum(b.sd ^ 2) OVER () AS variance, r.comparison_ratio * (r.prior_mean + r.calibration * (b.expected - r.prior_mean)) AS expected
	FROM cohort_result r JOIN counted c ON c.caller_id = ANY (r.ids), empirical_bayes(c.before, 1, r.prior_mean, r.prior_shape) b
)
SELECT count(*) AS callers, max(abs(e.expected_after - x.expected)) < 1e-9 AS expected,
	max(abs(e.effect - s.effect)) < 1e-9 AND max(abs(e.lower - s.lower)) < 1e-6 AND max(abs(e.upper - s.upper)) < 1e-6 AND max(abs(e.p_value - s.p_value)) < 1e-6 AS effect_size
FROM each x JOIN caller_effect((SELECT ids FROM cohort), '2025-04-07') e USING (caller_id), effect_size(x.after, x.expected, x.variance) s;
SELECT count(*) AS strangers FROM caller_effect('{-1, -2}', '2025-04-07');

-- hours: contacts that did not come, times what one takes
SELECT formula FROM cohort, managed_hours_saved(ids, '2025-04-07');
WITH handling AS (
	SELECT avg(handling_seconds)::float8 AS mean, (stddev_samp(handling_seconds) / sqrt(count(*)))::float8 AS error
	FROM contact c JOIN persona p USING (persona_key), cohort
	WHERE p.caller_id = ANY (ids) AND direction = 'inbound' AND occurred_at > timestamptz '2025-04-07' - interval '672 hours' AND occurred_at <= timestamptz '2025-04-07' + interval '672 hours'
)
SELECT abs(h.hours_per_month - (m.expected_after - m.after) * mean / 3600 / (28 / 30.4375)) < 1e-9 AS hours, abs(h.contacts_fewer - (m.expected_after - m.after)) < 1e-9 AS contacts,
	h.formula = p.formula AND abs(h.lower - p.lower) < 1e-6 AND abs(h.upper - p.upper) < 1e-6 AS as_hours_saved
FROM cohort, handling, managed_effect(ids, '2025-04-07') m, managed_hours_saved(ids, '2025-04-07') h,
	hours_saved(m.after, m.expected_after, m.expected_sd ^ 2, mean, 28 / 30.4375, error) p;
-- nobody is expected, no handling time is known
SELECT * FROM managed_hours_saved('{-1}', '2025-04-07');
BEGIN;
UPDATE contact SET handling_seconds = NULL;
SELECT h.* FROM cohort, managed_hours_saved(ids, '2025-04-07') h;
ROLLBACK;

-- ------------------------------------------------------- a whole force
-- from 7 April on one contact in four is gone; days of 24 hours, 28 on either side
DELETE FROM contact WHERE direction = 'inbound' AND occurred_at > '2025-04-07' AND draw(contact_id, 57) < 0.25;
WITH plain AS (
	SELECT interrupted_time_series(contacts, day, 0) AS series
	FROM (SELECT n AS day, (SELECT count(*) FROM contact WHERE direction = 'inbound' AND occurred_at >= timestamptz '2025-04-07' + n * interval '24 hours'
		AND occurred_at < timestamptz '2025-04-07' + (n + 1) * interval '24 hours') AS contacts FROM generate_series(-28, 27) n) x
)
SELECT force_wide_change('2025-04-07', '2025-03-10', '2025-05-05', '1 day') = series AS as_by_plain_sql FROM plain;
SELECT round(level_ratio::numeric, 3) AS level_ratio, round(level_lower::numeric, 3) AS lower, round(level_upper::numeric, 3) AS upper, level_lower < 0.75 AND level_upper > 0.75 AS covers_planted,
	level_upper < 1 AS found, slope_lower < 1 AND slope_upper > 1 AS no_trend, periods_before, periods_after, warnings
FROM force_wide_change('2025-04-07', '2025-03-10', '2025-05-05', '1 day');
-- parts of periods are left out
SELECT periods_before, periods_after, force_wide_change('2025-04-07', '2025-03-09 12:00', '2025-05-05 23:00', '1 day') = force_wide_change('2025-04-07', '2025-03-10', '2025-05-05', '1 day') AS same
FROM force_wide_change('2025-04-07', '2025-03-10', '2025-05-05', '8 days');
SET timezone = 'Europe/London';
SELECT force_wide_change('2025-04-07 00:00+00', '2025-03-10 00:00+00', '2025-05-05 00:00+00', '1 day') = force_wide_change('2025-04-07 00:00+00', '2025-03-10 00:00+00', '2025-05-05 00:00+00', '24 hours') AS days_of_24_hours;
SET timezone = 'UTC';

-- -------------------------------------------------------------- errors
SELECT pg_temp.refused($$SELECT engage.managed_effect(NULL, '2025-04-07')$$);
SELECT pg_temp.refused($$SELECT engage.managed_effect('{}', '2025-04-07')$$);
SELECT pg_temp.refused($$SELECT engage.managed_effect('{1, NULL}', '2025-04-07')$$);
SELECT pg_temp.refused($$SELECT engage.managed_effect('{1}', NULL)$$);
SELECT pg_temp.refused($$SELECT engage.managed_effect('{1}', '-infinity')$$);
SELECT pg_temp.refused($$SELECT engage.managed_effect('{1}', '2025-04-07', before => '0')$$);
SELECT pg_temp.refused($$SELECT engage.managed_effect('{1}', '2025-04-07', after => '-1 day')$$);
SELECT split_part(pg_temp.refused($$SELECT engage.managed_effect('{1}', now() - interval '27 days')$$), E'\n', 1) AS refused;
SELECT pg_temp.refused($$SELECT engage.caller_effect('{}', '2025-04-07')$$);
SELECT pg_temp.refused($$SELECT engage.managed_hours_saved('{}', '2025-04-07')$$);
SELECT pg_temp.refused($$SELECT engage.force_wide_change('2025-04-07', '2025-03-20', '2025-05-05')$$);
SELECT pg_temp.refused($$SELECT engage.force_wide_change('2025-04-07', NULL, '2025-05-05')$$);
SELECT pg_temp.refused($$SELECT engage.force_wide_change('2025-04-07', '-infinity', '2025-05-05')$$);
SELECT pg_temp.refused($$SELECT engage.force_wide_change('2025-04-07', '2025-03-10', '2025-05-05', '0 days')$$);
SELECT pg_temp.refused($$SELECT engage.force_wide_change('2025-04-07', '2024-03-10', '2026-05-05', '1 month')$$);
SELECT pg_temp.refused($$SELECT engage.force_wide_change(now() - interval '30 days', now() - interval '60 days', now() + interval '1 hour')$$);
-- nobody who is managed was known by then
SELECT managed, effect, warnings FROM managed_effect('{-1}', '2025-04-07');

-- as other files want to find it
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS engage_demo;
DROP EXTENSION engage CASCADE;
CREATE EXTENSION engage;
RESET client_min_messages;

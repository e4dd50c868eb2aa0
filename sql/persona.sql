-- Personas hold what their keys were made of, and days and weeks are local ones.
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\set any_zone
\i :helpers
SET timezone = 'UTC';
SELECT setup(rules => NULL);

-- a number that was not truly presented is no detail, whatever else is known
INSERT INTO contact (source, source_ref, occurred_at, channel, number_raw, cli_status, given_name)
VALUES ('acd', '1', '2026-03-02 09:00', '999_voice', '07700 900001', 'withheld', 'Ada'),
	('acd', '2', '2026-03-02 10:00', '999_voice', '07700 900002', 'withheld', 'Ada'),
	('acd', '3', '2026-03-02 11:00', '999_voice', '07700 900001', 'presented', 'Ada'),
	('acd', '4', '2026-03-02 12:00', '999_voice', '07700 900001', NULL, ''),
	('acd', '5', '2026-03-02 13:00', '999_voice', '07700 900001', 'unknown', NULL),
	('acd', '6', '2026-03-02 14:00', '999_voice', '', 'withheld', ''),
	('acd', '7', '2026-03-02 15:00', '999_voice', NULL, NULL, NULL);
CALL refresh();
SELECT count(*) FILTER (WHERE persona_key IS NULL) AS nobody, count(DISTINCT persona_key) AS personas FROM contact;
SELECT number_raw, given_name, number, caller_id IS NOT NULL AS told FROM persona ORDER BY number_raw, given_name;
SELECT pg_temp.numbers_of(caller_id) AS number, contacts FROM caller;
SELECT known, e164 FROM lookup('07700 900002');
SELECT * FROM verify();

-- each kind of what is known of a line
SELECT s AS status, presented_number('07700 900001', s) FROM unnest(enum_range(NULL::cli_status)) s;
SELECT presented_number('07700 900001', NULL), presented_number(NULL, 'presented');

-- a correction of the status alone moves the contact
UPDATE contact SET cli_status = 'payphone' WHERE source_ref = '5';
CALL refresh();
SELECT pg_temp.numbers_of(caller_id) AS number, contacts FROM caller;
SELECT * FROM verify();

-- a new rule finds every local day, that of 23 hours and that of 25 too
TRUNCATE contact;
INSERT INTO contact (source, source_ref, occurred_at, channel, number_raw)
SELECT 'day', concat_ws(' ', d, n, g), timezone('Europe/London', d + t + g * interval '10 minutes'), 'email'::contact_channel, '07700 90000' || n
FROM (VALUES (timestamp '2026-03-27', time '23:30', 1), ('2026-03-29', '00:30', 2), ('2026-03-29', '22:30', 3), ('2026-03-31', '12:00', 4),
	('2026-10-24', '12:00', 5), ('2026-10-25', '00:00', 6), ('2026-10-25', '23:30', 7), ('2026-10-26', '00:00', 8)) v (d, t, n),
	generate_series(0, 1) g;
CALL refresh();
INSERT INTO rule (name, version, kind, top_n, top_period) VALUES ('busiest', 1, 'top', 1, 'day');
CALL refresh();
SELECT timezone('Europe/London', d.start)::date AS day, period_end(d.start, 'day', 'Europe/London') - d.start AS length, pg_temp.numbers_of(f.caller_id) AS number, f.contacts
FROM flag f, period_start(f.started_at, 'day', 'Europe/London') d (start)
WHERE f.withdrawn_at IS NULL ORDER BY 1, 3;
SELECT * FROM verify();

-- the last and the first instant of a week; a week with the change
SELECT period_start(at, 'week', 'Europe/London') AS week, period_end(period_start(at, 'week', 'Europe/London'), 'week', 'Europe/London') AS until
FROM unnest(ARRAY['2026-03-29 22:59:59.999999Z', '2026-03-29 23:00Z', '2026-10-26 00:00Z']::timestamptz[]) at;

-- as other files want to find it
DROP EXTENSION engage;
CREATE EXTENSION engage;

-- A caller on one page, and what each role sees of it.
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
SET timezone = 'UTC';
SELECT setup();

-- Ashdown of two numbers, a stranger, and one who is later found to be Ashdown
INSERT INTO contact (source, source_ref, occurred_at, channel, number_raw, given_name, family_name, date_of_birth, nominal_ref, subject, closing_code, district)
SELECT 'cad', 'A' || i, '2025-06-02 09:00Z'::timestamptz + i * interval '50 minutes', (ARRAY['999_voice', '101_voice'])[1 + i % 2]::contact_channel,
	CASE WHEN i < 9 THEN '07700 900123' ELSE '07700 900124' END, 'Kelia', CASE WHEN i = 3 THEN 'Ashdowne' ELSE 'Ashdown' END, '1980-02-01', 'N12345',
	CASE WHEN i % 3 = 0 THEN 'noise' ELSE 'neighbour' END, 'R1', 'North'
FROM generate_series(0, 11) AS i;
INSERT INTO contact (source, source_ref, occurred_at, channel, number_raw, given_name, family_name)
VALUES ('cad', 'B1', '2025-06-09 12:00Z', 'email', '07700 900555', 'Boris', 'Example'), ('cad', 'C1', '2025-06-10 12:00Z', '101_voice', '07700 900777', NULL, NULL);
INSERT INTO known_number (number, sharing, label) VALUES ('+447700900124', 'shared_household', 'Flat 2');
CALL refresh();
SELECT caller_id AS ashdown FROM caller_number WHERE number = '+447700900123' \gset
SELECT caller_id AS other FROM caller_number WHERE number = '+447700900777' \gset
SELECT count(*) AS marked FROM mark_caller(:ashdown, (SELECT marker FROM marker_kind WHERE NOT is_sensitive ORDER BY marker LIMIT 1), 'Neighbourhood team', 'fact', '2025-07-01Z');
SELECT count(*) AS marked FROM mark_caller(:ashdown, (SELECT marker FROM marker_kind WHERE is_sensitive ORDER BY marker LIMIT 1), 'Invented clinic', 'assessment', '2025-07-02Z');
SELECT count(*) AS referred FROM refer('Talks of nothing but the neighbours', caller_id => :ashdown, identified_by => 'handler_recognised');

-- as the identity unit reads it; the time of a referral is the clock's
\pset format unaligned
\pset tuples_only on
SELECT section, item, CASE section WHEN 'referrals' THEN regexp_replace(value, '^.*:\d\d, ', 'some time, ') ELSE value END
FROM caller_profile(:ashdown) WHERE item <> 'caller';
SELECT value = :ashdown::text AS is_her_id FROM caller_profile(:ashdown) WHERE item = 'caller';
\pset format aligned
\pset tuples_only off
SELECT count(*) AS differ FROM (
	SELECT item, value FROM caller_profile(:ashdown) WHERE section = 'channels'
	EXCEPT SELECT k.label, count(*)::text FROM contact_caller JOIN contact c USING (contact_id) JOIN channel k USING (channel) WHERE caller_id = :ashdown GROUP BY k.label) AS d;

-- as an analyst: no name, number, date of birth, sensitive marker or reason
CREATE ROLE profile_analyst LOGIN IN ROLE engage_analyst;
SET SESSION AUTHORIZATION profile_analyst;
SELECT section, item, value FROM caller_profile(:ashdown) WHERE section IN ('who', 'markers', 'links') AND item <> 'caller';
SELECT count(*) AS told FROM caller_profile(:ashdown) AS p WHERE p::text ~ 'Kelia|Ashdown|7700|1980|clinic|neighbours|Neighbourhood';
RESET SESSION AUTHORIZATION;
DROP ROLE profile_analyst;

-- followed to whom a caller was found to be; a caller without contacts
SELECT confirm_link('+447700900123', '+447700900777', 'Both gave the same address', 'analyst') IS NOT NULL AS joined;
CALL refresh();
SELECT item, replace(replace(value, :ashdown::text || ';', 'ASHDOWN;'), 'caller ' || :other, 'caller OTHER') AS value FROM caller_profile(:other) WHERE section = 'who' AND item IN ('caller', 'contacts');
DELETE FROM contact WHERE source_ref = 'B1';
CALL refresh();
SELECT p.* FROM (SELECT max(caller_id) AS caller_id FROM caller WHERE contacts = 0 AND current_caller(caller_id) = caller_id) AS c, caller_profile(c.caller_id) AS p WHERE section <> 'who' OR item <> 'caller';
-- every section for every caller
SELECT count(DISTINCT p.section) >= 6 AS whole FROM caller AS c, caller_profile(c.caller_id) AS p WHERE contacts > 0;

-- refused
SELECT pg_temp.refused('SELECT * FROM engage.caller_profile(99999)');
SELECT pg_temp.refused('SELECT * FROM engage.caller_profile(NULL)');
SELECT strength_of(s), s FROM unnest('{-1,0,2,5,10,Infinity,NULL}'::float8[]) AS s;

-- as other files want to find it
SET client_min_messages = warning;
DROP EXTENSION engage CASCADE;
CREATE EXTENSION engage;

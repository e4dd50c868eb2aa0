-- The first day: what a new user types, and what comes.
--
-- Names begin with the section of the list of first-day faults: 3a is loading a
-- file, 3c a caller's profile, 5 the messages.  Each message is looked for in
-- the error or in its hint; what the server refuses before our code is in
-- docs/reference/messages.md.

\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET timezone = 'UTC';
SELECT * FROM no_plan();
SELECT engage.setup();

CREATE FUNCTION pg_temp.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text;
	hint text;
	detail text;
BEGIN
	EXECUTE statement;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT, detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' | ', SQLSTATE, message, detail, hint);
END $$;
-- quoted for a pattern that stands for itself
CREATE FUNCTION pg_temp.says(statement text, part text, name text) RETURNS text LANGUAGE sql
RETURN ok(position(part IN pg_temp.refused(statement)) > 0, name) || CASE WHEN position(part IN pg_temp.refused(statement)) > 0 THEN '' ELSE E'\n# ' || pg_temp.refused(statement) END;

-- ------------------------------------------------- 5: criteria as people write them
SELECT is(written::engage.criterion::text, meant, format('5: ''%s'' is read', written))
FROM (VALUES
	('5 in 24h', '5 in 1 day'), ('5 in 24 h', '5 in 1 day'), ('5 in 1d', '5 in 1 day'), ('5 in a day', '5 in 1 day'), ('5 in one day', '5 in 1 day'),
	('>=5 in 24h', '5 in 1 day'), ('five in 1 day', '5 in 1 day'), ('over 5 in 7 days', '6 in 7 days'), ('5 within 24 hours', '5 in 1 day'),
	('5+ in 7 days', '5 in 7 days'), ('5 contacts in 7 days', '5 in 7 days'), ('5 calls within 7 days', '5 in 7 days'), ('>5 in 7 days', '6 in 7 days'),
	-- more of the kind
	('5 times in a week', '5 in 7 days'), ('5 in any 7 days', '5 in 7 days'), ('5 in 7 rolling days', '5 in 7 days'), ('5 or more calls in 24 hours', '5 in 1 day'),
	('5 in 7d', '5 in 7 days'), ('5 in 24hrs', '5 in 1 day'), ('5 in 1 wk', '5 in 7 days'), ('ten in a fortnight', '10 in 14 days'), ('twenty-one calls in 28 days', '21 in 28 days'),
	('above 5 in 7 days', '6 in 7 days'), ('> 5 in 7 days', '6 in 7 days'), ('5 or above in 7 days', '5 in 7 days'), ('5 plus in 7 days', '5 in 7 days'),
	('5 in a 24-hour period', '5 in 1 day'), ('5 within any rolling 24 hours', '5 in 1 day'), ('5 in the last 7 days', '5 in 7 days'), ('5x in 24h', '5 in 1 day'),
	('twice in an hour', '2 in 1 hour'), ('At least Five Contacts within 1 Day', '5 in 1 day'), ('5in24h', '5 in 1 day'), ('5 in 1h30min', '5 in 90 minutes'),
	('5 a day in Europe/London', '5 per day in Europe/London'), ('5/week in Europe/London', '5 per week in Europe/London'), ('5 phone calls in 24 hours', '5 in 1 day'),
	('minimum of 5 in 1 day', '5 in 1 day'), ('5 during 7 days', '5 in 7 days'), ('5 in 1 day, 12 hours', '5 in 36 hours')) t(written, meant);
SELECT pg_temp.says(format('SELECT %L::engage.criterion', written), '''5 in 1 day'' for any 24 hours, or ''5 per day in Europe/London''', format('5: ''%s'' is refused with both readings', written))
FROM unnest('{5 calls a day, 5/day, 5 a day, 5 per day, 5 daily, 5 each day, 5 every day, 5 calls per day, 5+ a day, 5 in the same day, 5 in a calendar day, 5 on one day}'::text[]) AS t(written);
SELECT pg_temp.says(format('SELECT %L::engage.criterion', written), hint, format('5: ''%s'' says what is wrong', written))
FROM (VALUES
	('', 'The text is empty'), ('  ', 'The text is empty'), ('>=', 'The number of contacts is missing'), ('in 24h', 'The number of contacts is missing'), ('7 days', 'The number of contacts is missing'),
	('5 in 1 day or 10 in 7 days', 'as an array: ''{5 in 1 day, 10 in 7 days}'''), ('5 in 1 day and 10 in 7 days', 'as an array'), ('5 in 24h, 10 in 7d', 'as an array'), ('5 in 24h/10 in 7d', 'as an array'),
	('5 calls', 'The length of time is missing'), ('5', 'The length of time is missing'), ('5 in 24', 'The unit of time is missing'), ('5.5 in 1 day', 'Write whole numbers'), ('5 in 1.5 days', 'Write whole numbers'),
	('5 in 1 month', 'write days, such as'), ('fewer than 5 in 1 day', 'no upper limit'), ('5-10 in 7 days', 'no upper limit'), ('exactly 5 in 1 day', 'no upper limit'),
	('5 999 calls in 24h', 'give the channels to the rule'), ('5 in 1 day in Europe/London', 'A rolling window has no time zone'), ('{5 in 1 day}', '::criterion[]'), ('0 in 1 day', 'from 1 to')) t(written, hint);

-- ------------------------------------------------- 5: one criterion where an array is wanted
SELECT is((SELECT count(*) FROM engage.back_test('5 in 1 day', '2026-01-01', '2026-02-01')), 0::bigint, '5: back_test(''5 in 1 day'', ...) works');
SELECT is((SELECT count(*) FROM engage.back_test('{5 in 24h, 10 in 7d}', '2026-01-01', '2026-02-01')), 0::bigint, '5: back_test() of an array still does');
SELECT is((SELECT count(*) FROM engage.back_test_grid(5, 5, '{1 day}', '2026-01-01', '2026-02-01', '5 in 1 day')), 1::bigint, '5: back_test_grid() takes one criterion to compare with');
SELECT is((SELECT (engage.repeat_callers(7, '2026-01-01'::timestamptz + i * interval '1 hour', '5 in 1 day'))[1].contacts FROM generate_series(1, 6) i), 6::bigint,
	'5: repeat_callers(..., ''5 in 1 day'') works');
SELECT is((SELECT engage.repeat_callers('07700 900123', '2026-01-01'::timestamptz + i * interval '1 hour', '5 in 24h')::text FROM generate_series(1, 6) i),
	(SELECT engage.repeat_callers('07700 900123', '2026-01-01'::timestamptz + i * interval '1 hour', '{5 in 1 day}'::engage.criterion[])::text FROM generate_series(1, 6) i),
	'5: and gives what the array gives');
SELECT pg_temp.says('SELECT engage.back_test(''5 a day'', ''2026-01-01'', ''2026-02-01'')', 'for any 24 hours, or', '5: what is wrong with it is said');
SELECT pg_temp.says('SELECT * FROM engage.back_test(''5 in 1 day'', ''2026-11-01'', ''2026-10-01'')', 'the back-test ends before it begins', '5: dates in the wrong order');
SELECT pg_temp.says('SELECT * FROM engage.back_test(''5 in 1 day'', ''2026-10-01'', ''2026-10-01'')', 'the back-test ends before it begins', '5: a back-test of no time');
SELECT pg_temp.says('SELECT * FROM engage.back_test(''5 in 1 day'', NULL, ''2026-10-01'')', 'criteria, from_at or to_at is NULL', '5: a back-test without a beginning');

-- ------------------------------------------------- 5: widths, pictures, callers
SELECT pg_temp.says(statement, 'such as ''24 hours''', format('5: %s is refused', statement))
FROM unnest(ARRAY[$$SELECT engage.peak('{}', '24')$$, $$SELECT engage.peak('{}', '7')$$, $$SELECT engage.peak('{}', '168')$$, $$SELECT engage.peak_window('{}', '24')$$,
	$$SELECT * FROM engage.rolling_counts('{}', '7')$$, $$SELECT engage.rolling_count(now(), '24') OVER ()$$]) AS t(statement);
SELECT pg_temp.says($$SELECT * FROM engage.back_test_grid(3, 5, '{24, 7}', '2026-01-01', '2026-02-01')$$, 'Write the unit', '5: so are widths in an array');
SELECT is(engage.peak('{2026-01-01T10:00Z, 2026-01-01T20:00Z}', '24 hours'), 2::bigint, '5: a width with its unit is taken');
SELECT pg_temp.says($$SELECT engage.sparkline('{}', 10, now(), now() - interval '1 day')$$, 'cannot end before it begins', '5: a sparkline from now to yesterday');
SELECT is(engage.current_caller(99999), NULL, '5: current_caller() of nobody');
SELECT is(engage.heatmap(NULL, 'Europe/London'), NULL, '5: heatmap() of no timeline');
SELECT ok((engage.managed_effect('{999999}', now() - interval '60 days')).warnings::text LIKE '%1 of the 1 callers given are not known%', '5: managed_effect() says whom it left out');

-- ------------------------------------------------- 5: rules and settings
INSERT INTO engage.rule (name, criteria) VALUES ('mine', '{5 in 24h}');
INSERT INTO engage.rule (name, criteria) VALUES ('mine', '{6 in 24h}');
INSERT INTO engage.rule (name, top_n, top_period) VALUES ('busiest', 10, 'week');
SELECT results_eq($$SELECT name, version, kind FROM engage.rule WHERE name IN ('mine', 'busiest') ORDER BY rule_id$$,
	$$VALUES ('mine', 1, 'criteria'), ('mine', 2, 'criteria'), ('busiest', 1, 'top')$$, '5: a rule without version and kind');
SELECT pg_temp.says($$INSERT INTO engage.rule (name) VALUES ('x')$$, 'INSERT INTO engage.rule (name, criteria)', '5: a rule without criteria');
SELECT pg_temp.says($$INSERT INTO engage.rule (name, kind, criteria) VALUES ('x', 'top', '{5 in 24h}')$$, 'INSERT INTO engage.rule (name, top_n, top_period)', '5: a rule of the wrong kind');
SELECT pg_temp.says($$INSERT INTO engage.rule (name, kind, criteria) VALUES ('x', 'rolling', '{5 in 24h}')$$, 'The kinds are criteria and top', '5: a rule of no kind');
SELECT pg_temp.says($$INSERT INTO engage.rule (criteria) VALUES ('{5 in 24h}')$$, 'the rule has no name', '5: a rule without a name');
SELECT pg_temp.says($$INSERT INTO engage.rule (name, top_n) VALUES ('x', 10)$$, 'top_period', '5: a rule of the top of nothing');
SELECT lives_ok($$INSERT INTO engage.rule (name, criteria) VALUES ('one', engage.criteria('5 in 24h'))$$, '5: criteria() makes an array of one');
SELECT pg_temp.says($$UPDATE engage.policy SET zone = 'London'$$, 'such as Europe/London', '5: the zone London');
SELECT pg_temp.says(format('SELECT engage.schedule(%L)', cron), 'engage.schedule(''* * * * *'')', format('5: schedule(''%s'')', cron))
FROM unnest(ARRAY['every minute', '1 minute', '', '5', '* * * *', 'every 5 minutes or so please']) AS t(cron);
SELECT is((SELECT string_agg(value, ' ' ORDER BY place) FROM engage.enum_value WHERE type = 'contact_direction'), 'inbound outbound internal radio', '5: the values of an enum can be listed');
SELECT is((SELECT count(*) FROM unnest('{contact_channel, number_sharing, referral_identified_by, referral_review_status}'::text[]) t WHERE NOT EXISTS (SELECT FROM engage.enum_value e WHERE e.type = t)), 0::bigint,
	'5: among them those that people mistype');

SELECT pg_temp.says(format('SELECT * FROM engage.lookup(%s)', number), 'Put it in quotes', format('5: lookup(%s)', number)) FROM unnest('{7700900123, 07700900123}'::text[]) AS t(number);
INSERT INTO engage.known_number (number, sharing) VALUES ('01632 960018', 'communal');
SELECT is((SELECT number FROM engage.known_number), '+441632960018', '5: a known number as people write it');
SELECT pg_temp.says($$INSERT INTO engage.known_number (number, sharing) VALUES ('the hostel', 'communal')$$, 'engage.phone(number)', '5: a known number that is none');
SELECT pg_temp.says('DELETE FROM engage.policy', 'cannot be deleted', '5: DELETE FROM policy');
SELECT pg_temp.says($$INSERT INTO engage.contact (source, source_ref, occurred_at, channel) VALUES ('x', '1', '2999-01-01', '101_voice')$$, 'occurred_at takes a time from', '5: a contact in 2999');
SELECT pg_temp.says($$INSERT INTO engage.contact (source, source_ref, occurred_at, channel, date_of_birth) VALUES ('x', '1', '2025-01-01', '101_voice', '-infinity')$$, 'date_of_birth takes', '5: a birth before all time');

-- ------------------------------------------------- 5: refresh in a transaction block
\set ON_ERROR_STOP off
\set VERBOSITY sqlstate
BEGIN;
CALL engage.refresh();
\set state_of_refresh :SQLSTATE
ROLLBACK;
BEGIN;
CALL engage.rebuild();
\set state_of_rebuild :SQLSTATE
\set message_of_rebuild :LAST_ERROR_MESSAGE
ROLLBACK;
\set VERBOSITY default
\set ON_ERROR_STOP on
SELECT is(:'state_of_refresh'::text, '25001', '5: refresh() in a transaction block');
SELECT is(:'state_of_rebuild' || ' ' || :'message_of_rebuild'::text, '25001 rebuild() cannot run inside a transaction block', '5: rebuild() in one');
CALL engage.refresh();
SELECT pass('5: refresh() by itself works');

-- ------------------------------------------------- 3a: a file of UK dates
SELECT is(engage.local_instants('26/10/2025 01:30', 'DD/MM/YYYY HH24:MI', 'Europe/London'), '{2025-10-26 00:30Z, 2025-10-26 01:30Z}'::timestamptz[], '3a: two instants in the hour that comes twice');
SELECT is(engage.local_instants('29/03/2026 01:30', 'DD/MM/YYYY HH24:MI', 'Europe/London'), '{}', '3a: none in the one that never does');
SET datestyle = 'ISO, MDY';
SELECT is(engage.local_instants('03/11/2025 10:00', 'DD/MM/YYYY HH24:MI', 'Europe/London'), '{2025-11-03 10:00Z}'::timestamptz[], '3a: 3 November, whatever DateStyle is');
SELECT is(engage.local_instants('31/11/2025 10:00', 'DD/MM/YYYY HH24:MI', 'Europe/London'), NULL, '3a: 31 November is no date');

CREATE ROLE first_day_loader LOGIN IN ROLE engage_loader;
CREATE TABLE mycalls (ref text, at text, typ text, cli text, forename text, surname text, dob text, postcode text, notes text);
INSERT INTO mycalls VALUES
	('C1', '03/11/2025 10:00', '999', '07700 900123', 'Kelia', 'Ashdown', '01/02/1980', 'ZZ1 1ZZ', 'noise'),
	('C2', '26/10/2025 01:30', '101', '07700 900123', 'Kelia', 'Ashdown', '', '', ''),
	('C3', '29/03/2026 01:30', 'Online', '', '', '', '', '', ''),
	('C4', '31/11/2025 10:00', 'Email', '', '', '', '', '', ''),
	('C5', '03/11/2025 10:00', 'Carrier pigeon', '', '', '', '', '', ''),
	('', '03/11/2025 10:00', '999', '', '', '', '', '', ''),
	('C7', '03/11/2025 10:00', '999', '', '', '', '', '', 'first'),
	('C7', '03/11/2025 11:00', 'e-mail', '', '', '', '', '', 'second'),
	('C8', '03/11/2025 12:00', 'In Person', '7.7009E+11', '', '', '31/02/1980', '', ''),
	('C9', 'yesterday', '999', '', '', '', '', '', ''),
	('C10', '04/11/2025 09:00', ' 999 Voice ', '', '', '', '', '', ''),
	('C10', '04/11/2025 09:00', ' 999 Voice ', '', '', '', '', '', '');
GRANT SELECT ON mycalls TO first_day_loader;
\set mapping '{"source_ref": "ref", "occurred_at": "at", "channel": "typ", "number_raw": "cli", "given_name": "forename", "family_name": "surname", "date_of_birth": "dob", "subject": "notes"}'
SET SESSION AUTHORIZATION first_day_loader;
SELECT is(l::text, '(5,0,0,6,1,1)', '3a: one statement loads what can be read: loaded, updated, unchanged, rejected, left empty, ambiguous')
FROM engage.load_contacts('mycsv', 'mycalls', :'mapping') AS l;
SELECT results_eq($$SELECT source_ref, occurred_at, channel::text, date_of_birth FROM engage.contact WHERE source = 'mycsv' ORDER BY contact_id$$,
	$$VALUES ('C1', '2025-11-03 10:00Z'::timestamptz, '999_voice', '1980-02-01'::date), ('C2', '2025-10-26 00:30Z', '101_voice', NULL), ('C7', '2025-11-03 11:00Z', 'email', NULL),
		('C8', '2025-11-03 12:00Z', 'in_person', NULL), ('C10', '2025-11-04 09:00Z', '999_voice', NULL)$$, '3a: dates, channels and the rest are as the file says');
SELECT results_eq($$SELECT line, source_ref, column_name, reason, row_loaded FROM engage.record_reject ORDER BY line$$, $$VALUES
	(3::bigint, 'C2', 'occurred_at', 'is in the hour that the clocks show twice; the earlier time was taken', true),
	(4, 'C3', 'occurred_at', 'is in the hour that the clocks left out', false),
	(5, 'C4', 'occurred_at', 'is not a day of the calendar', false),
	(6, 'C5', 'channel', 'is not a known channel; add the code to engage.channel_alias', false),
	(7, NULL, 'source_ref', 'is empty', false),
	(8, 'C7', 'source_ref', 'is that of line 9 too, which was taken', false),
	(10, 'C8', 'date_of_birth', 'is not a day of the calendar', true),
	(11, 'C9', 'occurred_at', 'is not written in the format given', false)$$, '3a: record_reject has line, column and reason of the others');
SELECT is(l::text, '(0,0,5,6,1,1)', '3a: the same file again changes nothing') FROM engage.load_contacts('mycsv', 'mycalls', :'mapping') AS l;
RESET SESSION AUTHORIZATION;
INSERT INTO engage.channel_alias VALUES ('Carrier-Pigeon', 'other'), ('999', 'switchboard');
UPDATE mycalls SET notes = 'loud noise' WHERE ref = 'C1';
SET SESSION AUTHORIZATION first_day_loader;
SELECT is(l::text, '(1,1,4,5,1,1)', '3a: with the force''s own codes one more goes in; and what is corrected is updated') FROM engage.load_contacts('mycsv', 'mycalls', :'mapping') AS l;
SELECT results_eq($$SELECT source_ref, channel::text FROM engage.contact WHERE source_ref IN ('C1', 'C5') ORDER BY 1$$, $$VALUES ('C1', 'switchboard'), ('C5', 'other')$$, '3a: its own code comes before ours');
RESET SESSION AUTHORIZATION;
SELECT is(engage.channel_of(written)::text, channel, format('3a: channel %s', written))
FROM (VALUES ('101', '101_voice'), ('Online', 'online_report'), ('Email', 'email'), ('E-Mail', 'email'), (' web chat', 'live_chat'), ('WEB FORM', 'online_report'), ('Front Counter', 'in_person'),
	('999_voice', '999_voice'), ('sms 999', 'sms_999'), ('999 text message', 'sms_999'), ('Call-back', 'callback'), ('Switchboard', 'switchboard'), ('Phone', NULL), ('SMS', NULL), ('', NULL)) t(written, channel);
SELECT pg_temp.says($$INSERT INTO engage.contact (source, source_ref, occurred_at, channel) VALUES ('x', '1', now(), '999')$$, 'invalid input value for enum', '3a: a plain INSERT keeps the enum');
SELECT pg_temp.says($$SELECT * FROM engage.load_contacts('x', 'mycalls', '{"source_ref": "ref", "occurred_at": "at"}')$$, 'give one channel for all', '3a: a file without a channel');
SELECT pg_temp.says($$SELECT * FROM engage.load_contacts('x', 'mycalls', '{"source_ref": "reference"}')$$, 'Its columns are ref, at, typ', '3a: a column that is not in the file');
SELECT pg_temp.says($$SELECT * FROM engage.load_contacts('x', 'mycalls', '{"number": "cli"}')$$, 'number_raw', '3a: a column that contact has not');
SELECT pg_temp.says($$SELECT * FROM engage.load_contacts('x', 'mycalls', '{"source_ref": "ref", "occurred_at": "at", "channel": "typ"}', 'DD/MM/YYYY HH:MM')$$, 'MI the minute', '3a: a format that is none');
SELECT is((SELECT count(*) FROM engage.record_reject WHERE reason ~ 'yesterday|pigeon|31/'), 0::bigint, '3a: no reason repeats a value');

-- ------------------------------------------------- 3c: a caller on one page
CALL engage.refresh();
SELECT ok((SELECT array_agg(DISTINCT section) FROM engage.caller_profile((SELECT min(caller_id) FROM engage.caller_number WHERE number = '+447700900123'))) @> '{who, channels, subjects, when, links, last contacts}',
	'3c: caller_profile() gives all of a caller');
SELECT pg_temp.says('SELECT * FROM engage.caller_profile(99999)', 'P0002', '3c: of nobody');

DROP OWNED BY first_day_loader;
DROP ROLE first_day_loader;
SELECT * FROM finish();

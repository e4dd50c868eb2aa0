-- No row stops the others: what no part can hold is refused with a hint, what
-- is still to come waits, and what a table has all the same harms nobody else.
--
-- Each test's name begins with the letter of the fault that it stands for.
-- Not in a transaction, since a refresh commits.

SET client_min_messages = warning;
SET timezone = 'UTC';
SELECT * FROM no_plan();

SELECT engage.setup();

CREATE FUNCTION pg_temp.say(ref text, at timestamptz, number text, given text DEFAULT NULL, family text DEFAULT NULL, born date DEFAULT NULL)
	RETURNS bigint LANGUAGE sql AS $$
	INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw, given_name, family_name, date_of_birth)
	VALUES ('rows', ref, at, '101_voice', number, given, family, born) RETURNING contact_id
$$;
-- SQLSTATE, message and hint of a statement that must fail
CREATE FUNCTION pg_temp.refusal(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE, SQLERRM, hint);
END
$$;
CREATE FUNCTION pg_temp.put(names text, vals text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.refusal(format('INSERT INTO engage.contact (source, source_ref, occurred_at, channel, %s) VALUES (''b'', gen_random_uuid(), now(), ''101_voice'', %s)', names, vals))
$$;
CREATE FUNCTION pg_temp.verified() RETURNS text LANGUAGE sql AS
	$$SELECT COALESCE(string_agg(v::text, ', '), 'in line') FROM engage.verify() v$$;
-- every view, evaluated: an error, or how many there are
CREATE FUNCTION pg_temp.all_views() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	next regclass;
	done text := '';
BEGIN
	FOR next IN SELECT c.oid FROM pg_class c WHERE c.relkind = 'v' AND c.relnamespace::regnamespace::text LIKE 'engage%' LOOP
		BEGIN
			EXECUTE format('SELECT sum(length(v::text)) FROM %s v', next);
		EXCEPTION WHEN OTHERS THEN
			done := concat_ws(', ', NULLIF(done, ''), next || ': ' || SQLERRM);
		END;
	END LOOP;
	RETURN COALESCE(NULLIF(done, ''), 'all work');
END
$$;

-- ------------------------------------------------------- P1 to D10: at the door

SELECT is(pg_temp.refusal($$SELECT pg_temp.say('x', '294276-12-31 23:59:59+00', '07700 900123')$$),
	'23514 | occurred_at of a contact is out of bounds | occurred_at takes a time from 1900-01-01 to 2199-12-31 in UTC.',
	'P1: a time that no calendar holds is refused, and the hint names column and bounds');
SELECT is(left(pg_temp.refusal(format('SELECT pg_temp.say(''x'', %L, ''07700 900123'')', t)), 5), '23514', 'P1, D2: so is ' || t)
FROM unnest('{294276-12-15,4714-11-24 BC,4713-01-01 BC,0001-01-01,1899-12-31 23:59:59.999999+00,2200-01-01,3020-01-01,9999-12-31,56461-01-01,infinity,-infinity}'::text[]) t;
SELECT is(pg_temp.put(c, quote_literal(t)), format('23514 | %s of a contact is out of bounds | %s takes a time from 1900-01-01 to 2199-12-31 in UTC%s.',
		c, c, CASE WHEN c <> 'recorded_at' THEN ', or NULL where it is not known' END), format('P2, D1, D10: %s of %s', c, t))
FROM unnest('{recorded_at,answered_at,ended_at}'::text[]) c, unnest('{infinity,-infinity,0001-01-01,9999-12-31,294276-12-31}'::text[]) t;
SELECT is(pg_temp.put(v.name, v.value), '23514 | ' || v.name || ' of a contact is out of bounds | ' || v.name || ' takes ' || v.bounds || ', or NULL where it is not known.', format('%s: %s = %s', v.letter, v.name, v.value))
FROM (VALUES
	('P3, D7', 'date_of_birth', $$'infinity'$$, 'a date from 0001-01-01 to 2199-12-31'),
	('P3, D7', 'date_of_birth', $$'-infinity'$$, 'a date from 0001-01-01 to 2199-12-31'),
	('P3, D7', 'date_of_birth', $$'4713-01-01 BC'$$, 'a date from 0001-01-01 to 2199-12-31'),
	('P3, D7', 'date_of_birth', $$'2200-01-01'$$, 'a date from 0001-01-01 to 2199-12-31'),
	('G2', 'handling_seconds', '-3600', '0 to 2678400 seconds (31 days)'),
	('G2', 'handling_seconds', '-1', '0 to 2678400 seconds (31 days)'),
	('G2', 'handling_seconds', '2678401', '0 to 2678400 seconds (31 days)'),
	('G2', 'handling_seconds', '2147483647', '0 to 2678400 seconds (31 days)'),
	('G2', 'latitude', '999', '-90 to 90 degrees'),
	('G2', 'latitude', $$'NaN'$$, '-90 to 90 degrees'),
	('G2', 'latitude', '-90.001', '-90 to 90 degrees'),
	('G2', 'longitude', '180.001', '-180 to 180 degrees'),
	('G2', 'longitude', $$'-Infinity'$$, '-180 to 180 degrees'),
	('G2', 'location_radius_m', '-5', 'metres from 0 on'),
	('G2', 'location_radius_m', $$'Infinity'$$, 'metres from 0 on'),
	('G2', 'location_radius_m', $$'NaN'$$, 'metres from 0 on')) v (letter, name, value, bounds);
SELECT is(pg_temp.put(c, $$repeat('x', 8001)$$), format('23514 | %s of a contact is out of bounds | %s takes text of at most 8000 bytes.', c, c), 'P1: a ' || c || ' that is a whole book')
FROM unnest('{number_raw,given_name,family_name,address,postcode,email,imei,nominal_ref}'::text[]) c;
SELECT is(pg_temp.refusal($$INSERT INTO engage.contact (source, source_ref, occurred_at, channel) SELECT 'b', string_agg(md5(g::text), ''), now(), '101_voice' FROM generate_series(1, 200) g$$),
	'23514 | source_ref of a contact is out of bounds | source_ref takes text of at most 2000 bytes.', 'P1: a reference that is too long for an index says so');
SELECT is(pg_temp.refusal($$INSERT INTO engage.contact (source, source_ref, occurred_at, channel) VALUES (repeat('x', 251), 'b', now(), '101_voice')$$),
	'23514 | source of a contact is out of bounds | source takes text of at most 250 bytes.', 'P1: a source that is too long');
SELECT is(pg_temp.put('date_of_birth, handling_seconds, latitude, longitude, location_radius_m, answered_at, ended_at, recorded_at',
	$$'0001-01-01', 0, -90, 180, 0, '1900-01-01 00:00Z', '2199-12-31 23:59:59.999999Z', '2199-12-31'$$), 'accepted', 'P1: the ends of the bounds are within them');
SELECT is(pg_temp.put('details', v), 'accepted', 'P1: details may have any shape: ' || left(v, 40))
FROM unnest(ARRAY[$$'[1, [2, {"a": null}]]'$$, $$'5'$$, $$'null'$$, $$'{"a": 1e400}'$$, $$'{"": {"a": [[]]}}'$$, $$to_jsonb(repeat('x', 1000000))$$]) v;
DELETE FROM engage.contact;
CALL engage.refresh();

-- --------------------------------------------------- G1: contacts still to come

SELECT pg_temp.say('soon ' || g, now() + interval '1 hour', '07700 900456', 'Oren') FROM generate_series(1, 7) g;
SELECT pg_temp.say('far ' || g, '2199-12-31', '07700 900789') FROM generate_series(1, 7) g;
SELECT pg_temp.say('now ' || g, now() - g * interval '1 minute', '07700 900123') FROM generate_series(1, 7) g;
SELECT pg_temp.say('more ' || g, now() + g * interval '1 day', '07700 900123') FROM generate_series(1, 7) g;
INSERT INTO engage.contact (source, source_ref, occurred_at, channel) VALUES ('rows', 'nobody', now() + interval '40 days', 'email');
SELECT engage.adopt_rules('kent_v0');
CALL engage.refresh();
SELECT is((SELECT count(*) FROM engage.dirty), 0::bigint, 'G1: contacts to come leave nothing in the queue');
SELECT is((SELECT string_agg(f.caller_id || ' ' || f.contacts, ', ' ORDER BY f.contacts) FROM engage.repeat_caller f WHERE f.rule = 'kent' AND f.rule_version = 2), '1 7', 'G1: a flag of the future is not current');
SELECT is((SELECT concat_ws(' ', contacts_24_hours, open_flags) FROM engage.lookup('07700 900456')), '0 0', 'G1: nor does a look-up tell of one');
SELECT is((SELECT count(*) FROM engage_bi.fact_contact), 7::bigint, 'G1: nor do dashboards count them');
SELECT is((SELECT sum(contacts) FROM engage.daily_count), 7::bigint, 'G1: nor do summaries');
SELECT is((SELECT count(*) FROM engage.contact_caller), 7::bigint, 'G1: and they have no caller yet');
SELECT ok((SELECT max(day) <= date_trunc('year', now() + interval '1 day') + interval '1 year' FROM engage.calendar), 'D11: the calendar does not run to 2199');
SELECT ok((SELECT count(*) FROM engage.flag) < 10, 'D3: a rule of kind top looks at weeks with contacts alone');
SELECT is(pg_temp.verified(), 'in line', 'G1: verify() agrees');
SELECT is(pg_temp.all_views(), 'all work', 'G1: every view works');

-- their time comes: as if it were an hour later
UPDATE engage.contact SET occurred_at = occurred_at - interval '1 hour 1 second' WHERE source_ref LIKE 'soon%';
CALL engage.refresh();
SELECT is((SELECT concat_ws(' ', contacts_24_hours, open_flags) FROM engage.lookup('07700 900456')), '7 1', 'G1: when their time has come they count');
-- and one whose time comes by itself
SELECT pg_temp.say('moment ' || g, clock_timestamp() + interval '0.2 seconds', '07700 900321') FROM generate_series(1, 6) g;
CALL engage.refresh();
SELECT pg_sleep(0.3);
SELECT is(pg_temp.verified(), 'in line', 'G1: what is due and not yet refreshed is no fault');
CALL engage.refresh();
SELECT is((SELECT concat_ws(' ', contacts_24_hours, open_flags) FROM engage.lookup('07700 900321')), '6 1', 'G1: what comes by itself counts after the next refresh');
SELECT is(pg_temp.verified(), 'in line', 'G1: and verify() agrees');
-- other zones, other days
UPDATE engage.policy SET zone = 'Pacific/Apia';
CALL engage.refresh();
SELECT is(pg_temp.verified(), 'in line', 'G1: also in another zone');
UPDATE engage.policy SET zone = 'Europe/London';
CALL engage.refresh();
SELECT is(pg_temp.verified(), 'in line', 'G1: and back');
DELETE FROM engage.contact WHERE source_ref LIKE 'far%' OR source_ref LIKE 'more%' OR source_ref = 'nobody';
CALL engage.refresh();
SELECT is((SELECT count(*) FROM engage.later), 0::bigint, 'P1: what waited for contacts that are gone is gone');
CALL engage.rebuild();
SELECT is(pg_temp.verified(), 'in line', 'G1: a rebuild agrees');

SELECT * FROM finish();

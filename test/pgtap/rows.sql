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
INSERT INTO engage.rule (name, kind, top_n, top_period) VALUES ('top', 'top', 10, 'week');
CALL engage.refresh();
SELECT is((SELECT count(*) FROM engage_internal.dirty), 0::bigint, 'G1: contacts to come leave nothing in the queue');
SELECT is((SELECT string_agg(f.caller_id || ' ' || f.contacts, ', ' ORDER BY f.contacts) FROM engage.repeat_caller f WHERE f.rule = 'kent'), '1 7', 'G1: a flag of the future is not current');
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
SELECT is((SELECT concat_ws(' ', contacts_24_hours, open_flags > 0) FROM engage.lookup('07700 900456')), '7 t', 'G1: when their time has come they count');
-- and one whose time comes by itself
SELECT pg_temp.say('moment ' || g, clock_timestamp() + interval '0.2 seconds', '07700 900321') FROM generate_series(1, 6) g;
CALL engage.refresh();
SELECT pg_sleep(0.3);
SELECT is(pg_temp.verified(), 'in line', 'G1: what is due and not yet refreshed is no fault');
CALL engage.refresh();
SELECT is((SELECT concat_ws(' ', contacts_24_hours, open_flags > 0) FROM engage.lookup('07700 900321')), '6 t', 'G1: what comes by itself counts after the next refresh');
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
SELECT is((SELECT count(*) FROM engage_internal.later), 0::bigint, 'P1: what waited for contacts that are gone is gone');
CALL engage.rebuild();
SELECT is(pg_temp.verified(), 'in line', 'G1: a rebuild agrees');

-- ------------------------------- D1 to D10: rows that a table has all the same

CREATE FUNCTION pg_temp.health(name text) RETURNS text LANGUAGE sql AS $$SELECT concat_ws(' | ', h.status, h.value) FROM engage.health() h WHERE h.item = name$$;
SELECT is(pg_temp.health('bounds'), 'ok | all contacts are within their bounds', 'P1: health() tells that bounds hold');
ALTER TABLE engage.contact DROP CONSTRAINT contact_within_bounds;
CREATE FUNCTION pg_temp.hostile(ref text, at timestamptz DEFAULT now() - interval '1 hour', recorded timestamptz DEFAULT now(), answered timestamptz DEFAULT NULL,
	ended timestamptz DEFAULT NULL, born date DEFAULT NULL, handling integer DEFAULT NULL, lat double precision DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
	INSERT INTO engage.contact (source, source_ref, occurred_at, recorded_at, answered_at, ended_at, date_of_birth, handling_seconds, latitude,
		channel, number_raw, given_name, family_name, district)
	VALUES ('rows', ref, at, recorded, answered, ended, born, handling, lat, '101_voice', '07700 900654', 'Kelia', 'Ashdown', 'N')
$$;
SELECT pg_temp.hostile('at ' || t, at => t::timestamptz) FROM unnest('{infinity,-infinity,294276-12-31 23:59:59.999999+00,294276-12-15,4714-11-24 BC,4713-01-01 BC,0001-01-01,1899-12-31,2200-01-01,9999-12-31}'::text[]) t;
SELECT pg_temp.hostile('recorded ' || t, recorded => t::timestamptz) FROM unnest('{infinity,-infinity,294276-12-31 23:59:59.999999+00,4714-11-24 BC,9999-12-31}'::text[]) t;
SELECT pg_temp.hostile('answered ' || t, answered => t::timestamptz, ended => t::timestamptz) FROM unnest('{infinity,-infinity,294276-12-31 23:59:59.999999+00,4714-11-24 BC,9999-12-31}'::text[]) t;
SELECT pg_temp.hostile('old and ' || t, at => '1990-06-01', answered => t::timestamptz) FROM unnest('{infinity,294276-12-31}'::text[]) t;
SELECT pg_temp.hostile('born ' || t, born => t::date) FROM unnest('{infinity,-infinity,5874897-12-31,4714-11-24 BC,1984-06-17}'::text[]) t;
SELECT pg_temp.hostile('handled ' || t, handling => t) FROM unnest('{-3600,2147483647,-2147483648}'::integer[]) t;
SELECT pg_temp.hostile('place ' || t, lat => t) FROM unnest('{999,NaN,-Infinity}'::double precision[]) t;
INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw, details, qualifiers)
SELECT 'rows', 'details ' || g, now() - interval '2 hours', '101_voice', '07700 900655', d::jsonb, q::text[]
FROM unnest(ARRAY['[1,[2]]', '5', 'null', '{"a": 1e400}', '{"a": {"b": []}}', '"x"'], ARRAY['{{a,b},{c,d}}', '{NULL}', '{}', NULL, '{""}', '[5:6]={a,b}']) WITH ORDINALITY u (d, q, g);
SELECT engage.name_identity_details('{"a": "identifier"}');
SELECT pg_temp.say('others ' || g, now() - g * interval '1 minute', '07700 900987', 'Oren') FROM generate_series(1, 7) g;
CALL engage.refresh();
SELECT is((SELECT state FROM engage.refresh_run ORDER BY run_id DESC LIMIT 1), 'done', 'P1 to P3: with all of these in the table a refresh goes through');
SELECT is((SELECT concat_ws(' ', contacts_24_hours, open_flags > 0) FROM engage.lookup('07700 900987')), '7 t', 'P1: and others have their flags after it');
SELECT is((SELECT count(*) FROM engage_internal.dirty), 0::bigint, 'P1: nothing is left in the queue');
SELECT is(pg_temp.verified(), 'in line', 'P1, P2, D1: verify() works, and agrees');
SELECT is(pg_temp.all_views(), 'all work', 'P2, P3, D7, D10: every view works');
SELECT ok((SELECT known FROM engage.lookup('07700 900654')), 'P1: so does a look-up of the number that is in all of them');
SELECT ok((SELECT count(*) > 0 FROM engage.identify(number => '07700 900654', given_name => 'Kelia', date_of_birth => 'infinity')), 'P3: and identify()');
SELECT matches(pg_temp.health('bounds'), '^warning [|] 3[0-9] out of bounds: contact_id [0-9]+ [(]occurred_at[)], ', 'D1: health() names the rows and the columns');
SELECT is((SELECT concat_ws(' ', sum(handling_seconds) >= 0, max(answer_seconds) < 86400) FROM engage.daily_count), 't t', 'G2, D10: handling and answers that cannot be are in no sum');
SELECT is((SELECT count(*) FROM engage_bi.fact_contact WHERE answer_seconds NOT BETWEEN 0 AND 86400 OR handling_seconds < 0), 0::bigint, 'G2, D10: nor in a fact');
CALL engage.rebuild();
SELECT is(pg_temp.verified(), 'in line', 'P1: a rebuild goes through too');
DELETE FROM engage.contact WHERE source_ref LIKE 'at %';
CALL engage.refresh();
SELECT is((SELECT count(*) FROM engage_internal.dirty) + (SELECT count(*) FROM engage_internal.later), 0::bigint, 'P1: and when they are deleted nothing of them waits');
DELETE FROM engage.contact WHERE source_ref ~ '^(recorded|answered|old|born|handled|place|details)';
ALTER TABLE engage.contact ADD CONSTRAINT contact_within_bounds CHECK (engage_internal.valid_contact(occurred_at, recorded_at, answered_at, ended_at, date_of_birth,
	handling_seconds, latitude, longitude, location_radius_m, source, source_ref, number_raw, given_name, family_name, address, postcode, email, imei, nominal_ref));
CALL engage.refresh();
SELECT is(pg_temp.health('bounds'), 'ok | all contacts are within their bounds', 'P1: and bounds hold again');

-- ------------------------------------------- P1: what cannot be computed at all

-- a fault that nobody foresaw, in each stage
CREATE FUNCTION public.fault() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF (CASE TG_TABLE_NAME WHEN 'persona' THEN to_jsonb(NEW) ->> 'given_name' = 'Poison'
			ELSE (to_jsonb(NEW) ->> 'caller_id')::bigint = current_setting('rows.caller')::bigint END) THEN
		RAISE EXCEPTION 'value "Kelia Ashdown" is at fault' USING ERRCODE = 'data_exception';
	END IF;
	RETURN NEW;
END
$$;
SELECT set_config('rows.caller', (SELECT caller_id::text FROM engage.lookup('07700 900987')), false);
CREATE TRIGGER fault BEFORE INSERT OR UPDATE ON engage.persona FOR EACH ROW EXECUTE FUNCTION public.fault();
CREATE TRIGGER fault BEFORE INSERT OR UPDATE ON engage.flag FOR EACH ROW EXECUTE FUNCTION public.fault();
CREATE TRIGGER fault BEFORE INSERT OR UPDATE ON engage.caller_risk FOR EACH ROW EXECUTE FUNCTION public.fault();
SELECT engage.adopt_risk_factors();
SELECT pg_temp.say('poison 1', now() - interval '1 minute', '07700 900111', 'Poison') AS poison \gset
SELECT pg_temp.say('again ' || g, now() - g * interval '1 second', '07700 900987', 'Oren') FROM generate_series(1, 3) g;
SELECT pg_temp.say('third ' || g, now() - g * interval '1 minute', '07700 90022' || g % 4, 'Person ' || g % 4) FROM generate_series(1, 40) g;
CALL engage.refresh();
SELECT is((SELECT state || ' ' || (set_aside > 0) FROM engage.refresh_run ORDER BY run_id DESC LIMIT 1), 'done true', 'P1: a refresh puts aside what it cannot compute');
SELECT is((SELECT string_agg(DISTINCT stage, ' ' ORDER BY stage) FROM engage.set_aside), 'count flags score top', 'P1: a persona, the flags, the score of a caller, a period');
SELECT is((SELECT string_agg(concat_ws(' ', l.contacts_24_hours, l.open_flags > 0), ', ') FROM generate_series(0, 3) n, engage.lookup('07700 90022' || n) l), '10 t, 10 t, 10 t, 10 t', 'P1: others have their flags within the same refresh');
SELECT is((SELECT DISTINCT error_code || ' ' || error_message FROM engage.set_aside), '22000 value "..." is at fault', 'P1: the fault is told, without what may be personal');
SELECT matches(pg_temp.health('set aside'), format('^warning [|] [45] could not be computed: .*count of contact_id %s [(]22000[)]', :poison), 'P1: health() names the contact');
SELECT is((SELECT string_agg(source_ref, ' ') FROM engage.set_aside_contact WHERE stage = 'count'), 'poison 1', 'P1: as does the view for those who load contacts');
SELECT is(pg_temp.verified(), 'in line', 'P1: verify() counts it among what waits');
SELECT is(pg_temp.all_views(), 'all work', 'P1: every view works');
CALL engage.refresh();
SELECT is((SELECT set_aside FROM engage.refresh_run ORDER BY run_id DESC LIMIT 1), 0::bigint, 'P1: it is not tried again at once');
UPDATE engage.set_aside SET retry_at = now();
CALL engage.refresh();
SELECT is((SELECT DISTINCT tries || ' ' || (retry_at - last_at) FROM engage.set_aside WHERE stage = 'count'), '2 00:10:00', 'P1: but after a pause, which grows');
UPDATE engage.contact SET given_name = 'Kelia' WHERE source_ref = 'poison 1';
CALL engage.refresh();
SELECT is((SELECT count(*) FROM engage.set_aside WHERE stage = 'count'), 0::bigint, 'P1: a row that is corrected is taken back');
SELECT ok((SELECT caller_id IS NOT NULL FROM engage.lookup('07700 900111')), 'P1: and counts');
CALL engage.rebuild();
SELECT is((SELECT state FROM engage.refresh_run ORDER BY run_id DESC LIMIT 1), 'done', 'P1: a rebuild goes through');
DROP TRIGGER fault ON engage.persona;
DROP TRIGGER fault ON engage.flag;
DROP TRIGGER fault ON engage.caller_risk;
UPDATE engage.set_aside SET retry_at = now();
CALL engage.refresh();
SELECT is((SELECT count(*) FROM engage.set_aside), 0::bigint, 'P1: when the fault is gone, nothing is set aside');
SELECT is((SELECT contacts FROM engage.repeat_caller WHERE caller_id = current_setting('rows.caller')::bigint AND rule = 'kent'), 10::bigint, 'P1: and all is counted');
SELECT is(pg_temp.verified(), 'in line', 'P1: and in line');

-- linkage leaves out who cannot be read, or fails
CREATE FUNCTION public.link_fault() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.caller_id IS NOT NULL AND NEW.given_name = 'Poison' THEN
		RAISE EXCEPTION 'no caller for this one' USING ERRCODE = 'data_exception';
	END IF;
	RETURN NEW;
END
$$;
CREATE TRIGGER fault BEFORE UPDATE ON engage.persona FOR EACH ROW EXECUTE FUNCTION public.link_fault();
SELECT pg_temp.say('poison 2', now() - interval '1 minute', '07700 900333', 'Poison');
SELECT pg_temp.say('fourth ' || g, now() - g * interval '1 minute', '07700 90044' || g % 4, 'Person ' || g % 4) FROM generate_series(1, 40) g;
CALL engage.refresh();
SELECT is((SELECT string_agg(stage, ' ') FROM engage.set_aside), 'link', 'P1: a persona that cannot be linked is put aside');
SELECT is((SELECT count(*) FROM generate_series(0, 3) n, engage.lookup('07700 90044' || n) l WHERE l.open_flags > 0), 4::bigint, 'P1: others are linked and flagged');
SELECT is(pg_temp.verified(), 'in line', 'P1: and verify() leaves it out as linkage does');
DROP TRIGGER fault ON engage.persona;
UPDATE engage.set_aside SET retry_at = now();
CALL engage.refresh();
SELECT is((SELECT count(*) FROM engage.set_aside) + (SELECT count(*) FROM engage.persona WHERE caller_id IS NULL), 0::bigint, 'P1: later it is linked');
SELECT is(pg_temp.verified(), 'in line', 'P1: and in line');

-- an error that is no row's ends the run
CREATE FUNCTION public.no_fault() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'disk is full' USING ERRCODE = 'disk_full'; END$$;
CREATE TRIGGER fault BEFORE INSERT ON engage.flag FOR EACH ROW EXECUTE FUNCTION public.no_fault();
SELECT pg_temp.say('fifth ' || g, now() - g * interval '1 minute', '07700 900555', 'Oren') FROM generate_series(1, 7) g;
DO $$DECLARE run bigint := engage_internal.refresh_begin(10); BEGIN WHILE engage_internal.refresh_step(run, 10) LOOP END LOOP; END$$;
SELECT is((SELECT state || ' ' || error_code FROM engage.refresh_run ORDER BY run_id DESC LIMIT 1), 'failed 53100', 'P1: a full disk is no row''s fault, and ends the run');
SELECT is((SELECT count(*) FROM engage.set_aside), 0::bigint, 'P1: nothing is put aside for it');
DROP TRIGGER fault ON engage.flag;
CALL engage.refresh();

-- ---------------------------------------------------------- D3, D11: the rest

SELECT pg_temp.say('1900', '1900-01-01', '07700 900777');
SELECT pg_temp.say('1970', '1970-01-01', '07700 900777');
SELECT engage.queue_all();
CALL engage.refresh();
SELECT is((SELECT count(*) FROM engage.calendar WHERE calendar_year < 1901), 365::bigint, 'D11: the calendar reaches back to the first contact');
SELECT ok((SELECT steps < 100 FROM engage.refresh_run ORDER BY run_id DESC LIMIT 1), 'D3: a rule of kind top makes no step for a week without contacts');
SELECT is(pg_temp.verified(), 'in line', 'D3: nor does verify()');
DELETE FROM engage.contact WHERE source_ref IN ('1900', '1970');
CALL engage.rebuild();
SELECT ok((SELECT min(calendar_year) > 2000 FROM engage.calendar), 'D11: and a rebuild takes what is no longer needed from it');
SELECT is(pg_temp.verified(), 'in line', 'D11: and all is in line');

SELECT is(left(pg_temp.refusal(format('UPDATE engage.policy SET %s', v.change)), 5), '23514', 'D9: policy refuses ' || v.change)
FROM unnest(ARRAY[$$flag_current_for = '300000 years'$$, $$flag_current_for = '-1 day'$$, $$flag_current_for = '0'$$, $$lag_allowed = '300000 years'$$, $$lag_allowed = '-1 day'$$,
	$$keep_runs_for = '300000 years'$$, $$keep_runs_for = '-1 day'$$, $$contact_bands = '{-2147483648,2147483647}'$$, $$contact_bands = '{0,5}'$$, $$contact_bands = '{1,1000001}'$$,
	$$emergency_override = ''$$, $$emergency_override = '  '$$, $$minimum_cell = 2147483647$$]) v (change);
SELECT is(left(pg_temp.refusal(v), 5), '23514', 'D9: refused: ' || v)
FROM unnest(ARRAY[$$INSERT INTO engage.rule (name, criteria, valid_from) VALUES ('r', '{5 in 1 day}', '294276-12-31')$$,
	$$INSERT INTO engage.rule (name, criteria, valid_to) VALUES ('r', '{5 in 1 day}', '4713-01-01 BC')$$, $$INSERT INTO engage.rule (name, criteria) VALUES (' ', '{5 in 1 day}')$$,
	$$INSERT INTO engage.rule (name, criteria) VALUES (repeat('n', 201), '{5 in 1 day}')$$, $$INSERT INTO engage.district (district, label) VALUES ('', 'None')$$,
	$$INSERT INTO engage.district (district, label) VALUES ('B', '  ')$$, $$INSERT INTO engage.incident_code (code, label) VALUES ('B', '')$$,
	$$INSERT INTO engage.district (district_key, district, label) OVERRIDING SYSTEM VALUE VALUES (-1, 'B', 'B')$$, $$UPDATE engage.channel SET label = ''$$,
	$$INSERT INTO engage.incident_code (contact_type_key, code, label) OVERRIDING SYSTEM VALUE VALUES (-1, 'B', 'B')$$,
	$$INSERT INTO engage.marker_kind (marker, label, is_sensitive) VALUES ('mine', '', false)$$, $$INSERT INTO engage.referral_policy (recent_for) VALUES ('300000 years')$$]) v;
SELECT is(left(pg_temp.refusal(format('UPDATE engage.policy SET zone = %L', z)), 5), '22023', 'D11: policy refuses the zone ' || z)
FROM unnest('{ABC-00:07,QQQ-05:33,Mars1,<+07>-07,UTC+3:30,London,""}'::text[]) z;
SELECT is(pg_temp.refusal($$SELECT * FROM engage.dispersion('{2026-01-01T00:00:00Z}', '4713-01-01 BC', '294276-12-31', '1 microsecond')$$),
	'22008 | the stretch of time is too long | Give the times between which contacts would be known.', 'D11: a stretch of time that cannot be measured is refused');
SELECT is(pg_temp.refusal($$SELECT engage_internal.refresh_step(min(run_id), -5) FROM engage.refresh_run$$) ~ '^55000 [|] run [0-9]+ is not running in this session [|] CALL', true, 'D11: a step of a run that is over is refused');
SELECT is(pg_temp.refusal('SELECT engage_internal.refresh_step(NULL, 10)'), '55000 | run NULL is not running in this session | CALL engage.refresh() starts a run and takes its steps.', 'D11: or of none');
CREATE TABLE public.child () INHERITS (engage.contact);
SELECT is(pg_temp.health('child tables'), 'failed | public.child', 'D11: health() tells of a child table, whose rows nobody queues');
DROP TABLE public.child;

INSERT INTO engage.district (district, label) VALUES ('N1', 'North');
SELECT is(left(pg_temp.refusal(v), 5), '23505', 'G4: refused: ' || v)
FROM unnest(ARRAY[$$INSERT INTO engage.district (district, label) VALUES ('n1', 'South')$$, $$INSERT INTO engage.district (district, label) VALUES ('N1 ', 'South')$$,
	$$INSERT INTO engage.district (district, label) VALUES ('S1', 'NORTH')$$, $$INSERT INTO engage.district (district, label) VALUES ('S1', 'North ')$$,
	$$INSERT INTO engage.rule (name, criteria) VALUES ('Kent', '{5 in 1 day}')$$, $$INSERT INTO engage.rule (name, criteria) VALUES (' kent', '{5 in 1 day}')$$,
	$$UPDATE engage.channel SET label = '101 CALL ' WHERE channel = '999_voice'$$, $$INSERT INTO engage.marker_kind (marker, label, is_sensitive) VALUES ('mine', 'hoax CALLS', false)$$]) v;
INSERT INTO engage.incident_code (code, label) VALUES ('R1', 'Theft'), ('R2', 'Theft');
SELECT is(left(pg_temp.refusal($$INSERT INTO engage.incident_code (code, label) VALUES ('r1 ', 'Other')$$), 5), '23505', 'G4: a code in another spelling is refused');
INSERT INTO engage.incident_code (code, label) VALUES ('R3', 'theft ');
INSERT INTO engage.contact (source, source_ref, occurred_at, channel) VALUES ('Rows ', '1', now(), 'email');
CALL engage.refresh();
SELECT is(pg_temp.health('spelling'), 'warning | 2 differ from another by case or blanks alone: incident_code.label ''Theft'', ''theft ''; source ''rows'', ''Rows ''', 'G4: what cannot be refused is told');

SELECT * FROM finish();

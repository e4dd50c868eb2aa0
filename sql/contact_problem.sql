-- What is wrong with contacts, row by row, and with the lists of a force.
SET timezone = 'UTC';
SET search_path = engage, engage_internal, public;
\set SHOW_CONTEXT never
SELECT setup(rules => NULL);

CREATE TABLE given (ref text, wrong text, PRIMARY KEY (ref));
CREATE FUNCTION say(ref text, wrong text, fields text DEFAULT '') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO given VALUES (ref, wrong);
	EXECUTE format('INSERT INTO engage.contact (source, source_ref, occurred_at, recorded_at, channel) VALUES (%L, %L, %L, %L, %L)',
		split_part(ref, ' ', 1), ref, '2026-03-02 10:00', '2026-03-02 10:05', '101_voice');
	IF fields <> '' THEN
		EXECUTE format('UPDATE engage.contact SET %s WHERE source_ref = %L', fields, ref);
	END IF;
END
$$;

-- rows that are right: 40 days of an ordinary source, and what looks odd but is not
INSERT INTO contact (source, source_ref, occurred_at, recorded_at, channel, number_raw, answered_at, ended_at, handling_seconds, latitude, longitude, location_radius_m)
SELECT 'storm', 'good ' || g, timestamptz '2026-02-01 09:00' + g * interval '10 hours', timestamptz '2026-02-01 09:05' + g * interval '10 hours', '999_voice',
	'07700 900' || lpad(g::text, 3, '0'), timestamptz '2026-02-01 09:00:08' + g * interval '10 hours', timestamptz '2026-02-01 09:20' + g * interval '10 hours', 1300, 51.27, 0.52, 20
FROM generate_series(1, 100) g;
SELECT say('storm withheld', NULL, $$number_raw = 'Withheld', cli_status = 'withheld'$$);
SELECT say('storm no number', NULL, $$number_raw = ''$$);
SELECT say('storm a day', NULL, $$answered_at = '2026-03-03 10:00'$$);
SELECT say('storm clock', NULL, $$recorded_at = '2026-03-02 09:59:30'$$);
SELECT say('storm wrap-up', NULL, $$ended_at = '2026-03-02 10:01', handling_seconds = 3600$$);
SELECT say('storm old man', NULL, $$date_of_birth = '1907-01-01'$$);
SELECT say('storm born today', NULL, $$date_of_birth = '2026-03-02'$$);
SELECT say('storm history', NULL, $$occurred_at = '2021-06-01', recorded_at = '2026-03-02'$$);
SELECT say('storm sea', NULL, $$latitude = -10, longitude = 51.2, location_radius_m = 0$$);

-- numbers
SELECT say('csv ' || n, 'number_unreadable', format('number_raw = %L', n)) FROM unnest('{7.7009E+11,12345678901234567890,abc,"07700 9001"}'::text[]) n;
-- times
SELECT say('acd ' || t, 'time_of_zero', format('occurred_at = %L, recorded_at = %L', t, '2026-03-02'))
FROM unnest('{1970-01-01 00:00,1969-12-31 23:00,1900-01-01 00:00,1980-01-06 00:00,2000-01-01 00:00}'::text[]) t;
SELECT say('acd 2006', 'long_before_others', $$occurred_at = '2006-03-02 10:00', recorded_at = '2006-03-02 10:05'$$);
SELECT say('acd to come', 'still_to_come', $$occurred_at = now() + interval '2 hours', recorded_at = now()$$);
SELECT say('acd 2126', 'still_to_come', $$occurred_at = '2126-03-02'$$);
SELECT say('acd recorded before', 'recorded_before', $$recorded_at = '2026-03-02 09:58'$$);
SELECT say('acd recorded 1900', 'recorded_before', $$recorded_at = '1900-01-01'$$);
SELECT say('acd recorded 2136', 'recorded_in_future', $$recorded_at = '2136-01-01'$$);
SELECT say('acd answered before', 'answered_before', $$answered_at = '2026-03-02 09:59:59'$$);
SELECT say('acd answered 1900', 'answered_before', $$answered_at = '1900-01-01'$$);
SELECT say('acd answered late', 'answered_late', $$answered_at = '2026-03-03 10:00:01'$$);
SELECT say('acd answered 2199', 'answered_late', $$answered_at = '2199-12-31'$$);
SELECT say('acd ended before', 'ended_before', $$ended_at = '2026-03-02 09:00'$$);
SELECT say('acd ended before answered', 'ended_before', $$answered_at = '2026-03-02 10:02', ended_at = '2026-03-02 10:01'$$);
SELECT say('acd handled', 'handling_too_long', $$ended_at = '2026-03-02 10:01', handling_seconds = 3661$$);
SELECT say('acd milliseconds', 'handling_too_long', $$ended_at = '2026-03-02 10:10', handling_seconds = 600000$$);
-- places
SELECT say('aml half', 'location_half', $$latitude = 51.2$$);
SELECT say('aml radius', 'location_half', $$location_radius_m = 20$$);
SELECT say('aml zero', 'location_of_zero', $$latitude = 0, longitude = 0$$);
SELECT say('aml swapped', 'location_swapped', $$latitude = 0.52, longitude = 51.27$$);
-- births
SELECT say('web 2062', 'born_later', $$date_of_birth = '2062-06-17'$$);
SELECT say('web 1784', 'born_too_long_ago', $$date_of_birth = '1784-06-17'$$);
SELECT say('web ' || b, 'birth_of_zero', format('date_of_birth = %L', b)) FROM unnest('{0001-01-01,1753-01-01,1899-12-30,1900-01-01}'::text[]) b;
-- words
SELECT say('web other', 'channel_other', $$channel = 'other'$$);
INSERT INTO district (district, label) VALUES ('N1', 'North'), ('S1', 'South');
SELECT say('web district', NULL, $$district = 'N1'$$);
SELECT say('web no district', NULL, $$district = 'W1'$$);
SELECT say('web ' || d, 'district_spelt_otherwise', format('district = %L', d)) FROM unnest('{n1,"N1 "," s1"}'::text[]) d;

-- itself is refused
\set VERBOSITY terse
INSERT INTO contact (source, source_ref, occurred_at, channel) VALUES ('self', '1', '2026-03-02', '101_voice');
UPDATE contact SET duplicate_of = contact_id WHERE source = 'self';
UPDATE contact SET callback_of = contact_id WHERE source = 'self';
DELETE FROM contact WHERE source = 'self';
\set VERBOSITY default
-- legs that point at nothing, at each other, and at what does not count
SELECT say('leg ' || r, NULL) FROM unnest('{first,second,third,out}'::text[]) r;
SELECT say('leg of nothing', 'duplicate_of_nothing', 'duplicate_of = 999999');
SELECT say('leg call-back of nothing', 'callback_of_nothing', 'callback_of = 999999');
SELECT say('leg ' || r, w) FROM (VALUES ('of second', 'duplicate_of_uncounted'), ('call-back of second', 'callback_of_uncounted'), ('of out', 'duplicate_of_uncounted'), ('of call-back', 'duplicate_of_uncounted'),
	('a', 'in_a_ring'), ('b', 'in_a_ring'), ('c', 'in_a_ring'), ('d', 'in_a_ring'), ('e', 'in_a_ring'), ('to ring', 'duplicate_of_uncounted')) v (r, w);
UPDATE contact SET direction = 'outbound' WHERE source_ref = 'leg out';
CREATE FUNCTION id(ref text) RETURNS bigint LANGUAGE sql AS $$ SELECT contact_id FROM engage.contact WHERE source_ref = ref $$;
UPDATE contact SET duplicate_of = id('leg first') WHERE source_ref IN ('leg second', 'leg third');
UPDATE contact SET duplicate_of = id('leg second') WHERE source_ref = 'leg of second';
UPDATE contact SET callback_of = id('leg second') WHERE source_ref = 'leg call-back of second';
UPDATE contact SET duplicate_of = id('leg out') WHERE source_ref = 'leg of out';
UPDATE contact SET duplicate_of = id('leg call-back of second') WHERE source_ref = 'leg of call-back';
UPDATE contact c SET duplicate_of = id('leg ' || n) FROM (VALUES ('a', 'b'), ('b', 'a'), ('c', 'd'), ('e', 'c'), ('to ring', 'a')) v (r, n) WHERE c.source_ref = 'leg ' || v.r;
UPDATE contact SET callback_of = id('leg e') WHERE source_ref = 'leg d';
-- two systems wrote of one call; a third call is a minute and a second later
SELECT say('x one', NULL, $$number_raw = '01632 960001', occurred_at = '2026-03-02 11:00:00', recorded_at = '2026-03-02 11:05'$$);
SELECT say('y one', 'likely_duplicate', $$number_raw = '+441632960001', occurred_at = '2026-03-02 11:00:40', recorded_at = '2026-03-02 11:05'$$);
SELECT say('x two', NULL, $$number_raw = '01632 960001', occurred_at = '2026-03-02 11:01:41', recorded_at = '2026-03-02 11:05'$$);
SELECT say('x three', NULL, $$number_raw = '01632 960001', occurred_at = '2026-03-02 11:01:50', recorded_at = '2026-03-02 11:05'$$);

CALL refresh();
SELECT first_plausible() = '2021-02-01 19:00+00' AS five_years_before;
-- exactly what was said, and nothing else
SELECT COALESCE(p.source_ref, g.ref) AS ref, g.wrong, p.problem FROM contact_problem p FULL JOIN (SELECT * FROM given WHERE wrong IS NOT NULL) g ON g.ref = p.source_ref AND g.wrong = p.problem
WHERE p.problem IS DISTINCT FROM g.wrong ORDER BY 1, 3;
SELECT source, problem, field, contacts FROM data_quality ORDER BY source COLLATE "C", problem;
SELECT count(DISTINCT problem) AS looked_for_here, (SELECT count(*) FROM preset_contact_problem) AS looked_for FROM data_quality;
-- nothing of what a contact says
SELECT * FROM contact_problem WHERE source_ref = 'csv 7.7009E+11';
SELECT * FROM verify();

-- what was there before its bounds: one row each, whatever it holds
ALTER TABLE contact DROP CONSTRAINT contact_within_bounds;
UPDATE contact SET recorded_at = 'infinity', answered_at = '-infinity', date_of_birth = 'infinity', occurred_at = '294276-12-31' WHERE source_ref = 'good 7';
UPDATE contact SET latitude = 'NaN', handling_seconds = -3600 WHERE source_ref = 'good 8';
SELECT source_ref, problem, field FROM contact_problem WHERE source_ref LIKE 'good %' ORDER BY 1;

-- labels that differ by case or blanks alone, where they are not refused
INSERT INTO district (district, label, csu) VALUES ('N2', 'North  East', 'Swale'), ('N3', 'North East', 'swale');
INSERT INTO incident_code (code, label, category) VALUES ('D01', 'Domestic', 'A'), ('D02', 'domestic ', 'a'), ('D03', 'Other', 'B');
INSERT INTO contact (source, source_ref, occurred_at, channel) VALUES ('Storm', 'x', '2026-03-02 10:00', '101_voice');
CALL refresh();
SELECT list, '[' || value || ']' AS value, others FROM label_problem ORDER BY list, value COLLATE "C";

-- before there is anything
TRUNCATE contact;
CALL refresh();
SELECT count(*) FROM contact_problem;
SELECT first_plausible();

DROP TABLE given;
DROP FUNCTION say;
DROP FUNCTION id;
DROP EXTENSION engage;
CREATE EXTENSION engage;

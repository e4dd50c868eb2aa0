-- What is wrong with contacts is listed, and stops nothing.
--
-- Each test's name begins with the letter of the fault that it stands for.
-- Not in a transaction, since a refresh commits.  Every kind of problem is in
-- sql/contact_problem.sql.

SET client_min_messages = error;
SET timezone = 'UTC';
SELECT * FROM no_plan();

SELECT engage.setup();
SELECT engage.adopt_risk_factors();

CREATE FUNCTION pg_temp.say(ref text, at timestamptz, number text) RETURNS bigint LANGUAGE sql AS $$
	INSERT INTO engage.contact (source, source_ref, occurred_at, recorded_at, channel, number_raw)
	VALUES ('q', ref, at, at, '101_voice', number) RETURNING contact_id
$$;
CREATE FUNCTION pg_temp.id(ref text) RETURNS bigint LANGUAGE sql AS 'SELECT contact_id FROM engage.contact WHERE source_ref = ref';
CREATE FUNCTION pg_temp.problems(ref text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(problem || ' ' || field, ', ' ORDER BY problem) FROM engage.contact_problem WHERE source_ref = ref
$$;

-- ------------------------------------------------------- S9: legs in a ring

SELECT pg_temp.say(r, '2025-09-02 10:00', n) FROM (VALUES ('self', '07700 900456'), ('gone', '07700 900789'), ('r1', '07700 900222'), ('r2', '07700 900222'),
	('one', '07700 900333'), ('two', '07700 900333'), ('three', '07700 900333'), ('out', '07700 900444'), ('leg', '07700 900444')) v (r, n);
SELECT throws_ok($$UPDATE engage.contact SET duplicate_of = contact_id WHERE source_ref = 'self'$$, '23514', NULL, 'S9: a duplicate of itself is refused');
SELECT throws_ok($$UPDATE engage.contact SET callback_of = contact_id WHERE source_ref = 'self'$$, '23514', NULL, 'S9: a call-back for itself is refused');
SELECT throws_ok($$UPDATE engage.contact c SET duplicate_of = m.id FROM (SELECT min(contact_id) AS id FROM engage.contact WHERE number_raw = '07700 900333') m
	WHERE number_raw = '07700 900333'$$, '23514', NULL, 'S9: the recipe that marks the first leg too is refused');
SELECT throws_ok($$INSERT INTO engage.contact (source, source_ref, occurred_at, channel, duplicate_of)
	SELECT 'q', 'next', '2025-09-02', '101_voice', last_value + 1 FROM engage.contact_contact_id_seq$$, '23514', NULL, 'S9: so is a new row that names the id it gets');
UPDATE engage.contact SET duplicate_of = pg_temp.id('one') WHERE source_ref IN ('two', 'three');
UPDATE engage.contact SET duplicate_of = 999999 WHERE source_ref = 'gone';
UPDATE engage.contact SET duplicate_of = pg_temp.id('r2') WHERE source_ref = 'r1';
UPDATE engage.contact SET duplicate_of = pg_temp.id('r1') WHERE source_ref = 'r2';
UPDATE engage.contact SET direction = 'outbound' WHERE source_ref = 'out';
UPDATE engage.contact SET duplicate_of = pg_temp.id('out') WHERE source_ref = 'leg';
CALL engage.refresh();
SELECT is(pg_temp.problems(r), p, format('S9: %s is listed', r)) FROM (VALUES ('gone', 'duplicate_of_nothing duplicate_of'), ('r1', 'in_a_ring duplicate_of'),
	('r2', 'in_a_ring duplicate_of'), ('leg', 'duplicate_of_uncounted duplicate_of'), ('self', NULL), ('one', NULL), ('two', NULL), ('three', NULL)) v (r, p);
SELECT is((SELECT count(*) FROM engage_bi.fact_contact), 2::bigint, 'S9: what is a duplicate does not count, whatever it points at');
SELECT is((SELECT count(*) FROM engage.verify()), 0::bigint, 'S9: refresh gets through');
SELECT is(pg_temp.problems('r2'), 'in_a_ring duplicate_of', 'S9: call-backs for each other as well') FROM (SELECT 1) x;
UPDATE engage.contact SET duplicate_of = NULL, callback_of = pg_temp.id('r2') WHERE source_ref = 'r1';
SELECT is(pg_temp.problems('r1'), 'in_a_ring duplicate_of', 'S9: a ring of a call-back and a duplicate');
UPDATE engage.contact SET callback_of = 999999 WHERE source_ref = 'r1';
SELECT is(pg_temp.problems('r1'), 'callback_of_nothing callback_of', 'S9: a call-back of nothing');
SELECT is(pg_temp.problems('r2'), 'duplicate_of_uncounted duplicate_of', 'S9: and what is a duplicate of that');
-- a long ring, and a long chain: neither is followed for ever
SELECT count(pg_temp.say('ring ' || g, '2025-09-03 10:00', '01632 960' || lpad(g::text, 3, '0'))), count(pg_temp.say('chain ' || g, '2025-09-03 10:00', '07700 900' || lpad(g::text, 3, '0')))
FROM generate_series(0, 199) g;
UPDATE engage.contact SET duplicate_of = pg_temp.id('ring ' || (split_part(source_ref, ' ', 2)::integer + 1) % 200) WHERE source_ref LIKE 'ring %';
UPDATE engage.contact SET duplicate_of = pg_temp.id('chain ' || split_part(source_ref, ' ', 2)::integer - 1) WHERE source_ref LIKE 'chain %' AND source_ref <> 'chain 0';
CALL engage.refresh();
SELECT is((SELECT count(DISTINCT source_ref) FROM engage.contact_problem WHERE source_ref LIKE 'ring %'), 200::bigint, 'S9: all of a ring of 200 are listed');
SELECT is((SELECT count(*) FROM engage.contact_problem WHERE source_ref LIKE 'chain %'), 198::bigint, 'S9: of a chain all but the first two');
TRUNCATE engage.contact;
CALL engage.refresh();

-- ------------------------------------- G2 and first-day: durations and times

SELECT pg_temp.say('g2 ' || f, '2025-09-01 10:00', '07700 900123') FROM unnest('{answered,before,ended,number,birth}'::text[]) f;
SELECT throws_ok(format($$UPDATE engage.contact SET %s WHERE source_ref = 'g2 answered'$$, s), '23514', NULL, format('G2: %s is refused', s))
FROM unnest('{handling_seconds = -3600,latitude = 999,latitude = ''NaN'',location_radius_m = -5,location_radius_m = ''Infinity'',answered_at = ''9999-12-31''}'::text[]) s;
UPDATE engage.contact SET answered_at = '2199-12-31' WHERE source_ref = 'g2 answered';
UPDATE engage.contact SET recorded_at = '1900-01-01' WHERE source_ref = 'g2 before';
UPDATE engage.contact SET ended_at = '2025-09-01 09:00' WHERE source_ref = 'g2 ended';
UPDATE engage.contact SET number_raw = '7.7009E+11' WHERE source_ref = 'g2 number';
UPDATE engage.contact SET date_of_birth = '1784-06-17' WHERE source_ref = 'g2 birth';
CALL engage.refresh();
SELECT is(pg_temp.problems('g2 ' || r), p, format('G2: %s is listed', r)) FROM (VALUES ('answered', 'answered_late answered_at'), ('before', 'recorded_before recorded_at'),
	('ended', 'ended_before ended_at'), ('number', 'number_unreadable number_raw'), ('birth', 'born_too_long_ago date_of_birth')) v (r, p);
SELECT is((SELECT sum(contacts)::bigint FROM engage.data_quality WHERE source = 'q'), 5::bigint, 'G2: counted by source');
TRUNCATE engage.contact;
CALL engage.refresh();

-- ------------------------------------------------------ G3: a time of zero

DROP EXTENSION IF EXISTS engage_demo;
CREATE EXTENSION engage_demo;
SELECT engage_demo.simulate(people => 500);
SELECT engage_demo.load();
CALL engage.refresh();
CREATE TEMP TABLE fit AS SELECT * FROM engage.fit_risk('2026-04-20');
SELECT is((SELECT demand_fitted FROM fit), true, 'G3: a demand model is fitted');
SELECT pg_temp.say('zero ' || g, to_timestamp(0), '07700 900' || lpad(g::text, 3, '0')) FROM generate_series(0, 19) g;
SELECT pg_temp.say('excel', '1900-01-01 00:00', '07700 900020');
SELECT pg_temp.say('slip', '2005-03-02 00:00', '07700 900021');
CALL engage.refresh();
SELECT is(pg_temp.problems(r), p, format('G3: %s is listed', r)) FROM (VALUES ('zero 3', 'time_of_zero occurred_at'), ('excel', 'time_of_zero occurred_at'),
	('slip', 'long_before_others occurred_at')) v (r, p);
INSERT INTO fit SELECT * FROM engage.fit_risk('2026-04-20');
SELECT is((SELECT count(DISTINCT ROW(f.callers, f.events, f.auc, m.demand, m.report - 'left_out')) FROM fit f JOIN engage.risk_model m USING (model_id)), 1::bigint,
	'G3: the same models are fitted with times of zero as without');
SELECT is((SELECT (report ->> 'left_out')::bigint > 0 FROM engage.risk_model ORDER BY model_id DESC LIMIT 1), true, 'G3: and the fit says how many callers had some');

-- -------------------------------------------------------------- G4: labels

INSERT INTO engage.district (district, label) VALUES ('N1', 'North'), ('N2', 'North East');
SELECT throws_ok(format('INSERT INTO engage.district (district, label) VALUES (%L, %L)', d, l), '23505', NULL, format('G4: district "%s" labelled "%s" is refused', d, l))
FROM (VALUES ('n1', 'NORTH'), ('N1 ', 'North '), ('n1', 'South'), ('N3', 'NORTH'), ('N3', ' north ')) v (d, l);
INSERT INTO engage.district (district, label, csu) VALUES ('N4', 'North  east', 'Swale'), ('N5', 'West', 'SWALE');
INSERT INTO engage.incident_code (code, label) VALUES ('D01', 'Domestic'), ('D02', 'DOMESTIC ');
SELECT is((SELECT string_agg(list || ' ' || value, ', ' ORDER BY list, value COLLATE "C") FROM engage.label_problem),
	'csu SWALE, csu Swale, district label North  east, district label North East, incident_code label DOMESTIC , incident_code label Domestic',
	'G4: labels that differ by case or blanks alone, and are not refused, are listed');

SELECT * FROM finish();

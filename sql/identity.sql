-- Who is behind the numbers: links, decisions, and what they do to flags.
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\set any_zone
\i :helpers
SET search_path = engage, engage_internal, public;
SET timezone = 'UTC';
SELECT setup(rules => 'kent_v2');

CREATE FUNCTION pg_temp.say(ref text, at timestamptz, number text, given text DEFAULT NULL, family text DEFAULT NULL,
	born date DEFAULT NULL, address text DEFAULT NULL, postcode text DEFAULT NULL, more jsonb DEFAULT NULL) RETURNS void
	LANGUAGE sql
BEGIN ATOMIC
	INSERT INTO contact (source, source_ref, occurred_at, channel, number_raw, given_name, family_name, date_of_birth, address, postcode, details)
	VALUES ('acd', ref, at, '999_voice', number, given, family, born, address, postcode, more);
END;
-- who is together: one row a caller, its contacts by their references
CREATE VIEW pg_temp.together AS
	SELECT string_agg(c.source_ref, ' ' ORDER BY c.source_ref) AS contacts
	FROM contact c LEFT JOIN contact_caller k USING (contact_id)
	GROUP BY COALESCE(k.caller_id, -c.contact_id);

-- Eight SIM cards, one call each: four tell name and address, four are
-- recognised by the voice.
SELECT pg_temp.say('sim' || i, timestamptz '2026-03-02 10:00' + i * interval '14 hours', '0770090010' || i,
	CASE WHEN i % 2 = 0 THEN 'Velora' END, CASE WHEN i % 2 = 0 THEN 'Holvolt' END, NULL,
	CASE WHEN i % 2 = 0 THEN '9 Mock Court' END, CASE WHEN i % 2 = 0 THEN 'ZZ12 4AB' END)
FROM generate_series(0, 7) i;
CALL refresh();
SELECT * FROM pg_temp.together ORDER BY 1;
SELECT count(*) AS flags FROM flag;
SELECT confirm_link('0770090010' || i, '07700900100', 'voice recognised', 'handler_recognised') FROM generate_series(1, 7, 2) i;
CALL refresh();
SELECT * FROM pg_temp.together ORDER BY 1;
SELECT f.caller_id, f.contacts, f.criteria_met, f.withdrawn_at IS NULL AS stands FROM flag f;
-- a decision is found from each persona on its sides, by few keys and by many
SELECT count(*) AS personas, sum(cardinality(few)) AS decisions, bool_and(few = many) AS equal
FROM persona p, decisions_about(ARRAY[p.persona_key]) few,
	decisions_about(p.persona_key || ARRAY(SELECT gen_random_uuid() FROM generate_series(1, 1000))) many;
SELECT occurred_at, source_ref FROM explain_flag(1);
SELECT step, from_identifier, to_identifier, decision_id, detail, level, weight FROM explain_identity('07700900102', '07700900104');
SELECT DISTINCT step, from_identifier, to_identifier, link_score, decision_id FROM explain_identity('07700900101', '07700900103') ORDER BY step;
SELECT flag_id, numbers, most_of_one_number FROM flag_by_joining;
-- back to four and one: a decision that says otherwise is in the way until it is revoked
SELECT pg_temp.refused($$SELECT reject_link('07700900101', '07700900100', 'another voice after all')$$);
SELECT revoke_decision(decision_id, 'the handler was wrong') FROM link_decision ORDER BY decision_id LIMIT 3;
CALL refresh();
SELECT * FROM pg_temp.together ORDER BY 1;
SELECT f.caller_id, f.contacts, f.withdrawn_reason FROM flag f;
SELECT revoke_decision(4, 'the handler was wrong');
SELECT reject_link('07700900107', '07700900100', 'another voice after all');
CALL refresh();
SELECT * FROM pg_temp.together ORDER BY 1;
SELECT kind, from_caller, to_caller, cardinality(persona_keys) AS personas, evidence -> 'decisions' AS decisions FROM merge_event ORDER BY event_id;
SELECT caller_as_of('07700900103', '-infinity'), caller_as_of('07700900103', 'infinity');
-- decisions outlive a rebuild and a new model
SELECT adopt_linkage_model('contacts');
CALL rebuild();
SELECT * FROM pg_temp.together ORDER BY 1;
SELECT * FROM verify();
TRUNCATE contact;
CALL refresh();

-- Two people at one landline stay two; a call without a name is neither's.
SELECT pg_temp.say('ann1', '2026-03-02 10:00', '01632 960001', 'Annora', 'Threlk', '1980-01-02', '1 Test Row', 'ZZ1 1AA');
SELECT pg_temp.say('ann2', '2026-03-03 10:00', '01632 960001', 'Annora', 'Threlk');
SELECT pg_temp.say('bob1', '2026-03-04 10:00', '01632 960001', 'Bertil', 'Threlk', '1979-05-06', '1 Test Row', 'ZZ1 1AA');
SELECT pg_temp.say('bob2', '2026-03-05 10:00', '01632 960001', 'Bertil');
SELECT pg_temp.say('who', '2026-03-06 10:00', '01632 960001');
-- twins: the same date of birth, family name and home
SELECT pg_temp.say('twin1', '2026-03-02 10:00', '01632 960002', 'Cyra', 'Mornel', '1990-07-08', '2 Test Row', 'ZZ1 1AB');
SELECT pg_temp.say('twin2', '2026-03-03 10:00', '01632 960002', 'Dalit', 'Mornel', '1990-07-08', '2 Test Row', 'ZZ1 1AB');
-- parent and child of one name
SELECT pg_temp.say('old', '2026-03-02 10:00', '01632 960003', 'Ewart', 'Quillan', '1950-07-08', '3 Test Row', 'ZZ1 1AC');
SELECT pg_temp.say('young', '2026-03-03 10:00', '01632 960003', 'Ewart', 'Quillan', '1985-11-30', '3 Test Row', 'ZZ1 1AC');
-- next to nothing known never bridges two people
SELECT pg_temp.say('only given', '2026-03-03 10:00', NULL, 'Annora');
SELECT pg_temp.say('withheld', '2026-03-03 10:00', 'Withheld', 'Annora');
-- one number alone, however it is spelt
SELECT pg_temp.say('one1', '2026-03-02 10:00', '07700 900200');
SELECT pg_temp.say('one2', '2026-03-03 10:00', '+44 7700 900200');
-- a slip of the pen
SELECT pg_temp.say('slip1', '2026-03-02 10:00', '07700 900201', 'Fionnula', 'Garrowby', '1971-02-03');
SELECT pg_temp.say('slip2', '2026-03-03 10:00', '07700 900202', 'Fionulla', 'Garroby', '1971-02-03', '7 Sample Street', 'ZZ9 9ZZ');
SELECT pg_temp.say('slip3', '2026-03-04 10:00', NULL, 'Garrowby', 'Fionnula', '1971-02-03');
CALL refresh();
SELECT * FROM pg_temp.together ORDER BY 1;
SELECT match, contacts, reasons FROM identify('01632 960001');
SELECT match, round(probability::numeric, 2) AS probability, contacts FROM identify('01632 960001', 'Bertil');
SELECT match, round(probability::numeric, 2) AS probability, contacts FROM identify(given_name => 'Fionnula', family_name => 'Garrowby', date_of_birth => '1971-02-03');
SELECT emergency_override IS NOT NULL AS told, match, caller_id FROM identify('07700 900999');
SELECT caller_id, cardinality(caller_ids) AS callers, known FROM lookup('01632 960001');
SELECT other_callers, count(*) FROM caller_number GROUP BY 1 ORDER BY 1;

-- A telephone that many use joins nobody, whether it is known or found out.
SELECT pg_temp.say('box' || i, '2026-03-02 10:00', '01632 960004', given, family)
FROM unnest('{Hedra,Ismo,Jorun,Kessa,Lubo}'::text[], '{Applin,Brodd,Cantal,Druse,Emberl}'::text[]) WITH ORDINALITY n (given, family, i);
SELECT pg_temp.say('nobody', '2026-03-03 10:00', '01632 960004');
CALL refresh();
SELECT * FROM pg_temp.together WHERE contacts ~ 'box|nobody' ORDER BY 1;
SELECT number, names, personas, callers, suggested FROM shared_number_suspect;
SELECT match FROM identify('01632 960004');
INSERT INTO known_number (number, sharing, label) VALUES ('+441632960004', 'personal', 'gives many names');
-- a look-up uses it at once, as referrals do
SELECT sharing, cardinality(caller_ids) > 0 AS has_callers FROM lookup('01632 960004');
CALL refresh();
SELECT count(*) AS suspects FROM shared_number_suspect;
SELECT caller_id IS NULL AS nobodys FROM contact LEFT JOIN contact_caller USING (contact_id) WHERE source_ref = 'nobody';
UPDATE known_number SET sharing = 'payphone' WHERE number = '+441632960004';
CALL refresh();
SELECT caller_id IS NULL AS nobodys FROM contact LEFT JOIN contact_caller USING (contact_id) WHERE source_ref = 'nobody';
SELECT * FROM verify();

-- Details beyond the columns.
SELECT pg_temp.say('det1', '2026-03-02 10:00', NULL, 'Mirela', 'Novare', NULL, NULL, NULL, '{"warrant": "W-1", "mood": "calm"}');
SELECT pg_temp.say('det2', '2026-03-03 10:00', NULL, 'Mirela', 'Novare', NULL, NULL, NULL, '{"warrant": "W-2", "mood": "calm"}');
SELECT name_identity_details('{"warrant": "identifier"}');
SELECT name_identity_details('{"warrant": "identifier"}');
SELECT source_ref, identity_details FROM contact WHERE identity_details IS NOT NULL ORDER BY 1;
SELECT count(DISTINCT persona_key) FROM contact WHERE source_ref LIKE 'det%';
UPDATE contact SET details = details || '{"warrant": "W-1"}' WHERE source_ref = 'det2';
SELECT count(DISTINCT persona_key) FROM contact WHERE source_ref LIKE 'det%';
CALL refresh();
SELECT model -> 'comparisons' -> -1 ->> 'detail' AS last FROM linkage_model ORDER BY model_id DESC LIMIT 1;
-- another kind, though blocks were made of the one before
INSERT INTO linkage_model (model, origin)
SELECT jsonb_set(model, '{blocking}', model -> 'blocking' || '[["details.warrant"]]'), 'test' FROM linkage_model ORDER BY model_id DESC LIMIT 1;
SELECT name_identity_details('{"warrant": "text", "said": "text"}');
SELECT model -> 'blocking' @> '[["details.warrant"]]' AS still_blocked FROM linkage_model ORDER BY model_id DESC LIMIT 1;
SELECT split_part(pg_temp.refused($$SELECT engage.name_identity_details('{"a:b": "text"}')$$), E'\n', 1) AS refused;
-- texts before the names in a model; and a number always brings its personas together
INSERT INTO linkage_model (model, origin) VALUES ('{"comparisons": [{"detail": "details.said", "kind": "text"},
	{"detail": "given_name", "kind": "name", "role": "given_name"}, {"detail": "family_name", "kind": "name", "role": "family_name"},
	{"detail": "number", "kind": "number", "m": [0.75, 0.01, 0.24], "u": [0.0000002, 0.00001, 0.9999898]}], "blocking": []}', 'test');
CALL refresh();
SELECT * FROM pg_temp.together WHERE contacts ~ 'one' ORDER BY 1;
SELECT * FROM verify();
SELECT name_identity_details('{}');
SELECT adopt_linkage_model('contacts') > 0 AS shipped_again;
CALL refresh();
SELECT count(*) FROM contact WHERE identity_details IS NOT NULL;

-- Errors.
SELECT pg_temp.refused($$SELECT confirm_link('07700 900200', '07700 900201', ' ')$$);
SELECT pg_temp.refused($$SELECT confirm_link('07700 900200', '07700 900888', 'x')$$);
SELECT pg_temp.refused($$SELECT confirm_link('07700 900200', 'nonsense', 'x')$$);
SELECT pg_temp.refused($$SELECT confirm_link('07700 900200', '01632 960001', 'x')$$);
SELECT pg_temp.refused($$SELECT confirm_link('07700 900200', '07700 900200', 'x')$$);
SELECT pg_temp.refused($$SELECT confirm_link('contact:x', '07700 900200', 'x')$$);
SELECT pg_temp.refused($$SELECT revoke_decision(999, 'x')$$);
SELECT pg_temp.refused($$SELECT explain_identity('07700 900200', '07700 900201')$$);
SELECT pg_temp.refused($$SELECT without_link('00000000-0000-0000-0000-000000000000', '00000000-0000-0000-0000-000000000000')$$);
SELECT pg_temp.refused($$SELECT adopt_linkage_model('none')$$);
SELECT pg_temp.refused($$SELECT adopt_linkage_model(999)$$);
SELECT pg_temp.refused($$UPDATE linkage_model SET origin = 'x'$$);
SELECT pg_temp.refused($$DELETE FROM linkage_model$$);
SELECT pg_temp.refused($$SELECT name_identity_details('[]')$$);
SELECT pg_temp.refused($$SELECT name_identity_details('{"warrant": "sort"}')$$);
SELECT pg_temp.refused($$SELECT linkage_model_check('{}')$$);
SELECT pg_temp.refused($$SELECT linkage_model_check('[]')$$);
SELECT pg_temp.refused($$SELECT linkage_model_check('{"comparisons": [{"detail": "number", "kind": "telepathy"}]}')$$);
SELECT pg_temp.refused($$SELECT linkage_model_check('{"comparisons": [{"detail": "number", "kind": "number", "m": [1]}]}')$$);
SELECT pg_temp.refused($$SELECT linkage_model_check('{"comparisons": [{"detail": "number", "kind": "number", "m": [0.5, 0.6, 0.7]}]}')$$);
SELECT pg_temp.refused($$SELECT linkage_model_check('{"lambda": 2, "comparisons": [{"detail": "number", "kind": "number"}]}')$$);
SELECT pg_temp.refused($$SELECT linkage_model_check('{"comparisons": [{"detail": "number", "kind": "number"}], "blocking": [["email"]]}')$$);
SELECT pg_temp.refused($$SELECT linkage_model_check('{"comparisons": [{"detail": "number", "kind": "number"}], "blocking": [["number:sound"]]}')$$);
SELECT linkage_model_check('{"comparisons": [{"detail": "number", "kind": "number"}], "blocking": [["number"]]}');

-- as other files want to find it
DROP VIEW pg_temp.together;
DROP FUNCTION pg_temp.say;
DROP EXTENSION engage;
CREATE EXTENSION engage;

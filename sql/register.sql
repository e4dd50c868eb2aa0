-- The register from contacts to flags: what counts, who is whom, and how flags
-- follow their episodes.  Figures were worked out by hand from the contacts.
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\set any_zone
\i :helpers
SET timezone = 'Europe/London';

-- nothing works before it is set up, and what it says is what to do
SELECT pg_temp.refused('SELECT engage.lookup(''07700 900123'')');
SELECT pg_temp.refused($$SELECT engage.setup(zone => 'Europe/Nowhere')$$);
SELECT pg_temp.refused($$SELECT engage.setup(region => 'Britain')$$);
SELECT pg_temp.refused($$SELECT engage.setup(rules => 'kent_v9')$$);
SELECT setup(rules => 'kent_v1');
SELECT pg_temp.refused('SELECT engage.setup()');
SELECT zone, region, flag_current_for FROM policy;
SELECT name, version, kind, criteria, channels, valid_from, valid_to FROM rule;
SELECT count(*) AS channels FROM channel;

-- what a contact needs, and what is refused; nothing of it stays
SELECT split_part(pg_temp.refused($$INSERT INTO engage.contact (source, source_ref, occurred_at, channel) VALUES ('acd', '1', 'infinity', '999_voice')$$), E'\n', 1) AS refused;
SELECT pg_temp.refused($$INSERT INTO engage.contact (source, source_ref, occurred_at, channel) VALUES ('acd', '1', '2026-03-01', 'pigeon')$$);
SELECT split_part(pg_temp.refused($$INSERT INTO engage.contact (source, source_ref, channel) VALUES ('acd', '1', '999_voice')$$), E'\n', 1) AS refused;
SELECT pg_temp.refused($$INSERT INTO engage.contact (source, source_ref, occurred_at, channel) VALUES ('acd', '1', '2026-03-01', '999_voice'), ('acd', '1', '2026-03-01', '999_voice')$$);
SELECT pg_temp.refused($$INSERT INTO engage.known_number VALUES ('07700 90012', 'payphone')$$);
SELECT count(*) AS contacts, (SELECT count(*) FROM dirty WHERE subject = 'persona') AS queued FROM contact;

-- calls(from whom, first, step, how many): contacts at equal steps
CREATE FUNCTION calls(number text, first timestamptz, step interval, n integer, channel contact_channel DEFAULT '999_voice',
		status cli_status DEFAULT NULL) RETURNS void LANGUAGE sql
BEGIN ATOMIC
	INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw, cli_status)
	SELECT 'acd', concat_ws(' ', calls.number, calls.first AT TIME ZONE 'UTC', g), calls.first + g * calls.step, calls.channel, calls.number, calls.status
	FROM generate_series(0, calls.n - 1) g;
END;
-- here every caller has one number, which is kept for when its contacts are gone
CREATE TABLE number_of_caller (caller_id bigint PRIMARY KEY, number text NOT NULL);
CREATE FUNCTION keep_number() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
	INSERT INTO engage.number_of_caller VALUES (NEW.caller_id, NEW.number) ON CONFLICT DO NOTHING;
	RETURN NULL;
END $$;
CREATE TRIGGER keep_number AFTER UPDATE OF caller_id ON persona FOR EACH ROW WHEN (NEW.caller_id IS NOT NULL) EXECUTE FUNCTION keep_number();
-- who is flagged under which rule, by number, in the order of time
CREATE VIEW flagged AS
SELECT f.flag_id AS id, n.number, r.name || ' ' || r.version AS rule, f.started_at, f.met_at, f.ended_at, f.contacts AS n, f.peak,
	f.criteria_met AS criteria, f.withdrawn_reason
FROM flag f JOIN rule r USING (rule_id) JOIN number_of_caller n USING (caller_id);

-- exactly five in a day; four; five of which the last is a day after the first
SELECT calls('07700 900001', '2026-03-02 09:00', '1 hour', 5);
SELECT calls('07700 900002', '2026-03-02 09:00', '1 hour', 4);
SELECT calls('07700 900003', '2026-03-02 09:00', '6 hours', 5);
-- three before and three after midnight
SELECT calls('07700 900004', '2026-03-03 23:10', '20 minutes', 6);
-- ten in seven days but for the last, which comes exactly seven days after the first; and one that comes sooner
SELECT calls('07700 900005', '2026-03-01 12:00', '18 hours 40 minutes', 10);
SELECT calls('07700 900006', '2026-03-01 12:00', '18 hours 39 minutes', 10);
-- the night when clocks went forward: five calls within 23 hours of the clock's two days
SELECT calls('07700 900007', '2026-03-28 12:30', '6 hours', 4), calls('07700 900007', '2026-03-29 13:00', '1 hour', 1);
-- all at the same second
SELECT calls('07700 900008', '2026-03-05 12:00', '0', 5);
-- however it is spelt, it is one number
SELECT calls('07700900009', '2026-03-06 12:00', '1 hour', 2), calls('+44 (0)7700 900 009', '2026-03-06 14:00', '1 hour', 2), calls('0044 7700-900009', '2026-03-06 16:00', '1 hour', 1);
-- withheld, unavailable and the like join nobody, whatever number the source wrote
SELECT calls('Withheld', '2026-03-07 12:00', '1 minute', 20), calls('07700 900010', '2026-03-07 12:00', '1 minute', 20, status => s)
FROM unnest(ARRAY['withheld']::cli_status[]) s;
SELECT calls('07700 90001' || i, '2026-03-07 13:00', '1 minute', 20, status => s)
FROM unnest(ARRAY['unavailable', 'payphone', 'emergency_roaming', 'inserted_08979', 'malformed']::cli_status[]) WITH ORDINALITY u (s, i);
-- outbound calls, radio, call-backs and duplicates do not count; other channels are not this rule's
SELECT calls('07700 900020', '2026-03-08 12:00', '1 hour', 4);
INSERT INTO contact (source, source_ref, occurred_at, channel, direction, number_raw, callback_of, duplicate_of)
SELECT 'acd', 'x' || i, '2026-03-08 12:30', '999_voice', d, '07700 900020', b, p
FROM (VALUES (1, 'outbound'::contact_direction, NULL::bigint, NULL::bigint), (2, 'radio', NULL, NULL), (3, 'internal', NULL, NULL), (4, 'inbound', 1, NULL), (5, 'inbound', NULL, 1)) v (i, d, b, p);
SELECT calls('07700 900021', '2026-03-08 12:00', '1 hour', 9, channel => 'email');

CALL refresh();
SELECT number, started_at, met_at, ended_at, n, peak, criteria FROM flagged WHERE withdrawn_reason IS NULL ORDER BY number, met_at;
SELECT count(*) AS callers FROM caller;
SELECT * FROM verify();

-- every contact behind a flag, and what it met
SELECT e.rule, e.rule_version, e.occurred_at, e.channel, e.meets
FROM flagged f, explain_flag(f.id) e WHERE f.number = '+447700900004';
SELECT pg_temp.refused('SELECT * FROM engage.explain_flag(0)');

-- the caller of a contact; who cannot be told has none
SELECT count(*) AS contacts, count(k.caller_id) AS told, count(*) FILTER (WHERE k.caller_id IS NULL AND c.direction = 'inbound') AS untold_inbound
FROM contact c LEFT JOIN contact_caller k USING (contact_id);

-- a late contact moves the episode and the flag keeps its number
CREATE TEMPORARY TABLE before AS SELECT * FROM flagged;
SELECT calls('07700 900001', '2026-03-02 07:30', '0', 1), calls('07700 900002', '2026-03-02 08:30', '0', 1);
CALL refresh();
SELECT f.number, f.id = b.id AS same_flag, f.started_at, f.met_at, f.ended_at, f.n
FROM flagged f LEFT JOIN before b USING (id) WHERE f.number IN ('+447700900001', '+447700900002') ORDER BY 1;

-- deleted, corrected and re-attributed contacts: withdrawn with the reason, not deleted
DELETE FROM contact WHERE number_raw = '07700 900002' AND occurred_at > '2026-03-02 11:30';
UPDATE contact SET number_raw = '07700 900031' WHERE number_raw = '07700 900004';
UPDATE contact SET direction = 'outbound' WHERE number_raw = '07700 900008';
CALL refresh();
SELECT number, started_at, n, withdrawn_reason FROM flagged
WHERE number IN ('+447700900002', '+447700900004', '+447700900031', '+447700900008') ORDER BY 1;

-- two episodes that late contacts join: the flag that shares most with the joint one stays
SELECT calls('07700 900032', '2026-04-01 09:00', '1 hour', 5), calls('07700 900032', '2026-04-02 12:00', '1 hour', 5);
CALL refresh();
SELECT id - min(id) OVER () AS flag, started_at, met_at, ended_at, n FROM flagged WHERE number = '+447700900032' ORDER BY id;
SELECT calls('07700 900032', '2026-04-02 08:00', '30 minutes', 8);
CALL refresh();
SELECT id - min(id) OVER () AS flag, started_at, met_at, ended_at, n, regexp_replace(withdrawn_reason, '\d+', 'N') AS withdrawn_reason
FROM flagged WHERE number = '+447700900032' ORDER BY id;

-- a number that turns out to be a phone box stands for nobody; a household's still does
INSERT INTO known_number (number, sharing, label) VALUES ('+447700900009', 'payphone', 'Phone box, Example Square'), ('+447700900001', 'shared_household', 'Family');
CALL refresh();
SELECT number, withdrawn_reason FROM flagged WHERE number IN ('+447700900009', '+447700900001') ORDER BY 1;
DELETE FROM known_number WHERE sharing = 'payphone';
CALL refresh();
SELECT number, withdrawn_reason FROM flagged WHERE number = '+447700900009' ORDER BY id;

-- rules in dated versions: contacts meet the version of their time, windows reach back
SELECT adopt_rules('kent_v2', '2026-03-03 00:00') > 0 AS adopted;
SELECT pg_temp.refused($$SELECT engage.adopt_rules('kent_v2')$$);
SELECT pg_temp.refused($$UPDATE engage.rule SET criteria = '{1 in 1 day}'$$);
SELECT split_part(pg_temp.refused($$INSERT INTO engage.rule (name, version, kind) VALUES ('mine', 1, 'criteria')$$), E'\n', 1) AS refused;
SELECT pg_temp.refused($$INSERT INTO engage.rule (name, version, kind, criteria) VALUES ('mine', 1, 'criteria', '{1 in 2 months}')$$);
CALL refresh();
SELECT rule, number, met_at, n, criteria FROM flagged WHERE withdrawn_reason IS NULL ORDER BY rule, number, met_at;

-- the top callers of a week, with ties
INSERT INTO rule (name, version, kind, top_n, top_period) VALUES ('busiest', 1, 'top', 1, 'week');
CALL refresh();
SELECT number, started_at, ended_at, n FROM flagged WHERE rule = 'busiest 1' AND started_at < '2026-03-16' ORDER BY started_at, number;
SELECT * FROM verify();

UPDATE rule SET valid_to = '2026-04-30' WHERE name = 'busiest';
CALL refresh();

-- what other thresholds would have done
SELECT count(*) AS episodes, count(DISTINCT caller_id) AS callers, min(met_at) AS first FROM back_test('{3 in 1 hour, 4 in 2 days}', '2026-03-01', '2026-04-01');
SELECT count(*) AS episodes FROM back_test('{5 in 1 day}', '2026-03-01', '2026-04-01', '{email}');
SELECT pg_temp.refused($$SELECT * FROM engage.back_test('{5 in 1 day}', '2026-04-01', '2026-03-01')$$);
SELECT pg_temp.refused($$SELECT * FROM engage.back_test(NULL, '2026-03-01', '2026-04-01')$$);

-- a number looked up: contacts count at once, before any refresh; counted from this very second
INSERT INTO contact (source, source_ref, occurred_at, channel, number_raw)
SELECT 'acd', 'now' || g, clock_timestamp() - g * interval '23 hours', '101_voice', '07700 900040' FROM generate_series(0, 29) g;
SELECT emergency_override, e164, number_kind, known, contacts_24_hours, contacts_7_days, contacts_28_days, open_flags FROM lookup('+44 7700 900040') \gx
CALL refresh();
SELECT known, contacts_24_hours, contacts_7_days, contacts_28_days, open_flags, cardinality(flags) AS flags FROM lookup('07700900040');
SELECT count(*) AS flagged_now FROM repeat_caller;
SELECT left(n, 14) AS n, known, e164, number_kind, sharing, label, contacts_28_days, last_contact_at FROM unnest(ARRAY['07700 900001', '07700 900999', 'withheld', '', '999', repeat('7', 10000)]) n, lookup(n);
SELECT known, emergency_override IS NOT NULL AS override_comes_first FROM lookup(NULL);

-- everything goes, and comes back the same
CREATE TEMPORARY TABLE held AS SELECT * FROM contact;
TRUNCATE contact;
CALL refresh();
SELECT (SELECT count(*) FROM persona) AS personas, (SELECT count(*) FROM persona_timeline) AS timelines,
	(SELECT count(*) FROM caller WHERE contacts > 0) AS callers, (SELECT count(*) FROM flag WHERE withdrawn_at IS NULL) AS flags;
SELECT * FROM verify();
CREATE TEMPORARY TABLE standing AS SELECT number, rule, started_at, met_at, ended_at, n FROM flagged WHERE false;
INSERT INTO contact (source, source_ref, occurred_at, channel, direction, number_raw, cli_status, callback_of, duplicate_of)
SELECT source, source_ref, occurred_at, channel, direction, number_raw, cli_status, callback_of, duplicate_of FROM held;
CALL refresh(7);
INSERT INTO standing SELECT number, rule, started_at, met_at, ended_at, n FROM flagged WHERE withdrawn_reason IS NULL;
CALL rebuild(1000);
SELECT count(*) AS differences FROM (
	(SELECT number, rule, started_at, met_at, ended_at, n FROM flagged WHERE withdrawn_reason IS NULL EXCEPT ALL SELECT * FROM standing)
	UNION ALL (SELECT * FROM standing EXCEPT ALL SELECT number, rule, started_at, met_at, ended_at, n FROM flagged WHERE withdrawn_reason IS NULL)) d;
SELECT * FROM verify();
SELECT pg_temp.refused('CALL engage.refresh(0)');

-- as other files want to find it
SET client_min_messages = warning;
DROP EXTENSION engage CASCADE;
CREATE EXTENSION engage;

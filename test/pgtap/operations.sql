-- What must hold while it is operated: contacts that go and come back, splits
-- that are undone, referrals, health and its cures, a policy that is lost.
--
-- Each test's name begins with the letter of the fault that it stands for.
-- Not in a transaction, since a refresh commits.

SET client_min_messages = warning;
SET timezone = 'UTC';
SELECT * FROM no_plan();

SELECT engage.setup();

CREATE FUNCTION pg_temp.say(ref text, at timestamptz, number text, given text DEFAULT NULL, family text DEFAULT NULL, email text DEFAULT NULL,
	source text DEFAULT 'ops') RETURNS bigint LANGUAGE sql AS $$
	INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw, given_name, family_name, email)
	VALUES (source, ref, at, '101_voice', number, given, family, email) RETURNING contact_id
$$;
-- whose a contact is
CREATE FUNCTION pg_temp.who(ref text) RETURNS bigint LANGUAGE sql AS $$
	SELECT p.caller_id FROM engage.contact c JOIN engage.persona p USING (persona_key) WHERE c.source_ref = ref
$$;
-- everything, with ids, as far as a user sees it
CREATE FUNCTION pg_temp.state() RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(E'\n',
		(SELECT string_agg(format('%s %s', source_ref, pg_temp.who(source_ref)), ', ' ORDER BY source_ref) FROM engage.contact),
		(SELECT string_agg(format('flag %s of %s: %s to %s, %s contacts, raised %s%s', flag_id, caller_id, started_at, ended_at, contacts, raised_at, ', ' || withdrawn_reason),
			E'\n' ORDER BY flag_id) FROM engage.flag),
		(SELECT string_agg(format('%s %s', k.caller_id, k.tier), ', ' ORDER BY k.caller_id) FROM engage.risk k),
		(SELECT string_agg(format('%s %s', k.caller_id, k.caller_key), ', ' ORDER BY k.caller_id) FROM engage_internal.caller_pseudonym k))
$$;
CREATE FUNCTION pg_temp.verified() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM engage.verify()';

-- ------------------------------------------------- S8: contacts that return

SELECT pg_temp.say('a' || g, '2025-09-01 10:00'::timestamptz + g * interval '1 hour', '07700 900123', 'Kelia') FROM generate_series(1, 7) g;
SELECT pg_temp.say('b' || g, '2025-09-01 10:00'::timestamptz + g * interval '1 hour', '07700 900456', 'Oren', 'Ashdown') FROM generate_series(1, 3) g;
SELECT pg_temp.say('c' || g, '2025-09-02 10:00'::timestamptz + g * interval '1 hour', '07700 900456', NULL, NULL) FROM generate_series(1, 3) g;
CALL engage.refresh();
SELECT engage.mark_caller(pg_temp.who('a1'), 'vulnerable', 'case 1');
SELECT engage.mark_caller(pg_temp.who('b1'), 'hoax', 'case 2');
CALL engage.refresh();
CREATE TEMP TABLE kept AS SELECT * FROM engage.contact;
CREATE TEMP TABLE before AS SELECT pg_temp.state() AS state, pg_temp.who('a1') AS kelia, pg_temp.who('b1') AS oren, pg_temp.who('c1') AS unnamed;
CREATE FUNCTION pg_temp.load(which text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	loaded bigint;
BEGIN
	INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw, given_name, family_name, email)
	SELECT source, source_ref, occurred_at, channel, number_raw, given_name, family_name, email FROM kept k
	WHERE source_ref ~ which AND NOT EXISTS (SELECT FROM engage.contact c WHERE (c.source, c.source_ref) = (k.source, k.source_ref));
	GET DIAGNOSTICS loaded = ROW_COUNT;
	RETURN loaded;
END $$;

DELETE FROM engage.contact;
CALL engage.refresh();
SELECT is(count(*), 0::bigint, 'S8: no persona is left when all contacts went') FROM engage.persona;
SELECT is(count(*), 0::bigint, 'S8: and no flag stands') FROM engage.flag WHERE withdrawn_at IS NULL;
SELECT pg_temp.load('.');
CALL engage.refresh();
SELECT is(pg_temp.state(), state, 'S8: the feed deleted and loaded again: callers, flags, risk and keys are those of before') FROM before;
SELECT is(string_agg(marker, ' ' ORDER BY caller_id), 'vulnerable hoax', 'S8: markers are the callers'' again')
FROM engage.marker_now WHERE caller_id IN (pg_temp.who('a1'), pg_temp.who('b1'));
SELECT is(pg_temp.verified(), 0::bigint, 'S8: verify() finds nothing');
CALL engage.rebuild();
SELECT is(pg_temp.state(), state, 'S8: and a rebuild changes nothing') FROM before;

TRUNCATE engage.contact;
CALL engage.refresh();
SELECT pg_temp.load('.');
CALL engage.refresh();
SELECT is(pg_temp.state(), state, 'S8: TRUNCATE and loaded again') FROM before;

TRUNCATE engage.contact;
SELECT pg_temp.load('.');
CALL engage.refresh();
SELECT is(pg_temp.state(), state, 'S8: TRUNCATE and loaded again with no refresh in between') FROM before;

DELETE FROM engage.contact;
CALL engage.rebuild();
SELECT pg_temp.load('^c3$');
CALL engage.refresh();
SELECT is(pg_temp.who('c3'), unnamed, 'S8: loaded in several refreshes: the first contact has its caller') FROM before;
SELECT pg_temp.load('^b2$');
CALL engage.refresh();
SELECT is(pg_temp.who('b2'), oren, 'S8: and the second') FROM before;
SELECT pg_temp.load('^[ab]');
CALL engage.refresh(1);
SELECT pg_temp.load('.');
CALL engage.refresh(2);
SELECT is(pg_temp.state(), state, 'S8: at the end all is as before') FROM before;

DELETE FROM engage.contact WHERE source_ref LIKE 'a%';
CALL engage.refresh();
SELECT pg_temp.load('^a[12]$');
CALL engage.refresh();
SELECT is(pg_temp.who('a1'), kelia, 'S8: only some return: still the same caller') FROM before;
SELECT is(count(*), 0::bigint, 'S8: two of seven contacts are no flag')
FROM engage.flag f, before WHERE f.caller_id = before.kelia AND f.withdrawn_at IS NULL;
SELECT is(pg_temp.verified(), 0::bigint, 'S8: verify() finds nothing');
SELECT pg_temp.load('.');
CALL engage.refresh();
SELECT is(pg_temp.state(), state, 'S8: the rest returns too') FROM before;
SELECT is(string_agg(DISTINCT event, ' ' ORDER BY event), 'reinstated withdrawn', 'S8: what befell the flag is kept')
FROM engage.flag_event;

-- one persona of a caller that has others
SELECT pg_temp.say('d1', '2025-09-05 10:00', '07700 900789', 'Tamsin', 'Vint'), pg_temp.say('d2', '2025-09-06 10:00', '07700 900790', 'Bela', 'Marlow');
CALL engage.refresh();
SELECT engage.confirm_link('07700 900789', '07700 900790', 'one voice') > 0;
CALL engage.refresh();
CREATE TEMP TABLE joined AS SELECT pg_temp.who('d1') AS caller;
SELECT ok(pg_temp.who('d1') = pg_temp.who('d2'), 'S8: two personas are one caller');
DELETE FROM engage.contact WHERE source_ref = 'd2';
CALL engage.refresh();
SELECT pg_temp.say('d2', '2025-09-06 10:00', '07700 900790', 'Bela', 'Marlow');
CALL engage.refresh();
SELECT is(pg_temp.who('d2'), caller, 'S8: a persona returns to a caller that others hold, by the decision') FROM joined;
-- whose caller others hold, who are not that person
DELETE FROM engage.contact WHERE source_ref = 'd2';
CALL engage.refresh();
SELECT engage.revoke_decision(decision_id, 'it was not') FROM engage.link_decision WHERE revoked_at IS NULL;
SELECT pg_temp.say('d2', '2025-09-06 10:00', '07700 900790', 'Bela', 'Marlow');
CALL engage.refresh();
SELECT ok(pg_temp.who('d2') NOT IN (caller, kelia, oren, unnamed) AND pg_temp.who('d1') = caller, 'S8: but not to one that others hold without it') FROM joined, before;
-- which went to another meanwhile
DELETE FROM engage.contact WHERE source_ref IN ('d1', 'd2');
CALL engage.refresh();
SELECT pg_temp.say('d1', '2025-09-05 10:00', '07700 900789', 'Tamsin', 'Vint'), pg_temp.say('d2', '2025-09-06 10:00', '07700 900790', 'Bela', 'Marlow'),
	pg_temp.say('d3', '2025-09-06 10:00', '07700 900789', NULL, 'Vint');
CALL engage.refresh();
SELECT is(pg_temp.who('d3'), caller, 'S8: who is new and the same person belongs to who returns') FROM joined;
SELECT ok(pg_temp.who('d2') <> caller, 'S8: and who was parted stays parted') FROM joined;
SELECT is(pg_temp.verified(), 0::bigint, 'S8: verify() finds nothing');

-- a rule of kind top
INSERT INTO engage.rule (name, version, kind, top_n, top_period) VALUES ('top', 1, 'top', 1, 'week');
CALL engage.refresh();
CREATE TEMP TABLE top AS SELECT flag_id, caller_id, raised_at, contacts FROM engage.flag JOIN engage.rule USING (rule_id) WHERE name = 'top';
SELECT is(count(*), 1::bigint, 'S8: kind top: the caller of most contacts is flagged') FROM top;
DELETE FROM engage.contact WHERE source_ref LIKE 'a%';
CALL engage.refresh();
SELECT pg_temp.load('.');
CALL engage.refresh();
SELECT results_eq('SELECT flag_id, caller_id, raised_at, contacts FROM engage.flag JOIN engage.rule USING (rule_id) WHERE name = ''top'' AND withdrawn_at IS NULL',
	'SELECT * FROM top', 'S8: kind top: the flag of who returns stands again');
SELECT is(pg_temp.verified(), 0::bigint, 'S8: verify() finds nothing');
DELETE FROM engage.contact;
UPDATE engage.rule SET valid_to = '2025-10-15' WHERE name = 'top';
CALL engage.refresh();

-- ------------------------------------------------- first-day 3d: an undone split

SELECT pg_temp.say('e' || g, '2025-10-31 08:00'::timestamptz + g * interval '2 hours', '07700 900111', 'Ada', 'Brick') FROM generate_series(1, 3) g;
SELECT pg_temp.say('f' || g, '2025-10-31 09:00'::timestamptz + g * interval '2 hours', '07700 900222') FROM generate_series(1, 3) g;
CALL engage.refresh();
SELECT engage.confirm_link('07700 900111', '07700 900222', 'one voice') AS confirmed \gset
CALL engage.refresh();
CREATE TEMP TABLE split AS SELECT f.* FROM engage.flag f WHERE f.caller_id = pg_temp.who('e1') AND f.withdrawn_at IS NULL;
SELECT is(count(*), 1::bigint, 'first-day 3d: six contacts of one person are a flag') FROM split;
SELECT engage.revoke_decision(:confirmed, 'two brothers');
CALL engage.refresh();
SELECT is(f.withdrawn_reason, format('its contacts no longer meet the rule: the caller was split when decision %s was revoked', :confirmed),
	'first-day 3d: the flag is withdrawn, and says which decision was revoked') FROM engage.flag f JOIN split USING (flag_id);
SELECT engage.confirm_link('07700 900111', '07700 900222', 'one voice after all');
CALL engage.refresh();
SELECT results_eq('SELECT f.flag_id, f.raised_at, f.started_at, f.met_at, f.ended_at, f.contacts, f.withdrawn_reason FROM engage.flag f WHERE f.caller_id = pg_temp.who(''e1'')',
	'SELECT s.flag_id, s.raised_at, s.started_at, s.met_at, s.ended_at, s.contacts, NULL::text FROM split s', 'first-day 3d: joined again, the same flag stands');
-- by a decision that parts
SELECT engage.revoke_decision(decision_id, 'for the next test') FROM engage.link_decision WHERE revoked_at IS NULL;
SELECT pg_temp.say('g' || g, now() - interval '5 days' + interval '0 hours' + g * interval '2 hours', '07700 900333', 'Dara', 'Quill', 'dara@example.com') FROM generate_series(1, 3) g;
SELECT pg_temp.say('h' || g, now() - interval '5 days' + interval '1 hour' + g * interval '2 hours', '07700 900444', 'Dara', 'Quill', 'dara@example.com') FROM generate_series(1, 3) g;
CALL engage.refresh();
SELECT ok(pg_temp.who('g1') = pg_temp.who('h1'), 'first-day 3d: two numbers of one person are one caller');
CREATE TEMP TABLE parted AS SELECT f.* FROM engage.flag f WHERE f.caller_id = pg_temp.who('g1') AND f.withdrawn_at IS NULL;
SELECT engage.reject_link('07700 900333', '07700 900444', 'two sisters, seen both today') AS rejected \gset
CALL engage.refresh();
SELECT ok(pg_temp.who('g1') <> pg_temp.who('h1'), 'first-day 3d: a decision parts them');
SELECT is(f.withdrawn_reason, format('its contacts no longer meet the rule: decision %s split the caller', :rejected),
	'first-day 3d: withdrawn, with the decision') FROM engage.flag f JOIN parted USING (flag_id);
SELECT engage.revoke_decision(:rejected, 'wrong after all');
CALL engage.refresh();
SELECT results_eq('SELECT f.flag_id, f.raised_at, f.contacts, f.withdrawn_at FROM engage.flag f WHERE f.caller_id = pg_temp.who(''g1'')',
	'SELECT s.flag_id, s.raised_at, s.contacts, NULL::timestamptz FROM parted s', 'first-day 3d: undone: the same flag, raised when it was');
SELECT results_eq('SELECT event, reason FROM engage.flag_event JOIN parted USING (flag_id) ORDER BY at',
	format('VALUES (''withdrawn'', %1$L), (''reinstated'', %1$L)', format('its contacts no longer meet the rule: decision %s split the caller', :rejected)),
	'first-day 3d: flag_event tells both');
SELECT ok(repeat_caller.raised_at = parted.raised_at, 'first-day 3d: repeat_caller has it as raised then')
FROM parted JOIN engage.repeat_caller USING (flag_id);
SELECT is(pg_temp.verified(), 0::bigint, 'first-day 3d: verify() finds nothing');
CALL engage.rebuild();
SELECT results_eq('SELECT f.flag_id, f.raised_at, f.data_as_of, f.withdrawn_at FROM engage.flag f WHERE f.caller_id = pg_temp.who(''g1'')',
	'SELECT s.flag_id, s.raised_at, f.data_as_of, NULL::timestamptz FROM parted s JOIN engage.flag f USING (flag_id)', 'first-day 3d: a rebuild changes nothing');

-- ------------------------------------------------- first-day 3e: referrals

SELECT pg_temp.say('k' || g, '2025-12-01 10:00'::timestamptz + g * interval '1 day', '07700 900500', 'Ines', 'Holt') FROM generate_series(1, 2) g;
SELECT pg_temp.say('in register', '2025-12-05 10:00', '07700 900501');
CALL engage.refresh();
CREATE TEMP TABLE ines AS SELECT pg_temp.who('k1') AS caller;
SELECT ok(r.decision_id IS NOT NULL, 'first-day 3e: a contact of the register is linked when it is referred')
FROM engage.refer('Her voice', contact_id => (SELECT contact_id FROM engage.contact WHERE source_ref = 'in register'), caller_id => (SELECT caller FROM ines),
	identified_by => 'handler_recognised') r;
SELECT pg_temp.say('not yet', '2025-12-06 10:00', '07700 900502');
SELECT ok(r.decision_id IS NULL, 'first-day 3e: one that is not refreshed waits')
FROM engage.refer('Her voice', contact_id => (SELECT contact_id FROM engage.contact WHERE source_ref = 'not yet'), caller_id => (SELECT caller FROM ines),
	identified_by => 'handler_recognised') r;
SELECT ok(r.decision_id IS NULL, 'first-day 3e: so does a number of no contact yet')
FROM engage.refer('Her voice', number => '07700 900503', caller_id => (SELECT caller FROM ines), identified_by => 'handler_recognised') r;
SELECT pg_temp.say('number', '2025-12-07 10:00', '+44 7700 900503');
-- with names of its own, another of the same batch on the number
SELECT pg_temp.say('named', '2025-12-08 10:00', '07700 900504', 'Ines', 'Holt'), pg_temp.say('bare', '2025-12-08 11:00', '07700 900504');
SELECT engage.refer('Her voice', number => '07700 900504', caller_id => (SELECT caller FROM ines), identified_by => 'handler_recognised');
-- of a number where somebody else gave a name
SELECT pg_temp.say('else', '2025-12-09 10:00', '07700 900505', 'Rafe', 'Olding');
SELECT engage.refer('Her voice', number => '07700 900505', caller_id => (SELECT caller FROM ines), identified_by => 'handler_recognised');
CREATE TEMP TABLE callers_before AS SELECT max(caller_id) AS highest FROM engage.caller;
CALL engage.refresh(3);
SELECT is(string_agg(r, ', ' ORDER BY r), 'in register, k1, k2, not yet, number', 'first-day 3e: after one refresh all are one caller')
FROM unnest('{k1,k2,in register,not yet,number}'::text[]) r WHERE pg_temp.who(r) = (SELECT engage.current_caller(caller) FROM ines);
SELECT is(count(*), 0::bigint, 'first-day 3e: none of them was called another caller meanwhile')
FROM engage.merge_event e, unnest(e.persona_keys) k JOIN engage.contact c ON c.persona_key = k WHERE c.source_ref IN ('not yet', 'number');
SELECT is(string_agg(DISTINCT link_state || COALESCE(': ' || link_note, ''), ', '), 'held, linked, refused: somebody else is known with this number',
	'first-day 3e: none waits any more; the number where somebody else gave a name is refused')
FROM engage.referral WHERE link_method IS NOT NULL;
SELECT ok(pg_temp.who('else') <> caller, 'first-day 3e: and stays somebody else''s') FROM ines;
SELECT ok(pg_temp.who('bare') = pg_temp.who('named'), 'first-day 3e: a number of which nobody but a name was known is linked after it');
SELECT is(pg_temp.verified(), 0::bigint, 'first-day 3e: verify() finds nothing');
SELECT is(format('caller %s, decision %s', COALESCE(caller_id::text, 'none'), COALESCE(decision_id::text, 'none')), 'caller none, decision none',
	'first-day 3e: two names alone tell nobody for certain, and join nobody')
FROM engage.refer('Rafe again', given_name => 'Rafe', family_name => 'Olding');

-- ------------------------------------------------- first-day 3i: disabled triggers, and their cure

CREATE FUNCTION pg_temp.health(which text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' | ', status, value, advice) FROM engage.health() WHERE item = which
$$;
-- what the advice says, run as it stands; a CALL is left to the caller
CREATE FUNCTION pg_temp.follow(which text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	said text := (SELECT advice FROM engage.health() WHERE item = which);
BEGIN
	EXECUTE substring(said from '^SELECT [^;]*;');
	RETURN said;
END $$;

SELECT results_eq($$SELECT c.relname::text COLLATE "C", t.tgname::text COLLATE "C", t.tgenabled FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
	WHERE c.relnamespace = 'engage'::regnamespace AND NOT t.tgisinternal AND t.tgenabled <> 'O' ORDER BY 1, 2$$,
	$$SELECT table_name COLLATE "C", trigger_name COLLATE "C", fires FROM engage_internal.capture_triggers() ORDER BY 1, 2$$,
	'first-day 3i: the list of triggers is what the script enabled');
SELECT matches(pg_temp.health('capture'), '^ok \| (\d+) of \1 triggers are enabled$', 'first-day 3i: capture is ok');
SELECT is(engage.repair_capture(), 0::bigint, 'first-day 3i: there is nothing to repair');
SELECT is(count(*), 0::bigint, 'first-day 3i: and nothing is queued for it') FROM engage_internal.dirty WHERE subject = 'everything';

DO $$
DECLARE
	t regclass;
BEGIN
	FOR t IN SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace = 'engage'::regnamespace AND c.relkind = 'r' AND c.relhastriggers LOOP
		EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', t);
	END LOOP;
END $$;
SELECT pg_temp.say('unseen' || g, now() - g * interval '1 hour', '07700 900600', 'Una', 'Seen') FROM generate_series(1, 6) g;
INSERT INTO engage.contact (source, source_ref, occurred_at, channel, details) VALUES ('ops', 'unseen details', now(), 'email', '{"x": 1}');
UPDATE engage.contact SET occurred_at = occurred_at - interval '1 day' WHERE source_ref LIKE 'g%';
DELETE FROM engage.contact WHERE source_ref LIKE 'k%';
SELECT matches(pg_temp.health('capture'), '^failed \| 0 of \d+ triggers are enabled, not channel_applied, channel_changed, contact_applied, contact_deleted, .* \| SELECT engage.repair_capture\(\); CALL engage.refresh\(\);$',
	'first-day 3i: disabled triggers are named, and what to do');
SELECT pg_temp.follow('capture');
CALL engage.refresh();
SELECT matches(pg_temp.health('capture'), '^ok \|', 'first-day 3i: the cure cures');
SELECT is(pg_temp.verified(), 0::bigint, 'first-day 3i: and verify() finds nothing');
SELECT ok(pg_temp.who('unseen1') IS NOT NULL, 'first-day 3i: what was not seen is there');
SELECT is(count(*), 0::bigint, 'first-day 3i: no trigger is left disabled') FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = 'engage'::regnamespace AND t.tgenabled = 'D';

-- as pg_restore --disable-triggers leaves them, and one at a time
ALTER TABLE engage.contact DISABLE TRIGGER ALL;
ALTER TABLE engage.contact ENABLE TRIGGER ALL;
SELECT matches(pg_temp.health('capture'), '^failed', 'first-day 3i: plainly enabled is not enough');
SELECT pg_temp.follow('capture');
CALL engage.refresh();
SELECT matches(pg_temp.health('capture'), '^ok \|', 'first-day 3i: the cure cures that too');
CREATE TEMP TABLE cured AS
SELECT c.*, false AS seen, false AS ok FROM engage_internal.capture_triggers() c;
DO $$
DECLARE
	c record;
BEGIN
	FOR c IN SELECT * FROM cured LOOP
		EXECUTE format('ALTER TABLE engage.%I DISABLE TRIGGER %I', c.table_name, c.trigger_name);
		UPDATE cured u SET seen = pg_temp.health('capture') LIKE 'failed | % not ' || c.trigger_name || ' | %' WHERE u.trigger_name = c.trigger_name;
		PERFORM pg_temp.follow('capture');
		UPDATE cured u SET ok = pg_temp.health('capture') LIKE 'ok |%' WHERE u.trigger_name = c.trigger_name;
	END LOOP;
END $$;
SELECT is(count(*), 0::bigint, 'first-day 3i: each of them alone is named and cured') FROM cured WHERE NOT seen OR NOT ok;
CALL engage.refresh();

-- ------------------------------------------------- first-day 3i: advice that helps

SELECT is(pg_temp.health('jobs'), 'ok | this database has no pg_cron', 'first-day 3i: without pg_cron health() says so');
UPDATE engage.policy SET lag_allowed = '1 microsecond';
SELECT matches(pg_temp.health('last success'), 'SELECT engage.schedule\(\) to have it called', 'first-day 3i: nobody calls refresh: schedule() is advised');
INSERT INTO engage.refresh_run (state, error_code, error_message) VALUES ('failed', '22012', 'division by zero');
SELECT matches(pg_temp.health('last success'), '\| See item last run\.$', 'first-day 3i: a run that failed is no matter of schedule()');
SELECT matches(pg_temp.health('last run'), '^failed .*22012 division by zero', 'first-day 3i: the last run says why');
DELETE FROM engage.refresh_run WHERE error_code = '22012';
CREATE FUNCTION pg_temp.given(jobs jsonb, which text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' | ', status, value, advice) FROM engage_internal.health_given(jsonb_build_object('seen', true, 'jobs', jobs)) WHERE item = which
$$;
SELECT is(pg_temp.given('[{"job": "engage:refresh", "jobid": 7, "login": "olga", "schedule": "* * * * *", "active": false}]', 'jobs'),
	'warning | engage:refresh is not active | As a superuser: SELECT cron.alter_job(7, active => true);', 'first-day 3i: a job that is not active');
SELECT matches(pg_temp.given('[{"job": "engage:refresh", "active": false}]', 'last success'), '\| See item jobs\.$', 'first-day 3i: last success points there');
SELECT is(pg_temp.given('[{"job": "engage:refresh", "login": "olga", "active": true, "status": "failed", "message": "ERROR:  canceling statement due to statement timeout", "failures": 3}]', 'jobs'),
	format('failed | engage:refresh failed: ERROR:  canceling statement due to statement timeout | ALTER ROLE olga IN DATABASE %I SET statement_timeout = 0;', current_database()),
	'first-day 3i: a statement_timeout');
SELECT matches(pg_temp.given('[{"job": "engage:refresh", "login": "olga", "active": true, "status": "failed", "message": "ERROR", "failures": 3}]', 'failures'),
	'^warning \| 0 failed or died in 24 hours, 3 by pg_cron''s count', 'first-day 3i: failures has those that pg_cron counts');
SELECT is(pg_temp.given('[{"job": "engage:refresh", "login": "olga", "schedule": "*/5 * * * *", "active": true, "missing": "cron1", "status": "failed", "message": "database \"cron1\" does not exist"}]', 'jobs'),
	'failed | engage:refresh is for database "cron1", which does not exist | If the database was renamed to this one, as login "olga": SELECT engage.schedule(''*/5 * * * *'');',
	'M2: a job of a database that was renamed is named');
SELECT unalike(pg_temp.given('[{"job": "engage:refresh", "login": "olga", "schedule": "* * * * *", "active": true, "status": "succeeded", "failures": 0}]', i.item), '%schedule()%',
	'first-day 3i: with a job that runs, ' || i.item || ' does not advise schedule()') FROM unnest('{last success,jobs,failures,lag}'::text[]) i (item);
UPDATE engage.policy SET lag_allowed = DEFAULT;

-- ------------------------------------------------- first-day 3i: the policy cannot be lost

SELECT throws_ok('DELETE FROM engage.policy', '55000', 'the policy cannot be deleted', 'first-day 3i: a superuser cannot delete the policy');
SELECT throws_ok('TRUNCATE engage.policy', '55000', 'the policy cannot be deleted', 'first-day 3i: nor truncate it');
SELECT lives_ok('UPDATE engage.policy SET zone = ''Europe/London''', 'first-day 3i: it can be changed');
CALL engage.refresh();
CREATE TEMP TABLE settled AS SELECT pg_temp.state() AS state,
	(SELECT string_agg(r::text, E'\n' ORDER BY rule_id) FROM engage.rule r) AS rules, (SELECT count(*) FROM engage.linkage_model) AS models;
DELETE FROM engage.channel WHERE channel = 'video';
UPDATE engage.channel SET label = 'Front desk' WHERE channel = 'in_person';
ALTER TABLE engage.policy DISABLE TRIGGER policy_kept;
DELETE FROM engage.policy;
ALTER TABLE engage.policy ENABLE TRIGGER policy_kept;
SELECT throws_ok(s, '55000', 'engage is not set up', 'first-day 3i: without a policy: ' || s)
FROM unnest(ARRAY['SELECT * FROM engage.lookup(''07700 900123'')', 'SELECT * FROM engage.identify(number => ''07700 900123'')',
	'SELECT * FROM engage.explain_identity(''07700 900123'', ''07700 900456'')', 'SELECT engage.confirm_link(''07700 900123'', ''07700 900456'', ''x'')',
	'SELECT * FROM engage.caller_as_of(''07700 900123'', now())', 'SELECT * FROM engage.refer(''x'')', 'SELECT engage_internal.refresh_begin(1)']) s;
SELECT is(pg_temp.health('setup'), 'failed | not set up | SELECT engage.setup();', 'first-day 3i: health() says what to do');
SELECT lives_ok('SELECT engage.setup()', 'first-day 3i: setup() heals');
CALL engage.refresh();
SELECT is(count(*), 16::bigint, 'first-day 3i: what was missing is there') FROM engage.channel;
SELECT is(label, 'Front desk', 'first-day 3i: what the force changed stays') FROM engage.channel WHERE channel = 'in_person';
SELECT is(pg_temp.state(), state, 'first-day 3i: callers and flags are those of before') FROM settled;
SELECT is((SELECT string_agg(r::text, E'\n' ORDER BY rule_id) FROM engage.rule r), rules, 'first-day 3i: so are the rules') FROM settled;
SELECT is((SELECT count(*) FROM engage.linkage_model), models, 'first-day 3i: and the linkage model') FROM settled;
SELECT is(pg_temp.verified(), 0::bigint, 'first-day 3i: verify() finds nothing');
SELECT throws_ok('SELECT engage.setup()', '55000', 'engage is already set up', 'first-day 3i: once only, as before');

-- ------------------------------------------------- first-day C1, O5: what dashboards show

INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw, disconnected, deployed, answered_at) VALUES
	('bi', '1', '2025-03-03 10:00', '999_voice', '07700 900701', true, true, NULL), ('bi', '2', '2025-03-03 10:00', '999_voice', '07700 900701', false, NULL, '2025-03-03 10:00:05'),
	('bi', '3', '2025-03-03 10:00', '999_voice', '07700 900701', NULL, false, NULL), ('bi', '4', '2025-03-03 10:00', 'email', NULL, NULL, NULL, NULL),
	('bi', '5', '2025-03-03 11:00', '101_voice', '07700 900701', false, NULL, '2025-03-03 11:00:05');
CALL engage.refresh();
SELECT results_eq($$SELECT channel_code, daily_contact_count, daily_abandoned_count, daily_abandoned_known_count, daily_deployed_count, daily_deployed_known_count
	FROM engage_bi.fact_contact_daily JOIN engage_bi.dim_channel USING (channel_key) WHERE date_key = 20250303 ORDER BY 1$$,
	$$VALUES ('101_voice', 1, 0, 1, NULL, 0), ('999_voice', 3, 1, 2, 1, 2), ('email', 1, NULL, 0, NULL, 0)$$,
	'first-day C1: what is recorded of no contact is NULL, not 0');
SELECT results_eq($$SELECT channel_code, sum(daily_abandoned_count)::float8 / NULLIF(sum(daily_abandoned_known_count), 0)
	FROM engage_bi.fact_contact_daily JOIN engage_bi.dim_channel USING (channel_key) WHERE date_key = 20250303 GROUP BY 1 ORDER BY 1$$,
	$$VALUES ('101_voice', 0::float8), ('999_voice', 0.5), ('email', NULL)$$, 'first-day C1: the share is of those of which it is known, and blank where it is known of none');
SELECT results_eq('SELECT is_over, count(*) FROM engage_bi.dim_date WHERE relative_day BETWEEN -1 AND 1 GROUP BY 1 ORDER BY 1', $$VALUES (false, 2::bigint), (true, 1)$$,
	'first-day O5: yesterday is over, today is not');
SELECT is(pg_temp.verified(), 0::bigint, 'first-day C1: verify() finds nothing');

-- ------------------------------------------------- D5: a key that is forgotten

CREATE TEMP TABLE exported AS SELECT f.* FROM engage_bi.fact_contact f JOIN engage_internal.caller_pseudonym k USING (caller_key) WHERE k.caller_id = pg_temp.who('g1');
CREATE TEMP TABLE exported_flag AS SELECT f.* FROM engage_bi.fact_flag f WHERE f.caller_key IN (SELECT e.caller_key FROM exported e);
CREATE TEMP TABLE of_others AS SELECT contact_key, caller_key FROM engage_bi.fact_contact WHERE caller_key NOT IN (SELECT e.caller_key FROM exported e);
CREATE FUNCTION pg_temp.joined_keys() RETURNS bigint LANGUAGE sql AS $$
	SELECT (SELECT count(*) FROM engage_bi.fact_contact f WHERE f.contact_key IN (SELECT e.contact_key FROM exported e))
		+ (SELECT count(*) FROM engage_bi.fact_caller_contact f WHERE f.contact_key IN (SELECT e.contact_key FROM exported e))
		+ (SELECT count(*) FROM engage_bi.fact_flag f WHERE f.flag_key IN (SELECT e.flag_key FROM exported_flag e))
		+ (SELECT count(*) FROM engage_bi.dim_caller f WHERE f.caller_key IN (SELECT e.caller_key FROM exported e))
$$;
SELECT is((SELECT count(*) FROM exported) || ' ' || (SELECT count(*) FROM exported_flag), '6 1', 'D5: six contacts and a flag were exported');
SELECT is(pg_temp.joined_keys(), 14::bigint, 'D5: their keys are found');
SELECT ok(engage.forget_caller_key(caller_key), 'D5: the key is forgotten') FROM exported LIMIT 1;
SELECT is(pg_temp.joined_keys(), 0::bigint, 'D5: no key that was exported leads to anybody');
SELECT is(count(*), 6::bigint, 'D5: the contacts are there under a new one') FROM engage_bi.fact_contact JOIN engage_internal.caller_pseudonym k USING (caller_key) WHERE k.caller_id = pg_temp.who('g1');
SELECT is((SELECT count(*) FROM engage_bi.fact_contact JOIN of_others USING (contact_key, caller_key)), (SELECT count(*) FROM of_others), 'D5: those of others keep theirs');
SELECT is(count(*) - count(DISTINCT contact_key), 0::bigint, 'D5: each contact has a key of its own') FROM engage_bi.fact_contact;
SELECT ok(NOT has_table_privilege(r, 'engage_internal.caller_pseudonym', 'SELECT'), 'D5: ' || r || ' does not read what keys are made with')
FROM unnest('{engage_bi,engage_analyst,engage_handler,engage_identity,engage_admin,engage_operator,engage_loader}'::text[]) r;

SELECT * FROM finish();

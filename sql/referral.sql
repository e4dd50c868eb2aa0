-- Referral: who answers a call knows the caller.
\getenv root PG_ABS_SRCDIR
\set helpers :root '/test/regress/helpers.sql'
\set ECHO none
\i :helpers

-- how a referral came out, without what a clock or a model may change
CREATE VIEW told AS
SELECT r.referral_id AS id, r.match, (SELECT min(p.family_name) FROM persona p WHERE p.caller_id = current_caller(r.caller_id)) AS caller,
	r.duplicate_of AS dup, r.link_method, r.link_state, r.link_note, r.decision_id IS NOT NULL AS decided, r.review_status AS status
FROM referral r ORDER BY r.referral_id;
-- the callers as their numbers
CREATE VIEW callers AS
SELECT c.contacts, string_agg(DISTINCT p.number, ' ' ORDER BY p.number) AS numbers
FROM caller c JOIN persona p USING (caller_id) GROUP BY c.caller_id, c.contacts ORDER BY 2;

-- before anything is there
SELECT pg_temp.refused($$SELECT engage.refer('He calls every day')$$);
SELECT setup();
SELECT pg_temp.refused($$SELECT engage.refer(NULL)$$);
SELECT pg_temp.refused($$SELECT engage.refer(' ')$$);
SELECT pg_temp.refused($$SELECT engage.refer('He calls every day', contact_id => 99)$$);
SELECT pg_temp.refused($$SELECT engage.refer('He calls every day', caller_id => 99)$$);
SELECT pg_temp.refused($$SELECT engage.refer('He calls every day', identified_by => 'smell')$$);
SELECT count(*) AS referrals FROM referral;

-- a reason is enough, before any refresh; and what is known of a man without a name
SELECT * FROM refer('Calls every night');
SELECT * FROM refer('Says that he is lost, and is not', district => 'Exampleshire North', modus_operandi => 'Asks for a lift home', personal_details => 'Slight lisp');
SELECT reason, personal_details, district, modus_operandi, identified_by, match, link_state FROM referral ORDER BY referral_id;

-- eight SIM cards in a week, a call to 999 from each.  To four the caller tells
-- name and address; on four the voice is known, and the call is referred at
-- once, before it is refreshed
CREATE FUNCTION rings(day integer, number text, family_name text DEFAULT NULL) RETURNS bigint LANGUAGE sql
BEGIN ATOMIC
	INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw, given_name, family_name, address, district)
	VALUES ('acd', rings.number, timestamptz '2026-03-02 20:00 UTC' + (rings.day - 1) * interval '20 hours', '999_voice', rings.number,
		CASE WHEN rings.family_name IS NOT NULL THEN 'Ada' END, rings.family_name,
		CASE WHEN rings.family_name IS NOT NULL THEN '1 Invented Street, Exampleton' END, 'Exampleshire North')
	RETURNING contact_id;
END;
CREATE FUNCTION known_voice() RETURNS bigint LANGUAGE sql
RETURN (SELECT min(p.caller_id) FROM engage.persona p WHERE p.family_name = 'Example');

SELECT rings(1, '07700 900112', 'Example'), rings(2, '07700 900223', 'Example');
CALL refresh();
SELECT * FROM callers;
SELECT r.match, r.decision_id FROM rings(3, '07700 900337') c, refer('Known by her voice', contact_id => c, caller_id => known_voice(), identified_by => 'handler_recognised') r;
CALL refresh();
SELECT * FROM callers;
SELECT * FROM harvest_referrals();
SELECT * FROM harvest_referrals();
SELECT rings(4, '07700 900441', 'Example');
CALL refresh();
SELECT * FROM callers;
SELECT r.match, r.decision_id FROM rings(5, '07700 900558') c, refer('Known by her voice', contact_id => c, caller_id => known_voice(), identified_by => 'handler_recognised') r;
CALL refresh();
SELECT linked FROM harvest_referrals();
CALL refresh();
-- a day's calls, of which one was refreshed when it was referred
SELECT rings(6, '07700 900662'), rings(7, '07700 900779', 'Example');
CALL refresh();
SELECT r.match, r.decision_id IS NOT NULL AS linked_at_once FROM contact c, refer('Known by her voice', contact_id => c.contact_id, caller_id => known_voice(), identified_by => 'handler_recognised') r
WHERE c.source_ref = '07700 900662';
SELECT r.match FROM rings(8, '07700 900885') c, refer('Known by her voice', contact_id => c, caller_id => known_voice(), identified_by => 'handler_recognised') r;
CALL refresh();
SELECT linked FROM harvest_referrals();
CALL refresh();
SELECT * FROM callers;
SELECT * FROM told;

-- callers that were merged into hers are followed there
SELECT count(*) AS merged FROM caller c WHERE c.contacts = 0 AND current_caller(c.caller_id) = known_voice();
SELECT current_caller(known_voice()) = known_voice() AS herself, current_caller(NULL), current_caller(999);

-- one flag, of one caller, for eight calls; and every one of them
SELECT f.contacts, f.started_at, f.met_at, f.ended_at, f.criteria_met, f.withdrawn_at FROM flag f;
SELECT e.occurred_at, e.source_ref, e.meets FROM flag f, explain_flag(f.flag_id) e;
-- why a number on which nobody gave a name is hers
SELECT DISTINCT d.method, d.reason, d.decided_by = session_user AS decided_by_me
FROM explain_identity('07700 900112', '07700 900337') e JOIN link_decision d USING (decision_id) WHERE e.link_score = 'Infinity';
SELECT * FROM verify();

-- it was somebody else's voice: the decision is taken back, and the contrary decided
SELECT pg_temp.refused($$SELECT engage.reject_link('07700 900558', '07700 900112', 'It was another voice')$$);
SELECT revoke_decision(r.decision_id, 'Listened to again') FROM referral r WHERE r.number = '+447700900558';
SELECT reject_link('07700 900558', '07700 900112', 'It was another voice') > 0 AS rejected;
CALL refresh();
SELECT * FROM callers;
SELECT contacts, withdrawn_reason FROM flag ORDER BY flag_id;
-- and no harvest brings it back
SELECT * FROM harvest_referrals();
-- two more go: five calls are no flag, and the flag is withdrawn, not deleted
SELECT revoke_decision(r.decision_id, 'Not certain') FROM referral r WHERE r.number IN ('+447700900337', '+447700900662') ORDER BY r.referral_id;
CALL refresh();
SELECT * FROM callers;
SELECT contacts, withdrawn_reason FROM flag ORDER BY flag_id;
SELECT * FROM verify();

-- two people at one landline stay two callers: she gave her name there, his
-- voice is known, and so is that he calls from the box in the square
INSERT INTO known_number (number, sharing, label) VALUES ('+441632960018', 'payphone', 'Phone box, Example Square');
INSERT INTO contact (source, source_ref, occurred_at, channel, number_raw, given_name, family_name, date_of_birth, address, postcode, cli_status) VALUES
	('acd', 'grace', '2026-03-10 10:00', '101_voice', '01632 960961', 'Grace', 'Sample', '1950-02-01', '3 Invented Street', 'ZZ99 1AA', NULL),
	('acd', 'boris', '2026-03-10 11:00', '101_voice', '01632 960961', 'Boris', 'Trial', '1990-07-21', '3 Invented Street', 'ZZ99 1AA', NULL),
	('acd', 'home', '2026-03-10 12:00', '999_voice', '01632 960961', NULL, NULL, NULL, NULL, NULL, NULL),
	('acd', 'box', '2026-03-10 13:00', '999_voice', '01632 960018', NULL, NULL, NULL, NULL, NULL, NULL),
	('acd', 'hidden', '2026-03-10 14:00', '999_voice', '01632 960555', NULL, NULL, NULL, NULL, NULL, 'withheld'),
	('acd', 'sim', '2026-03-10 15:00', '999_voice', '07700 900013', NULL, NULL, NULL, NULL, NULL, NULL);
CALL refresh();
CREATE FUNCTION person(family_name text) RETURNS bigint LANGUAGE sql
RETURN (SELECT DISTINCT p.caller_id FROM engage.persona p WHERE p.family_name = person.family_name);
CREATE FUNCTION call(source_ref text) RETURNS bigint LANGUAGE sql
RETURN (SELECT c.contact_id FROM engage.contact c WHERE c.source_ref = call.source_ref);
SELECT person('Sample') <> person('Trial') AS two_callers;
-- neither a contact that has no more than the number, nor the number, is taken from her
SELECT match, decision_id FROM refer('His voice', contact_id => call('home'), caller_id => person('Trial'), identified_by => 'handler_recognised');
SELECT match, decision_id FROM refer('His voice', number => '01632 960961', caller_id => known_voice(), identified_by => 'handler_recognised');
-- a phone box is nobody's, and a number that was withheld was not there
SELECT match, decision_id FROM refer('His voice', contact_id => call('box'), caller_id => person('Trial'), identified_by => 'handler_recognised');
SELECT match, decision_id FROM refer('His voice', number => '01632 960018', caller_id => person('Trial'), identified_by => 'handler_recognised');
SELECT match, decision_id FROM refer('His voice', contact_id => call('hidden'), caller_id => person('Trial'), identified_by => 'handler_recognised');
-- it is his already
SELECT match, decision_id FROM refer('Calls at noon', contact_id => call('boris'), caller_id => person('Trial'), identified_by => 'caller_gave_details');
CALL refresh();
SELECT person('Sample') <> person('Trial') AS two_callers,
	(SELECT count(*) FROM contact_caller WHERE contact_id IN (call('home'), call('box'), call('hidden')) AND caller_id = person('Trial')) AS his;
SELECT * FROM told WHERE id > 6;

-- not named, but known by voice and likely by what is known: his new SIM card is news
SELECT match, caller_id = person('Trial') AS his, decision_id IS NOT NULL AS linked FROM refer('A new number again', contact_id => call('sim'),
	given_name => 'boris', family_name => 'TRIAL', date_of_birth => '1990-07-21', postcode => 'zz991aa', identified_by => 'handler_recognised');
-- the same said by the caller alone is no link; nor is a name that several may have
SELECT match, caller_id = person('Sample') AS hers, decision_id FROM refer('Lonely', number => '07700 900024', given_name => 'Grace', family_name => 'Sample',
	date_of_birth => '1950-02-01', postcode => 'ZZ99 1AA', identified_by => 'caller_gave_details');
INSERT INTO contact (source, source_ref, occurred_at, channel, email, given_name, family_name, date_of_birth, postcode) VALUES
	('web', '1', '2026-03-11 10:00', 'email', 'a@example.com', 'Dot', 'Double', '1971-01-01', 'ZZ99 2BB'),
	('web', '2', '2026-03-11 11:00', 'email', 'z@example.org', 'Dot', 'Double', '1971-01-01', 'ZZ99 2BB');
CALL refresh();
SELECT reject_link('a@example.com', 'z@example.org', 'Two cousins of one name') > 0 AS rejected;
CALL refresh();
SELECT match, caller_id FROM refer('One of the two', given_name => 'Dot', family_name => 'Double', date_of_birth => '1971-01-01', postcode => 'ZZ99 2BB', identified_by => 'handler_recognised');
SELECT jsonb_array_length(candidates) AS candidates FROM referral ORDER BY referral_id DESC LIMIT 1;
-- a number that is held, and one that several use
SELECT match, caller_id = known_voice() AS hers FROM refer('Again', number => '+44 7700 900112', identified_by => 'number_already_held');
SELECT match, caller_id FROM refer('Again', number => '01632 960961', identified_by => 'number_already_held');
-- whoever made the contact
SELECT match, caller_id = (SELECT caller_id FROM contact_caller WHERE contact_id = call('07700 900558')) AS who_called
FROM refer('Wants to know the time', contact_id => call('07700 900558'));
SELECT * FROM told WHERE id > 12;

-- a number that is not in the register yet is kept, and joined when it comes
SELECT match, decision_id FROM refer('Her voice', number => '07700 900992', caller_id => known_voice(), identified_by => 'number_already_held');
SELECT linked, waiting FROM harvest_referrals();
SELECT rings(9, '07700 900992');
CALL refresh();
SELECT linked, waiting FROM harvest_referrals();
CALL refresh();
SELECT p.caller_id = known_voice() AS hers FROM persona p WHERE p.number = '+447700900992';
SELECT method, left_number FROM link_decision ORDER BY decision_id DESC LIMIT 1;

-- duplicates: the same number, or name and date of birth, where nobody knows who it is
SELECT r.referral_id - duplicate_of AS earlier_by FROM refer('Heavy breathing', number => '020 7946 0123') r;
SELECT r.referral_id - duplicate_of AS earlier_by FROM refer('Heavy breathing', number => '+442079460123') r;
SELECT r.referral_id - duplicate_of AS earlier_by FROM refer('Shouts', given_name => 'Zoë', family_name => 'Nobodie', date_of_birth => '2001-09-08') r;
SELECT r.referral_id - duplicate_of AS earlier_by FROM refer('Shouts', given_name => 'ZOE', family_name => 'nobodie', date_of_birth => '2001-09-08') r;
SELECT r.referral_id - duplicate_of AS earlier_by FROM refer('Shouts', given_name => 'Zoe', family_name => 'Nobodie', date_of_birth => '2001-09-09') r;
SELECT count(*) AS all_are_kept FROM referral;

-- the review: due by the age of the oldest, 28 to 42 days
SELECT DISTINCT due, age_days FROM referral_review;
UPDATE referral SET referred_at = now() - interval '27 days 23 hours' WHERE referral_id = 1;
SELECT DISTINCT due FROM referral_review;
UPDATE referral SET referred_at = now() - interval '28 days 1 hour' WHERE referral_id = 1;
SELECT due, age_days, count(*) FROM referral_review GROUP BY 1, 2 ORDER BY 2;
UPDATE referral SET referred_at = now() - interval '42 days' WHERE referral_id = 1;
SELECT DISTINCT due FROM referral_review;
INSERT INTO referral_policy (due_after, overdue_after) VALUES ('60 days', '90 days');
SELECT DISTINCT due FROM referral_review;
SELECT split_part(pg_temp.refused($$UPDATE engage.referral_policy SET overdue_after = '1 day'$$), E'\n', 1) AS refused;
DELETE FROM referral_policy;
UPDATE referral SET referred_at = '2026-01-01 12:00' WHERE referral_id = 1;
SELECT batch_id, referrals, due_from, due_by FROM open_review_batch();
SELECT * FROM open_review_batch();
SELECT DISTINCT batch_id, review_status, due FROM referral_review;
-- what comes later waits for the next batch
SELECT match FROM refer('After the batch was opened');
SELECT review_status, due, count(*) FROM referral_review GROUP BY 1, 2 ORDER BY 1;

SELECT pg_temp.refused($$SELECT engage.review_referral(1, 'queued')$$);
SELECT pg_temp.refused($$SELECT engage.review_referral(1, NULL)$$);
SELECT pg_temp.refused($$SELECT engage.review_referral(999, 'reviewed')$$);
SELECT pg_temp.refused($$SELECT engage.review_referral(1, 'rejected', ' ')$$);
SELECT pg_temp.refused($$SELECT engage.review_referral(1, 'linked_duplicate')$$);
SELECT pg_temp.refused($$SELECT engage.review_referral(1, 'linked_duplicate', duplicate_of => 1)$$);
SELECT pg_temp.refused($$SELECT engage.review_referral(1, 'linked_duplicate', duplicate_of => 999)$$);
SELECT pg_temp.refused($$SELECT engage.review_referral(1, 'reviewed', caller_id => 999)$$);
SELECT pg_temp.refused($$SELECT engage.review_referral(6, 'reviewed', caller_id => engage.person('Trial'))$$);
-- rejected; a duplicate, whose own duplicates point on; reviewed, then published
SELECT review_referral(1, 'rejected', 'Nothing to go by');
SELECT review_referral(3, 'linked_duplicate', 'The lady of referral 2 after all', duplicate_of => 2);
SELECT review_referral(2, 'reviewed', 'Guidance is being written', caller_id => known_voice());
SELECT review_referral(2, 'published', 'Guidance 12');
SELECT referral_id, review_status, duplicate_of, match, link_state, outcome, reviewed_at IS NOT NULL AS reviewed, published_at IS NOT NULL AS published
FROM referral WHERE referral_id <= 6 ORDER BY 1;
-- the reviewer confirms what was only likely: the number is kept for her; and knows who it was: the contact is joined
SELECT review_referral(r.referral_id, 'reviewed', caller_id => person('Sample')) FROM referral r WHERE r.reason = 'Lonely';
SELECT match, link_method, link_state FROM referral WHERE reason = 'Lonely';
SELECT review_referral(r.referral_id, 'reviewed', 'It was Grace', caller_id => person('Sample')) FROM referral r WHERE r.contact_id = call('07700 900558') AND r.match = 'contact';
CALL refresh();
SELECT (SELECT caller_id = person('Sample') FROM contact_caller WHERE contact_id = call('07700 900558')) AS hers;
SELECT closed_at IS NOT NULL AS closed FROM review_batch;
SELECT count(review_referral(r.referral_id, 'reviewed')) FROM referral r WHERE r.review_status = 'in_batch';
SELECT closed_at IS NOT NULL AS closed FROM review_batch;

-- reviewed ones make duplicates for a year, rejected ones never
SELECT duplicate_of IS NOT NULL AS is_duplicate FROM refer('Heavy breathing', number => '020 7946 0123');
UPDATE referral SET referred_at = '2024-01-01' WHERE reason = 'Heavy breathing' AND review_status = 'reviewed';
SELECT duplicate_of = (SELECT min(referral_id) FROM referral WHERE reason = 'Heavy breathing') AS first_of_the_one_that_waits
FROM refer('Heavy breathing', number => '020 7946 0123');
SELECT count(review_referral(referral_id, 'rejected', 'A poor line')) AS rejected FROM referral WHERE reason = 'Heavy breathing' AND review_status = 'queued';
SELECT duplicate_of FROM refer('Heavy breathing', number => '020 7946 0123');

-- who was seen by people, who by rules
INSERT INTO contact (source, source_ref, occurred_at, channel, number_raw)
SELECT 'acd', 'often' || n, timestamptz '2026-03-20 10:00' + n * interval '1 hour', '101_voice', '07700 900666' FROM generate_series(1, 6) n;
INSERT INTO contact (source, source_ref, occurred_at, channel, number_raw, given_name, family_name, address)
SELECT 'acd', 'more' || n, timestamptz '2026-03-20 10:00' + n * interval '1 hour', '101_voice', '07700 900112', 'Ada', 'Example', '1 Invented Street, Exampleton' FROM generate_series(1, 6) n;
CALL refresh();
SELECT detected_by, caller_id IS NOT NULL AS told, count(*) AS rows, sum(referrals) AS referrals, sum(flags) AS flags FROM referral_overlap GROUP BY 1, 2 ORDER BY 1, 2;
SELECT identified_by, referrals, duplicates, callers, numbers_linked, share FROM referral_route;

-- handlers refer and read nothing; reviewers read; the word is that of the login
CREATE ROLE regress_handler LOGIN IN ROLE engage_handler;
CREATE ROLE regress_reviewer LOGIN IN ROLE engage_identity;
SET SESSION AUTHORIZATION regress_handler;
SELECT referral_id > 0 AS referred FROM engage.refer('Calls for company', number => '07700 900777');
SELECT reason FROM engage.referral;
SELECT referral_id FROM engage.referral_review;
SELECT engage.harvest_referrals();
SELECT engage.review_referral(1, 'reviewed');
SET SESSION AUTHORIZATION regress_reviewer;
SELECT referred_by, reason, number FROM engage.referral_review ORDER BY referral_id DESC LIMIT 1;
SELECT referrals FROM engage.open_review_batch();
SELECT engage.review_referral(r.referral_id, 'reviewed') FROM engage.referral_review r WHERE r.reason = 'Calls for company';
SELECT count(*) > 0 AS seen FROM engage.referral_overlap;
SELECT count(*) FROM engage.referral_route;
SELECT * FROM engage.harvest_referrals();
UPDATE engage.referral SET reason = 'other';
RESET SESSION AUTHORIZATION;
SELECT referred_by, reviewed_by FROM referral ORDER BY referral_id DESC LIMIT 1;
DROP ROLE regress_handler, regress_reviewer;
SELECT * FROM verify();

-- as other files want to find it
SET client_min_messages = warning;
DROP EXTENSION engage CASCADE;
CREATE EXTENSION engage;

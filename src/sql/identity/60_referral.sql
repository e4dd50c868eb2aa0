/*
 * Manual referral: a call handler knows the caller, and says so.
 *
 * A person who calls from many numbers, once from each, meets no rule until
 * somebody recognises them.  A referral records that: one statement with a
 * reason, and whatever else is known.  It finds who the caller probably is,
 * joins the number at hand to a caller whom the handler named, and waits for
 * a review.  The idea is West Yorkshire Police's, published by the College of
 * Policing.
 */

CREATE TYPE engage.referral_identified_by AS ENUM ('caller_gave_details', 'handler_recognised', 'number_already_held', 'other');
COMMENT ON TYPE engage.referral_identified_by IS 'How a call handler knew who was calling.';

CREATE TYPE engage.referral_review_status AS ENUM ('queued', 'in_batch', 'reviewed', 'linked_duplicate', 'rejected', 'published');
COMMENT ON TYPE engage.referral_review_status IS
	'Where a referral is: queued, or in a batch that is being reviewed; then reviewed, found to be a duplicate, rejected, or reviewed and published as guidance.';

CREATE TABLE engage.referral_policy (
	one boolean PRIMARY KEY DEFAULT true CHECK (one),
	due_after interval NOT NULL DEFAULT '28 days',
	overdue_after interval NOT NULL DEFAULT '42 days',
	recent_for interval NOT NULL DEFAULT '1 year',
	CONSTRAINT referral_policy_order CHECK (due_after >= '0' AND overdue_after >= due_after
		AND overdue_after <= '100 years'::interval),
	CONSTRAINT referral_policy_recent CHECK (recent_for >= '0'::interval AND recent_for <= '100 years'::interval)
);
COMMENT ON TABLE engage.referral_policy IS 'When referrals are to be reviewed, in one row; without it the defaults apply.';
COMMENT ON COLUMN engage.referral_policy.due_after IS 'A review is due when the oldest referral reaches this age.';
COMMENT ON COLUMN engage.referral_policy.overdue_after IS 'A review is overdue when the oldest referral reaches this age.';
COMMENT ON COLUMN engage.referral_policy.recent_for IS 'How old a reviewed referral may be for a new one to count as its duplicate. For one that waits for review there is no limit.';
SELECT pg_extension_config_dump('engage.referral_policy', '');

CREATE TABLE engage.review_batch (
	batch_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	opened_at timestamptz NOT NULL DEFAULT now(),
	opened_by text NOT NULL DEFAULT SESSION_USER,
	due_from timestamptz NOT NULL,
	due_by timestamptz NOT NULL,
	closed_at timestamptz
);
COMMENT ON TABLE engage.review_batch IS 'Referrals that are reviewed together. Made by open_review_batch(); closed by the review of the last of them.';
COMMENT ON COLUMN engage.review_batch.due_from IS 'When its oldest referral becomes due for review.';
COMMENT ON COLUMN engage.review_batch.due_by IS 'When its oldest referral becomes overdue.';
SELECT pg_extension_config_dump('engage.review_batch', '');
SELECT pg_extension_config_dump(pg_get_serial_sequence('engage.review_batch', 'batch_id')::regclass, '');

CREATE TABLE engage.referral (
	referral_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	reason text NOT NULL CHECK (btrim(reason) <> ''),
	personal_details text,
	given_name text,
	family_name text,
	date_of_birth date,
	address text,
	postcode text,
	email text,
	number_raw text,
	number text,
	district text,
	modus_operandi text,
	identified_by engage.referral_identified_by NOT NULL DEFAULT 'other',
	incident_ref text,
	contact_id bigint,
	question_set jsonb,
	referred_at timestamptz NOT NULL DEFAULT now(),
	referred_by text NOT NULL DEFAULT SESSION_USER,
	caller_id bigint,
	caller_probability double precision,
	match text NOT NULL CHECK (match = ANY (ARRAY['named', 'likely', 'held', 'contact', 'possible', 'unlikely', 'ambiguous', 'nobody', 'review'])),
	candidates jsonb,
	duplicate_of bigint,
	link_method engage.link_method,
	link_state text NOT NULL DEFAULT 'none' CHECK (link_state = ANY (ARRAY['none', 'held', 'waits', 'linked', 'refused'])),
	link_note text,
	decision_id integer,
	review_status engage.referral_review_status NOT NULL DEFAULT 'queued',
	batch_id integer,
	reviewed_at timestamptz,
	reviewed_by text,
	outcome text,
	published_at timestamptz,
	CONSTRAINT referral_is_no_duplicate_of_itself CHECK (duplicate_of <> referral_id),
	CONSTRAINT referral_review CHECK ((review_status = ANY (ARRAY['queued', 'in_batch']::engage.referral_review_status[]))
		= (reviewed_at IS NULL) AND (reviewed_at IS NULL) = (reviewed_by IS NULL)),
	CONSTRAINT referral_link CHECK ((link_state = 'linked') = (decision_id IS NOT NULL))
);
COMMENT ON TABLE engage.referral IS
	'What call handlers said about callers, one row per referral. Never deleted: a duplicate points to the first one, and adds to it. Made by refer().';
COMMENT ON COLUMN engage.referral.reason IS 'Why the caller is referred; everything else is optional.';
COMMENT ON COLUMN engage.referral.personal_details IS 'Anything known about the person, as free text.';
COMMENT ON COLUMN engage.referral.number_raw IS 'The number as it was given, else that of the contact.';
COMMENT ON COLUMN engage.referral.number IS 'The number in E.164; NULL if it is not a valid number.';
COMMENT ON COLUMN engage.referral.modus_operandi IS 'How the caller makes these contacts.';
COMMENT ON COLUMN engage.referral.incident_ref IS 'The incident log that was created for the call.';
COMMENT ON COLUMN engage.referral.contact_id IS 'The call at hand. Not a foreign key: the contact may be purged before the referral.';
COMMENT ON COLUMN engage.referral.question_set IS 'Answers to the incident log''s questions.';
COMMENT ON COLUMN engage.referral.caller_id IS 'The caller as identified then; current_caller() gives who that is now.';
COMMENT ON COLUMN engage.referral.caller_probability IS 'How likely the details made this caller; NULL if they do not identify anyone.';
COMMENT ON COLUMN engage.referral.match IS
	'How the caller was identified. named: by the handler; likely: by the details; held: by the number, which belongs to one caller; contact: as whoever made the contact; review: by the reviewer. With any other value there is no caller: the candidates are possible, unlikely or ambiguous, or there are none (nobody).';
COMMENT ON COLUMN engage.referral.candidates IS 'What identify() found: up to ten callers, likeliest first.';
COMMENT ON COLUMN engage.referral.duplicate_of IS 'The first referral of what seems to be the same person.';
COMMENT ON COLUMN engage.referral.link_method IS 'On what grounds the contact or number is to be joined to the caller; NULL if nobody was certain.';
COMMENT ON COLUMN engage.referral.link_state IS
	'Whether the contact or number was joined to the caller. none: nobody was certain; held: it belonged to the caller already; waits: it is not in the register yet, and harvest_referrals() will join it; linked: by decision_id; refused: see link_note.';
COMMENT ON COLUMN engage.referral.decision_id IS 'The decision that joined the contact or number to the caller (link_decision).';
COMMENT ON COLUMN engage.referral.outcome IS 'What reviewers noted, one line per note.';
COMMENT ON COLUMN engage.referral.published_at IS 'When it was first recorded that its outcome had been published as guidance.';
CREATE INDEX referral_open ON engage.referral (batch_id, referred_at)
	WHERE review_status = ANY (ARRAY['queued', 'in_batch']::engage.referral_review_status[]);
CREATE INDEX referral_waits ON engage.referral (referral_id) WHERE link_state = 'waits';
CREATE INDEX referral_caller ON engage.referral (caller_id) WHERE caller_id IS NOT NULL;
CREATE INDEX referral_duplicate_of ON engage.referral (duplicate_of) WHERE duplicate_of IS NOT NULL;
SELECT pg_extension_config_dump('engage.referral', '');
SELECT pg_extension_config_dump(pg_get_serial_sequence('engage.referral', 'referral_id')::regclass, '');

CREATE FUNCTION engage.referral_settings(OUT due_after interval, OUT overdue_after interval, OUT recent_for interval)
	LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT COALESCE(p.due_after, '28 days'), COALESCE(p.overdue_after, '42 days'), COALESCE(p.recent_for, '1 year')
	FROM (VALUES (true)) v (one) LEFT JOIN engage.referral_policy p ON p.one = v.one;
END;
COMMENT ON FUNCTION engage.referral_settings() IS 'The row of referral_policy, or its defaults if there is none.';

-- definer: people who see figures of callers have no rights on personas and merges
CREATE FUNCTION engage.current_caller(caller_id bigint) RETURNS bigint
	LANGUAGE sql STABLE STRICT PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	WITH RECURSIVE chain AS (
		SELECT k.caller_id AS caller, ARRAY[k.caller_id] AS path FROM engage.caller k WHERE k.caller_id = current_caller.caller_id
		UNION ALL
		SELECT e.to_caller, c.path || e.to_caller
		FROM chain c, LATERAL (
			SELECT x.to_caller FROM engage.merge_event x
			WHERE x.from_caller = c.caller AND x.kind = 'merge'
				-- and has not been split off since
				AND NOT EXISTS (SELECT FROM engage.merge_event y WHERE y.to_caller = c.caller AND y.event_id > x.event_id)
			ORDER BY x.event_id DESC LIMIT 1
		) e
		WHERE NOT e.to_caller = ANY (c.path) AND NOT EXISTS (SELECT FROM engage.persona p WHERE p.caller_id = c.caller)
	)
	SELECT c.caller FROM chain c ORDER BY cardinality(c.path) DESC LIMIT 1;
END;
COMMENT ON FUNCTION engage.current_caller(bigint) IS
	'Who a caller is now: the one it was merged into, through all merges since; itself if it was not merged, or if all its contacts have gone. NULL for a caller that never existed, and for NULL.';

CREATE FUNCTION engage_internal.referral_anchor(referred engage.referral, target bigint,
		OUT anchor text, OUT bare_number text, OUT state text, OUT note text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	call engage.contact;
	persona engage.persona;
BEGIN
	SELECT * INTO call FROM engage.contact c WHERE c.contact_id = referred.contact_id;
	IF call.persona_key IS NOT NULL THEN
		anchor := 'contact:' || call.contact_id;
		SELECT * INTO persona FROM engage.persona p WHERE p.persona_key = call.persona_key;
		IF NOT FOUND AND EXISTS (SELECT FROM engage_internal.countable_contact c WHERE c.contact_id = call.contact_id) THEN
			state := 'waits';
		ELSIF NOT FOUND THEN
			state := 'refused';
			note := 'the contact does not count';
		ELSIF persona.caller_id = target THEN
			state := 'held';
		ELSIF COALESCE(persona.given_name, persona.family_name, persona.date_of_birth::text, persona.address, persona.postcode,
				persona.email, persona.imei, persona.nominal_ref, persona.identity_details::text) IS NULL THEN
			-- the persona stands for all contacts from its number that gave no details
			bare_number := persona.number;
		END IF;
	ELSIF referred.number IS NOT NULL AND (call.cli_status IN ('payphone', 'emergency_roaming', 'inserted_08979', 'malformed')) IS NOT TRUE THEN
		anchor := referred.number;
		bare_number := referred.number;
	ELSIF referred.contact_id IS NULL AND referred.number IS NULL THEN
		state := 'none';
	ELSE
		state := 'refused';
		note := 'the contact has nothing by which to tell its caller';
	END IF;
END
$$;
COMMENT ON FUNCTION engage_internal.referral_anchor(engage.referral, bigint) IS
	'What can be joined to the caller target: the contact of a referral or its number, as confirm_link() takes it, and bare_number if nothing else is known about it. If it cannot be joined, state is the link_state, and note says why it is refused.';

CREATE FUNCTION engage_internal.number_link_state(number text, target bigint, is_anchor boolean, OUT state text, OUT note text)
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	held_by_target bigint;
	held_by_others bigint;
	unlinked boolean;
BEGIN
	SELECT count(*) FILTER (WHERE p.caller_id = target),
		count(*) FILTER (WHERE p.caller_id IS DISTINCT FROM target
			AND COALESCE(p.given_name, p.family_name, p.date_of_birth::text, p.email, p.nominal_ref) IS NOT NULL),
		bool_or(p.component IS NULL
			AND COALESCE(p.given_name, p.family_name, p.date_of_birth::text, p.email, p.nominal_ref) IS NOT NULL)
	INTO held_by_target, held_by_others, unlinked
	FROM engage.persona p WHERE p.number = number_link_state.number;
	IF engage_internal.is_shared_number(number_link_state.number) THEN
		state := 'refused';
		note := 'the number is known to be shared';
	ELSIF unlinked THEN
		-- somebody who gave details with it may still turn out to be the caller
		state := 'waits';
	ELSIF held_by_others > 0 THEN
		-- their contacts would become the caller's
		state := 'refused';
		note := 'somebody else is known with this number';
	ELSIF is_anchor AND held_by_target > 0 THEN
		state := 'held';
	ELSIF is_anchor AND NOT EXISTS (SELECT FROM engage.persona p WHERE p.number = number_link_state.number) THEN
		state := 'waits';
	END IF;
END
$$;
COMMENT ON FUNCTION engage_internal.number_link_state(text, bigint, boolean) IS
	'Whether contacts with a number and no details may be joined to the caller target: state is NULL if they may, else it is the link_state, and note says why it is refused. is_anchor: the number itself is to be joined, not a contact.';

CREATE FUNCTION engage_internal.confirm_referral(referred engage.referral, target bigint, anchor text,
		OUT state text, OUT note text, OUT decision_id integer)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	decided integer;
BEGIN
	decided := engage.confirm_link(anchor, 'caller:' || target, reason => referred.reason, method => referred.link_method);
	UPDATE engage.link_decision d
	SET decided_by = CASE WHEN referred.match = 'review' THEN referred.reviewed_by ELSE referred.referred_by END,
		-- not through links that other referrals made: if those turn out wrong, this one may still be right
		right_personas = COALESCE(NULLIF(ARRAY(
			SELECT u.persona_key FROM unnest(d.right_personas) WITH ORDINALITY u (persona_key, place)
			WHERE NOT EXISTS (SELECT FROM engage.referral r JOIN engage.link_decision x ON x.decision_id = r.decision_id
				WHERE x.left_personas @> ARRAY[u.persona_key] AND x.revoked_at IS NULL)
			ORDER BY u.place), '{}'), d.right_personas)
	WHERE d.decision_id = decided;
	decision_id := decided;
	state := 'linked';
EXCEPTION
	WHEN invalid_parameter_value OR no_data_found OR cardinality_violation OR object_not_in_prerequisite_state THEN
		state := 'refused';
		note := SQLERRM;
END
$$;
COMMENT ON FUNCTION engage_internal.confirm_referral(engage.referral, bigint, text) IS
	'Joins the contact or number of a referral to the caller target by confirm_link(), as a decision of whoever referred or reviewed it. state is linked, by decision_id, or refused, and note says why.';

CREATE FUNCTION engage_internal.link_referral(referral_id bigint) RETURNS text
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	referred engage.referral;
	target bigint;
	anchor text;
	bare_number text;
	state text;
	note text;
	decided integer;
BEGIN
	SELECT * INTO referred FROM engage.referral r WHERE r.referral_id = link_referral.referral_id FOR UPDATE;
	IF referred.link_method IS NULL OR referred.caller_id IS NULL OR referred.link_state = 'linked' THEN
		RETURN referred.link_state;
	END IF;
	target := engage.current_caller(referred.caller_id);
	SELECT a.anchor, a.bare_number, a.state, a.note INTO anchor, bare_number, state, note
	FROM engage_internal.referral_anchor(referred, target) a;
	IF state IS NULL AND bare_number IS NOT NULL THEN
		SELECT n.state, n.note INTO state, note FROM engage_internal.number_link_state(bare_number, target, anchor = bare_number) n;
	END IF;
	IF state IS NULL THEN
		SELECT c.state, c.note, c.decision_id INTO state, note, decided FROM engage_internal.confirm_referral(referred, target, anchor) c;
	END IF;
	UPDATE engage.referral r SET link_state = state, link_note = note, decision_id = decided
	WHERE r.referral_id = link_referral.referral_id
		AND (r.link_state, r.link_note, r.decision_id) IS DISTINCT FROM (state, note, decided);
	RETURN state;
END
$$;
COMMENT ON FUNCTION engage_internal.link_referral(bigint) IS
	'Joins the contact or number of a referral to its caller, if somebody was certain and it does not belong to the caller already; returns the new link_state. Part of refer(), review_referral() and harvest_referrals().';

CREATE FUNCTION engage_internal.referred_contact(contact_id bigint) RETURNS engage.contact
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	call engage.contact;
BEGIN
	SELECT * INTO call FROM engage.contact c WHERE c.contact_id = referred_contact.contact_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no contact %', contact_id
			USING ERRCODE = 'no_data_found', HINT = 'Leave contact_id out and give the number, if the call is not recorded yet.';
	END IF;
	RETURN call;
END
$$;
COMMENT ON FUNCTION engage_internal.referred_contact(bigint) IS 'The contact of a referral; NULL for NULL. Error: no such contact (P0002).';

CREATE FUNCTION engage_internal.referred_caller(caller_id bigint) RETURNS bigint
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM FROM engage.caller c WHERE c.caller_id = referred_caller.caller_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no caller %', caller_id
			USING ERRCODE = 'no_data_found', HINT = 'engage.lookup(number) and engage.identify(...) give callers. Leave caller_id out if it is not known.';
	END IF;
	RETURN engage.current_caller(caller_id);
END
$$;
COMMENT ON FUNCTION engage_internal.referred_caller(bigint) IS
	'Who the caller that a handler named is now; NULL for NULL. Error: no such caller (P0002).';

CREATE FUNCTION engage_internal.referral_candidates(number text, call engage.contact, named bigint, OUT candidates jsonb,
		OUT caller_id bigint, OUT probability double precision, OUT probability_of_named double precision, OUT match text)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	match := 'nobody';
	IF engage.current_linkage_model() IS NULL THEN
		RETURN;
	END IF;
	SELECT jsonb_agg(jsonb_build_object('caller_id', i.caller_id, 'probability', round(i.probability::numeric, 4), 'match', i.match,
			'reasons', i.reasons) ORDER BY i.place) FILTER (WHERE i.place <= 10),
		(array_agg(i.caller_id ORDER BY i.place))[1], max(i.probability), max(i.probability) FILTER (WHERE i.caller_id = named),
		CASE WHEN count(*) FILTER (WHERE i.match = 'likely') > 1 THEN 'ambiguous' ELSE COALESCE((array_agg(i.match ORDER BY i.place))[1], 'nobody') END
	INTO candidates, caller_id, probability, probability_of_named, match
	FROM (
		SELECT x.*, row_number() OVER (ORDER BY x.probability DESC, x.caller_id) AS place
		FROM engage.identify(number => referral_candidates.number, given_name => call.given_name, family_name => call.family_name,
			date_of_birth => call.date_of_birth, postcode => call.postcode, address => call.address, email => call.email,
			imei => call.imei, nominal_ref => call.nominal_ref, identity_details => call.identity_details) x
		WHERE x.caller_id IS NOT NULL
	) i;
END
$$;
COMMENT ON FUNCTION engage_internal.referral_candidates(text, engage.contact, bigint) IS
	'Who identify() finds by a number and the details of a contact: up to ten candidates, as in referral.candidates, the likeliest of them, and how likely the named caller is. match is that of the likeliest, ambiguous if several are likely, nobody if there are none or if no refresh has run yet.';

CREATE FUNCTION engage_internal.likely_without_number(call engage.contact) RETURNS bigint
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (SELECT min(x.caller_id)
		FROM engage.identify(given_name => call.given_name, family_name => call.family_name,
			date_of_birth => call.date_of_birth, postcode => call.postcode, address => call.address, email => call.email,
			imei => call.imei, nominal_ref => call.nominal_ref, identity_details => call.identity_details) x
		WHERE x.match = 'likely'
		HAVING count(*) = 1);
END
$$;
COMMENT ON FUNCTION engage_internal.likely_without_number(engage.contact) IS
	'The caller whom identify() finds likely by the details of a contact without its number; NULL if there is none, or several.';

CREATE FUNCTION engage_internal.identify_by_number(given engage.referral, call engage.contact, best bigint) RETURNS engage.referral
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	made_by bigint;
BEGIN
	IF given.match = 'ambiguous' THEN
		RETURN given;
	END IF;
	IF given.identified_by = 'number_already_held' THEN
		SELECT l.caller_id INTO given.caller_id FROM engage.lookup(given.number) l;
	END IF;
	IF given.caller_id IS NOT NULL THEN
		given.match := 'held';
	ELSE
		SELECT p.caller_id INTO made_by FROM engage.persona p WHERE p.persona_key = call.persona_key;
		IF made_by = COALESCE(best, made_by) THEN
			given.match := 'contact';
			given.caller_id := made_by;
		END IF;
	END IF;
	IF given.caller_id IS NOT NULL THEN
		SELECT max((c ->> 'probability')::double precision) INTO given.caller_probability
		FROM jsonb_array_elements(given.candidates) c WHERE (c ->> 'caller_id')::bigint = given.caller_id;
	END IF;
	RETURN given;
END
$$;
COMMENT ON FUNCTION engage_internal.identify_by_number(engage.referral, engage.contact, bigint) IS
	'A referral whose details make nobody likely, with its caller: for number_already_held the caller of the number, else the caller of the contact unless best, the likeliest candidate, is somebody else. Unchanged if its match is ambiguous, or if neither gives a caller.';

CREATE FUNCTION engage_internal.identify_referral(given engage.referral, call engage.contact, named bigint) RETURNS engage.referral
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	best record;
BEGIN
	SELECT * INTO best FROM engage_internal.referral_candidates(given.number_raw, call, named);
	given.candidates := best.candidates;
	given.match := best.match;
	IF named IS NOT NULL THEN
		given.match := 'named';
		given.caller_id := named;
		given.caller_probability := best.probability_of_named;
		given.link_method := (CASE given.identified_by WHEN 'caller_gave_details' THEN 'given_by_caller'
			WHEN 'number_already_held' THEN 'number_already_held' ELSE 'handler_recognised' END)::engage.link_method;
	ELSIF given.match = 'likely' THEN
		given.caller_id := best.caller_id;
		given.caller_probability := best.probability;
		-- likely without the number too: then the number is new information
		IF given.identified_by IN ('handler_recognised', 'number_already_held') AND engage_internal.likely_without_number(call) = best.caller_id THEN
			given.link_method := (CASE given.identified_by WHEN 'handler_recognised' THEN 'handler_recognised'
				ELSE 'number_already_held' END)::engage.link_method;
		END IF;
	ELSE
		given := engage_internal.identify_by_number(given, call, best.caller_id);
	END IF;
	RETURN given;
END
$$;
COMMENT ON FUNCTION engage_internal.identify_referral(engage.referral, engage.contact, bigint) IS
	'A referral with its candidates and its caller: the one that is named, else the one that identify() finds likely, else by identify_by_number(). match says how; link_method is set if the number or contact may be joined to the caller. call is the contact, with the details of the referral in it.';

CREATE FUNCTION engage_internal.first_referral(given engage.referral) RETURNS bigint
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	known record;
	recent_for interval;
BEGIN
	SELECT e.* INTO known
	FROM engage_internal.current_fillers() f, engage_internal.without_fillers(given.number, given.given_name, given.family_name, given.date_of_birth,
		NULL, NULL, NULL, NULL, NULL, NULL, NULL, f.fillers, f.is_real) e;
	SELECT s.recent_for INTO recent_for FROM engage.referral_settings() s;
	RETURN (SELECT COALESCE(r.duplicate_of, r.referral_id)
		FROM engage.referral r
		WHERE r.review_status <> 'rejected'
			AND (r.review_status IN ('queued', 'in_batch') OR r.referred_at > now() - recent_for)
			AND (engage.current_caller(r.caller_id) = given.caller_id
				OR (given.caller_id IS NULL OR r.caller_id IS NULL)
					AND (r.number = given.number AND NOT engage_internal.is_shared_number(given.number)
						OR r.date_of_birth = known.date_of_birth AND engage.name_key(r.given_name) = engage.name_key(known.given_name)
							AND engage.name_key(r.family_name) = engage.name_key(known.family_name)))
		ORDER BY r.referred_at, r.referral_id LIMIT 1);
END
$$;
COMMENT ON FUNCTION engage_internal.first_referral(engage.referral) IS
	'The first open or recent referral of the same caller, for one that is not recorded yet. If either has no caller: of the same number, or of the same name and date of birth unless these only stand for "not known". NULL if there is none.';

-- definer: handlers refer without rights on referrals, personas and decisions
CREATE FUNCTION engage.refer(OUT referral_id bigint, reason text, personal_details text DEFAULT NULL, number text DEFAULT NULL,
		district text DEFAULT NULL, modus_operandi text DEFAULT NULL, identified_by engage.referral_identified_by DEFAULT 'other',
		contact_id bigint DEFAULT NULL, INOUT caller_id bigint DEFAULT NULL, given_name text DEFAULT NULL, family_name text DEFAULT NULL,
		date_of_birth date DEFAULT NULL, postcode text DEFAULT NULL, address text DEFAULT NULL, email text DEFAULT NULL,
		incident_ref text DEFAULT NULL, question_set jsonb DEFAULT NULL,
		OUT caller_probability double precision, OUT match text, OUT duplicate_of bigint, OUT decision_id integer)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	call engage.contact;
	given engage.referral;
BEGIN
	IF NOT EXISTS (SELECT FROM engage.policy) THEN
		PERFORM engage_internal.refuse_without_setup();
	END IF;
	IF COALESCE(btrim(reason), '') = '' THEN
		RAISE EXCEPTION 'the referral has no reason'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'SELECT * FROM engage.refer(''why this caller is referred''); all else is optional.';
	END IF;
	call := engage_internal.referred_contact(contact_id);
	caller_id := engage_internal.referred_caller(caller_id);

	given.reason := btrim(refer.reason);
	given.personal_details := NULLIF(btrim(refer.personal_details), '');
	given.given_name := NULLIF(btrim(refer.given_name), '');
	given.family_name := NULLIF(btrim(refer.family_name), '');
	given.date_of_birth := refer.date_of_birth;
	given.address := NULLIF(btrim(refer.address), '');
	given.postcode := NULLIF(btrim(refer.postcode), '');
	given.email := NULLIF(btrim(refer.email), '');
	given.number_raw := COALESCE(NULLIF(btrim(refer.number), ''), NULLIF(engage_internal.presented_number(call.number_raw, call.cli_status), ''));
	given.number := engage_internal.usable_number(given.number_raw);
	given.district := COALESCE(NULLIF(btrim(refer.district), ''), call.district);
	given.modus_operandi := NULLIF(btrim(refer.modus_operandi), '');
	given.identified_by := COALESCE(refer.identified_by, 'other');
	given.incident_ref := COALESCE(NULLIF(btrim(refer.incident_ref), ''), call.incident_ref);
	given.contact_id := refer.contact_id;
	given.question_set := refer.question_set;

	-- details from the handler take precedence over those of the contact
	call.given_name := COALESCE(given.given_name, call.given_name);
	call.family_name := COALESCE(given.family_name, call.family_name);
	call.date_of_birth := COALESCE(refer.date_of_birth, call.date_of_birth);
	call.postcode := COALESCE(refer.postcode, call.postcode);
	call.address := COALESCE(refer.address, call.address);
	call.email := COALESCE(refer.email, call.email);
	given := engage_internal.identify_referral(given, call, caller_id);
	given.duplicate_of := engage_internal.first_referral(given);
	INSERT INTO engage.referral AS r (reason, personal_details, given_name, family_name, date_of_birth, address, postcode, email,
		number_raw, number, district, modus_operandi, identified_by, incident_ref, contact_id, question_set,
		caller_id, caller_probability, match, candidates, duplicate_of, link_method)
	VALUES (given.reason, given.personal_details, given.given_name, given.family_name, given.date_of_birth, given.address, given.postcode, given.email,
		given.number_raw, given.number, given.district, given.modus_operandi, given.identified_by, given.incident_ref, given.contact_id, given.question_set,
		given.caller_id, given.caller_probability, given.match, given.candidates, given.duplicate_of, given.link_method)
	RETURNING r.referral_id, r.caller_id, r.caller_probability, r.match, r.duplicate_of INTO referral_id, caller_id, caller_probability, match, duplicate_of;
	PERFORM engage_internal.link_referral(referral_id);
	SELECT r.decision_id INTO decision_id FROM engage.referral r WHERE r.referral_id = refer.referral_id;
END
$$;
COMMENT ON FUNCTION engage.refer(text, text, text, text, text, engage.referral_identified_by, bigint, bigint, text, text, date, text, text, text, text, jsonb) IS
	'Refers a caller, with the reason and anything else that is known, and finds who that probably is: the named caller, the one that identify() finds likely, or the one of the number or contact (match). If the caller is named or recognised, the contact or number is joined to the caller (decision_id), or later by harvest_referrals(). duplicate_of: an earlier referral of the same person. Errors: no reason (22023), no such contact or caller (P0002), not set up (55000).';

-- definer: people who cause decisions have no rights on personas
CREATE FUNCTION engage.harvest_referrals(OUT linked bigint, OUT held bigint, OUT refused bigint, OUT waiting bigint)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	waits bigint;
	state text;
BEGIN
	linked := 0;
	held := 0;
	refused := 0;
	waiting := 0;
	FOR waits IN
		SELECT r.referral_id FROM engage.referral r WHERE r.link_state = 'waits' AND r.review_status <> 'rejected' ORDER BY r.referral_id
		FOR UPDATE SKIP LOCKED	-- one that is being reviewed waits for next time
	LOOP
		state := engage_internal.link_referral(waits);
		CASE state WHEN 'linked' THEN linked := linked + 1; WHEN 'held' THEN held := held + 1;
			WHEN 'waits' THEN waiting := waiting + 1; ELSE refused := refused + 1; END CASE;
	END LOOP;
END
$$;
COMMENT ON FUNCTION engage.harvest_referrals() IS
	'Looks again at referrals whose contact or number was not in the register before, and records the decisions that join these to the callers, in the name of whoever referred them; the next refresh carries them out. Returns how many were linked, belonged to the caller already, were refused (referral.link_note says why), and still wait. It costs nothing if none wait.';

CREATE FUNCTION engage_internal.harvest_ripe_referrals() RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
AS $$
BEGIN
	PERFORM engage_internal.link_referral(w.referral_id)
	FROM (
		SELECT r.referral_id FROM engage.referral r
		WHERE r.link_state = 'waits' AND r.review_status <> 'rejected'
			AND CASE WHEN r.contact_id IS NULL THEN EXISTS (SELECT FROM engage.persona p WHERE p.number = r.number)
				ELSE EXISTS (SELECT FROM engage.contact c JOIN engage.persona p ON p.persona_key = c.persona_key WHERE c.contact_id = r.contact_id)
					OR EXISTS (SELECT FROM engage.persona p WHERE p.number = r.number
						AND NOT EXISTS (SELECT FROM engage.contact c WHERE c.contact_id = r.contact_id AND c.persona_key IS NOT NULL)) END
		ORDER BY r.referral_id
		FOR UPDATE SKIP LOCKED
	) w;
END
$$;
COMMENT ON FUNCTION engage_internal.harvest_ripe_referrals() IS
	'As harvest_referrals(), for those whose contact or number has come into the register since. A stage of refresh: before personas are linked, so that the contact of a referral belongs to the named caller from the start, and again afterwards, for those that were unclear before.';

-- definer: reviewers have no right to write referrals
CREATE FUNCTION engage.open_review_batch(OUT batch_id integer, OUT referrals bigint, OUT due_from timestamptz, OUT due_by timestamptz)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	LOCK TABLE engage.review_batch IN SHARE ROW EXCLUSIVE MODE;
	SELECT min(r.referred_at) + s.due_after, min(r.referred_at) + s.overdue_after INTO due_from, due_by
	FROM engage.referral r, engage.referral_settings() s
	WHERE r.review_status = 'queued' GROUP BY s.due_after, s.overdue_after;
	referrals := 0;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	INSERT INTO engage.review_batch AS b (due_from, due_by) VALUES (open_review_batch.due_from, open_review_batch.due_by)
	RETURNING b.batch_id INTO batch_id;
	UPDATE engage.referral r SET review_status = 'in_batch', batch_id = open_review_batch.batch_id WHERE r.review_status = 'queued';
	GET DIAGNOSTICS referrals = ROW_COUNT;
END
$$;
COMMENT ON FUNCTION engage.open_review_batch() IS
	'Puts all queued referrals into a new batch for review, which becomes due and overdue by the age of the oldest of them (referral_policy; by default at 28 and 42 days). If no referrals are queued, no batch is made: batch_id is NULL and referrals 0.';

CREATE FUNCTION engage_internal.check_review(reviewed engage.referral, outcome engage.referral_review_status, note text, caller_id bigint) RETURNS void
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF outcome = 'rejected' AND COALESCE(btrim(note), '') = '' THEN
		RAISE EXCEPTION 'the rejection has no note'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Explain in the argument note, for the person who referred the caller.';
	END IF;
	IF caller_id IS NULL THEN
		RETURN;
	END IF;
	PERFORM FROM engage.caller c WHERE c.caller_id = check_review.caller_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no caller %', caller_id
			USING ERRCODE = 'no_data_found', HINT = 'engage.referral_review has the candidates of each referral.';
	END IF;
	IF reviewed.link_state = 'linked' AND engage.current_caller(reviewed.caller_id) <> engage.current_caller(caller_id)
			AND EXISTS (SELECT FROM engage.link_decision d WHERE d.decision_id = reviewed.decision_id AND d.revoked_at IS NULL) THEN
		RAISE EXCEPTION 'decision % of this referral links another caller', reviewed.decision_id
			USING ERRCODE = 'object_not_in_prerequisite_state',
				HINT = format('SELECT engage.revoke_decision(%s, ''reason''); then review it again.', reviewed.decision_id);
	END IF;
END
$$;
COMMENT ON FUNCTION engage_internal.check_review(engage.referral, engage.referral_review_status, text, bigint) IS
	'Raises the errors of review_referral() about its note and its caller.';

CREATE FUNCTION engage_internal.reviewed_duplicate_of(reviewed engage.referral, outcome engage.referral_review_status, duplicate_of bigint) RETURNS bigint
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	target bigint := reviewed.duplicate_of;
BEGIN
	IF duplicate_of IS NOT NULL THEN
		SELECT COALESCE(r.duplicate_of, r.referral_id) INTO target
		FROM engage.referral r WHERE r.referral_id = reviewed_duplicate_of.duplicate_of;
		IF NOT FOUND THEN
			RAISE EXCEPTION 'there is no referral %', duplicate_of USING ERRCODE = 'no_data_found';
		END IF;
	END IF;
	IF target = reviewed.referral_id OR outcome = 'linked_duplicate' AND target IS NULL THEN
		RAISE EXCEPTION 'the duplicate names no first referral, or itself'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give its referral_id in the argument duplicate_of.';
	END IF;
	RETURN target;
END
$$;
COMMENT ON FUNCTION engage_internal.reviewed_duplicate_of(engage.referral, engage.referral_review_status, bigint) IS
	'The duplicate_of of a referral after a review: the first referral of the one that the reviewer gave, else what it was. Raises the errors of review_referral() about duplicates.';

-- definer: reviewers have no right to write referrals
CREATE FUNCTION engage.review_referral(referral_id bigint, outcome engage.referral_review_status, note text DEFAULT NULL,
		caller_id bigint DEFAULT NULL, duplicate_of bigint DEFAULT NULL) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	reviewed engage.referral;
	target bigint;
BEGIN
	IF outcome IS NULL OR outcome IN ('queued', 'in_batch') THEN
		RAISE EXCEPTION 'invalid outcome of a review'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Outcomes are reviewed, linked_duplicate, rejected and published.';
	END IF;
	SELECT * INTO reviewed FROM engage.referral r WHERE r.referral_id = review_referral.referral_id FOR UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no referral %', COALESCE(referral_id::text, 'NULL')
			USING ERRCODE = 'no_data_found', HINT = 'SELECT referral_id FROM engage.referral_review lists those that wait for review.';
	END IF;
	PERFORM engage_internal.check_review(reviewed, outcome, note, caller_id);
	target := engage_internal.reviewed_duplicate_of(reviewed, outcome, duplicate_of);

	UPDATE engage.referral r
	SET review_status = review_referral.outcome, reviewed_at = now(), reviewed_by = SESSION_USER,
		outcome = NULLIF(concat_ws(E'\n', r.outcome, NULLIF(btrim(note), '')), ''),
		published_at = CASE WHEN review_referral.outcome = 'published' THEN COALESCE(r.published_at, now()) ELSE r.published_at END,
		duplicate_of = target
	WHERE r.referral_id = review_referral.referral_id;
	-- duplicates of this referral now point to its first one
	UPDATE engage.referral r SET duplicate_of = target WHERE r.duplicate_of = review_referral.referral_id AND target IS NOT NULL;
	IF caller_id IS NOT NULL AND (caller_id IS DISTINCT FROM reviewed.caller_id OR reviewed.link_state IN ('none', 'refused')) THEN
		UPDATE engage.referral r
		SET caller_id = review_referral.caller_id, match = 'review', link_method = 'analyst', link_state = 'none', decision_id = NULL
		WHERE r.referral_id = review_referral.referral_id;
		IF outcome <> 'rejected' THEN
			PERFORM engage_internal.link_referral(referral_id);
		END IF;
	END IF;
	UPDATE engage.review_batch b SET closed_at = now()
	WHERE b.batch_id = reviewed.batch_id AND b.closed_at IS NULL
		AND NOT EXISTS (SELECT FROM engage.referral r WHERE r.batch_id = b.batch_id AND r.review_status = 'in_batch');
END
$$;
COMMENT ON FUNCTION engage.review_referral(bigint, engage.referral_review_status, text, bigint, bigint) IS
	'Records the outcome of a review, with a note. Call it again if the outcome changes. caller_id says who the caller is, and joins the contact or number to it; duplicate_of says which referral was the first. The last review of a batch closes it. A rejected referral keeps its link: revoke_decision() undoes that. Errors: no outcome, no note for a rejection, no first referral for a duplicate (22023), no such referral or caller (P0002), a decision in force links another caller (55000).';

CREATE VIEW engage.referral_review WITH (security_barrier) AS
SELECT r.referral_id, r.review_status, r.batch_id, r.referred_at, r.referred_by,
	EXTRACT(day FROM now() - r.referred_at)::integer AS age_days,
	CASE WHEN now() >= q.oldest_at + s.overdue_after THEN 'overdue'
		WHEN now() >= q.oldest_at + s.due_after THEN 'due' ELSE 'not due' END AS due,
	q.oldest_at + s.due_after AS due_from, q.oldest_at + s.overdue_after AS due_by,
	r.reason, r.personal_details, r.given_name, r.family_name, r.date_of_birth, r.address, r.postcode, r.email, r.number, r.number_raw,
	r.district, r.modus_operandi, r.identified_by, r.incident_ref, r.contact_id, r.question_set,
	engage.current_caller(r.caller_id) AS caller_id, r.caller_probability, r.match, r.candidates,
	r.duplicate_of, ARRAY(SELECT d.referral_id FROM engage.referral d WHERE d.duplicate_of = r.referral_id ORDER BY d.referral_id) AS duplicates,
	r.link_state, r.link_note, r.decision_id
FROM engage.referral r
CROSS JOIN engage.referral_settings() s
JOIN (
	SELECT o.batch_id, min(o.referred_at) AS oldest_at
	FROM engage.referral o WHERE o.review_status IN ('queued', 'in_batch') GROUP BY o.batch_id
) q ON q.batch_id IS NOT DISTINCT FROM r.batch_id
WHERE r.review_status IN ('queued', 'in_batch');
COMMENT ON VIEW engage.referral_review IS 'Referrals that wait for review.';
COMMENT ON COLUMN engage.referral_review.due IS 'not due, due or overdue: by the age of the oldest referral of its batch, or of those without a batch (referral_policy).';
COMMENT ON COLUMN engage.referral_review.caller_id IS 'The caller as of now.';
COMMENT ON COLUMN engage.referral_review.duplicates IS 'Later referrals of what seems to be the same person.';
COMMENT ON COLUMN engage.referral_review.decision_id IS 'The decision that joined the contact or number to the caller.';

CREATE VIEW engage.referral_overlap WITH (security_barrier) AS
SELECT COALESCE(r.caller_id, f.caller_id) AS caller_id, COALESCE(r.referrals, 0) AS referrals, r.first_referred_at,
	COALESCE(f.flags, 0) AS flags, f.first_flagged_at,
	CASE WHEN f.caller_id IS NULL THEN 'referral only' WHEN r.first_referred_at IS NULL THEN 'rule only' ELSE 'both' END AS detected_by,
	r.first_referred_at < f.first_flagged_at AS referred_first
FROM (
	SELECT x.caller_id, count(*) AS referrals, min(x.referred_at) AS first_referred_at
	FROM (SELECT engage.current_caller(o.caller_id) AS caller_id, o.referral_id, o.referred_at,
			-- if the caller is unknown, each referral with its duplicates is one person
			CASE WHEN o.caller_id IS NULL THEN COALESCE(o.duplicate_of, o.referral_id) END AS person
		FROM engage.referral o WHERE o.review_status <> 'rejected') x
	GROUP BY x.caller_id, x.person
) r
FULL JOIN (
	SELECT o.caller_id, count(*) AS flags, min(o.met_at) AS first_flagged_at
	FROM engage.flag o WHERE o.withdrawn_at IS NULL GROUP BY o.caller_id
) f ON f.caller_id = r.caller_id;
COMMENT ON VIEW engage.referral_overlap IS
	'Who was referred by people, who was flagged by rules, and who by both: one row per caller. A referral whose caller is not known has a row without caller_id, which it shares with its duplicates. Rejected referrals and withdrawn flags do not count.';
COMMENT ON COLUMN engage.referral_overlap.detected_by IS 'both, referral only or rule only.';
COMMENT ON COLUMN engage.referral_overlap.first_flagged_at IS 'When a rule was first met.';
COMMENT ON COLUMN engage.referral_overlap.referred_first IS 'Whether people were quicker than rules; NULL unless both saw the caller.';

CREATE VIEW engage.referral_route WITH (security_barrier) AS
SELECT t.identified_by, count(r.referral_id) AS referrals, count(r.duplicate_of) AS duplicates,
	count(DISTINCT engage.current_caller(r.caller_id)) AS callers, count(r.decision_id) AS numbers_linked,
	round(count(r.referral_id) / NULLIF(sum(count(r.referral_id)) OVER (), 0), 3) AS share
FROM unnest(enum_range(NULL::engage.referral_identified_by)) t (identified_by)
LEFT JOIN engage.referral r ON r.identified_by = t.identified_by
GROUP BY t.identified_by;
COMMENT ON VIEW engage.referral_route IS 'How many referrals came by each route, and their share of all referrals; NULL if there are none.';
COMMENT ON COLUMN engage.referral_route.duplicates IS 'Referrals of people who had been referred before.';
COMMENT ON COLUMN engage.referral_route.callers IS 'Different callers referred, as far as they are known.';
COMMENT ON COLUMN engage.referral_route.numbers_linked IS 'Contacts and numbers that were joined to a caller.';

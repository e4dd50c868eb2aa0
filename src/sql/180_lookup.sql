/*
 * What is known about a number, for who answers the call.
 */

-- definer: handlers look numbers up without rights on contacts, callers or flags
CREATE FUNCTION engage.lookup(number text,
		OUT emergency_override text, OUT e164 text, OUT number_kind text, OUT known boolean,
		OUT sharing engage.number_sharing, OUT label text, OUT caller_id bigint, OUT caller_ids bigint[],
		OUT contacts_24_hours bigint, OUT contacts_7_days bigint, OUT contacts_28_days bigint,
		OUT last_contact_at timestamptz, OUT open_flags bigint, OUT flags text[], OUT as_of timestamptz)
	LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	settings engage.policy;
	range record;
	keys uuid[];
	next uuid;
BEGIN
	SELECT * INTO settings FROM engage.policy;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'engage is not set up'
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'SELECT engage.setup();';
	END IF;
	emergency_override := settings.emergency_override;
	as_of := clock_timestamp();
	e164 := engage.usable_number(lookup.number);
	number_kind := engage.phone_kind(lookup.number, settings.region);
	known := false;
	contacts_24_hours := 0;
	contacts_7_days := 0;
	contacts_28_days := 0;
	open_flags := 0;
	flags := '{}';
	caller_ids := '{}';
	IF e164 IS NULL THEN
		RETURN;
	END IF;

	SELECT k.sharing, k.label INTO sharing, label FROM engage.known_number k WHERE k.number = e164;
	-- one caller is told; several are not chosen from
	SELECT array_agg(DISTINCT p.caller_id) INTO caller_ids FROM engage.persona p WHERE p.number = e164 AND p.caller_id IS NOT NULL
		AND (sharing IS NULL OR sharing NOT IN ('communal', 'payphone', 'organisation'))
		AND NOT EXISTS (SELECT FROM engage.shared_number s WHERE s.number = e164);
	caller_ids := COALESCE(caller_ids, '{}');
	caller_id := CASE WHEN cardinality(caller_ids) = 1 THEN caller_ids[1] END;

	-- personas by their keys in the index of contacts, so that those not refreshed yet are seen too
	SELECT r.low, r.high INTO range FROM engage.persona_keys_of_number(e164, settings.region) r LIMIT 1;
	SELECT c.persona_key INTO next FROM engage.contact c
	WHERE c.persona_key >= range.low AND c.persona_key <= range.high
		AND c.direction = 'inbound' AND c.callback_of IS NULL AND c.duplicate_of IS NULL
	ORDER BY c.persona_key LIMIT 1;
	WHILE next IS NOT NULL LOOP
		IF e164 = COALESCE(
				(SELECT p.number FROM engage.persona p WHERE p.persona_key = next),
				(SELECT engage.phone(c.number_raw, settings.region) FROM engage.contact c
					WHERE c.persona_key = next AND c.direction = 'inbound' AND c.callback_of IS NULL AND c.duplicate_of IS NULL LIMIT 1)) THEN
			keys := keys || next;
		END IF;
		SELECT c.persona_key INTO next FROM engage.contact c
		WHERE c.persona_key > next AND c.persona_key <= range.high
			AND c.direction = 'inbound' AND c.callback_of IS NULL AND c.duplicate_of IS NULL
		ORDER BY c.persona_key LIMIT 1;
	END LOOP;

	SELECT count(*) FILTER (WHERE c.occurred_at > as_of - interval '24 hours'),
		count(*) FILTER (WHERE c.occurred_at > as_of - interval '7 days'), count(*)
	INTO contacts_24_hours, contacts_7_days, contacts_28_days
	FROM engage.contact c
	WHERE c.persona_key = ANY (keys) AND c.occurred_at > as_of - interval '28 days' AND c.occurred_at <= as_of
		AND c.direction = 'inbound' AND c.callback_of IS NULL AND c.duplicate_of IS NULL;
	SELECT max(l.occurred_at) INTO last_contact_at
	FROM unnest(keys) k (persona_key), LATERAL (
		SELECT c.occurred_at FROM engage.contact c
		WHERE c.persona_key = k.persona_key AND c.occurred_at <= as_of
			AND c.direction = 'inbound' AND c.callback_of IS NULL AND c.duplicate_of IS NULL
		ORDER BY c.occurred_at DESC LIMIT 1) l;

	SELECT count(*), COALESCE(array_agg(r.name || ' version ' || r.version || ' since ' || f.met_at ORDER BY f.met_at, f.flag_id), '{}')
	INTO open_flags, flags
	FROM engage.flag f JOIN engage.rule r ON r.rule_id = f.rule_id
	WHERE f.caller_id = ANY (lookup.caller_ids) AND f.withdrawn_at IS NULL AND f.ended_at > as_of - settings.flag_current_for;
	known := sharing IS NOT NULL OR keys IS NOT NULL OR caller_ids <> '{}';
END
$$;
COMMENT ON FUNCTION engage.lookup(text) IS
	'What is known about a number however it is written: always one row, with the emergency override text first. caller_id is the caller behind the number where there is one, NULL where there are several, who are all in caller_ids; flags are of all of them. Contacts are those from this number, counted up to this very second, whether refreshed or not; flags are current ones (policy.flag_current_for) as of the last refresh. Unknown or unusable numbers have known false.';

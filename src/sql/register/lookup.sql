/*
 * What is known about a number, for the person who answers the call.
 */

CREATE FUNCTION engage_internal.number_contacts(number text, region text, as_of timestamptz, OUT contacts_24_hours bigint,
		OUT contacts_7_days bigint, OUT contacts_28_days bigint, OUT last_contact_at timestamptz)
	AS 'MODULE_PATHNAME', 'engage_number_contacts' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.number_contacts(text, text, timestamptz) IS
	'Counted contacts of a number in E.164, as read in a region, up to as_of, refreshed or not, from the index contact_counted; days are 24 hours. NULLs if the index cannot be used. Does not check rights on contact: lookup(), of which it is a part, does.';

CREATE FUNCTION engage_internal.number_contacts_by_query(number text, region text, as_of timestamptz, OUT contacts_24_hours bigint,
		OUT contacts_7_days bigint, OUT contacts_28_days bigint, OUT last_contact_at timestamptz)
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	SELECT count(*) FILTER (WHERE c.occurred_at > as_of - '24 hours'::interval),
		count(*) FILTER (WHERE c.occurred_at > as_of - '168 hours'::interval),
		count(*) FILTER (WHERE c.occurred_at > as_of - '672 hours'::interval), max(c.occurred_at)
	FROM engage_internal.persona_keys_of_number(number, region) r
	JOIN engage.contact c ON c.persona_key >= r.low AND c.persona_key <= r.high
	WHERE c.occurred_at <= as_of AND c.direction = 'inbound' AND c.callback_of IS NULL AND c.duplicate_of IS NULL
		AND (r.is_exact OR engage.phone(c.number_raw, region) = number);
END;
COMMENT ON FUNCTION engage_internal.number_contacts_by_query(text, text, timestamptz) IS
	'Does what number_contacts() does when its index is missing: slower, by the whole history of the number.';

CREATE FUNCTION engage_internal.number_callers(number text) RETURNS bigint[]
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	-- from one caller to the next in the index, however many personas they have
	WITH RECURSIVE found (caller_id) AS (
		(SELECT p.caller_id FROM engage.persona p
		WHERE p.number = number_callers.number AND p.caller_id IS NOT NULL ORDER BY p.caller_id LIMIT 1)
		UNION ALL
		SELECT (SELECT p.caller_id FROM engage.persona p
			WHERE p.number = number_callers.number AND p.caller_id > f.caller_id ORDER BY p.caller_id LIMIT 1)
		FROM found f WHERE f.caller_id IS NOT NULL
	)
	SELECT COALESCE(array_agg(f.caller_id ORDER BY f.caller_id), '{}') FROM found f WHERE f.caller_id IS NOT NULL;
END;
COMMENT ON FUNCTION engage_internal.number_callers(text) IS 'The callers with a number in E.164, as of the last refresh. Part of lookup().';

-- definer: handlers look numbers up without rights on contacts, callers or flags
CREATE FUNCTION engage.lookup(number text,
		OUT emergency_override text, OUT e164 text, OUT number_kind text, OUT known boolean,
		OUT sharing engage.number_sharing, OUT label text, OUT caller_id bigint, OUT caller_ids bigint[],
		OUT contacts_24_hours bigint, OUT contacts_7_days bigint, OUT contacts_28_days bigint,
		OUT last_contact_at timestamptz, OUT open_flags bigint, OUT flags text[], OUT as_of timestamptz)
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	settings engage.policy;
	counts record;
BEGIN
	SELECT * INTO settings FROM engage.policy;
	IF NOT FOUND THEN
		PERFORM engage_internal.refuse_without_setup();
	END IF;
	emergency_override := settings.emergency_override;
	as_of := clock_timestamp();

	-- the emergency text is returned whatever happens here
	BEGIN
		e164 := engage.phone(lookup.number, settings.region);
		-- written out: usable_number() would be planned again for each lookup
		IF EXISTS (SELECT FROM engage.filler f WHERE f.kind = 'number' AND f.is_filler AND engage.phone(f.value, settings.region) = e164) THEN
			e164 := NULL;
		END IF;
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
		-- a single caller is returned; if there are several, none is chosen
		IF NOT engage_internal.is_shared_number(e164) THEN
			caller_ids := engage_internal.number_callers(e164);
			caller_id := CASE WHEN cardinality(caller_ids) = 1 THEN caller_ids[1] END;
		END IF;

		counts := engage_internal.number_contacts(e164, settings.region, as_of);
		IF counts.contacts_28_days IS NULL THEN
			counts := engage_internal.number_contacts_by_query(e164, settings.region, as_of);
		END IF;
		contacts_24_hours := counts.contacts_24_hours;
		contacts_7_days := counts.contacts_7_days;
		contacts_28_days := counts.contacts_28_days;
		last_contact_at := counts.last_contact_at;

		IF caller_ids <> '{}' THEN
			SELECT count(*), COALESCE(array_agg(r.name || ' version ' || r.version || ' since ' || f.met_at ORDER BY f.met_at, f.flag_id), '{}')
			INTO open_flags, flags
			FROM engage.flag f JOIN engage.rule r ON r.rule_id = f.rule_id
			WHERE f.caller_id = ANY (lookup.caller_ids) AND engage_internal.is_current_flag(f.withdrawn_at, f.ended_at, as_of, settings.flag_current_for)
				AND f.met_at <= as_of;
		END IF;
		known := sharing IS NOT NULL OR last_contact_at IS NOT NULL OR caller_ids <> '{}';
	EXCEPTION WHEN OTHERS THEN
		e164 := NULL;
		number_kind := NULL;
		known := NULL;
		sharing := NULL;
		label := NULL;
		caller_id := NULL;
		caller_ids := NULL;
		contacts_24_hours := NULL;
		contacts_7_days := NULL;
		contacts_28_days := NULL;
		last_contact_at := NULL;
		open_flags := NULL;
		flags := NULL;
		RAISE WARNING 'what is known about this number could not be read'
			USING ERRCODE = SQLSTATE, DETAIL = 'Error ' || SQLSTATE || '.',
				HINT = 'Nothing is known about the caller for now; report it to your database administrators.';
	END;
END
$$;
COMMENT ON FUNCTION engage.lookup(text) IS
	'What is known about a number in any format: always one row, with the emergency override text first. caller_id is the caller with the number, NULL if there are several; caller_ids has all of them. Contacts from the number are counted up to this second; flags are current ones (policy.flag_current_for) as of the last refresh. known is false for an unknown or unusable number. If something cannot be read, only the emergency override text is returned, with a warning.';

CREATE FUNCTION engage.lookup(number numeric,
		OUT emergency_override text, OUT e164 text, OUT number_kind text, OUT known boolean,
		OUT sharing engage.number_sharing, OUT label text, OUT caller_id bigint, OUT caller_ids bigint[],
		OUT contacts_24_hours bigint, OUT contacts_7_days bigint, OUT contacts_28_days bigint,
		OUT last_contact_at timestamptz, OUT open_flags bigint, OUT flags text[], OUT as_of timestamptz)
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'the telephone number is not in quotes, and has lost its first zero'
		USING ERRCODE = 'invalid_parameter_value', HINT = 'Put it in quotes: SELECT * FROM engage.lookup(''07700 900123'');';
END
$$;
COMMENT ON FUNCTION engage.lookup(numeric) IS
	'For a number written without quotes: an error (22023) that asks for them.';

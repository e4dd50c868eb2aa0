/*
 * Who is behind identifiers, why, and people's decisions about it.
 */

CREATE FUNCTION engage.compare_personas(model_id integer, a uuid, b uuid,
		OUT detail text, OUT level text, OUT weight double precision, OUT running double precision) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'engage_compare_personas' LANGUAGE C STABLE STRICT PARALLEL UNSAFE ROWS 10;
COMMENT ON FUNCTION engage.compare_personas(integer, uuid, uuid) IS
	'Why two personas are, or are not, one person: a row for each detail that both have, with how alike they are and what that is worth in bits. The first row is the prior, running is the sum so far; a household adds at most a twentieth of a bit more, which running may lack. No row if there is no such persona.';

CREATE FUNCTION engage_internal.identify_personas(model_id integer, number text, given_name text, family_name text, date_of_birth date,
		address text, postcode text, email text, imei text, nominal_ref text, identity_details jsonb,
		OUT caller_id bigint, OUT score double precision, OUT probability double precision, OUT personas integer, OUT reasons text[])
	RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'engage_identify_personas' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 10;
COMMENT ON FUNCTION engage_internal.identify_personas(integer, text, text, text, date, text, text, text, text, text, jsonb) IS
	'Callers with personas that share a block with these details, and how likely each is. Part of identify().';

-- definer: handlers identify callers without rights on personas
CREATE FUNCTION engage.identify(number text DEFAULT NULL, given_name text DEFAULT NULL, family_name text DEFAULT NULL,
		date_of_birth date DEFAULT NULL, postcode text DEFAULT NULL, address text DEFAULT NULL, email text DEFAULT NULL,
		imei text DEFAULT NULL, nominal_ref text DEFAULT NULL, identity_details jsonb DEFAULT NULL, min_probability double precision DEFAULT 0.01,
		OUT emergency_override text, OUT caller_id bigint, OUT probability double precision, OUT match text, OUT reasons text[],
		OUT contacts bigint, OUT last_contact_at timestamptz, OUT open_flags bigint) RETURNS SETOF record
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off ROWS 10
AS $$
#variable_conflict use_column
DECLARE
	settings engage.policy;
	told record;
	wanted double precision := COALESCE(min_probability, 0.01);
BEGIN
	IF wanted < 0 OR wanted > 1 THEN
		RAISE EXCEPTION 'min_probability is not between 0 and 1'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give a number from 0 to 1, such as 0.01, or leave it out.';
	END IF;
	SELECT * INTO settings FROM engage.policy;
	IF NOT FOUND THEN
		PERFORM engage_internal.refuse_without_setup();
	END IF;
	-- a value that stands for "not known" is no evidence
	SELECT e.* INTO told
	FROM engage_internal.current_fillers() f, engage_internal.without_fillers(engage.phone(identify.number, settings.region), identify.given_name, identify.family_name,
		identify.date_of_birth, identify.address, identify.postcode, identify.email, identify.imei, identify.nominal_ref,
		engage_internal.pick_identity_details(identify.identity_details), engage_internal.identity_detail_kinds(), f.fillers, f.is_real) e;
	RETURN QUERY
	WITH candidate AS MATERIALIZED (
		SELECT i.* FROM engage_internal.identify_personas(engage.current_linkage_model(), told.number, told.given_name, told.family_name,
			told.date_of_birth, told.address, told.postcode, told.email, told.imei, told.nominal_ref, told.identity_details) i
		WHERE i.probability >= wanted
	), ranked AS (
		SELECT c.*, max(c.probability) OVER () AS best,
			count(*) FILTER (WHERE c.probability >= 0.1) OVER () AS likely
		FROM candidate c
	)
	SELECT settings.emergency_override, r.caller_id, r.probability,
		CASE WHEN r.likely > 1 AND r.probability >= 0.1 AND r.best < 0.9 THEN 'ambiguous'
			WHEN r.probability >= 0.9 THEN 'likely' WHEN r.probability >= 0.5 THEN 'possible' ELSE 'unlikely' END,
		r.reasons, k.contacts, k.last_at,
		(SELECT count(*) FROM engage.flag f WHERE f.caller_id = r.caller_id
			AND engage_internal.is_current_flag(f.withdrawn_at, f.ended_at, now(), settings.flag_current_for))
	FROM ranked r JOIN engage.caller k ON k.caller_id = r.caller_id
	ORDER BY r.probability DESC, r.caller_id;
	IF NOT FOUND THEN
		-- nobody was found, and the emergency text is still returned
		RETURN QUERY SELECT settings.emergency_override, NULL::bigint, NULL::double precision, 'nobody'::text, '{}'::text[],
			NULL::bigint, NULL::timestamptz, 0::bigint;
	END IF;
END
$$;
COMMENT ON FUNCTION engage.identify(text, text, text, date, text, text, text, text, text, jsonb, double precision) IS
	'Who this may be, from whatever is known: callers with their probabilities, most likely first, down to min_probability (0.01 if NULL; 22023 outside 0 to 1), with the details that agree and differ and what each is worth in bits. match: likely (0.9 or more), possible, unlikely, ambiguous (two or more could be it and none is likely: ask), or nobody, a row without a caller. The emergency override text is in every row. Shared numbers and fillers count for nothing.';

CREATE FUNCTION engage_internal.resolve_identifier(identifier text, OUT number text, OUT persona_keys uuid[], OUT caller_ids bigint[])
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	kind text := split_part(identifier, ':', 1);
	value text := btrim(substr(identifier, length(split_part(identifier, ':', 1)) + 2));
BEGIN
	IF kind NOT IN ('contact', 'persona', 'caller', 'imei', 'nominal', 'email') OR value = '' THEN
		value := btrim(identifier);
		kind := CASE WHEN value LIKE '%@%' THEN 'email' ELSE 'number' END;
	END IF;
	IF kind IN ('contact', 'caller') AND value !~ '^[0-9]{1,18}$' OR kind = 'persona' AND value !~* '^[0-9a-f-]{36}$' THEN
		RAISE EXCEPTION 'invalid identifier: not a %', kind
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'Identifiers are a telephone number, an e-mail address, or one of contact:ID, caller:ID, persona:KEY, imei:..., nominal:... .';
	END IF;
	IF kind IN ('imei', 'nominal', 'email') AND EXISTS (
			SELECT FROM engage_internal.current_fillers() f, engage_internal.without_fillers(NULL, NULL, NULL, NULL, NULL, NULL, CASE kind WHEN 'email' THEN value END,
				CASE kind WHEN 'imei' THEN value END, CASE kind WHEN 'nominal' THEN value END, NULL, NULL, f.fillers, f.is_real) e
			WHERE COALESCE(e.email, e.imei, e.nominal_ref) IS NULL) THEN
		RAISE EXCEPTION 'this % stands for "not known"', kind
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'Many people have it, so it identifies nobody. If it is real, say so: INSERT INTO engage.filler (kind, value, is_filler) VALUES (..., false).';
	END IF;
	IF kind = 'number' THEN
		PERFORM FROM engage.policy;
		IF NOT FOUND THEN
			PERFORM engage_internal.refuse_without_setup();
		END IF;
		number := engage_internal.usable_number(value);
		IF number IS NULL THEN
			RAISE EXCEPTION 'not a usable telephone number'
				USING ERRCODE = 'invalid_parameter_value',
					HINT = 'Other identifiers are written as an e-mail address, contact:ID, caller:ID, persona:KEY, imei:... or nominal:... .';
		END IF;
	END IF;
	SELECT array_agg(p.persona_key ORDER BY p.persona_key), array_agg(DISTINCT p.caller_id) FILTER (WHERE p.caller_id IS NOT NULL)
	INTO persona_keys, caller_ids
	FROM engage.persona p
	WHERE CASE kind
		WHEN 'number' THEN p.number = resolve_identifier.number
		WHEN 'contact' THEN p.persona_key = (SELECT c.persona_key FROM engage.contact c WHERE c.contact_id = value::bigint)
		WHEN 'persona' THEN p.persona_key = value::uuid
		WHEN 'caller' THEN p.caller_id = value::bigint
		WHEN 'imei' THEN regexp_replace(p.imei, '[^0-9]', '', 'g') = regexp_replace(value, '[^0-9]', '', 'g')
		WHEN 'nominal' THEN upper(regexp_replace(p.nominal_ref, '[^0-9A-Za-z]', '', 'g')) = upper(regexp_replace(value, '[^0-9A-Za-z]', '', 'g'))
		ELSE lower(p.email) = lower(value) END;
	IF persona_keys IS NULL THEN
		RAISE EXCEPTION 'no counted contact has this %', kind
			USING ERRCODE = 'no_data_found',
				HINT = 'CALL engage.refresh() adds new contacts. Identifiers are a telephone number, an e-mail address, or one of contact:ID, caller:ID, persona:KEY, imei:..., nominal:... .';
	END IF;
	caller_ids := COALESCE(caller_ids, '{}');
END
$$;
COMMENT ON FUNCTION engage_internal.resolve_identifier(text) IS
	'The personas and callers with an identifier: a telephone number in any spelling, an e-mail address, contact:ID, caller:ID, persona:KEY, imei:... or nominal:... . Errors if it is not a valid identifier (22023), or nobody has it (P0002).';

CREATE FUNCTION engage_internal.core_of_caller(caller_id bigint) RETURNS uuid[]
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	WITH RECURSIVE member AS MATERIALIZED (
		SELECT p.persona_key, (SELECT sum(engage.num_contacts(t.timeline)) FROM engage.persona_timeline t WHERE t.persona_key = p.persona_key) AS contacts
		FROM engage.persona p WHERE p.caller_id = core_of_caller.caller_id
	), edge AS MATERIALIZED (
		SELECT l.persona_a, l.persona_b, l.score = 'Infinity' AS is_decided
		FROM member m JOIN engage.link l ON l.persona_a = m.persona_key
	), reached AS (
		-- each side of a decision with the personas that evidence holds together with it; without decisions, all
		SELECT s.at AS start, s.at
		FROM (SELECT e.persona_a FROM edge e WHERE e.is_decided UNION SELECT e.persona_b FROM edge e WHERE e.is_decided
			UNION (SELECT m.persona_key FROM member m ORDER BY m.contacts DESC, m.persona_key LIMIT 1)) s (at)
		UNION
		SELECT r.start, CASE WHEN e.persona_a = r.at THEN e.persona_b ELSE e.persona_a END
		FROM reached r JOIN edge e ON r.at IN (e.persona_a, e.persona_b) AND NOT e.is_decided
	), part AS (
		SELECT r.start, sum(m.contacts) AS contacts, array_agg(r.at ORDER BY r.at) AS persona_keys
		FROM reached r JOIN member m ON m.persona_key = r.at GROUP BY r.start
	)
	SELECT p.persona_keys FROM part p ORDER BY p.contacts DESC, cardinality(p.persona_keys) DESC, p.persona_keys LIMIT 1;
END;
COMMENT ON FUNCTION engage_internal.core_of_caller(bigint) IS
	'The personas of a caller that would be together without decisions: of the parts that decisions hold together, the one with the most contacts. NULL if there is no such caller.';

-- definer: people who decide on links have no rights on personas and the queue
CREATE FUNCTION engage_internal.decide_link(is_same boolean, a text, b text, reason text, method engage.link_method) RETURNS integer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	left_side record;
	right_side record;
	decided integer;
BEGIN
	IF COALESCE(btrim(reason), '') = '' THEN
		RAISE EXCEPTION 'the decision has no reason'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give the grounds in the argument reason.';
	END IF;
	IF is_same IS NULL OR a IS NULL OR b IS NULL OR method IS NULL THEN
		RAISE EXCEPTION 'an identifier or the method is missing' USING ERRCODE = 'null_value_not_allowed';
	END IF;
	left_side := engage_internal.resolve_identifier(a);
	right_side := engage_internal.resolve_identifier(b);
	-- leaves out personas that belong to the caller only by another decision, which may be revoked
	IF is_same AND a LIKE 'caller:%' THEN
		left_side.persona_keys := engage_internal.core_of_caller(left_side.caller_ids[1]);
	END IF;
	IF is_same AND b LIKE 'caller:%' THEN
		right_side.persona_keys := engage_internal.core_of_caller(right_side.caller_ids[1]);
	END IF;
	IF left_side.persona_keys && right_side.persona_keys THEN
		RAISE EXCEPTION 'both identifiers have personas in common'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give more exact identifiers, such as contact:ID.';
	END IF;
	IF is_same AND GREATEST(cardinality(left_side.caller_ids), cardinality(right_side.caller_ids)) > 1 THEN
		RAISE EXCEPTION 'an identifier is used by several callers'
			USING ERRCODE = 'cardinality_violation', HINT = 'Give a more exact identifier: contact:ID or caller:ID.';
	END IF;
	IF EXISTS (SELECT FROM engage.link_decision d
			WHERE d.revoked_at IS NULL AND d.is_same <> decide_link.is_same
				AND (d.left_personas && left_side.persona_keys AND d.right_personas && right_side.persona_keys
					OR d.left_personas && right_side.persona_keys AND d.right_personas && left_side.persona_keys)) THEN
		RAISE EXCEPTION 'a decision to the contrary is in force'
			USING ERRCODE = 'object_not_in_prerequisite_state',
				HINT = 'It is in engage.link_decision; revoke it with engage.revoke_decision(decision_id, reason) first.';
	END IF;
	INSERT INTO engage.link_decision (is_same, left_identifier, right_identifier, left_number, right_number,
		left_personas, right_personas, method, reason)
	VALUES (is_same, a, b, left_side.number, right_side.number, left_side.persona_keys, right_side.persona_keys, method, btrim(reason))
	RETURNING decision_id INTO decided;
	INSERT INTO engage_internal.dirty (subject, persona_key, cause)
	SELECT 'identity', u.persona_key, 'decision' FROM unnest(left_side.persona_keys || right_side.persona_keys) u (persona_key);
	RETURN decided;
END
$$;
COMMENT ON FUNCTION engage_internal.decide_link(boolean, text, text, text, engage.link_method) IS
	'Records that two identifiers belong to one caller, or do not, and queues them for relinking. Part of confirm_link() and reject_link().';

CREATE FUNCTION engage.confirm_link(a text, b text, reason text, method engage.link_method DEFAULT 'analyst') RETURNS integer
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
RETURN engage_internal.decide_link(true, a, b, reason, method);
COMMENT ON FUNCTION engage.confirm_link(text, text, text, engage.link_method) IS
	'Records that two identifiers belong to one caller: telephone numbers, e-mail addresses, contact:ID, caller:ID, persona:KEY, imei:..., nominal:... . The next refresh joins them; they stay joined, whatever the evidence, until the decision is revoked. Returns decision_id. Errors: no reason (22023), nobody with such an identifier (P0002), an identifier of several callers (21000), a decision to the contrary (55000).';

CREATE FUNCTION engage.reject_link(a text, b text, reason text, method engage.link_method DEFAULT 'analyst') RETURNS integer
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
RETURN engage_internal.decide_link(false, a, b, reason, method);
COMMENT ON FUNCTION engage.reject_link(text, text, text, engage.link_method) IS
	'Records that two identifiers do not belong to one caller. The next refresh splits them; they stay apart, whatever the evidence, until the decision is revoked. Identifiers, result and errors as for confirm_link().';

-- definer: people who decide on links have no rights on the queue
CREATE FUNCTION engage.revoke_decision(decision_id integer, reason text) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	revoked engage.link_decision;
BEGIN
	IF COALESCE(btrim(reason), '') = '' THEN
		RAISE EXCEPTION 'the revocation has no reason'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give the grounds in the argument reason.';
	END IF;
	-- before it is revoked: the personas that it links
	INSERT INTO engage_internal.dirty (subject, persona_key, cause)
	SELECT 'identity', p.persona_key, 'decision' FROM engage_internal.decided_persona p WHERE p.decision_id = revoke_decision.decision_id;
	UPDATE engage.link_decision d
	SET revoked_at = now(), revoked_by = SESSION_USER, revoked_reason = btrim(revoke_decision.reason)
	WHERE d.decision_id = revoke_decision.decision_id AND d.revoked_at IS NULL
	RETURNING * INTO revoked;
	IF revoked.decision_id IS NULL THEN
		RAISE EXCEPTION 'there is no decision % in force', decision_id
			USING ERRCODE = 'no_data_found', HINT = 'SELECT * FROM engage.link_decision WHERE revoked_at IS NULL lists them.';
	END IF;
END
$$;
COMMENT ON FUNCTION engage.revoke_decision(integer, text) IS
	'Revokes a decision on a link; the evidence counts again from the next refresh. The decision and both reasons are kept. Errors: no reason (22023), no such decision in force (P0002).';

-- definer: people who decide on links see the chain without rights on what it is computed from
CREATE FUNCTION engage.explain_identity(a text, b text,
		OUT step integer, OUT from_identifier text, OUT to_identifier text, OUT link_weight double precision, OUT link_score double precision,
		OUT decision_id integer, OUT detail text, OUT level text, OUT weight double precision, OUT running double precision) RETURNS SETOF record
	LANGUAGE plpgsql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off ROWS 20
AS $$
#variable_conflict use_column
DECLARE
	left_side record := engage_internal.resolve_identifier(a);
	right_side record := engage_internal.resolve_identifier(b);
BEGIN
	IF NOT left_side.caller_ids && right_side.caller_ids THEN
		RAISE EXCEPTION 'the two identifiers have no caller in common'
			USING ERRCODE = 'no_data_found',
				HINT = 'engage.identify(...) shows how likely another caller is; engage.confirm_link(...) records that they are the same.';
	END IF;
	RETURN QUERY
	WITH RECURSIVE edge AS MATERIALIZED (
		SELECT l.persona_a AS x, l.persona_b AS y, l.weight, l.score
		FROM engage.link l JOIN engage.persona p ON p.persona_key = l.persona_a
		WHERE p.caller_id = ANY (left_side.caller_ids) AND p.caller_id = ANY (right_side.caller_ids)
	), walk AS (
		-- links form a tree, so there is exactly one path between any two personas
		(SELECT p.persona_key AS at, ARRAY[p.persona_key] AS path
		FROM engage.persona p WHERE p.persona_key = ANY (left_side.persona_keys) AND p.caller_id = ANY (right_side.caller_ids)
		ORDER BY p.persona_key LIMIT 1)
		UNION ALL
		SELECT n.next, w.path || n.next
		FROM walk w JOIN edge e ON w.at IN (e.x, e.y), LATERAL (SELECT CASE WHEN e.x = w.at THEN e.y ELSE e.x END) n (next)
		WHERE n.next <> ALL (w.path)
	), way AS (
		-- from the last persona of one identifier to the first of the other
		SELECT w.path[(SELECT max(i.place) FROM unnest(w.path) WITH ORDINALITY i (key, place) WHERE i.key = ANY (left_side.persona_keys)):] AS path
		FROM walk w WHERE w.at = ANY (right_side.persona_keys)
	), chain AS MATERIALIZED (
		SELECT w.path FROM way w ORDER BY cardinality(w.path), w.path LIMIT 1
	)
	SELECT s.step, engage.persona_label(c.path[s.step]), engage.persona_label(c.path[s.step + 1]), e.weight, e.score,
		CASE WHEN e.score = 'Infinity' THEN (
			SELECT x.decision_id FROM engage_internal.decided_persona x JOIN engage_internal.decided_persona y USING (decision_id)
			WHERE x.is_same AND x.persona_key = c.path[s.step] AND y.persona_key = c.path[s.step + 1]
			ORDER BY 1 LIMIT 1) END,
		w.detail, w.level, w.weight, w.running
	FROM chain c, generate_series(1, cardinality(c.path) - 1) s (step)
	JOIN LATERAL (SELECT x.* FROM edge x
		WHERE (x.x, x.y) IN ((c.path[s.step], c.path[s.step + 1]), (c.path[s.step + 1], c.path[s.step]))) e ON true,
		LATERAL engage.compare_personas(engage.current_linkage_model(), c.path[s.step], c.path[s.step + 1]) WITH ORDINALITY w
	ORDER BY s.step, w.ordinality;
END
$$;
COMMENT ON FUNCTION engage.explain_identity(text, text) IS
	'Why two identifiers belong to one caller: the chain of links from one to the other, and for each link what agrees and differs, worth how many bits, the prior first and running the sum. link_score is the evidence between the two groups that the link joined, Infinity if a person decided; decision_id is then set. No row if both are on one persona. Errors: nobody with such an identifier (P0002), no caller in common (P0002).';

CREATE FUNCTION engage.persona_label(persona_key uuid) RETURNS text
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	SELECT COALESCE(p.number, lower(p.email), 'imei:' || p.imei, 'nominal:' || p.nominal_ref, 'persona:' || p.persona_key)
	FROM engage.persona p WHERE p.persona_key = persona_label.persona_key;
END;
COMMENT ON FUNCTION engage.persona_label(uuid) IS 'An identifier to show for a persona: its number, else its e-mail address, IMEI or nominal reference, else its key.';

-- definer: people who decide on links may ask without rights on everything it reads
CREATE FUNCTION engage.caller_as_of(identifier text, at timestamptz) RETURNS SETOF bigint
	LANGUAGE sql STABLE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 1
BEGIN ATOMIC
	SELECT DISTINCT COALESCE(e.from_caller, p.caller_id)
	FROM engage_internal.resolve_identifier(identifier) r, unnest(r.persona_keys) k (persona_key)
	JOIN engage.persona p ON p.persona_key = k.persona_key
	LEFT JOIN LATERAL (
		SELECT x.from_caller FROM engage.merge_event x
		WHERE x.persona_keys @> ARRAY[k.persona_key] AND x.at > caller_as_of.at
		ORDER BY x.at, x.event_id LIMIT 1
	) e ON true
	WHERE COALESCE(e.from_caller, p.caller_id) IS NOT NULL
	ORDER BY 1;
END;
COMMENT ON FUNCTION engage.caller_as_of(text, timestamptz) IS
	'The callers to whom an identifier (as for confirm_link) belonged at a time, according to the merges and splits since. Personas that were not known at that time count with the first caller that they had.';

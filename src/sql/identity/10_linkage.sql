/*
 * Linkage models: which details are compared, what agreement is worth, and how
 * pairs are found.  A model is learnt from the personas themselves, or
 * the shipped one is used.
 */

CREATE FUNCTION engage.linkage_model_check(model jsonb) RETURNS boolean
	AS 'MODULE_PATHNAME', 'engage_linkage_model_check' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.linkage_model_check(jsonb) IS
	'True for a linkage model; for anything else an error (22023) that says what is wrong.';

CREATE TABLE engage.preset_linkage_model (
	preset text PRIMARY KEY,
	model jsonb NOT NULL CHECK (engage.linkage_model_check(model)),
	description text NOT NULL
);
COMMENT ON TABLE engage.preset_linkage_model IS
	'Shipped linkage models. Their shares are judgements, not measurements: train_linkage() learns a force''s own.';
INSERT INTO engage.preset_linkage_model VALUES ('contacts', '{
	"lambda": 0.000001, "threshold": 0, "block": 100,
	"comparisons": [
		{"detail": "number", "kind": "number", "household": true,
			"m": [0.75, 0.01, 0.24], "u": [0.0000002, 0.00001, 0.9999898]},
		{"detail": "given_name", "kind": "name", "role": "given_name",
			"m": [0.80, 0.08, 0.03, 0.04, 0.01, 0.04], "u": [0.005, 0.004, 0.004, 0.003, 0.02, 0.964]},
		{"detail": "family_name", "kind": "name", "role": "family_name", "household": true,
			"m": [0.86, 0.07, 0.02, 0.01, 0.01, 0.03], "u": [0.001, 0.001, 0.002, 0.0005, 0.01, 0.9855]},
		{"detail": "date_of_birth", "kind": "date", "role": "date_of_birth",
			"m": [0.90, 0.05, 0.01, 0.02, 0.005, 0.005, 0.01], "u": [0.00005, 0.0012, 0.00002, 0.003, 0.012, 0.035, 0.94873]},
		{"detail": "address", "kind": "address", "household": true,
			"m": [0.68, 0.15, 0.08, 0.03, 0.01, 0.05], "u": [0.002, 0.002, 0.004, 0.02, 0.01, 0.962]},
		{"detail": "postcode", "kind": "postcode", "household": true,
			"m": [0.80, 0.06, 0.02, 0.03, 0.04, 0.05], "u": [0.002, 0.004, 0.004, 0.01, 0.05, 0.93]},
		{"detail": "email", "kind": "email",
			"m": [0.75, 0.06, 0.04, 0.05, 0.01, 0.09], "u": [0.000002, 0.000003, 0.00001, 0.01, 0.001, 0.988984]},
		{"detail": "imei", "kind": "identifier",
			"m": [0.75, 0.01, 0.005, 0.235], "u": [0.000001, 0.00001, 0.00005, 0.999939]},
		{"detail": "nominal_ref", "kind": "identifier",
			"m": [0.95, 0.01, 0.005, 0.035], "u": [0.0000001, 0.00001, 0.0001, 0.9998899]}
	],
	"blocking": [
		["number"], ["imei"], ["nominal_ref"], ["email"], ["given_name:sound", "family_name:sound"],
		["family_name:sound", "date_of_birth"], ["given_name:sound", "date_of_birth"],
		["date_of_birth", "postcode:district"], ["given_name:sound", "postcode"], ["family_name:sound", "postcode"],
		["given_name:sound", "address:start"], ["family_name:sound", "address:start"], ["address"]
	]
}', 'The details that contacts have columns for');

CREATE TABLE engage.linkage_model (
	model_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	model jsonb NOT NULL CHECK (engage.linkage_model_check(model)),
	report jsonb,
	origin text NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	created_by text NOT NULL DEFAULT SESSION_USER
);
COMMENT ON TABLE engage.linkage_model IS
	'Versions of the linkage model. The last one is used from the next refresh. To go back to an earlier one, call adopt_linkage_model(model_id).';
COMMENT ON COLUMN engage.linkage_model.report IS
	'How it was learnt: personas and people at that time, whether the estimation converged, and the share of the expected matches that the blocking rules reach. NULL if it was not learnt.';
COMMENT ON COLUMN engage.linkage_model.origin IS 'preset NAME, trained, model NUMBER, or details.';
SELECT pg_extension_config_dump('engage.linkage_model', '');
SELECT pg_extension_config_dump(pg_get_serial_sequence('engage.linkage_model', 'model_id')::regclass, '');

CREATE TABLE engage.linkage_term (
	model_id integer,
	value_hash bigint,
	comparison smallint,
	people real NOT NULL,
	PRIMARY KEY (model_id, value_hash, comparison)
);
COMMENT ON TABLE engage.linkage_term IS
	'How many people had a value, if several did, when a model was learnt: agreement on a common value is worth less. Values are stored as hashes.';
SELECT pg_extension_config_dump('engage.linkage_term', '');

CREATE TABLE engage.linkage_state (
	one boolean PRIMARY KEY DEFAULT true CHECK (one),
	model_id integer NOT NULL,
	fillers_learnt_on date
);
COMMENT ON COLUMN engage.linkage_state.fillers_learnt_on IS 'The local day on which refresh last looked for fillers.';
COMMENT ON TABLE engage.linkage_state IS
	'The version of the linkage model by which personas are now linked; a newer one waits for the next refresh. Made by refresh.';
SELECT pg_extension_config_dump('engage.linkage_state', '');

CREATE FUNCTION engage.current_linkage_model() RETURNS integer
	LANGUAGE sql STABLE PARALLEL SAFE
RETURN (SELECT s.model_id FROM engage.linkage_state s);
COMMENT ON FUNCTION engage.current_linkage_model() IS 'The version of the linkage model by which personas are now linked; NULL before the first refresh.';

-- definer: people who make models have no rights on the queue
CREATE FUNCTION engage_internal.linkage_model_changed() RETURNS trigger
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_OP = 'INSERT' THEN
		INSERT INTO engage_internal.dirty (subject, cause) VALUES ('identity', 'linkage model');
		RETURN NULL;
	END IF;
	RAISE EXCEPTION 'a version of the linkage model cannot be changed or deleted'
		USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'SELECT engage.adopt_linkage_model(...) or engage.train_linkage() makes a new one.';
END
$$;
COMMENT ON FUNCTION engage_internal.linkage_model_changed() IS
	'Trigger: stops changes to versions, and has refresh relink all personas by a new one.';
CREATE TRIGGER linkage_model_changed AFTER INSERT OR UPDATE OR DELETE ON engage.linkage_model
	FOR EACH ROW EXECUTE FUNCTION engage_internal.linkage_model_changed();
ALTER TABLE engage.linkage_model ENABLE ALWAYS TRIGGER linkage_model_changed;

CREATE FUNCTION engage_internal.with_identity_details(model jsonb) RETURNS jsonb
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	SELECT jsonb_set(model, '{comparisons}', (model -> 'comparisons') || COALESCE((
		SELECT jsonb_agg(jsonb_build_object('detail', 'details.' || d.key, 'kind', d.kind) ORDER BY d.key)
		FROM engage.identity_detail d
		WHERE NOT EXISTS (SELECT FROM jsonb_array_elements(model -> 'comparisons') c WHERE c ->> 'detail' = 'details.' || d.key)
	), '[]'));
END;
COMMENT ON FUNCTION engage_internal.with_identity_details(jsonb) IS
	'A linkage model with a comparison added for each identifying detail (identity_detail) that it lacks. Such a comparison has no weight until the model is trained.';

-- definer: administrators do not write versions of the model
CREATE FUNCTION engage.adopt_linkage_model(preset text) RETURNS integer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	chosen jsonb;
	adopted integer;
BEGIN
	SELECT p.model INTO chosen FROM engage.preset_linkage_model p WHERE p.preset = adopt_linkage_model.preset;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no preset linkage model "%"', preset
			USING ERRCODE = 'undefined_object', HINT = 'SELECT preset, description FROM engage.preset_linkage_model lists them.';
	END IF;
	INSERT INTO engage.linkage_model (model, origin)
	VALUES (engage_internal.with_identity_details(chosen), 'preset ' || preset) RETURNING model_id INTO adopted;
	RETURN adopted;
END
$$;
COMMENT ON FUNCTION engage.adopt_linkage_model(text) IS
	'Makes a preset linkage model (preset_linkage_model) the newest version, and returns its model_id. An error (42704) if there is no preset of this name.';

-- definer: administrators do not write versions of the model
CREATE FUNCTION engage.adopt_linkage_model(model_id integer) RETURNS integer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	adopted integer;
BEGIN
	INSERT INTO engage.linkage_model (model, report, origin)
	SELECT m.model, m.report, 'model ' || m.model_id FROM engage.linkage_model m WHERE m.model_id = adopt_linkage_model.model_id
	RETURNING linkage_model.model_id INTO adopted;
	IF adopted IS NULL THEN
		RAISE EXCEPTION 'there is no linkage model %', model_id
			USING ERRCODE = 'undefined_object', HINT = 'SELECT model_id, origin FROM engage.linkage_model lists them.';
	END IF;
	INSERT INTO engage.linkage_term
	SELECT adopted, t.value_hash, t.comparison, t.people FROM engage.linkage_term t WHERE t.model_id = adopt_linkage_model.model_id;
	RETURN adopted;
END
$$;
COMMENT ON FUNCTION engage.adopt_linkage_model(integer) IS
	'Makes a copy of an earlier version of the linkage model the newest one, and returns its model_id. An error (42704) if there is no version of this number.';

-- definer: administrators have no rights on the contacts' personas
CREATE FUNCTION engage.name_identity_details(details jsonb) RETURNS bigint
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	changed bigint;
	old_id integer;
	new_id integer;
BEGIN
	IF jsonb_typeof(details) IS DISTINCT FROM 'object' THEN
		RAISE EXCEPTION 'identity details must be an object of keys and kinds'
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'SELECT engage.name_identity_details(''{"place_of_birth": "text", "warrant_number": "identifier"}'');';
	END IF;
	-- no writer may pick details by the old settings
	LOCK TABLE engage.contact IN SHARE ROW EXCLUSIVE MODE;
	SELECT max(m.model_id) INTO old_id FROM engage.linkage_model m;
	DELETE FROM engage.identity_detail d WHERE NOT details ? d.key;
	INSERT INTO engage.identity_detail AS d (key, kind)
	SELECT n.key, n.value::engage.detail_kind FROM jsonb_each_text(details) n
	ON CONFLICT (key) DO UPDATE SET kind = excluded.kind WHERE d.kind <> excluded.kind;
	UPDATE engage.contact c SET details = c.details
	WHERE c.details IS NOT NULL AND c.identity_details IS DISTINCT FROM engage_internal.pick_identity_details(c.details);
	GET DIAGNOSTICS changed = ROW_COUNT;
	INSERT INTO engage.linkage_model (model, origin)
	SELECT engage_internal.with_identity_details(jsonb_set(m.model - 'blocking', '{comparisons}', kept.comparisons)
			|| jsonb_build_object('blocking', kept.blocking)), 'details'
	FROM (SELECT x.* FROM engage.linkage_model x WHERE x.model_id = old_id) m, LATERAL (
		SELECT jsonb_agg(c.value ORDER BY c.ordinality) AS comparisons, (
				SELECT COALESCE(jsonb_agg(b.value ORDER BY b.ordinality), '[]')
				FROM jsonb_array_elements(m.model -> 'blocking') WITH ORDINALITY b
				WHERE NOT EXISTS (SELECT FROM jsonb_array_elements_text(b.value) part, jsonb_array_elements(m.model -> 'comparisons') c
					WHERE part LIKE 'details.%' AND c.value ->> 'detail' = split_part(part, ':', 1)
						AND details ->> substr(c.value ->> 'detail', 9) IS DISTINCT FROM c.value ->> 'kind')
			) AS blocking
		FROM jsonb_array_elements(m.model -> 'comparisons') WITH ORDINALITY c
		WHERE c.value ->> 'detail' NOT LIKE 'details.%' OR details ->> substr(c.value ->> 'detail', 9) = c.value ->> 'kind'
	) kept
	RETURNING model_id INTO new_id;
	IF NOT FOUND THEN
		PERFORM engage_internal.refuse_without_setup();
	END IF;
	-- how many people have each value is still known, although comparisons may have moved
	INSERT INTO engage.linkage_term (model_id, value_hash, comparison, people)
	SELECT new_id, t.value_hash, (n.ordinality - 1)::smallint, t.people
	FROM engage.linkage_model was
	JOIN engage.linkage_model is_now ON is_now.model_id = new_id
	CROSS JOIN LATERAL jsonb_array_elements(was.model -> 'comparisons') WITH ORDINALITY w
	JOIN LATERAL jsonb_array_elements(is_now.model -> 'comparisons') WITH ORDINALITY n ON n.value ->> 'detail' = w.value ->> 'detail'
	JOIN engage.linkage_term t ON t.model_id = old_id AND t.comparison = w.ordinality - 1
	WHERE was.model_id = old_id;
	RETURN changed;
END
$$;
COMMENT ON FUNCTION engage.name_identity_details(jsonb) IS
	'Sets which keys of contact.details help to identify people, and of what kind each is (detail_kind), in place of what was set before; contacts change persona accordingly. Returns how many contacts changed. Train the linkage model afterwards. An error (22023) for anything but an object, (22P02) for an unknown kind.';

CREATE FUNCTION engage_internal.learn_linkage(model jsonb, seed bigint, OUT learnt jsonb, OUT report jsonb,
		OUT comparison smallint[], OUT value_hash bigint[], OUT people real[])
	AS 'MODULE_PATHNAME', 'engage_learn_linkage' LANGUAGE C STABLE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION engage_internal.learn_linkage(jsonb, bigint) IS
	'A model with the comparisons of the one given, learnt from all personas; how that went; and how many people have each value that several have. The same seed gives the same model. Part of train_linkage().';

-- definer: administrators train without rights on personas
CREATE FUNCTION engage.train_linkage(seed bigint DEFAULT 1, OUT model_id integer, OUT personas bigint, OUT people bigint,
		OUT converged boolean, OUT iterations integer, OUT reached double precision)
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	latest jsonb;
	training record;
BEGIN
	SELECT engage_internal.with_identity_details(m.model) INTO latest FROM engage.linkage_model m ORDER BY m.model_id DESC LIMIT 1;
	IF NOT FOUND THEN
		PERFORM engage_internal.refuse_without_setup();
	END IF;
	SELECT jsonb_set(latest, '{comparisons}', jsonb_agg(c.value || '{"by_term": true}' ORDER BY c.ordinality)) INTO latest
	FROM jsonb_array_elements(latest -> 'comparisons') WITH ORDINALITY c;
	SELECT * INTO training FROM engage_internal.learn_linkage(latest, COALESCE(seed, 1));
	INSERT INTO engage.linkage_model (model, report, origin) VALUES (training.learnt, training.report, 'trained')
	RETURNING linkage_model.model_id INTO model_id;
	INSERT INTO engage.linkage_term (model_id, value_hash, comparison, people)
	SELECT train_linkage.model_id, t.* FROM unnest(training.value_hash, training.comparison, training.people) t
	ON CONFLICT DO NOTHING;
	personas := (training.report ->> 'personas')::bigint;
	people := (training.report ->> 'people')::bigint;
	converged := (training.report ->> 'converged')::boolean;
	iterations := (training.report ->> 'iterations')::integer;
	reached := (training.report ->> 'reached')::double precision;
END
$$;
COMMENT ON FUNCTION engage.train_linkage(bigint) IS
	'Learns from all personas what agreement is worth, without known matches, as a new version of the linkage model; the next refresh links all personas by it. converged is true only if the estimation settled before its limit of iterations; reached is the share of the expected matches that the chosen blocking rules find. An error (55000) if there is too little to learn from. Method: docs/methods/linkage.md.';

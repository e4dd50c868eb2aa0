/*
 * Risk factors: what counts for a score, and how much.
 *
 * A version of them never changes: changing a weight makes the next version,
 * and every score names the version that made it.  There are none until a
 * force adopts some, because a score is profiling (DPA 2018 s.33).
 */

CREATE TYPE engage.risk_axis AS ENUM ('demand', 'harm', 'nature');
COMMENT ON TYPE engage.risk_axis IS
	'The axis of a factor. demand: how likely it is that a rule is met again, in log-odds; harm: harm and vulnerability, in points; nature: what kind of caller it seems to be.';

CREATE TABLE engage.risk_measure (
	measure text PRIMARY KEY,
	axes engage.risk_axis[] NOT NULL,
	place integer,
	takes text,
	description text NOT NULL
);
COMMENT ON TABLE engage.risk_measure IS 'What a risk factor can measure. Shipped; you cannot add any.';
COMMENT ON COLUMN engage.risk_measure.place IS 'The element of demand_measures() that it is; NULL for the others.';
COMMENT ON COLUMN engage.risk_measure.takes IS 'What risk_factor.matches lists for it; NULL if nothing.';
INSERT INTO engage.risk_measure VALUES
	('base', '{demand}', 1, NULL, 'Always 1: where every caller starts'),
	('latest', '{demand}', 2, NULL, 'ln(1 + contacts within the last horizon)'),
	('recent', '{demand}', 3, NULL, 'ln(1 + contacts, weighing 1/2 for each 7 days of age)'),
	('usual', '{demand}', 4, NULL, 'ln(1 + contacts, weighing 1/2 for each 56 days of age)'),
	('expected', '{demand}', 5, NULL, 'ln(1 + contacts that the demand model expects within the horizon)'),
	('nearness', '{demand}', 6, NULL, 'How much of a rule''s threshold is met now, at most 2'),
	('peak', '{demand}', 7, NULL, 'How much of a rule''s threshold was ever met, at most 2'),
	('met', '{demand}', 8, NULL, 'How lately a rule was met: 1 now, 1/2 28 days ago, 0 never'),
	('active', '{demand}', 9, NULL, 'Probability that the caller has not stopped, by the demand model'),
	('qualifier', '{harm, nature}', NULL, 'qualifiers', 'Contacts with any of these qualifiers'),
	('opening_code', '{harm, nature}', NULL, 'codes', 'Contacts with any of these opening codes'),
	('closing_code', '{harm, nature}', NULL, 'codes', 'Contacts with any of these closing codes'),
	('subject', '{harm, nature}', NULL, 'subjects', 'Contacts with any of these subjects'),
	('grade', '{harm, nature}', NULL, 'grades', 'Contacts with any of these grades'),
	('demand_class', '{harm, nature}', NULL, 'classes', 'Contacts of any of these classes of demand'),
	('channel', '{harm, nature}', NULL, 'channels', 'Contacts by any of these channels'),
	('abandoned', '{harm, nature}', NULL, NULL, 'Contacts that were disconnected, and are not known to have spoken to a service or been confirmed safe'),
	('emergency', '{harm, nature}', NULL, NULL, 'Contacts by an emergency line, as the force sets them (channel)'),
	('harm_weight', '{harm}', NULL, 'schemes', 'ln(1 + the sum of harm weights (harm_weight) of the contacts'' closing or else opening codes)'),
	('marker', '{harm}', NULL, 'markers', 'Markers of these kinds that the caller has');

CREATE TABLE engage.harm_weight (
	scheme text NOT NULL,
	code text NOT NULL,
	weight double precision NOT NULL CHECK (weight >= 0 AND weight < 1e12),
	source text,
	PRIMARY KEY (scheme, code)
);
COMMENT ON TABLE engage.harm_weight IS
	'The weight of a contact with a code in harm, by schemes that the force brings, such as days of imprisonment of the Cambridge Crime Harm Index. Empty at first: no weight suits every force.';
COMMENT ON COLUMN engage.harm_weight.code IS 'An opening or closing code of contacts.';
SELECT pg_extension_config_dump('engage.harm_weight', '');

CREATE TABLE engage.preset_risk_factor (
	preset text NOT NULL,
	code text NOT NULL,
	axis engage.risk_axis NOT NULL,
	measure text NOT NULL,
	matches text[],
	weight numeric(12, 3) NOT NULL,
	at_most double precision,
	within interval,
	share double precision,
	is_sensitive boolean NOT NULL,
	thrive text,
	label text NOT NULL,
	PRIMARY KEY (preset, code)
);
COMMENT ON TABLE engage.preset_risk_factor IS
	'Shipped sets of risk factors, which adopt_risk_factors() copies. Weights are judgements, not measurements: fit_risk() learns those of demand from a force''s own history.';
INSERT INTO engage.preset_risk_factor VALUES
	('standard', 'base', 'demand', 'base', NULL, -7, NULL, NULL, NULL, false, NULL, 'Any caller'),
	('standard', 'recent', 'demand', 'recent', NULL, 0.8, NULL, NULL, NULL, false, 'threat', 'Contacts in the last days'),
	('standard', 'expected', 'demand', 'expected', NULL, 0.8, NULL, NULL, NULL, false, NULL, 'Contacts expected in the next weeks'),
	('standard', 'nearness', 'demand', 'nearness', NULL, 2.5, NULL, NULL, NULL, false, 'threat', 'Close to a threshold now'),
	('standard', 'emergency', 'harm', 'emergency', NULL, 0.25, 20, '28 days', NULL, false, 'threat', 'Emergency contacts'),
	('standard', 'abandoned', 'harm', 'abandoned', NULL, 0.5, 6, '28 days', NULL, false, 'risk', 'Abandoned contacts, not known to be safe'),
	('standard', 'partner_duty', 'harm', 'demand_class', '{partner_duty}', 0.25, 12, '90 days', NULL, false, 'vulnerability', 'Matters of other services'),
	('standard', 'known_victim', 'harm', 'marker', '{repeat_victim, domestic_abuse}', 4, 1, NULL, NULL, false, 'harm', 'Repeat victim'),
	('standard', 'vulnerable', 'harm', 'marker', '{vulnerable, child}', 3, 2, NULL, NULL, false, 'vulnerability', 'Vulnerable or under 18'),
	('standard', 'weapons', 'harm', 'marker', '{weapons, violence}', 3, 2, NULL, NULL, false, 'threat', 'Weapons or violence'),
	('standard', 'health', 'harm', 'marker', '{mental_health, self_harm, disability}', 3, 2, NULL, NULL, true, 'vulnerability', 'Health, suicide, self-harm'),
	('standard', 'service_failure', 'nature', 'demand_class', '{avoidable_policing}', 3, NULL, '90 days', 0.5, false, NULL, 'Mostly chases what we owe them'),
	('standard', 'nuisance', 'nature', 'demand_class', '{non_policing}', 5, NULL, '90 days', 0.5, false, NULL, 'Mostly not for the police');

CREATE FUNCTION engage_internal.valid_risk_matches(measure text, axis engage.risk_axis, matches text[]) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
	WHEN measure = ANY (ARRAY['base', 'latest', 'recent', 'usual', 'expected', 'nearness', 'peak', 'met', 'active'])
		THEN axis = 'demand' AND matches IS NULL
	WHEN axis = 'demand' THEN false
	WHEN measure = ANY (ARRAY['abandoned', 'emergency']) THEN matches IS NULL
	WHEN measure = ANY (ARRAY['marker', 'harm_weight']) AND axis <> 'harm' THEN false
	ELSE measure = ANY (ARRAY['qualifier', 'opening_code', 'closing_code', 'subject', 'grade', 'demand_class', 'channel', 'marker', 'harm_weight'])
		AND COALESCE(cardinality(matches), 0) > 0 AND array_position(matches, NULL) IS NULL
END;
COMMENT ON FUNCTION engage_internal.valid_risk_matches(text, engage.risk_axis, text[]) IS
	'Whether a measure (risk_measure) can be on an axis, and has what it takes and nothing else. For constraints.';

CREATE TABLE engage.risk_model (
	model_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	demand engage.demand_model,
	horizon interval NOT NULL,
	handling_seconds double precision,
	fitted_as_of timestamptz,
	report jsonb,
	origin text NOT NULL,
	created_at timestamptz NOT NULL DEFAULT now(),
	created_by text NOT NULL DEFAULT SESSION_USER
);
COMMENT ON TABLE engage.risk_model IS
	'Versions of the risk factors, each with its demand model. The last one is used from the next refresh.';
COMMENT ON COLUMN engage.risk_model.demand IS 'The demand model of the force''s callers; NULL if none has been fitted, or none could be.';
COMMENT ON COLUMN engage.risk_model.horizon IS 'How far ahead demand is predicted.';
COMMENT ON COLUMN engage.risk_model.handling_seconds IS 'Mean handling time of a contact when it was fitted.';
COMMENT ON COLUMN engage.risk_model.fitted_as_of IS 'Contacts up to this time were learnt from; NULL for weights that were not learnt.';
COMMENT ON COLUMN engage.risk_model.report IS 'How the fit went; NULL if nothing was learnt.';
COMMENT ON COLUMN engage.risk_model.origin IS 'preset NAME, fitted, factor CODE, or model NUMBER.';
SELECT pg_extension_config_dump('engage.risk_model', '');
SELECT pg_extension_config_dump(pg_get_serial_sequence('engage.risk_model', 'model_id')::regclass, '');

CREATE TABLE engage.risk_factor (
	model_id integer NOT NULL,
	code text NOT NULL CHECK (code ~ '^[a-z][a-z0-9_]{0,40}$'),
	axis engage.risk_axis NOT NULL,
	measure text NOT NULL,
	matches text[],
	weight numeric(12, 3) NOT NULL,
	at_most double precision CHECK (at_most > 0 AND at_most < 'Infinity'),
	within interval CONSTRAINT risk_factor_within CHECK (within > '0'::interval AND within <= '100 years'::interval),
	share double precision CHECK (share > 0 AND share <= 1),
	is_sensitive boolean NOT NULL,
	condition text,
	enabled boolean NOT NULL,
	thrive text,
	label text NOT NULL,
	PRIMARY KEY (model_id, code),
	CONSTRAINT risk_factor_measure CHECK (engage_internal.valid_risk_matches(measure, axis, matches)),
	CONSTRAINT risk_factor_sensitive CHECK (NOT (is_sensitive AND enabled) OR btrim(COALESCE(condition, '')) <> ''),
	CONSTRAINT risk_factor_weight CHECK (weight <> 'NaN'),
	CONSTRAINT risk_factor_demand CHECK (axis <> 'demand' OR NOT is_sensitive AND at_most IS NULL AND within IS NULL),
	CONSTRAINT risk_factor_marker CHECK (measure <> 'marker' OR within IS NULL),
	CONSTRAINT risk_factor_nature CHECK (axis <> 'nature' OR weight > 0 AND at_most IS NULL),
	CONSTRAINT risk_factor_share CHECK (axis = 'nature' OR share IS NULL)
);
CREATE UNIQUE INDEX risk_factor_demand_measure ON engage.risk_factor (model_id, measure) WHERE axis = 'demand';
COMMENT ON TABLE engage.risk_factor IS
	'The risk factors of each version (risk_model): what counts for a score, and how much. Changed by set_risk_factor() and fit_risk(), which make a new version.';
COMMENT ON COLUMN engage.risk_factor.measure IS 'What is measured: risk_measure lists all.';
COMMENT ON COLUMN engage.risk_factor.matches IS 'The codes, qualifiers, markers or others that count; NULL where the measure takes none.';
COMMENT ON COLUMN engage.risk_factor.weight IS
	'demand: log-odds per unit of the measure; harm: points per unit; nature: the least number of contacts that make it.';
COMMENT ON COLUMN engage.risk_factor.at_most IS 'harm: a larger measure than this counts as this; NULL for no limit.';
COMMENT ON COLUMN engage.risk_factor.within IS 'Only contacts up to this age count; NULL for any age. Markers count while they are in force.';
COMMENT ON COLUMN engage.risk_factor.share IS 'nature: the least share of the caller''s contacts that must match.';
COMMENT ON COLUMN engage.risk_factor.is_sensitive IS 'Whether it uses sensitive data (DPA 2018 s.35(8)). Such a factor is off unless a condition is given.';
COMMENT ON COLUMN engage.risk_factor.condition IS 'The condition of Schedule 8 under which a sensitive factor is used.';
COMMENT ON COLUMN engage.risk_factor.thrive IS 'The element of THRIVE that it belongs to: threat, harm, risk, investigation, vulnerability, engagement.';
SELECT pg_extension_config_dump('engage.risk_factor', '');

-- definer: people who make versions have no rights on the queue
CREATE FUNCTION engage_internal.risk_model_changed() RETURNS trigger
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_OP = 'INSERT' THEN
		INSERT INTO engage_internal.dirty (subject, cause) VALUES ('risk', 'risk model');
		RETURN NULL;
	END IF;
	RAISE EXCEPTION 'a version of the risk factors cannot be changed or deleted'
		USING ERRCODE = 'object_not_in_prerequisite_state',
			HINT = 'SELECT engage.set_risk_factor(...) or engage.fit_risk() makes a new one.';
END
$$;
COMMENT ON FUNCTION engage_internal.risk_model_changed() IS
	'Trigger: stops changes to versions, and has refresh rescore all callers by a new one.';
CREATE TRIGGER risk_model_changed AFTER INSERT OR UPDATE OR DELETE ON engage.risk_model
	FOR EACH ROW EXECUTE FUNCTION engage_internal.risk_model_changed();
CREATE TRIGGER risk_factor_changed AFTER UPDATE OR DELETE ON engage.risk_factor
	FOR EACH ROW EXECUTE FUNCTION engage_internal.risk_model_changed();

-- definer: people who set weights and kinds of marker have no rights on the queue
CREATE FUNCTION engage_internal.harm_weight_changed() RETURNS trigger
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM engage_internal.queue_risks();
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION engage_internal.harm_weight_changed() IS 'Trigger: has refresh rescore all callers, after new weights, or when a kind of marker becomes sensitive or a channel an emergency line.';
CREATE TRIGGER harm_weight_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON engage.harm_weight
	FOR EACH STATEMENT EXECUTE FUNCTION engage_internal.harm_weight_changed();
CREATE TRIGGER channel_changed AFTER INSERT OR UPDATE OF is_emergency OR DELETE OR TRUNCATE ON engage.channel
	FOR EACH STATEMENT EXECUTE FUNCTION engage_internal.harm_weight_changed();
CREATE TRIGGER marker_kind_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON engage.marker_kind
	FOR EACH STATEMENT EXECUTE FUNCTION engage_internal.harm_weight_changed();
-- for rows that logical replication applies
CREATE TRIGGER harm_weight_applied AFTER INSERT OR UPDATE OR DELETE ON engage.harm_weight
	FOR EACH ROW EXECUTE FUNCTION engage_internal.harm_weight_changed();
CREATE TRIGGER channel_applied AFTER INSERT OR UPDATE OF is_emergency OR DELETE ON engage.channel
	FOR EACH ROW EXECUTE FUNCTION engage_internal.harm_weight_changed();
CREATE TRIGGER marker_kind_applied AFTER INSERT OR UPDATE OR DELETE ON engage.marker_kind
	FOR EACH ROW EXECUTE FUNCTION engage_internal.harm_weight_changed();

-- Fires in replicating sessions too: a change that is not queued is lost.
ALTER TABLE engage.harm_weight ENABLE REPLICA TRIGGER harm_weight_applied;
ALTER TABLE engage.channel ENABLE REPLICA TRIGGER channel_applied;
ALTER TABLE engage.marker_kind ENABLE REPLICA TRIGGER marker_kind_applied;
ALTER TABLE engage.risk_model ENABLE ALWAYS TRIGGER risk_model_changed;
ALTER TABLE engage.harm_weight ENABLE ALWAYS TRIGGER harm_weight_changed;
ALTER TABLE engage.channel ENABLE ALWAYS TRIGGER channel_changed;
ALTER TABLE engage.marker_kind ENABLE ALWAYS TRIGGER marker_kind_changed;

CREATE FUNCTION engage.current_risk_model() RETURNS integer
	LANGUAGE sql STABLE PARALLEL SAFE
RETURN (SELECT max(m.model_id) FROM engage.risk_model m);
COMMENT ON FUNCTION engage.current_risk_model() IS 'The newest version of the risk factors; NULL if none were adopted.';

CREATE VIEW engage.current_risk_factor WITH (security_barrier) AS
SELECT f.* FROM engage.risk_factor f WHERE f.model_id = engage.current_risk_model();
COMMENT ON VIEW engage.current_risk_factor IS 'The risk factors that make up scores now.';

-- definer: administrators write versions only here
CREATE FUNCTION engage.adopt_risk_factors(preset text DEFAULT 'standard') RETURNS integer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	adopted integer;
BEGIN
	IF NOT EXISTS (SELECT FROM engage.preset_risk_factor p WHERE p.preset = adopt_risk_factors.preset) THEN
		RAISE EXCEPTION 'there is no preset of risk factors "%"', COALESCE(preset, 'NULL')
			USING ERRCODE = 'undefined_object', HINT = 'SELECT DISTINCT preset FROM engage.preset_risk_factor lists them.';
	END IF;
	LOCK TABLE engage.risk_model IN SHARE ROW EXCLUSIVE MODE;
	INSERT INTO engage.risk_model (horizon, origin)
	SELECT o.risk_horizon, 'preset ' || adopt_risk_factors.preset FROM engage.policy o
	RETURNING model_id INTO adopted;
	IF adopted IS NULL THEN
		PERFORM engage_internal.refuse_without_setup();
	END IF;
	INSERT INTO engage.risk_factor (model_id, code, axis, measure, matches, weight, at_most, within, share, is_sensitive, enabled, thrive, label)
	SELECT adopted, p.code, p.axis, p.measure, p.matches, p.weight, p.at_most, p.within, p.share, p.is_sensitive, NOT p.is_sensitive, p.thrive, p.label
	FROM engage.preset_risk_factor p WHERE p.preset = adopt_risk_factors.preset;
	RETURN adopted;
END
$$;
COMMENT ON FUNCTION engage.adopt_risk_factors(text) IS
	'Makes a shipped set of risk factors (preset_risk_factor) the newest version, and returns its model_id. From then on refresh scores callers, and refits the weights of demand to the force''s own history when policy.refit_every has passed. Sensitive factors are off. Errors: 42704 if there is no such preset, 55000 before setup().';

CREATE FUNCTION engage_internal.copy_risk_model(model_id integer, origin text, without text DEFAULT NULL) RETURNS integer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	copied integer;
BEGIN
	INSERT INTO engage.risk_model (demand, horizon, handling_seconds, fitted_as_of, report, origin)
	SELECT m.demand, m.horizon, m.handling_seconds, m.fitted_as_of, m.report, copy_risk_model.origin
	FROM engage.risk_model m WHERE m.model_id = copy_risk_model.model_id
	RETURNING risk_model.model_id INTO copied;
	INSERT INTO engage.risk_factor
	SELECT copied, f.code, f.axis, f.measure, f.matches, f.weight, f.at_most, f.within, f.share, f.is_sensitive, f.condition, f.enabled, f.thrive, f.label
	FROM engage.risk_factor f WHERE f.model_id = copy_risk_model.model_id AND f.code IS DISTINCT FROM without;
	RETURN copied;
END
$$;
COMMENT ON FUNCTION engage_internal.copy_risk_model(integer, text, text) IS
	'Copies a version of the risk factors, except the factor of one code; returns the new model_id, NULL if there is no such version. Part of set_risk_factor() and adopt_risk_model().';

-- definer: administrators write versions only here
CREATE FUNCTION engage.set_risk_factor(code text, weight numeric DEFAULT NULL, enabled boolean DEFAULT NULL, condition text DEFAULT NULL,
		axis engage.risk_axis DEFAULT NULL, measure text DEFAULT NULL, matches text[] DEFAULT NULL, at_most double precision DEFAULT NULL,
		within interval DEFAULT NULL, share double precision DEFAULT NULL, is_sensitive boolean DEFAULT NULL, thrive text DEFAULT NULL,
		label text DEFAULT NULL) RETURNS integer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	old_id integer;
	new_id integer;
	old engage.risk_factor;
	sensitive boolean;
	is_on boolean;
BEGIN
	-- two versions made at once would each lack the other's change
	LOCK TABLE engage.risk_model IN SHARE ROW EXCLUSIVE MODE;
	old_id := engage.current_risk_model();
	IF old_id IS NULL THEN
		RAISE EXCEPTION 'there are no risk factors yet'
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'SELECT engage.adopt_risk_factors();';
	END IF;
	SELECT f.* INTO old FROM engage.risk_factor f WHERE f.model_id = old_id AND f.code = set_risk_factor.code;
	IF NOT FOUND AND (axis IS NULL OR measure IS NULL OR weight IS NULL OR label IS NULL) THEN
		RAISE EXCEPTION 'there is no risk factor "%"', COALESCE(code, 'NULL')
			USING ERRCODE = 'undefined_object',
				HINT = 'SELECT code, label FROM engage.current_risk_factor lists them; a new one needs axis, measure, weight and label.';
	END IF;
	-- sensitive markers make the factor sensitive, whatever the argument says
	sensitive := COALESCE(set_risk_factor.is_sensitive, old.is_sensitive, false)
		OR COALESCE(set_risk_factor.measure, old.measure) = 'marker' AND EXISTS (SELECT FROM engage.marker_kind k
			WHERE k.is_sensitive AND k.marker = ANY (COALESCE(set_risk_factor.matches, old.matches)));
	is_on := COALESCE(set_risk_factor.enabled, old.enabled, NOT sensitive);
	IF sensitive AND is_on AND btrim(COALESCE(set_risk_factor.condition, old.condition, '')) = '' THEN
		RAISE EXCEPTION 'a risk factor that uses sensitive data is on without a condition'
			USING ERRCODE = 'check_violation',
				HINT = 'Give enabled => false, or say in condition under which condition of Schedule 8 of the Data Protection Act 2018 it is used.';
	END IF;
	new_id := engage_internal.copy_risk_model(old_id, 'factor ' || set_risk_factor.code, set_risk_factor.code);
	INSERT INTO engage.risk_factor VALUES (new_id, set_risk_factor.code, COALESCE(set_risk_factor.axis, old.axis),
		COALESCE(set_risk_factor.measure, old.measure), COALESCE(set_risk_factor.matches, old.matches),
		COALESCE(set_risk_factor.weight, old.weight), COALESCE(set_risk_factor.at_most, old.at_most),
		COALESCE(set_risk_factor.within, old.within), COALESCE(set_risk_factor.share, old.share),
		sensitive, COALESCE(set_risk_factor.condition, old.condition), is_on,
		COALESCE(set_risk_factor.thrive, old.thrive), COALESCE(set_risk_factor.label, old.label));
	RETURN new_id;
END
$$;
COMMENT ON FUNCTION engage.set_risk_factor(text, numeric, boolean, text, engage.risk_axis, text, text[], double precision, interval, double precision, boolean, text, text) IS
	'Changes a risk factor, or adds one: a new version with all others as they were; returns its model_id. What you leave out stays as it is. A factor that counts sensitive markers is always sensitive; one that uses sensitive data is on only with a condition of Schedule 8. Errors: 42704 for a new factor without axis, measure, weight and label; 23514 for a sensitive one that is on without a condition, and one that breaks a rule of risk_factor.';

-- definer: administrators write versions only here
CREATE FUNCTION engage.adopt_risk_model(model_id integer) RETURNS integer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	adopted integer;
BEGIN
	LOCK TABLE engage.risk_model IN SHARE ROW EXCLUSIVE MODE;
	adopted := engage_internal.copy_risk_model(model_id, 'model ' || model_id);
	IF adopted IS NULL THEN
		RAISE EXCEPTION 'there is no risk model %', COALESCE(model_id::text, 'NULL')
			USING ERRCODE = 'undefined_object', HINT = 'SELECT model_id, origin FROM engage.risk_model lists them.';
	END IF;
	RETURN adopted;
END
$$;
COMMENT ON FUNCTION engage.adopt_risk_model(integer) IS
	'Makes a copy of an earlier version of the risk factors the newest one, and returns its model_id. An error (42704) if there is no version of this number.';

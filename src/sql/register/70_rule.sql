/*
 * Rules: which callers to flag.
 */

CREATE TABLE engage.preset_rule (
	preset text PRIMARY KEY,
	name text NOT NULL,
	version integer NOT NULL,
	kind text NOT NULL,
	criteria engage.criterion[],
	channels engage.contact_channel[],
	top_n integer,
	top_period text,
	description text NOT NULL,
	origin text NOT NULL
);
COMMENT ON TABLE engage.preset_rule IS 'Shipped rules, which adopt_rules() copies.';
INSERT INTO engage.preset_rule VALUES
	('kent_v0', 'kent', 0, 'top', NULL, NULL, 10, 'week',
		'The ten callers with the most contacts in a week, Monday to Sunday',
		'Operation Engage, College of Policing practice page: the first threshold was the top ten repeat callers; that it is by calendar week is our reading'),
	('kent_v1', 'kent', 1, 'criteria', '{5 in 1 day, 10 in 7 days}', '{999_voice, 101_voice}', NULL, NULL,
		'Five or more 999 or 101 calls in a day, or ten or more in rolling seven days',
		'Operation Engage, College of Policing practice page of March 2024; a day is read as rolling 24 hours'),
	('kent_v2', 'kent', 2, 'criteria', '{6 in 1 day, 6 in 7 days}', NULL, NULL, NULL,
		'More than five contacts in a day, or more than five in a week, by any channel',
		'Operation Engage, later version of the page; day and week are read as rolling'),
	('frecann_adult', 'frecann_adult', 1, 'criteria', '{5 in 30 days, 12 in 90 days}', '{999_voice, sms_999, relay_999, bsl_999}', NULL, NULL,
		'Five or more emergency calls in a month, or twelve or more in three months',
		'Frequent Caller National Network, adult definition: BMC Emergency Medicine 2024;24:190; a month is read as 30 days, three months as 90');

CREATE TABLE engage.rule (
	rule_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text NOT NULL CHECK (btrim(name) <> '' AND length(name) <= 200),
	version integer NOT NULL,
	kind text NOT NULL CHECK (kind = ANY (ARRAY['criteria', 'top'])),
	criteria engage.criterion[],
	channels engage.contact_channel[],
	top_n integer CHECK (top_n > 0),
	top_period text CHECK (top_period = ANY (ARRAY['day', 'week', 'month'])),
	valid_from timestamptz NOT NULL DEFAULT '-infinity',
	valid_to timestamptz NOT NULL DEFAULT 'infinity',
	description text,
	adopted_from text,
	created_at timestamptz NOT NULL DEFAULT now(),
	created_by text NOT NULL DEFAULT SESSION_USER,
	UNIQUE (name, version),
	CONSTRAINT rule_validity CHECK (valid_from < valid_to),
	CONSTRAINT rule_validity_can_be_shown CHECK ((valid_from = '-infinity' OR valid_from >= '1900-01-01 00:00:00+00'::timestamptz
			AND valid_from < '2200-01-01 00:00:00+00'::timestamptz)
		AND (valid_to = 'infinity' OR valid_to >= '1900-01-01 00:00:00+00'::timestamptz
			AND valid_to < '2200-01-01 00:00:00+00'::timestamptz)),
	CONSTRAINT rule_has_not_too_many_criteria CHECK (cardinality(criteria) <= 64),
	CONSTRAINT rule_criteria CHECK ((kind = 'criteria')
		= (cardinality(criteria) > 0 AND array_position(criteria, NULL) IS NULL AND criteria IS NOT NULL)),
	CONSTRAINT rule_top CHECK ((kind = 'top')
		= (top_n IS NOT NULL AND top_period IS NOT NULL))
);
COMMENT ON TABLE engage.rule IS
	'The force''s rules in dated versions. Only the end and the description of a version can change: for anything else make a new version. A name and criteria are enough.';
COMMENT ON COLUMN engage.rule.version IS 'By default one more than the highest version of this name.';
COMMENT ON COLUMN engage.rule.kind IS 'criteria: met when any of them is met; top: the callers with the most contacts in a local period. By default it follows from the other columns.';
COMMENT ON COLUMN engage.rule.channels IS 'Channels that count; NULL for all.';
COMMENT ON COLUMN engage.rule.top_n IS 'How many callers; ties with the last one are included. A caller with a single contact is never among them.';
COMMENT ON COLUMN engage.rule.valid_from IS 'Contacts from this time on can meet the rule; earlier ones still count in its windows.';
COMMENT ON COLUMN engage.rule.valid_to IS 'Contacts from this time on no longer meet the rule.';
SELECT pg_extension_config_dump('engage.rule', '');
SELECT pg_extension_config_dump(pg_get_serial_sequence('engage.rule', 'rule_id')::regclass, '');

-- definer: those who set rules have no rights on the queue
CREATE FUNCTION engage_internal.rule_changed() RETURNS trigger
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF TG_OP = 'DELETE' THEN
		-- not a foreign key: pg_restore --jobs ignores those between tables of an extension
		IF EXISTS (SELECT FROM engage.flag f WHERE f.rule_id = OLD.rule_id) THEN
			RAISE EXCEPTION 'version % of rule "%" has flags', OLD.version, OLD.name
				USING ERRCODE = 'foreign_key_violation',
					HINT = 'Set its valid_to: flags name the version that raised them.';
		END IF;
		-- it raised no flags, but all callers were scored by its criteria
		PERFORM engage_internal.queue_risks();
		RETURN NULL;
	END IF;
	IF TG_OP = 'UPDATE' AND (NEW.rule_id, NEW.name, NEW.version, NEW.kind, NEW.criteria, NEW.channels, NEW.top_n, NEW.top_period, NEW.valid_from)
			IS DISTINCT FROM (OLD.rule_id, OLD.name, OLD.version, OLD.kind, OLD.criteria, OLD.channels, OLD.top_n, OLD.top_period, OLD.valid_from) THEN
		RAISE EXCEPTION 'version % of rule "%" cannot be changed', OLD.version, OLD.name
			USING ERRCODE = 'object_not_in_prerequisite_state',
				HINT = 'Set its valid_to, and insert a new version: flags name the version that raised them.';
	END IF;
	/* point: a change of a rule */
	INSERT INTO engage_internal.dirty (subject, rule_id, cause) VALUES ('rule', NEW.rule_id, lower(TG_OP));
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION engage_internal.rule_changed() IS
	'Trigger: stops changes to versions, above all to those that raised flags, and queues a new or ended version.';
CREATE TRIGGER rule_changed AFTER INSERT OR UPDATE OR DELETE ON engage.rule
	FOR EACH ROW EXECUTE FUNCTION engage_internal.rule_changed();
ALTER TABLE engage.rule ENABLE ALWAYS TRIGGER rule_changed;

CREATE FUNCTION engage_internal.rule_filled() RETURNS trigger
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	example constant text := 'INSERT INTO engage.rule (name, criteria) VALUES (''my_rule'', ''{5 in 1 day, 10 in 7 days}'');';
BEGIN
	IF NEW.name IS NULL THEN
		RAISE EXCEPTION 'the rule has no name' USING ERRCODE = 'not_null_violation', HINT = example;
	END IF;
	IF EXISTS (SELECT FROM engage.rule r WHERE lower(btrim(r.name)) = lower(btrim(NEW.name)) AND r.name <> NEW.name) THEN
		RAISE EXCEPTION 'a rule with this name in another spelling exists'
			USING ERRCODE = 'unique_violation', HINT = 'Dashboards would treat the two as one. Use the same spelling for another version of it, or another name.';
	END IF;
	IF NEW.version IS NULL THEN
		SELECT COALESCE(max(r.version), 0) + 1 INTO NEW.version FROM engage.rule r WHERE r.name = NEW.name;
	END IF;
	IF NEW.kind IS NULL THEN
		NEW.kind := CASE WHEN NEW.criteria IS NULL AND (NEW.top_n IS NOT NULL OR NEW.top_period IS NOT NULL) THEN 'top' ELSE 'criteria' END;
	END IF;
	IF NEW.kind NOT IN ('criteria', 'top') THEN
		RAISE EXCEPTION 'there is no rule of kind "%"', NEW.kind
			USING ERRCODE = 'check_violation', HINT = 'The kinds are criteria and top. Leave the column out: the other columns decide the kind.';
	END IF;
	IF NEW.kind = 'criteria' AND (COALESCE(cardinality(NEW.criteria), 0) = 0 OR array_position(NEW.criteria, NULL) IS NOT NULL
			OR NEW.top_n IS NOT NULL OR NEW.top_period IS NOT NULL) THEN
		RAISE EXCEPTION 'a rule of kind criteria must have criteria without NULLs, and no top_n or top_period'
			USING ERRCODE = 'check_violation', HINT = example;
	END IF;
	IF NEW.kind = 'top' AND (NEW.criteria IS NOT NULL OR NEW.top_n IS NULL OR NEW.top_period IS NULL) THEN
		RAISE EXCEPTION 'a rule of kind top must have top_n and top_period, and no criteria'
			USING ERRCODE = 'check_violation', HINT = 'INSERT INTO engage.rule (name, top_n, top_period) VALUES (''my_rule'', 10, ''week'');';
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION engage_internal.rule_filled() IS
	'Trigger: fills in the next version and the kind of a new rule where they are left out, and reports what is missing.';
CREATE TRIGGER rule_filled BEFORE INSERT ON engage.rule FOR EACH ROW EXECUTE FUNCTION engage_internal.rule_filled();

CREATE FUNCTION engage_internal.is_in_force(valid_from timestamptz, valid_to timestamptz, at timestamptz) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN valid_from <= at AND valid_to > at;
COMMENT ON FUNCTION engage_internal.is_in_force(timestamptz, timestamptz, timestamptz) IS
	'Whether a rule with these dates is in force at a time: from valid_from on, and no longer at valid_to.';

CREATE FUNCTION engage.period_start(at timestamptz, period text, zone text) RETURNS timestamptz
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN timezone(zone, date_trunc(period, timezone(zone, at)));
COMMENT ON FUNCTION engage.period_start(timestamptz, text, text) IS
	'When the local day, week (from Monday) or month of a time began.';

CREATE FUNCTION engage.period_end(start timestamptz, period text, zone text) RETURNS timestamptz
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN timezone(zone, timezone(zone, start) + ('1 ' || period)::interval);
COMMENT ON FUNCTION engage.period_end(timestamptz, text, text) IS
	'When the local day, week or month that began at start is over.';

CREATE FUNCTION engage.adopt_rules(preset text, from_at timestamptz DEFAULT NULL) RETURNS integer
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	chosen engage.preset_rule;
	starts_at timestamptz;
	ends_at timestamptz;
	adopted integer;
BEGIN
	SELECT * INTO chosen FROM engage.preset_rule p WHERE p.preset = adopt_rules.preset;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no preset rule "%"', preset
			USING ERRCODE = 'undefined_object',
				HINT = 'SELECT preset, description FROM engage.preset_rule lists them.';
	END IF;
	starts_at := COALESCE(from_at, CASE WHEN EXISTS (SELECT FROM engage.rule r WHERE r.name = chosen.name) THEN now() ELSE '-infinity' END);
	IF EXISTS (SELECT FROM engage.rule r WHERE r.name = chosen.name AND r.version = chosen.version) THEN
		RAISE EXCEPTION 'version % of rule "%" already exists', chosen.version, chosen.name
			USING ERRCODE = 'duplicate_object',
				HINT = 'To use it again, insert it into engage.rule as a version of its own.';
	END IF;
	UPDATE engage.rule r SET valid_to = starts_at
	WHERE r.name = chosen.name AND r.valid_from < starts_at AND r.valid_to > starts_at;
	SELECT COALESCE(min(r.valid_from), 'infinity') INTO ends_at
	FROM engage.rule r WHERE r.name = chosen.name AND r.valid_from > starts_at;
	INSERT INTO engage.rule (name, version, kind, criteria, channels, top_n, top_period, valid_from, valid_to, description, adopted_from)
	VALUES (chosen.name, chosen.version, chosen.kind, chosen.criteria, chosen.channels, chosen.top_n, chosen.top_period,
		starts_at, ends_at, chosen.description, chosen.preset)
	RETURNING rule_id INTO adopted;
	RETURN adopted;
END
$$;
COMMENT ON FUNCTION engage.adopt_rules(text, timestamptz) IS
	'Copies a preset rule (preset_rule) into rule and returns its rule_id. It applies from from_at. By default it has no start; if another version of the rule exists, it applies from now on and ends that version. It ends when the next version begins, if there is one.';

CREATE FUNCTION engage.setup(zone text DEFAULT 'Europe/London', region text DEFAULT 'GB', rules text DEFAULT 'kent_v2') RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	was_set_up boolean := EXISTS (SELECT FROM engage.channel);
BEGIN
	IF EXISTS (SELECT FROM engage.policy) THEN
		RAISE EXCEPTION 'engage is already set up'
			USING ERRCODE = 'object_not_in_prerequisite_state',
				HINT = 'Change settings with UPDATE engage.policy, and rules with engage.adopt_rules().';
	END IF;
	INSERT INTO engage.policy (zone, region) VALUES (COALESCE(setup.zone, 'Europe/London'), COALESCE(setup.region, 'GB'));
	-- what already exists was made by a setup() whose policy was lost
	INSERT INTO engage.channel SELECT p.channel, p.label, p.is_emergency FROM engage.preset_channel p ON CONFLICT DO NOTHING;
	INSERT INTO engage.bank_holiday SELECT p.* FROM engage.preset_bank_holiday p ON CONFLICT DO NOTHING;
	INSERT INTO engage.marker_kind SELECT p.* FROM engage.preset_marker_kind p ON CONFLICT DO NOTHING;
	IF NOT (was_set_up AND EXISTS (SELECT FROM engage.linkage_model)) THEN
		PERFORM engage.adopt_linkage_model('contacts');
	END IF;
	IF rules IS NOT NULL AND NOT (was_set_up AND EXISTS (SELECT FROM engage.rule)) THEN
		PERFORM engage.adopt_rules(rules);
	END IF;
	IF was_set_up THEN
		PERFORM engage.queue_all();
	END IF;
END
$$;
COMMENT ON FUNCTION engage.setup(text, text, text) IS
	'Creates the policy, the channels, the bank holidays, the kinds of marker, the shipped linkage model and a first rule (a preset of preset_rule, NULL for none). Run it once; after that it is an error (55000). If the policy was lost, it creates it again with whatever else is missing, and leaves rules and linkage model as they are.';
